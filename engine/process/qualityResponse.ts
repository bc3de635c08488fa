import { studentTQuantile } from '../statistics/studentT.ts';
import type { Trust } from './whatIf.ts';

/** One lot: the settings it was made with, and its quality (scrap share, strength, whatever is asked about). */
export interface Lot {
  settings: Readonly<Record<string, number>>;
  quality: number;
}

export type QualityAnswer =
  | { verdict: 'answer'; value: number; low: number; high: number; today: number; trust: Trust; lots: number }
  | { verdict: 'not identifiable'; setting: string; why: 'never varied' | 'always together with another' | 'not recorded'; with?: string }
  | { verdict: 'not enough data'; lots: number; needs: number };

/**
 * What a quality would be at other settings: linear regression on lots (least squares; Montgomery, Design and Analysis of Experiments, 10), with
 * the interval in which 95 % of new lots should lie. It answers only what the lots can tell: a setting that never varied, or only together
 * with another one, is not identifiable. Choose it for settings that were varied, rather than for what the line's flow decides (simulate it).
 */
export function qualityAt(lots: readonly Lot[], changes: Readonly<Record<string, number>>): QualityAnswer {
  const names = [...new Set(lots.flatMap(({ settings }) => Object.keys(settings)))].filter((name) => lots.every(({ settings }) => Number.isFinite(settings[name]!)));
  const columns = new Map(names.map((name) => [name, lots.map(({ settings }) => settings[name]!)]));
  const means = new Map([...columns].map(([name, values]) => [name, mean(values)]));
  const spreads = new Map([...columns].map(([name, values]) => [name, Math.sqrt(mean(values.map((value) => (value - means.get(name)!) ** 2)))]));
  for (const setting of Object.keys(changes)) {
    if (!columns.has(setting)) return { verdict: 'not identifiable', setting, why: 'not recorded' };
    if (!(spreads.get(setting)! > 1e-9 * Math.abs(means.get(setting)!))) return { verdict: 'not identifiable', setting, why: 'never varied' };
  }
  const used = names.filter((name) => spreads.get(name)! > 1e-9 * Math.abs(means.get(name)!));
  const needs = 10 + 3 * used.length;
  if (lots.length < needs) return { verdict: 'not enough data', lots: lots.length, needs };
  for (const setting of Object.keys(changes)) {
    for (const other of used) {
      if (other === setting || Object.hasOwn(changes, other)) continue;
      const together = mean(columns.get(setting)!.map((value, lot) =>
        ((value - means.get(setting)!) / spreads.get(setting)!) * ((columns.get(other)![lot]! - means.get(other)!) / spreads.get(other)!)));
      if (Math.abs(together) > 0.97) return { verdict: 'not identifiable', setting, why: 'always together with another', with: other };
    }
  }
  const size = used.length + 1;
  const rows = lots.map(({ settings }) => [1, ...used.map((name) => (settings[name]! - means.get(name)!) / spreads.get(name)!)]);
  const inverse = inverseOf(Array.from({ length: size }, (_, one) => Array.from({ length: size }, (__, other) => rows.reduce((sum, row) => sum + row[one]! * row[other]!, 0))));
  if (inverse === undefined) return { verdict: 'not identifiable', setting: Object.keys(changes)[0] ?? '', why: 'always together with another' };
  const right = Array.from({ length: size }, (_, one) => rows.reduce((sum, row, lot) => sum + row[one]! * lots[lot]!.quality, 0));
  const weights = inverse.map((row) => row.reduce((sum, value, one) => sum + value * right[one]!, 0));
  const at = (row: readonly number[]): number => row.reduce((sum, value, one) => sum + value * weights[one]!, 0);
  const degrees = lots.length - size;
  const variance = rows.reduce((sum, row, lot) => sum + (lots[lot]!.quality - at(row)) ** 2, 0) / degrees;
  const now = lots[lots.length - 1]!.settings;
  const rowOf = (shift: Readonly<Record<string, number>>): number[] =>
    [1, ...used.map((name) => (now[name]! + (Object.hasOwn(shift, name) ? shift[name]! : 0) - means.get(name)!) / spreads.get(name)!)];
  const row = rowOf(changes);
  const leverage = row.reduce((sum, value, one) => sum + value * inverse[one]!.reduce((inner, weight, other) => inner + weight * row[other]!, 0), 0);
  const half = studentTQuantile(0.975, degrees) * Math.sqrt(variance * (1 + leverage));
  let trust: Trust = 'inside experience';
  for (const [name, shift] of Object.entries(changes)) {
    const values = columns.get(name)!;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const beyond = Math.max(low - (now[name]! + shift), now[name]! + shift - high);
    if (beyond > (high - low) / 4) trust = 'never seen';
    else if (beyond > 0 && trust === 'inside experience') trust = 'at the edge';
  }
  return { verdict: 'answer', value: at(row), low: at(row) - half, high: at(row) + half, today: at(rowOf({})), trust, lots: lots.length };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Gauss and Jordan with pivots; undefined when singular. */
function inverseOf(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const size = matrix.length;
  const work = matrix.map((row, at) => [...row, ...Array.from({ length: size }, (_, column) => (column === at ? 1 : 0))]);
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) if (Math.abs(work[row]![column]!) > Math.abs(work[pivot]![column]!)) pivot = row;
    if (Math.abs(work[pivot]![column]!) < 1e-9) return undefined;
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    const top = work[column]!;
    const lead = top[column]!;
    for (let at = 0; at < 2 * size; at += 1) top[at]! /= lead;
    for (let row = 0; row < size; row += 1) {
      if (row === column) continue;
      const factor = work[row]![column]!;
      if (factor !== 0) for (let at = 0; at < 2 * size; at += 1) work[row]![at]! -= factor * top[at]!;
    }
  }
  return work.map((row) => row.slice(size));
}
