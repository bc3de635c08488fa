import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { AlertMessage, Anomaly, ReplayMark, TwinBatchMessage, TwinMessage } from '../../contract/messages.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import type { HistoryPoint } from '../../engine/ports.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;
const originMs = Date.parse('2026-03-02T06:00:00Z');
const properties = [property('speed', { valueKind: 'setpoint' }), property('current', { unit: 'A', label: 'Motor current' })];

function replayFlow(replay: Entry = {}, options: { site?: Entry; asset?: Entry } = {}): Entry[] {
  return plantFlow({
    properties,
    site: options.site ?? {},
    asset: { wires: [['baseline', 'asset-out'], ['events', 'alert']], ...options.asset },
    more: [
      { id: 'replay', type: 'twin-replay', site: 'site', wires: [['asset', 'rows']], ...replay },
      { id: 'rows', type: 'helper' },
      { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['alert', 'judged']] },
      { id: 'judged', type: 'helper' },
      { id: 'alert', type: 'twin-alert', site: 'site', clearAfter: 30, wires: [['alerts']] },
      { id: 'alerts', type: 'helper' },
    ],
  });
}

describe('twin-replay', () => {
  let run: StartedFlow;
  let userDir = '';
  const seed = 11;
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-replay-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const file = (text: string | Buffer): string => {
    const name = path.join(userDir, 'recording.csv');
    writeFileSync(name, text);
    return name;
  };
  const marks = (id: string): (ReplayMark | undefined)[] => run.received(id).map((message) => message['replay'] as ReplayMark | undefined);
  async function complete(id = 'rows', times = 1): Promise<ReplayMark> {
    await run.until(() => marks(id).filter((mark) => mark?.complete === true).length === times, () => `complete; ${run.warnings().join()} ${run.received('caught').map(codeOf).join()}`, 15_000);
    return marks(id).at(-1) as ReplayMark;
  }
  /** All values that left twin-asset, in order. */
  function values(name: string): unknown[] {
    return run.received('asset-out').flatMap((message) => (message as unknown as TwinBatchMessage).payload.map((row) => [row.time - originMs, row[name]]));
  }
  /** A machine at five speeds; its current is too high from row `wrongFrom` to `wrongTo`. One row a second. */
  function recording(rows: number, wrongFrom = Infinity, wrongTo = Infinity): { time: number; speed: number; current: number }[] {
    const random = new SeededRandom(seed);
    return Array.from({ length: rows }, (_, index) => {
      const speed = 1000 + 100 * Math.floor(random.uniform() * 5);
      return { time: originMs + index * 1000, speed, current: speed / 250 + 0.05 * random.normal() + (index >= wrongFrom && index < wrongTo ? 1.5 : 0) };
    });
  }
  function csv(rows: { time: number; speed: number; current: number }[]): string {
    return `time,speed,current\n${rows.map((row) => `${new Date(row.time).toISOString()},${row.speed},${row.current}\n`).join('')}`;
  }

  it('plays a CSV file in batches, the last one complete', async () => {
    run = await startFlow(replayFlow({ file: file(csv(recording(25))), batchRows: 10 }), { userDir });
    run.node('replay').receive({ topic: 'note', extra: 1 });
    const mark = await complete('asset-out');
    assert.deepEqual([mark.rows, mark.skipped], [25, 0]);
    assert.deepEqual(run.received('rows').map((message) => (message.payload as unknown[]).length), [10, 10, 5]);
    assert.deepEqual(values('speed'), recording(25).map((row) => [row.time - originMs, row.speed]));
    assert.deepEqual(values('current'), recording(25).map((row) => [row.time - originMs, row.current]));
    assert.ok(run.received('asset-out').every((message) => message['historical'] === true && message['extra'] === 1));
    assert.equal(new Set(marks('rows').map((each) => each?.id)).size, 1);
    await run.until(() => run.statuses('replay').at(-1)?.text === 'done: 25 rows, 0 left out', 'the status');
  });

  it('reads semicolons, decimal commas and a byte order mark', async () => {
    const text = '\uFEFFtime;speed;current\r\n2026-03-02 06:00:00;1000;4,25\r\n2026-03-02 06:00:01;1100;-0,5\r\n';
    run = await startFlow(replayFlow({ file: file(text) }), { userDir });
    run.node('replay').receive({});
    await complete('asset-out');
    assert.deepEqual(values('current'), [[0, 4.25], [1000, -0.5]]);
    assert.deepEqual(values('speed'), [[0, 1000], [1000, 1100]]);
  });

  it('leaves out rows without a time and rows that go back, and counts both', async () => {
    const text = 'time,current\n2026-03-02T06:00:00Z,1\nnever,2\n,3\n2026-03-02T06:00:05Z,4\n2026-03-02T06:00:02Z,5\n2026-03-02T06:00:06Z,6\n';
    run = await startFlow(replayFlow({ file: file(text) }), { userDir });
    run.node('replay').receive({});
    const mark = await complete('asset-out');
    assert.deepEqual(values('current'), [[0, 1], [5000, 4], [6000, 6]]);
    assert.deepEqual([mark.rows, mark.skipped], [3, 3]);
    assert.ok(run.warnings().some((text) => text.includes('TWIN_ROWS_OUT_OF_ORDER')), run.warnings().join());
  });

  it('says which file is missing and what to do', async () => {
    run = await startFlow(replayFlow({ file: 'not-there.csv' }), { userDir });
    run.node('replay').receive({});
    await run.until(() => run.received('caught').length === 1, 'caught');
    const { message, code } = (run.received('caught') as unknown as { error: { message: string; code: string } }[])[0]?.error ?? { message: '', code: '' };
    assert.match(code, /^TWIN_/);
    assert.match(message, /not-there\.csv/);
    await run.until(() => run.statuses('replay').at(-1)?.fill === 'red', 'the status');
    await run.deploy(replayFlow({ file: '' }));
    run.node('replay').receive({ payload: 'start' });
    await run.until(() => run.received('caught').length === 2, 'caught');
    assert.equal(codeOf(run.received('caught')[1]), 'TWIN_FILE_MISSING');
  });

  it('plays rows that come in a message, sorted by their time', async () => {
    run = await startFlow(replayFlow(), { userDir });
    const rows = recording(20);
    run.node('replay').receive({ payload: [...rows].reverse() });
    const mark = await complete('asset-out');
    assert.deepEqual(values('current'), rows.map((row) => [row.time - originMs, row.current]));
    assert.equal(mark.rows, 20);
    run.node('replay').receive({ payload: [{ current: 5 }, { current: 6 }] });
    await complete('rows', 2);
    assert.deepEqual([marks('rows').at(-1)?.rows, marks('rows').at(-1)?.skipped], [0, 2]);
  });

  it('keeps the file\'s pace when asked to, and stops at a redeploy', async () => {
    const rows = recording(1000);
    const flow = replayFlow({ file: file(csv(rows)), speed: 'paced', factor: 20 });
    run = await startFlow(flow, { userDir });
    const begun = performance.now();
    run.node('replay').receive({});
    await run.until(() => run.received('rows').length >= 6, 'six rows');
    assert.ok(performance.now() - begun >= 200, 'five seconds of the file at 20 times are a quarter of a second');
    assert.ok(run.received('rows').every((message) => (message.payload as unknown[]).length === 1));
    await run.deploy(replayFlow({ file: '', name: 'other' }));
    const count = run.received('rows').length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(run.received('rows').length, count);
    assert.equal(marks('rows').some((mark) => mark?.complete === true), false);
  });

  it('starts by itself at deploy and by the button in the editor', async () => {
    run = await startFlow(replayFlow({ file: file(csv(recording(5))), startOnDeploy: true }), { userDir });
    await complete('rows', 1);
    assert.equal((await run.admin('POST', '/twinwire/replay/replay/start')).status, 200);
    await complete('rows', 2);
    assert.equal((await run.admin('POST', '/twinwire/replay/nobody/start')).status, 404);
  });

  it(`taken over, judges the live machine at once; not taken over, leaves it as it was (seed ${seed})`, async () => {
    for (const learn of [false, true]) {
      run = await startFlow(replayFlow({ learn }), { userDir });
      run.node('replay').receive({ payload: recording(1500) });
      await complete('judged');
      // Newer than those of the round before: what is older than the present is history.
      const now = Date.now() - (learn ? 30_000 : 60_000);
      for (let index = 0; index < 30; index++) run.node('asset').receive({ payload: { speed: 1200, current: 6.5 }, timestamp: now + index * 1000 });
      await run.until(() => run.received('judged').filter((message) => message['historical'] !== true).length === 30, 'the live rows');
      const verdicts = run.received('judged').filter((message) => message['historical'] !== true).map((message) => (message['anomaly'] as Anomaly).verdict);
      assert.equal(verdicts[0] === 'learning', !learn, verdicts.join());
      assert.equal(verdicts.includes('anomaly'), learn, verdicts.join());
      await run.stop();
    }
    // What was taken over outlives a restart.
    run = await startFlow(replayFlow(), { userDir });
    run.node('asset').receive({ payload: { speed: 1200, current: 6.5 } });
    await run.until(() => run.received('judged').length === 1, 'judged');
    assert.notEqual((run.received('judged') as unknown as { anomaly: Anomaly }[])[0]?.anomaly.verdict, 'learning');
  });

  it('three times leaves the same history', async () => {
    const rows = recording(50);
    const history = async (): Promise<HistoryPoint[]> => {
      await run.stop();
      const store = openSiteStore(path.join(userDir, 'twinwire', 'plant'));
      try {
        return await store.historian.range('pump1', 'current', originMs - 1, originMs + 60_000);
      } finally {
        await store.close();
      }
    };
    run = await startFlow(replayFlow(), { userDir });
    run.node('replay').receive({ payload: rows });
    await complete('asset-out');
    const once = await history();
    assert.equal(once.length, 50);
    run = await startFlow(replayFlow(), { userDir });
    for (let again = 1; again <= 2; again++) {
      run.node('replay').receive({ payload: rows });
      await complete('asset-out', again);
    }
    assert.deepEqual(await history(), once);
  });

  it(`gives historical cases, the same ones in batches and row by row (seed ${seed})`, async () => {
    const rows = recording(1800, 1500, 1560);
    const told: { change: string; atMs: number; signals: string[] }[][] = [];
    const verdicts: string[][] = [];
    for (const batchRows of [400, 1]) {
      run = await startFlow(replayFlow({ batchRows }), { userDir });
      run.node('replay').receive({ payload: rows });
      await complete('judged');
      await run.until(() => (run.received('alerts').at(-1)?.['case'] as AlertMessage['case'] | undefined)?.change === 'cleared', 'cleared');
      const alerts = run.received('alerts') as unknown as AlertMessage[];
      assert.ok(alerts.every((message) => message.historical === true && message.case.historical));
      told.push(alerts.map((message) => ({ change: message.case.change, atMs: message.timestamp - originMs, signals: message.case.signals.map((signal) => signal.property) })));
      verdicts.push(run.received('judged').flatMap((message) => (message['anomaly'] as Anomaly[]).map((anomaly) => anomaly.verdict)));
      assert.ok(run.received('judged').every((message) => message['historical'] === true));
      await run.stop();
    }
    assert.deepEqual(verdicts[1], verdicts[0]);
    assert.deepEqual(told[1], told[0]);
    assert.equal(told[0]?.[0]?.change, 'opened');
    const openedMs = told[0]?.[0]?.atMs ?? 0;
    assert.ok(openedMs >= 1_500_000 && openedMs <= 1_560_000, String(openedMs));
    // None of it is open for the live machine.
    run = await startFlow(replayFlow(), { userDir });
    run.node('alert').receive({ command: { do: 'acknowledge', twin: 'pump1' } });
    await run.until(() => run.received('caught').length === 1, 'caught');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_CASE_UNKNOWN');
  });

  it('gives the same limit cases in batches and row by row', async () => {
    const rows = Array.from({ length: 200 }, (_, index) => ({ time: originMs + index * 1000, speed: 1000, current: index >= 100 && index < 110 ? 9.5 : 4 }));
    const told: unknown[][] = [];
    for (const batchRows of [50, 1]) {
      const limits = { properties: [property('speed'), property('current', { high: '9', deadband: '0.5' })] };
      const flow = replayFlow({ batchRows }).map((entry) => ({ ...entry, ...(entry['id'] === 'type' ? limits : entry['id'] === 'alert' ? { onAnomaly: false } : {}) }));
      run = await startFlow(flow, { userDir });
      run.node('replay').receive({ payload: rows });
      await complete('judged');
      await run.until(() => run.received('alerts').length >= 2, 'opened and cleared');
      const alerts = run.received('alerts') as unknown as AlertMessage[];
      told.push(alerts.map((message) => [message.case.change, message.timestamp - originMs, message.historical]));
      await run.stop();
    }
    assert.deepEqual(told[0], told[1]);
    assert.deepEqual(told[0], [['opened', 100_000, true], ['cleared', 140_000, true]]);
  });

  it('runs the site by the file\'s time where the site is told so', async () => {
    run = await startFlow(replayFlow({ file: file(csv(recording(100))) }, { site: { clock: 'replay' } }), { userDir });
    run.node('replay').receive({});
    await complete('judged');
    const message = run.received('judged').at(-1) as unknown as TwinMessage;
    assert.equal(message.timestamp, originMs + 99_000);
    assert.equal(run.received('events').some((event) => (event['event'] as { kind: string }).kind === 'clock'), false);
  });
});
