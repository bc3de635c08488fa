import type { ForecastOutcome, TwinForecast } from '../../contract/forecast.ts';
import { formatDuration } from '../time/duration.ts';
import { formatNumber } from '../twin/numberText.ts';
import type { Language } from './sentences.ts';

interface Texts {
  forecast: string;
  between: string;
  atLeast: string;
  noTrend: string;
  reached: string;
  tooFew: string;
  refused: string;
  record: string;
}

const texts: Record<Language, Texts> = {
  'en-US': {
    forecast: '{machine}: {signal} reaches {limit} in about {left} ({range}), now {level}.',
    between: 'between {from} and {to}',
    atLeast: 'not before {from}, perhaps never',
    noTrend: '{machine}: {signal} shows no trend towards {limit}; it is {level}.',
    reached: '{machine}: {signal} has reached {limit}: {level}.',
    tooFew: '{machine}: too little is recorded of {signal} for a forecast yet.',
    refused: '{machine}: no forecast of {signal}. {reason}',
    record: 'Last time the limit fell into the forecast range in {held} % of {count} forecasts; they were {error} % off.',
  },
  de: {
    forecast: '{machine}: {signal} erreicht {limit} in etwa {left} ({range}), jetzt {level}.',
    between: 'zwischen {from} und {to}',
    atLeast: 'nicht vor {from}, vielleicht nie',
    noTrend: '{machine}: {signal} zeigt keinen Trend gegen {limit}; jetzt {level}.',
    reached: '{machine}: {signal} hat {limit} erreicht: {level}.',
    tooFew: '{machine}: von {signal} ist noch zu wenig aufgezeichnet für eine Vorhersage.',
    refused: '{machine}: keine Vorhersage für {signal}. {reason}',
    record: 'Beim letzten Mal lag der Grenzwert in {held} % von {count} Vorhersagen im genannten Bereich; sie lagen um {error} % daneben.',
  },
};

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole));
}

/** A forecast as a sentence for people, with what became of earlier ones. */
export function forecastSentence(
  forecast: Omit<TwinForecast, 'text'>, names: { machine: string; signal: string; unit: string }, language: Language, reason = '',
): string {
  const own = texts[language];
  const number = (value: number): string => `${formatNumber(Number(value.toPrecision(4)), language)}${names.unit === '' ? '' : ` ${names.unit}`}`;
  const left = (untilMs: number): string => formatDuration(Math.max(0, untilMs - forecast.timeMs), language);
  const { level = NaN, expectedMs = NaN, fromMs = NaN, toMs, limit, state } = forecast;
  const range = toMs === undefined ? filled(own.atLeast, { from: left(fromMs) }) : filled(own.between, { from: left(fromMs), to: left(toMs) });
  const sentence = filled(own[state === 'noWear' ? 'noTrend' : state], { ...names, limit: number(limit), level: number(level), left: left(expectedMs), range, reason });
  return forecast.record === undefined ? sentence : `${sentence} ${outcomeSentence(forecast.record, language)}`;
}

function outcomeSentence({ held, error, forecasts }: ForecastOutcome, language: Language): string {
  const percent = (share: number): string => formatNumber(Math.round(100 * share), language);
  return filled(texts[language].record, { held: percent(held), error: percent(error), count: String(forecasts) });
}
