import type { AnomalySignal, QualityWord, SentValue, TwinBatchMessage, TwinMessage } from '../../contract/messages.ts';
import type { CaseChange, Severity } from '../alarms/caseBook.ts';
import { DelayedCondition } from '../alarms/delayedCondition.ts';
import type { DelayedChange } from '../alarms/delayedCondition.ts';
import type { Compiled } from '../expression/compile.ts';
import { LimitWatch } from '../alarms/limitWatch.ts';
import type { WatchQuality } from '../alarms/limitWatch.ts';
import type { RuledCondition } from './alert.ts';
import type { AssetTwin } from './assetTwin.ts';
import type { QuietExpression } from './quietExpressions.ts';
import { oneLine, ruleSentence, signalSentence, valueText } from './sentences.ts';
import type { Site } from './site.ts';

/** A rule of a twin-alert, as somebody wrote it down. */
export interface AlarmRule {
  name: string;
  /** Names of types; empty: every machine whose messages come. */
  types: readonly string[];
  property: string;
  kind: 'high' | 'low' | 'deviation' | 'true';
  limit: number;
  deadband: number;
  /** Of a deviation: the property that says what is wanted. */
  setpoint: string;
  onDelayMs: number;
  offDelayMs: number;
  severity: Severity;
  priority: CaseChange['priority'];
  latching: boolean;
  acknowledge: boolean;
  /** … and somebody to confirm it. */
  confirm?: boolean;
  /** What depends on this machine tells nothing while it is active. */
  root: boolean;
  /** While it holds, this alarm is suppressed by design. */
  unless?: Compiled;
}

export interface AlarmRulesSettings {
  rules: readonly AlarmRule[];
  /** A signal whose quality is not good for so long is an alarm of its own; 0: none. */
  badSignalAfterMs: number;
  /** While it holds, no alarm of the machine is one. */
  quietWhile?: Compiled;
}

interface Watches {
  rules: { rule: AlarmRule; name: string; watch: LimitWatch }[];
  bad: Map<string, DelayedCondition>;
}

/** Values may be so late before time alone lets a delay run out. */
const latenessMs = 2000;

/**
 * The rules of one twin-alert over the values of the machines whose messages it gets. Delays count source time: row by row, in a batch and
 * in a replay the same alarms come at the same times.
 */
export class AlarmRules {
  readonly #settings: AlarmRulesSettings;
  readonly #watches = new WeakMap<AssetTwin, Watches>();

  constructor(settings: AlarmRulesSettings) {
    this.#settings = settings;
  }

  /** Whether something but alarms of its own is asked of the values. */
  get quiets(): boolean {
    return this.#settings.quietWhile !== undefined || this.#settings.rules.some(({ unless }) => unless !== undefined);
  }

  /** The expressions that suppress alarms of this machine. */
  quietOf(site: Site, asset: AssetTwin): QuietExpression[] {
    const { quietWhile } = this.#settings;
    const own = this.#of(site, asset).rules.flatMap(({ rule: { unless }, name }) => (unless === undefined ? [] : [{ compiled: unless, only: name }]));
    return [...(quietWhile === undefined ? [] : [{ compiled: quietWhile }]), ...own];
  }

  get isEmpty(): boolean {
    return this.#settings.rules.length === 0 && this.#settings.badSignalAfterMs === 0;
  }

  /** Alarms of rules that were taken away, or changed their name, are over. */
  orphans(site: Site, asset: AssetTwin, teller: string): RuledCondition[] {
    const { rules } = this.#of(site, asset);
    const names = new Set(rules.map(({ name }) => name));
    if (this.#settings.badSignalAfterMs > 0) for (const { name } of asset.twin.type.properties) names.add(`badSignal/${name}`);
    return site.alarms.orphans(asset.key, teller, names).map((name) => ({ name, active: false, timeMs: site.clock.nowMs(), signals: [], severity: 'specification' }));
  }

  /** What the values of a message begin or end, in the order of their times. */
  take(site: Site, asset: AssetTwin, message: TwinMessage | TwinBatchMessage): RuledCondition[] {
    if (this.isEmpty) return [];
    const watches = this.#of(site, asset);
    const conditions: RuledCondition[] = [];
    if (Array.isArray(message.payload)) {
      const { payload, quality } = message as TwinBatchMessage;
      payload.forEach((row, index) => this.#row(asset, watches, row, quality[index] ?? {}, row.time, conditions));
    } else {
      const { payload, quality, timestamp } = message as TwinMessage;
      this.#row(asset, watches, payload, quality, timestamp, conditions);
    }
    return conditions;
  }

  /** Delays that ran out while nothing came. @param nowMs the site's time */
  advance(site: Site, asset: AssetTwin, nowMs: number): RuledCondition[] {
    const watches = this.#watches.get(asset);
    if (watches === undefined) return [];
    const conditions: RuledCondition[] = [];
    const timeMs = nowMs - latenessMs * Math.max(1, site.clock.rate);
    for (const { rule, name, watch } of watches.rules) this.#changed(asset, rule, name, watch, watch.advance(timeMs), NaN, conditions);
    for (const [property, delayed] of watches.bad) {
      const change = delayed.advance(timeMs);
      if (change !== undefined) conditions.push(badSignal(asset, property, change));
    }
    return conditions;
  }

  #row(asset: AssetTwin, watches: Watches, values: Readonly<Record<string, SentValue>>, quality: Readonly<Record<string, QualityWord>>, timeMs: number, into: RuledCondition[]): void {
    for (const { rule, name, watch } of watches.rules) {
      const raw = own(values, rule.property);
      if (raw === undefined) {
        this.#changed(asset, rule, name, watch, watch.advance(timeMs), NaN, into);
        continue;
      }
      const setpoint = rule.kind === 'deviation' ? numberOf(own(values, rule.setpoint) ?? asset.twin.properties().find((each) => each.name === rule.setpoint)?.value) : 0;
      const word: WatchQuality = own(quality, rule.property) ?? (rule.kind === 'deviation' ? (own(quality, rule.setpoint) ?? 'good') : 'good');
      for (const change of watch.take(timeMs, numberOf(raw), word, setpoint)) this.#changed(asset, rule, name, watch, change, setpoint, into);
    }
    if (this.#settings.badSignalAfterMs === 0) return;
    for (const property of Object.keys(quality)) {
      if (!watches.bad.has(property)) watches.bad.set(property, new DelayedCondition(this.#settings.badSignalAfterMs, 0));
    }
    for (const [property, delayed] of watches.bad) {
      if (own(values, property) === undefined && own(quality, property) === undefined) continue;
      for (const change of delayed.take(timeMs, own(quality, property) !== undefined)) into.push(badSignal(asset, property, change));
    }
  }

  #changed(asset: AssetTwin, rule: AlarmRule, name: string, watch: LimitWatch, change: DelayedChange | undefined, setpoint: number, into: RuledCondition[]): void {
    if (change === undefined) return;
    const active = change.do === 'ACT';
    into.push({
      name,
      active,
      timeMs: change.sourceMs,
      severity: rule.severity,
      priority: rule.priority,
      signals: active ? [signalOf(asset, rule, watch.value, setpoint)] : [],
      // The delays are over already, also that of the end.
      rule: { name: '', latching: rule.latching, acknowledge: rule.acknowledge, ...(rule.confirm === true && { confirm: true }), offDelayMs: 0, root: rule.root },
    });
  }

  #of(site: Site, asset: AssetTwin): Watches {
    let watches = this.#watches.get(asset);
    if (watches === undefined) {
      const type = asset.twin.type.name;
      const seen = new Set<string>();
      const rules = this.#settings.rules.flatMap((rule) => {
        if ((rule.types.length > 0 && !rule.types.includes(type)) || !asset.twin.type.properties.some(({ name }) => name === rule.property)) return [];
        let name = `rule/${rule.name === '' ? `${rule.property}/${rule.kind}` : rule.name}`;
        while (seen.has(name)) name += ' 2';
        seen.add(name);
        const { kind, limit, deadband, onDelayMs, offDelayMs } = rule;
        // What was active before a restart still is, until a value says otherwise.
        const active = asset.replay === undefined && site.alarms.isActive(asset.key, name);
        return [{ rule, name, watch: new LimitWatch({ kind, limit, deadband, onDelayMs, offDelayMs }, { active }) }];
      });
      const bad = new Map<string, DelayedCondition>();
      if (asset.replay === undefined && this.#settings.badSignalAfterMs > 0) {
        for (const { name } of asset.twin.type.properties) {
          if (site.alarms.isActive(asset.key, `badSignal/${name}`)) bad.set(name, new DelayedCondition(this.#settings.badSignalAfterMs, 0, { active: true }));
        }
      }
      watches = { rules, bad };
      this.#watches.set(asset, watches);
    }
    return watches;
  }
}

function signalOf(asset: AssetTwin, rule: AlarmRule, value: number, setpoint: number): AnomalySignal {
  const { property, kind, limit } = rule;
  const { label, unit } = asset.naming(property);
  const { language } = asset;
  const signal: AnomalySignal = { property, share: 1, kind: 'limit', value, ...(kind === 'true' ? {} : { expected: kind === 'deviation' ? setpoint : limit }) };
  const sentence =
    kind === 'true'
      ? label
      : kind === 'deviation'
        ? ruleSentence('deviation', { label, value: valueText(value, unit, language), limit: valueText(limit, unit, language), setpoint: valueText(setpoint, unit, language) }, language)
        : signalSentence(signal, asset.naming, language);
  return { ...signal, text: oneLine(rule.name === '' ? sentence : kind === 'true' ? rule.name : `${rule.name}: ${sentence}`) };
}

function badSignal(asset: AssetTwin, property: string, change: DelayedChange): RuledCondition {
  const active = change.do === 'ACT';
  const text = ruleSentence('badSignal', { label: asset.naming(property).label, value: '', limit: '', setpoint: '' }, asset.language);
  const signal: AnomalySignal = { property, share: 1, kind: 'dropout', value: null, text };
  return { name: `badSignal/${property}`, active, timeMs: change.sourceMs, severity: 'failure', priority: 'medium', signals: active ? [signal] : [] };
}

function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function numberOf(value: SentValue | undefined): number {
  return typeof value === 'number' ? value : value === true ? 1 : value === false ? 0 : NaN;
}
