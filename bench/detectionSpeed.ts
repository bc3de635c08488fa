import path from 'node:path';
import { createBaseline } from '../engine/baselines/index.ts';
import type { AssetBaseline, ColumnInfo } from '../engine/baselines/index.ts';
import { createJudge } from '../engine/detectors/judge.ts';
import type { AssetJudge } from '../engine/detectors/judge.ts';
import { takeRows } from '../engine/detectors/takeRows.ts';
import { RowBlock, mostRows } from '../engine/rowBlock.ts';
import { newExpectation } from '../engine/signalRow.ts';
import { inProcess } from './benchProcess.ts';
import { seededNormal, seededRandom } from './labelledStream.ts';
import { verdictOf } from './verdictOf.ts';

export interface DetectionSpeed {
  columns: number;
  /** Rows for which the setpoint stands still. */
  dwellRows: number;
  /** CPU of baseline and judge together. */
  microsecondsPerRow: number;
  /** The same where rows come many at a time. */
  microsecondsPerRowInBlocks: number;
  microsecondsPerColumn: number;
  snapshotBytes: number;
  /** Share of the measured rows that were judged abnormal. */
  abnormalShare: number;
}

/** Few enough rows, repeated, are a pattern of their own: a judge that has seen them for long is right to find it abnormal. */
const preparedCount = 32_768;
const aimRowsPerSecond = 1_000_000;
const aimBytes = 200 * 1024;
const memoryAssets = 100;

/** Rows of one setpoint among four and signals that follow it, with noise. @param dwellRows rows until the next setpoint */
export function preparedRows(width: number, count: number, dwellRows = 200): Float64Array[] {
  const random = seededRandom(1);
  const normal = seededNormal(random);
  let setpoint = 0;
  return Array.from({ length: count }, (_, row) => {
    if (row % dwellRows === 0) setpoint = 10 * Math.floor(4 * random());
    return Float64Array.from({ length: width }, (__, index) => (width === 1 ? 50 + 0.3 * normal() : index === 0 ? setpoint : 50 + index + 0.2 * setpoint + 0.3 * normal()));
  });
}

interface Machine {
  baseline: AssetBaseline;
  judge: AssetJudge;
  /** Runs rows through it, one by one or in blocks. @returns rows that were judged abnormal */
  run: (rows: number) => number;
  runInBlocks: (rows: number) => number;
}

function machineOf(width: number, prepared: readonly Float64Array[]): Machine {
  const columns: ColumnInfo[] = Array.from({ length: width }, (_, index) =>
    ({ name: `p${index}`, kind: index === 0 && width > 1 ? 'setpoint' as const : 'measured' as const }));
  const baseline = createBaseline(columns, {});
  const judge = createJudge(columns, {});
  const expectation = newExpectation(width);
  const row = { timeMs: 1_700_000_000_000, mode: '', values: prepared[0]!, fresh: new Uint8Array(width).fill(1) };
  const block = new RowBlock(width);
  let next = 0;
  /** @returns 1 where the row is abnormal */
  const take = (): number => {
    baseline.expect(row, expectation);
    const verdict = judge.judge(row, expectation);
    judge.learn(row, expectation, verdict);
    if (verdict.verdict !== 'anomaly') {
      baseline.learn(row);
      return 0;
    }
    baseline.pass(row);
    return 1;
  };
  const read = (): void => {
    row.timeMs += 1_000;
    row.values = prepared[next]!;
    next = (next + 1) % prepared.length;
  };
  const run = (rows: number): number => {
    let abnormal = 0;
    for (let index = 0; index < rows; index += 1) {
      read();
      abnormal += take();
    }
    return abnormal;
  };
  const runInBlocks = (rows: number): number => {
    let abnormal = 0;
    for (let index = 0; index < rows; index += block.count) {
      block.count = 0;
      while (block.count < Math.min(mostRows, rows - index)) {
        read();
        block.add(row);
      }
      const lastMs = row.timeMs;
      row.values = new Float64Array(width);
      for (let at = 0; at < block.count;) {
        at = takeRows(baseline, judge, block, at, block.count);
        for (const few = Math.min(block.count, at + 4); at < few; at += 1) {
          block.read(at, row);
          abnormal += take();
        }
      }
      row.timeMs = lastMs;
    }
    return abnormal;
  };
  return { baseline, judge, run, runInBlocks };
}

/** Baseline and judge of an asset that has seen so many rows, half of them in blocks. */
export function taught(width: number, prepared: readonly Float64Array[], rows: number): { baseline: AssetBaseline; judge: AssetJudge } {
  const { baseline, judge, run, runInBlocks } = machineOf(width, prepared);
  run(Math.ceil(rows / 2));
  runInBlocks(Math.floor(rows / 2));
  return { baseline, judge };
}

function perSecond(microsecondsPerRow: number): string {
  return Math.round(1e6 / microsecondsPerRow).toLocaleString('en');
}

/**
 * Prints CPU and size of what is learned, of baseline and judge together, for rows of 1, 8, 20 and 200 columns with a setpoint as driver, which stands for
 * 200 rows or, at 8 columns once more, is another one in each row; and the memory of an asset of 8 columns.
 */
export async function detectionSpeed(print: (line: string) => void, rowCount = 200_000): Promise<DetectionSpeed[]> {
  print('Baseline and judge, process CPU per row, the best of five stretches after a warm-up (a setpoint moves all columns; every value new, all normal):');
  print('');
  print('| columns | setpoint stands for, rows | µs per row | rows/s | in blocks: µs per row | rows/s | µs per column | snapshot, bytes of JSON | judged abnormal |');
  print('|---|---|---|---|---|---|---|---|---|');
  const speeds: DetectionSpeed[] = [];
  for (const [width, dwellRows] of [[1, 200], [8, 200], [8, 1], [20, 200], [200, 200]] as const) {
    const rows = Math.ceil(rowCount / Math.sqrt(width));
    const { baseline, judge, run, runInBlocks } = machineOf(width, preparedRows(width, Math.min(preparedCount, 2 * rows), dwellRows));
    run(Math.min(20_000, rows));
    let abnormal = 0;
    const measure = (take: (rows: number) => number): number => {
      const before = process.cpuUsage();
      const share = Math.ceil(rows / 5);
      abnormal += take(share);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / share;
    };
    let microsecondsPerRow = Infinity;
    for (let stretch = 0; stretch < 5; stretch += 1) microsecondsPerRow = Math.min(microsecondsPerRow, measure(run));
    runInBlocks(Math.min(20_000, rows));
    let microsecondsPerRowInBlocks = Infinity;
    for (let stretch = 0; stretch < 5; stretch += 1) microsecondsPerRowInBlocks = Math.min(microsecondsPerRowInBlocks, measure(runInBlocks));
    const snapshotBytes = JSON.stringify(baseline.snapshot()).length + JSON.stringify(judge.snapshot()).length;
    const speed = {
      columns: width, dwellRows, microsecondsPerRow, microsecondsPerRowInBlocks, microsecondsPerColumn: microsecondsPerRow / width, snapshotBytes, abnormalShare: abnormal / (2 * rows),
    };
    speeds.push(speed);
    print(
      `| ${width} | ${dwellRows} | ${microsecondsPerRow.toFixed(2)} | ${perSecond(microsecondsPerRow)} | ${microsecondsPerRowInBlocks.toFixed(2)} | ${perSecond(microsecondsPerRowInBlocks)} | ` +
        `${speed.microsecondsPerColumn.toFixed(3)} | ${snapshotBytes} | ${(100 * speed.abnormalShare).toFixed(2)} % |`,
    );
  }
  const settings = { assets: memoryAssets, columns: 8, rows: Math.min(2_000, rowCount) };
  const { bytes } = await inProcess<{ bytes: number }>(path.join(import.meta.dirname, 'detectionMemoryProcess.ts'), settings);
  const eight = speeds.find(({ columns }) => columns === 8)!;
  const rowsPerSecond = 1e6 / eight.microsecondsPerRowInBlocks;
  print('');
  const beside = `(one by one ${perSecond(eight.microsecondsPerRow)})`;
  print(`8 columns, in blocks: ${perSecond(eight.microsecondsPerRowInBlocks)} rows/s ${beside}, aim ≥ ${aimRowsPerSecond.toLocaleString('en')}: ${verdictOf(rowsPerSecond >= aimRowsPerSecond)}`);
  print(`8 columns: ${(bytes / 1024).toFixed(1)} KB of memory per asset, heap and outside of it, mean of ${memoryAssets}, aim ≤ ${aimBytes / 1024} KB: ${verdictOf(bytes <= aimBytes)}`);
  return speeds;
}

if (import.meta.main) await detectionSpeed((line) => console.log(line));
