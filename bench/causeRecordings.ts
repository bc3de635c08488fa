import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { feedGraph, type FeedRelation } from '../engine/process/feedGraph.ts';
import type { PartTable } from '../engine/process/partTable.ts';
import { rootCause } from '../engine/process/rootCause.ts';
import { causeBaselines } from './causeBaselines.ts';

/** One alarm that went wrong and the signals of which it is known that they made it. */
export interface RecordedAlarm {
  name: string;
  table: PartTable;
  relations: FeedRelation[];
  causes: string[];
}

interface Change {
  timeS: number;
  node: string;
  value: number;
  isAlarm: boolean;
  isCounter: boolean;
}

function changesOf(file: string): Change[] {
  return readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(1).flatMap((line): Change[] => {
    const [time = '', node = '', value = '', type = ''] = line.split(',');
    if (type === 'Categorical') return [];
    return [{ timeS: Number(time), node, value: value === 'True' ? 1 : value === 'False' ? 0 : Number(value), isAlarm: type === 'Alarm', isCounter: type === 'Counter' }];
  });
}

/** Seconds of the runs one after the other: each signal at the beginning of the second; a counter as what it gained within ten. */
function tableOf(runs: readonly Change[][], alarm: string): PartTable {
  const names = [...new Set(runs.flat().filter(({ isAlarm }) => !isAlarm).map(({ node }) => node))].sort();
  const counters = new Set(runs.flat().filter(({ isCounter }) => isCounter).map(({ node }) => node));
  const bad: number[] = [];
  const values = names.map((): number[] => []);
  for (const changes of runs) {
    const endS = changes[changes.length - 1]!.timeS;
    const now = new Map<string, number>();
    const begin = bad.length;
    let at = 0;
    for (let beginS = 0; beginS + 1 <= endS; beginS += 1) {
      for (; at < changes.length && changes[at]!.timeS <= beginS; at += 1) now.set(changes[at]!.node, changes[at]!.value);
      let isOn = now.get(alarm) === 1;
      for (let next = at; next < changes.length && changes[next]!.timeS < beginS + 1; next += 1) if (changes[next]!.node === alarm && changes[next]!.value === 1) isOn = true;
      bad.push(isOn ? 1 : 0);
      for (const [column, name] of names.entries()) values[column]!.push(now.get(name) ?? NaN);
    }
    for (const [column, name] of names.entries()) {
      if (!counters.has(name)) continue;
      const counted = values[column]!.splice(begin);
      values[column]!.push(...counted.map((count, row) => count - (counted[row - 10] ?? NaN)));
    }
  }
  return {
    timesMs: Float64Array.from(bad, (_, row) => 1_000 * row), bad: Uint8Array.from(bad), group: new Int32Array(bad.length), judgedAt: alarm,
    columns: names.map((station, column) => ({ station, property: 'value', kind: 'measured' as const, values: Float64Array.from(values[column]!) })),
  };
}

/**
 * The coolant system of a CNC lathe with planted faults (CausRCA, Apache-2.0; folder causrca/coolant): one question for each alarm of each experiment, over all
 * of its runs. True is what the experimenters set by hand and leads to the alarm by the experts' graph. Empty where the folder is not there.
 */
export function recordedAlarms(folder: string): RecordedAlarm[] {
  const root = path.join(folder, 'causrca', 'coolant');
  if (!existsSync(root)) return [];
  const edges = readFileSync(path.join(root, 'coolant_edges.csv'), 'utf8').trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
  const relations = edges.map(([, , from = '', to = '']): FeedRelation => ({ from, relation: 'feeds', to }));
  const graph = feedGraph(relations);
  return readdirSync(root).filter((name) => name.startsWith('exp_')).sort().flatMap((experiment) => {
    const inside = path.join(root, experiment);
    const told = JSON.parse(readFileSync(path.join(inside, `${experiment}_description.json`), 'utf8')) as { manipulatedVars: string[]; alarms: string[] };
    const runs = readdirSync(inside).filter((name) => name.startsWith('run_')).sort().flatMap((run) =>
      readdirSync(path.join(inside, run)).filter((name) => name.endsWith('.csv')).map((file) => changesOf(path.join(inside, run, file))));
    return told.alarms.map((alarm) => ({
      name: `${experiment} ${alarm}`, table: tableOf(runs, alarm), relations, causes: told.manipulatedVars.filter((name) => graph.ancestors.get(alarm)?.has(name) === true),
    }));
  });
}

/** Where the true cause stands for each alarm: with the experts' graph, without one, and by the plain rules. */
export function recordedAlarmTable(print: (line: string) => void, folder: string): void {
  const alarms = recordedAlarms(folder);
  if (alarms.length === 0) return;
  const rules: [name: string, rank: (alarm: RecordedAlarm) => string[]][] = [
    ["twinwire, experts' graph", ({ table, relations }) => rootCause(table, feedGraph(relations)).conditions.map(({ station }) => station)],
    ['twinwire, no graph', ({ table }) => rootCause(table, feedGraph([])).conditions.map(({ station }) => station)],
    ...causeBaselines.map(({ name, rank }): [string, (alarm: RecordedAlarm) => string[]] => [
      name, ({ table, relations }) => rank({ ...table, columns: table.columns.map((column) => ({ ...column, values: column.values.map((value) => (Number.isFinite(value) ? value : 0)) })) }, relations)
        .map((column) => table.columns[column]!.station),
    ]),
  ];
  print('');
  print(`Alarms of a lathe's coolant system (CausRCA, Apache-2.0), ${alarms.length} questions: the place of the true cause among ${alarms[0]!.table.columns.length} signals; –: not named.`);
  print('');
  print(`| | ${alarms.map(({ name }) => name).join(' | ')} | first | in first three | mean of 1 ÷ place |`);
  print(`|---|${alarms.map(() => '---|').join('')}---|---|---|`);
  for (const [name, rank] of rules) {
    const places = alarms.map((alarm) => rank(alarm).findIndex((station) => alarm.causes.includes(station)) + 1);
    const count = (most: number): string => `${places.filter((place) => place > 0 && place <= most).length} of ${places.length}`;
    const mean = places.reduce((sum, place) => sum + (place > 0 ? 1 / place : 0), 0) / places.length;
    print(`| ${name} | ${places.map((place) => (place > 0 ? place : '–')).join(' | ')} | ${count(1)} | ${count(3)} | ${mean.toFixed(2)} |`);
  }
}
