import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../engine/time/duration.ts';
import { formatIsoTime } from '../../../engine/time/isoTime.ts';
import { SiteClock } from '../../../engine/time/siteClock.ts';

describe('durations', () => {
  it('are read as people write them', () => {
    for (const [text, ms] of [
      ['500 ms', 500],
      ['20s', 20_000],
      ['5 min', 300_000],
      ['1.5 h', 5_400_000],
      ['1,5 h', 5_400_000],
      ['1h 30min', 5_400_000],
      ['2 d', 172_800_000],
      ['1 w', 604_800_000],
      ['0 s', 0],
    ] as const) {
      assert.equal(parseDuration(text), ms, text);
    }
  });

  it('are refused without a unit, with an unknown one, negative, endless', () => {
    for (const text of ['', ' ', '5', 'min', '-5 s', '5 parsecs', '5 min x', 'NaN s', '99999999999 w']) {
      assert.equal(parseDuration(text), undefined, text);
    }
  });

  it('are shown with at most two units, in the reader’s language', () => {
    assert.equal(formatDuration(250, 'en-US'), '250 ms');
    assert.equal(formatDuration(2500, 'en-US'), '2.5 s');
    assert.equal(formatDuration(2500, 'de'), '2,5 s');
    assert.equal(formatDuration(59_600, 'en-US'), '1 min');
    assert.equal(formatDuration(90_000, 'en-US'), '1 min 30 s');
    assert.equal(formatDuration(5_400_000, 'en-US'), '1 h 30 min');
    assert.equal(formatDuration(90_000_000, 'en-US'), '1 d 1 h');
    assert.equal(formatDuration(NaN, 'de'), '–');
  });

  it('that are shown can be read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_640_000_000 }), (ms) => {
        const text = formatDuration(ms, 'de');
        const back = parseDuration(text);
        assert.ok(back !== undefined && Math.abs(back - ms) <= Math.max(60, ms * 0.05), `${ms} → ${text} → ${back}`);
      }),
    );
  });
});

describe('ISO times', () => {
  it('agree with the platform’s calendar', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (timeMs) => {
        assert.equal(formatIsoTime(timeMs), new Date(timeMs).toISOString());
      }),
    );
    assert.equal(formatIsoTime(NaN), '?');
    assert.equal(formatIsoTime(Infinity), '?');
  });
});

describe('the site clock', () => {
  const clockAt = (start: number) => {
    const clock = { wall: start, nowMs: () => clock.wall, monotonicMs: () => clock.wall };
    return clock;
  };

  it('live: is the wall clock', () => {
    const clock = clockAt(1000);
    const site = new SiteClock(clock, 'live', 60, 0);
    clock.wall = 5000;
    assert.equal(site.nowMs(), 5000);
    assert.equal(site.rate, 1);
  });

  it('accelerated: runs from its origin at its rate, and a second process has the same time', () => {
    const clock = clockAt(1_000_000);
    const site = new SiteClock(clock, 'accelerated', 60, 1_000_000);
    clock.wall += 1000;
    assert.equal(site.nowMs(), 1_060_000);
    assert.equal(site.wallMs(60_000), 1000);
    assert.equal(new SiteClock(clock, 'accelerated', 60, 1_000_000).nowMs(), 1_060_000);
  });

  it('accelerated without an origin: begins now', () => {
    const clock = clockAt(7000);
    const site = new SiteClock(clock, 'accelerated', 10, NaN);
    assert.equal(site.nowMs(), 7000);
    clock.wall += 100;
    assert.equal(site.nowMs(), 8000);
  });

  it('takes an unusable rate as 1', () => {
    for (const rate of [0, -5, NaN, Infinity]) assert.equal(new SiteClock(clockAt(0), 'accelerated', rate, 0).rate, 1);
  });

  it('replay: is the newest time observed, and never goes back', () => {
    const clock = clockAt(0);
    const site = new SiteClock(clock, 'replay', 1, undefined);
    site.observe(500);
    clock.wall = 99_999;
    assert.equal(site.nowMs(), 500);
    site.observe(400);
    site.observe(NaN);
    site.observe(Infinity);
    assert.equal(site.nowMs(), 500);
    site.observe(600);
    assert.equal(site.nowMs(), 600);
  });
});
