import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { ParameterThen } from '../../engine/ports.ts';
import { parameterThen } from '../../engine/graph/parameterThen.ts';
import { Buckets } from '../../engine/history/buckets.ts';
import { decodeChunk, decodePart, encodeChunk } from '../../engine/history/chunk.ts';
import { joined, merged, noColumns, part } from '../../engine/history/columns.ts';
import { placeOf } from '../../engine/statistics/order.ts';
import { addSummary, emptySummary, packSummary, summaryOf, unpackSummary } from '../../engine/history/summary.ts';
import type { HistorySummary, HistoryValue, SeriesColumns } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { HistoryBatch } from './historyBatch.ts';
import { qualityWords } from './historyBatch.ts';
import { HotSeries } from './hotSeries.ts';

/** A chunk holds about so many points: some 1.5 kB, a fraction of a millisecond to read. */
const chunkPoints = 1024;
/** Hot points that start a sealing; about 6 MB of memory and as much to read at the next start. */
const mostHotPoints = 200_000;
/** Series that are sealed before the next request gets its turn. */
const seriesAtOnce = 50;
const pointsAtOnce = 100_000;
/** Plain rows of an older store that are taken over at once. */
const oldRowsAtOnce = 5000;

/** What stays when raw points go: per minute, then per hour. */
const dayMs = 86_400_000;
const tiers = [
  { stepMs: 60_000, blockMs: dayMs, keptMs: 400 * dayMs },
  { stepMs: 3_600_000, blockMs: 30 * dayMs, keptMs: 3652 * dayMs },
] as const;
/** A trim takes this part of the raw stretch at once, but at least an hour; so much raw history stays to the last. */
const trimmedPart = 0.02;
const shortestTrimMs = 3_600_000;
const lastRawMs = dayMs;
/** Blocks of summaries that a trim takes at once. */
const trimmedBlocks = 200;

interface Series {
  id: number;
  twin: string;
  property: string;
  hot: HotSeries;
}

interface ChunkRow {
  first: number;
  last: number;
  data: Uint8Array;
  crc: number;
}

/**
 * History as sealed, compressed chunks per series with a durable log of what is not sealed yet (a log-structured merge tree of two levels;
 * O'Neil et al., 1996): a value is on disk when its batch stands in the log; now and then the series are sealed and the log is cut.
 * Plain, blocking calls inside transactions that the caller opens; it runs in the store's own thread.
 */
export class HistoryDatabase {
  readonly #database: DatabaseSync;
  readonly #problems: Problem[];
  readonly #statements = new Map<string, StatementSync>();
  readonly #byName = new Map<string, Map<string, Series>>();
  readonly #byId = new Map<number, Series>();
  /** Series that have hot points, oldest first. */
  readonly #hot = new Set<Series>();
  #hotPoints = 0;
  /** The newest batch of the log; what is sealed now holds all of it. */
  #lastBatch = 0;
  /** While the series are being sealed: the log goes up to here when the last of `#toSeal` is done. */
  #sealUpTo: number | undefined;
  #toSeal: Series[] = [];
  #hasOldRows: boolean;

  /** Reads the log of unsealed points: some hundred thousand take a fraction of a second. */
  constructor(database: DatabaseSync, problems: Problem[]) {
    this.#database = database;
    this.#problems = problems;
    const sealed = new Map<number, number>();
    for (const row of database.prepare('SELECT id, twin, property, sealed FROM series').all() as { id: number; twin: string; property: string; sealed: number }[]) {
      this.#know(row.id, row.twin, row.property);
      sealed.set(row.id, row.sealed);
    }
    this.#hasOldRows = database.prepare('SELECT 1 FROM point LIMIT 1').get() !== undefined;
    let damaged = 0;
    for (const row of database.prepare('SELECT id, data, crc FROM batch ORDER BY id').iterate() as Iterable<{ id: number; data: Uint8Array; crc: number }>) {
      this.#lastBatch = Math.max(this.#lastBatch, row.id);
      try {
        if (crc32(row.data) !== row.crc) throw new RangeError('checksum');
        this.#apply(deserialize(row.data) as HistoryBatch, (series) => row.id > (sealed.get(series.id) ?? 0));
      } catch {
        damaged += 1;
      }
    }
    if (damaged > 0) {
      problems.push(new Problem('TWIN_HISTORY_DAMAGED', `${damaged} parts of the newest history cannot be read and are left out.`,
        'Check the disk; the rest of the history is whole.', { parts: damaged }));
    }
    const last = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").get() as { seq: number } | undefined;
    this.#lastBatch = Math.max(this.#lastBatch, last?.seq ?? 0);
  }

  write(batch: HistoryBatch): void {
    const data = serialize(batch);
    this.#lastBatch = Number(this.#prepare('INSERT INTO batch (data, crc) VALUES (?, ?)').run(data, crc32(data)).lastInsertRowid);
    this.#apply(batch, () => true);
  }

  /** Whether there is something to seal or to take over, so that `rest` should be called soon. */
  get isDue(): boolean {
    return this.#hotPoints >= mostHotPoints || this.#toSeal.length > 0 || this.#hasOldRows;
  }

  sealAll(): void {
    this.#beginSealing();
    while (this.#toSeal.length > 0) this.#sealSome();
  }

  /** A slice of what can wait: sealing, and taking over an older store. */
  rest(): void {
    if (this.#hasOldRows) this.#takeOldRows();
    if (this.#toSeal.length === 0 && this.#hotPoints >= mostHotPoints) this.#beginSealing();
    if (this.#toSeal.length > 0) this.#sealSome();
  }

  #beginSealing(): void {
    this.#toSeal = [...this.#hot].reverse();
    this.#sealUpTo = this.#lastBatch;
  }

  #sealSome(): void {
    let points = 0;
    for (let done = 0; done < seriesAtOnce && points < pointsAtOnce && this.#toSeal.length > 0; done++) {
      const series = this.#toSeal.pop() as Series;
      points += series.hot.count;
      this.#seal(series);
    }
    if (this.#toSeal.length > 0 || this.#sealUpTo === undefined) return;
    this.#prepare('DELETE FROM batch WHERE id <= ?').run(this.#sealUpTo);
    this.#sealUpTo = undefined;
  }

  columns(twin: string, property: string, fromMs: number, toMs: number, limit: number): SeriesColumns {
    const series = this.#settled(twin, property);
    if (series === undefined || limit <= 0) return noColumns;
    const old = this.#oldColumns(series, fromMs, toMs, limit);
    if (old.times.length > 0) {
      const all = merged(old, this.#newColumns(series, fromMs, toMs, limit));
      return part(all, 0, Math.min(limit, all.times.length));
    }
    return this.#newColumns(series, fromMs, toMs, limit);
  }

  #newColumns(series: Series, fromMs: number, toMs: number, limit: number): SeriesColumns {
    const found: SeriesColumns[] = [];
    let count = 0;
    for (const row of this.#chunks(series.id, fromMs, toMs)) {
      const whole = this.#decoded(series, row);
      const piece = part(whole, placeOf(whole.times, fromMs), placeOf(whole.times, toMs));
      found.push(piece);
      count += piece.times.length;
      if (count >= limit) return part(joined(...found, noColumns), 0, limit);
    }
    const hot = series.hot.columns();
    found.push(part(hot, placeOf(hot.times, fromMs), placeOf(hot.times, toMs)));
    const all = joined(...found, noColumns);
    return all.times.length > limit ? part(all, 0, limit) : all;
  }

  asOf(twin: string, timeMs: number): { property: string; timeMs: number; value: HistoryValue; quality: number }[] {
    const found: { property: string; timeMs: number; value: HistoryValue; quality: number }[] = [];
    for (const property of [...(this.#byName.get(twin)?.keys() ?? [])].sort(byCodePoint)) {
      const series = this.#settled(twin, property) as Series;
      const last = this.#lastAtOrBefore(series, timeMs);
      if (last === undefined) continue;
      const index = placeOf(last.times, timeMs + 1) - 1;
      found.push({ property, timeMs: last.times[index] as number, value: last.values[index] as HistoryValue, quality: last.qualities[index] as number });
    }
    return found;
  }

  /** How the properties of a twin (default: all) were from `fromMs` to `toMs`; from summaries where only those are left. */
  during(twin: string, fromMs: number, toMs: number, properties?: readonly string[]): ParameterThen[] {
    const known = this.#byName.get(twin);
    const names = properties ?? [...(known?.keys() ?? [])].sort(byCodePoint);
    return names.flatMap((property): ParameterThen[] => {
      const series = this.#settled(twin, property);
      if (series === undefined) return [parameterThen(property, noColumns, undefined, fromMs, toMs)];
      const stretch = this.#stretch(series, fromMs, toMs);
      const held = (stretch.times[0] ?? Infinity) < fromMs ? 1 : 0;
      if (stretch.times.length === 0) {
        const [summary] = this.buckets(twin, property, fromMs, toMs, 1, Infinity);
        if (properties === undefined && (summary?.count ?? 0) === 0) return [];
        return [summary === undefined || summary.count === 0 ? parameterThen(property, noColumns, undefined, fromMs, toMs) : fromSummary(property, summary)];
      }
      const before = held === 0
        ? undefined
        : { timeMs: stretch.times[0] as number, value: stretch.values[0] as HistoryValue, quality: qualityWords[stretch.qualities[0] as number] ?? 'bad' };
      return [parameterThen(property, part(stretch, held, stretch.times.length), before, fromMs, toMs)];
    });
  }

  /** The points of a stretch, and the last one at or before its begin. */
  #stretch(series: Series, fromMs: number, toMs: number): SeriesColumns {
    const found: SeriesColumns[] = [];
    const hotMs = series.hot.firstMs;
    if (this.#hasOldRows) {
      const before = this.#lastAtOrBefore(series, fromMs - 1);
      const index = before === undefined ? -1 : placeOf(before.times, fromMs) - 1;
      if (before !== undefined && index >= 0) found.push(part(before, index, index + 1));
      return joined(...found, this.columns(series.twin, series.property, fromMs, toMs, Infinity), noColumns);
    }
    if (hotMs > fromMs) for (const row of this.#chunks(series.id, fromMs, toMs)) found.push(this.#decoded(series, row, (bytes) => decodePart(bytes, fromMs, toMs)));
    if (hotMs < toMs) found.push(series.hot.between(fromMs, toMs));
    return joined(...found, noColumns);
  }

  /** Columns of which the last at or before the time is the wanted one. */
  #lastAtOrBefore(series: Series, timeMs: number): SeriesColumns | undefined {
    const found = this.#newAtOrBefore(series, timeMs);
    if (!this.#hasOldRows) return found;
    const old = this.#prepare('SELECT time, value, quality FROM point WHERE series = ? AND time <= ? ORDER BY time DESC LIMIT 1').get(series.id, timeMs) as OldRow | undefined;
    if (old === undefined) return found;
    const since = found === undefined ? -Infinity : (found.times[placeOf(found.times, timeMs + 1) - 1] as number);
    return old.time > since ? columnsOf([old]) : found;
  }

  #newAtOrBefore(series: Series, timeMs: number): SeriesColumns | undefined {
    if (series.hot.firstMs <= timeMs) return series.hot.columns();
    const row = this.#prepare('SELECT first, last, data, crc FROM chunk WHERE series = ? AND first <= ? ORDER BY first DESC LIMIT 1').get(series.id, timeMs);
    if (row === undefined) return undefined;
    const chunk = this.#decoded(series, row as unknown as ChunkRow);
    return chunk.times.length === 0 ? undefined : chunk;
  }

  buckets(twin: string, property: string, fromMs: number, toMs: number, count: number, holdAtMostMs: number): HistorySummary[] {
    const buckets = new Buckets(fromMs, toMs, count, holdAtMostMs);
    const series = this.#settled(twin, property);
    if (series === undefined) return buckets.finish();
    const rawFromMs = this.#rawFrom(series);
    if (fromMs < rawFromMs) this.#addTiers(series, buckets, fromMs, Math.min(toMs, rawFromMs));
    const before = this.#lastAtOrBefore(series, fromMs - 1);
    if (before !== undefined) {
      const index = placeOf(before.times, fromMs) - 1;
      buckets.addColumns(part(before, index, index + 1));
    }
    if (this.#hasOldRows) {
      buckets.addColumns(this.columns(twin, property, fromMs, toMs, Infinity));
      return buckets.finish();
    }
    const rows = this.#prepare(`SELECT first, last, summary FROM chunk WHERE series = ?1 AND first < ?3
      AND first >= coalesce((SELECT max(first) FROM chunk WHERE series = ?1 AND first <= ?2), ?2) ORDER BY first`).all(series.id, fromMs, toMs);
    const read = this.#prepare('SELECT first, last, data, crc FROM chunk WHERE series = ? AND first = ?');
    for (const { first, last, summary } of rows as unknown as { first: number; last: number; summary: Uint8Array }[]) {
      if (last < fromMs) continue;
      const whole = unpackSummary(summary);
      if (buckets.takesWhole(first, last, whole)) buckets.addChunk(first, last, whole);
      else {
        const chunk = this.#decoded(series, read.get(series.id, first) as unknown as ChunkRow);
        buckets.addColumns(part(chunk, placeOf(chunk.times, fromMs), placeOf(chunk.times, toMs)));
      }
    }
    const hot = series.hot.columns();
    buckets.addColumns(part(hot, placeOf(hot.times, fromMs), placeOf(hot.times, toMs)));
    return buckets.finish();
  }

  usage(): { bytes: number; oldestMs: number | undefined } {
    const number = (pragma: string): number => Object.values(this.#database.prepare(`PRAGMA ${pragma}`).get() as Record<string, number>)[0] ?? 0;
    const bytes = (number('page_count') - number('freelist_count')) * number('page_size');
    let oldestMs: number | undefined;
    for (const series of this.#byId.values()) {
      const from = this.#rawFrom(series);
      if (from < (oldestMs ?? Infinity)) oldestMs = from;
    }
    return { bytes, oldestMs };
  }

  /** Deletes some of what is older and keeps its summaries; more = there is more to do. */
  forget(beforeMs: number): { gone: number; more: boolean } {
    if (this.#hasOldRows) {
      const gone = Number(this.#prepare('DELETE FROM point WHERE (series, time) IN (SELECT series, time FROM point WHERE time < ? LIMIT ?)').run(beforeMs, oldRowsAtOnce).changes);
      if (gone > 0) return { gone, more: true };
    }
    for (const { stepMs, blockMs, keptMs } of tiers) this.#prepare('DELETE FROM tier WHERE step = ? AND block < ?').run(stepMs, within(beforeMs - keptMs - blockMs));
    let gone = 0;
    let visited = 0;
    for (const series of this.#byId.values()) {
      if (this.#rawFrom(series) >= beforeMs) continue;
      gone += this.#forgetOf(series, beforeMs);
      visited += 1;
      if (gone >= pointsAtOnce || visited >= seriesAtOnce) return { gone, more: true };
    }
    return { gone, more: false };
  }

  /** Deletes some of the oldest while more bytes are used. */
  trim(mostBytes: number): { gone: number; more: boolean } {
    const { bytes, oldestMs } = this.usage();
    if (bytes <= mostBytes) return { gone: 0, more: false };
    // Sealed, it takes a fifth of what the log takes.
    if (this.#toSeal.length === 0 && this.#hotPoints > mostHotPoints / 20) this.#beginSealing();
    if (this.#toSeal.length > 0) {
      this.#sealSome();
      return { gone: 0, more: true };
    }
    const newestMs = this.#newestMs();
    const spanMs = oldestMs === undefined ? 0 : newestMs - oldestMs;
    if (oldestMs !== undefined && spanMs > lastRawMs) return this.#trimRaw(Math.min(newestMs - lastRawMs, oldestMs + Math.max(shortestTrimMs, spanMs * trimmedPart)));
    for (const { stepMs } of tiers) {
      const { changes } = this.#prepare('DELETE FROM tier WHERE (series, step, block) IN (SELECT series, step, block FROM tier WHERE step = ? ORDER BY block LIMIT ?)').run(stepMs, trimmedBlocks);
      if (changes > 0) return { gone: 0, more: true };
    }
    // Not one day of it has room.
    return oldestMs === undefined || spanMs < shortestTrimMs ? { gone: 0, more: false } : this.#trimRaw(oldestMs + Math.max(60_000, spanMs * trimmedPart));
  }

  #trimRaw(beforeMs: number): { gone: number; more: boolean } {
    const { gone } = this.forget(beforeMs);
    return { gone, more: true };
  }

  #newestMs(): number {
    let newest = -Infinity;
    for (const { id, hot } of this.#byId.values()) newest = Math.max(newest, hot.count > 0 ? (hot.columns().times.at(-1) as number) : this.#lastSealed(id));
    return newest;
  }

  /** Deletes the raw points of a stretch. */
  clear(twin: string, property: string, fromMs: number, toMs: number): void {
    const series = this.#byName.get(twin)?.get(property);
    if (series === undefined) return;
    this.#prepare('DELETE FROM point WHERE series = ? AND time >= ? AND time < ?').run(series.id, within(fromMs), within(toMs));
    const { hot } = series;
    // Sealed first, so that the log does not bring it back.
    if (hot.count > 0) {
      const { times } = hot.columns();
      if ((times[0] as number) < toMs && (times.at(-1) as number) >= fromMs) this.#seal(series);
    }
    for (const row of this.#chunks(series.id, fromMs, toMs)) {
      if (row.last < fromMs) continue;
      const chunk = this.#decoded(series, row);
      const [begin, end] = [placeOf(chunk.times, fromMs), placeOf(chunk.times, toMs)];
      if (begin === end) continue;
      this.#prepare('DELETE FROM chunk WHERE series = ? AND first = ?').run(series.id, row.first);
      const rest = joined(part(chunk, 0, begin), part(chunk, end, chunk.times.length), noColumns);
      if (rest.times.length > 0) this.#putChunk(series, rest);
    }
    hot.sealedMs = this.#lastSealed(series.id);
  }

  #forgetOf(series: Series, beforeMs: number): number {
    if (series.hot.count > 0) this.#seal(series);
    let gone = 0;
    const rows = this.#prepare('SELECT first, last, data, crc FROM chunk WHERE series = ? AND first < ? ORDER BY first LIMIT 200').all(series.id, beforeMs) as unknown as ChunkRow[];
    const kept: [number, HistorySummary][][] = tiers.map(() => []);
    for (const row of rows) {
      const chunk = this.#decoded(series, row);
      const cut = placeOf(chunk.times, beforeMs);
      const old = part(chunk, 0, cut);
      // What held from the last old point to the next one belongs to the old stretch.
      const following = this.#prepare('SELECT first FROM chunk WHERE series = ? AND first > ? ORDER BY first LIMIT 1').get(series.id, row.last) as { first: number } | undefined;
      const nextMs = chunk.times[cut] ?? following?.first;
      for (const [place, { stepMs }] of tiers.entries()) summarise(old, nextMs, stepMs, kept[place] as [number, HistorySummary][]);
      gone += old.times.length;
      this.#prepare('DELETE FROM chunk WHERE series = ? AND first = ?').run(series.id, row.first);
      if (cut < chunk.times.length) this.#putChunk(series, part(chunk, cut, chunk.times.length));
    }
    for (const [place, entries] of kept.entries()) this.#keepTier(series, place, entries);
    return gone;
  }

  #keepTier(series: Series, place: number, entries: readonly [startMs: number, summary: HistorySummary][]): void {
    const { blockMs, stepMs } = tiers[place] as (typeof tiers)[number];
    for (let index = 0; index < entries.length; ) {
      const block = Math.floor((entries[index] as [number, HistorySummary])[0] / blockMs) * blockMs;
      const summaries = new Map(this.#tier(series, stepMs, block));
      for (; index < entries.length; index++) {
        const [startMs, summary] = entries[index] as [number, HistorySummary];
        if (startMs >= block + blockMs) break;
        const known = summaries.get(startMs);
        if (known === undefined) summaries.set(startMs, summary);
        else addSummary(known, summary);
      }
      const data = packTier([...summaries].sort((a, b) => a[0] - b[0]));
      this.#prepare('INSERT OR REPLACE INTO tier (series, step, block, data, crc) VALUES (?, ?, ?, ?, ?)').run(series.id, stepMs, block, data, crc32(data));
    }
  }

  #tier(series: Series, stepMs: number, block: number): [number, HistorySummary][] {
    const row = this.#prepare('SELECT data, crc FROM tier WHERE series = ? AND step = ? AND block = ?').get(series.id, stepMs, block) as { data: Uint8Array; crc: number } | undefined;
    if (row === undefined) return [];
    try {
      if (crc32(row.data) !== row.crc) throw new RangeError('checksum');
      return unpackTier(row.data);
    } catch {
      this.#damaged(series, block, block + 1);
      return [];
    }
  }

  #addTiers(series: Series, buckets: Buckets, fromMs: number, toMs: number): void {
    const blocks = this.#prepare('SELECT block FROM tier WHERE series = ? AND step = ? AND block > ? AND block < ? ORDER BY block');
    const [minutes, hours] = tiers;
    const of = ({ stepMs, blockMs }: (typeof tiers)[number]): number[] => (blocks.all(series.id, stepMs, fromMs - blockMs, toMs) as unknown as { block: number }[]).map(({ block }) => block);
    const ofMinutes = of(minutes);
    // Minutes go earlier than hours; before the oldest that are left the hours tell.
    const first = this.#prepare('SELECT min(block) AS block FROM tier WHERE series = ? AND step = ?').get(series.id, minutes.stepMs) as { block: number | null };
    const minutesFromMs = first.block ?? Infinity;
    for (const block of of(hours)) {
      for (const [startMs, summary] of this.#tier(series, hours.stepMs, block)) if (startMs < minutesFromMs) buckets.addTier(startMs, hours.stepMs, summary);
    }
    for (const block of ofMinutes) for (const [startMs, summary] of this.#tier(series, minutes.stepMs, block)) buckets.addTier(startMs, minutes.stepMs, summary);
  }

  // --- sealing -------------------------------------------------------------------------------------------------

  #seal(series: Series): void {
    const { hot } = series;
    if (hot.count === 0) return;
    const isLate = hot.isLate;
    const all = hot.columns();
    let fresh = all;
    if (isLate) {
      const cut = placeOf(all.times, hot.sealedMs + 1);
      this.#mergeLate(series, part(all, 0, cut));
      fresh = part(all, cut, all.times.length);
    }
    if (fresh.times.length > 0) this.#append(series, fresh);
    this.#prepare('UPDATE series SET sealed = ? WHERE id = ?').run(this.#lastBatch, series.id);
    this.#hotPoints -= hot.count;
    hot.clear();
    this.#hot.delete(series);
    hot.sealedMs = this.#lastSealed(series.id);
  }

  #append(series: Series, fresh: SeriesColumns): void {
    let columns = fresh;
    const row = this.#prepare('SELECT first, last, count, data, crc FROM chunk WHERE series = ? ORDER BY first DESC LIMIT 1').get(series.id);
    if (row !== undefined && (row as { count: number }).count < chunkPoints) {
      const open = this.#decoded(series, row as unknown as ChunkRow);
      this.#prepare('DELETE FROM chunk WHERE series = ? AND first = ?').run(series.id, (row as { first: number }).first);
      columns = joined(open, fresh);
    }
    for (let start = 0; start < columns.times.length; start += chunkPoints) this.#putChunk(series, part(columns, start, Math.min(columns.times.length, start + chunkPoints)));
  }

  #mergeLate(series: Series, late: SeriesColumns): void {
    const before = this.#prepare('SELECT first, last, data, crc FROM chunk WHERE series = ? AND first <= ? ORDER BY first DESC LIMIT 1');
    const after = this.#prepare('SELECT first, last, data, crc FROM chunk WHERE series = ? AND first > ? ORDER BY first LIMIT 1');
    const remove = this.#prepare('DELETE FROM chunk WHERE series = ? AND first = ?');
    for (let index = 0; index < late.times.length; ) {
      const timeMs = late.times[index] as number;
      const row = (before.get(series.id, timeMs) ?? after.get(series.id, timeMs)) as unknown as ChunkRow | undefined;
      const next = row === undefined ? undefined : (after.get(series.id, Math.max(timeMs, row.first)) as unknown as ChunkRow | undefined);
      const end = next === undefined ? late.times.length : Math.max(index + 1, placeOf(late.times, next.first));
      const chunk = row === undefined ? noColumns : this.#decoded(series, row);
      if (row !== undefined) remove.run(series.id, row.first);
      const columns = merged(chunk, part(late, index, end));
      const pieces = Math.max(1, Math.ceil(columns.times.length / (1.5 * chunkPoints)));
      const size = Math.ceil(columns.times.length / pieces);
      for (let start = 0; start < columns.times.length; start += size) this.#putChunk(series, part(columns, start, Math.min(columns.times.length, start + size)));
      index = end;
    }
  }

  #putChunk(series: Series, columns: SeriesColumns): void {
    const data = encodeChunk(columns);
    this.#prepare('INSERT INTO chunk (series, first, last, count, summary, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      series.id, columns.times[0] as number, columns.times.at(-1) as number, columns.times.length, packSummary(summaryOf(columns)), data, crc32(data),
    );
  }

  /** An unreadable chunk is moved out of the way and told of; the rest answers. */
  #decoded(series: Series, row: ChunkRow, decode: (bytes: Uint8Array) => SeriesColumns = decodeChunk): SeriesColumns {
    try {
      if (crc32(row.data) !== row.crc) throw new RangeError('checksum');
      return decode(row.data);
    } catch {
      this.#prepare('INSERT OR REPLACE INTO damaged (series, first, last, data) VALUES (?, ?, ?, ?)').run(series.id, row.first, row.last, row.data);
      this.#prepare('DELETE FROM chunk WHERE series = ? AND first = ?').run(series.id, row.first);
      this.#damaged(series, row.first, row.last);
      return noColumns;
    }
  }

  #damaged({ twin, property }: Series, firstMs: number, lastMs: number): void {
    this.#problems.push(new Problem('TWIN_HISTORY_DAMAGED',
      `The history of ${twin}, ${property}, cannot be read from ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}; it is set aside.`,
      'Check the disk; the rest of the history is whole.', { twin, property, firstMs, lastMs }));
  }

  // --- series --------------------------------------------------------------------------------------------------

  #apply(batch: HistoryBatch, wanted: (series: Series) => boolean): void {
    for (const piece of batch) {
      if (piece.kind === 'rows') {
        const width = piece.properties.length;
        for (const [column, property] of piece.properties.entries()) {
          const series = this.#series(piece.twin, property);
          if (!wanted(series)) continue;
          const before = series.hot.count;
          for (let row = 0; row < piece.times.length; row++) {
            const value = piece.values[row * width + column] as number;
            if (value === value) series.hot.add(piece.times[row] as number, value, 0);
          }
          this.#grew(series, series.hot.count - before);
        }
        continue;
      }
      const found = piece.names.map(([twin, property]) => this.#series(twin, property));
      const accepted = found.map(wanted);
      const others = new Map(piece.others);
      for (let index = 0; index < piece.times.length; index++) {
        const number = piece.series[index] as number;
        if (accepted[number] !== true) continue;
        const series = found[number] as Series;
        const other = others.size === 0 ? undefined : others.get(index);
        series.hot.add(piece.times[index] as number, other === undefined ? (piece.values[index] as number) : other, piece.qualities[index] as number);
        this.#grew(series, 1);
      }
    }
  }

  #grew(series: Series, points: number): void {
    if (points === 0) return;
    this.#hot.add(series);
    this.#hotPoints += points;
  }

  /** With its late points in their places, so that chunks and hot points follow each other. */
  #settled(twin: string, property: string): Series | undefined {
    const series = this.#byName.get(twin)?.get(property);
    if (series?.hot.isLate === true) this.#seal(series);
    return series;
  }

  #series(twin: string, property: string): Series {
    const known = this.#byName.get(twin)?.get(property);
    if (known !== undefined) return known;
    const found = this.#prepare('SELECT id FROM series WHERE twin = ? AND property = ?').get(twin, property) as { id: number } | undefined;
    const id = found?.id ?? Number(this.#prepare('INSERT INTO series (twin, property) VALUES (?, ?)').run(twin, property).lastInsertRowid);
    return this.#know(id, twin, property);
  }

  #know(id: number, twin: string, property: string): Series {
    const series: Series = { id, twin, property, hot: new HotSeries(this.#lastSealed(id)) };
    let properties = this.#byName.get(twin);
    if (properties === undefined) {
      properties = new Map();
      this.#byName.set(twin, properties);
    }
    properties.set(property, series);
    this.#byId.set(id, series);
    return series;
  }

  #lastSealed(id: number): number {
    const row = this.#prepare('SELECT last FROM chunk WHERE series = ? ORDER BY first DESC LIMIT 1').get(id) as { last: number } | undefined;
    return row?.last ?? -Infinity;
  }

  #rawFrom(series: Series): number {
    const row = this.#prepare('SELECT min(first) AS first FROM chunk WHERE series = ?').get(series.id) as { first: number | null };
    return Math.min(row.first ?? Infinity, series.hot.firstMs);
  }

  #chunks(series: number, fromMs: number, toMs: number): ChunkRow[] {
    return this.#prepare(`SELECT first, last, data, crc FROM chunk WHERE series = ?1 AND first < ?3
      AND first >= coalesce((SELECT max(first) FROM chunk WHERE series = ?1 AND first <= ?2), ?2) ORDER BY first`).all(series, within(fromMs), within(toMs)) as unknown as ChunkRow[];
  }

  #oldColumns(series: Series, fromMs: number, toMs: number, limit: number): SeriesColumns {
    if (!this.#hasOldRows) return noColumns;
    const rows = this.#prepare('SELECT time, value, quality FROM point WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?');
    return columnsOf(rows.all(series.id, within(fromMs), within(toMs), Math.min(limit, Number.MAX_SAFE_INTEGER)) as unknown as OldRow[]);
  }

  /** The plain rows of an older store, some at a time; sealed in the same transaction as they go, for they stand in no log. */
  #takeOldRows(): void {
    const rows = this.#prepare('SELECT series, time, value, quality FROM point ORDER BY series, time LIMIT ?').all(oldRowsAtOnce) as unknown as OldRow[];
    const remove = this.#prepare('DELETE FROM point WHERE series = ? AND time = ?');
    for (let start = 0; start < rows.length; ) {
      const id = (rows[start] as OldRow).series;
      let end = start;
      while (end < rows.length && rows[end]?.series === id) end++;
      const some = rows.slice(start, end);
      const series = this.#byId.get(id);
      if (series !== undefined) {
        // Whatever has come since with the same time is newer.
        const all = merged(columnsOf(some), this.#newColumns(series, (some[0] as OldRow).time, (some.at(-1) as OldRow).time + 1, Infinity));
        if (series.hot.isLate) this.#seal(series);
        for (let index = 0; index < all.times.length; index++) series.hot.add(all.times[index] as number, all.values[index] as HistoryValue, all.qualities[index] as number);
        this.#grew(series, all.times.length);
        this.#seal(series);
      }
      for (const { time } of some) remove.run(id, time);
      start = end;
    }
    this.#hasOldRows = rows.length === oldRowsAtOnce;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What is left of old values: figures without the single value, so of no better quality than uncertain. */
function fromSummary(property: string, { count, minimum, maximum, integral, coveredMs, last, lastAtMs }: HistorySummary): ParameterThen {
  return { property, count, minimum, mean: coveredMs > 0 ? integral / coveredMs : last, maximum, value: last, timeMs: lastAtMs, quality: 'uncertain' };
}

interface OldRow {
  series: number;
  time: number;
  value: number | string | null;
  quality: number;
}

function columnsOf(rows: readonly OldRow[]): SeriesColumns {
  return {
    times: Float64Array.from(rows, ({ time }) => time),
    values: rows.map((row) => oldValue(row)),
    qualities: Uint8Array.from(rows, ({ quality }) => quality & 3),
  };
}

/** SQLite has whole numbers of 64 bits and no infinity. */
function within(timeMs: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(timeMs)));
}

function oldValue({ value, quality }: OldRow): HistoryValue {
  const kind = quality >> 2;
  if (kind === 1) return value === 1;
  return kind === 2 ? (JSON.parse(String(value)) as string) : value;
}

/** Steps of a tier, from points in time order. What holds over a step's end counts where it began. @param nextMs the next point's time */
function summarise(columns: SeriesColumns, nextMs: number | undefined, stepMs: number, into: [startMs: number, summary: HistorySummary][]): void {
  const { times } = columns;
  for (let place = 0; place < times.length; ) {
    const start = Math.floor((times[place] as number) / stepMs) * stepMs;
    const end = placeOf(times, start + stepMs);
    const { end: held, longestStepMs: _longest, ...summary } = summaryOf(part(columns, place, end));
    const untilMs = times[end] ?? nextMs;
    if (untilMs !== undefined && held === held) {
      const heldMs = untilMs - (times[end - 1] as number);
      summary.integral += held * heldMs;
      summary.coveredMs += heldMs;
    }
    const known = into.at(-1);
    if (known !== undefined && known[0] === start) addSummary(known[1], summary);
    else into.push([start, summary]);
    place = end;
  }
}

const tierFields = ['count', 'minimum', 'minimumAtMs', 'maximum', 'maximumAtMs', 'first', 'firstAtMs', 'last', 'lastAtMs', 'integral', 'coveredMs'] as const;

/** Column by column, each as a chunk: figures that follow each other are alike. A column like an earlier one is that one's place: where a step holds one point, most are. */
function packTier(entries: readonly [number, HistorySummary][]): Uint8Array {
  const times = Float64Array.from(entries, ([startMs]) => startMs);
  const qualities = new Uint8Array(entries.length);
  const columns: Uint8Array[] = [];
  const places = tierFields.map((field): Uint8Array | number => {
    const column = encodeChunk({ times, values: Float64Array.from(entries, ([, summary]) => summary[field]), qualities });
    const same = columns.findIndex((known) => Buffer.compare(known, column) === 0);
    columns.push(column);
    return same < 0 ? column : same;
  });
  return serialize(places);
}

function unpackTier(data: Uint8Array): [number, HistorySummary][] {
  const columns: SeriesColumns[] = [];
  for (const packed of deserialize(data) as (Uint8Array | number)[]) columns.push(typeof packed === 'number' ? (columns[packed] ?? noColumns) : decodeChunk(packed));
  const times = columns[0]?.times ?? noColumns.times;
  return Array.from(times, (startMs, index): [number, HistorySummary] => {
    const summary = emptySummary();
    for (const [place, field] of tierFields.entries()) summary[field] = columns[place]?.values[index] as number;
    return [startMs, summary];
  });
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
