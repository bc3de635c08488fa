import type { FeedbackAnswer, FeedbackRecord, SimilarCase } from '../../contract/feedback.ts';
import type { AnomalySignal } from '../../contract/messages.ts';
import type { Json } from '../ports.ts';

/** A signal counts as larger, smaller or standing still against what was expected. */
export type Side = 'above' | 'below' | 'still';

/** How far one signal went in a case. */
export interface StoryPart {
  property: string;
  side: Side;
  /** The operating mode in which it did. */
  mode: string;
  /** Largest distance from what was expected, in the property's unit; of `still` how long, ms. */
  size: number;
  unit: string;
  /** What an answer may allow at most. */
  cap: number;
}

/** What was seen of one case, and what people found it to be. */
export interface CaseStory {
  /** As in TwinCase; of replayed data with `historical/` before it. */
  id: string;
  sinceMs: number;
  /** Largest first. */
  parts: StoryPart[];
  /** It was a limit or silence as well: no answer makes it vanish. */
  firm: boolean;
  answer?: { answer: FeedbackAnswer; what?: string };
}

export interface GivenAnswer extends Omit<FeedbackRecord, 'undoUntilMs'> {
  /** What falseAlarm allows. */
  parts?: StoryPart[];
}

interface Snapshot {
  v: 1;
  number: number;
  stories: CaseStory[];
  answers: GivenAnswer[];
}

/** A falseAlarm allows so much more than was seen, so that the same again, with its chance, stays quiet and half as much again does not. */
const allowance = 1.25;
/** No answer allows more than so many half widths of the normal band; of standing still, so long. */
const mostHalfBands = 12;
const longestStillMs = 86_400_000;
/** JSON knows no Infinity. */
const unknownSize = Number.MAX_VALUE;
const mostStories = 200;
const mostAnswers = 200;
const mostParts = 60;
export const feedbackDays = 30;
const dayMs = 86_400_000;
/** Stories without an answer are kept so long; those with one twelve times longer, to tell of similar cases. */
const keptAnsweredDays = 365;

/**
 * What people answered to the cases of one machine, as a filter behind the judge. A false alarm stands as "this signal may lie so far beyond what is
 * expected, in this operating mode": nothing of what was learned is bent by it, so taking it back leaves everything as it was before, and answers
 * cannot add up to more than the cap, which counts from the band. Choose it for "this is normal here" rather than learning the values as normal,
 * which moves the band for everything and cannot be undone.
 */
export class CaseAnswers {
  #number = 0;
  #stories: CaseStory[] = [];
  #answers: GivenAnswer[] = [];
  /** Largest allowed size by signal, side and mode. */
  #allowed = new Map<string, number>();
  #planned: { fromMs: number; untilMs: number }[] = [];
  /** To be written. */
  dirty = false;

  /** Unreadable parts are left out: an answer that is lost only means that its case is told again. */
  constructor(saved?: Json) {
    const snapshot = saved as unknown as Snapshot | undefined;
    if (typeof snapshot !== 'object' || snapshot === null || snapshot.v !== 1) return;
    this.#number = snapshot.number;
    this.#stories = snapshot.stories;
    this.#answers = snapshot.answers;
    this.#index();
  }

  snapshot(): Json {
    const snapshot: Snapshot = { v: 1, number: this.#number, stories: this.#stories, answers: this.#answers };
    return JSON.parse(JSON.stringify(snapshot)) as Json;
  }

  get stories(): readonly CaseStory[] {
    return this.#stories;
  }

  get answers(): readonly GivenAnswer[] {
    return this.#answers;
  }

  story(id: string): CaseStory | undefined {
    return this.#stories.find((one) => one.id === id);
  }

  /** Whether anything is allowed, so that a row need not be looked at closely otherwise. */
  get allowsAny(): boolean {
    return this.#allowed.size > 0;
  }

  allows(property: string, side: Side, mode: string, size: number): boolean {
    return size <= (this.#allowed.get(keyOf({ property, side, mode })) ?? -Infinity);
  }

  /** @param timeMs source time */
  isPlanned(timeMs: number): boolean {
    return this.#planned.some(({ fromMs, untilMs }) => timeMs >= fromMs && timeMs < untilMs);
  }

  /** Until when work is planned that is going on at this time; undefined: none is. */
  plannedUntil(timeMs: number): number | undefined {
    const ends = this.#planned.filter(({ fromMs, untilMs }) => timeMs >= fromMs && timeMs < untilMs).map(({ untilMs }) => untilMs);
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  /** A row of an open case. */
  note(id: string, caseSinceMs: number, signals: readonly AnomalySignal[], givenMode: string, timeMs: number, sinceMs: number): void {
    // Messages may have lost it on their way.
    const mode = typeof givenMode === 'string' ? givenMode : '';
    const story = this.#storyOf(id, caseSinceMs);
    for (const signal of signals) {
      const part = partOf(signal, mode, timeMs - sinceMs);
      const known = story.parts.find((one) => keyOf(one) === keyOf(part));
      if (known === undefined) {
        if (story.parts.length >= mostParts) continue;
        story.parts.push(part);
      } else {
        if (part.size <= known.size) continue;
        known.size = part.size;
        known.cap = Math.max(known.cap, part.cap);
      }
      this.dirty = true;
    }
  }

  /** A limit or silence is part of this case. */
  noteFirm(id: string, caseSinceMs: number): void {
    const story = this.#storyOf(id, caseSinceMs);
    if (story.firm) return;
    story.firm = true;
    this.dirty = true;
  }

  #storyOf(id: string, sinceMs: number): CaseStory {
    let story = this.story(id);
    // A book of cases that began anew counts from one again.
    if (story !== undefined && story.sinceMs !== sinceMs && Math.abs(story.sinceMs - sinceMs) > dayMs) {
      this.#stories.splice(this.#stories.indexOf(story), 1);
      story = undefined;
    }
    if (story === undefined) {
      story = { id, sinceMs, parts: [], firm: false };
      this.#stories.unshift(story);
      this.dirty = true;
      if (this.#stories.length > mostStories) this.#stories.splice(oldestToDrop(this.#stories), 1);
    }
    return story;
  }

  /** What a falseAlarm to this story would allow; `capped`: less than it takes, so that the case would come again. */
  allowanceFor(story: CaseStory): { parts: StoryPart[]; capped: boolean } {
    let capped = false;
    const parts = story.parts.map((part): StoryPart => {
      if (!(part.size <= part.cap)) capped = true;
      return { ...part, size: Math.min(part.size * allowance, part.cap) };
    });
    // Where a signal swings back it may be told on its other side, inside its band.
    for (const { property, side, mode, unit, cap } of story.parts) {
      if (side === 'still' || parts.length >= 2 * mostParts) continue;
      const back: StoryPart = { property, side: side === 'above' ? 'below' : 'above', mode, size: cap / mostHalfBands, unit, cap };
      if (!parts.some((one) => keyOf(one) === keyOf(back))) parts.push(back);
    }
    return { parts, capped };
  }

  /**
   * Takes from an allowance what a confirmed case would vanish by.
   * @returns the confirmed case that looks the same as this one, so that nothing is left to allow
   */
  keepConfirmed(story: CaseStory, parts: StoryPart[]): CaseStory | undefined {
    for (const confirmed of this.#stories) {
      if (confirmed.answer?.answer !== 'real' || confirmed.parts.length === 0 || !this.#covers(confirmed, parts)) continue;
      let best: { part: StoryPart; size: number; spare: number } | undefined;
      for (const theirs of confirmed.parts) {
        const part = parts.find((one) => keyOf(one) === keyOf(theirs));
        const own = story.parts.find((one) => keyOf(one) === keyOf(theirs));
        if (part === undefined || own === undefined || this.allows(theirs.property, theirs.side, theirs.mode, theirs.size)) continue;
        const size = theirs.size * 0.999;
        if (size >= own.size && (best === undefined || theirs.size / own.size > best.spare)) best = { part, size, spare: theirs.size / own.size };
      }
      if (best === undefined) return confirmed;
      best.part.size = Math.min(best.part.size, best.size);
    }
    return undefined;
  }

  /** Cases since `fromMs` that nothing but these parts, with what is allowed already, would have kept from being told. */
  vanishing(parts: readonly StoryPart[], fromMs: number): CaseStory[] {
    return this.#stories.filter((story) => story.sinceMs >= fromMs && !story.firm && story.answer?.answer !== 'real' && story.parts.length > 0 && this.#covers(story, parts));
  }

  #covers(story: CaseStory, parts: readonly StoryPart[]): boolean {
    return story.parts.every((theirs) => {
      const part = parts.find((one) => keyOf(one) === keyOf(theirs));
      return (part !== undefined && theirs.size <= part.size) || this.allows(theirs.property, theirs.side, theirs.mode, theirs.size);
    });
  }

  /** Takes an answer in. */
  give(given: Omit<GivenAnswer, 'id'>): GivenAnswer {
    this.#number += 1;
    const answer: GivenAnswer = { id: `a${this.#number}`, ...given };
    this.#answers.unshift(answer);
    if (this.#answers.length > mostAnswers) {
      const over = this.#answers.findLastIndex((one) => !this.#inForce(one));
      this.#answers.splice(over < 0 ? this.#answers.length - 1 : over, 1);
    }
    const story = this.story(given.case);
    if (story !== undefined) story.answer = { answer: given.answer, ...(given.what === undefined ? {} : { what: given.what }) };
    this.#index();
    this.dirty = true;
    return answer;
  }

  takeBack(answer: GivenAnswer, by: string, atMs: number): void {
    answer.undone = { by, atMs };
    const story = this.story(answer.case);
    if (story !== undefined) {
      const other = this.#answers.find((one) => one.case === answer.case && one.undone === undefined);
      delete story.answer;
      if (other !== undefined) story.answer = { answer: other.answer, ...(other.what === undefined ? {} : { what: other.what }) };
    }
    this.#index();
    this.dirty = true;
  }

  /** falseAlarm answers that allow something now. */
  get allowing(): number {
    return this.#answers.filter((one) => one.answer === 'falseAlarm' && one.undone === undefined).length;
  }

  #inForce({ answer, undone, untilMs = 0, atMs }: GivenAnswer): boolean {
    return undone === undefined && (answer === 'falseAlarm' || untilMs > atMs);
  }

  #index(): void {
    this.#allowed = new Map();
    this.#planned = [];
    for (const { answer, undone, parts = [], atMs, untilMs } of this.#answers) {
      if (answer === 'planned' && untilMs !== undefined) {
        const endMs = Math.min(untilMs, undone?.atMs ?? Infinity);
        if (endMs > atMs) this.#planned.unshift({ fromMs: atMs, untilMs: endMs });
      }
      if (answer !== 'falseAlarm' || undone !== undefined) continue;
      for (const part of parts) this.#allowed.set(keyOf(part), Math.max(part.size, this.#allowed.get(keyOf(part)) ?? 0));
    }
  }

  /** Drops what is too old to matter. */
  forget(nowMs: number): void {
    const kept = this.#stories.filter(({ sinceMs, answer }) => nowMs - sinceMs < (answer === undefined ? feedbackDays : keptAnsweredDays) * dayMs);
    if (kept.length === this.#stories.length) return;
    this.#stories = kept;
    this.dirty = true;
  }

  /** The earlier cases that looked most like this one, best first. */
  similar(id: string, most = 3): SimilarCase[] {
    const story = this.story(id);
    if (story === undefined) return [];
    return this.#stories
      .filter((other) => other !== story && other.sinceMs < story.sinceMs)
      .map((other): SimilarCase => ({
        case: other.id,
        sinceMs: other.sinceMs,
        alike: likeness(story, other),
        found: other.answer?.answer ?? 'unanswered',
        ...(other.answer?.what === undefined ? {} : { what: other.answer.what }),
      }))
      .filter(({ alike }) => alike >= leastAlike)
      .sort((a, b) => Number(b.found !== 'unanswered') - Number(a.found !== 'unanswered') || b.alike - a.alike || b.sinceMs - a.sinceMs)
      .slice(0, most);
  }
}

const leastAlike = 0.4;

/** Shared signals with the same side count by how near their sizes are; 1: the same. The operating mode does not matter: a bearing squeaks in each. */
function likeness(one: CaseStory, other: CaseStory): number {
  const sizes = (story: CaseStory): Map<string, number> => {
    const bySignal = new Map<string, number>();
    for (const { property, side, size } of story.parts) bySignal.set(`${side} ${property}`, Math.max(size, bySignal.get(`${side} ${property}`) ?? 0));
    return bySignal;
  };
  const [own, theirs] = [sizes(one), sizes(other)];
  const all = new Set([...own.keys(), ...theirs.keys()]);
  if (all.size === 0) return 0;
  let sum = 0;
  for (const signal of all) {
    const [a, b] = [own.get(signal), theirs.get(signal)];
    if (a !== undefined && b !== undefined && Math.max(a, b) > 0) sum += Math.sqrt(Math.min(a, b) / Math.max(a, b));
  }
  return sum / all.size;
}

function keyOf({ property, side, mode }: Pick<StoryPart, 'property' | 'side' | 'mode'>): string {
  return `${side} ${property}\n${mode}`;
}

/** @param lastedMs how long the anomaly has been */
function partOf({ property, kind, value, expected, low, high, unit = '' }: AnomalySignal, mode: string, lastedMs: number): StoryPart {
  if (kind === 'stuck') return { property, side: 'still', mode, size: Math.max(0, lastedMs), unit: 'ms', cap: longestStillMs };
  if (typeof value !== 'number' || expected === undefined || low === undefined || high === undefined) return { property, side: 'above', mode, size: unknownSize, unit, cap: 0 };
  return { property, side: value < expected ? 'below' : 'above', mode, size: Math.abs(value - expected), unit, cap: (mostHalfBands * (high - low)) / 2 };
}

/** The oldest without an answer; where all have one, the oldest. */
function oldestToDrop(stories: readonly CaseStory[]): number {
  const index = stories.findLastIndex(({ answer }, place) => answer === undefined && place > 0);
  return index < 0 ? stories.length - 1 : index;
}
