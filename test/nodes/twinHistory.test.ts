import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { siteHandle } from '../../nodes/siteHandle.ts';
import type { SiteHandle } from '../../nodes/siteHandle.ts';
import { requireService } from '../services/requireService.ts';
import type { Influxd } from '../services/startInfluxd.ts';
import { influxd } from '../services/startInfluxd.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

const properties = [
  property('current', { unit: 'A', label: 'Motor current' }),
  property('pressure', { unit: 'bar', rangeLow: '0', rangeHigh: '10' }),
  property('mode', { valueKind: 'state' }),
];

function historyFlow(influx: Record<string, unknown>, history: Record<string, unknown> = {}): Record<string, unknown>[] {
  return plantFlow({
    properties,
    asset: { wires: [['history'], []] },
    more: [
      { id: 'influx', type: 'twin-influxdb', ...influx },
      { id: 'history', type: 'twin-history', site: 'site', influxdb: 'influx', flushAfter: 0.1, wires: [['out']], ...history },
      { id: 'out', type: 'helper' },
    ],
  });
}

describe('twin-history', function () {
  this.timeout(40_000);
  let run: StartedFlow | undefined;
  let userDir = '';
  const started = (): StartedFlow => run as StartedFlow;

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-history-'));
  });
  afterEach(async () => {
    await run?.stop();
    run = undefined;
    rmSync(userDir, { recursive: true, force: true });
  });

  it('without a database passes everything on and says that there is only the embedded history', async () => {
    for (const flow of [historyFlow({ url: '' }), historyFlow({ url: '${TWINWIRE_NOT_SET}' }), historyFlow({}, { influxdb: '' })]) {
      run = await startFlow(flow, { userDir });
      run.node('asset').receive({ payload: { current: 4 } });
      await run.until(() => started().received('out').length === 1, 'passed on');
      await run.until(() => started().statuses('history').at(-1)?.text === 'embedded history only', 'the status');
      assert.deepEqual(run.warnings(), []);
      await run.stop();
    }
    run = undefined;
  });

  describe('InfluxDB 1.x', () => {
    let service: Influxd;
    let database = '';
    let number = 0;
    before(requireService('influxd'));
    before(async () => {
      service = await influxd();
    });
    after(() => service?.stop());
    beforeEach(() => {
      database = `plant${++number}`;
    });

    async function stored(fields = '*', from = 'pump'): Promise<Record<string, unknown>[]> {
      const [series] = await service.query(`SELECT ${fields} FROM "${from}"`, database).catch(() => []);
      return (series?.values ?? []).map((values) => Object.fromEntries((series as NonNullable<typeof series>).columns.map((column, index) => [column, values[index]])));
    }
    async function until(count: number, fields = 'current', from = 'pump'): Promise<Record<string, unknown>[]> {
      const end = performance.now() + 15_000;
      for (;;) {
        const rows = await stored(fields, from);
        if (rows.length === count) return rows;
        if (performance.now() > end) assert.fail(`${rows.length} rows instead of ${count}: ${JSON.stringify(rows.slice(0, 5))}; ${started().warnings().join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    it('gives back what was written: numbers, texts, quality, each at its own time, one by one and as a batch', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      const now = Date.now();
      run.node('asset').receive({ payload: { current: 4.25, pressure: 6, mode: 'running "fast", ä' }, timestamp: now });
      run.node('asset').receive({ payload: { pressure: 99 }, timestamp: now + 1000 });
      run.node('asset').receive({ payload: [{ time: now + 2000, current: 1e-12 }, { time: now + 3000, current: -0.5, pressure: 7 }] });
      const rows = await until(4, '*');
      assert.deepEqual(rows.map((row) => row['time']), [now, now + 1000, now + 2000, now + 3000]);
      assert.deepEqual(rows.map((row) => row['current']), [4.25, null, 1e-12, -0.5]);
      assert.deepEqual(rows.map((row) => row['mode']), ['running "fast", ä', null, null, null]);
      assert.deepEqual(rows.map((row) => row['pressure.quality']), [null, 'bad', null, null]);
      assert.deepEqual(rows.map((row) => row['pressure']), [6, rows[1]?.['pressure'], null, 7]);
      // What was out of the instrument's range must not look measured.
      assert.notEqual(rows[1]?.['pressure'], 99);
      assert.deepEqual(rows.map((row) => [row['twin'], row['path']]), rows.map(() => ['pump1', 'plant/line1/pump1']));
      await run.until(() => started().statuses('history').at(-1)?.text === '4 values written', 'the status');
    });

    it('loses nothing while the database is down and after a restart, and writes it in order afterwards', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      const now = Date.now();
      run.node('asset').receive({ payload: { current: 0 }, timestamp: now });
      await until(1);
      await service.process.halt();
      for (let index = 1; index <= 50; index++) run.node('asset').receive({ payload: { current: index }, timestamp: now + index });
      await run.until(() => started().received('out').length === 51, 'all accepted');
      await run.until(() => started().warnings().some((text) => text.includes('TWIN_INFLUX_UNREACHABLE')), 'a warning');
      await run.until(() => started().statuses('history').some((status) => status.text?.includes('waiting') ?? false), `waiting told ${JSON.stringify(started().statuses('history'))}`);
      await run.stop();
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      for (let index = 51; index <= 60; index++) run.node('asset').receive({ payload: { current: index }, timestamp: now + index });
      await service.process.start();
      const rows = await until(61);
      assert.deepEqual(rows.map((row) => row['current']), rows.map((_, index) => index));
    });

    it('sets a record aside that the database refuses, says why, and stores the others', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      const now = Date.now();
      run.node('asset').receive({ payload: { mode: 'auto', current: 1 }, timestamp: now });
      await until(1);
      run.node('asset').receive({ payload: { current: 2 }, timestamp: now + 1 });
      run.node('asset').receive({ payload: { mode: 3 }, timestamp: now + 2 });
      run.node('asset').receive({ payload: { current: 4 }, timestamp: now + 3 });
      await until(3);
      await run.until(() => started().warnings().some((text) => /TWIN_REJECTED.*mode/s.test(text)), 'the reason');
    });

    it('written three times is there once', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }, { measurement: '{type} of {key}, {path}' }), { userDir });
      const now = Date.now() - 600_000;
      const rows = Array.from({ length: 20 }, (_, index) => ({ time: now + index * 1000, current: index }));
      for (let replay = 0; replay < 3; replay++) run.node('asset').receive({ payload: rows, historical: true, replay: { id: `r${replay}` } });
      const found = await until(20, 'current', 'pump of pump1, plant/line1/pump1');
      assert.deepEqual(found.map((row) => row['current']), rows.map((row) => row.current));
      await run.until(() => started().statuses('history').at(-1)?.text === '60 values written', 'written');
      assert.equal((await until(20, 'current', 'pump of pump1, plant/line1/pump1')).length, 20);
    });

    it('writes late values at their own time', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      const now = Date.now();
      run.node('asset').receive({ payload: { current: 5 }, timestamp: now });
      run.node('asset').receive({ payload: { current: 3 }, timestamp: now - 7_200_000 });
      run.node('asset').receive({ payload: [{ time: now - 3_600_000, current: 4 }, { time: now + 1000, current: 6 }] });
      const rows = await until(4);
      assert.deepEqual(rows.map((row) => [row['time'], row['current']]), [[now - 7_200_000, 3], [now - 3_600_000, 4], [now, 5], [now + 1000, 6]]);
    });

    it('writes on change beyond the deadband, one of each interval, or not at all, as the type says; quality always', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }, { write: 'change', deadband: 2 }), { userDir });
      const now = Math.floor(Date.now() / 1000) * 1000 - 100_000;
      // The pressure's range is 10 bar, the current has none.
      const rows = [[4, 5], [4.05, 5.15], [4.1, 5.25], [4.1, 99], [4.1, 5.25]];
      run.node('asset').receive({ payload: rows.map(([current, pressure], index) => ({ time: now + index * 1000, current, pressure })) });
      const written = await until(4, '*');
      assert.deepEqual(written.map((row) => [(Number(row['time']) - now) / 1000, row['current'] ?? null, row['pressure'] ?? null, row['pressure.quality'] ?? null]),
        [[0, 4, 5, null], [2, 4.1, 5.25, null], [3, null, 5.25, 'bad'], [4, null, 5.25, null]]);
      await run.deploy(historyFlow({ url: service.url, database }, {
        write: 'every', types: [{ type: 'pump', write: 'interval', deadband: '', every: '10', measurement: 'pump_slow' }],
      }));
      const begin = Math.floor(now / 10_000) * 10_000 + 50_000;
      run.node('asset').receive({ payload: Array.from({ length: 25 }, (_, index) => ({ time: begin + index * 1000, current: index })) });
      assert.deepEqual((await until(3, 'current', 'pump_slow')).map((row) => row['current']), [0, 10, 20]);
      await run.deploy(historyFlow({ url: service.url, database }, { types: [{ type: 'pump', write: 'never', deadband: '', every: '', measurement: '' }] }));
      const passed = run.received('out').length;
      run.node('asset').receive({ payload: { current: 77 } });
      await run.until(() => started().received('out').length > passed, 'passed on');
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal((await stored('current')).some((row) => row['current'] === 77), false);
    });

    it('levels of ISA-95 as tags, what was expected beside the value, and twin-read answers the same from there', async () => {
      const flow = plantFlow({
        properties,
        asset: { wires: [['baseline'], []] },
        more: [
          { id: 'influx', type: 'twin-influxdb', url: service.url, database },
          { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['history']] },
          { id: 'history', type: 'twin-history', site: 'site', influxdb: 'influx', flushAfter: 0.1, tags: 'levels', expected: true, wires: [['out']] },
          { id: 'out', type: 'helper' },
          { id: 'read', type: 'twin-read', site: 'site', influxdb: 'influx', what: 'values', period: 'last', last: 1, properties: 'current', format: 'list', wires: [['answers']] },
          { id: 'answers', type: 'helper' },
        ],
      });
      run = await startFlow(flow, { userDir });
      const now = Date.now() - 300_000;
      run.node('asset').receive({ payload: Array.from({ length: 200 }, (_, index) => ({ time: now + index * 1000, current: 4 + (index % 7) / 100 })) });
      const rows = await until(200, '*');
      assert.deepEqual([...new Set(rows.map((row) => [row['twin'], row['area'], row['work_center'], row['work_unit'], row['path'] ?? ''].join()))], ['pump1,plant,line1,pump1,']);
      const last = rows.at(-1) ?? {};
      assert.ok(Number(last['current.low']) <= 4.03 && Number(last['current.high']) >= 4.03 && Math.abs(Number(last['current.expected']) - 4.03) < 0.1, JSON.stringify(last));
      run.node('read').receive({ payload: 'now' });
      await run.until(() => started().received('answers').length === 1, 'the answer');
      assert.deepEqual(((started().received('answers')[0] as { payload?: unknown }).payload as { value: number }[]).map(({ value }) => value), rows.map((row) => row['current']));
    });

    it('cases and events are annotations, each at its time', async () => {
      const flow = plantFlow({
        properties: [property('pressure', { unit: 'bar', high: '8', deadband: '0.1' })],
        asset: { wires: [[], ['history', 'alert']] },
        more: [
          { id: 'influx', type: 'twin-influxdb', url: service.url, database },
          { id: 'alert', type: 'twin-alert', site: 'site', onStale: false, clearAfter: 1, wires: [['history']] },
          { id: 'history', type: 'twin-history', site: 'site', influxdb: 'influx', flushAfter: 0.1, annotations: 'marks', wires: [['out']] },
          { id: 'out', type: 'helper' },
        ],
      });
      run = await startFlow(flow, { userDir });
      const now = Date.now() - 20_000;
      run.node('asset').receive({ payload: [{ time: now, pressure: 7 }, { time: now + 1000, pressure: 8.5 }, { time: now + 5000, pressure: 7 }] });
      const marks = await until(4, '*', 'marks');
      const of = (kind: string): Record<string, unknown>[] => marks.filter((mark) => mark['kind'] === kind);
      assert.deepEqual(of('limit').map((mark) => [mark['time'], mark['property'], mark['limit'], mark['active'], mark['value'], mark['path']]),
        [[now + 1000, 'pressure', 'high', true, 8.5, 'plant/line1/pump1'], [now + 5000, 'pressure', 'high', false, 7, 'plant/line1/pump1']]);
      assert.deepEqual(of('case').map((mark) => [mark['change'], mark['caseState'], mark['active']]), [['opened', 'open', true], ['cleared', 'cleared', false]]);
      assert.match(String(of('case')[0]?.['text']), /above the limit of 8 bar/);
      assert.ok(of('case').every((mark) => String(mark['title']).includes('Pump 1')));
      // Not a value of the machine.
      assert.deepEqual(await stored('*', 'pump'), []);
    });

    it('twin-replay lives through what stands there, on a box that knows nothing of it, and writes there what it computes anew', async () => {
      const begin = Math.floor(Date.now() / 1000) * 1000 - 120_000;
      const plant = (factor: number): Record<string, unknown>[] => plantFlow({
        properties: [property('current', { unit: 'A' }), property('power', { valueKind: 'derived', expression: `current * ${factor}`, unit: 'kW' })],
        asset: { wires: [['history'], []] },
        more: [
          { id: 'influx', type: 'twin-influxdb', url: service.url, database },
          { id: 'history', type: 'twin-history', site: 'site', influxdb: 'influx', flushAfter: 0.1, wires: [['out']] },
          { id: 'out', type: 'helper' },
          { id: 'replay', type: 'twin-replay', site: 'site', source: 'history', influxdb: 'influx', from: String(begin + 30_000), recompute: true, why: 'factor', wires: [['asset']] },
          { id: 'read', type: 'twin-read', site: 'site', what: 'values', period: 'last', last: 1, properties: 'power', format: 'list', wires: [['answers']] },
          { id: 'answers', type: 'helper' },
        ],
      });
      run = await startFlow(plant(2), { userDir });
      run.node('asset').receive({ payload: Array.from({ length: 60 }, (_, index) => ({ time: begin + index * 1000, current: 4 + index / 8 })) });
      await until(60, 'power');
      await run.stop();
      run = await startFlow(plant(3), {});
      await run.until(() => (siteHandle(started().node('site')) as SiteHandle).site?.asset('pump1') !== undefined, 'the machine');
      run.node('replay').receive({ payload: 'start' });
      await run.until(() => started().received('out').some(({ replay }) => (replay as { complete?: boolean } | undefined)?.complete === true), 'the end');
      const end = performance.now() + 10_000;
      let rows = await stored('*');
      while (rows.at(-1)?.['power'] === (4 + 59 / 8) * 2 && performance.now() < end) rows = await stored('*');
      assert.equal(rows.length, 60);
      rows.forEach((row, index) => {
        const anew = index >= 30;
        assert.deepEqual([row['current'], row['power']], [4 + index / 8, (4 + index / 8) * (anew ? 3 : 2)], String(index));
        assert.equal(String(row['.recomputed'] ?? '').endsWith(': factor'), anew);
      });
      // The new box has them in its own history, from then on.
      await new Promise((resolve) => setTimeout(resolve, 600));
      run.node('read').receive({ payload: 'now' });
      await run.until(() => started().received('answers').length === 1, 'the answer');
      const { payload, history } = started().received('answers')[0] as unknown as { payload: { value: number }[]; history: { recomputed?: { why: string }[] } };
      assert.deepEqual(payload.map(({ value }) => value), Array.from({ length: 30 }, (_, index) => (4 + (index + 30) / 8) * 3));
      assert.equal(history.recomputed?.[0]?.why, 'factor');
    });

    it('the dialog is shown three lines as they will stand there', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      const ask = async (settings: Record<string, unknown>): Promise<string[]> => {
        const answer = await started().admin('POST', '/twinwire/history/preview', settings);
        assert.equal(answer.status, 200);
        return (answer.body as { lines: string[] }).lines;
      };
      const example = await ask({ site: 'nobody', tags: 'levels', measurement: '{type}_{key}', annotations: 'marks' });
      assert.match(example[0] ?? '', /^press_press3,twin=press3,enterprise=acme,site=hamburg,area=hall2,work_center=line1,work_unit=press3,state=running temperature=61.4,pressure=4.02 \d{13}$/);
      assert.match(example[2] ?? '', /^marks,/);
      run.node('asset').receive({ payload: { current: 4.25 } });
      await run.until(() => started().received('out').length === 1, 'a value');
      const own = await ask({ site: 'site', tags: 'path', expected: true });
      assert.equal(own.length, 3);
      assert.match(own[0] ?? '', /^pump,twin=pump1,path=plant\/line1\/pump1 current=4.25,current.expected=/);
      assert.match(own[1] ?? '', /current.quality="bad"/);
      // All of it is line protocol that InfluxDB takes.
      await service.query(`CREATE DATABASE ${database}`);
      const written = await fetch(`${service.url}/write?precision=ms&db=${database}`, { method: 'POST', body: [...example, ...own].join('\n') });
      assert.equal(written.status, 204, await written.text());
    });

    it('refuses what is no message of a twin', async () => {
      run = await startFlow(historyFlow({ url: service.url, database }), { userDir });
      const odd = [
        { payload: 5 },
        { twin: { key: 'pump1' } },
        { twin: { v: 1, key: 'other', row: 1 }, payload: {} },
        { twin: { v: 9, key: 'pump1', row: 1 } },
        { twin: { v: 1, key: 'pump1', row: 1 }, payload: 7 },
      ];
      for (const message of odd) {
        run.node('history').receive(message);
      }
      await run.until(() => started().received('caught').length === 5, 'five caught');
      assert.deepEqual(run.received('caught').map(codeOf), [
        'TWIN_NOT_A_TWIN_MESSAGE', 'TWIN_NOT_A_TWIN_MESSAGE', 'TWIN_UNKNOWN', 'TWIN_MESSAGE_VERSION', 'TWIN_NOT_A_TWIN_MESSAGE',
      ]);
    });
  });

  describe('the write API of InfluxDB 2.x', () => {
    let server: Server;
    let url = '';
    let writes: { url: string; authorization: string | undefined; lines: string[] }[] = [];
    /** Answers of the next writes; then 204. */
    let answers: { status: number; headers?: Record<string, string>; body?: (lines: string[]) => string }[] = [];
    beforeEach(async () => {
      writes = [];
      answers = [];
      server = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (part: string) => (body += part));
        request.on('end', () => {
          const lines = body === '' ? [] : body.split('\n');
          writes.push({ url: request.url ?? '', authorization: request.headers.authorization, lines });
          const answer = answers.shift() ?? { status: 204 };
          response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body?.(lines));
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });

    async function start(): Promise<void> {
      run = await startFlow(historyFlow({ url, version: '2', organisation: 'plant', bucket: 'machines' }), { userDir, credentials: { influx: { token: 'secret' } } });
    }
    const problem = (code: string, message: string) => (): string => JSON.stringify({ code, message });

    it('writes lines in milliseconds with token, organisation and bucket', async () => {
      await start();
      const now = Date.now();
      started().node('asset').receive({ payload: { current: 4.5 }, timestamp: now });
      await started().until(() => writes.length === 1, 'a write');
      const { searchParams, pathname } = new URL(writes[0]?.url ?? '', url);
      assert.equal(pathname, '/api/v2/write');
      assert.deepEqual(Object.fromEntries(searchParams), { org: 'plant', bucket: 'machines', precision: 'ms' });
      assert.equal(writes[0]?.authorization, 'Token secret');
      assert.equal(writes[0]?.lines[0], `pump,twin=pump1,path=plant/line1/pump1 current=4.5 ${now}`);
    });

    it('sets aside what a partial write names, and stores the rest', async () => {
      answers = [{ status: 400, body: (lines) => problem('invalid', `partial write: unable to parse '${lines[1] ?? ''}': bad timestamp`)() }];
      await start();
      const now = Date.now();
      started().node('asset').receive({ payload: [1, 2, 3].map((current) => ({ time: now + current, current })) });
      await started().until(() => writes.length === 2, 'the rest again');
      assert.equal(writes[1]?.lines.length, 2);
      await started().until(() => started().warnings().some((text) => text.includes('TWIN_REJECTED') && text.includes('bad timestamp')), 'the reason');
      await started().until(() => started().statuses('history').some((status) => status.text === '2 values written'), 'the others');
    });

    for (const [status, code] of [[401, 'TWIN_INFLUX_LOGIN'], [404, 'TWIN_INFLUX_DATABASE'], [429, 'TWIN_INFLUX_BUSY'], [503, 'TWIN_INFLUX_BUSY']] as const) {
      it(`keeps everything at a ${status}, says ${code} and writes it later`, async () => {
        answers = [{ status, headers: status === 429 ? { 'retry-after': '1' } : {}, body: problem('no', 'not now') }];
        await start();
        const now = Date.now();
        started().node('asset').receive({ payload: { current: 1 }, timestamp: now });
        await started().until(() => started().warnings().some((text) => text.includes(code)), `the warning: ${started().warnings().join()}`);
        await started().until(() => writes.length === 2, 'a second write');
        assert.deepEqual(writes[1]?.lines, writes[0]?.lines);
        await started().until(() => started().statuses('history').at(-1)?.text === '1 values written', 'written');
      });
    }
  });
});
