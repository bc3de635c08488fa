import assert from 'node:assert/strict';
import type { AlarmFlags, AlarmState } from '../../../contract/alarms.ts';
import { AlarmCourse } from '../../../engine/alarms/alarmCourse.ts';
import type { AlarmCourseState } from '../../../engine/alarms/alarmCourse.ts';
import { alarmTable, isRetained, shownState } from '../../../engine/alarms/alarmTable.ts';
import type { AlarmEvent, AlarmEventName, AlarmMoment, AlarmNature, AlarmRow } from '../../../engine/alarms/alarmTable.ts';
import { LimitWatch } from '../../../engine/alarms/limitWatch.ts';
import { brokenRule, longestShelfMs, plantedFaults, randomFrom } from '../../checks/alarms/courseRules.ts';

const nowMs = 1_000_000;

/** Every combination of flags that can occur. */
function everyFlags(): AlarmFlags[] {
  const list: AlarmFlags[] = [];
  for (const active of [false, true]) for (const acked of [false, true]) for (const latched of [false, true]) for (const shelf of [undefined, 'timed', 'oneShot'] as const)
    for (const suppressedBy of [[], ['mode'], ['mode', 'root:line/stop']]) for (const out of [false, true]) {
      list.push({
        active, acked, latched, suppressedBy,
        ...(shelf === undefined ? {} : { shelf: { kind: shelf, untilMs: nowMs + 50, by: 'Ada', why: '' } }),
        ...(out ? { outOfService: { by: 'Ada', why: 'rebuilt', sinceMs: 1 } } : {}),
      });
    }
  return list;
}

const natures: AlarmNature[] = [true, false].flatMap((latching) => [true, false].map((acknowledge) => ({ latching, acknowledge, longestShelfMs })));

function eventsOf(name: AlarmEventName): AlarmEvent[] {
  switch (name) {
    case 'ACT':
    case 'RTN':
      return [{ do: name, sourceMs: 5 }];
    case 'ACK':
      return [3, 2, 4].map((occurrence) => ({ do: 'ACK', occurrence, by: 'Ada', why: 'seen' }));
    case 'SHELVE':
      return [longestShelfMs, longestShelfMs + 1, 0].map((forMs) => ({ do: 'SHELVE', forMs, by: 'Ada' }));
    case 'SUP':
    case 'UNSUP':
      return ['mode', 'other'].map((cause) => ({ do: name, cause }));
    case 'OOS':
      return ['rebuilt', ' '].map((why) => ({ do: 'OOS', by: 'Ada', why }));
    case 'EXP':
    case 'REALARM':
      return [{ do: name }];
    default:
      return [{ do: name, by: 'Ada' }];
  }
}

function courseOf(nature: AlarmNature, flags: AlarmFlags): AlarmCourse {
  const state: AlarmCourseState = { flags, occurrence: 3, annunciation: 1, activeSinceMs: 1, changedMs: 2, acknowledgedBy: null, acknowledgedMs: null };
  return new AlarmCourse(nature, state as never);
}

/** Holds the engine against one row in each situation that it speaks of. @returns how many those were */
function checkRow(row: AlarmRow, make: typeof courseOf = courseOf): number {
  let seen = 0;
  for (const nature of natures) for (const flags of everyFlags()) {
    const from = shownState(flags);
    if (!row.from.includes(from)) continue;
    for (const event of (row.event as readonly AlarmEventName[]).flatMap(eventsOf)) {
      const moment: AlarmMoment = { flags, nature, occurrence: 3, event, nowMs };
      // The first row that fits is the one.
      const first = alarmTable.find((each) => typeof each.event !== 'string' && each.event.includes(event.do) && each.from.includes(from) && (each.when?.(moment) ?? true));
      if (first !== row) continue;
      seen++;
      const course = make(nature, structuredClone(flags));
      const before = JSON.stringify(course.snapshot());
      const outcome = course.apply(event, nowMs);
      const what = `row ${row.row}: ${event.do} in ${from} with ${JSON.stringify({ flags, nature, event })}`;
      assert.equal(outcome.from, from, what);
      if (row.to === 'same') {
        assert.equal(JSON.stringify(course.snapshot()), before, what);
        assert.deepEqual([outcome.changed, outcome.annunciated, outcome.refusal], [false, false, row.refusal], what);
        continue;
      }
      const hidden = row.to === 'hidden';
      // Tracked underneath what already holds is no change; everything else is.
      if (!hidden || course.flags.active !== flags.active) assert.equal(outcome.changed, true, what);
      // Where nobody has to acknowledge, an active alarm counts as acknowledged.
      const answered = row.to === 'UNACK' && !nature.acknowledge && (event.do === 'ACT' || flags.acked);
      const to = hidden ? from : row.to === 'flags' ? shownState(course.flags) : answered ? 'ACKED' : row.to;
      assert.equal(course.shown, to, what);
      assert.equal(outcome.to, to, what);
      if (row.tell === 'always') assert.equal(outcome.annunciated, true, what);
      else if (row.tell === undefined) assert.equal(outcome.annunciated, false, what);
      else assert.equal(outcome.annunciated, course.shown === 'UNACK', what);
    }
  }
  return seen;
}

/** What the rows say beyond state and telling; by number. */
const more: Record<number, () => void> = {
  1: () => {
    const course = new AlarmCourse({ latching: false, acknowledge: true, longestShelfMs });
    course.apply({ do: 'ACT', sourceMs: 77 }, nowMs);
    assert.deepEqual([course.state.occurrence, course.state.activeSinceMs], [1, 77]);
  },
  3: () => {
    const course = courseOf(natures[2] as AlarmNature, { active: true, acked: false, latched: false, suppressedBy: [] });
    course.apply({ do: 'ACK', occurrence: 3, by: 'Ada', why: 'seen' }, nowMs);
    assert.deepEqual([course.state.acknowledgedBy, course.state.acknowledgedMs], ['Ada', nowMs]);
  },
  9: () => {
    const course = courseOf(natures[2] as AlarmNature, { active: false, acked: false, latched: false, suppressedBy: [] });
    course.apply({ do: 'ACT', sourceMs: 9 }, nowMs);
    assert.equal(course.state.occurrence, 4);
  },
  18: () => {
    const course = courseOf(natures[0] as AlarmNature, { active: true, acked: false, latched: true, suppressedBy: [] });
    course.apply({ do: 'SHELVE', forMs: 60, by: 'Ada', why: 'known' }, nowMs);
    assert.deepEqual(course.flags.shelf, { kind: 'timed', untilMs: nowMs + 60, by: 'Ada', why: 'known' });
  },
  23: () => {
    const course = courseOf(natures[2] as AlarmNature, { active: true, acked: false, latched: false, suppressedBy: [], shelf: { kind: 'oneShot', untilMs: nowMs, by: 'Ada', why: '' } });
    const outcome = course.apply({ do: 'RTN', sourceMs: 9 }, nowMs);
    assert.deepEqual([outcome.to, course.flags.shelf], ['RTNUN', undefined]);
  },
  27: () => {
    const shelf = { kind: 'timed' as const, untilMs: nowMs + 60, by: 'Ada', why: '' };
    const course = courseOf(natures[2] as AlarmNature, { active: true, acked: false, latched: false, suppressedBy: ['mode'], shelf });
    assert.deepEqual([course.apply({ do: 'UNSUP', cause: 'mode' }, nowMs).to, course.hidden], ['SHLVD', true], 'a shelf goes on running under a suppression');
  },
  28: () => {
    const course = courseOf(natures[2] as AlarmNature, { active: true, acked: false, latched: false, suppressedBy: [] });
    course.apply({ do: 'OOS', by: 'Ada', why: 'rebuilt' }, nowMs);
    assert.deepEqual(course.flags.outOfService, { by: 'Ada', why: 'rebuilt', sinceMs: nowMs });
  },
};

const highAbove80 = { kind: 'high', limit: 80, deadband: 2, onDelayMs: 10_000, offDelayMs: 5_000 } as const;

/** The rows that speak of what comes from outside: nothing of it may raise, clear or change an alarm. */
const outside: Record<string, () => void> = {
  BADQ: () => {
    const watch = new LimitWatch(highAbove80);
    for (const [value, quality] of [[99, 'bad'], [99, 'uncertain'], [NaN, 'good'], [Infinity, 'good'], [-Infinity, 'good']] as const) {
      for (let second = 0; second < 30; second++) assert.deepEqual(watch.take(second * 1000, value, quality), [], `${value} ${quality} raises`);
    }
    for (let second = 30; second <= 40; second++) watch.take(second * 1000, 99, 'good');
    assert.equal(watch.active, true);
    for (const [value, quality] of [[0, 'bad'], [0, 'uncertain'], [NaN, 'good'], [-Infinity, 'good']] as const) {
      for (let second = 41; second < 90; second++) assert.deepEqual(watch.take(second * 1000, value, quality), [], `${value} ${quality} clears`);
    }
    assert.equal(watch.active, true);
  },
  RESTART: () => {
    for (const nature of natures) for (const flags of everyFlags()) {
      const course = courseOf(nature, structuredClone(flags));
      const again = new AlarmCourse(nature, JSON.parse(JSON.stringify(course.snapshot())) as never);
      assert.deepEqual(again.snapshot(), course.snapshot());
      assert.equal(again.apply({ do: 'ACT', sourceMs: 5 }, nowMs).annunciated, course.apply({ do: 'ACT', sourceMs: 5 }, nowMs).annunciated);
      if (flags.active) assert.equal(again.state.occurrence, 3, 'no second annunciation of what was active');
    }
    const raised = new LimitWatch({ ...highAbove80, onDelayMs: 0 });
    raised.take(0, 99, 'good');
    assert.deepEqual(new LimitWatch({ ...highAbove80, onDelayMs: 0 }, raised.snapshot()).take(1, 99, 'good'), []);
  },
  OLDER: () => {
    const watch = new LimitWatch({ ...highAbove80, onDelayMs: 0, offDelayMs: 0 });
    watch.take(10_000, 70, 'good');
    assert.deepEqual(watch.take(9_999, 99, 'good'), []);
    assert.equal(watch.take(10_000, 99, 'good').length, 1, 'a value of the same time is evaluated');
    assert.deepEqual(watch.take(9_999, 0, 'good'), []);
  },
  CLOCK: () => {
    // Delays count source time, whatever the clock on the wall does meanwhile: no clock is read at all.
    const watch = new LimitWatch(highAbove80);
    watch.take(0, 99, 'good');
    assert.deepEqual(watch.take(9_999, 99, 'good'), []);
    assert.deepEqual(watch.take(10_000, 99, 'good'), [{ do: 'ACT', sourceMs: 10_000 }]);
  },
};

describe('the state table of alarms', () => {
  const numbers = new Set(alarmTable.map(({ row }) => row));
  it('has 33 rows', () => assert.deepEqual([...numbers], Array.from({ length: 33 }, (_, index) => index + 1)));

  for (const number of numbers) {
    const rows = alarmTable.filter(({ row }) => row === number);
    const [first] = rows as [AlarmRow];
    it(`row ${number}: ${first.from.length > 6 ? 'any' : first.from.join(', ')} ${String(first.event)}${first.guard === '' ? '' : ` (${first.guard})`} → ${first.to}`, () => {
      for (const row of rows) {
        if (typeof row.event === 'string') (outside[row.event] as () => void)();
        else assert.ok(checkRow(row) > 0, 'no situation for this row');
      }
      more[number]?.();
    });
  }

  it('a wrong effect, a wrong telling and a wrong refusal in any row are caught', () => {
    let planted = 0;
    for (const row of alarmTable) {
      if (typeof row.event === 'string') continue;
      const spoiled: ((course: AlarmCourse) => AlarmCourse)[] = [
        (course) => spoil(course, (outcome) => ({ ...outcome, annunciated: !outcome.annunciated })),
        (course) => spoil(course, (outcome) => ({ ...outcome, to: (outcome.to === 'NORM' ? 'UNACK' : 'NORM') as AlarmState, refusal: undefined as never, changed: !outcome.changed })),
      ];
      for (const fault of spoiled) {
        planted++;
        assert.throws(() => checkRow(row, (nature, flags) => fault(courseOf(nature, flags))), { name: 'AssertionError' }, `row ${row.row}`);
      }
    }
    assert.ok(planted > 60, String(planted));
  });

  it('passes the vector of OPC UA Part 9, Annex B.1 (acknowledge and confirm required)', () => {
    const course = new AlarmCourse({ latching: false, acknowledge: true, confirm: true, longestShelfMs });
    const letters = (): string => [course.flags.active, course.flags.acked, course.flags.confirmed !== false, isRetained(course.flags)].map((flag) => (flag ? 'T' : 'F')).join('');
    const ack = (): AlarmEvent => ({ do: 'ACK', occurrence: course.state.occurrence, by: 'Ada' });
    const seen = [letters()];
    const script: (() => AlarmEvent)[] = [
      () => ({ do: 'ACT', sourceMs: 1 }), ack, () => ({ do: 'RTN', sourceMs: 2 }), () => ({ do: 'CONFIRM', by: 'Ada' }),
      () => ({ do: 'ACT', sourceMs: 3 }), () => ({ do: 'RTN', sourceMs: 4 }), ack, () => ({ do: 'CONFIRM', by: 'Ada' }),
    ];
    for (const event of script) {
      course.apply(event(), nowMs);
      seen.push(letters());
    }
    assert.deepEqual(seen, ['FTTF', 'TFTT', 'TTFT', 'FTFT', 'FTTF', 'TFTT', 'FFTT', 'FTFT', 'FTTF']);
    assert.equal(course.apply({ do: 'CONFIRM', by: 'Ada' }, nowMs).refusal, 'nothingToConfirm');
  });
});

function spoil(course: AlarmCourse, change: (outcome: ReturnType<AlarmCourse['apply']>) => ReturnType<AlarmCourse['apply']>): AlarmCourse {
  const apply = course.apply.bind(course);
  course.apply = (event, time) => change(apply(event, time));
  return course;
}

describe('random lives of alarms', () => {
  const seed = Number(process.env.TWINWIRE_SEED ?? Date.now() % 1_000_000);

  it(`100,000 of them hold every rule (seed ${seed})`, function () {
    this.timeout(60_000);
    const random = randomFrom(seed);
    for (let life = 0; life < 100_000; life++) {
      const broken = brokenRule((nature, snapshot) => new AlarmCourse(nature, snapshot), random, 12);
      if (broken !== undefined) assert.fail(`${broken} (life ${life})`);
    }
  });

  for (const [rule, make] of Object.entries(plantedFaults)) {
    it(`the rule "${rule}" catches its planted fault`, () => {
      const random = randomFrom(seed);
      const found = new Set<string>();
      for (let life = 0; life < 20_000 && ![...found].some((each) => each.startsWith(rule)); life++) {
        const broken = brokenRule(make, random, 12);
        if (broken !== undefined) found.add(broken);
      }
      assert.ok([...found].some((each) => each.startsWith(rule)), [...found].slice(0, 5).join('; '));
    });
  }
});
