import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TwinBatchMessage, TwinEventMessage, TwinMessage } from '../../contract/messages.ts';
import { writeWorkbook } from '../../adapters/table/writeWorkbook.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;

const properties = [property('temperature', { unit: 'Cel', address: 'ns=2;s={machine}.Temp', high: '80' }), property('pressure', { unit: 'bar', address: 'ns=2;s={machine}.Pressure' })];
const press = (number: number): { key: string; name: string; place: string } => ({ key: `press${number}`, name: `Press ${number}`, place: 'plant/line1' });
const placeholder = (number: number): Entry => ({ machine: `press${number}`, setting: 'machine', value: `Press${number}` });

/** The plant of the other tests, with presses behind one node. */
function pressFlow(assets: Entry = {}, more: Entry[] = []): Entry[] {
  const presses = {
    id: 'assets', type: 'twin-assets', z: 'tab', x: 1, y: 1, site: 'site', assetType: 'type', together: 0, machines: [press(1), press(2), press(3)],
    settings: [1, 2, 3].map(placeholder), wires: [['asset-out'], ['events']], ...assets,
  };
  return plantFlow({ properties, more: [presses, ...more] }).filter(({ id }) => id !== 'asset');
}

describe('twin-assets', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-assets-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });
  const sent = (): TwinMessage[] => run.received('asset-out') as unknown as TwinMessage[];
  const events = (): TwinEventMessage[] => run.received('events') as unknown as TwinEventMessage[];
  const status = (): string => run.statuses('assets').at(-1)?.text ?? '';
  const start = async (assets: Entry = {}, more: Entry[] = []): Promise<void> => {
    run = await startFlow(pressFlow(assets, more), { userDir });
  };
  const told = (count: number): Promise<void> => run.until(() => sent().length >= count, () => `${count} messages, got ${sent().length}: ${status()}; ${run.warnings().join('; ')}`);
  const held = async (): Promise<{ names: { name: string; addresses: string[] }[]; addresses: { address: string; topic: string; lastValue: string; unit?: string; count: number }[] }> =>
    (await run.admin('GET', '/twinwire/assets/assets/held')).body as never;

  it('gives each value to its machine: by address, by topic, by one message with values of many', async () => {
    await start({ topic: 'plant/+/{machine}/#' });
    const assets = run.node('assets');
    assets.receive({ topic: 'ns=2;s=Press2.Temp', payload: 52 });
    assets.receive({ topic: 'plant/line9/press3/temperature', payload: 53 });
    assets.receive({ topic: 'plant/line9/Press 1/values', payload: { temperature: 51, pressure: 181 } });
    assets.receive({ topic: 'plant/line1/press2', payload: { pressure: 182 } });
    // As twin-opcua-source sends them: many addresses in one message.
    const sourceTimestamp = new Date(Date.now() + 1000);
    assets.receive({
      topic: 'opcua',
      payload: [1, 2, 3].flatMap((number) => [
        { nodeId: `ns=2;s=Press${number}.Temp`, value: 60 + number, sourceTimestamp },
        { nodeId: `ns=2;s=Press${number}.Pressure`, value: 190 + number, sourceTimestamp },
      ]),
    });
    await told(7);
    assert.deepEqual(
      sent().map(({ twin, payload }) => `${twin.key} ${payload['temperature']} ${payload['pressure']}`),
      ['press2 52 null', 'press3 53 null', 'press1 51 181', 'press2 52 182', 'press1 61 191', 'press2 62 192', 'press3 63 193'],
    );
    assert.deepEqual([sent()[0]?.topic, sent()[0]?.twin.name, sent()[0]?.twin.path], ['plant/line1/press2', 'Press 2', ['plant', 'line1', 'press2']]);
    await run.until(() => status().startsWith('3 machines'), status);
    assert.deepEqual(await held(), { ok: true, names: [], addresses: [] });
  });

  it('a batch with rows of many machines becomes one batch for each; a replay is apart and its end is told for each', async () => {
    await start();
    const time = Date.now() - 10_000;
    const rows = [0, 1, 2].map((index) => ({ time: time + index * 1000, 'ns=2;s=Press1.Temp': 50 + index, 'ns=2;s=Press2.Temp': 60 + index }));
    run.node('assets').receive({ topic: 'rows', payload: rows, historical: true, replay: { id: 'r1' } });
    run.node('assets').receive({ payload: [{ time: time + 3000, 'ns=2;s=Press1.Temp': 99 }], historical: true, replay: { id: 'r1', complete: true } });
    await told(5);
    const batches = sent() as unknown as (TwinBatchMessage & { replay: { complete?: boolean } })[];
    assert.deepEqual(batches.map(({ twin, payload, historical, replay }) => [twin.key, payload.length, historical, replay.complete]), [
      ['press1', 3, true, undefined], ['press2', 3, true, undefined], ['press1', 1, true, undefined], ['press1', 0, true, true], ['press2', 0, true, true],
    ]);
    run.node('assets').receive({ topic: 'ns=2;s=Press1.Temp', payload: 70 });
    await told(6);
    assert.equal(sent()[5]?.historical, undefined);
  });

  it('holds names and addresses that nobody knows, over a restart too; an accepted machine begins with what came before', async () => {
    await start({ topic: 'plant/+/{machine}/#' });
    for (const name of ['press9', 'press10']) run.node('assets').receive({ topic: `plant/line1/${name}/temperature`, payload: 41, timestamp: Date.now() - 5000 });
    run.node('assets').receive({ topic: 'plant/line1/press9/temperature', payload: 42, timestamp: Date.now() - 2000 });
    run.node('assets').receive({ topic: 'ns=2;s=Press7.Temp', payload: 47 });
    run.node('assets').receive({ payload: [{ nodeId: 'ns=2;s=Strange', value: 5, unit: 'bar' }, { nodeId: 'ns=2;s=Stranger', value: true }] });
    await run.until(() => status() === '3 names wait: press9, press10, Press7', status);
    const before = await held();
    assert.deepEqual(before.names.map(({ name, addresses }) => [name, addresses]), [['Press7', ['ns=2;s=Press7.Temp']], ['press10', ['temperature']], ['press9', ['temperature']]]);
    assert.deepEqual(before.addresses.map(({ address, lastValue, unit, count }) => [address, lastValue, unit, count]), [
      ['plant/line1/press9/temperature', '42', undefined, 2], ['plant/line1/press10/temperature', '41', undefined, 1], ['ns=2;s=Press7.Temp', '47', undefined, 1],
      ['ns=2;s=Strange', '5', 'bar', 1], ['ns=2;s=Stranger', 'true', undefined, 1],
    ]);
    assert.equal(sent().length, 0);
    // Accepted: its values of before are its history and its present. Left out: asked about no more.
    const leftOut = [{ name: 'press10' }, { name: 'ns=2;s=Stranger' }];
    const accepted = { topic: 'plant/+/{machine}/#', machines: [press(1), press(2), press(3), press(9)], settings: [1, 2, 3, 9].map(placeholder), leftOut };
    await run.deploy(pressFlow(accepted));
    await told(1);
    const [history] = sent() as unknown as TwinBatchMessage[];
    assert.deepEqual([history?.twin.key, history?.historical, history?.payload.map((row) => row['temperature'])], ['press9', true, [41, 42]]);
    run.node('assets').receive({ topic: 'plant/line1/press9/pressure', payload: 5 });
    run.node('assets').receive({ topic: 'plant/line1/press10/pressure', payload: 5 });
    await told(2);
    assert.equal(sent()[1]?.payload['temperature'], 42);
    assert.deepEqual((await held()).names.map(({ name }) => name), ['Press7']);
    await run.stop();
    run = await startFlow(pressFlow(accepted), { userDir });
    await run.until(() => status() === '1 name waits: Press7', status);
    assert.deepEqual((await held()).addresses.map(({ address }) => address), ['ns=2;s=Press7.Temp', 'ns=2;s=Strange']);
  });

  it('without a type holds everything and says so', async () => {
    await start({ assetType: '', machines: [], settings: [] });
    run.node('assets').receive({ payload: { 'ns=2;s=Press1.Temp': 5, speed: 7, timestamp: Date.now() } });
    await run.until(() => status() === 'no type chosen: 2 addresses wait', status);
    assert.deepEqual((await held()).addresses.map(({ address }) => address), ['ns=2;s=Press1.Temp', 'speed']);
  });

  it('takes addresses, factors and limits of single machines; what is wrong is told and the rest runs', async () => {
    await start({
      settings: [
        ...[1, 2, 3].map(placeholder),
        { machine: 'press1', setting: 'temperature.high', value: '50' },
        { machine: 'press2', setting: 'temperature.address', value: 'T2' },
        { machine: 'press2', setting: 'temperature.scale', value: '0,1' },
        { machine: 'press3', setting: 'pressure.scale', value: '0.001' },
        { machine: 'press3', setting: 'temperature.high', value: '8O' },
        { machine: 'press8', setting: 'machine', value: 'x' },
        { machine: 'press1', setting: 'temperature.hihg', value: '5' },
      ],
      machines: [press(1), press(2), press(3), { ...press(1), name: 'again' }],
    });
    for (const number of [1, 3]) run.node('assets').receive({ topic: `ns=2;s=Press${number}.Temp`, payload: 60 });
    run.node('assets').receive({ topic: 'T2', payload: 605 });
    run.node('assets').receive({ topic: 'ns=2;s=Press3.Pressure', payload: 5000 });
    await told(4);
    const found = sent().map(({ twin, payload }) => [twin.key, payload['temperature'], payload['pressure']]);
    assert.deepEqual(found, [['press1', 60, null], ['press3', 60, null], ['press2', 60.5, null], ['press3', 60, 5]]);
    await run.until(() => events().length > 0, 'an event');
    assert.deepEqual(events().map(({ twin, event }) => `${twin.key} ${event.kind} ${event.limit}`), ['press1 limit high']);
    await run.until(() => status() === '3 machines run, 4 wrong entries: see the log', status);
    for (const text of [/TWIN_KEY_TWICE.*press1/, /8O.*not a number/, /press8.*no machine has this key/, /no placeholder and no property setting "temperature.hihg"/]) {
      assert.ok(run.warnings().some((warning) => text.test(warning)), `${text}: ${run.warnings().join('\n')}`);
    }
  });

  for (const form of ['csv', 'xlsx'] as const) {
    it(`reads its machines from a ${form} file at deploy; wrong rows are told by number, good ones run`, async () => {
      const rows = [
        ['Schlüssel', 'Name', 'Ort', 'machine', 'temperature.high'], ['press1', 'Presse 1', 'werk/linie1', 'Press1', '70'],
        ['press2', 'Presse 2', 'werk', 'Press2', '8O'], ['press3', 'Presse 3', 'werk', 'Press3', ''],
      ];
      writeFileSync(path.join(userDir, `machines.${form}`), form === 'csv' ? rows.map((row) => row.join(';')).join('\r\n') : await writeWorkbook(rows));
      await start({ source: 'file', file: `machines.${form}` });
      for (const number of [1, 2, 3]) run.node('assets').receive({ topic: `ns=2;s=Press${number}.Temp`, payload: 75 });
      await told(2);
      assert.deepEqual(sent().map(({ topic }) => topic), ['werk/linie1/press1', 'werk/press3']);
      assert.ok(run.warnings().some((warning) => /row 3: temperature.high "8O" is not a number/.test(warning)), run.warnings().join('\n'));
      assert.equal((await held()).names[0]?.name, 'Press2');
    });
  }

  it('a file that is missing is told in plain words, and what arrives is held', async () => {
    await start({ source: 'file', file: 'gone.csv' });
    run.node('assets').receive({ topic: 'ns=2;s=Press1.Temp', payload: 75 });
    await run.until(() => status().includes('gone.csv cannot be read'), status);
    assert.ok(run.warnings().some((warning) => /TWIN_FILE_UNREADABLE.*gone\.csv/.test(warning)));
    assert.equal((await held()).names.length, 1);
  });

  it('everything behind it works for many twins by one wire: baseline, anomaly, alert, history, page', async () => {
    const chain: Entry[] = [
      { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['judged', 'alert']] },
      { id: 'alert', type: 'twin-alert', site: 'site', wires: [['alerts']] },
      { id: 'history', type: 'twin-history', site: 'site', wires: [[]] },
      { id: 'judged', type: 'helper' },
      { id: 'alerts', type: 'helper' },
    ];
    await start({ wires: [['baseline', 'history', 'asset-out'], ['alert', 'events']] }, chain);
    for (let row = 0; row < 20; row++) {
      const payload = Object.fromEntries([1, 2, 3].flatMap((number) => [[`ns=2;s=Press${number}.Temp`, 50 + number + (row % 3) / 10], [`ns=2;s=Press${number}.Pressure`, 180 + row]]));
      run.node('assets').receive({ payload, timestamp: Date.now() - 20 + row });
    }
    run.node('assets').receive({ topic: 'ns=2;s=Press2.Temp', payload: 95 });
    await run.until(() => run.received('judged').length === 61, () => `61 judged, got ${run.received('judged').length}`);
    await run.until(() => run.received('alerts').length > 0, 'an alert');
    const alert = run.received('alerts')[0] as unknown as { case: { twin: string }; payload: string };
    assert.deepEqual([alert.case.twin, run.received('alerts').length], ['press2', 1]);
    assert.match(alert.payload, /Press 2/);
    const judged = run.received('judged') as unknown as { twin: { key: string; row: number }; anomaly: { verdict: string } }[];
    for (const key of ['press1', 'press2', 'press3']) {
      assert.deepEqual(judged.filter(({ twin }) => twin.key === key).map(({ twin }) => twin.row).slice(0, 20), Array.from({ length: 20 }, (_, index) => index));
    }
    const page = await run.page('/twin');
    assert.equal(page.status, 200);
    assert.deepEqual(run.received('caught').map(codeOf), []);
  });

  it('one limit changed in a table of 50 machines: each machine has it and goes on learning where it was', async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
    const table = (high: number): void => {
      writeFileSync(path.join(userDir, 'machines.csv'), ['key;name;machine;temperature.high', ...numbers.map((number) => `press${number};Press ${number};Press${number};${high},5`)].join('\r\n'));
    };
    const chain: Entry[] = [{ id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['learned']] }, { id: 'learned', type: 'helper' }];
    const fromFile = { source: 'file', file: 'machines.csv', machines: [], settings: [], wires: [['baseline'], ['events']] };
    const send = (value: number, timestamp: number): void => run.node('assets').receive({ payload: Object.fromEntries(numbers.map((number) => [`ns=2;s=Press${number}.Temp`, value])), timestamp });
    /** Rows that each machine still lacks, by its last message. */
    const lacking = (): Map<string, number> => new Map((run.received('learned') as unknown as { twin: { key: string }; learning: { missing: { code: string; missing: number }[] } }[])
      .map(({ twin, learning }) => [twin.key, learning.missing.find(({ code }) => code === 'rows')?.missing ?? 0]));
    table(80);
    await start(fromFile, chain);
    const startMs = Date.now() - 60_000;
    for (let row = 0; row < 20; row++) send(60 + (row % 3) / 10, startMs + row * 1000);
    await run.until(() => run.received('learned').length === 1000, () => `${run.received('learned').length} rows`);
    const before = lacking();
    assert.deepEqual([before.size, new Set(before.values()).size], [50, 1]);
    assert.deepEqual(events(), []);
    table(59);
    await run.deploy(pressFlow({ ...fromFile, name: 'Presses' }, chain));
    send(60, startMs + 20_000);
    await run.until(() => run.received('learned').length >= 1050, () => `${run.received('learned').length} rows`);
    for (const [key, rows] of lacking()) assert.ok(rows < (before.get(key) as number), `${key} lacks ${rows} rows, ${before.get(key)} before the change`);
    await run.until(() => events().length >= 50, () => `${events().length} events`);
    const found = events().map(({ twin, event }) => `${twin.key} ${event.kind} ${event.limitValue}`).sort();
    assert.deepEqual(found, numbers.map((number) => `press${number} limit 59.5`).sort());
    assert.deepEqual(run.warnings(), []);
  });

  it('draws who feeds whom from the table, and ends what the table no longer has', async () => {
    const file = path.join(userDir, 'line.csv');
    const linksBecome = async (...wanted: string[]): Promise<void> => {
      let found: string[] = [];
      for (const endMs = Date.now() + 8000; Date.now() < endMs; await new Promise((resolve) => setTimeout(resolve, 50))) {
        const page = await run.page('/twin/api/overview');
        if (page.status !== 200) continue;
        const { sites } = JSON.parse(page.text) as { sites: { links: { from: string; relation: string; to: string }[] }[] };
        found = (sites[0]?.links ?? []).map(({ from, relation, to }) => `${from} ${relation} ${to}`);
        if (found.join() === wanted.join()) return;
      }
      assert.deepEqual(found, wanted);
    };
    writeFileSync(file, 'key;name;machine;speist\npress1;Press 1;Press1;press2\npress2;Press 2;Press2;press3, press1\npress3;Press 3;Press3;\n');
    await start({ source: 'file', file: 'line.csv', machines: [], settings: [] });
    await linksBecome('press1 feeds press2', 'press2 feeds press3', 'press2 feeds press1');
    // A machine that feeds itself is no line.
    const feeds = (machine: string, value: string): Entry => ({ machine, setting: 'feeds', value });
    await run.deploy(pressFlow({ settings: [...[1, 2, 3].map(placeholder), feeds('press1', 'press3'), feeds('press2', 'press2')] }));
    await linksBecome('press1 feeds press3');
    // A file that cannot be read is no reason to forget the line.
    await run.deploy(pressFlow({ source: 'file', file: '${TWIN_TEST_NOT_SET}' }));
    await run.until(() => status() === '"twin-assets" reads its machines from a file, and TWIN_TEST_NOT_SET is not set.', () => status());
    await linksBecome('press1 feeds press3');
    await run.deploy(pressFlow().filter(({ id }) => id !== 'assets'));
    await linksBecome();
  });
});
