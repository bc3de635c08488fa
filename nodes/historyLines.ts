import type { AlertMessage, ExpectedProperty, QualityWord, RecomputedMark, SentValue, TwinEvent, TwinHeader } from '../contract/messages.ts';
import { WriteFilter } from '../engine/history/writeFilter.ts';
import type { WriteRule } from '../engine/history/writeFilter.ts';
import { encodeHead, encodeLine, lineOf } from '../engine/lineProtocol.ts';
import type { LineField } from '../engine/lineProtocol.ts';
import type { Site } from '../engine/site/site.ts';

/** What of twin-history's settings decides how a line looks and what is written. */
export interface LineSettings {
  measurement: string;
  /** path: the whole path is one tag; levels: each level of it is a tag of its own. */
  tags: string;
  /** Names of the levels from the top, separated by commas; the machine is the last. */
  levels: string;
  write: string;
  deadband: number;
  /** Minutes and seconds. */
  atLeastEvery: number;
  every: number;
  expected: boolean;
  /** Measurement of events and cases; '': not written. */
  annotations: string;
  types: readonly { type: string; write: string; deadband: string; every: string; measurement: string }[];
}

export interface HistoryRow {
  values: Readonly<Record<string, SentValue>>;
  quality: Readonly<Record<string, QualityWord>>;
  timeMs: number;
  expected?: Readonly<Record<string, ExpectedProperty>>;
}

/** Messages of twins as lines: a row's values as fields with what is not good beside them, who it is as tags; events and cases as annotations. */
export class HistoryLines {
  readonly #settings: LineSettings;
  readonly #levels: readonly string[];
  readonly #filter = new WriteFilter();
  readonly #rules = new Map<string, { rule: WriteRule; measurement: string }>();
  readonly #heads = new Map<string, { type: string; state: string; path: readonly string[]; head: string }>();

  constructor(settings: LineSettings) {
    this.#settings = settings;
    this.#levels = settings.levels.split(',').map((name) => name.trim()).filter((name) => name !== '');
  }

  /**
   * One line, or none where nothing is to be written.
   * @param site knows the ranges of the instruments
   * @param all whatever the rule says: late values, recomputed ones
   */
  row(site: Site | undefined, header: TwinHeader, { values, quality, timeMs, expected }: HistoryRow, all: boolean, recomputed?: RecomputedMark): string[] {
    const { rule, measurement } = this.#ruleOf(typeOf(header));
    const type = all || rule.mode === 'every' ? undefined : site?.asset(header.key)?.twin.type;
    const lineFields: [string, LineField][] = [];
    for (const [name, value] of Object.entries(values)) {
      const word = Object.hasOwn(quality, name) ? quality[name] : undefined;
      const property = type?.properties[type.indexOf.get(name) ?? -1];
      const width = property === undefined ? NaN : property.rangeHigh - property.rangeLow;
      if (!(all && rule.mode !== 'never') && !this.#filter.wants(header.key, name, value, word ?? 'good', timeMs, rule, width)) continue;
      if (value !== null) lineFields.push([name, value]);
      if (word !== undefined) lineFields.push([`${name}.quality`, word]);
      const normal = this.#settings.expected && expected !== undefined && Object.hasOwn(expected, name) ? expected[name] : undefined;
      if (normal !== undefined) lineFields.push([`${name}.expected`, normal.value], [`${name}.low`, normal.low], [`${name}.high`, normal.high]);
    }
    if (lineFields.length === 0) return [];
    if (recomputed !== undefined) lineFields.push(['.recomputed', lineage(recomputed)]);
    const encoded = lineOf(this.#headOf(measurement, header), lineFields, Math.round(timeMs));
    return encoded === undefined ? [] : [encoded];
  }

  /** Measurement and tags of a machine's rows change seldom. */
  #headOf(measurement: string, header: TwinHeader): string {
    const { key, type, state, path } = header;
    let known = this.#heads.get(key);
    if (known === undefined || known.type !== type || known.state !== state || known.path.length !== path.length || known.path.some((part, level) => part !== path[level])) {
      known = { type, state, path: [...path], head: encodeHead(this.#fill(measurement, header), this.#tags(header, [['state', state]])) };
      this.#heads.set(key, known);
    }
    return known.head;
  }

  /** An event of twin-asset as an annotation: what dashboards draw as a mark at its time. */
  event(header: TwinHeader, event: TwinEvent, recomputed?: RecomputedMark): string[] {
    const { annotations } = this.#settings;
    if (annotations === '') return [];
    const tags: [string, string][] = [['kind', event.kind], ['property', event.property ?? ''], ['limit', event.limit ?? '']];
    const { active, value } = event;
    const fields: [string, LineField][] = [
      ['title', `${header.name}: ${event.kind}`], ['text', event.text],
      ...(active === undefined ? [] : [['active', active] as [string, LineField]]),
      // A field has one type for ever: numbers and texts are two.
      ...(typeof value === 'number' ? [['value', value] as [string, LineField]] : typeof value === 'string' ? [['valueText', value] as [string, LineField]] : []),
      ...(recomputed === undefined ? [] : [['.recomputed', lineage(recomputed)] as [string, LineField]]),
    ];
    return line(annotations, this.#tags(header, tags), fields, event.timeMs);
  }

  /** Each step of a case (opened, updated, acknowledged, cleared) as an annotation at its time. */
  case({ twin, topic, payload, case: story, alarm }: AlertMessage): string[] {
    const { annotations } = this.#settings;
    if (annotations === '') return [];
    const tags: [string, string][] = [['kind', 'case'], ['change', story.change], ['letter', story.letter]];
    const fields: [string, LineField][] = [
      ['title', topic], ['text', payload], ['case', story.id], ['caseState', story.state], ['priority', alarm.priority], ['since', new Date(story.sinceMs).toISOString()],
      ['active', story.state !== 'cleared'], ...(story.acknowledgedBy === undefined ? [] : [['acknowledgedBy', story.acknowledgedBy] as [string, LineField]]),
    ];
    return line(annotations, this.#tags(twin, tags), fields, story.changedMs);
  }

  #tags(header: TwinHeader, more: readonly [string, string][]): [string, string][] {
    const { key, path } = header;
    if (this.#settings.tags !== 'levels' || this.#levels.length === 0) return [['twin', key], ['path', path.join('/')], ...more];
    // The machine is the last level; a longer path keeps its upper part together, a shorter one lacks the upper levels.
    const surplus = Math.max(0, path.length - this.#levels.length);
    const parts = surplus === 0 ? path : [path.slice(0, surplus + 1).join('/'), ...path.slice(surplus + 1)];
    const names = this.#levels.slice(this.#levels.length - parts.length);
    return [['twin', key], ...parts.map((part, index): [string, string] => [names[index] as string, part]), ...more];
  }

  #fill(measurement: string, header: TwinHeader): string {
    return measurement.replaceAll('{type}', typeOf(header)).replaceAll('{key}', header.key).replaceAll('{path}', header.path.join('/'));
  }

  #ruleOf(type: string): { rule: WriteRule; measurement: string } {
    let known = this.#rules.get(type);
    if (known === undefined) {
      const { write, deadband, every, atLeastEvery, measurement, types } = this.#settings;
      const own = types.find((row) => row.type === type);
      const number = (text: string | undefined, otherwise: number): number => (text === undefined || text === '' || !(Number(text) >= 0) ? otherwise : Number(text));
      const mode = own === undefined || own.write === 'same' ? write : own.write;
      known = {
        rule: {
          mode: mode as WriteRule['mode'], deadbandPercent: number(own?.deadband, deadband), atLeastMs: atLeastEvery * 60_000,
          intervalMs: Math.max(1, number(own?.every, every) * 1000),
        },
        measurement: own === undefined || own.measurement === '' ? measurement : own.measurement,
      };
      this.#rules.set(type, known);
    }
    return known;
  }
}

/** Without the version. */
function typeOf({ type }: TwinHeader): string {
  return type.split('@')[0] ?? type;
}

function lineage({ atMs, by, why }: RecomputedMark): string {
  return `${new Date(atMs).toISOString()} ${by}: ${why}`;
}

function line(measurement: string, tags: readonly [string, string][], fields: readonly [string, LineField][], timeMs: number): string[] {
  const encoded = encodeLine({ measurement, tags, fields, timeMs: Math.round(timeMs) });
  return encoded === undefined ? [] : [encoded];
}

/** Three lines as these settings write them: of machines that run, or of an example; the second with a value that is not good, the third an annotation. */
export function previewLines(site: Site | undefined, settings: LineSettings, nowMs: number): string[] {
  const machines = (site?.assets() ?? []).filter(({ twin }) => twin.timeMs !== undefined);
  const rows = machines.slice(0, 2).map(({ twin }) => ({ header: twin.header(), values: twin.payload(), timeMs: twin.timeMs ?? nowMs }));
  const example = { header: exampleHeader, values: { temperature: 61.4, pressure: 4.02 } as Record<string, SentValue>, timeMs: nowMs };
  const first = rows[0] ?? example;
  const second = rows[1] ?? first;
  const lines = new HistoryLines({ ...settings, types: settings.types.map((row) => (row.write === 'never' ? row : { ...row, write: 'every' })), write: 'every' });
  const [name = 'temperature'] = Object.keys(second.values);
  const normal = (values: Record<string, SentValue>): Record<string, ExpectedProperty> =>
    Object.fromEntries(Object.entries(values).flatMap(([property, value]) => (typeof value !== 'number' ? [] : [[property, { value, low: value, high: value, mode: '', phase: 'armed' as const }]])));
  return [
    ...lines.row(site, first.header, { values: first.values, quality: {}, timeMs: first.timeMs, expected: normal(first.values) }, true),
    ...lines.row(site, second.header, { values: { [name]: second.values[name] ?? null }, quality: { [name]: 'bad' }, timeMs: second.timeMs + 1000 }, true),
    ...lines.event(first.header, { v: 1, kind: 'limit', timeMs: first.timeMs + 2000, property: name, limit: 'high', active: true, value: 82, text: '…' }),
  ];
}

const exampleHeader: TwinHeader = { v: 1, key: 'press3', name: 'Press 3', type: 'press@1', state: 'running', path: ['acme', 'hamburg', 'hall2', 'line1', 'press3'], units: {}, row: 0 };
