import type { LocalCalendar } from '../engine/time/period.ts';

/** The calendar of this computer's time zone, summer time included. */
export const localCalendar: LocalCalendar = {
  utcOf: (year, month, day, hour, minute, second) => new Date(year, month - 1, day, hour, minute, second).getTime(),
  dateOf(timeMs) {
    const date = new Date(timeMs);
    return { year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate(), weekday: (date.getDay() + 6) % 7 };
  },
};

/** `2026-05-04 06:00:00`, local: reads well in a table and sorts as text. */
export function localTimeText(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
