import { Problem } from '../engine/problem.ts';
import { feedGraph, refuseLoops } from '../engine/process/feedGraph.ts';
import type { LineStationSettings } from '../engine/process/lineTwin.ts';
import { type ModeMeaning, modeWord } from '../engine/process/modeMeaning.ts';
import type { Site } from '../engine/site/site.ts';
import { numberFromSetting } from '../engine/twin/numberText.ts';

export interface StationRow {
  key: string;
  parts: string;
  bad: string;
  cycle: string;
  buffer: string;
}

export interface WayRow {
  station: string;
  serial: string;
  seconds: string;
}

export interface ModeRow {
  mode: string;
  meaning: string;
  station: string;
}

const badWords = /bad|reject|scrap|faulty|defect|leak|ausschuss|schlecht|undicht/i;

/**
 * The stations of a line in the order of the flow: by the rows, else by who feeds whom in the site.
 * @throws Problem TWIN_FEEDS_LOOP, TWIN_LINE_NO_STATIONS, TWIN_LINE_STATION_TWICE, TWIN_LINE_NUMBER
 */
export function lineStations(site: Site, rows: readonly StationRow[], modes: readonly ModeRow[], ways: readonly WayRow[] = []): LineStationSettings[] {
  const given = rows.filter(({ key }) => key !== '');
  const seen = new Set<string>();
  for (const { key } of given) {
    if (seen.has(key)) {
      throw new Problem('TWIN_LINE_STATION_TWICE', `"${key}" stands twice in the line.`, 'Leave one row of each station in twin-line.', { station: key });
    }
    seen.add(key);
  }
  let before = new Map<string, readonly string[]>(given.map(({ key }, index) => [key, index === 0 ? [] : [given[index - 1]!.key]]));
  if (given.length === 0) {
    const graph = feedGraph(site.relations.open().filter(({ relation }) => relation === 'feeds'));
    refuseLoops(graph);
    before = new Map(graph.order.filter((key) => site.asset(key) !== undefined).map((key) => [key, [...graph.parents.get(key)!].filter((one) => site.asset(one) !== undefined)]));
  }
  if (before.size === 0) {
    throw new Problem('TWIN_LINE_NO_STATIONS', 'This line has no stations: no machine of the site feeds another one.', 'Enter stations in twin-line, or draw "feeds" relations with twin-link.');
  }
  return [...before].map(([key, parents]): LineStationSettings => {
    const row = given.find((each) => each.key === key);
    const counters = (site.asset(key)?.twin.type.properties ?? []).filter(({ kind }) => kind === 'counter').map(({ name }) => name);
    const way = ways.find(({ station }) => station === key);
    const told = (row?.bad ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
    const own = new Map<string, ModeMeaning>();
    for (const wide of [true, false]) {
      for (const { mode, meaning, station } of modes) if (mode !== '' && (wide ? station === '' : station === key)) own.set(modeWord(mode), meaning as ModeMeaning);
    }
    return {
      key, before: parents, modes: own,
      parts: row?.parts || (counters.find((name) => !badWords.test(name)) ?? ''), bad: told.length > 0 ? told : counters.filter((name) => badWords.test(name)),
      serial: way?.serial ?? '', transitS: numberOf(way?.seconds ?? '', key, 0),
      idealS: numberOf(row?.cycle ?? '', key, 1e-6), buffer: numberOf(row?.buffer ?? '', key, 0),
    };
  });
}

function numberOf(text: string, key: string, least: number): number | undefined {
  const number = numberFromSetting(text);
  if (number === null) return undefined;
  if (number === undefined || number < least) {
    const told = text.slice(0, 40);
    throw new Problem('TWIN_LINE_NUMBER', `Station "${key}": "${told}" is no number that fits.`, 'Correct the row in twin-line, or leave it empty.', { station: key, text: told });
  }
  return number;
}

/** @returns undefined: always. @throws Problem TWIN_LINE_HOURS */
export function plannedHours(from: string, to: string): ((timeMs: number) => boolean) | undefined {
  if (from === '' && to === '') return undefined;
  const [first, last] = [from, to].map((text) => {
    const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
    return found === null ? NaN : Number(found[1]) * 60 + Number(found[2]);
  }) as [number, number];
  if (Number.isNaN(first) || Number.isNaN(last)) {
    throw new Problem('TWIN_LINE_HOURS', `The planned hours cannot be read: "${from}" to "${to}".`, 'Write both as HH:MM in twin-line, or leave both empty.', { from, to });
  }
  return (timeMs) => {
    const date = new Date(timeMs);
    const minute = date.getHours() * 60 + date.getMinutes();
    return first <= last ? minute >= first && minute < last : minute >= first || minute < last;
  };
}

/** Hours of a day in which work is planned; 24: always. */
export function plannedHoursOfDay(from: string, to: string): number {
  const [first, last] = [from, to].map((text) => {
    const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
    return found === null ? NaN : Number(found[1]) + Number(found[2]) / 60;
  }) as [number, number];
  const hours = (last - first + 24) % 24;
  return Number.isNaN(hours) || hours === 0 ? 24 : hours;
}
