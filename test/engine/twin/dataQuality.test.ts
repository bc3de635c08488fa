import assert from 'node:assert/strict';
import type { PropertyValue } from '../../../engine/observation.ts';
import { makeTwin, observation, start, told } from './makeTwin.ts';

const temperature = { name: 'temperature', unit: 'Cel', high: '80', highHigh: '90', deadband: '2' };

describe('data quality, row by row', () => {
  it('bad status: not current, no alarm change, last good kept with its age, the quality itself in history', () => {
    const twin = makeTwin([temperature]);
    twin.apply([observation('temperature', 61.4, start)], start);
    const update = twin.apply(
      [observation('temperature', 999, start + 1000, { quality: 'bad', statusCode: 'BadSensorFailure' })],
      start + 1000,
    );
    assert.deepEqual(twin.payload(), { temperature: 61.4 });
    assert.deepEqual(twin.quality(), { temperature: 'bad' });
    const [state] = twin.properties();
    assert.equal(state?.timeMs, start);
    assert.equal(state?.statusCode, 'BadSensorFailure');
    assert.deepEqual(update.accepted, [{ twin: 'press3', property: 'temperature', timeMs: start + 1000, value: 61.4, quality: 'bad' }]);
    assert.deepEqual(told(update.events), ['quality temperature good bad']);
    assert.deepEqual(update.counts.bad, 1);
    // Without a last good value there is none to show.
    const fresh = makeTwin([temperature]);
    assert.equal(fresh.apply([observation('temperature', 5, start, { quality: 'bad' })], start).accepted[0]?.value, null);
    assert.deepEqual(fresh.payload(), { temperature: null });
  });

  it('bad status: neither raises nor clears a limit', () => {
    const twin = makeTwin([temperature]);
    assert.deepEqual(
      twin.apply([observation('temperature', 95, start, { quality: 'bad' })], start).events.filter((event) => event.kind === 'limit'),
      [],
    );
    assert.deepEqual(
      told(twin.apply([observation('temperature', 85, start + 1000)], start + 1000).events).filter((text) => text.startsWith('limit')),
      ['limit temperature high begins'],
    );
    const update = twin.apply([observation('temperature', 20, start + 2000, { quality: 'bad' })], start + 2000);
    assert.deepEqual(told(update.events).filter((text) => text.startsWith('limit')), []);
    assert.deepEqual(twin.properties()[0]?.limits, ['high']);
  });

  it('uncertain: shown and flagged, raises no limit', () => {
    const twin = makeTwin([temperature]);
    const update = twin.apply(
      [observation('temperature', 95, start, { quality: 'uncertain', statusCode: 'UncertainLastUsableValue' })],
      start,
    );
    assert.deepEqual(twin.payload(), { temperature: 95 });
    assert.deepEqual(twin.quality(), { temperature: 'uncertain' });
    assert.deepEqual(update.events.filter((event) => event.kind === 'limit'), []);
    assert.equal(update.counts.uncertain, 1);
  });

  it('uncertain: treated as bad where the property says so', () => {
    const twin = makeTwin([{ ...temperature, uncertainIsBad: true }]);
    twin.apply([observation('temperature', 61, start)], start);
    twin.apply([observation('temperature', 95, start + 1000, { quality: 'uncertain' })], start + 1000);
    assert.deepEqual(twin.payload(), { temperature: 61 });
    assert.deepEqual(twin.quality(), { temperature: 'bad' });
  });

  it('stale: a property, within a second of its limit, and it clears itself', () => {
    const twin = makeTwin([{ ...temperature, expectedInterval: '2' }, { name: 'speed', expectedInterval: '1' }], { staleAfter: 5 });
    let nowMs = start;
    twin.apply([observation('temperature', 61, nowMs)], nowMs);
    for (let second = 1; second <= 10; second += 1) {
      nowMs = start + second * 1000;
      twin.apply([observation('speed', second, nowMs)], nowMs);
      assert.deepEqual(twin.watch(nowMs), [], `after ${second} s`);
    }
    const events = twin.watch(start + 10_001);
    assert.deepEqual(told(events), ['stale temperature begins']);
    assert.deepEqual(twin.quality(), { temperature: 'bad' });
    assert.deepEqual(twin.watch(start + 10_500), []);
    const update = twin.apply([observation('temperature', 61, start + 11_000)], start + 11_000);
    assert.deepEqual(told(update.events), ['fresh temperature ends']);
    assert.deepEqual(update.changed, ['temperature']);
    assert.deepEqual(twin.quality(), {});
  });

  it('stale: a whole machine, by its learnt interval; a frozen PLC that keeps "Good" is seen', () => {
    const twin = makeTwin([temperature, { name: 'speed' }], { staleAfter: 5 });
    let nowMs = start;
    for (let row = 0; row < 60; row += 1) {
      nowMs = start + row * 1000;
      twin.apply([observation('temperature', row, nowMs), observation('speed', 5, nowMs)], nowMs);
      assert.deepEqual(twin.watch(nowMs), []);
    }
    assert.equal(twin.learntIntervalMs, 1000);
    assert.deepEqual(twin.watch(nowMs + 5000), []);
    const events = twin.watch(nowMs + 5001);
    assert.deepEqual(told(events), ['stale begins']);
    assert.match(events[0]?.text ?? '', /Nothing has come from Press 3 for 5 s/);
    assert.equal(twin.stale, true);
    assert.deepEqual(twin.quality(), { temperature: 'bad', speed: 'bad' });
    const update = twin.apply([observation('temperature', 1, nowMs + 60_000)], nowMs + 60_000);
    assert.deepEqual(told(update.events), ['gap', 'fresh ends']);
    assert.equal(twin.stale, false);
    assert.deepEqual(twin.quality(), {});
  });

  it('report by exception: rare values are neither stale nor a gap while they come as rarely as ever', () => {
    const twin = makeTwin([temperature]);
    let nowMs = start;
    // Between a second and two minutes apart, as things change.
    for (let row = 0; row < 300; row += 1) {
      nowMs += 1000 * (1 + ((row * 37) % 120));
      assert.deepEqual(
        twin.watch(nowMs - 1).concat(twin.apply([observation('temperature', 20 + (row % 5), nowMs)], nowMs).events),
        [],
        `row ${row}`,
      );
    }
  });

  it('report by exception: a silence as long as one that was lived through is not stale', () => {
    const twin = makeTwin([temperature], { staleAfter: 5 });
    let nowMs = start;
    for (let row = 0; row < 400; row += 1) {
      nowMs += row % 100 === 99 ? 9000 : 1000;
      assert.deepEqual(told(twin.watch(nowMs - 1)), row === 99 ? ['stale begins'] : [], `row ${row}`);
      twin.lifecycle(true, nowMs - 1);
      twin.apply([observation('temperature', row, nowMs)], nowMs);
    }
    assert.deepEqual(twin.watch(nowMs + 9000), []);
  });

  it('report by exception: polling that repeats the old source time keeps a value fresh', () => {
    const twin = makeTwin([{ ...temperature, expectedInterval: '2' }, { name: 'speed' }], { staleAfter: 5 });
    for (let second = 0; second < 60; second += 1) {
      const nowMs = start + second * 1000;
      twin.apply([observation('temperature', 61, start), observation('speed', second, nowMs)], nowMs);
      assert.deepEqual(twin.watch(nowMs), [], `after ${second} s`);
    }
  });

  it('report by exception: nothing is stale while the source’s keep-alive lives', () => {
    const twin = makeTwin([temperature], { staleAfter: 5 });
    let nowMs = start;
    for (let row = 0; row < 30; row += 1, nowMs += 1000) twin.apply([observation('temperature', row, nowMs)], nowMs);
    for (let minute = 0; minute < 60; minute += 1) {
      for (let second = 0; second < 60; second += 4) {
        nowMs += 4000;
        assert.deepEqual(twin.lifecycle(true, nowMs), []);
        assert.deepEqual(twin.watch(nowMs), []);
      }
    }
    assert.deepEqual(told(twin.watch(nowMs + 60_000)), ['stale begins']);
    assert.deepEqual(told(twin.lifecycle(true, nowMs + 61_000)), ['fresh ends']);
  });

  it('out of order: to history, the current value never moves back', () => {
    const twin = makeTwin([temperature, { name: 'double', valueKind: 'derived', expression: 'temperature * 2' }]);
    twin.apply([observation('temperature', 61, start + 10_000)], start + 10_000);
    const update = twin.apply([observation('temperature', 95, start + 5000)], start + 11_000);
    assert.deepEqual(twin.payload(), { temperature: 61, double: 122 });
    assert.deepEqual(update.accepted, [{ twin: 'press3', property: 'temperature', timeMs: start + 5000, value: 95, quality: 'good' }]);
    assert.deepEqual([update.changed, update.updated, told(update.events)], [[], [], []]);
    assert.equal(update.timeMs, start + 10_000);
    assert.deepEqual([update.counts.late, update.counts.tooLate, update.counts.accepted], [1, 0, 0]);
  });

  it('out of order: later than a day is counted apart', () => {
    const twin = makeTwin([temperature]);
    twin.apply([observation('temperature', 61, start)], start);
    const update = twin.apply([observation('temperature', 50, start - 90_000_000)], start + 1000);
    assert.deepEqual([update.counts.late, update.counts.tooLate, update.accepted.length], [1, 1, 1]);
  });

  it('duplicate: same time and value is nothing; other value, the last wins and is counted', () => {
    const twin = makeTwin([temperature]);
    twin.apply([observation('temperature', 61, start)], start);
    const same = twin.apply([observation('temperature', 61, start)], start + 100);
    assert.deepEqual([same.accepted, same.updated, same.counts.duplicates], [[], [], 1]);
    const replaced = twin.apply([observation('temperature', 62, start)], start + 200);
    assert.deepEqual([replaced.counts.replaced, replaced.changed], [1, ['temperature']]);
    assert.deepEqual(replaced.accepted, [{ twin: 'press3', property: 'temperature', timeMs: start, value: 62, quality: 'good' }]);
    assert.deepEqual(twin.payload(), { temperature: 62 });
  });

  it('duplicate: replaying a file three times leaves the same history', () => {
    const twin = makeTwin([temperature], { replay: true });
    const history = new Map<number, unknown>();
    const sizes: string[] = [];
    for (let time = 0; time < 3; time += 1) {
      for (let row = 0; row < 50; row += 1) {
        const rowMs = start + row * 1000;
        const { accepted } = twin.applyRow({ temperature: row * 0.5 }, rowMs, rowMs, { historical: true });
        for (const point of accepted) history.set(point.timeMs, point.value);
      }
      sizes.push(JSON.stringify([...history]));
    }
    assert.equal(history.size, 50);
    assert.deepEqual(new Set(sizes).size, 1);
  });

  it('gap: an explicit record, and no rate, mean or hours across it', () => {
    const twin = makeTwin([
      { name: 'level' },
      { name: 'flow', valueKind: 'derived', expression: 'rate(level)' },
      { name: 'running', valueKind: 'derived', expression: 'hours(level > 0)' },
    ]);
    let nowMs = start;
    for (let row = 0; row < 20; row += 1, nowMs += 1000) twin.apply([observation('level', 10 + row, nowMs)], nowMs);
    const lastMs = nowMs - 1000;
    const before = twin.payload();
    assert.equal(before['flow'], 1);
    nowMs += 3_600_000;
    const update = twin.apply([observation('level', 500, nowMs)], nowMs);
    const [gap] = update.events.filter((event) => event.kind === 'gap');
    assert.deepEqual([gap?.from, gap?.to], [new Date(lastMs).toISOString(), new Date(nowMs).toISOString()]);
    assert.deepEqual(
      update.accepted.filter((point) => point.value === null).map((point) => [point.property, point.timeMs, point.quality]),
      [
        ['level', lastMs + 1, 'bad'],
        ['flow', lastMs + 1, 'bad'],
        ['running', lastMs + 1, 'bad'],
      ],
    );
    assert.equal(twin.quality()['flow'], 'bad');
    assert.equal(twin.payload()['running'], before['running']);
    nowMs += 1000;
    twin.apply([observation('level', 502, nowMs)], nowMs);
    assert.equal(twin.payload()['flow'], 2);
  });

  it('clock skew: beyond 5 s it is flagged and still stored at source time', () => {
    const twin = makeTwin([temperature]);
    const ahead = twin.apply([observation('temperature', 61, start + 20_000)], start);
    assert.equal(ahead.counts.skewed, 1);
    assert.deepEqual(told(ahead.events), ['clock begins']);
    assert.match(ahead.events[0]?.text ?? '', /20 s ahead/);
    assert.equal(ahead.accepted[0]?.timeMs, start + 20_000);
    const right = twin.apply([observation('temperature', 62, start + 30_000)], start + 30_000);
    assert.equal(right.counts.skewed, 0);
    assert.deepEqual(told(right.events), ['clock ends']);
    const within = twin.apply([observation('temperature', 62, start + 35_000)], start + 40_000);
    assert.equal(within.counts.skewed, 0);
  });

  it('clock skew: more than 5 min in the future is quarantined and never poisons the current value', () => {
    const twin = makeTwin([temperature]);
    twin.apply([observation('temperature', 61, start)], start);
    const update = twin.apply([observation('temperature', 95, start + 301_001)], start + 1000);
    assert.deepEqual([update.counts.quarantined, update.accepted, update.updated], [1, [], []]);
    assert.deepEqual(told(update.events), ['clock begins']);
    assert.deepEqual(told(twin.apply([observation('temperature', 95, start + 400_000)], start + 1500).events), []);
    twin.apply([observation('temperature', 62, start + 2000)], start + 2000);
    assert.deepEqual(twin.payload(), { temperature: 62 });
  });

  it('clock skew: the limits grow with the rate of an accelerated site clock', () => {
    const twin = makeTwin([temperature], { clockRate: 60 });
    assert.equal(twin.apply([observation('temperature', 61, start + 299_000)], start).counts.skewed, 0);
    assert.equal(twin.apply([observation('temperature', 62, start + 17_000_000)], start).counts.quarantined, 0);
    assert.equal(twin.apply([observation('temperature', 62, start + 19_000_000)], start).counts.quarantined, 1);
  });

  it('clock skew: the years 1601, 1970 and 9999 are refused, for replays too', () => {
    for (const replay of [false, true]) {
      const twin = makeTwin([temperature], { replay });
      twin.apply([observation('temperature', 61, start)], start);
      for (const timeMs of [Date.UTC(1601, 0, 1), 0, Date.UTC(1970, 5, 1), Date.UTC(9999, 11, 31), 8.64e15]) {
        const update = twin.apply([observation('temperature', 5, timeMs)], start + 1000, replay);
        const { refused, quarantined } = update.counts;
        assert.deepEqual(
          [refused + quarantined, update.accepted, twin.payload()['temperature']],
          [1, [], 61],
          new Date(timeMs).toISOString(),
        );
      }
    }
  });

  it('clock skew: a source whose clock is hours behind is told, and taken as live once that is certain', () => {
    const twin = makeTwin([temperature]);
    const behindMs = 2 * 3_600_000;
    const kinds: string[] = [];
    let backfill = 0;
    for (let row = 0; row < 120; row += 1) {
      const nowMs = start + row * 1000;
      const update = twin.apply([observation('temperature', row === 119 ? 85 : 50, nowMs - behindMs)], nowMs);
      kinds.push(...told(update.events));
      if (update.backfill) backfill += 1;
    }
    assert.ok(backfill > 0 && backfill < 100, `${backfill} rows as backfill`);
    assert.deepEqual(kinds, ['clock begins', 'limit temperature high begins']);
  });

  it('range: outside the instrument’s range is bad', () => {
    const twin = makeTwin([{ ...temperature, rangeLow: '-40', rangeHigh: '150' }]);
    twin.apply([observation('temperature', 61, start)], start);
    for (const [index, value] of [-40.001, 150.001, 3276.7, 1e308].entries()) {
      twin.apply([observation('temperature', value, start + 1000 + index)], start + 1000 + index);
      assert.deepEqual(
        [twin.payload(), twin.quality(), twin.properties()[0]?.statusCode],
        [{ temperature: 61 }, { temperature: 'bad' }, 'out-of-range'],
        String(value),
      );
    }
    for (const [index, value] of [-40, 150].entries()) {
      twin.apply([observation('temperature', value, start + 2000 + index)], start + 2000 + index);
      assert.deepEqual([twin.payload(), twin.quality()], [{ temperature: value }, {}], String(value));
    }
  });

  it('rate: a physically impossible change is uncertain, until time makes it possible', () => {
    const twin = makeTwin([{ name: 'temperature', maximumRate: '2' }]);
    twin.apply([observation('temperature', 50, start)], start);
    twin.apply([observation('temperature', 70, start + 1000)], start + 1000);
    assert.deepEqual([twin.payload(), twin.quality()], [{ temperature: 70 }, { temperature: 'uncertain' }]);
    assert.equal(twin.properties()[0]?.statusCode, 'too-fast');
    twin.apply([observation('temperature', 51, start + 2000)], start + 2000);
    assert.deepEqual(twin.quality(), {});
    twin.apply([observation('temperature', 71, start + 15_000)], start + 15_000);
    assert.deepEqual(twin.quality(), {});
  });

  it('rate: a source that was restarted is not judged by what was before', () => {
    const twin = makeTwin([{ name: 'temperature', maximumRate: '2' }]);
    twin.apply([observation('temperature', 50, start)], start);
    twin.restartSource();
    twin.apply([observation('temperature', 20, start + 1000)], start + 1000);
    assert.deepEqual(twin.quality(), {});
  });

  it('unit change: asks once, the values count as uncertain, no flood', () => {
    const twin = makeTwin([temperature]);
    const kinds: string[] = [];
    for (let row = 0; row < 20; row += 1) {
      const unit = row < 5 ? '°C' : '[degF]';
      kinds.push(
        ...told(twin.apply([observation('temperature', row < 5 ? 61 : 142, start + row * 1000, { unit })], start + row * 1000).events),
      );
    }
    assert.deepEqual(kinds, ['quality temperature °C [degF]', 'quality temperature good uncertain']);
    assert.deepEqual(twin.quality(), { temperature: 'uncertain' });
    twin.apply([observation('temperature', 61, start + 30_000, { unit: 'Cel' })], start + 30_000);
    assert.deepEqual(twin.quality(), {});
  });

  it('counters: a rollover at 16 bit counts on', () => {
    const twin = makeTwin(
      [{ name: 'parts', valueKind: 'counter', counterBits: '16' }, { name: 'step', valueKind: 'derived', expression: 'delta(parts)' }],
    );
    const shown = [65_500, 65_530, 10, 40].map((raw, row) => {
      twin.apply([observation('parts', raw, start + row * 1000)], start + row * 1000);
      return [twin.payload()['parts'], twin.payload()['step']];
    });
    assert.deepEqual(shown, [
      [65_500, null],
      [65_530, 30],
      [65_546, 16],
      [65_576, 30],
    ]);
  });

  it('counters: a rollover at 32 bit, and twice at 16 bit with a scale', () => {
    const wide = makeTwin([{ name: 'parts', valueKind: 'counter', counterBits: '32' }]);
    wide.apply([observation('parts', 4_294_967_290, start)], start);
    wide.apply([observation('parts', 4, start + 1000)], start + 1000);
    assert.deepEqual(wide.payload(), { parts: 4_294_967_300 });
    const scaled = makeTwin(
      [{ name: 'energy', valueKind: 'counter', counterBits: '16' }],
      { mapping: [{ address: 'e', property: 'energy', scale: 0.1, offset: 0 }] },
    );
    for (const [row, raw] of [60_000, 5, 60_000, 5].entries()) scaled.apply(
      [observation('e', raw, start + row * 1000)],
      start + row * 1000,
    );
    assert.ok(Math.abs((scaled.payload()['energy'] as number) - (131_072 + 5) * 0.1) < 1e-6, String(scaled.payload()['energy']));
  });

  it('counters: a reset shows the new count and makes no difference, neither negative nor giant', () => {
    const twin = makeTwin(
      [{ name: 'sinceService', valueKind: 'counter' }, { name: 'step', valueKind: 'derived', expression: 'delta(sinceService)' }],
    );
    const kinds: string[] = [];
    const steps = [1000, 1010, 3, 8].map((raw, row) => {
      kinds.push(...told(twin.apply([observation('sinceService', raw, start + row * 1000)], start + row * 1000).events));
      return [twin.payload()['sinceService'], twin.qualityOf('step') === 'bad' ? null : twin.payload()['step']];
    });
    assert.deepEqual(steps, [
      [1000, null],
      [1010, 10],
      [3, null],
      [8, 5],
    ]);
    assert.ok(kinds.includes('counter sinceService'));
  });

  it('counters: half-way back in a 16-bit counter is a reset, not a rollover', () => {
    const twin = makeTwin([{ name: 'parts', valueKind: 'counter', counterBits: '16' }]);
    twin.apply([observation('parts', 40_000, start)], start);
    twin.apply([observation('parts', 7, start + 1000)], start + 1000);
    assert.deepEqual(twin.payload(), { parts: 7 });
  });

  it('counters: a source restart makes no giant delta', () => {
    const twin = makeTwin(
      [{ name: 'parts', valueKind: 'counter', counterBits: '32' }, { name: 'step', valueKind: 'derived', expression: 'delta(parts)' }],
    );
    twin.apply([observation('parts', 100, start)], start);
    twin.apply([observation('parts', 110, start + 1000)], start + 1000);
    twin.lifecycle(false, start + 1500);
    twin.lifecycle(true, start + 1600);
    twin.apply([observation('parts', 5_000_000, start + 2000)], start + 2000);
    assert.equal(twin.qualityOf('step'), 'bad');
    twin.apply([observation('parts', 5_000_010, start + 3000)], start + 3000);
    assert.deepEqual(twin.payload(), { parts: 5_000_010, step: 10 });
  });

  it('counters: 64-bit integers stay exact', () => {
    const twin = makeTwin([{ name: 'wh', valueKind: 'counter' }, { name: 'step', valueKind: 'derived', expression: 'delta(wh)' }]);
    twin.apply([observation('wh', 9_007_199_254_740_993n, start)], start);
    assert.deepEqual(twin.payload()['wh'], '9007199254740993');
    twin.apply([observation('wh', 9_007_199_254_740_996n, start + 1000)], start + 1000);
    assert.deepEqual(twin.payload(), { wh: '9007199254740996', step: 3 });
    twin.apply([observation('wh', 5n, start + 2000)], start + 2000);
    assert.equal(twin.payload()['wh'], 5);
  });

  it('numbers: what is none is bad, and never 0, 1, 16 or 12', () => {
    const none = [
      '',
      null,
      true,
      false,
      [],
      {},
      ' ',
      '0x10',
      '12,5',
      'NaN',
      '1e400',
      NaN,
      Infinity,
      -Infinity,
      [5],
      '5 bar',
      '1_000',
      undefined,
      Symbol('x'),
      () => 5,
      '１２',
    ];
    for (const value of none) {
      const twin = makeTwin([{ name: 'pressure' }]);
      twin.applyRow({ pressure: 182 }, start, start);
      twin.applyRow({ pressure: value }, start + 1000, start + 1000);
      assert.deepEqual([twin.payload(), twin.quality()], [{ pressure: 182 }, { pressure: 'bad' }], String(value));
      const single = makeTwin([{ name: 'pressure' }]);
      single.apply([observation('pressure', value as PropertyValue, start)], start);
      assert.deepEqual([single.payload(), single.quality()], [{ pressure: null }, { pressure: 'bad' }], String(value));
    }
  });

  it('numbers: −0, 1e308 and denormals survive', () => {
    const twin = makeTwin([{ name: 'x' }, { name: 'half', valueKind: 'derived', expression: 'x / 2' }]);
    for (const [row, value] of [-0, 1e308, 5e-324, 2.2e-308, -1e308].entries()) {
      twin.applyRow({ x: value }, start + row * 1000, start + row * 1000);
      assert.ok(Object.is(twin.payload()['x'], value), String(value));
      assert.deepEqual(twin.quality(), {});
    }
    twin.applyRow({ x: ' 12.5 ' }, start + 10_000, start + 10_000);
    assert.deepEqual(twin.payload(), { x: 12.5, half: 6.25 });
  });

  it('source restart: a dead source makes everything stale at once; back again, the first value makes no difference', () => {
    const twin = makeTwin([temperature, { name: 'step', valueKind: 'derived', expression: 'delta(temperature)' }]);
    twin.apply([observation('temperature', 61, start)], start);
    assert.deepEqual(told(twin.lifecycle(false, start + 1000)), ['stale begins']);
    assert.deepEqual(twin.lifecycle(false, start + 1100), []);
    assert.equal(twin.quality()['temperature'], 'bad');
    twin.lifecycle(true, start + 5000);
    const update = twin.apply([observation('temperature', 20, start + 5100)], start + 5100);
    assert.deepEqual(told(update.events).filter((text) => text.startsWith('fresh')), ['fresh ends']);
    assert.equal(twin.qualityOf('step'), 'bad');
    assert.equal(twin.qualityOf('temperature'), 'good');
  });

  it('backfill: history right, no live alarm, the current value stays; with the flag and by its age', () => {
    for (const historical of [true, false]) {
      const twin = makeTwin([temperature]);
      twin.apply([observation('temperature', 61, start)], start);
      const update = twin.applyRow({ temperature: 95 }, start - 3_600_000, start + 1000, { historical });
      assert.deepEqual([update.backfill, update.events, update.accepted.length, twin.payload()['temperature']], [true, [], 1, 61]);
      // Nothing known yet: it becomes the current value, without an alarm.
      const empty = makeTwin([temperature]);
      const first = empty.applyRow({ temperature: 95 }, start - 3_600_000, start, { historical });
      assert.deepEqual([first.backfill, first.events, empty.payload()['temperature']], [true, [], 95]);
      const live = empty.applyRow({ temperature: 96 }, start + 1000, start + 1000);
      assert.deepEqual(told(live.events), ['limit temperature high begins', 'limit temperature highHigh begins']);
    }
  });

  it('backfill: in a replay rows are the present: limits speak, whatever the wall clock says', () => {
    const twin = makeTwin([temperature], { replay: true });
    const oldMs = Date.UTC(2014, 3, 1);
    assert.deepEqual(
      told(twin.applyRow({ temperature: 85 }, oldMs, oldMs, { historical: true }).events),
      ['limit temperature high begins'],
    );
    assert.deepEqual(
      told(twin.applyRow({ temperature: 70 }, oldMs + 1000, oldMs + 1000, { historical: true }).events),
      ['limit temperature high ends'],
    );
  });
});
