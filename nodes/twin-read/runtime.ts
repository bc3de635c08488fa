import type { Config } from '../../contract/fields.ts';
import type { HistoryMark } from '../../contract/messages.ts';
import type { AggregateName } from '../../engine/history/aggregates.ts';
import { usualAggregateOptions } from '../../engine/history/aggregates.ts';
import { lineageOf } from '../../engine/history/lineage.ts';
import { readHistory } from '../../engine/history/readHistory.ts';
import type { HistoryAnswer, HistoryQuestion } from '../../engine/history/readHistory.ts';
import { worseQuality } from '../../engine/observation.ts';
import type { Quality } from '../../engine/observation.ts';
import { Problem } from '../../engine/problem.ts';
import { eventsOf } from '../../engine/site/eventRecord.ts';
import { expectationSeries, expectationTwin } from '../../engine/site/expectationRecord.ts';
import { cutSentence, expectedWord, timeText } from '../../engine/site/sentences.ts';
import type { Site } from '../../engine/site/site.ts';
import { parseLength, parsePeriod, parseTime, resolvePeriod } from '../../engine/time/period.ts';
import type { Period, PeriodName } from '../../engine/time/period.ts';
import { displayUnit } from '../../engine/twin/unitText.ts';
import { historyReader } from '../historyHandle.ts';
import { localCalendar, localTimeText } from '../localCalendar.ts';
import { assetsByKeys } from '../assetsByKeys.ts';
import { objectOf } from '../objectOf.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

type ReadConfig = Config<typeof fields>;

/** Questions that may wait for the one before. */
const mostWaiting = 20;
const longestAnswerMs = 60_000;

export default function twinRead(RED: Runtime): void {
  RED.nodes.registerType('twin-read', function constructRead(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    let waiting = 0;
    let before: Promise<unknown> = Promise.resolve();
    twin.show(status('readyToRead', language));

    const answer = async (message: Message): Promise<Message> => {
      const site = openSite(handle);
      const settings = asked(config, message);
      const nowMs = site.clock.nowMs();
      if (settings.what === 'events') return { ...message, ...(await eventsAnswer(site, settings, nowMs)), action: 'replace' };
      const question = questionOf(site, settings, nowMs);
      const endMs = performance.now() + longestAnswerMs;
      const database = config.influxdb === '' ? undefined : RED.nodes.getNode(config.influxdb);
      const reader = historyReader(site, database, config.measurement);
      const isOver = (): boolean => twin.closed || performance.now() > endMs;
      const share = settings.expected ? Math.max(1, Math.floor(question.mostValues / 4)) : question.mostValues;
      const found = await readHistory(reader, { ...question, mostValues: share, isOver });
      if (settings.expected) addExpected(found, await readHistory(site.historian, { ...expectedQuestion(question), mostValues: 3 * share, isOver }));
      const values = found.series.reduce((sum, { points }) => sum + points.length, 0);
      const payload = settings.format === 'chart' ? chartOf(site, found, language) : settings.format === 'list' ? listOf(found) : tableOf(found, question.what === 'moment');
      const lineage = (await Promise.all(question.twins.map(({ key }) => lineageOf(site.historian, key, question.fromMs, Math.max(question.toMs, question.fromMs + 1))))).flat();
      const cut = found.cutAtMs === undefined ? {} : { cut: { atMs: found.cutAtMs, reason: cutSentence(found.cutAtMs, settings.mostValues, language) } };
      const history: HistoryMark = {
        v: 1, what: question.what, fromMs: question.fromMs, toMs: question.toMs,
        ...(question.what === 'aggregates' ? { aggregate: question.aggregate, everyMs: question.everyMs } : {}),
        source: config.influxdb === '' ? 'embedded' : 'influxdb', twins: question.twins.map(({ key }) => key), values, rows: payload.length,
        ...(lineage.length === 0 ? {} : { recomputed: lineage }), ...cut,
      };
      twin.show(found.cutAtMs === undefined ? status('read', language, { count: values }) : status('readCut', language, { count: values, time: timeText(found.cutAtMs, language) }));
      return { ...message, payload, history, action: 'replace' };
    };

    onInput(twin, handle.ready, async (message: Message, send) => {
      if (waiting >= mostWaiting) {
        throw new Problem('TWIN_READ_BUSY', `"${twin.title}" has ${mostWaiting} questions waiting.`, 'Ask less often, or for shorter stretches.', { node: twin.title });
      }
      waiting++;
      const turn = before.then(() => answer(message));
      before = turn.catch(() => undefined);
      try {
        const sent = await turn;
        if (!twin.closed) send(sent);
      } finally {
        waiting--;
      }
    });
  });
}

type Asked = { -readonly [name in Exclude<keyof ReadConfig, 'every' | 'last'>]: ReadConfig[name] } & { everyMs: number; lastMs: number };

/**
 * The node's settings with what msg.command or an object in msg.payload asks for instead.
 * @throws Problem TWIN_READ_QUESTION
 */
function asked(config: ReadConfig, message: Message): Asked {
  const settings: Asked = { ...config, everyMs: config.every * 60_000, lastMs: config.last * 3_600_000 };
  const given = objectOf(message.command) ?? objectOf(message.payload);
  if (given === undefined) return settings;
  const own = (name: string): unknown => (Object.hasOwn(given, name) && given[name] !== null && given[name] !== '' ? given[name] : undefined);
  const choose = <N extends 'what' | 'aggregate' | 'format'>(name: N): void => {
    const value = own(name);
    if (value === undefined) return;
    if (typeof value !== 'string' || !(fields[name].options as readonly string[]).includes(value)) {
      throw wrong(name, value, `one of ${fields[name].options.join(', ')}`);
    }
    settings[name] = value;
  };
  choose('what');
  choose('aggregate');
  choose('format');
  for (const name of ['twins', 'properties'] as const) {
    const value = own(name);
    if (value === undefined) continue;
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) settings[name] = value.join(',').slice(0, 100_000);
    else if (typeof value === 'string') settings[name] = value.slice(0, 100_000);
    else throw wrong(name, value, 'names, separated by commas');
  }
  const period = own('period');
  if (period !== undefined) {
    const named = typeof period === 'string' ? ((fields.period.options as readonly string[]).includes(period) ? { name: period as PeriodName } : parsePeriod(period)) : undefined;
    if (named === undefined) throw wrong('period', period, 'a stretch like "last 8 hours", "since shift start" or "yesterday"');
    settings.period = named.name;
    if ('lastMs' in named && named.lastMs !== undefined) settings.lastMs = named.lastMs;
  }
  const from = own('from');
  const to = own('to');
  if (from !== undefined) settings.from = timeTextOf('from', from);
  if (to !== undefined) settings.to = timeTextOf('to', to);
  if (from !== undefined) {
    settings.period = 'fromTo';
    if (to === undefined) settings.to = 'now';
  }
  const at = own('at');
  if (at !== undefined) settings.at = timeTextOf('at', at);
  const every = own('every');
  if (every !== undefined) {
    const everyMs = typeof every === 'number' ? every * 60_000 : typeof every === 'string' ? parseLength(every) : undefined;
    if (everyMs === undefined || !(everyMs >= 0) || !Number.isFinite(everyMs)) throw wrong('every', every, 'minutes, or a length like "15 min"');
    settings.everyMs = everyMs;
  }
  const most = own('mostValues');
  if (most !== undefined) {
    if (typeof most !== 'number' || !Number.isInteger(most) || most < 1 || most > fields.mostValues.maximum) throw wrong('mostValues', most, `a whole number up to ${fields.mostValues.maximum}`);
    settings.mostValues = most;
  }
  return settings;
}

function timeTextOf(name: string, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(Math.round(value));
  if (value instanceof Date) return String(value.getTime());
  if (typeof value === 'string') return value.slice(0, 60);
  throw wrong(name, value, 'a time like 2026-05-04 06:00, "-8 h" or "now"');
}

function wrong(name: string, value: unknown, wanted: string): Problem {
  const shown = (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))).slice(0, 60);
  return new Problem('TWIN_READ_QUESTION', `"${name}" cannot be ${shown}.`, `Send ${wanted}.`, { field: name, value: shown });
}

/** @throws Problem TWIN_UNKNOWN, TWIN_PROPERTY_UNKNOWN, TWIN_PERIOD */
function questionOf(site: Site, settings: Asked, nowMs: number): HistoryQuestion {
  const names = namesOf(settings.properties);
  const assets = assetsByKeys(site, namesOf(settings.twins));
  const twins = assets.map(({ key, twin }) => {
    const own = twin.type.properties.map(({ name }) => name);
    return { key, properties: names.length === 0 ? own : names.filter((name) => own.includes(name)) };
  });
  const missing = names.find((name) => !twins.some(({ properties }) => properties.includes(name)));
  if (missing !== undefined && twins.length > 0) {
    throw new Problem('TWIN_PROPERTY_UNKNOWN', `No machine asked for has the property "${missing.slice(0, 60)}".`, 'Correct the properties in this node, or leave them empty for all.', {
      property: missing.slice(0, 60),
    });
  }
  const what = settings.what as HistoryQuestion['what'];
  const period: Period = { name: settings.period as PeriodName, lastMs: settings.lastMs, from: settings.from, to: settings.to, shiftStarts: settings.shiftStarts };
  const stretch = what === 'moment' ? momentOf(settings.at, nowMs) : resolvePeriod(period, nowMs, localCalendar);
  return {
    what, twins, ...stretch, everyMs: settings.everyMs, aggregate: settings.aggregate as AggregateName, mostValues: settings.mostValues,
    options: { ...usualAggregateOptions, stepped: !settings.sloped, uncertainIsBad: settings.uncertainIsBad },
  };
}

const parts = ['expected', 'low', 'high'] as const;

/** The same question about what was expected: three series for each property that is asked for. */
function expectedQuestion(question: HistoryQuestion): HistoryQuestion {
  return { ...question, twins: question.twins.map(({ key, properties }) => ({ key: expectationTwin(key), properties: properties.flatMap((name) => [...expectationSeries(name)]) })) };
}

/** Series that were never expected are left out; the others stand behind their property, as temperature.expected, .low and .high. */
function addExpected(found: HistoryAnswer, expected: HistoryAnswer): void {
  if (expected.cutAtMs !== undefined) found.cutAtMs = Math.min(found.cutAtMs ?? Infinity, expected.cutAtMs);
  found.series = found.series.flatMap((measured) => {
    const own = expectationSeries(measured.property).map((property) => expected.series.find((one) => one.twin === expectationTwin(measured.twin) && one.property === property));
    const known = own.flatMap((one, part) => (one === undefined || one.points.every(({ value }) => value === null) ? [] : [{ ...one, part }]));
    return [measured, ...known.map(({ points, part }) => ({ twin: measured.twin, property: `${measured.property}.${parts[part]}`, points }))];
  });
}

/** Events and cases of a stretch as rows, oldest first: from the site's own history. */
async function eventsAnswer(site: Site, settings: Asked, nowMs: number): Promise<{ payload: Row[]; history: HistoryMark }> {
  const { twins, fromMs, toMs } = questionOf(site, { ...settings, what: 'values' }, nowMs);
  const names = new Set(namesOf(settings.properties));
  const rows: (Row & { timestamp: number })[] = [];
  let cutAtMs: number | undefined;
  for (const { key } of twins) {
    const { events, cutAtMs: cut } = await eventsOf(site.historian, key, fromMs, toMs);
    if (cut !== undefined) cutAtMs = Math.min(cutAtMs ?? Infinity, cut);
    for (const { timeMs, kind, property = '', active = null, value = null, text } of events) {
      if (names.size === 0 || names.has(property)) rows.push({ time: localTimeText(timeMs), timestamp: timeMs, twin: key, kind, property, active, value, text });
    }
    const open = site.asset(key)?.cases.open;
    const cases = site.endedCases(key).filter((stored) => !stored.case.historical && stored.case.sinceMs >= fromMs && stored.case.sinceMs < toMs);
    for (const { case: { id, sinceMs, signals }, sentence } of cases) {
      const property = signals[0]?.property ?? '';
      if (names.size === 0 || signals.some((signal) => names.has(signal.property))) {
        rows.push({ time: localTimeText(sinceMs), timestamp: sinceMs, twin: key, kind: 'case', property, active: open?.id === id, value: null, text: sentence });
      }
    }
  }
  rows.sort((a, b) => a.timestamp - b.timestamp);
  const kept = rows.filter(({ timestamp }) => timestamp < (cutAtMs ?? Infinity));
  const next = kept[settings.mostValues];
  if (next !== undefined) cutAtMs = next.timestamp;
  const payload = kept.slice(0, settings.mostValues);
  const cut = cutAtMs === undefined ? {} : { cut: { atMs: cutAtMs, reason: cutSentence(cutAtMs, settings.mostValues, site.options.language) } };
  return { payload, history: { v: 1, what: 'events', fromMs, toMs, source: 'embedded', twins: twins.map(({ key }) => key), values: payload.length, rows: payload.length, ...cut } };
}

function momentOf(at: string, nowMs: number): { fromMs: number; toMs: number } {
  const timeMs = parseTime(at === '' ? 'now' : at, nowMs, localCalendar);
  if (timeMs === undefined) throw new Problem('TWIN_PERIOD', `"${at.slice(0, 60)}" is no time.`, 'Write it as 2026-05-04 06:00, as -8 h or as now.', { text: at.slice(0, 60) });
  return { fromMs: timeMs, toMs: timeMs };
}

function namesOf(text: string): string[] {
  return [...new Set(text.split(/[,;\n]/).map((name) => name.trim()).filter((name) => name !== ''))];
}

type Row = Record<string, number | string | boolean | null>;

/** A row per time and machine, its properties as columns; of a moment a row per machine. */
function tableOf({ series }: HistoryAnswer, isMoment: boolean): Row[] {
  const rows = new Map<string, { timeMs: number; twin: string; values: Map<string, Row[string]>; quality: Quality }>();
  const columns = [...new Set(series.map(({ property }) => property))];
  for (const { twin, property, points } of series) {
    for (const { timeMs, value, quality } of points) {
      const key = isMoment ? twin : `${twin}\n${timeMs}`;
      let row = rows.get(key);
      if (row === undefined) {
        row = { timeMs, twin, values: new Map(), quality: 'good' };
        rows.set(key, row);
      }
      row.timeMs = Math.max(row.timeMs, timeMs);
      row.values.set(property, value);
      row.quality = worseQuality(row.quality, quality);
    }
  }
  return [...rows.values()]
    .sort((a, b) => a.timeMs - b.timeMs)
    .map(({ timeMs, twin, values, quality }) => ({
      ...Object.fromEntries([['time', localTimeText(timeMs)], ['timestamp', timeMs], ['twin', twin], ...columns.map((name) => [column(name), values.get(name) ?? null])]),
      quality,
    }));
}

/** A property that is called like a column of ours gets _ before its name. */
function column(name: string): string {
  return ['time', 'timestamp', 'twin', 'quality'].includes(name) ? `_${name}` : name;
}

/** What ui-chart takes: a line per machine and property. Gaps are null, so that no line is drawn over them. */
function chartOf(site: Site, { series }: HistoryAnswer, language: string): Row[] {
  return series.flatMap(({ twin, property, points }) => {
    const asset = site.asset(twin);
    const [measured, part] = splitExpected(property);
    const named = asset?.naming(measured);
    const unit = displayUnit(named?.unit ?? '', language);
    const line = `${asset?.twin.name ?? twin}: ${named?.label ?? measured}${part === undefined ? '' : `, ${expectedWord(part, site.options.language)}`}${unit === '' ? '' : ` (${unit})`}`;
    return points
      .filter(({ value, quality }) => value === null || quality === 'bad' || typeof value === 'number' || typeof value === 'boolean')
      .map(({ timeMs, value, quality }): Row => ({ series: line, x: timeMs, y: quality === 'bad' || value === null ? null : Number(value) }));
  });
}

/** temperature.expected → its property and which of the three it is. */
function splitExpected(property: string): [name: string, part: (typeof parts)[number] | undefined] {
  const part = parts.find((each) => property.endsWith(`.${each}`));
  return part === undefined ? [property, undefined] : [property.slice(0, -part.length - 1), part];
}

function listOf({ series }: HistoryAnswer): Row[] {
  return series
    .flatMap(({ twin, property, points }) => points.map(({ timeMs, value, quality }) => ({ time: localTimeText(timeMs), timestamp: timeMs, twin, property, value, quality })))
    .sort((a, b) => a.timestamp - b.timestamp);
}
