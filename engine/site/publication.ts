import type {
  AlertMessage,
  Anomaly,
  Expected,
  LearningProgress,
  PublishedCase,
  PublishedEvent,
  PublishedMeta,
  PublishedProperty,
  PublishedRow,
  PublishedState,
  PublishedStatus,
  PublishedTwin,
  QualityWord,
  SentValue,
  TwinEventMessage,
  TwinHeader,
} from '../../contract/messages.ts';
import type { AssetTwin } from './assetTwin.ts';
import { signalsSentence } from './sentences.ts';
import type { Site } from './site.ts';

/** What of a topic's level may not stand there as it is, and `%` itself, so that every name can be read back. */
// eslint-disable-next-line no-control-regex
const unsafe = /[%+#/\u0000-\u001f\u007f-\u009f]|^\$|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * A name as one level of an MQTT topic: what MQTT keeps for itself (`+ # /`, control characters, a leading `$`) and `%` become
 * `%XX`, their code in hexadecimal (after RFC 3986, 2.1); half characters, which UTF-8 does not know, `%uXXXX`.
 */
export function topicLevel(name: string): string {
  return name.replace(unsafe, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return code.length > 2 ? `%u${code.padStart(4, '0')}` : `%${code.padStart(2, '0')}`;
  });
}

/** The name that `topicLevel` made a level of. */
export function nameOfLevel(level: string): string {
  return level.replace(/%u([0-9A-F]{4})|%([0-9A-F]{2})/g, (_whole, long?: string, short?: string) => String.fromCharCode(parseInt(long ?? short ?? '', 16)));
}

/** What stands before all topics: without leading and trailing `/`; undefined where it can be none. */
export function readPrefix(given: string): string | undefined {
  const prefix = given.trim().replace(/^\/+|\/+$/g, '');
  // eslint-disable-next-line no-control-regex
  return prefix === '' || prefix.startsWith('$') || /[+#\u0000-\u001f\u007f]|\/\//.test(prefix) ? undefined : prefix;
}

/** Where the status of a publisher's connection stands. No machine begins there, but the claims of topics see to that, not this name. */
export function publisherTopic(prefix: string, identity: string): string {
  return `${prefix}/_publisher/${identity}/status`;
}

/** Topics of one machine, below `<prefix>/<place…>/<key>`. */
export interface TwinTopics {
  readonly base: string;
  readonly state: string;
  readonly event: string;
  readonly case: string;
  readonly meta: string;
  readonly status: string;
  readonly row: string;
  property(name: string): string;
}

export function topicsAt(base: string): TwinTopics {
  return {
    base,
    state: `${base}/state`,
    event: `${base}/event`,
    case: `${base}/case`,
    meta: `${base}/meta`,
    status: `${base}/status`,
    row: `${base}/row`,
    property: (name) => `${base}/properties/${topicLevel(name)}`,
  };
}

/** @param path the machine's place from the enterprise down (ISA-95), its key as the last part */
export function topicsOf(prefix: string, path: readonly string[]): TwinTopics {
  return topicsAt([prefix, ...path.map(topicLevel)].join('/'));
}

const ownNames = /^_*(?:timestamp|quality|twin|expected|learning|anomaly)$/;

function flat(values: Readonly<Record<string, SentValue>>): [string, SentValue][] {
  return Object.entries(values).map(([name, value]) => [ownNames.test(name) ? `_${name}` : name, value]);
}

export function publishedTwin({ v, key, name, type, state, path }: TwinHeader): PublishedTwin {
  return { v, key, name, type, state, path };
}

export interface Enrichment {
  expected?: Expected;
  learning?: LearningProgress;
  anomaly?: Anomaly;
}

export function stateBody(
  values: Readonly<Record<string, SentValue>>,
  quality: Record<string, QualityWord>,
  timestamp: number,
  header: TwinHeader,
  { expected, learning, anomaly }: Enrichment = {},
): PublishedState {
  return {
    ...Object.fromEntries(flat(values)),
    timestamp,
    quality,
    twin: publishedTwin(header),
    ...(expected === undefined ? {} : { expected }),
    ...(learning === undefined ? {} : { learning }),
    ...(anomaly === undefined ? {} : { anomaly }),
  };
}

export function rowBody(values: Readonly<Record<string, SentValue>>, quality: Record<string, QualityWord>, timestamp: number, header: TwinHeader): PublishedRow {
  return { ...Object.fromEntries(flat(values)), timestamp, quality, twin: publishedTwin(header) };
}

export function eventBody(message: TwinEventMessage): PublishedEvent {
  const { event, timestamp, twin } = message;
  return { event, timestamp, twin: publishedTwin(twin) };
}

export function caseChangeBody(message: AlertMessage): PublishedEvent {
  const { topic, payload, case: twinCase, alarm, why, timestamp, twin } = message;
  return { case: twinCase, subject: topic, text: payload, alarm, why, timestamp, twin: publishedTwin(twin) };
}

/** The machine's case as the site knows it now. */
export function caseBody(site: Site, asset: AssetTwin): PublishedCase {
  const { open } = asset.cases;
  const last = open ?? site.endedCases(asset.key).find((stored) => stored.case.state === 'cleared' && !stored.case.historical)?.case;
  const sentence = last === undefined ? '' : `${signalsSentence(last.signals, asset.naming, asset.language)}.`;
  return {
    open: open !== undefined,
    timestamp: last?.changedMs ?? asset.twin.timeMs ?? 0,
    sentence,
    ...(last === undefined ? {} : { case: last }),
    twin: publishedTwin(asset.twin.header()),
  };
}

export function statusBody(status: PublishedStatus['status'], timestamp: number, publisher: string): PublishedStatus {
  return { v: 1, status, timestamp, publisher };
}

export function metaBody(asset: AssetTwin, topics: TwinTopics, publisher: string, what: { properties: boolean; rows: boolean }): PublishedMeta {
  const { twin } = asset;
  const { state, event, case: caseTopic, meta, status } = topics;
  return {
    v: 1,
    key: twin.key,
    name: twin.name,
    path: [...twin.path],
    language: asset.language,
    type: { name: twin.type.name, version: twin.type.version },
    publisher,
    topics: {
      state,
      event,
      case: caseTopic,
      meta,
      status,
      ...(what.rows ? { row: topics.row } : {}),
      ...(what.properties ? { properties: `${topics.base}/properties` } : {}),
    },
    properties: twin.type.properties.map(({ name, label, unit, kind, ...numbers }) => {
      const { rangeLow, rangeHigh, lowLow, low, high, highHigh } = numbers;
      // NaN stands for "not set", and JSON has no NaN.
      const set = Object.entries({ rangeLow, rangeHigh, lowLow, low, high, highHigh }).filter(([, limit]) => Number.isFinite(limit));
      return { name, label, unit, kind, ...Object.fromEntries(set) };
    }),
  };
}

export function propertyBodies(asset: AssetTwin): Map<string, PublishedProperty> {
  const bodies = new Map<string, PublishedProperty>();
  for (const { name, value, quality, timeMs, unit } of asset.twin.properties()) {
    if (timeMs !== undefined) bodies.set(name, { value, timestamp: timeMs, quality, unit });
  }
  return bodies;
}

export interface PreviewedTopic {
  topic: string;
  retained: boolean;
  body: object | undefined;
}

/** Everything that is published of a machine, as it would be now; `body` undefined: comes with the next event or row. */
export function previewOf(site: Site, asset: AssetTwin, prefix: string, identity: string, what: { properties: boolean; rows: boolean }): PreviewedTopic[] {
  const { twin } = asset;
  const topics = topicsOf(prefix, twin.path);
  const publisher = publisherTopic(prefix, identity);
  const timeMs = twin.timeMs ?? 0;
  return [
    { topic: topics.state, retained: true, body: stateBody(twin.payload(), twin.quality(), timeMs, twin.header()) },
    { topic: topics.case, retained: true, body: caseBody(site, asset) },
    { topic: topics.event, retained: false, body: undefined },
    { topic: topics.status, retained: true, body: statusBody(twin.stale ? 'stale' : 'online', timeMs, publisher) },
    { topic: topics.meta, retained: true, body: metaBody(asset, topics, publisher, what) },
    ...(what.properties ? [...propertyBodies(asset)].map(([name, body]) => ({ topic: topics.property(name), retained: true, body })) : []),
    ...(what.rows ? [{ topic: topics.row, retained: false, body: undefined }] : []),
    { topic: publisher, retained: true, body: { v: 1, status: 'online', orderly: true, timestamp: site.clock.nowMs(), site: site.options.name } },
  ];
}
