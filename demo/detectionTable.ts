import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBaseline } from '../engine/baselines/index.ts';
import type { AssetBaseline, ColumnInfo } from '../engine/baselines/index.ts';
import { createJudge } from '../engine/detectors/judge.ts';
import type { AssetJudge } from '../engine/detectors/judge.ts';
import { newExpectation } from '../engine/signalRow.ts';
import type { Expectation } from '../engine/signalRow.ts';
import { PackagingLine } from './packagingLine.ts';
import type { FaultName, MachineName } from './packagingLine.ts';

/**
 * Does the demo show what it promises? Runs the packaging line through baseline and judge with the columns of the shipped
 * flow, in plant time and as fast as it goes, and prints a table: when each fault is found, by which signal, how often the machine
 * was called unusual without a fault.
 *
 *   node demo/detectionTable.ts [--tick 15] [--seeds 3] [--hours 24]
 */

interface PropertyRow {
  name: string;
  valueKind: string;
  address: string;
  smallestChange: string;
  rangeLow: string;
  rangeHigh: string;
}

interface Watch {
  machine: MachineName;
  columns: ColumnInfo[];
  read: ((line: PackagingLine) => number)[];
  baseline: AssetBaseline;
  judge: AssetJudge;
  expectation: Expectation;
  settling: number;
  unusual: boolean;
}

export interface Finding {
  machine: MachineName;
  minute: number;
  property: string;
  kind: string;
}

const settlingRows = 3;
const flow = JSON.parse(readFileSync(join(import.meta.dirname, '../flows/packaging-line.json'), 'utf8')) as { id: string; properties?: PropertyRow[] }[];

function watch(machine: MachineName): Watch {
  const type = flow.find((node) => node.id === `pl-type-${machine.toLowerCase()}`)!;
  const rows = type.properties!.filter((row) => ['measured', 'setpoint'].includes(row.valueKind));
  const columns = rows.map((row) => ({
    name: row.name,
    kind: row.valueKind as 'measured' | 'setpoint',
    ...(row.smallestChange === '' ? {} : { smallestChange: Number(row.smallestChange) }),
    ...(row.rangeLow === '' ? {} : { range: { low: Number(row.rangeLow), high: Number(row.rangeHigh) } }),
  }));
  return {
    machine,
    columns,
    read: rows.map((row) => {
      const tag = row.address.replace('ns=1;s={machine}', machine);
      return (line) => line.value(tag) as number;
    }),
    baseline: createBaseline(columns, {}),
    judge: createJudge(columns, { falseAlarmsPerWeek: 1 }),
    expectation: newExpectation(columns.length),
    settling: 0,
    unusual: false,
  };
}

/**
 * Begins of anomalies while the line runs for `hours`, with one fault from `faultMinute` on.
 * @param tickS plant seconds between two rows.
 */
export function findings(seed: number, hours: number, tickS: number, fault?: FaultName, faultMinute = Infinity): Finding[] {
  const line = new PackagingLine(seed);
  const watches = (['Filler', 'Sealer', 'Labeller'] as const).map(watch);
  const found: Finding[] = [];
  for (let second = tickS; second <= hours * 3600; second += tickS) {
    if (fault !== undefined && !line.isFaultOn(fault) && second >= faultMinute * 60) line.setFault(fault, true);
    line.step(tickS * 1000);
    for (const each of watches) {
      const state = line.value(`${each.machine}.State`) as string;
      if (state !== 'producing') {
        each.settling = settlingRows;
        continue;
      }
      if (each.settling-- > 0) continue;
      const { baseline, judge, expectation, columns } = each;
      const values = Float64Array.from(each.read, (read) => read(line));
      const row = { timeMs: 1_700_000_000_000 + second * 1000, mode: state, values, fresh: new Uint8Array(columns.length).fill(1) };
      baseline.expect(row, expectation);
      const verdict = judge.judge(row, expectation);
      judge.learn(row, expectation, verdict);
      const unusual = verdict.verdict === 'anomaly';
      if (!unusual) baseline.learn(row);
      if (unusual && !each.unusual) {
        const first = verdict.signals[0]!;
        found.push({ machine: each.machine, minute: second / 60, property: columns[first.column]!.name, kind: first.kind });
      }
      each.unusual = unusual;
    }
  }
  return found;
}

const expected: Readonly<Record<Exclude<FaultName, 'PlcFrozen'>, { machine: MachineName; properties: readonly string[] }>> = {
  BearingWear: { machine: 'Filler', properties: ['vibration', 'motor_current'] },
  JawTemperatureLow: { machine: 'Sealer', properties: ['jaw_temperature'] },
  StuckSensor: { machine: 'Filler', properties: ['pressure'] },
  LabelSensorNoise: { machine: 'Labeller', properties: ['label_sensor'] },
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: { tick: { type: 'string', default: '15' }, seeds: { type: 'string', default: '3' }, hours: { type: 'string', default: '24' } },
  });
  const tickS = Number(values.tick);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  const lines = [`fault, from plant minute | found after plant minutes (seeds ${seeds.join(', ')}) | by`];
  for (const [fault, right] of Object.entries(expected) as [Exclude<FaultName, 'PlcFrozen'>, (typeof expected)['BearingWear']][]) {
    for (const minute of [60, 120, 240, 480]) {
      const outcomes = seeds.map((seed) => {
        const after = findings(seed, (minute + 90) / 60, tickS, fault, minute).filter((finding) => finding.minute >= minute);
        const hit = after.find((finding) => finding.machine === right.machine && right.properties.includes(finding.property));
        const wrong = after.filter((finding) => finding.machine !== right.machine).length;
        return { text: `${hit === undefined ? 'never' : (hit.minute - minute).toFixed(0)}${wrong > 0 ? ` (+${wrong} elsewhere)` : ''}`, by: hit };
      });
      const by = [...new Set(outcomes.flatMap(({ by: hit }) => (hit === undefined ? [] : [`${hit.property} ${hit.kind}`])))].join(', ');
      lines.push(`${fault}, ${minute} | ${outcomes.map(({ text }) => text).join(', ')} | ${by}`);
    }
  }
  for (const seed of seeds) {
    const calm = findings(seed, Number(values.hours), tickS);
    const list = calm.map((finding) => `${finding.machine}.${finding.property} ${finding.kind} at ${finding.minute}`).join(', ');
    lines.push(`no fault, ${values.hours} h, seed ${seed} | ${calm.length} times unusual | ${list}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
