import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A fresh temporary folder. */
export function temporaryFolder(purpose: string): string {
  return mkdtempSync(join(tmpdir(), `twinwire-${purpose}-`));
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program under the test's control: its folder is deleted and its process ended by `stop`. */
export class ServiceProcess {
  readonly folder: string;
  readonly #path: string;
  readonly #commandArguments: readonly string[];
  readonly #ready: () => Promise<boolean>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(path: string, commandArguments: readonly string[], folder: string, ready: () => Promise<boolean>) {
    this.#path = path;
    this.#commandArguments = commandArguments;
    this.folder = folder;
    this.#ready = ready;
  }

  /** The last 64 KB that the program wrote. */
  get output(): string {
    return this.#output;
  }

  get processId(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const child = spawn(this.#path, this.#commandArguments, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    running.add(child);
    let ended: string | undefined;
    child.on('error', (error) => (ended = error.message));
    child.on('exit', (code, signal) => {
      ended = `exit ${code ?? signal}`;
      running.delete(child);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output = (this.#output + text).slice(-65_536)));
    }
    const limit = Date.now() + 60_000;
    while (!(await this.#ready())) {
      if (ended === undefined && Date.now() < limit) {
        await delay(50);
        continue;
      }
      const reason = ended ?? 'it did not answer within 60 s';
      await this.halt('SIGKILL');
      throw new Error(`${this.#path} did not start: ${reason}\n${this.#output}`);
    }
  }

  /** Ends the process and keeps its folder and port, so that `start` brings the same service back. */
  async halt(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const last = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exit;
    clearTimeout(last);
  }

  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
