import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
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
  setFlows(flow: unknown[], type: 'full' | 'flows' | 'nodes', credentials: unknown): Promise<void>;
  getNode(id: string): NodeInstance & { receive(message: Message): void };
  log(): { args: unknown[][] };
}

type Register = (RED: Runtime) => void;

/** Every node of the package, from its sources. */
async function allNodes(): Promise<Register[]> {
  const folder = new URL('../../nodes/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.startsWith('twin-'));
  return Promise.all(names.map(async (name) => ((await import(new URL(`${name}/runtime.ts`, folder).href)) as { default: Register }).default));
}

export interface NodeStatus {
  fill?: string;
  shape?: string;
  text?: string;
}

export interface StartedFlow {
  userDir: string;
  node(id: string): NodeInstance & { receive(message: Message): void };
  /** What arrived at a helper node so far. */
  received(id: string): Message[];
  /** Resolves when the condition holds; rejects after `withinMs` with what was there. */
  until(condition: () => boolean, what: string | (() => string), withinMs?: number): Promise<void>;
  /** Every status of a node since the start. */
  statuses(id: string): NodeStatus[];
  /** Warnings and errors that nodes wrote to the log, as texts. */
  warnings(): string[];
  /** Deploys another flow; nodes that it changes are made anew. */
  deploy(flow: Record<string, unknown>[], type?: 'full' | 'flows' | 'nodes'): Promise<void>;
  /** Asks the editor's own server (without a login). */
  admin(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Asks the server of the flow's own pages. */
  page(path: string): Promise<{ status: number; text: string }>;
  /** Stops the flow, once; a user directory that was handed in stays for a second start. */
  stop(): Promise<void>;
}

/**
 * Runs a flow with node-red-node-test-helper, all our nodes loaded from their sources. Nodes of type `helper` in it collect
 * what they receive; nodes of type `catch`, `status` and `complete` are Node-RED's own.
 */
export async function startFlow(
  flow: Record<string, unknown>[],
  options: { userDir?: string; credentials?: Record<string, unknown> } = {},
): Promise<StartedFlow> {
  const userDir = options.userDir ?? mkdtempSync(path.join(tmpdir(), 'twinwire-'));
  helper.init(require.resolve('node-red'), { userDir, logging: { console: { level: 'off' } } });
  await new Promise<void>((resolve, reject) => helper.startServer((problem) => (problem === undefined ? resolve() : reject(problem))));
  const told = new Map<string, NodeStatus[]>();
  const { events } = require('node-red') as { events: Runtime['events'] };
  const onStatus = (event: unknown): void => {
    const { id, status } = event as { id: string; status: NodeStatus };
    const list = told.get(id);
    if (list === undefined) told.set(id, [status]);
    else list.push(status);
  };
  events.on('node-status', onStatus);
  let red: Runtime | undefined;
  const remember: Register = (RED) => {
    red = RED;
  };
  await helper.load([...(await allNodes()), remember], flow, options.credentials ?? {}, () => undefined);
  const arrived = new Map<string, Message[]>();
  const listening = new WeakSet<NodeInstance>();
  const listen = (entries: Record<string, unknown>[]): void => {
    for (const { id, type } of entries) {
      const node = helper.getNode(String(id)) as NodeInstance | null;
      if (type !== 'helper' || node === null || listening.has(node)) continue;
      listening.add(node);
      const list = arrived.get(node.id) ?? [];
      arrived.set(node.id, list);
      node.on('input', (message, _send, done) => {
        list.push(message);
        done();
      });
    }
  };
  listen(flow);
  let stopped = false;
  return {
    userDir,
    node: (id) => helper.getNode(id),
    received: (id) => arrived.get(id) ?? [],
    statuses: (id) => told.get(id) ?? [],
    warnings: () =>
      helper.log().args.flatMap(([entry]) => {
        const { msg, level, id } = entry as { msg?: unknown; level?: number; id?: string };
        // Without an id it is Node-RED's own, for instance about credentials without a key.
        return id !== undefined && (level === 30 || level === 20) ? [String((msg as { message?: string } | undefined)?.message ?? msg)] : [];
      }),
    async until(condition, what, withinMs = 8000) {
      const end = performance.now() + withinMs;
      while (!condition()) {
        if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${typeof what === 'string' ? what : what()}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async deploy(next, type = 'nodes') {
      await helper.setFlows(next, type, options.credentials ?? {});
      listen(next);
    },
    admin: (method, address, body) =>
      ask(red?.httpAdmin, address, async (url) => {
        const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
        const response = await fetch(url, { method, ...sent });
        return { status: response.status, body: await response.json().catch(() => undefined) };
      }),
    page: (address) =>
      ask(red?.httpNode, address, async (url) => {
        const response = await fetch(url);
        return { status: response.status, text: await response.text() };
      }),
    async stop() {
      if (stopped) return;
      stopped = true;
      await helper.unload();
      events.removeListener('node-status', onStatus);
      await new Promise<void>((resolve, reject) => helper.stopServer((problem) => (problem === undefined ? resolve() : reject(problem))));
      if (options.userDir === undefined) rmSync(userDir, { recursive: true, force: true });
    },
  };
}

/** Lets an express app answer one question on the loopback interface. */
async function ask<T>(app: Runtime['httpAdmin'] | undefined, address: string, question: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(app as unknown as RequestListener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await question(`http://127.0.0.1:${(server.address() as AddressInfo).port}${address}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A row of twin-type's table of properties. */
export function property(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { name, label: '', unit: '', valueKind: 'measured', address: '', expression: '', ...more };
}
