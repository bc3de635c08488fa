import type { Field } from '../contract/fields.ts';
import { moveByHandle } from './moveByHandle.ts';
import type { TextValues } from './text.ts';

export type Row = Record<string, string | number | boolean>;

export interface RowProblem {
  index: number;
  /** The column to mark; absent: the whole row. */
  field?: string;
  text: string;
  /** Worth saying while typing, but no reason to call the node incomplete. */
  allowed?: boolean;
}

export interface RowListOptions {
  host: HTMLElement;
  /** The list field's name; its texts are under `column.<name>.<field>`. */
  name: string;
  row: Readonly<Record<string, Field>>;
  rows: readonly Record<string, unknown>[];
  text: (key: string, values?: TextValues) => string;
  /** Shown in the row itself, with their widths as CSS grid tracks. */
  columns: Readonly<Record<string, string>>;
  /** Shown when the row is opened, in groups; a group's title is `group.<name>.<title>`. */
  details?: readonly { title: string; fields: readonly string[]; /** Takes the whole width, for texts. */ broad?: boolean }[];
  /** Fields that this row has no use for are hidden in its details. */
  shows?: (row: Row, field: string) => boolean;
  /** Columns whose placeholder says what an empty one means; the others' are examples, and shown in empty rows only. */
  meaningfulWhenEmpty?: readonly string[];
  /** Offered while typing in a column. */
  suggestions?: Readonly<Record<string, () => readonly string[]>>;
  /** The order of rows means something: each has a handle to drag it by, or to move it by the arrow keys. */
  ordered?: boolean;
  /** Fields that go with a row and are never typed in. */
  hidden?: readonly string[];
  /** A hidden field that keeps what the row's `of` first was, once that is another one. */
  remembers?: { field: string; of: string };
  /** Live check over all rows. */
  check?: (rows: readonly Row[]) => readonly RowProblem[];
  onChange?: () => void;
}

export interface RowList {
  read(): Row[];
  add(values: Row, focus?: boolean): void;
  replace(rows: readonly Row[]): void;
  /** Sets a field of a row, hidden ones too. */
  set(index: number, field: string, value: string): void;
  /** Checks again and renews the suggestions, after something outside has changed. */
  refresh(): void;
}

let listNumber = 0;

/**
 * A table of rows that are typed in, for list fields. Plain elements and not the editor's editableList, so that every part
 * is reached by the Tab key, is named for a screen reader and 30 rows stay light: Enter in the last row adds one,
 * Alt+↑/↓ moves a row, cells copied from a spreadsheet are pasted as rows.
 */
export function rowList(options: RowListOptions): RowList {
  const { host, name, row, text, columns } = options;
  const details = options.details ?? [];
  const always: ReadonlySet<string> = new Set(options.meaningfulWhenEmpty ?? []);
  const id = `twinwire-list-${++listNumber}`;
  const tracks = `${options.ordered === true ? '26px ' : ''}${details.length > 0 ? '26px ' : ''}${Object.values(columns).join(' ')} 28px`;
  host.replaceChildren();
  host.classList.add('twinwire-list');

  const head = make('div', 'twinwire-list-head twinwire-list-cells');
  head.style.gridTemplateColumns = tracks;
  head.setAttribute('aria-hidden', 'true');
  if (options.ordered === true) head.append(make('span'));
  if (details.length > 0) head.append(make('span'));
  for (const field of Object.keys(columns)) head.append(make('span', '', label(field)));
  const body = make('div', 'twinwire-list-rows');
  const empty = make('div', 'twinwire-list-empty', text(`list.${name}.empty`));
  const addButton = button('fa-plus', text(`list.${name}.add`), true);
  addButton.classList.add('twinwire-list-add');
  host.append(head, body, empty, addButton);

  const suggestionLists = new Map<string, HTMLDataListElement>();
  for (const field of Object.keys(options.suggestions ?? {})) {
    const element = document.createElement('datalist');
    element.id = `${id}-${field}`;
    suggestionLists.set(field, element);
    host.append(element);
  }

  for (const given of options.rows) body.append(makeRow(complete(given)));
  addButton.addEventListener('click', () => add({}, true));
  refresh();

  return { read, add, replace, set, refresh };

  function label(field: string): string {
    return text(`column.${name}.${field}`);
  }

  function placeholder(field: string): string {
    const key = `placeholder.${name}.${field}`;
    const shown = text(key);
    return shown === key ? '' : shown;
  }

  function complete(given: Record<string, unknown>): Row {
    const made: Row = {};
    for (const [field, definition] of Object.entries(row)) {
      const value = Object.hasOwn(given, field) ? given[field] : undefined;
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') made[field] = value;
      else if (definition.kind !== 'reference' && definition.kind !== 'list') made[field] = definition.default;
    }
    return made;
  }

  function makeRow(values: Row): HTMLElement {
    const element = make('div', 'twinwire-list-row');
    element.setAttribute('role', 'group');
    const cells = make('div', 'twinwire-list-cells');
    cells.style.gridTemplateColumns = tracks;
    element.append(cells);
    if (options.ordered === true) cells.append(makeHandle(element));
    if (details.length > 0) {
      const toggle = button('fa-chevron-right', text('list.more'), false);
      toggle.classList.add('twinwire-list-toggle');
      toggle.setAttribute('aria-expanded', 'false');
      toggle.addEventListener('click', () => setOpen(element, toggle.getAttribute('aria-expanded') !== 'true'));
      cells.append(toggle);
    }
    for (const field of Object.keys(columns)) cells.append(makeInput(field, values[field]));
    for (const field of options.hidden ?? []) {
      const kept = document.createElement('input');
      kept.type = 'hidden';
      kept.dataset['column'] = field;
      kept.value = String(values[field] ?? '');
      cells.append(kept);
    }
    if (options.remembers !== undefined) element.dataset['first'] = String(values[options.remembers.of] ?? '');
    const remove = button('fa-trash-o', text('list.remove'), false);
    remove.classList.add('twinwire-list-remove');
    remove.addEventListener('click', () => {
      const next = (element.nextElementSibling ?? element.previousElementSibling)?.querySelector<HTMLElement>('.twinwire-list-remove');
      element.remove();
      (next ?? addButton).focus();
      changed();
    });
    cells.append(remove);
    if (details.length > 0) {
      const more = make('div', 'twinwire-list-details');
      more.hidden = true;
      for (const group of details) {
        const part = make('fieldset', `twinwire-list-group${group.broad === true ? ' twinwire-broad' : ''}`);
        part.append(make('legend', '', text(`group.${name}.${group.title}`)));
        for (const field of group.fields) {
          const line = make('label', 'twinwire-list-detail');
          line.dataset['field'] = field;
          line.append(make('span', '', label(field)), makeInput(field, values[field]));
          part.append(line);
        }
        more.append(part);
      }
      element.append(more);
    }
    element.append(make('div', 'twinwire-problem'));
    element.addEventListener('input', changed);
    element.addEventListener('change', changed);
    element.addEventListener('keydown', (event) => keys(element, event));
    element.addEventListener('paste', (event) => paste(element, event));
    return element;
  }

  function makeHandle(element: HTMLElement): HTMLElement {
    const handle = button('fa-bars', text('list.move'), false);
    handle.classList.add('twinwire-list-handle');
    moveByHandle(handle, element, 'twinwire-list-dragged', { step: (up) => move(element, up), done: changed });
    return handle;
  }

  function move(element: HTMLElement, up: boolean): void {
    const other = up ? element.previousElementSibling : element.nextElementSibling;
    if (other === null) return;
    const focused = document.activeElement as HTMLElement | null;
    if (up) other.before(element);
    else other.after(element);
    focused?.focus();
    changed();
  }

  function makeInput(field: string, value: string | number | boolean | undefined): HTMLElement {
    const definition = row[field];
    let input: HTMLInputElement | HTMLSelectElement;
    if (definition?.kind === 'choice') {
      input = document.createElement('select');
      for (const option of definition.options) input.add(new Option(text(`option.${name}.${field}.${option}`), option));
      input.value = String(value ?? definition.default);
    } else {
      input = document.createElement('input');
      input.autocomplete = 'off';
      input.spellcheck = false;
      if (definition?.kind === 'flag') {
        input.type = 'checkbox';
        input.checked = value === true || value === 'true';
      } else {
        input.type = 'text';
        if (definition?.kind === 'number') input.inputMode = 'decimal';
        input.value = String(value ?? '');
        const suggestion = suggestionLists.get(field);
        if (suggestion !== undefined) input.setAttribute('list', suggestion.id);
      }
    }
    input.dataset['column'] = field;
    input.setAttribute('aria-label', label(field));
    input.title = label(field);
    return input;
  }

  function setOpen(element: HTMLElement, open: boolean): void {
    const toggle = element.querySelector('.twinwire-list-toggle');
    const more = element.querySelector<HTMLElement>('.twinwire-list-details');
    if (toggle === null || more === null) return;
    toggle.setAttribute('aria-expanded', String(open));
    toggle.querySelector('i')?.classList.toggle('fa-rotate-90', open);
    more.hidden = !open;
    refresh();
  }

  function rowElements(): HTMLElement[] {
    return [...body.children] as HTMLElement[];
  }

  function readRow(element: HTMLElement): Row {
    const values: Row = {};
    for (const [field, definition] of Object.entries(row)) {
      const input = element.querySelector<HTMLInputElement>(`[data-column="${field}"]`);
      if (input === null) continue;
      if (definition.kind === 'flag') values[field] = input.checked;
      else if (definition.kind === 'number') {
        const typed = input.value.trim();
        const number = Number(typed.replace(',', '.'));
        // What is no number is kept as typed, so that the check can name it and nothing silently becomes a default.
        values[field] = typed === '' ? definition.default : Number.isFinite(number) ? number : typed;
      } else values[field] = input.value.trim();
    }
    const { field: kept = '', of = '' } = options.remembers ?? {};
    const first = element.dataset['first'] ?? '';
    if (first !== '' && values[of] !== '' && values[kept] === '' && values[of] !== first) values[kept] = first;
    return values;
  }

  function read(): Row[] {
    return rowElements().map(readRow).filter((values) => !isBlank(values));
  }

  function isBlank(values: Row): boolean {
    const texts = Object.entries(row).filter(([, definition]) => definition.kind === 'text');
    return texts.every(([field]) => values[field] === undefined || values[field] === '');
  }

  function add(values: Row, focus = false): void {
    const element = makeRow(complete(values));
    body.append(element);
    changed();
    if (focus) element.querySelector<HTMLElement>('[data-column]')?.focus();
  }

  function set(index: number, field: string, value: string): void {
    const input = rowElements()[index]?.querySelector<HTMLInputElement>(`[data-column="${field}"]`);
    if (input === null || input === undefined || input.value === value) return;
    input.value = value;
    changed();
  }

  function replace(rows: readonly Row[]): void {
    body.replaceChildren(...rows.map((values) => makeRow(complete(values))));
    changed();
  }

  function keys(element: HTMLElement, event: KeyboardEvent): void {
    const onInput = event.target instanceof HTMLInputElement;
    if (event.key === 'Enter' && onInput) {
      event.preventDefault();
      if (element.nextElementSibling === null) add({}, true);
      else element.nextElementSibling.querySelector<HTMLElement>('[data-column]')?.focus();
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      move(element, event.key === 'ArrowUp');
    }
  }

  /** Cells from a spreadsheet: the first goes where the cursor is, further columns to its right, further lines below. */
  function paste(element: HTMLElement, event: ClipboardEvent): void {
    const target = event.target;
    const copied = event.clipboardData?.getData('text/plain') ?? '';
    if (!(target instanceof HTMLInputElement) || !/[\t\n]/.test(copied.trim())) return;
    event.preventDefault();
    const fields = Object.keys(columns);
    const first = Math.max(0, fields.indexOf(target.dataset['column'] ?? ''));
    let current: HTMLElement | null = element;
    for (const line of copied.replace(/\r/g, '').replace(/\n+$/, '').split('\n').slice(0, 1000)) {
      if (current === null) {
        current = makeRow(complete({}));
        body.append(current);
      }
      for (const [offset, cell] of line.split('\t').entries()) {
        const field = fields[first + offset];
        const input = field === undefined ? null : current.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-column="${field}"]`);
        if (input === null) continue;
        if (input instanceof HTMLSelectElement && ![...input.options].some((option) => option.value === cell.trim())) continue;
        input.value = cell.trim();
      }
      current = current.nextElementSibling as HTMLElement | null;
    }
    changed();
  }

  function changed(): void {
    refresh();
    options.onChange?.();
  }

  function refresh(): void {
    const elements = rowElements();
    empty.hidden = elements.length > 0;
    head.hidden = elements.length === 0;
    for (const [field, element] of suggestionLists) {
      const offered = options.suggestions?.[field]?.() ?? [];
      element.replaceChildren(...offered.map((value) => new Option(value, value)));
    }
    const all = elements.map(readRow);
    const problems = new Map<number, RowProblem[]>();
    for (const problem of options.check?.(all) ?? []) {
      // A row that nobody has begun to fill in is not wrong yet; it is left out when the form is saved.
      if (isBlank(all[problem.index] ?? {})) continue;
      problems.set(problem.index, [...(problems.get(problem.index) ?? []), problem]);
    }
    for (const [index, element] of elements.entries()) {
      element.setAttribute('aria-label', text('list.row', { number: index + 1 }));
      const found = problems.get(index) ?? [];
      const blank = isBlank(all[index] ?? {});
      for (const input of element.querySelectorAll<HTMLElement>('[data-column]')) {
        // Examples only where nothing is typed in yet: beside real values they would look like values.
        const column = input.dataset['column'] ?? '';
        if (input instanceof HTMLInputElement) input.placeholder = blank || always.has(column) ? placeholder(column) : '';
        const wrong = found.some((problem) => problem.field === input.dataset['column']);
        input.classList.toggle('input-error', wrong);
        if (wrong) input.setAttribute('aria-invalid', 'true');
        else input.removeAttribute('aria-invalid');
      }
      const line = element.querySelector<HTMLElement>('.twinwire-problem');
      if (line !== null) {
        line.textContent = found.map((problem) => problem.text).join(' ');
        line.hidden = found.length === 0;
      }
      for (const detail of element.querySelectorAll<HTMLElement>('.twinwire-list-detail')) {
        detail.style.display = options.shows?.(all[index] ?? {}, detail.dataset['field'] ?? '') === false ? 'none' : '';
      }
      for (const group of element.querySelectorAll<HTMLElement>('.twinwire-list-group')) {
        const any = [...group.querySelectorAll<HTMLElement>('.twinwire-list-detail')].some((detail) => detail.style.display !== 'none');
        group.style.display = any ? '' : 'none';
      }
    }
  }
}

export function make(tag: string, className = '', content = ''): HTMLElement {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  if (content !== '') element.textContent = content;
  return element;
}

/** A button of the editor's look that the Tab key reaches; without a shown text it is named by its tooltip. */
export function button(icon: string, name: string, shown: boolean): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'red-ui-button';
  const picture = document.createElement('i');
  picture.className = `fa ${icon}`;
  picture.setAttribute('aria-hidden', 'true');
  element.append(picture);
  if (shown) element.append(` ${name}`);
  else {
    element.title = name;
    element.setAttribute('aria-label', name);
  }
  return element;
}
