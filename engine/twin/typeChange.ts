import type { Compiled } from '../expression/compile.ts';
import { tokenize } from '../expression/tokenize.ts';
import type { TwinType, TypeProperty } from './twinType.ts';
import { unitConversion } from './unitConversion.ts';
import type { UnitConversion } from './unitConversion.ts';

/** What becomes of the knowledge about a property. */
export type ChangeOutcome = 'kept' | 'converted' | 'relearn' | 'new' | 'gone';

/** Why. `settings`: label, limits, range, address and the like; `unit-label`: the unit's name was corrected, the values are the same. */
export type ChangeReason = 'same' | 'renamed' | 'settings' | 'unit-label' | 'unit-values' | 'kind' | 'expression' | 'input' | 'mode' | 'new' | 'gone';

export interface PropertyChange {
  /** Absent: new. */
  before?: TypeProperty;
  /** Absent: gone. */
  after?: TypeProperty;
  outcome: ChangeOutcome;
  reason: ChangeReason;
  /** Of the values before into those now. */
  conversion: UnitConversion;
  /** Whether values before and now say the same, so that what was kept of them can still be used. */
  comparable: boolean;
  /** With `input`: the property that the calculation reads. */
  input?: string;
}

export interface TypeChange {
  /** Those of the type now, in its order, then those that are gone. */
  properties: readonly PropertyChange[];
  /** Operating modes are told in another way, so that all that was learned mode by mode says nothing any more. */
  modeChanged: boolean;
  /** Whether it makes a new version: anything beyond labels, limits and the like. */
  structural: boolean;
  /** Former name → name now, of the properties that stay. */
  names: ReadonlyMap<string, string>;
}

const same: UnitConversion = { scale: 1, offset: 0 };

/**
 * Says of each property what a changed type does to what was learned of it. Properties are told apart by their identity, so that one that
 * was renamed is the same. Labels, limits, deadbands, ranges, addresses, intervals and smallest changes relearn nothing; a unit neither,
 * unless `convertFrom` says that the values come in it now: then what was learned is converted.
 */
export function compareTypes(before: TwinType, after: TwinType): TypeChange {
  const former = new Map(before.properties.map((property) => [property.identity, property]));
  const names = new Map<string, string>();
  for (const property of after.properties) {
    const known = former.get(property.identity);
    if (known !== undefined) names.set(known.name, property.name);
  }
  const changes = new Map<string, PropertyChange>();
  const ordered = [...after.properties.filter(({ kind }) => kind !== 'derived'), ...after.derivedOrder.map((index) => after.properties[index]!)];
  for (const property of ordered) changes.set(property.name, changeOf(former.get(property.identity), property, names, changes));
  // A calculated property whose expression is broken has no place in the order.
  for (const property of after.properties) {
    if (!changes.has(property.name)) changes.set(property.name, changeOf(former.get(property.identity), property, names, changes));
  }
  const modeChanged = isModeChanged(before, after, names, changes);
  const properties: PropertyChange[] = after.properties.map((property) => {
    const change = changes.get(property.name)!;
    const learned = property.kind === 'measured' || property.kind === 'derived';
    const goesOn = change.outcome === 'kept' || change.outcome === 'converted';
    return modeChanged && learned && goesOn ? { ...change, outcome: 'relearn', reason: 'mode' } : change;
  });
  const staying = new Set(after.properties.map(({ identity }) => identity));
  for (const property of before.properties) {
    if (!staying.has(property.identity)) properties.push({ before: property, outcome: 'gone', reason: 'gone', conversion: same, comparable: false });
  }
  return {
    properties,
    modeChanged,
    structural: modeChanged || properties.some(({ outcome, reason }) => outcome !== 'kept' || reason === 'renamed'),
    names,
  };
}

function changeOf(
  before: TypeProperty | undefined, after: TypeProperty, names: ReadonlyMap<string, string>, changes: ReadonlyMap<string, PropertyChange>,
): PropertyChange {
  if (before === undefined) return { after, outcome: 'new', reason: 'new', conversion: same, comparable: false };
  const change = { before, after, conversion: same, comparable: true };
  const readings = new Set(['measured', 'setpoint']);
  if (before.kind !== after.kind) {
    return { ...change, outcome: 'relearn', reason: 'kind', comparable: before.unit === after.unit && readings.has(before.kind) && readings.has(after.kind) };
  }
  if (after.kind === 'derived') {
    if (!isSameExpression(before.expression, after.expression, names)) return { ...change, outcome: 'relearn', reason: 'expression', comparable: false };
    const input = after.expression?.names.find((name) => !isUntouched(changes.get(name)));
    if (input !== undefined) return { ...change, outcome: 'relearn', reason: 'input', comparable: false, input };
  }
  const conversion = conversionOf(before, after);
  if (conversion !== undefined) return { ...change, outcome: 'converted', reason: 'unit-values', conversion };
  const reason: ChangeReason = before.name !== after.name ? 'renamed' : before.unit !== after.unit ? 'unit-label' : isSettled(before, after) ? 'same' : 'settings';
  return { ...change, outcome: 'kept', reason };
}

/** Where the new type says so; or where it goes back to the unit from which the former one had converted. */
function conversionOf(before: TypeProperty, after: TypeProperty): UnitConversion | undefined {
  if (before.unit === after.unit || (after.kind !== 'measured' && after.kind !== 'setpoint' && after.kind !== 'counter' && after.kind !== 'derived')) return undefined;
  if (after.convertFrom !== before.unit && (before.convertFrom === '' || before.convertFrom !== after.unit)) return undefined;
  return unitConversion(before.unit, after.unit);
}

function isUntouched(change: PropertyChange | undefined): boolean {
  return change !== undefined && (change.outcome === 'kept' || change.outcome === 'new');
}

function isSettled(before: TypeProperty, after: TypeProperty): boolean {
  const compared = [
    'label', 'address', 'rangeLow', 'rangeHigh', 'lowLow', 'low', 'high', 'highHigh', 'deadband', 'smallestChange', 'maximumRate',
    'expectedIntervalMs', 'counterModulus', 'uncertainIsBad',
  ] as const;
  return compared.every((field) => Object.is(before[field], after[field]));
}

function isModeChanged(before: TwinType, after: TwinType, names: ReadonlyMap<string, string>, changes: ReadonlyMap<string, PropertyChange>): boolean {
  if (before.mode !== undefined || after.mode !== undefined) {
    if (!isSameExpression(before.mode, after.mode, names)) return true;
    return after.mode?.names.some((name) => !isUntouched(changes.get(name))) === true;
  }
  const stateBefore = before.properties[before.stateIndex]?.identity;
  return stateBefore !== after.properties[after.stateIndex]?.identity;
}

/** Whether two expressions say the same, blanks and renamed properties aside. */
export function isSameExpression(before: Compiled | undefined, after: Compiled | undefined, names: ReadonlyMap<string, string>): boolean {
  if (before === undefined || after === undefined) return before === after;
  if (before.text === after.text && before.names.every((name) => names.get(name) === name)) return true;
  return wordsOf(before, names) === wordsOf(after, new Map(after.names.map((name) => [name, name])));
}

function wordsOf({ text, names: read }: Compiled, names: ReadonlyMap<string, string>): string {
  return JSON.stringify(
    tokenize(text).map((token) => {
      if (token.kind === 'end') return 'end';
      if (token.kind === 'name' && read.includes(token.value)) return ['name', names.get(token.value) ?? null];
      return [token.kind, token.value];
    }),
  );
}
