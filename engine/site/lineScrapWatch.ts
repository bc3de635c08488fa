import { ScrapWatch } from '../process/scrapWatch.ts';
import type { SentValue } from '../../contract/messages.ts';
import type { OpenLine } from './siteLines.ts';

interface Watched {
  watch: ScrapWatch;
  parts: number;
  bad: number;
  /** What was said last while scrap was high; '': nothing yet. */
  said: string;
}

/**
 * Watches the scrap of all stations of a line, look by look: a few operations for each station, whatever the number of parts. The ranking of what goes with
 * it is asked for only when it has risen, which costs most of a second on a thread.
 */
export class LineScrapWatch {
  readonly #watched = new Map<string, Watched>();
  readonly #fewestBad: number;

  /** @param fewestBad bad parts that have to come before scrap is told as risen */
  constructor(fewestBad: number) {
    this.#fewestBad = fewestBad;
  }

  /**
   * @param only the station that is watched; '': all that count bad parts
   * @param valuesOf what the counters of a station read now; undefined: there is no such station
   * @returns stations whose scrap has risen and is worth a look
   */
  look(
    { stations, twin }: Pick<OpenLine, 'stations' | 'twin'>, only: string, valuesOf: (station: string, names: readonly string[]) => Record<string, SentValue> | undefined, nowMs: number,
  ): string[] {
    const risen: string[] = [];
    for (const { key, parts, bad } of stations) {
      if (parts === '' || bad.length === 0 || (only !== '' && only !== key)) continue;
      const values = valuesOf(key, [parts, ...bad]);
      if (values === undefined) continue;
      const now = { parts: Number(values[parts] ?? NaN), bad: bad.reduce((sum, name) => sum + Number(values[name] ?? NaN), 0) };
      const one = this.#watched.get(key);
      if (one === undefined) {
        this.#watched.set(key, { watch: new ScrapWatch({ fewest: this.#fewestBad }), ...now, said: '' });
        continue;
      }
      if (one.watch.learns) {
        const counted = twin.counted(key);
        one.watch.seed(counted.parts, counted.bad);
      }
      const [made, spoiled] = [now.parts - one.parts, now.bad - one.bad];
      Object.assign(one, now);
      // A counter that began again says nothing of the time between.
      const hasRisen = made >= 0 && spoiled >= 0 && one.watch.take(made, spoiled, nowMs);
      if (!one.watch.risen) one.said = '';
      if (!hasRisen) continue;
      one.watch.told();
      risen.push(key);
    }
    return risen;
  }

  /** When the rise at a station began, ms UTC; NaN: not known. */
  beganMs(station: string): number {
    return this.#watched.get(station)?.watch.beganMs ?? NaN;
  }

  /** @returns whether this is another thing than was said of the station since its scrap rose */
  isNews(station: string, said: string): boolean {
    const one = this.#watched.get(station);
    if (one === undefined || one.said === said) return false;
    one.said = said;
    return true;
  }
}
