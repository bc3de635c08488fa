import assert from 'node:assert/strict';
import fc from 'fast-check';
import { aggregate, aggregateNames } from '../../../engine/history/aggregates.ts';
import type { AggregateName, AggregateOptions, AggregateValue } from '../../../engine/history/aggregates.ts';
import type { HistoryValue, SeriesColumns } from '../../../engine/ports.ts';
import { historians, published } from './part13.ts';
import type { Historian } from './part13.ts';

const noonMs = Date.parse('2012-01-01T12:00:00Z');

function columnsOf({ raw }: Historian): SeriesColumns {
  const points = raw.split(' ').map((text) => text.split(':') as [string, string]);
  const values = points.map(([, text]): HistoryValue => {
    const plain = text.replace('?', '');
    return plain === '!' ? null : plain === 'true' || plain === 'false' ? plain === 'true' : Number(plain);
  });
  const qualities = Uint8Array.from(points, ([, text]) => (text === '!' ? 2 : text.endsWith('?') ? 1 : 0));
  return { times: Float64Array.from(points, ([second]) => noonMs + Number(second) * 1000), values, qualities };
}

function optionsOf({ stepped, uncertainIsBad, percent, slopedExtrapolation }: Historian): AggregateOptions {
  return { stepped, uncertainIsBad, percentBad: percent, percentGood: percent, slopedExtrapolation };
}

function of(name: AggregateName, historian: Historian, every: number): AggregateValue[] {
  return aggregate(name, columnsOf(historian), noonMs, noonMs + 100_000, every * 1000, optionsOf(historian));
}

/** The status as the tables here write it. */
function statusOf(value: AggregateValue): string {
  const { quality, noData, subNormal, calculated, interpolated, partial, multipleValues } = value;
  const word = noData ? 'N' : quality === 'bad' ? 'B' : quality === 'good' ? 'G' : subNormal ? 'S' : 'U';
  return `${word}${calculated ? 'c' : ''}${interpolated ? 'i' : ''}${multipleValues ? 'm' : ''}${partial ? 'p' : ''}`;
}

/** What differs from the published table; both are told. */
function differences(results: readonly AggregateValue[], table: string): string[] {
  const wanted = table.split(' ');
  const found: string[] = results.length === wanted.length ? [] : [`${results.length} intervals, published ${wanted.length}`];
  wanted.forEach((cell, index) => {
    const result = results[index];
    const match = /^(?:@(\d+):)?([-\d.]*)([A-Z][a-z]*)$/.exec(cell);
    if (cell === '*' || result === undefined) return;
    const [, second, number, status] = match as unknown as [string, string | undefined, string, string];
    const same = status === statusOf(result)
      && (second === undefined || result.timeMs === noonMs + Number(second) * 1000)
      && (number === '' ? result.value === null : typeof result.value === 'number' && Math.abs(result.value - Number(number)) <= 0.00101);
    if (!same) found.push(`${index}: published ${cell}, here @${(result.timeMs - noonMs) / 1000}:${String(result.value)}${statusOf(result)}`);
  });
  return found;
}

describe('aggregates of history', () => {
  for (const [name, { every, results }] of Object.entries(published)) {
    it(`${name} is as OPC 10000-13, Annex A, publishes it`, () => {
      for (const [number, table] of Object.entries(results)) {
        const historian = historians[Number(number) as keyof typeof historians];
        assert.deepEqual(differences(of(name as AggregateName, historian, every), table), [], `historian ${number}`);
      }
    });
  }

  it('a changed figure or status of a table is found', () => {
    const right = of('minimum', historians[2], 16);
    assert.equal(differences(right, '10Gcp 20Gc 30Sc 41G 60Sc 70Gcp N').length, 1);
    assert.equal(differences(right, '10Gcp 20Gc 30Gc 40G 60Sc 70Gcp N').length, 1);
    assert.equal(differences(right, '10Gcp 20Gc 30Sc 40G 60Sc 70Gcp').length, 1);
  });

  it('those without a table at hand follow from their definitions', () => {
    const values = (name: AggregateName, number: keyof typeof historians, every = 16): HistoryValue[] => of(name, historians[number], every).map(({ value }) => value);
    for (const number of [1, 2, 3, 5] as const) {
      const high = values('maximum', number);
      const low = values('minimum', number);
      assert.deepEqual(values('range', number), high.map((value, index) => (value === null ? null : (value as number) - (low[index] as number))));
      const good = values('durationGood', number) as number[];
      const share = values('percentGood', number) as number[];
      // The last interval ends a millisecond after the last value, at 12:01:30.
      good.slice(0, 6).forEach((goodMs, index) => assert.ok(Math.abs((share[index] as number) - (goodMs / (index === 5 ? 10_001 : 16_000)) * 100) < 1e-9));
      for (const [total, mean] of [['total', 'timeAverage'], ['total2', 'timeAverage2']] as const) {
        const means = values(mean, number, 5);
        // Whole intervals with data throughout.
        for (const index of [5, 6, 10, 11]) assert.ok(Math.abs((values(total, number, 5)[index] as number) - (means[index] as number) * 5) < 1e-9);
      }
    }
    assert.deepEqual(values('numberOfTransitions', 4), [1, 2, 0, 1, 0, 3, null]);
    assert.deepEqual(values('worstQuality', 1), ['good', 'good', 'bad', 'good', 'uncertain', 'good', null]);
    assert.deepEqual(values('delta', 2), [0, 5, 0, 10, 0, 20, null]);
  });

  it('every aggregate that is offered is checked here', () => {
    const derived = ['range', 'total', 'total2', 'numberOfTransitions', 'worstQuality'];
    assert.deepEqual([...Object.keys(published), ...derived].sort(), [...aggregateNames].sort());
  });

  it('no line over a gap: a mean counts only the time in which something is known', () => {
    const columns: SeriesColumns = { times: Float64Array.of(0, 1000, 9000), values: [10, null, 30], qualities: Uint8Array.of(0, 2, 0) };
    const [mean] = aggregate('timeAverage2', columns, 0, 10_000, 10_000);
    assert.deepEqual([mean?.value, mean?.quality], [20, 'uncertain']);
    assert.equal(aggregate('timeAverage2', columns, 2000, 8000, 6000)[0]?.noData, true);
  });

  it('parts add up: totals, counts and extremes of any division are those of the whole', () => {
    const point = fc.record({ stepMs: fc.integer({ min: 1, max: 5000 }), value: fc.integer({ min: -1000, max: 1000 }), quality: fc.constantFrom(0, 0, 0, 2) });
    fc.assert(fc.property(fc.array(point, { minLength: 2, maxLength: 60 }), fc.integer({ min: 2, max: 40 }), fc.boolean(), (points, parts, stepped) => {
      let timeMs = 0;
      // Multiples of the number of parts, so that the edges are whole.
      const times = Float64Array.from(points, ({ stepMs }) => (timeMs += stepMs * parts));
      const columns: SeriesColumns = { times, values: points.map(({ value }) => value), qualities: Uint8Array.from(points, ({ quality }) => quality) };
      const options = { stepped, uncertainIsBad: true, percentBad: 100, percentGood: 0, slopedExtrapolation: false };
      const from = times[0] as number;
      const to = times.at(-1) as number;
      if (to <= from) return;
      const ask = (name: AggregateName, every: number): number[] => aggregate(name, columns, from, to, every, options).flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
      const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);
      const length = to - from;
      // Sloped, a stretch before a bad value counts as good or not by where an interval begins; so Annex A has it for historian 1.
      for (const name of ['total2', 'count', ...(stepped ? (['durationGood'] as const) : [])] as const) assert.ok(Math.abs(sum(ask(name, length)) - sum(ask(name, length / parts))) < 1e-6, name);
      const [low] = ask('minimum', length);
      if (low !== undefined) assert.equal(Math.min(...ask('minimum', length / parts)), low);
    }), { numRuns: 200 });
  });
});
