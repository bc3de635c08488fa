/** What a part of the torture found: rows of what, measured, aim, met. */
export interface TortureResult {
  title: string;
  rows: [what: string, measured: string, aim: string, met: boolean][];
  notes?: string[];
  /** Why it could not run here. */
  skipped?: string;
}

export function failuresOf({ rows }: TortureResult): string[] {
  return rows.flatMap(([what, measured, aim, met]) => (met ? [] : [`${what}: ${measured}, aim ${aim}`]));
}
