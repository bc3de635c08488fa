/** What the dialog of twin-type asks of the running nodes. */

/** POST twinwire/type/:id/change with {fields, language}: what the fields as they stand would do. Nothing is done. */
export interface TypeChangeAnswer {
  /** Mistakes that have to go first; then the rest is empty. */
  problems: string[];
  /** The version that it would be; absent where nothing of this type runs. */
  version?: { number: number; isNew: boolean };
  /** Machines for which it is the same; signals that are touched first. */
  groups: {
    machines: string[];
    sentence: string;
    signals: { label: string; outcome: 'kept' | 'converted' | 'relearn' | 'new' | 'gone' | 'returned'; word: string; reason: string; running: string }[];
  }[];
  /** Units that were changed so that values could be converted: somebody has to say whether the values come in the new unit. */
  units: { property: string; label: string; from: string; shownFrom: string; shownTo: string }[];
}

/** GET twinwire/type/:id/versions. Newest first. */
export interface TypeVersionsAnswer {
  sites: {
    name: string;
    versions: {
      number: number;
      since: string;
      changes: string;
      /** Names of the machines that are of this version, and of those that had learned something under it. */
      machines: string[];
      former: string[];
      /** As the dialog's fields take them. */
      fields: Record<string, unknown>;
    }[];
  }[];
}
