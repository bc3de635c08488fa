import { createBaseline } from '../engine/baselines/index.ts';
import type { ColumnInfo } from '../engine/baselines/index.ts';
import { createJudge } from '../engine/detectors/judge.ts';
import { newExpectation } from '../engine/signalRow.ts';
import { seededNormal, seededRandom } from './labelledStream.ts';

export interface DetectionSpeed {
  columns: number;
  /** CPU of baseline and judge together. */
  microsecondsPerRow: number;
  microsecondsPerColumn: number;
  snapshotBytes: number;
}

/** Prints CPU and size of what is learned, of baseline and judge together, for rows of 1, 20 and 200 columns with a setpoint as driver. */
export async function detectionSpeed(print: (line: string) => void, rowCount = 200_000): Promise<DetectionSpeed[]> {
  print('Baseline and judge, process CPU per row (a setpoint moves all columns; every value new, all normal):');
  print('');
  print('| columns | µs per row | µs per column | snapshot, bytes of JSON |');
  print('|---|---|---|---|');
  const speeds: DetectionSpeed[] = [];
  for (const width of [1, 20, 200]) {
    const columns: ColumnInfo[] = Array.from({ length: width }, (_, index) =>
      ({ name: `p${index}`, kind: index === 0 && width > 1 ? 'setpoint' as const : 'measured' as const }));
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, {});
    const expectation = newExpectation(width);
    const random = seededRandom(1);
    const normal = seededNormal(random);
    const prepared = Array.from({ length: 512 }, () => {
      const setpoint = 10 * Math.floor(4 * random());
      return Float64Array.from({ length: width }, (__, index) => (index === 0 && width > 1 ? setpoint : 50 + index + 0.2 * setpoint + 0.3 * normal()));
    });
    const row = { timeMs: 1_700_000_000_000, mode: '', values: prepared[0]!, fresh: new Uint8Array(width).fill(1) };
    const run = (rows: number): void => {
      for (let index = 0; index < rows; index += 1) {
        row.timeMs += 1_000;
        row.values = prepared[index % prepared.length]!;
        baseline.expect(row, expectation);
        const verdict = judge.judge(row, expectation);
        judge.learn(row, expectation, verdict);
        if (verdict.verdict !== 'anomaly') baseline.learn(row);
      }
    };
    const rows = Math.ceil(rowCount / Math.sqrt(width));
    run(5_000);
    const before = process.cpuUsage();
    run(rows);
    const { user, system } = process.cpuUsage(before);
    const microsecondsPerRow = (user + system) / rows;
    const snapshotBytes = JSON.stringify(baseline.snapshot()).length + JSON.stringify(judge.snapshot()).length;
    speeds.push({ columns: width, microsecondsPerRow, microsecondsPerColumn: microsecondsPerRow / width, snapshotBytes });
    print(`| ${width} | ${microsecondsPerRow.toFixed(2)} | ${(microsecondsPerRow / width).toFixed(3)} | ${snapshotBytes} |`);
  }
  return speeds;
}

if (import.meta.main) await detectionSpeed((line) => console.log(line));
