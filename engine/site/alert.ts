import type { AlertMessage, Anomaly, AnomalySignal, TwinBatchMessage, TwinCase, TwinEvent, TwinHeader, TwinMessage } from '../../contract/messages.ts';
import { severityOf } from '../alarms/caseBook.ts';
import type { CaseBookOptions, CaseChange, Condition, Severity } from '../alarms/caseBook.ts';
import type { AssetTwin } from './assetTwin.ts';
import { pastLines } from './feedbackSentences.ts';
import { caseText, signalsSentence } from './sentences.ts';
import type { Site } from './site.ts';

/** Which of a machine's troubles open a case. */
export interface AlertSettings {
  onAnomaly: boolean;
  onLimit: boolean;
  onStale: boolean;
  clearAfterMs: number;
  repeatAfterMs: number;
  /** The twin-alert that asks; see CaseBookOptions. */
  teller?: string;
}

const severityRank: Record<Severity, number> = { specification: 1, maintenance: 2, failure: 3 };

/**
 * Takes in what twin-anomaly said of a message, row by row and each at its own time, so that a batch opens and clears the
 * same cases as its rows one by one. Where anomalies open no case, the rows still tell the time, so that others clear.
 */
export function takeVerdicts(site: Site, asset: AssetTwin, message: (TwinMessage | TwinBatchMessage) & { anomaly?: Anomaly | Anomaly[] }, settings: AlertSettings): AlertMessage[] {
  const { anomaly } = message;
  if (anomaly === undefined) return [];
  const changes: CaseChange[] = [];
  asset.cases.options = caseOptions(asset, settings);
  const take = (verdict: Anomaly, timeMs: number, mode: string): void => {
    const unjudged = isUnjudged(asset, verdict, mode);
    if (unjudged) asset.cases.unseen('anomaly', timeMs);
    if (!settings.onAnomaly || unjudged) changes.push(...asset.cases.watch(timeMs, true));
    else if (verdict.verdict === 'anomaly' || asset.cases.active) changes.push(...asset.cases.condition(conditionOfAnomaly(verdict, timeMs)));
    else if (asset.cases.open !== undefined) changes.push(...asset.cases.watch(timeMs, true));
    const { open } = asset.cases;
    if (open !== undefined && verdict.verdict === 'anomaly') asset.answers.note(storyId(open), open.sinceMs, verdict.signals, mode, timeMs, verdict.sinceMs ?? timeMs);
  };
  if (Array.isArray(anomaly)) {
    const rows = Array.isArray(message.payload) ? message.payload : [];
    const states = 'states' in message ? message.states : [];
    anomaly.forEach((verdict, index) => take(verdict, rows[index]?.time ?? message.timestamp, states[index] ?? message.twin.state));
  } else take(anomaly, message.timestamp, message.twin.state);
  return messagesOf(site, asset, changes);
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

/** Lets the asset's case book take conditions in and gives the messages to send. */
export function takeConditions(site: Site, asset: AssetTwin, conditions: readonly Condition[], settings: AlertSettings): AlertMessage[] {
  const changes: CaseChange[] = [];
  asset.cases.options = caseOptions(asset, settings);
  for (const condition of conditions) changes.push(...asset.cases.condition(condition));
  const { open } = asset.cases;
  if (open !== undefined && conditions.some(({ active }) => active)) asset.answers.noteFirm(storyId(open), open.sinceMs);
  return messagesOf(site, asset, changes);
}

/** Clears and reminds by time; `nowMs` is the site's for the live twin, the row's in a replay. */
export function watchCases(site: Site, asset: AssetTwin, settings: AlertSettings, nowMs: number): AlertMessage[] {
  if (asset.cases.open === undefined) return [];
  asset.cases.options = caseOptions(asset, settings);
  return messagesOf(site, asset, asset.cases.watch(nowMs));
}

/**
 * A person or a message answers for a case.
 * @throws Problem TWIN_CASE_UNKNOWN, TWIN_CASE_ACKNOWLEDGED
 */
export function acknowledgeCase(site: Site, asset: AssetTwin, caseId: string | undefined, by: string): AlertMessage[] {
  const change = asset.cases.acknowledge(caseId, by, site.clock.nowMs());
  const messages = messagesOf(site, asset, [change]);
  for (const message of messages) site.tellAnswered(message);
  return messages;
}

/** Takes an acknowledgement back; nothing happens where the case is over or another one. */
export function withdrawAcknowledgement(site: Site, asset: AssetTwin, caseId: string): void {
  const change = asset.cases.withdraw(caseId, site.clock.nowMs());
  for (const message of messagesOf(site, asset, change === undefined ? [] : [change])) site.tellAnswered(message);
}

/** Cases of replayed data are counted anew, so that their ids come twice. */
export function storyId({ id, historical }: Pick<TwinCase, 'id' | 'historical'>): string {
  return historical ? `historical/${id}` : id;
}

function caseOptions(asset: AssetTwin, settings: AlertSettings): CaseBookOptions {
  const { clearAfterMs, repeatAfterMs, teller } = settings;
  return { twin: asset.key, historical: asset.replay !== undefined, clearAfterMs, repeatAfterMs, ...(teller === undefined ? {} : { teller }) };
}

function messagesOf(site: Site, asset: AssetTwin, changes: readonly CaseChange[]): AlertMessage[] {
  if (changes.length === 0) return [];
  asset.dirty = true;
  const neighbours = site.relations.neighbours(asset.key).map((neighbour) => ({ ...neighbour, name: site.asset(neighbour.key)?.twin.name ?? neighbour.key }));
  const header: TwinHeader = asset.twin.header();
  const messages = changes.map((change): AlertMessage => {
    const twinCase = change.case;
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
      },
      asset.naming,
      asset.language,
    );
    const similar = twinCase.state === 'open' ? asset.answers.similar(storyId(twinCase)) : [];
    const servicedMs = site.relations.lastTold(asset.key, 'serviced by', site.clock.nowMs());
    const past = twinCase.state === 'open' ? pastLines(similar, servicedMs, asset.language) : [];
    // What was wrong, also when it is over: this is what the list of past cases shows.
    site.keepCase({ case: twinCase, sentence: `${signalsSentence(twinCase.signals, asset.naming, asset.language)}.` });
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
  site.changed(asset.key);
  return messages;
}
