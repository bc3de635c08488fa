import { html, nothing, type TemplateResult } from 'lit';
import type { Scenario, ScenarioAnswer, ScenarioChange, ScenarioChoice, ScenarioFigure, ScenarioNumber, ScenarioTrust, StoredScenario } from '../contract/lineAnswers.ts';
import { plainName } from './format.ts';
import { seconds } from './lineStrip.ts';
import { lineSayIn, type LineSay } from './lineTexts.ts';
import { fetchScenarios, forgetScenario, sendScenario, storeScenario, type LineScenarios } from './lineStudyServer.ts';
import { PageElement } from './pageElement.ts';
import type { Say } from './texts.ts';

const mostRows = 6;
/** A letter and a shape for how far an answer can be trusted, beside its words. */
const trustMarks: Readonly<Record<ScenarioTrust, string>> = { 'inside experience': '●', 'at the edge': '◐', 'never seen': '○' };

/** Something that can be changed: a choice at a place. */
interface Option {
  id: string;
  label: string;
  choice: ScenarioChoice;
  change: Omit<ScenarioChange, 'amount'>;
  unit: string;
  now?: number;
  /** The amount is what it would be rather than how much more. */
  isWhole: boolean;
}

interface Row {
  option: string;
  amount: number;
}

/** A share begins where it is today; what is changed by so much, with one step. */
function firstAmount({ choice, now, isWhole }: Option): number {
  return isWhole ? (now ?? 0) : choice.step;
}

/** What if something were changed: steppers, and what would become of the line beside what it is today. Changes no machine. */
export class WhatIfCard extends PageElement {
  static override properties = {
    say: { attribute: false }, site: { attribute: false }, line: { attribute: false }, mayStore: { attribute: false },
    scenarios: { state: true }, rows: { state: true }, answer: { state: true }, failure: { state: true }, busy: { state: true }, operators: { state: true }, name: { state: true },
  };
  declare say: Say;
  declare site: string;
  declare line: string;
  declare mayStore: boolean;
  declare private scenarios: LineScenarios | undefined;
  declare private rows: readonly Row[];
  declare private answer: ScenarioAnswer | undefined;
  declare private failure: string;
  declare private busy: boolean;
  declare private operators: number;
  declare private name: string;
  #asking = new AbortController();

  constructor() {
    super();
    this.rows = [];
    this.failure = '';
    this.busy = false;
    this.mayStore = false;
    this.operators = 1;
    this.name = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#asking = new AbortController();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking.abort();
  }

  async #open(): Promise<void> {
    const { signal } = this.#asking;
    try {
      const scenarios = await fetchScenarios(this.say, this.site, this.line, signal);
      if (signal.aborted) return;
      this.scenarios = scenarios;
      this.failure = '';
      const [first] = this.#options();
      if (this.rows.length === 0 && first !== undefined) this.rows = [{ option: first.id, amount: firstAmount(first) }];
    } catch (error) {
      if (!signal.aborted) this.failure = error instanceof Error ? error.message : '';
    }
  }

  #options(): Option[] {
    const text = lineSayIn(this.say.language);
    return (this.scenarios?.choices ?? []).flatMap((choice): Option[] => {
      const { kind, label, unit, of, wholeLine } = choice;
      const isWhole = kind === 'mix';
      const whole: Option[] = wholeLine ? [{ id: kind, label: of.length === 0 ? label : text('if.whole', { label }), choice, change: { kind }, unit, isWhole }] : [];
      return [...whole, ...of.map((one): Option => ({
        id: JSON.stringify([kind, one.station, one.property ?? '']),
        label: one.property === undefined || isWhole ? `${label}: ${plainName(isWhole ? (one.label ?? '') : one.name, 40)}` : `${plainName(one.name, 40)}: ${plainName(one.label ?? one.property, 40)}`,
        choice, isWhole, change: { kind, ...(one.station === '' ? {} : { station: one.station }), ...(one.property === undefined ? {} : { property: one.property }) }, unit: one.unit ?? unit,
        ...(one.now === undefined ? {} : { now: one.now }),
      }))];
    });
  }

  #scenario(forced: boolean): Scenario {
    const options = this.#options();
    const changes = this.rows.flatMap(({ option, amount }): ScenarioChange[] => {
      const found = options.find(({ id }) => id === option);
      return found === undefined ? [] : [{ ...found.change, amount }];
    });
    return {
      changes, ...(forced ? { forced } : {}), ...(this.name.trim() === '' ? {} : { name: this.name.trim() }),
      ...(changes.some(({ kind }) => kind === 'operators') ? { operators: this.operators } : {}),
    };
  }

  async #work(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await work();
      this.failure = '';
    } catch (error) {
      this.failure = error instanceof Error ? error.message : '';
    } finally {
      this.busy = false;
    }
  }

  readonly #ask = (forced: boolean): Promise<void> => this.#work(async () => {
    this.answer = await sendScenario(this.say, this.site, this.line, this.#scenario(forced));
  });

  readonly #store = (): Promise<void> => this.#work(async () => {
    const stored = await storeScenario(this.say, this.site, this.line, this.#scenario(this.answer?.verdict === 'answer' && this.answer.trust === 'never seen'));
    this.answer = stored.answer;
    this.name = '';
    this.scenarios = await fetchScenarios(this.say, this.site, this.line, this.#asking.signal);
  });

  readonly #forget = (name: string): Promise<void> => this.#work(async () => {
    await forgetScenario(this.say, this.site, this.line, name);
    this.scenarios = await fetchScenarios(this.say, this.site, this.line, this.#asking.signal);
  });

  #change(index: number, row: Partial<Row>): void {
    this.rows = this.rows.map((one, at) => (at === index ? { ...one, ...row } : one));
    this.answer = undefined;
  }

  protected override render(): TemplateResult {
    const { say, scenarios, failure, busy, answer } = this;
    const text = lineSayIn(say.language);
    const options = this.#options();
    const failed = failure ? html`<p class="report-failure" role="alert">${failure}</p>` : nothing;
    if (scenarios === undefined) return html`<section class="what-if">${failed}
      <p><button type="button" class="quiet-button" @click=${() => void this.#open()}>${text('if.open')}</button></p></section>`;
    if (options.length === 0) return html`<section class="what-if">${failed}<p>${text('if.nothing')}</p></section>`;
    return html`<section class="what-if" aria-busy=${busy ? 'true' : 'false'}>${failed}
      <form @submit=${(event: SubmitEvent) => { event.preventDefault(); void this.#ask(false); }}>
        ${this.rows.map((row, index) => this.#row(text, options, row, index))}
        <p class="if-buttons">
          ${this.rows.length >= mostRows ? nothing : html`<button type="button" class="quiet-button" @click=${() => {
            this.rows = [...this.rows, { option: options[0]!.id, amount: firstAmount(options[0]!) }];
            this.answer = undefined;
          }}>${text('if.more')}</button>`}
          <button type="submit" class="if-ask" ?disabled=${busy}>${text(busy ? 'if.busy' : 'if.ask')}</button></p>
      </form>
      <p class="line-why">${text('if.never')}</p>
      ${answer === undefined ? nothing : this.#answer(text, answer)}
      ${scenarios.stored.length === 0 ? nothing : this.#stored(text, scenarios.stored)}
    </section>`;
  }

  #row(text: LineSay, options: readonly Option[], { option, amount }: Row, index: number): TemplateResult {
    const found = options.find(({ id }) => id === option) ?? options[0]!;
    const { choice, unit, now, isWhole } = found;
    const { step, minimum, maximum } = choice;
    const fits = (value: number): number => Math.min(maximum, Math.max(minimum, Math.round(value / step) * step));
    const shown = isWhole ? this.#plain(amount, unit) : this.#amount(amount, unit);
    const after = isWhole ? amount : (now ?? 0) + amount;
    return html`<div class="if-row" role="group" aria-label=${text('if.change', { number: index + 1 })}>
      <select aria-label=${text('if.what')} @change=${(event: Event) => {
        const next = options.find(({ id }) => id === (event.target as HTMLSelectElement).value) ?? found;
        this.#change(index, { option: next.id, amount: firstAmount(next) });
      }}>${options.map(({ id, label }) => html`<option value=${id} ?selected=${id === found.id}>${label}</option>`)}</select>
      <span class="stepper">
        <button type="button" aria-label=${text('if.less', { step: this.#amount(-step, unit) })} ?disabled=${amount <= minimum}
          @click=${() => this.#change(index, { amount: fits(amount - step) })}>−</button>
        <output aria-live="polite">${shown}</output>
        <button type="button" aria-label=${text('if.plus', { step: this.#amount(step, unit) })} ?disabled=${amount >= maximum}
          @click=${() => this.#change(index, { amount: fits(amount + step) })}>+</button>
      </span>
      ${now === undefined ? nothing : html`<small>${text('if.now', { now: this.#plain(now, unit), after: this.#plain(after, unit) })}</small>`}
      ${choice.kind !== 'operators' ? nothing : html`<label>${text('if.operators')} <input type="number" min="1" max="100" .value=${String(this.operators)}
        @change=${(event: Event) => { this.operators = Math.min(100, Math.max(1, Math.round(Number((event.target as HTMLInputElement).value)) || 1)); }}></label>`}
      ${this.rows.length < 2 ? nothing : html`<button type="button" class="quiet-button" @click=${() => {
        this.rows = this.rows.filter((_, at) => at !== index);
        this.answer = undefined;
      }}>${text('if.remove')}</button>`}
    </div>`;
  }

  #plain(value: number, unit: string): string {
    const number = new Intl.NumberFormat(this.say.language, { maximumSignificantDigits: 4 }).format(value);
    return unit === '' ? number : `${number}\u00a0${unit}`;
  }

  #amount(value: number, unit: string): string {
    const number = new Intl.NumberFormat(this.say.language, { maximumFractionDigits: 2, signDisplay: 'exceptZero' }).format(value);
    return unit === '' ? number : `${number}\u00a0${unit}`;
  }

  #trust(trust: ScenarioTrust, words: string): TemplateResult {
    return html`<span class="if-trust"><span aria-hidden="true">${trustMarks[trust]}</span> ${words}</span>`;
  }

  #answer(text: LineSay, answer: ScenarioAnswer): TemplateResult {
    const { verdict, sentence, trust, trustText, figures, quality, notes, limitToday, limitThen, fit } = answer;
    return html`<div class="if-answer" role="status">
      <p class="cause-sentence">${plainName(sentence, 600)}</p>
      <p>${this.#trust(trust, trustText)}</p>
      ${verdict === 'withheld' ? html`<p><button type="button" class="quiet-button" ?disabled=${this.busy} @click=${() => void this.#ask(true)}>${text('if.force')}</button></p>` : nothing}
      ${figures.length === 0 ? nothing : html`<table class="if-figures"><thead><tr><th scope="col">${text('if.figure')}</th><th scope="col">${text('if.today')}</th>
        <th scope="col">${text('if.then')}</th><th scope="col">${text('if.difference')}</th><th scope="col">${text('if.trust')}</th></tr></thead>
        <tbody>${figures.map((figure) => this.#figure(text, figure))}</tbody></table>
        ${limitToday.name === '' ? nothing : html`<p>${limitToday.key === limitThen.key ? text('if.limit.same', { name: plainName(limitToday.name, 60) })
          : text('if.limit.moves', { today: plainName(limitToday.name, 60), after: plainName(limitThen.name, 60) })}</p>`}`}
      ${quality.map(({ sentence: told }) => html`<p>${plainName(told, 400)}</p>`)}
      ${notes.length === 0 ? nothing : html`<ul class="cause-notes">${notes.slice(0, 10).map((note) => html`<li>${plainName(note, 300)}</li>`)}</ul>`}
      ${fit.stations.length === 0 ? nothing : this.#fit(text, answer)}
      ${!this.mayStore || verdict === 'withheld' ? nothing : html`<form class="if-store" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        if (this.name.trim() !== '') void this.#store();
      }}>
        <label>${text('if.name')} <input maxlength="80" required .value=${this.name} @input=${(event: Event) => { this.name = (event.target as HTMLInputElement).value; }}></label>
        <button type="submit" class="quiet-button" ?disabled=${this.busy}>${text('if.store')}</button></form>`}
    </div>`;
  }

  #figure(text: LineSay, { name, label, unit, today, after, change, trust, trustText }: ScenarioFigure): TemplateResult {
    const of = ({ value }: ScenarioNumber): string => (name === 'leadTime' ? seconds(this.say, value) : this.#plain(value, unit));
    const range = ({ low, high }: ScenarioNumber): string => text('if.range', {
      low: name === 'leadTime' ? seconds(this.say, low) : this.#plain(low, ''), high: name === 'leadTime' ? seconds(this.say, high) : this.#plain(high, ''),
    });
    const signed = new Intl.NumberFormat(this.say.language, { maximumSignificantDigits: 3, signDisplay: 'exceptZero' });
    const unitShown = name === 'leadTime' ? 's' : unit === '%' ? text('if.points') : unit;
    return html`<tr><th scope="row">${label}</th>
      <td data-label=${text('if.today')}><b>${of(today)}</b> <small>${range(today)}</small></td>
      <td data-label=${text('if.then')}><b>${of(after)}</b> <small>${range(after)}</small></td>
      <td data-label=${text('if.difference')}><b>${signed.format(change.value)}\u00a0${unitShown}</b>
        <small>${text('if.range', { low: signed.format(change.low), high: signed.format(change.high) })}</small></td>
      <td data-label=${text('if.trust')}>${this.#trust(trust, trustText)}</td></tr>`;
  }

  #fit(text: LineSay, { fit, runs, hours }: ScenarioAnswer): TemplateResult {
    const number = new Intl.NumberFormat(this.say.language, { maximumSignificantDigits: 3 });
    const whole = new Intl.NumberFormat(this.say.language);
    return html`<details><summary>${text('if.fit', { hours: number.format(fit.hours), parts: whole.format(fit.parts) })}</summary>
      <ul class="cause-notes"><li>${text('if.runs', { runs, hours: number.format(hours) })}</li>
      ${fit.stations.map(({ name, cycleS, cycles, misfit, stops, repairMin }) => html`<li><b><bdi>${plainName(name, 40)}</bdi></b>
        ${text('if.fit.cycle', {
          seconds: number.format(cycleS.value), count: whole.format(cycles), misfit: text(misfit < 0.05 ? 'if.fit.good' : misfit < 0.15 ? 'if.fit.fair' : 'if.fit.poor'),
        })}
        ${stops === 0 || repairMin === null ? text('if.fit.noStops') : text('if.fit.stops', { count: stops, minutes: number.format(repairMin) })}</li>`)}</ul></details>`;
  }

  #stored(text: LineSay, stored: readonly StoredScenario[]): TemplateResult {
    const signed = new Intl.NumberFormat(this.say.language, { maximumSignificantDigits: 3, signDisplay: 'exceptZero' });
    return html`<h3>${text('if.stored')}</h3><ul class="if-stored">${stored.slice(0, 20).map(({ name, answer }) => {
      const throughput = answer.figures.find((figure) => figure.name === 'throughput');
      return html`<li><b><bdi>${plainName(name, 80)}</bdi></b> <span>${answer.changes.map((change) => plainName(change.text, 100)).join('; ')}</span>
        <span>${throughput === undefined ? plainName(answer.sentence, 200) : `${signed.format(throughput.change.value)}\u00a0${throughput.unit}`}
          ${this.#trust(answer.trust, answer.trustText)}</span>
        ${!this.mayStore ? nothing : html`<button type="button" class="quiet-button" aria-label=${text('if.forget', { name: plainName(name, 80) })}
          @click=${() => void this.#forget(name)}>${text('if.remove')}</button>`}</li>`;
    })}</ul>`;
  }
}

customElements.define('twin-what-if-card', WhatIfCard);
