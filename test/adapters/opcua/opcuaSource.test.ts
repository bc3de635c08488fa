import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpcuaSource } from '../../../adapters/opcua/opcuaSource.ts';
import type { OpcuaEvent, OpcuaOptions, OpcuaSource, OpcuaState, OpcuaSubscribe } from '../../../adapters/opcua/opcuaSource.ts';
import type { Observation } from '../../../engine/observation.ts';
import { Problem } from '../../../engine/problem.ts';
import { FaultBench, faultNames, inject, pause, until } from './opcuaFaults.ts';
import { startTestServer } from './startTestServer.ts';
import type { RunningServer } from './startTestServer.ts';

const noticeLimitMs = 5000;
const backLimitMs = 10_000;

describe('a PLC source by OPC UA', function () {
  this.timeout(60_000);
  let folder: string;
  let server: RunningServer;
  const sources: OpcuaSource[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twin-opcua-'));
    server = await startTestServer({ folder });
  });
  after(async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.close()));
  });

  const url = (port = server.port): string => `opc.tcp://127.0.0.1:${port}/test`;
  const open = (options: Partial<OpcuaOptions> = {}): OpcuaSource => {
    const source = createOpcuaSource({ url: url(), pkiFolder: join(folder, 'client'), security: 'none', ...options });
    sources.push(source);
    return source;
  };
  interface Collected {
    values: Observation[];
    events: OpcuaEvent[];
    end: () => Promise<void>;
  }
  const collect = (source: OpcuaSource, request: OpcuaSubscribe): Collected => {
    const values: Observation[] = [];
    const events: OpcuaEvent[] = [];
    const end = source.subscribe({ publishingIntervalMs: 100, ...request }, {
      values: (batch) => values.push(...batch),
      event: (event) => events.push(event),
    });
    return { values, events, end };
  };
  const reaches = (source: OpcuaSource, state: OpcuaState, limitMs = 15_000): Promise<void> =>
    until(() => source.state === state, limitMs, () => `${state} was not reached: ${source.state} ${source.problem?.message ?? ''}`);
  const some = (what: { values: Observation[] }, count = 1): Promise<void> =>
    until(() => what.values.length >= count, 15_000, () => `only ${what.values.length} values came`);

  it('delivers values with time, quality and status, and 64 bits exactly', async () => {
    const names = ['Big', 'Negative', 'Broken', 'Doubtful', 'Quiet', '__proto__'];
    const got = collect(open(), { addresses: names.map((name) => `ns=2;s=${name}`) });
    await some(got, names.length);
    const byName = new Map(got.values.map((each) => [each.address.slice(7), each]));
    assert.equal(byName.get('Big')!.value, 18_446_744_073_709_551_614n);
    assert.equal(byName.get('Negative')!.value, -1n);
    assert.deepEqual([byName.get('Broken')!.quality, byName.get('Broken')!.statusCode], ['bad', 'BadSensorFailure']);
    assert.deepEqual([byName.get('Doubtful')!.quality, byName.get('Doubtful')!.value], ['uncertain', 2]);
    assert.deepEqual([byName.get('Quiet')!.quality, byName.get('Quiet')!.value], ['good', 21.5]);
    assert.equal(byName.get('__proto__')!.value, 7);
    for (const each of got.values) {
      assert.ok(Math.abs(each.sourceTimeMs! - Date.now()) < 120_000 && Math.abs(each.serverTimeMs! - Date.now()) < 120_000);
    }
  });

  it('names unknown and malformed addresses, delivers the rest, and finds a node that comes later', async () => {
    const addresses = ['ns=2;s=Late', 'nsu=urn:nowhere;s=x', 'Tank', 'ns=2;s=Count'];
    const got = collect(open({ unknownRetryMs: 200 }), { addresses });
    await some(got);
    const named = got.events.flatMap((event) => (event.kind === 'unknown' ? event.addresses : []));
    const unknown = new Map(named.map((each) => [each.address, each.reason]));
    assert.deepEqual([...unknown.keys()].sort(), ['Tank', 'ns=2;s=Late', 'nsu=urn:nowhere;s=x']);
    assert.equal(unknown.get('ns=2;s=Late'), 'BadNodeIdUnknown');
    assert.match(unknown.get('nsu=urn:nowhere;s=x')!, /no namespace urn:nowhere/);
    server.tell({ do: 'late' });
    await until(() => got.values.some((each) => each.address === 'ns=2;s=Late'), 5000, () => 'the late node was not found');
    assert.deepEqual(got.events.filter((event) => event.kind === 'found'), [{ kind: 'found', addresses: ['ns=2;s=Late'] }]);
  });

  it('subscribes a subtree that contains itself, and cuts what is giant, odd or endless', async () => {
    const got = collect(open({ browseBounds: { depth: 12 } }), { subtrees: ['nsu=urn:twinwire:test-plant;s=Plant'] });
    await until(() => got.values.some((each) => each.address.endsWith('Text')), 15_000, () => 'no text came');
    const browsed = got.events.find((event) => event.kind === 'browsed');
    assert.equal(browsed?.kind === 'browsed' && browsed.cut, 'depth');
    assert.equal(got.values.filter((each) => each.address.includes('s=Array[')).length, 256);
    assert.equal(String(got.values.find((each) => each.address.endsWith(';s=Text'))!.value).length, 10_000);
    for (const year of ['1601', '1970', '9999']) {
      const value = got.values.find((each) => each.address === `nsu=urn:twinwire:test-plant;s=Year${year}`)!;
      assert.equal(value.sourceTimeMs, undefined);
      assert.equal(value.quality, 'good');
    }
    const odd = got.events.filter((event) => event.kind === 'odd').map(({ address, oddity }) => `${address.split('=').at(-1)} ${oddity}`);
    const expected = ['Array array-cut', 'Text text-cut', 'Year1601 time', 'Year1970 time', 'Year9999 time'];
    for (const name of expected) assert.ok(odd.includes(name), name);
    const few = collect(open({ browseBounds: { nodes: 5 } }), { subtrees: ['ns=2;s=Plant'] });
    const cutBy = (events: OpcuaEvent[], bound: string): boolean => events.some((event) => event.kind === 'browsed' && event.cut === bound);
    await until(() => cutBy(few.events, 'nodes'), 15_000, () => 'the bound of nodes did not hold');
    const hurried = collect(open({ browseBounds: { timeMs: 0 } }), { subtrees: ['ns=2;s=Plant'] });
    await until(() => cutBy(hurried.events, 'time'), 15_000, () => 'the bound of time did not hold');
  });

  it('refuses a certificate until somebody trusts it, for each of the three policies', async () => {
    const pkiFolder = join(folder, 'careful');
    for (const security of ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const) {
      const source = open({ security, pkiFolder: `${pkiFolder}-${security}` });
      const got = collect(source, { addresses: ['ns=2;s=Count'] });
      await reaches(source, 'refused');
      assert.equal(source.problem!.code, 'TWIN_OPCUA_CERTIFICATE');
      const fingerprint = String(source.problem!.values['fingerprint']);
      assert.match(fingerprint, /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      assert.ok(source.problem!.found.includes(fingerprint));
      assert.equal(got.values.length, 0);
      await assert.rejects(source.trust('12:34'), (cause: Problem) => cause.code === 'TWIN_OPCUA_FINGERPRINT');
      await source.trust(fingerprint);
      await some(got);
      const test = await source.test();
      assert.deepEqual(test, { ok: true, server: 'Test plant', security });
      const key = join(`${pkiFolder}-${security}`, 'own', 'privateKey.pem');
      assert.match(readFileSync(key, 'utf8'), /PRIVATE KEY/);
      assert.equal(statSync(key).mode & 0o077, 0);
      await source.close();
    }
  });

  it('says what is wrong with a setting, a login, a certificate, a limit and a stranger', async () => {
    const code = (options: Partial<OpcuaOptions>): string => {
      try {
        open(options);
      } catch (cause) {
        return (cause as Problem).code;
      }
      return 'none';
    };
    assert.equal(code({ url: 'http://127.0.0.1' }), 'TWIN_OPCUA_SETTING');
    assert.equal(code({ url: 'nonsense' }), 'TWIN_OPCUA_SETTING');
    assert.equal(code({ security: 'none', username: 'a', password: 'b' }), 'TWIN_OPCUA_PASSWORD_UNPROTECTED');
    assert.equal(open().warning!.code, 'TWIN_OPCUA_UNPROTECTED');

    const strict = await startTestServer({ folder: join(folder, 'strict'), users: { anna: 'right' }, maxSessions: 1 });
    const old = await startTestServer({ folder: join(folder, 'old'), expired: true });
    const stranger = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    try {
      const trusting = async (options: Partial<OpcuaOptions>): Promise<OpcuaSource> => {
        const source = open({ security: 'best', ...options });
        await reaches(source, 'refused');
        if (source.problem!.code === 'TWIN_OPCUA_CERTIFICATE') await source.trust(String(source.problem!.values['fingerprint']));
        return source;
      };
      const wrong = await trusting({ url: url(strict.port), username: 'anna', password: 'wrong' });
      await until(() => wrong.problem?.code === 'TWIN_OPCUA_LOGIN', 15_000, () => `no word of the login: ${wrong.problem?.message}`);
      const nobody = open({ security: 'best', url: url(strict.port) });
      await until(() => nobody.problem?.code === 'TWIN_OPCUA_LOGIN', 15_000, () => `no word of the login: ${nobody.problem?.message}`);
      await Promise.all([wrong.close(), nobody.close()]);
      const anna = open({ security: 'best', url: url(strict.port), username: 'anna', password: 'right' });
      await reaches(anna, 'connected');
      const second = open({ security: 'best', url: url(strict.port), username: 'anna', password: 'right' });
      await until(() => second.problem?.code === 'TWIN_OPCUA_SESSIONS', 15_000, () => `no word of the limit: ${second.problem?.message}`);
      await anna.close();
      await reaches(second, 'connected');

      const expired = open({ security: 'best', url: url(old.port) });
      await reaches(expired, 'refused');
      assert.equal(expired.problem!.code, 'TWIN_OPCUA_CERTIFICATE_EXPIRED');
      assert.match(expired.problem!.found, /expired on 20/);

      const strange = await open({ url: `opc.tcp://127.0.0.1:${(stranger.address() as AddressInfo).port}` }).test();
      assert.ok(strange instanceof Problem);
      assert.equal(strange.code, 'TWIN_OPCUA_NOT_A_SERVER');
    } finally {
      stranger.close();
      await Promise.all([strict.kill(), old.kill()]);
    }
    const gone = await open({ url: url(strict.port) }).test();
    assert.ok(gone instanceof Problem && gone.code === 'TWIN_OPCUA_UNREACHABLE');
  });

  it('notices every fault within 5 s, is back within 10 s of its end and leaves a record of the gap', async () => {
    // Three plants at once, because most of it is waiting.
    const groups = [0, 1, 2].map((group) => faultNames.filter((_fault, index) => index % 3 === group));
    await Promise.all(groups.map(async (faults, index) => {
      const bench = await FaultBench.open({ folder: join(folder, `faults${index}`) });
      const gaps = (): OpcuaEvent[] => bench.events.filter((event) => event.kind === 'gap');
      try {
        await bench.data();
        for (const fault of faults) {
          const before = gaps().length;
          const { noticedMs, backMs } = await inject(bench, fault, 200);
          assert.ok(noticedMs <= noticeLimitMs, `${fault} was noticed after ${Math.round(noticedMs)} ms`);
          assert.ok(backMs <= backLimitMs, `after ${fault}, data was back after ${Math.round(backMs)} ms`);
          assert.equal(gaps().length, before + 1, `${fault} has left no gap`);
          const gap = gaps().at(-1)!;
          assert.ok(gap.kind === 'gap' && gap.toMs > gap.fromMs && gap.reason !== '', fault);
        }
      } finally {
        await bench.close();
      }
    }));
  });

  it('follows a namespace that was renumbered by a restart, by its URI and by its old number', async () => {
    const bench = await FaultBench.open({ folder: join(folder, 'moved') }, 'none');
    try {
      await bench.data();
      await bench.restart({ shifted: true });
      await bench.data();
      const seen = new Set<string>();
      const end = bench.source.subscribe({ addresses: ['nsu=urn:twinwire:test-plant;s=Tag2', 'ns=2;s=Tag3'], publishingIntervalMs: 100 }, {
        values: (batch) => batch.forEach((each) => seen.add(each.address)),
      });
      await until(() => seen.size === 2, 5000, () => `only ${[...seen].join()} came after the namespaces moved`);
      const moved = bench.events.filter((event) => event.kind === 'moved');
      assert.deepEqual(moved, [{ kind: 'moved', uri: 'urn:twinwire:test-plant', fromIndex: 2, toIndex: 3 }]);
      await end();
    } finally {
      await bench.close();
    }
  });

  it('leaves nothing behind when it is closed, however early', async () => {
    // Mocha's own timer comes and goes; a socket or a watched file would be ours.
    const handles = (): number => process.getActiveResourcesInfo().filter((name) => /TCP|FSEvent/.test(name)).length;
    const before = handles();
    for (let cycle = 0; cycle < 30; cycle += 1) {
      const source = createOpcuaSource({ url: url(), pkiFolder: join(folder, 'client'), security: cycle % 2 === 0 ? 'none' : 'best' });
      source.subscribe({ addresses: ['ns=2;s=Count'] }, { values: () => {} });
      await pause(cycle * 5);
      await source.close();
      await source.close();
      assert.equal(source.state, 'closed');
    }
    await until(() => handles() <= before, 5000, () => `left behind: ${process.getActiveResourcesInfo().join(' ')}`);
    const fromMs = performance.now();
    let open = await server.ask({ do: 'sessions' });
    while (open['sessions']! > 0 && performance.now() - fromMs < 5000) {
      await pause(100);
      open = await server.ask({ do: 'sessions' });
    }
    assert.deepEqual(open, { sessions: 0, subscriptions: 0 });
  });

  it('ends one subscription and keeps the other; a listener that throws harms nobody', async () => {
    const source = open();
    let thrown = 0;
    source.subscribe({ addresses: ['ns=2;s=Count'], publishingIntervalMs: 100 }, {
      values: () => {
        thrown += 1;
        throw new Error('on purpose');
      },
    });
    const got = collect(source, { addresses: ['ns=2;s=Tag1'] });
    await some(got, 3);
    await got.end();
    const count = got.values.length;
    const before = thrown;
    await until(() => thrown > before + 3, 5000, () => 'the other subscription stopped');
    assert.equal(got.values.length, count);
    const { subscriptions } = await server.ask({ do: 'sessions' });
    assert.equal(subscriptions, 1);
  });
});
