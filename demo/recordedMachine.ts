import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * Makes flows/recorded-machine.csv and flows/recorded-machine-truth.csv from "Condition monitoring of hydraulic systems"
 * (ZeMA gGmbH, UCI Machine Learning Repository, CC BY 4.0):
 *
 *   node demo/recordedMachine.ts FOLDER      FOLDER holds TS1.txt.gz, …, profile.txt
 *
 * The rig repeats a load cycle of 60 s. A row here is one cycle: the mean of each sensor over it, to three decimals; no cycle
 * is left out and no value is changed. The recording has no dates, so cycles are counted from 2015-01-01T00:00:00Z.
 *
 * The order is ours in one respect. The experiment was run with a cooler near failure first (cycles 1 to 732), then a weak one
 * (733 to 1464), then a sound one (1465 to 2205); a machine in use declines the other way. So the three blocks stand in the order
 * sound, weak, near failure, each as it was recorded. The truth names the source's cycle numbers of every stretch.
 */

const sensors = ['TS1', 'TS2', 'TS3', 'TS4', 'VS1', 'SE', 'CE', 'CP', 'FS1'] as const;
const blocks = [
  { first: 1465, last: 2205 },
  { first: 733, last: 1464 },
  { first: 1, last: 732 },
] as const;
const originMs = Date.parse('2015-01-01T00:00:00Z');
const cycleMs = 60_000;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Say where the files of the data set are: node demo/recordedMachine.ts FOLDER');

function table(text: string): number[][] {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.trim().split(/\s+/).map(Number));
}

const means = sensors.map((sensor) =>
  table(gunzipSync(readFileSync(join(folder, `${sensor}.txt.gz`))).toString('latin1')).map(
    (cycle) => cycle.reduce((sum, value) => sum + value, 0) / cycle.length,
  ),
);
const conditions = table(readFileSync(join(folder, 'profile.txt'), 'latin1'));
const order = blocks.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first - 1 + index));
if (order.length !== conditions.length || new Set(order).size !== order.length) throw new Error('The blocks do not cover every cycle exactly once.');

const isoTime = (row: number): string => new Date(originMs + row * cycleMs).toISOString().replace('.000Z', 'Z');

const rows = order.map((cycle, row) => [isoTime(row), ...means.map((sensor) => sensor[cycle]!.toFixed(3))].join(','));
const target = join(import.meta.dirname, '../flows');
writeFileSync(join(target, 'recorded-machine.csv'), `time,${sensors.join(',')}\n${rows.join('\n')}\n`);

const stretches: string[] = [];
let start = 0;
for (let row = 1; row <= order.length; row++) {
  const cycle = order[row - 1]!;
  if (row < order.length && order[row] === cycle + 1 && conditions[order[row]!]!.join() === conditions[cycle]!.join()) continue;
  stretches.push([isoTime(start), isoTime(row), order[start]! + 1, cycle + 1, ...conditions[cycle]!].join(','));
  start = row;
}
writeFileSync(
  join(target, 'recorded-machine-truth.csv'),
  `from,to,first_cycle,last_cycle,cooler_percent,valve_percent,pump_leakage,accumulator_bar,settling\n${stretches.join('\n')}\n`,
);
process.stdout.write(`${rows.length} cycles, ${stretches.length} stretches\n`);
