import type { TwinEvent, TwinEventKind } from '../../contract/messages.ts';
import type { HistoryPoint, HistoryReader } from '../ports.ts';

/** Beside the machine's own key, so that it is none of its values. */
export const eventTwin = (key: string): string => `${key}/events`;

/** What follows from values alone, so that the same values give it again; and what follows from the clock, the connection or people. */
export const valueEvents = 'ofValues';
const otherEvents = 'other';
const ofValues: ReadonlySet<TwinEventKind> = new Set(['limit', 'state', 'quality', 'gap']);

const mostRead = 10_000;
/** Of one moment. */
const mostAtOnce = 50;

/** The events of a machine as two series of the site's history: at each time a list, as JSON. Events of the same time that come later join it. */
export class EventRecord {
  readonly #twin: string;
  readonly #last = new Map<string, { timeMs: number; events: TwinEvent[] }>();

  constructor(key: string) {
    this.#twin = eventTwin(key);
  }

  points(events: readonly TwinEvent[]): HistoryPoint[] {
    const lists = new Map<string, { property: string; timeMs: number; events: TwinEvent[] }>();
    for (const event of events) {
      if (!Number.isFinite(event.timeMs)) continue;
      // A question stays asked, whatever is computed anew.
      const property = ofValues.has(event.kind) && !(event.kind === 'quality' && event.active !== undefined) ? valueEvents : otherEvents;
      const timeMs = Math.round(event.timeMs);
      let last = this.#last.get(property);
      if (last?.timeMs !== timeMs) {
        last = { timeMs, events: [] };
        this.#last.set(property, last);
      }
      if (last.events.length < mostAtOnce) last.events.push(event);
      lists.set(`${property} ${timeMs}`, { property, ...last });
    }
    return [...lists.values()].map(({ property, timeMs, events: list }) => ({ twin: this.#twin, property, timeMs, value: JSON.stringify(list), quality: 'good' }));
  }
}

/** The events of a machine in a stretch, oldest first, at most 10,000 of each kind of origin; `cutAtMs`: there are more from here on. */
export async function eventsOf(reader: HistoryReader, key: string, fromMs: number, toMs: number): Promise<{ events: TwinEvent[]; cutAtMs?: number }> {
  const events: TwinEvent[] = [];
  let cutAtMs: number | undefined;
  for (const property of [valueEvents, otherEvents]) {
    const { times, values } = await reader.columns(eventTwin(key), property, fromMs, toMs, mostRead);
    if (times.length === mostRead) cutAtMs = Math.min(cutAtMs ?? Infinity, (times.at(-1) as number) + 1);
    for (const value of values) {
      try {
        events.push(...(JSON.parse(String(value)) as TwinEvent[]));
      } catch {
        // What cannot be read is left out.
      }
    }
  }
  events.sort((a, b) => a.timeMs - b.timeMs);
  return cutAtMs === undefined ? { events } : { events: events.filter(({ timeMs }) => timeMs < (cutAtMs as number)), cutAtMs };
}
