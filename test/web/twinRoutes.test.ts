import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { twinRoutes, type TwinRoutes, type TwinRoutesOptions } from '../../web/twinRoutes.ts';
import type { BackTest, Machine, MachineChange, MachineDetail, Overview } from '../../contract/http.ts';
import { MemoryPlant, machine, morning } from './pageFixture.ts';

const nowMs = Date.UTC(2026, 10, 20, 5, 12);

interface Running {
  plant: MemoryPlant;
  routes: TwinRoutes;
  server: Server;
  port: number;
  base: string;
}

describe('routes of the page', function () {
  // Nothing here takes long; a busy machine may.
  this.timeout(20_000);
  let folder: string;
  const running: Running[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'twin-page-'));
    mkdirSync(join(folder, 'page', 'assets'), { recursive: true });
    writeFileSync(join(folder, 'page', 'index.html'), `<!doctype html><title>page</title>${'<p>words</p>'.repeat(40)}`);
    writeFileSync(join(folder, 'page', 'assets', 'page-1.js'), `export const a = 1;${'// and more\n'.repeat(100)}`);
    writeFileSync(join(folder, 'secret.txt'), 'not for you');
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  afterEach(async () => {
    for (const { routes, server } of running.splice(0)) {
      routes.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });

  async function start(options: TwinRoutesOptions = {}, plant = new MemoryPlant(morning(nowMs))): Promise<Running> {
    const routes = twinRoutes(plant, { folder: join(folder, 'page'), ...options });
    const server = createServer(routes);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const all = { plant, routes, server, port, base: `http://127.0.0.1:${port}` };
    running.push(all);
    return all;
  }

  it('sends the shell and its assets with their headers', async () => {
    const { base } = await start();
    const shell = await fetch(`${base}/`);
    assert.equal(shell.status, 200);
    assert.match(shell.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(shell.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    assert.doesNotMatch(shell.headers.get('content-security-policy') ?? '', /unsafe/);
    assert.equal(shell.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(shell.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(shell.headers.get('content-encoding'), 'gzip');
    assert.match(await shell.text(), /<p>words/);
    const asset = await fetch(`${base}/assets/page-1.js`);
    assert.equal(asset.status, 200);
    assert.match(asset.headers.get('content-type') ?? '', /^text\/javascript/);
    assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
    const etag = asset.headers.get('etag');
    assert.ok(etag);
    await asset.text();
    const again = await fetch(`${base}/assets/page-1.js`, { headers: { 'if-none-match': `"other", ${etag}` } });
    assert.equal(again.status, 304);
    const plain = await fetch(`${base}/assets/page-1.js`, { headers: { 'accept-encoding': 'gzip;q=0' } });
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.match(await plain.text(), /and more/);
    const head = await fetch(`${base}/`, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
  });

  it('sends people from …/twin to …/twin/, with their language', async () => {
    const plant = new MemoryPlant(morning(nowMs));
    const routes = twinRoutes(plant, { folder: join(folder, 'page') });
    // As Express mounts it: the address without what it is mounted under, and the whole one beside it.
    const server = createServer((request, response) => {
      const original = request.url ?? '';
      Object.assign(request, { originalUrl: original, url: original.replace(/^\/red\/twin/, '').replace(/^(?!\/)/, '/') });
      routes(request, response);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    running.push({ plant, routes, server, port, base: '' });
    const there = await fetch(`http://127.0.0.1:${port}/red/twin?lang=de`, { redirect: 'manual' });
    assert.equal(there.status, 302);
    assert.equal(new URL(there.headers.get('location') ?? '', `http://x/red/twin`).href, 'http://x/red/twin/?lang=de');
    const followed = await fetch(`http://127.0.0.1:${port}/red/twin`);
    assert.equal(followed.status, 200);
    assert.match(followed.url, /\/red\/twin\/$/);
  });

  it('says that the page is not built, and notices when it is', async () => {
    const late = join(folder, 'late');
    const { base } = await start({ folder: late });
    const before = await fetch(`${base}/`);
    assert.equal(before.status, 503);
    assert.equal(((await before.json()) as { code: string }).code, 'TWIN_PAGE_NOT_BUILT');
    mkdirSync(late);
    writeFileSync(join(late, 'index.html'), '<p>now');
    assert.equal((await fetch(`${base}/`)).status, 200);
  });

  it('gives no file outside the page, however the path is spelt', async () => {
    const { port } = await start();
    const paths = [
      '/assets/../../secret.txt', '/assets/..%2f..%2fsecret.txt', '/assets/%2e%2e/%2e%2e/secret.txt', '/assets/..\\..\\secret.txt',
      '/assets/....//....//secret.txt', '/assets//etc/passwd', '/assets/page-1.js%00.txt', '/assets/%', '//secret.txt/assets/../secret.txt',
      '/assets/__proto__', '/assets/constructor', '/assets/', '/assets/index.html', '/index.html', '/secret.txt',
    ];
    for (const path of paths) {
      const { status, text } = await raw(port, path);
      assert.ok(status === 404 || status === 400, `${path} answers ${status}`);
      assert.doesNotMatch(text, /not for you|root:/, path);
      assert.doesNotThrow(() => JSON.parse(text), path);
    }
  });

  it('answers the overview and a machine as they are, uncached', async () => {
    const { base, plant } = await start();
    const answer = await fetch(`${base}/api/overview`);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await answer.json(), JSON.parse(JSON.stringify(plant.overview())));
    const query = new URLSearchParams({ site: 'northfield', key: 'northfield/filler', minutes: '15' });
    const detail = (await (await fetch(`${base}/api/machine?${query}`)).json()) as MachineDetail;
    assert.equal(detail.machine.name, 'Filler');
    assert.ok(detail.series.length >= 5);
    assert.deepEqual(detail.neighbours.map(({ name, direction }) => [name, direction]), [['Sealer', 'downstream']]);
  });

  it('says what another setting would have raised, or the one in force', async () => {
    const { base } = await start();
    const query = new URLSearchParams({ site: 'northfield', key: 'northfield/filler' });
    const ask = async (more: string): Promise<BackTest> => (await (await fetch(`${base}/api/back-test?${query}${more}`)).json()) as BackTest;
    assert.deepEqual([(await ask('')).count, (await ask('&perWeek=7')).count, (await ask('&perWeek=0.01')).count], [2, 14, 0]);
  });

  it('refuses bad questions in a sentence', async () => {
    const { base } = await start();
    const long = 'x'.repeat(2000);
    const bad: [string, number][] = [
      ['/api/machine', 400],
      ['/api/machine?site=northfield', 400],
      ['/api/machine?site=northfield&key=northfield/filler&minutes=abc', 400],
      ['/api/machine?site=northfield&key=northfield/filler&minutes=0', 400],
      ['/api/machine?site=northfield&key=northfield/filler&minutes=-5', 400],
      ['/api/machine?site=northfield&key=northfield/filler&minutes=1e9', 400],
      ['/api/machine?site=northfield&key=northfield/filler&minutes=Infinity', 400],
      [`/api/machine?site=northfield&key=${long}`, 400],
      ['/api/machine?site=northfield&key=__proto__', 404],
      ['/api/machine?site=constructor&key=northfield/filler', 404],
      ['/api/back-test?site=northfield', 400],
      ['/api/back-test?site=northfield&key=northfield/filler&perWeek=0', 400],
      ['/api/back-test?site=northfield&key=northfield/filler&perWeek=', 400],
      ['/api/back-test?site=northfield&key=northfield/filler&perWeek=1e9', 400],
      ['/api/back-test?site=northfield&key=northfield/nobody', 404],
      ['/api/nothing', 404],
      ['/elsewhere', 404],
    ];
    for (const [path, status] of bad) {
      const answer = await fetch(base + path);
      assert.equal(answer.status, status, path.slice(0, 80));
      const body = (await answer.json()) as { code: string; text: string };
      assert.match(body.code, /^TWIN_[A-Z_]+$/);
      assert.match(body.text, /^\p{Lu}.*\.$/u);
    }
    for (const [path, method] of [['/', 'POST'], ['/api/overview', 'DELETE'], ['/api/acknowledge', 'GET'], ['/api/live', 'POST']] as const) {
      const answer = await fetch(base + path, { method });
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.ok(answer.headers.get('allow'));
    }
  });

  it('leaves other addresses to whoever comes next', async () => {
    const routes = twinRoutes(new MemoryPlant(), { folder: join(folder, 'page') });
    let passed = 0;
    const server = createServer((request, response) => routes(request, response, () => {
      passed += 1;
      response.end('next');
    }));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    running.push({ plant: new MemoryPlant(), routes, server, port, base: '' });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/other`)).text(), 'next');
    assert.equal(passed, 1);
  });

  it('keeps an inner error to itself and stays up', async () => {
    const plant = new MemoryPlant(morning(nowMs));
    plant.detail = async () => { throw new Error('password=hunter2 in /srv/x.ts'); };
    plant.overview = () => { throw new Error('password=hunter2'); };
    const told: unknown[] = [];
    const { base } = await start({ onError: (error) => told.push(error) }, plant);
    for (const path of ['/api/machine?site=northfield&key=northfield/filler', '/api/overview']) {
      const answer = await fetch(base + path);
      assert.equal(answer.status, 500);
      const text = await answer.text();
      assert.doesNotMatch(text, /hunter2/);
      assert.equal((JSON.parse(text) as { code: string }).code, 'TWIN_PAGE_FAILED');
    }
    assert.equal(told.length, 2);
    assert.equal((await fetch(`${base}/`)).status, 200);
  });

  describe('acknowledging', () => {
    const good = { site: 'northfield', key: 'northfield/filler', case: 'case-17', by: 'Ann' };
    const post = (base: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<Response> =>
      fetch(`${base}/api/acknowledge`, { method: 'POST', body, headers });

    it('acknowledges the case that the person saw, once', async () => {
      const { base } = await start();
      const answer = await post(base, JSON.stringify({ ...good, by: '  Ann\n\u0007Lee ' }));
      assert.equal(answer.status, 200);
      const after = (await answer.json()) as Machine;
      assert.equal(after.openCase?.state, 'acknowledged');
      assert.equal(after.openCase?.acknowledgedBy, 'Ann Lee');
      const again = await post(base, JSON.stringify(good));
      assert.equal(again.status, 409);
      assert.equal(((await again.json()) as { code: string }).code, 'TWIN_CASE_OVER');
      assert.equal((await post(base, JSON.stringify({ ...good, key: 'nobody' }))).status, 404);
    });

    it('is refused when a foreign website sends it', async () => {
      const { base, port, plant } = await start();
      const json = { 'content-type': 'application/json' };
      const refused: Record<string, string>[] = [
        { ...json, origin: 'https://evil.example' },
        { ...json, origin: 'null' },
        { ...json, origin: `http://127.0.0.1:${port + 1}` },
        { ...json, 'sec-fetch-site': 'cross-site' },
        { ...json, 'sec-fetch-site': 'same-site', origin: base },
      ];
      for (const headers of refused) {
        const { status } = await raw(port, '/api/acknowledge', { method: 'POST', headers, body: JSON.stringify(good) });
        assert.equal(status, 403, JSON.stringify(headers));
      }
      // What a plain form of a foreign page could send without asking first.
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain; application/json', '']) {
        const { status } = await raw(port, '/api/acknowledge', { method: 'POST', headers: type ? { 'content-type': type } : {}, body: JSON.stringify(good) });
        assert.equal(status, 415, type);
      }
      assert.equal(plant.sites[0]?.machines.find(({ key }) => key === good.key)?.openCase?.state, 'open');
      const own = await raw(port, '/api/acknowledge', { method: 'POST', headers: { ...json, origin: base }, body: JSON.stringify(good) });
      assert.equal(own.status, 200);
    });

    it('refuses what is too long or no such thing', async () => {
      const { base, port, plant } = await start();
      const bodies = [
        '', '{', 'null', '[]', '"x"', '{}', JSON.stringify({ ...good, by: '' }),
        JSON.stringify({ ...good, by: '   ' }), JSON.stringify({ ...good, by: 'x'.repeat(81) }),
        JSON.stringify({ ...good, case: 17 }), JSON.stringify({ ...good, key: null }), JSON.stringify({ ...good, site: { toString: 'x' } }),
        '{"__proto__": {"site":"northfield","key":"northfield/filler","case":"case-17","by":"x"}}', JSON.stringify({ ...good, by: '\u0000\u0001' }),
      ];
      for (const body of bodies) {
        const answer = await post(base, body);
        assert.equal(answer.status, 400, body.slice(0, 80));
        assert.equal(((await answer.json()) as { code: string }).code, 'TWIN_PAGE_INPUT');
      }
      const big = JSON.stringify({ ...good, more: 'x'.repeat(20_000) });
      assert.equal((await post(base, big)).status, 413);
      const chunked = await raw(port, '/api/acknowledge', {
        method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }, body: big,
      });
      assert.equal(chunked.status, 413);
      assert.equal(plant.sites[0]?.machines.find(({ key }) => key === good.key)?.openCase?.state, 'open');
      assert.equal((await post(base, JSON.stringify(good))).status, 200);
    });
  });

  describe('live', () => {
    it('begins with everything and goes on with what changes', async () => {
      const { base, plant, routes } = await start();
      const events = await listen(base);
      const first = await events.next('overview');
      assert.deepEqual(first, JSON.parse(JSON.stringify(plant.overview())));
      assert.equal(routes.watching, 1);
      const filler = plant.machine('northfield', 'northfield/filler')?.machine;
      assert.ok(filler);
      plant.put('northfield', { ...filler, state: 'Held' });
      const change = (await events.next('machine')) as MachineChange;
      assert.deepEqual([change.site, change.machine.key, change.machine.state, change.nowMs], ['northfield', 'northfield/filler', 'Held', nowMs]);
      plant.put('northfield', machine('northfield/new', 'New one', nowMs));
      const all = (await events.next('overview')) as Overview;
      assert.ok(all.sites[0]?.machines.some(({ key }) => key === 'northfield/new'));
      events.close();
    });

    it('reads and sends a busy machine at most twice a second, and nobody’s while nobody watches', async () => {
      const { base, plant, routes } = await start({ intervalMs: 100 });
      for (let index = 0; index < 100; index += 1) plant.tell({ site: 'northfield', key: 'northfield/filler' });
      assert.equal(plant.reads, 0);
      assert.equal(plant.listeners.size, 0);
      const one = await listen(base);
      const two = await listen(base);
      await one.next('overview');
      await two.next('overview');
      const begin = performance.now();
      while (performance.now() - begin < 450) {
        for (let index = 0; index < 50; index += 1) plant.tell({ site: 'northfield', key: 'northfield/filler' });
        await new Promise((done) => setTimeout(done, 5));
      }
      await new Promise((done) => setTimeout(done, 120));
      const most = Math.ceil((performance.now() - begin) / 100) + 1;
      assert.ok(plant.reads >= 1 && plant.reads <= most, `${plant.reads} reads, at most ${most} expected`);
      assert.ok(one.count('machine') >= 1 && one.count('machine') <= most);
      assert.ok(plant.reads <= one.count('machine') + 1, 'read once for all who watch');
      one.close();
      two.close();
      await until(() => routes.watching === 0);
      assert.equal(plant.listeners.size, 0);
    });

    it('sends the last state after a burst', async () => {
      const { base, plant } = await start({ intervalMs: 50 });
      const events = await listen(base);
      await events.next('overview');
      const filler = plant.machine('northfield', 'northfield/filler')?.machine;
      assert.ok(filler);
      for (let index = 0; index <= 40; index += 1) plant.put('northfield', { ...filler, state: `S${index}` });
      let last = '';
      while (last !== 'S40') last = ((await events.next('machine')) as MachineChange).machine.state;
      events.close();
    });

    it('keeps quiet lines alive with a comment and the sites’ clocks', async () => {
      const { base } = await start({ keepAliveMs: 30 });
      const events = await listen(base);
      assert.deepEqual(await events.next('clock'), [{ site: 'northfield', nowMs }]);
      assert.match(events.text(), /^: keep-alive$/m);
      events.close();
    });

    it('takes 50 at once and tells the next why not; a place becomes free again', async () => {
      const { base, routes } = await start();
      const all = await Promise.all(Array.from({ length: 50 }, () => listen(base)));
      await Promise.all(all.map((events) => events.next('overview')));
      assert.equal(routes.watching, 50);
      const refused = await fetch(`${base}/api/live`);
      assert.equal(refused.status, 503);
      assert.equal(((await refused.json()) as { code: string }).code, 'TWIN_PAGE_FULL');
      all[0]?.close();
      await until(() => routes.watching === 49);
      const next = await listen(base);
      await next.next('overview');
      for (const events of [...all, next]) events.close();
      await until(() => routes.watching === 0);
    });

    it('drops a client that does not read, instead of keeping everything for it', async () => {
      const { port, plant, routes } = await start({ intervalMs: 1, maxUnsentBytes: 20_000 });
      const deaf = connect(port, '127.0.0.1');
      deaf.pause();
      deaf.on('error', () => {});
      deaf.write('GET /api/live HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => routes.watching === 1);
      const filler = plant.machine('northfield', 'northfield/filler')?.machine;
      assert.ok(filler);
      const sentence = 'x'.repeat(200_000);
      for (let index = 0; index < 500 && routes.watching > 0; index += 1) {
        plant.put('northfield', { ...filler, sentence: sentence + index });
        await new Promise((done) => setTimeout(done, 3));
      }
      assert.equal(routes.watching, 0);
      deaf.destroy();
    });

    it('ends all lines when it closes, and serves on', async () => {
      const { base, routes, plant } = await start();
      const events = await listen(base);
      await events.next('overview');
      routes.close();
      await events.ended;
      assert.equal(routes.watching, 0);
      assert.equal(plant.listeners.size, 0);
      const again = await listen(base);
      await again.next('overview');
      again.close();
    });

    it('survives a source that fails for a moment', async () => {
      const { base, plant } = await start({ intervalMs: 10 });
      const events = await listen(base);
      await events.next('overview');
      const own = plant.machine.bind(plant);
      plant.machine = () => { throw new Error('closing'); };
      plant.tell({ site: 'northfield', key: 'northfield/filler' });
      await new Promise((done) => setTimeout(done, 50));
      plant.machine = own;
      plant.tell({ site: 'northfield', key: 'northfield/filler' });
      await events.next('overview');
      events.close();
    });
  });
});

/** A request whose path is sent exactly as written. */
function raw(
  port: number, path: string, { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 5));
}

interface Events {
  next(name: string): Promise<unknown>;
  count(name: string): number;
  text(): string;
  ended: Promise<void>;
  close(): void;
}

/** Listens to the live events. `next` gives each event of a name once, in order. */
function listen(base: string): Promise<Events> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${base}/api/live`, { agent: false }, (response: IncomingMessage) => {
      let text = '';
      let seen = 0;
      const events: { name: string; data: unknown }[] = [];
      const taken = new Map<string, number>();
      const waiting = new Set<() => void>();
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf('\n\n', seen); end >= 0; end = text.indexOf('\n\n', seen)) {
          const block = text.slice(seen, end);
          seen = end + 2;
          const name = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (name && data) events.push({ name, data: JSON.parse(data) });
        }
        for (const wake of waiting) wake();
      });
      const ended = new Promise<void>((done) => {
        response.on('close', done);
        response.on('error', () => done());
      });
      const next = async (name: string): Promise<unknown> => {
        const index = taken.get(name) ?? 0;
        taken.set(name, index + 1);
        for (;;) {
          const found = events.filter((event) => event.name === name)[index];
          if (found) return found.data;
          await new Promise<void>((wake) => {
            const once = (): void => {
              waiting.delete(once);
              wake();
            };
            waiting.add(once);
          });
        }
      };
      resolve({ next, ended, text: () => text, count: (name) => events.filter((event) => event.name === name).length, close: () => request.destroy() });
    });
    request.on('error', reject);
    request.end();
  });
}
