import assert from 'node:assert/strict';
import type { Json } from '../../../engine/ports.ts';
import { JointScatter } from '../../../engine/statistics/jointScatter.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';

/** Rows of columns that follow one cause, each with a noise of its own. */
function rowsOf(columns: number, count: number): Float64Array[] {
  const lists = Array.from({ length: columns + 1 }, (_, column) => noisyValues(40 + column, count).map((value) => (value - 50) / 0.3));
  return Array.from({ length: count }, (_, row) => Float64Array.from({ length: columns }, (__, column) => lists[columns]![row]! + (0.5 + 0.1 * column) * lists[column]![row]!));
}

/** How far C · C⁻¹ of the columns that are there is from 1 on its diagonal and 0 beside it. */
function errorOf(scatter: JointScatter, columns: number, precision = scatter.precision): number {
  const { correlations } = scatter.snapshot() as { correlations: number[] };
  const correlation = (one: number, other: number): number => correlations[one > other ? (one * (one + 1)) / 2 + other : (other * (other + 1)) / 2 + one]!;
  let most = 0;
  for (let row = 0; row < columns; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      let sum = 0;
      for (let inner = 0; inner < columns; inner += 1) if (scatter.present[inner] === 1) sum += correlation(row, inner) * precision[inner * columns + column]!;
      const both = scatter.present[row] === 1 && scatter.present[column] === 1;
      if (both) most = Math.max(most, Math.abs(sum - (row === column ? 1 : 0)));
      else if (precision[row * columns + column] !== 0) most = Infinity;
    }
  }
  return most;
}

describe('joint scatter of few and of many signals', () => {
  for (const columns of [5, 24]) {
    it(`looks at ${columns} with the inverse of those that are there, whichever are missing, also after a restart`, () => {
      const random = randomOf(columns);
      const rows = rowsOf(columns, 450);
      const scatter = new JointScatter(columns);
      for (const row of rows.slice(0, 300)) {
        scatter.look(row);
        scatter.learn(row);
      }
      let whole: Float64Array | undefined;
      let missed = 0;
      for (const [index, row] of rows.slice(300).entries()) {
        const looked = row.slice();
        const missing = Math.floor(random() * 4) * (index % 50 === 49 ? 3 : 1);
        for (let one = 0; one < missing; one += 1) looked[Math.floor(columns * random())] = one % 2 === 0 ? NaN : 1e6;
        scatter.look(looked);
        assert.ok(errorOf(scatter, columns) < 1e-6, `row ${index}: ${errorOf(scatter, columns)}`);
        if (scatter.count === columns) whole = scatter.precision.slice();
        else if (whole !== undefined && scatter.count > 0) {
          missed += 1;
          // The planted fault: the inverse of all with what is missing crossed out.
          const crossed = whole.map((value, place) => value * scatter.present[Math.floor(place / columns)]! * scatter.present[place % columns]!);
          assert.ok(errorOf(scatter, columns, crossed) > 1e-3, `row ${index} would not show it`);
        }
        const again = new JointScatter(columns, JSON.parse(JSON.stringify(scatter.snapshot())) as Json);
        again.look(looked);
        assert.deepEqual(again.precision, scatter.precision);
        if (index % 20 === 0) scatter.learn(row);
      }
      assert.ok(missed > 80, `${missed} rows with something missing`);
    });
  }

  it('learns the company of many signals as well from every fourth row, also of one that came later', () => {
    const columns = 20;
    const rows = rowsOf(columns, 6_000);
    const scatter = new JointScatter(columns);
    for (const [index, row] of rows.entries()) {
      const known = row.slice();
      if (index < 2_500) known[columns - 1] = NaN;
      scatter.look(known);
      scatter.learn(known);
    }
    const { products } = scatter.snapshot() as { products: number[] };
    const correlation = (one: number, other: number): number => {
      const product = (a: number, b: number): number => products[(a * (a + 1)) / 2 + b]!;
      return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
    };
    for (const one of [1, 7, columns - 1]) {
      // One cause of variance 1 in all, and a noise of (0.5 + 0.1 · column)² in each.
      const wanted = 1 / Math.sqrt((1 + 0.25) * (1 + (0.5 + 0.1 * one) ** 2));
      assert.ok(Math.abs(correlation(one, 0) - wanted) < 0.08, `${one}: ${correlation(one, 0)}, not ${wanted}`);
    }
  });
});
