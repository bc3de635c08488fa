import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { LineThreads } from '../adapters/simulation/lineThreads.ts';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import { LineTwin, type LineStationSettings } from '../engine/process/lineTwin.ts';
import type { LineEvent } from '../engine/simulation/lineBlock.ts';
import type { BlockModel } from '../engine/simulation/lineModel.ts';
import { RandomStream } from '../engine/simulation/randomStream.ts';
import { simulateLine } from '../engine/simulation/simulateLine.ts';
import { Site } from '../engine/site/site.ts';
import { compileTwinType } from '../engine/twin/twinType.ts';
import { LoopHold } from './loopHold.ts';
import { verdictOf } from './verdictOf.ts';

const endMs = 1_767_225_600_000;
const clock = { nowMs: () => endMs, monotonicMs: () => performance.now() };
const measured = ['temperature', 'pressure', 'torque'];
const mostHoldMs = 30;

/** Columns of one station as its PLC tells them: one for each word, and every 5 s. */
interface Told {
  times: number[];
  mode: string[];
  values: number[][];
}

function toldBy(keys: readonly string[], hours: number, seed: number): Map<string, Told> {
  const random = new RandomStream(seed, 'told');
  const blocks: BlockModel[] = [{ kind: 'source', name: 'source', to: keys[0]! }];
  for (const [index, key] of keys.entries()) {
    const last = index === keys.length - 1;
    blocks.push({
      kind: 'station', name: key, to: last ? 'sink' : `buffer ${index}`, cycle: { kind: 'gamma', mean: 3.6 + 0.3 * random.uniform(), scv: 0.02 },
      failures: [{ between: { kind: 'exponential', mean: 900 }, repair: { kind: 'exponential', mean: 30 } }],
    });
    if (!last) blocks.push({ kind: 'buffer', name: `buffer ${index}`, to: keys[index + 1]!, places: 10 });
  }
  const events: LineEvent[] = [];
  const endS = 3_600 * hours;
  simulateLine({ blocks: [...blocks, { kind: 'sink', name: 'sink' }] }, { seed, warmUpS: 0, runS: endS, record: (event) => void events.push(event) });
  const told = new Map(keys.map((key): [string, Told] => [key, { times: [], mode: [], values: [] }]));
  const mode = new Map(keys.map((key) => [key, 'Starved']));
  const counts = new Map(keys.map((key) => [key, [0, 0]]));
  const fromMs = endMs - 1_000 * endS;
  const tell = (key: string, timeS: number): void => {
    const { times, mode: modes, values } = told.get(key)!;
    const timeMs = Math.round(fromMs + 1_000 * timeS);
    const [parts, bad] = counts.get(key)! as [number, number];
    const row = [parts, bad, ...measured.map(() => 100 + random.normal())];
    if (times[times.length - 1] === timeMs) {
      modes[modes.length - 1] = mode.get(key)!;
      values[values.length - 1] = row;
      return;
    }
    times.push(timeMs);
    modes.push(mode.get(key)!);
    values.push(row);
  };
  let tick = 0;
  for (const { timeS, block, event } of events) {
    for (; 5 * tick <= timeS; tick += 1) for (const key of keys) tell(key, 5 * tick);
    if (!counts.has(block)) continue;
    if (event === 'start' || event === 'up') mode.set(block, 'Execute');
    else if (event === 'down') mode.set(block, 'Aborted');
    else if (event === 'finish') {
      mode.set(block, 'Starved');
      const count = counts.get(block)!;
      count[0]! += 1;
      if (block === keys[keys.length - 1] && random.uniform() < 0.03) count[1]! += 1;
    } else continue;
    tell(block, timeS);
  }
  return told;
}

export interface StudyHold {
  what: string;
  /** Own CPU time of the event loop's thread. */
  longestMs: number;
  /** By the clock: what another process takes away counts too. */
  wallMs: number;
  tookMs: number;
}

/** How long questions about a line hold the event loop, the history read from its own thread as at a plant. */
export async function studyHolds(stationCount: number, hours = 8): Promise<{ parts: number; holds: StudyHold[] }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-studies-'));
  const store = openSiteStore(folder);
  const threads = new LineThreads(2);
  try {
    const site = new Site(
      { id: 'site', name: 'Plant', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 },
      { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox, lineWork: threads, pause: () => nextTurn() },
    );
    await site.start();
    const keys = Array.from({ length: stationCount }, (_, index) => `station${index + 1}`);
    const names = ['cycles', 'rejects', ...measured];
    const { type } = compileTwinType({
      name: 'station', version: 1,
      properties: [{ name: 'mode', valueKind: 'state' }, { name: 'cycles', valueKind: 'counter' }, { name: 'rejects', valueKind: 'counter' }, ...measured.map((name) => ({ name, unit: 'Cel' }))],
    });
    const told = toldBy(keys, hours, 7);
    const settings = { key: 'line', periodMs: 3_600_000 * hours, staleAfterMs: 300_000, batch: '', phase: '' };
    const twin = new LineTwin(settings);
    const stations = keys.map((key, index): LineStationSettings => ({
      key, before: index === 0 ? [] : [keys[index - 1]!], parts: 'cycles', bad: index === stationCount - 1 ? ['rejects'] : [], modes: new Map(),
    }));
    twin.setStations(stations);
    const words: { station: string; at: number; timeMs: number }[] = [];
    for (const key of keys) {
      site.register({ nodeId: key, nodeName: key, key, name: key, type, path: ['plant', key], placeholders: new Map(), mapping: [], staleAfter: 5, onEvents: () => undefined });
      const { times, values } = told.get(key)!;
      for (const [at, timeMs] of times.entries()) words.push({ station: key, at, timeMs });
      await store.historian.writeRows({ twin: key, properties: names, times: Float64Array.from(times), values: Float64Array.from(values.flat()) });
    }
    for (const { station, at, timeMs } of words.sort((one, other) => one.timeMs - other.timeMs)) {
      const { mode, values } = told.get(station)!;
      twin.take({ station, timeMs, mode: mode[at]!, values: { cycles: values[at]![0]!, rejects: values[at]![1]! } });
    }
    twin.advance(endMs);
    site.lines.open('line', 'node');
    site.lines.tell({ key: 'line', name: 'Line', twin, periodMs: settings.periodMs, staleAfterMs: settings.staleAfterMs, batch: '', plannedHours: 24, stations });
    const holds: StudyHold[] = [];
    const watched = async (ask: () => Promise<unknown>): Promise<Omit<StudyHold, 'what'>> => {
      await pause(200);
      const hold = new LoopHold();
      const delay = monitorEventLoopDelay({ resolution: 1 });
      const beganMs = performance.now();
      hold.start();
      delay.enable();
      await ask();
      const tookMs = performance.now() - beganMs;
      await pause(10);
      hold.stop();
      delay.disable();
      return { longestMs: hold.longestMs, wallMs: delay.max / 1e6, tookMs };
    };
    const change = (station: string): Promise<unknown> => site.studies.whatIf('line', { changes: [{ kind: 'speed', station, amount: 5 }], forced: true });
    const questions: [string, () => Promise<unknown>][] = [
      ['first what-if', () => change(keys[1]!)], ['second what-if', () => change(keys[0]!)], ['cause of scrap', () => site.studies.cause('line', { about: 'scrap' })],
      ['cause of scrap again', () => site.studies.cause('line', { about: 'scrap' })], ['cause of stops', () => site.studies.cause('line', { about: 'stops' })],
      ['cause of slow time', () => site.studies.cause('line', { about: 'slow', fewestBad: 3 })],
    ];
    for (const [what, ask] of questions) holds.push({ what, ...(await watched(ask)) });
    const parts = told.get(keys[stationCount - 1]!)!.values.at(-1)![0]!;
    await site.stop();
    return { parts, holds };
  } finally {
    await threads.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export async function studyHold(print: (line: string) => void, counts: readonly number[] = [3, 10]): Promise<void> {
  print('| questions about a line of the last 8 hours | longest hold of the event loop | aim | | by the clock | of the time the answer took |');
  print('|---|---|---|---|---|---|');
  for (const count of counts) {
    const { parts, holds } = await studyHolds(count);
    for (const { what, longestMs, wallMs, tookMs } of holds) {
      print(`| ${count} stations, ${parts.toLocaleString('en-US')} parts: ${what} | ${longestMs.toFixed(1)} ms of CPU | < ${mostHoldMs} ms | ${verdictOf(longestMs < mostHoldMs)} ` +
        `| ${wallMs.toFixed(1)} ms | ${((100 * longestMs) / tookMs).toFixed(1)} % of ${tookMs.toFixed(0)} ms |`);
    }
  }
}

if (import.meta.main) await studyHold((line) => console.log(line));
