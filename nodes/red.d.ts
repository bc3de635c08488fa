import type { IncomingMessage, ServerResponse } from 'node:http';

/** The part of the Node-RED runtime API that we use (Node-RED ≥ 4.1). */
export interface Runtime {
  nodes: {
    createNode(node: NodeInstance, definition: NodeDefinition): void;
    registerType(
      type: string,
      constructor: (this: NodeInstance, definition: NodeDefinition) => void,
      options?: { credentials?: Record<string, { type: 'text' | 'password' }> },
    ): void;
    getNode(id: string): NodeInstance | null;
    eachNode(visit: (definition: NodeDefinition) => void): void;
    getCredentials(id: string): Record<string, string> | undefined;
  };
  settings: { userDir?: string; httpNodeRoot?: string | false; httpAdminRoot?: string | false; lang?: string; version?: string } & Record<string, unknown>;
  util: {
    cloneMessage<T>(message: T): T;
    evaluateNodeProperty(value: string, type: string, node: NodeInstance, message?: unknown): unknown;
  };
  auth: { needsPermission(permission: string): Handler };
  httpAdmin: Router;
  httpNode: Router;
  /** The server behind both; not there in tests without one. */
  server?: { address?(): { address: string; port: number } | string | null };
  log: { info(text: string): void; warn(text: string): void; error(text: string): void };
  events: {
    on(name: string, listener: (event: unknown) => void): void;
    removeListener(name: string, listener: (event: unknown) => void): void;
  };
  version(): string;
  _(key: string, values?: Record<string, unknown>): string;
}

export type Request = IncomingMessage & { params: Record<string, string>; query: Record<string, unknown>; body?: unknown };
export type Response = ServerResponse & { status(code: number): Response; json(body: unknown): void };
export type Handler = (request: Request, response: Response, next: (problem?: unknown) => void) => void;

export interface Router {
  get(path: string, ...handlers: Handler[]): void;
  post(path: string, ...handlers: Handler[]): void;
  use(path: string, ...handlers: Handler[]): void;
}

export interface NodeDefinition {
  id: string;
  type: string;
  name?: string;
  z?: string;
  [property: string]: unknown;
}

export type Message = Record<string, unknown> & { _msgid?: string; topic?: unknown; payload?: unknown };
export type Send = (message: Message | (Message | Message[] | null)[]) => void;
export type Done = (problem?: Error) => void;

export interface Status {
  fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape?: 'ring' | 'dot';
  text?: string;
}

export interface NodeInstance {
  id: string;
  type: string;
  name?: string;
  z?: string;
  credentials?: Record<string, string>;
  on(event: 'input', listener: (message: Message, send: Send, done: Done) => void): void;
  on(event: 'close', listener: (removed: boolean, done: () => void) => void): void;
  send: Send;
  status(status: Status): void;
  log(text: string): void;
  warn(text: unknown): void;
  error(text: unknown, message?: unknown): void;
}
