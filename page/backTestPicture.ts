import { html, nothing, svg, type PropertyValues, type SVGTemplateResult, type TemplateResult } from 'lit';
import type { BackTest } from '../contract/http.ts';
import { shownDuration, shownNumber, shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import { fetchBackTest } from './server.ts';
import type { Say, TextKey } from './texts.ts';

/** False alarms per week, from calm to early. */
const choices: readonly { perWeek: number; text: TextKey }[] = [
  { perWeek: 0.23, text: 'trial.month' },
  { perWeek: 1, text: 'trial.week' },
  { perWeek: 3, text: 'trial.week3' },
  { perWeek: 7, text: 'trial.day' },
  { perWeek: 21, text: 'trial.day3' },
];
const mostListed = 5;
const dayMs = 86_400_000;
/** A case of a minute must be seen on two weeks. */
const leastPercent = 0.8;

/** What another setting of twin-anomaly would have raised, beside what was raised: a sentence, two lanes, the last times. */
export class BackTestPicture extends PageElement {
  static override properties = {
    site: { attribute: false },
    machineKey: { attribute: false },
    say: { attribute: false },
    found: { state: true },
    problem: { state: true },
    perWeek: { state: true },
    isOpen: { state: true },
  };
  declare site: string;
  declare machineKey: string;
  declare say: Say;
  declare private found: BackTest | undefined;
  declare private problem: string;
  /** undefined: the setting in force. */
  declare private perWeek: number | undefined;
  declare private isOpen: boolean;
  #asking: AbortController | undefined;

  constructor() {
    super();
    this.found = undefined;
    this.problem = '';
    this.perWeek = undefined;
    this.isOpen = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking?.abort();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('site') && !changed.has('machineKey')) return;
    this.found = undefined;
    this.problem = '';
    this.perWeek = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    if (this.isOpen && (changed.has('isOpen') || changed.has('perWeek') || changed.has('machineKey') || changed.has('site'))) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const found = await fetchBackTest(this.say, this.site, this.machineKey, this.perWeek, asking.signal);
      if (asking.signal.aborted) return;
      this.found = found;
      this.problem = '';
    } catch (error) {
      if (!asking.signal.aborted) this.problem = error instanceof Error ? error.message : '';
    }
  }

  protected override render(): TemplateResult {
    const { say, found, problem } = this;
    return html`<details class="trial" @toggle=${this.#toggled}>
      <summary><h3>${say('trial.title')}</h3></summary>
      ${problem ? html`<p class="empty-text" role="alert">${say('details.failed', { text: problem })}</p>` : nothing}
      ${found ? this.#body(found) : problem ? nothing : html`<p class="empty-text">${say('details.loading')}</p>`}
    </details>`;
  }

  #body(found: BackTest): TemplateResult {
    const { say } = this;
    if (found.recordedMs <= 0 || found.sinceMs === undefined) return html`<p class="empty-text">${say('trial.nothing')}</p>`;
    const isAsked = (perWeek: number): boolean => Math.abs(perWeek / found.askedPerWeek - 1) < 0.02;
    const shown = this.perWeek ?? found.askedPerWeek;
    const known = choices.some(({ perWeek }) => isAsked(perWeek));
    const button = (perWeek: number, text: string): TemplateResult => html`<button type="button" class="choice"
      aria-pressed=${Math.abs(perWeek / shown - 1) < 0.02 ? 'true' : 'false'} @click=${() => { this.perWeek = perWeek; }}>${text}</button>`;
    return html`
      <p id="trial-choices">${say('trial.ask')}</p>
      <div class="choices" role="group" aria-labelledby="trial-choices">
        ${known ? nothing : button(found.askedPerWeek, say('trial.asSet'))}
        ${choices.map(({ perWeek, text }) => button(perWeek, isAsked(perWeek) ? say('trial.inForce', { text: say(text) }) : say(text)))}
      </div>
      <p class="trial-answer" role="status">${this.#sentence(found)}</p>
      <figure class="trial-lanes">
        ${this.#lane(say('trial.lane.would'), found.would, found, 'would')}
        ${this.#lane(say('trial.lane.raised'), found.raised, found, 'raised')}
        <div class="trial-scale"><span>${shownTime(say, found.fromMs, NaN).split(',')[0]}</span><span>${say('trial.today')}</span></div>
      </figure>
      ${found.would.length > 0
        ? html`<p class="trial-list-head">${say('trial.list')}</p>
            <ul class="trial-list">${found.would.slice(-mostListed).reverse().map(
              ({ sinceMs, clearedMs }) => html`<li>${say('case.times', {
                from: shownTime(say, sinceMs, found.toMs),
                to: clearedMs === undefined ? say('case.open') : shownTime(say, clearedMs, found.toMs),
              })}</li>`,
            )}</ul>`
        : nothing}
      ${this.#promise(found)}
      <p class="aside-text">${say('trial.how')}</p>`;
  }

  /** What was asked for until now, beside what came. */
  #promise({ promise }: BackTest): TemplateResult | typeof nothing {
    // A server of an earlier version says nothing of it.
    if (!promise || !(promise.weeks >= 1 / 7)) return nothing;
    const { say } = this;
    const { weeks, expected, came, answeredFalse, answeredReal } = promise;
    const span = shownDuration(say, Math.round(weeks * 7) * dayMs);
    const allowed = say('promise.allowed', { span, allowed: shownNumber(say, expected, expected >= 10 || Math.abs(expected - Math.round(expected)) < 0.05 ? 0 : 1) });
    const what = came === 0 ? say('promise.none') : say.plural('promise.came', came, { wrong: String(answeredFalse), right: String(answeredReal) });
    return html`<p>${allowed} ${what}</p>`;
  }

  #sentence({ recordedMs, fromMs, toMs, count, raised }: BackTest): string {
    const { say } = this;
    const cases = { would: say.plural('trial.cases', count), raised: say.plural('trial.cases', raised.length) };
    if (recordedMs >= 0.97 * (toMs - fromMs)) return say('trial.all', cases);
    return say('trial.part', { ...cases, span: shownDuration(say, recordedMs >= dayMs ? dayMs * Math.round(recordedMs / dayMs) : recordedMs) });
  }

  #lane(label: string, spans: BackTest['would'], { fromMs, toMs, sinceMs = toMs }: BackTest, kind: string): TemplateResult {
    const percent = (timeMs: number): number => (100 * (Math.min(Math.max(timeMs, fromMs), toMs) - fromMs)) / (toMs - fromMs);
    const bar = (begin: number, end: number, what: string): SVGTemplateResult => {
      const width = Math.max(end - begin, what === 'unknown' ? 0 : leastPercent);
      return svg`<rect class=${what} x="${Math.min(begin, 100 - width)}%" y=${what === 'unknown' ? 0 : 4} width="${width}%" height=${what === 'unknown' ? 24 : 16}></rect>`;
    };
    const days: SVGTemplateResult[] = [];
    for (let timeMs = fromMs + dayMs; timeMs < toMs; timeMs += dayMs) days.push(svg`<line x1="${percent(timeMs)}%" x2="${percent(timeMs)}%" y1="20" y2="24"></line>`);
    const { say } = this;
    const text = `${label}: ${say.plural('trial.cases', spans.length)}`;
    return html`<p class="trial-lane-name">${label} <span>${shownNumber(say, spans.length, 0)}</span></p>
      <svg class="trial-lane ${kind}" height="24" role="img" aria-label=${text}>
        ${bar(0, percent(sinceMs), 'unknown')}${days}
        ${spans.map((one) => bar(percent(one.sinceMs), percent(one.clearedMs ?? toMs), 'case'))}
      </svg>`;
  }

  #toggled = (event: Event): void => {
    this.isOpen = (event.target as HTMLDetailsElement).open;
  };
}

customElements.define('twin-back-test', BackTestPicture);
