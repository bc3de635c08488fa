import { isNumberSetting, propertySettings } from './machineSettings.ts';
import type { MachineRow, PropertySetting, SettingRow } from './machineSettings.ts';
import { proposeFreeKey } from './proposeKey.ts';
import { settingNumber } from './settingNumber.ts';

/** A table as a file holds it: its rows with their numbers in the file, the first of them the column names. */
export interface TableCells {
  rows: { row: number; cells: string[] }[];
  /** How the file writes numbers. */
  decimal: 'point' | 'comma';
}

/** What is wrong with one row (or one column: row 1); that row is left out. */
export interface TableError {
  code:
    | 'NOT_A_NUMBER' | 'LIMIT_ORDER' | 'KEY_TWICE' | 'NO_NAME' | 'KEY_CHARACTERS' | 'PLACE_CHARACTERS' | 'TOO_LONG'
    | 'COLUMN_UNKNOWN' | 'COLUMN_TWICE' | 'NO_COLUMNS' | 'TOO_MANY_ROWS';
  row: number;
  /** As the file has it. */
  column: string;
  value: string;
  /** The other row, the bound. */
  other: number;
}

/** What the machine's type has, so that a column that belongs to nothing can be named. */
export interface KnownNames {
  properties: readonly { name: string; label?: string }[];
  placeholders: readonly string[];
}

export interface MachineList {
  machines: MachineRow[];
  settings: SettingRow[];
}

export interface MachineTable extends MachineList {
  /** Rows that hold something, wrong ones included. */
  rowCount: number;
  /** The settings that have a column. What has none stays as it is. */
  columns: string[];
  has: { name: boolean; place: boolean };
  /** Keys of rows that are wrong: those machines are neither changed nor removed. */
  wrongKeys: Set<string>;
  errors: TableError[];
}

export const mostTableRows = 10_000;
export const mostTableColumns = 500;
export const longestCell = 1000;
const mostErrors = 1000;
const longest = { key: 100, name: 100, place: 300 } as const;

const aliases: Readonly<Record<'key' | 'name' | 'place', readonly string[]>> = {
  key: ['key', 'schlüssel', 'schluessel', 'id', 'kennung', 'machine key', 'maschinenschlüssel'],
  name: ['name', 'machine', 'maschine', 'machine name', 'maschinenname', 'bezeichnung', 'asset', 'anlage'],
  place: ['place', 'ort', 'location', 'standort', 'path', 'pfad', 'line', 'linie'],
};
const whatAliases: Readonly<Record<string, PropertySetting>> = {
  adresse: 'address', tag: 'address', faktor: 'scale', factor: 'scale', versatz: 'offset',
  hh: 'highHigh', oberster: 'highHigh', höchster: 'highHigh', h: 'high', oberer: 'high', l: 'low', unterer: 'low', ll: 'lowLow', unterster: 'lowLow',
};
for (const what of propertySettings) (whatAliases as Record<string, PropertySetting>)[what.toLowerCase()] = what;

/** Columns of settings that every type has. */
const settingAliases: Readonly<Record<string, string>> = { feeds: 'feeds', speist: 'feeds', beliefert: 'feeds' };

const plain = (text: string): string => text.trim().toLowerCase().replace(/[\s_]+/g, ' ');

type Role = { kind: 'key' | 'name' | 'place' } | { kind: 'setting'; setting: string } | { kind: 'unknown' };

/**
 * Reads a machine table: columns key, name, place (in English or German), then one per setting. A wrong row is named by its number
 * in the file and left out; all others count. Never throws.
 * @param existing machines that are there already: a row without a key is the machine of its name
 * @param known absent: every further column is a setting
 */
export function readMachineTable(table: TableCells, existing: readonly MachineRow[], known?: KnownNames): MachineTable {
  const errors: TableError[] = [];
  const tell = (code: TableError['code'], row: number, column = '', value = '', other = 0): void => {
    if (errors.length < mostErrors) errors.push({ code, row, column, value: value.slice(0, 60), other });
  };
  const result: MachineTable = {
    machines: [], settings: [], rowCount: 0, columns: [], has: { name: false, place: false }, wrongKeys: new Set(), errors,
  };
  const [head, ...body] = table.rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  if (head === undefined) {
    tell('NO_COLUMNS', 1);
    return result;
  }
  const roles = rolesOf(head.cells.slice(0, mostTableColumns), known);
  const place = { key: -1, name: -1, place: -1 };
  const settings: { column: number; setting: string; title: string }[] = [];
  const taken = new Set<string>();
  for (const [column, role] of roles.entries()) {
    const title = (head.cells[column] ?? '').trim();
    if (title === '') continue;
    if (role.kind === 'unknown') tell('COLUMN_UNKNOWN', head.row, title);
    else if (role.kind === 'setting') {
      if (taken.has(role.setting)) tell('COLUMN_TWICE', head.row, title);
      else settings.push({ column, setting: role.setting, title });
      taken.add(role.setting);
    } else if (place[role.kind] >= 0) tell('COLUMN_TWICE', head.row, title);
    else place[role.kind] = column;
  }
  // A file of placeholders alone: the machine is called as its address says.
  if (place.key < 0 && place.name < 0) {
    place.name = settings.find(({ title }) => aliases.name.includes(plain(title)))?.column ?? -1;
    if (place.name < 0) {
      tell('NO_COLUMNS', head.row, head.cells.map((cell) => cell.trim()).filter((cell) => cell !== '').slice(0, 5).join(', '));
      return result;
    }
  }
  result.columns = settings.map(({ setting }) => setting);
  result.has = { name: place.name >= 0, place: place.place >= 0 };
  const keyOfName = new Map(existing.map(({ name, key }) => [name, key]));
  const keys = new Set(existing.map(({ key }) => key));
  const rowOfKey = new Map<string, number>();
  if (body.length > mostTableRows) tell('TOO_MANY_ROWS', (body[mostTableRows] as { row: number }).row, '', '', mostTableRows);
  for (const { row, cells } of body.slice(0, mostTableRows)) {
    result.rowCount += 1;
    const cell = (column: number): string => (column < 0 ? '' : (cells[column] ?? '').trim());
    const before = errors.length;
    let wrong = false;
    const say = (code: TableError['code'], column = '', value = '', other = 0): void => {
      wrong = true;
      tell(code, row, column, value, other);
    };
    let name = cell(place.name);
    let key = cell(place.key);
    if (key === '' && name !== '') {
      key = keyOfName.get(name) ?? proposeFreeKey(name, keys);
      // The same name twice without keys is a slip, not two machines.
      if (!keyOfName.has(name)) keyOfName.set(name, key);
    }
    if (name === '') name = key;
    if (key === '') say('NO_NAME', '', name);
    else if (/[\s/#+]/.test(key)) say('KEY_CHARACTERS', 'key', key);
    else if (rowOfKey.has(key)) say('KEY_TWICE', 'key', key, rowOfKey.get(key));
    const stands = cell(place.place);
    if (/[#+]|\/\//.test(stands)) say('PLACE_CHARACTERS', 'place', stands);
    for (const [field, text] of [['key', key], ['name', name], ['place', stands]] as const) {
      if (text.length > longest[field]) say('TOO_LONG', field, text, longest[field]);
    }
    const own: SettingRow[] = [];
    const limits = new Map<string, Map<string, number>>();
    for (const { column, setting, title } of settings) {
      const text = cell(column);
      if (text === '') continue;
      if (text.length > longestCell) say('TOO_LONG', title, text, longestCell);
      else if (!isNumberSetting(setting)) own.push({ machine: key, setting, value: text });
      else {
        const number = tableNumber(text, table.decimal);
        if (number === undefined || number === null) {
          say('NOT_A_NUMBER', title, text);
          continue;
        }
        own.push({ machine: key, setting, value: String(number) });
        const dot = setting.lastIndexOf('.');
        const property = setting.slice(0, dot);
        if (!limits.has(property)) limits.set(property, new Map());
        limits.get(property)?.set(setting.slice(dot + 1), number);
      }
    }
    for (const [property, values] of limits) {
      const rising = ['lowLow', 'low', 'high', 'highHigh'].flatMap((limit) => values.get(limit) ?? []);
      if (rising.some((number, index) => index > 0 && number <= (rising[index - 1] as number))) say('LIMIT_ORDER', property, rising.join(', '));
    }
    if (wrong || errors.length > before) {
      if (key !== '') result.wrongKeys.add(key);
      continue;
    }
    rowOfKey.set(key, row);
    keys.add(key);
    result.machines.push({ key, name, place: stands });
    for (const one of own) result.settings.push(one);
  }
  // The first of two rows with one key stands; it is not wrong.
  for (const { key } of result.machines) result.wrongKeys.delete(key);
  return result;
}

/** `1,250` is 1.25 in a file that writes decimal commas; in any other it may be 1250, so it is no number. */
function tableNumber(text: string, decimal: TableCells['decimal']): number | null | undefined {
  if (decimal === 'comma') {
    if (/^[-+]?\d+,\d+$/.test(text)) return Number(text.replace(',', '.'));
    if (/^[-+]?\d{1,3}(?:\.\d{3})+$/.test(text)) return undefined;
  }
  return settingNumber(text);
}

function rolesOf(head: readonly string[], known: KnownNames | undefined): Role[] {
  const placeholders = new Map((known?.placeholders ?? []).map((name) => [plain(name), name]));
  const properties = new Map<string, string>();
  for (const { name, label } of known?.properties ?? []) {
    if (label !== undefined && label !== '' && !properties.has(plain(label))) properties.set(plain(label), name);
  }
  for (const { name } of known?.properties ?? []) properties.set(plain(name), name);
  return head.map((title): Role => {
    const text = title.trim();
    const braced = /^\{(.+)\}$/.exec(text)?.[1]?.trim();
    if (braced !== undefined) {
      const name = known === undefined ? braced : placeholders.get(plain(braced));
      return name === undefined ? { kind: 'unknown' } : { kind: 'setting', setting: name };
    }
    const placeholder = placeholders.get(plain(text));
    if (placeholder !== undefined) return { kind: 'setting', setting: placeholder };
    if (Object.hasOwn(settingAliases, plain(text))) return { kind: 'setting', setting: settingAliases[plain(text)] as string };
    for (const kind of ['key', 'name', 'place'] as const) {
      if (!aliases[kind].includes(plain(text))) continue;
      // Beside a column "name", a column "machine" is a placeholder of a type that is not known here.
      const better = known === undefined && aliases[kind][0] !== plain(text) && head.some((other) => plain(other) === aliases[kind][0]);
      return better ? { kind: 'setting', setting: text } : { kind };
    }
    const parts = /^(.+?)[\s.:]+([^\s.:]+)$/.exec(text);
    const what = parts === null ? undefined : Object.hasOwn(whatAliases, plain(parts[2] as string)) ? whatAliases[plain(parts[2] as string)] : undefined;
    if (parts !== null && what !== undefined) {
      const written = (parts[1] as string).trim();
      const property = known === undefined ? written : properties.get(plain(written));
      return property === undefined ? { kind: 'unknown' } : { kind: 'setting', setting: `${property}.${what}` };
    }
    return known === undefined && text !== '' ? { kind: 'setting', setting: text } : { kind: 'unknown' };
  });
}

/** What a table changes of a list of machines. */
export interface MachineDiff {
  added: MachineRow[];
  changed: { machine: MachineRow; changes: { setting: string; from: string; to: string }[] }[];
  /** In the list and not in the table. Whether they go is the reader's choice. */
  missing: MachineRow[];
  unchanged: number;
}

/**
 * The list with the table applied, and what that changes. Settings without a column in the table stay as they are; an empty cell
 * takes a setting away.
 */
export function applyMachineTable(list: MachineList, table: MachineTable, removeMissing: boolean): { list: MachineList; diff: MachineDiff } {
  const diff: MachineDiff = { added: [], changed: [], missing: [], unchanged: 0 };
  const before = groupSettings(list.settings);
  const after = groupSettings(table.settings);
  const inTable = new Map(table.machines.map((machine) => [machine.key, machine]));
  const columns = new Set(table.columns);
  const machines: MachineRow[] = [];
  const settings: SettingRow[] = [];
  const put = (machine: MachineRow, values: ReadonlyMap<string, string>): void => {
    machines.push(machine);
    for (const [setting, value] of values) settings.push({ machine: machine.key, setting, value });
  };
  const known = new Set<string>();
  for (const old of list.machines) {
    known.add(old.key);
    const now = inTable.get(old.key);
    const values = before.get(old.key) ?? new Map<string, string>();
    if (now === undefined) {
      if (table.wrongKeys.has(old.key)) {
        put(old, values);
        continue;
      }
      diff.missing.push(old);
      if (!removeMissing) put(old, values);
      continue;
    }
    const machine: MachineRow = { key: old.key, name: table.has.name ? now.name : old.name, place: table.has.place ? now.place : old.place };
    const given = after.get(old.key) ?? new Map<string, string>();
    const changes: { setting: string; from: string; to: string }[] = [];
    if (machine.name !== old.name) changes.push({ setting: 'name', from: old.name, to: machine.name });
    if (machine.place !== old.place) changes.push({ setting: 'place', from: old.place, to: machine.place });
    const merged = new Map([...values].filter(([setting]) => !columns.has(setting)));
    for (const setting of table.columns) {
      const from = values.get(setting) ?? '';
      const to = given.get(setting) ?? '';
      if (to !== '') merged.set(setting, sameSetting(setting, from, to) ? from : to);
      if (!sameSetting(setting, from, to)) changes.push({ setting, from, to });
    }
    put(machine, merged);
    if (changes.length > 0) diff.changed.push({ machine, changes });
    else diff.unchanged += 1;
  }
  for (const machine of table.machines) {
    if (known.has(machine.key)) continue;
    diff.added.push(machine);
    put(machine, after.get(machine.key) ?? new Map<string, string>());
  }
  return { list: { machines, settings }, diff };
}

function groupSettings(settings: readonly SettingRow[]): Map<string, Map<string, string>> {
  const grouped = new Map<string, Map<string, string>>();
  for (const { machine, setting, value } of settings) {
    let own = grouped.get(machine);
    if (own === undefined) grouped.set(machine, (own = new Map()));
    if (value !== '') own.set(setting, value);
  }
  return grouped;
}

function sameSetting(setting: string, from: string, to: string): boolean {
  if (from === to) return true;
  if (!isNumberSetting(setting)) return false;
  const [one, other] = [settingNumber(from), settingNumber(to)];
  return one !== undefined && one !== null && one === other;
}

const headings = {
  'en-US': { key: 'key', name: 'name', place: 'place' },
  de: { key: 'Schlüssel', name: 'Name', place: 'Ort' },
} as const;

/** The list as a table: the heading, then one row per machine; numbers as numbers. */
export function writeMachineTable(list: MachineList, language: 'en-US' | 'de', columns: readonly string[] = []): (string | number)[][] {
  const settings = [...new Set([...columns, ...list.settings.map(({ setting }) => setting)])].filter((setting) => setting !== '');
  const grouped = groupSettings(list.settings);
  const { key, name, place } = headings[language];
  const all: readonly string[] = [...aliases.key, ...aliases.name, ...aliases.place];
  const title = (setting: string): string => (all.includes(plain(setting)) ? `{${setting}}` : setting);
  return [
    [key, name, place, ...settings.map(title)],
    ...list.machines.map((machine) => {
      const own = grouped.get(machine.key);
      return [
        machine.key,
        machine.name,
        machine.place,
        ...settings.map((setting) => {
          const value = own?.get(setting) ?? '';
          return isNumberSetting(setting) ? (settingNumber(value) ?? value) : value;
        }),
      ];
    }),
  ];
}

const beginsFormula = /^'*[=+\-@\t\r]/;

/**
 * The table as a CSV file, as the language's Excel opens it: with a byte order mark, in German with semicolons and decimal commas. A text
 * that a spreadsheet would take for a formula gets an apostrophe before it, which the reading takes away again.
 */
export function machineCsv(rows: readonly (readonly (string | number)[])[], language: 'en-US' | 'de'): string {
  const separator = language === 'de' ? ';' : ',';
  const cellText = (cell: string | number): string => {
    if (typeof cell === 'number') return language === 'de' ? String(cell).replace('.', ',') : String(cell);
    const safe = beginsFormula.test(cell) ? `'${cell}` : cell;
    return /[",;\t\r\n]/.test(safe) || safe !== safe.trim() || safe === '' ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\uFEFF${rows.map((row) => row.map(cellText).join(separator)).join('\r\n')}\r\n`;
}

/** A cell of a CSV file without the apostrophe that kept a spreadsheet from computing it. */
export function withoutGuard(cell: string): string {
  return /^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}
