import type { Json } from '../ports.ts';
import { isKept, moveNumber, moveNumbers, moveTable } from '../statistics/columnMove.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { member, unreadableSnapshot } from '../statistics/columnTable.ts';
import type { BaselineOptions, ColumnInfo } from './index.ts';
import { moveLaggedFit } from './laggedFit.ts';
import { RegimeBaseline, isFitPreferred } from './regimeBaseline.ts';

const cellsPerDriver = 64;
const mostVisits = 1000;

/**
 * A regime baseline's snapshot for a changed type. Columns that are kept go on exactly as if the others had never been there: the sums of
 * the regression hold every driver's part, so that a driver that is gone is left out of them like a row and column of a matrix. Whoever
 * calls has those learn again whose expectation used it (`driverUsers`). Columns that are to be learned begin at nothing beside them.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE
 */
export function moveRegimeBaseline(snapshot: Json, columns: readonly ColumnInfo[], options: BaselineOptions, moves: readonly ColumnMove[]): Json {
  const fresh = new RegimeBaseline(columns, options).snapshot() as { [name: string]: Json };
  const names = listOf(member(snapshot, 'columns'), 'columns');
  const started = member(snapshot, 'started') === true;
  /** Per driver that stays: its place among the drivers before, and its column now. */
  const drivers = listOf(member(snapshot, 'drivers'), 'drivers').flatMap((name, before) => {
    const column = moves.findIndex((move) => move.from >= 0 && names[move.from] === name);
    return column < 0 ? [] : [{ before, column, move: moves[column]! }];
  });
  const driversBefore = listOf(member(snapshot, 'drivers'), 'drivers').length;
  const perDriver = (name: string, quantity: 'value' | 'difference', of: Json | undefined = snapshot): Json[] =>
    drivers.map(({ before, move }) => moveNumber(listOf(member(of, name), name)[before], quantity, move));
  const terms = termsOf(drivers.map(({ before }) => before), driversBefore);
  const joins = started ? moves.map((move, column) => (isKept(move) || !learns(columns[column]!, column, drivers) ? 0 : 1)) : [];
  const joined = moveNumbers(member(snapshot, 'joined') ?? names.map(() => 0), joins.length > 0 ? joins : columns.map(() => 0), moves, 'plain');
  const anyJoined = joined.includes(1);
  const newcomers = member(snapshot, 'newcomers');
  return {
    ...fresh,
    timeMs: member(snapshot, 'timeMs') ?? null,
    firstTimeMs: member(snapshot, 'firstTimeMs') ?? null,
    settled: moveNumbers(member(snapshot, 'settled'), fresh['settled'], moves, 'plain'),
    started,
    mode: member(snapshot, 'mode') ?? '',
    ...(drivers.length > 0 && drivers.length === driversBefore && member(snapshot, 'lags') !== undefined ? { lags: member(snapshot, 'lags')! } : {}),
    drivers: drivers.map(({ column }) => columns[column]!.name),
    centers: perDriver('centers', 'value'),
    scales: perDriver('scales', 'difference'),
    columnTimeMs: moveNumbers(member(snapshot, 'columnTimeMs'), fresh['columnTimeMs'], moves, 'plain'),
    columnRows: moveNumbers(member(snapshot, 'columnRows'), fresh['columnRows'], moves, 'plain'),
    kept: moveKeptRows(member(snapshot, 'kept'), moves),
    review: member(snapshot, 'review') ?? 0,
    // Whoever joins while others still do begins again together with them.
    ...(anyJoined
      ? {
          joined,
          joinedMs: (joins.includes(1) ? member(snapshot, 'timeMs') : member(snapshot, 'joinedMs')) ?? null,
          newcomers: joins.includes(1) || newcomers === undefined ? { ...(fresh['kept'] as { [name: string]: Json }) } : moveKeptRows(newcomers, moves),
        }
      : {}),
    modes: listOf(member(snapshot, 'modes'), 'modes').map((entry): Json => {
      const [mode, table, points, lagged, bins] = listOf(entry, 'modes');
      const moved = [mode ?? '', moveModel(table, moves, terms, driversBefore), drivers.length === 0 ? null : movePoints(points, drivers.map(({ before }) => before), perDriver)];
      // With other drivers it is learned from there on.
      if (lagged === undefined || bins === undefined || drivers.length === 0 || drivers.length !== driversBefore) return moved;
      return [...moved, moveLaggedFit(lagged, drivers.length, moves), bins];
    }),
  };
}

/** The drivers of a baseline's snapshot, and the columns whose expectation follows them in one of the operating modes. */
export function driverUsers(snapshot: Json): { drivers: string[]; users: Set<string> } {
  const names = member(snapshot, 'columns');
  const drivers = member(snapshot, 'drivers');
  const users = new Set<string>();
  if (!Array.isArray(names) || !Array.isArray(drivers)) return { drivers: [], users };
  const modes = member(snapshot, 'modes');
  for (const entry of Array.isArray(modes) ? modes : []) {
    const table = Array.isArray(entry) ? entry[1] : undefined;
    const number = (list: string, column: number): number => {
      const numbers = member(table, list);
      const one = Array.isArray(numbers) ? numbers[column] : undefined;
      return typeof one === 'number' ? one : NaN;
    };
    names.forEach((name, column) => {
      if (isFitPreferred(number('fitRows', column), number('fitSquare', column), number('meanSquare', column))) users.add(String(name));
    });
  }
  return { drivers: drivers.map(String), users };
}

/** Mean time between two values, per column of a baseline's snapshot, pauses included, in ms; NaN where it is not known. */
export function meanIntervals(snapshot: Json): number[] {
  const rows = member(snapshot, 'columnRows');
  const passedMs = Number(member(snapshot, 'timeMs') ?? NaN) - Number(member(snapshot, 'firstTimeMs') ?? NaN);
  return Array.isArray(rows) ? rows.map((count) => (typeof count === 'number' && count > 1 ? passedMs / (count - 1) : NaN)) : [];
}

/** Whether anything is learned of a column beyond its part as a driver. */
function learns({ kind }: ColumnInfo, column: number, drivers: readonly { column: number }[]): boolean {
  return (kind === 'measured' || kind === 'derived') && !drivers.some((driver) => driver.column === column);
}

/** Per term of the regression now: its place among the terms before. Terms: 1, each driver, then each product of two. */
function termsOf(drivers: readonly number[], driversBefore: number): number[] {
  const places = [0, ...drivers.map((before) => 1 + before)];
  for (let one = 0; one < drivers.length; one += 1) {
    for (let other = 0; other <= one; other += 1) {
      const larger = Math.max(drivers[one]!, drivers[other]!);
      places.push(1 + driversBefore + (larger * (larger + 1)) / 2 + Math.min(drivers[one]!, drivers[other]!));
    }
  }
  return places;
}

function moveModel(table: Json | undefined, moves: readonly ColumnMove[], terms: readonly number[], driversBefore: number): Json {
  if (table === null || typeof table !== 'object' || Array.isArray(table)) throw unreadableSnapshot('baseline', 'a mode is damaged');
  const { lower, right, coefficients, ...columns } = table;
  const fresh = Object.fromEntries(Object.keys(columns).map((name) => [name, moves.map(() => 0)]));
  const moved = moveTable(columns, fresh, moves, { mean: 'value', meanSquare: 'square', fitSquare: 'square' });
  const termsBefore = 1 + driversBefore + (driversBefore * (driversBefore + 1)) / 2;
  const sameTerms = terms.length === termsBefore;
  const fitted = { lower: [] as Json[], right: [] as Json[], coefficients: [] as Json[] };
  if (terms.length > 1) {
    const lowers = listOf(lower, 'lower');
    const rights = listOf(right, 'right');
    const before = listOf(coefficients, 'coefficients');
    for (const move of moves) {
      const triangle = (move.from * termsBefore * (termsBefore + 1)) / 2;
      const first = move.from * termsBefore;
      const sum = (one: number, other: number): number => {
        const larger = Math.max(one, other);
        return Number(lowers[triangle + (larger * (larger + 1)) / 2 + Math.min(one, other)] ?? 0);
      };
      for (const [row, term] of terms.entries()) {
        for (let other = 0; other <= row; other += 1) fitted.lower.push(isKept(move) ? sum(term, terms[other]!) : 0);
        // The first term is 1, so that its sums are those of the features themselves.
        fitted.right.push(isKept(move) ? move.scale * Number(rights[first + term] ?? 0) + move.offset * sum(term, 0) : 0);
        const coefficient = Number(before[first + term] ?? 0);
        fitted.coefficients.push(isKept(move) && sameTerms ? move.scale * coefficient + (term === 0 ? move.offset : 0) : 0);
      }
    }
  }
  if (!sameTerms) {
    // What is left of the drivers is tried anew; these columns went by their plain mean until now.
    for (const name of ['fitSquare', 'fitRows', 'nextSolve']) moved[name] = moves.map(() => 0);
  }
  return { ...moved, ...fitted };
}

function moveKeptRows(kept: Json | undefined, moves: readonly ColumnMove[]): Json {
  const origins = listOf(member(kept, 'origins'), 'origins');
  const differences = listOf(member(kept, 'differences'), 'differences');
  const modes = listOf(member(kept, 'modes'), 'modes');
  const moved: Json[] = [];
  for (let row = 0; row < modes.length; row += 1) {
    for (const move of moves) moved.push(move.from < 0 ? null : moveNumber(differences[row * origins.length + move.from], 'difference', move));
  }
  return {
    origins: moves.map((move) => (move.from < 0 ? null : moveNumber(origins[move.from], 'value', move))),
    differences: moved,
    modes,
    stride: member(kept, 'stride') ?? 1,
    since: member(kept, 'since') ?? 0,
  };
}

/** The operating points seen, with the cells that only a driver told apart that is gone put together. */
function movePoints(
  points: Json | undefined, drivers: readonly number[], perDriver: (name: string, quantity: 'value' | 'difference', of: Json | undefined) => Json[],
): Json {
  const cells = listOf(member(points, 'cells'), 'cells');
  const merged = new Map<number, number>();
  for (let index = 0; index + 1 < cells.length; index += 2) {
    const before = Number(cells[index]);
    const cell = drivers.reduce((sum, driver, now) => sum + (Math.floor(before / cellsPerDriver ** driver) % cellsPerDriver) * cellsPerDriver ** now, 0);
    merged.set(cell, Math.min(mostVisits, (merged.get(cell) ?? 0) + Number(cells[index + 1])));
  }
  return { origins: perDriver('origins', 'value', points), steps: perDriver('steps', 'difference', points), cells: [...merged].flat() };
}

function listOf(json: Json | undefined, what: string): Json[] {
  if (!Array.isArray(json)) throw unreadableSnapshot('baseline', `${what} is no list`);
  return json;
}
