import { FaultProxy } from './faultProxy.ts';
import { startTestServer } from './startTestServer.ts';
import type { RunningServer } from './startTestServer.ts';
import type { TestServerSettings } from './testServer.ts';
import { createOpcuaSource } from '../../../adapters/opcua/opcuaSource.ts';
import type { OpcuaEvent, OpcuaSecurity, OpcuaSource, OpcuaState } from '../../../adapters/opcua/opcuaSource.ts';

/** A server behind a proxy and a source that subscribes to what changes all the time, with a diary of what it told. */
export class FaultBench {
  readonly settings: TestServerSettings;
  server: RunningServer;
  proxy: FaultProxy;
  readonly source: OpcuaSource;
  readonly events: OpcuaEvent[] = [];
  readonly states: { state: OpcuaState; code: string | undefined; atMs: number }[] = [];
  lastValueMs = 0;
  values = 0;

  private constructor(settings: TestServerSettings, server: RunningServer, proxy: FaultProxy, security: OpcuaSecurity) {
    this.settings = settings;
    this.server = server;
    this.proxy = proxy;
    this.source = createOpcuaSource({ url: `opc.tcp://127.0.0.1:${proxy.port}/test`, pkiFolder: `${settings.folder}/client`, security });
    this.source.onState((state, problem) => {
      this.states.push({ state, code: problem?.code, atMs: performance.now() });
      if (problem?.code === 'TWIN_OPCUA_CERTIFICATE') void this.source.trust(String(problem.values['fingerprint']));
    });
    this.source.subscribe({ addresses: ['nsu=urn:twinwire:test-plant;s=Count', 'ns=2;s=Tag1'], publishingIntervalMs: 100 }, {
      values: (batch) => {
        this.values += batch.length;
        this.lastValueMs = performance.now();
      },
      event: (event) => this.events.push(event),
    });
  }

  static async open(settings: TestServerSettings, security: OpcuaSecurity = 'best'): Promise<FaultBench> {
    const server = await startTestServer(settings);
    return new FaultBench(settings, server, await FaultProxy.open(server.port), security);
  }

  /** Kills the server and starts it anew on the same port. */
  async restart(changes: Partial<TestServerSettings> = {}, pauseMs = 0): Promise<void> {
    const { port } = this.server;
    await this.server.kill();
    await pause(pauseMs);
    this.server = await startTestServer({ ...this.settings, ...changes, port });
  }

  /** Waits until a value arrives. @returns after how many milliseconds */
  async data(limitMs = 20_000): Promise<number> {
    const fromMs = performance.now();
    const before = this.values;
    await until(() => this.values > before && this.source.state === 'connected', limitMs, () => `no value came; ${this.describe()}`);
    return performance.now() - fromMs;
  }

  /** Waits until the source says that it is not connected. @returns after how many milliseconds */
  async noticed(limitMs = 20_000): Promise<number> {
    const fromMs = performance.now();
    await until(() => this.source.state !== 'connected', limitMs, () => `the outage was not noticed; ${this.describe()}`);
    return performance.now() - fromMs;
  }

  describe(): string {
    return `${this.source.state}: ${this.source.problem?.message ?? ''} ${JSON.stringify(this.states.slice(-8))}`;
  }

  async close(): Promise<void> {
    await this.source.close();
    await this.proxy.close();
    await this.server.kill();
  }
}

export async function until(condition: () => boolean, limitMs: number, otherwise: () => string): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(otherwise());
    await pause(10);
  }
}

export function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}

export type FaultName = 'refuse' | 'cut' | 'reset' | 'blackhole' | 'stall' | 'halfOpen' | 'freeze' | 'kill' | 'mute';

/** One after the other; every one must be noticed within 5 s and be over within 10 s of its end. */
export const faultNames: readonly FaultName[] = ['refuse', 'cut', 'reset', 'blackhole', 'stall', 'halfOpen', 'freeze', 'kill', 'mute'];

/**
 * Injects one fault, holds it and takes it back.
 * @returns how long it took until it was noticed, and from its end until data came again
 */
export async function inject(bench: FaultBench, fault: FaultName, holdMs: number): Promise<{ noticedMs: number; backMs: number }> {
  const { proxy } = bench;
  const began = bench.states.length;
  const fromMs = performance.now();
  const noticed = async (): Promise<number> => {
    // A cut connection may be back before anyone looks: the diary knows.
    const change = (): { atMs: number } | undefined => bench.states.slice(began).find(({ state }) => state !== 'connected');
    await until(() => change() !== undefined, 20_000, () => `${fault} was not noticed; ${bench.describe()}`);
    return change()!.atMs - fromMs;
  };
  let noticedMs: number;
  switch (fault) {
    case 'refuse':
    case 'blackhole':
      await proxy.set(fault);
      noticedMs = await noticed();
      await pause(holdMs);
      await proxy.set('pass');
      break;
    case 'stall':
      await proxy.set('stall');
      proxy.cut();
      noticedMs = await noticed();
      await pause(holdMs);
      await proxy.set('pass');
      break;
    case 'cut':
    case 'reset':
      proxy.cut(fault === 'reset');
      noticedMs = await noticed();
      break;
    case 'halfOpen':
      proxy.halfOpen();
      noticedMs = await noticed();
      break;
    case 'freeze':
      bench.server.process.kill('SIGSTOP');
      noticedMs = await noticed();
      await pause(holdMs);
      bench.server.process.kill('SIGCONT');
      break;
    case 'kill':
      await bench.server.kill();
      noticedMs = await noticed();
      await pause(holdMs);
      await bench.restart();
      break;
    case 'mute':
      bench.server.tell({ do: 'mute' });
      noticedMs = await noticed();
      break;
    default:
      throw new Error('unknown fault');
  }
  return { noticedMs, backMs: await bench.data() };
}
