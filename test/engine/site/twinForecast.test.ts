import assert from 'node:assert/strict';
import { TwinForecaster } from '../../../engine/site/twinForecast.ts';
import { registration, startSite } from './siteFixture.ts';

const hourMs = 3_600_000;

describe('forecasts of a machine', () => {
  it('go on record, are scored when the limit is reached, and what came of them outlives a restart; after a repair only what came after counts', async () => {
    const { site, clock, store } = await startSite();
    const asset = site.register(registration('pump1'));
    const beginMs = clock.wallMs;
    const question = { property: 'vibration', limit: 7.1, side: 'high' as const, days: 60, warnDays: 2 };
    let forecaster = new TwinForecaster(site, asset, question);
    const at = async (hour: number, value: number): Promise<void> => {
      await site.historian.write([{ twin: 'pump1', property: 'vibration', timeMs: beginMs + hour * hourMs, value, quality: 'good' }]);
      clock.wallMs = beginMs + hour * hourMs;
    };
    let warned = NaN;
    let hour = 0;
    // 7.1 is reached after 510 hours.
    for (; hour <= 500; hour += 1) {
      await at(hour, 2 + hour / 100 + 0.05 * Math.sin(7 * hour));
      if (hour < 200 || hour % 20 !== 0) continue;
      const found = await forecaster.forecast();
      assert.equal(found.state, 'forecast', `${hour}: ${found.text}`);
      if (found.warn && Number.isNaN(warned)) warned = hour;
    }
    assert.ok(warned >= 440 && warned <= 480, `warned at ${warned}`);
    // Another process goes on from the record.
    forecaster = new TwinForecaster(site, asset, question);
    for (; hour <= 530; hour += 1) await at(hour, 2 + hour / 100 + 0.05 * Math.sin(7 * hour));
    const reached = await forecaster.forecast();
    assert.equal(reached.state, 'reached', reached.text);
    assert.ok(reached.record !== undefined && reached.record.forecasts >= 10, JSON.stringify(reached.record));
    assert.ok(reached.record.error < 0.25, JSON.stringify(reached.record));
    assert.match(reached.text, /^pump1: Vibration has reached 7\.1 mm\/s: 7\.\d+ mm\/s\. Last time the limit fell into the forecast range in \d+ % of \d+ forecasts; they were \d+ % off\.$/);
    const again = await new TwinForecaster(site, asset, question).forecast();
    assert.deepEqual(again.record, reached.record);
    for (; hour <= 640; hour += 1) await at(hour, 2 + 0.05 * Math.sin(7 * hour));
    assert.equal((await forecaster.forecast()).state, 'noTrend');
    assert.ok((await store.historian.asOf('pump1/forecasts', clock.wallMs)).some(({ property }) => property === 'vibration/at'));
  });

  it('are refused while twin-readiness says that the data does not carry them', async () => {
    const { site, clock } = await startSite();
    const asset = site.register(registration('pump1'));
    site.readiness.addNode('readiness');
    for (let hour = 0; hour < 5; hour += 1) await site.historian.write([{ twin: 'pump1', property: 'vibration', timeMs: clock.wallMs + hour, value: hour, quality: 'good' }]);
    const found = await new TwinForecaster(site, asset, { property: 'vibration', limit: 7.1, side: 'high', days: 30, warnDays: 2 }).forecast();
    assert.equal(found.state, 'refused');
    assert.match(found.text, /^pump1: no forecast of Vibration\. .+/);
  });
});
