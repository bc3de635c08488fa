import type { LineFrame, LineView } from '../../contract/line.ts';
import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { LineStationSettings, LineTwin } from '../process/lineTwin.ts';

/** A line whose node stands in the flow. */
export interface OpenLine {
  key: string;
  name: string;
  twin: LineTwin;
  periodMs: number;
  staleAfterMs: number;
  /** Property that names the batch; '': none. */
  batch: string;
  /** Planned hours of a day; 24: always. */
  plannedHours: number;
  /** In the order of the flow; empty until it is known. */
  stations: readonly LineStationSettings[];
}

/** A line that runs, for those who look at it. */
export interface RunningLine {
  readonly key: string;
  view(): LineView;
  /** Of its frames, those that go on. */
  openFrames(): LineFrame[];
  /** @throws Problem TWIN_LINE_STATION, TWIN_LINE_WAY */
  setWay(station: string, seconds: number | null): void;
}

/** What twin-line nodes know of their lines, kept under `line/<key>`. */
export class SiteLines {
  readonly #saved = new Map<string, Json>();
  readonly #changed = new Set<string>();
  readonly #users = new Map<string, string>();
  readonly #running = new Map<string, RunningLine>();
  readonly #open = new Map<string, OpenLine>();

  load(key: string, value: Json): void {
    this.#saved.set(key, value);
  }

  /** @returns what was kept of it. @throws Problem TWIN_LINE_TWICE */
  open(key: string, nodeId: string): Json | undefined {
    const user = this.#users.get(key);
    if (user !== undefined && user !== nodeId) {
      throw new Problem('TWIN_LINE_TWICE', `The line "${key}" has two twin-line nodes.`, 'Give one of them another key.', { key });
    }
    this.#users.set(key, nodeId);
    return this.#saved.get(key);
  }

  close(key: string, nodeId: string): void {
    if (this.#users.get(key) !== nodeId) return;
    this.#users.delete(key);
    this.#running.delete(key);
    this.#open.delete(key);
  }

  /** Shows a line that was opened, until it is closed. */
  run(line: RunningLine): void {
    this.#running.set(line.key, line);
  }

  running(key: string): RunningLine | undefined {
    return this.#running.get(key);
  }

  /** In the order of their names. */
  views(): LineView[] {
    return [...this.#running.values()].map((line) => line.view()).sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  }

  /** The node that opened it says what it is made of, and again when that changes. */
  tell(line: OpenLine): void {
    if (this.#users.has(line.key)) this.#open.set(line.key, line);
  }

  list(): OpenLine[] {
    return [...this.#open.values()];
  }

  /** @param key '': the only one. @throws Problem TWIN_LINE_WHICH, TWIN_LINE_UNKNOWN, TWIN_LINE_NO_STATIONS */
  of(key: string): OpenLine {
    if (key === '' && this.#open.size !== 1) {
      throw new Problem(
        'TWIN_LINE_WHICH', `This site has ${this.#open.size} lines that run, so it must be said which one is meant.`, 'Enter the key of its twin-line.', { count: this.#open.size },
      );
    }
    const line = key === '' ? [...this.#open.values()][0] : this.#open.get(key);
    if (line === undefined) {
      throw new Problem('TWIN_LINE_UNKNOWN', `There is no line "${key}".`, 'Enter the key of a twin-line of the same site, and deploy that one too.', { key });
    }
    if (line.stations.length === 0) {
      throw new Problem('TWIN_LINE_NO_STATIONS', 'This line has no stations: no machine of the site feeds another one.', 'Enter stations in twin-line, or draw "feeds" relations with twin-link.');
    }
    return line;
  }

  /** Written with the next checkpoint. */
  keep(key: string, value: Json): void {
    this.#saved.set(key, value);
    this.#changed.add(key);
  }

  takeChanges(): { key: string; value: Json }[] {
    const changes = [...this.#changed].map((key) => ({ key: `line/${key}`, value: this.#saved.get(key)! }));
    this.#changed.clear();
    return changes;
  }
}
