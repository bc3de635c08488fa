import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AlertMessage, Anomaly, ReadinessMessage, TwinBatchMessage, TwinCommand, TwinEventMessage, TwinHeader, TwinMessage } from '../../contract/messages.ts';
import type { LineFindingMessage, LineFrameMessage, LineFramesMessage, LineMessage } from '../../contract/line.ts';
import { messageSchemas } from '../../contract/messageSchemas.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { messageProblems, schemaNames, schemaProblems, shapeOf } from '../checks/messageProblems.ts';

const twin: TwinHeader = {
  v: 1,
  key: 'press3',
  name: 'Press 3',
  type: 'press@3',
  state: 'producing',
  path: ['plant', 'press3'],
  units: { pressure: 'bar' },
  row: 7,
};
const signal = { property: 'pressure', share: 1, kind: 'drift', value: 182, expected: 170, low: 165, high: 175, unit: 'bar' } as const;
const anomaly: Anomaly = { v: 1, verdict: 'anomaly', score: 1.4, signals: [signal], sinceMs: 1, reason: 'Pressure is too high.' };
const expected = { pressure: { value: 170, low: 165, high: 175, mode: 'producing', phase: 'armed' } } as const;
const learning = { phase: 'learning', percent: 40, missing: [{ code: 'rows', property: 'pressure', missing: 12 }] } as const;
const single = {
  topic: 'plant/press3',
  payload: { pressure: 182, count: '18446744073709551615', on: true, none: null },
  changed: ['pressure'],
  updated: ['pressure', 'on'],
  timestamp: 1,
  quality: { none: 'bad' },
  twin,
  expected,
  learning,
  anomaly,
} satisfies TwinMessage & Record<string, unknown>;
const batch = {
  topic: 'plant/press3',
  payload: [{ time: 1, pressure: 182 }],
  changed: ['pressure'],
  timestamp: 1,
  quality: { 0: { pressure: 'uncertain' } },
  states: ['producing'],
  twin,
  expected: [expected],
  learning,
  anomaly: [anomaly],
  historical: true,
  replay: { id: 'r', complete: true },
} satisfies TwinBatchMessage & Record<string, unknown>;
const event = {
  topic: 'plant/press3',
  payload: 'Too high.',
  event: { v: 1, kind: 'limit', timeMs: 1, property: 'pressure', limit: 'high', limitValue: 180, value: 182, active: true, text: 'Too high.' },
  timestamp: 1,
  twin,
} satisfies TwinEventMessage;
const alert = {
  topic: 'Press 3: pressure',
  payload: 'Pressure is too high.',
  case: { v: 1, id: 'c1', twin: 'press3', state: 'open', change: 'opened', sinceMs: 1, changedMs: 1, letter: 'M', signals: [signal], occurrences: 1, historical: false },
  alarm: { v: 1, priority: 'high', idempotencyKey: 'c1:1' },
  why: { signals: [signal], neighbours: [{ relation: 'feeds', key: 'filler', name: 'Filler', direction: 'upstream' }] },
  twin,
  timestamp: 1,
} satisfies AlertMessage;
const lineStation = {
  key: 'filler', name: 'Filler', state: 'starved', reason: 'idle', sinceMs: 1, availability: 0.9, performance: null, quality: null, oee: null, parts: 7, bad: 0,
  plannedMin: 60, producedMin: 54, unknownMin: 0, idealS: null, idealLearnt: false, transitS: null, transitParts: 0,
  transitBy: '', before: [], between: null, buffer: 5, reasons: [{ counter: 'rejects', count: 3 }], late: 0, code: 'TWIN_LINE_NO_CYCLE',
} as const;
const line = {
  topic: 'line-1', payload: { oee: 74.8, wip: null, bottleneck: 'Filler' }, timestamp: 1,
  line: {
    v: 1, key: 'line-1', name: 'Line 1', fromMs: 0, timeMs: 1, stations: [lineStation], bottleneck: { station: 'filler', share: 0.7, confidence: 0.9 },
    scrap: [{ station: 'filler', counter: 'rejects', count: 3 }], stops: [{ station: 'filler', reason: 'jam', count: 2, minutes: 7.5 }],
  },
} satisfies LineMessage;
const lineFinding = {
  topic: 'line-1', payload: 'Filler has stopped: jam.', timestamp: 1, finding: { v: 1, code: 'LINE_STOP', line: 'line-1', station: 'filler', name: 'Filler', timeMs: 1 },
} satisfies LineFindingMessage;
const lineFrame = {
  topic: 'line-1', payload: { kind: 'stop' }, timestamp: 1,
  frame: { v: 1, line: 'line-1', kind: 'stop', change: 'begins', station: 'filler', name: 'jam', startMs: 1, atStart: { speed: 40 } },
} satisfies LineFrameMessage;
const lineFrames = {
  topic: 'line-1', payload: [{ kind: 'stop', station: 'filler', name: 'jam', start: 1, end: null, minutes: null }], more: false, timestamp: 2,
  frames: [{ kind: 'stop', station: 'filler', name: 'jam', startMs: 1, atStart: { speed: 3 } }],
} satisfies LineFramesMessage;
const answer = { answer: 'notYet', reason: 'Not yet: needs about 2 h more.' } as const;
const criterion = { criterion: 'gaps', grade: 'poor', reason: '14 gaps.', nextStep: 'Look at the network.' } as const;
const propertyReadiness = { property: 'pressure', label: 'Pressure', unit: 'bar', grade: 'poor', reason: '14 gaps.', nextStep: '', criteria: [criterion] } as const;
const readiness = {
  topic: 'readiness',
  payload: [
    {
      twin: 'press3', machine: 'Press 3', property: 'pressure', label: 'Pressure', unit: 'bar', letter: 'C', grade: 'poor', reason: '14 gaps.', nextStep: '',
      values: 300, coveragePercent: 91.2, gaps: 14, longestGapSeconds: 720, declaredSeconds: 10, measuredSeconds: null, clockOffsetSeconds: null,
      badPercent: 0, duplicates: 0,
    },
  ],
  text: 'Is the data good enough?',
  readiness: {
    v: 1, site: 'Plant', timeMs: 1,
    twins: [
      {
        twin: 'press3', name: 'Press 3', grade: 'poor', reason: '14 gaps.', nextStep: '', sinceMs: null, modes: [{ mode: 'producing', hours: 3.5 }],
        conditions: [{ property: 'speed', label: 'Speed', percent: 40 }], conclusions: { baseline: answer, forecast: answer, rootCause: answer },
        properties: [{ ...propertyReadiness, criteria: [...propertyReadiness.criteria] }],
      },
    ],
  },
  timestamp: 1,
} satisfies ReadinessMessage;
const commands: TwinCommand[] = [
  { do: 'acknowledge', twin: 'press3', by: 'Kim' },
  { do: 'learn-again' },
  { do: 'link', from: 'a', relation: 'feeds', to: 'b' },
  { do: 'unlink', from: 'a', relation: 'feeds', to: 'b' },
];

/** For each shape a message of its type, and changes that its schema has to refuse. */
const shapes: { name: string; message: Record<string, unknown>; faults: Record<string, unknown>[] }[] = [
  {
    name: 'TwinMessage',
    message: single,
    faults: [
      { topic: 1 },
      { payload: { pressure: { value: 1 } } },
      { changed: 'pressure' }, { timestamp: 'now' }, { quality: { pressure: 'poor' } },
      { twin: { ...twin, v: 2 } }, { historical: false },
    ],
  },
  { name: 'TwinBatchMessage', message: batch, faults: [{ payload: [{ pressure: 1 }] }, { payload: {} }, { quality: { first: {} } }, { states: undefined }, { anomaly }] },
  { name: 'TwinEventMessage', message: event, faults: [{ event: { ...event.event, kind: 'odd' } }, { event: { ...event.event, limit: 'top' } }, { payload: {} }] },
  {
    name: 'AlertMessage',
    message: alert,
    faults: [
      { topic: 'two\nlines' },
      { case: { ...alert.case, state: 'shut' } },
      { alarm: { v: 1, priority: 'urgent', idempotencyKey: '' } }, { why: {} }, { case: { ...alert.case, letter: 'X' } },
    ],
  },
  { name: 'LineMessage', message: line, faults: [{ payload: [] }, { line: { ...line.line, v: 2 } }, { line: { ...line.line, stations: [{ ...lineStation, state: 'odd' }] } }] },
  { name: 'LineFindingMessage', message: lineFinding, faults: [{ payload: {} }, { finding: { ...lineFinding.finding, code: '' } }] },
  { name: 'LineFramesMessage', message: lineFrames, faults: [{ frames: [{}] }, { more: 1 }] },
  { name: 'LineFrameMessage', message: lineFrame, faults: [{ payload: '' }, { frame: { ...lineFrame.frame, kind: 'odd' } }] },
  {
    name: 'ReadinessMessage',
    message: readiness,
    faults: [{ payload: {} }, { payload: [{ ...readiness.payload[0], letter: 'E' }] }, { readiness: { ...readiness.readiness, v: 2 } }, { text: 1 }],
  },
];

describe('the JSON Schemas of the messages', () => {
  for (const { name, message, faults } of shapes) {
    it(`${name}: takes what the type allows`, () => {
      assert.equal(shapeOf(message), name);
      assert.deepEqual(messageProblems(message), []);
    });
    it(`${name}: refuses what it does not, and each required property that is missing`, () => {
      for (const fault of faults) assert.notDeepEqual(schemaProblems(name, { ...message, ...fault }), [], JSON.stringify(fault));
      const optional = ['expected', 'learning', 'anomaly', 'historical', 'replay'];
      for (const property of Object.keys(message).filter((key) => !optional.includes(key))) {
        assert.notDeepEqual(schemaProblems(name, { ...message, [property]: undefined }), [], `without ${property}`);
      }
    });
  }

  it('takes every command, and no other verb', () => {
    for (const command of commands) assert.deepEqual(schemaProblems('TwinCommand', command), []);
    assert.notDeepEqual(schemaProblems('TwinCommand', { do: 'explode' }), []);
  });

  it('takes scores and shares only in their range', () => {
    assert.notDeepEqual(schemaProblems('Anomaly', { ...anomaly, score: -1 }), []);
    assert.notDeepEqual(schemaProblems('AnomalySignal', { ...signal, share: 1.1 }), []);
    // JSON has no NaN: it becomes null, which is no number either.
    assert.notDeepEqual(schemaProblems('Anomaly', { ...anomaly, score: NaN }), []);
  });

  it('can be compiled, every one of them', () => {
    assert.ok(schemaNames.length >= 20);
    for (const name of schemaNames) assert.doesNotThrow(() => schemaProblems(name, {}), name);
  });

  it('are what the package publishes', () => {
    const published: unknown = JSON.parse(readFileSync(path.join(packageRoot, 'dist/contract/messages.schema.json'), 'utf8'));
    assert.deepEqual(published, JSON.parse(JSON.stringify(messageSchemas)));
  });
});
