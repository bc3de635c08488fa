import type { LearningProgress, WatchPhase } from '../contract/messages.ts';
import type { Form } from './form.ts';
import { duration, missingText } from './missingText.ts';
import { make } from './rowList.ts';

export interface WatchedMachine {
  name: string;
  key: string;
  learning: LearningProgress;
}

const steps: readonly WatchPhase[] = ['guard', 'learning', 'provisional', 'armed'];
const mostShown = 5;

/** The four phases of a machine, the one it is in marked by a sign and its weight, and below it in a sentence what that means and, unless that stands elsewhere, what is missing. */
export function phaseSteps(dialog: Form, { phase, watch, percent, missing, etaMs, unseen }: LearningProgress, withMissing = true): HTMLElement {
  const now = watch ?? (phase === 'armed' ? 'armed' : phase === 'provisional' ? 'provisional' : 'learning');
  const at = steps.indexOf(now);
  const block = make('div', 'twinwire-phases');
  const list = make('ol', '');
  steps.forEach((step, index) => {
    const state = index < at || (step === 'armed' && now === 'armed') ? 'done' : index === at ? 'now' : 'later';
    const item = make('li', `twinwire-phase is-${state}`);
    const icon = make('i', `fa ${state === 'done' ? 'fa-check' : state === 'now' ? 'fa-dot-circle-o' : 'fa-circle-o'}`);
    icon.setAttribute('aria-hidden', 'true');
    item.append(icon, make('span', '', dialog.text(`watch.${step}`)));
    if (index === at) item.setAttribute('aria-current', 'step');
    list.append(item);
  });
  block.append(list);
  const told: string[] = [];
  if (phase === 'frozen') told.push(dialog.text('watch.frozen'));
  if (unseen === true) told.push(dialog.text('watch.unseen'));
  told.push(dialog.text(`watch.${now}Means`, { percent: Math.min(99, Math.floor(percent)) }));
  if (now !== 'armed') {
    const first = missing[0];
    if (first !== undefined && withMissing) told.push(dialog.text('watch.needs', { what: missingText(dialog, first) }));
    if (etaMs !== undefined) told.push(dialog.text('watch.eta', { duration: duration(etaMs) }));
  }
  block.append(make('p', 'twinwire-explain', told.join(' ')));
  return block;
}

/** How far each machine that passes a twin-anomaly is; those that are not armed yet come first. */
export function showPhases(dialog: Form, host: HTMLElement, machines: readonly WatchedMachine[]): void {
  if (machines.length === 0) {
    host.replaceChildren(make('p', 'twinwire-explain', dialog.text('watch.none')));
    return;
  }
  const place = ({ learning }: WatchedMachine): number => steps.indexOf(learning.watch ?? 'guard');
  const sorted = [...machines].sort((one, other) => place(one) - place(other) || one.name.localeCompare(other.name));
  host.replaceChildren(
    ...sorted.slice(0, mostShown).map(({ name, key, learning }) => {
      const block = make('div', 'twinwire-watched');
      block.append(make('div', 'twinwire-machine-name', name || key), phaseSteps(dialog, learning));
      return block;
    }),
  );
  if (sorted.length > mostShown) {
    const armed = sorted.slice(mostShown).filter(({ learning }) => learning.watch === 'armed').length;
    host.append(make('p', 'twinwire-explain', dialog.text('watch.more', { count: sorted.length - mostShown, armed })));
  }
}
