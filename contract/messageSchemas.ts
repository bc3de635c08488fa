import { lateRow, messageVersion } from './messages.ts';

/** Plain JSON Schema, as far as it is used here. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const number = { type: 'number' } as const;
const share = { type: ['number', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const timeMs = { type: 'number', description: 'Milliseconds UTC since 1970.' } as const;
const version = { const: messageVersion } as const;
const texts = { type: 'array', items: text } as const;
const numbers = { type: 'array', items: { type: 'number' } } as const;
const reference = (name: string) => ({ $ref: `#/$defs/${name}` }) as const;
const mapOf = (values: JsonSchema) => ({ type: 'object', additionalProperties: values }) as const;

/** Everything named is required, except the names in `optional`. What is not named may be there too: foreign properties pass through. */
function shape(properties: Record<string, JsonSchema>, optional: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

const marks = { historical: { const: true }, replay: reference('ReplayMark') };
const markNames = ['historical', 'replay'];

/** The enrichment that twin-baseline and twin-anomaly add to a single message … */
const enrichment = { expected: reference('Expected'), learning: reference('LearningProgress'), anomaly: reference('Anomaly') };
/** … and to a batch, one entry per row. */
const batchEnrichment = {
  expected: { type: 'array', items: reference('Expected') },
  learning: reference('LearningProgress'),
  anomaly: { type: 'array', items: reference('Anomaly') },
};
const enrichmentNames = Object.keys(enrichment);

const publishedLimits = { rangeLow: number, rangeHigh: number, lowLow: number, low: number, high: number, highHigh: number };

const linkCommand = (verb: 'link' | 'unlink') =>
  shape({ do: { const: verb }, from: text, relation: text, to: text, validFromMs: timeMs }, ['validFromMs']);

/**
 * The JSON Schema (draft 2020-12) of every message shape of messages.ts, under `$defs` by the name of its type. The whole
 * schema accepts any message that the nodes send. Published as `@twinwire/node-red-digital-twin/messages.schema.json`.
 */
export const messageSchemas = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Messages of the Twinwire nodes',
  oneOf: [
    reference('TwinMessage'), reference('TwinBatchMessage'), reference('TwinEventMessage'), reference('AlertMessage'), reference('AlertDigestMessage'),
    reference('ReadinessMessage'), reference('LineMessage'), reference('LineFindingMessage'), reference('LineFrameMessage'), reference('LineFramesMessage'),
    reference('CauseMessage'), reference('ScenarioMessage'), reference('ScenariosMessage'),
  ],
  $defs: {
    QualityWord: { enum: ['good', 'uncertain', 'bad'] },
    SentValue: { type: ['number', 'string', 'boolean', 'null'] },
    TwinHeader: shape({
      v: version,
      key: { type: 'string', minLength: 1 },
      name: text,
      type: text,
      state: text,
      path: texts,
      units: mapOf(text),
      row: { type: 'integer', minimum: lateRow },
    }),
    ReplayMark: shape(
      { id: text, complete: flag, learn: flag, rows: count, skipped: count, twin: text, recorded: { const: true }, recomputed: reference('RecomputedMark') },
      ['complete', 'learn', 'rows', 'skipped', 'twin', 'recorded', 'recomputed'],
    ),
    RecomputedMark: shape({ by: text, why: text, atMs: timeMs, fromMs: timeMs, toMs: timeMs }),
    TwinMessage: shape(
      {
        topic: text,
        payload: mapOf(reference('SentValue')),
        changed: texts,
        updated: texts,
        timestamp: timeMs,
        quality: mapOf(reference('QualityWord')),
        twin: reference('TwinHeader'),
        ...enrichment,
        ...marks,
      },
      [...enrichmentNames, ...markNames],
    ),
    BatchRow: { type: 'object', properties: { time: timeMs }, required: ['time'], additionalProperties: reference('SentValue') },
    TwinBatchMessage: shape(
      {
        topic: text,
        payload: { type: 'array', items: reference('BatchRow') },
        changed: texts,
        timestamp: timeMs,
        quality: { type: 'object', propertyNames: { pattern: '^\\d+$' }, additionalProperties: mapOf(reference('QualityWord')) },
        states: texts,
        twin: reference('TwinHeader'),
        ...batchEnrichment,
        ...marks,
      },
      [...enrichmentNames, ...markNames],
    ),
    LearningPhase: { enum: ['learning', 'provisional', 'armed', 'frozen'] },
    ExpectedProperty: shape({ value: number, low: number, high: number, mode: text, phase: reference('LearningPhase') }),
    Expected: mapOf(reference('ExpectedProperty')),
    LearningProgress: shape({
      phase: reference('LearningPhase'),
      percent: { type: 'number', minimum: 0, maximum: 100 },
      watch: { enum: ['guard', 'learning', 'provisional', 'armed'] },
      etaMs: { type: 'number', minimum: 0 },
      unseen: { const: true },
      caution: text,
      missing: {
        type: 'array',
        items: shape(
          { code: { enum: ['rows', 'time', 'operating-points', 'fresh-values'] }, property: text, missing: number },
          ['property'],
        ),
      },
    }, ['watch', 'etaMs', 'unseen', 'caution']),
    AnomalyKind: { enum: ['spike', 'step', 'drift', 'stuck', 'noise', 'dropout', 'limit', 'deviation', 'unit', 'relation', 'shape'] },
    AnomalySignal: shape(
      {
        property: text,
        share: { type: 'number', minimum: 0, maximum: 1 },
        kind: reference('AnomalyKind'),
        value: reference('SentValue'),
        expected: number,
        low: number,
        high: number,
        unit: text,
        at: shape({ mode: text, drivers: { type: 'array', items: shape({ property: text, value: number }) } }),
        third: { type: 'integer', minimum: 0, maximum: 2 },
      },
      ['expected', 'low', 'high', 'unit', 'at', 'third'],
    ),
    Anomaly: shape(
      {
        v: version,
        verdict: { enum: ['learning', 'normal', 'anomaly'] },
        score: { type: 'number', minimum: 0 },
        signals: { type: 'array', items: reference('AnomalySignal') },
        sinceMs: timeMs,
        reason: text,
        explanation: texts,
        caution: text,
      },
      ['sinceMs', 'explanation', 'caution'],
    ),
    TwinEventKind: { enum: ['stale', 'fresh', 'state', 'limit', 'quality', 'counter', 'clock', 'unmapped', 'gap', 'migrated', 'readiness'] },
    TwinEvent: shape(
      {
        v: version,
        kind: reference('TwinEventKind'),
        timeMs,
        property: text,
        limit: { enum: ['highHigh', 'high', 'low', 'lowLow'] },
        limitValue: number,
        value: reference('SentValue'),
        active: flag,
        expected: shape({ expected: number, low: number, high: number }, []),
        from: text,
        to: text,
        text,
      },
      ['property', 'limit', 'limitValue', 'value', 'active', 'expected', 'from', 'to'],
    ),
    TwinEventMessage: shape(
      { topic: text, payload: text, event: reference('TwinEvent'), timestamp: timeMs, twin: reference('TwinHeader'), ...marks },
      markNames,
    ),
    CaseState: { enum: ['open', 'acknowledged', 'cleared'] },
    Letter: { enum: ['F', 'C', 'S', 'M'], description: 'NAMUR NE 107: failure, function check, out of specification, maintenance required.' },
    TwinCase: shape(
      {
        v: version,
        id: text,
        twin: text,
        state: reference('CaseState'),
        change: { enum: ['opened', 'updated', 'acknowledged', 'cleared'] },
        sinceMs: timeMs,
        changedMs: timeMs,
        clearedMs: timeMs,
        acknowledgedBy: text,
        letter: reference('Letter'),
        signals: { type: 'array', items: reference('AnomalySignal') },
        occurrences: count,
        historical: flag,
        aside: shape({ what: { enum: ['shelved', 'suppressed', 'outOfService', 'root'] }, by: text, why: text, untilMs: timeMs }, ['by', 'why', 'untilMs']),
        members: reference('CaseMembers'),
      },
      ['clearedMs', 'acknowledgedBy', 'aside', 'members'],
    ),
    AlarmState: { enum: ['NORM', 'UNACK', 'ACKED', 'RTNUN', 'LUNAK', 'LACKD', 'SHLVD', 'DSUPR', 'OOSRV'], description: 'ISA-18.2 / IEC 62682.' },
    CaseMembers: shape({
      alarms: {
        type: 'array',
        items: shape({ alarm: text, state: reference('AlarmState'), priority: { enum: ['high', 'medium', 'low'] }, sinceMs: timeMs, active: flag }),
      },
      more: count,
      inhibits: { type: 'array', items: shape({ key: text, name: text }) },
    }),
    AlertDigestMessage: shape({
      topic: { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f]*$' },
      payload: text,
      digest: shape({ v: version, reason: { enum: ['quiet', 'cap', 'flood', 'floodOver'] }, inTenMinutes: count }),
      cases: { type: 'array', items: reference('TwinCase') },
      alarm: shape({ v: version, priority: { enum: ['high', 'medium', 'low'] }, idempotencyKey: text }),
      timestamp: timeMs,
    }),
    Neighbour: shape({ relation: text, key: text, name: text, direction: { enum: ['upstream', 'downstream'] } }),
    SimilarCase: shape(
      { case: text, sinceMs: timeMs, alike: number, found: { enum: ['onIt', 'real', 'falseAlarm', 'planned', 'changed', 'unanswered'] }, what: text }, ['what'],
    ),
    AlertMessage: shape(
      {
        topic: { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f]*$' },
        payload: { type: ['string', 'object'], description: 'An object only where twin-alert makes it for a webhook or Telegram.' },
        case: reference('TwinCase'),
        alarm: shape({ v: version, priority: { enum: ['high', 'medium', 'low'] }, idempotencyKey: text, test: { const: true } }, ['test']),
        why: shape(
          {
            signals: { type: 'array', items: reference('AnomalySignal') },
            neighbours: { type: 'array', items: reference('Neighbour') },
            lastMaintenanceMs: timeMs,
            similar: { type: 'array', items: reference('SimilarCase') },
            picture: shape({ svg: text, text }),
          },
          ['lastMaintenanceMs', 'similar', 'picture'],
        ),
        twin: reference('TwinHeader'),
        timestamp: timeMs,
        ...marks,
      },
      markNames,
    ),
    ReadinessGrade: { enum: ['good', 'usable', 'poor', 'unusable', 'unknown'] },
    ConclusionAnswer: shape({ answer: { enum: ['yes', 'notYet', 'no'] }, reason: text }),
    CriterionReadiness: shape({
      criterion: { enum: ['coverage', 'gaps', 'interval', 'stuck', 'resolution', 'clock', 'duplicates', 'quality', 'range', 'unit'] },
      grade: reference('ReadinessGrade'),
      reason: text,
      nextStep: text,
    }),
    PropertyReadiness: shape({
      property: text,
      label: text,
      unit: text,
      grade: reference('ReadinessGrade'),
      reason: text,
      nextStep: text,
      criteria: { type: 'array', items: reference('CriterionReadiness') },
    }),
    TwinReadiness: shape({
      twin: text,
      name: text,
      grade: reference('ReadinessGrade'),
      reason: text,
      nextStep: text,
      sinceMs: { type: ['number', 'null'] },
      modes: { type: 'array', items: shape({ mode: text, hours: { type: 'number', minimum: 0 } }) },
      conditions: { type: 'array', items: shape({ property: text, label: text, percent: { type: 'number', minimum: 0, maximum: 100 } }) },
      conclusions: shape({
        baseline: reference('ConclusionAnswer'),
        forecast: reference('ConclusionAnswer'),
        rootCause: reference('ConclusionAnswer'),
      }),
      properties: { type: 'array', items: reference('PropertyReadiness') },
    }),
    ReadinessRow: shape({
      twin: text,
      machine: text,
      property: text,
      label: text,
      unit: text,
      letter: { enum: ['A', 'B', 'C', 'D', '-'] },
      grade: reference('ReadinessGrade'),
      reason: text,
      nextStep: text,
      values: count,
      coveragePercent: { type: ['number', 'null'], minimum: 0, maximum: 100 },
      gaps: count,
      longestGapSeconds: { type: 'number', minimum: 0 },
      declaredSeconds: { type: ['number', 'null'] },
      measuredSeconds: { type: ['number', 'null'] },
      clockOffsetSeconds: { type: ['number', 'null'] },
      badPercent: { type: 'number', minimum: 0, maximum: 100 },
      duplicates: count,
    }),
    ReadinessMessage: shape({
      topic: text,
      payload: { type: 'array', items: reference('ReadinessRow') },
      text,
      readiness: shape({ v: version, site: text, timeMs, twins: { type: 'array', items: reference('TwinReadiness') } }),
      timestamp: timeMs,
    }),
    LineState: { enum: ['producing', 'starved', 'blocked', 'down', 'setup', 'planned stop', 'unknown'] },
    LineStation: shape({
      key: text, name: text, state: reference('LineState'), reason: text, sinceMs: timeMs, availability: share, performance: share, quality: share, oee: share,
      parts: number, bad: number, plannedMin: number, producedMin: number, unknownMin: number, idealS: share, idealLearnt: flag, transitS: share, transitParts: count,
      transitBy: { enum: ['setting', 'page', 'serial', 'pattern', ''] }, before: texts, between: share, buffer: share,
      reasons: { type: 'array', items: shape({ counter: text, count }) }, late: count, code: text,
    }),
    LineMessage: shape(
      {
        topic: text, payload: mapOf(reference('SentValue')), timestamp: timeMs,
        line: shape({
          v: version, key: text, name: text, fromMs: timeMs, timeMs, stations: { type: 'array', items: reference('LineStation') },
          bottleneck: { anyOf: [{ type: 'null' }, shape({ station: text, share: number, confidence: number })] },
          scrap: { type: 'array', items: shape({ station: text, counter: text, count }) },
          stops: { type: 'array', items: shape({ station: text, reason: text, count, minutes: number }) },
        }),
        ...marks,
      },
      markNames,
    ),
    LineFindingMessage: shape(
      {
        topic: text, payload: text, finding: shape({ v: version, code: { type: 'string', minLength: 1 }, line: text, station: text, name: text, timeMs }), timestamp: timeMs,
        ...marks,
      },
      markNames,
    ),
    LineFramesMessage: shape({
      topic: text, payload: { type: 'array', items: mapOf(reference('SentValue')) }, more: flag, timestamp: timeMs,
      frames: {
        type: 'array',
        items: shape(
          {
            kind: { enum: ['stop', 'changeover', 'batch', 'phase'] }, station: text, name: text, startMs: timeMs, endMs: timeMs,
            atStart: mapOf(reference('SentValue')), atEnd: mapOf(reference('SentValue')),
          },
          ['endMs', 'atEnd'],
        ),
      },
    }),
    LineFrameMessage: shape(
      {
        topic: text, payload: mapOf(reference('SentValue')), timestamp: timeMs,
        frame: shape(
          {
            v: version, line: text, kind: { enum: ['stop', 'changeover', 'batch', 'phase'] }, change: { enum: ['begins', 'ends'] }, station: text, name: text,
            startMs: timeMs, endMs: timeMs, atStart: mapOf(reference('SentValue')), atEnd: mapOf(reference('SentValue')),
          },
          ['endMs', 'atEnd'],
        ),
        ...marks,
      },
      markNames,
    ),
    NamedStation: shape({ key: text, name: text }),
    CauseCondition: shape({
      station: text, stationName: text, property: text, label: text, unit: text, direction: { enum: ['low', 'high'] }, fromOff: number, toOff: number, badWith: count, goodWith: count,
      share: number, path: { type: 'array', items: reference('NamedStation') },
      distributions: shape({ edges: numbers, bad: numbers, good: numbers }),
    }),
    CauseMessage: shape({
      topic: text, payload: text, timestamp: timeMs, trigger: { enum: ['request', 'case', 'watch'] },
      cause: shape({
        v: version, line: text, lineName: text, about: { enum: ['scrap', 'stops', 'case', 'slow'] }, station: text, stationName: text, fromMs: timeMs, toMs: timeMs,
        verdict: { enum: ['conditions', 'none of these', 'not enough data'] }, sentence: text, bad: count, good: count, fewestBad: count, fewestGood: count,
        sinceMs: { anyOf: [timeMs, { type: 'null' }] }, chance: number, conditions: { type: 'array', items: reference('CauseCondition') },
        ways: { type: 'array', items: shape({ station: text, name: text, seconds: number, parts: count, given: flag }) }, notes: texts, tookMs: number,
      }),
    }),
    ScenarioNumber: shape({ value: number, low: number, high: number }),
    ScenarioAnswer: shape({
      v: version, line: text, lineName: text, name: text, verdict: { enum: ['answer', 'withheld'] }, sentence: text, trust: text, trustText: text,
      changes: { type: 'array', items: shape({ kind: text, station: text, property: text, amount: number, text }, ['station', 'property']) },
      figures: {
        type: 'array',
        items: shape({
          name: text, label: text, unit: text, today: reference('ScenarioNumber'), after: reference('ScenarioNumber'), change: reference('ScenarioNumber'), trust: text, trustText: text,
        }),
      },
      quality: {
        type: 'array',
        items: shape({ label: text, verdict: text, today: share, after: { anyOf: [{ type: 'null' }, reference('ScenarioNumber')] }, lots: count, sentence: text }),
      },
      limitToday: reference('NamedStation'), limitThen: reference('NamedStation'), gainsAlmostNothing: flag, notes: texts, runs: count, hours: number, timeMs, tookMs: number,
      fit: shape({
        hours: number, parts: count,
        stations: {
          type: 'array',
          items: shape({
            station: text, name: text, cycleS: reference('ScenarioNumber'), cycles: count, misfit: number, betweenMin: share, repairMin: share, stops: count, scrap: number,
            places: share, placesAtLeast: flag,
          }),
        },
      }),
    }),
    ScenarioMessage: shape({ topic: text, payload: text, scenario: reference('ScenarioAnswer'), timestamp: timeMs }),
    ScenariosMessage: shape({
      topic: text, payload: { type: 'array', items: mapOf(reference('SentValue')) }, timestamp: timeMs,
      scenarios: { type: 'array', items: shape({ name: text, scenario: { type: 'object' }, storedMs: timeMs, answer: reference('ScenarioAnswer') }) },
    }),
    PublishedTwin: shape({ v: version, key: { type: 'string', minLength: 1 }, name: text, type: text, state: text, path: texts }),
    PublishedState: {
      ...shape(
        { timestamp: timeMs, quality: mapOf(reference('QualityWord')), twin: reference('PublishedTwin'), ...enrichment },
        enrichmentNames,
      ),
      additionalProperties: reference('SentValue'),
    },
    PublishedRow: {
      ...shape({ timestamp: timeMs, quality: mapOf(reference('QualityWord')), twin: reference('PublishedTwin') }),
      additionalProperties: reference('SentValue'),
    },
    PublishedProperty: shape({ value: reference('SentValue'), timestamp: timeMs, quality: reference('QualityWord'), unit: text }),
    PublishedEvent: {
      oneOf: [
        shape({ event: reference('TwinEvent'), timestamp: timeMs, twin: reference('PublishedTwin') }),
        shape({
          case: reference('TwinCase'),
          subject: text,
          text,
          alarm: { type: 'object' },
          why: { type: 'object' },
          timestamp: timeMs,
          twin: reference('PublishedTwin'),
        }),
      ],
    },
    PublishedCase: shape(
      { open: flag, timestamp: timeMs, sentence: text, case: reference('TwinCase'), twin: reference('PublishedTwin') },
      ['case'],
    ),
    PublishedStatus: shape({ v: version, status: { enum: ['online', 'stale', 'offline'] }, timestamp: timeMs, publisher: text }),
    PublisherStatus: shape({ v: version, status: { enum: ['online', 'offline'] }, orderly: flag, timestamp: timeMs, site: text }),
    PublishedMeta: shape({
      v: version,
      key: { type: 'string', minLength: 1 },
      name: text,
      path: texts,
      language: text,
      type: shape({ name: text, version: number }),
      publisher: text,
      topics: mapOf(text),
      properties: {
        type: 'array',
        items: shape(
          { name: text, label: text, unit: text, kind: text, ...publishedLimits },
          Object.keys(publishedLimits),
        ),
      },
    }),
    TwinCommand: {
      anyOf: [
        {
          ...shape({ twin: text, do: { const: 'acknowledge' }, case: text, by: text, comment: text }, ['twin', 'case', 'by', 'comment']),
          description: 'Of the open case.',
        },
        shape(
          {
            do: { enum: ['acknowledge', 'confirm', 'reset', 'shelve', 'unshelve', 'suppress', 'unsuppress', 'take-out-of-service', 'return-to-service', 'note'] },
            twin: text, case: text, alarm: text, occurrence: count, minutes: number, oneShot: flag, by: text, why: text,
          },
          ['case', 'alarm', 'occurrence', 'minutes', 'oneShot', 'why'],
        ),
        shape({ twin: text, do: { const: 'learn-again' }, properties: texts, fromMs: timeMs }, ['twin', 'properties', 'fromMs']),
        shape({ twin: text, do: { const: 'keep-baseline' }, note: text }, ['twin', 'note']),
        shape({ twin: text, do: { const: 'restore-baseline' }, version: count }),
        shape({ twin: text, do: { const: 'failure' }, atMs: timeMs, what: text, replaced: { const: true } }, ['atMs', 'what', 'replaced']),
        shape({ twin: text, do: { const: 'failure-runs' } }, ['twin']),
        shape(
          {
            do: { const: 'answer' }, answer: { enum: ['onIt', 'real', 'falseAlarm', 'planned', 'changed'] },
            twin: text, case: text, what: text, untilMs: timeMs, hours: number, by: text, confirm: flag,
          },
          ['twin', 'case', 'what', 'untilMs', 'hours', 'by', 'confirm'],
        ),
        shape({ do: { const: 'undo' }, twin: text, id: text, by: text }, ['by']),
        linkCommand('link'),
        linkCommand('unlink'),
      ],
    },
  },
} as const satisfies JsonSchema;
