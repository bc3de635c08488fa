import type { TypeChangeAnswer, TypeVersionsAnswer } from '../contract/typeChange.ts';
import type { Form, OpenForm } from './form.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';
import type { Row, RowList } from './rowList.ts';

/** So long nobody types before the runtime is asked. */
const askAfterMs = 500;
const mostNames = 6;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * What a change of a type means, while it is typed in: asked of the running machines, nothing happens until Deploy. Units whose values could
 * be converted bring a question with them. Below, the versions that ran, each to go back to.
 */
export function showTypeChange(dialog: Form, open: OpenForm, node: EditorNode, list: () => RowList): { changed(): void } {
  stopTypeChange();
  const change = open.element('change');
  const versions = open.element('versions');
  const units = make('div');
  const answer = make('div');
  answer.setAttribute('role', 'status');
  change.replaceChildren(units, answer);
  answer.append(make('p', 'twinwire-explain', dialog.text('change.none')));
  const answered = new Set<string>();
  let unitsShown = '';
  let opened = false;
  let asked = 0;

  const ask = async (): Promise<void> => {
    const number = ++asked;
    const fields = { ...open.values(), properties: list().read() };
    const got = await request<TypeChangeAnswer>('POST', `twinwire/type/${encodeURIComponent(node.id)}/change`, { fields, language: RED.i18n.lang() });
    if (!change.isConnected || number !== asked) return;
    if (!got.ok) answer.replaceChildren(make('p', 'twinwire-explain', dialog.text('change.failed', { status: got.status })));
    else draw(got.value);
  };

  const draw = (got: TypeChangeAnswer): void => {
    drawUnits(got.units);
    if (got.problems.length > 0) {
      answer.replaceChildren(make('p', 'twinwire-explain', dialog.text('change.problems', { problem: got.problems[0] ?? '' })));
      return;
    }
    if (got.version === undefined || got.groups.length === 0) {
      answer.replaceChildren(make('p', 'twinwire-explain', dialog.text('change.none')));
      return;
    }
    const parts: HTMLElement[] = got.groups.map(({ sentence }) => make('p', 'twinwire-change-sentence', sentence));
    parts.push(make('p', 'twinwire-hint', dialog.text(got.version.isNew ? 'change.newVersion' : 'change.sameVersion', { number: got.version.number })));
    if (got.groups.some(({ signals }) => signals.length > 0)) {
      const fold = make('details', 'twinwire-more') as HTMLDetailsElement;
      fold.open = opened;
      fold.addEventListener('toggle', () => {
        opened = fold.open;
      });
      fold.append(make('summary', '', dialog.text('change.each')));
      for (const group of got.groups) if (group.signals.length > 0) fold.append(table(group));
      parts.push(fold);
    }
    answer.replaceChildren(...parts);
  };

  const table = ({ machines, signals }: TypeChangeAnswer['groups'][number]): HTMLElement => {
    const whole = make('table', 'twinwire-change-table');
    const caption = make('caption', '', names(dialog, machines));
    const body = make('tbody');
    for (const { label, word, reason, running } of signals) {
      const line = make('tr');
      const head = make('th', '', label);
      head.setAttribute('scope', 'row');
      const why = make('td', '', running === '' ? reason : `${reason} ${running.charAt(0).toUpperCase()}${running.slice(1)}.`);
      line.append(head, make('td', 'twinwire-change-word', word), why);
      body.append(line);
    }
    whole.append(caption, body);
    return whole;
  };

  const drawUnits = (asking: TypeChangeAnswer['units']): void => {
    const rows = list().read();
    const now = JSON.stringify(asking);
    // Drawn again only for other questions: not under the user's hand.
    if (now === unitsShown) return;
    unitsShown = now;
    units.replaceChildren(...asking.map(({ property, label, from, shownFrom, shownTo }) => {
      const part = make('fieldset', 'twinwire-change-unit');
      part.append(make('legend', '', dialog.text('change.unit', { label, from: shownFrom || '–', to: shownTo || '–' })));
      const row = rows.find((one) => one['name'] === property);
      const note = make('p', 'twinwire-hint', dialog.text('change.unitOpen'));
      for (const [which, value] of [['values', from], ['label', '']] as const) {
        const line = make('label', 'twinwire-change-choice');
        const radio = document.createElement('input');
        radio.type = 'radio';
        radio.name = `twinwire-unit-${property}`;
        radio.value = which;
        radio.checked = which === 'values' ? row?.['convertFrom'] === from : answered.has(property);
        note.hidden ||= radio.checked;
        radio.addEventListener('change', () => {
          if (which === 'label') answered.add(property);
          else answered.delete(property);
          note.hidden = true;
          list().set(list().read().findIndex((one) => one['name'] === property), 'convertFrom', value);
        });
        line.append(radio, make('span', '', dialog.text(`change.unit${which === 'values' ? 'Values' : 'Label'}`, { from: shownFrom || '–', to: shownTo || '–' })));
        part.append(line);
      }
      part.append(note);
      return part;
    }));
  };

  const showVersions = async (): Promise<void> => {
    const got = await request<TypeVersionsAnswer>('GET', `twinwire/type/${encodeURIComponent(node.id)}/versions`);
    if (!versions.isConnected) return;
    const sites = got.ok ? got.value.sites : [];
    const said = make('div', 'twinwire-hint');
    said.setAttribute('role', 'status');
    const parts: HTMLElement[] = [];
    for (const site of sites) {
      if (sites.length > 1) parts.push(make('p', 'twinwire-explain', site.name));
      for (const version of site.versions) {
        const block = make('div', 'twinwire-machine');
        const current = version.machines.length > 0;
        block.append(make('div', 'twinwire-machine-name', dialog.text('versions.title', { number: version.number, since: version.since })));
        const doing = make('div', 'twinwire-machine-do');
        block.append(doing);
        const lines = [version.changes];
        if (current) lines.push(dialog.text('versions.now', { machines: names(dialog, version.machines) }));
        const away = version.former.filter((name) => !version.machines.includes(name));
        if (away.length > 0) lines.push(dialog.text('versions.former', { machines: names(dialog, away) }));
        block.append(make('div', 'twinwire-machine-state', lines.join(' · ')));
        if (!current || site.versions.filter(({ machines }) => machines.length > 0).length > 1) {
          const back = button('fa-undo', dialog.text('versions.back'), true);
          back.setAttribute('aria-label', `${dialog.text('versions.back')} (${version.number})`);
          back.addEventListener('click', () => {
            const rows = version.fields['properties'];
            list().replace(Array.isArray(rows) ? (rows as Row[]) : []);
            open.set('mode', String(version.fields['mode'] ?? ''));
            said.textContent = dialog.text('versions.taken', { number: version.number });
            changed();
          });
          doing.append(back);
        }
        parts.push(block);
      }
    }
    versions.replaceChildren(...(parts.length > 0 ? parts : [make('p', 'twinwire-explain', dialog.text('versions.none'))]), said);
  };

  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), askAfterMs);
  };
  void showVersions();
  changed();
  return { changed };
}

export function stopTypeChange(): void {
  clearTimeout(timer);
}

function names(dialog: Form, machines: readonly string[]): string {
  const first = machines.slice(0, mostNames).join(', ');
  return machines.length <= mostNames ? first : dialog.text('change.more', { names: first, count: machines.length - mostNames });
}
