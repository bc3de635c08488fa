import assert from 'node:assert/strict';
import type { TwinCase } from '../../../contract/messages.ts';
import type { CaseChange } from '../../../engine/alarms/caseBook.ts';
import { Notifier } from '../../../engine/alarms/notifier.ts';
import type { Digest, NotifierSettings } from '../../../engine/alarms/notifier.ts';

const settings: NotifierSettings = {
  groupWaitMs: 30_000, changeEveryMs: 300_000, quietFromMinute: 0, quietToMinute: 0, urgentAlways: true, capPerDay: 0, gatherFloods: true,
};
const minute = 60_000;

/** Machines and their cases, and a clock that goes second by second. */
class Watch {
  notifier: Notifier;
  nowMs = 0;
  minuteOfDay = 12 * 60;
  day = 'monday';
  flood = { active: false, sinceMs: 0, inTenMinutes: 0 };
  readonly told: string[] = [];
  readonly digests: Digest[] = [];
  #annunciation = 0;

  constructor(more: Partial<NotifierSettings> = {}) {
    this.notifier = new Notifier({ ...settings, ...more });
  }

  offer(twin: string, change: TwinCase['change'], more: { id?: string; priority?: CaseChange['priority']; reminder?: boolean; aside?: NonNullable<TwinCase['aside']> } = {}): void {
    const twinCase: TwinCase = {
      v: 1, id: more.id ?? `${twin}/1`, twin, state: change === 'cleared' ? 'cleared' : change === 'acknowledged' ? 'acknowledged' : 'open', change, sinceMs: 0, changedMs: this.nowMs,
      letter: 'S', signals: [], occurrences: 1, historical: false,
      ...(more.aside === undefined ? {} : { aside: more.aside }),
    };
    this.notifier.offer(twin, { case: twinCase, priority: more.priority ?? 'low', idempotencyKey: `${twin}/${this.#annunciation++}`, reminder: more.reminder ?? false }, this.nowMs);
  }

  run(ms: number): string[] {
    const from = this.told.length;
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 1000) {
      const { told, digests } = this.notifier.due(this.nowMs, { minuteOfDay: this.minuteOfDay, day: this.day }, this.flood);
      this.told.push(...told.map(({ twin, change }) => `${twin} ${change.case.change}`));
      this.digests.push(...digests);
    }
    return this.told.slice(from);
  }
}

describe('Notifier', () => {
  it('waits 30 s for what joins, then 5 min between changes, and tells more urgent ones sooner', () => {
    const watch = new Watch();
    watch.offer('a', 'opened');
    assert.deepEqual(watch.run(20_000), []);
    watch.offer('a', 'updated');
    assert.deepEqual(watch.run(11_000), ['a opened'], 'the first message is of a case that opened');
    watch.offer('a', 'updated');
    assert.deepEqual(watch.run(4 * minute), []);
    watch.offer('a', 'updated');
    assert.deepEqual(watch.run(2 * minute), ['a updated'], 'both in one');
    watch.offer('a', 'updated', { priority: 'high' });
    assert.deepEqual(watch.run(31_000), ['a updated']);
  });

  it('says nothing of what was over before anybody was told; an answer is told at once', () => {
    const watch = new Watch();
    watch.offer('a', 'opened');
    watch.offer('a', 'cleared');
    assert.deepEqual(watch.run(10 * minute), []);
    watch.offer('b', 'opened');
    watch.offer('b', 'acknowledged');
    assert.deepEqual(watch.run(1000), ['b acknowledged']);
    assert.deepEqual(watch.run(10 * minute), []);
    watch.offer('a', 'opened', { id: 'a/2' });
    watch.run(31_000);
    watch.offer('a', 'acknowledged', { id: 'a/2' });
    assert.deepEqual(watch.run(1000), ['a acknowledged']);
    watch.offer('a', 'cleared', { id: 'a/2' });
    assert.deepEqual(watch.run(1000), ['a cleared']);
  });

  it('what a person put aside is told, what an operating mode or its cause hides is not', () => {
    const watch = new Watch();
    for (const [twin, aside] of [['mode', { what: 'suppressed' }], ['cause', { what: 'root', why: 'line' }], ['person', { what: 'shelved', by: 'Ada' }]] as const) {
      watch.offer(twin, 'opened');
      watch.run(31_000);
      watch.offer(twin, 'cleared', { aside });
    }
    watch.run(10 * minute);
    assert.deepEqual(watch.told.filter((each) => each.endsWith('cleared')), ['person cleared']);
  });

  it('without any waiting every change is told at once, as before there was any', () => {
    const watch = new Watch({ groupWaitMs: 0, changeEveryMs: 0 });
    for (const change of ['opened', 'updated', 'acknowledged', 'cleared'] as const) {
      watch.offer('a', change);
      assert.deepEqual(watch.run(1000), [`a ${change}`]);
    }
  });

  it('what was told by an earlier version is answered and cleared as well', () => {
    const watch = new Watch();
    watch.offer('a', 'cleared', { id: 'a/9' });
    assert.deepEqual(watch.run(1000), ['a cleared']);
  });

  it('in quiet hours, over midnight, only what is urgent; afterwards one digest of what still matters', () => {
    const watch = new Watch({ quietFromMinute: 22 * 60, quietToMinute: 6 * 60 });
    watch.minuteOfDay = 23 * 60;
    for (const twin of ['a', 'b', 'c']) watch.offer(twin, 'opened');
    watch.offer('urgent', 'opened', { priority: 'high' });
    assert.deepEqual(watch.run(minute), ['urgent opened']);
    watch.day = 'tuesday';
    watch.minuteOfDay = 5 * 60 + 59;
    watch.offer('b', 'cleared');
    assert.deepEqual(watch.run(minute), []);
    watch.minuteOfDay = 6 * 60;
    watch.run(1000);
    assert.deepEqual(watch.digests.map(({ reason, members }) => [reason, members.map(({ twin }) => twin)]), [['quiet', ['a', 'c']]]);
    watch.offer('a', 'cleared');
    assert.deepEqual(watch.run(1000), ['a cleared'], 'who was told of it by the digest hears of its end');
  });

  it('above the cap of the day come urgent ones, and the others the next day in one', () => {
    const watch = new Watch({ capPerDay: 3 });
    for (let index = 0; index < 8; index++) watch.offer(`m${index}`, 'opened', index === 7 ? { priority: 'high' } : {});
    assert.deepEqual(watch.run(minute), ['m0 opened', 'm1 opened', 'm2 opened', 'm7 opened']);
    watch.run(60 * minute);
    assert.equal(watch.digests.length, 0);
    watch.day = 'tuesday';
    watch.run(2000);
    assert.deepEqual(watch.digests.map(({ reason, members }) => [reason, members.length]), [['cap', 4]]);
  });

  it('a flood says so, gathers, and says when it is over', () => {
    const watch = new Watch();
    watch.offer('before', 'opened');
    watch.run(31_000);
    watch.flood = { active: true, sinceMs: watch.nowMs, inTenMinutes: 40 };
    for (let index = 0; index < 40; index++) watch.offer(`m${index}`, 'opened', index === 5 ? { priority: 'high' } : {});
    assert.deepEqual(watch.run(31_000), ['m5 opened']);
    assert.deepEqual(watch.digests.map(({ reason, members, inTenMinutes }) => [reason, members.length, inTenMinutes]), [['flood', 39, 40]]);
    watch.offer('late', 'opened');
    watch.run(4 * minute);
    assert.equal(watch.digests.length, 1);
    watch.run(2 * minute);
    assert.deepEqual(watch.digests[1]?.members.map(({ twin }) => twin), ['late']);
    watch.flood = { active: false, sinceMs: 0, inTenMinutes: 3 };
    watch.run(1000);
    assert.equal(watch.digests[2]?.reason, 'floodOver');
    watch.offer('after', 'opened');
    assert.deepEqual(watch.run(31_000), ['after opened']);
    assert.equal(new Set(watch.digests.map(({ idempotencyKey }) => idempotencyKey)).size, 3);
  });

  it('goes on from a snapshot at any moment as if it had never stopped', () => {
    const run = (restarts: boolean): unknown => {
      const watch = new Watch({ quietFromMinute: 22 * 60, quietToMinute: 6 * 60, capPerDay: 12 });
      let seed = 11;
      const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
      for (let step = 0; step < 600; step++) {
        const twin = `m${Math.floor(random() * 6)}`;
        const change = (['opened', 'updated', 'acknowledged', 'cleared'] as const)[Math.floor(random() * 4)] as TwinCase['change'];
        watch.minuteOfDay = (step * 7) % 1440;
        watch.day = String(Math.floor((step * 7) / 1440));
        watch.flood = { active: step % 90 > 70, sinceMs: 0, inTenMinutes: step % 90 };
        watch.offer(twin, change, { id: `${twin}/${Math.floor(step / 20)}`, priority: random() < 0.1 ? 'high' : 'low' });
        watch.run(Math.floor(random() * 60) * 1000);
        if (restarts) watch.notifier = new Notifier(watch.notifier.settings, JSON.parse(JSON.stringify(watch.notifier.snapshot())) as never);
      }
      return [watch.told, watch.digests];
    };
    assert.deepEqual(run(true), run(false));
  });
});
