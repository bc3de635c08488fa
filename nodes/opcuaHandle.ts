import type { FoundSignal } from '../contract/discovery.ts';
import type { Observation } from '../engine/observation.ts';
import type { Problem } from '../engine/problem.ts';
import type { NodeInstance } from './red.d.ts';

export type OpcuaState = 'connecting' | 'connected' | 'stale' | 'reconnecting' | 'refused' | 'closed';

export interface OpcuaRequest {
  addresses: readonly string[];
  subtrees: readonly string[];
  publishingIntervalMs: number;
  queueSize: number;
}

/** What a subscription tells beside values; times are ms UTC. */
export type OpcuaEvent =
  | { kind: 'gap'; fromMs: number; toMs: number; reason: string; code: string; values: Readonly<Record<string, string | number>> }
  | { kind: 'unknown'; addresses: { address: string; reason: string }[] }
  | { kind: 'found'; addresses: string[] }
  | { kind: 'browsed'; subtree: string; variables: number; cut?: 'nodes' | 'depth' | 'time' }
  | { kind: 'moved'; uri: string; fromIndex: number; toIndex: number }
  | { kind: 'odd'; address: string; oddity: string };

/** A connection that runs; it is shared by all sources of one server. */
export interface OpcuaConnection {
  /** @throws Problem when the request cannot be met */
  subscribe(request: OpcuaRequest, listener: { values(batch: Observation[]): void; event(event: OpcuaEvent): void }): () => Promise<void>;
  /** Called at each change, and at once with the present state; the returned function ends it. */
  onState(listener: (state: OpcuaState, problem: Problem | undefined) => void): () => void;
}

/** The way to one OPC UA server, kept by a twin-opcua node. */
export interface OpcuaHandle {
  /** undefined: no server is set. */
  readonly address: string | undefined;
  /** What is wrong with its settings. */
  readonly wrongSettings?: Problem | undefined;
  /** Looks through what the server offers below an address, '' = everything, over a connection of its own. */
  find(below: string): Promise<{ signals: FoundSignal[]; cut?: string } | Problem>;
  /** The addresses among these that the server does not have as values; over a connection of its own. */
  missing(addresses: readonly string[]): Promise<string[] | Problem>;
  /** Connects at the first call. Rejects with a Problem when the settings cannot work. */
  open(): Promise<OpcuaConnection>;
}

const handles = new WeakMap<NodeInstance, OpcuaHandle>();

export function offerOpcua(node: NodeInstance, handle: OpcuaHandle): void {
  handles.set(node, handle);
}

/** The handle of a twin-opcua node; undefined for any other node. */
export function opcuaOf(node: NodeInstance | null): OpcuaHandle | undefined {
  return node === null ? undefined : handles.get(node);
}
