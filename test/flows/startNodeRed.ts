import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';
import type { SpyReport } from './nodeRedSpy.cjs';

/** The Node-RED versions that everything has to work in; both are in node_modules. */
export const nodeRedVersions = ['5', '4'] as const;
export type NodeRedVersion = (typeof nodeRedVersions)[number];

const redFiles = { 5: 'node_modules/node-red/red.js', 4: 'node_modules/node-red-4/red.js' } as const;

export interface NodeRedOptions {
  /** Default 5. */
  version?: NodeRedVersion;
  /** The flow to begin with: nodes, or a file of them. Default: none. */
  flow?: readonly FlowNode[];
  environment?: Record<string, string>;
  /** Load node-red-contrib-opcua too: 200 MB more. Default false. */
  withOpcua?: boolean;
  /** Where our package comes from. Default: this checkout, as built. 'userDir': what is installed there. */
  nodes?: 'checkout' | 'userDir';
  /** Use this user directory, and leave it there at the end. Default: a new one, deleted by stop(). */
  userDir?: string;
  /** More settings of Node-RED, as JSON. */
  settings?: Record<string, unknown>;
}

export interface FlowNode {
  id: string;
  type: string;
  z?: string;
  wires?: string[][];
  [property: string]: unknown;
}

/** Something that a node sent; `message` as JSON tells it. */
export interface SentMessage {
  from: string;
  port: number;
  message: Record<string, unknown>;
}

export interface LogLine {
  level: 'fatal' | 'error' | 'warn' | 'info';
  text: string;
  /** The node that wrote it, if one did. */
  node?: string;
  type?: string;
}

export interface NodeRed {
  readonly url: string;
  readonly userDir: string;
  readonly pid: number;
  readonly log: LogLine[];
  /** All that nodes sent since the start, in order. */
  readonly sent: SentMessage[];
  /** Errors given to `done`, with the code that a Catch node sees. */
  readonly errors: { node: string; code: string | undefined; text: string }[];
  /** The last status of each node. */
  readonly statuses: Map<string, { fill?: string; shape?: string; text?: string }>;
  /** Replaces all flows and resolves when they have started and their sites have opened, or have said why they do not. */
  deploy(flow: readonly FlowNode[], credentials?: Record<string, Record<string, string>>): Promise<void>;
  /** Presses the button of an inject node. */
  inject(id: string): Promise<void>;
  /** Hands a message to a node as if it came over a wire. */
  receive(id: string, message: Record<string, unknown>): void;
  /** Resolves with the first message (from the past or to come) that a node sent and that fits; rejects after `timeoutMs`, default 30 s. */
  message(from: string, fits?: (message: Record<string, unknown>, port: number) => boolean, timeoutMs?: number): Promise<SentMessage>;
  /** Resolves as soon as `holds` is true; looks again at every report from Node-RED. */
  until(holds: () => boolean, what: string, timeoutMs?: number): Promise<void>;
  /** Everything that must not be in the log of a clean run: errors, missing types, what nobody caught. */
  complaints(): string[];
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>;
  /** Starts again over the same user directory and flow. */
  restart(): Promise<void>;
  /** Ends it in order and deletes the user directory (unless it was given). Rejects when it does not end within 15 s. */
  stop(): Promise<void>;
}

const levels: Record<number, LogLine['level']> = { 10: 'fatal', 20: 'error', 30: 'warn', 40: 'info' };

/** Starts a real Node-RED in a process of its own: loopback, a free port, a user directory of its own. Resolves when its flows run and its sites are open. */
export async function startNodeRed(options: NodeRedOptions = {}): Promise<NodeRed> {
  const version = options.version ?? '5';
  const red = path.join(packageRoot, redFiles[version]);
  if (options.nodes !== 'userDir' && !existsSync(path.join(packageRoot, 'dist/nodes'))) throw new Error('dist/ is missing: run npm run build first.');
  const userDir = options.userDir ?? (await mkdtemp(path.join(os.tmpdir(), 'twinwire-red-')));
  await mkdir(userDir, { recursive: true });
  if (options.flow !== undefined) await writeFile(path.join(userDir, 'flows.json'), JSON.stringify(options.flow));

  const log: LogLine[] = [];
  const sent: SentMessage[] = [];
  const errors: NodeRed['errors'] = [];
  const statuses: NodeRed['statuses'] = new Map();
  const listeners = new Set<() => void>();
  let output = '';
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();
  let port = 0;
  let startedFlows = 0;
  let stopping = false;

  const hear = (report: SpyReport): void => {
    if (report.kind === 'sent') sent.push({ from: report.from, port: report.port, message: report.message });
    else if (report.kind === 'error') errors.push({ node: report.node, code: report.code, text: report.text });
    else if (report.kind === 'status') statuses.set(report.node, report.status);
    else if (report.kind === 'started') startedFlows++;
    else {
      const level = levels[report.level];
      if (level !== undefined) log.push({ level, text: report.text, node: report.node, type: report.type });
    }
    for (const listener of listeners) listener();
  };

  const until = (holds: () => boolean, what: string, timeoutMs = 30_000): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (problem?: Error): void => {
        clearTimeout(timer);
        listeners.delete(look);
        if (problem === undefined) resolve();
        else reject(problem);
      };
      const look = (): void => {
        if (holds()) settle();
        else if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
          settle(new Error(`Node-RED ended while waiting for ${what}:\n${output}`));
        }
      };
      const timer = setTimeout(() => settle(new Error(`Waited ${timeoutMs} ms in vain for ${what}.\n${tail(log)}`)), timeoutMs);
      listeners.add(look);
      look();
    });

  const launch = async (): Promise<void> => {
    port = await freePort();
    const settingsFile = path.join(userDir, 'settings.cjs');
    await writeFile(settingsFile, settingsSource(red, userDir, port, options));
    output = '';
    startedFlows = 0;
    stopping = false;
    const started = spawn(process.execPath, [red, '--settings', settingsFile], {
      cwd: userDir,
      env: {
        ...process.env,
        NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE ?? '',
        // Certificates of OPC UA clients belong to this run, not to the home folder.
        XDG_CONFIG_HOME: path.join(userDir, 'config'),
        NODE_RED_ENABLE_TELEMETRY: 'false',
        PORT: '',
        LANG: 'en_US.UTF-8',
        ...options.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = started;
    started.stdout?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
    started.stderr?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
    started.on('message', (report) => hear(report as SpyReport));
    exited = new Promise((resolve) =>
      started.once('close', (code, signal) => {
        if (!stopping) log.push({ level: 'fatal', text: `Node-RED ended by itself (${signal ?? code}):\n${output}` });
        for (const listener of listeners) listener();
        resolve();
      }),
    );
    await until(() => startedFlows > 0, 'the flows to start', 60_000);
    await waitForAdmin();
  };

  const url = (): string => `http://127.0.0.1:${port}`;

  const waitForAdmin = async (): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      const answer = await fetch(`${url()}/settings`).catch(() => undefined);
      await answer?.arrayBuffer();
      // 401: it answers, and asks for a login.
      if (answer?.ok === true || answer?.status === 401) return;
      if (attempt > 100) throw new Error(`Node-RED does not answer on ${url()}.\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  const post = async (address: string, body?: unknown, headers: Record<string, string> = {}): Promise<void> => {
    const answer = await fetch(`${url()}${address}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body ?? {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${address} was answered ${answer.status}: ${text}`);
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    stopping = true;
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    ending.kill(signal);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      ending.kill('SIGKILL');
    }, 15_000);
    await exited;
    clearTimeout(timer);
    if (late) throw new Error(`Node-RED did not end within 15 s of ${signal}.\n${tail(log)}`);
  };

  const nodeRed: NodeRed = {
    get url() {
      return url();
    },
    get pid() {
      return child?.pid ?? 0;
    },
    userDir,
    log,
    sent,
    errors,
    statuses,
    until,
    async deploy(flow, credentials) {
      const before = startedFlows;
      const logBefore = log.length;
      const body = credentials === undefined ? { flows: flow } : { flows: flow, credentials };
      await post('/flows', body, { 'Node-RED-Deployment-Type': 'full', 'Node-RED-API-Version': 'v2' });
      const missing = (): LogLine | undefined => log.slice(logBefore).find(({ text }) => /missing types/i.test(text));
      await until(() => startedFlows > before || missing() !== undefined, 'the deployed flows to start', 30_000);
      if (startedFlows === before) throw new Error(`The flows do not start: ${tail(log.slice(logBefore))}`);
    },
    inject: (id) => post(`/inject/${encodeURIComponent(id)}`),
    receive(id, message) {
      child?.send({ receive: id, message });
    },
    async message(from, fits = () => true, timeoutMs = 30_000) {
      let found: SentMessage | undefined;
      let seen = 0;
      await until(
        () => {
          for (; seen < sent.length && found === undefined; seen++) {
            const candidate = sent[seen] as SentMessage;
            if (candidate.from === from && fits(candidate.message, candidate.port)) found = candidate;
          }
          return found !== undefined;
        },
        `a message from ${from}`,
        timeoutMs,
      );
      return found as unknown as SentMessage;
    },
    complaints() {
      return log
        .filter(({ level, text }) => level === 'error' || level === 'fatal' || /missing types|uncaught|unhandled|failed to (?:load|start)|deprecat/i.test(text))
        .map(({ level, text, type }) => `${level}${type === undefined ? '' : ` [${type}]`}: ${text}`)
        .concat(errors.map(({ node, code, text }) => `error of ${node}: ${code ?? ''} ${text}`));
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await launch();
    },
    async stop() {
      try {
        await end('SIGTERM');
      } finally {
        if (options.userDir === undefined) await rm(userDir, { recursive: true, force: true });
      }
    },
  };

  try {
    await launch();
  } catch (problem) {
    await nodeRed.stop().catch(() => undefined);
    throw problem;
  }
  return nodeRed;
}

/** Reads a flow file of this checkout. */
export async function readFlow(file: string): Promise<FlowNode[]> {
  return JSON.parse(await readFile(path.join(packageRoot, file), 'utf8')) as FlowNode[];
}

/** A TCP port on loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function settingsSource(red: string, userDir: string, port: number, options: NodeRedOptions): string {
  const settings = {
    uiPort: port,
    uiHost: '127.0.0.1',
    userDir,
    flowFile: 'flows.json',
    credentialSecret: 'only for tests',
    ...(options.nodes === 'userDir' ? {} : { nodesDir: [packageRoot] }),
    telemetry: { enabled: false, updateNotification: false },
    // The usual code editor is 4.6 MB of script for a page of which no dialog of ours shows any.
    editorTheme: { tours: false, projects: { enabled: false }, codeEditor: { lib: 'ace' } },
    diagnostics: { enabled: true, ui: false },
    externalModules: {
      autoInstall: false,
      // What lies in the checkout's node_modules beside Node-RED would load by itself.
      palette: { allowInstall: false, allowUpload: false, allowList: ['*'], denyList: options.withOpcua === true ? [] : ['node-red-contrib-opcua'] },
      modules: { allowInstall: false },
    },
    ...options.settings,
  };
  return `const spy = require(${JSON.stringify(path.join(import.meta.dirname, 'nodeRedSpy.cjs'))});
module.exports = { ...${JSON.stringify(settings)}, logging: spy.watch(${JSON.stringify(red)}) };\n`;
}

function tail(log: readonly LogLine[]): string {
  return log
    .slice(-15)
    .map(({ level, text }) => `  ${level}: ${text}`)
    .join('\n');
}
