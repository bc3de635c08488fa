import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';

/** What twin-line nodes know of their lines, kept under `line/<key>`. */
export class SiteLines {
  readonly #saved = new Map<string, Json>();
  readonly #changed = new Set<string>();
  readonly #users = new Map<string, string>();

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
    if (this.#users.get(key) === nodeId) this.#users.delete(key);
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
