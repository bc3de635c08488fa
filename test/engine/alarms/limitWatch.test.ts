import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DelayedCondition } from '../../../engine/alarms/delayedCondition.ts';
import type { DelayedChange } from '../../../engine/alarms/delayedCondition.ts';
import { FloodWatch } from '../../../engine/alarms/floodWatch.ts';
import { LimitWatch } from '../../../engine/alarms/limitWatch.ts';
import type { LimitWatchSettings, WatchQuality } from '../../../engine/alarms/limitWatch.ts';

const high: LimitWatchSettings = { kind: 'high', limit: 80, deadband: 2, onDelayMs: 0, offDelayMs: 0 };

/** Values a second apart; what each of them changes. */
function course(watch: LimitWatch, values: readonly number[], startMs = 0): string[] {
  return values.flatMap((value, index) => watch.take(startMs + index * 1000, value, 'good').map((change) => `${change.do}@${change.sourceMs / 1000}`));
}

describe('LimitWatch', () => {
  it('a high limit is active above it and clears below limit − deadband, a low one mirrored', () => {
    assert.deepEqual(course(new LimitWatch(high), [80, 80.1, 79, 78, 77.9, 79.9, 81]), ['ACT@1', 'RTN@4', 'ACT@6']);
    assert.deepEqual(course(new LimitWatch({ ...high, kind: 'low', limit: 20 }), [20, 19.9, 21, 22, 22.1, 20.1, 19]), ['ACT@1', 'RTN@4', 'ACT@6']);
  });

  it('without a deadband a value that is back on its limit is back', () => {
    assert.deepEqual(course(new LimitWatch({ ...high, limit: 0, deadband: 0 }), [0, 3, 0, 1]), ['ACT@1', 'RTN@2', 'ACT@3']);
  });

  it('a deviation follows a moving setpoint, on either side', () => {
    const watch = new LimitWatch({ ...high, kind: 'deviation', limit: 5, deadband: 1 });
    const seen: string[] = [];
    [[100, 100], [104, 100], [106, 100], [106, 110], [106, 106], [92, 100], [95.5, 100], [96.5, 100]].forEach(([value, setpoint], second) => {
      for (const change of watch.take(second * 1000, value as number, 'good', setpoint as number)) seen.push(`${change.do}@${second}`);
    });
    assert.deepEqual(seen, ['ACT@2', 'RTN@4', 'ACT@5', 'RTN@7']);
    assert.deepEqual(watch.take(9000, 500, 'good', NaN), [], 'an unknown setpoint is bad quality');
  });

  it('the on-delay needs the condition throughout: one false value starts it again', () => {
    const watch = new LimitWatch({ ...high, onDelayMs: 3000, offDelayMs: 2000 });
    assert.deepEqual(course(watch, [81, 81, 79.9, 81, 81, 81, 81]), ['ACT@6']);
    assert.deepEqual(course(watch, [77, 79, 77, 77, 77], 7000), ['RTN@11'], 'a value within the deadband starts the off-delay again');
  });

  it('what falls due between two rows happens when it fell due, whether or not somebody looked', () => {
    const looked = new LimitWatch({ ...high, onDelayMs: 10_000 });
    looked.take(0, 99, 'good');
    assert.equal(looked.advance(9_999), undefined);
    assert.deepEqual(looked.advance(12_000), { do: 'ACT', sourceMs: 10_000 });
    const batch = new LimitWatch({ ...high, onDelayMs: 10_000 });
    batch.take(0, 99, 'good');
    assert.deepEqual(batch.take(15_000, 0, 'good'), [{ do: 'ACT', sourceMs: 10_000 }, { do: 'RTN', sourceMs: 15_000 }]);
  });

  it('a changed limit restarts a running delay', () => {
    const watch = new LimitWatch({ ...high, onDelayMs: 10_000 });
    watch.take(0, 99, 'good');
    assert.deepEqual(watch.change({ ...high, onDelayMs: 10_000, limit: 90 }, 6_000), []);
    assert.deepEqual(watch.take(15_999, 99, 'good'), []);
    assert.deepEqual(watch.take(16_000, 99, 'good'), [{ do: 'ACT', sourceMs: 16_000 }]);
    assert.deepEqual(watch.change({ ...high, onDelayMs: 10_000, limit: 100 }, 17_000), [], 'within the deadband of the new limit it holds');
    assert.deepEqual(watch.change({ ...high, onDelayMs: 10_000, limit: 120 }, 18_000), [{ do: 'RTN', sourceMs: 18_000 }]);
  });

  it('a delay does not run while the quality is bad', () => {
    const watch = new LimitWatch({ ...high, onDelayMs: 3000 });
    watch.take(0, 99, 'good');
    watch.take(2000, 99, 'bad');
    assert.deepEqual(watch.take(4000, 99, 'good'), []);
    assert.deepEqual(watch.take(7000, 99, 'good'), [{ do: 'ACT', sourceMs: 7000 }]);
  });
});

interface Row {
  step: number;
  value: number;
  quality: WatchQuality;
}

const rows = fc.array(
  fc.record({
    step: fc.integer({ min: -2000, max: 9000 }),
    value: fc.constantFrom(60, 77, 78, 79, 80, 81, 99, NaN, Infinity),
    quality: fc.constantFrom<WatchQuality>('good', 'good', 'good', 'bad', 'uncertain'),
  }),
  { maxLength: 40 },
);

type Watch = Pick<LimitWatch, 'take' | 'advance'>;

/** The same rows in one batch, one by one with somebody looking at the clock in between, and over a restart give the same changes. */
function sameChanges(make: (snapshot?: ReturnType<LimitWatch['snapshot']>) => Watch & { snapshot?: LimitWatch['snapshot'] }, list: readonly Row[]): boolean {
  const run = (looks: number, restarts: boolean): DelayedChange[] => {
    let watch = make();
    const seen: DelayedChange[] = [];
    let timeMs = 100_000;
    for (const { step, value, quality } of list) {
      for (let look = 1; look <= looks && step > 0; look++) {
        const due = watch.advance(timeMs + (step * look) / (looks + 1));
        if (due !== undefined) seen.push(due);
      }
      seen.push(...watch.take(timeMs + step, value, quality));
      timeMs = Math.max(timeMs, timeMs + step);
      if (restarts && watch.snapshot !== undefined) watch = make(watch.snapshot());
    }
    return seen;
  };
  const batch = JSON.stringify(run(0, false));
  return batch === JSON.stringify(run(3, false)) && batch === JSON.stringify(run(1, true));
}

describe('batch, replay and live agree', () => {
  const settings: LimitWatchSettings = { ...high, onDelayMs: 5000, offDelayMs: 3000 };
  it('for any rows, looked at or not, over restarts', () => {
    fc.assert(fc.property(rows, (list) => sameChanges((snapshot) => new LimitWatch(settings, snapshot), list)), { numRuns: 2000 });
  });

  it('a delay that counts rows, or what a look shows, is caught', () => {
    const byRows = (): Watch => {
      let seen = 0;
      return {
        take: (timeMs, value) => (value > 80 && ++seen === 3 ? [{ do: 'ACT', sourceMs: timeMs }] : []),
        advance: (timeMs) => (seen === 2 ? { do: 'ACT', sourceMs: timeMs } : undefined),
      };
    };
    assert.throws(() => fc.assert(fc.property(rows, (list) => sameChanges(byRows, list)), { numRuns: 2000 }));
  });

  it('changes alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean())), (list) => {
        const condition = new DelayedCondition(2000, 1000);
        let timeMs = 0;
        let active = false;
        for (const [step, holds] of list) {
          timeMs += step;
          for (const change of condition.take(timeMs, holds)) {
            assert.notEqual(change.do === 'ACT', active);
            active = !active;
          }
        }
        assert.equal(condition.active, active);
      }),
    );
  });
});

describe('FloodWatch', () => {
  it('a flood starts above 10 in ten minutes and ends below 5', () => {
    let watch = new FloodWatch();
    for (let n = 0; n < 10; n++) watch.note(n * 1000);
    assert.equal(watch.tick(10_000), undefined);
    watch.note(10_500);
    assert.equal(watch.tick(11_000), 'begun');
    assert.equal(watch.tick(12_000), undefined);
    watch = new FloodWatch(watch.snapshot());
    assert.deepEqual(watch.state, { active: true, sinceMs: 11_000, inTenMinutes: 11 });
    assert.equal(watch.tick(605_500), undefined, '5 of them are left');
    assert.equal(watch.tick(606_000), 'over');
    assert.equal(watch.state.active, false);
  });
});
