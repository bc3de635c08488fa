import type { ServerResponse } from 'node:http';
import type { MachineChange, SiteClock } from '../contract/http.ts';
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

/**
 * Everybody who watches the page now. Changes are collected and sent together: each machine is read and serialised once
 * per interval, however many watch and however fast it changes. While nobody watches, nothing is subscribed and nothing read.
 */
export class LiveClients {
  readonly #source: TwinPageSource;
  readonly #options: LiveClientsOptions;
  readonly #clients = new Set<ServerResponse>();
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
  add(response: ServerResponse): void {
    this.#clients.add(response);
    response.on('close', () => this.#remove(response));
    response.on('error', () => this.#remove(response));
    this.#unsubscribe ??= this.#source.subscribe((change) => this.#note(change));
    if (!this.#keepAliveTimer) {
      this.#keepAliveTimer = setInterval(() => this.#keepAlive(), this.#options.keepAliveMs);
      this.#keepAliveTimer.unref();
    }
    response.write(`retry: 2000\n\n${event('overview', this.#source.overview())}`);
  }

  /** Ends every connection; the pages notice at once and try again. */
  close(): void {
    for (const client of [...this.#clients]) {
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
    let text = '';
    try {
      if (this.#everythingChanged) text = event('overview', this.#source.overview());
      else {
        for (const { site, key } of this.#changed.values()) {
          const found = this.#source.machine(site, key);
          if (found) text += event('machine', { site, nowMs: found.nowMs, machine: found.machine } satisfies MachineChange);
        }
      }
    } catch {
      // The source is between two deploys; its next change brings everything again.
      this.#everythingChanged = true;
      return;
    }
    this.#everythingChanged = false;
    this.#changed.clear();
    if (text) this.#write(text);
  }

  #keepAlive(): void {
    let clocks: SiteClock[] = [];
    try {
      clocks = this.#source.overview().sites.map((site) => ({ site: site.id, nowMs: site.nowMs }));
    } catch {
      // The connection itself is well; an empty list says so.
    }
    this.#write(`: keep-alive\n\n${event('clock', clocks)}`);
  }

  #write(text: string): void {
    for (const client of [...this.#clients]) {
      if (client.writableLength > this.#options.maxUnsentBytes) {
        this.#remove(client);
        client.destroy();
      } else client.write(text);
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
