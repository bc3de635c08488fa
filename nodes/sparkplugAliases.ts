import { Problem } from '../engine/problem.ts';
import type { Reading } from './message.ts';

const mostDevices = 5000;
const mostAliases = 100_000;
/** A rebirth is asked for no more often; a birth of thousands of metrics takes its time. */
const askEveryMs = 30_000;

export interface SparkplugAliasOptions {
  /** Sends a command to an edge node; absent: this node may not publish. */
  send?: (topic: string, payload: Uint8Array) => Promise<void>;
  nowMs: () => number;
  monotonicMs: () => number;
  onProblem: (problem: Problem) => void;
}

/**
 * What the numbers of Sparkplug metrics stand for: a birth certificate gives each metric a name and an alias, the data afterwards may carry the alias
 * alone (Sparkplug 3.0.0, 6.4.6). Kept per edge node and device, in memory only: after a restart the mapping may be another, and a value under a wrong
 * name is worse than none. So without a birth they are left out, it is said once, and a rebirth is asked for where that is possible.
 */
export class SparkplugAliases {
  readonly #options: SparkplugAliasOptions;
  readonly #devices = new Map<string, ReadonlyMap<string, string>>();
  readonly #told = new Set<string>();
  readonly #asked = new Map<string, number>();

  constructor(options: SparkplugAliasOptions) {
    this.#options = options;
  }

  /**
   * The reading with names in the place of numbers; without those that no birth has named.
   * @param topic of the message
   * @param isKnown whether somebody assigned an address such as `alias:7` by hand; then it stays
   */
  resolve(reading: Reading, topic: string, isKnown: (address: string, device: string) => boolean): Reading {
    if ((reading.kind !== 'observations' && reading.kind !== 'lifecycle') || reading.device === undefined) return reading;
    const { device } = reading;
    if (reading.kind === 'lifecycle') {
      this.#forget(device);
      if (reading.alive) this.#remember(device, reading.aliases);
      return reading;
    }
    if (reading.birth === true) {
      this.#forget(device);
      this.#remember(device, reading.aliases);
      return reading;
    }
    if (!reading.observations.some(({ address }) => address.startsWith(aliasPrefix))) return reading;
    const names = this.#devices.get(device);
    const unknown: string[] = [];
    const observations = reading.observations.flatMap((one) => {
      if (!one.address.startsWith(aliasPrefix) || isKnown(one.address, device)) return [one];
      const name = names?.get(one.address.slice(aliasPrefix.length));
      if (name === undefined) unknown.push(one.address.slice(aliasPrefix.length));
      return name === undefined || isControl(name) ? [] : [{ ...one, address: name }];
    });
    if (unknown.length > 0) this.#tell(device, topic, unknown);
    return observations.length === 0 ? { kind: 'ignored', reason: 'Sparkplug metrics without a name' } : { ...reading, observations };
  }

  /** With an edge node go its devices: each is born anew after it. */
  #forget(device: string): void {
    this.#told.delete(device);
    this.#devices.delete(device);
    if (device.split('/').length > 2) return;
    for (const other of this.#devices.keys()) if (other.startsWith(`${device}/`)) this.#devices.delete(other);
  }

  #remember(device: string, aliases: ReadonlyMap<string, string> | undefined): void {
    if (aliases === undefined || aliases.size > mostAliases) return;
    const oldest = this.#devices.keys().next();
    if (this.#devices.size >= mostDevices && oldest.done !== true) this.#devices.delete(oldest.value);
    this.#devices.set(device, aliases);
  }

  #tell(device: string, topic: string, unknown: readonly string[]): void {
    const { send } = this.#options;
    const edge = /^(.*?[^/]+)\/[ND]DATA\/([^/]+)/.exec(topic);
    if (send !== undefined && edge !== null) this.#ask(`${edge[1]}/NCMD/${edge[2]}`, send);
    if (this.#told.has(device)) return;
    if (this.#told.size >= mostDevices) this.#told.clear();
    this.#told.add(device);
    const found = `${unknown.length} metrics of ${device} come by their alias alone (${unknown[0]}), and no birth certificate has named it.`;
    const remedy = send === undefined
      ? 'Let the edge node send its birth again (Node Control/Rebirth), or choose a broker for that in this node.'
      : 'The edge node is asked to send its birth again; if this stays, check that the broker lets Twinwire publish to NCMD.';
    this.#options.onProblem(new Problem('TWIN_SPARKPLUG_ALIAS', found, remedy, { device, alias: unknown[0] ?? '' }));
  }

  #ask(topic: string, send: NonNullable<SparkplugAliasOptions['send']>): void {
    const nowMs = this.#options.monotonicMs();
    if (nowMs < (this.#asked.get(topic) ?? -Infinity) + askEveryMs) return;
    if (this.#asked.size >= mostDevices) this.#asked.clear();
    this.#asked.set(topic, nowMs);
    send(topic, rebirthCommand(this.#options.nowMs())).catch((problem: unknown) => {
      if (problem instanceof Problem) this.#options.onProblem(problem);
      else throw problem;
    });
  }
}

const aliasPrefix = 'alias:';

function isControl(name: string): boolean {
  return name === 'bdSeq' || name.startsWith('Node Control/') || name.startsWith('Device Control/');
}

/** The payload of an NCMD that asks for a rebirth, in Protocol Buffers (Sparkplug 3.0.0, 6.4.25): timestamp, and one metric: its name, timestamp, type Boolean, true. */
export function rebirthCommand(nowMs: number): Uint8Array {
  const name = new TextEncoder().encode('Node Control/Rebirth');
  const time = varint(nowMs);
  const metric = [0x0a, name.length, ...name, 0x18, ...time, 0x20, 11, 0x70, 1];
  return Uint8Array.from([0x08, ...time, 0x12, ...varint(metric.length), ...metric]);
}

/** Seven bits to a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(Math.max(0, Math.round(value)));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return bytes;
}
