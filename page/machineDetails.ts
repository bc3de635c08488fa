import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { CaseSummary, Machine, MachineDetail, SiteAccess } from '../contract/http.ts';
import './backTestPicture.ts';
import type { Chart, ChartData } from './chart.ts';
import { steadyDecimals, nameInSentence, plainName, shownDuration, shownNumber, shownQuantity, shownTime, shownUnit } from './format.ts';
import { closeMark, keyMarks, wayMarks } from './marks.ts';
import { keepName, readName } from './ownName.ts';
import { PageElement } from './pageElement.ts';
import { propertyRow } from './propertyRow.ts';
import { fetchDetail, sendAcknowledge, ServerError } from './server.ts';
import { letterSign, machineSign } from './sign.ts';
import { caseExplanation } from './explanation.ts';
import { caseReason, learningText, longReason, needsLook, shownPhase, telling } from './summary.ts';
import { watchPhases } from './watchPhases.ts';
import { hasText, type Say } from './texts.ts';

const spansMinutes = [15, 60, 480, 1440] as const;
const refreshMs = 5_000;

/** Everything about one machine, in a sheet over the page: why, what to do, its values over time, its neighbours, its past. */
export class MachineDetails extends PageElement {
  static override properties = {
    site: { attribute: false },
    machineKey: { attribute: false },
    machine: { attribute: false },
    say: { attribute: false },
    siteLanguage: { attribute: false },
    age: { attribute: false },
    nowMs: { attribute: false },
    lost: { attribute: false },
    access: { attribute: false },
    detail: { state: true },
    problem: { state: true },
    minutes: { state: true },
    picked: { state: true },
    readout: { state: true },
    step: { state: true },
    note: { state: true },
  };
  declare site: string;
  declare machineKey: string;
  /** undefined: it is gone. */
  declare machine: Machine | undefined;
  declare say: Say;
  declare siteLanguage: string;
  declare age: string;
  declare nowMs: number;
  /** Since when there is no connection, in words; '' while there is one. */
  declare lost: string;
  /** What the person here may do; undefined: the site knows no users. */
  declare access: SiteAccess | undefined;
  declare private detail: MachineDetail | undefined;
  declare private problem: string;
  declare private minutes: number;
  declare private picked: string;
  declare private readout: string;
  /** Acknowledging takes two taps: the button, then the name and its confirmation. */
  declare private step: 'button' | 'name' | 'sending';
  declare private note: string;

  #chart: Chart | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #request: AbortController | undefined;

  constructor() {
    super();
    this.detail = undefined;
    this.problem = '';
    this.minutes = 60;
    this.picked = '';
    this.readout = '';
    this.step = 'button';
    this.note = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => {
      if (this.lost === '') void this.#load();
    }, refreshMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#request?.abort();
    this.#chart?.remove();
    this.#chart = undefined;
  }

  protected override firstUpdated(): void {
    this.querySelector('dialog')?.showModal();
    void import('./caseAnswers.ts');
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('site') || changed.has('machineKey')) {
      this.detail = undefined;
      this.problem = '';
      this.picked = '';
      this.readout = '';
      this.step = 'button';
      this.note = '';
      this.#chart?.remove();
      this.#chart = undefined;
    }
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('site') || changed.has('machineKey') || changed.has('minutes')) {
      this.querySelector('.sheet')?.scrollTo({ top: changed.has('minutes') && !changed.has('machineKey') ? undefined : 0 });
      void this.#load();
    }
    if (changed.has('detail') || changed.has('picked')) void this.#draw();
  }

  protected override render(): TemplateResult {
    const { machine, say } = this;
    const path = machine?.path.map((part) => plainName(part, 40)).join(' › ');
    return html`<dialog class="sheet" aria-labelledby="details-name" @close=${this.#closed} @click=${this.#outside}>
      <div class="sheet-inside is-${machine?.condition ?? 'gone'} letter-${machine?.letter ?? 'none'} ${this.lost ? 'is-old' : ''}">
        <header class="sheet-head">
          ${machine ? machineSign(machine) : nothing}
          <div class="names">
            <h2 id="details-name" tabindex="-1" autofocus><bdi>${plainName(machine?.name ?? this.machineKey, 120)}</bdi></h2>
            ${path ? html`<p class="path"><bdi>${path}</bdi></p>` : nothing}
          </div>
          <button type="button" class="icon-button" aria-label=${say('details.close')} @click=${this.#close}>
            ${closeMark}
          </button>
        </header>
        ${this.lost ? html`<p class="sheet-lost" role="alert">${this.lost}</p>` : nothing}
        ${machine ? this.#body(machine) : html`<p class="empty-text">${say('details.gone')}</p>`}
      </div>
    </dialog>`;
  }

  #body(machine: Machine): TemplateResult {
    const { say } = this;
    const abnormal = needsLook(machine) || machine.condition === 'acknowledged';
    const { text, missing } = learningText(say, machine.learning, machine.properties);
    const phase = shownPhase(machine.learning);
    const learns = machine.learning.unseen === true || (phase !== 'armed' && phase !== 'frozen');
    return html`
      <section class="why">
        <p class="condition"><span class="word">${say(`condition.${machine.condition}`)}</span>
          ${abnormal && machine.letter ? html`<span>${say(`letter.${machine.letter}`)}</span>` : nothing}</p>
        ${abnormal ? html`<p class="reason">${longReason(say, machine, this.siteLanguage, this.nowMs)}</p>` : nothing}
        ${learns
          ? html`<div class="learning"><p>${text}</p>
              ${watchPhases(say, machine.learning)}
              <progress max="100" value=${machine.learning.percent} aria-label=${text}></progress>
              ${missing ? html`<p class="missing">${missing}</p>` : nothing}</div>`
          : nothing}
        ${machine.openCase ? this.#openCase(machine.openCase, machine) : nothing}
        <p class="note" role="status">${this.note}</p>
        <twin-case-answers .site=${this.site} .machineKey=${this.machineKey} .open=${machine.openCase} .say=${say}
          .nowMs=${this.nowMs} .access=${this.access} .lost=${this.lost !== ''}></twin-case-answers>
      </section>
      <section>
        <h3>${say('details.values')}<span class="aside">${this.age}</span></h3>
        <dl class="properties wide">${telling(machine, machine.properties.length).map(
          (property) => propertyRow(say, property, true, machine.condition === 'learning'),
        )}</dl>
      </section>
      ${this.#past(machine)}
      ${this.#neighbours()}
      <section>
        <h3>${say('case.history')}</h3>
        ${machine.lastCases.length === 0
          ? html`<p class="empty-text">${say('case.none')}</p>`
          : html`<ul class="cases">${machine.lastCases.map((past) => this.#pastCase(past, machine))}</ul>`}
        <twin-back-test .site=${this.site} .machineKey=${this.machineKey} .say=${say}></twin-back-test>
      </section>
      <section>
        <dl class="facts">
          <div><dt>${say('details.state')}</dt><dd><bdi>${machine.state ? plainName(machine.state, 60) : say('state.none')}</bdi></dd></div>
          <div><dt>${say('details.type')}</dt><dd><bdi>${plainName(machine.type, 60)}</bdi></dd></div>
          <div><dt>${say('details.learning')}</dt><dd>${text}</dd></div>
        </dl>
      </section>`;
  }

  #openCase(open: CaseSummary, machine: Machine): TemplateResult {
    const { say } = this;
    return html`${caseExplanation(say, open, machine)}<p class="since">
        <span>${say('case.since', { time: shownTime(say, open.sinceMs, this.nowMs) })}</span>
        ${open.acknowledgedBy ? html`<span>${say('case.acknowledgedBy', { name: plainName(open.acknowledgedBy) })}</span>` : nothing}
        ${open.historical ? html`<span>${say('case.historical')}</span>` : nothing}
      </p>
      ${this.#similar(open)}
      ${open.state === 'open' && !open.historical ? this.#acknowledge(open) : nothing}`;
  }

  /** What it was the last times, and when somebody last worked on the machine. */
  #similar({ similar = [], servicedMs }: CaseSummary): TemplateResult | typeof nothing {
    const { say } = this;
    if (similar.length === 0 && servicedMs === undefined) return nothing;
    return html`<div class="similar">${similar.length === 0 ? nothing : html`<p>${say('similar.head')}:</p><ul>${similar.map(({ sinceMs, found, what }) => html`<li>
        ${shownTime(say, sinceMs, this.nowMs)}: ${found === 'unanswered' ? say('similar.unanswered') : say(`answer.${found}`)}${what
          ? html` – <bdi>${plainName(what, 200)}</bdi>` : nothing}</li>`)}</ul>`}
      ${servicedMs === undefined ? nothing : html`<p>${say('similar.serviced', { time: shownTime(say, servicedMs, this.nowMs) })}</p>`}</div>`;
  }

  #acknowledge(open: CaseSummary): TemplateResult {
    const { say, access } = this;
    if (access && !access.may.includes('acknowledge')) {
      if (access.user) return html`<p class="may-not">${say('ack.notAllowed')}</p>`;
      return html`<button type="button" class="main-button" ?disabled=${this.lost !== ''} @click=${this.#askLogin}>${say('login.button')}</button>
        <p class="may-not">${say('ack.loginFirst')}</p>`;
    }
    if (this.step === 'button') {
      return html`<button type="button" class="main-button" ?disabled=${this.lost !== ''} @click=${this.#askName}>
        ${say('ack.button')}
      </button>`;
    }
    const sending = this.step === 'sending';
    return html`<form class="acknowledge" @submit=${(event: SubmitEvent) => void this.#send(event, open)}>
      <p>${say('ack.what')}</p>
      ${access?.user
        ? html`<p class="as">${say('ack.as', { name: nameInSentence(access.user.name) })}</p>`
        : html`<label for="ack-name">${say('ack.name')}</label>
            <input id="ack-name" name="by" maxlength="80" autocomplete="name" .value=${readName()} ?disabled=${sending}>`}
      <div class="buttons">
        <button type="submit" class="main-button" ?disabled=${sending}>${say(sending ? 'ack.sending' : 'ack.confirm')}</button>
        <button type="button" class="plain-button" ?disabled=${sending} @click=${this.#cancel}>${say('ack.cancel')}</button>
      </div>
    </form>`;
  }

  #past(machine: Machine): TemplateResult {
    const { say, detail } = this;
    const series = detail?.series ?? [];
    const chosen = this.#chosen(machine);
    const banded = series.some(({ property, high }) => property === chosen && high.some((value) => value !== null));
    return html`<section>
      <h3>${say('details.chart')}</h3>
      <div class="choices" role="group" aria-label=${say('details.span')}>
        ${spansMinutes.map(
          (minutes) => html`<button type="button" class="choice" aria-pressed=${minutes === this.minutes ? 'true' : 'false'}
            @click=${() => { this.minutes = minutes; }}>${shownDuration(say, minutes * 60_000)}</button>`,
        )}
      </div>
      ${series.length > 1
        ? html`<label class="pick"><span>${say('details.pick')}</span>
            <select @change=${this.#pick}>
              ${series.map(
                ({ property }) => html`<option value=${property} ?selected=${property === chosen}>${this.#label(machine, property)}</option>`,
              )}
            </select></label>`
        : nothing}
      ${this.problem
        ? html`<p class="empty-text">${say('details.failed', { text: this.problem })}</p>`
        : !detail
          ? html`<p class="empty-text">${say('details.loading')}</p>`
          : chosen === ''
            ? html`<p class="empty-text">${say('details.noSeries')}</p>`
            : nothing}
      <figure class="figure" ?hidden=${!detail || chosen === ''}>
        <div class="chart" role="img" aria-label=${this.#chartText(machine)}></div>
        <figcaption>
          <span class="key">${keyMarks.line}${say('details.line')}</span>
          ${banded
            ? html`<span class="key">${keyMarks.band}${say('details.band')}</span>
                <span class="key">${keyMarks.outside}${say('chart.outside')}</span>`
            : nothing}
          <span class="readout">${this.readout}</span>
        </figcaption>
      </figure>
    </section>`;
  }

  #neighbours(): TemplateResult {
    const { say } = this;
    const neighbours = this.detail?.neighbours;
    if (!neighbours) return html``;
    return html`<section>
      <h3>${say('details.neighbours')}</h3>
      ${neighbours.length === 0
        ? html`<p class="empty-text">${say('details.noNeighbours')}</p>`
        : html`<ul class="neighbours">${neighbours.map((neighbour) => {
            const own = `relation.${neighbour.relation.trim().toLowerCase().replace(/[\s_]+/g, '-')}`;
            const text = say(hasText(own) ? own : 'relation.other', {
              name: nameInSentence(neighbour.name),
              relation: plainName(neighbour.relation, 40),
            });
            return html`<li><button type="button" class="plain-button" @click=${() => this.#go(neighbour.key)}>
              ${wayMarks[neighbour.direction]}${text}</button></li>`;
          })}</ul>`}
    </section>`;
  }

  #pastCase(past: CaseSummary, machine: Machine): TemplateResult {
    const { say } = this;
    const from = shownTime(say, past.sinceMs, this.nowMs);
    const to = past.clearedMs === undefined ? say('case.open') : shownTime(say, past.clearedMs, this.nowMs);
    return html`<li>
      ${letterSign(past.letter, true)}
      <div><p>${caseReason(say, past, machine, this.siteLanguage)}</p>
      <p class="since"><span>${say('case.times', { from, to })}</span><span>${say(`letter.${past.letter}`)}</span>${past.acknowledgedBy
        ? html`<span>${say('case.acknowledgedBy', { name: plainName(past.acknowledgedBy) })}</span>`
        : nothing}${past.found ? html`<span>${say(`answer.${past.found.answer}`)}${past.found.what ? html` – <bdi>${plainName(past.found.what, 200)}</bdi>` : nothing}</span>`
        : nothing}${past.historical ? html`<span>${say('case.historical')}</span>` : nothing}</p></div>
    </li>`;
  }

  #label(machine: Machine, property: string): string {
    return plainName(machine.properties.find(({ name }) => name === property)?.label ?? property, 60);
  }

  /** The value on the chart: the picked one, else the one that is the reason, else the most telling one. */
  #chosen(machine: Machine): string {
    const series = this.detail?.series ?? [];
    const has = (property: string | undefined): boolean => series.some((one) => one.property === property);
    if (has(this.picked)) return this.picked;
    const reason = machine.openCase?.signals.find((signal) => has(signal.property))?.property;
    return reason ?? telling(machine, machine.properties.length).find(({ name }) => has(name))?.name ?? series[0]?.property ?? '';
  }

  #chartData(machine: Machine): ChartData | undefined {
    const chosen = this.#chosen(machine);
    const series = this.detail?.series.find(({ property }) => property === chosen);
    if (!series) return undefined;
    const property = machine.properties.find(({ name }) => name === chosen);
    // The end of what was recorded may run ahead of the clock of this page by a moment.
    const toMs = Math.max(this.nowMs, series.times.at(-1) ?? 0);
    return {
      ...series,
      decimals: property ? steadyDecimals(property) : 2,
      unit: shownUnit(property?.unit),
      fromMs: toMs - this.minutes * 60_000,
      toMs,
      ...(machine.openCase ? { sinceMs: machine.openCase.sinceMs } : {}),
    };
  }

  #chartText(machine: Machine): string {
    const data = this.#chartData(machine);
    const numbers = data?.values.filter((value) => value !== null) ?? [];
    if (!data || numbers.length === 0) return this.say('details.noSeries');
    const low = numbers.reduce((least, value) => Math.min(least, value), Infinity);
    const high = numbers.reduce((most, value) => Math.max(most, value), -Infinity);
    const { say } = this;
    return say('chart.text', {
      label: this.#label(machine, this.#chosen(machine)),
      span: shownDuration(say, this.minutes * 60_000),
      low: shownNumber(say, low, data.decimals),
      high: shownQuantity(say, high, data.decimals, data.unit),
      value: shownQuantity(say, numbers.at(-1) ?? null, data.decimals, data.unit),
    });
  }

  async #load(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      const detail = await fetchDetail(this.say, this.site, this.machineKey, this.minutes, request.signal);
      if (request.signal.aborted) return;
      this.detail = detail;
      this.problem = '';
    } catch (error) {
      if (request.signal.aborted) return;
      // An older picture is better than none; the loss of the connection is told at the top of the page.
      if (!this.detail) this.problem = error instanceof ServerError ? error.message : this.say('error.connection');
    }
  }

  async #draw(): Promise<void> {
    const data = this.machine ? this.#chartData(this.machine) : undefined;
    if (!data) return;
    const { createChart } = await import('./chart.ts');
    const host = this.querySelector<HTMLElement>('.chart');
    if (!this.isConnected || !host) return;
    this.#chart ??= createChart(host, (text) => { this.readout = text; }, this.say);
    this.#chart.show(data);
  }

  readonly #pick = (event: Event): void => {
    this.picked = (event.target as HTMLSelectElement).value;
  };

  readonly #askName = async (): Promise<void> => {
    this.step = 'name';
    this.note = '';
    await this.updateComplete;
    this.querySelector<HTMLElement>('#ack-name, .acknowledge .main-button')?.focus();
  };

  readonly #askLogin = (): void => {
    this.dispatchEvent(new CustomEvent('ask-login', { bubbles: true }));
  };

  readonly #cancel = async (): Promise<void> => {
    this.step = 'button';
    this.note = '';
    await this.updateComplete;
    this.querySelector<HTMLElement>('.why .main-button')?.focus();
  };

  async #send(event: SubmitEvent, open: CaseSummary): Promise<void> {
    event.preventDefault();
    const user = this.access?.user;
    const by = user?.name ?? (this.querySelector<HTMLInputElement>('#ack-name')?.value ?? '').trim();
    if (by === '') {
      this.note = this.say('ack.needName');
      return;
    }
    if (!user) keepName(by);
    this.step = 'sending';
    try {
      const machine = await sendAcknowledge(this.say, { site: this.site, key: this.machineKey, case: open.id, by });
      this.note = this.say('ack.done', { name: nameInSentence(by) });
      this.step = 'button';
      this.dispatchEvent(new CustomEvent('machine-changed', { bubbles: true, detail: machine }));
    } catch (error) {
      this.note = this.say('ack.failed', { text: error instanceof ServerError ? error.message : this.say('error.connection') });
      this.step = 'name';
    }
  }

  #go(key: string): void {
    this.dispatchEvent(new CustomEvent('go-machine', { bubbles: true, detail: key }));
  }

  readonly #close = (): void => {
    this.querySelector('dialog')?.close();
  };

  readonly #outside = (event: MouseEvent): void => {
    if (event.target === event.currentTarget) this.#close();
  };

  readonly #closed = (): void => {
    this.dispatchEvent(new CustomEvent('close-machine', { bubbles: true }));
  };
}

customElements.define('twin-machine-details', MachineDetails);
