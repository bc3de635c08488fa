import type { Detector, DetectorEntry, DetectorInput, DetectorParameters } from '../../../engine/detectors/detector.ts';
import { spike } from '../../../engine/detectors/spike.ts';
import type { Json } from '../../../engine/ports.ts';
import { followRowByRow } from './detectorChecks.ts';

/** A sound detector, seen through one planted fault. */
function faulty(change: (sound: Detector, parameters: DetectorParameters, snapshot: Json | undefined) => Partial<Detector>, entry: Partial<DetectorEntry> = {}): DetectorEntry {
  return {
    ...spike,
    create(parameters = {}, snapshot) {
      const sound = spike.create(parameters, snapshot);
      const whole: Detector = {
        score: (input, into) => sound.score(input, into),
        learn: (input, trains) => sound.learn(input, trains),
        follow: (column, rows, from, to) => followRowByRow(whole, parameters.columns ?? 1, column, rows, from, to),
        numbers: () => sound.numbers(),
        snapshot: () => sound.snapshot(),
      };
      return Object.assign(whole, change(sound, parameters, snapshot));
    },
    ...entry,
  };
}

function width(parameters: DetectorParameters): number {
  return parameters.columns ?? 1;
}

function stored(snapshot: Json | undefined, name: string): Json | undefined {
  return snapshot !== null && typeof snapshot === 'object' && !Array.isArray(snapshot) ? snapshot[name] : undefined;
}

function isTaken({ usable, values }: DetectorInput): boolean {
  return usable[0] === 1 && Math.abs(values[0]!) < 1e100;
}

/** Counts over all instances: what no detector may do. */
let everScored = 0;

/** For each check, by its name, a whole detector that fails exactly that one. */
export const faultyDetectors: Readonly<Record<string, DetectorEntry>> = {
  'works with no parameters': faulty(() => ({}), { defaults: { ...spike.defaults, columns: 2 } }),
  'says nothing at first, a finite number soon, and then always': faulty((sound) => ({
    score(input, into) {
      sound.score(input, into);
      // 0 ÷ 0 where the value is just what was expected.
      for (let column = 0; column < into.length; column += 1) if (input.values[column] === input.expected[column]) into[column] = NaN;
    },
  })),
  'changes nothing when it scores': faulty((sound, _, snapshot) => {
    let asked = Number(stored(snapshot, 'asked') ?? 0);
    return {
      score(input, into) {
        sound.score(input, into);
        if (isTaken(input)) asked += 1;
        for (let column = 0; column < into.length; column += 1) into[column]! *= 1 + 1e-9 * asked;
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), asked }),
    };
  }),
  'follows many rows of a column as it takes them one by one': faulty((sound) => ({
    follow(column, rows, from, to) {
      // The last row of a block is followed, but not judged.
      const end = sound.follow(column, rows, from, to);
      if (end === to && rows.scores[to - 1]! > 0.5) rows.scores[to - 1] = 0;
      return end;
    },
  })),
  'keeps no reference to its input': faulty((sound) => {
    let last: Float64Array | undefined;
    return {
      score(input, into) {
        sound.score(input, into);
        // Nothing changed since the last row, it believes.
        if (last !== undefined && last[0] === input.values[0] && into[0]! > 0) into[0] = 0;
      },
      learn(input, trains) {
        sound.learn(input, trains);
        if (isTaken(input)) last = input.values;
      },
    };
  }),
  'goes on from a checkpoint exactly as if never stopped': faulty((sound) => {
    let before = 0;
    return {
      score(input, into) {
        sound.score(input, into);
        for (let column = 0; column < into.length; column += 1) if (into[column]! >= 1 && before > 0.05) into[column]! += 0.1;
      },
      learn(input, trains) {
        sound.learn(input, trains);
        before = trains[0] === 1 ? 1 : 0.1;
      },
    };
  }),
  'judges the same stream the same, each column by itself': faulty((sound, parameters) => ({
    score(input, into) {
      sound.score(input, into);
      everScored += 1;
      if (width(parameters) > 1 && everScored % 5 === 0) into[1] = into[0]!;
    },
  })),
  'needs no more memory, however long it runs': faulty((sound, _, snapshot) => {
    const all: number[] = [...((stored(snapshot, 'all') ?? []) as number[])];
    return {
      learn(input, trains) {
        sound.learn(input, trains);
        if (isTaken(input)) all.push(input.values[0]!);
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), all: [...all] }),
    };
  }),
  'is not poisoned by odd values': faulty((sound) => ({
    learn(input, trains) {
      // A value that is no number is taken for 0.
      sound.learn({ ...input, values: input.values.map((value) => (Number.isNaN(value) ? 0 : value)) }, trains);
    },
  })),
  'is calm on a constant and through zero': faulty((sound) => ({
    score(input, into) {
      sound.score(input, into);
      // The error as a share of the value, which is everything near zero.
      for (let column = 0; column < into.length; column += 1) if (input.values[column] === 0 && input.expected[column] === 0) into[column]! += 1;
    },
  })),
  'is indifferent to the unit': faulty((sound) => ({
    score(input, into) {
      sound.score(input, into);
      for (let column = 0; column < into.length; column += 1) if (Math.abs(input.values[column]! - input.expected[column]!) > 1_000) into[column]! += 1;
    },
  })),
  'finds what it promises': faulty(() => ({}), { promises: ['spike', 'drift'] }),
  'learns nothing of what is normal from abnormal rows': faulty((sound, parameters) => {
    const always = new Uint8Array(width(parameters)).fill(1);
    return { learn: (input) => sound.learn(input, always) };
  }),
};
