const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*(Z|[-+]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * A time as sources write it, in ms UTC: Date (also InfluxDB's, with nanoseconds), ISO 8601 text (without a zone: UTC), seconds,
 * milliseconds, microseconds or nanoseconds since 1970 as number, text of digits, bigint or {low, high} (long.js). Which of these a
 * number is follows from its size: seconds up to the year 5138, and so on.
 * @returns undefined where it is no time
 */
export function readTimeMs(value: unknown): number | undefined {
  switch (typeof value) {
    case 'number':
      return fromNumber(value);
    case 'string':
      return fromText(value);
    case 'bigint':
      return fromNumber(Number(value));
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return undefined;
  if (value instanceof Date) {
    const timeMs = value.getTime();
    return Number.isFinite(timeMs) ? timeMs : undefined;
  }
  const { low, high } = value as { low?: unknown; high?: unknown };
  if (typeof low === 'number' && typeof high === 'number') return fromNumber(high * 4_294_967_296 + (low >>> 0));
  return undefined;
}

function fromNumber(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  const size = Math.abs(value);
  if (size < 1e11) return value * 1000;
  if (size < 1e14) return value;
  if (size < 1e17) return value / 1000;
  return size < 1e20 ? value / 1e6 : undefined;
}

function fromText(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 40) return undefined;
  if (/^\d{9,20}(?:\.\d+)?$/.test(trimmed)) return fromNumber(Number(trimmed));
  const found = iso.exec(trimmed);
  if (found === null) return undefined;
  const [, day, clock, zone] = found;
  const timeMs = Date.parse(clock === undefined ? `${day}T00:00:00Z` : `${day}T${clock.replace(',', '.')}${zoneText(zone)}`);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}

/** A zone as Date.parse takes it: Z or +01:00, from +01 and +0100 too. */
function zoneText(zone: string | undefined): string {
  if (zone === undefined || /^z$/i.test(zone)) return 'Z';
  if (zone.length === 3) return `${zone}:00`;
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
}
