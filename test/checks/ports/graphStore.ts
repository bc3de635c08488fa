import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Fact, GraphStore } from '../../../engine/ports.ts';
import { MemoryGraphStore } from '../../../adapters/memory/memoryStore.ts';
import { checkParameters } from './checkParameters.ts';

/** What every GraphStore must do. `open` gives an empty one; `close` ends it. */
export function checkGraphStore(name: string, open: () => Promise<{ store: GraphStore; close(): Promise<void> }>): void {
  describe(`${name}: GraphStore`, function () {
    this.timeout(60_000);
    let store: GraphStore;
    let close: () => Promise<void>;
    beforeEach(async () => ({ store, close } = await open()));
    afterEach(() => close());

    const fact = (id: string, more: Partial<Fact> = {}): Fact =>
      ({ id, subject: 'filler', relation: 'feeds', object: 'sealer', validFromMs: 10, recordedMs: 10, source: 'flow', ...more });
    const ids = async (validMs: number, recordedMs: number): Promise<string[]> => (await store.facts({ validMs, recordedMs })).map(({ id }) => id);

    it('an assertion made twice is one fact', async () => {
      await store.assert([fact('a'), fact('a')]);
      await store.assert([fact('a', { recordedMs: 50, source: 'other' })]);
      assert.deepEqual(await store.facts({ validMs: 100, recordedMs: 100 }), [fact('a')]);
    });

    it('valid time and recorded time are two things', async () => {
      await store.assert([fact('a', { validFromMs: 10, recordedMs: 20 })]);
      await store.end(['a'], 30, 40);
      assert.deepEqual(await ids(9, 100), []);
      assert.deepEqual(await ids(10, 19), [], 'not yet recorded');
      assert.deepEqual(await ids(10, 20), ['a']);
      assert.deepEqual(await ids(30, 100), [], 'ended, end exclusive');
      assert.deepEqual(await ids(29, 100), ['a']);
      assert.deepEqual(await store.facts({ validMs: 35, recordedMs: 39 }), [fact('a', { recordedMs: 20 })], 'the end was not known then');
      assert.deepEqual(await store.facts({ validMs: 20, recordedMs: 100 }), [fact('a', { recordedMs: 20, validToMs: 30 })]);
    });

    it('only an open fact is ended, once', async () => {
      await store.assert([fact('a'), fact('b', { validToMs: 15 })]);
      await store.end(['a', 'b', 'nothing'], 30, 30);
      await store.end(['a'], 99, 99);
      assert.deepEqual((await store.facts({ validMs: 12, recordedMs: 200 })).map(({ validToMs }) => validToMs), [30, 15]);
    });

    it('what is taken back is believed no longer, but was', async () => {
      await store.assert([fact('a')]);
      await store.assert([fact('a', { retractedMs: 50 })]);
      assert.deepEqual(await ids(20, 49), ['a']);
      assert.deepEqual(await ids(20, 50), []);
    });

    it('is asked by subject, object, relation and source', async () => {
      await store.assert([
        fact('a'), fact('b', { subject: 'sealer', object: 'labeller' }), fact('c', { relation: 'powers', source: 'message' }),
        fact('__proto__', { subject: '__proto__', object: "'; --", relation: 'constructor' }),
      ]);
      const at = { validMs: 100, recordedMs: 100 };
      const of = async (query: object): Promise<string[]> => (await store.facts({ ...at, ...query })).map(({ id }) => id);
      assert.deepEqual(await of({ subject: 'filler' }), ['a', 'c']);
      assert.deepEqual(await of({ object: 'sealer', relation: 'feeds' }), ['a']);
      assert.deepEqual(await of({ source: 'message' }), ['c']);
      assert.deepEqual(await of({ subject: '__proto__', object: "'; --" }), ['__proto__']);
      assert.deepEqual(await of({ subject: 'nobody' }), []);
    });

    it('answers like the one in memory (property)', async () => {
      const time = fc.integer({ min: 0, max: 10 });
      const change = fc.oneof(
        fc.record({
          kind: fc.constant('assert' as const), id: fc.constantFrom('a', 'b', 'c'), validFromMs: time, recordedMs: time,
          validToMs: fc.option(time, { nil: undefined }), retractedMs: fc.option(time, { nil: undefined }),
        }),
        fc.record({ kind: fc.constant('end' as const), id: fc.constantFrom('a', 'b', 'c'), validToMs: time, recordedMs: time }),
      );
      let round = 0;
      await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
        round += 1;
        const reference = new MemoryGraphStore();
        const subject = `subject ${round}`;
        for (const one of changes) {
          const id = `${round} ${one.id}`;
          for (const graph of [store, reference]) {
            if (one.kind === 'end') {
              await graph.end([id], one.validToMs, one.recordedMs);
              continue;
            }
            const { validFromMs, recordedMs, validToMs, retractedMs } = one;
            await graph.assert([{
              ...fact(id, { subject, validFromMs, recordedMs }), ...(validToMs !== undefined && { validToMs }),
              ...(retractedMs !== undefined && { retractedMs }),
            }]);
          }
        }
        for (let validMs = 0; validMs <= 10; validMs += 2) {
          for (let recordedMs = 0; recordedMs <= 10; recordedMs += 2) {
            const query = { validMs, recordedMs, subject };
            assert.deepEqual(await store.facts(query), await reference.facts(query));
          }
        }
      }), checkParameters(40));
    });
  });
}
