import assert from 'node:assert/strict';
import { parseLength, parsePeriod, parseTime, resolvePeriod } from '../../../engine/time/period.ts';
import type { LocalCalendar, Period } from '../../../engine/time/period.ts';
import { localCalendar } from '../../../nodes/localCalendar.ts';

/** A plant two hours east of Greenwich all year. */
const calendar: LocalCalendar = {
  utcOf: (year, month, day, hour, minute, second) => Date.UTC(year, month - 1, day, hour - 2, minute, second),
  dateOf(timeMs) {
    const date = new Date(timeMs + 7_200_000);
    return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: (date.getUTCDay() + 6) % 7 };
  },
};
// A Wednesday, 07:30 at the plant.
const nowMs = Date.parse('2026-05-06T05:30:00Z');
const usual: Period = { name: 'last', lastMs: 28_800_000, from: '', to: '', shiftStarts: '06:00, 14:00, 22:00' };
const resolved = (period: Partial<Period>, now = nowMs): [string, string] => {
  const { fromMs, toMs } = resolvePeriod({ ...usual, ...period }, now, calendar);
  return [new Date(fromMs).toISOString().slice(0, 16), new Date(toMs).toISOString().slice(0, 16)];
};

describe('stretches of time in words', () => {
  it('are days, weeks and shifts of the plant, not of Greenwich', () => {
    assert.deepEqual(resolved({}), ['2026-05-05T21:30', '2026-05-06T05:30']);
    assert.deepEqual(resolved({ name: 'today' }), ['2026-05-05T22:00', '2026-05-06T05:30']);
    assert.deepEqual(resolved({ name: 'yesterday' }), ['2026-05-04T22:00', '2026-05-05T22:00']);
    assert.deepEqual(resolved({ name: 'thisWeek' }), ['2026-05-03T22:00', '2026-05-06T05:30']);
    assert.deepEqual(resolved({ name: 'lastWeek' }), ['2026-04-26T22:00', '2026-05-03T22:00']);
    assert.deepEqual(resolved({ name: 'sinceShiftStart' }), ['2026-05-06T04:00', '2026-05-06T05:30']);
    assert.deepEqual(resolved({ name: 'lastShift' }), ['2026-05-05T20:00', '2026-05-06T04:00']);
    // Before the first shift of the day it is still the night's, and a plant with one shift a day is in yesterday's.
    const early = Date.parse('2026-05-06T02:00:00Z');
    assert.deepEqual(resolved({ name: 'sinceShiftStart' }, early), ['2026-05-05T20:00', '2026-05-06T02:00']);
    assert.deepEqual(resolved({ name: 'lastShift', shiftStarts: '6:00' }, early), ['2026-05-04T04:00', '2026-05-05T04:00']);
  });

  it('are read in English and German', () => {
    assert.deepEqual(parsePeriod('Last 8 hours'), { name: 'last', lastMs: 28_800_000 });
    assert.deepEqual(parsePeriod('letzte 8 Stunden'), { name: 'last', lastMs: 28_800_000 });
    assert.deepEqual(parsePeriod('letzten 2 Tage'), { name: 'last', lastMs: 172_800_000 });
    assert.deepEqual(parsePeriod('last hour'), { name: 'last', lastMs: 3_600_000 });
    assert.deepEqual(parsePeriod('since shift start'), { name: 'sinceShiftStart' });
    assert.deepEqual(parsePeriod('seit Schichtbeginn'), { name: 'sinceShiftStart' });
    assert.deepEqual(parsePeriod('gestern'), { name: 'yesterday' });
    for (const text of ['', 'soon', 'last', 'last -8 h', 'last 8 bananas']) assert.equal(parsePeriod(text), undefined, text);
    assert.equal(parseLength('15 Minuten'), 900_000);
  });

  it('times are local unless they bring their zone', () => {
    const iso = (text: string): string | undefined => {
      const timeMs = parseTime(text, nowMs, calendar);
      return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
    };
    assert.equal(iso('2026-05-04 06:00'), '2026-05-04T04:00:00.000Z');
    assert.equal(iso('04.05.2026 06:00'), '2026-05-04T04:00:00.000Z');
    assert.equal(iso('2026-05-04'), '2026-05-03T22:00:00.000Z');
    assert.equal(iso('2026-05-04T06:00:00.250Z'), '2026-05-04T06:00:00.250Z');
    assert.equal(iso('1999-12-31T23:30:00-01:30'), '2000-01-01T01:00:00.000Z');
    assert.equal(iso('-8 h'), '2026-05-05T21:30:00.000Z');
    assert.equal(iso('vor 30 Minuten'), '2026-05-06T05:00:00.000Z');
    assert.equal(iso('now'), new Date(nowMs).toISOString());
    assert.equal(iso(String(nowMs)), new Date(nowMs).toISOString());
    for (const text of ['', '2026-02-30', '2026-13-01', '31.04.2026', 'tomorrow', '2026-05-04 25:00']) assert.equal(iso(text), undefined, text);
  });

  it('refuses what ends before it begins, and shifts that are no times', () => {
    assert.throws(() => resolved({ name: 'fromTo', from: '2026-05-05', to: '2026-05-04' }), { code: 'TWIN_PERIOD' });
    assert.throws(() => resolved({ name: 'fromTo', from: 'soon' }), { code: 'TWIN_PERIOD' });
    for (const shiftStarts of ['', '25:00', 'six']) assert.throws(() => resolved({ name: 'lastShift', shiftStarts }), { code: 'TWIN_PERIOD' });
    assert.deepEqual(resolved({ name: 'fromTo', from: '2026-05-05 06:00' }), ['2026-05-05T04:00', '2026-05-06T05:30']);
  });

  it('the calendar of this computer goes there and back', () => {
    const { year, month, day, weekday } = localCalendar.dateOf(nowMs);
    const midnight = localCalendar.utcOf(year, month, day, 0, 0, 0);
    assert.ok(nowMs - midnight >= 0 && nowMs - midnight < 90_000_000 && weekday >= 1 && weekday <= 3);
  });
});
