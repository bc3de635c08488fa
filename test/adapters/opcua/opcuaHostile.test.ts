import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveNodeId } from 'node-opcua-client';
import type { ClientSession } from 'node-opcua-client';
import { browseSubtree } from '../../../adapters/opcua/opcuaBrowse.ts';
import { createOpcuaSource, testOpcuaServer } from '../../../adapters/opcua/opcuaSource.ts';
import type { OpcuaOptions } from '../../../adapters/opcua/opcuaSource.ts';
import { Problem } from '../../../engine/problem.ts';
import { opcuaProblemIn } from '../../../nodes/opcuaSentences.ts';
import { CertificateAuthority } from './certificateAuthority.ts';
import { until } from './opcuaFaults.ts';
import { startTestServer } from './startTestServer.ts';

/** Something that listens where an OPC UA server should. */
async function listener(speak: (socket: Socket) => void): Promise<{ server: Server; port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    speak(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { server, port: (server.address() as AddressInfo).port, close };
}

/** An acknowledgement (OPC 10000-6, 7.1.2.4) that offers everything, and then whatever is given. */
function acknowledge(socket: Socket, then: Buffer): void {
  socket.once('data', () => {
    const answer = Buffer.alloc(28);
    answer.write('ACKF', 0, 'latin1');
    answer.writeUInt32LE(28, 4);
    for (const place of [12, 16]) answer.writeUInt32LE(0xffff, place);
    socket.write(answer);
    socket.on('data', () => socket.write(then));
  });
}

/** A message that claims to be as long as can be said. */
function giant(): Buffer {
  const header = Buffer.alloc(1000);
  header.write('OPNF', 0, 'latin1');
  header.writeUInt32LE(0xffff_fff0, 4);
  return header;
}

describe('what a PLC source does with servers that mean no good', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'twin-opcua-hostile-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const test = async (url: string, options: Partial<OpcuaOptions> = {}): Promise<Problem> => {
    const result = await testOpcuaServer({ url, pkiFolder: join(folder, 'client'), security: 'none', connectTimeoutMs: 1500, ...options });
    assert.ok(result instanceof Problem, JSON.stringify(result));
    return result;
  };

  const strangers: [string, (socket: Socket) => void, string, RegExp, RegExp][] = [
    ['a web server', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')), 'TWIN_OPCUA_NOT_A_SERVER',
      /does not speak OPC UA\. Check address and port/, /spricht kein OPC UA\. Adresse und Port prüfen/],
    ['an SSH server', (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'), 'TWIN_OPCUA_NOT_A_SERVER', /does not speak OPC UA/, /spricht kein OPC UA/],
    ['one that takes calls and never answers', () => {}, 'TWIN_OPCUA_UNREACHABLE', /does not answer\./, /antwortet nicht\. Adresse, Netz und Firewall/],
    ['one that hangs up', (socket) => socket.destroy(), 'TWIN_OPCUA_BROKEN_OFF', /breaks the connection off/, /bricht die Verbindung ab/],
    ['one that sends noise after its acknowledgement', (socket) => acknowledge(socket, Buffer.alloc(5000, 0xa5)), '', /./, /./],
    ['one whose message is said to be 4 GB', (socket) => acknowledge(socket, giant()), '', /./, /./],
  ];
  for (const [what, speak, code, english, german] of strangers) {
    it(`says what answers: ${what}`, async () => {
      const { port, close } = await listener(speak);
      try {
        const fromMs = performance.now();
        const problem = await test(`opc.tcp://127.0.0.1:${port}`);
        assert.ok(performance.now() - fromMs < 12_000);
        if (code === '') assert.match(problem.code, /^TWIN_OPCUA_(?:UNREACHABLE|BROKEN_OFF|NOT_A_SERVER)$/);
        else assert.equal(problem.code, code);
        assert.match(problem.message, english);
        assert.ok(problem.message.length < 500 && !/[\n\r]/.test(problem.message), problem.message);
        const translated = opcuaProblemIn(problem, 'de');
        assert.match(translated.message, german);
        assert.doesNotMatch(translated.message, /\{\w+\}|the OPC UA server|undefined/);
        assert.equal(translated.code, problem.code);
      } finally {
        close();
      }
    });
  }

  it('says what is wrong with an address', async () => {
    const { port, close } = await listener(() => {});
    close();
    const closed = await test(`opc.tcp://127.0.0.1:${port}`);
    assert.deepEqual([closed.code, /nothing listens there/.test(closed.found)], ['TWIN_OPCUA_UNREACHABLE', true], closed.message);
    assert.match(opcuaProblemIn(closed, 'de').found, /^Der OPC-UA-Server 127\.0\.0\.1:\d+ weist die Verbindung ab: dort hört niemand zu\.$/);
    const unknown = await test('opc.tcp://twinwire.invalid:4840');
    assert.deepEqual([unknown.code, /is not known on this network/.test(unknown.found)], ['TWIN_OPCUA_UNREACHABLE', true], unknown.message);
    assert.match(opcuaProblemIn(unknown, 'de').message, /in diesem Netz nicht bekannt\. Die Adresse prüfen/);
  });

  describe('while it searches below a node', () => {
    /** A session of a server whose lists never end. */
    const endless = (references: () => object[]): { session: ClientSession; asked: () => number; released: () => boolean } => {
      let asked = 0;
      let released = false;
      const page = (): object => ({ statusCode: { isBad: () => false, name: 'Good' }, references: references(), continuationPoint: Buffer.from([1]) });
      const session = {
        browse: async (nodes: unknown[]) => nodes.map(page),
        browseNext: async (_point: Buffer, release: boolean) => {
          asked += 1;
          released ||= release;
          await new Promise((resolve) => setImmediate(resolve));
          return page();
        },
      };
      return { session: session as unknown as ClientSession, asked: () => asked, released: () => released };
    };
    const bounds = { nodes: 500, depth: 10, timeMs: 300 };

    it('stops at pages that always promise another one', async () => {
      let next = 0;
      const fresh = (): object[] => Array.from({ length: 10 }, () => ({
        nodeId: resolveNodeId(`ns=2;i=${(next += 1)}`), referenceTypeId: resolveNodeId('i=35'), nodeClass: 2,
      }));
      const { session, released } = endless(fresh);
      const found = await browseSubtree(session, resolveNodeId('ns=2;s=Root'), 100, bounds);
      assert.equal(found.cut, 'nodes');
      assert.ok(found.variables.length > 0 && found.variables.length <= bounds.nodes);
      assert.ok(released(), 'the server may forget the rest');
    });

    it('stops at empty pages that always promise another one, and at the same page again and again', async () => {
      const same = [{ nodeId: resolveNodeId('ns=2;i=1'), referenceTypeId: resolveNodeId('i=35'), nodeClass: 2 }];
      for (const references of [[], same]) {
        const { session, asked } = endless(() => references);
        const fromMs = performance.now();
        const found = await browseSubtree(session, resolveNodeId('ns=2;s=Root'), 100, bounds);
        assert.ok(found.cut === 'time' || found.cut === 'nodes', String(found.cut));
        assert.ok(performance.now() - fromMs < 2000 && asked() > 1);
        assert.ok(found.variables.length <= 1);
      }
    });
  });

  describe('with certificates of an authority', () => {
    let authority: CertificateAuthority;
    before(async () => {
      authority = await CertificateAuthority.create('Plant CA');
      mkdirSync(join(folder, 'certificates'));
    });

    /** @returns what the source says within some seconds of a server with this certificate, when these authorities are trusted */
    async function meet(name: string, files: { certificateFile: string; privateKeyFile: string }, issuers: Record<string, string>): Promise<string> {
      const pkiFolder = join(folder, name);
      mkdirSync(join(pkiFolder, 'issuers'), { recursive: true });
      for (const [file, text] of Object.entries(issuers)) writeFileSync(join(pkiFolder, 'issuers', file), text);
      const server = await startTestServer({ folder: join(folder, `${name}-server`), ...files });
      const source = createOpcuaSource({ url: `opc.tcp://127.0.0.1:${server.port}/test`, pkiFolder, security: 'best' });
      let values = 0;
      source.subscribe({ addresses: ['ns=2;s=Count'], publishingIntervalMs: 100 }, { values: (batch) => (values += batch.length) });
      try {
        await until(() => values > 0 || source.state === 'refused', 20_000, () => `${source.state}: ${source.problem?.message}`);
        return values > 0 ? 'values' : source.problem!.code;
      } finally {
        await source.close();
        await server.kill();
      }
    }

    it('trusts a server whose authority lies in issuers, and one behind an authority of that authority', async () => {
      const own = await authority.issue(join(folder, 'certificates'), 'plc', '127.0.0.1');
      const below = await (await CertificateAuthority.create('Line CA', authority)).issue(join(folder, 'certificates'), 'linePlc', '127.0.0.1');
      assert.deepEqual(await Promise.all([
        meet('signed', own, { 'plant.pem': authority.pem, 'notes.pem': 'no certificate', 'README.txt': 'x' }),
        meet('chained', below, { 'plant.crt': authority.pem }),
      ]), ['values', 'values']);
    });

    it('does not trust one of another authority of the same name, one that names another host, or any when none is there', async () => {
      const own = await authority.issue(join(folder, 'certificates'), 'plc2', '127.0.0.1');
      const elsewhere = await authority.issue(join(folder, 'certificates'), 'elsewhere', '127.0.0.2');
      const impostor = await CertificateAuthority.create('Plant CA');
      assert.deepEqual(await Promise.all([
        meet('impostor', own, { 'plant.pem': impostor.pem }),
        meet('elsewhere', elsewhere, { 'plant.pem': authority.pem }),
        meet('nobody', own, {}),
      ]), ['TWIN_OPCUA_CERTIFICATE', 'TWIN_OPCUA_CERTIFICATE', 'TWIN_OPCUA_CERTIFICATE']);
    });
  });
});
