import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

type WithArrays = StatementSync & { setReturnArrays?: (isOn: boolean) => void };

/** Prepared statements of one database, kept by their text. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #kept = new Map<string, StatementSync>();
  readonly #arrays = new Map<string, WithArrays>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#kept.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#kept.set(sql, statement);
    }
    return statement;
  }

  /** Rows as arrays, which cost less than objects. */
  rows<Row extends unknown[]>(sql: string, ...values: SQLInputValue[]): Row[] {
    let statement = this.#arrays.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql) as WithArrays;
      statement.setReturnArrays?.(true);
      this.#arrays.set(sql, statement);
    }
    const rows = statement.all(...values) as unknown[];
    // Node.js before 22.16 has objects only, their columns in order.
    return (statement.setReturnArrays === undefined ? rows.map((row) => Object.values(row as object)) : rows) as Row[];
  }
}
