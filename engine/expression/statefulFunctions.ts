import type { Json } from '../ports.ts';
import { conditionOf, numberOf, usable } from './expressionValue.ts';
import type { ExpressionContext, ExpressionValue } from './expressionValue.ts';

/** One call of a stateful function in an expression. */
export interface StatefulCall {
  /** Takes the row in and gives the function's value. `fresh`: the argument was renewed by this row. */
  step(
    value: ExpressionValue | undefined,
    fresh: boolean,
    broken: boolean,
    context: ExpressionContext,
    slot: number,
  ): ExpressionValue | undefined;
}

export const stateful = ['hours', 'count', 'mean', 'rate', 'delta', 'previous'] as const;
export type StatefulName = (typeof stateful)[number];

const defaultGapMs = 600_000;
/** A window of mean() is kept in at most about this many pieces. */
const pieces = 240;

/**
 * @param windowMs only for mean
 * @param gapMs the gap limit written in the expression; undefined: that of the context
 */
export function statefulCall(name: StatefulName, windowMs: number, gapMs: number | undefined): StatefulCall {
  switch (name) {
    case 'hours':
      return hours(gapMs);
    case 'count':
      return count(gapMs);
    case 'mean':
      return mean(windowMs, gapMs);
    case 'rate':
    case 'delta':
    case 'previous':
      return difference(name, gapMs);
  }
}

type Fields = { [name: string]: Json };

function stateAt(context: ExpressionContext, slot: number, fields: (old: Fields) => Fields): Fields {
  const old = context.state[slot];
  if (typeof old === 'object' && old !== null && !Array.isArray(old) && old['v'] === 1) return old;
  const made = fields({});
  made['v'] = 1;
  context.state[slot] = made;
  return made;
}

/** Whether `timeMs` follows the state's last time without a gap. false at the very first time. */
function continues(state: Fields, context: ExpressionContext, gapMs: number | undefined): boolean {
  const last = state['t'];
  if (typeof last !== 'number') return false;
  const elapsed = context.timeMs - last;
  return elapsed >= 0 && elapsed <= (gapMs ?? context.gapMs ?? defaultGapMs);
}

/** Hours in which a condition held: between two rows the earlier one's condition counts. */
function hours(gapMs: number | undefined): StatefulCall {
  return {
    step(value, _fresh, _broken, context, slot) {
      const state = stateAt(context, slot, () => ({ t: null, on: false, total: 0 }));
      const total = typeof state['total'] === 'number' ? state['total'] : 0;
      const last = state['t'];
      if (typeof last === 'number' && context.timeMs < last) return usable(total);
      if (state['on'] === true && continues(state, context, gapMs)) {
        state['total'] = total + (context.timeMs - (last as number)) / 3_600_000;
      }
      const on = conditionOf(value);
      state['t'] = context.timeMs;
      state['on'] = on === true;
      return on === undefined ? undefined : usable(state['total'] as number);
    },
  };
}

/** How often a condition became true. A first true, or one after a gap, is no rising edge: nobody saw it rise. */
function count(gapMs: number | undefined): StatefulCall {
  return {
    step(value, _fresh, broken, context, slot) {
      const state = stateAt(context, slot, () => ({ t: null, was: null, total: 0 }));
      const total = typeof state['total'] === 'number' ? state['total'] : 0;
      const last = state['t'];
      if (typeof last === 'number' && context.timeMs < last) return usable(total);
      const on = conditionOf(value);
      if (broken || !continues(state, context, gapMs)) state['was'] = null;
      if (on === true && state['was'] === false) state['total'] = total + 1;
      state['t'] = context.timeMs;
      if (on === undefined) return undefined;
      state['was'] = on;
      return usable(state['total'] as number);
    },
  };
}

/**
 * Time-weighted mean over a moving window; each value holds until the next (OPC 10000-13, stepped interpolation). Gaps and bad
 * values weigh nothing. Kept as pieces [from, to, mean]; a piece shorter than 1/240 of the window is merged with the next one, so
 * memory is bounded and the oldest piece is cut in proportion.
 */
function mean(windowMs: number, gapMs: number | undefined): StatefulCall {
  return {
    step(value, _fresh, broken, context, slot) {
      const state = stateAt(context, slot, () => ({ t: null, x: null, pieces: [] }));
      const list = piecesOf(state);
      const last = state['t'];
      const held = state['x'];
      const now = context.timeMs;
      if (typeof last === 'number' && now < last) return undefined;
      if (!broken && typeof last === 'number' && typeof held === 'number' && now > last && continues(state, context, gapMs)) {
        const newest = list[list.length - 1];
        if (newest !== undefined && newest[1] === last && newest[1] - newest[0] < windowMs / pieces) {
          const length = newest[1] - newest[0];
          newest[2] = (newest[2] * length + held * (now - last)) / (length + now - last);
          newest[1] = now;
        } else list.push([last, now, held]);
      }
      const number = numberOf(value);
      state['t'] = now;
      state['x'] = number !== undefined && Number.isFinite(number) ? number : null;
      const from = now - windowMs;
      let gone = 0;
      while (gone < list.length && (list[gone] as [number, number, number])[1] <= from) gone += 1;
      if (gone > 0) list.splice(0, gone);
      if (number === undefined) return undefined;
      let weight = 0;
      let sum = 0;
      for (const [start, end, average] of list) {
        const length = end - Math.max(start, from);
        weight += length;
        sum += average * length;
      }
      return weight > 0 ? usable(sum / weight) : usable(number);
    },
  };
}

/** Lists that were looked through once: what is restored may be damaged, what is added here is not. */
const soundPieces = new WeakSet<object>();

function piecesOf(state: Fields): [number, number, number][] {
  const stored = state['pieces'];
  if (Array.isArray(stored)) {
    const isSound = soundPieces.has(stored) || stored.every((piece) => Array.isArray(piece) && piece.length === 3 && piece.every(Number.isFinite));
    if (isSound) {
      soundPieces.add(stored);
      return stored as [number, number, number][];
    }
  }
  const none: [number, number, number][] = [];
  soundPieces.add(none);
  state['pieces'] = none;
  return none;
}

/** rate (per second), delta and previous: against the value before, as long as no gap or reset lies between. */
function difference(name: 'rate' | 'delta' | 'previous', gapMs: number | undefined): StatefulCall {
  return {
    step(value, fresh, broken, context, slot) {
      // t, x: the newest value; r: the result it gave. 64-bit integers are kept as text with an n.
      const state = stateAt(context, slot, () => ({ t: null, x: null, r: null }));
      const last = state['t'];
      if (typeof last === 'number' && context.timeMs < last) return unpack(state['r']);
      if (value === undefined) return undefined;
      if (!fresh && typeof last === 'number') {
        if (!continues(state, context, gapMs)) return undefined;
        return unpack(state['r']);
      }
      if (context.timeMs === last) {
        // The same row evaluated again: compare with what was before it, which r still tells.
        return unpack(state['r']);
      }
      const before = broken || !continues(state, context, gapMs) ? undefined : unpack(state['x']);
      const elapsedMs = typeof last === 'number' ? context.timeMs - last : 0;
      state['t'] = context.timeMs;
      state['x'] = pack(value);
      const result = before === undefined ? undefined : compare(name, before, value, elapsedMs);
      state['r'] = result === undefined ? null : pack(result);
      return result;
    },
  };
}

function compare(
  name: 'rate' | 'delta' | 'previous',
  before: ExpressionValue,
  value: ExpressionValue,
  elapsedMs: number,
): ExpressionValue | undefined {
  if (name === 'previous') return before;
  const change =
    typeof before === 'bigint' || typeof value === 'bigint' ? exactChange(before, value) : numericChange(numberOf(before), numberOf(value));
  if (change === undefined) return undefined;
  return usable(name === 'delta' ? change : (change * 1000) / elapsedMs);
}

function exactChange(before: ExpressionValue, value: ExpressionValue): number | undefined {
  if (!isWhole(before) || !isWhole(value)) return numericChange(numberOf(before), numberOf(value));
  return Number(BigInt(value) - BigInt(before));
}

function isWhole(value: ExpressionValue): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function numericChange(before: number | undefined, value: number | undefined): number | undefined {
  return before === undefined || value === undefined ? undefined : value - before;
}

function pack(value: ExpressionValue): Json {
  if (typeof value === 'bigint') return ['n', value.toString()];
  return value;
}

function unpack(value: Json | undefined): ExpressionValue | undefined {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value) && typeof value[1] === 'string' && /^-?\d{1,40}$/.test(value[1])) return BigInt(value[1]);
  return undefined;
}
