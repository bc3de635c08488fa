import { html, nothing, type TemplateResult } from 'lit';
import { shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import type { Say } from './texts.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What the slider can span, each in some 150 to 190 steps, so that a step is still a move of the thumb. */
const spans = [
  { name: 'day', stepMs: 10 * minuteMs, steps: 144 }, { name: 'week', stepMs: hourMs, steps: 168 }, { name: 'month', stepMs: 4 * hourMs, steps: 186 },
  { name: 'year', stepMs: 2 * dayMs, steps: 183 }, { name: 'decade', stepMs: 20 * dayMs, steps: 183 },
] as const;

export type Belief = 'today' | 'then' | 'on';

/** `atMs`: what was true then; absent: now. `belief`: as it is known today, as it was believed at that time, or as it was believed at `beliefMs`. */
export interface TraceWhen {
  atMs?: number;
  belief: Belief;
  beliefMs?: number;
}

/** When things are shown as of, and as whose knowledge: a slider over a span that is chosen, the exact time, and what we believed. Fires `when` with a TraceWhen. */
export class TraceTime extends PageElement {
  static override properties = { say: { attribute: false }, nowMs: { attribute: false }, when: { attribute: false }, span: { state: true } };
  declare say: Say;
  declare nowMs: number;
  declare when: TraceWhen;
  declare private span: number;

  constructor() {
    super();
    this.nowMs = NaN;
    this.when = { belief: 'today' };
    this.span = 1;
  }

  /** The time up to which facts count as recorded; undefined: all. */
  static recordedMs({ atMs, belief, beliefMs }: TraceWhen): number | undefined {
    return belief === 'today' ? undefined : belief === 'then' ? atMs : beliefMs;
  }

  #choose(next: TraceWhen): void {
    this.dispatchEvent(new CustomEvent<TraceWhen>('when', { detail: next }));
  }

  #at(atMs: number | undefined): void {
    const { belief, beliefMs } = this.when;
    const isPast = atMs !== undefined && atMs < this.nowMs;
    // What we believed just now is what we know.
    this.#choose({ ...(isPast && { atMs }), belief: isPast || belief !== 'then' ? belief : 'today', ...(beliefMs !== undefined && { beliefMs }) });
  }

  protected override render(): TemplateResult {
    const { say, nowMs, when } = this;
    const { stepMs, steps } = spans[this.span] ?? spans[1];
    const back = when.atMs === undefined ? 0 : Math.min(steps, Math.round((nowMs - when.atMs) / stepMs));
    const told = when.atMs === undefined ? say('trace.now') : shownTime(say, when.atMs, nowMs);
    return html`<fieldset class="trace-time"><legend>${say('trace.asOf', { time: told })}</legend>
      <input type="range" min="0" max=${steps} step="1" .value=${String(steps - back)} aria-label=${say('trace.slide')} aria-valuetext=${told}
        @change=${(event: Event) => {
          const steppedBack = steps - Number((event.target as HTMLInputElement).value);
          this.#at(steppedBack === 0 ? undefined : nowMs - steppedBack * stepMs);
        }}>
      <div class="trace-choices">
        <label class="pick"><span>${say('trace.span')}</span><select class="trace-span"
          @change=${(event: Event) => { this.span = (event.target as HTMLSelectElement).selectedIndex; }}>${spans.map(({ name }, index) =>
            html`<option ?selected=${index === this.span}>${say(`trace.span.${name}`)}</option>`)}</select></label>
        <label class="pick"><span>${say('trace.exactly')}</span><input type="datetime-local" class="trace-exactly" max=${localText(nowMs)}
          .value=${when.atMs === undefined ? '' : localText(when.atMs)}
          @change=${(event: Event) => this.#at(fromLocal((event.target as HTMLInputElement).value))}></label>
        <label class="pick"><span>${say('trace.belief')}</span><select class="trace-belief" @change=${(event: Event) => this.#believe((event.target as HTMLSelectElement).value as Belief)}>
          ${(['today', 'then', 'on'] as const).map((belief) => html`<option value=${belief} ?selected=${when.belief === belief}
            ?disabled=${belief === 'then' && when.atMs === undefined}>${say(`trace.belief.${belief}`)}</option>`)}
        </select></label>
        ${when.belief === 'on' ? html`<label class="pick"><span>${say('trace.believedOn')}</span><input type="datetime-local" class="trace-believed" max=${localText(nowMs)}
          .value=${localText(when.beliefMs ?? nowMs)} @change=${(event: Event) => {
            const beliefMs = fromLocal((event.target as HTMLInputElement).value);
            if (beliefMs !== undefined) this.#choose({ ...when, beliefMs });
          }}></label>` : nothing}
        ${when.atMs === undefined && when.belief === 'today' ? nothing
          : html`<button type="button" class="trace-back" @click=${() => this.#choose({ belief: 'today' })}>${say('trace.backToNow')}</button>`}
      </div></fieldset>`;
  }

  #believe(belief: Belief): void {
    const { atMs, beliefMs } = this.when;
    this.#choose({ ...(atMs !== undefined && { atMs }), belief, ...(belief === 'on' && { beliefMs: beliefMs ?? atMs ?? this.nowMs }) });
  }
}

/** As `datetime-local` takes it: local, to the minute. */
function localText(timeMs: number): string {
  const time = new Date(timeMs);
  if (!Number.isFinite(timeMs)) return '';
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

function fromLocal(text: string): number | undefined {
  const timeMs = text === '' ? NaN : new Date(text).getTime();
  return Number.isFinite(timeMs) ? timeMs : undefined;
}

customElements.define('twin-trace-time', TraceTime);
