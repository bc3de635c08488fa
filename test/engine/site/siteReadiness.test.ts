import assert from 'node:assert/strict';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { registration, single, startSite } from './siteFixture.ts';

describe('readiness of a site', () => {
  it('makes baseline and verdict cautious while data is below usable, takes it back, and keeps its facts in the store', async () => {
    const { site, clock, store } = await startSite();
    const asset = site.register(registration('pump1'));
    const random = new SeededRandom(3);
    site.addJudge('judge');
    /** Half of the currents bad in the middle third. */
    const feed = (rows: number, isBad: (row: number) => boolean, more = 0): void => {
      for (let row = 0; row < rows; row++) {
        clock.wallMs += 1000;
        const current = isBad(row) ? 'NaN' : 6 + 0.03 * random.normal() + more;
        asset.evaluate(single(site, asset, { timeMs: clock.wallMs, values: { speed: 1500, current, vibration: 2 + 0.1 * random.normal(), mode: 'producing' } }));
      }
      clock.wallMs += 10_000;
      site.tick();
    };
    feed(2000, () => false);
    assert.equal(asset.progress().caution, undefined, 'nobody looks at the data yet');
    assert.equal(site.readiness.report(asset, clock.wallMs), undefined);
    assert.equal(site.readiness.mayConclude(asset, 'forecast', clock.wallMs).answer, 'yes', 'nobody looked: that is said, and nothing is refused');

    site.readiness.addNode('readiness');
    feed(600, (row) => row % 2 === 0);
    const cautious = /^Less certain, because the data is unusable: Motor current: bad signal in \d+ % of the time\.$/;
    assert.match(asset.progress().caution ?? '', cautious);
    assert.equal(site.readiness.mayConclude(asset, 'baseline', clock.wallMs).answer, 'no');
    const forecast = site.readiness.mayConclude(asset, 'forecast', clock.wallMs, 'current');
    assert.deepEqual([forecast.answer, /bad signal/i.test(forecast.reason)], ['no', true], forecast.reason);
    assert.notEqual(site.readiness.mayConclude(asset, 'forecast', clock.wallMs, 'vibration').answer, 'no', 'the other values are good');
    // Far away from what is normal: the verdict says how much it is worth.
    let told = 0;
    for (let row = 0; row < 30; row++) {
      clock.wallMs += 1000;
      const message = single(site, asset, { timeMs: clock.wallMs, values: { speed: 1500, current: 60, vibration: 2, mode: 'producing' } });
      const anomaly = asset.evaluate(message)?.anomaly;
      if (anomaly?.verdict !== 'anomaly' || anomaly.signals[0]?.property !== 'current') continue;
      told += 1;
      assert.match(anomaly.caution ?? '', cautious);
      assert.ok(anomaly.reason.endsWith(anomaly.caution ?? '-'));
    }
    assert.ok(told > 0, 'no anomaly of the current');
    // What was bad leaves the window with the day.
    for (let hour = 0; hour < 27; hour++) {
      clock.wallMs += 3_000_000;
      feed(600, () => false);
    }
    assert.doesNotMatch(asset.progress().caution ?? '', /bad signal/);

    const before = site.readiness.report(asset, clock.wallMs)?.report.properties.find(({ property }) => property === 'current');
    await site.stop();
    const again = await startSite({}, store, clock);
    again.site.readiness.addNode('readiness');
    const restored = again.site.register(registration('pump1'));
    assert.deepEqual(again.site.readiness.report(restored, clock.wallMs)?.report.properties.find(({ property }) => property === 'current'), before);
    again.site.readiness.removeNode('readiness');
    assert.equal(restored.facts, undefined);
    assert.equal(restored.twin.listener, undefined);
    await again.site.stop();
  });
});
