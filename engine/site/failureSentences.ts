import type { ForecastFailures, TwinForecast } from '../../contract/forecast.ts';
import { formatDuration } from '../time/duration.ts';
import { formatNumber } from '../twin/numberText.ts';
import type { Language } from './sentences.ts';

const texts = {
  'en-US': {
    forecast: '{machine}: by {count} recorded failures it fails in about {left} (between {from} and {to}); so far it goes most like {like}.',
    noWear: '{machine}: no wear seen yet; by {count} recorded failures at least {from} are left.',
    check: 'Tried on recorded failures, forecasts were {error} off and the range held in {held} % of cases.',
    record: 'Before the last failure of this machine it lay within the range in {held} % of {forecasts} forecasts; they were {error} % off.',
    tooFew: '{count} of {needed} failures are recorded; until then this is the time to the limit.',
    nothing: 'The recorded failures do not announce themselves in the values; this is the time to the limit.',
    unlike: 'The machine behaves unlike all that was recorded until a failure; this is the time to the limit.',
    tooYoung: 'Too little is recorded since the last repair; this is the time to the limit.',
  },
  de: {
    forecast: '{machine}: nach {count} aufgezeichneten Ausfällen fällt sie in etwa {left} aus (zwischen {from} und {to}); am ähnlichsten verläuft es wie bei {like}.',
    noWear: '{machine}: noch kein Verschleiß zu sehen; nach {count} aufgezeichneten Ausfällen bleiben mindestens {from}.',
    check: 'An aufgezeichneten Ausfällen geprüft, lagen Vorhersagen um {error} daneben, und der Bereich traf in {held} % der Fälle zu.',
    record: 'Vor dem letzten Ausfall dieser Maschine lag er in {held} % von {forecasts} Vorhersagen im genannten Bereich; sie lagen um {error} % daneben.',
    tooFew: '{count} von {needed} Ausfällen sind aufgezeichnet; bis dahin gilt die Zeit bis zum Grenzwert.',
    nothing: 'Die aufgezeichneten Ausfälle kündigen sich in den Werten nicht an; es gilt die Zeit bis zum Grenzwert.',
    unlike: 'Die Maschine verhält sich anders als alles, was bis zu einem Ausfall aufgezeichnet ist; es gilt die Zeit bis zum Grenzwert.',
    tooYoung: 'Seit der letzten Reparatur ist noch zu wenig aufgezeichnet; es gilt die Zeit bis zum Grenzwert.',
  },
} as const satisfies Record<Language, Record<string, string>>;

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole));
}

const percent = (share: number, language: Language): string => formatNumber(Math.round(100 * share), language);

/** How long until a failure, how good that was on recorded ones, and what became of the last forecasts. */
export function failureSentence(forecast: Omit<TwinForecast, 'text'>, machine: string, language: Language): string {
  const own = texts[language];
  const { timeMs, expectedMs = NaN, fromMs = NaN, toMs = NaN, like = '', state, failures, record } = forecast;
  const left = (untilMs: number): string => formatDuration(Math.max(0, untilMs - timeMs), language);
  const values = { machine, left: left(expectedMs), from: left(fromMs), to: left(toMs), like, count: String(failures?.recorded ?? 0) };
  const sentences = [filled(state === 'noWear' ? own.noWear : own.forecast, values)];
  if (failures?.errorMs !== undefined && failures.held !== undefined) {
    sentences.push(filled(own.check, { error: formatDuration(failures.errorMs, language), held: percent(failures.held, language) }));
  }
  if (record !== undefined) sentences.push(filled(own.record, { held: percent(record.held, language), error: percent(record.error, language), forecasts: String(record.forecasts) }));
  return sentences.join(' ');
}

/** Why the time to the limit is said instead. */
export function fallbackSentence(why: 'tooFew' | 'nothing' | 'unlike' | 'tooYoung', { recorded, needed }: ForecastFailures, language: Language): string {
  return filled(texts[language][why], { count: String(recorded), needed: String(needed) });
}
