import { html, nothing, svg, type TemplateResult } from 'lit';
import type { LineStation, LineStateWord, LineView } from '../contract/line.ts';
import { plainName, shownTime } from './format.ts';
import type { LineSay } from './lineTexts.ts';
import type { Say } from './texts.ts';

// One outline per state, so that it can be told without its colour. Drawn in a square of 32.
const outlines: Readonly<Record<LineStateWord, TemplateResult>> = {
  producing: svg`<circle cx="16" cy="16" r="13"/>`,
  starved: svg`<path d="M4 5h24v11a12 12 0 0 1-24 0z"/>`,
  blocked: svg`<rect x="4" y="4" width="24" height="24" rx="2"/>`,
  down: svg`<path d="M10.5 2h11L30 10.5v11L21.5 30h-11L2 21.5v-11z"/>`,
  setup: svg`<path d="M16 1.5L30.5 16 16 30.5 1.5 16z"/>`,
  'planned stop': svg`<circle cx="16" cy="16" r="13" stroke-dasharray="4 3"/>`,
  unknown: svg`<rect x="4" y="4" width="24" height="24" rx="2" stroke-dasharray="4 3"/>`,
};

/** The sign of a state. Decoration: its word stands beside it. */
export function stateSign(state: LineStateWord, text: LineSay): TemplateResult {
  return html`<svg class="state-sign state-${state.replace(' ', '-')}" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    ${outlines[state]}<text x="16" y="21.4" text-anchor="middle">${text(`letter.${state}`)}</text></svg>`;
}

export interface StripView {
  say: Say;
  text: LineSay;
  site: string;
  line: NonNullable<LineView['line']>;
  /** Whose way is being entered. */
  editing: string;
  wrong: boolean;
  mayEdit: boolean;
  edit(station: string): void;
  save(station: string, typed: string | null): void;
}

/** The line from left to right, or from top to bottom where it is narrow: stations, and between them what stands there and how long the way is. */
export function lineStrip(view: StripView): TemplateResult {
  const { text, line } = view;
  return html`<ol class="strip" aria-label=${text('strip')}>${line.stations.map((station, index) => html`
    ${station.before.length === 0 ? nothing : between(view, station, line.stations[index - 1]?.key)}
    ${stationCard(view, station)}`)}</ol>`;
}

function stationCard({ say, text, site, line }: StripView, station: LineStation): TemplateResult {
  const { key, name, state, reason, sinceMs, parts, bad } = station;
  const limits = line.bottleneck?.station === key && line.bottleneck.confidence >= 0.5;
  const number = new Intl.NumberFormat(say.language);
  const shown = reason === '' || reason.toLowerCase() === text(`state.${state}`).toLowerCase() ? '' : plainName(reason, 40);
  return html`<li class="strip-station ${limits ? 'is-limit' : ''}">
    <div class="strip-state">${stateSign(state, text)}<a href="#${new URLSearchParams({ site, key }).toString()}"><bdi>${plainName(name, 40)}</bdi></a></div>
    <p><b>${text(`state.${state}`)}</b> ${text('station.since', { time: shownTime(say, sinceMs, line.timeMs) })}</p>
    ${shown === '' ? nothing : html`<p class="strip-reason"><bdi>${shown}</bdi></p>`}
    <p class="strip-counts">${text('station.parts', { count: number.format(parts) })}${bad > 0 ? html`, <b>${text('station.bad', { count: number.format(bad) })}</b>` : nothing}</p>
    ${limits ? html`<p class="strip-limit">${text('station.limits')}</p>` : nothing}
  </li>`;
}

export function seconds(say: Say, value: number): string {
  const format = (number: number, unit: string): string => `${new Intl.NumberFormat(say.language, { maximumFractionDigits: number < 10 ? 1 : 0 }).format(number)}\u00a0${unit}`;
  return value < 120 ? format(value, 's') : value < 7200 ? format(value / 60, 'min') : format(value / 3600, 'h');
}

function between(view: StripView, station: LineStation, previous: string | undefined): TemplateResult {
  const { say, text, line, editing, mayEdit, wrong } = view;
  const { key, buffer, transitS, transitParts, transitBy } = station;
  const nameOf = (one: string): string => plainName(line.stations.find((each) => each.key === one)?.name ?? one, 40);
  const from = station.before.map(nameOf).join(', ');
  const number = new Intl.NumberFormat(say.language, { maximumFractionDigits: 0 });
  const way = transitS === null ? text('way.none')
    : transitBy === 'setting' ? text('way.setting', { seconds: seconds(say, transitS) })
    : transitBy === 'page' ? text('way.entered', { seconds: seconds(say, transitS) })
    : text('way.learnt', { seconds: seconds(say, transitS), count: number.format(transitParts) });
  const fill = station.between === null ? text('buffer.unknown') : buffer === null || buffer === 0 ? text('buffer.between', { count: number.format(station.between) })
    : text('buffer.of', { count: number.format(station.between), places: number.format(buffer) });
  const share = station.between === null || buffer === null || buffer === 0 ? undefined : Math.min(1, station.between / buffer);
  const isPlain = station.before.length === 1 && station.before[0] === previous;
  return html`<li class="strip-between">
    <svg class="strip-arrow" viewBox="0 0 24 12" aria-hidden="true"><path d="M1 6h20M16 1.5L21.5 6 16 10.5"/></svg>
    ${isPlain ? nothing : html`<p>${text('way.from', { names: from })}</p>`}
    ${share === undefined ? nothing : html`<svg class="strip-fill" viewBox="0 0 60 10" aria-hidden="true"><rect width="60" height="10" rx="2"/>
      <rect class="is-full" width=${(60 * share).toFixed(1)} height="10" rx="2"/></svg>`}
    <p>${fill}</p>
    ${editing === key
      ? html`<form class="way-form" @submit=${(event: SubmitEvent) => { event.preventDefault(); view.save(key, (event.target as HTMLFormElement).querySelector('input')?.value ?? ''); }}>
          <label>${text('way.label', { from, to: plainName(station.name, 40) })}
            <input inputmode="decimal" autocomplete="off" maxlength="10" aria-invalid=${wrong ? 'true' : 'false'} .value=${transitS === null ? '' : String(Math.round(transitS * 10) / 10)}></label>
          ${wrong ? html`<p class="way-wrong" role="alert">${text('way.wrong')}</p>` : nothing}
          <button type="submit">${text('way.save')}</button>
          ${transitBy === 'page' ? html`<button type="button" @click=${() => view.save(key, null)}>${text('way.learn')}</button>` : nothing}
          <button type="button" @click=${() => view.edit('')}>${text('way.cancel')}</button></form>`
      : mayEdit && transitBy !== 'setting'
        ? html`<button type="button" class="strip-way" data-way=${key}
          aria-label="${way}. ${text('way.edit', { from, to: plainName(station.name, 40) })}" @click=${() => view.edit(key)}>${way}</button>`
        : html`<p>${way}</p>`}
  </li>`;
}
