import { feedGraph } from '../engine/process/feedGraph.ts';
import { rootCause, type RootCauseAnswer } from '../engine/process/rootCause.ts';
import { causeBaselines } from './causeBaselines.ts';
import { recordedAlarmTable } from './causeRecordings.ts';
import { type CauseCase, causeCases, type CauseLine, causeLine, type CauseLineShape, otherShapes, reportingSeeds, withWrongRelations } from './causeLines.ts';
import { verdictOf } from './verdictOf.ts';

/** What came of one kind of lines: how often the (a) cause stood first, all causes among the first three, and nothing was claimed. */
export interface CauseResult {
  kind: CauseCase;
  lines: number;
  first: number;
  allInThree: number;
  silent: number;
  firstWrongRelations: number;
  baselines: { name: string; first: number; allInThree: number }[];
  causeOff: number;
  otherOff: number;
  badShare: number;
  ms: number;
}

const columnsOf = (line: CauseLine, answer: RootCauseAnswer): number[] =>
  answer.conditions.map(({ station, property }) => line.table.columns.findIndex((column) => column.station === station && column.property === property));

/** Root cause by the relations that the line comes with. */
const answerOf = ({ table, relations }: CauseLine): RootCauseAnswer => rootCause(table, feedGraph(relations));

export function causeResult(kind: CauseCase, seeds: readonly number[]): CauseResult {
  const result: CauseResult = {
    kind, lines: seeds.length, first: 0, allInThree: 0, silent: 0, firstWrongRelations: 0, baselines: causeBaselines.map(({ name }) => ({ name, first: 0, allInThree: 0 })),
    causeOff: 0, otherOff: 0, badShare: 0, ms: 0,
  };
  const share = 1 / seeds.length;
  for (const seed of seeds) {
    const line = causeLine(kind, seed);
    result.causeOff += share * line.difficulty.causeOff;
    result.otherOff += share * line.difficulty.otherOff;
    result.badShare += share * line.difficulty.badShare;
    const beginMs = performance.now();
    const answer = answerOf(line);
    result.ms += share * (performance.now() - beginMs);
    if (answer.verdict !== 'conditions') result.silent += share;
    if (line.causes.length === 0) continue;
    const count = (ranking: readonly number[], into: { first: number; allInThree: number }): void => {
      if (line.causes.includes(ranking[0] ?? -1)) into.first += share;
      if (line.causes.every((cause) => ranking.slice(0, 3).includes(cause))) into.allInThree += share;
    };
    count(columnsOf(line, answer), result);
    for (const [index, baseline] of causeBaselines.entries()) count(baseline.rank(line.table, line.relations), result.baselines[index]!);
    const wrong = withWrongRelations(line, seed);
    if (line.causes.includes(columnsOf(wrong, answerOf(wrong))[0] ?? -1)) result.firstWrongRelations += share;
  }
  return result;
}

/** 95 % interval of a share (Wilson 1927). */
export function shareInterval(share: number, count: number): [low: number, high: number] {
  const z = 1.959964;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
function withInterval(share: number, count: number): string {
  const [low, high] = shareInterval(share, count);
  return `${percent(share)} (${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)})`;
}

/** What came of lines on which a second cause begins while one stands: asked over the whole time, and of the bad parts since the second one began. */
export function standingResult(seeds: readonly number[], shape: CauseLineShape = {}): { both: number; second: number; secondFromWhole: number } {
  const result = { both: 0, second: 0, secondFromWhole: 0 };
  for (const seed of seeds) {
    const line = causeLine('second while one stands', seed, shape);
    const [stood, second] = line.causes as [number, number];
    const whole = columnsOf(line, answerOf(line));
    const since = columnsOf(line, rootCause(line.table, feedGraph(line.relations), { sinceMs: line.secondMs! }));
    if ([stood, second].every((cause) => whole.slice(0, 3).includes(cause))) result.both += 1 / seeds.length;
    if (whole[0] === second) result.secondFromWhole += 1 / seeds.length;
    if (since[0] === second) result.second += 1 / seeds.length;
  }
  return result;
}

/** First, all in three and silence on lines that are otherwise. */
function shapeRow(shape: CauseLineShape, seeds: readonly number[], cleanSeeds: readonly number[]): { first: number; few: number; both: number; silent: number } {
  let [first, few, both, silent] = [0, 0, 0, 0];
  const singles = ['single', 'confounded', 'delayed'] as const;
  for (const seed of seeds) {
    for (const kind of singles) {
      const line = causeLine(kind, seed, shape);
      const answer = answerOf(line);
      if (answer.verdict === 'not enough data') few += 1;
      else if (line.causes.includes(columnsOf(line, answer)[0] ?? -1)) first += 1;
    }
    const two = causeLine('two causes', seed, shape);
    const top = columnsOf(two, answerOf(two)).slice(0, 3);
    if (two.causes.every((cause) => top.includes(cause))) both += 1;
  }
  for (const seed of cleanSeeds) if (answerOf(causeLine('no cause', seed, shape)).verdict !== 'conditions') silent += 1;
  const judged = singles.length * seeds.length - few;
  return { first: judged === 0 ? NaN : first / judged, few, both: both / seeds.length, silent: silent / cleanSeeds.length };
}

/** Root cause on generated lines that nothing was tuned on, beside plain rules on the same lines. */
export async function rootCauseTable(print: (line: string) => void, seeds: readonly number[] = reportingSeeds, folder?: string): Promise<CauseResult[]> {
  const results: CauseResult[] = [];
  for (const kind of causeCases) {
    results.push(causeResult(kind, seeds));
    await new Promise((resolve) => setImmediate(resolve));
  }
  print(`${seeds.length} lines of 3,000 parts each kind; seeds ${seeds[0]}–${seeds[seeds.length - 1]}, none of them tuned on.`);
  print('');
  print('| lines | cause first | all in first three | nothing claimed | a fifth of relations missing or wrong: first | cause off / most off besides (usual deviations) | bad | time |');
  print('|---|---|---|---|---|---|---|---|');
  for (const { kind, first, allInThree, silent, firstWrongRelations, causeOff, otherOff, badShare, ms } of results) {
    const none = kind === 'no cause';
    print(`| ${kind} | ${none ? '' : percent(first)} | ${none ? '' : percent(allInThree)} | ${percent(silent)} | ${none ? '' : percent(firstWrongRelations)} ` +
      `| ${causeOff.toFixed(2)} / ${otherOff.toFixed(2)} | ${percent(badShare)} | ${ms.toFixed(0)} ms |`);
  }
  print('');
  print('| plain rule, same lines | single | confounded | delayed | one cause, together: first | two causes: both in first three |');
  print('|---|---|---|---|---|---|');
  const single = results.filter(({ kind }) => kind === 'single' || kind === 'confounded' || kind === 'delayed');
  const two = results.find(({ kind }) => kind === 'two causes')!;
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const first = mean(single.map((one) => one.first));
  const firstWrongRelations = mean(single.map((one) => one.firstWrongRelations));
  let bestPlain = 0;
  for (const [index, { name }] of causeBaselines.entries()) {
    const firsts = single.map(({ baselines }) => baselines[index]!.first);
    bestPlain = Math.max(bestPlain, mean(firsts));
    print(`| ${name} | ${firsts.map(percent).join(' | ')} | ${percent(mean(firsts))} | ${percent(two.baselines[index]!.allInThree)} |`);
  }
  print(`| twinwire | ${single.map((one) => percent(one.first)).join(' | ')} | ${percent(first)} | ${percent(two.allInThree)} |`);
  print('');
  print('| | measured (95 % interval) | aim | |');
  print('|---|---|---|---|');
  const clean = results.find(({ kind }) => kind === 'no cause')!.silent;
  const n = seeds.length;
  const standing = standingResult(seeds);
  const aims: [string, number, number, string, boolean][] = [
    ['best plain rule, one cause first', bestPlain, 3 * n, '< 60 %', bestPlain < 0.6],
    ['one cause first', first, 3 * n, '≥ 90 %', first >= 0.9],
    ['two causes, both in first three', two.allInThree, n, '≥ 80 %', two.allInThree >= 0.8],
    ['no cause, nothing claimed', clean, n, '≥ 95 %', clean >= 0.95],
    ['a second cause while one stands, asked over the whole time: both in first three', standing.both, n, '≥ 80 %', standing.both >= 0.8],
    ['… asked since the second began: that one first', standing.second, n, '≥ 80 %', standing.second >= 0.8],
    ['a fifth of relations missing or wrong, one cause first', firstWrongRelations, 3 * n, '≥ 75 %', firstWrongRelations >= 0.75],
  ];
  for (const [what, share, count, aim, met] of aims) print(`| ${what} | ${withInterval(share, count)} | ${aim} | ${verdictOf(met)} |`);
  print('');
  print(`Asked over the whole time, the second cause stands first in ${percent(standing.secondFromWhole)} of these lines.`);
  const some = seeds.slice(0, Math.max(3, Math.round(seeds.length / 10)));
  print('');
  print(`Lines that are otherwise, ${some.length} each kind, without a cause ${seeds.length}; "too few": below the floor of 20 bad parts, where nothing is said.`);
  print('');
  print('| lines | one cause first | too few | two causes: both in first three | no cause, nothing claimed |');
  print('|---|---|---|---|---|');
  for (const { name, shape } of otherShapes) {
    const row = shapeRow(shape, some, seeds);
    const lines = 3 * some.length;
    print(`| ${name} | ${row.few === lines ? '' : withInterval(row.first, lines - row.few)} | ${row.few} of ${lines} | ${percent(row.both)} | ${withInterval(row.silent, seeds.length)} |`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (folder !== undefined) recordedAlarmTable(print, folder);
  return results;
}

if (import.meta.main) await rootCauseTable((line) => console.log(line), reportingSeeds.slice(0, Number(process.argv[2] ?? reportingSeeds.length)));
