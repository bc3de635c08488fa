import type { CourseDetector, CourseDetectorEntry } from '../../../engine/detectors/courseDetector.ts';
import { shape } from '../../../engine/detectors/shape.ts';
import type { Json } from '../../../engine/ports.ts';

/** A sound detector, seen through one planted fault. */
function faulty(change: (sound: CourseDetector, snapshot: Json | undefined) => Partial<CourseDetector>, entry: Partial<CourseDetectorEntry> = {}): CourseDetectorEntry {
  return {
    ...shape,
    create(parameters = {}, snapshot) {
      const sound = shape.create(parameters, snapshot);
      const whole: CourseDetector = {
        score: (course) => sound.score(course), learn: (course, trains) => sound.learn(course, trains), snapshot: () => sound.snapshot(),
        get third() {
          return sound.third;
        },
      };
      return Object.defineProperties(whole, Object.getOwnPropertyDescriptors(change(sound, snapshot)));
    },
    ...entry,
  };
}

const member = (snapshot: Json | undefined, name: string): Json | undefined =>
  (snapshot !== null && typeof snapshot === 'object' && !Array.isArray(snapshot) ? snapshot[name] : undefined);
const withMember = (snapshot: Json, name: string, value: Json): Json => ({ ...(snapshot as Record<string, Json>), [name]: value });

/** For each check, by its name, a whole detector that fails exactly that one. */
export const faultyCourseDetectors: Readonly<Record<string, CourseDetectorEntry>> = {
  'works with no parameters': faulty(() => ({}), { blockCycles: shape.blockCycles, name: '' }),
  'says nothing at first, then about 1 while all is as usual, and always a finite number': faulty(
    (sound) => ({ score: (course) => 0.4 + sound.score(course) }),
    { typical: (points) => ({ quantile: 0.4 + shape.typical(points).quantile, excess: shape.typical(points).excess }) },
  ),
  'has in Gaussian noise the largest values that its entry says': faulty(() => ({}), { typical: () => ({ quantile: 2, excess: 0.05 }) }),
  'changes nothing when it scores': faulty((sound, snapshot) => {
    let asked = Number(member(snapshot, 'asked') ?? 0);
    return {
      score(course) {
        if (course[0]! > 140 && course[0]! < 160) asked += 1;
        return sound.score(course);
      },
      snapshot: () => withMember(sound.snapshot(), 'asked', asked),
    };
  }),
  'keeps no reference to its input': faulty((sound) => {
    let last: { mine: Float64Array; was: number } | undefined;
    return {
      learn(course, trains) {
        sound.learn(course, trains);
        last = { mine: course, was: course[0]! };
      },
      snapshot: () => (last !== undefined && last.mine[0] === 77 && last.was !== 77 ? withMember(sound.snapshot(), 'other', 1) : sound.snapshot()),
    };
  }),
  'goes on from a checkpoint exactly as if never stopped': faulty((sound) => {
    let seen = 0;
    return {
      score: (course) => sound.score(course) * (seen < 2 ? 1 + 1e-9 : 1),
      learn(course, trains) {
        seen += 1;
        sound.learn(course, trains);
      },
    };
  }),
  'needs no more memory, however long it runs': faulty((sound, snapshot) => {
    const all: Json[] = [...((member(snapshot, 'all') ?? []) as Json[])];
    return {
      learn(course, trains) {
        sound.learn(course, trains);
        if (Math.abs(course[0]!) < 1e300) all.push(course[0]!);
      },
      snapshot: () => withMember(sound.snapshot(), 'all', [...all]),
    };
  }),
  'says nothing of a column without a course, nor of a cycle of which too much is missing': faulty((sound) => ({
    score: (course) => (course.some(Number.isNaN) ? 0 : sound.score(course)),
  })),
  'is not changed by cycles without values': faulty((sound) => ({
    // No value is taken for the usual one.
    learn: (course, trains) => sound.learn(course.every((value) => Math.abs(value) < 1e300) ? course : course.map((_, point) => 50 + (point % 3)), trains),
  })),
  'is indifferent to the unit, and to where and how large a cycle is': faulty((sound) => ({
    score: (course) => sound.score(course) * (1 + 1e-3 * Math.max(-1, Math.min(1, (course[0]! - 50) / 10))),
  })),
  'finds what it promises, and in which third of the cycle it is': faulty(() => ({ third: 0 })),
  'is calm again with the first sound cycle, and finds the same again': faulty((sound, snapshot) => {
    let told = Number(member(snapshot, 'told') ?? 0);
    return {
      // What was found once stays for five cycles.
      score: (course) => {
        const score = sound.score(course);
        return told > 0 && score < 2.5 ? 2.5 : score;
      },
      learn(course, trains) {
        told = sound.score(course) > 2.5 ? 5 : Math.max(0, told - 1);
        sound.learn(course, trains);
      },
      snapshot: () => withMember(sound.snapshot(), 'told', told),
    };
  }),
};
