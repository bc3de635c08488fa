import type { FactOfTable, FactTableAnswer, FactTableRefusal } from '../contract/factTable.ts';
import { relationInGerman } from '../contract/ownRelations.ts';
import { showAnswer } from './answer.ts';
import { base64 } from './base64.ts';
import type { Form, OpenForm } from './form.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';

/** Node-RED's own bound of what an editor may send is 5 MB; base64 makes three bytes four. */
const largestUpload = 3_600_000;
/** Each row is on the disk before the next one. */
const noteWithinMs = 600_000;
const previewWithinMs = 120_000;

export interface FactTableOptions {
  /** `twinwire/link` or `twinwire/record`. */
  url: string;
  node: EditorNode;
  /** What the dialog shows now, where it counts. */
  config?: () => Record<string, unknown>;
}

/** A table file chosen in the dialog: its first rows, what each would say, the wrong ones by their line, and a button that notes the others at once. */
export function prepareFactTable(dialog: Form, open: OpenForm, options: FactTableOptions): void {
  const text = (key: string, values?: Record<string, string | number>): string => dialog.text(`facts.${key}`, values);
  const chosen = open.element<HTMLInputElement>('chosen');
  const choose = open.element<HTMLButtonElement>('choose');
  const answer = open.element('table-answer');
  const preview = open.element('preview');
  const isGerman = RED.i18n.lang().startsWith('de');

  choose.addEventListener('click', () => chosen.click());
  chosen.addEventListener('change', async () => {
    const file = chosen.files?.[0];
    if (file === undefined) return;
    preview.hidden = true;
    if (file.size > largestUpload) showAnswer(answer, 'bad', text('tooLarge', { name: file.name }));
    else {
      showAnswer(answer, 'busy', text('reading', { name: file.name }));
      const data = base64(await file.arrayBuffer());
      const got = await ask('preview', data);
      if (preview.isConnected && got !== undefined) show(got, file.name, data);
    }
    // The same file, corrected, can be chosen again.
    chosen.value = '';
  });

  /** undefined: what was wrong is said already. */
  async function ask(what: 'preview' | 'apply', data: string): Promise<FactTableAnswer | undefined> {
    const { url, node, config } = options;
    const body = { site: open.value('site'), node: node.id, data, language: RED.i18n.lang(), ...(config !== undefined && { config: config() }) };
    const got = await request<FactTableAnswer | FactTableRefusal>('POST', `${url}/${what}`, body, what === 'apply' ? noteWithinMs : previewWithinMs);
    if (!got.ok) showAnswer(answer, 'bad', got.status === 401 || got.status === 403 ? text('noRight') : got.text || text('failed', { status: got.status }));
    else if (!got.value.ok) showAnswer(answer, 'bad', got.value.text);
    else return got.value;
    return undefined;
  }

  function show(found: FactTableAnswer, name: string, data: string): void {
    answer.replaceChildren();
    preview.hidden = false;
    const right = found.rows - found.wrong;
    const heading = make('p', 'twinwire-preview-counts', text('counts', { name, rows: found.rows, wrong: found.wrong }));
    heading.setAttribute('role', 'status');
    const list = make('table', 'twinwire-preview-table');
    const head = document.createElement('tr');
    for (const column of ['line', 'cells', 'says']) {
      const cell = make('th', '', text(`column.${column}`));
      cell.setAttribute('scope', 'col');
      head.append(cell);
    }
    list.append(head);
    for (const { line, text: said } of found.refused) list.append(row('wrong', line, '', [said]));
    for (const { line, cells, facts } of found.first) list.append(row('right', line, cells, facts.map(sentence)));
    const scrolled = make('div', 'twinwire-preview-scroll');
    scrolled.tabIndex = 0;
    scrolled.append(list);
    const more = found.rows - found.refused.length - found.first.length;
    if (more > 0) scrolled.append(make('p', 'twinwire-explain', text('more', { number: more })));
    const apply = button('fa-check', text('apply', { number: right }), true);
    apply.dataset['part'] = 'apply';
    apply.disabled = right === 0;
    const cancel = button('fa-times', text('cancel'), true);
    apply.addEventListener('click', async () => {
      apply.disabled = true;
      cancel.disabled = true;
      showAnswer(answer, 'busy', text('noting', { number: right }));
      const done = await ask('apply', data);
      if (!preview.isConnected) return;
      cancel.disabled = false;
      if (done === undefined) return;
      preview.hidden = true;
      showAnswer(answer, done.wrong === 0 ? 'good' : 'bad', text(done.wrong === 0 ? 'noted' : 'notedSome', { number: done.rows - done.wrong, wrong: done.wrong }));
      choose.focus();
    });
    cancel.addEventListener('click', () => {
      preview.hidden = true;
      choose.focus();
    });
    const actions = make('div', 'twinwire-buttons');
    actions.append(apply, cancel);
    preview.replaceChildren(heading, scrolled, make('p', 'twinwire-explain', text('atOnce')), actions);
    (apply.disabled ? cancel : apply).focus();
  }

  function row(what: 'wrong' | 'right', line: number, cells: string, said: readonly string[]): HTMLElement {
    const element = document.createElement('tr');
    element.dataset['what'] = what;
    const number = make('td');
    if (what === 'wrong') number.append(make('b', 'twinwire-mark', '!'), ` ${text('wrong')} `);
    number.append(String(line));
    const says = make('td');
    for (const one of said) says.append(make('div', '', one));
    element.append(number, make('td', 'twinwire-preview-cells', cells), says);
    return element;
  }

  function sentence({ subject, relation, object, value, fromMs, toMs, ends }: FactOfTable): string {
    const named = value === undefined ? `${subject} ${isGerman ? (relationInGerman.get(relation) ?? relation) : relation} ${object}` : `${subject}: ${relation} = ${String(value)}`;
    if (ends === true) return text('ends', { fact: named, time: time(toMs ?? fromMs) });
    return toMs === undefined ? text('since', { fact: named, time: time(fromMs) }) : text('during', { fact: named, time: time(fromMs), end: time(toMs) });
  }

  function time(timeMs: number): string {
    return new Date(timeMs).toLocaleString(isGerman ? 'de' : 'en-GB', { dateStyle: 'short', timeStyle: 'medium' });
  }
}
