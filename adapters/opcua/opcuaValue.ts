import { DataType } from 'node-opcua-client';
import type { DataValue, StatusCode, Variant } from 'node-opcua-client';
import type { Observation, PropertyValue, Quality } from '../../engine/observation.ts';

/** What was odd about a value; it is told once for each address. */
export type Oddity = 'time' | 'array-cut' | 'text-cut' | 'structure' | 'not-finite';

/** Elements of an array that become observations; the rest is left out and told. */
export const mostElements = 256;
const longestText = 10_000;
const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);

/**
 * One value of the server as observations: one for a scalar, one for each element of an array with `[index]` behind the address.
 * Quality follows the severity bits of the status code (OPC 10000-4, 7.39.1). Times before 2000 and after 2099 (1601, 1970 and 9999 are
 * what unset clocks send) are left out, so that the received time stands in.
 * @param out where they are added
 */
export function addObservations(
  out: Observation[],
  address: string,
  dataValue: DataValue,
  receivedTimeMs: number,
  odd: (address: string, oddity: Oddity) => void,
): void {
  const status = dataValue.statusCode;
  const quality = qualityOf(status);
  const sourceTimeMs = timeOf(dataValue.sourceTimestamp, address, odd);
  const serverTimeMs = timeOf(dataValue.serverTimestamp, address, odd);
  const add = (name: string, value: PropertyValue | null): void => {
    const observation: Observation = {
      address: name, value, quality: value === null ? 'bad' : quality, statusCode: status.name, receivedTimeMs,
    };
    if (sourceTimeMs !== undefined) observation.sourceTimeMs = sourceTimeMs;
    if (serverTimeMs !== undefined) observation.serverTimeMs = serverTimeMs;
    out.push(observation);
  };
  const variant = dataValue.value as Variant | null | undefined;
  if (variant === null || variant === undefined) return add(address, null);
  if (Number(variant.arrayType) === 0) return add(address, scalar(variant.dataType, variant.value, address, odd));
  const elements: ArrayLike<unknown> = variant.value ?? [];
  if (elements.length > mostElements) odd(address, 'array-cut');
  for (let index = 0; index < Math.min(elements.length, mostElements); index += 1) {
    add(`${address}[${index}]`, scalar(variant.dataType, elements[index], address, odd));
  }
}

export function qualityOf(status: StatusCode): Quality {
  const severity = status.value >>> 30;
  if (severity === 0) return 'good';
  return severity === 1 ? 'uncertain' : 'bad';
}

function timeOf(time: Date | null | undefined, address: string, odd: (address: string, oddity: Oddity) => void): number | undefined {
  if (time === null || time === undefined) return undefined;
  const timeMs = time.getTime();
  if (timeMs >= earliestMs && timeMs < latestMs) return timeMs;
  odd(address, 'time');
  return undefined;
}

function scalar(type: DataType, value: unknown, address: string, odd: (address: string, oddity: Oddity) => void): PropertyValue | null {
  if (value === null || value === undefined) return null;
  switch (type) {
    case DataType.Boolean:
      return value === true;
    case DataType.Int64:
    case DataType.UInt64: {
      const [high, low] = value as [number, number];
      const whole = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
      return type === DataType.UInt64 ? whole : BigInt.asIntN(64, whole);
    }
    case DataType.String:
    case DataType.XmlElement:
    case DataType.Guid:
      return cut(String(value), address, odd);
    case DataType.DateTime: {
      const time = value as Date;
      return Number.isFinite(time.getTime()) ? time.toISOString() : null;
    }
    case DataType.ByteString:
      return cut(Buffer.isBuffer(value) ? value.subarray(0, longestText).toString('base64') : '', address, odd);
    case DataType.LocalizedText:
      return cut(String((value as { text?: string | null }).text ?? ''), address, odd);
    case DataType.QualifiedName:
      return cut(String((value as { name?: string | null }).name ?? ''), address, odd);
    case DataType.NodeId:
    case DataType.ExpandedNodeId:
      return cut(String(value), address, odd);
    case DataType.StatusCode:
      return (value as StatusCode).name;
    default:
      if (typeof value === 'number') {
        if (Number.isFinite(value)) return value;
        odd(address, 'not-finite');
        return null;
      }
      odd(address, 'structure');
      return null;
  }
}

function cut(text: string, address: string, odd: (address: string, oddity: Oddity) => void): string {
  if (text.length <= longestText) return text;
  odd(address, 'text-cut');
  return text.slice(0, longestText);
}
