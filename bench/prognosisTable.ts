import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FailureLibrary } from '../engine/prognosis/failureLibrary.ts';
import type { MachineRun } from '../engine/prognosis/runFeatures.ts';
import { generatedRuns } from './failureRuns.ts';
import type { FailureRuns } from './failureRuns.ts';

const folds = 5;
/** Asked from this row on, every tenth row, each run from another one on. */
const firstRow = 30;
const everyRow = 10;
/** Where the official test runs of C-MAPSS end. */
const likeTest = { from: 7, to: 145 } as const;

const published: Readonly<Record<string, string>> = {
  FD001: '10.97 best deep network, 13.5 network on window features, 15.6 similarity',
  FD003: '10.90 best deep network, 12.7 network on window features, 17.6 similarity',
};

/** NASA's turbofan runs: unit, cycle, 3 settings, 21 sensors; the last cycle is the failure. */
function turbofans(folder: string): FailureRuns[] {
  const place = path.join(folder, 'cmapss');
  if (!existsSync(place)) return [];
  return readdirSync(place).filter((file) => /^train_FD\d+\.txt(\.gz)?$/.test(file)).sort().map((file): FailureRuns => {
    const bytes = readFileSync(path.join(place, file));
    const units = new Map<string, number[]>();
    for (const line of (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1').trim().split(/\r?\n/)) {
      const [unit = '', , ...values] = line.trim().split(/\s+/);
      const known = units.get(unit);
      if (known === undefined) units.set(unit, values.map(Number));
      else known.push(...values.map(Number));
    }
    const name = /FD\d+/.exec(file)![0];
    return {
      name: `C-MAPSS ${name}`, columns: 24, cap: 125, runs: [...units].map(([id, values]): MachineRun => ({ id, values: Float64Array.from(values) })),
      published: Object.hasOwn(published, name) ? [`RMSE on the official test runs, capped at 125: ${published[name]}`] : [],
    };
  });
}

export interface PrognosisRow {
  set: string;
  runs: number;
  /** Root mean squares, in rows (cycles): capped, where the official test runs end and everywhere; uncapped in both. */
  likeTest: number;
  everywhere: number;
  uncappedLikeTest: number;
  uncapped: number;
  byAge: number;
  /** Share of 80 % intervals that hold the uncapped truth. */
  held: number;
  heldLikeTest: number;
  asked: number;
  refused: number;
}

class MeanSquare {
  #sum = 0;
  #count = 0;
  add(error: number): void {
    this.#sum += error * error;
    this.#count += 1;
  }
  get root(): number {
    return Math.sqrt(this.#sum / this.#count);
  }
}

/** What is foretold of runs whose unit was never learned: five-fold cross-validation over units. */
export function prognosisOf(set: FailureRuns): PrognosisRow {
  const { columns, runs, cap } = set;
  const [near, all, rawNear, raw, aged] = [new MeanSquare(), new MeanSquare(), new MeanSquare(), new MeanSquare(), new MeanSquare()];
  const row = { set: set.name, runs: runs.length, asked: 0, refused: 0 };
  const held = { all: 0, near: 0, nearAsked: 0 };
  for (let fold = 0; fold < folds; fold += 1) {
    const known = runs.filter((_, unit) => unit % folds !== fold);
    const learning = FailureLibrary.learn(known, columns, cap);
    let step = learning.next();
    while (step.done !== true) step = learning.next();
    const library = step.value;
    if (library === undefined) throw new Error(`${set.name}: too few runs`);
    const most = library.cap;
    const lengths = known.map(({ values }) => values.length / columns);
    runs.forEach(({ id, values }, unit) => {
      if (unit % folds !== fold) return;
      const length = values.length / columns;
      for (let last = firstRow - 1 + (unit % everyRow); last < length; last += everyRow) {
        const left = length - 1 - last;
        row.asked += 1;
        const found = library.remaining({ id, values: values.subarray(0, (last + 1) * columns) });
        if (found.state === 'tooFew' || found.state === 'unlike') {
          row.refused += 1;
          continue;
        }
        const older = lengths.filter((each) => each > last);
        const byAge = older.reduce((sum, each) => sum + Math.min(most, each - 1 - last), 0) / Math.max(1, older.length);
        const isNear = left >= likeTest.from && left <= likeTest.to;
        const holds = found.fromRows <= left && left <= found.toRows;
        if (holds) held.all += 1;
        all.add(found.indexRows - Math.min(most, left));
        raw.add(found.leftRows - left);
        aged.add(byAge - Math.min(most, left));
        if (!isNear) continue;
        held.nearAsked += 1;
        if (holds) held.near += 1;
        near.add(found.indexRows - Math.min(most, left));
        rawNear.add(found.indexRows - left);
      }
    });
  }
  return {
    ...row, likeTest: near.root, everywhere: all.root, uncappedLikeTest: rawNear.root, uncapped: raw.root, byAge: aged.root,
    held: held.all / (row.asked - row.refused), heldLikeTest: held.near / held.nearAsked,
  };
}

/** Prints what recorded failures foretell. @param folder where further sets are, in the layout of ../shared/data */
export async function prognosisTable(print: (line: string) => void, { folder, runs = 40 }: { folder?: string; runs?: number } = {}): Promise<PrognosisRow[]> {
  const sets = [generatedRuns(runs, 1), ...(folder === undefined ? [] : turbofans(folder))];
  print('Time left until a failure, by cross-validation over units (five folds): nothing of a unit was learned before it is asked about. RMSE in rows (cycles).');
  print(`"as tested": only where ${likeTest.from} to ${likeTest.to} rows are left, as the official test runs end; "everywhere": every tenth row from row ${firstRow} on.`);
  print('Capped: time left counts as at most the cap. Uncapped as tested: the same answer against the truth as it is; uncapped everywhere: the middle of the interval.');
  print('');
  print('| set | runs | RMSE capped, as tested | everywhere | by age alone | uncapped, as tested | everywhere | 80 % intervals that hold, as tested | everywhere | refused |');
  print('|---|---|---|---|---|---|---|---|---|---|');
  const rows: PrognosisRow[] = [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  for (const set of sets) {
    const row = prognosisOf(set);
    rows.push(row);
    print(
      `| ${row.set} | ${row.runs} | ${row.likeTest.toFixed(2)} | ${row.everywhere.toFixed(2)} | ${row.byAge.toFixed(2)} | ${row.uncappedLikeTest.toFixed(2)} | ${row.uncapped.toFixed(2)} | ` +
        `${percent(row.heldLikeTest)} | ${percent(row.held)} | ${row.refused} of ${row.asked} |`,
    );
    // A table of minutes on one thread: whoever looks on sees it grow.
    await Promise.resolve();
  }
  print('');
  for (const { name, published } of sets) for (const line of published) print(`${name}, published: ${line}.`);
  return rows;
}
