import type { Machine, MachineCondition, MachineProperty, SiteSummary } from '../contract/http.ts';
import type { AnomalySignal, LearningProgress } from '../contract/messages.ts';
import { nameInSentence, plainName, shownDuration, shownPercent, shownTime } from './format.ts';
import { hasText, type Say } from './texts.ts';

const urgency: readonly MachineCondition[] = ['case', 'limit', 'stale', 'acknowledged', 'learning', 'off', 'normal'];

/** Where somebody has to go and nobody is on the way yet. */
export function needsLook(machine: Machine): boolean {
  return machine.condition === 'case' || machine.condition === 'limit' || machine.condition === 'stale';
}

/** Most urgent first; within the same urgency by name, so that machines keep their places. */
export function inOrder(machines: readonly Machine[], language: string): Machine[] {
  const collator = new Intl.Collator(language, { numeric: true });
  const byName = (a: Machine, b: Machine): number => collator.compare(a.name.slice(0, 200), b.name.slice(0, 200));
  const byKey = (a: Machine, b: Machine): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  return [...machines].sort((a, b) => urgencyOf(a) - urgencyOf(b) || byName(a, b) || byKey(a, b));
}

function urgencyOf(machine: Machine): number {
  const rank = urgency.indexOf(machine.condition);
  // 'learning', 'off' and 'normal' share one place: they are all well.
  return rank < 0 || rank > 4 ? 4 : rank;
}

export interface Headline {
  /** "2 of 3 machines normal." */
  count: string;
  /** "Filler needs a look: …", a sentence each; none when nothing does. */
  look: string[];
  /** Who is being looked after, learning or off. */
  rest: string;
}

/** The sentence on top of the page. It changes only when a machine changes its condition, so that it can be read aloud. */
export function headline(say: Say, sites: readonly SiteSummary[]): Headline {
  const all = sites.flatMap((site) => site.machines.map((machine) => ({ machine, site })));
  const attention = sites
    .flatMap((site) => inOrder(site.machines, say.language).map((machine) => ({ machine, site })))
    .filter(({ machine }) => needsLook(machine))
    .sort((a, b) => urgencyOf(a.machine) - urgencyOf(b.machine));
  const normal = all.filter(({ machine }) => machine.condition === 'normal').length;
  if (all.length === 0) return { count: say('sum.none'), look: [], rest: '' };

  const format = new Intl.NumberFormat(say.language);
  const count =
    normal === all.length
      ? say.plural('sum.allNormal', normal)
      : say('sum.someNormal', { normal: format.format(normal), count: format.format(all.length) });

  const rest: string[] = [];
  for (const condition of ['acknowledged', 'learning', 'off'] as const) {
    const those = all.filter(({ machine }) => machine.condition === condition);
    const first = those[0];
    if (first) rest.push(say.plural(`sum.${condition}`, those.length, { name: nameInSentence(first.machine.name) }));
  }
  const [first] = attention;
  if (!first) return { count: normal === all.length ? count : `${say('sum.nothing')} ${count}`, look: [], rest: rest.join(' ') };
  // Up to two are told with their reason; more would hide that there are many.
  const look =
    attention.length <= 2
      ? attention.map(({ machine, site }) =>
          say('sum.needsLook', { name: nameInSentence(machine.name), reason: shortReason(say, machine, site.nowMs) }),
        )
      : [say('sum.needLook', { count: format.format(attention.length), names: listed(say, attention.map(({ machine }) => machine.name)) })];
  return { count, look, rest: rest.join(' ') };
}

function listed(say: Say, names: readonly string[]): string {
  const shown = names.slice(0, names.length <= 4 ? 4 : 3).map((name) => nameInSentence(name, 40));
  if (names.length > shown.length) shown.push(say('sum.andMore', { count: names.length - shown.length }));
  return new Intl.ListFormat(say.language, { type: 'conjunction' }).format(shown);
}

/** Why, in a few words and without numbers: "vibration higher than normal". No full stop. */
export function shortReason(say: Say, machine: Machine, nowMs: number): string {
  if (machine.condition === 'stale') {
    return machine.updatedMs === null ? say('reason.staleNever') : say('reason.stale', { time: shownTime(say, machine.updatedMs, nowMs) });
  }
  const signal = machine.openCase?.signals[0];
  if (signal) return signalReason(say, signal, machine.properties);
  const property = machine.properties.find(({ abnormal }) => abnormal);
  if (property) {
    const kind = machine.condition === 'limit' ? 'limit' : 'deviation';
    return signalReason(say, { ...property, property: property.name, share: 1, kind }, machine.properties);
  }
  return say('reason.unknown');
}

function signalReason(say: Say, signal: AnomalySignal, properties: readonly MachineProperty[]): string {
  const property = properties.find(({ name }) => name === signal.property);
  const label = propertyInSentence(say, property?.label ?? signal.property);
  const side = sideOf(signal.value, signal.low, signal.high, signal.expected);
  const sided = side ? `reason.${signal.kind}.${side}` : '';
  const key = hasText(sided) ? sided : `reason.${signal.kind}`;
  return hasText(key) ? say(key, { label }) : say('reason.unknown');
}

/** English names of properties lose their capital inside a sentence; German nouns and abbreviations keep it. */
function propertyInSentence(say: Say, label: string): string {
  const ordinary = say.language !== 'de' && /^\p{Lu}\p{Ll}/u.test(label);
  return nameInSentence(ordinary ? label.charAt(0).toLowerCase() + label.slice(1) : label, 40);
}

export function sideOf(value: unknown, low?: number, high?: number, expected?: number): 'up' | 'down' | undefined {
  if (typeof value !== 'number') return undefined;
  if (high !== undefined && value > high) return 'up';
  if (low !== undefined && value < low) return 'down';
  if (expected !== undefined && value !== expected) return value > expected ? 'up' : 'down';
  return undefined;
}

/** The reason as a sentence of its own; the site's own words where reader and site speak the same language. */
export function longReason(say: Say, machine: Machine, siteLanguage: string, nowMs: number): string {
  if (machine.plannedUntilMs !== undefined) return say('planned.reason', { time: shownTime(say, machine.plannedUntilMs, nowMs) });
  if (machine.condition === 'stale') return `${capital(say, shortReason(say, machine, nowMs))}. ${say('reason.staleHint')}`;
  if (siteLanguage === say.language && machine.sentence) return plainName(machine.sentence, 300);
  const reason = machine.openCase
    ? machine.openCase.signals.slice(0, 3).map((signal) => signalReason(say, signal, machine.properties)).join('; ')
    : '';
  const text = reason || shortReason(say, machine, nowMs);
  return `${capital(say, text)}.`;
}

// The first letter may follow a mark that sets a name apart.
function capital(say: Say, text: string): string {
  return text.replace(/^(\u2068?)(.)/u, (_, mark: string, letter: string) => mark + letter.toLocaleUpperCase(say.language));
}

/** What a case was about, in a line. */
export function caseReason(
  say: Say, of: { sentence: string; signals: readonly AnomalySignal[] }, machine: Machine, siteLanguage: string,
): string {
  if ((siteLanguage === say.language && of.sentence) || !of.signals[0]) return plainName(of.sentence, 300);
  return capital(say, signalReason(say, of.signals[0], machine.properties));
}

export interface LearningText {
  text: string;
  /** What is still missing; '' when nothing is. */
  missing: string;
}

/** How far the learning is, in plain words. */
export function learningText(say: Say, learning: LearningProgress, properties: readonly MachineProperty[]): LearningText {
  const now = shownPhase(learning);
  const text = learning.unseen === true && now !== 'guard' ? say('learning.unseen') : say(`learning.${now}`, { percent: shownPercent(say, learning.percent) });
  if (now === 'armed' || now === 'frozen') return { text, missing: '' };
  const list: string[] = [];
  for (const code of ['fresh-values', 'rows', 'time', 'operating-points'] as const) {
    const those = learning.missing.filter((item) => item.code === code);
    if (those.length === 0) continue;
    // The properties learn side by side: the one that needs most decides.
    const most = those.reduce((sum, { missing }) => Math.max(sum, missing), 0);
    const what =
      code === 'time' ? say('missing.time', { duration: shownDuration(say, most) })
      : code === 'fresh-values' ? say('missing.fresh-values')
      : say.plural(`missing.${code}`, Math.ceil(most));
    const names = those.flatMap(({ property }) => (property === undefined ? [] : [property]));
    // Named only where it says something: one or two of several.
    if (names.length === 0 || names.length > 2 || (names.length === properties.length && names.length > 1)) {
      list.push(what);
      continue;
    }
    const labels = names.map((name) => nameInSentence(properties.find((property) => property.name === name)?.label ?? name, 40));
    list.push(say('missing.for', { what, label: new Intl.ListFormat(say.language, { type: 'conjunction' }).format(labels) }));
  }
  const parts = list.length === 0 ? [] : [say('missing.needs', { list: new Intl.ListFormat(say.language, { type: 'conjunction' }).format(list) })];
  if (learning.etaMs !== undefined) parts.push(say('learning.eta', { duration: shownDuration(say, Math.max(60_000, learning.etaMs)) }));
  return { text, missing: parts.join(' ') };
}

/** How well it is watched; of a server of an earlier version, how far the learning is. */
export function shownPhase({ phase, watch }: LearningProgress): LearningProgress['phase'] | 'guard' {
  return phase === 'frozen' ? phase : (watch ?? phase);
}

/**
 * The values worth a place on a card: what the case names, its biggest share first, what else is abnormal, what has a
 * normal range, then the rest as configured.
 */
export function telling(machine: Machine, most: number): MachineProperty[] {
  const named = new Map(machine.openCase?.signals.map((signal, index) => [signal.property, index]));
  const rank = (property: MachineProperty): number => {
    if (property.abnormal) return named.get(property.name) ?? 1000;
    if (property.low !== undefined && property.high !== undefined) return 1001;
    return typeof property.value === 'number' ? 1002 : 1003;
  };
  return [...machine.properties].sort((a, b) => rank(a) - rank(b)).slice(0, most);
}
