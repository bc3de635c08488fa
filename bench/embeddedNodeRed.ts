import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Site } from '../engine/site/site.ts';
import { packageRoot } from '../scripts/packageRoot.ts';

export interface BenchNode {
  id: string;
  type: string;
  wires?: string[][];
  [property: string]: unknown;
}

type BenchMessage = Record<string, unknown>;

/** A Node-RED runtime inside this process, without editor and HTTP, with the package as built in `dist/`. */
export interface EmbeddedNodeRed {
  /** Hands messages to a node as its wire would, some at a time, and resolves when the sink has got as many. */
  pass(first: string, messages: readonly BenchMessage[], sink: BenchSink): Promise<void>;
  sink(id: string): BenchSink;
  /** The open site of a twin-site node. */
  site(id: string): Promise<Site>;
  /** Resolves when all history that the site took is in its store. */
  historyWritten(site: Site): Promise<void>;
  stop(): Promise<void>;
}

export interface BenchSink {
  received: number;
  last: BenchMessage | undefined;
  /** Called with each message. */
  listener: ((message: BenchMessage) => void) | undefined;
}

/** The pass-through node only sends what it gets; the sink counts. */
const benchNodes = `
module.exports = (RED) => {
  RED.nodes.registerType('bench-pass', function (definition) {
    RED.nodes.createNode(this, definition);
    this.on('input', (message, send, done) => {
      send(message);
      done();
    });
  });
  RED.nodes.registerType('bench-sink', function (definition) {
    RED.nodes.createNode(this, definition);
    const sink = globalThis.twinwireBenchSinks.get(definition.id);
    this.on('input', (message, send, done) => {
      sink.received += 1;
      sink.last = message;
      if (sink.listener !== undefined) sink.listener(message);
      done();
    });
  });
};
`;

/** So many are under way at once, as when a PLC is read for some machines at a time. */
const messagesTogether = 10;
const types = ['bench-pass', 'bench-sink'];

export async function startEmbeddedNodeRed(flow: readonly BenchNode[]): Promise<EmbeddedNodeRed> {
  const userDir = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-'));
  await mkdir(path.join(userDir, 'nodes'));
  await writeFile(path.join(userDir, 'nodes/bench.js'), benchNodes);
  await writeFile(
    path.join(userDir, 'nodes/bench.html'),
    types.map((type) => `<script type="text/javascript">RED.nodes.registerType('${type}', {});</script>`).join('\n'),
  );
  await writeFile(path.join(userDir, 'flows.json'), JSON.stringify([{ id: 'tab', type: 'tab' }, ...flow]));
  const sinks = new Map<string, BenchSink>();
  for (const { id, type } of flow) {
    if (type === 'bench-sink') sinks.set(id, { received: 0, last: undefined, listener: undefined });
  }
  (globalThis as { twinwireBenchSinks?: unknown }).twinwireBenchSinks = sinks;

  const load = createRequire(path.join(packageRoot, 'node_modules/node-red/lib/red.js'));
  const red = load('./red.js') as {
    init(server: unknown, settings: Record<string, unknown>): void;
    start(): Promise<void>;
    stop(): Promise<void>;
    events: { once(event: string, listener: () => void): void };
  };
  const started = new Promise<void>((resolve) => {
    const { events } = load('@node-red/util') as { events: { once(event: string, listener: () => void): void } };
    events.once('flows:started', () => resolve());
  });
  red.init(createServer(), {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: 'only for benches',
    httpAdminRoot: false,
    httpNodeRoot: false,
    httpStatic: false,
    nodesDir: [packageRoot],
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false, denyList: ['node-red-contrib-opcua'] }, modules: { allowInstall: false } },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  });
  await red.start();
  await started;

  const flows = load('@node-red/runtime/lib/flows') as { get(id: string): { receive(message: BenchMessage): void } | null };
  const { siteHandle } = (await import(pathToFileURL(path.join(packageRoot, 'dist/nodes/siteHandle.js')).href)) as {
    siteHandle(node: unknown): { ready: Promise<unknown>; readonly site: Site | undefined } | undefined;
  };

  return {
    async pass(first, messages, sink) {
      const node = flows.get(first);
      if (node === null) throw new Error(`There is no node ${first}; was its type loaded?`);
      for (let start = 0; start < messages.length; start += messagesTogether) {
        const group = messages.slice(start, start + messagesTogether);
        const wanted = sink.received + group.length;
        for (const message of group) node.receive(message);
        for (let turn = 0; sink.received < wanted; turn++) {
          if (turn > 1_000_000) throw new Error(`${first}: ${wanted - sink.received} messages never arrived.`);
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
    },
    sink(id) {
      const sink = sinks.get(id);
      if (sink === undefined) throw new Error(`There is no sink ${id}.`);
      return sink;
    },
    async site(id) {
      const handle = siteHandle(flows.get(id));
      await handle?.ready;
      if (handle?.site === undefined) throw new Error(`The site ${id} is not open.`);
      return handle.site;
    },
    async historyWritten(site) {
      // What was under way when the first tick came is written by the second.
      for (let round = 0; round < 3; round++) {
        site.tick();
        await site.historian.asOf('', 0);
      }
    },
    async stop() {
      await red.stop();
      await rm(userDir, { recursive: true, force: true });
    },
  };
}
