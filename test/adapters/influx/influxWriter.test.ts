import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInfluxWriter } from '../../../adapters/influx/influxWriter.ts';
import type { InfluxWriter, InfluxWriterOptions } from '../../../adapters/influx/influxWriter.ts';
import { Problem } from '../../../engine/problem.ts';
import { selfSignedCertificate } from '../../services/certificate.ts';
import { requireService } from '../../services/requireService.ts';
import { freePort } from '../../services/serviceProcess.ts';
import { influxd } from '../../services/startInfluxd.ts';
import type { Influxd } from '../../services/startInfluxd.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Problem, String(error));
    assert.ok(error.found.length > 10 && error.remedy.length > 10);
    return error;
  }
  assert.fail('nothing was thrown');
}

describe('influxWriter against a real InfluxDB', function () {
  this.timeout(120_000);
  let service: Influxd;
  /** The write API of 2.x in front of 1.6, which has none: the database's own answers, in the new form. */
  let front: Server;
  let frontPort: number;
  let requests = 0;
  let expectedToken = 'Token secret';
  before(requireService('influxd'));
  before(async () => {
    service = await influxd();
    front = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
      requests += 1;
      const url = new URL(incoming.url ?? '', 'http://front');
      if (incoming.headers.authorization !== expectedToken) {
        outgoing.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"unauthorized","message":"unauthorized access"}');
        return;
      }
      const path = url.pathname === '/api/v2/write'
        ? `/write?db=${encodeURIComponent(url.searchParams.get('bucket') ?? '')}&precision=${url.searchParams.get('precision') ?? ''}`
        : url.pathname;
      const onward = request({ host: '127.0.0.1', port: service.port, path, method: incoming.method, headers: { connection: 'close' } }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.writeHead(502).end());
      incoming.pipe(onward);
    });
    frontPort = await listen(front);
  });
  after(async () => {
    if (front !== undefined) await end(front);
    await service?.stop();
  });

  const values = async (database: string, measurement: string): Promise<unknown[]> =>
    (await service.query(`SELECT value FROM "${measurement}"`, database)).flatMap((series) => series.values.map(([, value]) => value));

  for (const version of ['1', '2'] as const) {
    describe(`version ${version}`, () => {
      let database = '';
      let count = 0;
      let writer: InfluxWriter;
      const options = (more: Partial<InfluxWriterOptions> = {}): InfluxWriterOptions => version === '1'
        ? { url: service.url, version, database, ...more }
        : { url: `http://127.0.0.1:${frontPort}/`, version, organisation: 'plant', bucket: database, token: 'secret', ...more };
      beforeEach(async () => {
        count += 1;
        database = `v${version}_${count}`;
        await service.query(`CREATE DATABASE ${database}`);
        writer = createInfluxWriter(options());
        requests = 0;
        expectedToken = 'Token secret';
      });
      afterEach(() => writer.close());

      it('stores lines with their time in milliseconds', async () => {
        assert.deepEqual(await writer.write(['m value=1 1767323045123', 'm,t=a\\ b value=2 1767323045124']), { stored: 2, rejected: [] });
        const [series] = await service.query('SELECT value FROM m', database);
        assert.deepEqual(series?.values, [[1767323045123, 1], [1767323045124, 2]]);
        assert.deepEqual(await writer.write([]), { stored: 0, rejected: [] });
      });

      it('stores the good lines and names the bad ones', async () => {
        await writer.write(['m value=1 1']);
        const lines = Array.from({ length: 1000 }, (_, n) => `m value=${n} ${n + 10}`);
        lines[3] = 'm value="text" 3';
        lines[500] = 'm value= 500';
        lines[501] = 'm value=NaN 501';
        lines[999] = 'no field at all 999';
        requests = 0;
        const { stored, rejected } = await writer.write(lines);
        assert.equal(stored, 996);
        assert.deepEqual(rejected.map(({ index, line }) => [index, line]), [3, 500, 501, 999].map((index) => [index, lines[index]]));
        assert.match(rejected[0]?.reason ?? '', /field type conflict/);
        for (const { reason } of rejected.slice(1)) assert.match(reason, /^unable to parse: [^\n]+$/);
        assert.equal((await values(database, 'm')).length, 997);
        if (version === '2') assert.ok(requests <= 25, `${requests} requests`);
      });

      it('a batch of nothing but bad lines ends, too', async () => {
        const lines = Array.from({ length: 50 }, (_, n) => `bad${n}`);
        const { stored, rejected } = await writer.write([...lines, '', '# comment']);
        assert.equal(stored, 0);
        assert.deepEqual(rejected.map(({ index }) => index), Array.from({ length: 52 }, (_, n) => n));
        assert.ok(requests <= 10, `${requests} requests`);
      });

      it('names bad lines that quote good ones', async () => {
        const good = 'm value=1 1';
        const bad = `m text="unable to parse '${good}': x`;
        const { rejected } = await writer.write([good, bad]);
        assert.deepEqual(rejected.map(({ index }) => index), [1]);
        assert.deepEqual(await values(database, 'm'), [1]);
      });

      it('tests the connection', async () => {
        const answer = await writer.test();
        assert.ok(!(answer instanceof Problem), String(answer));
        assert.match(answer.version, /^\d/);
      });

      it('a missing database is a problem with a remedy, and nothing is taken for stored', async () => {
        const other = createInfluxWriter(options({ database: 'nowhere', bucket: 'nowhere' }));
        assert.equal((await problemOf(other.write(['m value=1 1']))).code, 'TWIN_INFLUX_DATABASE');
        const tested = await other.test();
        assert.ok(tested instanceof Problem);
        assert.equal(tested.code, 'TWIN_INFLUX_DATABASE');
        await other.close();
      });

      it('an unreachable or silent server, and one that is busy, are to be tried again', async () => {
        const refused = createInfluxWriter(options({ url: `http://127.0.0.1:${await freePort()}` }));
        for (let round = 0; round < 2; round += 1) {
          assert.equal((await problemOf(refused.write(['m value=1 1']))).code, 'TWIN_INFLUX_UNREACHABLE');
        }
        assert.equal(((await refused.test()) as Problem).code, 'TWIN_INFLUX_UNREACHABLE');
        await refused.close();

        let status = 0;
        const server = createServer((incoming, outgoing) => {
          incoming.resume();
          if (status > 0) outgoing.writeHead(status).end('{"error":"engine: cache maximum memory size exceeded"}');
        });
        const port = await listen(server);
        const slow = createInfluxWriter(options({ url: `http://127.0.0.1:${port}`, timeoutMs: 300 }));
        try {
          assert.equal((await problemOf(slow.write(['m value=1 1']))).code, 'TWIN_INFLUX_UNREACHABLE');
          for (status of [500, 503, 429]) assert.equal((await problemOf(slow.write(['m value=1 1']))).code, 'TWIN_INFLUX_BUSY', `${status}`);
          for (status of [401, 403]) assert.equal((await problemOf(slow.write(['m value=1 1']))).code, 'TWIN_INFLUX_LOGIN', `${status}`);
          status = 302;
          assert.equal((await problemOf(slow.write(['m value=1 1']))).code, 'TWIN_INFLUX_REFUSED');
        } finally {
          await slow.close();
          await end(server);
        }
      });

      it('trusts no unknown certificate, unless told so', async () => {
        const { certificate, key } = selfSignedCertificate();
        const server = createSecureServer({ cert: certificate, key }, (incoming, outgoing) => {
          incoming.resume();
          outgoing.writeHead(204).end();
        });
        const port = await listen(server);
        const url = `https://localhost:${port}`;
        const strict = createInfluxWriter(options({ url }));
        const withAuthority = createInfluxWriter(options({ url, ca: certificate }));
        const blind = createInfluxWriter(options({ url, verifyCertificate: false }));
        try {
          assert.equal((await problemOf(strict.write(['m value=1 1']))).code, 'TWIN_INFLUX_CERTIFICATE');
          assert.equal(((await strict.test()) as Problem).code, 'TWIN_INFLUX_CERTIFICATE');
          assert.equal((await withAuthority.write(['m value=1 1'])).stored, 1);
          assert.equal((await blind.write(['m value=1 1'])).stored, 1);
        } finally {
          for (const one of [strict, withAuthority, blind]) await one.close();
          await end(server);
        }
      });

      it('tells of settings that are missing', () => {
        assert.throws(() => createInfluxWriter(options({ url: 'influx' })), { code: 'TWIN_INFLUX_SETTING' });
        assert.throws(() => createInfluxWriter(options({ database: '', bucket: ' ' })), { code: 'TWIN_INFLUX_SETTING' });
      });

      it('goes on when the server comes back', async () => {
        await writer.write(['m value=1 1']);
        await service.process.halt('SIGKILL');
        assert.ok(['TWIN_INFLUX_UNREACHABLE', 'TWIN_INFLUX_BUSY'].includes((await problemOf(writer.write(['m value=2 2']))).code));
        await service.process.start();
        assert.equal((await writer.write(['m value=2 2'])).stored, 1);
        assert.deepEqual(await values(database, 'm'), [1, 2]);
      });
    });
  }

  it('version 1 creates the database when asked to', async () => {
    const name = 'odd "name" é';
    const writer = createInfluxWriter({ url: service.url, version: '1', database: name, createDatabase: true });
    assert.ok(!((await writer.test()) instanceof Problem));
    assert.equal((await writer.write(['m value=1 1'])).stored, 1);
    const names = (await service.query('SHOW DATABASES')).flatMap((series) => series.values.flat());
    assert.ok(names.includes(name), names.join());
  });

  it('version 2 with a wrong token is a problem with a remedy', async () => {
    const writer = createInfluxWriter({ url: `http://127.0.0.1:${frontPort}`, version: '2', bucket: 'b', token: 'wrong' });
    assert.equal((await problemOf(writer.write(['m value=1 1']))).code, 'TWIN_INFLUX_LOGIN');
    assert.equal(((await writer.test()) as Problem).code, 'TWIN_INFLUX_LOGIN');
    await writer.close();
  });
});

describe('influxWriter with a login', function () {
  this.timeout(60_000);
  let service: Influxd;
  before(requireService('influxd'));
  before(async () => {
    service = await influxd({ user: { name: 'line', password: 'p:ä' } });
    await service.query('CREATE DATABASE plant');
    await service.query("CREATE USER writer WITH PASSWORD 'w'");
    await service.query('GRANT WRITE ON plant TO writer');
  });
  after(() => service?.stop());

  const of = (more: Partial<InfluxWriterOptions>): InfluxWriter => createInfluxWriter({ url: service.url, version: '1', database: 'plant', ...more });

  it('logs in, and says when that fails', async () => {
    const admin = of({ username: 'line', password: 'p:ä' });
    assert.equal((await admin.write(['m value=1 1'])).stored, 1);
    assert.ok(!((await admin.test()) instanceof Problem));
    for (const wrong of [of({ username: 'line', password: 'x' }), of({})]) {
      assert.equal((await problemOf(wrong.write(['m value=1 1']))).code, 'TWIN_INFLUX_LOGIN');
      assert.equal(((await wrong.test()) as Problem).code, 'TWIN_INFLUX_LOGIN');
    }
    const writer = of({ username: 'writer', password: 'w' });
    assert.equal((await writer.write(['m value=1 1'])).stored, 1);
    const tested = await writer.test();
    assert.ok(!(tested instanceof Problem), String(tested));
  });
});
