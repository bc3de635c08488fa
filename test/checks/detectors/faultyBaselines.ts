import { createBaseline } from '../../../engine/baselines/index.ts';
import type { AssetBaseline, BaselineFactory } from '../../../engine/baselines/index.ts';
import type { Json } from '../../../engine/ports.ts';
import { phaseArmed, phaseLearning } from '../../../engine/signalRow.ts';
import type { SignalRow } from '../../../engine/signalRow.ts';

type Change = (sound: AssetBaseline, snapshot: Json | undefined) => Partial<AssetBaseline>;

/** A sound baseline, seen through one planted fault. */
function faulty(change: Change): BaselineFactory {
  return (columns, options, snapshot) => {
    const sound = createBaseline(columns, options, snapshot);
    const whole: AssetBaseline = {
      columns: sound.columns,
      driverColumns: () => sound.driverColumns(),
      expect: (row, into) => sound.expect(row, into),
      isPlausible: (row, expectation) => sound.isPlausible(row, expectation),
      learn: (row) => sound.learn(row),
      pass: (row) => sound.pass(row),
      // Never ahead: all row by row.
      goAhead: (_, from) => from,
      stayAt: () => undefined,
      learnAgain: (properties) => sound.learnAgain(properties),
      progress: () => sound.progress(),
      snapshot: () => sound.snapshot(),
    };
    return Object.assign(whole, change(sound, snapshot));
  };
}

function stored(snapshot: Json | undefined, name: string): Json | undefined {
  return snapshot !== null && typeof snapshot === 'object' && !Array.isArray(snapshot) ? snapshot[name] : undefined;
}

let everMade = 0;

/** For each check, by its name, a whole baseline that fails exactly that one. */
export const faultyBaselines: Readonly<Record<string, BaselineFactory>> = {
  'works with no options': faulty((sound) => ({ columns: [...sound.columns].reverse() })),
  'says learning first, then what it expects, never NaN between two limits': faulty((sound) => ({
    expect(row, into) {
      sound.expect(row, into);
      // A limit of 0 ÷ 0 for a moment, while the value is what it was.
      if (row.timeMs % 7_000 === 0) for (let column = 0; column < into.low.length; column += 1) into.low[column] = NaN;
    },
  })),
  'changes nothing when it is asked': faulty((sound, snapshot) => {
    let asked = Number(stored(snapshot, 'asked') ?? 0);
    return {
      isPlausible(row, expectation) {
        asked += 1;
        return sound.isPlausible(row, expectation);
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), asked }),
    };
  }),
  'keeps no reference to its input': faulty((sound) => {
    let last: SignalRow | undefined;
    return {
      learn(row) {
        sound.learn(row);
        last = row;
      },
      expect(row, into) {
        sound.expect(row, into);
        // It compares with the last row, which is this one by now if the caller reuses it.
        if (last === row) into.phase.fill(phaseLearning);
      },
    };
  }),
  'goes on from a checkpoint exactly as if never stopped': faulty((sound) => {
    let rows = 0;
    return {
      learn(row) {
        sound.learn(row);
        rows += 1;
      },
      expect(row, into) {
        sound.expect(row, into);
        if (rows < 54) into.high[1]! += 0.001;
      },
    };
  }),
  'refuses a snapshot that is damaged or of other columns': (columns, options, snapshot) => {
    try {
      return createBaseline(columns, options, snapshot);
    } catch {
      return createBaseline(columns, options);
    }
  },
  'learns the same from the same rows': (columns, options, snapshot) => {
    everMade += 1;
    const made = everMade;
    return faulty((sound) => ({
      snapshot: () => {
        const whole = sound.snapshot() as Record<string, Json>;
        // Chance that no one handed in.
        return stored(whole, 'review') === 2 && stored(whole, 'timeMs') === 1_700_000_899_000 ? { ...whole, made } : whole;
      },
    }))(columns, options, snapshot);
  },
  'needs no more memory, however long it runs and however many modes and operating points come': faulty((sound, snapshot) => {
    const times: Json[] = [...((stored(snapshot, 'times') ?? []) as Json[])];
    return {
      learn(row) {
        sound.learn(row);
        if (row.mode !== '' && times.at(-1) !== row.timeMs) times.push(row.timeMs);
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), times: [...times] }),
    };
  }),
  'is not poisoned by odd, late and repeated rows': faulty((sound) => ({
    // A value that is no number is taken for 0.
    learn: (row) => sound.learn({ ...row, values: row.values.map((value) => (Number.isNaN(value) ? 0 : value)) }),
  })),
  'goes ahead over a block as it learns row by row, and back again': faulty((sound) => ({ goAhead: (block, from, to) => sound.goAhead(block, from, to) })),
  'expects a value that fits the operating conditions': faulty((sound) => ({
    expect(row, into) {
      sound.expect(row, into);
      // The same for all speeds.
      if (row.values[0] === 40 && row.values[1] === 0) into.expected[1] = 5;
    },
  })),
  'expects nothing at an operating point or in a mode never seen': faulty((sound) => ({
    expect(row, into) {
      if (row.values[0] === 90) {
        into.phase.fill(phaseArmed);
        into.expected.fill(11);
        into.low.fill(10);
        into.high.fill(12);
      } else {
        sound.expect(row, into);
      }
    },
  })),
  'is little moved by single wild values, from the first row on': faulty((sound) => ({
    isPlausible: (row, expectation) => row.values[2]! > 105 || sound.isPlausible(row, expectation),
  })),
  'does not follow a slow drift when its own gate decides': faulty((sound) => ({
    isPlausible: (row, expectation) => row.values[2]! < 100 || sound.isPlausible(row, expectation),
  })),
  'is indifferent to the unit': faulty((sound) => ({
    expect(row, into) {
      sound.expect(row, into);
      // A least band in absolute terms.
      for (let column = 0; column < into.low.length; column += 1) if (into.high[column]! - into.low[column]! < 0.1) into.high[column]! += 0.1;
    },
  })),
  'learns again what it is told to, and only that': faulty((sound) => ({ learnAgain: () => sound.learnAgain() })),
};
