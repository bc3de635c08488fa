import type { Form, OpenForm } from './form.ts';

const perWeek: Readonly<Record<string, number>> = { day: 7, week: 1, month: 7 / (365.25 / 12) };

/** Which period shows a rate per week with the plainest number: 7 per week is 1 per day, a quarter is about 1 per month. */
export function plainRate(ratePerWeek: number): { number: number; period: string } {
  const plain = (value: number): boolean => value >= 1 && Math.abs(value - Math.round(value)) < 0.005;
  for (const period of ['week', 'month', 'day']) {
    const value = ratePerWeek / (perWeek[period] ?? 1);
    if (plain(value)) {
      if (period === 'week' && value % 7 === 0) return { number: value / 7, period: 'day' };
      return { number: Math.round(value), period };
    }
  }
  return { number: ratePerWeek, period: 'week' };
}

/** The rate per week of a number of times per period; at most 4 decimals, so that it is readable in the flow file. */
export function ratePerWeek(number: number, period: string): number {
  return Math.round(number * (perWeek[period] ?? 1) * 10_000) / 10_000;
}

/** "At most [1] false alarm per [week]": two inputs that the user sees and one hidden field, in times per week. */
export function prepareRate(dialog: Form, open: OpenForm, field: string): void {
  const hidden = open.input(field);
  const number = open.element<HTMLInputElement>('rate-number');
  const period = open.element<HTMLSelectElement>('rate-period');
  const stored = Number(hidden.value);
  if (hidden.value !== '' && Number.isFinite(stored)) {
    const shown = plainRate(stored);
    number.value = String(shown.number);
    period.value = shown.period;
  } else if (hidden.value !== '') {
    // An environment variable: shown as it is.
    number.type = 'text';
    number.value = hidden.value;
  }
  const words = open.element('rate-words');
  const say = (): void => {
    // Node-RED translates what carries data-i18n after this runs, which would undo the choice.
    const key = Number(number.value) === 1 ? 'rate.one' : 'rate.many';
    words.removeAttribute('data-i18n');
    words.textContent = dialog.text(key);
  };
  say();
  const store = (): void => {
    say();
    const typed = number.value.trim();
    const count = Number(typed);
    open.set(field, typed === '' ? '' : Number.isFinite(count) ? String(ratePerWeek(count, period.value)) : typed);
    number.classList.toggle('input-error', hidden.classList.contains('input-error'));
  };
  for (const element of [number, period]) {
    element.addEventListener('input', store);
    element.addEventListener('change', store);
  }
}
