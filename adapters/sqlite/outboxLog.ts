import { closeSync, copyFileSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync, readSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mostRejected } from '../../engine/ports.ts';
import type { OutboxDepth, OutboxGap, OutboxRecord, RejectedRecord } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { frameHeaderBytes, frameOf, mostContentBytes, readFrames, sealFrame } from './logFrame.ts';
import { NumberRanges } from './numberRanges.ts';

/** A file of the log is closed at about this size and deleted when all of it is settled. */
const segmentBytes = 2 * 1024 * 1024;
/** What `pending` reads at most at once. */
const mostReadBytes = 8 * 1024 * 1024;
/** Files whose content stays in memory: where the oldest records are, where the newest are, and one between. */
const mostViews = 3;
const mostGaps = 1000;
/** Refused records stay in memory, too. */
const mostRejectedBytes = 32 * 1024 * 1024;
const cursorEveryMs = 100;
const cursorSlotBytes = 4096;
const recordHeadBytes = 20;

const kinds = { record: 1, footer: 2, rejected: 3, gap: 4, removal: 5, cursor: 6 } as const;

export interface OutboxAddition {
  target: string;
  idempotencyKey: string;
  body: string;
  acceptedMs: number;
}

/** One file: the records `first` … `last`. Its name tells the first one, so that no flipped byte can. */
interface Segment {
  path: string;
  first: number;
  last: number;
  bytes: number;
  /** What of it is not settled yet. */
  openRecords: number;
  openBytes: number;
}

/** The file that is written to, and what of it is not accepted yet. */
interface Active {
  segment: Segment;
  handle: FileHandle;
  written: { at: number; sequence: number; bytes: number }[];
}

interface View {
  buffer: Buffer;
  length: number;
  sequences: number[];
  /** Whether it was compared with what the file must hold. */
  isCounted: boolean;
  /** Places of the contents in the buffer, start and end by turns. */
  places: number[];
}

const namePattern = /^outbox-(.*)\.(?:(\d{16})\.log|cursor|aside)$/;

/** The targets that have a log in the folder, from the names in it. */
export function targetsAmong(names: readonly string[]): string[] {
  const found = new Set<string>();
  for (const name of names) {
    const match = namePattern.exec(name);
    if (match === null) continue;
    try {
      found.add(decodeURIComponent(match[1] ?? ''));
    } catch {
      // A name that is none of ours.
    }
  }
  return [...found].sort();
}

/** Whether a file of a site's folder belongs to its outbox. */
export function isOutboxFile(name: string): boolean {
  return namePattern.test(name);
}

function fileStem(folder: string, target: string): string {
  const name = encodeURIComponent(target.replace(/\p{Surrogate}/gu, '\uFFFD')).replaceAll('*', '%2A');
  if (name.length > 180) {
    throw new Problem('TWIN_OUTBOX_TARGET', `The name ${name.slice(0, 40)}… is too long for an outbox.`, 'Report this with the log around it.');
  }
  return join(folder, `outbox-${name}`);
}

/**
 * What waits for one target: a log of checksummed records in numbered files. Accepting is one write behind the end; settling is a range
 * in memory, written down now and then (what a stop makes it forget is delivered twice, never lost); a file goes when all of it is
 * settled. What the target refused and what was given up stands in a second, small log.
 *
 * Sequences ascend by one, so that what is settled is a few ranges, and what a damaged file lacks is known exactly.
 * Opening blocks for some milliseconds; everything else is asynchronous and one after the other.
 */
export class OutboxLog {
  readonly target: string;
  readonly #folder: string;
  readonly #stem: string;
  readonly #found: (problem: Problem) => void;
  /** Another process may be writing: nothing is changed. */
  readonly #onlyLooks: boolean;
  #segments: Segment[] = [];
  #views = new Map<Segment, View>();
  #active: Active | undefined;
  #settled = new NumberRanges();
  #next = 1;
  /** The last sequence that is accepted. */
  #accepted = 0;
  #records = 0;
  #bytes = 0;
  #rejected = new Map<number, RejectedRecord>();
  #rejectedBytes = 0;
  #gaps: OutboxGap[] = [];
  /** Gaps that could not be written yet, the disk being full. */
  #unwritten: Buffer[] = [];
  #asideBytes = 0;
  #asideLiveBytes = 0;
  #cursorGeneration = 0;
  #cursorTimer: NodeJS.Timeout | undefined;
  #cursorDirty = false;
  #folderDirty = false;
  #unsynced = false;
  #lastRead: Promise<unknown> = Promise.resolve();
  #lastWrite: Promise<unknown> = Promise.resolve();

  /** Opens what there is; a torn end is cut, what is damaged is copied aside and told. */
  constructor(folder: string, target: string, names: readonly string[], found: (problem: Problem) => void, { onlyLooks = false } = {}) {
    this.target = target;
    this.#onlyLooks = onlyLooks;
    this.#folder = folder;
    this.#stem = fileStem(folder, target);
    this.#found = found;
    this.#readCursor();
    this.#readAside();
    this.#readSegments(names);
  }

  // --- opening ---------------------------------------------------------------------------------------------------

  #readCursor(): void {
    const path = `${this.#stem}.cursor`;
    if (!existsSync(path)) return;
    const bytes = readFileSync(path);
    for (let slot = 0; slot < 2; slot += 1) {
      const part = bytes.subarray(slot * cursorSlotBytes, (slot + 1) * cursorSlotBytes);
      readFrames(part, 0, seedOf(0), (kind, start, end) => {
        const cursor = parsed(kind, kinds.cursor, part, start, end) as { generation: number; settled: [number, number][] } | undefined;
        if (cursor === undefined || cursor.generation < this.#cursorGeneration) return;
        this.#cursorGeneration = cursor.generation;
        this.#settled = new NumberRanges(cursor.settled);
      });
    }
  }

  #readAside(): void {
    const path = `${this.#stem}.aside`;
    if (!existsSync(path)) return;
    const bytes = readFileSync(path);
    const { end, damaged } = readFrames(bytes, 0, seedOf(0), (kind, start, frameEnd) => {
      const content = parsed(kind, kind, bytes, start, frameEnd) as Record<string, unknown> | undefined;
      if (content === undefined) return;
      if (kind === kinds.rejected) {
        const record = content as unknown as RejectedRecord;
        this.#keepRejected(record, frameEnd - start);
        this.#settled.add(record.sequence);
      } else if (kind === kinds.gap) {
        const { gap, settled } = content as unknown as { gap: OutboxGap; settled: [number, number][] };
        this.#keepGap(gap);
        for (const [first, last] of settled) this.#settled.add(first, last);
      } else if (kind === kinds.removal) {
        for (const sequence of (content['sequences'] as number[] | undefined) ?? []) this.#forgetRejected(sequence);
      }
    });
    this.#asideBytes = end;
    if (damaged > 0) this.#damage(path);
  }

  #readSegments(names: readonly string[]): void {
    const stem = basename(this.#stem);
    const firsts = names.flatMap((name) => (name.startsWith(`${stem}.`) && name.endsWith('.log') ? [Number(name.slice(stem.length + 1, -4))] : []));
    firsts.sort((a, b) => a - b);
    // What lies in front of the first file was settled, or is gone.
    const [first] = firsts;
    if (first !== undefined) this.#settled.add(1, first - 1);
    for (const [index, from] of firsts.entries()) {
      const path = this.#segmentPath(from);
      const { size } = statSync(path);
      const next = firsts[index + 1];
      if (next === undefined && size > 0) this.#next = Math.max(this.#next, from);
      const segment: Segment = { path, first: from, last: next === undefined ? Infinity : next - 1, bytes: size, openRecords: 0, openBytes: 0 };
      const settled = this.#settled.count(segment.first, segment.last);
      const footer = next === undefined || settled > 0 ? undefined : readFooter(path, size, from);
      if (next !== undefined && settled === next - from) this.#delete(path);
      else if (footer !== undefined && footer.records === segment.last - from + 1) {
        this.#segments.push({ ...segment, openRecords: footer.records, openBytes: footer.bodyBytes });
        this.#records += footer.records;
        this.#bytes += footer.bodyBytes;
      } else this.#scan(segment, readFileSync(path), next === undefined);
    }
    const afterSegments = (this.#segments.at(-1)?.last ?? 0) + 1;
    this.#next = Math.max(this.#next, afterSegments, (this.#settled.last ?? 0) + 1, ...[...this.#rejected.keys()].map((sequence) => sequence + 1));
    this.#settled.add(1, (this.#segments[0]?.first ?? this.#next) - 1);
    this.#accepted = this.#next - 1;
  }

  #scan(segment: Segment, bytes: Buffer, isLast: boolean): void {
    const view = emptyView(bytes);
    const { end, damaged } = this.#readInto(view, segment, bytes.length);
    // The end may be a write that was cut; anything else that cannot be read is damage.
    if (damaged > 0 || !isCut(bytes.subarray(end))) this.#damage(segment.path);
    if (isLast) segment.last = view.sequences.at(-1) ?? segment.first - 1;
    this.#segments.push(segment);
    this.#countLost(segment, view);
    this.#records += segment.openRecords;
    this.#bytes += segment.openBytes;
    if (segment.openRecords === 0) {
      this.#segments.pop();
      this.#delete(segment.path);
      this.#settled.add(segment.first, segment.last);
      this.#next = Math.max(this.#next, segment.last + 1);
    }
  }

  #delete(path: string): void {
    if (!this.#onlyLooks) rmSync(path, { force: true });
  }

  /** What `depth` tells, for a look at the files. Blocking. */
  depthAtOnce(): OutboxDepth {
    const depth = { records: this.#records, bytes: this.#bytes, setAside: this.#rejected.size };
    const oldest = this.#segments.find(({ openRecords }) => openRecords > 0);
    if (oldest === undefined) return depth;
    const view = emptyView(readFileSync(oldest.path));
    this.#readInto(view, oldest, view.buffer.length);
    const at = view.sequences.findIndex((sequence) => !this.#settled.has(sequence));
    return at < 0 ? depth : { ...depth, oldestMs: view.buffer.readDoubleLE((view.places[2 * at] as number) + 8) };
  }

  /** Keeps what is damaged for whoever wants to look at it, once. */
  #damage(path: string): void {
    if (readdirSync(this.#folder).some((name) => name.startsWith(`${basename(path)}.damaged-`))) return;
    const aside = `${path}.damaged-${new Date().toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '')}`;
    try {
      if (!this.#onlyLooks) copyFileSync(path, aside);
    } catch {
      // The disk is full, for instance: what is whole counts more.
    }
    this.#found(new Problem('TWIN_STORE_DAMAGED', `Parts of ${basename(path)} in ${this.#folder} were damaged; the file is kept as ${basename(aside)}, every whole record goes on.`,
      'Check the disk.', { file: path, aside }));
  }

  // --- accepting -------------------------------------------------------------------------------------------------

  /** Writes records behind the end. Not on disk before `sync`; `takeBack` undoes it until then. */
  append(additions: readonly OutboxAddition[]): Promise<number[]> {
    return this.#write(async () => {
      const active = await this.#writable();
      const { segment, handle } = active;
      const first = this.#next;
      const { buffer, bodyBytes } = encode(additions, first, seedOf(segment.first));
      active.written.push({ at: segment.bytes, sequence: first, bytes: bodyBytes });
      await writeAll(handle, buffer, segment.bytes);
      this.#unsynced = true;
      segment.bytes += buffer.length;
      this.#next = first + additions.length;
      segment.last = this.#next - 1;
      segment.openRecords += additions.length;
      segment.openBytes += bodyBytes;
      this.#records += additions.length;
      this.#bytes += bodyBytes;
      return additions.map((_, index) => first + index);
    });
  }

  /** After a write or a sync that failed: as if nothing had been appended since the last `keep`. */
  takeBack(): Promise<void> {
    return this.#write(async () => {
      const active = this.#active;
      const [first] = active?.written ?? [];
      if (active === undefined || first === undefined) return;
      const { segment } = active;
      const count = this.#next - first.sequence;
      if (count > 0) {
        const bytes = active.written.reduce((sum, one) => sum + one.bytes, 0);
        segment.openRecords -= count;
        segment.openBytes -= bytes;
        this.#records -= count;
        this.#bytes -= bytes;
      }
      segment.bytes = first.at;
      // The next record goes into a new file, so that nothing that may still lie behind this end is ever taken for one.
      segment.last = first.sequence - 1;
      this.#next = first.sequence;
      this.#views.delete(segment);
      this.#active = undefined;
      await active.handle.truncate(first.at).catch(() => undefined);
      await active.handle.close().catch(() => undefined);
      if (segment.bytes === 0) {
        this.#segments = this.#segments.filter((one) => one !== segment);
        rmSync(segment.path, { force: true });
      }
    });
  }

  /** What was appended is accepted. Only now it is handed out: what is taken back must never have been delivered under its sequence. */
  keep(): void {
    if (this.#active !== undefined) this.#active.written = [];
    this.#accepted = this.#next - 1;
  }

  /** On disk when it resolves. */
  sync(): Promise<void> {
    return this.#write(() => this.#sync());
  }

  async #sync(): Promise<void> {
    if (this.#unsynced && this.#active !== undefined) {
      await this.#active.handle.datasync();
      this.#unsynced = false;
    }
    if (this.#folderDirty) {
      await syncFolder(this.#folder);
      this.#folderDirty = false;
    }
  }

  async #writable(): Promise<Active> {
    if (this.#active !== undefined && this.#active.segment.bytes >= segmentBytes && this.#active.written.length === 0) await this.#finishActive();
    if (this.#active !== undefined) return this.#active;
    const first = this.#next;
    const path = this.#segmentPath(first);
    const handle = await open(path, 'w+', 0o600);
    this.#folderDirty = true;
    const segment: Segment = { path, first, last: first - 1, bytes: 0, openRecords: 0, openBytes: 0 };
    this.#segments.push(segment);
    return (this.#active = { segment, handle, written: [] });
  }

  /** Ends the file with its totals, so that the next start need not read it. */
  async #finishActive(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    const { segment, handle } = active;
    if (this.#unsynced) await this.#sync();
    this.#active = undefined;
    if (segment.openRecords === segment.last - segment.first + 1) {
      const footer = footerOf(segment);
      try {
        await writeAll(handle, footer, segment.bytes);
        segment.bytes += footer.length;
      } catch {
        // Without it the next start reads the file.
        await handle.truncate(segment.bytes).catch(() => undefined);
      }
    }
    await handle.close();
    if (segment.openRecords === 0) this.#remove(segment);
  }

  // --- reading ---------------------------------------------------------------------------------------------------

  /** The oldest records that are not settled, with a sequence above `after`; some megabytes of them at most. */
  pending(limit: number, after = 0): Promise<OutboxRecord[]> {
    return this.#read(async () => {
      const records: OutboxRecord[] = [];
      let bytes = 0;
      for (const segment of [...this.#segments]) {
        if (segment.last <= after || segment.openRecords === 0) continue;
        const view = await this.#view(segment);
        for (let at = placeAbove(view.sequences, after); at < view.sequences.length; at += 1) {
          const sequence = view.sequences[at] as number;
          const settledTo = this.#settled.endOf(sequence);
          if (settledTo !== undefined) {
            at = placeAbove(view.sequences, settledTo) - 1;
            continue;
          }
          if (records.length >= limit || bytes > mostReadBytes || sequence > this.#accepted) return records;
          records.push(recordAt(view, at, this.target));
          bytes += (view.places[2 * at + 1] as number) - (view.places[2 * at] as number);
        }
      }
      return records;
    });
  }

  depth(): Promise<OutboxDepth> {
    return this.#read(async () => {
      let oldestMs: number | undefined;
      for (const segment of [...this.#segments]) {
        if (oldestMs !== undefined || segment.openRecords === 0) continue;
        const view = await this.#view(segment);
        for (let at = 0; at < view.sequences.length && oldestMs === undefined; at += 1) {
          const sequence = view.sequences[at] as number;
          const settledTo = this.#settled.endOf(sequence);
          if (settledTo === undefined) oldestMs = view.buffer.readDoubleLE((view.places[2 * at] as number) + 8);
          else at = placeAbove(view.sequences, settledTo) - 1;
        }
      }
      return { records: this.#records, bytes: this.#bytes, ...(oldestMs !== undefined && { oldestMs }), setAside: this.#rejected.size };
    });
  }

  async #view(segment: Segment): Promise<View> {
    const { bytes } = segment;
    let known = this.#views.get(segment);
    if (known?.length === bytes && (known.isCounted || segment === this.#active?.segment)) return known;
    if (known !== undefined && known.length > bytes) known = undefined;
    const view = known ?? emptyView(Buffer.allocUnsafe(0));
    let buffer = view.buffer;
    if (buffer.length < bytes) {
      buffer = Buffer.allocUnsafe(segment === this.#active?.segment ? Math.max(bytes, Math.min(segmentBytes, 2 * bytes)) : bytes);
      view.buffer.copy(buffer, 0, 0, view.length);
    }
    let isThere = true;
    try {
      const handle = await open(segment.path, 'r');
      try {
        for (let at = view.length; at < bytes; ) {
          const { bytesRead } = await handle.read(buffer, at, bytes - at, at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
      } finally {
        await handle.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      isThere = false;
    }
    view.buffer = buffer;
    if (isThere) {
      const { damaged, end } = this.#readInto(view, segment, bytes);
      if (damaged > 0 || !isCut(buffer.subarray(end, bytes))) this.#damage(segment.path);
    }
    view.length = bytes;
    if (this.#segments.includes(segment)) {
      this.#views.delete(segment);
      this.#views.set(segment, view);
      for (const old of this.#views.keys()) if (this.#views.size > mostViews) this.#views.delete(old);
      // Not while it grows: what was appended since the reading began is not in the view, though the file may be full by now.
      if (segment !== this.#active?.segment && segment.bytes === bytes && !view.isCounted) {
        view.isCounted = true;
        if (view.sequences.length !== segment.last - segment.first + 1) this.#recount(segment, view);
      }
    }
    return view;
  }

  /** Reads from where the view ends. Only records that belong into this file count, each once. */
  #readInto(view: View, segment: Segment, to: number): { end: number; damaged: number } {
    const bytes = view.buffer.subarray(0, to);
    return readFrames(bytes, view.length, seedOf(segment.first), (kind, start, end) => {
      if (kind !== kinds.record || end - start < recordHeadBytes) return;
      const sequence = bytes.readDoubleLE(start);
      if (!(sequence > (view.sequences.at(-1) ?? segment.first - 1)) || sequence > segment.last) return;
      view.sequences.push(sequence);
      view.places.push(start, end);
    });
  }

  /** A file that lacks records: they are counted, dated and given up. */
  #recount(segment: Segment, view: View): void {
    const { openRecords, openBytes } = segment;
    this.#countLost(segment, view);
    this.#records += segment.openRecords - openRecords;
    this.#bytes += segment.openBytes - openBytes;
  }

  #countLost(segment: Segment, view: View): void {
    const nowMs = Date.now();
    const lost = new NumberRanges();
    let records = 0;
    let expected = segment.first;
    const miss = (to: number): void => {
      for (let from = expected; from <= to; ) {
        const settledTo = this.#settled.endOf(from);
        if (settledTo !== undefined) {
          from = settledTo + 1;
          continue;
        }
        lost.add(from);
        records += 1;
        from += 1;
      }
    };
    segment.openRecords = 0;
    segment.openBytes = 0;
    for (const [at, sequence] of view.sequences.entries()) {
      miss(sequence - 1);
      expected = sequence + 1;
      if (this.#settled.has(sequence)) continue;
      segment.openRecords += 1;
      segment.openBytes += bodyBytesAt(view, at);
    }
    if (Number.isFinite(segment.last)) miss(segment.last);
    if (records === 0) return;
    const times = view.sequences.map((_, at) => view.buffer.readDoubleLE((view.places[2 * at] as number) + 8));
    const gap: OutboxGap = {
      target: this.target, records, bytes: 0, fromMs: times[0] ?? nowMs, toMs: times.at(-1) ?? nowMs, reason: 'It could not be read any more.', droppedMs: nowMs,
    };
    for (const [first, last] of lost.ranges) this.#settled.add(first, last);
    this.#keepGap(gap);
    this.#unwritten.push(frameOf(kinds.gap, JSON.stringify({ gap, settled: lost.ranges }), seedOf(0)));
    this.#markCursor();
  }

  // --- settling --------------------------------------------------------------------------------------------------

  confirm(sequences: readonly number[]): Promise<void> {
    return this.#read(async () => {
      this.#settle(await this.#find(sequences));
    });
  }

  setAside(sequences: readonly number[], reason: string, atMs: number): Promise<void> {
    return this.#read(async () => {
      const found = await this.#find(sequences);
      if (found.length === 0) return;
      const rejected = found.map(({ view, at }): RejectedRecord => ({ ...recordAt(view, at, this.target), reason, rejectedMs: atMs }));
      const frames = rejected.map((record) => frameOf(kinds.rejected, JSON.stringify(record), seedOf(0)));
      await this.#writeAside(frames);
      for (const [index, record] of rejected.entries()) this.#keepRejected(record, (frames[index] as Buffer).length);
      this.#settle(found);
      await this.#trimRejected(atMs);
    });
  }

  drop(sequences: readonly number[], reason: string, atMs: number): Promise<void> {
    return this.#read(async () => {
      const found = await this.#find(sequences);
      if (found.length === 0) return;
      const gap: OutboxGap = { target: this.target, records: found.length, bytes: 0, fromMs: Infinity, toMs: -Infinity, reason, droppedMs: atMs };
      const settled = new NumberRanges();
      for (const { sequence, view, at } of found) {
        const acceptedMs = view.buffer.readDoubleLE((view.places[2 * at] as number) + 8);
        gap.bytes += bodyBytesAt(view, at);
        gap.fromMs = Math.min(gap.fromMs, acceptedMs);
        gap.toMs = Math.max(gap.toMs, acceptedMs);
        settled.add(sequence);
      }
      // Before its gap is on disk: room is made also where the disk is full. A stop between the two delivers what was given up, after all.
      this.#settle(found);
      await this.#addGap(gap, settled.ranges);
    });
  }

  /** Something that was never accepted, and what became of it. */
  leaveGap(gap: OutboxGap): Promise<void> {
    return this.#read(() => this.#addGap(gap, []));
  }

  async #addGap(gap: OutboxGap, settled: readonly (readonly [number, number])[]): Promise<void> {
    this.#keepGap(gap);
    this.#unwritten.push(frameOf(kinds.gap, JSON.stringify({ gap, settled }), seedOf(0)));
    await this.#writeAside([]).catch(() => undefined);
  }

  async #find(sequences: readonly number[]): Promise<{ sequence: number; segment: Segment; view: View; at: number }[]> {
    const found: { sequence: number; segment: Segment; view: View; at: number }[] = [];
    const wanted = [...new Set(sequences)].filter((sequence) => !this.#settled.has(sequence)).sort((a, b) => a - b);
    const segments = [...this.#segments];
    let index = 0;
    for (const sequence of wanted) {
      while (index < segments.length && (segments[index] as Segment).last < sequence) index += 1;
      const segment = segments[index];
      if (segment === undefined) break;
      if (segment.first > sequence) continue;
      const view = await this.#view(segment);
      const at = placeAbove(view.sequences, sequence - 1);
      if (view.sequences[at] === sequence) found.push({ sequence, segment, view, at });
    }
    return found;
  }

  #settle(found: readonly { sequence: number; segment: Segment; view: View; at: number }[]): void {
    const touched = new Set<Segment>();
    for (const { sequence, segment, view, at } of found) {
      const bytes = bodyBytesAt(view, at);
      this.#settled.add(sequence);
      segment.openRecords -= 1;
      segment.openBytes -= bytes;
      this.#records -= 1;
      this.#bytes -= bytes;
      touched.add(segment);
    }
    for (const segment of touched) if (segment.openRecords === 0 && segment !== this.#active?.segment) this.#remove(segment);
    if (found.length > 0) this.#markCursor();
  }

  #remove(segment: Segment): void {
    this.#segments = this.#segments.filter((one) => one !== segment);
    this.#views.delete(segment);
    this.#settled.add(segment.first, segment.last);
    rmSync(segment.path, { force: true });
  }

  #markCursor(): void {
    this.#cursorDirty = true;
    this.#cursorTimer ??= setTimeout(() => {
      this.#cursorTimer = undefined;
      void this.#write(() => this.#writeCursor()).catch(() => undefined);
    }, cursorEveryMs).unref();
  }

  /** In place, two slots by turns: it needs no room on a full disk, and one of them is always whole. Lost with the power, it costs a repetition. */
  async #writeCursor(): Promise<void> {
    if (!this.#cursorDirty) return;
    this.#cursorDirty = false;
    this.#cursorGeneration += 1;
    let settled = this.#settled.ranges.slice(0, 100);
    let frame = frameOf(kinds.cursor, JSON.stringify({ generation: this.#cursorGeneration, settled }), seedOf(0));
    while (frame.length > cursorSlotBytes) {
      settled = settled.slice(0, settled.length >> 1);
      frame = frameOf(kinds.cursor, JSON.stringify({ generation: this.#cursorGeneration, settled }), seedOf(0));
    }
    const path = `${this.#stem}.cursor`;
    const handle = await open(path, existsSync(path) ? 'r+' : 'w+', 0o600);
    try {
      await writeAll(handle, frame, (this.#cursorGeneration % 2) * cursorSlotBytes);
    } finally {
      await handle.close();
    }
  }

  // --- what was refused, and what was given up -------------------------------------------------------------------

  gaps(): OutboxGap[] {
    return this.#gaps.map((gap) => ({ ...gap }));
  }

  rejected(limit: number): RejectedRecord[] {
    const found: RejectedRecord[] = [];
    for (const record of this.#rejected.values()) {
      if (found.length >= limit) break;
      found.push({ ...record });
    }
    return found;
  }

  /** Those of the sequences that stand aside, oldest first. */
  rejectedAmong(sequences: readonly number[]): RejectedRecord[] {
    return [...new Set(sequences)].sort((a, b) => a - b).flatMap((sequence) => this.#rejected.get(sequence) ?? []);
  }

  discard(sequences: readonly number[]): Promise<void> {
    return this.#read(async () => {
      const known = sequences.filter((sequence) => this.#rejected.has(sequence));
      if (known.length === 0) return;
      await this.#writeAside([frameOf(kinds.removal, JSON.stringify({ sequences: known }), seedOf(0))]);
      for (const sequence of known) this.#forgetRejected(sequence);
      await this.#compactAside();
    });
  }

  #keepRejected(record: RejectedRecord, bytes: number): void {
    if (this.#rejected.has(record.sequence)) return;
    this.#rejected.set(record.sequence, record);
    this.#rejectedBytes += record.body.length;
    this.#asideLiveBytes += bytes;
  }

  #forgetRejected(sequence: number): void {
    const record = this.#rejected.get(sequence);
    if (record === undefined) return;
    this.#rejected.delete(sequence);
    this.#rejectedBytes -= record.body.length;
    this.#asideLiveBytes -= record.body.length;
  }

  #keepGap(gap: OutboxGap): void {
    this.#gaps.push(gap);
    if (this.#gaps.length > mostGaps) this.#gaps.splice(0, this.#gaps.length - mostGaps);
  }

  /** A target that refuses everything must neither fill the disk nor the memory. */
  async #trimRejected(atMs: number): Promise<void> {
    const gone: RejectedRecord[] = [];
    let bytes = this.#rejectedBytes;
    for (const record of this.#rejected.values()) {
      if (this.#rejected.size - gone.length <= mostRejected && bytes <= mostRejectedBytes) break;
      gone.push(record);
      bytes -= record.body.length;
    }
    if (gone.length === 0) return;
    const gap: OutboxGap = { target: this.target, records: gone.length, bytes: 0, fromMs: Infinity, toMs: -Infinity, reason: 'More was refused than is kept.', droppedMs: atMs };
    for (const { body, acceptedMs, sequence } of gone) {
      gap.bytes += Buffer.byteLength(body);
      gap.fromMs = Math.min(gap.fromMs, acceptedMs);
      gap.toMs = Math.max(gap.toMs, acceptedMs);
      this.#forgetRejected(sequence);
    }
    this.#unwritten.push(frameOf(kinds.removal, JSON.stringify({ sequences: gone.map(({ sequence }) => sequence) }), seedOf(0)));
    await this.#addGap(gap, []);
    await this.#compactAside();
  }

  /** Appends to the second log, what could not be written before first, and syncs it. */
  async #writeAside(frames: readonly Buffer[]): Promise<void> {
    const all = Buffer.concat([...this.#unwritten, ...frames]);
    if (all.length === 0) return;
    const path = `${this.#stem}.aside`;
    const isNew = !existsSync(path);
    const handle = await open(path, isNew ? 'w+' : 'r+', 0o600);
    try {
      await writeAll(handle, all, this.#asideBytes);
      await handle.datasync();
      this.#asideBytes += all.length;
      this.#unwritten = [];
    } catch (error) {
      await handle.truncate(this.#asideBytes).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
    if (isNew) await syncFolder(this.#folder);
  }

  /** Written anew, and exchanged in one step, when most of it is past. */
  async #compactAside(): Promise<void> {
    if (this.#asideBytes < 1024 * 1024 + 2 * this.#asideLiveBytes) return;
    const seed = seedOf(0);
    const bytes = Buffer.concat([
      ...this.#gaps.map((gap) => frameOf(kinds.gap, JSON.stringify({ gap, settled: [] }), seed)),
      ...[...this.#rejected.values()].map((record) => frameOf(kinds.rejected, JSON.stringify(record), seed)),
    ]);
    const path = `${this.#stem}.aside`;
    const part = `${this.#stem}.part`;
    try {
      const handle = await open(part, 'w', 0o600);
      try {
        await writeAll(handle, bytes, 0);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      // What the gaps settled must be known without them.
      this.#cursorDirty = true;
      await this.#writeCursor();
      renameSync(part, path);
      await syncFolder(this.#folder);
      this.#asideBytes = bytes.length;
      this.#asideLiveBytes = bytes.length;
    } catch {
      // No room for a second one: the long one stays.
      rmSync(part, { force: true });
    }
  }

  // --- the end ---------------------------------------------------------------------------------------------------

  async close(): Promise<void> {
    await this.#read(async () => this.#writeAside([])).catch(() => undefined);
    await this.#write(async () => {
      clearTimeout(this.#cursorTimer);
      this.#cursorTimer = undefined;
      if (this.#active?.segment.bytes === 0) {
        await this.#active.handle.close();
        this.#remove(this.#active.segment);
        this.#active = undefined;
      }
      await this.#finishActive().catch(() => undefined);
      this.#cursorDirty ||= this.#cursorGeneration > 0;
      await this.#writeCursor().catch(() => undefined);
    });
  }

  /** Deletes everything of this target. */
  removeAll(): Promise<void> {
    return this.#read(() => this.#write(async () => {
      clearTimeout(this.#cursorTimer);
      this.#cursorTimer = undefined;
      await this.#active?.handle.close();
      this.#active = undefined;
      for (const segment of this.#segments) rmSync(segment.path, { force: true });
      for (const suffix of ['cursor', 'aside']) rmSync(`${this.#stem}.${suffix}`, { force: true });
      this.#segments = [];
      this.#views.clear();
      this.#settled = new NumberRanges([[1, this.#next - 1]]);
      this.#records = 0;
      this.#bytes = 0;
      this.#rejected.clear();
      this.#rejectedBytes = 0;
      this.#gaps = [];
      this.#unwritten = [];
      this.#asideBytes = 0;
      this.#asideLiveBytes = 0;
      this.#cursorGeneration = 0;
      this.#cursorDirty = false;
    }));
  }

  #segmentPath(first: number): string {
    return `${this.#stem}.${String(first).padStart(16, '0')}.log`;
  }

  /** Reading and settling, one after the other. */
  #read<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastRead.then(work);
    this.#lastRead = result.catch(() => undefined);
    return result;
  }

  /** Writing and syncing the log of records, one after the other; reading need not wait for the disk. */
  #write<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(work);
    this.#lastWrite = result.catch(() => undefined);
    return result;
  }
}

function emptyView(buffer: Buffer): View {
  return { buffer, length: 0, sequences: [], isCounted: false, places: [] };
}

/** A frame of one file is none in another. */
function seedOf(first: number): number {
  return (Math.imul(first % 0x100000000, 0x9e3779b1) ^ 0x5477) >>> 0;
}

function encode(additions: readonly OutboxAddition[], first: number, seed: number): { buffer: Buffer; bodyBytes: number } {
  let bytes = 0;
  for (const { idempotencyKey, body } of additions) bytes += frameHeaderBytes + recordHeadBytes + 3 * (idempotencyKey.length + body.length);
  const buffer = Buffer.allocUnsafe(bytes);
  let bodyBytes = 0;
  let at = 0;
  for (const [index, { idempotencyKey, body, acceptedMs }] of additions.entries()) {
    const start = at + frameHeaderBytes;
    const keyBytes = buffer.write(idempotencyKey, start + recordHeadBytes);
    const written = buffer.write(body, start + recordHeadBytes + keyBytes);
    const contentBytes = recordHeadBytes + keyBytes + written;
    if (contentBytes > mostContentBytes) {
      throw new Problem('TWIN_OUTBOX_RECORD', `A record of ${written} bytes is too large for the outbox.`, 'Send it in parts.', { bytes: written });
    }
    buffer.writeDoubleLE(first + index, start);
    buffer.writeDoubleLE(acceptedMs, start + 8);
    buffer.writeUInt32LE(keyBytes, start + 16);
    sealFrame(buffer, at, contentBytes, kinds.record, seed);
    at = start + contentBytes;
    bodyBytes += written;
  }
  return { buffer: buffer.subarray(0, at), bodyBytes };
}

function recordAt({ buffer, places, sequences }: View, at: number, target: string): OutboxRecord {
  const start = places[2 * at] as number;
  const bodyStart = start + recordHeadBytes + buffer.readUInt32LE(start + 16);
  return {
    sequence: sequences[at] as number,
    target,
    idempotencyKey: buffer.toString('utf8', start + recordHeadBytes, bodyStart),
    body: buffer.toString('utf8', bodyStart, places[2 * at + 1]),
    acceptedMs: buffer.readDoubleLE(start + 8),
  };
}

function bodyBytesAt({ buffer, places }: View, at: number): number {
  const start = places[2 * at] as number;
  return (places[2 * at + 1] as number) - start - recordHeadBytes - buffer.readUInt32LE(start + 16);
}

/** The first place whose sequence is above. */
function placeAbove(sequences: readonly number[], sequence: number): number {
  let low = 0;
  let high = sequences.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sequences[middle] as number) <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether bytes behind the last whole frame are what a stop in the middle of a write leaves: the front of a frame, or nothing but zeros. */
function isCut(rest: Buffer): boolean {
  if (rest.every((byte) => byte === 0)) return true;
  if (rest.length < frameHeaderBytes) return rest.subarray(0, 4).equals(Buffer.from('TWF1').subarray(0, Math.min(4, rest.length)));
  return rest.toString('latin1', 0, 4) === 'TWF1' && frameHeaderBytes + rest.readUInt32LE(4) > rest.length;
}

function parsed(kind: number, wanted: number, bytes: Buffer, start: number, end: number): unknown {
  if (kind !== wanted) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return undefined;
  }
}

const footerContentBytes = 16;

function footerOf({ first, last, openBytes }: Segment): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + footerContentBytes);
  frame.writeDoubleLE(last - first + 1, frameHeaderBytes);
  frame.writeDoubleLE(openBytes, frameHeaderBytes + 8);
  sealFrame(frame, 0, footerContentBytes, kinds.footer, seedOf(first));
  return frame;
}

/** The totals at the end of a file that was closed in order. */
function readFooter(path: string, size: number, first: number): { records: number; bodyBytes: number } | undefined {
  const bytes = Buffer.alloc(frameHeaderBytes + footerContentBytes);
  if (size < bytes.length) return undefined;
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
  } finally {
    closeSync(file);
  }
  let footer: { records: number; bodyBytes: number } | undefined;
  readFrames(bytes, 0, seedOf(first), (kind, start) => {
    if (kind === kinds.footer) footer = { records: bytes.readDoubleLE(start), bodyBytes: bytes.readDoubleLE(start + 8) };
  });
  return footer;
}

/** A write may come back short, without an error, before the disk is full. */
async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error('ENOSPC: nothing could be written'), { code: 'ENOSPC' });
    done += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Not every system lets a folder be opened.
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    await handle?.close();
  }
}

/** What an older version kept in a database, taken over in one step. Blocking. */
export function writeLogAtOnce(folder: string, target: string, records: readonly OutboxAddition[], rejected: readonly Omit<RejectedRecord, 'sequence' | 'target'>[], gaps: readonly OutboxGap[]): void {
  const stem = fileStem(folder, target);
  const write = (path: string, bytes: Buffer): void => {
    const file = openSync(path, 'w', 0o600);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  };
  // Refused records come first, so that their sequences are not taken again.
  const aside = [
    ...rejected.map((record, index) => frameOf(kinds.rejected, JSON.stringify({ ...record, sequence: index + 1, target }), seedOf(0))),
    ...gaps.map((gap) => frameOf(kinds.gap, JSON.stringify({ gap, settled: [] }), seedOf(0))),
  ];
  if (aside.length > 0) write(`${stem}.aside`, Buffer.concat(aside));
  const partRecords = 10_000;
  for (let start = 0; start < records.length; start += partRecords) {
    const first = rejected.length + start + 1;
    write(`${stem}.${String(first).padStart(16, '0')}.log`, encode(records.slice(start, start + partRecords), first, seedOf(first)).buffer);
  }
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } catch {
    // Not every system can.
  } finally {
    closeSync(handle);
  }
}
