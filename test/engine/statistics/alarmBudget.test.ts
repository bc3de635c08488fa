import assert from 'node:assert/strict';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { Json } from '../../../engine/ports.ts';
import { AlarmBudget } from '../../../engine/statistics/alarmBudget.ts';

const stepMs = 30_000;
const rowsPerWeek = 604_800_000 / stepMs;

/** Rows of a machine that passes a line which promises L alarms a week share · L^power times a week, and how many alarms a line fixed by the setting gave. */
function watch(budget: AlarmBudget, share: number, power: number, weeks: number, perWeek: number, seed: number, from = 0): { seen: number; fixed: number } {
  const random = new SeededRandom(seed);
  let [seen, fixed, quiet] = [0, 0, 0];
  for (let row = 1; row <= weeks * rowsPerWeek; row += 1) {
    const line = Math.log((random.uniform() * rowsPerWeek) / share) / power;
    if (line <= Math.log(perWeek)) fixed += 1;
    const begins = quiet === 0 && line <= budget.lineFor(perWeek);
    if (begins) {
      seen += 1;
      quiet = 20;
    } else if (quiet > 0) quiet -= 1;
    budget.note(from + row * stepMs, stepMs, perWeek, line, begins ? 'begins' : quiet > 0 ? 'abnormal' : 'sound');
  }
  return { seen, fixed };
}

describe('AlarmBudget', () => {
  it('keeps 0.5 to 2 times what is asked for where lines promise too much or too little, which they alone would not', () => {
    let off = 0;
    for (const [share, power] of [[0.2, 1.2], [0.1, 1], [3, 1], [1, 1]] as const) {
      let [seen, fixed] = [0, 0];
      for (const seed of [1, 2, 3]) {
        const budget = new AlarmBudget();
        watch(budget, share, power, 2, 5, seed);
        const later = watch(budget, share, power, 6, 5, seed + 10, 2 * 604_800_000);
        seen += later.seen;
        fixed += later.fixed;
      }
      assert.ok(seen >= 45 && seen <= 180, `${seen} for 90 at ${share} · L^${power}`);
      if (fixed < 45 || fixed > 180) off += 1;
    }
    assert.ok(off >= 2, `the machines must differ for this to say anything: ${off}`);
  });

  it('takes lines at their word while little was seen, and settings and lines turn round into each other', () => {
    const budget = new AlarmBudget();
    const fresh = budget.lineFor(1);
    assert.ok(Math.abs(fresh - Math.log(0.76)) < 1e-12);
    watch(budget, 1, 1, 0.05, 1, 4);
    assert.ok(Math.abs(budget.lineFor(1) - fresh) < 0.7, `${budget.lineFor(1)} after eight hours`);
    watch(budget, 0.2, 1.2, 2, 1, 5);
    for (const perWeek of [0.01, 1, 30]) assert.ok(Math.abs(budget.settingFor(budget.lineFor(perWeek)) / perWeek - 1) < 1e-9);
  });

  it('faults, which pass every line, do not make it stricter', () => {
    const [calm, faulty] = [new AlarmBudget(), new AlarmBudget()];
    for (let week = 0; week < 4; week += 1) {
      for (const budget of [calm, faulty]) watch(budget, 0.3, 1, 1, 1, 20 + week, week * 604_800_000);
      for (let fault = 0; fault < 5; fault += 1) {
        for (let row = 0; row < 40; row += 1) faulty.note(week * 604_800_000, 0, 1, row === 0 ? -50 : Infinity, row === 0 ? 'begins' : 'sound');
      }
    }
    assert.ok(Math.abs(calm.lineFor(1) - faulty.lineFor(1)) < 0.25, `${calm.lineFor(1)} and ${faulty.lineFor(1)}`);
  });

  it('goes on from a snapshot as if never stopped, and takes one from before lines were counted', () => {
    const whole = new AlarmBudget();
    let resumed = new AlarmBudget();
    for (let part = 0; part < 5; part += 1) {
      for (const budget of [whole, resumed]) watch(budget, 0.4, 1.1, 0.3, 2, part, part * 200_000_000);
      const next = new AlarmBudget();
      next.restore(JSON.parse(JSON.stringify(resumed.snapshot())) as Json, 'budget');
      resumed = next;
    }
    assert.deepEqual(resumed.snapshot(), whole.snapshot());
    const older = new AlarmBudget();
    older.restore({ weeks: (whole.snapshot() as { weeks: Json }).weeks }, 'budget');
    assert.deepEqual(older.expectedAgainstSeen(1e9), whole.expectedAgainstSeen(1e9));
    assert.equal(older.lineFor(1), new AlarmBudget().lineFor(1));
  });
});
