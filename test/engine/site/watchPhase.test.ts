import assert from 'node:assert/strict';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { LearningProgress } from '../../../contract/messages.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { BaselineProgress } from '../../../engine/baselines/index.ts';
import { FirstGuard } from '../../../engine/site/firstGuard.ts';
import { machineOf } from '../../../engine/site/overview.ts';
import { watchPhase } from '../../../engine/site/watchPhase.ts';
import { registration, single, startSite } from './siteFixture.ts';

const begun: BaselineProgress = { started: true, phase: 'armed', percent: 100, missing: [] };
const column = (property: string, normalRows: number | undefined, presence = 1): { property: string; normalRows: number | undefined; presence: number } => ({ property, normalRows, presence });

describe('phases of a machine', () => {
  it('come from the baseline and the judge together, with what is missing and how long it takes', () => {
    const guard = watchPhase({ started: false, phase: 'learning', percent: 5, missing: [{ code: 'rows', property: 'a', missing: 285 }] }, [column('a', 0)], 1_000);
    assert.deepEqual(guard, { watch: 'guard', missing: [{ code: 'rows', property: 'a', missing: 285 }], etaMs: 300_000 });
    assert.equal(watchPhase(begun, [column('a', 59), column('b', 10)], 1_000).watch, 'learning', 'the judge tells nothing yet');
    const provisional = watchPhase(begun, [column('a', 60), column('b', 300)], 1_000);
    assert.deepEqual(provisional, { watch: 'provisional', missing: [{ code: 'rows', property: 'a', missing: 240 }], etaMs: 240_000 });
    assert.equal(watchPhase(begun, [column('a', 60, 0.1), column('b', 300)], 1_000).etaMs, 2_400_000, 'what comes with each tenth row takes longer');
    assert.deepEqual(watchPhase(begun, [column('a', 300), column('b', 300)], 1_000), { watch: 'armed', missing: [], etaMs: undefined });
    assert.equal(watchPhase(begun, [column('a', undefined)], NaN).watch, 'armed', 'where nothing judges the baseline says it');
    // Unsettled: nothing of it is told, and it says how long that will be looked at.
    const unsettled: BaselineProgress = { ...begun, phase: 'provisional', missing: [{ code: 'time', property: 'a', missing: 900_000 }] };
    assert.deepEqual(watchPhase(unsettled, [column('a', 500)], 1_000), { watch: 'learning', missing: unsettled.missing, etaMs: 900_000 });
    assert.equal(watchPhase(unsettled, [column('a', 500), column('b', 500)], 1_000).watch, 'provisional');
    // What never sent anything holds nothing up.
    assert.equal(watchPhase({ ...begun, missing: [{ code: 'fresh-values', property: 'b', missing: 1 }] }, [column('a', 500), column('b', 0)], 1_000).watch, 'armed');
    assert.equal(watchPhase(begun, [column('a', 100)], NaN).etaMs, undefined, 'no pace, no time');
  });

  it('the first guard sees what stands still, and not what never moved or moves in coarse steps', () => {
    const random = new SeededRandom(4);
    const guard = new FirstGuard([{ name: 'noisy', kind: 'measured' }, { name: 'constant', kind: 'measured' }, { name: 'setpoint', kind: 'setpoint' }, { name: 'coarse', kind: 'measured' }]);
    const told = new Set<string>();
    let sinceMs = NaN;
    for (let row = 0; row < 400; row += 1) {
      const stuck = row >= 200;
      const values = Float64Array.of(stuck ? 5.123 : 5 + random.normal(), 7, row < 50 ? row : 3, Math.round(20 + 0.6 * random.normal()));
      const found = guard.look({ timeMs: row * 1000, mode: '', values, fresh: Uint8Array.of(1, 1, 1, 1) });
      for (const one of found.columns) told.add(`${one}`);
      if (found.columns.length > 0) sinceMs = found.sinceMs;
      if (row < 200) assert.equal(found.columns.length, 0, `row ${row}`);
    }
    assert.deepEqual([...told], ['0']);
    assert.ok(sinceMs >= 210_000 && sinceMs < 260_000, `told since ${sinceMs} ms`);
  });

  it('of a real machine: guard, learning, provisional, armed; then a speed that it never ran, in words', async () => {
    const { site, clock } = await startSite({}, openMemoryStore());
    site.addJudge('judge');
    const asset = site.register(registration('pump1'));
    asset.configureBaseline({ drivers: ['speed'], offModes: [] });
    asset.configureJudge({ falseAlarmsPerWeek: 1 });
    const random = new SeededRandom(8);
    const run = (rows: number, speed: (index: number) => number, stuck = false): LearningProgress => {
      for (let index = 0; index < rows; index += 1) {
        clock.wallMs += 1_000;
        const at = speed(index);
        const values = { speed: at, current: stuck ? 4.4 : at / 250 + 0.05 * random.normal(), vibration: 2 + 0.1 * random.normal(), mode: 'running' };
        asset.evaluate(single(site, asset, { timeMs: clock.wallMs, values }));
      }
      return asset.progress();
    };
    const usual = (): number => 1000 + 100 * Math.floor(random.uniform() * 5);
    const seen: string[] = [];
    let etaMs = NaN;
    for (let turn = 0; turn < 60; turn += 1) {
      const progress = run(16, usual);
      if (seen.at(-1) !== progress.watch) seen.push(progress.watch ?? '');
      if (progress.watch === 'provisional' && Number.isNaN(etaMs)) etaMs = progress.etaMs ?? NaN;
    }
    assert.deepEqual(seen, ['guard', 'learning', 'provisional', 'armed']);
    assert.ok(etaMs > 60_000 && etaMs < 600_000, `${etaMs} ms`);
    assert.equal(machineOf(site, asset).condition, 'normal');
    const beyond = run(10, () => 2600);
    assert.equal(beyond.unseen, true);
    assert.equal(asset.lastEvaluation?.anomaly.verdict, 'normal', 'not judged');
    const machine = machineOf(site, asset);
    assert.equal(machine.condition, 'learning');
    assert.equal(machine.sentence, 'It never ran at this operating point before: that is being learned and not judged yet.');
    assert.equal(run(40, usual).unseen, undefined);
    await site.stop();
  });

  it('a value that gets stuck while nothing is known yet is told all the same', async () => {
    const { site, clock } = await startSite({}, openMemoryStore());
    site.addJudge('judge');
    const asset = site.register(registration('pump1'));
    asset.configureJudge({ falseAlarmsPerWeek: 1 });
    const random = new SeededRandom(9);
    let told = 0;
    for (let index = 0; index < 125; index += 1) {
      clock.wallMs += 1_000;
      // The mode is another one now and then, so that the baseline has had too little of each.
      const values = { speed: 1000, current: index < 70 ? 4 + 0.1 * random.normal() : 4.2, vibration: 2 + 0.1 * random.normal(), mode: `recipe${Math.floor(index / 25)}` };
      const verdict = asset.evaluate(single(site, asset, { timeMs: clock.wallMs, values }))?.anomaly;
      if (verdict?.verdict !== 'anomaly') continue;
      told += 1;
      assert.deepEqual(verdict.signals.map(({ property, kind }) => [property, kind]), [['current', 'stuck']]);
      assert.match(verdict.reason, /Motor current is stuck at 4\.2 A/);
    }
    assert.ok(told > 5, `${told} rows`);
    assert.notEqual(asset.progress().watch, 'armed');
    await site.stop();
  });
});
