import { html, nothing, type TemplateResult } from 'lit';
import type { SiteReadinessReport } from '../contract/http.ts';
import type { Conclusion, PropertyReadiness, ReadinessGrade, TwinReadiness } from '../contract/messages.ts';
import { plainName, shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import { fetchReadiness } from './server.ts';
import type { Say } from './texts.ts';

/** A report changes slowly. */
const askedEveryMs = 30_000;
const letters: Readonly<Record<ReadinessGrade, string>> = { good: 'A', usable: 'B', poor: 'C', unusable: 'D', unknown: '–' };
const conclusions: readonly Conclusion[] = ['baseline', 'forecast', 'rootCause'];

/** Is the data good enough? For the screen, and for paper. */
export class ReadinessReport extends PageElement {
  static override properties = { say: { attribute: false }, reports: { state: true }, failure: { state: true } };
  declare say: Say;
  declare private reports: SiteReadinessReport[] | undefined;
  declare private failure: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #asking = new AbortController();

  constructor() {
    super();
    this.reports = undefined;
    this.failure = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#asking = new AbortController();
    void this.#ask();
    this.#timer = setInterval(() => void this.#ask(), askedEveryMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking.abort();
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    const { signal } = this.#asking;
    try {
      const reports = await fetchReadiness(this.say, signal);
      if (signal.aborted) return;
      this.reports = reports;
      this.failure = '';
    } catch (error) {
      if (!signal.aborted) this.failure = this.say('ready.failed', { text: error instanceof Error ? error.message : '' });
    }
  }

  protected override render(): TemplateResult {
    const { say, reports, failure } = this;
    return html`<main class="report">
      <div class="report-bar"><a href="#">${say('ready.back')}</a><button type="button" @click=${() => print()}>${say('ready.print')}</button></div>
      <h1>${say('ready.title')}</h1>
      ${failure ? html`<p class="report-failure" role="alert">${failure}</p>` : nothing}
      ${reports === undefined ? (failure ? nothing : html`<p>${say('details.loading')}</p>`) : reports.map((report) => this.#site(report))}
    </main>`;
  }

  #site({ name, nowMs, watched, twins }: SiteReadinessReport): TemplateResult {
    const { say } = this;
    return html`<section>
      <p class="report-at">${say('ready.at', { site: plainName(name, 80), time: shownTime(say, nowMs, NaN) })}</p>
      ${!watched ? html`<p>${say('ready.none')}</p>` : twins.length === 0 ? html`<p>${say('ready.machines')}</p>` : twins.map((twin) => this.#twin(twin))}
    </section>`;
  }

  #grade(grade: ReadinessGrade): TemplateResult {
    return html`<span class="grade grade-${grade}"><b>${letters[grade]}</b> ${this.say(`ready.${grade}`)}</span>`;
  }

  #twin(twin: TwinReadiness): TemplateResult {
    const { say } = this;
    const hours = new Intl.NumberFormat(say.language, { maximumFractionDigits: 1 });
    const modes = twin.modes.filter(({ mode }) => mode !== '').map(({ mode, hours: seen }) => `${plainName(mode)} ${say('ready.hours', { hours: hours.format(seen) })}`);
    const conditions = twin.conditions.map(({ label, percent }) => `${plainName(label)} ${hours.format(percent)} %`);
    return html`<article class="report-twin">
      <header><h2><bdi>${plainName(twin.name)}</bdi></h2>${this.#grade(twin.grade)}</header>
      <p>${twin.reason}</p>
      <dl class="report-answers">${conclusions.map((conclusion) => {
        const { answer, reason } = twin.conclusions[conclusion];
        return html`<div class="answer-${answer}"><dt>${say(`ready.${conclusion}`)}</dt><dd>${reason}</dd></div>`;
      })}
      ${modes.length > 0 ? html`<div><dt>${say('ready.modes')}</dt><dd>${modes.join(', ')}</dd></div>` : nothing}
      ${conditions.length > 0 ? html`<div><dt>${say('ready.conditions')}</dt><dd>${conditions.join(', ')}</dd></div>` : nothing}</dl>
      <table>
        <thead><tr><th>${say('ready.value')}</th><th>${say('ready.grade')}</th><th>${say('ready.why')}</th><th>${say('ready.next')}</th></tr></thead>
        <tbody>${twin.properties.map((property) => this.#property(property))}</tbody>
      </table>
      ${twin.sinceMs === null ? nothing : html`<p class="report-at">${say('ready.since', { time: shownTime(say, twin.sinceMs, NaN) })}</p>`}
    </article>`;
  }

  #property({ label, grade, reason, nextStep, criteria }: PropertyReadiness): TemplateResult {
    const { say } = this;
    return html`<tr>
      <th scope="row"><bdi>${plainName(label)}</bdi></th>
      <td>${this.#grade(grade)}</td>
      <td>${reason}
        <details><summary>${say('ready.all')}</summary><ul>${criteria.map(
          (each) => html`<li><b>${say(`ready.${each.criterion}`)}</b> ${letters[each.grade]} ${say(`ready.${each.grade}`)}: ${each.reason}</li>`,
        )}</ul></details></td>
      <td>${nextStep}</td>
    </tr>`;
  }
}

customElements.define('twin-readiness-report', ReadinessReport);
