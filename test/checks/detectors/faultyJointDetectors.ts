import { apart } from '../../../engine/detectors/apart.ts';
import type { JointDetector, JointDetectorEntry, JointInput } from '../../../engine/detectors/jointDetector.ts';
import type { Json } from '../../../engine/ports.ts';

/** A sound detector, seen through one planted fault. */
function faulty(change: (sound: JointDetector, snapshot: Json | undefined) => Partial<JointDetector>, entry: Partial<JointDetectorEntry> = {}): JointDetectorEntry {
  return {
    ...apart,
    create(parameters = {}, snapshot) {
      const sound = apart.create(parameters, snapshot);
      const whole: JointDetector = {
        score: (input) => sound.score(input), shares: (input, into) => sound.shares(input, into), learn: (input, scored) => sound.learn(input, scored),
        restart: () => sound.restart(), snapshot: () => sound.snapshot(),
      };
      return Object.assign(whole, change(sound, snapshot));
    },
    ...entry,
  };
}

function stored(snapshot: Json | undefined, name: string): Json | undefined {
  return snapshot !== null && typeof snapshot === 'object' && !Array.isArray(snapshot) ? snapshot[name] : undefined;
}

/** For each check, by its name, a whole detector that fails exactly that one. */
export const faultyJointDetectors: Readonly<Record<string, JointDetectorEntry>> = {
  'works with no parameters': faulty(() => ({}), { defaults: { ...apart.defaults, columns: 4 } }),
  'scores about 1 while all is as usual, and always a finite number': faulty(
    (sound) => ({ score: (input) => 0.9 + sound.score(input) }),
    { typical: (columns) => ({ quantile: 0.9 + apart.typical(columns).quantile, excess: apart.typical(columns).excess }) },
  ),
  'has in Gaussian noise the largest values that its entry says': faulty(() => ({}), { typical: () => ({ quantile: 2, excess: 0.05 }) }),
  'changes nothing when it scores': faulty((sound, snapshot) => {
    let asked = Number(stored(snapshot, 'asked') ?? 0);
    return {
      score(input) {
        asked += input.distances[0]! > 2.5 && input.distances[1]! < -2.5 ? 1 : 0;
        return sound.score(input) * (1 + 1e-9 * asked);
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), asked }),
      restart() {
        sound.restart();
        asked = 0;
      },
    };
  }),
  'learns a row that was just scored as any other, also after its shares were asked for': faulty((sound) => ({
    learn(input, scored) {
      sound.learn(input, scored);
      if (scored === true) sound.learn(input);
    },
  })),
  'keeps no reference to its input': faulty((sound) => {
    let last: { mine: Float64Array; was: number } | undefined;
    return {
      learn(input) {
        sound.learn(input);
        last = { mine: input.distances, was: input.distances[0]! };
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), ...(last !== undefined && last.mine[0] === 77 && last.was !== 77 ? { other: 1 } : {}) }),
    };
  }),
  'goes on from a checkpoint exactly as if never stopped': faulty((sound) => {
    let rows = 0;
    return {
      learn(input) {
        rows += 1;
        sound.learn(input);
      },
      score: (input) => sound.score(input) * (rows < 3 ? 1 + 1e-9 : 1),
    };
  }),
  'needs no more memory, however long it runs': faulty((sound, snapshot) => {
    let all: Json[] = [...((stored(snapshot, 'all') ?? []) as Json[])];
    return {
      learn(input) {
        sound.learn(input);
        if (input.count >= 2) all.push(input.distances[0]!);
      },
      restart() {
        sound.restart();
        all = [];
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), ...(all.length > 0 ? { all: [...all] } : {}) }),
    };
  }),
  'goes on with fewer columns where some have no value, and has nothing to say of one alone': faulty((sound) => ({
    score: (input: JointInput) => (input.count < input.distances.length ? 0 : sound.score(input)),
  })),
  'is not changed by rows without values': faulty((sound) => ({
    learn(input) {
      // No value is taken for one that is as expected.
      sound.learn(input.count === 0 ? { ...input, count: 4, present: new Uint8Array(4).fill(1), precision: Float64Array.from({ length: 16 }, (_, place) => (place % 5 === 0 ? 1 : 0)) } : input);
    },
  })),
  'is indifferent to the unit': faulty((sound) => ({
    score: (input) => (input.count < 2 ? NaN : sound.score(input) * (1 + 1e-4 * Math.max(-1, Math.min(1, input.distances[1]!)))),
  })),
  'finds what it promises, and whose fault it is': faulty(() => ({
    shares(input, into) {
      for (let column = 0; column < into.length; column += 1) into[column] = input.present[column]! / input.count;
    },
  })),
  'does not reach its line by a single row, however wild, and begins anew when told to': faulty((sound) => ({ restart: () => undefined, snapshot: () => sound.snapshot() })),
};
