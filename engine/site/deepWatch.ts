import type { ColumnInfo } from '../baselines/index.ts';
import type { Verdict } from '../detectors/judge.ts';
import type { Json, TrainingOrder, TrainingResult, Trainer } from '../ports.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';
import { phaseArmed } from '../signalRow.ts';
import { RandomStream } from '../simulation/randomStream.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson, unreadableSnapshot } from '../statistics/columnTable.ts';
import { DenseNetwork } from '../statistics/denseNetwork.ts';
import { TailLines } from '../statistics/tailLines.ts';

const snapshotVersion = 1;
/** Rows whose mean and spread are looked at. */
const windowRows = 8;
/** Normal rows kept to train with, the newest ones. */
const mostRows = 5_000;
const firstTrainingRows = 2_000;
const trainedShare = 0.7;
/** A training shows so many rows, the same ones again and again: what it costs is the same however many there are. */
const shownRows = 32_000;
/** More signals would make it slow. */
const mostColumns = 40;
/** Half bands beyond which a difference counts no more, and the same for what the network sees. */
const mostDifference = 6;
const mostInput = 0.6;
/** The network sees numbers about this wide: near 0 it is nearly linear, and goes on where it has seen nothing yet. */
const inputWidth = 0.1;
/** Of one number to the score, in squares of its usual error. */
const mostTerm = 200;
const memory = 0.1;
const blockRows = 64;
/** Higher than in Gaussian noise: beyond what it was trained with, a network errs more. */
const typical = { quantile: 4, excess: 2 };
/** Its share of the false alarms that are asked for, beside that of the judge's charts. */
const aimedShare = 0.2;
/** So many rows after a training its line lies higher. */
const provisionalRows = 2_000;
const provisionalFactor = 3;
/** And then so much, for a network meets now and then what it was never trained with. */
const armedFactor = 2;
const releaseShare = 0.7;
const quietRows = 16;
const namedShare = 0.2;
const highestScore = 1_000;
const gapIntervals = 10;
const weekMs = 7 * 24 * 3_600_000;

interface Trained {
  network: DenseNetwork;
  /** Mean and width of each number the network sees. */
  centre: Float64Array;
  width: Float64Array;
  /** Mean square of each number's error, on rows held out. */
  usual: Float64Array;
  /** How much of each number it reproduces, 0 to 1: what it cannot foretell says nothing. They add up to 1. */
  weights: Float64Array;
  /** Mean and spread of the score there. */
  mean: number;
  spread: number;
}

export interface DeepWatchOptions {
  /** At most so many false alarms per week and machine; > 0. */
  falseAlarmsPerWeek: number;
  trainer: Trainer;
  /** What it learned and a whole number give the same network on each machine. */
  seed: number;
  onProblem: (problem: unknown) => void;
}

/**
 * Watches all signals of a machine together: a dense autoencoder (Kramer 1991) on the short mean and spread of each signal's difference from what is
 * expected. Flags rows in which each signal is as it should be by itself, but not beside the others: average square of what the network does not
 * reproduce, each number measured by its usual error and weighted by how well it is reproduced, smoothed over 10 rows, above the line of its own tail (TailLines).
 * It is trained with rows that were judged normal (the newest 5,000): the older 70 % train, the newer 30 % make the line. Trained first at 2,000
 * such rows and again each time their number has doubled; an abnormal row and the 16 after it train nothing.
 * Choose it where signals hang together in ways that no operating point tells, rather than for a signal that is wrong by itself.
 * Memory: 320 bytes × 5,000 rows at 40 signals, the network some 100 kB. What is collected before a training is not stored; the network and its line are.
 */
export class DeepWatch {
  perWeek: number;
  /** Changed since it was stored. */
  dirty = false;
  /** Networks it got in this run. */
  trainings = 0;
  readonly #options: DeepWatchOptions;
  readonly #names: readonly string[];
  readonly #columns: readonly number[];
  readonly #width: number;
  readonly #window: Float64Array;
  #inWindow = 0;
  #ring: Float32Array | undefined;
  /** Normal rows in all, of this run, and at the last training. */
  #rows = 0;
  #collected = 0;
  #trainedAt = 0;
  #abnormalRows = 0;
  #trained: Trained | undefined;
  #training: Promise<void> | undefined;
  /** Counts what is forgotten, so that what was being trained meanwhile is dropped. */
  #generation = 0;
  #lines = new TailLines(1, blockRows, typical);
  #sinceTrained = 0;
  #timeMs = NaN;
  #intervalMs = NaN;
  readonly #features: Float64Array;
  readonly #input: Float64Array;
  readonly #shares: Float64Array;
  #average = NaN;
  #quiet = quietRows;
  #sinceMs = NaN;

  constructor(columns: readonly ColumnInfo[], options: DeepWatchOptions, snapshot?: Json) {
    this.#options = options;
    this.perWeek = options.falseAlarmsPerWeek;
    this.#columns = columns.flatMap(({ kind }, column) => (kind === 'measured' || kind === 'derived' ? [column] : [])).slice(0, mostColumns);
    this.#names = this.#columns.map((column) => columns[column]!.name);
    this.#width = 2 * this.#columns.length;
    this.#window = new Float64Array(windowRows * this.#columns.length);
    this.#features = new Float64Array(this.#width);
    this.#input = new Float64Array(this.#width);
    this.#shares = new Float64Array(this.#columns.length);
    if (snapshot !== undefined) this.#restore(snapshot);
  }

  /** Whether it has been trained. */
  get ready(): boolean {
    return this.#trained !== undefined;
  }

  /** Resolves when a training that runs is over. */
  async settled(): Promise<void> {
    await this.#training;
  }

  /** A row is not judged: what comes next is a new beginning. */
  pause(): void {
    this.#inWindow = 0;
    this.#average = NaN;
  }

  /** Forgets all. */
  learnAgain(): void {
    this.pause();
    this.#trained = undefined;
    this.#lines = new TailLines(1, blockRows, typical);
    this.#rows = 0;
    this.#collected = 0;
    this.#trainedAt = 0;
    this.#abnormalRows = 0;
    this.#sinceTrained = 0;
    this.#quiet = quietRows;
    this.#sinceMs = NaN;
    this.#generation += 1;
    this.dirty = true;
  }

  /** Scores a row, then learns it. @returns the verdict: the one given, or an anomaly where that one is normal and the signals do not go together */
  look(row: SignalRow, expectation: Expectation, verdict: Verdict): Verdict {
    if (this.#columns.length < 2) return verdict;
    const stepMs = row.timeMs - this.#timeMs;
    this.#timeMs = row.timeMs;
    if (stepMs > gapIntervals * this.#intervalMs || stepMs < 0) this.pause();
    if (stepMs > 0) this.#intervalMs = Number.isNaN(this.#intervalMs) ? stepMs : this.#intervalMs + 0.02 * (Math.min(stepMs, 4 * this.#intervalMs) - this.#intervalMs);
    if (verdict.verdict !== 'normal') {
      if (verdict.verdict === 'anomaly') {
        this.#lines.reject(0);
        this.#quiet = 0;
        this.#sinceMs = NaN;
      }
      this.pause();
      return verdict;
    }
    if (!this.#take(row, expectation)) {
      this.pause();
      return verdict;
    }
    if (this.#inWindow < windowRows) return verdict;
    this.#describe();
    return this.#judge(row.timeMs, verdict);
  }

  snapshot(): Json {
    const trained = this.#trained;
    return {
      v: snapshotVersion,
      columns: [...this.#names],
      rows: this.#rows,
      trainedAt: this.#trainedAt,
      sinceTrained: this.#sinceTrained,
      intervalMs: Number.isNaN(this.#intervalMs) ? null : this.#intervalMs,
      lines: this.#lines.snapshot(),
      trained: trained === undefined ? null : {
        network: trained.network.snapshot(), centre: numbersToJson(trained.centre), width: numbersToJson(trained.width),
        usual: numbersToJson(trained.usual), weights: numbersToJson(trained.weights), mean: trained.mean, spread: trained.spread,
      },
    };
  }

  #restore(json: Json): void {
    const what = 'signals together';
    const names = member(json, 'columns');
    if (numberFromJson(json, 'v', what) !== snapshotVersion) throw unreadableSnapshot(what, 'it is of another version');
    // Of other signals: learned anew.
    if (!Array.isArray(names) || names.length !== this.#names.length || this.#names.some((name, index) => names[index] !== name)) return;
    const stored = member(json, 'trained');
    if (stored === null || stored === undefined) return;
    const numbers = (name: string): Float64Array => {
      const into = new Float64Array(this.#width);
      numbersFromJson(member(stored, name), into, `${what}.${name}`);
      return into;
    };
    const network = DenseNetwork.restored(member(stored, 'network'), what);
    if (network.layers[0]!.inputs !== this.#width || network.layers.at(-1)!.outputs !== this.#width) throw unreadableSnapshot(what, 'its network does not fit');
    const lines = new TailLines(1, blockRows, typical);
    lines.restore(member(json, 'lines'), what);
    this.#rows = numberFromJson(json, 'rows', what);
    this.#trainedAt = numberFromJson(json, 'trainedAt', what);
    this.#sinceTrained = numberFromJson(json, 'sinceTrained', what);
    const intervalMs = member(json, 'intervalMs');
    this.#intervalMs = typeof intervalMs === 'number' ? intervalMs : NaN;
    this.#lines = lines;
    this.#trained = {
      network, centre: numbers('centre'), width: numbers('width'), usual: numbers('usual'), weights: numbers('weights'),
      mean: numberFromJson(stored, 'mean', what), spread: numberFromJson(stored, 'spread', what),
    };
  }

  /** @returns false where a signal has no difference now */
  #take({ values }: SignalRow, { expected, low, high, phase }: Expectation): boolean {
    const count = this.#columns.length;
    this.#window.copyWithin(0, count);
    const at = (windowRows - 1) * count;
    for (let index = 0; index < count; index += 1) {
      const column = this.#columns[index]!;
      const half = (high[column]! - low[column]!) / 2;
      const difference = (values[column]! - expected[column]!) / half;
      if (!(half > 0) || phase[column] !== phaseArmed || !Number.isFinite(difference)) return false;
      this.#window[at + index] = Math.max(-mostDifference, Math.min(mostDifference, difference));
    }
    if (this.#inWindow < windowRows) this.#inWindow += 1;
    return true;
  }

  #describe(): void {
    const count = this.#columns.length;
    for (let index = 0; index < count; index += 1) {
      let sum = 0;
      let squares = 0;
      for (let at = index; at < this.#window.length; at += count) {
        const value = this.#window[at]!;
        sum += value;
        squares += value * value;
      }
      const mean = sum / windowRows;
      this.#features[index] = mean;
      this.#features[count + index] = Math.sqrt(Math.max(0, squares / windowRows - mean * mean));
    }
  }

  #judge(timeMs: number, verdict: Verdict): Verdict {
    const trained = this.#trained;
    if (trained === undefined) {
      this.#learn(NaN);
      return verdict;
    }
    const fresh = Number.isNaN(this.#average);
    let sum = 0;
    for (let input = 0; input < this.#width; input += 1) this.#input[input] = seen(this.#features[input]!, trained, input);
    const answer = trained.network.answer(this.#input);
    const count = this.#columns.length;
    for (let index = 0; index < count; index += 1) {
      let own = 0;
      for (const input of [index, count + index]) own += trained.weights[input]! * term(answer[input]! - this.#input[input]!, trained.usual[input]!);
      sum += own;
      this.#shares[index] = fresh ? own : this.#shares[index]! + memory * (own - this.#shares[index]!);
    }
    // After a pause it begins at what is usual, so that one row alone is no finding.
    const before = fresh ? trained.mean : this.#average;
    this.#average = before + memory * (sum - before);
    const score = Math.max(0, (this.#average - trained.mean) / trained.spread);
    const perBlock = (aimedShare * this.perWeek * blockRows * (this.#intervalMs || 1_000)) / weekMs;
    const factor = this.#sinceTrained < provisionalRows ? provisionalFactor : armedFactor;
    const ratio = score / (factor * this.#lines.line(0, TailLines.logRarity(perBlock)));
    const open = !Number.isNaN(this.#sinceMs);
    if (ratio < (open ? releaseShare : 1) || (!open && this.#quiet < quietRows)) {
      this.#sinceMs = NaN;
      if (this.#quiet < quietRows) this.#quiet += 1;
      else this.#learn(score);
      return verdict;
    }
    if (!open) this.#sinceMs = timeMs;
    this.#lines.reject(0);
    this.#quiet = 0;
    this.#abnormalRows += 1;
    const sinceMs = this.#sinceMs;
    const signals = this.#signals();
    // What has lasted longer than all that was normal before is normal.
    if (this.#abnormalRows > this.#rows) this.learnAgain();
    const rarer = this.#lines.rarity(0, score / factor) - TailLines.logRarity(perBlock);
    const leastPerWeek = Math.min(verdict.leastPerWeek, this.perWeek * Math.exp(-Math.max(0, rarer)));
    return { verdict: 'anomaly', score: Math.min(highestScore, ratio), sinceMs, signals, leastPerWeek };
  }

  #signals(): Verdict['signals'] {
    const { weights } = this.#trained!;
    const count = this.#columns.length;
    // A number that errs as usual counts its weight.
    const excess = Array.from(this.#shares, (share, index) => Math.max(0, share - weights[index]! - weights[count + index]!));
    const largest = Math.max(...excess);
    if (!(largest > 0)) return [{ column: this.#columns[0]!, share: 1, kind: 'deviation' }];
    const named = excess.map((share) => (share >= namedShare * largest ? share : 0));
    const sum = named.reduce((total, share) => total + share, 0);
    const signals = named.flatMap((share, index): Verdict['signals'] => (share > 0 ? [{ column: this.#columns[index]!, share: share / sum, kind: 'deviation' }] : []));
    return signals.sort((one, other) => other.share - one.share || one.column - other.column);
  }

  #learn(score: number): void {
    this.#ring ??= new Float32Array(mostRows * this.#width);
    this.#ring.set(this.#features, (this.#collected % mostRows) * this.#width);
    this.#collected += 1;
    this.#rows += 1;
    this.#abnormalRows = Math.max(0, this.#abnormalRows - 0.5);
    this.dirty = true;
    if (!Number.isNaN(score)) {
      this.#sinceTrained += 1;
      this.#lines.add(0, score);
    }
    if (this.#training === undefined && this.#collected >= firstTrainingRows && this.#rows >= 2 * this.#trainedAt) this.#train();
  }

  #train(): void {
    this.#trainedAt = this.#rows;
    const generation = this.#generation;
    const { order, centre, width } = this.#order();
    this.#training = this.#options.trainer
      .train(order)
      .then((result) => {
        if (generation === this.#generation) this.#takeOver(result, centre, width);
      })
      .catch((problem: unknown) => this.#options.onProblem(problem))
      .finally(() => {
        this.#training = undefined;
      });
  }

  #order(): { order: TrainingOrder; centre: Float64Array; width: Float64Array } {
    const inputs = this.#width;
    const ring = this.#ring!;
    const kept = Math.min(this.#collected, mostRows);
    const first = this.#collected - kept;
    const training = Math.floor(trainedShare * kept);
    const place = (row: number): number => ((first + row) % mostRows) * inputs;
    const centre = new Float64Array(inputs);
    const width = new Float64Array(inputs);
    for (let row = 0; row < training; row += 1) for (let input = 0; input < inputs; input += 1) centre[input]! += ring[place(row) + input]! / training;
    for (let row = 0; row < training; row += 1) for (let input = 0; input < inputs; input += 1) width[input]! += (ring[place(row) + input]! - centre[input]!) ** 2 / training;
    // A number that never moved says nothing, and must not be blown up.
    for (let input = 0; input < inputs; input += 1) width[input] = Math.max(1e-3, Math.sqrt(width[input]!)) / inputWidth;
    const stream = new RandomStream(this.#options.seed, 'order of training');
    const sequence = Array.from({ length: training }, (_, index) => index);
    for (let last = training - 1; last > 0; last -= 1) {
      const other = Math.floor(stream.uniform() * (last + 1));
      [sequence[last], sequence[other]] = [sequence[other]!, sequence[last]!];
    }
    const scale = { centre, width };
    const rows = new Float32Array(training * inputs);
    sequence.forEach((row, at) => {
      for (let input = 0; input < inputs; input += 1) rows[at * inputs + input] = seen(ring[place(row) + input]!, scale, input);
    });
    const heldOut = new Float32Array((kept - training) * inputs);
    for (let row = training; row < kept; row += 1) for (let input = 0; input < inputs; input += 1) heldOut[(row - training) * inputs + input] = seen(ring[place(row) + input]!, scale, input);
    const wide = Math.min(32, inputs);
    const code = Math.max(1, Math.min(16, Math.ceil(inputs / 2)));
    return { order: { inputs, hidden: [wide, code, wide], rows, heldOut, epochs: Math.ceil(shownRows / training), seed: this.#options.seed }, centre, width };
  }

  #takeOver({ layers, errors }: TrainingResult, centre: Float64Array, width: Float64Array): void {
    const inputs = this.#width;
    const rows = errors.length / inputs;
    const usual = new Float64Array(inputs);
    for (let at = 0; at < errors.length; at += 1) usual[at % inputs]! += errors[at]! ** 2 / rows;
    for (let input = 0; input < inputs; input += 1) usual[input] = Math.max(1e-6, usual[input]!);
    const weights = Float64Array.from(usual, (square) => Math.max(0.001, 1 - square / inputWidth ** 2));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    for (let input = 0; input < inputs; input += 1) weights[input]! /= whole;
    const scores = new Float64Array(rows);
    let average = 1;
    for (let row = 0; row < rows; row += 1) {
      let sum = 0;
      for (let input = 0; input < inputs; input += 1) sum += weights[input]! * term(errors[row * inputs + input]!, usual[input]!);
      average += memory * (sum - average);
      scores[row] = average;
    }
    const mean = scores.reduce((sum, score) => sum + score, 0) / rows;
    const spread = Math.max(1e-3, Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / rows));
    // Another network errs in another way, so its line begins with what was held out from it.
    this.#lines = new TailLines(1, blockRows, typical);
    for (const score of scores) this.#lines.add(0, Math.max(0, (score - mean) / spread));
    this.#lines.reject(0);
    this.#trained = { network: new DenseNetwork(layers), centre, width, usual, weights, mean, spread };
    this.#sinceTrained = 0;
    this.#average = NaN;
    this.#sinceMs = NaN;
    this.trainings += 1;
    this.dirty = true;
  }
}

function seen(value: number, { centre, width }: { centre: Float64Array; width: Float64Array }, input: number): number {
  return Math.max(-mostInput, Math.min(mostInput, (value - centre[input]!) / width[input]!));
}

function term(error: number, usual: number): number {
  return Math.min(mostTerm, (error * error) / usual);
}
