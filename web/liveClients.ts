import type { ServerResponse } from 'node:http';
import type { MachineChange, Overview, SiteClock } from '../contract/http.ts';
import type { TwinPageChange, TwinPageSource } from './twinPageSource.ts';

export interface LiveClientsOptions {
  /** At most so many at once; the next is refused. */
  maxClients: number;
  /** The smallest time between two events of one machine. */
  intervalMs: number;
  keepAliveMs: number;
  /** A client with more than this still unsent is dropped: it reconnects and starts from a fresh overview. */
  maxUnsentBytes: number;
}

/** What one of them may see. */
export interface LiveView {
  /** Equal for all that see the same. When it changes, the connection is ended and the page asks anew. */
  signature(): string;
  mayRead(site: string): boolean;
  shown(overview: Overview): Overview;
}

interface Client {
  view: LiveView;
  signature: string;
}

/**
 * Everybody who watches the page now. Changes are collected and sent together: each machine is read and serialised once
 * per interval, however many watch and however fast it changes. While nobody watches, nothing is subscribed and nothing read.
 */
export class LiveClients {
  readonly #source: TwinPageSource;
  readonly #options: LiveClientsOptions;
  readonly #clients = new Map<ServerResponse, Client>();
  readonly #changed = new Map<string, { site: string; key: string }>();
  #everythingChanged = false;
  #lastSentMs = 0;
  #sendTimer: NodeJS.Timeout | undefined;
  #keepAliveTimer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(source: TwinPageSource, options: LiveClientsOptions) {
    this.#source = source;
    this.#options = options;
  }

  get size(): number {
    return this.#clients.size;
  }

  get full(): boolean {
    return this.#clients.size >= this.#options.maxClients;
  }

  /** Takes over the response; its headers are already written. */
  add(response: ServerResponse, view: LiveView): void {
    this.#clients.set(response, { view, signature: view.signature() });
    response.on('close', () => this.#remove(response));
    response.on('error', () => this.#remove(response));
    this.#unsubscribe ??= this.#source.subscribe((change) => this.#note(change));
    if (!this.#keepAliveTimer) {
      this.#keepAliveTimer = setInterval(() => this.#keepAlive(), this.#options.keepAliveMs);
      this.#keepAliveTimer.unref();
    }
    response.write(`retry: 2000\n\n${event('overview', view.shown(this.#source.overview()))}`);
  }

  /** Ends every connection; the pages notice at once and try again. */
  close(): void {
    for (const client of [...this.#clients.keys()]) {
      this.#remove(client);
      client.end();
      client.destroy();
    }
  }

  #note(change: TwinPageChange): void {
    if (change.key === undefined) this.#everythingChanged = true;
    else this.#changed.set(JSON.stringify([change.site, change.key]), { site: change.site, key: change.key });
    if (this.#sendTimer) return;
    const waitMs = Math.max(0, this.#lastSentMs + this.#options.intervalMs - performance.now());
    this.#sendTimer = setTimeout(() => this.#send(), waitMs);
    this.#sendTimer.unref();
  }

  #send(): void {
    this.#sendTimer = undefined;
    this.#lastSentMs = performance.now();
    let textFor: (view: LiveView) => string;
    try {
      if (this.#everythingChanged) {
        const overview = this.#source.overview();
        textFor = (view) => event('overview', view.shown(overview));
      } else {
        const events: { site: string; text: string }[] = [];
        for (const { site, key } of this.#changed.values()) {
          const found = this.#source.machine(site, key);
          if (found) events.push({ site, text: event('machine', { site, nowMs: found.nowMs, machine: found.machine } satisfies MachineChange) });
        }
        textFor = (view) => events.map(({ site, text }) => (view.mayRead(site) ? text : '')).join('');
      }
    } catch {
      // The source is between two deploys; its next change brings everything again.
      this.#everythingChanged = true;
      return;
    }
    this.#everythingChanged = false;
    this.#changed.clear();
    this.#write(textFor);
  }

  #keepAlive(): void {
    let clocks: SiteClock[] = [];
    try {
      clocks = this.#source.overview().sites.map((site) => ({ site: site.id, nowMs: site.nowMs }));
    } catch {
      // The connection itself is well; an empty list says so.
    }
    this.#write(() => `: keep-alive\n\n${event('clock', clocks)}`);
  }

  /** Written once for all who see the same. */
  #write(textFor: (view: LiveView) => string): void {
    const texts = new Map<string, string>();
    for (const [client, { view, signature }] of [...this.#clients]) {
      // A login ended, or began, or another role: what this connection showed was for somebody else.
      if (view.signature() !== signature) {
        this.#remove(client);
        client.end();
        continue;
      }
      if (client.writableLength > this.#options.maxUnsentBytes) {
        this.#remove(client);
        client.destroy();
        continue;
      }
      const text = texts.get(signature) ?? textFor(view);
      texts.set(signature, text);
      if (text) client.write(text);
    }
  }

  #remove(client: ServerResponse): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearInterval(this.#keepAliveTimer);
    this.#keepAliveTimer = undefined;
    clearTimeout(this.#sendTimer);
    this.#sendTimer = undefined;
    this.#changed.clear();
    this.#everythingChanged = false;
  }
}

// JSON has no raw line breaks, so that one data line always holds the whole.
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
