import { MemoryGraphStore } from './memoryGraph.ts';
import { Buckets, checkBuckets } from '../../engine/history/buckets.ts';
import { Problem } from '../../engine/problem.ts';
import { mostRejected } from '../../engine/ports.ts';
import type {
  GraphStore, Historian, HistoryPoint, HistoryRows, HistorySummary, Json, Outbox, OutboxDepth, OutboxGap, OutboxRecord, RejectedRecord, SeriesColumns, StateEntry, StateStore,
} from '../../engine/ports.ts';

/**
 * Every storage port in memory: the reference that the durable ones are compared with, and the store of tests and
 * simulations. Nothing survives the process.
 */

/** Order by code points, which is also the order of UTF-8 bytes and hence of SQLite. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export class MemoryStateStore implements StateStore {
  readonly #entries = new Map<string, { text: string; revision: number }>();
  #revision = 0;

  async entries(prefix: string): Promise<StateEntry[]> {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).sort(byCodePoint);
    const entries: StateEntry[] = [];
    for (const key of keys) {
      const entry = await this.get(key);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  async get(key: string): Promise<StateEntry | undefined> {
    const entry = this.#entries.get(key);
    return entry && { key, value: JSON.parse(entry.text) as Json, revision: entry.revision };
  }

  async commit(changes: readonly { key: string; value: Json | null }[]): Promise<number[]> {
    const texts = changes.map(({ key, value }) => ({ key, text: value === null ? null : JSON.stringify(value) }));
    return texts.map(({ key, text }) => {
      this.#revision += 1;
      if (text === null) this.#entries.delete(key);
      else this.#entries.set(key, { text, revision: this.#revision });
      return this.#revision;
    });
  }
}

export class MemoryHistorian implements Historian {
  /** twin → property → time → point. */
  readonly #twins = new Map<string, Map<string, Map<number, HistoryPoint>>>();

  async write(points: readonly HistoryPoint[]): Promise<void> {
    for (const { timeMs } of points) {
      if (!Number.isSafeInteger(timeMs)) {
        throw new Problem('TWIN_HISTORY_TIME', `A point of history has the time ${timeMs}.`,
          'Send whole milliseconds since 1970 (UTC).', { time: String(timeMs) });
      }
    }
    for (const point of points) {
      const properties = entryOf(this.#twins, point.twin, () => new Map<string, Map<number, HistoryPoint>>());
      const times = entryOf(properties, point.property, () => new Map<number, HistoryPoint>());
      const { twin, property, timeMs, value, quality } = point;
      times.set(timeMs, { twin, property, timeMs, value: Number.isNaN(value) ? null : value, quality });
    }
  }

  async range(twin: string, property: string, fromMs: number, toMs: number, limit = 100_000): Promise<HistoryPoint[]> {
    const points = [...(this.#twins.get(twin)?.get(property)?.values() ?? [])];
    return points
      .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
      .sort((a, b) => a.timeMs - b.timeMs)
      .slice(0, limit)
      .map((point) => ({ ...point }));
  }

  async writeRows({ twin, properties, times, values }: HistoryRows): Promise<void> {
    const points: HistoryPoint[] = [];
    for (const [row, timeMs] of times.entries()) {
      for (const [column, property] of properties.entries()) {
        const value = values[row * properties.length + column] as number;
        if (!Number.isNaN(value)) points.push({ twin, property, timeMs, value, quality: 'good' });
      }
    }
    await this.write(points);
  }

  async columns(twin: string, property: string, fromMs: number, toMs: number, limit = 100_000): Promise<SeriesColumns> {
    return columnsOf(await this.range(twin, property, fromMs, toMs, limit));
  }

  async buckets(twin: string, property: string, fromMs: number, toMs: number, count: number, holdAtMostMs = Infinity): Promise<HistorySummary[]> {
    checkBuckets(fromMs, toMs, count);
    const buckets = new Buckets(fromMs, toMs, count, holdAtMostMs);
    buckets.addColumns(columnsOf(await this.range(twin, property, -Infinity, toMs, Infinity)));
    return buckets.finish();
  }

  async usage(): Promise<{ bytes: number; oldestMs: number | undefined }> {
    const all = [...this.#twins.values()].flatMap((properties) => [...properties.values()].flatMap((times) => [...times.keys()]));
    return { bytes: 0, oldestMs: all.length === 0 ? undefined : all.reduce((oldest, time) => Math.min(oldest, time)) };
  }

  async asOf(twin: string, timeMs: number): Promise<HistoryPoint[]> {
    const last: HistoryPoint[] = [];
    const properties = this.#twins.get(twin) ?? new Map<string, Map<number, HistoryPoint>>();
    for (const property of [...properties.keys()].sort(byCodePoint)) {
      let best: HistoryPoint | undefined;
      for (const point of properties.get(property)?.values() ?? []) {
        if (point.timeMs <= timeMs && (best === undefined || point.timeMs > best.timeMs)) best = point;
      }
      if (best !== undefined) last.push({ ...best });
    }
    return last;
  }

  async clear(twin: string, property: string, fromMs: number, toMs: number): Promise<void> {
    const times = this.#twins.get(twin)?.get(property);
    for (const timeMs of [...(times?.keys() ?? [])]) if (timeMs >= fromMs && timeMs < toMs) times?.delete(timeMs);
  }

  /** Uses no bytes on disk. */
  async trim(): Promise<number> {
    return 0;
  }

  async forget(beforeMs: number): Promise<number> {
    let gone = 0;
    for (const properties of this.#twins.values()) {
      for (const times of properties.values()) {
        for (const timeMs of [...times.keys()]) {
          if (timeMs < beforeMs && times.delete(timeMs)) gone += 1;
        }
      }
    }
    return gone;
  }
}

function columnsOf(points: readonly HistoryPoint[]): SeriesColumns {
  const values = points.map(({ value }) => value);
  return {
    times: Float64Array.from(points, ({ timeMs }) => timeMs),
    values: values.every((value) => typeof value === 'number') ? Float64Array.from(values as number[]) : values,
    qualities: Uint8Array.from(points, ({ quality }) => (quality === 'good' ? 0 : quality === 'uncertain' ? 1 : 2)),
  };
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}

export class MemoryOutbox implements Outbox {
  readonly #pending = new Map<string, OutboxRecord[]>();
  readonly #rejected = new Map<string, RejectedRecord[]>();
  readonly #gaps = new Map<string, OutboxGap[]>();
  #sequence = 0;

  async add(target: string, records: readonly { idempotencyKey: string; body: string }[], acceptedMs: number): Promise<number[]> {
    const queue = entryOf(this.#pending, target, () => []);
    return records.map(({ idempotencyKey, body }) => {
      this.#sequence += 1;
      queue.push({ sequence: this.#sequence, target, idempotencyKey, body, acceptedMs });
      return this.#sequence;
    });
  }

  async pending(target: string, limit: number, after = 0): Promise<OutboxRecord[]> {
    const queue = this.#pending.get(target) ?? [];
    return (after === 0 ? queue : queue.filter(({ sequence }) => sequence > after)).slice(0, limit).map((record) => ({ ...record }));
  }

  async confirm(target: string, sequences: readonly number[]): Promise<void> {
    this.#take(target, sequences);
  }

  async setAside(target: string, sequences: readonly number[], reason: string, atMs: number): Promise<void> {
    const aside = entryOf(this.#rejected, target, () => []);
    for (const record of this.#take(target, sequences)) aside.push({ ...record, reason, rejectedMs: atMs });
    const surplus = aside.splice(0, Math.max(0, aside.length - mostRejected));
    if (surplus.length > 0) this.#leaveGap(target, surplus, 'More was refused than is kept.', atMs);
  }

  async depth(target: string): Promise<OutboxDepth> {
    const queue = this.#pending.get(target) ?? [];
    const bytes = queue.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    const oldest = queue[0];
    const setAside = this.#rejected.get(target)?.length ?? 0;
    return { records: queue.length, bytes, ...(oldest && { oldestMs: oldest.acceptedMs }), setAside };
  }

  async drop(target: string, sequences: readonly number[], reason: string, atMs: number): Promise<void> {
    const dropped = this.#take(target, sequences);
    if (dropped.length > 0) this.#leaveGap(target, dropped, reason, atMs);
  }

  #leaveGap(target: string, dropped: readonly OutboxRecord[], reason: string, atMs: number): void {
    const times = dropped.map(({ acceptedMs }) => acceptedMs);
    const gaps = entryOf(this.#gaps, target, () => []);
    gaps.push({
      target, reason, droppedMs: atMs, records: dropped.length,
      bytes: dropped.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0),
      fromMs: Math.min(...times), toMs: Math.max(...times),
    });
    if (gaps.length > 1000) gaps.splice(0, gaps.length - 1000);
  }

  async leaveGap(gap: OutboxGap): Promise<void> {
    entryOf(this.#gaps, gap.target, () => []).push({ ...gap });
  }

  async targets(): Promise<string[]> {
    const all = [...this.#pending, ...this.#rejected, ...this.#gaps].flatMap(([target, some]) => (some.length > 0 ? [target] : []));
    return [...new Set(all)].sort();
  }

  async remove(target: string): Promise<void> {
    for (const kept of [this.#pending, this.#rejected, this.#gaps]) kept.delete(target);
  }

  async gaps(target: string): Promise<OutboxGap[]> {
    return (this.#gaps.get(target) ?? []).map((gap) => ({ ...gap }));
  }

  async rejected(target: string, limit: number): Promise<RejectedRecord[]> {
    return (this.#rejected.get(target) ?? []).slice(0, limit).map((record) => ({ ...record }));
  }

  async retry(target: string, sequences: readonly number[]): Promise<number[]> {
    const again = this.#takeRejected(target, sequences);
    const queue = entryOf(this.#pending, target, () => []);
    return again.map(({ idempotencyKey, body, acceptedMs }) => {
      this.#sequence += 1;
      queue.push({ sequence: this.#sequence, target, idempotencyKey, body, acceptedMs });
      return this.#sequence;
    });
  }

  async discard(target: string, sequences: readonly number[]): Promise<void> {
    this.#takeRejected(target, sequences);
  }

  #take(target: string, sequences: readonly number[]): OutboxRecord[] {
    const wanted = new Set(sequences);
    const queue = this.#pending.get(target) ?? [];
    this.#pending.set(target, queue.filter(({ sequence }) => !wanted.has(sequence)));
    return queue.filter(({ sequence }) => wanted.has(sequence));
  }

  #takeRejected(target: string, sequences: readonly number[]): RejectedRecord[] {
    const wanted = new Set(sequences);
    const aside = this.#rejected.get(target) ?? [];
    this.#rejected.set(target, aside.filter(({ sequence }) => !wanted.has(sequence)));
    return aside.filter(({ sequence }) => wanted.has(sequence));
  }
}

/** All storage ports in memory, in the same shape as the embedded store of a folder. */
export function openMemoryStore(): {
  state: StateStore; historian: Historian; graph: GraphStore; outbox: Outbox; problems: Problem[]; close(): Promise<void>;
} {
  const historian = new MemoryHistorian();
  return {
    state: new MemoryStateStore(),
    historian,
    graph: new MemoryGraphStore(historian),
    outbox: new MemoryOutbox(),
    problems: [],
    close: async () => {},
  };
}
