import assert from 'node:assert/strict';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import { trainAutoencoder } from '../../../adapters/tensorflow/trainingThread.ts';
import type { Json, Trainer, TrainingOrder } from '../../../engine/ports.ts';
import { Problem } from '../../../engine/problem.ts';
import { DeepWatch } from '../../../engine/site/deepWatch.ts';
import { SiteDeep } from '../../../engine/site/siteDeep.ts';
import { Site } from '../../../engine/site/site.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { TestClock, registration, single } from './siteFixture.ts';
import { deepColumns, deepStream } from './deepStream.ts';

const trainer: Trainer = { train: async (order) => (await trainAutoencoder(order)).result };
const untrained: Trainer = { train: () => Promise.reject(new Problem('TWIN_DEEP_MISSING', 'Missing.', 'Install.')) };

function watchOf(by: Trainer, snapshot?: Json): DeepWatch {
  return new DeepWatch(deepColumns, { falseAlarmsPerWeek: 1, trainer: by, seed: 3, onProblem: (problem) => assert.fail(String(problem)) }, snapshot);
}

describe('signals watched together', function () {
  this.timeout(60_000);
  let trained: Json;

  before(async () => {
    const stream = deepStream(1);
    let order: TrainingOrder | undefined;
    const watch = watchOf({
      train(asked) {
        order = asked;
        return trainer.train(asked);
      },
    });
    for (let row = 0; order === undefined && row < 3_000; row += 1) stream.next(watch);
    await watch.settled();
    assert.ok(watch.ready);
    const { rows, heldOut, inputs } = order!;
    assert.deepEqual([rows.length / inputs, heldOut.length / inputs], [1_400, 600]);
    trained = watch.snapshot();
  });

  it('finds that two signals no longer go together where each by itself is as ever, and names them', () => {
    let found = 0;
    let alone = 0;
    let named = 0;
    for (let seed = 101; seed <= 105; seed += 1) {
      const watch = watchOf(trainer, trained);
      const stream = deepStream(seed);
      for (let row = 0; row < 500; row += 1) stream.next(watch);
      let first: string | undefined;
      for (let row = 0; row < 500; row += 1) {
        const verdicts = stream.next(watch, true);
        if (verdicts.alone.verdict === 'anomaly') alone += 1;
        if (verdicts.together === verdicts.alone) continue;
        const { signals, verdict, leastPerWeek, score } = verdicts.together;
        assert.deepEqual([verdict, verdicts.alone.verdict, signals[0]!.kind], ['anomaly', 'normal', 'deviation']);
        assert.ok(leastPerWeek <= 1 && score > 0 && Math.abs(signals.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
        first ??= deepColumns[signals[0]!.column]!.name;
      }
      if (first !== undefined) found += 1;
      if (first === 'current' || first === 'torque') named += 1;
    }
    assert.ok(found >= 4 && named === found, `found in ${found} of 5, named in ${named}`);
    assert.ok(alone < 25, `the charts of single signals: ${alone} rows of 2,500`);
  });

  it('is mostly not needed for it: the joint charts find them as well, without a training', () => {
    let found = 0;
    for (let seed = 101; seed <= 105; seed += 1) {
      const watch = watchOf(trainer, trained);
      const stream = deepStream(seed, []);
      for (let row = 0; row < 600; row += 1) stream.next(watch);
      let first: string | undefined;
      for (let row = 0; row < 500; row += 1) {
        const { signals } = stream.next(watch, true).alone;
        if (signals[0]?.kind === 'relation') first ??= deepColumns[signals[0].column]!.name;
      }
      if (first === 'current' || first === 'torque') found += 1;
    }
    assert.ok(found >= 4, `found in ${found} of 5`);
  });

  it('calls a healthy machine no more often than asked, over 20 seeds', () => {
    let episodes = 0;
    let rows = 0;
    for (let seed = 201; seed <= 220; seed += 1) {
      const watch = watchOf(trainer, trained);
      const stream = deepStream(seed);
      let open = false;
      for (let row = 0; row < 1_300; row += 1, rows += 1) {
        const { alone, together } = stream.next(watch);
        const now = together !== alone;
        if (now && !open) episodes += 1;
        open = now;
      }
    }
    const weeks = (rows * 10_000) / (7 * 24 * 3_600_000);
    assert.ok(episodes <= Math.max(1, weeks), `${episodes} in ${weeks.toFixed(2)} weeks`);
  });

  it('goes on after a restart exactly as before', () => {
    const stored = JSON.parse(JSON.stringify(trained)) as Json;
    const [one, other] = [watchOf(trainer, trained), watchOf(trainer, stored)];
    const [first, second] = [deepStream(7), deepStream(7)];
    for (let row = 0; row < 900; row += 1) assert.deepEqual(first.next(one, row > 600).together, second.next(other, row > 600).together);
    assert.deepEqual(one.snapshot(), other.snapshot());
  });

  it('never trains on what others found abnormal', () => {
    const watch = watchOf(untrained, trained);
    const stream = deepStream(9);
    for (let row = 0; row < 400; row += 1) stream.next(watch);
    const before = watch.snapshot() as { rows: number };
    const row = { timeMs: 2e12, mode: '', values: new Float64Array(4).fill(50), fresh: new Uint8Array(4).fill(1) };
    const expectation = { expected: new Float64Array(4).fill(50), low: new Float64Array(4).fill(49), high: new Float64Array(4).fill(51), phase: new Uint8Array(4).fill(2), follows: new Uint8Array(4) };
    const abnormal = { verdict: 'anomaly', score: 2, sinceMs: 2e12, signals: [], leastPerWeek: 0.1 } as const;
    for (let each = 0; each < 50; each += 1) {
      row.timeMs += 10_000;
      const given = { ...abnormal, signals: [] };
      assert.equal(watch.look(row, expectation, given), given);
    }
    assert.equal((watch.snapshot() as { rows: number }).rows, before.rows);
    const normal = { verdict: 'normal', score: 0, sinceMs: NaN, signals: [], leastPerWeek: Infinity } as const;
    for (let each = 0; each < 60; each += 1) {
      row.timeMs += 10_000;
      watch.look(row, expectation, { ...normal, signals: [] });
    }
    const learned = (watch.snapshot() as { rows: number }).rows - before.rows;
    assert.ok(learned > 0 && learned <= 60 - 16, `${learned} rows`);
  });

  it('is kept under deep/<key>, comes back from there, and says once that its packages are missing', async () => {
    const store = openMemoryStore();
    await store.state.commit([{ key: 'deep/pump', value: trained }]);
    const problems: Problem[] = [];
    const deep = new SiteDeep(untrained, (problem) => problems.push(problem));
    deep.load(await store.state.entries('deep/'));
    const known = deep.watch('pump', deepColumns, 1)!;
    assert.ok(known.ready);
    assert.equal(deep.takeChanges(0, true).length, 0);
    for (const key of ['fan', 'saw']) {
      const watch = deep.watch(key, deepColumns, 1)!;
      const stream = deepStream(4);
      for (let row = 0; row < 2_600; row += 1) stream.next(watch);
      await watch.settled();
      assert.equal(watch.ready, false);
    }
    assert.deepEqual(problems.map(({ code }) => code), ['TWIN_DEEP_MISSING']);
    assert.deepEqual(deep.takeChanges(0, false).map(({ key }) => key), ['deep/fan']);
    assert.deepEqual(deep.takeChanges(0, true).map(({ key }) => key), ['deep/saw']);
    deep.load([{ key: 'deep/torn', value: { v: 1, columns: deepColumns.map(({ name }) => name), trained: {} } }]);
    assert.equal(deep.watch('torn', deepColumns, 1)!.ready, false);
    assert.equal(problems[1]!.code, 'TWIN_DEEP_UNREADABLE');
    assert.equal(new SiteDeep(undefined, () => assert.fail()).watch('pump', deepColumns, 1), undefined);
  });

  it('changes nothing where it is off; where it is on, the site asks for a training, says what lacks and goes on', async () => {
    const run = async (by: Trainer | undefined, deep: boolean, rows: number) => {
      const store = openMemoryStore();
      const clock = new TestClock();
      const options = { id: 'site', name: 'Plant', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 } as const;
      const site = new Site(options, { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox, ...(by !== undefined && { trainer: by }) });
      await site.start();
      const asset = site.register(registration('p1'));
      site.addJudge('judge');
      asset.configureBaseline({ drivers: ['speed'], offModes: [] });
      asset.configureJudge({ falseAlarmsPerWeek: 1, ...(deep && { deep }) });
      const random = new SeededRandom(2);
      const verdicts: string[] = [];
      for (let row = 0; row < rows; row += 1) {
        clock.wallMs += 10_000;
        const values = { speed: 1_500, current: 8 + 0.2 * random.normal(), vibration: 2 + 0.1 * random.normal(), mode: 'run' };
        verdicts.push(JSON.stringify(asset.evaluate(single(site, asset, { timeMs: clock.wallMs, values }))));
        if (row % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
      }
      const problems = site.takeProblems().map(({ code }) => code);
      await site.stop();
      return { verdicts, problems, state: await store.state.entries('') };
    };
    let asked = 0;
    const counting: Trainer = {
      train(order) {
        asked += 1;
        assert.equal(order.inputs, 4);
        return untrained.train(order);
      },
    };
    const [without, off] = [await run(undefined, false, 4_000), await run(counting, false, 4_000)];
    assert.equal(asked, 0);
    assert.deepEqual(off, without);
    const on = await run(counting, true, 4_000);
    assert.ok(asked >= 1);
    assert.deepEqual(on.problems, ['TWIN_DEEP_MISSING']);
    assert.deepEqual(on.verdicts, off.verdicts);
    assert.deepEqual(on.state.map(({ key }) => key).filter((key) => key.startsWith('deep/')), ['deep/p1']);
    assert.ok(off.state.every(({ key }) => !key.startsWith('deep/')));
  });
});
