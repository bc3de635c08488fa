import { feedGraph } from '../engine/process/feedGraph.ts';
import { rootCause, type RootCauseAnswer } from '../engine/process/rootCause.ts';
import { causeBaselines } from './causeBaselines.ts';
import { type CauseCase, causeCases, type CauseLine, causeLine, reportingSeeds, withWrongRelations } from './causeLines.ts';
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
    const answer = rootCause(line.table, feedGraph(line.relations));
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
    if (line.causes.includes(columnsOf(wrong, rootCause(wrong.table, feedGraph(wrong.relations)))[0] ?? -1)) result.firstWrongRelations += share;
  }
  return result;
}

/** Root cause on generated lines that nothing was tuned on, beside plain rules on the same lines. */
export async function rootCauseTable(print: (line: string) => void, seeds: readonly number[] = reportingSeeds): Promise<CauseResult[]> {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
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
  let bestPlain = 0;
  for (const [index, { name }] of causeBaselines.entries()) {
    const firsts = single.map(({ baselines }) => baselines[index]!.first);
    bestPlain = Math.max(bestPlain, mean(firsts));
    print(`| ${name} | ${firsts.map(percent).join(' | ')} | ${percent(mean(firsts))} | ${percent(two.baselines[index]!.allInThree)} |`);
  }
  print(`| twinwire | ${single.map(({ first }) => percent(first)).join(' | ')} | ${percent(mean(single.map(({ first }) => first)))} | ${percent(two.allInThree)} |`);
  print('');
  print('| | measured | aim | |');
  print('|---|---|---|---|');
  const clean = results.find(({ kind }) => kind === 'no cause')!.silent;
  const aims: [string, number, string, boolean][] = [
    ['best plain rule, one cause first', bestPlain, '< 60 %', bestPlain < 0.6],
    ['one cause first', mean(single.map(({ first }) => first)), '≥ 90 %', mean(single.map(({ first }) => first)) >= 0.9],
    ['two causes, both in first three', two.allInThree, '≥ 80 %', two.allInThree >= 0.8],
    ['no cause, nothing claimed', clean, '≥ 95 %', clean >= 0.95],
    ['a fifth of relations missing or wrong, one cause first', mean(single.map((one) => one.firstWrongRelations)), '≥ 75 %', mean(single.map((one) => one.firstWrongRelations)) >= 0.75],
  ];
  for (const [what, share, aim, met] of aims) print(`| ${what} | ${percent(share)} | ${aim} | ${verdictOf(met)} |`);
  return results;
}

if (import.meta.main) await rootCauseTable((line) => console.log(line), reportingSeeds.slice(0, Number(process.argv[2] ?? reportingSeeds.length)));
