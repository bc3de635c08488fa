import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SiteOutbox } from '../../contract/http.ts';
import { plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

describe('what a site still has to deliver', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  let server: Server;
  let userDir: string;
  let written: string[] = [];
  /** What a line must not hold, and whether the server answers at all. */
  let bad = 'mode="odd"';
  let up = true;

  before(async () => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-outbox-'));
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => {
        const lines = body.split('\n');
        const index = bad === '' ? -1 : lines.findIndex((line) => line.includes(bad));
        if (!up) response.writeHead(503, { 'retry-after': '1' }).end('{"message":"not now"}');
        else if (index < 0) {
          written.push(...lines);
          response.writeHead(204).end();
        } else response.writeHead(400).end(JSON.stringify({ code: 'invalid', message: `unable to parse '${lines[index] ?? ''}': no odd ones` }));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    run = await startFlow(flow({}), { userDir, credentials: { influx: { token: 'secret' } } });
    await opened();
  });
  after(async () => {
    await run?.stop();
    server.closeAllConnections();
    server.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  function flow(history: Record<string, unknown>, hasHistory = true): Record<string, unknown>[] {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return plantFlow({
      site: { outboxSync: 'group' },
      properties: [property('current'), property('mode', { valueKind: 'state' })],
      asset: { wires: [hasHistory ? ['history'] : [], []] },
      more: [
        { id: 'influx', type: 'twin-influxdb', url, version: '2', bucket: 'b' },
        ...(hasHistory ? [{ id: 'history', type: 'twin-history', name: 'To InfluxDB', site: 'site', influxdb: 'influx', flushAfter: 0.1, wires: [[]], ...history }] : []),
      ],
    });
  }
  const list = async (): Promise<SiteOutbox[]> => (await run.admin('GET', '/twinwire/site/site/outbox')).body as SiteOutbox[];
  const only = async (): Promise<SiteOutbox> => {
    const all = await list();
    assert.equal(all.length, 1, JSON.stringify(all));
    return all[0] as SiteOutbox;
  };
  async function until(holds: (one: SiteOutbox) => boolean): Promise<SiteOutbox> {
    const end = performance.now() + 8000;
    for (;;) {
      const all = await list();
      const [one] = all;
      if (one !== undefined && all.length === 1 && holds(one)) return one;
      if (performance.now() > end) assert.fail(JSON.stringify(all));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  async function opened(): Promise<void> {
    while ((await run.admin('GET', '/twinwire/site/site/outbox')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const work = (action: string, target = 'history:history') => run.admin('POST', '/twinwire/site/site/outbox', { action, target });

  it('is told with the reason of what was refused, which is sent again, exported or deleted', async () => {
    const now = Date.now();
    run.node('asset').receive({ payload: { current: 1, mode: 'odd' }, timestamp: now });
    run.node('asset').receive({ payload: { current: 2 }, timestamp: now + 1000 });
    const refused = await until((one) => one.refused === 1 && one.waiting === 0);
    assert.deepEqual([refused.title, refused.node, refused.kind, refused.lost], ['To InfluxDB', 'history', 'history', 0]);
    assert.match(refused.refusals[0]?.reason ?? '', /no odd ones/);
    assert.match(refused.refusals[0]?.text ?? '', /mode="odd"/);
    const { text } = (await run.admin('GET', '/twinwire/site/site/outbox/refused?target=history%3Ahistory')).body as { text: string };
    const exported = JSON.parse(text.trim()) as Record<string, string>;
    assert.match(`${exported['reason']} ${exported['record']}`, /no odd ones.*mode="odd"/);

    const everywhere = (await run.admin('GET', '/twinwire/outbox')).body as { site: string; name: string; targets: SiteOutbox[] }[];
    assert.deepEqual(everywhere.map(({ site, name, targets }) => [site, name, targets.map(({ target, refused: count }) => [target, count])]), [['site', 'Plant', [['history:history', 1]]]]);

    bad = '';
    assert.equal((await work('retry')).status, 200);
    await until((one) => one.refused === 0 && one.waiting === 0);
    assert.ok(written.some((line) => line.includes('mode="odd"')));
    assert.equal((await work('retry')).status, 409, 'nothing is left to send again');

    bad = 'mode="odd"';
    run.node('asset').receive({ payload: { mode: 'odd' }, timestamp: now + 2000 });
    await until((one) => one.refused === 1);
    assert.equal((await work('discard')).status, 200);
    assert.equal((await only()).refused, 0);
  });

  it('refuses what is none of its works, and what a node still uses', async () => {
    assert.equal((await work('burn')).status, 400);
    assert.equal((await work('remove')).status, 409);
    assert.equal((await work('discard', 'nobody')).status, 409);
    assert.equal((await run.admin('GET', '/twinwire/site/none/outbox')).status, 404);
    assert.equal((await run.admin('POST', '/twinwire/site/site/outbox', { action: 'retry', target: 7 })).status, 400);
  });

  it('says what waits, since when and why; what cannot be kept is counted and dated', async () => {
    up = false;
    written = [];
    await run.deploy(flow({ keepAtMost: 1, batchRows: 500 }), 'nodes');
    // Behind what the tests before sent: nothing of it is late.
    const now = Date.now() + 5000;
    for (let part = 0; part < 40; part += 1) {
      run.node('asset').receive({ payload: Array.from({ length: 200 }, (_, n) => ({ time: now + part * 200 + n, current: part * 200 + n, mode: 'x'.repeat(200) })) });
    }
    const waiting = await until((one) => one.problem !== undefined && one.lost > 0 && one.waiting + one.lost === 8000);
    assert.ok(waiting.waiting > 1000 && waiting.bytes <= 1_200_000 && (waiting.oldestMs ?? 0) >= now - 5000, JSON.stringify({ ...waiting, gaps: [] }));
    assert.equal(waiting.gaps.reduce((sum, { records }) => sum + records, 0), waiting.lost);
    assert.match(waiting.gaps[0]?.reason ?? '', /More waited/);
    await run.until(() => run.warnings().some((text) => text.includes('TWIN_HISTORY_DROPPED')), 'the warning');
    await run.until(() => run.statuses('history').some(({ text, fill }) => fill === 'red' && /\d+ waiting, \d+ given up/.test(text ?? '')), 'the status');
    up = true;
    await until((one) => one.waiting === 0);
    assert.equal(written.length, waiting.waiting);
    // On a slow machine some of it is old by then and goes after what is live: the newest are there, in whatever place.
    const delivered = written.map((line) => Number(/current=(\d+)/.exec(line)?.[1])).sort((one, other) => one - other);
    assert.deepEqual(delivered.slice(-5), [7995, 7996, 7997, 7998, 7999]);
    await run.until(() => (run.statuses('history').at(-1)?.text ?? '').endsWith('values written'), 'the status again');
  });

  it('what a node left that is gone is shown, and can be removed', async () => {
    up = false;
    run.node('asset').receive({ payload: { current: 5 }, timestamp: Date.now() + 20_000 });
    await until((one) => one.waiting === 1 && one.problem !== undefined);
    await run.deploy(flow({}, false), 'nodes');
    const left = await until((one) => one.title === undefined);
    assert.deepEqual([left.target, left.waiting], ['history:history', 1]);
    assert.equal((await work('remove')).status, 200);
    assert.deepEqual(await list(), []);
    up = true;
  });
});
