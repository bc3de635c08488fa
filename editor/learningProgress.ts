import type { LearningPhase, LearningProgress } from '../contract/messages.ts';
import type { Form } from './form.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';
import { showAnswer } from './answer.ts';

/** One machine as the route twinwire/baseline/:id/progress tells it. */
interface MachineLearning {
  key: string;
  name: string;
  phase: LearningPhase;
  percent: number;
  missing: LearningProgress['missing'];
}

const askEveryMs = 2000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows, and keeps renewing, how far each machine that passes through the node is. */
export function showLearning(dialog: Form, host: HTMLElement, node: EditorNode): void {
  stopLearning();
  const table = make('div');
  const answer = make('div', 'twinwire-answer');
  answer.setAttribute('role', 'status');
  host.replaceChildren(table, answer);
  table.append(make('p', 'twinwire-explain', dialog.text('progress.loading')));
  // While a question "really start over?" stands there, the table is not drawn anew under the user's hand.
  let asking = false;

  const ask = async (): Promise<void> => {
    const got = await request<MachineLearning[]>('GET', `twinwire/baseline/${encodeURIComponent(node.id)}/progress`);
    if (!host.isConnected) return;
    if (!asking) draw(got.ok ? got.value : got.status);
    // A node that isn't deployed will not start to be while its dialog is open.
    if (got.ok) timer = setTimeout(() => void ask(), askEveryMs);
  };

  const draw = (got: MachineLearning[] | number): void => {
    if (!Array.isArray(got)) {
      const text = got === 404 ? dialog.text('progress.notDeployed') : dialog.text('progress.failed', { status: got });
      table.replaceChildren(make('p', 'twinwire-explain', text));
      return;
    }
    if (got.length === 0) {
      table.replaceChildren(make('p', 'twinwire-explain', dialog.text('progress.none')));
      return;
    }
    const rows = make('table', 'twinwire-table');
    const head = make('tr');
    for (const column of ['machine', 'state', 'needs']) head.append(make('th', '', dialog.text(`progress.${column}`)));
    head.append(make('th'));
    rows.append(head, ...got.map(row));
    table.replaceChildren(rows);
  };

  const row = (machine: MachineLearning): HTMLElement => {
    const line = make('tr');
    const name = machine.name || machine.key;
    const state = make('td');
    const bar = make('span', 'twinwire-bar');
    const percent = Math.max(0, Math.min(100, Math.round(machine.percent)));
    const filled = make('span');
    filled.style.width = `${percent}%`;
    bar.append(filled);
    bar.setAttribute('role', 'progressbar');
    bar.setAttribute('aria-valuenow', String(percent));
    state.append(bar, `${percent} %, ${dialog.text(`phase.${machine.phase}`)}`);
    const last = make('td');
    const again = button('fa-refresh', dialog.text('progress.again'), true);
    again.addEventListener('click', () => {
      asking = true;
      const yes = button('fa-check', dialog.text('progress.yes'), true);
      const no = button('fa-times', dialog.text('progress.no'), true);
      last.replaceChildren(make('div', '', dialog.text('progress.sure', { name })), yes, ' ', no);
      no.focus();
      no.addEventListener('click', () => {
        asking = false;
        last.replaceChildren(again);
        again.focus();
      });
      yes.addEventListener('click', () => void learnAgain(machine.key, name));
    });
    last.append(again);
    const missing = make('td', '', machine.missing.slice(0, 3).map((part) => missingText(dialog, part)).join('; '));
    line.append(make('td', '', name), state, missing, last);
    return line;
  };

  const learnAgain = async (key: string, name: string): Promise<void> => {
    const got = await request<unknown>('POST', `twinwire/baseline/${encodeURIComponent(node.id)}/learn-again`, { key });
    asking = false;
    if (got.ok) showAnswer(answer, 'good', dialog.text('progress.done', { name }));
    else showAnswer(answer, 'bad', got.text || dialog.text('progress.againFailed', { name, status: got.status }));
    stopLearning();
    await ask();
  };

  void ask();
}

export function stopLearning(): void {
  clearTimeout(timer);
}

function missingText(dialog: Form, part: LearningProgress['missing'][number]): string {
  const amount = part.code === 'time' ? duration(part.missing) : String(Math.ceil(part.missing));
  const what = dialog.text(`missing.${part.code}`, { missing: amount });
  return part.property === undefined ? what : dialog.text('missing.of', { what, property: part.property });
}

/** Milliseconds as people say them. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}
