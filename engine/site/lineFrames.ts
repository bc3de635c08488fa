import type { LineFrame, LineFrameKind } from '../../contract/line.ts';
import type { HistoryPoint, HistoryReader } from '../ports.ts';

/** Beside the keys of machines, so that it is none of their values. */
const frameTwin = (line: string): string => `line/${line}/frames`;
const kinds: readonly LineFrameKind[] = ['stop', 'changeover', 'batch', 'phase'];
const mostRead = 20_000;
/** Of one kind that end at one moment. */
const mostAtOnce = 50;

/** Event frames of a line in the site's history, each at its end: at each time a list, as JSON. */
export class LineFrameRecord {
  readonly #twin: string;
  readonly #last = new Map<LineFrameKind, { timeMs: number; frames: LineFrame[] }>();

  constructor(line: string) {
    this.#twin = frameTwin(line);
  }

  /** @param frames those that have ended; others are left out */
  points(frames: readonly LineFrame[]): HistoryPoint[] {
    const lists = new Map<string, HistoryPoint>();
    for (const frame of frames) {
      if (frame.endMs === undefined || !Number.isFinite(frame.endMs)) continue;
      const timeMs = Math.round(frame.endMs);
      let last = this.#last.get(frame.kind);
      if (last?.timeMs !== timeMs) this.#last.set(frame.kind, (last = { timeMs, frames: [] }));
      if (last.frames.length < mostAtOnce) last.frames.push(frame);
      lists.set(`${frame.kind} ${timeMs}`, { twin: this.#twin, property: frame.kind, timeMs, value: JSON.stringify(last.frames), quality: 'good' });
    }
    return [...lists.values()];
  }
}

export interface FrameQuestion {
  fromMs: number;
  toMs: number;
  kind?: LineFrameKind | undefined;
  station?: string | undefined;
  /** At most so many, the newest of them (200). */
  most?: number | undefined;
}

/** Frames that touch a stretch of time, newest first: those on record and those that go on. */
export async function framesOf(
  reader: Pick<HistoryReader, 'columns'>, line: string, open: readonly LineFrame[], { fromMs, toMs, kind, station, most = 200 }: FrameQuestion,
): Promise<{ frames: LineFrame[]; more: boolean }> {
  const found: LineFrame[] = [...open];
  let more = false;
  for (const one of kind === undefined ? kinds : [kind]) {
    // A frame that began in this time may end long after it.
    const { times, values } = await reader.columns(frameTwin(line), one, Math.floor(fromMs), Number.MAX_SAFE_INTEGER, mostRead);
    more ||= times.length === mostRead;
    for (const value of values) {
      try {
        found.push(...(JSON.parse(String(value)) as LineFrame[]));
      } catch {
        // What cannot be read is left out.
      }
    }
  }
  const wanted = found.filter((frame) => frame.startMs < toMs && (frame.endMs ?? Infinity) > fromMs &&
    (kind === undefined || frame.kind === kind) && (station === undefined || frame.station === station));
  wanted.sort((one, other) => other.startMs - one.startMs);
  return { frames: wanted.slice(0, most), more: more || wanted.length > most };
}
