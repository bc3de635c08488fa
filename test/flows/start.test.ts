import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';

interface Demo {
  child: ChildProcess;
  output(): string;
  /** Resolves when the output matches; rejects when it ends or after two minutes. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  ended: Promise<number | null>;
}

describe('npm start', function () {
  this.timeout(300_000);
  let folder: string;
  let taken: Server;
  let port: number;
  const running: ChildProcess[] = [];

  before(async () => {
    folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'twinwire start ')), 'demo');
    taken = createServer();
    port = await new Promise((resolve) => taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)));
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });
  after(() => {
    taken.close();
    rmSync(path.dirname(folder), { recursive: true, force: true });
  });

  function start(...given: string[]): Demo {
    const child = spawn(process.execPath, [path.join(packageRoot, 'scripts/start.ts'), ...given], {
      cwd: packageRoot,
      env: { ...process.env, TWINWIRE_DATA: folder, PORT: String(port), TWINWIRE_MQTT: '', TWINWIRE_INFLUXDB: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let output = '';
    const listeners = new Set<() => void>();
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        for (const listener of listeners) listener();
      });
    }
    const says = (pattern: RegExp): Promise<RegExpMatchArray> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`never said ${pattern}:\n${output}`)), 120_000);
        const look = (): void => {
          const match = pattern.exec(output);
          if (match === null) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        void ended.then(() => {
          clearTimeout(timer);
          reject(new Error(`ended without saying ${pattern}:\n${output}`));
        });
        look();
      });
    return { child, output: () => output, says, ended };
  }

  it('opens the demo plant: says where to look, values arrive from the PLC, and Ctrl-C ends all of it', async () => {
    const demo = start();
    const [, address] = await demo.says(/Machines\s+(http:\/\/127\.0\.0\.1:\d+)\/twin/);
    assert.match(demo.output(), new RegExp(`Port ${port} is taken, so it is on port \\d+`));
    await demo.says(/Ctrl-C stops everything/);
    assert.match(demo.output(), /PLC\s+opc\.tcp:\/\/127\.0\.0\.1:\d+/);
    assert.match(demo.output(), /MQTT\s+mqtt:\/\/127\.0\.0\.1:\d+/);

    interface Overview {
      sites: { machines: { key: string; properties: { value: unknown }[] }[] }[];
    }
    let machines: Overview['sites'][number]['machines'] = [];
    for (let attempt = 0; attempt < 120; attempt++) {
      const overview = await fetch(`${address}/twin/api/overview`).then((answer) => answer.json() as Promise<Overview>).catch(() => undefined);
      machines = overview?.sites[0]?.machines ?? [];
      if (machines.length === 3 && machines.every(({ properties }) => properties.filter(({ value }) => value !== null).length >= 6)) break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.deepEqual(machines.map(({ key }) => key).sort(), ['filler', 'labeller', 'sealer']);
    for (const { key, properties } of machines) assert.ok(properties.filter(({ value }) => value !== null).length >= 6, `${key} has too few values`);

    const second = start();
    await second.says(/The demo runs already \(process \d+\)/);
    assert.equal(await second.ended, 1);

    demo.child.kill('SIGINT');
    assert.equal(await demo.ended, 0);
    assert.doesNotMatch(demo.output(), /\n\s+at /, 'no stack trace');
    await assert.rejects(fetch(`${address}/twin`));
    const log = readFileSync(path.join(folder, 'node-red.log'), 'utf8');
    assert.doesNotMatch(log, /\[error\]|missing types|Uncaught/);
  });

  it('keeps a changed flow, until asked to begin anew', async () => {
    const file = path.join(folder, 'packaging-line.json');
    const flow = JSON.parse(readFileSync(file, 'utf8')) as { type: string; name?: string }[];
    writeFileSync(file, JSON.stringify(flow.map((node) => (node.type === 'twin-asset' ? { ...node, name: 'Changed' } : node))));
    const demo = start();
    await demo.says(/with the changes you made[\s\S]*Ctrl-C/);
    demo.child.kill('SIGTERM');
    assert.equal(await demo.ended, 0);

    const fresh = start('--fresh', '--flow', 'recorded-machine');
    await fresh.says(/recorded-machine\.json[\s\S]*Ctrl-C/);
    assert.doesNotMatch(fresh.output(), /with the changes you made|opc\.tcp/);
    fresh.child.kill('SIGTERM');
    assert.equal(await fresh.ended, 0);
  });

  it('says what is wrong with an option, in a sentence', async () => {
    for (const [given, says] of [
      [['--rate', '0'], /--rate takes a number from 1 to 60/],
      [['--flow', 'nothing'], /There is no flow nothing\. There is: .*packaging-line/],
      [['--flow', '../x'], /--flow takes the name/],
      [['--frehs'], /--frehs/],
    ] as const) {
      const demo = start(...given);
      assert.equal(await demo.ended, 1);
      assert.match(demo.output(), says);
      assert.doesNotMatch(demo.output(), /\n\s+at /);
    }
  });
});
