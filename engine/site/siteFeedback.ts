import type { FeedbackAnswer, FeedbackEffect, FeedbackRecord } from '../../contract/feedback.ts';
import type { ActionSource } from '../../contract/alarms.ts';
import type { TwinCase } from '../../contract/messages.ts';
import type { Json, StateStore } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { AlarmDesk } from './alarmDesk.ts';
import { acknowledgeCase, withdrawAcknowledgement } from './alert.ts';
import type { AssetTwin } from './assetTwin.ts';
import { CaseAnswers, feedbackDays } from './caseAnswers.ts';
import type { CaseStory, GivenAnswer, StoryPart } from './caseAnswers.ts';
import { answerName, effectSentences, undoneSentence } from './feedbackSentences.ts';
import { oneLine } from './sentences.ts';
import type { Site } from './site.ts';

/** An answer as it comes from the page, a message or a button. */
export interface FeedbackInput {
  key: string;
  /** Absent: the open case. */
  case?: string;
  answer: FeedbackAnswer;
  what?: string;
  untilMs?: number;
  by: string;
  via: ActionSource;
}

const dayMs = 86_400_000;
const undoMs = feedbackDays * dayMs;
const longestPlannedMs = 14 * dayMs;
const mostAllowing = 20;
const mostWhatCharacters = 200;
const mostNameCharacters = 80;
/** What was seen of an open case is written so often; an answer at once. */
const writeEveryMs = 10_000;

const prefix = 'feedback/';
const beforePrefix = 'learned-before/';

interface Kept {
  answers: CaseAnswers;
  writtenMs: number;
  urgent: boolean;
}

/** A thought-out answer: who, to which case, what it would change. */
interface Plan {
  asset: AssetTwin;
  answers: CaseAnswers;
  twinCase: TwinCase;
  storyId: string;
  story: CaseStory | undefined;
  parts: StoryPart[];
  properties: string[];
  what: string;
  by: string;
  effect: FeedbackEffect;
}

/**
 * What people answer to the cases of a site: seen before it is done, kept under the machine's key, written to the journal, and taken back for 30 days.
 * Nothing here touches an alarm limit.
 */
export class SiteFeedback {
  readonly #site: Site;
  readonly #state: StateStore;
  readonly #kept = new Map<string, Kept>();
  /** Where each answer is written down, with who gave it. */
  journal: Pick<AlarmDesk, 'note'> | undefined;
  readonly #changes: { key: string; value: Json | null }[] = [];

  constructor(site: Site, state: StateStore) {
    this.#site = site;
    this.#state = state;
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#state.entries(prefix)) {
      this.#kept.set(key.slice(prefix.length), { answers: new CaseAnswers(value), writtenMs: -Infinity, urgent: false });
    }
  }

  /** What is known of a machine's cases. */
  of(key: string): CaseAnswers {
    return this.#keptOf(key).answers;
  }

  #keptOf(key: string): Kept {
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = { answers: new CaseAnswers(), writtenMs: -Infinity, urgent: false };
      this.#kept.set(key, kept);
    }
    return kept;
  }

  /**
   * What an answer would change. Changes nothing.
   * @throws Problem TWIN_MACHINE_UNKNOWN, TWIN_CASE_UNKNOWN, TWIN_FEEDBACK_WHAT, TWIN_FEEDBACK_UNTIL, TWIN_FEEDBACK_WHO, TWIN_FEEDBACK_FIRM (limits and silence are
   *   not answered away), TWIN_FEEDBACK_CONFIRMED (a confirmed case looks the same), TWIN_FEEDBACK_MANY, TWIN_FEEDBACK_ANSWERED
   */
  preview(input: FeedbackInput): FeedbackEffect {
    return this.#plan(input).effect;
  }

  /**
   * Does it. Durable when `site.written()` resolves.
   * @throws Problem as `preview`, and TWIN_CASE_ACKNOWLEDGED
   */
  give(input: FeedbackInput): FeedbackRecord {
    const plan = this.#plan(input);
    const { asset, answers, twinCase, parts, properties, what, by, effect } = plan;
    const nowMs = this.#site.clock.nowMs();
    if (input.answer === 'onIt') acknowledgeCase(this.#site, asset, twinCase.id, by, 'feedback', what === '' ? undefined : what);
    if (input.answer === 'changed') {
      this.#changes.push({ key: `${beforePrefix}${asset.key}`, value: { v: 1, atMs: nowMs, case: plan.storyId, asset: asset.snapshot() } });
      asset.learnAgain(properties.length === 0 ? undefined : properties);
    }
    const given = answers.give({
      case: plan.storyId,
      answer: input.answer,
      by,
      atMs: nowMs,
      ...(what === '' ? {} : { what }),
      ...(input.answer === 'planned' ? { untilMs: input.untilMs as number } : {}),
      ...(input.answer === 'falseAlarm' ? { parts } : {}),
      effect: effect.sentences[0] ?? '',
    });
    this.#told(asset, given, effect.sentences.join(' '), by, input.via);
    return this.#recordOf(given, nowMs);
  }

  /**
   * Takes an answer back: what it changed is as it was before.
   * @throws Problem TWIN_MACHINE_UNKNOWN, TWIN_FEEDBACK_UNKNOWN, TWIN_FEEDBACK_UNDONE, TWIN_FEEDBACK_OLD, TWIN_FEEDBACK_LEARNED, TWIN_FEEDBACK_WHO
   */
  async undo(key: string, id: string, givenBy: string, via: ActionSource): Promise<FeedbackRecord> {
    const asset = this.#assetOf(key);
    const by = nameOf(givenBy);
    const answers = this.of(key);
    const nowMs = this.#site.clock.nowMs();
    const check = (): GivenAnswer => {
      const given = answers.answers.find((one) => one.id === id);
      if (given === undefined) throw new Problem('TWIN_FEEDBACK_UNKNOWN', 'There is no such answer.', 'Load the page again and look at the list of answers.');
      if (given.undone !== undefined) throw new Problem('TWIN_FEEDBACK_UNDONE', `${given.undone.by} already took this answer back.`, 'Nothing is left to do.');
      if (nowMs - given.atMs > undoMs) throw new Problem('TWIN_FEEDBACK_OLD', 'This answer is older than 30 days and cannot be taken back any more.', 'Answer a newer case.');
      return given;
    };
    let given = check();
    if (given.answer === 'changed') {
      const before = (await this.#state.get(`${beforePrefix}${key}`))?.value as { atMs?: number; asset?: Json } | undefined;
      given = check();
      const isNewest = answers.answers.find((one) => one.answer === 'changed' && one.undone === undefined) === given;
      if (!isNewest || before?.atMs !== given.atMs || before.asset === undefined || !this.#restores(asset, before.asset)) {
        throw new Problem('TWIN_FEEDBACK_LEARNED', 'What was learned before is not there any more, or fits no longer.', 'Let the machine learn anew; it needs nothing else.');
      }
      this.#changes.push({ key: `${beforePrefix}${key}`, value: null });
    }
    if (given.answer === 'onIt') withdrawAcknowledgement(this.#site, this.#shown(asset), given.case.replace(/^historical\//, ''));
    answers.takeBack(given, by, nowMs);
    this.#told(asset, given, undoneSentence(`${answerName(given.answer, asset.language)} (${given.effect})`, asset.language), by, via);
    return this.#recordOf(given, nowMs);
  }

  #restores(asset: AssetTwin, before: Json): boolean {
    try {
      return asset.restore(before, 'learned');
    } catch (problem) {
      if (problem instanceof Problem) return false;
      throw problem;
    }
  }

  /** Newest first, at most 50. */
  list(key: string): FeedbackRecord[] {
    const nowMs = this.#site.clock.nowMs();
    return this.of(key).answers.slice(0, 50).map((given) => this.#recordOf(given, nowMs));
  }

  #recordOf({ id, case: caseId, answer, by, atMs, what, untilMs, effect, undone }: GivenAnswer, nowMs: number): FeedbackRecord {
    const undoUntilMs = atMs + undoMs;
    return {
      id, case: caseId, answer, by, atMs, effect,
      ...(what === undefined ? {} : { what }),
      ...(untilMs === undefined ? {} : { untilMs }),
      ...(undone === undefined ? {} : { undone: { ...undone } }),
      ...(undone === undefined && nowMs <= undoUntilMs ? { undoUntilMs } : {}),
    };
  }

  #told(asset: AssetTwin, given: GivenAnswer, text: string, by: string, via: ActionSource): void {
    this.#keptOf(asset.key).urgent = true;
    const why = given.what === undefined ? text : `${given.what} · ${text}`;
    this.journal?.note({
      twin: asset.key, event: 'FEEDBACK', by, via, case: given.case.replace(/^historical\//, ''), why: `${answerName(given.answer, asset.language)}: ${why}`.slice(0, 500),
    });
    asset.dirty = true;
    this.#site.changed(asset.key);
  }

  #assetOf(key: string): AssetTwin {
    const asset = this.#site.asset(key);
    if (asset === undefined) throw new Problem('TWIN_MACHINE_UNKNOWN', 'There is no such machine.', 'It may have been removed or renamed.');
    return asset;
  }

  /** On a site that shows recorded data, the machine as its replay left it. */
  #shown(live: AssetTwin): AssetTwin {
    return this.#site.options.clock === 'replay' ? (this.#site.latestReplay(live.key) ?? live) : live;
  }

  #plan(input: FeedbackInput): Plan {
    const live = this.#assetOf(input.key);
    const shown = this.#shown(live);
    const answers = this.of(input.key);
    const by = nameOf(input.by);
    const open = shown.cases.open;
    const wanted = input.case ?? open?.id;
    const twinCase = open !== undefined && open.id === wanted ? open : this.#site.endedCases(input.key).find((stored) => stored.case.id === wanted)?.case;
    if (twinCase === undefined || (input.answer === 'onIt' && twinCase !== open)) {
      throw new Problem(
        'TWIN_CASE_UNKNOWN',
        open === undefined ? 'There is no such open case.' : 'The open case is another one than the one you saw.',
        'Look at the current case and answer that one.',
      );
    }
    const storyId = twinCase.historical ? `historical/${twinCase.id}` : twinCase.id;
    const story = answers.story(storyId);
    const nowMs = this.#site.clock.nowMs();
    const what = oneLine(input.what ?? '').trim().slice(0, mostWhatCharacters);
    const fromMs = nowMs - undoMs;
    const lately = answers.stories.filter(({ id, sinceMs }) => sinceMs >= fromMs && id.startsWith('historical/') === twinCase.historical);
    const confirmed = lately.filter(({ answer }) => answer?.answer === 'real').length;
    let parts: StoryPart[] = [];
    let capped = false;
    let vanish = 0;
    const finding = (answer: FeedbackAnswer): boolean => answer === 'real' || answer === 'falseAlarm';
    const earlier = answers.answers.find((one) => one.case === storyId && one.undone === undefined && finding(one.answer));
    if (finding(input.answer) && earlier !== undefined) {
      throw new Problem('TWIN_FEEDBACK_ANSWERED', `${earlier.by} already answered this case: ${answerName(earlier.answer, live.language)}.`, 'Take that answer back first, if it was wrong.');
    }
    if (input.answer === 'real' && what === '') throw new Problem('TWIN_FEEDBACK_WHAT', 'It is not said what it was.', 'Say in some words what was found, for the next time.');
    if (input.answer === 'planned' && !(input.untilMs !== undefined && input.untilMs > nowMs && input.untilMs <= nowMs + longestPlannedMs)) {
      throw new Problem('TWIN_FEEDBACK_UNTIL', 'The end of planned work has to lie ahead, at most 14 days.', 'Choose another time.');
    }
    if (input.answer === 'falseAlarm') {
      if (story === undefined || story.parts.length === 0) {
        throw new Problem(
          'TWIN_FEEDBACK_FIRM', 'This case tells of a limit or of missing values, which no answer changes.',
          'Correct the limit in the type or the machine, or say until when it is planned.',
        );
      }
      if (answers.allowing >= mostAllowing) {
        throw new Problem('TWIN_FEEDBACK_MANY', `${mostAllowing} false alarms are allowed for on this machine already.`, 'Take some back, or let it learn again what is normal.');
      }
      ({ parts, capped } = answers.allowanceFor(story));
      const same = answers.keepConfirmed(story, parts);
      if (same !== undefined) {
        throw new Problem(
          'TWIN_FEEDBACK_CONFIRMED', 'A confirmed case looks the same as this one and would vanish with it.', 'If that one was no real fault, take its answer back first.', { case: same.id },
        );
      }
      vanish = answers.vanishing(parts, fromMs).filter((one) => lately.includes(one)).length;
    }
    const properties = [...new Set((story?.parts ?? []).map(({ property }) => property))].filter((name) => live.columns.some((column) => column.name === name));
    const cases = lately.length;
    const sentences = effectSentences(
      input.answer, { machine: live.twin.name, cases, vanish, confirmed, parts, capped, story, what, untilMs: input.untilMs ?? NaN, properties }, live.naming, live.language,
    );
    const effect: FeedbackEffect = { answer: input.answer, sentences, cases, vanish, confirmed };
    return { asset: input.answer === 'onIt' ? shown : live, answers, twinCase, storyId, story, parts, properties, what, by, effect };
  }

  /** What is to be written since the last call. */
  takeChanges(monotonicMs: number, all = false): { key: string; value: Json | null }[] {
    const changes = this.#changes.splice(0);
    for (const [key, kept] of this.#kept) {
      if (!kept.answers.dirty || !(all || kept.urgent || monotonicMs - kept.writtenMs >= writeEveryMs)) continue;
      kept.answers.dirty = false;
      kept.urgent = false;
      kept.writtenMs = monotonicMs;
      changes.push({ key: `${prefix}${key}`, value: kept.answers.snapshot() });
    }
    return changes;
  }

  async forget(nowMs: number): Promise<void> {
    for (const { answers } of this.#kept.values()) answers.forget(nowMs);
    for (const { key, value } of await this.#state.entries(beforePrefix)) {
      const { atMs = 0 } = value as { atMs?: number };
      if (nowMs - atMs > undoMs) this.#changes.push({ key, value: null });
    }
  }
}

function nameOf(by: string): string {
  const name = oneLine(by).trim().slice(0, mostNameCharacters);
  if (name === '') throw new Problem('TWIN_FEEDBACK_WHO', 'It is not said who answers.', 'Give a name with the answer; it stands in the journal.');
  return name;
}
