import assert from 'node:assert/strict';
import { scoreForecasts } from '../../../engine/prognosis/forecastRecord.ts';
import { timeToLimit } from '../../../engine/prognosis/timeToLimit.ts';
import type { ForecastInput } from '../../../engine/prognosis/timeToLimit.ts';
import { noisyValues } from '../../checks/detectors/check.ts';

const hourMs = 3_600_000;

/** Hourly values around what `of` says, with noise of standard deviation 0.3. */
function hourly(count: number, seed: number, of: (hour: number) => number, limit = 100, side: 'high' | 'low' = 'high'): ForecastInput {
  const noise = noisyValues(seed, count);
  return { times: Array.from({ length: count }, (_, hour) => hour * hourMs), values: noise.map((value, hour) => of(hour) + value - 50), limit, side };
}

describe('time to a limit', () => {
  it('golden: a line of 0.1 an hour without noise reaches 100 from 59.9 after 401 hours', () => {
    const times = Array.from({ length: 100 }, (_, hour) => hour * hourMs);
    const found = timeToLimit({ times, values: times.map((_, hour) => 50 + 0.1 * hour), limit: 100, side: 'high' });
    assert.ok(found.state === 'forecast');
    assert.equal(found.shape, 'line');
    assert.ok(Math.abs(found.leftMs / hourMs - 401) < 1e-6 && Math.abs(found.perDay - 2.4) < 1e-9, JSON.stringify(found));
  });

  it('falls to a low limit as it rises to a high one', () => {
    const up = timeToLimit(hourly(200, 3, (hour) => 50 + 0.1 * hour, 90));
    const { times, values } = hourly(200, 3, (hour) => 50 + 0.1 * hour);
    const down = timeToLimit({ times, values: Array.from(values, (value) => -value), limit: -90, side: 'low' });
    assert.ok(up.state === 'forecast' && down.state === 'forecast');
    assert.equal(down.leftMs, up.leftMs);
    assert.equal(down.perDay, -up.perDay);
  });

  it('refuses where there is no trend, where it goes the other way, and where there are too few points', () => {
    let refused = 0;
    for (let seed = 1; seed <= 60; seed += 1) if (timeToLimit(hourly(150, seed, () => 50, 55)).state === 'noTrend') refused += 1;
    assert.ok(refused >= 58, `${refused} of 60`);
    assert.equal(timeToLimit(hourly(150, 4, (hour) => 80 - 0.1 * hour)).state, 'noTrend');
    assert.deepEqual(timeToLimit(hourly(12, 5, (hour) => hour)), { state: 'tooFew', missing: 8 });
    assert.equal(timeToLimit({ ...hourly(150, 6, (hour) => hour), limit: NaN }).state, 'tooFew');
  });

  it('refuses a slow wave that is no trend, which the same test without autocorrelation would take for one', () => {
    let refused = 0;
    for (let phase = 0; phase < 20; phase += 1) {
      const wave = hourly(200, 7 + phase, (hour) => 50 + 3 * Math.sin(hour / 40 + phase), 60);
      if (timeToLimit(wave).state === 'noTrend') refused += 1;
    }
    assert.ok(refused >= 17, `${refused} of 20`);
  });

  it('says that a limit is reached, but not for one wild value', () => {
    assert.equal(timeToLimit(hourly(150, 8, (hour) => 50 + 0.4 * hour)).state, 'reached');
    const { times, values } = hourly(150, 9, (hour) => 50 + 0.1 * hour);
    assert.equal(timeToLimit({ times, values: Array.from(values, (value, index) => (index === 149 ? 500 : value)), limit: 100, side: 'high' }).state, 'forecast');
  });

  it('its interval holds in about four of five cases of a line, and an exponential is known as one', () => {
    let held = 0;
    let all = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const found = timeToLimit(hourly(200, seed, (hour) => 50 + 0.02 * hour, 60));
      if (found.state !== 'forecast') continue;
      all += 1;
      const left = (500 - 199) * hourMs;
      if (found.fromMs <= left && left <= found.toMs) held += 1;
    }
    assert.ok(all >= 58 && held / all >= 0.7 && held / all <= 0.97, `${held} of ${all}`);
    const bent = timeToLimit(hourly(200, 61, (hour) => 50 + Math.exp(hour / 50), 150));
    assert.ok(bent.state === 'forecast' && bent.shape === 'exponential', JSON.stringify(bent));
    const left = 50 * Math.log(100) - 199;
    assert.ok(Math.abs(bent.leftMs / hourMs - left) < 0.2 * left, `${bent.leftMs / hourMs} instead of ${left}`);
  });

  it('is not moved by what is no number', () => {
    const whole = hourly(150, 10, (hour) => 50 + 0.1 * hour);
    const times = Array.from(whole.times).flatMap((timeMs) => [timeMs, timeMs + 1, timeMs + 2]);
    const values = Array.from(whole.values).flatMap((value) => [value, NaN, Infinity]);
    assert.deepEqual(timeToLimit({ times, values, limit: 100, side: 'high' }).state, 'forecast');
  });
});

describe('what became of forecasts', () => {
  it('golden: of four, one too early and one whose interval missed; half of the time left is the median error', () => {
    const made = [
      { madeMs: 0, atMs: 100, fromMs: 80, toMs: 120 }, { madeMs: 20, atMs: 60, fromMs: 40, toMs: 70 },
      { madeMs: 60, atMs: 80, fromMs: 70, toMs: Infinity }, { madeMs: 99.5, atMs: 100, fromMs: 100, toMs: 100 },
    ];
    assert.deepEqual(scoreForecasts(made, 100), { reachedMs: 100, forecasts: 3, held: 2 / 3, error: 0.5, firstMs: 100 });
    assert.equal(scoreForecasts([], 100), undefined);
  });
});
