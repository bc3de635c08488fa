import { html, nothing, type TemplateResult } from 'lit';
import type { SiteSummary } from '../contract/http.ts';
import type { LineFrame, LineFrameKind, LineFramesAnswer, LinesAnswer, LineView } from '../contract/line.ts';
import { plainName, shownDuration, shownTime } from './format.ts';
import { fetchLineFrames, fetchLines, sendLineWay } from './lineServer.ts';
import { lineStrip, seconds } from './lineStrip.ts';
import { hasLineText, lineSayIn, type LineSay } from './lineTexts.ts';
import { PageElement } from './pageElement.ts';
import './causeCard.ts';
import './whatIfCard.ts';
import type { Say } from './texts.ts';

const askedEveryMs = 2_000;
const framesEveryMs = 15_000;
const hourMs = 3_600_000;
const frameKinds: readonly LineFrameKind[] = ['stop', 'changeover', 'batch', 'phase'];
const frameHours = [8, 24, 168, 720] as const;
const mostValues = 40;
/** Below it, naming a station would be a guess. */
const unsureBelow = 0.5;

/** Is the line running well, and which station limits it? */
export class LinePage extends PageElement {
  static override properties = {
    say: { attribute: false }, sites: { attribute: false }, answers: { state: true }, failure: { state: true }, editing: { state: true }, wrong: { state: true },
    kind: { state: true }, hours: { state: true }, frames: { state: true },
  };
  declare say: Say;
  declare sites: readonly SiteSummary[];
  declare private answers: readonly { site: SiteSummary; answer: LinesAnswer }[] | undefined;
  declare private failure: string;
  /** `site\nline\nstation` whose way is being entered. */
  declare private editing: string;
  declare private wrong: boolean;
  declare private kind: LineFrameKind | '';
  declare private hours: number;
  declare private frames: ReadonlyMap<string, LineFramesAnswer>;
  #text: LineSay | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #asking = new AbortController();
  #isBusy = false;
  #framesAt = -Infinity;

  constructor() {
    super();
    this.sites = [];
    this.failure = '';
    this.editing = '';
    this.wrong = false;
    this.kind = '';
    this.hours = 24;
    this.frames = new Map();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#asking = new AbortController();
    this.#timer = setInterval(this.#askSeen, askedEveryMs);
    document.addEventListener('visibilitychange', this.#askSeen);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking.abort();
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#askSeen);
  }

  protected override updated(): void {
    if (this.answers === undefined && this.failure === '' && this.sites.length > 0) void this.#ask();
  }

  readonly #askSeen = (): void => {
    if (document.visibilityState === 'visible') void this.#ask();
  };

  async #ask(): Promise<void> {
    if (this.#isBusy || this.sites.length === 0) return;
    this.#isBusy = true;
    const { signal } = this.#asking;
    try {
      const sites = this.sites.filter(({ access }) => access === undefined || access.may.includes('read'));
      const answers = await Promise.all(sites.map(async (site) => ({ site, answer: await fetchLines(this.say, site.id, signal) })));
      if (signal.aborted) return;
      this.answers = answers;
      this.failure = '';
      if (performance.now() - this.#framesAt >= framesEveryMs) await this.#askFrames();
    } catch (error) {
      if (!signal.aborted) this.failure = this.#words('failed', { text: error instanceof Error ? error.message : '' });
    } finally {
      this.#isBusy = false;
    }
  }

  async #askFrames(): Promise<void> {
    this.#framesAt = performance.now();
    const { signal } = this.#asking;
    const frames = new Map<string, LineFramesAnswer>();
    for (const { site, answer } of this.answers ?? []) {
      for (const { key } of answer.lines) {
        const question = { fromMs: answer.nowMs - this.hours * hourMs, toMs: answer.nowMs + 1, ...(this.kind === '' ? {} : { kind: this.kind }) };
        frames.set(`${site.id}\n${key}`, await fetchLineFrames(this.say, site.id, key, question, signal));
      }
    }
    if (!signal.aborted) this.frames = frames;
  }

  async #choose(kind: LineFrameKind | '', hours: number): Promise<void> {
    this.kind = kind;
    this.hours = hours;
    try {
      await this.#askFrames();
    } catch (error) {
      this.failure = this.#words('failed', { text: error instanceof Error ? error.message : '' });
    }
  }

  async #edit(path: string): Promise<void> {
    const before = this.editing;
    this.editing = path;
    this.wrong = false;
    await this.updateComplete;
    if (path !== '') this.querySelector<HTMLInputElement>('.way-form input')?.select();
    else this.querySelector<HTMLElement>(`[data-way="${CSS.escape(before.split('\n')[2] ?? '')}"]`)?.focus();
  }

  async #save(site: string, line: string, station: string, typed: string | null): Promise<void> {
    const value = typed === null ? null : typed.trim() === '' ? NaN : Number(typed.trim().replace(',', '.'));
    if (value !== null && !(value >= 0 && value <= 86_400)) {
      this.wrong = true;
      return;
    }
    try {
      await sendLineWay(this.say, { site, line, station, seconds: value });
      this.failure = '';
    } catch (error) {
      this.failure = this.#words('failed', { text: error instanceof Error ? error.message : '' });
    }
    await this.#edit('');
    await this.#ask();
  }

  get #words(): LineSay {
    if (this.#text?.language !== this.say.language) this.#text = lineSayIn(this.say.language);
    return this.#text;
  }

  protected override render(): TemplateResult {
    const text = this.#words;
    const { say, answers, failure } = this;
    const lines = (answers ?? []).flatMap(({ site, answer }) => answer.lines.map((view) => ({ site, view, nowMs: answer.nowMs })));
    return html`<main class="report line-page">
      <div class="report-bar"><a href="#">${say('ready.back')}</a></div>
      ${failure ? html`<p class="report-failure" role="alert">${failure}</p>` : nothing}
      ${answers === undefined ? html`<h1>${text('title')}</h1>${failure ? nothing : html`<p>${say('details.loading')}</p>`}`
        : lines.length === 0 ? html`<h1>${text('title')}</h1><p role="status">${text('none')}</p>`
        : lines.map(({ site, view, nowMs }) => this.#line(site, view, nowMs))}
    </main>`;
  }

  #line(site: SiteSummary, view: LineView, nowMs: number): TemplateResult {
    const text = this.#words;
    const { say } = this;
    const { name, problem, line, payload } = view;
    const told = problem === undefined ? undefined : `problem.${problem.code}`;
    return html`<section class="line">
      <h1><bdi>${plainName(name, 80)}</bdi></h1>
      ${problem === undefined || told === undefined ? nothing : html`<p class="line-problem" role="status">${hasLineText(told) ? text(told, problem.values) : problem.text}</p>`}
      ${line === undefined || payload === undefined ? (problem === undefined ? html`<p role="status">${text('waiting')}</p>` : nothing) : html`
        <p class="line-limit">${this.#limit(view)}</p>
        <p class="report-at">${text('at', { hours: shownDuration(say, Math.max(60_000, line.timeMs - line.fromMs)), time: shownTime(say, line.timeMs, nowMs) })}</p>
        ${lineStrip({
          say, text, site: site.id, line, editing: this.editing.startsWith(`${site.id}\n${view.key}\n`) ? this.editing.split('\n')[2]! : '', wrong: this.wrong,
          mayEdit: site.access === undefined || site.access.may.includes('note'),
          edit: (station) => void this.#edit(station === '' ? '' : `${site.id}\n${view.key}\n${station}`),
          save: (station, typed) => void this.#save(site.id, view.key, station, typed),
        })}
        ${this.#figures(line, payload)}
        ${this.#stops(line)}
        ${line.stops.length === 0 ? nothing : html`<twin-cause-card .say=${say} .site=${site.id} .line=${view.key} .about=${'stops'}></twin-cause-card>`}
        ${this.#scrap(view, line)}
        ${line.scrap.length === 0 ? nothing : html`<twin-cause-card .say=${say} .site=${site.id} .line=${view.key} .about=${'scrap'} .auto=${true}></twin-cause-card>`}
        <h2>${text('if.title')}</h2>
        <twin-what-if-card .say=${say} .site=${site.id} .line=${view.key} .mayStore=${site.access === undefined || site.access.may.includes('note')}></twin-what-if-card>
        ${this.#frames(`${site.id}\n${view.key}`, line)}`}
    </section>`;
  }

  #limit({ line }: LineView): string {
    const text = this.#words;
    const found = line?.bottleneck;
    if (line === undefined || found === undefined || found === null) return text('limit.none');
    if (found.confidence < unsureBelow) return text('limit.even');
    const percent = new Intl.NumberFormat(this.say.language, { style: 'percent' });
    const name = plainName(line.stations.find(({ key }) => key === found.station)?.name ?? found.station, 60);
    return text(found.confidence >= 0.8 ? 'limit.sure' : 'limit.perhaps', { name, share: percent.format(found.share), confidence: percent.format(found.confidence) });
  }

  #figures(line: NonNullable<LineView['line']>, payload: NonNullable<LineView['payload']>): TemplateResult {
    const text = this.#words;
    const { say } = this;
    const value = (name: string): number | null => (typeof payload[name] === 'number' ? (payload[name] as number) : null);
    const percent = new Intl.NumberFormat(say.language, { style: 'percent', maximumFractionDigits: 1 });
    const whole = new Intl.NumberFormat(say.language, { maximumFractionDigits: 0 });
    const shown: [key: 'oee' | 'availability' | 'performance' | 'quality' | 'throughput' | 'wip' | 'cycleTime', told: (number: number) => string][] = [
      ...(['oee', 'availability', 'performance', 'quality'] as const).map((name): [typeof name, (number: number) => string] => [name, (number) => percent.format(number / 100)]),
      ['throughput', (number) => text('kpi.perHour', { value: whole.format(number) })],
      ['wip', (number) => text('kpi.pieces', { value: whole.format(number) })],
      ['cycleTime', (number) => seconds(say, number)],
    ];
    const last = line.stations.at(-1);
    const code = last === undefined ? '' : last.code !== '' ? `code.${last.code}` : value('quality') === null ? 'code.noBad' : '';
    return html`<h2 class="visually-hidden">${text('kpi.title')}</h2>
      <dl class="line-figures">${shown.map(([name, told]) => {
        const number = value(name);
        return html`<div class=${name === 'oee' ? 'is-first' : ''}><dt>${text(`kpi.${name}`)}</dt><dd>${number === null ? '–' : told(number)}</dd></div>`;
      })}</dl>
      ${value('oee') === null && last !== undefined && hasLineText(code) ? html`<p class="line-why">${text('kpi.why', { station: plainName(last.name, 60), reason: text(code) })}</p>` : nothing}
      ${line.stations.filter(({ late }) => late > 0).map(({ name, late }) => html`<p class="line-why">${text('kpi.late', { station: plainName(name, 60), count: whole.format(late) })}</p>`)}`;
  }

  /** A Pareto: longest first, each bar as a share of the first. */
  #bars(rows: readonly { name: string; told: string; size: number }[]): TemplateResult {
    const most = Math.max(...rows.map(({ size }) => size), 1e-9);
    return html`<ul class="bars">${rows.map(({ name, told, size }) => html`<li><span><bdi>${name}</bdi></span>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="8"/>
        <rect class="is-full" width=${Math.max(0.8, (100 * size) / most).toFixed(2)} height="8"/></svg>
      <span>${told}</span></li>`)}</ul>`;
  }

  #stops(line: NonNullable<LineView['line']>): TemplateResult {
    const text = this.#words;
    const rules = new Intl.PluralRules(this.say.language);
    return html`<h2>${text('stops.title')}</h2>${line.stops.length === 0 ? html`<p>${text('stops.none')}</p>` : this.#bars(line.stops.slice(0, 8).map(({ station, reason, count, minutes }) => ({
      name: text('stops.row', { station: this.#nameOf(line, station), reason: reason === '' ? text('reason.none') : plainName(reason, 60) }),
      told: text(rules.select(count) === 'one' ? 'stops.count.one' : 'stops.count.other', { count, duration: seconds(this.say, 60 * minutes) }),
      size: minutes,
    })))}`;
  }

  #scrap({ labels }: LineView, line: NonNullable<LineView['line']>): TemplateResult {
    const text = this.#words;
    const number = new Intl.NumberFormat(this.say.language);
    const percent = new Intl.NumberFormat(this.say.language, { style: 'percent' });
    const all = line.scrap.reduce((sum, { count }) => sum + count, 0);
    const counts = line.stations.some(({ quality, bad }) => quality !== null || bad > 0);
    return html`<h2>${text('scrap.title')}</h2>${line.scrap.length === 0 ? html`<p>${text(counts ? 'scrap.none' : 'scrap.noCounter')}</p>`
      : this.#bars(line.scrap.slice(0, 8).map(({ station, counter, count }) => ({
        name: text('scrap.row', { station: this.#nameOf(line, station), reason: plainName(labels[`${station}/${counter}`] ?? counter, 60) }),
        told: text('scrap.count', { count: number.format(count), share: percent.format(count / all) }),
        size: count,
      })))}`;
  }

  #frames(path: string, line: NonNullable<LineView['line']>): TemplateResult {
    const text = this.#words;
    const { say } = this;
    const found = this.frames.get(path);
    const hours = (count: number): string => shownDuration(say, count * hourMs);
    return html`<h2>${text('frames.title')}</h2>
      <p class="line-choice"><label>${text('frames.kind')} <select @change=${(event: Event) => void this.#choose((event.target as HTMLSelectElement).value as LineFrameKind | '', this.hours)}>
          <option value="" ?selected=${this.kind === ''}>${text('frames.all')}</option>${frameKinds.map((kind) =>
            html`<option value=${kind} ?selected=${this.kind === kind}>${text(`kind.${kind}`)}</option>`)}</select></label>
        <label>${text('frames.within')} <select @change=${(event: Event) => void this.#choose(this.kind, Number((event.target as HTMLSelectElement).value))}>
          ${frameHours.map((count) => html`<option value=${count} ?selected=${this.hours === count}>${hours(count)}</option>`)}</select></label></p>
      ${found === undefined ? nothing : found.frames.length === 0 ? html`<p>${text('frames.none')}</p>`
        : html`<ul class="frames">${found.frames.slice(0, 50).map((frame) => this.#frame(line, frame, found.nowMs))}</ul>
          ${found.more || found.frames.length > 50 ? html`<p>${text('frames.more')}</p>` : nothing}`}`;
  }

  #frame(line: NonNullable<LineView['line']>, { kind, station, name, startMs, endMs, atStart, atEnd }: LineFrame, nowMs: number): TemplateResult {
    const text = this.#words;
    const { say } = this;
    const number = new Intl.NumberFormat(say.language, { maximumSignificantDigits: 5 });
    const told = (value: number | string | boolean): string =>
      (typeof value === 'number' ? number.format(value) : typeof value === 'boolean' ? say(value ? 'value.yes' : 'value.no') : plainName(value, 60));
    const values = Object.entries(atStart).slice(0, mostValues);
    return html`<li><span class="frame-kind">${text(`kind.${kind}`)}</span>
      <span><b><bdi>${this.#nameOf(line, station)}</bdi></b>${name === '' ? nothing : html` <bdi>${plainName(name, 80)}</bdi>`}</span>
      <span>${shownTime(say, startMs, nowMs)}${endMs === undefined ? html`, <b>${text('frames.open')}</b>`
        : html` – ${shownTime(say, endMs, nowMs)} (${seconds(say, (endMs - startMs) / 1000)})`}</span>
      ${values.length === 0 ? nothing : html`<details><summary>${text('frames.values')}</summary><ul class="trace-values">${values.map(([property, value]) => {
        const end = atEnd !== undefined && Object.hasOwn(atEnd, property) ? atEnd[property] : undefined;
        return html`<li><bdi>${plainName(property, 60)}</bdi> <b>${told(value)}</b>${end === undefined || end === value ? nothing
          : html` <small>${text('frames.atEnd', { value: told(end) })}</small>`}</li>`;
      })}</ul></details>`}</li>`;
  }

  #nameOf(line: NonNullable<LineView['line']>, key: string): string {
    return plainName(line.stations.find((station) => station.key === key)?.name ?? key, 60);
  }
}

customElements.define('twin-line-page', LinePage);
