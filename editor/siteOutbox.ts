import { showAnswer } from './answer.ts';
import { request } from './request.ts';
import { make } from './rowList.ts';
import { shownAge, shownNumber } from './shownNumber.ts';
import type { TextValues } from './text.ts';
import type { OutboxWork, SiteOutbox } from '../contract/http.ts';

const againEveryMs = 3000;

/** What a site still has to deliver: how much, since when, what was refused and why; refused records are sent again, saved or deleted. */
export function siteOutbox(host: HTMLElement, siteId: string, text: (key: string, values?: TextValues) => string): void {
  const url = `twinwire/site/${encodeURIComponent(siteId)}/outbox`;
  const list = make('div', 'twinwire-list');
  const answer = make('div', 'twinwire-answer');
  answer.setAttribute('role', 'status');
  host.replaceChildren(list, answer);
  const open = new Set<string>();
  let shown = '';
  void load();
  const timer = setInterval(() => {
    if (!host.isConnected) clearInterval(timer);
    // Somebody about to press a button must not have it exchanged under the finger.
    else if (!list.contains(document.activeElement)) void load();
  }, againEveryMs);

  async function load(): Promise<void> {
    const got = await request<SiteOutbox[]>('GET', `${url}?language=${RED.i18n.lang()}`);
    if (got.ok) show(got.value);
    else {
      list.hidden = true;
      // 404: the site is new, or does not run.
      if (got.status === 404) answer.textContent = text('outbox.deployFirst');
      else showAnswer(answer, 'bad', got.text || text('people.noAnswer', { status: got.status }));
    }
  }

  async function work(body: OutboxWork, done: string): Promise<void> {
    showAnswer(answer, 'busy', text('people.busy'));
    const got = await request<SiteOutbox[]>('POST', `${url}?language=${RED.i18n.lang()}`, body);
    if (got.ok) {
      shown = '';
      show(got.value);
    }
    showAnswer(answer, got.ok ? 'good' : 'bad', got.ok ? done : got.text || text('outbox.notDone'));
  }

  function show(all: SiteOutbox[]): void {
    const next = JSON.stringify(all);
    if (next === shown) return;
    shown = next;
    list.hidden = false;
    if (all.length === 0) list.replaceChildren(make('p', 'twinwire-explain', text('outbox.none')));
    else list.replaceChildren(...all.map(row));
  }

  function row(one: SiteOutbox): HTMLElement {
    const { target, waiting, refused, lost } = one;
    const made = make('div', 'twinwire-list-row twinwire-outbox');
    made.setAttribute('role', 'group');
    const name = one.title ?? text('outbox.nodeGone', { target });
    made.setAttribute('aria-label', name);
    const head = make('div', 'twinwire-outbox-head');
    const kind = text(`outbox.kind.${one.kind}`);
    head.append(make('bdi', 'twinwire-outbox-name', name), make('span', 'twinwire-outbox-kind', kind === `outbox.kind.${one.kind}` || one.title === undefined ? '' : kind));
    made.append(head);
    const wait = waiting === 0 ? text('outbox.allDelivered')
      : text('outbox.waiting', { count: shownNumber(waiting), megabytes: shownNumber(one.bytes / 1e6), age: shownAge(Date.now() - (one.oldestMs ?? Date.now())) });
    line(made, waiting > 0 && (one.problem !== undefined || one.title === undefined) ? 'fa-clock-o' : 'fa-check', wait);
    if (one.perSecond > 0) line(made, 'fa-arrow-right', text('outbox.rate', { rate: shownNumber(one.perSecond) }));
    if (one.problem !== undefined) line(made, 'fa-exclamation-triangle', one.problem);
    if (lost > 0) {
      const last = one.gaps.at(-1);
      line(made, 'fa-exclamation-triangle', text('outbox.lost', { count: shownNumber(lost), from: moment(last?.fromMs), to: moment(last?.toMs), reason: reasonText(last?.reason ?? '') }));
    }
    if (refused > 0) {
      line(made, 'fa-ban', text('outbox.refused', { count: shownNumber(refused) }));
      const details = make('details', 'twinwire-more') as HTMLDetailsElement;
      details.open = open.has(target);
      details.addEventListener('toggle', () => (details.open ? open.add(target) : open.delete(target)));
      details.append(make('summary', '', text('outbox.why')));
      for (const refusal of one.refusals) {
        const entry = make('div', 'twinwire-outbox-refusal');
        entry.append(make('div', '', `${moment(refusal.atMs)}: ${refusal.reason}`), make('code', '', refusal.text));
        details.append(entry);
      }
      made.append(details);
      const buttons = make('div', 'twinwire-outbox-buttons');
      const again = button(text('outbox.retry'), () => void work({ action: 'retry', target }, text('outbox.retried')));
      again.disabled = one.title === undefined;
      buttons.append(again, button(text('outbox.save'), () => void save(one)), twice(text('outbox.discard'), () => void work({ action: 'discard', target }, text('outbox.discarded'))));
      made.append(buttons);
    }
    if (one.title === undefined) {
      const buttons = make('div', 'twinwire-outbox-buttons');
      buttons.append(twice(text('outbox.remove'), () => void work({ action: 'remove', target }, text('outbox.removed'))));
      made.append(buttons);
    }
    return made;
  }

  /** As a file of the browser. */
  async function save({ target }: SiteOutbox): Promise<void> {
    const got = await request<{ text: string }>('GET', `${url}/refused?target=${encodeURIComponent(target)}`);
    if (!got.ok) {
      showAnswer(answer, 'bad', got.text || text('outbox.notDone'));
      return;
    }
    const link = make('a') as HTMLAnchorElement;
    link.href = URL.createObjectURL(new Blob([got.value.text], { type: 'application/x-ndjson' }));
    link.download = 'refused.jsonl';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    showAnswer(answer, 'good', text('outbox.saved'));
  }

  function reasonText(reason: string): string {
    const key = `outbox.reason.${reason.replace(/\W+/g, '')}`;
    const said = text(key);
    return said === key ? reason : said;
  }
}

function line(host: HTMLElement, icon: string, said: string): void {
  const made = make('div', 'twinwire-outbox-line');
  const sign = make('i', `fa ${icon}`);
  sign.setAttribute('aria-hidden', 'true');
  made.append(sign, make('span', '', said));
  host.append(made);
}

function moment(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toLocaleString(RED.i18n.lang(), { dateStyle: 'short', timeStyle: 'short' });
}

function button(label: string, action: () => void): HTMLButtonElement {
  const made = make('button', 'red-ui-button red-ui-button-small', label) as HTMLButtonElement;
  made.type = 'button';
  made.addEventListener('click', action);
  return made;
}

/** Asks once more before something is gone for good. */
function twice(label: string, action: () => void): HTMLButtonElement {
  let asked = false;
  const made = button(label, () => {
    if (asked) action();
    asked = !asked;
    made.textContent = asked ? `${label}?` : label;
  });
  made.addEventListener('blur', () => {
    asked = false;
    made.textContent = label;
  });
  return made;
}
