import assert from 'node:assert/strict';
import type { BlockModel, LineModel } from '../../../engine/simulation/lineModel.ts';
import { scaled } from '../../../engine/simulation/distribution.ts';
import type { LineEvent } from '../../../engine/simulation/lineBlock.ts';
import { replicate } from '../../../engine/simulation/replications.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';
import { meanInterval } from '../../../engine/statistics/meanInterval.ts';
import { exponential, type ShortStation, straightLine } from './lineModels.ts';

const seed = 81_107;

interface RandomLine {
  stations: ShortStation[];
  buffers: number[];
}

function randomLine(random: RandomStream): RandomLine {
  const count = 2 + random.below(4);
  const some = (from: number, to: number): number => from + (to - from) * random.uniform();
  const stations = Array.from({ length: count }, (): ShortStation => ({
    cycle: random.uniform() < 0.5 ? exponential(some(0.6, 1.4)) : { kind: 'gamma', mean: some(0.6, 1.4), scv: some(0.1, 0.9) },
    failures: [{ between: exponential(some(5, 40)), repair: exponential(some(1, 6)) }],
  }));
  return { stations, buffers: Array.from({ length: count - 1 }, () => random.below(5)) };
}

const rateOf = (model: LineModel, runS = 1_000, count = 10): number[] =>
  replicate({ model, seed, first: 0, count, warmUpS: 200, runS }).map(({ perSecond }) => perSecond);

/** The whole model with every time `factor` times as long. */
function slower(model: LineModel, factor: number): LineModel {
  return {
    ...model,
    blocks: model.blocks.map((block): BlockModel => {
      if (block.kind === 'source' && block.every !== undefined) return { ...block, every: scaled(block.every, factor) };
      if (block.kind === 'conveyor') return { ...block, transitS: block.transitS * factor };
      if (block.kind !== 'station') return block;
      return {
        ...block, cycle: scaled(block.cycle, factor),
        failures: block.failures?.map((failure) => ({ ...failure, between: scaled(failure.between, factor), repair: scaled(failure.repair, factor) })),
      };
    }),
  };
}

/** Everything that a line can have: mix with set-ups, belt, assembly, split and merge, inspection with rework, crew, shift. */
export function richLine(): LineModel {
  return {
    crews: [{ name: 'fitters', count: 1 }],
    shifts: [{ name: 'day', cycleS: 1_000, work: [[0, 400], [450, 900]] }],
    blocks: [
      { kind: 'source', name: 'cartons', to: 'erector', mix: [{ kind: 'small', share: 2, lot: 20 }, { kind: 'large', share: 1, lot: 10 }], shift: 'day' },
      {
        kind: 'station', name: 'erector', to: 'belt', cycle: { kind: 'gamma', mean: 1, scv: 0.2 }, setup: { kind: 'constant', value: 8 }, shift: 'day',
        failures: [{ name: 'jam', between: exponential(60), repair: exponential(5), crew: 'fitters' }],
      },
      { kind: 'conveyor', name: 'belt', to: 'packer', transitS: 5, places: 6 },
      { kind: 'source', name: 'bottles', to: 'bottle buffer', every: exponential(0.5) },
      { kind: 'buffer', name: 'bottle buffer', to: 'packer', places: 12 },
      {
        kind: 'station', name: 'packer', to: 'fork', needs: [{ from: 'belt', count: 1 }, { from: 'bottle buffer', count: 2 }],
        cycle: { kind: 'uniform', low: 0.6, high: 1 }, cycleOf: { large: { kind: 'uniform', low: 0.9, high: 1.3 } }, defects: 0.06,
        failures: [{ counts: 'time', between: exponential(120), repair: exponential(6), crew: 'fitters' }],
      },
      { kind: 'router', name: 'fork', to: ['left', 'right'], by: 'share', shares: [1, 2] },
      { kind: 'station', name: 'left', to: 'check', cycle: exponential(1.4) },
      { kind: 'station', name: 'right', to: 'check', cycle: exponential(0.8), places: 2, defects: 0.1 },
      { kind: 'station', name: 'check', to: 'out belt', cycle: { kind: 'constant', value: 0.5 }, finds: 0.9, falseFinds: 0.01, rework: 'again' },
      { kind: 'buffer', name: 'again', to: 'right' },
      { kind: 'conveyor', name: 'out belt', to: 'dispatch', transitS: 3, places: 4, accumulates: false },
      { kind: 'station', name: 'dispatch', to: 'sink', cycle: { kind: 'triangular', low: 0.2, mode: 0.5, high: 1.2 } },
      { kind: 'sink', name: 'sink' },
    ],
  };
}

describe('properties of a simulated line', function () {
  this.timeout(60_000);

  it('every rate k times as high: throughput × k and waits ÷ k, to the last part', () => {
    for (const model of [richLine(), straightLine([{ cycle: exponential(1) }, { cycle: exponential(1.2) }], [3])]) {
      const shifts = model.shifts?.map((shift) => ({ ...shift, cycleS: shift.cycleS * 4, work: shift.work.map(([a, b]) => [a * 4, b * 4] as const) }));
      const wide = slower(model, 4);
      for (const block of wide.blocks) if (block.kind === 'station' && block.setup !== undefined) (block as { setup: unknown }).setup = scaled(block.setup, 4);
      for (const block of wide.blocks) {
        if (block.kind === 'station' && block.cycleOf !== undefined) {
          (block as { cycleOf: unknown }).cycleOf = Object.fromEntries(Object.entries(block.cycleOf).map(([kind, cycle]) => [kind, scaled(cycle, 4)]));
        }
      }
      const one = simulateLine(model, { seed, warmUpS: 500, runS: 4_000 });
      const four = simulateLine({ ...wide, shifts }, { seed, warmUpS: 2_000, runS: 16_000 });
      assert.ok(one.good > 500, `${one.good}`);
      assert.equal(four.good + four.bad, one.good + one.bad);
      assert.ok(Math.abs(one.perSecond / four.perSecond - 4) < 1e-9);
      assert.ok(Math.abs(four.line.meanStayS / one.line.meanStayS - 4) < 1e-6);
    }
  });

  it('the line turned round has the same throughput', () => {
    const random = new RandomStream(seed, 'reverse');
    const lines = Array.from({ length: 6 }, () => randomLine(random));
    const apart = ({ stations, buffers }: RandomLine, turned: RandomLine): number => {
      const one = meanInterval(rateOf(straightLine(stations, buffers), 2_000, 12), 0.999);
      const other = meanInterval(rateOf(straightLine(turned.stations, turned.buffers), 2_000, 12), 0.999);
      return Math.abs(one.mean - other.mean) / (one.half + other.half);
    };
    for (const line of lines) assert.ok(apart(line, { stations: line.stations.toReversed(), buffers: line.buffers.toReversed() }) < 1, JSON.stringify(line));
    // A line that lost its buffers on the way is another one.
    const planted = { stations: [{ cycle: exponential(1) }, { cycle: exponential(1) }, { cycle: exponential(1) }], buffers: [2, 2] };
    assert.ok(apart(planted, { ...planted, buffers: [0, 0] }) > 1);
  });

  it('throughput rises with places and repair rate and falls with failure rate', () => {
    const random = new RandomStream(seed, 'monotone');
    const gain = (line: RandomLine, change: (line: RandomLine) => RandomLine): number => {
      const changed = change(line);
      const before = rateOf(straightLine(line.stations, line.buffers));
      const after = rateOf(straightLine(changed.stations, changed.buffers));
      const { low, high, half } = meanInterval(after.map((value, at) => value - before[at]!), 0.999);
      assert.ok(Number.isFinite(half));
      // Common random numbers: what rises must not fall in any clear way.
      return high < 0 ? -1 : low > 0 ? 1 : 0;
    };
    const failures = (factor: 'between' | 'repair', by: number) => (line: RandomLine): RandomLine => ({
      ...line, stations: line.stations.map((station) => ({ ...station, failures: station.failures?.map((one) => ({ ...one, [factor]: scaled(one[factor], by) })) })),
    });
    const outcomes = { places: [] as number[], repair: [] as number[], failing: [] as number[] };
    for (let at = 0; at < 8; at += 1) {
      const line = randomLine(random);
      outcomes.places.push(gain(line, ({ stations, buffers }) => ({ stations, buffers: buffers.map((places) => places + 2) })));
      outcomes.repair.push(gain(line, failures('repair', 0.6)));
      outcomes.failing.push(gain(line, failures('between', 0.6)));
    }
    assert.ok(outcomes.places.every((sign) => sign >= 0) && outcomes.places.filter((sign) => sign > 0).length >= 6, JSON.stringify(outcomes));
    assert.ok(outcomes.repair.every((sign) => sign >= 0) && outcomes.repair.filter((sign) => sign > 0).length >= 6, JSON.stringify(outcomes));
    assert.ok(outcomes.failing.every((sign) => sign <= 0) && outcomes.failing.filter((sign) => sign < 0).length >= 6, JSON.stringify(outcomes));
  });

  it('parts in = out + in process + scrapped + built in, whatever the line has; nothing stands still for ever', () => {
    for (let run = 0; run < 20; run += 1) {
      const { line, good, bad, scrapped, assembled, blocks } = simulateLine(richLine(), { seed: seed + run, warmUpS: run * 50, runS: 5_000 });
      assert.equal(line.atStart + line.entries, line.atEnd + good + bad + scrapped + assembled);
      assert.ok(good > 1_000 && scrapped > 0 && assembled > 2_000, JSON.stringify({ good, scrapped, assembled }));
      // Routers and sinks hold nothing; what is in the line is in its blocks.
      assert.equal(blocks.reduce((sum, { occupancy }) => sum + occupancy.atEnd, 0), line.atEnd);
      for (const { name, states, reworked } of blocks) {
        if (states !== undefined) assert.ok(Math.abs(Object.values(states).reduce((sum, share) => sum + share, 0) - 1) < 1e-9, name);
        if (name === 'check') assert.ok((reworked ?? 0) > 50);
      }
    }
  });

  it('same seed, same trace; another seed, another trace', () => {
    const trace = (of: number): string => {
      const events: LineEvent[] = [];
      simulateLine(richLine(), { seed: of, warmUpS: 0, runS: 800, record: (event) => void events.push(event) });
      assert.ok(events.length > 1_000);
      return JSON.stringify(events);
    };
    assert.equal(trace(1), trace(1));
    assert.notEqual(trace(1), trace(2));
  });

  it('a change at one station leaves the luck of the others as it was', () => {
    const finishes = (model: LineModel): number[] => {
      const took: number[] = [];
      let begunS = 0;
      const record = ({ block, event, timeS }: LineEvent): void => {
        if (block !== 'm0') return;
        if (event === 'start') begunS = timeS;
        if (event === 'finish') took.push(timeS - begunS);
      };
      simulateLine(model, { seed, warmUpS: 0, runS: 500, record });
      return took.slice(0, 100);
    };
    const one = finishes(straightLine([{ cycle: exponential(1) }, { cycle: exponential(1) }], [2]));
    const other = finishes(straightLine([{ cycle: exponential(1) }, { cycle: exponential(0.5) }], [9]));
    for (const [at, took] of one.entries()) assert.ok(Math.abs(took - other[at]!) < 1e-9);
  });

  it('a shift stops work and its clock, a belt keeps the distance, a crew does one repair at a time', () => {
    const shift = simulateLine({
      shifts: [{ name: 'half', cycleS: 100, work: [[0, 50]] }],
      blocks: [
        { kind: 'source', name: 'source', to: 'm' }, { kind: 'station', name: 'm', to: 'sink', cycle: { kind: 'constant', value: 1 }, shift: 'half' }, { kind: 'sink', name: 'sink' },
      ],
    }, { seed, warmUpS: 1_000, runS: 10_000 });
    assert.ok(Math.abs(shift.perSecond - 0.5) < 0.001, `${shift.perSecond}`);
    assert.ok(Math.abs(shift.blocks[1]!.states!['planned stop'] - 0.5) < 1e-9);
    const times: number[] = [];
    simulateLine({
      blocks: [
        { kind: 'source', name: 'source', to: 'belt' }, { kind: 'conveyor', name: 'belt', to: 'sink', transitS: 10, places: 5 }, { kind: 'sink', name: 'sink' },
      ],
    }, { seed, warmUpS: 0, runS: 30, record: ({ block, timeS }) => void (block === 'sink' && times.push(timeS)) });
    assert.deepEqual(times, [10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]);
    const failing = (crew: boolean): LineModel => {
      const failures = [{ between: exponential(10), repair: exponential(10), ...(crew ? { crew: 'one' } : {}) }];
      return { crews: [{ name: 'one', count: 1 }], ...straightLine([{ cycle: exponential(0.1), failures }, { cycle: exponential(0.1), failures }], [1_000_000]) };
    };
    const downOf = (model: LineModel): number => simulateLine(model, { seed, warmUpS: 0, runS: 50_000 }).blocks[1]!.states!.down;
    // Alone half of the time is repair; with one fitter for both (machine repair model, 2 machines, ρ 1): 1 − (2·1·0.8/2)/… = 0.6.
    assert.ok(Math.abs(downOf(failing(false)) - 0.5) < 0.02);
    assert.ok(downOf(failing(true)) > 0.55);
  });

  it('says what is wrong with a model', () => {
    const run = (blocks: BlockModel[], extra: Partial<LineModel> = {}): (() => unknown) => () => simulateLine({ blocks, ...extra }, { seed, warmUpS: 0, runS: 1 });
    const sink: BlockModel = { kind: 'sink', name: 'sink' };
    const station = (to: string): BlockModel => ({ kind: 'station', name: 'm', to, cycle: exponential(1) });
    assert.throws(run([{ kind: 'source', name: 's', to: 'nowhere' }, sink]), /leads to "nowhere"/);
    assert.throws(run([{ kind: 'source', name: 's', to: 'm' }, station('m'), sink]), /no way leads from here to a sink/);
    assert.throws(run([{ kind: 'source', name: 's', to: 'b' }, { kind: 'buffer', name: 'b', to: 'm' }, station('sink'), sink]), /takes any number/);
    assert.throws(run([{ kind: 'source', name: 's', to: 'm' }, { ...station('sink'), cycle: exponential(0) } as BlockModel, sink]), { code: 'TWIN_SIMULATION_TIME' });
    assert.throws(run([{ kind: 'source', name: 's', to: 'm' }, station('sink'), sink, sink]), /two of this name/);
    assert.throws(run([{ kind: 'source', name: 's', to: 'm', shift: 'x' }, station('sink'), sink]), /no shift "x"/);
    assert.throws(run([station('sink'), sink]), /no source/);
    const endless = simulateLine(straightLine([{ cycle: exponential(1) }], []), { seed, warmUpS: 0, runS: 1e9, mostEvents: 1_000 });
    assert.ok(endless.cutOff && endless.events === 1_000);
  });
});
