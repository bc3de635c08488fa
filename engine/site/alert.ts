import type { ActionSource } from '../../contract/alarms.ts';
import type { AlertMessage, Anomaly, AnomalySignal, TwinBatchMessage, TwinCase, TwinEvent, TwinHeader, TwinMessage } from '../../contract/messages.ts';
import { letterOfSeverity, priorityOfSeverity, severityOf } from '../alarms/caseBook.ts';
import type { CaseBookOptions, CaseChange, Condition, Severity } from '../alarms/caseBook.ts';
import type { AssetTwin } from './assetTwin.ts';
import { beyondText, comparedText } from './explanation.ts';
import { pastLines } from './feedbackSentences.ts';
import { caseText, oneLine, signalsSentence } from './sentences.ts';
import type { Site } from './site.ts';
import type { AlarmCircumstances } from './siteAlarms.ts';

/** Which of a machine's troubles open a case. */
export interface AlertSettings {
  onAnomaly: boolean;
  onLimit: boolean;
  onStale: boolean;
  clearAfterMs: number;
  repeatAfterMs: number;
  /** The twin-alert that asks; see CaseBookOptions. */
  teller?: string;
  /** Silence of a machine waits so long for that of others, so that a common cause is one case; 0 or absent: not at all. */
  holdMs?: number;
  /** Somebody has to acknowledge alarms (default), and they are told again after so long acknowledged and still active; 0: never. */
  acknowledge?: boolean;
  realarmAfterMs?: number;
  /** Alarms are suppressed in these operating modes, in any case, and for a while after them. */
  quietModes?: readonly string[];
  /** … and in those in which nothing is judged. */
  quietWhenOff?: boolean;
  settleMs?: number;
}

/** A condition with what its rule says of its alarm. */
export interface RuledCondition extends Condition {
  rule?: { name: string; latching: boolean; acknowledge: boolean; confirm?: boolean; offDelayMs: number; root: boolean };
}

const severityRank: Record<Severity, number> = { specification: 1, maintenance: 2, check: 3, failure: 4 };

/**
 * Takes in what twin-anomaly said of a message, row by row and each at its own time, so that a batch opens and clears the
 * same cases as its rows one by one. Where anomalies open no case, the rows still tell the time, so that others clear.
 */
export function takeVerdicts(site: Site, asset: AssetTwin, message: (TwinMessage | TwinBatchMessage) & { anomaly?: Anomaly | Anomaly[] }, settings: AlertSettings): CaseChange[] {
  const { anomaly } = message;
  if (anomaly === undefined) return [];
  const changes: CaseChange[] = [];
  asset.cases.options = caseOptions(asset, settings);
  const take = (verdict: Anomaly, timeMs: number, mode: string): void => {
    const unjudged = isUnjudged(asset, verdict, mode);
    changes.push(...suppressByMode(site, asset, mode, timeMs, settings));
    if (unjudged) {
      asset.cases.unseen('anomaly', timeMs);
      site.alarms.unseen(asset, 'anomaly', timeMs);
    }
    if (!settings.onAnomaly || unjudged) changes.push(...watched(site, asset, timeMs));
    else if (verdict.verdict === 'anomaly' || asset.cases.active || isAlarmActive(site, asset, 'anomaly')) changes.push(...takeOne(site, asset, conditionOfAnomaly(verdict, timeMs), settings));
    else changes.push(...watched(site, asset, timeMs));
    const { open } = asset.cases;
    if (open !== undefined && verdict.verdict === 'anomaly') asset.answers.note(storyId(open), open.sinceMs, verdict.signals, mode, timeMs, verdict.sinceMs ?? timeMs);
  };
  if (Array.isArray(anomaly)) {
    const rows = Array.isArray(message.payload) ? message.payload : [];
    const states = 'states' in message ? message.states : [];
    anomaly.forEach((verdict, index) => take(verdict, rows[index]?.time ?? message.timestamp, states[index] ?? message.twin.state ?? ''));
  } else take(anomaly, message.timestamp, message.twin.state ?? '');
  return noted(site, asset, changes);
}

/** While a machine stands, nothing is judged: a fault is not over because it cannot be seen, so a case stays as it is. */
function isUnjudged(asset: AssetTwin, anomaly: Anomaly, mode: string): boolean {
  return anomaly.verdict !== 'anomaly' && asset.isOffMode(mode);
}

function conditionOfAnomaly(anomaly: Anomaly, timeMs: number): Condition {
  const active = anomaly.verdict === 'anomaly';
  let severity: Severity = 'specification';
  for (const signal of anomaly.signals) {
    const own = severityOf(signal.kind);
    // What carries little of it must not decide how grave it is.
    if (signal.share >= 0.2 && severityRank[own] > severityRank[severity]) severity = own;
  }
  return { name: 'anomaly', active, timeMs, signals: anomaly.signals, ...(anomaly.sinceMs === undefined ? {} : { sinceMs: anomaly.sinceMs }), severity };
}

/** The condition that an event of twin-asset begins or ends; undefined for events that are no trouble. */
export function conditionOfEvent(event: TwinEvent, settings: AlertSettings): Condition | undefined {
  if (event.kind === 'limit' && settings.onLimit && event.property !== undefined) {
    const signal: AnomalySignal = {
      property: event.property,
      share: 1,
      kind: 'limit',
      value: event.value ?? null,
      ...(event.limitValue === undefined ? {} : { expected: event.limitValue }),
    };
    const grave = event.limit === 'highHigh' || event.limit === 'lowLow';
    return {
      name: `limit/${event.property}/${event.limit ?? ''}`,
      active: event.active === true,
      timeMs: event.timeMs,
      signals: event.active === true ? [signal] : [],
      severity: grave ? 'failure' : 'specification',
    };
  }
  if (event.kind === 'quality' && event.active !== undefined && settings.onAnomaly && event.property !== undefined) {
    const { property, active, value = null, expected } = event;
    const signals: AnomalySignal[] = active ? [{ property, share: 1, kind: 'unit', value, ...expected }] : [];
    return { name: `unit/${property}`, active, timeMs: event.timeMs, signals, severity: 'specification' };
  }
  if ((event.kind === 'stale' || event.kind === 'fresh') && settings.onStale) {
    const active = event.kind === 'stale' && event.active !== false;
    const signals: AnomalySignal[] = active && event.property !== undefined ? [{ property: event.property, share: 1, kind: 'dropout', value: event.value ?? null }] : [];
    return { name: event.property === undefined ? 'stale' : `stale/${event.property}`, active, timeMs: event.timeMs, signals, severity: 'failure' };
  }
  return undefined;
}

/** Lets the machine's alarms and its case take conditions in; gives what is to be told. */
export function takeConditions(site: Site, asset: AssetTwin, conditions: readonly RuledCondition[], settings: AlertSettings): CaseChange[] {
  const changes: CaseChange[] = [];
  asset.cases.options = caseOptions(asset, settings);
  for (const condition of conditions) {
    changes.push(...suppressByMode(site, asset, asset.twin.state, condition.timeMs, settings));
    changes.push(...takeOne(site, asset, condition, settings));
  }
  const { open } = asset.cases;
  if (open !== undefined && conditions.some(({ active }) => active)) asset.answers.noteFirm(storyId(open), open.sinceMs);
  return noted(site, asset, changes);
}

/** Recorded data has cases to compare with, but no alarms that anybody could answer. */
function takeOne(site: Site, asset: AssetTwin, condition: RuledCondition, settings: AlertSettings): CaseChange[] {
  if (asset.replay !== undefined) return asset.cases.condition(condition);
  return site.alarms.condition(asset, condition, () => circumstancesOf(asset, condition, settings));
}

function circumstancesOf(asset: AssetTwin, condition: RuledCondition, settings: AlertSettings): AlarmCircumstances {
  const { name, severity, rule } = condition;
  const sentence = signalsSentence(condition.signals, asset.naming, asset.language);
  return {
    traits: {
      text: oneLine(rule === undefined || rule.name === '' ? `${sentence}.` : `${rule.name}: ${sentence}.`),
      priority: condition.priority ?? priorityOfSeverity(severity),
      letter: letterOfSeverity(severity),
      latching: rule?.latching ?? false,
      acknowledge: rule?.acknowledge ?? settings.acknowledge ?? true,
      ...(rule?.confirm === true && { confirm: true }),
      realarmAfterMs: settings.realarmAfterMs ?? 0,
      critical: /\/(highHigh|lowLow)$/.test(name),
      silence: name === 'stale' || name.startsWith('stale/'),
      ...(settings.teller === undefined ? {} : { teller: settings.teller }),
    },
    offDelayMs: rule?.offDelayMs ?? settings.clearAfterMs,
    holdMs: settings.holdMs ?? 0,
    root: rule?.root ?? false,
  };
}

/** In some operating modes nothing is an alarm by design: off, changeover, cleaning. A while after them it is as it was. */
function suppressByMode(site: Site, asset: AssetTwin, mode: string, timeMs: number, settings: AlertSettings): CaseChange[] {
  if (asset.replay !== undefined) return [];
  const quiet = (settings.quietWhenOff === true && asset.isOffMode(mode)) || (mode !== '' && settings.quietModes?.includes(mode.toLowerCase()) === true);
  return site.alarms.mode(asset, mode, quiet, timeMs, settings.settleMs ?? 0);
}

function isAlarmActive(site: Site, asset: AssetTwin, name: string): boolean {
  return asset.replay === undefined && site.alarms.isActive(asset.key, name);
}

function watched(site: Site, asset: AssetTwin, timeMs: number): CaseChange[] {
  const changes = asset.cases.open === undefined ? [] : asset.cases.watch(timeMs, true);
  return asset.replay === undefined ? [...changes, ...site.alarms.watch(asset, timeMs)] : changes;
}

/** Clears and reminds by time; `nowMs` is the site's for the live twin, the row's in a replay. */
export function watchCases(site: Site, asset: AssetTwin, settings: AlertSettings, nowMs: number): CaseChange[] {
  const changes: CaseChange[] = [];
  if (asset.replay === undefined) changes.push(...suppressByMode(site, asset, asset.twin.state, nowMs, settings), ...site.alarms.watch(asset, nowMs));
  if (asset.cases.open !== undefined) {
    asset.cases.options = caseOptions(asset, settings);
    changes.push(...(asset.replay === undefined ? asset.cases.watch(nowMs, false, site.alarms.steadyMs()) : asset.cases.watch(nowMs)));
  }
  return noted(site, asset, changes);
}

/**
 * A person or a message answers for a case.
 * @throws Problem TWIN_CASE_UNKNOWN, TWIN_CASE_ACKNOWLEDGED
 */
export function acknowledgeCase(site: Site, asset: AssetTwin, caseId: string | undefined, by: string, via: ActionSource = 'message', why?: string): void {
  if (asset.replay !== undefined) {
    site.tellCases(asset, [asset.cases.acknowledge(caseId, by, site.clock.nowMs())]);
    return;
  }
  const action = { action: 'acknowledge' as const, twin: asset.key, by: by.trim() === '' ? '?' : by, via };
  site.alarms.act({ ...action, ...(caseId === undefined ? {} : { case: caseId }), ...(why === undefined ? {} : { why }) });
}

/** Takes an acknowledgement back; nothing happens where the case is over or another one. */
export function withdrawAcknowledgement(site: Site, asset: AssetTwin, caseId: string): void {
  const change = asset.cases.withdraw(caseId, site.clock.nowMs());
  if (change === undefined) return;
  if (asset.replay === undefined) site.alarms.openAgain(asset);
  site.tellCases(asset, [change]);
}

/** Cases of replayed data are counted anew, so that their ids come twice. */
export function storyId({ id, historical }: Pick<TwinCase, 'id' | 'historical'>): string {
  return historical ? `historical/${id}` : id;
}

function caseOptions(asset: AssetTwin, settings: AlertSettings): CaseBookOptions {
  const { clearAfterMs, repeatAfterMs, teller } = settings;
  return { twin: asset.key, historical: asset.replay !== undefined, clearAfterMs, repeatAfterMs, ...(teller === undefined ? {} : { teller }) };
}

function noted(site: Site, asset: AssetTwin, changes: CaseChange[]): CaseChange[] {
  noteCases(site, asset, changes);
  return changes;
}

/** Changes of a case are kept for the page and for those who come later, told or not. */
export function noteCases(site: Site, asset: AssetTwin, changes: readonly CaseChange[]): void {
  if (changes.length === 0) return;
  asset.dirty = true;
  if (asset.replay === undefined) site.alarms.noteCase(asset.key);
  for (const { case: twinCase } of changes) {
    if (asset.replay === undefined && asset.cases.open?.id === twinCase.id) twinCase.members = site.alarms.members(asset);
    if (asset.replay === undefined && (twinCase.change === 'opened' || twinCase.change === 'cleared')) {
      site.alarms.note({ twin: asset.key, event: 'CASE', case: twinCase.id, why: twinCase.change });
    }
    // What was wrong, also when it is over: this is what the list of past cases shows.
    site.keepCase({ case: twinCase, sentence: `${signalsSentence(twinCase.signals, asset.naming, asset.language)}.` });
  }
  site.changed(asset.key);
}

/** Changes of a case as people are told of them. */
export function alertMessages(site: Site, asset: AssetTwin, changes: readonly CaseChange[]): AlertMessage[] {
  if (changes.length === 0) return [];
  const neighbours = site.relations.neighbours(asset.key).map((neighbour) => ({ ...neighbour, name: site.asset(neighbour.key)?.twin.name ?? neighbour.key }));
  const header: TwinHeader = asset.twin.header();
  return changes.map((change): AlertMessage => {
    const twinCase = change.case;
    const { aside } = twinCase;
    // It may have waited to be told, and more may have joined.
    if (asset.replay === undefined && asset.cases.open?.id === twinCase.id) twinCase.members = site.alarms.members(asset);
    const text = caseText(
      {
        machine: header.name,
        change: change.reminder ? 'reminder' : twinCase.change,
        signals: twinCase.signals,
        silent: asset.replay === undefined && asset.twin.stale,
        sinceMs: twinCase.sinceMs,
        clearedMs: twinCase.clearedMs,
        acknowledgedBy: twinCase.acknowledgedBy,
        historical: twinCase.historical,
        neighbours,
        beyond: (signal) => beyondText(signal, asset.naming, asset.language),
        compared: comparedText(twinCase.signals, asset.naming, asset.language),
        inhibits: twinCase.members?.inhibits.map(({ name }) => name) ?? [],
        ...(aside === undefined ? {} : { aside: aside.what === 'root' ? { ...aside, why: site.asset(aside.why ?? '')?.twin.name ?? aside.why ?? '' } : aside }),
      },
      asset.naming,
      asset.language,
    );
    const similar = twinCase.state === 'open' ? asset.answers.similar(storyId(twinCase)) : [];
    const servicedMs = site.relations.lastTold(asset.key, 'serviced by', site.clock.nowMs());
    const past = twinCase.state === 'open' ? pastLines(similar, servicedMs, asset.language) : [];
    return {
      topic: text.subject,
      payload: [text.body, ...past].join('\n'),
      case: twinCase,
      alarm: { v: 1, priority: change.priority, idempotencyKey: change.idempotencyKey },
      why: {
        signals: twinCase.signals,
        neighbours,
        ...(servicedMs === undefined ? {} : { lastMaintenanceMs: servicedMs }),
        ...(similar.length === 0 ? {} : { similar }),
      },
      twin: header,
      timestamp: twinCase.changedMs,
      ...(asset.replay === undefined ? {} : { historical: true as const, replay: { id: asset.replay } }),
    };
  });
}
