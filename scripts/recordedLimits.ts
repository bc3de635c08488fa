import { timeToLimit } from '../engine/prognosis/timeToLimit.ts';
import type { Forecast } from '../engine/prognosis/timeToLimit.ts';
import { medianInPlace, quantileOfSorted } from '../engine/statistics/order.ts';
import type { TimeLeft } from './timeLeft.ts';

/** Vibration velocity above which a machine does damage: zone C to D of ISO 20816-3 for medium machines on soft and large ones on rigid ground, mm/s. */
const vibrationLimit = 7.1;
const vibrationName = /(?:vib|schwing).*mm[\s_/.]*(?:per)?[\s_/.]*s|v_?rms.*mm/i;

const pieceMs = 900_000;
/** A trend is looked for in so many pieces, what is usual in so many. */
const trendPieces = 120;
const keptPieces = 400;
/** Pieces without alarm that say how far off is usual. */
const fewestUsual = 100;
const mostUsual = 700;
/** So far beyond the usual, and so much of the last six hours in alarm, is wear that a trend may be drawn through. */
const beyond = 3;
const lookedBackMs = 6 * 3_600_000;
/** A limit is a convention: what really breaks does so somewhere between. */
const earliest = 0.7;
const latest = 2;

interface Piece {
  atMs: number;
  /** Value less what was expected, and what was expected. */
  excess: number;
  expected: number;
  alarmed: number;
}

/** The limits that a recording's columns have by themselves, and those that somebody gave. */
export function limitsOf(names: readonly string[], given: ReadonlyMap<string, number>): Map<string, number> {
  const limits = new Map(names.filter((name) => vibrationName.test(name)).map((name) => [name, vibrationLimit]));
  for (const [name, limit] of given) limits.set(name, limit);
  return limits;
}

/**
 * Time until a column that is unusual reaches its limit: the trend of what it is beyond the expected, in quarters of an hour. Nothing is said of what is
 * usual, of a trend that may be chance, and where it may as well never be.
 */
export class RecordedLimit {
  readonly #limit: number;
  readonly #pieces: Piece[] = [];
  readonly #usual: number[] = [];
  #piece = NaN;
  #rows = 0;
  #value = 0;
  #expected = 0;
  #alarms = 0;
  #found: (TimeLeft & { atMs: number }) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  next(timeMs: number, value: number, expected: number, alarm: boolean): TimeLeft | undefined {
    const piece = Math.floor(timeMs / pieceMs);
    if (piece !== this.#piece) {
      if (this.#rows > 0) this.#close((this.#piece + 0.5) * pieceMs, timeMs);
      this.#piece = piece;
      this.#rows = 0;
      this.#value = 0;
      this.#expected = 0;
      this.#alarms = 0;
    }
    if (Number.isFinite(value) && Number.isFinite(expected)) {
      this.#rows += 1;
      this.#value += value;
      this.#expected += expected;
      if (alarm) this.#alarms += 1;
    }
    const found = this.#found;
    if (found === undefined) return undefined;
    const since = timeMs - found.atMs;
    if (since > lookedBackMs) return undefined;
    return { leftMs: Math.max(0, found.leftMs - since), fromMs: Math.max(0, found.fromMs - since), toMs: Math.max(0, found.toMs - since) };
  }

  #close(atMs: number, nowMs: number): void {
    const alarmed = this.#alarms / this.#rows;
    const last = { atMs, excess: (this.#value - this.#expected) / this.#rows, expected: this.#expected / this.#rows, alarmed };
    this.#pieces.push(last);
    if (this.#pieces.length > keptPieces) this.#pieces.shift();
    if (alarmed < 0.05) this.#usual.push(Math.abs(last.excess));
    if (this.#usual.length > mostUsual) this.#usual.shift();
    this.#found = this.#forecast(atMs, nowMs);
  }

  #forecast(atMs: number, nowMs: number): (TimeLeft & { atMs: number }) | undefined {
    if (this.#usual.length < fewestUsual) return undefined;
    const usual = quantileOfSorted(Float64Array.from(this.#usual).sort(), 0.9);
    const window = this.#pieces.filter((piece) => atMs - piece.atMs < trendPieces * pieceMs);
    const recent = this.#pieces.filter((piece) => atMs - piece.atMs < lookedBackMs);
    const now = medianInPlace(Float64Array.from(window.slice(-7), ({ excess }) => excess));
    if (!(now > beyond * usual) || recent.filter(({ alarmed }) => alarmed > 0.5).length < recent.length / 2) return undefined;
    const typical = medianInPlace(Float64Array.from(this.#pieces, ({ expected }) => expected));
    const times = window.map((piece) => piece.atMs);
    const values = window.map(({ excess }) => excess);
    const ask = (limit: number): Forecast => timeToLimit({ times, values, limit: limit - typical, side: 'high' });
    const [middle, early, late] = [ask(this.#limit), ask(earliest * this.#limit), ask(latest * this.#limit)];
    const isTold = (one: Forecast): boolean => one.state === 'forecast' || one.state === 'reached';
    if (!isTold(middle) || !isTold(early) || !isTold(late)) return undefined;
    const toMs = late.state === 'forecast' ? late.toMs : 0;
    if (!Number.isFinite(toMs)) return undefined;
    return { atMs: nowMs, leftMs: middle.state === 'forecast' ? middle.leftMs : 0, fromMs: early.state === 'forecast' ? early.fromMs : 0, toMs };
  }
}
