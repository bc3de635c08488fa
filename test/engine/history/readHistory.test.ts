import assert from 'node:assert/strict';
import { MemoryHistorian } from '../../../adapters/memory/memoryStore.ts';
import { usualAggregateOptions } from '../../../engine/history/aggregates.ts';
import { readHistory } from '../../../engine/history/readHistory.ts';
import type { HistoryQuestion } from '../../../engine/history/readHistory.ts';

describe('reading history', () => {
  const historian = new MemoryHistorian();
  const question: HistoryQuestion = {
    what: 'values', twins: [{ key: 'pump', properties: ['flow', 'mode'] }], fromMs: 10_000, toMs: 20_000, everyMs: 0, aggregate: 'timeAverage2',
    options: usualAggregateOptions, mostValues: 1000,
  };
  before(async () => {
    await historian.write([
      { twin: 'pump', property: 'flow', timeMs: 5000, value: 4, quality: 'good' },
      { twin: 'pump', property: 'flow', timeMs: 15_000, value: 8, quality: 'good' },
      { twin: 'pump', property: 'flow', timeMs: 25_000, value: 9, quality: 'good' },
      { twin: 'pump', property: 'mode', timeMs: 12_000, value: 'on', quality: 'uncertain' },
    ]);
  });

  it('a value sent before the stretch still holds in its mean', async () => {
    const { series } = await readHistory(historian, { ...question, what: 'aggregates' });
    assert.deepEqual(series[0]?.points, [{ timeMs: 10_000, value: 6, quality: 'good' }]);
    assert.equal(series[1]?.points[0]?.value, null);
  });

  it('values are those of the stretch, the moment is what was known then', async () => {
    const values = await readHistory(historian, question);
    assert.deepEqual(values.series.map(({ property, points }) => [property, points.map(({ value, quality }) => [value, quality])]), [['flow', [[8, 'good']]], ['mode', [['on', 'uncertain']]]]);
    const moment = await readHistory(historian, { ...question, what: 'moment', toMs: 14_000 });
    assert.deepEqual(moment.series.map(({ property, points }) => [property, points[0]?.timeMs, points[0]?.value]), [['flow', 5000, 4], ['mode', 12_000, 'on']]);
  });

  it('is bounded, and says where it was cut', async () => {
    const many = new MemoryHistorian();
    await many.write(Array.from({ length: 500 }, (_, index) => ({ twin: 'pump', property: 'flow', timeMs: index * 100, value: index, quality: 'good' as const })));
    const values = await readHistory(many, { ...question, fromMs: 0, toMs: 50_000, mostValues: 40 });
    // Two properties share what there is room for.
    assert.deepEqual([values.series[0]?.points.length, values.cutAtMs], [20, 2000]);
    const means = await readHistory(many, { ...question, what: 'aggregates', fromMs: 0, toMs: 50_000, everyMs: 1000, mostValues: 40 });
    assert.deepEqual([means.series[0]?.points.length, means.cutAtMs], [20, 20_000]);
    assert.equal((await readHistory(many, { ...question, fromMs: 0, toMs: 2000, mostValues: 40 })).cutAtMs, undefined);
    await assert.rejects(readHistory(many, { ...question, isOver: () => true }), { code: 'TWIN_READ_TOO_LONG' });
  });

  it('reads on from page to page', async () => {
    const many = new MemoryHistorian();
    const count = 120_000;
    await many.writeRows({ twin: 'pump', properties: ['flow'], times: Float64Array.from({ length: count }, (_, index) => index), values: new Float64Array(count).fill(2) });
    const { series } = await readHistory(many, { ...question, twins: [{ key: 'pump', properties: ['flow'] }], what: 'aggregates', aggregate: 'count', fromMs: 0, toMs: count });
    assert.equal(series[0]?.points[0]?.value, count);
  });
});
