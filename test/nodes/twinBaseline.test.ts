import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Anomaly, Expected, LearningProgress, TwinMessage } from '../../contract/messages.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

type Judged = TwinMessage & { expected: Expected; learning: LearningProgress; anomaly: Anomaly };
const properties = [property('speed', { valueKind: 'setpoint' }), property('current', { unit: 'A', label: 'Motor current' }), property('mode', { valueKind: 'state' })];

function chainFlow(baseline: Record<string, unknown> = {}, anomaly: Record<string, unknown> = {}): Record<string, unknown>[] {
  return plantFlow({
    properties,
    asset: { wires: [['baseline'], []] },
    more: [
      { id: 'baseline', type: 'twin-baseline', site: 'site', offModes: 'stopped', wires: [['anomaly']], ...baseline },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['out']], ...anomaly },
      { id: 'out', type: 'helper' },
    ],
  });
}

describe('twin-baseline and twin-anomaly', () => {
  let run: StartedFlow;
  let userDir = '';
  const seed = 5;
  let random = new SeededRandom(seed);
  let timeMs = 0;
  beforeEach(async () => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-baseline-'));
    random = new SeededRandom(seed);
    timeMs = Date.now() - 300_000;
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const out = (): Judged[] => run.received('out') as unknown as Judged[];
  /** Rows of a machine whose current follows its speed; `more` is added to the current. */
  async function feed(rows: number, more = 0, mode = 'running'): Promise<Judged[]> {
    const before = out().length;
    for (let index = 0; index < rows; index++) {
      const speed = 1000 + 100 * Math.floor(random.uniform() * 5);
      run.node('asset').receive({ payload: { speed, current: speed / 250 + 0.05 * random.normal() + more, mode }, timestamp: (timeMs += 100) });
    }
    await run.until(() => out().length === before + rows, () => `${rows} rows, got ${out().length - before}; ${run.received('caught').map(codeOf).join()}`);
    return out().slice(before);
  }
  const verdicts = (rows: Judged[]): Set<string> => new Set(rows.map((row) => row.anomaly.verdict));

  it(`learns, judges, and learns again by message and from the editor (seed ${seed})`, async () => {
    run = await startFlow(chainFlow(), { userDir });
    assert.equal((await feed(600)).at(-1)?.learning.phase, 'armed');
    const { body } = await run.admin('GET', '/twinwire/baseline/baseline/progress');
    const [progress] = body as { key: string; name: string; phase: string; percent: number }[];
    assert.deepEqual([progress?.key, progress?.name, progress?.phase], ['pump1', 'Pump 1', 'armed']);
    run.node('baseline').receive({ command: { do: 'learn-again', twin: 'pump1' } });
    assert.equal((await feed(1))[0]?.learning.phase, 'learning');
    assert.equal((await feed(600)).at(-1)?.learning.phase, 'armed');
    const answer = await run.admin('POST', '/twinwire/baseline/baseline/learn-again', { key: 'pump1' });
    assert.deepEqual([answer.status, answer.body], [200, { ok: true }]);
    assert.equal((await feed(1))[0]?.learning.phase, 'learning');
    const versions = async (): Promise<string[]> => {
      const { body: machines } = await run.admin('GET', '/twinwire/baseline/baseline/progress');
      return (machines as { versions: { why: string }[] }[])[0]?.versions.map(({ why }) => why) ?? [];
    };
    assert.deepEqual(await versions(), ['learnAgain', 'learnAgain']);
    assert.deepEqual((await run.admin('POST', '/twinwire/baseline/baseline/go-back', { key: 'pump1', version: 1 })).body, { ok: true });
    assert.equal((await feed(1))[0]?.learning.phase, 'armed', 'it knows again');
    const refused = await run.admin('POST', '/twinwire/baseline/baseline/go-back', { key: 'pump1', version: 9 });
    assert.deepEqual([refused.status, (refused.body as { code: string }).code], [409, 'TWIN_VERSION_UNKNOWN']);
    assert.equal((await run.admin('POST', '/twinwire/baseline/baseline/keep', { key: 'pump1' })).status, 200);
    run.node('baseline').receive({ command: { do: 'keep-baseline', twin: 'pump1', note: 'as delivered' } });
    run.node('baseline').receive({ command: { do: 'learn-again' } });
    run.node('baseline').receive({ command: { do: 'restore-baseline', twin: 'pump1', version: 2 } });
    // It is fetched from disk.
    let phase = '';
    for (let turn = 0; turn < 100 && phase !== 'armed'; turn++) phase = (await feed(1))[0]?.learning.phase ?? '';
    assert.equal(phase, 'armed', 'by message, too');
    assert.deepEqual((await versions()).slice(0, 3), ['learnAgain', 'hand', 'hand']);
    for (const [id, key] of [['baseline', 'nobody'], ['nobody', 'pump1'], ['baseline', '__proto__']]) {
      assert.equal((await run.admin('POST', `/twinwire/baseline/${id}/learn-again`, { key })).status, 404);
    }
    run.node('baseline').receive({ command: { do: 'learn-again', twin: 'nobody' } });
    run.node('baseline').receive({ command: { do: 'learn-again', properties: 'current' } });
    run.node('baseline').receive({ payload: 5 });
    run.node('anomaly').receive({ payload: 5 });
    await run.until(() => run.received('caught').length === 4, 'four caught');
    assert.deepEqual(run.received('caught').map(codeOf).sort(), ['TWIN_COMMAND', 'TWIN_NOT_A_TWIN_MESSAGE', 'TWIN_NOT_A_TWIN_MESSAGE', 'TWIN_UNKNOWN']);
  });

  it(`neither learns nor judges in an off mode (seed ${seed})`, async () => {
    run = await startFlow(chainFlow(), { userDir });
    await feed(600);
    const before = out().at(-1)?.expected['current']?.value;
    const stopped = await feed(100, 50, 'STOPPED');
    assert.deepEqual(verdicts(stopped), new Set(['normal']));
    assert.ok(stopped.every((row) => Object.keys(row.expected).length === 0));
    await run.until(() => run.statuses('baseline').at(-1)?.text?.includes('STOPPED') === true, () => `the status: ${JSON.stringify(run.statuses('baseline').at(-1))}`);
    // A quarter of its run of 600 rows goes by before it is judged again.
    const after = await feed(250);
    assert.equal(Object.keys(after[0]?.expected ?? {}).length, 0);
    assert.ok(Math.abs((after.at(-1)?.expected['current']?.value ?? NaN) - Number(before)) < 1.7, 'what was learned before');
    assert.deepEqual(verdicts(after), new Set(['normal']));
  });

  it(`does not learn what is abnormal, and keeps what it learned over a redeploy (seed ${seed})`, async () => {
    run = await startFlow(chainFlow(), { userDir });
    await feed(600);
    const wrong = await feed(300, 1.5);
    assert.equal(wrong.at(-1)?.anomaly.verdict, 'anomaly');
    assert.equal(wrong.at(-1)?.anomaly.signals[0]?.property, 'current');
    const last = wrong.at(-1) as Judged;
    assert.ok(Math.abs((last.expected['current']?.value ?? NaN) - Number(last.payload['speed']) / 250) < 0.3, JSON.stringify(last.expected));
    await run.deploy(chainFlow({ name: 'renamed' }, { falseAlarmsPerWeek: 2 }), 'full');
    const [first] = await feed(1, 1.5);
    assert.equal(first?.learning.phase, 'armed');
    assert.equal(first?.anomaly.verdict, 'anomaly');
    // Another question about the machine is learned anew.
    await run.deploy(chainFlow({ name: 'renamed', drivers: 'speed' }, { falseAlarmsPerWeek: 2 }));
    assert.equal((await feed(1))[0]?.learning.phase, 'learning');
  });

  it(`sends only changes of the verdict when asked to (seed ${seed})`, async () => {
    run = await startFlow(chainFlow({}, { send: 'changes' }), { userDir });
    for (let index = 0; index < 700; index++) {
      const speed = 1000 + 100 * Math.floor(random.uniform() * 5);
      run.node('asset').receive({ payload: { speed, current: speed / 250 + 0.05 * random.normal() + (index >= 650 ? 2 : 0) }, timestamp: (timeMs += 100) });
    }
    await run.until(() => out().at(-1)?.anomaly.verdict === 'anomaly', 'the anomaly');
    const sequence = out().map((row) => `${row.anomaly.verdict} ${row.anomaly.signals.map((signal) => signal.property).join(' ')}`);
    assert.equal(sequence[0], 'learning ');
    assert.ok(sequence.every((each, index) => each !== sequence[index - 1]), sequence.join('; '));
    assert.ok(sequence.length < 10, sequence.join('; '));
  });

  it(`gives a burst of rows the verdict of each, though all of it passes twin-baseline first (seed ${seed})`, async () => {
    run = await startFlow(chainFlow(), { userDir });
    const rows = await feed(5000);
    assert.equal(rows.length, 5000);
    assert.deepEqual(rows.map((row) => row.twin.row), rows.map((_, index) => index));
    assert.deepEqual(run.received('caught'), []);
  });
});
