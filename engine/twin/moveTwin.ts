import type { Json } from '../ports.ts';
import { recordOf } from './snapshotParts.ts';
import { isSameExpression } from './typeChange.ts';
import type { TypeChange } from './typeChange.ts';
import type { TwinType } from './twinType.ts';

/**
 * A twin's snapshot for a changed type: values and counters' totals under the names and in the units of today; what operating hours and
 * other calculations remember goes on where the calculation says the same. @param missing entries of an earlier state, for properties of
 * which this snapshot knows nothing.
 */
export function moveTwin(snapshot: Json, before: TwinType, after: TwinType, change: TypeChange, missing?: Json): Json {
  const saved = recordOf(snapshot);
  if (saved === undefined) return snapshot;
  const changes = new Map(change.properties.flatMap((one) => (one.before === undefined ? [] : [[one.before.name, one] as const])));
  const entries: Json[] = [];
  const known = new Set<string>();
  for (const entry of Array.isArray(saved['properties']) ? saved['properties'] : []) {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
    const one = changes.get(entry[0]);
    const knowledge = recordOf(entry[1]);
    const now = one?.after;
    if (one === undefined || now === undefined || knowledge === undefined || (one.outcome === 'relearn' && !one.comparable && one.reason !== 'expression' && one.reason !== 'input')) continue;
    const { scale, offset } = one.conversion;
    const moved = { ...knowledge };
    if (one.outcome === 'converted') {
      for (const field of ['number', 'good']) if (typeof moved[field] === 'number') moved[field] = scale * moved[field] + offset;
      for (const field of ['raw', 'offset']) if (typeof moved[field] === 'number') moved[field] = scale * moved[field];
      // The source names its unit anew.
      moved['unit'] = null;
    }
    if (Object.hasOwn(moved, 'expression') && now.expression !== undefined && isSameExpression(one.before?.expression, now.expression, change.names)) moved['expression'] = now.expression.text;
    known.add(now.name);
    entries.push([now.name, moved]);
  }
  const earlier = recordOf(missing ?? null)?.['properties'];
  for (const entry of Array.isArray(earlier) ? earlier : []) {
    if (Array.isArray(entry) && typeof entry[0] === 'string' && !known.has(entry[0])) entries.push(entry);
  }
  const sameMode = after.mode !== undefined && isSameExpression(before.mode, after.mode, change.names);
  return { ...saved, properties: entries, ...(sameMode ? { modeExpression: after.mode?.text ?? '' } : {}) };
}
