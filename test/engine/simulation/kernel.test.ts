import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EventCalendar } from '../../../engine/simulation/eventCalendar.ts';
import { Resource, SimulationProcesses, Store } from '../../../engine/simulation/simulationProcesses.ts';
import { type Distribution, meanOf, samplerOf, scaled } from '../../../engine/simulation/distribution.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';
import { studentTQuantile, studentTShare } from '../../../engine/statistics/studentT.ts';
import { normalQuantile, normalShare } from '../../../engine/statistics/normalQuantile.ts';

interface Planned {
  timeS: number;
  rank: number;
}

/** What a calendar gives for events that are scheduled in three batches, the later ones between taking. */
function given(calendar: EventCalendar, planned: readonly Planned[]): number[] {
  const order: number[] = [];
  const third = Math.ceil(planned.length / 3);
  for (const [index, { timeS, rank }] of planned.entries()) {
    calendar.schedule(calendar.timeS + timeS, rank, index, 0, 0);
    if (index % third === third - 1) for (let taken = 0; taken < third / 2 && calendar.next(); taken += 1) order.push(calendar.target);
  }
  while (calendar.next()) order.push(calendar.target);
  return order;
}

/** The same by sorting, each time anew. */
function sorted(planned: readonly Planned[]): number[] {
  let nowS = 0;
  const waiting: { timeS: number; rank: number; index: number }[] = [];
  const order: number[] = [];
  const take = (): boolean => {
    waiting.sort((one, other) => one.timeS - other.timeS || one.rank - other.rank || one.index - other.index);
    const next = waiting.shift();
    if (next === undefined) return false;
    nowS = next.timeS;
    order.push(next.index);
    return true;
  };
  const third = Math.ceil(planned.length / 3);
  for (const [index, { timeS, rank }] of planned.entries()) {
    waiting.push({ timeS: nowS + timeS, rank, index });
    if (index % third === third - 1) for (let taken = 0; taken < third / 2 && take(); taken += 1);
  }
  while (take());
  return order;
}

describe('the kernel of the simulator', () => {
  it('gives events by time, rank and order of scheduling, as a sorted list would', () => {
    const plan = fc.array(fc.record({ timeS: fc.integer({ min: 0, max: 6 }), rank: fc.integer({ min: 0, max: 3 }) }), { maxLength: 300 });
    fc.assert(fc.property(plan, (planned) => assert.deepEqual(given(new EventCalendar(), planned), sorted(planned))), { numRuns: 300 });
  });

  it('would be caught if ties fell as they like', () => {
    class Careless extends EventCalendar {
      override schedule(timeS: number, _rank: number, target: number, code: number, tag: number): void {
        super.schedule(timeS, 0, target, code, tag);
      }
    }
    const planned = Array.from({ length: 9 }, (_, index) => ({ timeS: 1, rank: 9 - index }));
    assert.notDeepEqual(given(new Careless(), planned), sorted(planned));
  });

  it('runs processes: a queue before one machine, with the known wait', () => {
    const processes = new SimulationProcesses();
    const machine = new Resource(processes);
    const chance = new RandomStream(5, 'processes');
    let waits = 0;
    let served = 0;
    function* part(): Generator<number | Resource, void> {
      const cameS = processes.nowS;
      yield machine;
      waits += processes.nowS - cameS;
      served += 1;
      yield chance.exponential();
      machine.release();
    }
    function* arrivals(): Generator<number, void> {
      for (;;) {
        yield 2 * chance.exponential();
        processes.start(part());
      }
    }
    processes.start(arrivals());
    processes.run(100_000);
    assert.ok(Math.abs(waits / served - 1) < 0.08, `${waits / served}, exact 1`);
    assert.equal(processes.nowS, 100_000);
  });

  it('processes wait for what a store holds, in order', () => {
    const processes = new SimulationProcesses();
    const store = new Store(processes);
    const seen: string[] = [];
    function* taker(name: string): Generator<Store, void> {
      yield store;
      seen.push(`${name} ${processes.nowS}`);
    }
    function* putter(): Generator<number, void> {
      yield 3;
      store.put();
      yield 4;
      store.put();
      store.put();
    }
    for (const name of ['a', 'b']) processes.start(taker(name));
    processes.start(putter());
    processes.run(10);
    assert.deepEqual(seen, ['a 3', 'b 7']);
    assert.equal(store.level, 1);
  });

  it('every distribution has the mean that it says, and scales', () => {
    const kinds: Distribution[] = [
      { kind: 'constant', value: 3 }, { kind: 'exponential', mean: 2 }, { kind: 'gamma', mean: 2, scv: 0.25 }, { kind: 'gamma', mean: 2, scv: 1.7 },
      { kind: 'lognormal', mean: 4, scv: 0.5 }, { kind: 'weibull', scale: 2, shape: 1.5 }, { kind: 'uniform', low: 1, high: 4 },
      { kind: 'triangular', low: 1, mode: 2, high: 6 }, { kind: 'geometric', probability: 0.2 }, { kind: 'empirical', values: [1, 2, 2, 5, 9] },
    ];
    for (const kind of kinds) {
      const draw = samplerOf(scaled(kind, 3), new RandomStream(9, kind.kind));
      let sum = 0;
      for (let index = 0; index < 60_000; index += 1) sum += draw();
      assert.ok(Math.abs(sum / 60_000 / (3 * meanOf(kind)) - 1) < 0.025, `${JSON.stringify(kind)}: ${sum / 60_000}`);
    }
  });

  it('streams are uniform, far from each other and repeatable', () => {
    const cells = new Int32Array(100);
    const stream = new RandomStream(1, 'a');
    for (let index = 0; index < 100_000; index += 1) cells[Math.floor(stream.uniform() * 100)]! += 1;
    const chi = cells.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    assert.ok(chi > 60 && chi < 149, `${chi}`);
    const firsts = new Set(Array.from({ length: 1_000 }, (_, seed) => new RandomStream(seed, 'a').uniform()));
    assert.equal(firsts.size, 1_000);
    let product = 0;
    const [one, other] = [new RandomStream(1, 'a'), new RandomStream(2, 'a')];
    for (let index = 0; index < 20_000; index += 1) product += (one.uniform() - 0.5) * (other.uniform() - 0.5);
    assert.ok(Math.abs(product / 20_000) < 0.003);
    assert.equal(new RandomStream(7, 'x').uniform(), new RandomStream(7, 'x').uniform());
  });

  it('knows Student and the normal distribution', () => {
    // NIST/SEMATECH e-Handbook, 1.3.6.7.2 and 1.3.6.7.1.
    assert.ok(Math.abs(studentTQuantile(0.975, 29) - 2.04523) < 1e-5);
    assert.ok(Math.abs(studentTQuantile(0.995, 5) - 4.03214) < 1e-5);
    assert.ok(Math.abs(studentTQuantile(0.05, 10) + 1.81246) < 1e-5);
    assert.ok(Math.abs(studentTShare(1, 1) - 0.75) < 1e-9);
    assert.ok(Math.abs(normalQuantile(0.975) - 1.959964) < 1e-6);
    assert.ok(Math.abs(normalShare(1.959964) - 0.975) < 1e-6 && Math.abs(normalShare(-1) - 0.158655) < 1e-6);
  });
});
