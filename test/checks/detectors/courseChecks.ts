import assert from 'node:assert/strict';
import type { CourseDetector, CourseDetectorEntry, CourseFault } from '../../../engine/detectors/courseDetector.ts';
import type { Json } from '../../../engine/ports.ts';
import type { Check } from './check.ts';
import { noisyValues } from './check.ts';

export const points = 24;

/** A pressure: it rises, peaks, is held and released. @param delay in points. @param rise points that the rise takes */
function pressureAt(point: number, delay = 0, rise = 3): number {
  const at = point - delay;
  if (at < 3) return 50;
  if (at < 3 + rise) return 50 + (30 * (at - 3)) / rise;
  return at < 8 ? 80 : at < 16 ? 70 : 50;
}

/** A course without edges: how one of those falls between two points is chance, and counts for less. */
const swing = (point: number): number => 50 + 4 * Math.sin((2 * Math.PI * point) / points);

/** Cycles with normal noise of standard deviation 0.3 on every point. */
export function cycles(seed: number, count: number, course: (point: number) => number = pressureAt): Float64Array[] {
  const noise = noisyValues(seed, count * points);
  return Array.from({ length: count }, (_, cycle) => Float64Array.from({ length: points }, (__, point) => course(point) + noise[cycle * points + point]! - 50));
}

/** Another course, little in size; and the thirds of the cycle in which it may differ most. */
export const courseFaults: Readonly<Record<CourseFault, { course: (point: number) => number; thirds: readonly number[] }>> = {
  late: { course: (point) => pressureAt(point, 0.2), thirds: [0, 1, 2] },
  slow: { course: (point) => pressureAt(point, 0, 3.4), thirds: [0] },
  shoulder: { course: (point) => pressureAt(point) + (point >= 16 && point < 20 ? 1 : 0), thirds: [2] },
  missing: { course: (point) => pressureAt(point) - (point >= 10 && point < 14 ? 1 : 0), thirds: [1] },
};

function feed(detector: CourseDetector, courses: readonly Float64Array[], trains = true): number[] {
  return courses.map((course) => {
    const score = detector.score(course);
    detector.learn(course, trains);
    return score;
  });
}

const stored = (detector: CourseDetector): Json => JSON.parse(JSON.stringify(detector.snapshot())) as Json;
const most = (scores: readonly number[]): number => Math.max(...scores.filter((score) => !Number.isNaN(score)));
const fault = (entry: CourseDetectorEntry, seed: number, count: number): Float64Array[] => cycles(seed, count, courseFaults[entry.promises[0]!].course);

/** What every course detector promises. */
export const courseChecks: readonly Check<CourseDetectorEntry>[] = [
  {
    name: 'works with no parameters',
    run(entry) {
      assert.equal(entry.defaults.points, points);
      assert.ok(entry.name.length > 0 && entry.promises.length > 0 && entry.memory > 0 && entry.blockCycles > 0);
      assert.doesNotThrow(() => entry.create().snapshot());
    },
  },
  {
    name: 'says nothing at first, then about 1 while all is as usual, and always a finite number',
    run(entry) {
      const scores = feed(entry.create(), cycles(1, 600, swing));
      assert.ok(Number.isNaN(scores[0]!) && Number.isNaN(scores[5]!));
      const known = scores.slice(60);
      assert.ok(known.every((score) => Number.isFinite(score) && score >= 0), 'not finite');
      const mean = known.reduce((sum, score) => sum + score, 0) / known.length;
      assert.ok(mean > 0.7 && mean < 1.3 && most(known) < 2, `mean ${mean}, most ${most(known)}`);
    },
  },
  {
    name: 'has in Gaussian noise the largest values that its entry says',
    run(entry) {
      for (const count of [8, points]) {
        const maxima: number[] = [];
        for (let seed = 700; seed < 705; seed += 1) {
          const scores = feed(entry.create({ points: count }), cycles(seed, 320, swing).map((course) => course.slice(0, count)));
          for (let cycle = 80; cycle + entry.blockCycles <= 320; cycle += entry.blockCycles) maxima.push(most(scores.slice(cycle, cycle + entry.blockCycles)));
        }
        maxima.sort((a, b) => a - b);
        const quantile = maxima[Math.floor(0.7 * maxima.length)]!;
        const typical = entry.typical(count);
        const excess = maxima.filter((one) => one > quantile).reduce((sum, one) => sum + one - quantile, 0) / (0.3 * maxima.length);
        assert.ok(Math.abs(typical.quantile - quantile) < 0.06 * quantile, `${count} points: quantile ${quantile}, not ${typical.quantile}`);
        assert.ok(excess > typical.excess / 1.5 && excess < 1.5 * typical.excess, `${count} points: excess ${excess}, not ${typical.excess}`);
      }
    },
  },
  {
    name: 'changes nothing when it scores',
    run(entry) {
      const [quiet, asked] = [entry.create(), entry.create()];
      for (const course of cycles(2, 120)) {
        for (const other of [course.map((value) => 3 * value), course, course.map(() => NaN)]) asked.score(other);
        assert.deepEqual(feed(asked, [course]), feed(quiet, [course]));
      }
      assert.deepEqual(asked.snapshot(), quiet.snapshot());
    },
  },
  {
    name: 'keeps no reference to its input',
    run(entry) {
      const [one, other] = [entry.create(), entry.create()];
      const shared = new Float64Array(points);
      for (const course of cycles(3, 60)) {
        shared.set(course);
        const score = other.score(shared);
        other.learn(shared, true);
        assert.deepEqual([score], feed(one, [course]));
        shared.fill(77);
        assert.deepEqual(other.snapshot(), one.snapshot());
      }
    },
  },
  {
    name: 'goes on from a checkpoint exactly as if never stopped',
    run(entry) {
      const whole = entry.create();
      let resumed = entry.create();
      for (const [index, course] of [...cycles(4, 150), ...fault(entry, 5, 40)].entries()) {
        if (index % 7 === 0) resumed = entry.create({}, stored(resumed));
        assert.deepEqual(feed(resumed, [course], index < 150), feed(whole, [course], index < 150), `at ${index}`);
        assert.equal(resumed.third, whole.third);
      }
      for (const damaged of [{ damaged: true }, null, { cycles: 20, points: {} }]) assert.throws(() => entry.create({}, damaged as unknown as Json), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
    },
  },
  {
    name: 'needs no more memory, however long it runs',
    run(entry) {
      const detector = entry.create();
      feed(detector, cycles(6, 100));
      const early = JSON.stringify(detector.snapshot()).length;
      feed(detector, cycles(7, 600));
      const late = JSON.stringify(detector.snapshot()).length;
      assert.ok(late <= 1.2 * early + 50, `${early} characters after 100 cycles, ${late} after 700`);
      assert.ok(late <= points * 25 * entry.memory + 150, `${late} characters for ${points} × ${entry.memory} numbers`);
    },
  },
  {
    name: 'says nothing of a column without a course, nor of a cycle of which too much is missing',
    run(entry) {
      for (const course of [() => 50, () => 0]) assert.ok(feed(entry.create(), cycles(8, 300, course)).every(Number.isNaN));
      for (const value of [50, 0]) assert.ok(feed(entry.create(), Array.from({ length: 60 }, () => new Float64Array(points).fill(value))).every(Number.isNaN));
      const detector = entry.create();
      feed(detector, cycles(9, 100));
      const few = (share: number): Float64Array[] => cycles(10, 100).map((course) => course.map((value, point) => (point < share * points ? value : NaN)));
      assert.ok(feed(detector, few(0.5), false).every(Number.isNaN));
      assert.ok(feed(detector, few(0.9), false).every((score) => score < 2));
    },
  },
  {
    name: 'is not changed by cycles without values',
    run(entry) {
      const [clean, odd] = [entry.create(), entry.create()];
      for (const [index, course] of cycles(11, 200).entries()) {
        if (index % 5 === 0) feed(odd, [NaN, Infinity, -Infinity, 1e308].map((value) => new Float64Array(points).fill(value)));
        assert.deepEqual(feed(odd, [course]), feed(clean, [course]), `at ${index}`);
      }
      assert.deepEqual(odd.snapshot(), clean.snapshot());
    },
  },
  {
    name: 'is indifferent to the unit, and to where and how large a cycle is',
    run(entry) {
      const courses = [...cycles(12, 200), ...fault(entry, 13, 20)];
      const plain = feed(entry.create(), courses);
      const same = (others: readonly number[], what: string, tolerance: number): void => {
        for (const [index, score] of plain.entries()) {
          assert.ok(Number.isNaN(score) ? Number.isNaN(others[index]) : Math.abs(others[index]! - score) < tolerance * (1 + score), `${what}, at ${index}: ${others[index]}, not ${score}`);
        }
      };
      for (const [factor, offset] of [[1.8, 32], [-1_000, 7], [1e-6, 0]] as const) {
        same(feed(entry.create(), courses.map((course) => course.map((value) => factor * value + offset))), `times ${factor}`, 1e-6);
      }
      same(feed(entry.create(), courses.map((course, index) => (index < 100 ? course : course.map((value) => 1.1 * value + index / 10)))), 'larger cycles', 0.2);
      const before = feed(entry.create(), courses.slice(0, 100));
      const moved = entry.create({}, entry.move(stored(fedWith(entry, courses.slice(0, 100))), { from: 0, again: false, scale: 1.8, offset: 32 }));
      same([...before, ...feed(moved, courses.slice(100).map((course) => course.map((value) => 1.8 * value + 32)))], 'moved', 1e-6);
    },
  },
  {
    name: 'finds what it promises, and in which third of the cycle it is',
    run(entry) {
      for (const promise of entry.promises) {
        for (const seed of [14, 15]) {
          const detector = entry.create();
          const before = most(feed(detector, cycles(seed, 200)));
          const during = feed(detector, cycles(seed + 50, 12, courseFaults[promise].course), false);
          assert.ok(during.at(-1)! > 1.5 * before, `${promise}: ${during.at(-1)} after ${before}`);
          assert.ok(courseFaults[promise].thirds.includes(detector.third), `${promise}: ${detector.third}`);
        }
      }
    },
  },
  {
    name: 'is calm again with the first sound cycle, and finds the same again',
    run(entry) {
      const detector = entry.create();
      feed(detector, cycles(17, 300));
      for (const seed of [18, 19]) {
        assert.ok(most(feed(detector, fault(entry, seed, 15), false)) > 3);
        assert.ok(most(feed(detector, cycles(seed + 10, 20), false)) < 2.2, 'not calm');
      }
    },
  },
];

function fedWith(entry: CourseDetectorEntry, courses: readonly Float64Array[]): CourseDetector {
  const detector = entry.create();
  feed(detector, courses);
  return detector;
}
