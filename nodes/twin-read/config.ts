import type { Fields } from '../../contract/fields.ts';

/** Reads history: values, aggregates of intervals, or what was known at a moment. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  what: { kind: 'choice', default: 'aggregates', options: ['aggregates', 'values', 'moment', 'events'] },
  /** Keys of twins, separated by commas. Empty: all of the site. */
  twins: { kind: 'text', default: '', maximumLength: 1000 },
  /** Names of properties, separated by commas. Empty: all of each twin. */
  properties: { kind: 'text', default: '', maximumLength: 1000 },
  period: { kind: 'choice', default: 'last', options: ['last', 'sinceShiftStart', 'lastShift', 'today', 'yesterday', 'thisWeek', 'lastWeek', 'fromTo'] },
  last: { kind: 'number', default: 8, minimum: 0.01, maximum: 87_840, unit: 'h' },
  /** As `parseTime` reads it. */
  from: { kind: 'text', default: '', maximumLength: 60, placeholder: '2026-05-04 06:00' },
  to: { kind: 'text', default: 'now', maximumLength: 60 },
  shiftStarts: { kind: 'text', default: '06:00, 14:00, 22:00', maximumLength: 200 },
  at: { kind: 'text', default: 'now', maximumLength: 60, placeholder: '2026-05-04 06:00' },
  aggregate: {
    kind: 'choice', default: 'timeAverage2',
    options: [
      'timeAverage2', 'minimum', 'maximum', 'range', 'start', 'end', 'delta', 'total2', 'count', 'numberOfTransitions', 'durationInStateNonZero', 'durationInStateZero',
      'percentGood', 'percentBad', 'worstQuality', 'minimumActualTime', 'maximumActualTime', 'interpolative', 'average', 'standardDeviationSample',
      'timeAverage', 'total', 'durationGood', 'durationBad', 'varianceSample',
    ],
  },
  /** 0: one value for the whole stretch. */
  every: { kind: 'number', default: 15, minimum: 0, maximum: 527_040, unit: 'min' },
  /** table: a row per time and machine; chart: a point per value; list: a row per value. */
  format: { kind: 'choice', default: 'table', options: ['table', 'chart', 'list'] },
  /** Beside each property what was expected of it, from the site's own history. */
  expected: { kind: 'flag', default: false },
  /** Between two values a straight line, instead of the value that holds. */
  sloped: { kind: 'flag', default: false },
  uncertainIsBad: { kind: 'flag', default: true },
  /** More is cut, and the answer says where. */
  mostValues: { kind: 'number', default: 10_000, minimum: 1, maximum: 100_000, integer: true },
  /** Empty: the embedded history. */
  influxdb: { kind: 'reference', to: 'twin-influxdb', default: '' },
  /** As in twin-history: {type}, {key} and {path} stand for the twin's. */
  measurement: { kind: 'text', default: '{type}', maximumLength: 200 },
} as const satisfies Fields;
