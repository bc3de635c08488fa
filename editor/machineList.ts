import { settingMeaning, isNumberSetting, propertySettings } from '../contract/machineSettings.ts';
import type { MachineRow, SettingRow } from '../contract/machineSettings.ts';
import type { MachineList } from '../contract/machineTable.ts';
import { settingNumber } from '../contract/settingNumber.ts';
import type { Form, OpenForm } from './form.ts';
import type { Row, RowList, RowProblem } from './rowList.ts';
import type { TextValues } from './text.ts';
import { placeholdersOf, typeProperties } from './typeProperties.ts';

type Say = (key: string, values?: TextValues) => string;

/** Rows that a dialog shows to be typed in; more are only changed by a table, so that the dialog stays quick. */
const mostShown = 300;

/** The machines and their settings as they stand in the dialog. */
export interface OpenMachines {
  read(): MachineList;
  replace(list: MachineList): void;
  add(machine: MachineRow, settings: readonly SettingRow[]): void;
  typeId(): string;
}

const texts = (row: Row, name: string): string => String(row[name] ?? '').trim();

export function machineRows(rows: readonly Row[]): MachineRow[] {
  return rows.map((row) => ({ key: texts(row, 'key'), name: texts(row, 'name') || texts(row, 'key'), place: texts(row, 'place') }));
}

function settingRows(rows: readonly Row[]): SettingRow[] {
  return rows.map((row) => ({ machine: texts(row, 'machine'), setting: texts(row, 'setting'), value: texts(row, 'value') }));
}

/** The two lists of twin-assets' dialog. A list that is too long to be typed in is kept aside and said so. */
export function prepareMachineList(dialog: Form, open: OpenForm, node: EditorNode): OpenMachines {
  const typeId = (): string => open.value('assetType');
  let ready = false;
  const machines: { list: RowList } = keptList('machines', {
    columns: { key: 'minmax(80px, 1fr)', name: 'minmax(100px, 1.4fr)', place: 'minmax(90px, 1.2fr)' },
    check: (rows) => checkMachines(rows, dialog.text),
    onChange: () => {
      if (ready) settings.list.refresh();
    },
  });
  const settings: { list: RowList } = keptList('settings', {
    columns: { machine: 'minmax(80px, 1fr)', setting: 'minmax(120px, 1.6fr)', value: 'minmax(80px, 1fr)' },
    suggestions: { machine: () => machineRows(machines.list.read()).map(({ key }) => key), setting: () => settingNames(typeId()) },
    check: (rows) => checkSettings(rows, machines.list.read(), typeId(), dialog.text),
  });
  open.onChange('assetType', () => settings.list.refresh());
  ready = true;
  settings.list.refresh();
  sayMany();

  function keptList(name: 'machines' | 'settings', options: Parameters<OpenForm['list']>[1]): { list: RowList } {
    const all = Array.isArray(node[name]) ? (node[name] as Row[]) : [];
    let aside: Row[] | undefined = all.length > mostShown ? all : undefined;
    const host = open.element(name);
    if (aside !== undefined) node[name] = [];
    const shown = open.list(name, options);
    if (aside !== undefined) node[name] = aside;
    const show = (): void => {
      host.hidden = aside !== undefined;
      sayMany();
    };
    const read = shown.read.bind(shown);
    const replace = shown.replace.bind(shown);
    const add = shown.add.bind(shown);
    // The form reads the same object when it is saved.
    shown.read = () => aside ?? read();
    shown.replace = (rows) => {
      aside = rows.length > mostShown ? rows.map((row) => ({ ...row })) : undefined;
      replace(aside === undefined ? rows : []);
      show();
    };
    shown.add = (row, focus) => {
      if (aside === undefined) add(row, focus);
      else aside.push({ ...row });
    };
    show();
    return { list: shown };
  }

  function sayMany(): void {
    const line = open.element('many');
    if (!ready) return;
    const counts = { machines: machines.list.read().length, settings: settings.list.read().length };
    line.hidden = counts.machines <= mostShown && counts.settings <= mostShown;
    line.textContent = line.hidden ? '' : dialog.text('table.many', counts);
  }

  return {
    typeId,
    read: () => ({ machines: machineRows(machines.list.read()), settings: settingRows(settings.list.read()) }),
    replace(list) {
      machines.list.replace(list.machines.map((row) => ({ ...row })));
      settings.list.replace(list.settings.map((row) => ({ ...row })));
      sayMany();
    },
    add(machine, more) {
      machines.list.add({ ...machine });
      for (const row of more) settings.list.add({ ...row });
      sayMany();
    },
  };
}

/** What a setting may be called for machines of this type: its placeholders, then limits, address, factor and offset of each property. */
export function settingNames(typeId: string): string[] {
  const properties = typeProperties(typeId);
  return [...placeholdersOf(properties.map(({ address }) => address)), 'feeds', ...properties.flatMap(({ name }) => [...propertySettings].reverse().map((what) => `${name}.${what}`))];
}

export function checkMachines(rows: readonly Row[], text: Say): RowProblem[] {
  const problems: RowProblem[] = [];
  const keys = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const key = texts(row, 'key');
    const other = keys.get(key);
    if (key === '') problems.push({ index, field: 'key', text: text('check.keyMissing') });
    else if (/[\s/#+]/.test(key)) problems.push({ index, field: 'key', text: text('check.keyCharacters') });
    else if (other !== undefined) problems.push({ index, field: 'key', text: text('check.keyTwice', { other: other + 1 }) });
    else keys.set(key, index);
    if (/[#+]|\/\//.test(texts(row, 'place'))) problems.push({ index, field: 'place', text: text('check.place') });
  }
  return problems;
}

export function checkSettings(rows: readonly Row[], machines: readonly Row[], typeId: string, text: Say): RowProblem[] {
  const problems: RowProblem[] = [];
  const keys = new Set(machines.map((row) => texts(row, 'key')));
  const properties = typeProperties(typeId);
  const names = new Set(properties.map(({ name }) => name));
  const placeholders = new Set([...placeholdersOf(properties.map(({ address }) => address)), 'key']);
  const there = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const [machine, setting, value] = [texts(row, 'machine'), texts(row, 'setting'), texts(row, 'value')];
    const say = (field: string, problem: string, values: TextValues = {}): void => void problems.push({ index, field, text: text(`check.${problem}`, values) });
    if (machine === '') say('machine', 'settingMachine');
    else if (!keys.has(machine)) say('machine', 'machineUnknown', { machine });
    const meaning = settingMeaning(setting);
    if (setting === '') say('setting', 'settingMissing');
    else if (meaning.kind === 'feeds') {
      const unknown = value.split(/[,;]/).map((key) => key.trim()).find((key) => key !== '' && !keys.has(key));
      if (unknown !== undefined && !keys.has(value)) say('value', 'machineUnknown', { machine: unknown });
    } else if (properties.length > 0 && (meaning.kind === 'property' ? !names.has(meaning.property) : !placeholders.has(meaning.name))) {
      say('setting', 'settingUnknown', { setting });
    }
    if (isNumberSetting(setting) && settingNumber(value) === undefined) say('value', 'valueNumber', { value: value.slice(0, 60) });
    const id = `${machine}\n${setting}`;
    const other = there.get(id);
    if (other !== undefined && setting !== '') say('setting', 'settingTwice', { other: other + 1 });
    else there.set(id, index);
  }
  return problems;
}
