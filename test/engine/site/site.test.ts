import assert from 'node:assert/strict';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { acknowledgeCase, alertMessages, conditionOfEvent, takeConditions, takeVerdicts, watchCases } from '../../../engine/site/alert.ts';
import type { AlertSettings } from '../../../engine/site/alert.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import { machineDetail, machineOf, siteSummary } from '../../../engine/site/overview.ts';
import type { TwinEvent } from '../../../contract/messages.ts';
import { batch, registration, single, startSite } from './siteFixture.ts';

const settings: AlertSettings = { onAnomaly: true, onLimit: true, onStale: true, clearAfterMs: 1000, repeatAfterMs: 0 };

describe('Site', () => {
  it('refuses a key used twice and names both nodes', async () => {
    const { site } = await startSite();
    site.register(registration('pump', { nodeId: 'a', nodeName: 'First' }));
    assert.throws(() => site.register(registration('pump', { nodeId: 'b', nodeName: 'Second' })), (problem: Error & { code?: string }) => {
      assert.equal(problem.code, 'TWIN_KEY_TWICE');
      assert.match(problem.message, /"First" \(a\).*"Second" \(b\)/);
      return true;
    });
    assert.throws(() => site.register(registration('')), { code: 'TWIN_KEY_MISSING' });
    site.unregister('pump', 'b');
    assert.ok(site.asset('pump') !== undefined, 'only its own node lets a twin go');
    site.unregister('pump', 'a');
    site.register(registration('pump', { nodeId: 'b' }));
  });

  it('keeps to days and to a size: once an hour what is older goes, then what is too much', async () => {
    const store = openMemoryStore();
    const asked: string[] = [];
    const { historian } = store;
    const counted = new Proxy(historian, {
      get(target, name: string) {
        if (name === 'forget') return async (beforeMs: number) => asked.push(`forget ${beforeMs}`);
        if (name === 'trim') return async (bytes: number) => asked.push(`trim ${bytes}`);
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { site, clock } = await startSite({ keepHistoryDays: 10, keepHistoryBytes: 5_000_000 }, { ...store, historian: counted });
    const before = clock.wallMs - 10 * 86_400_000;
    for (let tick = 0; tick < 8; tick++) {
      site.tick();
      await new Promise((resolve) => setImmediate(resolve));
      clock.wallMs += 900_000;
    }
    assert.deepEqual(asked, [`forget ${before}`, 'trim 5000000', `forget ${before + 3_600_000}`, 'trim 5000000']);
    const unlimited = await startSite({ keepHistoryDays: 10 }, { ...store, historian: counted });
    unlimited.site.tick();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked.filter((text) => text.startsWith('trim')).length, 2);
  });

  it('keeps what was learned over a restart, under the key and not the node', async () => {
    const { site, store, clock } = await startSite();
    site.addJudge('judge');
    const asset = site.register(registration('pump'));
    const random = new SeededRandom(21);
    for (let index = 0; index < 300; index++) {
      clock.wallMs += 1000;
      const speed = 1000 + 50 * Math.floor(random.uniform() * 4);
      asset.evaluate(single(site, asset, { timeMs: clock.wallMs, values: { speed, current: speed / 250 + 0.02 * random.normal() } }));
    }
    const progress = asset.progress();
    await site.checkpoint();
    const again = await startSite({}, store, clock);
    again.site.addJudge('judge');
    const restored = again.site.register(registration('pump', { nodeId: 'another-node' }));
    assert.deepEqual(restored.progress(), progress);
    assert.deepEqual(restored.snapshot(), asset.snapshot());
    assert.equal(restored.twin.payload().speed, asset.twin.payload().speed);
  });

  it('writes every busy twin in turn, however many there are', async () => {
    const { site, store, clock } = await startSite();
    const assets = Array.from({ length: 100 }, (_, index) => site.register(registration(`pump${index}`)));
    for (let tick = 0; tick < 20; tick++) {
      clock.wallMs += 250;
      for (const asset of assets) asset.evaluate(single(site, asset, { timeMs: clock.wallMs, values: { speed: 1000, current: 4 } }));
      site.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await store.state.entries('asset/')).length, assets.length);
  });

  it('says so when the stored state is damaged, and goes on', async () => {
    const { store, clock } = await startSite();
    for (const damaged of [7, 'x', [], {}, { v: 1, columns: [{ name: 'speed', kind: 'setpoint' }] }, { v: 1, columns: 3, cases: 7 }]) {
      await store.state.commit([{ key: 'asset/pump', value: damaged as never }]);
      const { site } = await startSite({}, store, clock);
      const asset = site.register(registration('pump'));
      assert.equal(asset.progress().phase, 'learning');
      assert.equal(site.takeProblems().length, 1, JSON.stringify(damaged));
    }
  });

  it('keeps live and replay apart, and takes over what a replay learned when asked', async () => {
    const { site, clock } = await startSite();
    site.addJudge('judge');
    const live = site.register(registration('pump'));
    const replay = site.asset('pump', 'r1') as AssetTwin;
    assert.notEqual(replay, live);
    const random = new SeededRandom(23);
    const rows = Array.from({ length: 400 }, (_, index) => ({
      timeMs: clock.wallMs - 1e9 + index * 1000,
      values: { speed: 1000 + 50 * Math.floor(random.uniform() * 4), current: 4 + 0.02 * random.normal() },
    }));
    replay.evaluateBatch(batch(site, replay, rows));
    assert.equal(live.progress().percent, 0);
    site.completeReplay('pump', 'r1', false);
    assert.equal(live.progress().percent, 0);
    site.completeReplay('pump', 'r1', true);
    assert.deepEqual(live.progress(), replay.progress());
    assert.equal(live.twin.timeMs, undefined, 'the live twin has no values of the past');
  });

  it('tells a limit once, clears it and remembers the case', async () => {
    const { site, clock } = await startSite();
    const asset = site.register(registration('pump'));
    const update = asset.twin.applyRow({ vibration: 9 }, clock.wallMs, clock.wallMs);
    const conditions = update.events.flatMap((event) => conditionOfEvent(event, settings) ?? []);
    const [opened, ...more] = takeConditions(site, asset, conditions, settings);
    assert.equal(more.length, 0);
    assert.equal(opened?.case.change, 'opened');
    assert.match(alertMessages(site, asset, opened === undefined ? [] : [opened])[0]?.topic ?? '', /^pump needs a look: Vibration is 9 mm\/s, above the limit of 7\.1 mm\/s/);
    assert.equal(machineOf(site, asset).condition, 'limit');
    acknowledgeCase(site, asset, opened?.case.id, 'Eva');
    assert.equal(machineOf(site, asset).condition, 'acknowledged');
    clock.wallMs += 2000;
    const back = asset.twin.applyRow({ vibration: 3 }, clock.wallMs, clock.wallMs);
    takeConditions(site, asset, back.events.flatMap((event) => conditionOfEvent(event, settings) ?? []), settings);
    clock.wallMs += 2000;
    assert.equal(watchCases(site, asset, settings, clock.wallMs)[0]?.case.change, 'cleared');
    assert.equal(machineOf(site, asset).condition, 'learning');
    assert.equal(machineOf(site, asset).lastCases.length, 1);
  });

  it('opens and clears the same cases for a batch as for its rows one by one', async () => {
    const random = new SeededRandom(29);
    const rows = Array.from({ length: 900 }, (_, index) => {
      const faulty = index >= 500 && index < 560;
      return { timeMs: 1_767_225_600_000 + index * 1000, values: { speed: 1000, current: 4 + 0.02 * random.normal() + (faulty ? 1 : 0), vibration: 2 + 0.05 * random.normal() } };
    });
    const told = async (inBatches: boolean): Promise<unknown[]> => {
      const { site } = await startSite({ clock: 'replay' });
      site.addJudge('judge');
      site.register(registration('pump'));
      const asset = site.asset('pump', 'r') as AssetTwin;
      const messages = [];
      if (inBatches) {
        for (let at = 0; at < rows.length; at += 250) {
          const message = batch(site, asset, rows.slice(at, at + 250));
          messages.push(...takeVerdicts(site, asset, { ...message, anomaly: asset.evaluateBatch(message)?.anomaly ?? [] }, settings));
        }
      } else {
        for (const row of rows) {
          const message = single(site, asset, row);
          const anomaly = asset.evaluate(message)?.anomaly;
          messages.push(...takeVerdicts(site, asset, anomaly === undefined ? message : { ...message, anomaly }, settings));
          messages.push(...watchCases(site, asset, settings, row.timeMs));
        }
      }
      for (const message of messages) assert.equal(message.case.historical, true);
      return messages.map((message) => [message.case.change, message.case.sinceMs, message.case.clearedMs, message.case.signals.map((signal) => signal.property)]);
    };
    const oneByOne = await told(false);
    assert.ok(oneByOne.length >= 2, 'a case opened and cleared');
    assert.deepEqual(await told(true), oneByOne);
  });

  it('writes history in the background, replayed three times once', async () => {
    const { site, store, clock } = await startSite();
    site.register(registration('pump'));
    for (let turn = 0; turn < 3; turn++) {
      const asset = site.asset('pump', `r${turn}`) as AssetTwin;
      for (let index = 0; index < 50; index++) site.keep(asset.twin.applyRow({ current: index }, clock.wallMs - 100_000 + index * 1000, clock.wallMs).accepted);
    }
    await site.stop();
    const points = await store.historian.range('pump', 'current', 0, clock.wallMs);
    assert.deepEqual(
      points.map((point) => point.value),
      Array.from({ length: 50 }, (_, index) => index),
    );
  });

  it('shows a page every machine, the urgent ones first, and its recent past', async () => {
    const { site, clock } = await startSite();
    site.register(registration('b'));
    const asset = site.register(registration('a'));
    site.keep(asset.twin.applyRow({ vibration: 9 }, clock.wallMs, clock.wallMs).accepted);
    const event: TwinEvent = { v: 1, kind: 'limit', timeMs: clock.wallMs, property: 'vibration', limit: 'high', limitValue: 7.1, value: 9, active: true, text: '' };
    const condition = conditionOfEvent(event, settings);
    takeConditions(site, asset, condition === undefined ? [] : [condition], settings);
    await site.relations.assert({ from: 'a', relation: 'feeds', to: 'b' }, 'test', clock.wallMs, clock.wallMs);
    site.tick();
    await site.stop();
    const summary = siteSummary(site);
    assert.deepEqual(
      summary.machines.map((machine) => machine.key),
      ['a', 'b'],
    );
    assert.deepEqual(summary.links, [{ from: 'a', relation: 'feeds', to: 'b' }]);
    const detail = await machineDetail(site, 'a', 10);
    assert.deepEqual(detail?.series.find((series) => series.property === 'vibration')?.values, [9]);
    assert.deepEqual(detail?.neighbours, [{ relation: 'feeds', key: 'b', direction: 'downstream', name: 'b' }]);
    assert.equal(await machineDetail(site, 'nobody', 10), undefined);
  });
});
