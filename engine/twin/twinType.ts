import { compile } from '../expression/compile.ts';
import type { Compiled } from '../expression/compile.ts';
import { dependencyOrder } from '../expression/dependencyOrder.ts';
import { Problem } from '../problem.ts';
import { numberFromSetting } from './numberText.ts';
import { parseRegisterAddress } from './registerAddress.ts';

export const propertyKinds = ['measured', 'setpoint', 'counter', 'state', 'derived'] as const;
export type PropertyKind = (typeof propertyKinds)[number];

/** A property as a person filled it in: numbers as texts, empty = none. The row of twin-type's table. */
export interface TwinPropertyInput {
  name: string;
  /** What it was called first, where it was renamed since. */
  identity?: string;
  /** The unit in which its values came before, where they come in another one now; empty: the unit's name alone may have changed. */
  convertFrom?: string;
  label?: string;
  unit?: string;
  valueKind?: string;
  address?: string;
  expression?: string;
  rangeLow?: string;
  rangeHigh?: string;
  lowLow?: string;
  low?: string;
  high?: string;
  highHigh?: string;
  deadband?: string;
  smallestChange?: string;
  maximumRate?: string;
  expectedInterval?: string;
  counterBits?: string;
  uncertainIsBad?: boolean;
}

/** A type as a person filled it in. */
export interface TwinTypeInput {
  name: string;
  version?: number;
  mode?: string;
  properties: readonly TwinPropertyInput[];
}

/** A property, checked. Numbers that were not set are NaN. */
export interface TypeProperty {
  /** Place in `TwinType.properties`. */
  readonly index: number;
  readonly name: string;
  /** The same through all renamings; unlike that of every other property of the type. */
  readonly identity: string;
  readonly convertFrom: string;
  /** Never empty: the name where no label was given. */
  readonly label: string;
  /** UCUM code; '' = none. */
  readonly unit: string;
  readonly kind: PropertyKind;
  /** Address pattern with {placeholders}; '' = none. */
  readonly address: string;
  readonly expression?: Compiled;
  /** Places of the properties that the expression reads, in the order of `expression.names`. */
  readonly inputs: readonly number[];
  readonly rangeLow: number;
  readonly rangeHigh: number;
  readonly lowLow: number;
  readonly low: number;
  readonly high: number;
  readonly highHigh: number;
  /** NaN: 1 % of the range, or else of the limit. */
  readonly deadband: number;
  readonly smallestChange: number;
  /** Units per second. */
  readonly maximumRate: number;
  readonly expectedIntervalMs: number;
  /** 65,536 or 4,294,967,296; 0 = does not roll over. */
  readonly counterModulus: number;
  readonly uncertainIsBad: boolean;
}

/** A property that is a number, as baselines see it. */
export interface ColumnInfo {
  name: string;
  kind: 'measured' | 'setpoint' | 'counter' | 'derived';
  /** > 0, in the property's unit. */
  smallestChange?: number;
  /** The instrument's range. */
  range?: { low: number; high: number };
}

export interface TwinType {
  readonly name: string;
  readonly version: number;
  /** "press@3" */
  readonly title: string;
  /** What it was made from, to be shown and gone back to. */
  readonly definition: TwinTypeInput;
  readonly properties: readonly TypeProperty[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Places of the derived properties, each after those it reads. */
  readonly derivedOrder: readonly number[];
  readonly mode?: Compiled;
  readonly modeInputs: readonly number[];
  /** Place of the property that tells the operating mode where there is no expression; −1 = none. */
  readonly stateIndex: number;
  readonly columns: readonly ColumnInfo[];
  /** UCUM code per property that has one. */
  readonly units: Readonly<Record<string, string>>;
}

const maximumProperties = 2000;
/** `time` is the time of a row; the others mean something to JavaScript itself. */
const reservedNames = new Set(['time', '__proto__', 'constructor', 'prototype']);

/**
 * Checks a type and makes it ready for use. Never throws.
 *
 * Every problem is reported, not just the first; the type leaves out what is wrong (a property without a name, a limit that is no
 * number, a derived property in a loop), so that it could run, but whoever deploys it should refuse while there are problems.
 * Numbers may be written with a decimal comma; `1,234` is refused, because it may be meant as 1234.
 */
export function compileTwinType(raw: TwinTypeInput): { type: TwinType; problems: Problem[] } {
  const problems: Problem[] = [];
  const name = raw.name.trim();
  const version = raw.version ?? 1;
  const indexOf = new Map<string, number>();
  const drafts: (TypeProperty & { expression?: Compiled; inputs: number[]; identity: string })[] = [];
  if (raw.properties.length > maximumProperties) {
    problems.push(
      new Problem(
        'TWIN_TYPE_TOO_LARGE',
        `The type "${name}" has ${raw.properties.length} properties.`,
        `Split it: at most ${maximumProperties} are possible.`,
        { type: name, count: raw.properties.length },
      ),
    );
  }
  if (raw.properties.length === 0) {
    problems.push(
      new Problem('TWIN_TYPE_EMPTY', `The type "${name}" has no properties.`, 'Add at least one row to its table.', { type: name }),
    );
  }
  raw.properties.slice(0, maximumProperties).forEach((row, position) => {
    const property = readProperty(row, position + 1, indexOf, drafts.length, problems);
    if (property === undefined) return;
    indexOf.set(property.name, property.index);
    drafts.push(property);
  });
  nameIdentities(drafts, raw.properties);

  const derived: { name: string; reads: readonly string[]; index: number }[] = [];
  raw.properties.slice(0, maximumProperties).forEach((row) => {
    const index = indexOf.get(row.name.trim());
    const draft = index === undefined ? undefined : drafts[index];
    if (draft === undefined || draft.kind !== 'derived' || draft.expression !== undefined) return;
    const text = (row.expression ?? '').trim();
    const compiled = readExpression(text, `"${draft.name}"`, indexOf, problems);
    if (compiled === undefined) return;
    draft.expression = compiled;
    draft.inputs = compiled.names.map((input) => indexOf.get(input) ?? -1);
    derived.push({ name: draft.name, reads: compiled.names, index: draft.index });
  });
  const ordered = dependencyOrder(derived);
  problems.push(...ordered.problems);

  let mode: Compiled | undefined;
  if ((raw.mode ?? '').trim() !== '') mode = readExpression((raw.mode ?? '').trim(), 'the operating mode', indexOf, problems);
  const units: Record<string, string> = {};
  for (const property of drafts) if (property.unit !== '') units[property.name] = property.unit;
  const type: TwinType = {
    name,
    version,
    title: `${name}@${version}`,
    definition: raw,
    properties: drafts,
    indexOf,
    derivedOrder: ordered.order.map((place) => (derived[place] as { index: number }).index),
    mode,
    modeInputs: mode === undefined ? [] : mode.names.map((input) => indexOf.get(input) ?? -1),
    stateIndex: drafts.findIndex((property) => property.kind === 'state'),
    columns: drafts.filter((property) => property.kind !== 'state').map(columnOf),
    units,
  };
  return { type, problems };
}

/** A property that was never renamed is known by its name, unless another one was first. */
function nameIdentities(drafts: { name: string; identity: string }[], rows: readonly TwinPropertyInput[]): void {
  const taken = new Set<string>();
  const given = new Map(rows.map((row) => [row.name.trim(), (row.identity ?? '').trim()]));
  for (const draft of drafts) {
    const identity = given.get(draft.name) ?? '';
    if (identity === '' || taken.has(identity)) continue;
    draft.identity = identity;
    taken.add(identity);
  }
  for (const draft of drafts) {
    if (draft.identity !== '') continue;
    let identity = draft.name;
    for (let number = 2; taken.has(identity); number += 1) identity = `${draft.name}#${number}`;
    draft.identity = identity;
    taken.add(identity);
  }
}

function columnOf(property: TypeProperty): ColumnInfo {
  const { name, kind, smallestChange, rangeLow, rangeHigh } = property;
  return {
    name,
    kind: kind as ColumnInfo['kind'],
    ...(smallestChange > 0 ? { smallestChange } : {}),
    ...(rangeLow < rangeHigh ? { range: { low: rangeLow, high: rangeHigh } } : {}),
  };
}

function readProperty(
  row: TwinPropertyInput,
  position: number,
  known: ReadonlyMap<string, number>,
  index: number,
  problems: Problem[],
): (TypeProperty & { inputs: number[]; identity: string }) | undefined {
  const name = row.name.trim();
  if (name === '') {
    problems.push(
      new Problem(
        'TWIN_PROPERTY_NAME_MISSING',
        `Row ${position} of the type has no name.`,
        'Give the property a name, or remove the row.',
        { row: position },
      ),
    );
    return undefined;
  }
  // eslint-disable-next-line no-control-regex
  if (name.length > 60 || /[\u0000-\u001f\u007f]/.test(name)) {
    problems.push(
      new Problem(
        'TWIN_PROPERTY_NAME',
        `The name in row ${position} is too long or has characters that cannot be seen.`,
        'Use at most 60 visible characters.',
        { row: position },
      ),
    );
    return undefined;
  }
  if (reservedNames.has(name)) {
    problems.push(
      new Problem(
        'TWIN_PROPERTY_RESERVED',
        `"${name}" cannot be the name of a property.`,
        `Choose another name, for example ${name.replace(/_/g, '')}_value.`,
        { property: name },
      ),
    );
    return undefined;
  }
  if (known.has(name)) {
    problems.push(
      new Problem(
        'TWIN_PROPERTY_TWICE',
        `Two properties are named "${name}".`,
        'Rename one of them; names are what messages and expressions use.',
        { property: name },
      ),
    );
    return undefined;
  }
  const kindText = row.valueKind ?? 'measured';
  const kind = (propertyKinds as readonly string[]).includes(kindText) ? (kindText as PropertyKind) : 'measured';
  const read = (field: keyof TwinPropertyInput, least?: number): number => {
    const text = row[field];
    if (typeof text !== 'string') return NaN;
    const number = numberFromSetting(text);
    if (number === null) return NaN;
    if (number === undefined || (least !== undefined && number < least)) {
      const remedy = number === undefined ? 'Write a number such as 12.5 or 12,5, or leave it empty.' : `It must be at least ${least}.`;
      problems.push(
        new Problem(
          'TWIN_PROPERTY_NUMBER',
          `"${name}": "${text}" is no usable number for ${field}.`,
          remedy,
          { property: name, field, text },
        ),
      );
      return NaN;
    }
    return number;
  };
  const property = {
    index,
    name,
    identity: '',
    convertFrom: (row.convertFrom ?? '').trim(),
    label: (row.label ?? '').trim() === '' ? name : (row.label ?? '').trim(),
    unit: (row.unit ?? '').trim(),
    kind,
    address: (row.address ?? '').trim(),
    inputs: [] as number[],
    rangeLow: read('rangeLow'),
    rangeHigh: read('rangeHigh'),
    lowLow: read('lowLow'),
    low: read('low'),
    high: read('high'),
    highHigh: read('highHigh'),
    deadband: read('deadband', 0),
    smallestChange: read('smallestChange', 0),
    maximumRate: read('maximumRate', 0),
    expectedIntervalMs: read('expectedInterval', 0) * 1000,
    counterModulus: kind !== 'counter' ? 0 : row.counterBits === '16' ? 65_536 : row.counterBits === '32' ? 4_294_967_296 : 0,
    uncertainIsBad: row.uncertainIsBad === true,
  };
  if (property.maximumRate === 0) property.maximumRate = NaN;
  if (property.expectedIntervalMs === 0) property.expectedIntervalMs = NaN;
  if (property.rangeLow >= property.rangeHigh) {
    problems.push(
      new Problem(
        'TWIN_PROPERTY_RANGE',
        `"${name}": its range runs from ${property.rangeLow} to ${property.rangeHigh}.`,
        'Put the smaller number first.',
        { property: name },
      ),
    );
    property.rangeLow = NaN;
    property.rangeHigh = NaN;
  }
  const limits = (['lowLow', 'low', 'high', 'highHigh'] as const).filter((each) => !Number.isNaN(property[each]));
  for (let place = 1; place < limits.length; place += 1) {
    const below = limits[place - 1] as 'low';
    const above = limits[place] as 'high';
    if (property[below] >= property[above]) {
      problems.push(
        new Problem(
          'TWIN_PROPERTY_LIMITS',
          `"${name}": the limit ${below} (${property[below]}) is not below ${above} (${property[above]}).`,
          'Limits must rise from lowest to highest: lowLow, low, high, highHigh.',
          { property: name, below, above },
        ),
      );
    }
  }
  if (/^reg:/i.test(property.address) && parseRegisterAddress(property.address) === undefined) {
    problems.push(
      new Problem(
        'TWIN_REGISTER_ADDRESS',
        `"${name}": "${property.address}" is not a register address.`,
        'Write it as reg:4 float32 swap (place, type, word order) or reg:7.3 for a bit.',
        { property: name, address: property.address },
      ),
    );
  }
  return property;
}

function readExpression(text: string, where: string, known: ReadonlyMap<string, number>, problems: Problem[]): Compiled | undefined {
  try {
    const compiled = compile(text);
    const missing = compiled.names.filter((name) => !known.has(name));
    for (const name of missing) {
      const near = nearest(name, known.keys());
      problems.push(
        new Problem(
          'TWIN_EXPRESSION_NAME',
          `The expression of ${where} uses "${name}", which is no property of this type.`,
          near === undefined ? 'Add the property, or put texts into quotes.' : `Did you mean "${near}"? Texts go into quotes.`,
          { name, where },
        ),
      );
    }
    return missing.length === 0 ? compiled : undefined;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    problems.push(new Problem(problem.code, `The expression of ${where}: ${problem.found}`, problem.remedy, { ...problem.values, where }));
    return undefined;
  }
}

/** The known name that differs least, if it differs little: capitals, blanks, one character too many or too few. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_\-.]/g, '');
  const wanted = plain(name);
  for (const candidate of known) {
    const other = plain(candidate);
    if (other === wanted) return candidate;
    if (Math.abs(other.length - wanted.length) > 1 || wanted.length < 3) continue;
    let start = 0;
    while (start < wanted.length && wanted[start] === other[start]) start += 1;
    let end = 0;
    while (end < wanted.length - start && end < other.length - start && wanted.at(-1 - end) === other.at(-1 - end)) end += 1;
    if (Math.max(wanted.length, other.length) - start - end <= 1) return candidate;
  }
  return undefined;
}
