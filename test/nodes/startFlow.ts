import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Message, NodeInstance, Runtime } from '../../nodes/red.d.ts';

const require = createRequire(import.meta.url);
const helper = require('node-red-node-test-helper') as TestHelper;

interface TestHelper {
  init(runtimePath: string, settings?: Record<string, unknown>): void;
  startServer(done: (problem?: Error) => void): void;
  stopServer(done: (problem?: Error) => void): void;
  load(nodes: unknown[], flow: unknown[], credentials: unknown, loaded: () => void): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): NodeInstance & { receive(message: Message): void };
  log(): { args: unknown[][] };
}

type Register = (RED: Runtime) => void;

/** Every node of the package, from its sources. */
export async function allNodes(): Promise<Register[]> {
  const { readdirSync } = await import('node:fs');
  const folder = new URL('../../nodes/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.startsWith('twin-'));
  return Promise.all(names.map(async (name) => ((await import(new URL(`${name}/runtime.ts`, folder).href)) as { default: Register }).default));
}

export interface StartedFlow {
  userDir: string;
  node(id: string): NodeInstance & { receive(message: Message): void };
  /** What arrived at a helper node so far. */
  received(id: string): Message[];
  /** Resolves when the condition holds; rejects after `withinMs` with what was there. */
  until(condition: () => boolean, what: string, withinMs?: number): Promise<void>;
  statuses(id: string): { fill?: string; shape?: string; text?: string }[];
  warnings(): string[];
  /** Stops the flow; the user directory stays for a second start. */
  stop(): Promise<void>;
}

/**
 * Runs a flow with node-red-node-test-helper, all our nodes loaded from their sources. Nodes of type `helper` in it collect
 * what they receive.
 */
export async function startFlow(flow: Record<string, unknown>[], options: { userDir?: string; credentials?: Record<string, unknown> } = {}): Promise<StartedFlow> {
  const userDir = options.userDir ?? mkdtempSync(path.join(tmpdir(), 'twinwire-'));
  helper.init(require.resolve('node-red'), { userDir, logging: { console: { level: 'off' } } });
  await new Promise<void>((resolve, reject) => helper.startServer((problem) => (problem === undefined ? resolve() : reject(problem))));
  await helper.load(await allNodes(), flow, options.credentials ?? {}, () => undefined);
  const arrived = new Map<string, Message[]>();
  const told = new Map<string, { fill?: string; shape?: string; text?: string }[]>();
  const warned: string[] = [];
  for (const entry of flow) {
    const id = String(entry.id);
    const node = helper.getNode(id) as (NodeInstance & { status: unknown; warn: unknown; receive(message: Message): void }) | null;
    if (node === null) continue;
    if (entry.type === 'helper') {
      const list: Message[] = [];
      arrived.set(id, list);
      node.on('input', (message) => void list.push(message));
    }
    const list: { text?: string }[] = [];
    told.set(id, list);
    const status = node.status.bind(node) as (value: { text?: string }) => void;
    node.status = (value: { text?: string }) => {
      list.push(value);
      status(value);
    };
    const warn = (node.warn as (text: unknown) => void).bind(node);
    node.warn = (text: unknown) => {
      warned.push(String(text));
      warn(text);
    };
  }
  return {
    userDir,
    node: (id) => helper.getNode(id),
    received: (id) => arrived.get(id) ?? [],
    statuses: (id) => told.get(id) ?? [],
    warnings: () => [...helper.log().args.flatMap(([entry]) => {
      const { msg, level } = entry as { msg?: unknown; level?: number };
      return level === 30 || level === 20 ? [String((msg as { message?: string })?.message ?? msg)] : [];
    })],
    async until(condition, what, withinMs = 8000) {
      const end = performance.now() + withinMs;
      while (!condition()) {
        if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      await helper.unload();
      await new Promise<void>((resolve, reject) => helper.stopServer((problem) => (problem === undefined ? resolve() : reject(problem))));
      if (options.userDir === undefined) rmSync(userDir, { recursive: true, force: true });
    },
  };
}

/** A pump's type, site and chain, to be completed by a test. */
export function property(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { name, label: '', unit: '', valueKind: 'measured', address: '', expression: '', ...more };
}
