import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PackagingLine } from '../demo/packagingLine.ts';
import { packageRoot } from '../scripts/packageRoot.ts';
import { labelledStream, quietSamples, reportingSeeds, sampleIntervalMs } from './labelledStream.ts';

/** Something that was wrong with the machine, first and last moment included. */
export interface RecordedEvent {
  startMs: number;
  endMs: number;
  kind: string;
  /** When the machine failed of it, where it did. */
  failureMs?: number;
}

/** A recording of one machine with its truth. */
export interface Recording {
  name: string;
  columns: string[];
  /** ms, growing. */
  times: Float64Array;
  /** Row after row, one number per column; NaN where there is none. */
  values: Float64Array;
  /** The first rows, of which it is said that the machine was sound; they are not judged. */
  commissioningRows: number;
  events: RecordedEvent[];
}

export interface RecordingSet {
  name: string;
  /** How the set's own metric is reckoned. */
  metric: 'skab' | 'tep' | 'nab' | 'events';
  /** Published figures of the set's own metric. */
  published: readonly string[];
  /** What the machine showed while commissioned, where that is a recording of its own. */
  commissioned?: Recording;
  recordings(): Iterable<Recording>;
}

function text(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

/** The numbers of a text with one row a line. */
function numbers(content: string, separator: string | RegExp): number[][] {
  return content.trim().split(/\r?\n/).map((line) => line.trim().split(separator).map(Number));
}

function recording(name: string, columns: string[], rows: readonly (readonly number[])[], timeOf: (row: number) => number): Recording {
  const values = new Float64Array(rows.length * columns.length);
  rows.forEach((row, index) => {
    for (let column = 0; column < columns.length; column += 1) values[index * columns.length + column] = row[column] ?? NaN;
  });
  return { name, columns, times: Float64Array.from({ length: rows.length }, (_, row) => timeOf(row)), values, commissioningRows: 0, events: [] };
}

/** Stretches of rows for which `isIn` is true, as events. */
function stretches(times: Float64Array, isIn: (row: number) => boolean, kind: string): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (let row = 0; row < times.length; row += 1) {
    if (!isIn(row)) continue;
    let last = row;
    while (last + 1 < times.length && isIn(last + 1)) last += 1;
    events.push({ startMs: times[row]!, endMs: times[last]!, kind });
    row = last;
  }
  return events;
}

/** The labelled stream of this project (bench/labelledStream.ts), on the seeds for reporting. */
function generatedStream(): RecordingSet {
  return {
    name: 'labelled stream (generated)', metric: 'events', published: [],
    *recordings() {
      for (const shape of ['flat', 'sine'] as const) {
        for (const seed of reportingSeeds) {
          const { values, events } = labelledStream(seed, shape);
          const times = Float64Array.from(values, (_, row) => row * sampleIntervalMs);
          yield {
            name: `${shape} ${seed}`, columns: ['value'], times, values, commissioningRows: quietSamples,
            events: events.map(({ kind, start, end }) => ({ kind, startMs: start * sampleIntervalMs, endMs: (end - 1) * sampleIntervalMs })),
          };
        }
      }
    },
  };
}

/** The demo's filler without a fault, 3 days: only false alarms can be counted. Rows in which it does not produce are left out. */
function generatedLine(): RecordingSet {
  const tags = ['Filler.Speed', 'Filler.Temperature', 'Filler.Pressure', 'Filler.MotorCurrent', 'Filler.Vibration'];
  const columns = tags.map((tag) => tag.slice('Filler.'.length));
  return {
    name: 'packaging line, filler, no fault (generated)', metric: 'events', published: [],
    *recordings() {
      for (const seed of [11, 12, 13]) {
        const line = new PackagingLine(seed);
        const rows: number[][] = [];
        const times: number[] = [];
        for (let second = 15; second <= 3 * 86_400; second += 15) {
          line.step(15_000);
          if (line.value('Filler.State') !== 'producing') continue;
          rows.push(tags.map((tag) => Number(line.value(tag))));
          times.push(second * 1_000);
        }
        yield { ...recording(`seed ${seed}`, columns, rows, (row) => times[row]!), commissioningRows: 960 };
      }
    },
  };
}

/** flows/recorded-machine.csv; whatever differs from the conditions of the first 200 cycles is an event, so that nothing without one is left. */
function shippedMachine(): RecordingSet {
  return {
    name: 'hydraulic rig, one row a cycle (shipped)', metric: 'events', published: [],
    *recordings() {
      const [head = '', ...lines] = text(path.join(packageRoot, 'flows/recorded-machine.csv')).trim().split('\n');
      const rows = lines.map((line) => line.split(',').slice(1).map(Number));
      const truth = text(path.join(packageRoot, 'flows/recorded-machine-truth.csv')).trim().split('\n').slice(1).map((line) => line.split(','));
      const machine = recording('rig', head.split(',').slice(1), rows, (row) => row * 60_000);
      machine.commissioningRows = 150;
      const originMs = Date.parse(truth[0]?.[0] ?? '');
      let cooler = '100';
      for (const [from = '', , , , percent = ''] of truth) {
        if (percent !== cooler) {
          const startMs = Date.parse(from) - originMs;
          const last = machine.events.at(-1);
          if (last !== undefined) last.endMs = startMs - 1;
          machine.events.push({ kind: `cooler ${percent} %`, startMs, endMs: machine.times.at(-1) ?? 0 });
        }
        cooler = percent;
      }
      // Valve, pump and accumulator were changed in between; before the cooler they are neither found nor false.
      machine.events.unshift({ kind: 'valve, pump, accumulator', startMs: 200 * 60_000, endMs: (machine.events[0]?.startMs ?? 0) - 1 });
      yield machine;
    },
  };
}

function skab(folder: string): RecordingSet | undefined {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'anomaly-free')
    .flatMap((group) => readdirSync(path.join(folder, group.name)).filter((file) => file.endsWith('.csv')).map((file) => path.join(group.name, file)));
  if (files.length === 0) return undefined;
  return {
    name: `SKAB, ${files.length} runs`, metric: 'skab',
    published: [
      'all 34 runs: Conv-AE F1 .78 at FAR 13.6 %; MSET .78 at 39.7 %; T²+Q .76 at 26.6 %; LSTM-AE .74 at 30 %; T² .66 at 19 %; isolation forest F1 .29',
    ],
    *recordings() {
      for (const file of files) {
        const [head = '', ...lines] = text(path.join(folder, file)).trim().split(/\r?\n/);
        const names = head.split(';').slice(1, -2);
        const cells = lines.map((line) => line.split(';'));
        const run = recording(file.replace(/\.csv$/, ''), names, cells.map((row) => row.slice(1, -2).map(Number)),
          (row) => Date.parse(`${cells[row]?.[0]?.replace(' ', 'T')}Z`));
        run.commissioningRows = 400;
        const anomaly = cells.map((row) => Number(row.at(-2)));
        run.events = stretches(run.times, (row) => anomaly[row] === 1, 'anomaly');
        yield run;
      }
    },
  };
}

const tepColumns = Array.from({ length: 52 }, (_, index) => (index < 41 ? `XMEAS(${index + 1})` : `XMV(${index - 40})`));

function tep(folder: string): RecordingSet | undefined {
  const file = (name: string): string | undefined => [`${name}.dat.gz`, `${name}.dat`].map((each) => path.join(folder, each)).find((each) => existsSync(each));
  const normal = file('d00');
  const faults = readdirSync(folder).flatMap((name) => /^d(\d\d)_te\.dat(?:\.gz)?$/.exec(name)?.[1] ?? []).sort();
  if (normal === undefined || faults.length === 0) return undefined;
  const read = (name: string, found: string): Recording => {
    const rows = numbers(text(found), /\s+/);
    const upright = rows.length === 52 ? Array.from({ length: rows[0]!.length }, (_, row) => rows.map((values) => values[row]!)) : rows;
    return recording(name, tepColumns, upright, (row) => row * 180_000);
  };
  return {
    name: `TEP, ${faults.length - 1} faults`, metric: 'tep',
    published: ['all 21 faults: DPI-3L finds 83.3 % of the rows at FAR 4.0 %; DAE 79.5 %; PCA T² 60.3 % at 3.0 %'],
    commissioned: read('d00', normal),
    *recordings() {
      for (const fault of faults) {
        const test = read(`fault ${fault}`, file(`d${fault}_te`)!);
        if (fault !== '00') test.events = [{ kind: `fault ${fault}`, startMs: 160 * 180_000, endMs: test.times.at(-1) ?? 0 }];
        yield test;
      }
    },
  };
}

function nab(folder: string): RecordingSet | undefined {
  const windowsFile = path.join(folder, 'combined_windows.json');
  if (!existsSync(windowsFile)) return undefined;
  const windows = Object.entries(JSON.parse(text(windowsFile)) as Record<string, [string, string][]>).filter(([file]) => existsSync(path.join(folder, 'data', file)));
  const time = (cell: string): number => Date.parse(`${cell.slice(0, 19).replace(' ', 'T')}Z`);
  return {
    name: `NAB, ${windows.length} series`, metric: 'nab',
    published: ['whole NAB, standard: ARTime 74.9, HTM 70, CAD OSE 69.9, KNN-CAD 58.0, RCF 51.7, windowed Gaussian 39.6'],
    *recordings() {
      for (const [file, spans] of windows) {
        const cells = text(path.join(folder, 'data', file)).trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
        const series = recording(file, ['value'], cells.map((row) => [Number(row[1])]), (row) => time(cells[row]?.[0] ?? ''));
        series.commissioningRows = Math.ceil(Math.min(Math.floor(0.15 * cells.length), 0.15 * 5000));
        series.events = spans.map(([from, to]) => ({ kind: 'window', startMs: time(from), endMs: time(to) }));
        yield series;
      }
    },
  };
}

function plant(folder: string): RecordingSet | undefined {
  const assets = readdirSync(folder).flatMap((name) => /^(.+)\.labels\.csv$/.exec(name)?.[1] ?? []).sort();
  if (assets.length === 0) return undefined;
  return {
    name: `plant, ${assets.length} pumps of 28 days`, metric: 'events',
    published: ['regime residuals with hold at unseen points: 80 % of the events at 0.5 false episodes per asset and week; rolling 3 sigma: 607 a week'],
    *recordings() {
      for (const asset of assets) {
        const source = [`${asset}.csv.gz`, `${asset}.csv`].map((each) => path.join(folder, each)).find((each) => existsSync(each));
        if (source === undefined) continue;
        const content = text(source);
        const columns = content.slice(0, content.indexOf('\n')).trim().split(',').slice(1);
        const rows = numbers(content.slice(content.indexOf('\n') + 1), ',');
        const pump = recording(asset, columns, rows.map((row) => row.slice(1)), (row) => rows[row]![0]! * 1_000);
        pump.commissioningRows = pump.times.findIndex((timeMs) => timeMs >= 7 * 86_400_000);
        const labels = text(path.join(folder, `${asset}.labels.csv`)).trim().split(/\r?\n/).slice(1);
        pump.events = labels.map((line) => {
          const [start, end, kind = '', , , failure = ''] = line.split(',');
          return { startMs: Number(start) * 1_000, endMs: Number(end) * 1_000, kind, ...(failure.trim() === '' ? {} : { failureMs: Number(failure) * 1_000 }) };
        });
        yield pump;
      }
    },
  };
}

/** What the project ships or generates, and what a folder in the layout of ../shared/data holds besides. */
export function recordingSets(folder?: string): RecordingSet[] {
  const sets: (RecordingSet | undefined)[] = [generatedStream(), generatedLine(), shippedMachine()];
  if (folder !== undefined) {
    for (const [name, read] of Object.entries({ skab, tep, nab, plant })) {
      const place = path.join(folder, name);
      if (existsSync(place)) sets.push(read(place));
    }
  }
  return sets.filter((set) => set !== undefined);
}
