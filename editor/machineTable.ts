import { applyMachineTable, machineCsv, readMachineTable, writeMachineTable } from '../contract/machineTable.ts';
import type { MachineTable, TableCells } from '../contract/machineTable.ts';
import { tableErrorText } from '../contract/tableErrorText.ts';
import { showAnswer } from './answer.ts';
import { base64 } from './base64.ts';
import type { Form, OpenForm } from './form.ts';
import { settingNames } from './machineList.ts';
import type { OpenMachines } from './machineList.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';
import { placeholdersOf, typeProperties } from './typeProperties.ts';

/** Node-RED's own bound of what an editor may send is 5 MB; base64 makes three bytes four. */
const largestUpload = 3_600_000;
const mostLines = 200;
/** Beside the word, so that a long table is read at a glance; never instead of it. */
const marks: Readonly<Record<string, string>> = { wrong: '!', changed: '≠', missing: '−', added: '+' };

type TableAnswer<T> = ({ ok: true } & T) | { ok: false; code: string; text: string };

/** Import with a preview of what would change, and export, of twin-assets' machines. */
export function prepareMachineTable(dialog: Form, open: OpenForm, machines: OpenMachines): void {
  const { text } = dialog;
  const chosen = open.element<HTMLInputElement>('chosen');
  const answer = open.element('table-answer');
  const preview = open.element('preview');
  const language = (): 'en-US' | 'de' => (RED.i18n.lang().startsWith('de') ? 'de' : 'en-US');
  let removeMissing = false;

  open.element('import').addEventListener('click', () => chosen.click());
  chosen.addEventListener('change', async () => {
    const file = chosen.files?.[0];
    if (file === undefined) return;
    preview.hidden = true;
    showAnswer(answer, 'busy', text('table.reading', { name: file.name }));
    if (file.size > largestUpload) showAnswer(answer, 'bad', text('table.tooLarge', { name: file.name }));
    else {
      const got = await request<TableAnswer<TableCells>>('POST', 'twinwire/table/read', { data: base64(await file.arrayBuffer()) });
      if (!preview.isConnected) return;
      if (!got.ok) showAnswer(answer, 'bad', got.text || text('table.failed', { status: got.status }));
      else if (got.value.ok) show(readTable(got.value), file.name);
      else refused(got.value);
    }
    // The same file, corrected, can be chosen again.
    chosen.value = '';
  });

  /** Told in English; another language has a sentence of its own for each code, with the English details behind it. */
  function refused({ code, text: said }: { code: string; text: string }): void {
    const key = `table.code.${code}`;
    const sentence = text(key);
    showAnswer(answer, 'bad', language() === 'en-US' || sentence === key ? said : `${sentence} (${said})`);
  }

  function readTable(cells: TableCells): MachineTable {
    const properties = typeProperties(machines.typeId());
    const known = properties.length === 0 ? undefined : { properties, placeholders: placeholdersOf(properties.map(({ address }) => address)) };
    return readMachineTable(cells, machines.read().machines, known);
  }

  function show(table: MachineTable, name: string): void {
    removeMissing = false;
    answer.replaceChildren();
    const { diff } = applyMachineTable(machines.read(), table, false);
    preview.hidden = false;
    const counts = {
      added: diff.added.length, changed: diff.changed.length, missing: diff.missing.length, unchanged: diff.unchanged, errors: table.errors.length,
    };
    const heading = make('p', 'twinwire-preview-counts', text('table.counts', { name, ...counts }));
    heading.setAttribute('role', 'status');
    const lines: [string, string, string][] = [
      ...table.errors.map((error): [string, string, string] => ['wrong', '', tableErrorText(error, language())]),
      ...diff.changed.flatMap(({ machine, changes }) =>
        changes.map((change): [string, string, string] => ['changed', machine.name, `${change.setting}: ${change.from || '–'} → ${change.to || '–'}`]),
      ),
      ...diff.missing.map(({ name: machine }): [string, string, string] => ['missing', machine, text('table.missingLine')]),
      ...diff.added.slice(0, mostLines).map(({ key, name: machine, place }): [string, string, string] => {
        const own = table.settings.filter((setting) => setting.machine === key).map(({ setting, value }) => `${setting}: ${value}`);
        return ['added', machine, [...(place === '' ? [] : [place]), ...own].join(', ')];
      }),
    ];
    const list = make('table', 'twinwire-preview-table');
    const head = document.createElement('tr');
    for (const column of ['what', 'machine', 'change']) {
      const cell = make('th', '', text(`table.column.${column}`));
      cell.setAttribute('scope', 'col');
      head.append(cell);
    }
    list.append(head);
    for (const [what, machine, change] of lines.slice(0, mostLines)) {
      const row = document.createElement('tr');
      row.dataset['what'] = what;
      const mark = make('td');
      mark.append(make('b', 'twinwire-mark', marks[what] ?? ''), ` ${text(`table.word.${what}`)}`);
      row.append(mark, make('td', '', machine), make('td', '', change));
      list.append(row);
    }
    const scrolled = make('div', 'twinwire-preview-scroll');
    scrolled.tabIndex = 0;
    scrolled.append(list);
    const more = Math.max(0, diff.added.length - mostLines) + Math.max(0, lines.length - mostLines);
    if (more > 0) scrolled.append(make('p', 'twinwire-explain', text('table.more', { number: more })));
    const actions = make('div', 'twinwire-buttons');
    if (diff.missing.length > 0) {
      const label = make('label', 'twinwire-preview-remove');
      const check = document.createElement('input');
      check.type = 'checkbox';
      check.dataset['part'] = 'remove-missing';
      check.addEventListener('change', () => {
        removeMissing = check.checked;
      });
      label.append(check, ` ${text('table.remove', { number: diff.missing.length })}`);
      actions.append(label);
    }
    const apply = button('fa-check', text('table.apply'), true);
    apply.dataset['part'] = 'apply';
    apply.disabled = table.machines.length === 0;
    apply.addEventListener('click', () => {
      machines.replace(applyMachineTable(machines.read(), table, removeMissing).list);
      preview.hidden = true;
      showAnswer(answer, 'good', text('table.applied', { number: machines.read().machines.length }));
      open.element('import').focus();
    });
    const cancel = button('fa-times', text('table.cancel'), true);
    cancel.addEventListener('click', () => {
      preview.hidden = true;
      open.element('import').focus();
    });
    actions.append(apply, cancel);
    preview.replaceChildren(heading, ...(lines.length > 0 ? [scrolled] : []), actions);
    (apply.disabled ? cancel : apply).focus();
  }

  const rows = (): (string | number)[][] => {
    const placeholders = settingNames(machines.typeId()).filter((name) => !name.includes('.'));
    return writeMachineTable(machines.read(), language(), placeholders);
  };
  open.element('export-csv').addEventListener('click', () => download(new Blob([machineCsv(rows(), language())], { type: 'text/csv' }), 'csv'));
  open.element('export-excel').addEventListener('click', async () => {
    const got = await request<TableAnswer<{ data: string }>>('POST', 'twinwire/table/write', { rows: rows() });
    if (!got.ok) showAnswer(answer, 'bad', got.text || text('table.failed', { status: got.status }));
    else if (!got.value.ok) refused(got.value);
    else {
      const bytes = Uint8Array.from(atob(got.value.data), (letter) => letter.charCodeAt(0));
      download(new Blob([bytes], { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' }), 'xlsx');
    }
  });

  function download(blob: Blob, ending: string): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${text('table.fileName')}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
