import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Fields } from '../../../contract/fields.ts';
import { liveTimers } from './liveTimers.ts';
import { filledIn, needsAsset } from './nodeFixtures.ts';
import type { NodeUnit } from './nodeUnit.ts';

const require = createRequire(import.meta.url);
const redUtil = require('@node-red/util') as {
  hooks: { add(name: string, callback: (event: never) => void): void; remove(name: string): void };
  events: NodeJS.EventEmitter;
};

interface TestHelper {
  init(runtime: string): void;
  settings(settings: Record<string, unknown>): void;
  load(nodes: unknown[], flow: unknown[], credentials?: unknown): Promise<void>;
  unload(): Promise<void>;
  setFlows(flow: unknown[], kind: string): Promise<void>;
  getNode(id: string): { receive(message: unknown): void } | null;
}

/** Required late: it loads a whole Node-RED. */
let helper: TestHelper | undefined;

/** The node under test in each flow. */
export const nodeUnderTest = 'under-test';
const assetBefore = 'asset-before';

export interface Completion {
  messageId: string;
  code?: string;
  text?: string;
}

/** Loads a node into a Node-RED in this process, with the config nodes it needs, and records all that it does. */
export class NodeBench {
  readonly sent: { from: string; message: Record<string, unknown>; before: string }[] = [];
  readonly completions: Completion[] = [];
  /** What reached the log as an error, or the process as an exception. */
  readonly errors: string[] = [];
  readonly flow: Record<string, unknown>[];
  /** Where messages go in: the node itself, or a twin-asset before it. */
  readonly entry: string;
  private readonly units: readonly NodeUnit[];
  private readonly patienceMs: number;
  private userDir = '';
  private timersBefore = new Set<unknown>();
  private openBefore = new Map<string, number>();
  private listenersBefore = new Map<string | symbol, number>();
  private nextId = 0;
  private readonly onException = Object.assign(
    (problem: unknown): void => {
      this.errors.push(`not caught: ${problem instanceof Error ? problem.stack : String(problem)}`);
    },
    { watchesRejections: true },
  );

  /** @param others the package's own nodes, of which the config nodes and the twin-asset are taken as needed */
  constructor(unit: NodeUnit, others: ReadonlyMap<string, NodeUnit>, properties?: (references: ReadonlyMap<string, string>) => Record<string, unknown>) {
    const needed = new Map<string, string>();
    const flow: Record<string, unknown>[] = [{ id: 'tab', type: 'tab', label: 'Test' }];
    const units = new Map<string, NodeUnit>([[unit.type, unit]]);
    const addConfig = (type: string): void => {
      const other = others.get(type);
      if (other === undefined || needed.has(type)) return;
      units.set(type, other);
      addReferences(other.fields);
      needed.set(type, `config-${type}`);
      flow.push({ id: `config-${type}`, type, ...filledIn(type, other.fields, needed) });
    };
    const addReferences = (fields: Fields): void => {
      for (const field of Object.values(fields)) if (field.kind === 'reference' && (field.required === true || field.to === 'twin-type')) addConfig(field.to);
    };
    addReferences(unit.fields);
    const asset = others.get('twin-asset');
    const withAsset = asset !== undefined && unit.type !== 'twin-asset' && needsAsset(unit.type) && Object.hasOwn(unit.fields, 'site');
    if (withAsset) {
      units.set('twin-asset', asset);
      addReferences(asset.fields);
      flow.push({ id: assetBefore, type: 'twin-asset', z: 'tab', ...filledIn('twin-asset', asset.fields, needed), wires: [[nodeUnderTest], [nodeUnderTest]] });
    }
    flow.push({ id: nodeUnderTest, type: unit.type, z: 'tab', ...(properties?.(needed) ?? filledIn(unit.type, unit.fields, needed)), wires: [['end'], ['end']] });
    flow.push({ id: 'end', type: 'helper', z: 'tab', wires: [] });
    this.flow = flow;
    this.units = [...units.values()];
    this.patienceMs = unit.patienceMs ?? 3_000;
    this.entry = withAsset ? assetBefore : nodeUnderTest;
  }

  async open(): Promise<void> {
    this.userDir = await mkdtemp(path.join(os.tmpdir(), 'twinwire-node-'));
    if (helper === undefined) {
      helper = require('node-red-node-test-helper') as TestHelper;
      helper.init(require.resolve('node-red'));
      // Node-RED itself sets up what stays for the life of the process when it loads its first flow.
      await helper.load([], [{ id: 'tab', type: 'tab', label: 'First' }]);
      await helper.unload();
    }
    this.timersBefore = new Set(liveTimers());
    this.openBefore = await openResources(this.userDir);
    this.listenersBefore = listenerCounts();
    process.on('uncaughtException', this.onException);
    process.on('unhandledRejection', this.onException);
    redUtil.hooks.add('onSend.bench', (sends: { source: { id: string }; msg: Record<string, unknown> }[]) => {
      for (const { source, msg } of sends) this.sent.push({ from: source.id, message: msg, before: photograph(msg) });
    });
    redUtil.hooks.add('onComplete.bench', ({ msg, node, error }: { msg: { _msgid: string }; node: { id: string }; error?: Error & { code?: string } }) => {
      if (node.id === nodeUnderTest) this.completions.push({ messageId: msg._msgid, code: error?.code, text: error?.message });
    });
    helper.settings({ userDir: this.userDir, httpNodeRoot: '/', httpAdminRoot: '/', logging: { console: { level: 'off' } } });
    await helper.load(this.units.map((unit) => unit.register), this.flow);
  }

  /** Deploys again; without a flow, the same one. */
  async deploy(flow: Record<string, unknown>[] = this.flow, kind: 'full' | 'flows' | 'nodes' = 'full'): Promise<void> {
    await helper?.setFlows(flow, kind);
  }

  get hasNode(): boolean {
    return this.has(nodeUnderTest);
  }

  has(id: string): boolean {
    return helper?.getNode(id) !== null && helper?.getNode(id) !== undefined;
  }

  /** Gives a message to a node; returns its id. */
  receive(message: Record<string, unknown>, to = nodeUnderTest): string {
    const messageId = `check-${this.nextId++}`;
    helper?.getNode(to)?.receive({ ...message, _msgid: messageId });
    return messageId;
  }

  /** Resolves when the node has called `done` for all of these, or has had as long as it may take to do so. */
  async completed(messageIds: readonly string[]): Promise<void> {
    const deadline = performance.now() + this.patienceMs;
    const isDone = (): boolean => {
      const done = new Set(this.completions.map((completion) => completion.messageId));
      return messageIds.every((messageId) => done.has(messageId));
    };
    while (!isDone() && performance.now() < deadline) await pause(10);
    // A second `done` comes late, if it comes.
    await pause(60);
  }

  /** Closes the flows; gives what is still there that was not there before, if asked to look. */
  async close(look = true): Promise<string[]> {
    if (helper === undefined) return [];
    await helper.unload();
    const left = look ? await this.leftovers() : [];
    redUtil.hooks.remove('*.bench');
    process.removeListener('uncaughtException', this.onException);
    process.removeListener('unhandledRejection', this.onException);
    await rm(this.userDir, { recursive: true, force: true });
    return left;
  }

  private async leftovers(): Promise<string[]> {
    // What ends on its own (a socket that closes, a worker that winds down) gets a moment to do so.
    for (let attempt = 0; ; attempt++) {
      const left = liveTimers()
        .filter((timer) => !this.timersBefore.has(timer))
        .map(({ kind, madeAt }) => `${kind} ${madeAt}`);
      const open = await openResources(this.userDir);
      for (const [name, count] of open) {
        const before = this.openBefore.get(name) ?? 0;
        if (count > before) left.push(`${count - before} × ${name}`);
      }
      for (const [name, count] of listenerCounts()) {
        const before = this.listenersBefore.get(name) ?? 0;
        if (count > before) left.push(`${count - before} listeners of ${String(name)}`);
      }
      if (left.length === 0 || attempt >= 20) return left;
      await pause(50);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a message looks like, for comparison later. */
export function photograph(value: unknown): string {
  const above: unknown[] = [];
  const text = JSON.stringify(value, function (this: unknown, _key, inner: unknown) {
    if (typeof inner === 'bigint' || typeof inner === 'symbol' || typeof inner === 'function') return String(inner);
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
    if (typeof inner === 'object' && inner !== null) {
      while (above.length > 0 && above.at(-1) !== this) above.pop();
      if (above.includes(inner)) return '(a circle)';
      above.push(inner);
    }
    return inner;
  });
  return text ?? '';
}

/** What keeps the process busy, and the files that are open under a folder. */
async function openResources(folder: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const count = (name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of process.getActiveResourcesInfo()) {
    // Passing work, the terminal, and timers, which are watched by themselves.
    if (!/^(?:Timeout|Immediate|TickObject|FSReqPromise|FSReqCallback|CloseReq|TTYWrap|PipeWrap|WriteWrap|FileHandleCloseReq)$/.test(name)) count(name);
  }
  if (process.platform === 'linux') {
    for (const descriptor of await readdir('/proc/self/fd')) {
      const target = await readlink(`/proc/self/fd/${descriptor}`).catch(() => '');
      if (target.startsWith(folder)) count(`open file ${path.relative(folder, target)}`);
    }
  }
  return counts;
}

function listenerCounts(): Map<string | symbol, number> {
  const counts = new Map<string | symbol, number>();
  for (const emitter of [process, redUtil.events]) {
    for (const name of emitter.eventNames()) {
      if (/^(?:uncaughtException|unhandledRejection)$/.test(String(name))) continue;
      counts.set(name, (counts.get(name) ?? 0) + emitter.listenerCount(name));
    }
  }
  return counts;
}
