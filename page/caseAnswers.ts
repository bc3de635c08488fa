import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { FeedbackAnswer, FeedbackEffect, FeedbackRecord } from '../contract/feedback.ts';
import type { CaseSummary, PageAction, SiteAccess } from '../contract/http.ts';
import { nameInSentence, plainName, shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import { keepName, readName } from './ownName.ts';
import { fetchFeedback, previewFeedback, sendFeedback, ServerError, undoFeedback } from './server.ts';
import type { Say } from './texts.ts';

type Finding = Exclude<FeedbackAnswer, 'onIt'>;

const findings: readonly Finding[] = ['real', 'falseAlarm', 'planned', 'changed'];
const needed: Readonly<Record<Finding, PageAction>> = { real: 'note', planned: 'shelve', falseAlarm: 'teach', changed: 'teach' };
const hourMs = 3_600_000;
const plannedHours = [1, 4, 8, 24, 72] as const;
/** What was answered of late, and can be taken back here. */
const mostShown = 3;

/** What a case was: four answers, each with what it would change before it counts, and the way back. "I'm on it" stands above, in the case itself. */
export class CaseAnswers extends PageElement {
  static override properties = {
    site: { attribute: false },
    machineKey: { attribute: false },
    open: { attribute: false },
    say: { attribute: false },
    nowMs: { attribute: false },
    access: { attribute: false },
    lost: { attribute: false },
    records: { state: true },
    chosen: { state: true },
    effect: { state: true },
    hours: { state: true },
    undoing: { state: true },
    busy: { state: true },
    note: { state: true },
  };
  declare site: string;
  declare machineKey: string;
  /** undefined: no case is open, only what was answered is shown. */
  declare open: CaseSummary | undefined;
  declare say: Say;
  declare nowMs: number;
  declare access: SiteAccess | undefined;
  declare lost: boolean;
  declare private records: readonly FeedbackRecord[];
  declare private chosen: Finding | undefined;
  declare private effect: FeedbackEffect | undefined;
  declare private hours: number;
  /** Id of the answer that somebody is about to take back. */
  declare private undoing: string;
  declare private busy: boolean;
  declare private note: string;
  #asked = '';

  constructor() {
    super();
    this.records = [];
    this.chosen = undefined;
    this.effect = undefined;
    this.hours = 4;
    this.undoing = '';
    this.busy = false;
    this.note = '';
  }

  protected override willUpdate(changed: PropertyValues): void {
    const about = `${this.site} ${this.machineKey} ${this.open?.id ?? ''} ${this.open?.state ?? ''}`;
    if (about === this.#asked) return;
    const other = !this.#asked.startsWith(`${this.site} ${this.machineKey} ${this.open?.id ?? ''} `);
    this.#asked = about;
    if (other && changed.has('open')) {
      this.#reset();
      this.note = '';
    }
    void this.#load();
  }

  async #load(): Promise<void> {
    const about = this.#asked;
    try {
      const { records } = await fetchFeedback(this.say, this.site, this.machineKey);
      if (about === this.#asked) this.records = records;
    } catch {
      // That the connection is lost is told at the top of the page.
    }
  }

  protected override render(): TemplateResult {
    const { say, open } = this;
    const mine = this.records.filter((record) => this.#isOf(record, open) || (record.untilMs ?? 0) > this.nowMs).slice(0, mostShown);
    return html`
      ${open ? html`<h3 class="ask">${say('answer.ask')}</h3>
        ${this.chosen === undefined
          ? html`<div class="buttons">${findings.map((finding) => html`<button type="button" class="plain-button" data-answer=${finding}
              ?disabled=${this.lost || !this.#may(needed[finding])} @click=${() => void this.#choose(finding)}>${say(`answer.${finding}`)}</button>`)}</div>
              ${this.#may('teach') ? nothing : html`<p class="may-not">${say(this.access !== undefined && this.access.withoutUsers !== true ? 'answer.engineer' : 'answer.noUsers')}</p>`}`
          : this.#form(this.chosen)}` : nothing}
      ${mine.length > 0 ? html`<ul class="answers">${mine.map((record) => this.#record(record))}</ul>` : nothing}
      <p class="note" role="status">${this.note}</p>`;
  }

  #isOf(record: FeedbackRecord, open: CaseSummary | undefined): boolean {
    return open !== undefined && record.case.replace(/^historical\//, '') === open.id && (record.answer !== 'onIt' || record.undone === undefined);
  }

  #may(action: PageAction): boolean {
    // Where a site knows no users, everybody may answer, but nobody may change what is an alarm.
    return this.access === undefined ? action !== 'teach' : this.access.may.includes(action);
  }

  #form(finding: Finding): TemplateResult {
    const { say, effect, busy } = this;
    return html`<form class="acknowledge answer-form" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      <p>${say(`answer.${finding}`)}</p>
      ${finding === 'real' ? html`<label for="answer-what">${say('answer.what')}</label>
        <input id="answer-what" name="what" maxlength="200" autocomplete="off" ?disabled=${busy} @input=${this.#changed}>` : nothing}
      ${finding === 'planned' ? html`<p class="label" id="answer-until">${say('answer.until')}</p>
        <div class="choices" role="group" aria-labelledby="answer-until">${plannedHours.map((hours) => html`<button type="button" class="choice"
          aria-pressed=${hours === this.hours ? 'true' : 'false'} ?disabled=${busy} @click=${() => this.#plan(hours)}>${say.plural('answer.hours', hours)}</button>`)}</div>` : nothing}
      ${effect ? html`<div class="effect"><p class="label">${say('answer.effect')}</p><ul>${effect.sentences.map((text) => html`<li>${plainName(text, 400)}</li>`)}</ul></div>` : nothing}
      ${this.access?.user
        ? html`<p class="as">${say('ack.as', { name: nameInSentence(this.access.user.name) })}</p>`
        : html`<label for="answer-name">${say('ack.name')}</label>
            <input id="answer-name" name="by" maxlength="80" autocomplete="name" .value=${readName()} ?disabled=${busy}>`}
      <div class="buttons">
        <button type="submit" class="main-button" ?disabled=${busy}>${say(effect ? 'ack.confirm' : 'answer.show')}</button>
        <button type="button" class="plain-button" ?disabled=${busy} @click=${this.#reset}>${say('ack.cancel')}</button>
      </div>
    </form>`;
  }

  #record(record: FeedbackRecord): TemplateResult {
    const { say } = this;
    const { id, answer, by, atMs, what, untilMs, undone, undoUntilMs } = record;
    const may = this.#may(answer === 'onIt' ? 'acknowledge' : needed[answer]);
    return html`<li>
      <p><strong>${say(`answer.${answer}`)}</strong>${what ? html` <bdi>${plainName(what, 200)}</bdi>` : nothing}
        ${untilMs === undefined ? nothing : html`<span>${say('answer.plannedUntil', { time: shownTime(say, untilMs, this.nowMs) })}</span>`}</p>
      <p class="since"><span><bdi>${plainName(by, 80)}</bdi></span><span>${shownTime(say, atMs, this.nowMs)}</span>
        ${undone ? html`<span>${say('answer.undone', { name: nameInSentence(undone.by) })}</span>` : nothing}</p>
      ${undone !== undefined || undoUntilMs === undefined || !may || this.lost ? nothing
        : this.undoing === id
          ? html`<div class="buttons"><button type="button" class="main-button" ?disabled=${this.busy} @click=${() => void this.#undo(id)}>${say('answer.undoConfirm')}</button>
              <button type="button" class="plain-button" ?disabled=${this.busy} @click=${() => { this.undoing = ''; }}>${say('ack.cancel')}</button></div>`
          : html`<button type="button" class="plain-button" @click=${() => { this.undoing = id; }}>${say('answer.undo')}</button>`}
    </li>`;
  }

  async #choose(finding: Finding): Promise<void> {
    this.chosen = finding;
    this.effect = undefined;
    this.note = '';
    await this.updateComplete;
    this.querySelector<HTMLElement>('.answer-form input, .answer-form .choice[aria-pressed=true], .answer-form .main-button')?.focus();
    // Nothing has to be typed for these: what they would change is there at once.
    if (finding !== 'real') await this.#preview();
  }

  #plan(hours: number): void {
    this.hours = hours;
    void this.#preview();
  }

  readonly #changed = (): void => {
    this.effect = undefined;
    this.note = '';
  };

  readonly #reset = (): void => {
    this.chosen = undefined;
    this.effect = undefined;
    this.undoing = '';
  };

  #request(): { site: string; key: string; case: string; answer: FeedbackAnswer; what?: string; untilMs?: number } | undefined {
    const { open, chosen } = this;
    if (open === undefined || chosen === undefined) return undefined;
    const what = (this.querySelector<HTMLInputElement>('#answer-what')?.value ?? '').trim();
    return {
      site: this.site, key: this.machineKey, case: open.id, answer: chosen,
      ...(what === '' ? {} : { what }),
      ...(chosen === 'planned' ? { untilMs: Math.round(this.nowMs + this.hours * hourMs) } : {}),
    };
  }

  async #preview(): Promise<void> {
    const request = this.#request();
    if (request === undefined) return;
    if (request.answer === 'real' && request.what === undefined) {
      this.note = this.say('answer.needWhat');
      return;
    }
    this.busy = true;
    this.note = '';
    try {
      this.effect = await previewFeedback(this.say, request);
    } catch (error) {
      this.effect = undefined;
      this.note = this.#failed(error);
    } finally {
      this.busy = false;
    }
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.effect === undefined) {
      await this.#preview();
      return;
    }
    const request = this.#request();
    const by = this.access?.user?.name ?? (this.querySelector<HTMLInputElement>('#answer-name')?.value ?? '').trim();
    if (request === undefined) return;
    if (by === '') {
      this.note = this.say('ack.needName');
      return;
    }
    if (!this.access?.user) keepName(by);
    this.busy = true;
    try {
      await sendFeedback(this.say, { ...request, by });
      this.#reset();
      this.note = this.say('answer.done');
      await this.#load();
    } catch (error) {
      this.note = this.#failed(error);
    } finally {
      this.busy = false;
    }
  }

  async #undo(id: string): Promise<void> {
    const by = this.access?.user?.name ?? readName();
    this.busy = true;
    try {
      await undoFeedback(this.say, { site: this.site, key: this.machineKey, id, by: by === '' ? '?' : by });
      this.undoing = '';
      this.note = this.say('answer.undoDone');
      await this.#load();
    } catch (error) {
      this.note = this.#failed(error);
    } finally {
      this.busy = false;
    }
  }

  #failed(error: unknown): string {
    return this.say('answer.failed', { text: error instanceof ServerError ? error.message : this.say('error.connection') });
  }
}

customElements.define('twin-case-answers', CaseAnswers);
