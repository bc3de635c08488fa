import assert from 'node:assert/strict';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { Problem } from '../../../engine/problem.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import type { Site } from '../../../engine/site/site.ts';
import { registration, single, startSite, TestClock } from './siteFixture.ts';

const settings = { drivers: [], offModes: [] };
const judge = { falseAlarmsPerWeek: 1 };
const seed = 11;

/** A pump whose current follows its speed; `level` is added to the current. */
class Pump {
  readonly site: Site;
  readonly asset: AssetTwin;
  readonly #clock: TestClock;
  readonly #random = new SeededRandom(seed);

  constructor(site: Site, asset: AssetTwin, clock: TestClock) {
    this.site = site;
    this.asset = asset;
    this.#clock = clock;
    asset.configureBaseline(settings);
    asset.configureJudge(judge);
  }

  run(rows: number, level = 0): void {
    const { site, asset } = this;
    for (let index = 0; index < rows; index++) {
      const timeMs = (this.#clock.wallMs += 1_000);
      const speed = 1000 + 100 * Math.floor(this.#random.uniform() * 5);
      const values = { speed, current: speed / 250 + level + 0.05 * this.#random.normal(), vibration: 2 + 0.1 * this.#random.normal(), mode: 'running' };
      const update = single(site, asset, { timeMs, values });
      site.keep(Object.entries(values).map(([property, value]) => ({ twin: asset.key, property, timeMs, value, quality: 'good' as const })));
      asset.evaluate(update);
    }
  }

  get current(): number {
    return this.asset.lastEvaluation?.expected['current']?.value ?? NaN;
  }
}

async function pump(store = openMemoryStore(), clock = new TestClock()): Promise<Pump & { store: typeof store; clock: TestClock }> {
  const { site } = await startSite({}, store, clock);
  site.addJudge('judge');
  return Object.assign(new Pump(site, site.register(registration('pump1')), clock), { store, clock });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('versions of what was learned', () => {
  it(`are kept by themselves, with when and why, and go with the oldest first (seed ${seed})`, async () => {
    const one = await pump();
    const { site, asset, clock } = one;
    one.run(1_200);
    for (let tick = 0; tick < 480; tick++) site.tick();
    assert.deepEqual(site.baselines.versions('pump1').map(({ number, why }) => [number, why]), [[1, 'armed']]);
    assert.equal(site.baselines.versions('pump1')[0]?.atMs, clock.wallMs);
    clock.wallMs += 8 * 86_400_000;
    one.run(400);
    for (let tick = 0; tick < 480; tick++) site.tick();
    assert.deepEqual(site.baselines.versions('pump1').map(({ why }) => why), ['weekly', 'armed']);
    site.baselines.keep(asset, 'hand', 'after the repair');
    for (let turns = 0; turns < 12; turns++) site.baselines.keep(asset, 'weekly');
    const versions = site.baselines.versions('pump1');
    assert.equal(versions.length, 8);
    assert.equal(versions.at(-1)?.note, 'after the repair');
    await site.written();
    assert.equal((await one.store.state.entries('baseline/pump1/')).length, 8, 'what went is not on disk either');
    await site.stop();
  });

  it(`an earlier one comes back as it was, also after a restart, and going back can be undone (seed ${seed})`, async () => {
    const one = await pump();
    one.run(1_200);
    const before = one.current;
    const kept = one.site.baselines.keep(one.asset, 'hand');
    const known = JSON.stringify(one.asset.learned());
    one.asset.learnAgain();
    one.run(1_200, 3);
    assert.ok(Math.abs(one.current - before) > 2, 'it learned another level');
    await one.site.stop();

    const two = await pump(one.store, one.clock);
    assert.deepEqual(two.site.baselines.versions('pump1').map(({ why }) => why), ['learnAgain', 'hand']);
    await two.site.baselines.goBack('pump1', kept);
    const again = JSON.parse(JSON.stringify(two.asset.learned())) as Record<string, unknown>;
    assert.deepEqual(again['baseline'], (JSON.parse(known) as Record<string, unknown>)['baseline'], 'bit for bit');
    two.run(1);
    assert.ok(Math.abs(two.current - before) < 1.8, `${two.current} beside ${before}`);
    two.run(100, 3);
    assert.equal(two.asset.lastEvaluation?.anomaly.verdict, 'anomaly', 'the other level is abnormal again');
    const [undo] = two.site.baselines.versions('pump1');
    assert.equal(undo?.why, 'goBack');
    await two.site.baselines.goBack('pump1', undo?.number ?? NaN);
    two.run(100, 3);
    assert.equal(two.asset.lastEvaluation?.anomaly.verdict, 'normal');
    await two.site.stop();
  });

  it('refuses a version that is not there, of other drivers or of other properties', async () => {
    const one = await pump();
    one.run(1_200);
    const number = one.site.baselines.keep(one.asset, 'hand');
    const code = async (action: Promise<unknown>): Promise<string> => action.then(() => 'done', (problem: unknown) => (problem instanceof Problem ? problem.code : String(problem)));
    assert.equal(await code(one.site.baselines.goBack('pump1', 77)), 'TWIN_VERSION_UNKNOWN');
    assert.equal(await code(one.site.baselines.goBack('nobody', 1)), 'TWIN_UNKNOWN');
    assert.equal(await code(one.site.baselines.learnFromHistory('pump1', 0, 1, turn)), 'TWIN_IMPORT_EMPTY');
    one.asset.configureBaseline({ drivers: ['speed'], offModes: [] });
    assert.equal(one.site.baselines.versions('pump1')[0]?.why, 'drivers', 'kept before the question changed');
    assert.equal(await code(one.site.baselines.goBack('pump1', number)), 'TWIN_VERSION_OTHER_DRIVERS');
    await one.site.stop();
  });

  it(`learns from the site's own history what it learned live (seed ${seed})`, async () => {
    const one = await pump();
    const fromMs = one.clock.wallMs;
    one.run(2_000);
    const before = one.current;
    one.asset.learnAgain();
    assert.equal(one.asset.progress().phase, 'learning');
    const { rows } = await one.site.baselines.learnFromHistory('pump1', fromMs, one.clock.wallMs + 1, turn);
    assert.equal(rows, 2_000);
    assert.equal(one.asset.progress().phase, 'armed');
    one.run(1);
    assert.ok(Math.abs(one.current - before) < 1.8);
    one.run(60, 3);
    assert.equal(one.asset.lastEvaluation?.anomaly.verdict, 'anomaly');
    assert.equal(one.site.asset('pump1'), one.asset, 'the machine itself stays');
    await one.site.stop();
  });
});
