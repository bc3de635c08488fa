import type { Json } from '../ports.ts';
import { member, unreadableSnapshot } from './columnTable.ts';

/** Where a column of a changed type comes from, and what its numbers are in its new unit. */
export interface ColumnMove {
  /** Place that it had before; −1 = there was none whose values could be compared. */
  from: number;
  /** Its values stay comparable, but what was learned of them counts no more. */
  again: boolean;
  /** New value = scale · old value + offset; scale > 0. */
  scale: number;
  offset: number;
}

/** What a stored number is, and so what becomes of it in another unit: nothing, as a value, as a distance of two values, as its square. */
export type Quantity = 'plain' | 'value' | 'difference' | 'square';

export function keptMove(from: number): ColumnMove {
  return { from, again: false, scale: 1, offset: 0 };
}

/** Whether what was learned of the column goes on. */
export function isKept(move: ColumnMove): boolean {
  return move.from >= 0 && !move.again;
}

export function moveNumber(number: Json | undefined, quantity: Quantity, { scale, offset }: ColumnMove): Json {
  if (typeof number !== 'number') return null;
  switch (quantity) {
    case 'plain':
      return number;
    case 'value':
      return scale * number + offset;
    case 'difference':
      return scale * number;
    case 'square':
      return scale * scale * number;
  }
}

/**
 * The numbers of a snapshot, column by column, at the places of the new columns: a column that is kept brings its own ones, in its new
 * unit, every other one begins as in `fresh`.
 * @param each numbers per column, those of a column beside each other. @param quantity may depend on the column's old place.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE
 */
export function moveNumbers(
  old: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[], quantity: Quantity | ((from: number, part: number) => Quantity), each = 1,
): Json[] {
  if (!Array.isArray(old) || !Array.isArray(fresh)) throw unreadableSnapshot('columns', 'a list of numbers is missing');
  const moved: Json[] = [];
  moves.forEach((move, column) => {
    for (let part = 0; part < each; part += 1) {
      if (!isKept(move)) moved.push(fresh[column * each + part] ?? null);
      else {
        const place = move.from * each + part;
        if (place >= old.length) throw unreadableSnapshot('columns', 'it has too few columns');
        moved.push(moveNumber(old[place], typeof quantity === 'function' ? quantity(move.from, part) : quantity, move));
      }
    }
  });
  return moved;
}

/** The same for named lists with one number per column each; what `quantities` does not name is plain. */
export function moveTable(
  old: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[], quantities: Readonly<Record<string, Quantity | ((from: number) => Quantity)>>,
): { [name: string]: Json } {
  if (fresh === null || typeof fresh !== 'object' || Array.isArray(fresh)) throw unreadableSnapshot('columns', 'a table is missing');
  return Object.fromEntries(
    Object.keys(fresh).map((name) => [name, moveNumbers(member(old, name), member(fresh, name), moves, Object.hasOwn(quantities, name) ? quantities[name]! : 'plain')]),
  );
}
