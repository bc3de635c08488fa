import { openMemoryStore } from '../adapters/memory/memoryStore.ts';
import { LineTwin, type LineStationSettings } from '../engine/process/lineTwin.ts';
import { LineScrapWatch } from '../engine/site/lineScrapWatch.ts';
import { Site } from '../engine/site/site.ts';
import { RandomStream } from '../engine/simulation/randomStream.ts';
import { compileTwinType } from '../engine/twin/twinType.ts';

const stationCount = 10;
const startMs = 1_767_225_600_000;

export interface CauseWatchCost {
  /** The watch looks once a second. */
  partsPerSecond: number;
  /** CPU per part through one station, µs. */
  trackingUs: number;
  watchUs: number;
  /** How often scrap was told as risen. */
  risen: number;
  looks: number;
}

/**
 * Process CPU of watching scrap all the time (twin-cause) beside that of following parts (twin-line) on the same ten stations, each with a counter of parts
 * and one of bad parts at its usual half a percent. The twins that bring the values are in neither.
 */
export async function causeWatchCost(partsPerLook: number, parts: number): Promise<CauseWatchCost> {
  let nowMs = startMs;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const { state, historian, graph, outbox } = openMemoryStore();
  const options = { id: 'bench', name: 'Bench', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 } as const;
  const site = new Site(options, { clock, state, historian, graph, outbox });
  await site.start();
  const type = compileTwinType({
    name: 'station', version: 1, properties: [{ name: 'mode', valueKind: 'state' }, { name: 'cycles', valueKind: 'counter' }, { name: 'rejects', valueKind: 'counter' }],
  }).type;
  const keys = Array.from({ length: stationCount }, (_, at) => `station-${at}`);
  for (const key of keys) {
    site.register({ nodeId: key, nodeName: key, key, name: key, type, path: ['plant', key], placeholders: new Map(), mapping: [], staleAfter: 5, onEvents: () => undefined });
  }
  const twin = new LineTwin({ key: 'line', periodMs: 8 * 3_600_000, staleAfterMs: 300_000, batch: '', phase: '' });
  const stations = keys.map((key, at): LineStationSettings => ({ key, before: at === 0 ? [] : [keys[at - 1]!], parts: 'cycles', bad: ['rejects'], modes: new Map() }));
  twin.setStations(stations);
  const random = new RandomStream(1, 'bad');
  const watch = new LineScrapWatch(20);
  const bad = new Float64Array(stationCount);
  const cost: CauseWatchCost = { partsPerSecond: partsPerLook, trackingUs: 0, watchUs: 0, risen: 0, looks: 0 };
  const warmUp = Math.ceil(parts / 10);
  for (let part = -warmUp; part < parts; part += partsPerLook) {
    const isMeasured = part >= 0;
    const words = Array.from({ length: partsPerLook }, (_, more) => keys.map((station, at) => {
      if (random.uniform() < 0.005) bad[at]! += 1;
      return { station, timeMs: (nowMs += 1_000 / (stationCount * partsPerLook)), mode: 'Execute', values: { cycles: part + warmUp + more, rejects: bad[at]! } };
    })).flat();
    for (const { station, timeMs, values } of words) site.asset(station)!.twin.applyRow(values, timeMs, nowMs, {});
    const before = process.cpuUsage();
    for (const word of words) twin.take(word);
    const tracked = process.cpuUsage(before);
    const look = process.cpuUsage();
    const risen = watch.look({ stations, twin }, '', (key, names) => site.asset(key)?.twin.valuesOf(names), nowMs);
    const looked = process.cpuUsage(look);
    twin.takeNews();
    if (!isMeasured) continue;
    cost.trackingUs += tracked.user + tracked.system;
    cost.watchUs += looked.user + looked.system;
    cost.risen += risen.length;
    cost.looks += 1;
  }
  await site.stop();
  cost.trackingUs /= parts * stationCount;
  cost.watchUs /= parts * stationCount;
  return cost;
}

/** What watching for scrap costs while nothing is wrong, per part and beside plain part tracking. */
export async function causeWatch(print: (line: string) => void, parts = 10_000): Promise<CauseWatchCost[]> {
  print(`A line of ${stationCount} stations, ${parts.toLocaleString('en-US')} parts; process CPU per part and station. The watch looks once a second, whatever comes.`);
  print('');
  print('| parts a second | following parts (twin-line) | watching scrap (twin-cause) | watching beside following | told as risen |');
  print('|---|---|---|---|---|');
  const costs: CauseWatchCost[] = [];
  for (const partsPerLook of [1, 10, 100]) {
    const cost = await causeWatchCost(partsPerLook, parts);
    costs.push(cost);
    print(`| ${partsPerLook} | ${cost.trackingUs.toFixed(2)} µs | ${cost.watchUs.toFixed(3)} µs | ${(cost.watchUs / cost.trackingUs).toFixed(3)} | ${cost.risen} times |`);
  }
  return costs;
}

if (import.meta.main) await causeWatch((line) => console.log(line));
