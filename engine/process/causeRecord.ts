import { bufferPlaces } from './bufferPlaces.ts';
import { type FeedRelation, feedGraph } from './feedGraph.ts';
import type { StateChange } from './lineStates.ts';
import { alignParts, type PartTable, type StationSeries } from './partTable.ts';
import { rootCause, type RootCauseAnswer } from './rootCause.ts';
import { badOf, countedTimes, countedTogether, msWithin, type StationRecord } from './stationRecord.ts';
import { transitByPattern } from './transitTime.ts';

/** Everything that a question about a line needs, as plain data: it is answered on a thread. */
export interface CauseOrder {
  about: 'scrap' | 'stops' | 'case' | 'slow';
  /** The station that judges, stops, has the case or gives too little. */
  judgedAt: string;
  fromMs: number;
  toMs: number;
  /** Stations of the line; `stretches` may be empty when nobody asks about states. */
  stations: readonly StationRecord[];
  /** Who feeds or powers whom, stations of the line and what lies upstream of it. */
  relations: readonly FeedRelation[];
  series: readonly StationSeries[];
  /** Kinds of product at the judging station: from when on which number. */
  kinds?: { times: Float64Array; values: Float64Array };
  caseTimes?: readonly { fromMs: number; toMs: number }[];
  /** Seconds from a station to the judging one, as a person says. */
  waysS: Readonly<Record<string, number>>;
  fewestBad: number;
  /** Scrap: only bad parts from here on. */
  sinceMs?: number;
}

export interface CauseWay {
  station: string;
  ms: number;
  /** Where the way changed meanwhile: between which times it mostly was; `ms` is its middle. */
  fromMs?: number;
  toMs?: number;
  parts: number;
  given: boolean;
}

export interface CauseResult {
  answer: RootCauseAnswer;
  ways: CauseWay[];
  notes: {
    code:
      | 'no values' | 'constant' | 'no way known' | 'parts never arrive' | 'clock skew'
      | 'counter reset' | 'no counter' | 'loop' | 'too many parts' | 'since' | 'buffer full' | 'way varies' | 'way between';
    station: string;
    seconds?: number;
    from?: number;
    to?: number;
  }[];
}

const mostRows = 6_000;
/** A reading holds so long; what is sent on change may be silent for a while. */
const holdMs = 1_800_000;
const longestWayMs = 1_800_000;
/** One station alone takes so many parts for its transit times. */
const mostForWay = 3_000;
const sliceMs = 20_000;
const slowSliceMs = 60_000;
/** Less than so much of the usual output is slow. */
const slowBelow = 0.7;

/**
 * Answers what goes with scrap, stops, a case or slow time from the record of a line. Scrap: a row for each part, and beside it what each station
 * measured when the part was there. The others: a row for each slice of time in which the station could have been well (20 s; slow: a minute); bad are
 * those in which a stop began, the case was open, or little came; what was measured is taken from the moment the slice began, so that nothing that
 * follows from a stop is taken for what came before it.
 */
export function causeOfRecord(order: CauseOrder): CauseResult {
  const { about, judgedAt, stations, relations, series } = order;
  const notes: CauseResult['notes'] = [];
  const graph = feedGraph(relations);
  for (const station of graph.loops) notes.push({ code: 'loop', station });
  const ways = waysTo(order, notes);
  const judge = stations.find(({ key }) => key === judgedAt);
  const rows = about === 'scrap' ? partRows(order, judge, notes) : sliceRows(order, judge);
  const waysMs = new Map(ways.map(({ station, ms }) => [station, ms]));
  // A supply has no parts: what counts is what it gave when the part was at the station that it drives.
  const supplies = new Map<string, number>();
  for (const { from, relation, to } of relations) {
    const way = to === judgedAt ? 0 : waysMs.get(to);
    if (relation === 'powers' && way !== undefined && !waysMs.has(from) && from !== judgedAt) supplies.set(from, Math.max(way, supplies.get(from) ?? 0));
  }
  for (const { station } of series) {
    if (station === judgedAt || waysMs.has(station) || supplies.has(station)) continue;
    if (about === 'scrap') {
      if (!notes.some((note) => note.station === station && whyNoWay.has(note.code))) notes.push({ code: 'no way known', station });
    }
    // A slice of time has no way; what is told at the same moment counts.
    else supplies.set(station, 0);
  }
  const aligned = alignParts(rows, series, judgedAt, new Map([...waysMs, ...supplies]), holdMs);
  const table: PartTable = { ...aligned, columns: aligned.columns.map((column) => (supplies.has(column.station) ? withoutWay(column) : column)) };
  const { fewestBad, sinceMs } = order;
  let answer = rootCause(table, graph, { fewestBad, neighbours: about === 'scrap', ...(sinceMs === undefined || about !== 'scrap' ? {} : { sinceMs }) });
  if (sinceMs !== undefined && about === 'scrap' && answer.verdict !== 'conditions') {
    // A rise that is too young or like any other: what all bad parts go with is still worth knowing.
    const whole = rootCause(table, graph, { fewestBad });
    if (whole.verdict === 'conditions') {
      notes.push({ code: 'since', station: judgedAt });
      answer = whole;
    }
  }
  for (const { station, why } of answer.left) if (!notes.some((note) => note.station === station && whyNoWay.has(note.code))) notes.push({ code: why, station });
  return { answer, ways, notes: distinct(notes) };
}

/** Said instead of "no way known", and of the values that were not looked at for it. */
const whyNoWay: ReadonlySet<CauseResult['notes'][number]['code']> = new Set(['buffer full', 'way varies']);

function withoutWay({ wayMs: _, ...column }: PartTable['columns'][number]): PartTable['columns'][number] {
  return column;
}

function distinct(notes: CauseResult['notes']): CauseResult['notes'] {
  const seen = new Set<string>();
  return notes.filter(({ code, station }) => {
    const name = `${code}\n${station}`;
    return !seen.has(name) && seen.add(name) !== undefined;
  });
}

type Rows = Pick<PartTable, 'timesMs' | 'bad' | 'group'>;
const noRows = (): Rows => ({ timesMs: new Float64Array(), bad: new Uint8Array(), group: new Int32Array() });

function partRows({ fromMs, toMs, kinds }: CauseOrder, judge: StationRecord | undefined, notes: CauseResult['notes']): Rows {
  if (judge?.parts === undefined || judge.bad.length === 0) {
    notes.push({ code: 'no counter', station: judge?.key ?? '' });
    return noRows();
  }
  const parts = countedTimes(judge.parts);
  const spoiled = countedTogether(judge.bad);
  if (parts.resets + spoiled.resets + parts.gaps + spoiled.gaps > 0) notes.push({ code: 'counter reset', station: judge.key });
  const bad = badOf(parts.timesMs, spoiled.timesMs);
  let first = 0;
  let end = parts.timesMs.length;
  while (first < end && parts.timesMs[first]! < fromMs) first += 1;
  while (end > first && parts.timesMs[end - 1]! > toMs) end -= 1;
  if (end - first > mostRows) {
    notes.push({ code: 'too many parts', station: judge.key });
    first = end - mostRows;
  }
  const timesMs = parts.timesMs.slice(first, end);
  return { timesMs, bad: bad.slice(first, end), group: groupsOf(timesMs, kinds) };
}

function groupsOf(timesMs: Float64Array, kinds: CauseOrder['kinds']): Int32Array {
  const group = new Int32Array(timesMs.length);
  if (kinds === undefined) return group;
  let at = -1;
  for (let row = 0; row < group.length; row += 1) {
    while (at + 1 < kinds.times.length && kinds.times[at + 1]! <= timesMs[row]!) at += 1;
    group[row] = at < 0 ? 0 : kinds.values[at]!;
  }
  return group;
}

const stopped: ReadonlySet<StateChange['state']> = new Set(['down']);
const standing: ReadonlySet<StateChange['state']> = new Set(['down', 'setup', 'planned stop', 'unknown']);

function sliceRows({ about, fromMs, toMs, caseTimes = [] }: CauseOrder, judge: StationRecord | undefined): Rows {
  if (judge === undefined && about !== 'case') return noRows();
  const stretches = judge?.stretches ?? [];
  const step = Math.max(about === 'slow' ? slowSliceMs : sliceMs, Math.ceil((toMs - fromMs) / mostRows));
  const times: number[] = [];
  const marks: number[] = [];
  let counted = 0;
  const made = judge?.parts === undefined ? new Float64Array() : countedTimes(judge.parts).timesMs;
  const output: number[] = [];
  let at = 0;
  for (let begin = fromMs; begin + step <= toMs; begin += step) {
    const end = begin + step;
    while (at < stretches.length && stretches[at]!.toMs <= begin) at += 1;
    const near = stretches.slice(at, at + 50);
    while (counted < made.length && made[counted]! < begin) counted += 1;
    let parts = 0;
    while (counted + parts < made.length && made[counted + parts]! < end) parts += 1;
    if (about === 'case') {
      times.push(begin);
      marks.push(caseTimes.some((one) => one.fromMs < end && one.toMs > begin) ? 1 : 0);
    } else if (about === 'stops') {
      // A slice that begins in a stop says nothing of what led to it.
      if (near[0] === undefined || near[0].fromMs > begin || standing.has(near[0].state)) continue;
      times.push(begin);
      marks.push(near.some((one) => stopped.has(one.state) && one.fromMs >= begin && one.fromMs < end) ? 1 : 0);
    } else {
      if (near[0] === undefined || near[0].fromMs > begin || msWithin(near, begin, end, new Set(['planned stop', 'unknown'])) > 0) continue;
      times.push(begin);
      output.push(parts);
    }
  }
  if (about === 'slow') {
    const usual = [...output].sort((one, other) => one - other)[output.length >> 1] ?? 0;
    for (const parts of output) marks.push(parts < slowBelow * usual ? 1 : 0);
  }
  return { timesMs: Float64Array.from(times), bad: Uint8Array.from(marks), group: new Int32Array(times.length) };
}

/** From each station of the line to the judging one, hop by hop along the longest known way; what a person says goes before. */
function waysTo({ stations, judgedAt, waysS, series, about }: CauseOrder, notes: CauseResult['notes']): CauseWay[] {
  const byKey = new Map(stations.map((station) => [station.key, station]));
  const passings = new Map<string, number[]>();
  const passed = (key: string): number[] => {
    let found = passings.get(key);
    if (found === undefined) {
      const counted = byKey.get(key)?.parts === undefined ? undefined : countedTimes(byKey.get(key)!.parts!);
      if (counted !== undefined && counted.resets + counted.gaps > 0) notes.push({ code: 'counter reset', station: key });
      passings.set(key, (found = counted === undefined ? [] : [...counted.timesMs.slice(-mostForWay)]));
    }
    return found;
  };
  const ways = new Map<string, CauseWay>();
  const next = [judgedAt];
  const seen = new Set(next);
  const measures = new Set(series.map(({ station }) => station));
  while (next.length > 0) {
    const key = next.shift()!;
    const behind: Pick<CauseWay, 'ms' | 'fromMs' | 'toMs' | 'parts'> | undefined = key === judgedAt ? { ms: 0, parts: Infinity } : ways.get(key);
    for (const one of byKey.get(key)?.before ?? []) {
      const told = Object.hasOwn(waysS, one) ? waysS[one]! : NaN;
      if (told >= 0) ways.set(one, { station: one, ms: 1_000 * told, parts: 0, given: true });
      else if (behind !== undefined && byKey.get(key)?.way !== undefined) {
        const { seconds, parts } = byKey.get(key)!.way!;
        ways.set(one, { station: one, ms: behind.ms + 1_000 * seconds, parts: Math.min(parts, behind.parts), given: parts === 0 });
      } else if (behind !== undefined) {
        const skew = skewOf(passed(one), passed(key));
        const found = transitByPattern(passed(one), passed(key), longestWayMs, undefined, placesBetween(byKey.get(one), byKey.get(key)));
        if (skew !== undefined && !('ms' in found && found.parts > 0.6 * Math.min(passed(one).length, passed(key).length))) {
          notes.push({ code: 'clock skew', station: one, seconds: skew / 1_000 });
        } else if (about !== 'scrap' && ('ms' in found ? found.varies === true : found.why === 'station behind leads' || found.why === 'way varies')) {
          // A stretch of time follows no part: what stops one station stops the next at once, whatever stands between them.
          if (behind.ms > (ways.get(one)?.ms ?? -1)) ways.set(one, { station: one, ms: behind.ms, parts: Math.min(found.parts, behind.parts), given: false });
        } else if ('ms' in found) {
          const ms = behind.ms + found.ms;
          const isSteady = found.varies !== true && behind.fromMs === undefined;
          const between = isSteady ? {} : { fromMs: (behind.fromMs ?? behind.ms) + found.fromMs, toMs: (behind.toMs ?? behind.ms) + found.toMs };
          if (ms > (ways.get(one)?.ms ?? -1)) ways.set(one, { station: one, ms, ...between, parts: Math.min(found.parts, behind.parts), given: false });
        } else if (about === 'scrap' && measures.has(one) && found.why === 'station behind leads') notes.push({ code: 'buffer full', station: one });
        else if (about === 'scrap' && measures.has(one) && found.why === 'way varies') notes.push({ code: 'way varies', station: one });
        else if (about === 'scrap' && found.why === 'parts never arrive' && measures.has(one)) notes.push({ code: 'parts never arrive', station: one });
      }
      if (!seen.has(one)) {
        seen.add(one);
        next.push(one);
      }
    }
  }
  for (const { station, ms, fromMs, toMs } of ways.values()) {
    if (fromMs === undefined || toMs === undefined || !measures.has(station)) continue;
    notes.push({ code: 'way between', station, seconds: ms / 1_000, from: fromMs / 1_000, to: toMs / 1_000 });
  }
  for (const [station, seconds] of Object.entries(waysS)) {
    if (station !== judgedAt && !ways.has(station) && seconds >= 0) ways.set(station, { station, ms: 1_000 * seconds, parts: 0, given: true });
  }
  return [...ways.values()];
}

/** Places of the buffer, as entered or as full as it was seen. */
function placesBetween(before: StationRecord | undefined, behind: StationRecord | undefined): number | undefined {
  if (behind?.placesBefore !== undefined) return behind.placesBefore;
  if (before?.parts === undefined || behind?.parts === undefined || before.stretches.length === 0) return undefined;
  const counted = new Map([before, behind].map(({ key, parts }): [string, Float64Array] => [key, countedTimes(parts!).timesMs]));
  const found = bufferPlaces(before, behind, counted, new Map([[before.key, countedTogether(before.bad).timesMs]]));
  return found.full ? found.places : undefined;
}

/** Milliseconds by which parts seem to arrive before they left, when the row of passings fits so far better than forwards. */
function skewOf(left: readonly number[], arrived: readonly number[]): number | undefined {
  const back = transitByPattern(arrived, left, 300_000);
  if (!('ms' in back) || back.ms < 1_000) return undefined;
  // Within a part's time it may as well be a full buffer, where parts leave when the station behind takes one.
  const gaps = arrived.slice(1).map((timeMs, at) => timeMs - arrived[at]!).sort((one, other) => one - other);
  if (back.ms < 1.5 * (gaps[gaps.length >> 1] ?? 0)) return undefined;
  return back.parts > 0.8 * Math.min(left.length, arrived.length) ? back.ms : undefined;
}
