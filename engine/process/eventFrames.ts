import type { LineState, StateChange } from './lineStates.ts';

/** A stretch of time with a meaning, and what was known when it began: a stop, a changeover, a batch, a phase. */
export interface EventFrame {
  kind: 'stop' | 'changeover' | 'batch' | 'phase';
  station: string;
  startMs: number;
  /** Undefined while it goes on. */
  endMs?: number;
  /** The reason, batch or phase. */
  name: string;
  /** Values when it began, and when it ended. */
  atStart: Readonly<Record<string, number | string | boolean>>;
  atEnd?: Readonly<Record<string, number | string | boolean>>;
}

const stops: ReadonlySet<LineState> = new Set(['down']);
const mostFrames = 2_000;
/** Of those that are over, in a snapshot. */
const keptFrames = 200;

export interface EventFramesSnapshot {
  frames: EventFrame[];
  open: EventFrame[];
}

/** Opens and closes frames from states of stations and from batches and phases that are told. Keeps the last 2,000, oldest away first. */
export class EventFrames {
  private readonly frames: EventFrame[] = [];
  private readonly open = new Map<string, EventFrame>();

  /** A station's state begins. @returns frames that this closed or opened */
  state(station: string, state: LineState, reason: string, nowMs: number, context: EventFrame['atStart']): EventFrame[] {
    const kind = stops.has(state) ? 'stop' : state === 'setup' ? 'changeover' : undefined;
    const changed: EventFrame[] = [];
    for (const one of ['stop', 'changeover'] as const) {
      if (one !== kind) changed.push(...this.end(one, station, nowMs, context));
    }
    if (kind !== undefined && !this.open.has(`${kind}/${station}`)) changed.push(this.begin(kind, station, reason, nowMs, context));
    return changed;
  }

  /** A batch or phase begins; the one before of the same kind ends. An empty name only ends it. */
  name(kind: 'batch' | 'phase', station: string, name: string, nowMs: number, context: EventFrame['atStart']): EventFrame[] {
    if (this.open.get(`${kind}/${station}`)?.name === name) return [];
    const changed = this.end(kind, station, nowMs, context);
    if (name !== '') changed.push(this.begin(kind, station, name, nowMs, context));
    return changed;
  }

  /** Frames that touch the stretch, in the order of their beginnings. */
  find({ fromMs = -Infinity, toMs = Infinity, kind, station }: { fromMs?: number; toMs?: number; kind?: EventFrame['kind']; station?: string }): EventFrame[] {
    return this.frames.filter((frame) => frame.startMs < toMs && (frame.endMs ?? Infinity) > fromMs &&
      (kind === undefined || frame.kind === kind) && (station === undefined || frame.station === station));
  }

  snapshot(): EventFramesSnapshot {
    return { frames: this.frames.slice(-keptFrames), open: [...this.open.values()] };
  }

  /** What was open goes on. */
  restore({ frames, open }: EventFramesSnapshot): void {
    this.frames.splice(0, this.frames.length, ...frames.filter(({ endMs }) => endMs !== undefined), ...open);
    this.open.clear();
    for (const frame of open) this.open.set(`${frame.kind}/${frame.station}`, frame);
  }

  private begin(kind: EventFrame['kind'], station: string, name: string, startMs: number, atStart: EventFrame['atStart']): EventFrame {
    const frame: EventFrame = { kind, station, startMs, name, atStart: { ...atStart } };
    this.open.set(`${kind}/${station}`, frame);
    this.frames.push(frame);
    if (this.frames.length > mostFrames) this.frames.shift();
    return frame;
  }

  private end(kind: EventFrame['kind'], station: string, endMs: number, atEnd: EventFrame['atStart']): EventFrame[] {
    const frame = this.open.get(`${kind}/${station}`);
    if (frame === undefined) return [];
    this.open.delete(`${kind}/${station}`);
    frame.endMs = Math.max(endMs, frame.startMs);
    frame.atEnd = { ...atEnd };
    return [frame];
  }
}

/** Stops by reason, longest first (Pareto): from what `StateClock` gave. */
export function stopPareto(changes: readonly StateChange[]): { reason: string; count: number; ms: number }[] {
  const byReason = new Map<string, { reason: string; count: number; ms: number }>();
  for (const { state, reason, fromMs, toMs } of changes) {
    if (!stops.has(state)) continue;
    const one = byReason.get(reason) ?? { reason, count: 0, ms: 0 };
    one.count += 1;
    one.ms += toMs - fromMs;
    byReason.set(reason, one);
  }
  return [...byReason.values()].sort((one, other) => other.ms - one.ms);
}
