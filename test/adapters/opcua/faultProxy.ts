import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** pass: through. trickle: through, in small pieces. refuse: nothing listens. blackhole: bytes vanish both ways, connections stay. stall: taken, but never answered. */
export type ProxyMode = 'pass' | 'trickle' | 'refuse' | 'blackhole' | 'stall';

const trickleBytes = 500;

/** A TCP proxy on loopback that misbehaves on command. */
export class FaultProxy {
  readonly #pairs = new Set<{ near: Socket; far: Socket | undefined }>();
  #server: Server | undefined;
  #mode: ProxyMode = 'pass';
  port = 0;
  target = 0;

  static async open(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    proxy.target = target;
    await proxy.#listen();
    return proxy;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  async set(mode: ProxyMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    if (mode === 'refuse') {
      this.cut();
      await new Promise<void>((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())));
      this.#server = undefined;
    } else if (this.#server === undefined) await this.#listen();
    // What was swallowed is missing in the stream: such a connection cannot be used again.
    if (mode === 'pass' && before !== 'pass' && before !== 'trickle') for (const pair of this.#pairs) pair.far?.destroy();
  }

  /** Ends all connections: politely, or with a reset. */
  cut(reset = false): void {
    for (const { near, far } of this.#pairs) {
      if (reset) near.resetAndDestroy();
      else near.destroy();
      far?.destroy();
    }
    this.#pairs.clear();
  }

  /** The server's side is gone, the client is not told. */
  halfOpen(): void {
    for (const pair of this.#pairs) {
      pair.far?.removeAllListeners('close');
      pair.far?.destroy();
      pair.near.removeAllListeners('data');
      pair.near.resume();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())));
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (near) => this.#accept(near));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #accept(near: Socket): void {
    const pair: { near: Socket; far: Socket | undefined } = { near, far: undefined };
    this.#pairs.add(pair);
    near.on('error', () => {});
    near.on('close', () => {
      pair.far?.destroy();
      this.#pairs.delete(pair);
    });
    if (this.#mode === 'stall' || this.#mode === 'blackhole') {
      near.resume();
      return;
    }
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    pair.far = far;
    far.on('error', () => {});
    far.on('close', () => near.destroy());
    let trickling = Promise.resolve();
    near.on('data', (data) => {
      if (this.#mode === 'pass') trickling = trickling.then(() => void far.write(data));
      else if (this.#mode === 'trickle') {
        for (let at = 0; at < data.length; at += trickleBytes) {
          trickling = trickling.then(() => new Promise((resolve) => setTimeout(resolve, 1))).then(() => void far.write(data.subarray(at, at + trickleBytes)));
        }
      }
    });
    far.on('data', (data) => (this.#mode === 'pass' || this.#mode === 'trickle') && near.write(data));
  }
}
