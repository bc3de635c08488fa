import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';
import type { PlantSize } from '../test/checks/graph/plantLedger.ts';
import { PlantLedger } from '../test/checks/graph/plantLedger.ts';
import { inProcess } from './benchProcess.ts';
import { verdictOf } from './verdictOf.ts';

export interface GraphSettings {
  part: 'load' | 'cold' | 'ask';
  folder: string;
  /** The module to open the store with, as it is shipped: no process of the bench has to compile anything. */
  store: string;
  /** After all that is measured while loading: with them it is about a million. */
  moreFacts: number;
  size: PlantSize;
  /** Of the production, for which 20 values a machine are kept, one every ten seconds. */
  measuredShare: number;
}

interface Loaded {
  facts: number;
  elements: number;
  refused: number;
  loadMs: number;
  batchRate: number;
  /** Until a question shows all of it. */
  seenRate: number;
  singleRate: number;
  callersRate: number;
}

interface Asked {
  took: number[];
  wrong: number;
  /** Of the whole process, per question. */
  cpuMs: number;
}

const script = fileURLToPath(new URL('./graphProcess.ts', import.meta.url));
const store = new URL('../dist/adapters/sqlite/siteStore.js', import.meta.url).href;

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** The graph against its aims, through the store's public port with its thread and checks; every answer is compared with the plant's ledger. */
export async function graphSpeed(print: (line: string) => void, size: PlantSize = { lines: 10, finals: 48_500, partsPerLot: 500 }, measuredShare = 0.05,
  moreFacts = 300_000): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-graph-'));
  const settings = { folder, store, size, measuredShare, moreFacts };
  try {
    const bundle = path.join(folder, 'graphProcess.mjs');
    await esbuild({ entryPoints: [script], bundle: true, platform: 'node', format: 'esm', outfile: bundle, logLevel: 'error' });
    const load = await inProcess<Loaded>(bundle, { ...settings, part: 'load' });
    const { size: bytes } = await stat(path.join(folder, 'graph.db'));
    const start = async (isRead: boolean): Promise<number> => {
      const took: number[] = [];
      for (let round = 0; round < 5; round++) {
        // What the system keeps of the files in memory goes, so that they come from the disk.
        if (!isRead) for (const name of ['graph.db', 'history.db', 'site.db']) spawnSync('dd', [`if=${path.join(folder, name)}`, 'iflag=nocache', 'count=0']);
        took.push((await inProcess<{ coldMs: number }>(bundle, { ...settings, part: 'cold' })).coldMs);
      }
      return quantile(took.sort((a, b) => a - b), 0.5);
    };
    const cold = await start(true);
    const fromDisk = await start(false);
    const asked = await inProcess<{ origin: Asked; withValues: Asked; impact: Asked; way: Asked; rss: number }>(bundle, { ...settings, part: 'ask' });
    print(`${load.elements} elements, ${load.facts} facts of the plant and ${200_000 + moreFacts + 7000} more, ${(bytes / 1e6).toFixed(0)} MB; refused: ${load.refused}.`);
    print('');
    print('| graph | measured | aim | |');
    print('|---|---|---|---|');
    const row = (what: string, measured: string, aim: string, reached: boolean): void => print(`| ${what} | ${measured} | ${aim} | ${verdictOf(reached)} |`);
    const figure = (what: string, { took, cpuMs, wrong: differ }: Asked, aimMs: number, aim99Ms = Infinity): void => {
      const [half, most] = [quantile(took, 0.5), quantile(took, 0.99)];
      row(what, `${half.toFixed(2)} / ${most.toFixed(2)} ms (processor ${cpuMs.toFixed(2)} ms; ${differ} differ)`,
        `≤ ${aimMs}${aim99Ms < Infinity ? ` / ${aim99Ms}` : ''} ms`, half <= aimMs && most <= aim99Ms);
    };
    figure('genealogy of a part, graph only, p50 / p99', asked.origin, 0.3);
    figure('with 20 properties over the time in each of its 5 machines, p50 / p99', asked.withValues, 3, 15);
    figure('impact of a lot with 500 parts, p50 / p99', asked.impact, 1);
    figure('path between two, p50 / p99', asked.way, 10);
    row('durable batches of 10,000 facts', `${Math.round(load.batchRate)} facts/s`, '≥ 150,000', load.batchRate >= 150_000);
    print(`| the same, until a question shows all of it | ${Math.round(load.seenRate)} facts/s | | |`);
    print(`| the plant itself, with its elements, until a question shows all of it | ${Math.round((1000 * (load.facts + load.elements)) / load.loadMs)} changes/s | | |`);
    row('5,000 single facts at once, group commit', `${Math.round(load.singleRate)} facts/s`, '≥ 1,000', load.singleRate >= 1000);
    row('fifty callers, each waiting for its fact', `${Math.round(load.callersRate)} facts/s`, '≥ 1,000', load.callersRate >= 1000);
    row('memory of the asking process', `${asked.rss.toFixed(0)} MB`, '≤ 150', asked.rss <= 150);
    row('start to the first answer, median of 5', `${cold.toFixed(0)} ms`, '≤ 200', cold <= 200);
    print(`| the same, with files that are not in the system's memory | ${fromDisk.toFixed(0)} ms | | |`);
    const wrong = asked.origin.wrong + asked.withValues.wrong + asked.impact.wrong + asked.way.wrong;
    row('answers that differ from the ledger', String(wrong), '0', wrong === 0);
    await beside(print, path.join(folder, 'graph.db'), size);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same genealogy (materials and stays, no surroundings) as one bare CTE on the same file, and in graphology in memory. */
async function beside(print: (line: string) => void, file: string, size: PlantSize): Promise<void> {
  const database = new DatabaseSync(file, { readOnly: true });
  const took = (times: number, ask: (index: number) => unknown): number => {
    const all: number[] = [];
    for (let index = -20; index < times; index++) {
      const at = performance.now();
      ask(Math.abs(index));
      if (index >= 0) all.push(performance.now() - at);
    }
    return quantile(all.sort((a, b) => a - b), 0.5);
  };
  const word = (text: string): number => (database.prepare('SELECT id FROM word WHERE text = ?').get(text) as { id: number }).id;
  const genealogy = database.prepare(`WITH RECURSIVE tree (id, depth) AS (
      SELECT id, 0 FROM element WHERE key = ?1 UNION SELECT e.object, depth + 1 FROM tree CROSS JOIN edge e ON e.subject = tree.id AND e.relation = ?2 WHERE depth < 4)
    SELECT m.key, e.valid_from, e.valid_to FROM tree CROSS JOIN edge e ON e.subject = tree.id AND e.relation = ?3 CROSS JOIN element m ON m.id = e.object`);
  const impact = database.prepare('SELECT p.key FROM edge e JOIN element p ON p.id = e.subject WHERE e.object = (SELECT id FROM element WHERE key = ?1) AND e.relation = ?2');
  const [from, by] = [word('made from'), word('produced by')];
  const some = (index: number): string => `part-${(index * 7919 + 13) % size.finals}`;
  const lot = (index: number): string => `lotA-${index % Math.floor(size.finals / size.partsPerLot)}`;
  const bare = [took(500, (index) => genealogy.all(some(index), from, by)), took(100, (index) => impact.all(lot(index), from))];
  database.close();
  const { default: graphology } = await import('graphology') as unknown as { default: { MultiDirectedGraph: new () => MultiGraph } };
  const graph = new graphology.MultiDirectedGraph();
  const before = process.memoryUsage().rss;
  for (const change of new PlantLedger(size).changes()) {
    if (change.kind === 'element') graph.mergeNode(change.element.key, { type: change.element.type });
    else if (change.kind === 'assert') graph.addEdge(change.fact.subject, change.fact.object, { relation: change.fact.relation, from: change.fact.validFromMs, to: change.fact.validToMs });
  }
  const reached = (start: string, relation: string): string[] => {
    const seen = [start];
    for (const one of seen) graph.forEachOutEdge(one, (_edge, attributes, _source, target) => attributes.relation === relation && !seen.includes(target) && seen.push(target));
    return seen;
  };
  const stays = (part: string): string[] => reached(part, 'made from').flatMap((one) => graph.filterOutEdges(one, (_edge, attributes) => attributes.relation === 'produced by'));
  const memory = [took(500, (index) => stays(some(index))), took(100, (index) => graph.filterInEdges(lot(index), (_edge, attributes) => attributes.relation === 'made from'))];
  print('');
  print('| beside, in the same run, no thread, no checks, no surroundings | genealogy p50 | impact p50 | memory |');
  print('|---|---|---|---|');
  print(`| one bare CTE on the same file | ${bare[0]?.toFixed(3)} ms | ${bare[1]?.toFixed(3)} ms | – |`);
  print(`| graphology in memory | ${memory[0]?.toFixed(3)} ms | ${memory[1]?.toFixed(3)} ms | ${((process.memoryUsage().rss - before) / 1e6).toFixed(0)} MB |`);
}

interface EdgeAttributes {
  relation: string;
  from: number;
  to: number | undefined;
}

/** What is used of graphology. */
interface MultiGraph {
  mergeNode(key: string, attributes: object): void;
  addEdge(source: string, target: string, attributes: object): void;
  forEachOutEdge(node: string, visit: (edge: string, attributes: EdgeAttributes, source: string, target: string) => unknown): void;
  filterOutEdges(node: string, keep: (edge: string, attributes: EdgeAttributes) => boolean): string[];
  filterInEdges(node: string, keep: (edge: string, attributes: EdgeAttributes) => boolean): string[];
}

if (import.meta.main) await graphSpeed((line) => console.log(line));
