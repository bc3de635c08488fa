import { fitLine } from '../engine/process/fitLine.ts';
import { changedLine, type LineChange, whatIfAnswer, whatIfOrders } from '../engine/process/whatIf.ts';
import type { LineEvent } from '../engine/simulation/lineBlock.ts';
import type { BlockModel, LineModel } from '../engine/simulation/lineModel.ts';
import { RandomStream } from '../engine/simulation/randomStream.ts';
import { replicate } from '../engine/simulation/replications.ts';
import { simulateLine } from '../engine/simulation/simulateLine.ts';
import { verdictOf } from './verdictOf.ts';

const lines = 40;
const recordS = 200_000;
/** A mean of stops is as sure as their number makes it: within 5 % it surely is from some 1,540 on. */
const longRecordS = 28 * 86_400;
const longLines = 10;

interface Truth {
  model: LineModel;
  stations: { name: string; cycleS: number; betweenS: number; repairS: number }[];
}

/** A line of 3 to 6 stations with stops and buffers. */
function plantOf(seed: number): Truth {
  const random = new RandomStream(seed, 'plant');
  const some = (low: number, high: number): number => low + (high - low) * random.uniform();
  const count = 3 + random.below(4);
  const stations = Array.from({ length: count }, (_, index) => ({ name: `m${index}`, cycleS: some(4, 7), betweenS: some(300, 1_500), repairS: some(20, 90) }));
  const blocks: BlockModel[] = [{ kind: 'source', name: 'source', to: 'm0' }];
  for (const [index, { name, cycleS, betweenS, repairS }] of stations.entries()) {
    const last = index === count - 1;
    blocks.push({
      kind: 'station', name, to: last ? 'sink' : `b${index}`, cycle: { kind: 'gamma', mean: cycleS, scv: some(0.005, 0.2) },
      failures: [{ between: { kind: 'exponential', mean: betweenS }, repair: { kind: 'gamma', mean: repairS, scv: some(0.3, 1) } }],
    });
    if (!last) blocks.push({ kind: 'buffer', name: `b${index}`, to: `m${index + 1}`, places: 1 + random.below(20) });
  }
  return { model: { blocks: [...blocks, { kind: 'sink', name: 'sink' }] }, stations };
}

interface Fits {
  off: Record<'cycle' | 'between' | 'repair', number[]>;
  inside: Record<'cycle' | 'between' | 'repair', number>;
  stations: number;
}

/** Compares what is fitted from a plant's own log of so many seconds with what the plant is. */
function fitsOf(seed: number, runS: number, into: Fits): { truth: Truth; fitted: ReturnType<typeof fitLine> } {
  const truth = plantOf(seed);
  const events: LineEvent[] = [];
  simulateLine(truth.model, { seed, warmUpS: 0, runS, record: (event) => void events.push(event) });
  const fitted = fitLine(events, { stations: truth.stations.map(({ name }) => name) });
  for (const [index, { cycleS, betweenS, repairS }] of truth.stations.entries()) {
    const own = fitted.stations[index]!;
    into.stations += 1;
    for (const [name, found, exact] of [['cycle', own.cycleS, cycleS], ['between', own.betweenS, betweenS], ['repair', own.repairS, repairS]] as const) {
      into.off[name].push(Math.abs(found.value / exact - 1));
      if (found.low <= exact && exact <= found.high) into.inside[name] += 1;
    }
  }
  return { truth, fitted };
}

const median = (values: number[]): number => values.sort((one, other) => one - other)[values.length >> 1]!;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Lines whose event log alone is fitted (56 h; some of 28 days): how far the parameters are off, and whether the gain of +5 % on what limits lies in its own interval. */
export async function lineFits(print: (line: string) => void, count = lines): Promise<void> {
  const fits: Fits = { off: { cycle: [], between: [], repair: [] }, inside: { cycle: 0, between: 0, repair: 0 }, stations: 0 };
  let held = 0;
  let sameLimit = 0;
  for (let seed = 700_001; seed <= 700_000 + count; seed += 1) {
    const { truth, fitted } = fitsOf(seed, recordS, fits);
    const order = { seed: 3, first: 0, count: 20, warmUpS: 3_600, runS: 8 * 3_600 };
    const limit = whatIfAnswer(replicate({ ...order, model: fitted.model }), replicate({ ...order, model: fitted.model }), [], new Map()).limitToday;
    const changes: LineChange[] = [{ kind: 'speed', station: limit, share: 0.05 }];
    const orders = whatIfOrders(fitted.model, changes, order);
    const [gain] = whatIfAnswer(replicate(orders.today), replicate(orders.after), changes, new Map()).figures;
    const longRun = { seed: 91, warmUpS: 3_600, runS: 1_000_000 };
    const really = 3_600 * (simulateLine(changedLine(truth.model, changes), longRun).perSecond - simulateLine(truth.model, longRun).perSecond);
    // The interval is that of the runs; what the record leaves open is allowed for with half a percent of the throughput.
    const slack = 0.005 * gain!.today;
    if (gain!.low - slack <= really && really <= gain!.high + slack) held += 1;
    const own = whatIfAnswer(replicate({ ...order, model: truth.model }), replicate({ ...order, model: truth.model }), [], new Map()).limitToday;
    if (own === limit) sameLimit += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const long: Fits = { off: { cycle: [], between: [], repair: [] }, inside: { cycle: 0, between: 0, repair: 0 }, stations: 0 };
  const longCount = Math.min(longLines, count);
  for (let seed = 710_001; seed <= 710_000 + longCount; seed += 1) {
    fitsOf(seed, longRecordS, long);
    await new Promise((resolve) => setImmediate(resolve));
  }
  print(`${count} lines of 3–6 stations, each fitted from 56 h of its event log alone (seeds 700,001 on), and ${longCount} from 28 days (710,001 on).`);
  print('');
  print('| log | stations | | off by (median) | within 5 % | exact value inside the 95 % interval |');
  print('|---|---|---|---|---|---|');
  for (const [log, { off, inside, stations }] of [['56 h', fits], ['28 days', long]] as const) {
    for (const name of ['cycle', 'between', 'repair'] as const) {
      print(`| ${log} | ${stations} | ${name} | ${percent(median(off[name]))} | ${percent(off[name].filter((one) => one <= 0.05).length / stations)} | ${percent(inside[name] / stations)} |`);
    }
  }
  print('');
  print(`+5 % on what limits: the plant's own gain inside the predicted interval (± 0.5 % of throughput): ${percent(held / count)} ${verdictOf(held / count >= 0.9)}`);
  print(`The same station limits in the fit and in the plant: ${percent(sameLimit / count)}`);
}

if (import.meta.main) await lineFits((line) => console.log(line), Number(process.argv[2] ?? lines));
