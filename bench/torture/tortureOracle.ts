import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Whole numbers from 0 on, a bit each. */
export class NumberSet {
  #bits = new Uint8Array(1 << 16);
  size = 0;

  has(n: number): boolean {
    return ((this.#bits[n >> 3] ?? 0) & (1 << (n & 7))) !== 0;
  }

  /** false: it was there. */
  add(n: number): boolean {
    if (n >> 3 >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bits.length, (n >> 3) + 1));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    if (this.has(n)) return false;
    this.#bits[n >> 3] = (this.#bits[n >> 3] as number) | (1 << (n & 7));
    this.size += 1;
    return true;
  }
}

/** `up` takes everything; `busy` answers 503; `cut` takes it and breaks the connection before it answers; `stall` reads and never answers. */
export type OracleMood = 'up' | 'busy' | 'cut' | 'stall';

export const baseMs = 1_700_000_000_000;
const linePattern = /^v,series=s(\d+) at=(\d+),n=(\d+),text="value (\d+) ü" (\d+)$/;

/**
 * The target of a tortured plant, in the process that is never killed: it takes lines as InfluxDB 2.x does (POST /api/v2/write) and
 * alerts (POST /alert), keeps what came, and finds whatever nobody wrote.
 */
export class TortureOracle {
  mood: OracleMood = 'up';
  /** The values that came, and how many of them came again. */
  readonly values = new NumberSet();
  repeated = 0;
  readonly alerts = new NumberSet();
  /** Alerts that came for the first time behind a later one. */
  alertsOutOfOrder = 0;
  /** Lines that nobody wrote like this; the first few. */
  readonly wrong: string[] = [];
  wrongCount = 0;
  /** Values from this one on are live: how long the slowest took from its writing to here, in ms. */
  liveFrom = Infinity;
  slowestLiveMs = 0;
  #lastAlert = -1;
  #highest = -1;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The largest value that came. */
  get highest(): number {
    return this.#highest;
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    for (let attempt = 1; ; attempt += 1) {
      server.listen(this.#port, '127.0.0.1');
      try {
        await once(server, 'listening');
        break;
      } catch (error) {
        if (attempt === 50) throw error;
        await delay(100);
      }
    }
    this.#port = (server.address() as AddressInfo).port;
  }

  /** From now on connections are refused. */
  async halt(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** Ends the requests that wait for an answer, without one. */
  release(): void {
    this.mood = 'up';
    this.#server?.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      // Its sender was killed in the middle: what is not whole does not count.
      return;
    }
    if (this.mood === 'stall') return;
    if (this.mood === 'busy') {
      response.writeHead(503).end('{"message":"not now"}');
      return;
    }
    const text = Buffer.concat(parts).toString('utf8');
    if (request.url === '/ping') {
      response.writeHead(204).end();
      return;
    }
    if (request.url === '/alert') this.#takeAlerts(text);
    else this.#takeLines(text);
    if (this.mood === 'cut') request.destroy();
    else response.writeHead(204).end();
  }

  #takeLines(text: string): void {
    const nowMs = Date.now();
    for (const line of text.split('\n')) {
      const match = linePattern.exec(line);
      const n = Number(match?.[3]);
      if (match === null || match[4] !== match[3] || Number(match[1]) !== n % 20 || Number(match[5]) !== baseMs + n) {
        this.wrongCount += 1;
        if (this.wrong.length < 5) this.wrong.push(line.slice(0, 200));
        continue;
      }
      if (!this.values.add(n)) this.repeated += 1;
      else if (n >= this.liveFrom) this.slowestLiveMs = Math.max(this.slowestLiveMs, nowMs - Number(match[2]));
      if (n > this.#highest) this.#highest = n;
    }
  }

  #takeAlerts(text: string): void {
    for (const line of text.split('\n')) {
      const match = /^\{"alert":(\d+)\}$/.exec(line);
      if (match === null) {
        this.wrongCount += 1;
        if (this.wrong.length < 5) this.wrong.push(line.slice(0, 200));
        continue;
      }
      const n = Number(match[1]);
      if (!this.alerts.add(n)) continue;
      if (n < this.#lastAlert) this.alertsOutOfOrder += 1;
      this.#lastAlert = Math.max(this.#lastAlert, n);
    }
  }
}
