import type { StateChange } from './lineStates.ts';

/** A stop of a station that is put together from states that follow each other at once; what goes on still has no length yet and is left out. */
export function stopsOf(stretches: readonly StateChange[], state: StateChange['state']): { fromMs: number; toMs: number }[] {
  const stops: { fromMs: number; toMs: number }[] = [];
  for (const [index, { state: now, fromMs, toMs }] of stretches.entries()) {
    if (now !== state) continue;
    const last = stops[stops.length - 1];
    if (last !== undefined && last.toMs === fromMs) last.toMs = toMs;
    else if (index < stretches.length - 1) stops.push({ fromMs, toMs });
  }
  return stops;
}
