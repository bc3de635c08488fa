import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { csvTable } from '../engine/csvTable.ts';
import { FailureLibrary, fewestFailures } from '../engine/prognosis/failureLibrary.ts';
import { rowsOf, stepOf, storedRunOfRows } from '../engine/prognosis/storedRun.ts';
import type { StoredRun } from '../engine/prognosis/storedRun.ts';
import { failureRuns } from '../nodes/failureRuns.ts';
import { readTimeMs } from '../nodes/messageTime.ts';
import { PlainError } from './plainError.ts';
import type { TimeLeft } from './timeLeft.ts';

const mostRows = 1_000;

/** A folder with a file for each run, or a table with a column `run`. Rows without times count as `intervalMs` apart. */
function runsAt(place: string, names: readonly string[], intervalMs: number): Map<string, StoredRun> {
  const found = new Map<string, StoredRun>();
  const keep = (id: string, columns: readonly string[], rows: readonly { timeMs: number; values: readonly number[] }[]): void => {
    const own = rows.map(({ timeMs, values }) => ({ timeMs, values: names.map((name) => values[columns.indexOf(name)] ?? NaN) }));
    const run = storedRunOfRows(names, own);
    if (run !== undefined) found.set(id, run);
  };
  if (!statSync(place).isDirectory()) {
    const { names: columns, runs } = failureRuns(readFileSync(place, 'utf8'));
    for (const [id, rows] of runs) keep(id, columns, rows);
    return found;
  }
  for (const file of readdirSync(place).filter((each) => /\.(csv|tsv|txt)$/i.test(each)).sort()) {
    const { rows } = csvTable(readFileSync(path.join(place, file), 'utf8'));
    const times = rows.map(({ cells }) => readTimeMs(cells.get('time') ?? cells.get('timestamp') ?? cells.get('Zeit')) ?? 1_000 * Number(cells.get('t') ?? NaN));
    const isTimed = times.every(Number.isFinite);
    keep(file, names, rows.map(({ cells }, row) => ({
      timeMs: isTimed ? times[row]! : row * intervalMs,
      values: names.map((name) => { const cell = cells.get(name); return typeof cell === 'number' ? cell : NaN; }),
    })));
  }
  return found;
}

/** Time left of one machine by failures that were recorded before; the recording begins with its life. */
export class RecordedFailures {
  readonly #library: FailureLibrary;
  readonly #names: readonly string[];
  readonly #stepMs: number;
  readonly #rows: number[] = [];
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  #endMs = NaN;
  #found: { leftMs: number; fromMs: number; toMs: number; atMs: number } | undefined;

  /** @throws PlainError with fewer than ten runs, or where nothing in them tells */
  constructor(place: string, names: readonly string[], intervalMs: number, say: (line: string) => void) {
    const runs = runsAt(place, names, intervalMs);
    if (runs.size < fewestFailures) throw new PlainError(`${place} holds ${runs.size} runs with these columns; ${fewestFailures} are needed.`);
    this.#names = names.slice(0, [...runs.values()][0]!.columns.length);
    this.#stepMs = Math.max(intervalMs, stepOf([...runs.values()]));
    const learning = FailureLibrary.learn([...runs].map(([id, run]) => rowsOf(id, run, this.#names, this.#stepMs)), this.#names.length);
    let step = learning.next();
    while (step.done !== true) step = learning.next();
    if (step.value === undefined || !step.value.isEvidence) throw new PlainError(`The runs in ${place} do not announce their failure in these columns.`);
    this.#library = step.value;
    this.#sums = new Float64Array(this.#names.length);
    this.#counts = new Float64Array(this.#names.length);
    const { error, held } = this.#library.heldOut;
    say(`Time left by ${this.#library.runs} recorded failures; on those put aside ${Math.round((error * this.#stepMs) / 1000)} s off, ${Math.round(100 * held)} % of intervals held.`);
  }

  /** Takes a row in and says what is left then; undefined where nothing can be said. */
  next(timeMs: number, values: ArrayLike<number>): TimeLeft | undefined {
    // A gap longer than any life is another life.
    if (Number.isNaN(this.#endMs) || timeMs - this.#endMs > mostRows * this.#stepMs) {
      this.#rows.length = 0;
      this.#endMs = timeMs + this.#stepMs;
    }
    if (!(timeMs < this.#endMs)) this.#close(timeMs);
    for (let column = 0; column < this.#names.length; column += 1) {
      const value = values[column]!;
      if (!Number.isFinite(value)) continue;
      this.#sums[column]! += value;
      this.#counts[column]! += 1;
    }
    const found = this.#found;
    if (found === undefined) return undefined;
    const since = timeMs - found.atMs;
    return { leftMs: Math.max(0, found.leftMs - since), fromMs: Math.max(0, found.fromMs - since), toMs: Math.max(0, found.toMs - since) };
  }

  #close(timeMs: number): void {
    while (this.#endMs <= timeMs) {
      for (let column = 0; column < this.#names.length; column += 1) this.#rows.push(this.#counts[column]! > 0 ? this.#sums[column]! / this.#counts[column]! : NaN);
      this.#sums.fill(0);
      this.#counts.fill(0);
      this.#endMs += this.#stepMs;
      if (this.#rows.length > mostRows * this.#names.length) this.#rows.splice(0, this.#names.length);
    }
    const left = this.#library.remaining({ id: '', values: Float64Array.from(this.#rows) });
    this.#found = left.state === 'tooFew' || left.state === 'unlike' ? undefined : {
      leftMs: left.leftRows * this.#stepMs, fromMs: left.fromRows * this.#stepMs, toMs: left.toRows * this.#stepMs, atMs: this.#endMs - this.#stepMs,
    };
  }
}
