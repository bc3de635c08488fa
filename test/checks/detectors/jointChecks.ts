import assert from 'node:assert/strict';
import type { JointDetector, JointDetectorEntry, JointFault, JointInput } from '../../../engine/detectors/jointDetector.ts';
import type { Json } from '../../../engine/ports.ts';
import { JointScatter } from '../../../engine/statistics/jointScatter.ts';
import type { Check } from './check.ts';
import { noisyValues } from './check.ts';

/** Rows of four columns that follow one cause, each with a little noise of its own: correlations of 0.96. */
export function companions(seed: number, count: number): number[][] {
  const columns = [0, 1, 2, 3, 4].map((column) => noisyValues(seed + 1_000 * column, count).map((value) => (value - 50) / 0.3));
  return Array.from({ length: count }, (_, row) => [1, 2, 3, 4].map((column) => columns[0]![row]! + 0.2 * columns[column]![row]!));
}

/** What makes rows faulty, each value staying as large as it may be: the third column goes its own way, or lies a little above its usual place where the fourth lies below. */
export const jointFaults: Readonly<Record<JointFault, (rows: readonly number[][], other: readonly number[][]) => number[][]>> = {
  apart: (rows, other) => rows.map((row, index) => [row[0]!, row[1]!, other[index]![2]!, row[3]!]),
  against: (rows) => rows.map((row) => [row[0]!, row[1]!, row[2]! + 0.4, row[3]! - 0.4]),
};

/** A detector behind a scatter, as in a judge, but that everything is learned unless said otherwise. */
export class FedJointly {
  readonly scatter: JointScatter;
  readonly detector: JointDetector;
  readonly input: JointInput;
  readonly columns: number;

  constructor(entry: JointDetectorEntry, columns = 4, state?: { scatter: Json; detector: Json }) {
    this.columns = columns;
    this.scatter = new JointScatter(columns, state?.scatter);
    this.detector = entry.create({ columns }, state?.detector);
    this.input = { distances: this.scatter.distances, present: this.scatter.present, precision: this.scatter.precision, count: 0, line: 4 };
  }

  snapshot(): { scatter: Json; detector: Json } {
    return JSON.parse(JSON.stringify({ scatter: this.scatter.snapshot(), detector: this.detector.snapshot() })) as { scatter: Json; detector: Json };
  }

  look(row: readonly number[]): number {
    this.scatter.look(Float64Array.from(row));
    this.input.count = this.scatter.count;
    return this.scatter.fittedRows > 0 ? this.detector.score(this.input) : NaN;
  }

  feed(rows: readonly (readonly number[])[], trains = true): number[] {
    return rows.map((row) => {
      const score = this.look(row);
      if (this.scatter.fittedRows > 0) this.detector.learn(this.input);
      this.scatter.follow(Float64Array.from(row));
      if (trains) this.scatter.learn(Float64Array.from(row));
      return score;
    });
  }

  shares(): number[] {
    const shares = new Float64Array(this.columns);
    this.detector.shares(this.input, shares);
    return [...shares];
  }
}

const most = (scores: readonly number[]): number => Math.max(...scores.filter((score) => !Number.isNaN(score)));

/** What every joint detector promises. */
export const jointChecks: readonly Check<JointDetectorEntry>[] = [
  {
    name: 'works with no parameters',
    run(entry) {
      assert.equal(entry.defaults.columns, 3);
      assert.ok(entry.name.length > 0 && entry.promises.length > 0 && entry.memory > 0 && entry.blockRows > 0);
      const { quantile, excess } = entry.typical(8);
      assert.ok(quantile > 0.5 && quantile < 3 && excess > 0 && excess < 1);
      assert.doesNotThrow(() => entry.create().snapshot());
    },
  },
  {
    name: 'scores about 1 while all is as usual, and always a finite number',
    run(entry) {
      const scores = new FedJointly(entry).feed(companions(1, 2_000));
      const known = scores.slice(100);
      assert.ok(known.every((score) => Number.isFinite(score) && score >= 0), 'not finite');
      const mean = known.reduce((sum, score) => sum + score, 0) / known.length;
      assert.ok(mean > 0.5 && mean < 1.5 && most(known) < 3, `mean ${mean}, most ${most(known)}`);
    },
  },
  {
    name: 'has in Gaussian noise the largest values that its entry says',
    run(entry) {
      for (const columns of [3, 8, 30]) {
        const noise = Array.from({ length: columns }, (_, column) => noisyValues(700 + column, 4_000));
        const fed = new FedJointly(entry, columns);
        const scores = fed.feed(Array.from({ length: 4_000 }, (_, row) => noise.map((values) => values[row]! - 50)));
        const maxima: number[] = [];
        for (let row = 800; row + entry.blockRows <= 4_000; row += entry.blockRows) maxima.push(most(scores.slice(row, row + entry.blockRows)));
        maxima.sort((a, b) => a - b);
        const quantile = maxima[Math.floor(0.7 * maxima.length)]!;
        const typical = entry.typical(columns);
        const excess = maxima.filter((one) => one > quantile).reduce((sum, one) => sum + one - quantile, 0) / (0.3 * maxima.length);
        assert.ok(Math.abs(typical.quantile - quantile) < 0.12 * quantile, `${columns} columns: quantile ${quantile}, not ${typical.quantile}`);
        assert.ok(excess > typical.excess / 2.2 && excess < 2.2 * typical.excess, `${columns} columns: excess ${excess}, not ${typical.excess}`);
      }
    },
  },
  {
    name: 'changes nothing when it scores',
    run(entry) {
      const [quiet, asked] = [new FedJointly(entry), new FedJointly(entry)];
      for (const row of companions(2, 400)) {
        for (const other of [[3, -3, 3, -3], row, [NaN, 1, 2, NaN]]) {
          asked.look(other);
          asked.shares();
        }
        assert.deepEqual(asked.feed([row]), quiet.feed([row]));
      }
      assert.deepEqual(asked.snapshot(), quiet.snapshot());
    },
  },
  {
    name: 'learns a row that was just scored as any other, also after its shares were asked for',
    run(entry) {
      const [plain, scored] = [new FedJointly(entry), new FedJointly(entry)];
      for (const [index, row] of [...companions(24, 500), ...jointFaults[entry.promises[0]!](companions(25, 60), companions(26, 60))].entries()) {
        plain.feed([row]);
        scored.look(index % 9 === 0 ? [row[0]!, NaN, row[2]!, row[3]!] : row);
        if (index % 9 === 0) scored.look(row);
        if (index % 5 === 0) scored.shares();
        if (scored.scatter.fittedRows > 0) scored.detector.learn(scored.input, true);
        scored.scatter.follow(Float64Array.from(row));
        scored.scatter.learn(Float64Array.from(row));
        assert.deepEqual(scored.snapshot(), plain.snapshot(), `at ${index}`);
      }
    },
  },
  {
    name: 'keeps no reference to its input',
    run(entry) {
      const fed = new FedJointly(entry);
      fed.feed(companions(3, 400));
      const own: JointInput = { ...fed.input, distances: fed.input.distances.slice(), present: fed.input.present.slice(), precision: fed.input.precision.slice() };
      const twin = entry.create({ columns: 4 }, fed.detector.snapshot());
      for (let row = 0; row < 20; row += 1) {
        for (const detector of [twin, fed.detector]) detector.learn(detector === twin ? own : fed.input);
        own.distances.fill(77);
        own.precision.fill(3);
        assert.deepEqual(twin.snapshot(), fed.detector.snapshot());
        own.distances.set(fed.input.distances);
        own.precision.set(fed.input.precision);
      }
    },
  },
  {
    name: 'goes on from a checkpoint exactly as if never stopped',
    run(entry) {
      const rows = [...companions(4, 600), ...jointFaults[entry.promises[0]!](companions(5, 100), companions(6, 100))];
      const whole = new FedJointly(entry);
      let resumed = new FedJointly(entry);
      for (const [index, row] of rows.entries()) {
        if (index % 37 === 0) resumed = new FedJointly(entry, 4, resumed.snapshot());
        assert.deepEqual(resumed.feed([row]), whole.feed([row]), `at ${index}`);
      }
      assert.throws(() => entry.create({ columns: 4 }, { damaged: true }), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
    },
  },
  {
    name: 'needs no more memory, however long it runs',
    run(entry) {
      const fed = new FedJointly(entry);
      fed.feed(companions(7, 500));
      const early = JSON.stringify(fed.detector.snapshot()).length;
      fed.feed(companions(8, 3_000));
      const late = JSON.stringify(fed.detector.snapshot()).length;
      assert.ok(late <= 1.2 * early + 50, `${early} characters after 500 rows, ${late} after 3,500`);
      assert.ok(late <= 4 * 25 * entry.memory + 100, `${late} characters for 4 × ${entry.memory} numbers`);
    },
  },
  {
    name: 'goes on with fewer columns where some have no value, and has nothing to say of one alone',
    run(entry) {
      const fed = new FedJointly(entry);
      fed.feed(companions(9, 1_000));
      const without = fed.feed(companions(10, 300).map(([one, , three, four]) => [one!, NaN, three!, four!]), false);
      assert.ok(without.every(Number.isFinite) && most(without) < 3, `most ${most(without)}`);
      fed.feed(jointFaults[entry.promises[0]!](companions(11, 60), companions(12, 60)).map(([one, , three, four]) => [one!, NaN, three!, four!]), false);
      assert.ok(fed.shares()[1] === 0 && fed.shares()[2]! > 0.1, fed.shares().join());
      assert.ok(Number.isNaN(fed.look([NaN, NaN, 1, NaN])));
      assert.ok(Number.isNaN(fed.look([NaN, NaN, NaN, Infinity])));
    },
  },
  {
    name: 'is not changed by rows without values',
    run(entry) {
      const [clean, odd] = [new FedJointly(entry), new FedJointly(entry)];
      for (const [index, row] of companions(13, 700).entries()) {
        if (index % 7 === 0) odd.feed([[NaN, NaN, NaN, NaN], [Infinity, -Infinity, NaN, NaN]], false);
        assert.deepEqual(odd.feed([row]), clean.feed([row]), `at ${index}`);
      }
    },
  },
  {
    name: 'is indifferent to the unit',
    run(entry) {
      const rows = [...companions(14, 800), ...jointFaults[entry.promises[0]!](companions(15, 100), companions(16, 100))];
      const plain = new FedJointly(entry).feed(rows);
      const others = new FedJointly(entry).feed(rows.map(([one, two, three, four]) => [1.8 * one!, -1_000 * two!, 0.001 * three!, four! * 1e9]));
      for (const [index, score] of plain.entries()) {
        assert.ok(Number.isNaN(score) ? Number.isNaN(others[index]) : Math.abs(others[index]! - score) < 1e-6 * (1 + score), `at ${index}: ${others[index]}, not ${score}`);
      }
    },
  },
  {
    name: 'finds what it promises, and whose fault it is',
    run(entry) {
      for (const fault of entry.promises) {
        for (const seed of [17, 18, 19]) {
          const fed = new FedJointly(entry);
          const before = most(fed.feed(companions(seed, 1_500)));
          const during = fed.feed(jointFaults[fault](companions(seed + 50, 120), companions(seed + 80, 120)), false);
          assert.ok(most(during) > 1.5 * before, `${fault}: ${most(during)} after ${before}`);
          const shares = fed.shares();
          assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9, 'shares that do not add up to 1');
          assert.ok(shares[2]! > 1.5 * Math.max(shares[0]!, shares[1]!), `${fault}: ${shares.map((share) => share.toFixed(2)).join()}`);
        }
      }
    },
  },
  {
    name: 'does not reach its line by a single row, however wild, and begins anew when told to',
    run(entry) {
      const fed = new FedJointly(entry);
      fed.feed(companions(20, 1_000));
      const wild = fed.feed([[3.5, -3.5, 3.5, -3.5], ...companions(21, 3)], false);
      assert.ok(most(wild) < fed.input.line, `${most(wild)}`);
      fed.feed(jointFaults[entry.promises[0]!](companions(22, 100), companions(23, 100)), false);
      fed.detector.restart();
      assert.deepEqual(fed.detector.snapshot(), entry.create({ columns: 4 }).snapshot());
    },
  },
];
