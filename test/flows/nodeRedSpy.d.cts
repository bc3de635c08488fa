/** What a Node-RED under test tells the test process. */
export type SpyReport =
  | { kind: 'sent'; from: string; port: number; message: Record<string, unknown> }
  | { kind: 'error'; node: string; code?: string; text: string }
  | { kind: 'status'; node: string; status: { fill?: string; shape?: string; text?: string } }
  | { kind: 'started' }
  | { kind: 'log'; level: number; text: string; node?: string; type?: string };

/** Attaches to the Node-RED of this red.js; gives its `logging` settings. */
export function watch(red: string): Record<string, unknown>;
