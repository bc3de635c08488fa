import type { OutboxOfSite, SiteOutbox } from '../contract/http.ts';
import { make } from './rowList.ts';
import { shownAge, shownNumber } from './shownNumber.ts';
import type { TextValues } from './text.ts';

/** lost: something is gone. waits: something needs a person, or will when it goes on. */
export type DeliveryTrouble = 'lost' | 'waits';

/** What is wrong with a target. That something waits for a moment is none: it is on its way. */
export function deliveryTrouble({ lost, refused, waiting, problem, title }: SiteOutbox): DeliveryTrouble | undefined {
  if (lost > 0) return 'lost';
  return refused > 0 || problem !== undefined || (waiting > 0 && title === undefined) ? 'waits' : undefined;
}

/** The folded part of the sidebar that tells per target how much waits, since when, how fast it goes and what was dropped. */
export function deliverySection(host: HTMLDetailsElement, text: (key: string, values?: TextValues) => string): (sites: readonly OutboxOfSite[]) => void {
  const sum = make('span', 'twinwire-waiting-sum');
  const summary = make('summary');
  summary.append(make('span', '', text('twins.waiting.title')), sum);
  const list = make('div', 'twinwire-waiting-list');
  host.replaceChildren(summary, list);
  let shown = '';
  return (sites) => {
    const next = JSON.stringify(sites);
    if (next === shown && !next.includes('"oldestMs"')) return;
    shown = next;
    const all = sites.flatMap(({ targets }) => targets);
    const waiting = all.reduce((whole, target) => whole + target.waiting, 0);
    const troubles = all.map(deliveryTrouble);
    mark(sum, troubles.includes('lost') ? 'lost' : troubles.find((trouble) => trouble !== undefined), waiting === 0 ? text('twins.waiting.nothing') : shownNumber(waiting));
    list.replaceChildren(...(all.length === 0 ? [make('p', '', text('twins.waiting.none'))] : []), ...all.map(row));
  };

  function row(target: SiteOutbox): HTMLElement {
    const made = make('div', 'twinwire-waiting-target');
    const waits = target.waiting === 0 ? text('twins.waiting.all')
      : text('twins.waiting.depth', { count: shownNumber(target.waiting), age: shownAge(Date.now() - (target.oldestMs ?? Date.now())) });
    const rate = target.perSecond > 0 ? [text('twins.waiting.rate', { rate: shownNumber(target.perSecond) })] : [];
    made.append(make('bdi', 'twinwire-twin-name', target.title ?? text('outbox.nodeGone', { target: target.target })), make('div', 'twinwire-twin-text', [waits, ...rate].join(' · ')));
    const trouble = deliveryTrouble(target);
    if (trouble === undefined) return made;
    const said = [
      ...(target.lost > 0 ? [text('twins.waiting.lost', { count: shownNumber(target.lost) })] : []),
      ...(target.refused > 0 ? [text('twins.waiting.refused', { count: shownNumber(target.refused) })] : []),
      ...(target.problem === undefined ? [] : [target.problem]),
    ];
    if (said.length > 0) {
      const line = make('div');
      mark(line, trouble, said.join(' · '));
      made.append(line);
    }
    return made;
  }
}

function mark(host: HTMLElement, trouble: DeliveryTrouble | undefined, said: string): void {
  if (trouble === undefined) {
    delete host.dataset['trouble'];
    host.replaceChildren(said);
    return;
  }
  host.dataset['trouble'] = trouble;
  const icon = make('i', 'fa fa-exclamation-triangle');
  icon.setAttribute('aria-hidden', 'true');
  host.replaceChildren(icon, ` ${said}`);
}
