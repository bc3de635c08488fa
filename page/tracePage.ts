import { html, nothing, type TemplateResult } from 'lit';
import type { AnswerRow, GraphAnswer, GraphElement, GraphElements, GraphPageAnswer, ParameterThen } from '../contract/graph.ts';
import { readyRelations } from '../contract/ownRelations.ts';
import type { SiteSummary } from '../contract/http.ts';
import { plainName, shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import { fetchElements, fetchGraph } from './server.ts';
import type { Say } from './texts.ts';
import { TraceTime, type TraceWhen } from './traceTime.ts';

const changesWithinHours = 24;
const mostShown = 12;

/** The rows of the strip, from top to bottom, with the types of elements in each. */
const layers: readonly (readonly [name: string, types: readonly string[]])[] = [
  ['product', ['part', 'batch', 'product definition']],
  ['material', ['material lot', 'material definition']],
  ['machine', ['work unit', 'work centre', 'area', 'site', 'enterprise']],
  ['tool', ['tool', 'recipe', 'job order', 'segment']],
  ['people', ['operator', 'shift']],
  ['maintenance', ['maintenance order', 'maintenance procedure', 'test result', 'quality specification', 'surroundings']],
];

/** Where a neighbour stands: what came in, what is with it, what went out; by the relation as it is stored, `<` from the other end. */
const sides: Readonly<Record<string, 'upstream' | 'downstream'>> = {
  'made from': 'upstream', '< made from': 'downstream', feeds: 'downstream', '< feeds': 'upstream', powers: 'downstream', '< powers': 'upstream',
  consumes: 'upstream', '< consumes': 'downstream', '< produced by': 'downstream', follows: 'upstream', '< follows': 'downstream',
};

const readyNames: ReadonlySet<string> = new Set(readyRelations.map(([name]) => name));

interface Shown {
  element: GraphElement;
  /** How many of the things beside it are told differently than they are known today. */
  differing: number;
  around: GraphPageAnswer;
  answers: { title: string; answer: GraphAnswer }[];
}

/** Where a part comes from and where it went: a strip of what stands beside it, and the answers to the usual questions, as of any time. */
export class TracePage extends PageElement {
  static override properties = {
    say: { attribute: false }, sites: { attribute: false }, found: { state: true }, shown: { state: true }, failure: { state: true }, when: { state: true }, text: { state: true },
    site: { state: true },
  };
  declare say: Say;
  declare sites: readonly SiteSummary[];
  declare private found: GraphElements | undefined;
  declare private shown: Shown | undefined;
  declare private failure: string;
  declare private when: TraceWhen;
  /** '': the first. */
  declare private site: string;
  declare private text: string;
  #asking = new AbortController();
  #searching = new AbortController();
  #isFirst = true;

  constructor() {
    super();
    this.sites = [];
    this.failure = '';
    this.when = { belief: 'today' };
    this.site = '';
    this.text = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking.abort();
    this.#searching.abort();
  }

  protected override updated(): void {
    if (!this.#isFirst || this.#open().length === 0) return;
    this.#isFirst = false;
    void this.#search('');
  }

  /** Those that the reader may read. */
  #open(): SiteSummary[] {
    return this.sites.filter(({ access }) => access === undefined || access.may.includes('read'));
  }

  get #site(): string {
    const open = this.#open();
    return open.find(({ id }) => id === this.site)?.id ?? open[0]?.id ?? '';
  }

  #choose(site: string): void {
    this.#asking.abort();
    this.site = site;
    this.found = undefined;
    this.shown = undefined;
    this.when = { belief: 'today' };
    void this.#search('');
  }

  async #search(text: string): Promise<void> {
    this.text = text;
    this.#searching.abort();
    this.#searching = new AbortController();
    const { signal } = this.#searching;
    try {
      const found = await fetchElements(this.say, this.#site, text.trim(), signal);
      if (!signal.aborted) this.found = found;
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.failure = this.say('trace.failed', { text: error instanceof Error ? error.message : '' });
  }

  async #ask(element: GraphElement): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { say } = this;
    const { atMs } = this.when;
    const recordedMs = TraceTime.recordedMs(this.when);
    const at: Record<string, string> = atMs === undefined ? {} : { at: String(Math.round(atMs)) };
    const known: Record<string, string> = recordedMs === undefined ? {} : { known: String(Math.round(recordedMs)) };
    const ask = (question: Record<string, string>): Promise<GraphPageAnswer> => fetchGraph(say, this.#site, { element: element.key, ...at, ...known, ...question }, signal);
    const asKnownToday = recordedMs === undefined ? undefined : fetchGraph(say, this.#site, { element: element.key, ...at, ask: 'around' }, signal);
    // Awaited below, unless something else fails before.
    asKnownToday?.catch(() => undefined);
    const isProduct = ['part', 'batch'].includes(element.type);
    const isMachine = ['work unit', 'work centre'].includes(element.type);
    const questions: [title: string, question: Record<string, string>][] = isProduct
      ? [['origin', { ask: 'origin' }], ['lot', { ask: 'siblings', by: 'lot' }], ['changes', { ask: 'changes', hours: String(changesWithinHours) }], ['impact',
        { ask: 'impact' }], ['where', { ask: 'where' }]]
      : isMachine
        ? [['streams', { ask: 'streams' }], ['changes', { ask: 'changes', hours: String(changesWithinHours) }], ['where', { ask: 'where' }]]
        : [['impact', { ask: 'impact' }], ['where', { ask: 'where' }]];
    try {
      const [around, ...answers] = await Promise.all([ask({ ask: 'around' }), ...questions.map(([, question]) => ask(question))]);
      const today = await asKnownToday;
      if (signal.aborted) return;
      const isAnother = this.shown?.element.key !== element.key;
      const differing = today === undefined ? 0 : differences((around as GraphPageAnswer).answer.rows, today.answer.rows);
      this.shown = { element, differing, around: around as GraphPageAnswer, answers: answers.map(({ answer }, index) => ({ title: questions[index]?.[0] ?? '', answer })) };
      this.failure = '';
      await this.updateComplete;
      // Whoever moves the slider stays on it.
      if (isAnother) this.querySelector<HTMLElement>('.trace-this')?.focus();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  protected override render(): TemplateResult {
    const { say, found, failure, shown } = this;
    return html`<main class="report trace">
      <div class="report-bar"><a href="#">${say('ready.back')}</a></div>
      <h1>${say('trace.title')}</h1>
      ${this.#open().length > 1 ? html`<label class="pick"><span>${say('alarms.site')}</span><select class="trace-site"
        @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>${this.#open().map(({ id, name }) =>
          html`<option value=${id} ?selected=${id === this.#site}>${name}</option>`)}</select></label>` : nothing}
      <label class="trace-search">${say('trace.search')}
        <input type="search" .value=${this.text} maxlength="200" @input=${(event: Event) => void this.#search((event.target as HTMLInputElement).value)}></label>
      ${failure ? html`<p class="report-failure" role="alert">${failure}</p>` : nothing}
      ${found === undefined ? nothing : found.elements.length === 0
        ? html`<p role="status">${say(this.text.trim() === '' ? 'trace.nothing' : 'trace.notFound')}</p>`
        : html`<ul class="trace-found">${found.elements.slice(0, shown === undefined ? 50 : 10).map((element) => html`<li>${this.#button(element, element.reason === undefined ? undefined
          : `${say('trace.scrapped')}: ${plainName(element.reason, 80)}`)}</li>`)}</ul>`}
      ${shown === undefined ? nothing : this.#element(shown)}
    </main>`;
  }

  #button(element: GraphElement, more?: string): TemplateResult {
    return html`<button type="button" class="trace-element" aria-pressed=${this.shown?.element.key === element.key ? 'true' : 'false'} @click=${() => void this.#ask(element)}>
      <bdi>${plainName(element.name, 60)}</bdi><small>${more ?? this.#type(element.type)}</small></button>`;
  }

  /** A relation that the site added is named, for its column says nothing; an arrow where it comes from the other end. */
  #relation({ element, relation = '' }: AnswerRow): string | undefined {
    const name = relation.replace(/^< /, '');
    return name === '' || readyNames.has(name) ? undefined : `${this.#type(element.type)}, ${relation === name ? '→' : '←'} ${plainName(name, 60)}`;
  }

  #type(type: string): string {
    return this.say(`trace.type.${type.replaceAll(' ', '')}` as Parameters<Say>[0]);
  }

  #element({ element, around, answers, differing }: Shown): TemplateResult {
    const { say } = this;
    return html`<section class="trace-shown" aria-live="polite">
      <h2 class="trace-this" tabindex="-1"><bdi>${plainName(element.name, 80)}</bdi> <small>${this.#type(element.type)}</small></h2>
      <twin-trace-time .say=${say} .nowMs=${around.nowMs} .when=${this.when} @when=${(event: CustomEvent<TraceWhen>) => { this.when = event.detail; void this.#ask(element); }}></twin-trace-time>
      ${this.when.belief === 'today' ? nothing
        : html`<p class="trace-belief-note" role="status">${say(differing === 0 ? 'trace.sameToday' : 'trace.differsToday', { count: differing })}</p>`}
      ${this.#strip(element, around.answer)}
      ${around.values === undefined || around.values.length === 0 ? nothing : html`<h3>${say('trace.values')}</h3>
        <ul class="trace-values">${around.values.slice(0, 40).map(({ property, value, quality }) =>
          html`<li><bdi>${plainName(property, 60)}</bdi> <b>${this.#value(value)}</b>${quality === 'good' ? nothing
          : html` <small>${say(`trace.${quality}`)}</small>`}</li>`)}</ul>`}
      ${answers.map(({ title, answer }) => this.#answer(title, answer))}
    </section>`;
  }

  /** Three columns and a row for each kind, always in the same places: what moves is only what changed. */
  #strip(element: GraphElement, { rows }: GraphAnswer): TemplateResult {
    const { say } = this;
    const columns = ['upstream', 'this', 'downstream'] as const;
    const cells = (layer: readonly string[], column: (typeof columns)[number]): AnswerRow[] => {
      const seen = new Set<string>();
      return rows.filter((row) => layer.includes(row.element.type) && (sides[row.relation ?? ''] ?? 'this') === column && !seen.has(row.element.key) && seen.add(row.element.key) !== undefined)
        .sort((a, b) => (b.fromMs ?? 0) - (a.fromMs ?? 0) || (a.element.key < b.element.key ? -1 : 1));
    };
    return html`<div class="trace-strip" role="group" aria-label=${say('trace.strip')}>
      <div class="trace-head" aria-hidden="true"><span></span>${columns.map((column) => html`<span>${say(`trace.${column}`)}</span>`)}</div>
      ${layers.map(([name, types]) => {
        const row = columns.map((column) => cells(types, column));
        const isOwn = types.includes(element.type);
        if (!isOwn && row.every((cell) => cell.length === 0)) return nothing;
        return html`<div class="trace-row"><span class="trace-layer">${say(`trace.layer.${name}` as Parameters<Say>[0])}</span>${row.map((cell, index) => html`<div
          class="trace-cell ${cell.length === 0 && !(isOwn && index === 1) ? 'is-empty' : ''}"
          aria-label=${say(`trace.${columns[index] as 'this'}`)}>${isOwn && index === 1 ? html`<strong><bdi>${plainName(element.name, 60)}</bdi></strong>` : nothing}
          ${cell.slice(0, 4).map((one) => this.#button(one.element, this.#relation(one)))}
          ${cell.length > 4 ? html`<small>${say('trace.more', { count: cell.length - 4 })}</small>` : nothing}</div>`)}</div>`;
      })}
    </div>`;
  }

  #answer(title: string, { rows, cut }: GraphAnswer): TemplateResult {
    const { say } = this;
    return html`<article class="trace-answer"><h3>${say(`trace.ask.${title}` as Parameters<Say>[0], { hours: changesWithinHours })}</h3>
      ${rows.length === 0 ? html`<p>${say('trace.none')}</p>` : html`<ul>${rows.slice(0, mostShown).map((row) => this.#row(row))}</ul>`}
      ${rows.length > mostShown ? html`<p>${say('trace.more', { count: rows.length - mostShown })}</p>` : nothing}
      ${cut === undefined ? nothing : html`<p>${say('trace.cut')}</p>`}</article>`;
  }

  #row(row: AnswerRow): TemplateResult {
    const { say } = this;
    const times = [row.fromMs, row.toMs].filter((timeMs) => timeMs !== undefined).map((timeMs) => shownTime(say, timeMs, NaN)).join(' – ');
    return html`<li><span class="trace-role">${say(row.role === 'place' && row.toMs !== undefined ? 'trace.lastAt' : `trace.role.${row.role}`)}</span> ${this.#button(row.element, times)}
      ${row.parameters === undefined ? nothing : row.parameters.length === 0 ? html`<small>${say('trace.noValues')}</small>`
        : html`<ul class="trace-values">${row.parameters.slice(0, 20).map((parameter) => this.#parameter(parameter))}</ul>`}</li>`;
  }

  #parameter({ property, mean, minimum, maximum, value, quality }: ParameterThen): TemplateResult {
    const { say } = this;
    const number = (one: number): string => new Intl.NumberFormat(say.language, { maximumSignificantDigits: 4 }).format(one);
    const told = quality === 'no data' ? say('trace.noData') : mean === undefined || minimum === undefined || maximum === undefined ? this.#value(value)
      : minimum === maximum ? number(mean) : `${number(mean)} (${number(minimum)} … ${number(maximum)})`;
    return html`<li><bdi>${plainName(property, 60)}</bdi> <b>${told}</b>${quality === 'uncertain' || quality === 'bad' ? html` <small>${say(`trace.${quality}`)}</small>` : nothing}</li>`;
  }

  #value(value: number | string | boolean | null): string {
    if (value === null) return this.say('trace.noData');
    return typeof value === 'number' ? new Intl.NumberFormat(this.say.language,
      { maximumSignificantDigits: 4 }).format(value) : plainName(String(value), 60);
  }
}

/** Rows that are in only one of the two, or with other times. */
function differences(one: readonly AnswerRow[], other: readonly AnswerRow[]): number {
  const names = (rows: readonly AnswerRow[]): Map<string, string> =>
    new Map(rows.map(({ element: { key }, relation, fromMs, toMs }) => [JSON.stringify([key, relation, fromMs]), String(toMs)]));
  const [first, second] = [names(one), names(other)];
  return [...new Set([...first.keys(), ...second.keys()])].filter((name) => first.get(name) !== second.get(name)).length;
}

customElements.define('twin-trace', TracePage);
