/** Values of one place; a record rarely holds more. */
const mostValues = 1000;

/**
 * What stands at a place of a record, as a form writes it: `a.b[0].c`; `a[].c` for all of a list; `=text` for a fixed text; `msg.topic` for
 * something of the whole message. Only own properties count. Lists at the end are spread out; nothing found is an empty list.
 */
export function atPlace(place: string, record: unknown, message: unknown): unknown[] {
  if (place.startsWith('=')) return [place.slice(1).trim()];
  const isOfMessage = place === 'msg' || place.startsWith('msg.');
  const steps = (isOfMessage ? place.slice(4) : place).match(/[^.[\]]+|\[\d*\]/g) ?? [];
  let found: unknown[] = [isOfMessage ? message : record];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of found) {
      if (step === '[]') {
        if (Array.isArray(value)) next.push(...(value as unknown[]).slice(0, mostValues));
        else if (value !== undefined) next.push(value);
        continue;
      }
      const name = step.startsWith('[') ? step.slice(1, -1) : step;
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) continue;
      next.push((value as Record<string, unknown>)[name]);
    }
    found = next.slice(0, mostValues);
  }
  return found.flatMap((value) => (Array.isArray(value) ? (value as unknown[]).slice(0, mostValues) : [value])).filter((value) => value !== undefined && value !== null && value !== '');
}
