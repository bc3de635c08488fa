import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TwinBatchMessage, TwinEventMessage, TwinMessage } from '../../contract/messages.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

describe('twin-asset', () => {
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-asset-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function start(options: Parameters<typeof plantFlow>[0] = {}): Promise<void> {
    run = await startFlow(plantFlow(options), { userDir });
  }
  const sent = (): TwinMessage[] => run.received('asset-out') as unknown as TwinMessage[];
  const events = (): TwinEventMessage[] => run.received('events') as unknown as TwinEventMessage[];
  const caught = (): (string | undefined)[] => run.received('caught').map(codeOf);
  async function told(count: number): Promise<TwinMessage> {
    await run.until(() => sent().length >= count, () => `${count} messages, got ${sent().length}; caught ${caught().join()}; ${run.warnings().join('; ')}`);
    assert.equal(sent().length, count);
    return sent()[count - 1] as TwinMessage;
  }
  /** Everything that was received up to here has gone through. */
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

  describe('bad numbers', () => {
    const notNumbers: unknown[] = ['', null, true, false, [], {}, ' ', '0x10', '12,5', 'NaN', '1e400', 'Infinity', NaN, Infinity, -Infinity, 'abc', [1], () => 1, Symbol('x')];
    it('are bad, never 0, 1, 16 or 12, and the last good value stays', async () => {
      await start();
      const now = Date.now();
      run.node('asset').receive({ payload: { current: 4.5 }, timestamp: now });
      for (const [index, value] of notNumbers.entries()) run.node('asset').receive({ payload: { current: value }, timestamp: now + 1 + index });
      run.node('asset').receive({ payload: { current: 4.75 }, timestamp: now + 1000 });
      await run.until(() => sent().at(-1)?.payload['current'] === 4.75, 'a good one passes again');
      for (const message of sent().slice(1, -1)) {
        assert.equal(message.payload['current'], 4.5);
        assert.equal(message.quality['current'], 'bad');
      }
      assert.ok(sent().length > notNumbers.length - 4, `${sent().length} messages`);
      assert.equal(sent().at(-1)?.quality['current'], undefined);
    });

    it('−0, 1e308, denormals and numbers in a text survive', async () => {
      await start();
      const now = Date.now();
      const values: [unknown, number][] = [[-0, -0], [1e308, 1e308], [5e-324, 5e-324], [-1e308, -1e308], ['12.5', 12.5], [' 7 ', 7], ['-1e3', -1000]];
      for (const [index, [value]] of values.entries()) run.node('asset').receive({ payload: { current: value }, timestamp: now + index });
      await told(values.length);
      assert.deepEqual(sent().map((message) => message.payload['current']), values.map(([, number]) => number));
    });

    it('of an OPC UA value with a bad status are not current', async () => {
      await start();
      run.node('asset').receive({ topic: 'current', payload: 4, statusCode: { value: 0 } });
      run.node('asset').receive({ topic: 'current', payload: 0, statusCode: { value: 0x80310000, name: 'BadNoCommunication' } });
      run.node('asset').receive({ topic: 'current', payload: 5, statusCode: { value: 0x40000000, name: 'Uncertain' } });
      await told(3);
      assert.deepEqual(sent().map((message) => [message.payload['current'], message.quality['current']]), [[4, undefined], [4, 'bad'], [5, 'uncertain']]);
    });
  });

  it('takes messages of every wrong shape without an exception, and goes on', async () => {
    await start();
    const circular: Record<string, unknown> = { current: 1 };
    circular['self'] = circular;
    const thrower = Object.defineProperty({}, 'current', { enumerable: true, get: () => { throw new Error('trap'); } });
    const shapes: unknown[] = [
      undefined, null, {}, [], [[]], [[1, 2], [3]], [null, 5], '{"current": ', '[', 'x'.repeat(2000), 'x'.repeat(1_100_000), Symbol('s'), () => 5, circular, thrower,
      JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 5}'), { current: { value: { value: { value: 1 } } } }, new Map(), new Date(NaN), Buffer.alloc(3), new Float64Array(2),
      Array.from({ length: 100_001 }, () => ({ current: 1 })), Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`a${index}`, index])), 10n ** 400n,
    ];
    for (const payload of shapes) run.node('asset').receive({ payload });
    run.node('asset').receive({ topic: 5, payload: 5, timestamp: 'yesterday', statusCode: 'Weird', quality: {} });
    run.node('asset').receive({ payload: { current: 8 } });
    await run.until(() => sent().at(-1)?.payload['current'] === 8, 'a good one passes');
    await settle();
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    for (const code of caught()) assert.match(code ?? 'no code', /^TWIN_MESSAGE_/);
    assert.ok(caught().includes('TWIN_MESSAGE_JSON') && caught().includes('TWIN_MESSAGE_TOO_LARGE') && caught().includes('TWIN_MESSAGE_SHAPE'), caught().join());
    for (const message of run.received('caught')) assert.ok(String((message['error'] as { message: string }).message).length > 20);
  });

  it('refuses impossible times, quarantines the future and keeps what is current', async () => {
    await start();
    const now = Date.now();
    run.node('asset').receive({ payload: { current: 1 }, timestamp: now });
    run.node('asset').receive({ payload: { current: 2 }, timestamp: now + 3_600_000 });
    run.node('asset').receive({ payload: { current: 3 }, timestamp: new Date('9999-12-31T23:59:59Z') });
    run.node('asset').receive({ payload: { current: 4 }, timestamp: '1601-01-01T00:00:00Z' });
    run.node('asset').receive({ payload: { current: 5 }, timestamp: '1970-01-01T00:00:00Z' });
    run.node('asset').receive({ payload: { current: 6 }, timestamp: now + 10 });
    await told(2);
    assert.deepEqual(sent().map((message) => message.payload['current']), [1, 6]);
    await run.until(() => events().some((message) => message.event.kind === 'clock'), 'an event of the clock');
  });

  it('counts addresses that it does not know in its status, and offers them to the dialog', async () => {
    await start();
    run.node('asset').receive({ payload: { current: 1, 'ns=2;s=Filler.<b>Temp</b>': 60 } });
    run.node('asset').receive({ topic: 'ns=2;s=Other', payload: 3 });
    await run.until(() => run.statuses('asset').at(-1)?.text === '1 values, 2 addresses unknown' || run.statuses('asset').at(-1)?.text?.includes('2 addresses unknown') === true, 'the status');
    const { body, status } = await run.admin('GET', '/twinwire/asset/asset/addresses');
    assert.equal(status, 200);
    const { addresses } = body as { addresses: { address: string; lastValue: unknown; mapped: string | null }[] };
    const unknown = addresses.filter(({ mapped }) => mapped === null).map(({ address, lastValue }) => [address, lastValue]);
    assert.deepEqual(unknown.sort(), [['ns=2;s=Filler.<b>Temp</b>', '60'], ['ns=2;s=Other', '3']]);
    assert.equal((await run.admin('GET', '/twinwire/asset/nobody/addresses')).status, 404);
  });

  it('says what is missing: type, site, key; a message then is an error that can be caught', async () => {
    const more = [
      { id: 'typeless', type: 'twin-asset', site: 'site', assetType: 'gone', key: 'a', wires: [[], []] },
      { id: 'siteless', type: 'twin-asset', site: '', assetType: 'type', key: 'b', wires: [[], []] },
      { id: 'keyless', type: 'twin-asset', site: 'site', assetType: 'type', key: '', wires: [[], []] },
      { id: 'unset', type: 'twin-asset', site: 'site', assetType: 'type', key: '${TWINWIRE_TEST_UNSET}', wires: [[], []] },
    ];
    await start({ more });
    for (const { id } of more) run.node(id).receive({ payload: { current: 1 } });
    run.node('asset').receive({ payload: { current: 1 } });
    await told(1);
    await run.until(() => caught().length === 4, 'four caught');
    assert.deepEqual(new Set(caught()), new Set(['TWIN_TYPE_MISSING', 'TWIN_SITE_MISSING', 'TWIN_KEY_MISSING', 'TWIN_ENVIRONMENT']));
    await run.until(() => more.every(({ id }) => run.statuses(id).at(-1)?.fill === 'red'), 'all of them red');
  });

  it('refuses a key that is used twice, names both, and leaves the first one running', async () => {
    await start({ more: [{ id: 'second', type: 'twin-asset', site: 'site', assetType: 'type', key: 'pump1', name: 'Pump copy', wires: [['asset-out'], []] }] });
    run.node('second').receive({ payload: { current: 9 } });
    run.node('asset').receive({ payload: { current: 1 } });
    await told(1);
    await run.until(() => caught().length === 1, 'caught');
    assert.deepEqual(caught(), ['TWIN_KEY_TWICE']);
    const text = (run.received('caught') as unknown as { error: { message: string } }[])[0]?.error.message ?? '';
    assert.match(text, /Pump 1.*asset.*Pump copy.*second/);
    assert.equal(sent()[0]?.payload['current'], 1);
    assert.ok(run.warnings().some((warning) => warning.includes('TWIN_KEY_TWICE')));
    // Corrected, both run.
    const flow = plantFlow({ more: [{ id: 'second', type: 'twin-asset', site: 'site', assetType: 'type', key: 'pump2', name: 'Pump copy', together: 0, wires: [['asset-out'], []] }] });
    await run.deploy(flow);
    run.node('second').receive({ payload: { current: 2 } });
    run.node('asset').receive({ payload: { current: 3 } });
    await told(3);
    assert.deepEqual(sent().slice(1).map((message) => message.twin.key).sort(), ['pump1', 'pump2']);
  });

  it('refuses a type with a loop of derived properties and names the loop', async () => {
    await start({ properties: [property('a', { valueKind: 'derived', expression: 'b + 1' }), property('b', { valueKind: 'derived', expression: 'a * 2' }), property('current')] });
    run.node('asset').receive({ payload: { current: 1 } });
    await run.until(() => caught().length === 1, 'caught');
    assert.deepEqual(caught(), ['TWIN_TYPE_MISSING']);
    const loop = run.warnings().find((text) => /a.*b|b.*a/.test(text) && text.includes('TWIN_'));
    assert.ok(loop !== undefined, run.warnings().join('\n'));
    assert.equal(run.statuses('type').at(-1)?.fill, 'red');
  });

  describe('the store', () => {
    it('is not opened twice: the second site says so, the first one runs', async () => {
      await start({
        site: { folder: 'shared' },
        more: [
          { id: 'site2', type: 'twin-site', name: 'Other', folder: 'shared' },
          { id: 'asset2', type: 'twin-asset', site: 'site2', assetType: 'type', key: 'pump2', wires: [['asset-out'], []] },
        ],
      });
      const [first, second] = ['asset', 'asset2'].map((id) => run.node(id));
      first?.receive({ payload: { current: 1 } });
      second?.receive({ payload: { current: 2 } });
      await run.until(() => caught().length === 1 && sent().length === 1, `one each: ${sent().length} ${caught().join()}`);
      assert.deepEqual(caught(), ['TWIN_STORE_LOCKED']);
      assert.ok(run.warnings().some((text) => text.includes(caught()[0] as string)));
    });

    it('in a folder that cannot be written is told at the site and at each message', async () => {
      mkdirSync(path.join(userDir, 'locked'));
      if (process.getuid?.() === 0) writeFileSync(path.join(userDir, 'blocked'), '');
      else chmodSync(path.join(userDir, 'locked'), 0o500);
      // Root may write everywhere; for root a file stands where the folder should be.
      await start({ site: { folder: process.getuid?.() === 0 ? 'blocked/data' : 'locked/data' } });
      run.node('asset').receive({ payload: { current: 1 } });
      await run.until(() => caught().length === 1, 'caught');
      assert.match(caught()[0] ?? '', /^TWIN_(?:FOLDER|STORE_FOLDER)$/);
      assert.equal(run.statuses('site').at(-1)?.fill, 'red');
    });

    it('that is damaged is set aside with a warning, and the machine runs', async () => {
      const delivering = {
        asset: { wires: [['asset-out', 'history'], ['events']] },
        // Nobody answers there: what is written waits in the outbox.
        more: [
          { id: 'influx', type: 'twin-influxdb', url: 'http://127.0.0.1:9', version: '2', bucket: 'b' },
          { id: 'history', type: 'twin-history', site: 'site', influxdb: 'influx', flushAfter: 0.1, wires: [[]] },
        ],
      };
      const folder = path.join(userDir, 'twinwire', 'plant');
      const kept = (): string[] => readdirSync(folder).filter((name) => name !== 'lock.db').sort();
      const log = /^outbox-history%3Ahistory\.\d{16}\.log$/;
      await start(delivering);
      run.node('asset').receive({ payload: { current: 1 } });
      await told(1);
      await run.until(() => kept().some((name) => log.test(name)), () => `a record in the outbox; ${kept().join()}`);
      await run.stop();
      const files = kept();
      assert.deepEqual(files.map((name) => name.replace(/\.\d{16}\./, '.')).filter((name) => !name.endsWith('.cursor')), ['graph.db', 'history.db', 'outbox-history%3Ahistory.log', 'site.db']);
      for (const file of files) writeFileSync(path.join(folder, file), Buffer.alloc(8192, 'damage'));
      await start(delivering);
      run.node('asset').receive({ payload: { current: 2 } });
      const { payload } = await told(1);
      assert.equal(payload['current'], 2);
      for (const file of files.filter((name) => !name.endsWith('.cursor'))) {
        await run.until(() => run.warnings().some((text) => text.startsWith('TWIN_STORE_') && text.includes(file)), () => `a warning of ${file}; ${run.warnings().join('\n')}`);
        assert.ok(kept().some((name) => name.startsWith(`${file}.damaged-`)), `${file} is set aside; ${kept().join()}`);
      }
      let waiting: { target: string; waiting: number }[] = [];
      for (const endMs = performance.now() + 8000; waiting[0]?.waiting !== 1; ) {
        assert.ok(performance.now() < endMs, `the outbox takes a record: ${JSON.stringify(waiting)}`);
        waiting = (await run.admin('GET', '/twinwire/site/site/outbox')).body as typeof waiting;
      }
    });
  });

  describe('what goes out', () => {
    const together = { together: 20 };
    it('is one message for single values of one moment, two when a property comes twice', async () => {
      await start({ asset: together });
      run.node('asset').receive({ topic: 'speed', payload: 1000 });
      run.node('asset').receive({ topic: 'current', payload: 4, note: 'passes' });
      const first = await told(1);
      assert.deepEqual([first.updated.sort(), first.payload['speed'], first.payload['current']], [['current', 'speed'], 1000, 4]);
      assert.equal((first as unknown as { note: string }).note, 'passes');
      run.node('asset').receive({ topic: 'current', payload: 5 });
      run.node('asset').receive({ topic: 'current', payload: 6 });
      await told(3);
      assert.deepEqual(sent().slice(1).map((message) => message.payload['current']), [5, 6]);
    });

    it('waits no longer when the flow is deployed anew', async () => {
      await start({ asset: { together: 5000 } });
      run.node('asset').receive({ topic: 'current', payload: 4 });
      await settle();
      assert.equal(sent().length, 0);
      await run.deploy(plantFlow({ asset: { together: 0, name: 'Pump one' } }));
      run.node('asset').receive({ topic: 'speed', payload: 900 });
      await run.until(() => sent().some((message) => message.payload['speed'] === 900), 'the next');
      assert.equal(sent().at(-1)?.payload['current'], 4);
    });

    it('loses nothing that came before the store was open, also when it is deployed anew meanwhile', async () => {
      await start({ asset: { together: 5000 } });
      run.node('asset').receive({ topic: 'current', payload: 4 });
      await run.deploy(plantFlow({ asset: { together: 0, name: 'Pump one' } }));
      run.node('asset').receive({ topic: 'speed', payload: 900 });
      await run.until(() => sent().some((message) => message.payload['speed'] === 900), 'the next');
      assert.equal(sent().at(-1)?.payload['current'], 4);
    });

    it('on change only what is another, every time otherwise', async () => {
      await start({ asset: { send: 'change' } });
      // Each at its own time: the same value at the same time is a repetition.
      const now = Date.now() - 1000;
      for (const [index, current] of [4, 4, 4, 5, 5].entries()) run.node('asset').receive({ payload: { current }, timestamp: now + index });
      await told(2);
      await settle();
      await told(2);
      assert.deepEqual(sent().map((message) => [message.payload['current'], message.changed]), [[4, ['current']], [5, ['current']]]);
      await run.deploy(plantFlow({ asset: { send: 'every' } }));
      for (const index of [5, 6]) run.node('asset').receive({ payload: { current: 5 }, timestamp: now + index });
      await told(4);
      assert.deepEqual(sent().slice(2).map((message) => message.changed), [[], []]);
    });

    it('at an interval the newest state, and nothing where nothing came', async () => {
      await start({ asset: { send: 'interval', interval: 0.2 } });
      for (let current = 0; current < 50; current++) run.node('asset').receive({ payload: { current } });
      await told(1);
      assert.equal(sent()[0]?.payload['current'], 49);
      await new Promise((resolve) => setTimeout(resolve, 450));
      assert.equal(sent().length, 1);
      run.node('asset').receive({ payload: { current: 50 } });
      await told(2);
    });

    it('of the past goes out as history, raises no limit, and leaves the present alone', async () => {
      await start();
      const now = Date.now();
      run.node('asset').receive({ payload: { pressure: 5 }, timestamp: now });
      run.node('asset').receive({ payload: [{ time: now - 7_200_000, pressure: 9.5 }, { time: now - 3_600_000, pressure: 4 }] });
      run.node('asset').receive({ payload: { pressure: 5.5 }, timestamp: now + 1 });
      await told(3);
      const late = sent()[1] as unknown as TwinBatchMessage;
      assert.equal(late.historical, true);
      assert.deepEqual(late.payload, [{ time: now - 7_200_000, pressure: 9.5 }, { time: now - 3_600_000, pressure: 4 }]);
      assert.equal(sent()[2]?.payload['pressure'], 5.5);
      await settle();
      assert.deepEqual(events().filter((message) => message.event.kind === 'limit'), []);
    });

    it('on output 2 tells limits when they begin and end, and a silence within the expected time', async () => {
      await start({
        properties: [property('current', { expectedInterval: '0.1' }), property('pressure', { high: '8', deadband: '0.5' })],
        asset: { staleAfter: 3 },
      });
      run.node('asset').receive({ payload: { pressure: 8.5, current: 1 } });
      run.node('asset').receive({ payload: { pressure: 7.8 } });
      run.node('asset').receive({ payload: { pressure: 7.2 } });
      await run.until(() => events().filter((message) => message.event.kind === 'limit').length >= 2, 'begin and end');
      assert.deepEqual(events().filter((message) => message.event.kind === 'limit').map((message) => message.event.active), [true, false]);
      await run.until(() => events().some((message) => message.event.kind === 'stale'), 'the silence', 3000);
      assert.match(run.statuses('asset').map((status) => status.text).join('\n'), /./);
      run.node('asset').receive({ payload: { current: 2, pressure: 7 } });
      await run.until(() => events().some((message) => message.event.kind === 'fresh'), 'it lives again');
      for (const message of events()) assert.ok(message.payload.length > 5 && message.topic === 'plant/line1/pump1');
    });
  });

  it('keeps counters, operating hours and current values over a restart', async () => {
    const properties = [property('cycles', { valueKind: 'counter', counterBits: '16' }), property('speed'), property('hours', { valueKind: 'derived', unit: 'h', expression: 'hours(speed > 0)' })];
    await start({ properties });
    const now = Date.now() - 9000;
    run.node('asset').receive({ payload: { cycles: 65_530, speed: 100 }, timestamp: now });
    run.node('asset').receive({ payload: { cycles: 4, speed: 100 }, timestamp: now + 3600 });
    const before = await told(2);
    assert.equal(before.payload['cycles'], 65_540);
    await run.stop();
    await start({ properties });
    run.node('asset').receive({ payload: { cycles: 6 }, timestamp: now + 3700 });
    const after = await told(1);
    assert.equal(after.payload['cycles'], 65_542);
    assert.equal(after.payload['speed'], 100);
    const [hoursBefore, hoursAfter] = [before, after].map(({ payload }) => Number(payload['hours'])) as [number, number];
    assert.ok(hoursAfter >= hoursBefore && hoursBefore > 0, `${hoursBefore} → ${hoursAfter}; ${run.warnings().join()}`);
  });
});
