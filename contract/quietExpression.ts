/** POST twinwire/alert/expressions: what the dialog asks of the expressions that are typed in. */
export interface QuietExpressionRequest {
  site: string;
  language: string;
  expressions: string[];
}

/** `problem`: why it cannot be used. `live`: what it gives now at machines that have all of its names; null: a value is missing or not good. */
export interface QuietExpressionAnswer {
  expression: string;
  problem?: string;
  live: { machine: string; value: string | number | boolean | null }[];
  /** Machines that have its names, beyond those listed. */
  more: number;
}
