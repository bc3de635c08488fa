import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { readOutbox } from '../../adapters/sqlite/outboxFolder.ts';
import { packageRoot } from '../packageRoot.ts';
import type { SoakSample } from './judgeSoak.ts';

export interface FlowNode {
  id: string;
  type: string;
  wires?: string[][];
  [property: string]: unknown;
}

/** What the probe inside Node-RED answers. */
export type ProbeAnswer = Pick<SoakSample, 'heapBytes' | 'residentBytes' | 'loopDelayP99Ms' | 'handles' | 'openFiles' | 'messages'>;

/**
 * The demo's packaging line with the PLC read by twin-opcua-source: 33 tags, three machines, baseline, anomaly, alert, history.
 * @param intervalMs how often the PLC is looked at
 */
export function soakFlow(plc: string, intervalMs: number, leaking: boolean): FlowNode[] {
  const shipped = JSON.parse(readFileSync(path.join(packageRoot, 'flows/packaging-line.json'), 'utf8')) as FlowNode[];
  const dropped = new Set(['OpcUa-Client', 'OpcUa-Endpoint', 'inject', 'split', 'change', 'link in', 'link out', 'comment', 'switch', 'debug']);
  const flow = shipped.filter(({ type }) => !dropped.has(type)).map((node): FlowNode => ({
    ...node,
    // The broker in this process speaks 3.1.1.
    ...(node.type === 'twin-mqtt' ? { protocolVersion: '4' } : {}),
    ...(node.wires === undefined ? {} : { wires: node.wires.map((port) => port.filter((id) => !isDropped(id))) }),
  }));
  function isDropped(id: string): boolean {
    return dropped.has(shipped.find((node) => node.id === id)?.type ?? '');
  }
  const z = flow.find(({ type }) => type === 'tab')!.id;
  flow.push({ id: 'soak-server', type: 'twin-opcua', name: 'PLC', url: plc, security: 'none' });
  for (const machine of ['Filler', 'Sealer', 'Labeller']) {
    const asset = `pl-asset-${machine.toLowerCase()}`;
    if (!flow.some(({ id }) => id === asset)) throw new Error(`flows/packaging-line.json has no node ${asset} any more.`);
    flow.push({
      id: `soak-${machine}`, type: 'twin-opcua-source', z, name: machine, server: 'soak-server', interval: intervalMs, queue: 100,
      addresses: [{ address: `ns=1;s=${machine}`, what: 'below' }], wires: [[asset], []],
    });
  }
  if (leaking) {
    // Keeps a bit of every message for ever, also over deploys, as a careless function does.
    const func = "const kept = global.get('kept') ?? []; kept.push(new Array(300).fill(kept.length)); global.set('kept', kept); return null;";
    flow.push({ id: 'soak-leak', type: 'function', z, name: 'leak', func, outputs: 1, wires: [[]] });
    for (const node of flow) if (node.type === 'twin-opcua-source') node.wires![0]!.push('soak-leak');
  }
  return flow;
}

/** The simulated PLC: a process that can be ended and started again at the same address. */
export class SoakPlc {
  readonly #folder: string;
  readonly #given: string[];
  #child: ChildProcess | undefined;
  #port = 0;
  endpoint = '';

  /** @param clock of the plant */
  constructor(folder: string, clock: { originMs: number; rate: number }, tickMs: number) {
    this.#folder = folder;
    this.#given = ['--folder', folder, '--rate', String(clock.rate), '--origin', String(clock.originMs), '--tick', String(tickMs)];
  }

  start(): Promise<void> {
    const child = spawn(process.execPath, [path.join(packageRoot, 'demo/plc.ts'), ...this.#given, '--port', String(this.#port)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CONFIG_HOME: this.#folder },
    });
    this.#child = child;
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`The PLC ended (${signal ?? code}): ${complaint}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.startsWith('{')) return;
        this.endpoint = (JSON.parse(line) as { endpoint: string }).endpoint;
        this.#port = Number(new URL(this.endpoint).port);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await ended(child, 'SIGTERM');
  }
}

/** An MQTT broker in this process that can be stopped and started again at the same port. */
export class SoakBroker {
  #server: Server | undefined;
  #close: (() => void) | undefined;
  readonly #sockets = new Set<Socket>();
  port = 0;
  received = 0;

  async start(): Promise<void> {
    const { Aedes } = await import('aedes');
    const broker = await Aedes.createBroker();
    broker.on('publish', (_packet, client) => {
      if (client !== null) this.received += 1;
    });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      broker.handle(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as { port: number }).port;
    this.#server = server;
    this.#close = () => broker.close();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    this.#close?.();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

export interface SoakRedSettings {
  folder: string;
  flow: FlowNode[];
  port: number;
  environment: Record<string, string>;
}

/** A real Node-RED with the built package of this checkout and the probe. */
export class SoakRed {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: ProbeAnswer) => void>();
  readonly url: string;
  readonly userDir: string;
  #looks = 0;
  #output = '';
  /** Lines of its log that complain of something. */
  readonly complaints: string[] = [];

  constructor({ folder, flow, port, environment }: SoakRedSettings) {
    this.userDir = path.join(folder, 'red');
    this.url = `http://127.0.0.1:${port}`;
    mkdirSync(this.userDir, { recursive: true });
    writeFileSync(path.join(this.userDir, 'flows.json'), JSON.stringify(flow));
    const red = path.join(packageRoot, 'node_modules/node-red/red.js');
    const settings = {
      uiPort: port,
      uiHost: '127.0.0.1',
      userDir: this.userDir,
      flowFile: 'flows.json',
      credentialSecret: 'only for the soak',
      nodesDir: [packageRoot],
      telemetry: { enabled: false, updateNotification: false },
      externalModules: { autoInstall: false, palette: { allowInstall: false, denyList: ['node-red-contrib-opcua'] }, modules: { allowInstall: false } },
      editorTheme: { tours: false, projects: { enabled: false } },
      logging: { console: { level: 'warn', metrics: false, audit: false } },
    };
    const settingsFile = path.join(this.userDir, 'settings.cjs');
    const probe = JSON.stringify(path.join(import.meta.dirname, 'soakProbe.cjs'));
    writeFileSync(settingsFile, `require(${probe}).watch(${JSON.stringify(red)});\nmodule.exports = ${JSON.stringify(settings)};\n`);
    this.#child = spawn(process.execPath, ['--expose-gc', red, '--settings', settingsFile], {
      cwd: this.userDir,
      env: { ...process.env, NODE_RED_ENABLE_TELEMETRY: 'false', PORT: '', XDG_CONFIG_HOME: path.join(this.userDir, 'config'), ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#output = `${this.#output}${line}\n`.slice(-20_000);
        if (/\[(?:error|fatal)\]|Uncaught|MaxListeners|Unhandled/.test(line) && this.complaints.length < 100) this.complaints.push(line);
      });
    }
    this.#child.on('message', ({ look, ...answer }: ProbeAnswer & { look: number }) => {
      this.#waiting.get(look)?.(answer);
      this.#waiting.delete(look);
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when the page of the site answers. */
  async ready(): Promise<void> {
    const endMs = performance.now() + 180_000;
    while (performance.now() < endMs) {
      if (this.hasEnded) break;
      const answer = await fetch(`${this.url}/twin/api/overview`).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    throw new Error(`Node-RED did not come up:\n${this.#output}`);
  }

  look(): Promise<ProbeAnswer> {
    const look = (this.#looks += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Node-RED has not answered for a minute.\n${this.#output}`)), 60_000);
      this.#waiting.set(look, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#child.send({ look });
    });
  }

  /** A full deploy of the flow: every node is closed and made anew. */
  async deploy(flow: readonly FlowNode[]): Promise<void> {
    const answer = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': 'full', 'Node-RED-API-Version': 'v2' },
      body: JSON.stringify({ flows: flow }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The deploy was answered ${answer.status}: ${text}`);
  }

  /** Records that wait in outboxes, and the bytes of all that the site keeps. */
  stored(): { outboxRecords: number; storeBytes: number } {
    let outboxRecords = 0;
    let storeBytes = 0;
    for (const entry of readdirSync(path.join(this.userDir, 'twinwire'), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      storeBytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (entry.name === 'site.db') for (const { records } of readOutbox(entry.parentPath, () => {})) outboxRecords += records;
    }
    return { outboxRecords, storeBytes };
  }

  stop(): Promise<void> {
    return ended(this.#child, 'SIGTERM');
  }
}

/** A browser's place: reads the page's live events as they come, and connects again when it is cut off. */
export class PageClient {
  readonly #url: string;
  #abort = new AbortController();
  #isClosed = false;
  events = 0;

  constructor(url: string) {
    this.#url = url;
    void this.#run();
  }

  /** As when somebody reloads the page. */
  reload(): void {
    this.#abort.abort();
  }

  close(): void {
    this.#isClosed = true;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#abort = new AbortController();
      try {
        const answer = await fetch(`${this.#url}/twin/api/live`, { signal: this.#abort.signal });
        const decoder = new TextDecoder();
        for await (const chunk of answer.body ?? []) this.events += decoder.decode(chunk as Uint8Array, { stream: true }).split('\nevent:').length - 1 || 1;
      } catch {
        // A deploy, a restart or a reload: the next attempt.
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.removeAllListeners('exit');
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}
