import { createJudge } from '../../../engine/detectors/judge.ts';
import type { AssetJudge, Verdict } from '../../../engine/detectors/judge.ts';
import type { Json } from '../../../engine/ports.ts';
import type { SignalRow } from '../../../engine/signalRow.ts';
import type { JudgeFactory } from './judgeChecks.ts';

/** A sound judge, seen through one planted fault. */
function faulty(change: (sound: AssetJudge, snapshot: Json | undefined) => Partial<AssetJudge>): JudgeFactory {
  return (columns, options, snapshot) => {
    const sound = createJudge(columns, options, snapshot);
    const whole: AssetJudge = {
      judge: (row, expectation) => sound.judge(row, expectation),
      learn: (row, expectation, verdict) => sound.learn(row, expectation, verdict),
      learnAgain: () => sound.learnAgain(),
      isCalm: () => sound.isCalm(),
      takeCalm: (_, from) => from,
      close: (column) => sound.close(column),
      normalRows: (column) => sound.normalRows(column),
      causes: (loosestPerWeek) => sound.causes(loosestPerWeek),
      expectedAgainstSeen: () => sound.expectedAgainstSeen(),
      snapshot: () => sound.snapshot(),
    };
    return Object.assign(whole, change(sound, snapshot));
  };
}

function stored(snapshot: Json | undefined, name: string): Json | undefined {
  return snapshot !== null && typeof snapshot === 'object' && !Array.isArray(snapshot) ? snapshot[name] : undefined;
}

/** A judge whose verdicts are changed on the way out, and nothing else. */
function saying(change: (verdict: Verdict, row: SignalRow) => Verdict): JudgeFactory {
  return faulty((sound) => ({ judge: (row, expectation) => change(sound.judge(row, expectation), row) }));
}

/** An anomaly that nothing in the signals explains. */
function cry({ timeMs }: SignalRow): Verdict {
  return { verdict: 'anomaly', score: 2, sinceMs: timeMs, signals: [{ column: 0, share: 1, kind: 'spike' }], leastPerWeek: 0 };
}

let everMade = 0;

/** For each check, by its name, a whole judge that fails exactly that one. */
export const faultyJudges: Readonly<Record<string, JudgeFactory>> = {
  'works with no options': (columns, options, snapshot) => {
    if (columns.length === 0) throw new RangeError('no columns');
    return createJudge(columns, options, snapshot);
  },
  'says learning first, then normal, with a finite score below the line': saying((verdict) =>
    (verdict.verdict === 'normal' && verdict.score < 0.001 ? { ...verdict, score: NaN } : { ...verdict, score: verdict.score * 1.9 })),
  'names the signal, its kind and since when': saying((verdict) =>
    ({ ...verdict, signals: verdict.signals.map((signal) => ({ ...signal, share: 0.5 * signal.share })) })),
  'changes nothing when it judges': faulty((sound, snapshot) => {
    let asked = Number(stored(snapshot, 'asked') ?? 0);
    return {
      judge(row, expectation) {
        // Rows far ahead in time are only ever asked about, never learned.
        if (row.timeMs > 1_700_000_000_000 + 9e8) asked += 1;
        return sound.judge(row, expectation);
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), asked }),
    };
  }),
  'keeps no reference to its input': faulty((sound) => {
    let last: SignalRow | undefined;
    return {
      judge(row, expectation) {
        const verdict = sound.judge(row, expectation);
        // It believes that nothing changed since the last row.
        return last === row && row.values[0] !== 1_234 ? { ...verdict, score: 0 } : verdict;
      },
      learn(row, expectation, verdict) {
        sound.learn(row, expectation, verdict);
        last = row.fresh[0] === 1 && row.timeMs < 1_700_000_599_000 ? row : last;
      },
    };
  }),
  'goes on from a checkpoint exactly as if never stopped': faulty((sound) => {
    let told = false;
    return {
      judge(row, expectation) {
        const verdict = sound.judge(row, expectation);
        return verdict.verdict === 'anomaly' && told ? { ...verdict, score: verdict.score * 1.001 } : verdict;
      },
      learn(row, expectation, verdict) {
        sound.learn(row, expectation, verdict);
        told = verdict.verdict === 'anomaly';
      },
    };
  }),
  'refuses a snapshot that is damaged or of other columns': (columns, options, snapshot) => {
    try {
      return createJudge(columns, options, snapshot);
    } catch {
      return createJudge(columns, options);
    }
  },
  'judges the same stream the same': (columns, options, snapshot) => {
    everMade += 1;
    const made = everMade;
    return faulty((sound) => ({
      snapshot: () => {
        const whole = sound.snapshot() as Record<string, Json>;
        // Chance that no one handed in, some time after a wild value.
        return stored(whole, 'timeMs') === 1_700_000_599_000 ? { ...whole, made } : whole;
      },
    }))(columns, options, snapshot);
  },
  'needs no more memory, however long it runs': faulty((sound, snapshot) => {
    const scores: Json[] = [...((stored(snapshot, 'scores') ?? []) as Json[])];
    return {
      learn(row, expectation, verdict) {
        sound.learn(row, expectation, verdict);
        if (row.timeMs > 1_700_002_500_000) scores.push(verdict.score);
      },
      snapshot: () => ({ ...(sound.snapshot() as Record<string, Json>), scores: [...scores] }),
    };
  }),
  'is not poisoned by odd, late and repeated rows': saying((verdict, row) => (row.values[0] === Infinity || row.values[0] === 99 ? cry(row) : verdict)),
  'is not poisoned by odd, late and repeated rows where signals go together': faulty((sound) => {
    let wild = false;
    return {
      // A row that is not taken leaves something behind.
      learn(row, expectation, verdict) {
        wild ||= row.values.length === 4 && row.values[0] === -3 && row.values[1] === 3;
        sound.learn(row, expectation, verdict);
      },
      judge(row, expectation) {
        const verdict = sound.judge(row, expectation);
        return wild ? { ...verdict, score: verdict.score * (1 + 1e-9) } : verdict;
      },
    };
  }),
  'is calm on a constant and through zero, while the baseline still learns too': saying((verdict, row) =>
    (row.values.length === 1 && Math.abs(row.values[0]!) < 0.01 && verdict.verdict === 'normal' ? cry(row) : verdict)),
  'is indifferent to the unit': saying((verdict, row) => (Math.abs(row.values[0]!) > 40_000 && verdict.verdict === 'normal' ? cry(row) : verdict)),
  'finds spikes, steps, drifts, stuck signals, noise bursts and deviations, and is quiet before': saying((verdict) =>
    (verdict.signals.length === 1 && verdict.signals[0]!.column === 0 && verdict.signals[0]!.kind === 'stuck'
      ? { verdict: 'normal', score: 0, sinceMs: NaN, signals: [], leastPerWeek: Infinity }
      : verdict)),
  'falls silent when a fault has gone, and a long one changes nothing of what is normal': faulty((sound) => {
    let rows = 0;
    return {
      judge(row, expectation) {
        const verdict = sound.judge(row, expectation);
        // After 300 rows it has got used to it.
        return rows > 300 ? { verdict: 'normal', score: 0, sinceMs: NaN, signals: [], leastPerWeek: Infinity } : verdict;
      },
      learn(row, expectation, verdict) {
        sound.learn(row, expectation, verdict);
        rows = verdict.verdict === 'anomaly' ? rows + 1 : rows;
      },
    };
  }),
  'judges the first value after a pause by what was learned before it': faulty((sound, snapshot) => {
    let lastMs = Number(stored(snapshot, 'timeMs') ?? NaN);
    return {
      // Only the second value is looked at.
      judge: (row, expectation) => (row.timeMs - lastMs > 10_000 ? { verdict: 'normal', score: 0, sinceMs: NaN, signals: [], leastPerWeek: Infinity } : sound.judge(row, expectation)),
      learn(row, expectation, verdict) {
        sound.learn(row, expectation, verdict);
        if (!(row.timeMs < lastMs)) lastMs = row.timeMs;
      },
    };
  }),
  'keeps to the asked rate: a wider budget tells sooner, a smaller one later': (columns, _, snapshot) => createJudge(columns, {}, snapshot),
  'counts what it was allowed beside what it told': faulty((sound) => ({ expectedAgainstSeen: () => ({ ...sound.expectedAgainstSeen(), seen: 0 }) })),
  'takes rows of a block as it takes them one by one': faulty((sound) => ({
    takeCalm(block, from, to) {
      const end = sound.takeCalm(block, from, to);
      // The row that would have to be judged by itself is left out.
      return end > from && end < to ? end + 1 : end;
    },
  })),
  'learns again when told to': faulty(() => ({ learnAgain: () => undefined })),
};
