import assert from 'node:assert/strict';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput } from '../../../engine/detectors/detector.ts';
import type { Json } from '../../../engine/ports.ts';
import { mostRows } from '../../../engine/rowBlock.ts';
import type { Check } from './check.ts';
import { noisyValues, plantedFaults, randomOf } from './check.ts';

/** Feeds one column, the row's expectation being 50 unless said otherwise; a row that scores 1 or more trains nothing. */
export function feed(detector: Detector, values: readonly number[], options: { expected?: number; trains?: 0 | 1; usable?: number } = {}): number[] {
  const scores = new Float64Array(1);
  return values.map((value) => {
    const input: DetectorInput = { values: Float64Array.of(value), usable: Uint8Array.of(options.usable ?? 1), expected: Float64Array.of(options.expected ?? 50) };
    detector.score(input, scores);
    const score = scores[0]!;
    detector.learn(input, Uint8Array.of(options.trains ?? (score >= 1 ? 0 : 1)));
    return score;
  });
}

/** What `follow` does, row by row. */
export function followRowByRow(detector: Pick<Detector, 'score' | 'learn'>, columns: number, column: number, rows: ColumnRows, from: number, to: number): number {
  const scores = new Float64Array(columns);
  for (let row = from; row < to; row += 1) {
    const take = (): Float64Array => new Float64Array(columns);
    const input = { values: take(), usable: new Uint8Array(columns), expected: take().fill(NaN), coarse: take() };
    input.values[column] = rows.values[row]!;
    input.usable[column] = rows.usable[row]!;
    input.expected[column] = rows.expected[row]!;
    input.coarse[column] = rows.coarse[row]!;
    detector.score(input, scores);
    rows.scores[row] = scores[column]!;
    if (scores[column]! < 0) return row;
    detector.learn(input, new Uint8Array(columns).fill(rows.trains[row]!));
  }
  return to;
}

/** Stretches of one column: noise, steps, spikes, repeats and wilder scatter, with gaps, with and without an expectation. */
export function stretches(seed: number, count: number): ColumnRows[] {
  const random = randomOf(seed);
  const noise = noisyValues(seed, count * mostRows);
  let level = 0;
  return Array.from({ length: count }, (_, block) => {
    const take = (): Float64Array => new Float64Array(mostRows);
    const rows: ColumnRows = { values: take(), usable: new Uint8Array(mostRows), expected: take(), coarse: take(), trains: new Uint8Array(mostRows), scores: take() };
    const kind = random();
    const isCoarse = kind > 0.7 && kind < 0.85;
    for (let row = 0; row < mostRows; row += 1) {
      if (random() < 0.005) level += 5 * (random() - 0.5);
      const scatter = noise[block * mostRows + row]! - 50;
      const value = 50 + level + (kind < 0.15 ? 6 : 1) * scatter + (random() < 0.01 ? 6 : 0);
      rows.values[row] = kind > 0.95 ? 50 + level : isCoarse ? Math.round(4 * value) / 4 : value;
      rows.usable[row] = random() < 0.05 ? 0 : random() < 0.02 ? 4 : 1;
      rows.expected[row] = seed % 3 === 0 || (seed % 3 === 1 && random() < 0.003) ? NaN : 50 + (seed % 2) * level;
      rows.coarse[row] = isCoarse ? 0.25 : 0;
      rows.trains[row] = random() < 0.05 ? 0 : 1;
    }
    return rows;
  });
}

function throughJson(json: Json): Json {
  return JSON.parse(JSON.stringify(json)) as Json;
}

/** What every detector promises beside finding its faults; `npm run new detector` relies on this list being complete. */
export const detectorChecks: readonly Check<DetectorEntry>[] = [
  {
    name: 'works with no parameters',
    run(entry) {
      assert.equal(entry.defaults.columns, 1);
      assert.ok(entry.name.length > 0 && entry.promises.length > 0 && entry.memory > 0 && entry.blockRows > 0);
      assert.equal(feed(entry.create(), noisyValues(1, 50)).length, 50);
    },
  },
  {
    name: 'says nothing at first, a finite number soon, and then always',
    run(entry) {
      const values = noisyValues(2, 2_000).map((value, index) => (index % 7 === 0 ? 50 : value));
      const scores = feed(entry.create(), values);
      assert.ok(Number.isNaN(scores[0]), 'a score before anything was learned');
      const first = scores.findIndex((score) => !Number.isNaN(score));
      assert.ok(first > 0 && first <= 1_000, `first score at ${first}`);
      for (const [index, score] of scores.entries()) if (index >= first) assert.ok(Number.isFinite(score), `score ${score} at ${index}`);
    },
  },
  {
    name: 'changes nothing when it scores',
    run(entry) {
      const values = noisyValues(3, 600);
      const [one, other] = [entry.create(), entry.create()];
      const scores = new Float64Array(1);
      for (const [index, value] of values.entries()) {
        for (const odd of [60, 50, value, NaN]) {
          other.score({ values: Float64Array.of(odd), usable: Uint8Array.of(1), expected: Float64Array.of(50) }, scores);
        }
        assert.deepEqual(feed(other, [value]), feed(one, [value]), `at ${index}`);
      }
      assert.deepEqual(other.snapshot(), one.snapshot());
    },
  },
  {
    name: 'follows many rows of a column as it takes them one by one',
    run(entry) {
      for (let seed = 1; seed <= 4; seed += 1) {
        const parameters = seed % 4 === 0 ? { smallestChange: [0.5] } : {};
        const [whole, one] = [entry.create(parameters), entry.create(parameters)];
        for (const [block, rows] of stretches(seed, 14).entries()) {
          const expected = { ...rows, scores: rows.scores.slice() };
          let row = 0;
          while (row < mostRows) {
            const end = whole.follow(0, rows, row, mostRows);
            assert.equal(followRowByRow(one, 1, 0, expected, row, mostRows), end, `seed ${seed}, block ${block}, from ${row}`);
            assert.deepEqual(rows.scores.slice(row, end + 1), expected.scores.slice(row, end + 1), `seed ${seed}, block ${block}, from ${row} to ${end}`);
            row = end + 1;
          }
          assert.deepEqual(whole.snapshot(), one.snapshot(), `seed ${seed}, after block ${block}`);
        }
      }
    },
  },
  {
    name: 'keeps no reference to its input',
    run(entry) {
      const values = noisyValues(4, 600);
      const [one, other] = [entry.create(), entry.create()];
      const input: DetectorInput = { values: new Float64Array(1), usable: new Uint8Array(1), expected: new Float64Array(1) };
      const trains = new Uint8Array(1);
      const scores = new Float64Array(1);
      for (const [index, value] of values.entries()) {
        input.values[0] = value;
        input.usable[0] = 1;
        input.expected[0] = 50;
        other.score(input, scores);
        const score = scores[0]!;
        trains[0] = score >= 1 ? 0 : 1;
        other.learn(input, trains);
        for (const array of [input.values, input.usable, input.expected, trains, scores]) array.fill(123);
        assert.equal(score, feed(one, [value])[0], `at ${index}`);
      }
    },
  },
  {
    name: 'goes on from a checkpoint exactly as if never stopped',
    run(entry) {
      const normal = noisyValues(5, 1_500);
      const fault = plantedFaults[entry.promises[0]!]!(normal, noisyValues(6, 400));
      const values = [...normal, ...fault, ...noisyValues(7, 100)];
      const whole = entry.create();
      let resumed = entry.create();
      for (const [index, value] of values.entries()) {
        if (index % 97 === 0 || (index > 1_500 && index % 5 === 0)) resumed = entry.create({}, throughJson(resumed.snapshot()));
        assert.deepEqual(feed(resumed, [value]), feed(whole, [value]), `at ${index}`);
      }
      assert.throws(() => entry.create({}, { damaged: true }), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
    },
  },
  {
    name: 'judges the same stream the same, each column by itself',
    run(entry) {
      const [left, right] = [noisyValues(8, 700), noisyValues(9, 700).map((value) => 3 * value)];
      const both = entry.create({ columns: 2 });
      const [one, again, other] = [entry.create(), entry.create(), entry.create()];
      const scores = new Float64Array(2);
      for (let index = 0; index < left.length; index += 1) {
        const input = { values: Float64Array.of(left[index]!, right[index]!), usable: Uint8Array.of(1, 1), expected: Float64Array.of(50, 150) };
        both.score(input, scores);
        both.learn(input, Uint8Array.from(scores, (score) => (score >= 1 ? 0 : 1)));
        const [first] = feed(one, [left[index]!]);
        assert.equal(feed(again, [left[index]!])[0], first, `at ${index}`);
        assert.deepEqual([...scores], [first, feed(other, [right[index]!], { expected: 150 })[0]], `at ${index}`);
      }
    },
  },
  {
    name: 'needs no more memory, however long it runs',
    run(entry) {
      const detector = entry.create();
      feed(detector, noisyValues(10, 4_000));
      const early = JSON.stringify(detector.snapshot()).length;
      feed(detector, noisyValues(11, 12_000));
      const late = JSON.stringify(detector.snapshot()).length;
      assert.ok(late <= 1.2 * early + 100, `${early} characters after 4,000 values, ${late} after 16,000`);
      assert.ok(late <= 60 * entry.memory + 500, `${late} characters for ${entry.memory} numbers`);
    },
  },
  {
    name: 'is not poisoned by odd values',
    run(entry) {
      const values = noisyValues(12, 1_200);
      const [clean, odd] = [entry.create(), entry.create()];
      for (const [index, value] of values.entries()) {
        if (index % 11 === 0) feed(odd, [NaN, Infinity, -Infinity, 1e308, -1e308]);
        if (index % 13 === 0) feed(odd, [70, value], { usable: 0 });
        assert.deepEqual(feed(odd, [value]), feed(clean, [value]), `at ${index}`);
      }
    },
  },
  {
    name: 'is calm on a constant and through zero',
    run(entry) {
      const streams: [number, number[]][] = [
        [0, Array.from({ length: 2_000 }, () => 0)],
        [42, Array.from({ length: 2_000 }, () => 42)],
        [0, noisyValues(13, 3_000).map((value) => value - 50)],
        [0, noisyValues(14, 3_000).map((value, index) => 2 * Math.sin(index / 32) + value - 50)],
      ];
      for (const [number, [expected, values]] of streams.entries()) {
        for (const [index, score] of feed(entry.create(), values, { expected, trains: 1 }).entries()) {
          assert.ok(!(score >= 1), `stream ${number}, score ${score} at ${index}`);
        }
      }
    },
  },
  {
    name: 'is indifferent to the unit',
    run(entry) {
      const normal = noisyValues(15, 1_500);
      const values = [...normal, ...plantedFaults[entry.promises[0]!]!(normal, noisyValues(16, 400))];
      const scores = feed(entry.create(), values);
      for (const [factor, offset] of [[1.8, 32], [0.001, 0], [-1_000, 7]] as const) {
        const others = feed(entry.create(), values.map((value) => factor * value + offset), { expected: factor * 50 + offset });
        for (const [index, score] of scores.entries()) {
          assert.ok(Number.isNaN(score) ? Number.isNaN(others[index]) : Math.abs(others[index]! - score) <= 1e-5 * (1 + Math.abs(score)), `times ${factor} at ${index}`);
        }
      }
    },
  },
  {
    name: 'finds what it promises',
    run(entry) {
      for (const kind of entry.promises) {
        const plant = plantedFaults[kind];
        assert.ok(plant !== undefined, `nothing is planted for ${kind}`);
        for (const seed of [17, 18, 19]) {
          const detector = entry.create();
          const quiet = noisyValues(seed, 1_500);
          const before = feed(detector, quiet);
          assert.ok(before.slice(1_000).every((score) => score < 1), `${kind}: told before it was there`);
          const during = feed(detector, plant(quiet, noisyValues(seed + 100, 400)));
          assert.ok(during.some((score) => score >= 1), `${kind}: at most ${Math.max(...during.filter((score) => !Number.isNaN(score)))}`);
        }
      }
    },
  },
  {
    name: 'learns nothing of what is normal from abnormal rows',
    run(entry) {
      const quiet = noisyValues(20, 1_500);
      const fault = plantedFaults[entry.promises[0]!]!(quiet, noisyValues(21, 400));
      const [spared, troubled] = [entry.create(), entry.create()];
      for (const detector of [spared, troubled]) feed(detector, quiet);
      feed(troubled, noisyValues(22, 800).map((value, index) => (index % 40 < 30 ? 50 + 4 * (value - 50) : 47)), { trains: 0 });
      const peaks = [spared, troubled].map((detector) => {
        feed(detector, [...noisyValues(23, 60), quiet.at(-1)!], { trains: 0 });
        return Math.max(...feed(detector, fault, { trains: 0 }).filter((score) => !Number.isNaN(score)));
      });
      assert.ok(peaks[1]! >= 0.75 * peaks[0]!, `peak ${peaks[0]} without, ${peaks[1]} with abnormal rows before`);
    },
  },
];
