import assert from 'node:assert/strict';
import { mostRejected } from '../../../engine/ports.ts';
import type { Outbox } from '../../../engine/ports.ts';

/** What every Outbox must do. `open` gives an empty one; `close` ends it. */
export function checkOutbox(name: string, open: () => Promise<{ store: Outbox; close(): Promise<void> }>): void {
  describe(`${name}: Outbox`, function () {
    this.timeout(60_000);
    let store: Outbox;
    let close: () => Promise<void>;
    beforeEach(async () => ({ store, close } = await open()));
    afterEach(() => close());

    const records = (...bodies: string[]): { idempotencyKey: string; body: string }[] =>
      bodies.map((body) => ({ idempotencyKey: `key ${body}`, body }));

    it('gives the oldest of a target first, until confirmed', async () => {
      const first = await store.add('influx', records('a', 'b', 'c'), 10);
      const other = await store.add('mqtt', records('x'), 11);
      assert.deepEqual([first.length, other.length], [3, 1]);
      assert.deepEqual(await store.pending('influx', 2), [
        { sequence: first[0], target: 'influx', idempotencyKey: 'key a', body: 'a', acceptedMs: 10 },
        { sequence: first[1], target: 'influx', idempotencyKey: 'key b', body: 'b', acceptedMs: 10 },
      ]);
      await store.confirm('influx', [first[0] ?? 0, first[2] ?? 0, 999]);
      assert.deepEqual((await store.pending('influx', 10)).map(({ body }) => body), ['b']);
      assert.deepEqual((await store.pending('mqtt', 10)).map(({ body }) => body), ['x'], 'another target is not touched');
    });

    it('keeps order under many callers at once, and no sequence twice', async () => {
      const sequences = (await Promise.all(Array.from({ length: 500 }, (_, n) => store.add('t', records(`${n}`), n)))).flat();
      assert.equal(new Set(sequences).size, 500);
      assert.deepEqual((await store.pending('t', 1000)).map(({ body }) => Number(body)), Array.from({ length: 500 }, (_, n) => n));
      assert.deepEqual(sequences, sequences.toSorted((a, b) => a - b));
      await store.confirm('t', sequences);
      const [next] = await store.add('t', records('later'), 0);
      assert.ok((next ?? 0) > Math.max(...sequences));
    });

    it('knows its depth', async () => {
      assert.deepEqual(await store.depth('t'), { records: 0, bytes: 0, setAside: 0 });
      const sequences = await store.add('t', records('aä', 'bbb'), 7);
      await store.add('t', records('\u{1F600}'), 9);
      assert.deepEqual(await store.depth('t'), { records: 3, bytes: 10, oldestMs: 7, setAside: 0 });
      await store.confirm('t', sequences);
      await store.confirm('t', sequences);
      assert.deepEqual(await store.depth('t'), { records: 1, bytes: 4, oldestMs: 9, setAside: 0 });
    });

    it('sets aside with the reason, retries and discards', async () => {
      const [a, b, c] = await store.add('t', records('a', 'b', 'c'), 5) as [number, number, number];
      await store.setAside('t', [a, b], 'field type conflict', 20);
      assert.deepEqual(await store.depth('t'), { records: 1, bytes: 1, oldestMs: 5, setAside: 2 });
      assert.deepEqual((await store.rejected('t', 1)),
        [{ sequence: a, target: 't', idempotencyKey: 'key a', body: 'a', acceptedMs: 5, reason: 'field type conflict', rejectedMs: 20 }]);
      const [again] = await store.retry('t', [a]) as [number];
      assert.ok(again > c);
      assert.deepEqual((await store.pending('t', 10)).map(({ body, acceptedMs }) => [body, acceptedMs]), [['c', 5], ['a', 5]]);
      await store.discard('t', [b, 12345]);
      assert.deepEqual(await store.depth('t'), { records: 2, bytes: 2, oldestMs: 5, setAside: 0 });
      assert.deepEqual(await store.rejected('t', 10), []);
    });

    it('what is given up leaves a dated gap', async () => {
      const early = await store.add('t', records('a'), 5);
      const late = await store.add('t', records('bb', 'c'), 9);
      await store.drop('t', [...early, late[0] ?? 0], 'full', 30);
      await store.drop('t', early, 'full', 31);
      assert.deepEqual(await store.gaps('t'), [{ target: 't', records: 2, bytes: 3, fromMs: 5, toMs: 9, reason: 'full', droppedMs: 30 }]);
      assert.deepEqual(await store.gaps('other'), []);
      assert.deepEqual((await store.pending('t', 10)).map(({ body }) => body), ['c']);
      assert.equal((await store.depth('t')).bytes, 1);
    });

    it('keeps the last of what a target refuses, and a gap for the rest', async () => {
      const sequences = await store.add('t', Array.from({ length: mostRejected + 3 }, (_, n) => ({ idempotencyKey: `${n}`, body: 'xx' })), 7);
      await store.setAside('t', sequences, 'no', 20);
      assert.deepEqual(await store.depth('t'), { records: 0, bytes: 0, setAside: mostRejected });
      assert.equal((await store.rejected('t', 1))[0]?.idempotencyKey, '3');
      assert.deepEqual((await store.gaps('t')).map(({ records, bytes, fromMs, toMs, droppedMs }) => [records, bytes, fromMs, toMs, droppedMs]), [[3, 6, 7, 7, 20]]);
    });

    it('gives what came after a record, without what stands before it', async () => {
      const sequences = await store.add('t', records('a', 'b', 'c', 'd'), 1);
      await store.confirm('t', sequences.slice(2, 3));
      assert.deepEqual((await store.pending('t', 10, sequences[0])).map(({ body }) => body), ['b', 'd']);
      assert.deepEqual((await store.pending('t', 1, sequences[1])).map(({ body }) => body), ['d']);
      assert.deepEqual(await store.pending('t', 10, sequences[3]), []);
      assert.deepEqual((await store.pending('t', 10)).map(({ body }) => body), ['a', 'b', 'd']);
    });

    it('tells its targets, and removes one with all that is kept of it', async () => {
      assert.deepEqual(await store.targets(), []);
      const [a] = await store.add('gone', records('a', 'b'), 1) as [number];
      await store.setAside('gone', [a], 'no', 2);
      await store.add('other', records('x'), 1);
      await store.leaveGap({ target: 'full', records: 3, bytes: 30, fromMs: 1, toMs: 2, reason: 'disk full', droppedMs: 2 });
      assert.deepEqual(await store.targets(), ['full', 'gone', 'other']);
      assert.deepEqual((await store.gaps('full')).map(({ records: count, reason }) => [count, reason]), [[3, 'disk full']]);
      await store.remove('gone');
      assert.deepEqual(await store.targets(), ['full', 'other']);
      assert.deepEqual(await store.depth('gone'), { records: 0, bytes: 0, setAside: 0 });
      assert.deepEqual([await store.pending('gone', 10), await store.rejected('gone', 10)], [[], []]);
      await store.add('gone', records('again'), 3);
      assert.deepEqual((await store.pending('gone', 10)).map(({ body }) => body), ['again']);
    });

    it('treats foreign names as names', async () => {
      for (const target of ['__proto__', "'; DROP TABLE record; --", '']) {
        await store.add(target, records(target), 1);
        assert.deepEqual((await store.pending(target, 10)).map(({ body }) => body), [target]);
      }
    });
  });
}
