import { formatDuration } from '../time/duration.ts';
import type { TypeChange } from '../twin/typeChange.ts';
import type { PropertyOutcome } from './migration.ts';
import type { MachineMigration } from './migrations.ts';
import { oneLine, timeText, unitSign } from './sentences.ts';
import type { Language } from './sentences.ts';

interface Texts {
  outcomes: Record<PropertyOutcome['outcome'], string>;
  reasons: Record<PropertyOutcome['reason'], string>;
  one: string;
  several: string;
  nothing: string;
  kept: string;
  converted: string;
  relearn: string;
  new: string;
  gone: string;
  returned: string;
  running: string;
  more: string;
  done: string;
  changes: Record<'added' | 'removed' | 'renamed' | 'converted' | 'kind' | 'expression' | 'mode' | 'first' | 'same', string>;
}

const texts: Record<Language, Texts> = {
  'en-US': {
    outcomes: { kept: 'kept', converted: 'converted', relearn: 'learned again', new: 'new', gone: 'gone', returned: 'comes back' },
    reasons: {
      same: 'Nothing about it changes.',
      renamed: 'It was called {cause}; what was learned goes along.',
      settings: 'Labels, limits and addresses change nothing that was learned.',
      'unit-label': 'Only the name of the unit changes, from {cause} to {unit}; the values stay the same.',
      'unit-values': 'What was learned is converted from {cause} to {unit}.',
      kind: 'Its kind is another one.',
      expression: 'It is calculated in another way.',
      input: 'It is calculated from {cause}, which changes.',
      mode: 'The operating mode is told in another way, and what is normal is learned for each mode.',
      new: 'It was not there before.',
      gone: 'What was learned of it is put aside with the version before.',
      driver: 'What is normal here depended on {cause}.',
      former: 'What it had learned when it was last of this version.',
    },
    one: '{machine}: {what}.',
    several: '{count} machines: {what}.',
    nothing: 'everything learned is kept',
    kept: '{kept} of {total} signals kept',
    converted: 'converted to the new unit: {names}',
    relearn: 'learned again: {names}',
    new: 'new: {names}',
    gone: 'gone: {names}',
    returned: 'what was learned by {time} comes back',
    running: 'about {duration} of normal running',
    more: '{names} and {count} more',
    done: '{machine} is {to} now (was {from}): {what}.',
    changes: {
      added: 'added: {names}', removed: 'removed: {names}', renamed: 'renamed: {names}', converted: 'other unit: {names}', kind: 'other kind: {names}',
      expression: 'calculated otherwise: {names}', mode: 'operating mode', first: 'first version', same: 'no change of structure',
    },
  },
  de: {
    outcomes: { kept: 'bleibt', converted: 'umgerechnet', relearn: 'neu gelernt', new: 'neu', gone: 'entfällt', returned: 'kommt zurück' },
    reasons: {
      same: 'Daran ändert sich nichts.',
      renamed: 'Hieß bisher {cause}; das Gelernte geht mit.',
      settings: 'Anzeige, Grenzwerte und Adressen ändern nichts am Gelernten.',
      'unit-label': 'Nur der Name der Einheit ändert sich, von {cause} zu {unit}; die Werte bleiben gleich.',
      'unit-values': 'Das Gelernte wird von {cause} in {unit} umgerechnet.',
      kind: 'Die Art ist eine andere.',
      expression: 'Wird anders berechnet.',
      input: 'Wird aus {cause} berechnet, das sich ändert.',
      mode: 'Die Betriebsart wird anders ermittelt, und was normal ist, wird je Betriebsart gelernt.',
      new: 'War bisher nicht da.',
      gone: 'Das Gelernte wird mit der bisherigen Ausgabe aufgehoben.',
      driver: 'Was hier normal ist, hing von {cause} ab.',
      former: 'Das Gelernte vom letzten Mal mit dieser Ausgabe.',
    },
    one: '{machine}: {what}.',
    several: '{count} Maschinen: {what}.',
    nothing: 'alles Gelernte bleibt',
    kept: '{kept} von {total} Signalen bleiben',
    converted: 'in die neue Einheit umgerechnet: {names}',
    relearn: 'neu gelernt: {names}',
    new: 'neu: {names}',
    gone: 'entfällt: {names}',
    returned: 'das bis {time} Gelernte kommt zurück',
    running: 'etwa {duration} normaler Betrieb',
    more: '{names} und {count} weitere',
    done: '{machine} ist jetzt {to} (war {from}): {what}.',
    changes: {
      added: 'dazu: {names}', removed: 'weg: {names}', renamed: 'umbenannt: {names}', converted: 'andere Einheit: {names}', kind: 'andere Art: {names}',
      expression: 'anders berechnet: {names}', mode: 'Betriebsart', first: 'erste Ausgabe', same: 'gleicher Aufbau',
    },
  },
};

/** Every key of every language, for the test that none is missing. */
export const migrationTexts: Readonly<Record<Language, unknown>> = texts;

const mostNames = 4;

export function outcomeWord(outcome: PropertyOutcome['outcome'], language: Language): string {
  return texts[language].outcomes[outcome];
}

/** Why a property keeps what was learned of it, or does not. */
export function reasonSentence({ reason, cause = '', unit = '' }: PropertyOutcome, language: Language): string {
  const isUnit = reason === 'unit-label' || reason === 'unit-values';
  return fill(texts[language].reasons[reason], { cause: isUnit ? unitSign(cause) || '–' : cause, unit: unitSign(unit) || '–' });
}

/** "about 40 min of normal running"; '' where it cannot be said. */
export function runningText(relearnMs: number | null | undefined, language: Language): string {
  if (relearnMs === null || relearnMs === undefined) return '';
  // People plan with hours, not with seconds.
  const minutes = relearnMs / 60_000;
  const step = minutes < 10 ? 1 : minutes < 60 ? 5 : minutes < 600 ? 30 : 60;
  const rounded = Math.max(1, Math.ceil(minutes / step - 0.05)) * step * 60_000;
  return fill(texts[language].running, { duration: formatDuration(rounded, language) });
}

/** What happens, in one sentence, of one machine or of several for which it is the same. */
export function migrationSentence(machines: readonly { name: string }[], migration: Pick<MachineMigration, 'outcomes' | 'formerMs'>, language: Language): string {
  const t = texts[language];
  const what = whatHappens(migration, language);
  const [first] = machines;
  return machines.length === 1 && first !== undefined ? fill(t.one, { machine: oneLine(first.name), what }) : fill(t.several, { count: String(machines.length), what });
}

/** Of the event and the journal: what was done. */
export function migratedSentence(machine: string, migration: MachineMigration, language: Language): string {
  return fill(texts[language].done, { machine: oneLine(machine), from: migration.from, to: migration.to, what: whatHappens(migration, language) });
}

function whatHappens({ outcomes, formerMs }: Pick<MachineMigration, 'outcomes' | 'formerMs'>, language: Language): string {
  const t = texts[language];
  const of = (...which: PropertyOutcome['outcome'][]): PropertyOutcome[] => outcomes.filter(({ outcome }) => which.includes(outcome));
  const before = outcomes.filter(({ reason }) => reason !== 'new');
  const kept = of('kept', 'converted', 'returned').filter(({ reason }) => reason !== 'new');
  const parts: string[] = [];
  if (formerMs !== undefined) parts.push(fill(t.returned, { time: timeText(formerMs, language) }));
  if (kept.length === outcomes.length && of('converted').length === 0) parts.push(...(formerMs === undefined ? [t.nothing] : []));
  else parts.push(fill(t.kept, { kept: String(kept.length), total: String(before.length) }));
  const converted = of('converted');
  if (converted.length > 0) parts.push(fill(t.converted, { names: nameList(converted, language) }));
  for (const which of ['relearn', 'new', 'gone'] as const) {
    const found = of(which);
    if (found.length === 0) continue;
    const longest = Math.max(...found.map(({ relearnMs }) => relearnMs ?? -1));
    const running = longest >= 0 ? ` (${runningText(longest, language)})` : '';
    parts.push(`${fill(t[which], { names: nameList(found, language) })}${running}`);
  }
  return parts.join('; ');
}

/** What a version changed against the one before, in words. @param change undefined: it is the first one. */
export function versionSentence(change: TypeChange | undefined, language: Language): string {
  const t = texts[language].changes;
  if (change === undefined) return t.first;
  const parts: string[] = [];
  const add = (text: string, found: readonly { label: string }[]): void => {
    if (found.length > 0) parts.push(fill(text, { names: nameList(found, language) }));
  };
  const labelled = (test: (one: TypeChange['properties'][number]) => boolean): { label: string }[] =>
    change.properties.filter(test).map(({ before, after }) => ({ label: (after ?? before)?.label ?? '' }));
  add(t.added, labelled(({ outcome }) => outcome === 'new'));
  add(t.removed, labelled(({ outcome }) => outcome === 'gone'));
  add(
    t.renamed,
    change.properties.flatMap(({ before, after }) => (before !== undefined && after !== undefined && before.name !== after.name ? [{ label: `${before.name} → ${after.name}` }] : [])),
  );
  add(t.converted, labelled(({ before, after }) => before !== undefined && after !== undefined && before.unit !== after.unit));
  add(t.kind, labelled(({ reason }) => reason === 'kind'));
  add(t.expression, labelled(({ reason }) => reason === 'expression'));
  if (change.modeChanged) parts.push(t.mode);
  return parts.length === 0 ? t.same : parts.join('; ');
}

function nameList(found: readonly { label: string }[], language: Language): string {
  const names = found.slice(0, mostNames).map(({ label }) => oneLine(label)).join(', ');
  return found.length <= mostNames ? names : fill(texts[language].more, { names, count: String(found.length - mostNames) });
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole));
}
