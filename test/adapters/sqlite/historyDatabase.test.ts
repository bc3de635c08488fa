import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { MemoryHistorian } from '../../../adapters/memory/memoryStore.ts';
import { HistoryBatchBuilder } from '../../../adapters/sqlite/historyBatch.ts';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import { StoreDatabases } from '../../../adapters/sqlite/storeDatabases.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { HistoryPoint } from '../../../engine/ports.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

const hour = 3_600_000;
const begin = 472_222 * hour;

describe('the embedded historian', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('history')));
  afterEach(() => rmSync(folder, { recursive: true }));

  const wave = (count: number, stepMs: number, twin = 'filler'): HistoryPoint[] =>
    Array.from({ length: count }, (_, index) => ({ twin, property: 'speed', timeMs: begin + index * stepMs, value: Math.round(1000 * Math.sin(index / 50)) / 10, quality: 'good' as const }));
  const batchOf = (points: readonly HistoryPoint[]): ReturnType<HistoryBatchBuilder['take']> => {
    const builder = new HistoryBatchBuilder();
    builder.add(points);
    return builder.take();
  };

  it('answers like the one in memory through sealing, late values, reopening and forgetting (property)', async () => {
    const anyPoint = fc.record({
      twin: fc.constantFrom('a', 'b'), property: fc.constantFrom('p', 'q'), timeMs: fc.integer({ min: 0, max: 5000 }).map((at) => begin + at * 997),
      value: fc.oneof(fc.integer({ min: -999, max: 999 }).map((whole) => whole / 10), fc.constantFrom('text', true, null)),
      quality: fc.constantFrom('good' as const, 'uncertain' as const, 'bad' as const),
    });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.array(anyPoint, { maxLength: 40 }).map((points) => ({ do: 'write' as const, points })) },
      { weight: 2, arbitrary: fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('p', 'q'), fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 2000 }))
        .map(([twin, property, at, length]) => ({ do: 'clear' as const, twin, property, fromMs: begin + at * 997, toMs: begin + (at + length) * 997 })) },
      fc.constant({ do: 'seal' as const }), fc.constant({ do: 'reopen' as const }), fc.integer({ min: 0, max: 3000 }).map((at) => ({ do: 'forget' as const, beforeMs: begin + at * 997 })),
    );
    let round = 0;
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      round += 1;
      const own = join(folder, `round${round}`);
      const { mkdirSync } = await import('node:fs');
      mkdirSync(own);
      let database = new StoreDatabases(own);
      const memory = new MemoryHistorian();
      for (const one of steps) {
        if (one.do === 'write') {
          database.historyWrite(batchOf(one.points));
          await memory.write(one.points);
        } else if (one.do === 'forget') {
          let gone = 0;
          for (let more = true; more; ) {
            const part = database.historyForget(one.beforeMs);
            gone += part.gone;
            more = part.more;
          }
          assert.equal(gone, await memory.forget(one.beforeMs));
        } else if (one.do === 'clear') {
          database.historyClear(one.twin, one.property, one.fromMs, one.toMs);
          await memory.clear(one.twin, one.property, one.fromMs, one.toMs);
        } else if (one.do === 'seal') database.historySealAll();
        else {
          database.close();
          database = new StoreDatabases(own);
        }
      }
      for (const twin of ['a', 'b']) {
        for (const property of ['p', 'q']) {
          const wanted = await memory.columns(twin, property, begin, begin + 10 * hour);
          const found = database.historyColumns(twin, property, begin, begin + 10 * hour, 1e6);
          assert.deepEqual([[...found.times], [...found.values], [...found.qualities]], [[...wanted.times], [...wanted.values], [...wanted.qualities]]);
          // What was forgotten has left its summaries; from the oldest point that is left on, both must agree.
          const from = wanted.times[0];
          if (from === undefined) continue;
          const summaries = database.historyBuckets(twin, property, from, begin + 2 * hour, 7, Infinity);
          assert.deepEqual(summaries, await memory.buckets(twin, property, from, begin + 2 * hour, 7));
        }
        const then = database.historyAsOf(twin, begin + hour).map(({ property, timeMs, value }) => [property, timeMs, value]);
        assert.deepEqual(then, (await memory.asOf(twin, begin + hour)).map(({ property, timeMs, value }) => [property, timeMs, value]));
      }
      database.close();
      rmSync(own, { recursive: true });
    }), checkParameters(60));
  });

  it('keeps summaries of what it forgets: the same counts, extremes and means as before', async () => {
    const store = openSiteStore(folder);
    await store.historian.write(wave(20_000, 1000));
    const ask = () => store.historian.buckets('filler', 'speed', begin, begin + 5 * hour, 5);
    const before = await ask();
    assert.equal(await store.historian.forget(begin + 3 * hour), 10_800);
    assert.equal((await store.historian.range('filler', 'speed', 0, 1e15)).length, 9200);
    const after = await ask();
    for (const [index, { integral, coveredMs, ...points }] of after.entries()) {
      const { integral: wanted, coveredMs: covered, ...wantedPoints } = before[index] as (typeof before)[number];
      assert.deepEqual(points, wantedPoints, `hour ${index}`);
      assert.ok(Math.abs(integral / coveredMs - wanted / covered) < 1e-9 && Math.abs(coveredMs - covered) <= 1000, `hour ${index}: ${coveredMs} of ${covered} ms`);
    }
    await store.close();
  });

  it('keeps to a size: the oldest raw points go first, their hours stay, and what is newest stays whole', async () => {
    const store = openSiteStore(folder);
    const days = 4;
    const perDay = 43_200;
    const random = new SeededRandom(3);
    for (let day = 0; day < days; day += 1) {
      const times = Float64Array.from({ length: perDay }, (_, index) => begin + (day * perDay + index) * 2000);
      await store.historian.writeRows({ twin: 'filler', properties: ['speed'], times, values: Float64Array.from(times, () => random.normal()) });
    }
    const full = (await store.historian.usage()).bytes;
    const before = await store.historian.buckets('filler', 'speed', begin, begin + days * 24 * hour, days);
    const most = Math.round(full * 0.7);
    const gone = await store.historian.trim(most);
    const { bytes, oldestMs = 0 } = await store.historian.usage();
    assert.ok(gone > 0 && bytes <= most && bytes > most * 0.6, `${bytes} of ${most}`);
    assert.ok(oldestMs > begin && oldestMs < begin + (days - 1) * 24 * hour, new Date(oldestMs).toISOString());
    const last = await store.historian.range('filler', 'speed', begin + (days - 1) * 24 * hour, 1e15);
    assert.equal(last.length, perDay);
    const after = await store.historian.buckets('filler', 'speed', begin, begin + days * 24 * hour, days);
    assert.deepEqual(after.map(({ count, minimum, maximum }) => [count, minimum, maximum]), before.map(({ count, minimum, maximum }) => [count, minimum, maximum]));
    // So small that nothing but the newest has room.
    await store.historian.trim(250_000);
    const least = (await store.historian.usage()).bytes;
    assert.ok(least <= 250_000, String(least));
    assert.ok((await store.historian.range('filler', 'speed', begin + (days * 24 - 1) * hour, 1e15)).length > 0);
    assert.equal(await store.historian.trim(full), 0);
    await store.close();
  });

  it('gives summaries up by their age: minutes after 400 days, hours after ten years', async () => {
    const store = openSiteStore(folder);
    await store.historian.write(wave(7200, 1000));
    const count = async () => (await store.historian.buckets('filler', 'speed', begin, begin + 2 * hour, 1))[0]?.count;
    const dayMs = 24 * hour;
    await store.historian.forget(begin + 3 * hour);
    assert.equal(await count(), 7200);
    await store.historian.forget(begin + 500 * dayMs);
    assert.equal(await count(), 7200, 'of hours');
    await store.historian.forget(begin + 4000 * dayMs);
    assert.equal(await count(), 0);
    await store.close();
  });

  it('sets a damaged chunk aside, says which, and answers with the rest', async () => {
    const databases = new StoreDatabases(folder);
    databases.historyWrite(batchOf([...wave(3000, 1000), ...wave(100, 1000, 'sealer')]));
    databases.historySealAll();
    databases.close();
    const file = new DatabaseSync(join(folder, 'history.db'));
    file.exec("UPDATE chunk SET data = zeroblob(100) WHERE first = (SELECT first FROM chunk WHERE series = 1 ORDER BY first LIMIT 1 OFFSET 1)");
    file.close();
    const store = openSiteStore(folder);
    const told: string[] = [];
    store.onProblem(({ code, message }) => told.push(`${code} ${message}`));
    assert.equal((await store.historian.range('filler', 'speed', 0, 1e15)).length, 3000 - 1024);
    assert.equal((await store.historian.range('sealer', 'speed', 0, 1e15)).length, 100);
    assert.equal(told.length, 1);
    assert.match(told[0] as string, /^TWIN_HISTORY_DAMAGED.*filler, speed/);
    await store.close();
  });

  it('leaves out a damaged part of the newest values and starts', async () => {
    const store = openSiteStore(folder);
    await store.historian.write(wave(10, 1000));
    await store.historian.write(wave(20, 1000, 'sealer'));
    await store.close();
    const file = new DatabaseSync(join(folder, 'history.db'));
    file.exec('UPDATE batch SET data = zeroblob(50) WHERE id = 1');
    file.close();
    const again = openSiteStore(folder);
    assert.equal((await again.historian.range('filler', 'speed', 0, 1e15)).length, 0);
    assert.equal((await again.historian.range('sealer', 'speed', 0, 1e15)).length, 20);
    assert.deepEqual(again.problems.map(({ code }) => code), ['TWIN_HISTORY_DAMAGED']);
    await again.close();
  });

  it('takes over the rows of an older store, which answer meanwhile', async () => {
    await openSiteStore(folder).close();
    const file = new DatabaseSync(join(folder, 'history.db'));
    file.exec("INSERT INTO series (id, twin, property) VALUES (1, 'filler', 'speed')");
    const put = file.prepare('INSERT INTO point (series, time, value, quality) VALUES (1, ?, ?, ?)');
    file.exec('BEGIN');
    for (let index = 0; index < 12_000; index++) put.run(begin + index * 1000, index % 100 === 0 ? 1 : index / 10, index % 100 === 0 ? 4 : 0);
    file.exec('COMMIT');
    file.close();
    const store = openSiteStore(folder);
    const speed = (timeMs: number, value: number): HistoryPoint => ({ twin: 'filler', property: 'speed', timeMs, value, quality: 'good' });
    await store.historian.write([speed(begin + 5000, -1), speed(begin + 12_000_000, 7)]);
    const check = async (): Promise<void> => {
      const found = await store.historian.range('filler', 'speed', 0, 1e15);
      assert.equal(found.length, 12_001);
      assert.deepEqual([found[0]?.value, found[1]?.value, found[5]?.value, found[100]?.value, found[12_000]?.value], [true, 0.1, -1, true, 7]);
      assert.equal((await store.historian.asOf('filler', begin + 3500))[0]?.value, 0.3);
    };
    await check();
    for (let tries = 0; tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const look = new DatabaseSync(join(folder, 'history.db'), { readOnly: true });
      const { left } = look.prepare('SELECT count(*) AS left FROM point').get() as { left: number };
      look.close();
      if (left === 0) break;
      assert.ok(tries < 199, `${left} rows are left`);
    }
    await check();
    await store.close();
  });
});
