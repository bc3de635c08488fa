import type { Json } from '../ports.ts';

/** A property as it is now: its name, its unit, and its values as scale · value + offset of those before. */
export interface MovedProperty {
  name: string;
  unit: string;
  scale: number;
  offset: number;
}

type Fields = { [name: string]: Json };

/**
 * A case book's snapshot after properties were renamed, came in another unit or went. What was told of a property that is gone is over: it
 * could never end by itself. @param properties by the name before; absent: gone.
 */
export function moveCases(snapshot: Json, properties: ReadonlyMap<string, MovedProperty>, nowMs: number): Json {
  const book = fieldsOf(snapshot);
  const open = fieldsOf(book?.['open']);
  if (book === undefined || open === undefined) return snapshot;
  const conditions = Object.create(null) as Fields;
  for (const [name, json] of Object.entries(fieldsOf(open['conditions']) ?? {})) {
    const condition = fieldsOf(json);
    if (condition === undefined) continue;
    // `limit/<property>/<high|…>`, `stale/<property>`; a property's name may have slashes itself.
    const [, kind = '', property = '', limit = ''] = /^(limit|stale)\/(.*?)(\/(?:highHigh|high|low|lowLow))?$/s.exec(name) ?? [];
    const moved = kind === '' ? undefined : properties.get(property);
    const signals = moveSignals(condition['signals'], properties);
    if (kind !== '' && moved === undefined) {
      conditions[name] = { ...condition, signals, ...(condition['active'] === true ? { active: false, endedMs: nowMs } : {}) };
    } else conditions[moved === undefined ? name : `${kind}/${moved.name}${limit}`] = { ...condition, signals };
  }
  const told = fieldsOf(open['case']) ?? {};
  return { ...book, open: { ...open, case: { ...told, signals: moveSignals(told['signals'], properties) }, conditions } };
}

function moveSignals(signals: Json | undefined, properties: ReadonlyMap<string, MovedProperty>): Json[] {
  if (!Array.isArray(signals)) return [];
  return signals.map((json) => {
    const signal = fieldsOf(json);
    const moved = signal === undefined ? undefined : properties.get(String(signal['property']));
    if (signal === undefined || moved === undefined) return json;
    const numbers = Object.fromEntries(
      ['value', 'expected', 'low', 'high'].flatMap((field) => {
        const number = signal[field];
        return typeof number === 'number' ? [[field, moved.scale * number + moved.offset]] : [];
      }),
    );
    return { ...signal, ...numbers, property: moved.name, ...(moved.unit === '' ? {} : { unit: moved.unit }) };
  });
}

function fieldsOf(json: Json | undefined): Fields | undefined {
  return json === null || typeof json !== 'object' || Array.isArray(json) ? undefined : json;
}
