import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Historian, HistoryPoint, HistorySummary } from '../../../engine/ports.ts';
import { checkParameters } from './checkParameters.ts';

/** What every Historian must do. `open` gives an empty one; `close` ends it. */
export function checkHistorian(name: string, open: () => Promise<{ store: Historian; close(): Promise<void> }>): void {
  describe(`${name}: Historian`, function () {
    this.timeout(60_000);
    let store: Historian;
    let close: () => Promise<void>;
    beforeEach(async () => ({ store, close } = await open()));
    afterEach(() => close());

    const point = (timeMs: number, value: HistoryPoint['value'], more: Partial<HistoryPoint> = {}): HistoryPoint =>
      ({ twin: 'filler', property: 'temperature', timeMs, value, quality: 'good', ...more });

    it('gives a range back in time order, from inclusive, to exclusive, whatever the order of arrival', async () => {
      await store.write([point(30, 3), point(10, 1)]);
      await store.write([point(20, 2), point(20, 9, { property: 'speed' }), point(20, 8, { twin: 'sealer' })]);
      assert.deepEqual(await store.range('filler', 'temperature', 10, 30), [point(10, 1), point(20, 2)]);
      assert.deepEqual(await store.range('filler', 'temperature', 0, 100, 2), [point(10, 1), point(20, 2)]);
      assert.deepEqual(await store.range('filler', 'nothing', 0, 100), []);
      assert.deepEqual(await store.range('nobody', 'temperature', 0, 100), []);
    });

    it('the last one wins at the same time, and a replay leaves the same history', async () => {
      const points = [point(10, 1), point(20, 2), point(10, 5, { quality: 'uncertain' })];
      for (let round = 0; round < 3; round += 1) await store.write(points);
      assert.deepEqual(await store.range('filler', 'temperature', 0, 100), [point(10, 5, { quality: 'uncertain' }), point(20, 2)]);
    });

    it('keeps numbers, strings, booleans and null exactly, with their quality', async () => {
      const values: HistoryPoint['value'][] = [
        0, -0, 0.1, -1.5e-300, 5e-324, 1e308, 2 ** 53, Infinity, -Infinity, true, false, null, '', 'run', '1', 'true', '12,5', 'ünï\u{1F600}',
        'a\0b', '\ud800', 'line\nbreak', '__proto__',
      ];
      const qualities = ['good', 'uncertain', 'bad'] as const;
      const points = values.map((value, index) => point(index, value, { quality: qualities[index % 3] ?? 'bad' }));
      await store.write(points);
      assert.deepEqual(await store.range('filler', 'temperature', 0, 1000), points);
      for (const index of points.keys()) assert.deepEqual((await store.asOf('filler', index))[0]?.value, values[index]);
    });

    it('tells the parameters of a twin as of a time', async () => {
      await store.write([point(10, 1), point(20, 2), point(30, 3), point(15, 50, { property: 'speed' }), point(5, 7, { twin: 'sealer' })]);
      assert.deepEqual(await store.asOf('filler', 9), []);
      assert.deepEqual(await store.asOf('filler', 10), [point(10, 1)]);
      assert.deepEqual(await store.asOf('filler', 25), [point(15, 50, { property: 'speed' }), point(20, 2)]);
      assert.deepEqual(await store.asOf('nobody', 25), []);
    });

    it('forgets what is older and says how much', async () => {
      await store.write(Array.from({ length: 100 }, (_, index) => point(index, index)));
      await store.write([point(1, 1, { twin: 'sealer' })]);
      assert.equal(await store.forget(60), 61);
      assert.equal(await store.forget(60), 0);
      assert.deepEqual((await store.range('filler', 'temperature', 0, 1000)).map(({ timeMs }) => timeMs), Array.from({ length: 40 }, (_, i) => i + 60));
      assert.deepEqual(await store.asOf('sealer', 1000), []);
    });

    it('clears a stretch of one property, from inclusive, to exclusive, and takes new points there', async () => {
      await store.write([...[10, 20, 30, 40].map((timeMs) => point(timeMs, timeMs)), point(20, 2, { property: 'speed' }), point(20, 3, { twin: 'sealer' })]);
      await store.clear('filler', 'temperature', 20, 40);
      await store.clear('filler', 'nothing', 0, 100);
      assert.deepEqual(await store.range('filler', 'temperature', 0, 100), [point(10, 10), point(40, 40)]);
      await store.write([point(30, 5)]);
      await store.clear('filler', 'temperature', 40, 1000);
      assert.deepEqual(await store.range('filler', 'temperature', 0, 100), [point(10, 10), point(30, 5)]);
      assert.deepEqual(await store.asOf('filler', 25), [point(20, 2, { property: 'speed' }), point(10, 10)]);
      assert.equal((await store.range('sealer', 'temperature', 0, 100)).length, 1);
      assert.equal(await store.trim(Number.MAX_SAFE_INTEGER), 0);
    });

    it('takes many points, and a long range comes whole', async () => {
      const many = Array.from({ length: 12_345 }, (_, index) => point(index * 7, index));
      await Promise.all([store.write(many.slice(0, 6000)), store.write(many.slice(6000)), store.write([])]);
      const found = await store.range('filler', 'temperature', 0, 1e9);
      // First the length, and then point by point: the difference of two long lists takes minutes to print.
      assert.equal(found.length, many.length);
      for (const [index, one] of found.entries()) assert.deepEqual(one, many[index]);
      assert.equal((await store.range('filler', 'temperature', 0, 1e9, 11_111)).length, 11_111);
      assert.equal(await store.forget(1e9), 12_345);
    });

    it('takes rows, and gives columns', async () => {
      await store.writeRows({ twin: 'filler', properties: ['temperature', 'speed'], times: Float64Array.of(10, 20, 30), values: Float64Array.of(1, 5, NaN, 6, 3, -0) });
      await store.write([point(20, 'no number', { quality: 'bad' })]);
      assert.deepEqual(await store.range('filler', 'speed', 0, 100), [point(10, 5, { property: 'speed' }), point(20, 6, { property: 'speed' }), point(30, -0, { property: 'speed' })]);
      const { times, values, qualities } = await store.columns('filler', 'temperature', 0, 100);
      assert.deepEqual([[...times], [...values], [...qualities]], [[10, 20, 30], [1, 'no number', 3], [0, 2, 0]]);
      assert.equal((await store.columns('filler', 'temperature', 0, 100, 2)).times.length, 2);
      await assert.rejects(store.writeRows({ twin: 'filler', properties: ['speed'], times: Float64Array.of(NaN), values: Float64Array.of(1) }), { code: 'TWIN_HISTORY_TIME' });
    });

    it('divides a stretch into buckets: numbers that count, how long they held, and no longer than is said', async () => {
      await store.write([point(0, 10), point(100, 20), point(150, 40, { quality: 'uncertain' }), point(180, 999, { quality: 'bad' }), point(210, 'text'), point(250, 30)]);
      const means = (summaries: HistorySummary[]): number[] => summaries.map(({ integral, coveredMs }) => integral / coveredMs);
      const summaries = await store.buckets('filler', 'temperature', 100, 300, 2);
      assert.deepEqual(summaries.map(({ count, minimum, maximum, first, last }) => [count, minimum, maximum, first, last]), [[2, 20, 40, 20, 40], [1, 30, 30, 30, 30]]);
      assert.deepEqual(summaries.map(({ integral, coveredMs }) => [integral, coveredMs]), [[50 * 20 + 30 * 40, 80], [50 * 30, 50]]);
      assert.deepEqual(means(await store.buckets('filler', 'temperature', 50, 60, 1)), [10]);
      assert.deepEqual((await store.buckets('filler', 'temperature', 50, 60, 1, 20)).map(({ coveredMs }) => coveredMs), [0]);
      assert.deepEqual((await store.buckets('nobody', 'temperature', 0, 10, 3)).map(({ count }) => count), [0, 0, 0]);
      for (const count of [0, -1, 1.5, 1e9, NaN]) await assert.rejects(store.buckets('filler', 'temperature', 0, 10, count), { code: 'TWIN_HISTORY_BUCKETS' });
    });

    it('knows its oldest point', async () => {
      assert.equal((await store.usage()).oldestMs, undefined);
      await store.write([point(70, 1), point(30, 1, { property: 'speed' })]);
      assert.equal((await store.usage()).oldestMs, 30);
      await store.forget(50);
      assert.equal((await store.usage()).oldestMs, 70);
    });

    it('refuses a time that is none, and stores nothing of that call', async () => {
      await assert.rejects(store.write([point(1, 1), point(NaN, 1)]), { code: 'TWIN_HISTORY_TIME' });
      await assert.rejects(store.write([point(1, 1), point(1e300, 1)]), { code: 'TWIN_HISTORY_TIME' });
      assert.deepEqual(await store.range('filler', 'temperature', 0, 10), []);
    });

    it('treats foreign names as names', async () => {
      const names = ['__proto__', 'constructor', "x'; DROP TABLE point; --", '', 'a/b', 'ü'];
      for (const twin of names) await store.write([point(1, twin, { twin, property: twin })]);
      for (const twin of names) assert.deepEqual(await store.asOf(twin, 1), [point(1, twin, { twin, property: twin })]);
    });

    it('answers like a plain list, sorted and overwritten (property)', async () => {
      const quality = fc.constantFrom('good' as const, 'uncertain' as const, 'bad' as const);
      const value = fc.oneof(fc.double({ noNaN: true }), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null));
      const anyPoint = fc.record({ property: fc.constantFrom('p', 'q'), timeMs: fc.integer({ min: -50, max: 50 }), value, quality });
      let round = 0;
      await fc.assert(fc.asyncProperty(fc.array(fc.array(anyPoint, { maxLength: 20 }), { maxLength: 4 }), async (writes) => {
        round += 1;
        const twin = `twin ${round}`;
        const expected = new Map<string, HistoryPoint>();
        for (const write of writes) {
          for (const one of write) expected.set(`${one.property} ${one.timeMs}`, { twin, ...one });
        }
        // Not waited for: a reading sees what was written before it.
        const written = Promise.all(writes.map((write) => store.write(write.map((one) => ({ twin, ...one })))));
        for (const property of ['p', 'q']) {
          const list = [...expected.values()].filter((one) => one.property === property).sort((a, b) => a.timeMs - b.timeMs);
          assert.deepEqual(await store.range(twin, property, -100, 100), list);
        }
        await written;
      }), checkParameters(60));
    });
  });
}
