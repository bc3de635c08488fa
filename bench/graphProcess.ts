import { performance } from 'node:perf_hooks';
import type { SiteStore } from '../adapters/sqlite/siteStore.ts';
import type { GraphAnswer } from '../contract/graph.ts';
import type { GraphChange } from '../engine/ports.ts';
import { PlantLedger } from '../test/checks/graph/plantLedger.ts';
import { sendResult, settingsOfProcess } from './benchProcess.ts';
import type { GraphSettings } from './graphSpeed.ts';

/** One process of the graph bench: `load` fills a folder, `cold` opens it and asks once, `ask` measures the questions. */
const settings = settingsOfProcess<GraphSettings>();
const { openSiteStore } = (await import(settings.store)) as { openSiteStore: (folder: string) => SiteStore };
const plant = new PlantLedger(settings.size);
const properties = Array.from({ length: 20 }, (_, index) => `signal${index}`);
/** The last stretch of production, for which the machines' values are there too. */
const firstMeasured = Math.floor(settings.size.finals * (1 - settings.measuredShare));

function sorted(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}

/** Told in bulk besides the plant's own. */
const bulkFacts = 200_000;
/** Before it is measured, the code is in use for a while, as it is in a plant. */
const warmUp = 200;

async function load(): Promise<object> {
  const store = openSiteStore(settings.folder);
  let facts = 0;
  let elements = 0;
  const batches: GraphChange[][] = [];
  let batch: GraphChange[] = [];
  for (const change of plant.changes()) {
    batch.push(change);
    if (change.kind === 'assert') facts++;
    else elements++;
    if (batch.length >= 10_000) {
      batches.push(batch);
      batch = [];
    }
  }
  batches.push(batch);
  let at = performance.now();
  let refused = 0;
  for (const some of batches) refused += (await store.graph.change(some)).length;
  // The first answer shows all of it.
  await store.graph.ask({ ask: 'origin', element: 'part-1' }, plant.endMs);
  const loadMs = performance.now() - at;
  // Facts about elements that are known: what a historian of events does all day.
  const bulkFact = (index: number): GraphChange => {
    const { part } = plant.part(index % settings.size.finals);
    return { kind: 'assert', fact: { subject: part, relation: 'produced by', object: 'line0/station0', validFromMs: plant.endMs + index,
      validToMs: plant.endMs + index + 1, recordedMs: plant.endMs, source: 'more' } };
  };
  const more = Array.from({ length: bulkFacts }, (_, index) => bulkFact(index));
  at = performance.now();
  for (let start = 0; start < more.length; start += 10_000) refused += (await store.graph.change(more.slice(start, start + 10_000))).length;
  const batchRate = (1000 * more.length) / (performance.now() - at);
  await store.graph.ask({ ask: 'origin', element: 'part-1' }, plant.endMs);
  const seenRate = (1000 * more.length) / (performance.now() - at);
  for (let start = 0; start < settings.moreFacts; start += 10_000) {
    refused += (await store.graph.change(Array.from({ length: 10_000 }, (_, index) => bulkFact(bulkFacts + start + index)))).length;
  }
  at = performance.now();
  const singles = 5000;
  await Promise.all(Array.from({ length: singles }, async (_, index) => {
    refused += (await store.graph.change([{
      kind: 'assert',
      fact: { subject: 'part-1', relation: 'scrap', object: '', value: index, validFromMs: plant.endMs + index, recordedMs: plant.endMs, source: 'single' },
    }])).length;
  }));
  const singleRate = (1000 * singles) / (performance.now() - at);
  // One at a time, each waited for, from fifty callers: what many nodes do.
  at = performance.now();
  let done = 0;
  await Promise.all(Array.from({ length: 50 }, async (_, caller) => {
    for (let index = 0; index < 40; index++, done++) {
      await store.graph.change([{ kind: 'assert', fact: { subject: 'part-2', relation: 'note', object: '', value: `${caller} ${index}`, validFromMs: plant.endMs,
        recordedMs: plant.endMs, source: 'callers' } }]);
    }
  }));
  const callersRate = (1000 * done) / (performance.now() - at);
  const from = plant.part(firstMeasured).stays[3]?.fromMs as number;
  const rows = Math.ceil((plant.endMs - from) / 10_000);
  for (const machine of plant.machines()) {
    const times = Float64Array.from({ length: rows }, (_, index) => from + index * 10_000);
    const values = Float64Array.from({ length: rows * properties.length }, (_, index) => 50 + (index % 97) / 10);
    await store.historian.writeRows({ twin: machine, properties, times, values });
  }
  await store.close();
  return { facts, elements, refused, loadMs, batchRate, seenRate, singleRate, callersRate };
}

async function cold(): Promise<object> {
  const at = performance.now();
  const store = openSiteStore(settings.folder);
  const answer = await store.graph.ask({ ask: 'origin', element: `part-${Math.floor(settings.size.finals / 2)}` }, plant.endMs);
  const coldMs = performance.now() - at;
  await store.close();
  return { coldMs, rows: answer.rows.length };
}

async function measured(
  times: number, ask: (index: number) => Promise<GraphAnswer>, check: (answer: GraphAnswer, index: number) => boolean,
): Promise<{ took: number[]; wrong: number; cpuMs: number }> {
  const took: number[] = [];
  let wrong = 0;
  let cpuMs = 0;
  for (let index = -warmUp; index < times; index++) {
    const at = performance.now();
    const before = process.cpuUsage();
    const answer = await ask(Math.abs(index));
    if (index >= 0) took.push(performance.now() - at);
    // Of both threads; on a busy machine it says more than the clock.
    const { user, system } = process.cpuUsage(before);
    if (index >= 0) cpuMs += (user + system) / 1000;
    if (!check(answer, Math.abs(index))) wrong++;
  }
  return { took: sorted(took), wrong, cpuMs: cpuMs / times };
}

async function ask(): Promise<object> {
  const store = openSiteStore(settings.folder);
  const { finals, partsPerLot } = settings.size;
  const some = (index: number): number => (index * 7919 + 13) % finals;
  const late = (index: number): number => firstMeasured + 50 + ((index * 7919) % (finals - firstMeasured - 100));
  const isRight = (answer: GraphAnswer, number: number): boolean => {
    const record = plant.part(number);
    const of = (role: string): string => answer.rows.filter((row) => row.role === role).map((row) => row.element.key).sort().join();
    const all = (names: (string | undefined)[]): string => names.filter((name) => name !== undefined).sort().join();
    return of('material') === all([record.sub, record.lotA, record.lotB]) && of('stay') === all(record.stays.map(({ machine }) => machine))
      && of('operator') === all(record.stays.flatMap(({ operators }) => operators)) && of('tool') === all(record.stays.flatMap(({ tools }) => tools))
      && of('maintenance') === all(record.stays.map(({ maintenance }) => maintenance)) && of('order') === record.order;
  };
  const origin = await measured(1000, (index) => store.graph.ask({ ask: 'origin', element: `part-${some(index)}`, validMs: plant.endMs - 1 }, plant.endMs), (answer,
    index) => isRight(answer, some(index)));
  const withValues = await measured(500, (index) => store.graph.ask({ ask: 'origin', element: `part-${late(index)}`, parameters: true, validMs: plant.endMs - 1 }, plant.endMs),
    (answer, index) => isRight(answer, late(index)) && answer.rows.every((row) => row.role !== 'stay' || (row.parameters?.length === properties.length
      && row.parameters.every(({ count }) => count === 6))));
  const lots = Math.floor(finals / partsPerLot);
  const impact = await measured(300, (index) => store.graph.ask({ ask: 'impact', element: `lotA-${index % lots}` }, plant.endMs), (answer, index) =>
    answer.rows.map((row) => row.element.key).sort().join() === plant.partsOf(`lotA-${index % lots}`).sort().join());
  const way = await measured(200, (index) => store.graph.ask({ ask: 'path', element: `part-${some(index)}`, to: `part-${some(index + 1)}` }, plant.endMs), (answer) =>
    answer.rows.length >= 1 && answer.cut === undefined);
  const rss = process.memoryUsage().rss / 1e6;
  await store.close();
  return { origin, withValues, impact, way, rss };
}

const results = { load, cold, ask };
sendResult(await results[settings.part]());
