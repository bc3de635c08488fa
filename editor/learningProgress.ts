import type { BaselineMachine } from '../contract/baseline.ts';
import { baselineVersions } from './baselineVersions.ts';
import type { Form } from './form.ts';
import { missingText } from './missingText.ts';
import { phaseSteps } from './phases.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';
import { showAnswer } from './answer.ts';

const askEveryMs = 2000;
/** A machine of 30 properties would need a list as long; the first few say enough. */
const mostNamed = 4;
/** So far back a machine learns from history when it is asked to. */
const historyDays = 14;
/** A long history takes a while. */
const learnTimeoutMs = 600_000;
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
  /** Whose versions are unfolded. */
  const open = new Set<string>();

  const ask = async (): Promise<void> => {
    const got = await request<BaselineMachine[]>('GET', `twinwire/baseline/${encodeURIComponent(node.id)}/progress`);
    if (!host.isConnected) return;
    const active = document.activeElement;
    const focused = active instanceof HTMLElement && host.contains(active) ? active.dataset['own'] : undefined;
    if (!asking) draw(got.ok ? got.value : got.status);
    if (focused !== undefined) host.querySelector<HTMLElement>(`[data-own="${CSS.escape(focused)}"]`)?.focus();
    // A node that isn't deployed will not start to be while its dialog is open.
    if (got.ok) timer = setTimeout(() => void ask(), askEveryMs);
  };

  const draw = (got: BaselineMachine[] | number): void => {
    if (!Array.isArray(got)) {
      const text = got === 404 ? dialog.text('progress.notDeployed') : dialog.text('progress.failed', { status: got });
      table.replaceChildren(make('p', 'twinwire-explain', text));
      return;
    }
    if (got.length === 0) {
      table.replaceChildren(make('p', 'twinwire-explain', dialog.text('progress.none')));
      return;
    }
    table.replaceChildren(...got.map(row));
  };

  const row = (machine: BaselineMachine): HTMLElement => {
    const block = make('div', 'twinwire-machine');
    const name = machine.name || machine.key;
    const percent = Math.max(0, Math.min(100, Math.floor(machine.percent)));
    const bar = make('span', 'twinwire-bar');
    const filled = make('span');
    filled.style.width = `${percent}%`;
    bar.append(filled);
    bar.setAttribute('role', 'progressbar');
    bar.setAttribute('aria-label', name);
    bar.setAttribute('aria-valuenow', String(percent));
    const state = make('div', 'twinwire-machine-state');
    state.append(bar, make('span', '', `${percent} %`));
    const doing = make('div', 'twinwire-machine-do');
    const again = button('fa-refresh', dialog.text('progress.again'), true);
    again.dataset['own'] = `again ${machine.key}`;
    doing.append(again);
    block.append(make('div', 'twinwire-machine-name', name), doing, state);
    const steps = phaseSteps(dialog, machine, false);
    steps.classList.add('twinwire-machine-ask');
    block.append(steps);
    if (machine.missing.length > 0) {
      const needs = machine.missing.slice(0, mostNamed).map((part) => missingText(dialog, part));
      if (machine.missing.length > mostNamed) needs.push('…');
      block.append(make('div', 'twinwire-hint twinwire-machine-ask', dialog.text('progress.needs', { what: needs.join('; ') })));
    }
    again.addEventListener('click', () => {
      asking = true;
      again.disabled = true;
      const now = button('fa-check', dialog.text('progress.fromNow'), true);
      const past = button('fa-history', dialog.text('progress.fromHistory', { count: historyDays }), true);
      const no = button('fa-times', dialog.text('progress.no'), true);
      const question = make('div', 'twinwire-machine-ask');
      question.append(make('p', '', dialog.text('progress.sure', { name })), now, ' ', past, ' ', no);
      block.append(question);
      no.focus();
      no.addEventListener('click', () => {
        asking = false;
        again.disabled = false;
        question.remove();
        again.focus();
      });
      now.addEventListener('click', () => void change('learn-again', { key: machine.key }, 'progress.done', name));
      past.addEventListener('click', () => {
        question.replaceChildren(make('p', '', dialog.text('progress.reading')));
        void change('learn-again', { key: machine.key, days: historyDays }, 'progress.learned', name);
      });
    });
    const versions = baselineVersions(dialog, machine, open.has(machine.key), {
      keep: () => void change('keep', { key: machine.key }, 'versions.kept', name),
      goBack: (version) => void change('go-back', { key: machine.key, version }, 'versions.gone', name),
    });
    versions.addEventListener('toggle', () => {
      if (versions.open) open.add(machine.key);
      else open.delete(machine.key);
    });
    block.append(versions);
    return block;
  };

  const change = async (path: string, body: Record<string, unknown>, done: string, name: string): Promise<void> => {
    const got = await request<unknown>('POST', `twinwire/baseline/${encodeURIComponent(node.id)}/${path}`, body, learnTimeoutMs);
    asking = false;
    if (got.ok) showAnswer(answer, 'good', dialog.text(done, { name }));
    else showAnswer(answer, 'bad', got.text || dialog.text('progress.againFailed', { name, status: got.status }));
    stopLearning();
    await ask();
  };

  void ask();
}

export function stopLearning(): void {
  clearTimeout(timer);
}
