import { moveCases } from '../alarms/moveCases.ts';
import { createBaseline, driverUsers, meanIntervals, moveBaseline, rowsToLearn } from '../baselines/index.ts';
import { createJudge, moveJudge, usualIntervals } from '../detectors/judge.ts';
import type { Json } from '../ports.ts';
import { isKept, keptMove } from '../statistics/columnMove.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { compareTypes } from '../twin/typeChange.ts';
import type { ChangeOutcome, ChangeReason, TypeChange } from '../twin/typeChange.ts';
import { compileTwinType } from '../twin/twinType.ts';
import type { TwinPropertyInput, TwinType, TypeProperty } from '../twin/twinType.ts';
import { moveTwin } from '../twin/moveTwin.ts';
import type { AssetTwinSnapshot } from './assetTwin.ts';

/** What becomes of one property of one machine. `returned`: what it had learned when it was last of this version comes back. */
export interface PropertyOutcome {
  /** Its name now; of one that is gone, its last one. */
  property: string;
  label: string;
  outcome: ChangeOutcome | 'returned';
  /** `driver`: what it was compared with is gone, or another one now. */
  reason: ChangeReason | 'driver' | 'former';
  /** What the reason names: the former name or unit, the property it depended on. */
  cause?: string;
  /** The unit now, where it is another one. */
  unit?: string;
  /** Normal running until it is known again, in ms; null: cannot be said yet. Absent: nothing is to be learned. */
  relearnMs?: number | null;
}

/** What a changed type means for one machine: made before anything is done, and then done exactly so. */
export interface MigrationPlan {
  readonly before: TwinType;
  readonly after: TwinType;
  readonly change: TypeChange;
  readonly outcomes: readonly PropertyOutcome[];
  /** Per column of the type now. */
  readonly moves: readonly ColumnMove[];
  /** Nothing of what was learned can be used: another question is asked of the machine. */
  readonly restart: boolean;
}

/**
 * What was learned for a type, for another one of the same machine. The rules of each property are those of `compareTypes`; what depends on
 * others comes in here, because it hangs on what the machine has learned: a signal that was expected by a driver that is gone is learned again.
 */
export function planMigration(before: TwinType, after: TwinType, snapshot: AssetTwinSnapshot): MigrationPlan {
  const change = compareTypes(before, after);
  const columns = snapshot.columns.map(({ name }) => name);
  const { drivers, users } = driverUsers(snapshot.baseline);
  const driverGone = drivers.find((driver) => !change.properties.some((one) => one.before?.name === driver && one.after !== undefined && one.comparable && isColumn(one.after)));
  const driverNew = snapshot.baselineSettings.drivers.find((driver) => change.properties.some((one) => one.outcome === 'new' && one.after?.name === driver));
  const means = meanIntervals(snapshot.baseline);
  const intervals = usualIntervals(snapshot.judge).map((interval, column) => (interval > 0 ? interval : (means[column] ?? NaN)));
  const known = intervals.filter((interval) => interval > 0).sort((a, b) => a - b);
  const middle = known[Math.floor(known.length / 2)];
  const relearnMs = (former: TypeProperty | undefined, now: TypeProperty): number | null => {
    const own = former === undefined ? NaN : (intervals[columns.indexOf(former.name)] ?? NaN);
    const interval = own > 0 ? own : now.expectedIntervalMs > 0 ? now.expectedIntervalMs : middle;
    return interval === undefined ? null : rowsToLearn * interval;
  };
  const outcomes: PropertyOutcome[] = [];
  const again = new Set<string>();
  for (const one of change.properties) {
    const shown = (one.after ?? one.before)!;
    const learned = one.after !== undefined && (one.after.kind === 'measured' || one.after.kind === 'derived');
    let { outcome, reason }: { outcome: ChangeOutcome; reason: PropertyOutcome['reason'] } = one;
    let cause = reason === 'renamed' ? one.before?.name : reason === 'unit-values' || reason === 'unit-label' ? one.before?.unit : one.input;
    const goesOn = outcome === 'kept' || outcome === 'converted';
    if (learned && goesOn && driverNew !== undefined) {
      outcome = 'relearn';
      reason = 'driver';
      cause = driverNew;
    } else if (learned && goesOn && driverGone !== undefined && one.before !== undefined && users.has(one.before.name) && !drivers.includes(one.before.name)) {
      outcome = 'relearn';
      reason = 'driver';
      cause = before.properties.find(({ name }) => name === driverGone)?.label ?? driverGone;
    }
    if (outcome === 'relearn') again.add(shown.name);
    outcomes.push({
      property: shown.name,
      label: shown.label,
      outcome,
      reason,
      ...(cause === undefined ? {} : { cause }),
      ...(reason === 'unit-values' || reason === 'unit-label' ? { unit: shown.unit } : {}),
      ...(learned && one.after !== undefined && (outcome === 'relearn' || outcome === 'new') ? { relearnMs: relearnMs(one.before, one.after) } : {}),
    });
  }
  const byName = new Map(change.properties.map((one) => [one.after?.name, one]));
  const moves = after.columns.map(({ name }): ColumnMove => {
    const one = byName.get(name);
    const from = one?.before === undefined || !one.comparable ? -1 : columns.indexOf(one.before.name);
    return from < 0 || one === undefined ? { ...keptMove(-1), again: true } : { from, again: again.has(name), ...one.conversion };
  });
  return { before, after, change, outcomes, moves, restart: change.modeChanged || driverNew !== undefined };
}

/** Whether the machine's columns are those of the plan, in their order, so that nothing has to be moved. */
export function changesNothing({ moves, change, restart }: MigrationPlan, columns: number): boolean {
  return !restart && !change.structural && moves.length === columns && moves.every((move, column) => isKept(move) && move.from === column);
}

/**
 * Carries a plan out on a snapshot. @param former what the machine had learned when it was last of this version, already for the columns of
 * today: then this comes back, and only values, totals and cases go on.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE
 */
export function migrateSnapshot(snapshot: AssetTwinSnapshot, plan: MigrationPlan, nowMs: number, former?: AssetTwinSnapshot): AssetTwinSnapshot {
  const { before, after, change, moves, restart } = plan;
  const { columns } = after;
  const drivers = { drivers: snapshot.baselineSettings.drivers.map((name) => change.names.get(name) ?? name).filter((name) => columns.some((one) => one.name === name)) };
  const moved = new Map(
    change.properties.flatMap(({ before: old, after: now, conversion }) =>
      old === undefined || now === undefined ? [] : [[old.name, { name: now.name, unit: now.unit, ...conversion }] as const],
    ),
  );
  return {
    ...snapshot,
    columns: columns.map(({ name, kind }) => ({ name, kind })),
    type: { name: after.name, version: after.version },
    twin: moveTwin(snapshot.twin, before, after, change, former?.twin),
    cases: moveCases(snapshot.cases, moved, nowMs),
    baseline: former?.baseline ?? (restart ? createBaseline(columns, drivers).snapshot() : moveBaseline(snapshot.baseline, columns, drivers, moves)),
    judge: former?.judge ?? (restart ? createJudge(columns, snapshot.judgeSettings).snapshot() : moveJudge(snapshot.judge, columns, snapshot.judgeSettings, moves)),
    presence: former?.presence ?? moves.map(({ from }) => (from < 0 ? 0 : (snapshot.presence[from] ?? 0))),
    renamed: [...new Map([...(snapshot.renamed ?? []).map(([first, last]): [string, string] => [first, change.names.get(last) ?? last]), ...change.names])]
      .filter(([first, last]) => first !== last),
  };
}

/** What a machine's type was, from a snapshot of the time before types were kept: its columns, and for the rest today's type. */
export function typeOfColumns(snapshot: AssetTwinSnapshot, today: TwinType): TwinType {
  const now = new Map(today.definition.properties.map((row) => [row.name.trim(), row]));
  const expressions = new Map(
    (Array.isArray((snapshot.twin as { properties?: Json } | null)?.properties) ? (snapshot.twin as unknown as { properties: [string, { expression?: string }][] }).properties : [])
      .filter(Array.isArray).map(([name, knowledge]) => [name, knowledge?.expression]),
  );
  const properties = snapshot.columns.map(({ name, kind }): TwinPropertyInput => {
    const row = now.get(name);
    const expression = expressions.get(name) ?? row?.expression ?? '';
    return { ...(row ?? { name }), valueKind: kind, expression, convertFrom: '' };
  });
  const states = today.definition.properties.filter(({ valueKind }) => valueKind === 'state');
  const told = (snapshot.twin as { modeExpression?: Json } | null)?.modeExpression;
  const mode = typeof told === 'string' ? told : today.definition.mode;
  return compileTwinType({ ...today.definition, properties: [...properties, ...states], ...(mode === undefined ? {} : { mode }) }).type;
}

function isColumn({ kind }: TypeProperty): boolean {
  return kind !== 'state';
}
