import type { Distribution } from '../../../engine/simulation/distribution.ts';
import type { LineModel, StationModel } from '../../../engine/simulation/lineModel.ts';
import type { BlockResult, RunResult } from '../../../engine/simulation/simulateLine.ts';
import { exponential, geometric, queue, straightLine } from './lineModels.ts';

export interface OracleRow {
  name: string;
  model: LineModel;
  /** In units of the mean cycle; the beginning that is cut off, and the length of one of 30 replications of the quick test. */
  warmUpS: number;
  runS: number;
  /** Longer by this for the 0.5 % of the bench, where a figure varies more than a rate. */
  longer: number;
  figures: { name: string; exact: number; of: (result: RunResult) => number }[];
}

const block = (result: RunResult, name: string): BlockResult => result.blocks.find((one) => one.name === name)!;
const rate = (exact: number): OracleRow['figures'][number] => ({ name: 'TH', exact, of: (result) => result.perSecond });
/** The levels of the two-machine models hold the part in the second machine, and a finished one that waits in the first. */
const level = (exact: number): OracleRow['figures'][number] => ({
  name: 'mean buffer', exact,
  of: (result) => block(result, 'b0').occupancy.mean + block(result, 'm1').occupancy.mean + block(result, 'm0').states!.blocked,
});

function exponentialLine(rates: readonly number[], buffer: number, exact: number): OracleRow {
  const model = straightLine(rates.map((mu) => ({ cycle: exponential(1 / mu) })), rates.slice(1).map(() => buffer));
  return { name: `exponential ${rates.join(', ')}; buffers ${buffer}`, model, warmUpS: 100, runS: 2_000, longer: 1, figures: [rate(exact)] };
}

function queueRow(name: string, model: LineModel, figures: OracleRow['figures'], longer = 8): OracleRow {
  return { name, model, warmUpS: 500, runS: 4_000, longer, figures };
}

const L = (exact: number): OracleRow['figures'][number] => ({ name: 'L', exact, of: ({ line }) => line.mean });
const W = (exact: number): OracleRow['figures'][number] => ({ name: 'W', exact, of: ({ line }) => line.meanStayS });
const Lq = (exact: number): OracleRow['figures'][number] => ({ name: 'Lq', exact, of: (result) => block(result, 'queue').occupancy.mean });
const Wq = (exact: number): OracleRow['figures'][number] => ({ name: 'Wq', exact, of: (result) => block(result, 'queue').occupancy.meanStayS });

function general(scv: number, exact: number): OracleRow {
  const cycle: Distribution = scv === 0 ? { kind: 'constant', value: 1 } : { kind: 'gamma', mean: 1, scv };
  return queueRow(`M/G/1, cs² ${scv}`, queue(exponential(1.25), cycle), [Wq(exact)]);
}

/** Gershwin's deterministic two-machine line of buffer N: N includes the part in the second machine and the one that blocks the first. */
function unreliable([r1, p1, r2, p2]: readonly [number, number, number, number], places: number, th: number, mean: number, longer = 6): OracleRow {
  const machine = (repair: number, fail: number) => ({
    cycle: { kind: 'constant', value: 1 } as const, failures: [{ counts: 'cycles' as const, between: geometric(fail), repair: geometric(repair) }],
  });
  const model = straightLine([machine(r1, p1), machine(r2, p2)], [places - 2]);
  return { name: `unreliable r p ${r1} ${p1} ${r2} ${p2}; N ${places}`, model, warmUpS: 20 * places + 300, runS: 4_000, longer, figures: [rate(th), level(mean)] };
}

/** Between none and any number of places between two unreliable machines: Buzacott's limits. */
function unreliableLimit(): OracleRow {
  // Many places and a second machine that never fails leave the availability of the first.
  const failures = [{ counts: 'cycles' as const, between: geometric(0.01), repair: geometric(0.1) }];
  const model = straightLine([{ cycle: { kind: 'constant', value: 1 }, failures }, { cycle: { kind: 'constant', value: 1 } }], [50]);
  return { name: 'unreliable, N → ∞: one machine alone', model, warmUpS: 300, runS: 4_000, longer: 4, figures: [rate(1 / 1.1)] };
}

/** No place at all: whatever fails stops both, as one machine with both causes. */
function unreliableNone(): OracleRow {
  const cause = (name: string) => ({ name, counts: 'cycles' as const, between: geometric(0.01), repair: geometric(0.1) });
  const model = straightLine([{ cycle: { kind: 'constant', value: 1 }, failures: [cause('first'), cause('second')] }], []);
  return { name: 'unreliable, N 0: as one machine', model, warmUpS: 300, runS: 4_000, longer: 4, figures: [rate(1 / 1.2)] };
}

function bernoulli(p1: number, p2: number, places: number, exact: number): OracleRow {
  // A machine of this kind tries anew while it is blocked; the buffer of the model includes the part in the second machine.
  const model = straightLine([{ cycle: geometric(p1), whenBlocked: 'repeats' }, { cycle: geometric(p2) }], [places - 1]);
  return { name: `Bernoulli ${p1}, ${p2}; N ${places}`, model, warmUpS: 100, runS: 2_000, longer: 1, figures: [rate(exact)] };
}

function conwip(jobs: number, exact: number, cycleTime?: number): OracleRow {
  const line = straightLine(Array.from({ length: 4 }, () => ({ cycle: exponential(2) })), [Infinity, Infinity, Infinity], { inLine: jobs, to: 'first' });
  const model: LineModel = { blocks: [...line.blocks, { kind: 'buffer', name: 'first', to: 'm0' }] };
  return {
    name: `CONWIP, ${jobs} jobs`, model, warmUpS: 200, runS: 4_000, longer: 2,
    figures: [rate(exact), ...(cycleTime === undefined ? [] : [{ name: 'CT', exact: cycleTime, of: ({ line }: RunResult) => line.meanStayS }])],
  };
}

/** Hopp and Spearman, Factory Physics, 3rd ed., 8.4: natural time 15 min with c0² 0.05, 75 % available; long stops or short ones. */
function effectiveTime(mf: number, mr: number, exact: number): OracleRow {
  const station: StationModel = {
    kind: 'station', name: 'm0', to: 'sink', cycle: { kind: 'gamma', mean: 15, scv: 0.05 }, failures: [{ between: exponential(mf), repair: exponential(mr) }],
  };
  return {
    name: `effective time, mf ${mf} mr ${mr}`, warmUpS: 1_000, runS: 200_000, longer: mf > 500 ? 20 : 8,
    model: { blocks: [{ kind: 'source', name: 'source', to: 'm0' }, station, { kind: 'sink', name: 'sink' }] },
    figures: [
      { name: 'te', exact: 20, of: (result) => block(result, 'm0').cycle!.meanS },
      { name: 'ce²', exact, of: (result) => block(result, 'm0').cycle!.scv },
    ],
  };
}

/** Every row of the table of known answers that a simulation can run; the row of the OEE is arithmetic of engine/process. */
export const oracleRows: readonly OracleRow[] = [
  queueRow('M/M/1', queue(exponential(1.25), exponential(1)), [L(4), W(5), Lq(3.2), Wq(4)]),
  general(1, 4),
  general(0.5, 3),
  general(0, 2),
  queueRow('M/M/2', queue(exponential(1 / 1.6), exponential(1), { servers: 2 }), [Wq(1.777778)]),
  queueRow('M/M/3', queue(exponential(1 / 2.4), exponential(1), { servers: 3 }), [Wq(1.078652)]),
  queueRow('M/M/1/5', queue(exponential(1.25), exponential(1), { waiting: 4, loses: true }), [
    { name: 'loss', exact: 0.088819, of: (result) => block(result, 'source').lost! / block(result, 'source').came! }, L(1.868332),
  ], 2),
  exponentialLine([1, 1], 0, 0.666667),
  exponentialLine([1, 1], 1, 0.75),
  exponentialLine([1, 1], 2, 0.8),
  exponentialLine([1, 1], 5, 0.875),
  exponentialLine([1, 1.2], 1, 0.813711),
  exponentialLine([1.2, 1], 1, 0.813711),
  exponentialLine([1, 2], 3, 0.984127),
  exponentialLine([1, 1, 1], 0, 0.564103),
  exponentialLine([1, 1, 1], 1, 0.670466),
  exponentialLine([1, 1, 1], 2, 0.734017),
  exponentialLine([1, 1, 1, 1], 0, 0.514775),
  exponentialLine([1, 1, 1, 1, 1], 0, 0.485798),
  exponentialLine([1.05, 1], 1, 0.767988),
  exponentialLine([1.05, 1.05], 1, 0.7875),
  exponentialLine([1, 0.8, 1], 1, 0.606277),
  exponentialLine([1, 0.84, 1], 1, 0.62127),
  exponentialLine([1.05, 0.8, 1], 1, 0.613104),
  exponentialLine([1, 0.8, 1], 2, 0.660485),
  unreliable([0.1, 0.01, 0.1, 0.01], 4, 0.840936, 2),
  unreliable([0.1, 0.01, 0.1, 0.01], 10, 0.856175, 5, 12),
  unreliable([0.1, 0.01, 0.1, 0.01], 20, 0.870541, 10, 20),
  unreliable([0.1, 0.01, 0.1, 0.01], 100, 0.896937, 50, 120),
  unreliableNone(),
  unreliableLimit(),
  unreliable([0.1, 0.02, 0.1, 0.01], 10, 0.796129, 3.4761, 12),
  unreliable([0.1, 0.01, 0.1, 0.02], 10, 0.796129, 6.5239, 6),
  bernoulli(0.9, 0.9, 2, 0.857143),
  bernoulli(0.9, 0.9, 5, 0.882353),
  bernoulli(0.8, 0.9, 2, 0.778702),
  bernoulli(0.9, 0.8, 2, 0.778702),
  conwip(1, 0.125),
  conwip(2, 0.2),
  conwip(4, 0.285714, 14),
  conwip(8, 0.363636),
  effectiveTime(744, 248, 6.25),
  effectiveTime(114, 38, 1),
];
