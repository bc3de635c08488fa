import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json, StateStore } from '../../../engine/ports.ts';
import { checkParameters } from './checkParameters.ts';

/** What every StateStore must do. `open` gives an empty one; `close` ends it. */
export function checkStateStore(name: string, open: () => Promise<{ store: StateStore; close(): Promise<void> }>): void {
  describe(`${name}: StateStore`, () => {
    let store: StateStore;
    let close: () => Promise<void>;
    beforeEach(async () => ({ store, close } = await open()));
    afterEach(() => close());

    it('gives back what was committed, with a revision that grows', async () => {
      const [first, second] = await store.commit([{ key: 'a', value: { n: [1, null, 'x', true] } }, { key: 'b', value: 2 }]);
      assert.ok(first !== undefined && second !== undefined && second > first);
      assert.deepEqual(await store.get('a'), { key: 'a', value: { n: [1, null, 'x', true] }, revision: first });
      const [third] = await store.commit([{ key: 'a', value: 3 }]);
      assert.ok(third !== undefined && third > second);
      assert.deepEqual(await store.get('a'), { key: 'a', value: 3, revision: third });
    });

    it('deletes with null, and a key written again never gets an old revision', async () => {
      const [before] = await store.commit([{ key: 'a', value: 1 }]);
      await store.commit([{ key: 'a', value: null }]);
      assert.equal(await store.get('a'), undefined);
      assert.deepEqual(await store.entries(''), []);
      const [after] = await store.commit([{ key: 'a', value: 1 }]);
      assert.ok(before !== undefined && after !== undefined && after > before);
    });

    it('lists by prefix, in key order', async () => {
      await store.commit(['twin/b', 'twin/a', 'twin', 'twin/a/x', 'twio', 'zebra', 'twin/\u{1F600}', 'twin/\uFFFD'].map((key) => ({ key, value: key })));
      assert.deepEqual((await store.entries('twin/')).map(({ key }) => key), ['twin/a', 'twin/a/x', 'twin/b', 'twin/\uFFFD', 'twin/\u{1F600}']);
      assert.equal((await store.entries('')).length, 8);
      assert.deepEqual(await store.entries('nothing'), []);
    });

    it('treats foreign names as names', async () => {
      const keys = ['__proto__', 'constructor', "'; DROP TABLE state; --", '%', '_', 'ключ', '\u{1F600}', ''];
      await store.commit(keys.map((key) => ({ key, value: [key] })));
      for (const key of keys) assert.deepEqual((await store.get(key))?.value, [key]);
      assert.equal((await store.entries('')).length, keys.length);
    });

    it('writes all of a commit or nothing of it', async () => {
      await store.commit([{ key: 'a', value: 1 }]);
      await assert.rejects(store.commit([{ key: 'a', value: 2 }, { key: 'b', value: 3n as unknown as Json }]));
      assert.equal((await store.get('a'))?.value, 1);
      assert.equal(await store.get('b'), undefined);
    });

    it('keeps no hold on what it was given or gave', async () => {
      const value = { list: [1] };
      const written = store.commit([{ key: 'a', value }]);
      value.list.push(2);
      await written;
      const read = await store.get('a');
      assert.ok(read !== undefined);
      (read.value as { list: number[] }).list.push(3);
      assert.deepEqual((await store.get('a'))?.value, { list: [1] });
    });

    it('answers a read after a write that nobody waited for', async () => {
      const written = store.commit([{ key: 'a', value: 1 }]);
      assert.equal((await store.get('a'))?.value, 1);
      await written;
    });

    it('any JSON comes back equal (property)', async function () {
      this.timeout(60_000);
      // Keys of the store are well-formed text; the values may hold anything that JSON can.
      const key = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text).toString());
      await fc.assert(fc.asyncProperty(key, fc.jsonValue({ maxDepth: 4 }), async (name, value) => {
        fc.pre(value !== null);
        const sent = JSON.parse(JSON.stringify(value)) as Json;
        await store.commit([{ key: name, value: sent }]);
        assert.deepEqual((await store.get(name))?.value, sent);
      }), checkParameters(60));
    });
  });
}
