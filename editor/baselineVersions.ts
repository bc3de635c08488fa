import type { BaselineMachine } from '../contract/baseline.ts';
import type { Form } from './form.ts';
import { button, make } from './rowList.ts';

/** A fold "Earlier versions": what the machine had learned, when and why it was kept, each with a button to go back to it. */
export function baselineVersions(
  dialog: Form, machine: BaselineMachine, isOpen: boolean, on: { keep: () => void; goBack: (version: number) => void },
): HTMLDetailsElement {
  const fold = make('details', 'twinwire-machine-ask twinwire-versions') as HTMLDetailsElement;
  fold.open = isOpen;
  const summary = make('summary', '', dialog.text('versions.title', { count: machine.versions.length }));
  summary.dataset['own'] = `versions ${machine.key}`;
  fold.append(summary);
  for (const { number, atMs, why, note, percent } of machine.versions) {
    const row = make('div', 'twinwire-version');
    const when = new Date(atMs).toLocaleString(RED.i18n.lang(), { dateStyle: 'medium', timeStyle: 'short' });
    const said = note ?? dialog.text(`versions.${why}`);
    const back = button('fa-undo', dialog.text('versions.back'), true);
    back.dataset['own'] = `back ${machine.key} ${number}`;
    back.setAttribute('aria-label', dialog.text('versions.backTo', { number, when }));
    back.addEventListener('click', () => on.goBack(number));
    row.append(make('span', 'twinwire-version-text', `${number} · ${when} · ${said} · ${percent} %`), back);
    fold.append(row);
  }
  if (machine.versions.length === 0) fold.append(make('p', 'twinwire-explain', dialog.text('versions.none')));
  const keep = button('fa-bookmark-o', dialog.text('versions.keep'), true);
  keep.dataset['own'] = `keep ${machine.key}`;
  keep.addEventListener('click', on.keep);
  fold.append(keep);
  return fold;
}
