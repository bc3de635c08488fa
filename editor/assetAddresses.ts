import type { Form, OpenForm } from './form.ts';
import type { TextValues } from './text.ts';
import type { Row, RowProblem } from './rowList.ts';
import { fillPlaceholders, placeholdersOf, typeProperties, type TypeProperty } from './typeProperties.ts';

/** Which address is which property, as it stands in the dialog. */
export interface AssetAddresses {
  properties(): TypeProperty[];
  /** Address → property of the table; '' means: left out. */
  mapped(): Map<string, string>;
  /** Rows of the placeholders as they stand. */
  placeholders(): Row[];
  /** Adds a row to the table, or changes the row that has this address. */
  map(address: string, property: string): void;
  onChange(listener: () => void): void;
}

/** The two tables of the twin-asset dialog: values for the type's placeholders, and address → property by hand. */
export function prepareAddresses(dialog: Form, open: OpenForm): AssetAddresses {
  const { text } = dialog;
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const properties = (): TypeProperty[] => typeProperties(open.value('assetType'));

  const placeholders = open.list('placeholders', {
    columns: { name: 'minmax(80px, 1fr)', value: 'minmax(80px, 2fr)' },
    meaningfulWhenEmpty: ['value'],
    suggestions: { name: () => placeholdersOf(properties().map((property) => property.address)) },
    onChange: () => {
      explain();
      changed();
    },
  });
  const mapping = open.list('mapping', {
    columns: { address: 'minmax(110px, 4fr)', property: 'minmax(90px, 3fr)', scale: '56px', offset: '60px' },
    meaningfulWhenEmpty: ['property'],
    suggestions: { property: () => properties().map((property) => property.name) },
    check: (rows) => checkMapping(rows, properties(), text),
    onChange: changed,
  });

  /** Says what the type's pattern gives for this machine, with one example. */
  function explain(): void {
    const patterns = properties().filter((property) => property.address !== '');
    const line = open.element('pattern-text');
    const names = placeholdersOf(patterns.map((property) => property.address));
    const values = new Map(placeholders.read().map((row) => [String(row['name']), String(row['value'])]));
    if (!values.has('key')) values.set('key', open.value('key'));
    const missing = missingPlaceholders(patterns, placeholders.read());
    open.element('placeholders').style.display = names.length > 0 || values.size > 1 ? '' : 'none';
    const example = patterns[0];
    if (open.value('assetType') === '') line.textContent = text('pattern.noType');
    else if (example === undefined) line.textContent = text('pattern.none');
    else if (missing.length > 0) line.textContent = text('pattern.missing', { names: missing.map((name) => `{${name}}`).join(', ') });
    else {
      const address = fillPlaceholders(example.address, values);
      line.textContent = text('pattern.ready', { number: patterns.length, address, property: example.name });
    }
  }

  /** A row for each placeholder that the type asks for and that has none yet. */
  function offerPlaceholders(): void {
    const there = new Set(placeholders.read().map((row) => row['name']));
    for (const name of placeholdersOf(properties().map((property) => property.address))) {
      if (!there.has(name)) placeholders.add({ name, value: '' });
    }
  }

  open.onChange('assetType', () => {
    offerPlaceholders();
    placeholders.refresh();
    mapping.refresh();
    explain();
    changed();
  });
  // A type that was just added or edited from here shows its new properties without closing this dialog.
  open.root.addEventListener('focusin', () => mapping.refresh());
  offerPlaceholders();
  explain();

  return {
    properties,
    placeholders: () => placeholders.read(),
    mapped: () => new Map(mapping.read().map((row) => [String(row['address']), String(row['property'])])),
    map(address, property) {
      const rows = mapping.read();
      const there = rows.find((row) => row['address'] === address);
      if (there === undefined) mapping.add({ address, property });
      else {
        there['property'] = property;
        mapping.replace(rows);
      }
    },
    onChange: (listener) => listeners.push(listener),
  };
}

type Say = (key: string, values?: TextValues) => string;

/** What is wrong with the table address → property, row by row, in plain sentences. */
export function checkMapping(rows: readonly Row[], properties: readonly { name: string }[], text: Say): RowProblem[] {
  const problems: RowProblem[] = [];
  const known = new Set(properties.map((property) => property.name));
  const addresses = new Map<string, number>();
  const names = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const address = String(row['address'] ?? '');
    const property = String(row['property'] ?? '');
    const say = (field: string, problem: string, values: TextValues = {}, allowed = false): void => {
      problems.push({ index, field, text: text(`check.${problem}`, values), ...(allowed ? { allowed } : {}) });
    };
    const sameAddress = addresses.get(address);
    const sameProperty = names.get(property);
    if (address === '') say('address', 'addressMissing');
    else if (sameAddress !== undefined) say('address', 'addressTwice', { other: sameAddress + 1 });
    else addresses.set(address, index);
    if (property !== '' && known.size > 0 && !known.has(property)) say('property', 'propertyUnknown', { property });
    else if (property !== '' && sameProperty !== undefined) {
      // Two addresses may be one property on purpose; most often it is a slip.
      say('property', 'propertyTwice', { property, other: sameProperty + 1 }, true);
    } else if (property !== '') names.set(property, index);
    for (const field of ['scale', 'offset']) {
      const wrong = row[field] !== undefined && !Number.isFinite(Number(row[field]));
      if (wrong) say(field, 'notANumber', { column: text(`column.mapping.${field}`) });
    }
  }
  return problems;
}

/** Placeholders of the type's patterns that the machine gives no value for. */
export function missingPlaceholders(properties: readonly TypeProperty[], placeholders: readonly Row[]): string[] {
  const filled = placeholders.filter((row) => String(row['value'] ?? '').trim() !== '');
  const given = new Set(filled.map((row) => String(row['name'] ?? '').trim()));
  return placeholdersOf(properties.map((property) => property.address)).filter((name) => !given.has(name));
}
