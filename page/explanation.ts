import { html, nothing, type TemplateResult } from 'lit';
import type { CaseSummary, Machine } from '../contract/http.ts';
import type { AnomalySignal } from '../contract/messages.ts';
import { decimalsFor, plainName, shownNumber, shownQuantity, shownUnit } from './format.ts';
import type { Say } from './texts.ts';

const mostNamed = 3;

/** Why a case is one: what each signal does, by how much and with which share, and with which operating point that was compared. */
export function caseExplanation(say: Say, { signals }: CaseSummary, { properties }: Machine): TemplateResult | typeof nothing {
  const named = signals.slice(0, mostNamed);
  const lines = named.flatMap((signal) => {
    const text = signalLine(say, signal, properties);
    return text === '' ? [] : [text];
  });
  const compared = named.map((signal) => pointText(say, signal, properties)).find((text) => text !== '');
  if (lines.length === 0 && compared === undefined) return nothing;
  return html`<ul class="explained">${lines.map((line) => html`<li>${line}</li>`)}${compared === undefined ? nothing : html`<li>${compared}</li>`}</ul>`;
}

function signalLine(say: Say, { property, value, low, high, unit, share, kind }: AnomalySignal, properties: Machine['properties']): string {
  const known = properties.find(({ name }) => name === property);
  const label = plainName(known?.label ?? property, 60);
  const decimals = decimalsFor({ value: value ?? null, ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) });
  const shown = (number: number): string => shownQuantity(say, number, decimals, shownUnit(unit ?? known?.unit));
  if (typeof value !== 'number' || low === undefined || high === undefined || kind === 'limit' || kind === 'dropout') return '';
  const beyond = value > high ? value - high : value < low ? low - value : 0;
  const values = { label, value: shown(value), low: shownNumber(say, low, decimals), high: shown(high), by: shown(beyond) };
  const text = say(kind === 'stuck' ? 'explain.still' : beyond === 0 ? 'explain.within' : value > high ? 'explain.above' : 'explain.below', values);
  const percent = Math.round(100 * share);
  return percent < 100 ? say('explain.share', { text, percent: String(percent) }) : text;
}

function pointText(say: Say, { at }: AnomalySignal, properties: Machine['properties']): string {
  if (at === undefined) return '';
  const parts = at.drivers.map(({ property, value }) => {
    const known = properties.find(({ name }) => name === property);
    return `${plainName(known?.label ?? property, 40)} ${shownQuantity(say, value, decimalsFor({ value }), shownUnit(known?.unit))}`;
  });
  const point = new Intl.ListFormat(say.language, { type: 'conjunction' }).format(parts);
  const mode = plainName(at.mode, 40);
  if (point === '') return mode === '' ? '' : say('explain.inMode', { mode });
  return mode === '' ? say('explain.at', { point }) : say('explain.atInMode', { point, mode });
}
