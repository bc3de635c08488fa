import type { ReadinessCriterion, ReadinessGrade } from '../../contract/messages.ts';
import type { PropertyKind, TypeProperty } from '../twin/twinType.ts';
import type { MeasuredFacts } from './observationFacts.ts';

/** Worst last. */
export const gradeOrder: readonly ReadinessGrade[] = ['good', 'usable', 'poor', 'unusable'];

/** How a figure of a reason is to be written. */
export type ReasonValue = { text: string } | { ms: number } | { timeMs: number } | { number: number } | { percent: number } | { quantity: number };

/** What was found; site/readinessSentences.ts has a sentence for each. */
export type ReasonCode =
  | 'nothing-came' | 'coverage' | 'gaps.none' | 'gaps' | 'interval.kept' | 'interval.undeclared' | 'interval.slow' | 'interval.slower' | 'stuck.no'
  | 'stuck.now' | 'stuck.was' | 'stuck.unknown' | 'resolution.fine' | 'resolution.coarse' | 'resolution.coarser' | 'resolution.noise' | 'resolution.unknown'
  | 'clock.right' | 'clock.behind' | 'clock.ahead' | 'clock.jumped' | 'clock.refused' | 'clock.none' | 'duplicates' | 'duplicates.contradict' | 'quality'
  | 'quality.uncertain' | 'range' | 'unit.kept' | 'unit.looks' | 'unit.named';

export interface CriterionGrade {
  criterion: ReadinessCriterion;
  grade: ReadinessGrade;
  code: ReasonCode;
  values: Readonly<Record<string, ReasonValue>>;
}

export interface PropertyGrade {
  property: TypeProperty;
  facts: MeasuredFacts;
  grade: ReadinessGrade;
  /** Worst first. */
  criteria: CriterionGrade[];
}

/** Values before anything is said of a property. */
const leastValues = 20;
/** Site time without any value after which that is said. */
const nothingCameMs = 60_000;

/** The grade of a measure that is worse the greater it is: up to the first bound good, and so on. */
function byBounds(measure: number, usable: number, poor: number, unusable: number): ReadinessGrade {
  if (!(measure > usable)) return 'good';
  if (!(measure > poor)) return 'usable';
  return measure > unusable ? 'unusable' : 'poor';
}

/**
 * Grades one property by each criterion. The bounds:
 *
 * | criterion | measure | good up to | usable up to | poor up to |
 * |---|---|---|---|---|
 * | coverage | time in gaps | 1 % | 5 % | 20 % |
 * | gaps | number in 24 h, longest | none | 3, 15 min | 24, 3 h |
 * | interval | measured / declared, or / its own former | 1.25 | 2 | 5 |
 * | stuck | stands longer than ever | no | was, under 1 % | now |
 * | resolution | smallest step / smallest change that matters | 1 | 2 | 10 |
 * | clock | difference | 5 s | 1 min | 1 h |
 * | duplicates | share twice | 1 % | 10 % | more |
 * | quality | share bad + half of uncertain | 1 % | 5 % | 25 % |
 * | range | share outside | 0.1 % | 2 % | 20 % |
 * | unit | changed | no | | yes |
 *
 * Where no smallest change is declared, a step is compared with the spread (Widrow & Kollár 2008: rounding is harmless noise while the step is
 * below the spread), and never worse than poor; where the range is known, a step below a thousandth of it is fine.
 * @param rate of the site's clock; limits of clock differences grow with it
 */
export function gradeProperty(property: TypeProperty, facts: MeasuredFacts, rate: number): PropertyGrade {
  if (!facts.everCame) {
    const grade = facts.elapsedMs > nothingCameMs * rate ? 'unusable' : 'unknown';
    return { property, facts, grade, criteria: [{ criterion: 'coverage', grade, code: 'nothing-came', values: { time: { ms: facts.elapsedMs } } }] };
  }
  const criteria = [
    gaps(facts), coverage(facts), interval(facts), stuck(property.kind, facts), resolution(property, facts), clock(facts, rate), duplicates(facts),
    quality(facts), range(property, facts), unit(facts),
  ]
    .filter((each) => each !== undefined)
    // In another unit neither steps nor ranges mean anything.
    .filter(({ criterion }) => facts.unit === undefined || (criterion !== 'resolution' && criterion !== 'range'));
  criteria.sort((one, two) => gradeOrder.indexOf(two.grade) - gradeOrder.indexOf(one.grade));
  // A property that seldom has something to say is known by its machine: only one that has said next to nothing is unknown.
  const silentKinds: readonly PropertyKind[] = ['state', 'setpoint'];
  const enough = facts.arrivals >= (silentKinds.includes(property.kind) ? 1 : leastValues) || facts.elapsedMs > 3_600_000;
  return { property, facts, grade: enough ? (criteria[0]?.grade ?? 'unknown') : 'unknown', criteria };
}

function coverage({ coverage: share, elapsedMs }: MeasuredFacts): CriterionGrade {
  const grade = byBounds(1 - share, 0.01, 0.05, 0.2);
  return { criterion: 'coverage', grade, code: 'coverage', values: { share: { percent: share }, time: { ms: elapsedMs } } };
}

function gaps({ gaps: count, longestGapMs, longestGapEndMs }: MeasuredFacts): CriterionGrade {
  if (count === 0) return { criterion: 'gaps', grade: 'good', code: 'gaps.none', values: {} };
  const worse = Math.max(gradeOrder.indexOf(byBounds(count, 0, 3, 24)), gradeOrder.indexOf(byBounds(longestGapMs, 0, 900_000, 10_800_000)));
  const values = { count: { number: count }, longest: { ms: longestGapMs }, until: { timeMs: longestGapEndMs } };
  return { criterion: 'gaps', grade: gradeOrder[worse] ?? 'poor', code: 'gaps', values };
}

function interval(facts: MeasuredFacts): CriterionGrade {
  const { declaredMs, intervalMs, recentIntervalMs, formerIntervalMs, even } = facts;
  if (!Number.isNaN(declaredMs)) {
    // The newest values count: an interval that was put right this morning is right.
    const measured = Number.isNaN(recentIntervalMs) ? intervalMs : recentIntervalMs;
    const grade = byBounds(measured / declaredMs, 1.25, 2, 5);
    const values = { declared: { ms: declaredMs }, measured: { ms: measured } };
    return { criterion: 'interval', grade, code: grade === 'good' ? 'interval.kept' : 'interval.slow', values };
  }
  const ratio = even ? recentIntervalMs / formerIntervalMs : NaN;
  const grade = byBounds(ratio, 1.5, 3, 10);
  const values = { measured: { ms: grade === 'good' ? intervalMs : recentIntervalMs }, former: { ms: formerIntervalMs } };
  return { criterion: 'interval', grade, code: grade === 'good' ? 'interval.undeclared' : 'interval.slower', values };
}

function stuck(kind: PropertyKind, facts: MeasuredFacts): CriterionGrade | undefined {
  if (kind === 'state' || kind === 'setpoint') return undefined;
  const { stuckNow, stuckForMs, stuckMs, elapsedMs, stuckKnown, value } = facts;
  const values = { time: { ms: stuckNow ? stuckForMs : stuckMs }, value: { quantity: value } };
  if (stuckNow) return { criterion: 'stuck', grade: stuckForMs > elapsedMs / 2 ? 'unusable' : 'poor', code: 'stuck.now', values };
  const share = elapsedMs > 0 ? stuckMs / elapsedMs : 0;
  if (share > 0) return { criterion: 'stuck', grade: share > 0.01 ? 'poor' : 'usable', code: 'stuck.was', values };
  return { criterion: 'stuck', grade: stuckKnown ? 'good' : 'unknown', code: stuckKnown ? 'stuck.no' : 'stuck.unknown', values };
}

function resolution(property: TypeProperty, facts: MeasuredFacts): CriterionGrade | undefined {
  const { kind, smallestChange, rangeLow, rangeHigh } = property;
  if (kind === 'state' || kind === 'setpoint') return undefined;
  const { step: smallestStep, recentStep, finestStep, spread, changes } = facts;
  const step = Number.isNaN(recentStep) ? smallestStep : recentStep;
  if (Number.isNaN(step) || changes < leastValues) return { criterion: 'resolution', grade: 'unknown', code: 'resolution.unknown', values: {} };
  const values = { step: { quantity: step }, matters: { quantity: smallestChange }, spread: { quantity: spread }, finest: { quantity: finestStep } };
  if (smallestChange > 0) {
    const grade = byBounds(step / smallestChange, 1.000_001, 2, 10);
    return { criterion: 'resolution', grade, code: grade === 'good' ? 'resolution.fine' : 'resolution.coarse', values };
  }
  if (kind === 'counter' ? step <= finestStep * 4 : rangeLow < rangeHigh && step <= (rangeHigh - rangeLow) / 1000) {
    return { criterion: 'resolution', grade: 'good', code: 'resolution.fine', values };
  }
  const bySpread = kind === 'counter' ? 'good' : byBounds(step / spread, 0.6, 1.5, Infinity);
  // Coarser than it has been, beyond what chance does to the smallest of many differences.
  const coarser = step > 3 * finestStep && step > 0.3 * (kind === 'counter' ? 0 : spread);
  if (coarser) return { criterion: 'resolution', grade: bySpread === 'poor' ? 'poor' : 'usable', code: 'resolution.coarser', values };
  return { criterion: 'resolution', grade: bySpread, code: bySpread === 'good' ? 'resolution.fine' : 'resolution.noise', values };
}

function clock({ offsetMs, jumps, largestJumpMs, refused, arrivals, hasSourceTime }: MeasuredFacts, rate: number): CriterionGrade {
  const factor = Math.max(1, rate);
  const refusedShare = arrivals === 0 ? 0 : refused / arrivals;
  const byOffset = byBounds(Math.abs(offsetMs) / factor, 5_000, 60_000, 3_600_000);
  const byJumps = byBounds(jumps, 0, 2, 24);
  const byRefused = byBounds(refusedShare, 0, 0.01, 0.2);
  const rank = (grade: ReadinessGrade): number => gradeOrder.indexOf(grade);
  const grade = gradeOrder[Math.max(rank(byOffset), rank(byJumps), rank(byRefused))] ?? 'poor';
  const values = {
    offset: { ms: Math.abs(offsetMs) }, jumps: { number: jumps }, jump: { ms: largestJumpMs }, share: { percent: refusedShare },
  };
  const code = grade === 'good' ? (hasSourceTime ? 'clock.right' : 'clock.none')
    : byRefused === grade ? 'clock.refused'
    : byOffset === grade ? (offsetMs > 0 ? 'clock.behind' : 'clock.ahead')
    : 'clock.jumped';
  return { criterion: 'clock', grade, code, values };
}

function duplicates({ duplicates: twice, replaced, arrivals }: MeasuredFacts): CriterionGrade {
  const share = (number: number): number => (arrivals === 0 ? 0 : number / arrivals);
  const contradicting = byBounds(share(replaced), 0.001, 0.01, 0.5);
  const harmless = byBounds(share(twice), 0.01, 0.1, Infinity);
  const contradict = gradeOrder.indexOf(contradicting) >= gradeOrder.indexOf(harmless) && contradicting !== 'good';
  const grade = contradict ? contradicting : harmless;
  const values = { share: { percent: share(contradict ? replaced : twice) }, count: { number: contradict ? replaced : twice } };
  return { criterion: 'duplicates', grade, code: contradict ? 'duplicates.contradict' : 'duplicates', values };
}

function quality({ badShare, uncertainShare }: MeasuredFacts): CriterionGrade {
  const grade = byBounds(badShare + uncertainShare / 2, 0.01, 0.05, 0.25);
  const values = { bad: { percent: badShare }, uncertain: { percent: uncertainShare } };
  return { criterion: 'quality', grade, code: uncertainShare > badShare ? 'quality.uncertain' : 'quality', values };
}

function range({ rangeLow, rangeHigh }: TypeProperty, { outOfRangeShare }: MeasuredFacts): CriterionGrade | undefined {
  if (Number.isNaN(rangeLow) && Number.isNaN(rangeHigh) && outOfRangeShare === 0) return undefined;
  const values = { share: { percent: outOfRangeShare }, low: { quantity: rangeLow }, high: { quantity: rangeHigh } };
  return { criterion: 'range', grade: byBounds(outOfRangeShare, 0.001, 0.02, 0.2), code: 'range', values };
}

function unit({ unit: found }: MeasuredFacts): CriterionGrade {
  if (found === undefined) return { criterion: 'unit', grade: 'good', code: 'unit.kept', values: {} };
  const { namedBySource, conversion, timeMs, from, to } = found;
  const values = { conversion: { text: conversion }, time: { timeMs }, from: { quantity: from }, to: { number: to } };
  return { criterion: 'unit', grade: 'unusable', code: namedBySource ? 'unit.named' : 'unit.looks', values };
}

/** The grade of a machine: the worst property counts in full where a fifth are so; fewer make it usable at best. */
export function gradeMachine(grades: readonly ReadinessGrade[]): ReadinessGrade {
  const judged = grades.filter((grade) => grade !== 'unknown').map((grade) => gradeOrder.indexOf(grade)).sort((one, two) => two - one);
  const worst = judged[0];
  if (worst === undefined) return 'unknown';
  const most = judged[Math.max(0, Math.ceil(judged.length / 5) - 1)] as number;
  return gradeOrder[Math.max(most, Math.min(worst, 1))] as ReadinessGrade;
}
