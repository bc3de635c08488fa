import { Problem } from '../problem.ts';

/** What was counted over a stretch at one station or line. Times in minutes, quantities in parts. */
export interface ShiftRecord {
  /** Planned busy time (PBT): what was planned to be worked. */
  plannedMin: number;
  /** Actual production time (APT): what was worked. */
  producedMin: number;
  /** Planned run time per item (PRI), seconds. */
  secondsPerPart: number;
  /** Produced quantity (PQ) and good quantity (GQ). */
  produced: number;
  good: number;
}

/** Shares 0–1 (effectiveness may exceed 1 when parts come faster than planned). */
export interface Oee {
  availability: number;
  effectiveness: number;
  quality: number;
  oee: number;
}

/**
 * Overall equipment effectiveness: APT ÷ PBT × PRI · PQ ÷ APT × GQ ÷ PQ (ISO 22400-2:2014, 9 and its formulas of availability, effectiveness
 * and quality ratio). Without parts or production time the figure that would divide by nothing is undefined, and so is the product.
 * @throws Problem TWIN_OEE_NO_PLAN, TWIN_OEE_RECORD
 */
export function oeeOf({ plannedMin, producedMin, secondsPerPart, produced, good }: ShiftRecord): { [Key in keyof Oee]: number | undefined } {
  if (plannedMin === 0) {
    throw new Problem('TWIN_OEE_NO_PLAN', 'No time was planned, so there is no availability.', 'Enter the planned time, or ask for a stretch in which work was planned.');
  }
  const fits = [plannedMin, producedMin, secondsPerPart, produced, good].every((number) => Number.isFinite(number) && number >= 0);
  if (!fits || good > produced || producedMin > plannedMin * 1.0001) {
    throw new Problem(
      'TWIN_OEE_RECORD', 'The counts and times of this stretch do not fit together.', 'Check that no more good parts than parts were counted, and no more time was worked than planned.',
    );
  }
  const availability = producedMin / plannedMin;
  const effectiveness = producedMin === 0 ? undefined : (secondsPerPart * produced) / (60 * producedMin);
  const quality = produced === 0 ? undefined : good / produced;
  return { availability, effectiveness, quality, oee: effectiveness === undefined || quality === undefined ? undefined : availability * effectiveness * quality };
}

/** Parts from a counter that may begin again at 0: what fell is a reset, and what it then shows was counted since. */
export function countedParts(values: readonly number[]): { parts: number; resets: number } {
  let parts = 0;
  let resets = 0;
  for (let at = 1; at < values.length; at += 1) {
    const change = values[at]! - values[at - 1]!;
    if (Number.isNaN(change)) continue;
    if (change < 0) {
      resets += 1;
      parts += values[at]!;
    } else {
      parts += change;
    }
  }
  return { parts, resets };
}

export interface Passing {
  timeMs: number;
  part: string;
}

/**
 * Throughput, work in process and cycle time of a stretch of line between two places that parts pass, by their serial numbers. Parts that came
 * in and never out (in `lostAfterMs`) are counted as lost and not as work in process.
 */
export function flowOf(
  entries: readonly Passing[], exits: readonly Passing[], fromMs: number, toMs: number, lostAfterMs: number,
): { perHour: number; inProcess: number; cycleS: number | undefined; lost: number; neverSeenIn: number } {
  const inAt = new Map(entries.map(({ part, timeMs }) => [part, timeMs]));
  const outAt = new Map(exits.map(({ part, timeMs }) => [part, timeMs]));
  let area = 0;
  let lost = 0;
  const stays: number[] = [];
  for (const [part, enteredMs] of inAt) {
    const leftMs = outAt.get(part);
    if (leftMs === undefined && toMs - enteredMs > lostAfterMs) {
      lost += 1;
      continue;
    }
    area += Math.max(0, Math.min(toMs, leftMs ?? toMs) - Math.max(fromMs, enteredMs));
    if (leftMs !== undefined && leftMs >= fromMs && leftMs < toMs) stays.push(leftMs - enteredMs);
  }
  const out = exits.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
  return {
    perHour: (3_600_000 * out.length) / (toMs - fromMs), inProcess: area / (toMs - fromMs),
    cycleS: stays.length === 0 ? undefined : stays.reduce((sum, stay) => sum + stay, 0) / stays.length / 1_000, lost,
    neverSeenIn: out.filter(({ part }) => !inAt.has(part)).length,
  };
}
