import { html, nothing, svg, type TemplateResult } from 'lit';
import type { CauseAbout, CauseAnswer, CauseCondition } from '../contract/lineAnswers.ts';
import { plainName } from './format.ts';
import { lineSayIn, type LineSay } from './lineTexts.ts';
import { fetchCause } from './lineStudyServer.ts';
import { PageElement } from './pageElement.ts';
import type { Say } from './texts.ts';

const width = 200;
const height = 64;

/** What goes with the bad parts or the stops of a line: a sentence, and for each condition its way and the two distributions side by side. */
export class CauseCard extends PageElement {
  static override properties = {
    say: { attribute: false }, site: { attribute: false }, line: { attribute: false }, about: { attribute: false }, auto: { attribute: false },
    answer: { state: true }, failure: { state: true }, busy: { state: true },
  };
  declare say: Say;
  declare site: string;
  declare line: string;
  declare about: CauseAbout;
  /** Asks by itself, once. */
  declare auto: boolean;
  declare private answer: CauseAnswer | undefined;
  declare private failure: string;
  declare private busy: boolean;
  #asking = new AbortController();
  #hasAsked = false;

  constructor() {
    super();
    this.about = 'scrap';
    this.auto = false;
    this.failure = '';
    this.busy = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking.abort();
  }

  protected override updated(): void {
    if (this.auto && !this.#hasAsked) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#hasAsked = true;
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.busy = true;
    try {
      const answer = await fetchCause(this.say, this.site, this.line, this.about, '', signal);
      if (signal.aborted) return;
      this.answer = answer;
      this.failure = '';
    } catch (error) {
      if (!signal.aborted) this.failure = error instanceof Error ? error.message : '';
    } finally {
      if (!signal.aborted) this.busy = false;
    }
  }

  protected override render(): TemplateResult {
    const { say, answer, failure, busy } = this;
    const text = lineSayIn(say.language);
    return html`<section class="cause" aria-busy=${busy ? 'true' : 'false'}>
      ${failure ? html`<p class="report-failure" role="alert">${failure}</p>` : nothing}
      ${answer === undefined ? nothing : html`<p class="cause-sentence" role="status">${plainName(answer.sentence, 600)}</p>
        ${answer.verdict === 'conditions' ? html`<p class="line-why">${text('cause.goesWith')}</p>` : nothing}
        ${answer.conditions.map((condition) => this.#condition(text, condition, answer))}
        ${answer.notes.length === 0 ? nothing : html`<ul class="cause-notes">${answer.notes.slice(0, 8).map((note) => html`<li>${plainName(note, 300)}</li>`)}</ul>`}`}
      <p><button type="button" class="quiet-button" ?disabled=${busy} @click=${() => void this.#ask()}>
        ${text(busy ? 'cause.busy' : answer === undefined ? `cause.ask.${this.about}` : 'cause.again')}</button></p>
    </section>`;
  }

  #condition(text: LineSay, condition: CauseCondition, { bad, good }: CauseAnswer): TemplateResult {
    const { say } = this;
    const { stationName, label, unit, path, badWith, goodWith, share, distributions } = condition;
    const percent = new Intl.NumberFormat(say.language, { style: 'percent' });
    const whole = new Intl.NumberFormat(say.language);
    const way = path.map(({ name }) => plainName(name, 40));
    const most = Math.max(...distributions.bad.map((count) => count / Math.max(1, bad)), ...distributions.good.map((count) => count / Math.max(1, good)), 1e-9);
    return html`<article class="cause-condition">
      <h3><bdi>${plainName(stationName, 60)}</bdi>: <bdi>${plainName(label, 60)}</bdi> <small>${text('cause.share', { share: percent.format(share) })}</small></h3>
      ${way.length < 2 ? html`<p class="line-why">${text('cause.noPath')}</p>` : html`<p class="cause-path">${way.join(' → ')}</p>`}
      <div class="cause-pictures">
        ${this.#picture(text('cause.bad', { count: whole.format(bad), some: whole.format(badWith) }), distributions.edges, distributions.bad, bad, most, unit, 'is-bad')}
        ${this.#picture(text('cause.good', { count: whole.format(good), some: whole.format(goodWith) }), distributions.edges, distributions.good, good, most, unit, 'is-good')}
      </div></article>`;
  }

  /** Bars of equal width over the same values and the same heights as the picture beside it. */
  #picture(title: string, edges: readonly number[], counts: readonly number[], all: number, most: number, unit: string, kind: string): TemplateResult {
    const { say } = this;
    const number = new Intl.NumberFormat(say.language, { maximumSignificantDigits: 4 });
    const shown = (value: number | undefined): string => (value === undefined ? '' : `${number.format(value)}${unit === '' ? '' : `\u00a0${unit}`}`);
    const step = width / Math.max(1, counts.length);
    const text = lineSayIn(say.language);
    const [from, to] = middleOf(edges, counts);
    return html`<figure class="cause-picture ${kind}"><figcaption>${title}</figcaption>
      <svg viewBox="0 0 ${width} ${height}" role="img" aria-label=${text('cause.mostly', { title, from: shown(from), to: shown(to) })} preserveAspectRatio="none">
        ${counts.map((count, index) => {
          const tall = (height * count) / Math.max(1, all) / most;
          return count === 0 ? nothing : svg`<rect x=${(index * step + 0.5).toFixed(2)} y=${(height - tall).toFixed(2)} width=${Math.max(0.5, step - 1).toFixed(2)} height=${tall.toFixed(2)}/>`;
        })}<line x1="0" x2=${width} y1=${height} y2=${height}/></svg>
      <p class="cause-axis"><span>${shown(edges[0])}</span><span>${shown(edges.at(-1))}</span></p></figure>`;
  }
}

/** Where the middle eight of ten lie. */
function middleOf(edges: readonly number[], counts: readonly number[]): [from: number | undefined, to: number | undefined] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  let from: number | undefined;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (from === undefined && seen >= 0.1 * all) from = edges[index];
    if (seen >= 0.9 * all) return [from, edges[index + 1]];
  }
  return [from, edges.at(-1)];
}

customElements.define('twin-cause-card', CauseCard);
