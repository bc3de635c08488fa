import type {
  BatchRow,
  HistoricalMarks,
  QualityWord,
  ReplayMark,
  SentValue,
  TwinBatchMessage,
  TwinCommand,
  TwinEvent,
  TwinEventMessage,
  TwinMessage,
} from '../contract/messages.ts';
import { earliestTimeMs } from '../engine/twin/clockComparison.ts';
import type { RecordedPoint } from '../engine/history/recordedRows.ts';
import type { Observation, PropertyValue, Quality } from '../engine/observation.ts';
import { Problem } from '../engine/problem.ts';
import type { RowOptions, Twin, TwinUpdate } from '../engine/twin/twin.ts';
import { largestRows, largestText, largestValues } from './messageLimits.ts';
import { readQuality, readStatusCode } from './messageQuality.ts';
import type { ReadQuality } from './messageQuality.ts';
import { readTimeMs } from './messageTime.ts';

/** A row of a batch: its time where it had one, its values by address. */
export interface ReadRow {
  timeMs: number | undefined;
  values: Record<string, unknown>;
  /** The topic of the message, for Twin.applyRow. */
  topic: string;
  quality?: Quality;
  /** Of the machine's own history: taken instead of `values`. */
  recorded?: readonly RecordedPoint[];
}

/**
 * What a message turned out to be. `historical` is said by the message; whether old values are backfill is the twin's decision.
 * - observations: single values, each with its address, time and quality. `complete`: a snapshot that goes out at once; `device`: the Sparkplug
 *   device (or edge node) that they are of, as group/edge/device: metrics of two devices have the same names; `aliases`: the numbers of a
 *   birth's metrics with their names;
 * - row: one flat object, for Twin.applyRow; `values` may be the message's own payload, so it must not be changed;
 * - rows: a batch in time order;
 * - lifecycle: a source says that it lives, or that it is gone;
 * - ignored: nothing for a twin, and that is normal; problem: it should have been, and is not.
 */
export type Reading =
  | { kind: 'observations'; observations: Observation[]; complete: boolean; historical: boolean; birth?: boolean; device?: string; aliases?: ReadonlyMap<string, string> }
  | ({ kind: 'row'; values: Record<string, unknown>; timeMs: number | undefined } & RowOptions & { historical: boolean })
  | { kind: 'rows'; rows: ReadRow[]; historical: boolean; topic: string }
  | { kind: 'lifecycle'; alive: boolean; source: string; device?: string; aliases?: ReadonlyMap<string, string> }
  | { kind: 'command'; command: TwinCommand }
  | { kind: 'ignored'; reason: string }
  | { kind: 'problem'; problem: Problem };

type Fields = Record<string, unknown>;

const deepest = 8;
/** The address of a value that came without any. */
export const namelessAddress = 'payload';

const valueNames = ['value', 'v'] as const;
const timeNames = ['timestamp', 'timestamp_ms', 'time', '_time', 'ts', 'sourceTimestamp', 'Timestamp', 'Time'] as const;
const ownAddressNames = ['nodeId', 'tag', 'address', 'id', 'name'] as const;
const addressNames = [...ownAddressNames, 'topic', 'browseName'] as const;
/** What may stand beside a value without making the object a row of several values. */
const besideValue = new Set<string>([
  ...timeNames,
  ...addressNames,
  't',
  'q',
  'quality',
  'status',
  'statusCode',
  'StatusCode',
  'serverTimestamp',
  'sourcePicoseconds',
  'serverPicoseconds',
  'unit',
  'units',
  'engUnit',
  'type',
  'dataType',
  'datatype',
  'dimensions',
  'arrayType',
  'alias',
  'displayName',
]);

/**
 * Reads whatever a source node sent: node-red-contrib-opcua, opcua-suite, FlowFuse's OPC UA, iiot-opcua, s7, modbus, MQTT in its
 * usual shapes, decoded Sparkplug, rows of InfluxDB or a CSV file, our own messages, a plain number. Never throws and never
 * changes the message. Bounds: 100,000 rows, 10,000 values, depth 8, 1 MB of text.
 * @param receivedTimeMs site time, ms UTC
 */
export function readMessage(msg: unknown, receivedTimeMs: number): Reading {
  if (!isFields(msg)) return { kind: 'ignored', reason: 'no message' };
  try {
    return new MessageReader(msg, receivedTimeMs).read();
  } catch (found) {
    // Foreign objects may have getters that throw; a message like that is told, never thrown.
    if (found instanceof Problem) return { kind: 'problem', problem: found };
    return problemReading(
      'TWIN_MESSAGE_UNREADABLE',
      'The message cannot be read.',
      'Look at it with a debug node: one of its properties throws an error.',
      {},
    );
  }
}

class MessageReader {
  readonly #msg: Fields;
  readonly #nowMs: number;
  readonly #historical: boolean;

  constructor(msg: Fields, nowMs: number) {
    this.#msg = msg;
    this.#nowMs = nowMs;
    this.#historical = own(msg, 'historical') === true || isFields(own(msg, 'replay'));
  }

  read(): Reading {
    const msg = this.#msg;
    const command = own(msg, 'command');
    if (isFields(command)) return readCommand(command);
    const topic = own(msg, 'topic');
    if (topic === 'subscriptionId') return { kind: 'ignored', reason: 'subscription id' };
    const payload = own(msg, 'payload');
    const items = own(msg, 'items');
    if (payload === undefined) {
      if (Array.isArray(items)) return this.#items(items, undefined);
      return this.#clientStatus() ?? { kind: 'ignored', reason: 'no payload' };
    }
    if (Array.isArray(topic) && isArrayLike(payload)) return this.#items(topic, payload);
    if (Array.isArray(items) && items.some(isFields)) return this.#items(items, isArrayLike(payload) ? payload : undefined);
    return this.#payload(payload, typeof topic === 'string' ? topic : '');
  }

  /** The second output of node-red-contrib-opcua: what its client does. Its keep-alive says that the server lives. */
  #clientStatus(): Reading | undefined {
    const status = own(this.#msg, 'status');
    const endpoint = own(this.#msg, 'endpoint');
    if (typeof status !== 'string' || typeof endpoint !== 'string') return undefined;
    if (status === 'keepalive') return { kind: 'lifecycle', alive: true, source: endpoint };
    const gone = /^(?:terminated|disconnected|closed|connection (?:broken|lost|error))/.test(status);
    if (gone) return { kind: 'lifecycle', alive: false, source: endpoint };
    return { kind: 'ignored', reason: `client status: ${status.slice(0, 60)}` };
  }

  #payload(payload: unknown, topic: string): Reading {
    switch (typeof payload) {
      case 'number':
      case 'boolean':
      case 'bigint':
        return this.#single(payload, topic);
      case 'string':
        return this.#text(payload, topic);
      case 'object':
        break;
      default:
        return { kind: 'ignored', reason: `payload of type ${typeof payload}` };
    }
    if (payload === null) return this.#single(null, topic);
    if (payload instanceof Date) return this.#single(payload, topic);
    if (payload instanceof Uint8Array) return this.#text(textOf(payload), topic);
    if (isArrayLike(payload)) return this.#array(payload, topic);
    return this.#object(payload as Fields, topic);
  }

  #text(text: string, topic: string): Reading {
    const death = sparkplugKind(topic);
    if (death === 'death') return lifecycle(false, topic);
    if (text.length > largestText) {
      return problemReading(
        'TWIN_MESSAGE_TOO_LARGE',
        `The payload is a text of ${text.length} characters.`,
        `At most ${largestText} are read; send rows in several messages.`,
        { length: text.length },
      );
    }
    const trimmed = text.trim();
    const first = trimmed[0];
    if (first === '{' || first === '[') {
      try {
        return this.#payload(JSON.parse(trimmed) as unknown, topic);
      } catch (found) {
        if (found instanceof Problem) throw found;
        return problemReading(
          'TWIN_MESSAGE_JSON',
          `The payload looks like JSON and is none: ${trimmed.slice(0, 60)}`,
          'Correct the sender, or put a json node before the twin to see what is wrong.',
          { text: trimmed.slice(0, 60) },
        );
      }
    }
    if (trimmed === 'null') return this.#single(null, topic);
    if (trimmed.length >= 2 && first === '"' && trimmed.endsWith('"')) {
      try {
        return this.#single(JSON.parse(trimmed) as unknown, topic);
      } catch {
        return this.#single(text, topic);
      }
    }
    if (text.length > 1000) return { kind: 'ignored', reason: 'a long text is no value' };
    return this.#single(text, topic);
  }

  /** One value under the message's own address, with the message's own time and quality. */
  #single(value: unknown, topic: string): Reading {
    const msg = this.#msg;
    const nodeId = own(msg, 'nodeId');
    const address = addressText(nodeId) ?? (topic === '' ? namelessAddress : topic);
    const observation = this.#observation(address, value, msg, undefined, dataTypeOf(msg));
    return { kind: 'observations', observations: [observation], complete: false, historical: this.#historical };
  }

  /** @param carrier what holds time and quality beside the value */
  #observation(address: string, value: unknown, carrier: Fields, quality: ReadQuality | undefined, dataType: unknown): Observation {
    const plain = plainValue(value, dataType);
    const read = quality ?? qualityBeside(carrier);
    const observation: Observation = {
      address: address.length > 1000 ? address.slice(0, 1000) : address,
      value: plain,
      quality: plain === null ? 'bad' : read.quality,
      receivedTimeMs: this.#nowMs,
    };
    if (read.code !== undefined) observation.statusCode = read.code;
    else if (plain === null) observation.statusCode = 'not-a-value';
    const sourceMs = timeBeside(carrier);
    if (sourceMs !== undefined) observation.sourceTimeMs = sourceMs;
    const serverMs = readTimeMs(own(carrier, 'serverTimestamp'));
    if (serverMs !== undefined) observation.serverTimeMs = serverMs;
    const unit = own(carrier, 'unit') ?? own(carrier, 'units') ?? own(carrier, 'engUnit');
    if (typeof unit === 'string' && unit !== '') observation.unit = unit.slice(0, 20);
    return observation;
  }

  /** topic or items: the addresses; values: DataValues or bare values in the same order, or inside the items. */
  #items(items: readonly unknown[], values: ArrayLike<unknown> | undefined): Reading {
    if (items.length > largestValues) return tooMany(items.length);
    const observations: Observation[] = [];
    for (let place = 0; place < items.length; place += 1) {
      const item = items[place];
      const address = addressOf(item);
      if (address === undefined) continue;
      const inItem = isFields(item) && (valueNames.some((name) => Object.hasOwn(item, name)) || Object.hasOwn(item, 'payload'));
      if (inItem) this.#value(address, item, undefined, observations);
      else if (values !== undefined && place < values.length) this.#value(address, values[place], this.#msg, observations);
    }
    return this.#observations(observations);
  }

  /** A DataValue, {value, …}, {payload, …} or a bare value. `outer` holds time and quality where the value itself has none. */
  #value(address: string, given: unknown, outer: Fields | undefined, into: Observation[]): void {
    if (isFields(given) && !(given instanceof Date)) {
      const name = ['value', 'v', 'payload'].find((each) => Object.hasOwn(given, each));
      const held = name === undefined ? undefined : given[name];
      if (held !== undefined) {
        // A Variant: {value, dataType}.
        const variant = isFields(held) && Object.hasOwn(held, 'value') ? held : undefined;
        const value = variant === undefined ? held : variant['value'];
        const dataType = variant === undefined ? dataTypeOf(given) : dataTypeOf(variant);
        this.#spread(address, value, given, dataType, into);
        return;
      }
    }
    this.#spread(address, given, outer ?? {}, dataTypeOf(outer ?? {}), into);
  }

  /** An array of an array-valued variable becomes address[0], address[1] …; a pair of words of a 64-bit integer one value. */
  #spread(address: string, value: unknown, carrier: Fields, dataType: unknown, into: Observation[]): void {
    if (isArrayLike(value) && !(value instanceof Uint8Array) && plainValue(value, dataType) === null) {
      const quality = qualityBeside(carrier);
      const length = Math.min(value.length, largestValues - into.length);
      for (let place = 0; place < length; place += 1) into.push(
        this.#observation(`${address}[${place}]`, value[place], carrier, quality, dataType),
      );
      return;
    }
    into.push(this.#observation(address, value, carrier, undefined, dataType));
  }

  #observations(observations: Observation[], birth = false): Reading {
    if (observations.length === 0) return { kind: 'ignored', reason: 'no values' };
    return {
      kind: 'observations',
      observations,
      complete: observations.length > 1,
      historical: this.#historical,
      ...(birth ? { birth } : {}),
    };
  }

  // ---- arrays ----------------------------------------------------------------------------------------------------------

  #array(payload: ArrayLike<unknown>, topic: string): Reading {
    const msg = this.#msg;
    if (payload.length === 0) return { kind: 'ignored', reason: 'empty array' };
    const first = payload[0];
    if (typeof first !== 'object' || first === null) {
      const opcua = Object.hasOwn(msg, 'statusCode') || Object.hasOwn(msg, 'sourceTimestamp') || is64Bit(dataTypeOf(msg));
      if (opcua && topic !== '') {
        const observations: Observation[] = [];
        this.#spread(topic, payload, msg, dataTypeOf(msg), observations);
        return this.#observations(observations);
      }
      if (payload.length > largestValues) return tooMany(payload.length);
      return {
        kind: 'row',
        values: { registers: Array.isArray(payload) ? payload : Array.from(payload) },
        timeMs: timeBeside(msg),
        topic,
        historical: this.#historical,
      };
    }
    if (payload.length > largestRows) {
      return problemReading(
        'TWIN_MESSAGE_TOO_LARGE',
        `The message has ${payload.length} rows.`,
        `Send at most ${largestRows} in one message.`,
        { rows: payload.length },
      );
    }
    const nodes = own(msg, 'nodesToRead') ?? own(msg, 'addressSpaceItems');
    if (Array.isArray(nodes) && nodes.length === payload.length) return this.#items(nodes, payload);
    if (isFields(first) && addressOf(first) !== undefined && looksLikeValue(first)) {
      if (payload.length > largestValues) return tooMany(payload.length);
      const observations: Observation[] = [];
      for (let place = 0; place < payload.length; place += 1) {
        const item = payload[place];
        const address = addressOf(item);
        if (address !== undefined) this.#value(address, item, undefined, observations);
      }
      return this.#observations(observations);
    }
    if (Array.isArray(first)) {
      return problemReading(
        'TWIN_MESSAGE_SHAPE',
        'The payload is an array of arrays.',
        'Send an array of flat objects, one per row, each with its time.',
        {},
      );
    }
    return this.#rows(payload, topic);
  }

  #rows(payload: ArrayLike<unknown>, topic: string): Reading {
    const rows: ReadRow[] = [];
    /** Rows of one time of a long table (_field, _value), put together. */
    const pivoted = new Map<number, ReadRow>();
    let ordered = true;
    let lastMs = -Infinity;
    let count = 0;
    for (let place = 0; place < payload.length; place += 1) {
      const item = payload[place];
      if (!isFields(item)) continue;
      const timeMs = timeBeside(item);
      const field = own(item, '_field');
      if (typeof field === 'string' && Object.hasOwn(item, '_value')) {
        const at = timeMs ?? this.#nowMs;
        let row = pivoted.get(at);
        if (row === undefined) {
          row = { timeMs, values: {}, topic };
          pivoted.set(at, row);
          rows.push(row);
        }
        setValue(row.values, field, item['_value']);
      } else {
        const point = own(item, 'fields');
        const row: ReadRow = { timeMs, values: isFields(point) ? point : this.#flatRow(item), topic };
        const quality = own(item, 'quality');
        if (typeof quality === 'string' || typeof quality === 'number') row.quality = readQuality(quality).quality;
        rows.push(row);
      }
      count += 1;
      if (timeMs !== undefined) {
        if (timeMs < lastMs) ordered = false;
        lastMs = timeMs;
      }
    }
    if (count === 0) return { kind: 'ignored', reason: 'no rows' };
    if (!ordered) rows.sort((a, b) => (a.timeMs ?? Infinity) - (b.timeMs ?? Infinity) || 0);
    return { kind: 'rows', rows, historical: this.#historical, topic };
  }

  #flatRow(item: Fields): Fields {
    return isFlat(item) ? item : this.#flatten(item);
  }

  // ---- objects ---------------------------------------------------------------------------------------------------------------

  #object(payload: Fields, topic: string): Reading {
    const { metrics } = payload;
    if (Array.isArray(metrics)) return this.#sparkplug(payload, metrics, topic);
    if (sparkplugKind(topic) === 'death') return lifecycle(false, topic);
    if (isStatusCode(payload)) return { kind: 'ignored', reason: 'the answer to a write' };
    if (isLocalizedText(payload)) return this.#single(payload, topic);
    if (isLong(payload)) return this.#single(payload, topic);
    const long = isFields(payload['payload']) ? payload['payload'] : undefined;
    if (long !== undefined && Object.keys(payload).every((name) => name === 'payload' || besideValue.has(name))) {
      // Everything inside the payload: a message in a message.
      const address = addressOf(payload);
      if (looksLikeValue(long)) {
        const observations: Observation[] = [];
        this.#value(addressOf(long) ?? address ?? (topic === '' ? namelessAddress : topic), long, undefined, observations);
        return this.#observations(observations);
      }
      return this.#object(long, address ?? topic);
    }
    if (looksLikeValue(payload)) return this.#valueObject(payload, topic);
    return this.#row(payload, topic);
  }

  #valueObject(payload: Fields, topic: string): Reading {
    const held = Object.hasOwn(payload, 'value') ? payload['value'] : Object.hasOwn(payload, 'v') ? payload['v'] : payload['payload'];
    const nodes = own(this.#msg, 'nodesToRead') ?? own(this.#msg, 'addressSpaceItems');
    const listed = Array.isArray(nodes) && nodes.length === 1 ? addressOf(nodes[0]) : undefined;
    const address =
      addressOf(payload, ownAddressNames) ??
      addressText(own(this.#msg, 'nodeId')) ??
      listed ??
      (topic === '' || topic === 'multiple' ? undefined : topic) ??
      addressOf(payload) ??
      namelessAddress;
    if (isFields(held) && !(held instanceof Date) && !Object.hasOwn(held, 'value') && !isLong(held) && !isLocalizedText(held)) {
      // {value: {temperature: 5, pressure: 6}, timestamp}
      const quality = qualityBeside(payload);
      return {
        kind: 'row',
        values: this.#flatRow(held),
        timeMs: timeBeside(payload),
        quality: quality.quality,
        topic,
        historical: this.#historical,
      };
    }
    const observations: Observation[] = [];
    const plainCarrier = timeBeside(payload) !== undefined || hasQuality(payload);
    // Without time and quality of its own, the message's count.
    if (plainCarrier) this.#value(address, payload, undefined, observations);
    else this.#spread(
      address,
      isFields(held) && Object.hasOwn(held, 'value') ? held['value'] : held,
      this.#msg,
      dataTypeOf(isFields(held) ? held : payload),
      observations,
    );
    return this.#observations(observations);
  }

  #row(payload: Fields, topic: string): Reading {
    const msg = this.#msg;
    const keys = Object.keys(payload);
    if (keys.length === 0) return { kind: 'ignored', reason: 'empty object' };
    if (keys.length > largestValues) return tooMany(keys.length);
    const timeMs = rowTime(payload) ?? timeBeside(msg);
    const quality = rowQuality(payload, msg);
    const flat = isFlat(payload, keys);
    if (!flat) {
      // An IoT gateway's {timestamp, values: [{id, v, q, t}, …]}.
      const list = own(payload, 'values');
      if (Array.isArray(list) && isFields(list[0]) && looksLikeValue(list[0])) return this.#array(list, topic);
      const observations = this.#nestedValues(payload, timeMs);
      if (observations !== undefined) return { kind: 'observations', observations, complete: true, historical: this.#historical };
    }
    const reading: Reading = { kind: 'row', values: flat ? payload : this.#flatten(payload), timeMs, topic, historical: this.#historical };
    if (quality.quality !== undefined) reading.quality = quality.quality;
    if (quality.qualities !== undefined) reading.qualities = quality.qualities;
    return reading;
  }

  /** {temperature: {value, timestamp, quality}, …}: each value with its own time. undefined where the object is not of that kind. */
  #nestedValues(payload: Fields, timeMs: number | undefined): Observation[] | undefined {
    const names = Object.keys(payload);
    if (!names.some((name) => isFields(payload[name]) && looksLikeValue(payload[name] as Fields))) return undefined;
    const observations: Observation[] = [];
    for (const name of names) {
      if (timeMs !== undefined && (timeNames as readonly string[]).includes(name)) continue;
      const value = payload[name];
      const from = observations.length;
      if (isFields(value) && looksLikeValue(value)) this.#value(name, value, undefined, observations);
      else if (isFields(value)) {
        const flat = this.#flatten(value);
        for (const inner of Object.keys(flat)) observations.push(
          this.#observation(`${name}.${inner}`, flat[inner], {}, undefined, undefined),
        );
      } else this.#value(name, value, undefined, observations);
      for (let place = from; place < observations.length; place += 1) {
        const observation = observations[place] as Observation;
        if (observation.sourceTimeMs === undefined && timeMs !== undefined) observation.sourceTimeMs = timeMs;
      }
      if (observations.length > largestValues) throw tooManyProblem(observations.length);
    }
    return observations;
  }

  /** Nested objects become motor.current, arrays temperatures.0; texts and texts' objects stay values. */
  #flatten(payload: Fields): Fields {
    const flat: Fields = {};
    let count = 0;
    const walk = (value: unknown, name: string, depth: number): void => {
      if (isArrayLike(value) && !(value instanceof Uint8Array)) {
        if (depth >= deepest) return;
        for (let place = 0; place < value.length && count < largestValues; place += 1) walk(value[place], `${name}.${place}`, depth + 1);
        return;
      }
      if (isFields(value) && !(value instanceof Date) && !isLong(value) && !isLocalizedText(value)) {
        if (depth >= deepest) return;
        for (const key of Object.keys(value)) walk(value[key], name === '' ? key : `${name}.${key}`, depth + 1);
        return;
      }
      count += 1;
      if (count > largestValues) throw tooManyProblem(count);
      setValue(flat, name, typeof value === 'object' && value !== null ? plainValue(value, undefined) : value);
    };
    walk(payload, '', 0);
    return flat;
  }

  // ---- Sparkplug ----------------------------------------------------------------------------------------------------------------

  #sparkplug(payload: Fields, metrics: readonly unknown[], topic: string): Reading {
    const kind = sparkplugKind(topic) ?? sparkplugKind(String(payload['type'] ?? ''));
    if (kind === 'death') return lifecycle(false, topic);
    if (metrics.length > largestValues) return tooMany(metrics.length);
    const payloadMs = readTimeMs(payload['timestamp']);
    const observations: Observation[] = [];
    const aliases = new Map<string, string>();
    let historical = true;
    for (const metric of metrics) {
      if (!isFields(metric)) continue;
      const alias = aliasOf(metric['alias']);
      // A decoder of Protocol Buffers gives a text that is not there as an empty one.
      const name = metric['name'] === undefined || metric['name'] === null || metric['name'] === '' ? (alias === undefined ? undefined : `alias:${alias}`) : metric['name'];
      if (kind === 'birth' && alias !== undefined && typeof metric['name'] === 'string' && metric['name'] !== '') aliases.set(alias, metric['name']);
      if (typeof name !== 'string' || name === 'bdSeq' || name.startsWith('Node Control/')) continue;
      const isNull = metric['is_null'] === true || metric['isNull'] === true;
      const quality = sparkplugQuality(metric);
      const observation = this.#observation(name, isNull ? null : metric['value'], metric, quality, metric['type'] ?? metric['dataType']);
      observation.sourceTimeMs ??= payloadMs;
      const { properties } = metric;
      if (observation.unit === undefined && isFields(properties)) {
        const unit = isFields(properties['engUnit']) ? properties['engUnit']['value'] : properties['engUnit'];
        if (typeof unit === 'string' && unit !== '') observation.unit = unit.slice(0, 20);
      }
      observations.push(observation);
      if (metric['is_historical'] !== true && metric['isHistorical'] !== true) historical = false;
    }
    if (observations.length === 0) return kind === 'birth' ? { ...lifecycle(true, topic), ...(aliases.size > 0 && { aliases }) } : { kind: 'ignored', reason: 'no metrics' };
    const device = sparkplugDevice(topic);
    return {
      kind: 'observations',
      observations,
      complete: true,
      historical: this.#historical || historical,
      ...(kind === 'birth' ? { birth: true } : {}),
      ...(aliases.size > 0 && { aliases }),
      ...(device === undefined ? {} : { device }),
    };
  }
}

// ---- parts of messages -------------------------------------------------------------------------------------------------------------

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** An own property; never one of Object itself. */
function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function setValue(into: Fields, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
  else into[name] = value;
}

function isFlat(payload: Fields, keys: readonly string[] = Object.keys(payload)): boolean {
  for (let place = 0; place < keys.length; place += 1) {
    const value = payload[keys[place] as string];
    if (typeof value === 'object' && value !== null) return false;
  }
  return true;
}

function textOf(bytes: Uint8Array): string {
  if (bytes.byteLength > largestText) throw new Problem(
    'TWIN_MESSAGE_TOO_LARGE',
    `The payload has ${bytes.byteLength} bytes.`,
    `At most ${largestText} are read.`,
    { length: bytes.byteLength },
  );
  return new TextDecoder().decode(bytes);
}

function looksLikeValue(fields: Fields): boolean {
  let found = false;
  for (const name of valueNames) if (Object.hasOwn(fields, name)) found = true;
  if (!found && Object.hasOwn(fields, 'payload') && addressOf(fields) !== undefined) found = true;
  if (!found) return false;
  // {v: 230, t: 25} is a voltage and a temperature.
  const t = own(fields, 't');
  if (t !== undefined && (readTimeMs(t) ?? 0) < earliestTimeMs) return false;
  return Object.keys(fields).every((name) => name === 'value' || name === 'v' || name === 'payload' || besideValue.has(name));
}

/** A NodeId is a text, or an object that says it by toString. */
function addressText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (isFields(value) && typeof value['toString'] === 'function' && value['toString'] !== Object.prototype.toString) {
    const text = String(value);
    return text === '' || text.length > 1000 ? undefined : text;
  }
  return undefined;
}

function addressOf(item: unknown, names: readonly string[] = addressNames): string | undefined {
  if (!isFields(item)) return addressText(item);
  for (const name of names) {
    const text = addressText(own(item, name));
    if (text !== undefined) return text;
  }
  return undefined;
}

function dataTypeOf(fields: Fields): unknown {
  return own(fields, 'dataType') ?? own(fields, 'datatype');
}

function is64Bit(dataType: unknown): boolean {
  return dataType === 8 || dataType === 9 || (typeof dataType === 'string' && /^u?int64$/i.test(dataType));
}

/**
 * A value that a twin can hold, or null. 64-bit integers as [high, low] (node-opcua) or {low, high, unsigned} (long.js) become a
 * number where that is exact, else a bigint; without a type said, as signed.
 */
function plainValue(value: unknown, dataType: unknown): PropertyValue | null {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'string':
    case 'boolean':
      return value;
    case 'bigint':
      return smallest(value);
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (value instanceof Date) return Number.isFinite(value.getTime()) ? value.toISOString() : null;
  if (Array.isArray(value)) {
    const [high, low] = value as unknown[];
    if (value.length !== 2 || !isWord(high) || !isWord(low) || (dataType !== undefined && !is64Bit(dataType))) return null;
    const unsigned = (BigInt(high) << 32n) | BigInt(low);
    return smallest(dataType === 9 || /^uint64$/i.test(String(dataType)) ? unsigned : BigInt.asIntN(64, unsigned));
  }
  if (isFields(value)) {
    if (isLong(value)) {
      const whole = (BigInt((value['high'] as number) >>> 0) << 32n) | BigInt((value['low'] as number) >>> 0);
      return smallest(value['unsigned'] === true ? whole : BigInt.asIntN(64, whole));
    }
    if (isLocalizedText(value)) return value['text'] as string;
  }
  return null;
}

function smallest(value: bigint): number | bigint {
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : value;
}

function isWord(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function isLong(fields: Fields): boolean {
  return Number.isInteger(fields['low']) && Number.isInteger(fields['high']) && typeof fields['unsigned'] === 'boolean';
}

function isLocalizedText(fields: Fields): boolean {
  return typeof fields['text'] === 'string' && Object.hasOwn(fields, 'locale') && Object.keys(fields).length === 2;
}

function isStatusCode(fields: Fields): boolean {
  return typeof fields['isGood'] === 'function' && typeof fields['name'] === 'string';
}

function timeBeside(carrier: Fields): number | undefined {
  const source = readTimeMs(own(carrier, 'sourceTimestamp'));
  if (source !== undefined) return source;
  for (const name of timeNames) {
    const timeMs = readTimeMs(own(carrier, name));
    if (timeMs !== undefined) return timeMs;
  }
  return readTimeMs(own(carrier, 't'));
}

/** In a row of values `t` may well be a temperature. */
function rowTime(payload: Fields): number | undefined {
  for (const name of timeNames) {
    const timeMs = Object.hasOwn(payload, name) ? readTimeMs(payload[name]) : undefined;
    if (timeMs !== undefined) return timeMs;
  }
  return undefined;
}

function hasQuality(carrier: Fields): boolean {
  return ['statusCode', 'StatusCode', 'quality', 'q', 'status'].some((name) => Object.hasOwn(carrier, name));
}

function qualityBeside(carrier: Fields): ReadQuality {
  const statusCode = own(carrier, 'statusCode') ?? own(carrier, 'StatusCode');
  if (statusCode !== undefined && statusCode !== null) return readStatusCode(statusCode);
  const quality = own(carrier, 'quality') ?? own(carrier, 'q');
  if (quality !== undefined && quality !== null) return readQuality(quality);
  const status = own(carrier, 'status');
  // `status` is a common name for other things: only what clearly speaks of quality counts.
  if (typeof status === 'string' && /^(?:good|bad|uncertain|stale)/i.test(status)) return readQuality(status);
  return { quality: 'good' };
}

function rowQuality(payload: Fields, msg: Fields): { quality?: Quality; qualities?: ReadonlyMap<string, Quality> } {
  const inPayload = own(payload, 'quality');
  if (typeof inPayload === 'string' && /^(?:good|bad|uncertain)/i.test(inPayload)) return { quality: readQuality(inPayload).quality };
  const beside = own(msg, 'quality');
  if (isFields(beside)) {
    const qualities = new Map<string, Quality>();
    for (const name of Object.keys(beside)) {
      const word = beside[name];
      if (word === 'uncertain' || word === 'bad') qualities.set(name, word);
    }
    return qualities.size === 0 ? {} : { qualities };
  }
  const statusCode = own(msg, 'statusCode');
  return isFields(statusCode) ? { quality: readStatusCode(statusCode).quality } : {};
}

function sparkplugKind(topic: string): 'birth' | 'death' | undefined {
  if (/(?:^|\/)[ND]DEATH(?:\/|$)/.test(topic)) return 'death';
  return /(?:^|\/)[ND]BIRTH(?:\/|$)/.test(topic) ? 'birth' : undefined;
}

/** `spBv1.0/group/DDATA/edge/device` → `group/edge/device`; of an edge node itself `group/edge`. */
function sparkplugDevice(topic: string): string | undefined {
  const [, group, edge, device] = /(?:^|\/)([^/]+)\/[ND](?:BIRTH|DATA|DEATH)\/([^/]+)(?:\/([^/]+))?$/.exec(topic) ?? [];
  return group === undefined ? undefined : [group, edge, device].filter((part) => part !== undefined).join('/');
}

/** A 64-bit number as text, however a decoder gives it. */
function aliasOf(alias: unknown): string | undefined {
  if (typeof alias === 'bigint' || (typeof alias === 'number' && Number.isSafeInteger(alias)) || (typeof alias === 'string' && /^\d{1,20}$/.test(alias))) return String(alias);
  if (!isFields(alias)) return undefined;
  const { low, high } = alias;
  return typeof low === 'number' && typeof high === 'number' ? String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) : undefined;
}

function lifecycle(alive: boolean, topic: string): Reading & { kind: 'lifecycle' } {
  const device = sparkplugDevice(topic);
  return { kind: 'lifecycle', alive, source: topic, ...(device === undefined ? {} : { device }) };
}

function sparkplugQuality(metric: Fields): ReadQuality {
  const { properties } = metric;
  let given = metric['quality'];
  if (given === undefined && isFields(properties)) {
    const quality = own(properties, 'Quality') ?? own(properties, 'quality');
    given = isFields(quality) ? quality['value'] : quality;
  }
  return given === undefined || given === null ? { quality: 'good' } : readQuality(given);
}

function readCommand(command: Fields): Reading {
  const text = (name: string): string | undefined => {
    const value = own(command, name);
    return typeof value === 'string' && value !== '' ? value.slice(0, 1000) : undefined;
  };
  const twin = text('twin');
  const to = twin === undefined ? {} : { twin };
  switch (own(command, 'do')) {
    case 'acknowledge': {
      const [inCase, by, comment] = [text('case'), text('by'), text('comment')];
      return {
        kind: 'command',
        command: {
          do: 'acknowledge',
          ...to,
          ...(inCase === undefined ? {} : { case: inCase }),
          ...(by === undefined ? {} : { by }),
          ...(comment === undefined ? {} : { comment }),
        },
      };
    }
    case 'learn-again': {
      const list = own(command, 'properties');
      const properties = Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string').slice(0, 2000) : undefined;
      return { kind: 'command', command: { do: 'learn-again', ...to, ...(properties === undefined ? {} : { properties }) } };
    }
    case 'link':
    case 'unlink': {
      const [from, relation, target] = [text('from'), text('relation'), text('to')];
      if (from === undefined || relation === undefined || target === undefined) break;
      const validFromMs = readTimeMs(own(command, 'validFromMs'));
      return {
        kind: 'command',
        command: { do: own(command, 'do') as 'link', from, relation, to: target, ...(validFromMs === undefined ? {} : { validFromMs }) },
      };
    }
    default:
  }
  return problemReading(
    'TWIN_COMMAND_UNKNOWN',
    `The command "${String(own(command, 'do') ?? '').slice(0, 60)}" is unknown or incomplete.`,
    'Use acknowledge, learn-again, link or unlink; a link needs from, relation and to.',
    {},
  );
}

function problemReading(code: string, found: string, remedy: string, values: Record<string, string | number>): Reading {
  return { kind: 'problem', problem: new Problem(code, found, remedy, values) };
}

function tooManyProblem(count: number): Problem {
  return new Problem(
    'TWIN_MESSAGE_TOO_LARGE',
    `The message has ${count} values or more.`,
    `Send at most ${largestValues} in one message.`,
    { count },
  );
}

function tooMany(count: number): Reading {
  return { kind: 'problem', problem: tooManyProblem(count) };
}

// ---- what goes out -----------------------------------------------------------------------------------------------------------------

/** What an outgoing message takes from elsewhere than the twin. */
export interface OutgoingOptions {
  /** The message that led to it: its other properties pass through. It is not changed. */
  received?: Fields;
  historical?: boolean;
  replay?: ReplayMark;
  /** Number of the row, as the site counts; default the twin's own. */
  row?: number;
  /** Default: those of the update. */
  changed?: string[];
  updated?: string[];
}

function marked<Sent extends HistoricalMarks>(message: Sent, options: OutgoingOptions | undefined): Sent {
  if (options?.historical === true) message.historical = true;
  if (options?.replay !== undefined) message.replay = options.replay;
  return message;
}

/** The message of twin-asset: everything the twin knows now. */
export function twinMessage(
  twin: Twin,
  update: Pick<TwinUpdate, 'changed' | 'updated' | 'timeMs'>,
  options?: OutgoingOptions,
): TwinMessage {
  const message: TwinMessage = {
    ...options?.received,
    topic: twin.topic,
    payload: twin.payload(),
    changed: options?.changed ?? update.changed,
    updated: options?.updated ?? update.updated,
    timestamp: update.timeMs,
    quality: twin.quality(),
    twin: twin.header(options?.row),
  };
  return marked(message, options);
}

/** The message of twin-asset's second output. */
export function twinEventMessage(twin: Twin, event: TwinEvent, options?: OutgoingOptions): TwinEventMessage {
  const message: TwinEventMessage = {
    ...options?.received,
    topic: twin.topic,
    payload: event.text,
    event,
    timestamp: event.timeMs,
    twin: twin.header(options?.row),
  };
  return marked(message, options);
}

/** Collects the rows of a batch, one after the other as the twin takes them. */
export class TwinBatch {
  readonly #rows: BatchRow[] = [];
  readonly #quality: Record<string, Record<string, QualityWord>> = {};
  readonly #states: string[] = [];
  readonly #changed = new Set<string>();
  #timeMs = NaN;

  get length(): number {
    return this.#rows.length;
  }

  /** Takes what the row renewed. A row that only went to history (older than the current state) adds nothing. */
  add(twin: Twin, update: TwinUpdate): void {
    if (update.updated.length === 0) return;
    const row: Record<string, SentValue> & { time: number } = { ...twin.valuesOf(update.updated), time: update.timeMs };
    let quality: Record<string, QualityWord> | undefined;
    for (const name of update.updated) {
      this.#changed.add(name);
      const word = twin.qualityOf(name);
      if (word !== 'good') (quality ??= {})[name] = word;
    }
    if (quality !== undefined) this.#quality[this.#rows.length] = quality;
    this.#rows.push(row);
    this.#states.push(twin.state);
    this.#timeMs = update.timeMs;
  }

  /** @param options.row number of the first row */
  message(twin: Twin, options?: OutgoingOptions): TwinBatchMessage {
    const message: TwinBatchMessage = {
      ...options?.received,
      topic: twin.topic,
      payload: this.#rows,
      changed: [...this.#changed],
      timestamp: Number.isNaN(this.#timeMs) ? (twin.timeMs ?? 0) : this.#timeMs,
      quality: this.#quality,
      states: this.#states,
      twin: twin.header(options?.row),
    };
    return marked(message, options);
  }
}
