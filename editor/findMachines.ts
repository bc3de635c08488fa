import type { FindAnswer } from '../contract/discovery.ts';
import { showAnswer } from './answer.ts';
import type { AnswerKind } from './answer.ts';
import type { Form, OpenForm } from './form.ts';
import { keysInFlows, sitesInFlows } from './placeMachines.ts';
import { request } from './request.ts';
import { reviewMachines } from './reviewMachines.ts';
import type { Review } from './reviewMachines.ts';

/** A search ends after a minute by itself; then the answer travels. */
const searchLimitMs = 120_000;

export interface FindOptions {
  url: string;
  /** The body for the route, or a sentence why it cannot be asked yet. */
  ask(): Record<string, unknown> | string;
  /** Whether a site is to be chosen. */
  asksForSite?: boolean;
  placeText: string;
  placeHint: string;
  /** The review is done. */
  onPlace(review: Review, say: (kind: AnswerKind, text: string) => void): void;
}

/** The button "Find machines …" of a dialog, with what comes of it: progress, a certificate to trust, the review. */
export function prepareFinding(dialog: Form, open: OpenForm, options: FindOptions): void {
  const { url, ask } = options;
  const { text } = dialog;
  const start = open.element<HTMLButtonElement>('find');
  const trust = open.element<HTMLButtonElement>('find-trust') as HTMLButtonElement | null;
  const answer = open.element('find-answer');
  const host = open.element('review');
  let fingerprint = '';
  const search = async (): Promise<void> => {
    if (trust !== null) trust.hidden = true;
    host.hidden = true;
    const body = ask();
    if (typeof body === 'string') {
      showAnswer(answer, 'bad', body);
      return;
    }
    start.disabled = true;
    const begun = performance.now();
    const show = (): void => showAnswer(answer, 'busy', text('find.busy', { seconds: Math.round((performance.now() - begun) / 1000) }));
    show();
    const timer = setInterval(show, 1000);
    const got = await request<FindAnswer>('POST', url, { ...body, language: RED.i18n.lang() }, searchLimitMs);
    clearInterval(timer);
    start.disabled = false;
    if (!host.isConnected) return;
    if (!got.ok) {
      showAnswer(answer, 'bad', got.text || text('find.noAnswer', { status: got.status }));
      return;
    }
    if (!got.value.ok) {
      const key = `find.code.${got.value.code}`;
      const known = text(key);
      showAnswer(answer, 'bad', known === key ? got.value.text : known);
      fingerprint = got.value.code === 'TWIN_OPCUA_CERTIFICATE' ? (got.value.fingerprint ?? '') : '';
      if (trust !== null) trust.hidden = fingerprint === '';
      return;
    }
    const { proposal } = got.value;
    const { length } = proposal.machines;
    const cut = proposal.cut ? ` ${text('find.cut')}` : '';
    if (length === 0) {
      showAnswer(answer, 'bad', `${text('find.nothing', { signals: proposal.signals })}${cut}`);
      return;
    }
    showAnswer(answer, 'good', `${length === 1 ? text('find.doneOne') : text('find.done', { machines: length })}${cut}`);
    host.hidden = false;
    const { placeText, placeHint, asksForSite, onPlace } = options;
    const sites = asksForSite === true ? { sites: sitesInFlows() } : {};
    reviewMachines({
      host, proposal, text, keysTaken: keysInFlows(), ...sites, placeText, placeHint,
      onPlace: (review) => onPlace(review, (kind, said) => showAnswer(answer, kind, said)),
    });
  };
  start.addEventListener('click', () => void search());
  trust?.addEventListener('click', async () => {
    const got = await request<{ ok: boolean; text: string }>('POST', 'twinwire/opcua/trust', { fingerprint });
    if (got.ok && got.value.ok) await search();
    else showAnswer(answer, 'bad', got.ok ? got.value.text : got.text || text('find.noAnswer', { status: got.status }));
  });
}
