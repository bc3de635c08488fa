import assert from 'node:assert/strict';
import { tableOfCells } from '../../../engine/csvTable.ts';
import { linkTable, timeOf } from '../../../engine/graph/linkTable.ts';
import type { LocalCalendar } from '../../../engine/time/period.ts';

/** A zone two hours before UTC, without summer time. */
const calendar: LocalCalendar = {
  utcOf: (year, month, day, hour, minute, second) => Date.UTC(year, month - 1, day, hour - 2, minute, second),
  dateOf(timeMs) {
    const date = new Date(timeMs + 7_200_000);
    return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: (date.getUTCDay() + 6) % 7 };
  },
};

describe('linkTable', () => {
  it('takes a time without a zone as local, one with a zone as it says, numbers by their size', () => {
    const six = Date.UTC(2026, 4, 4, 6);
    for (const text of ['2026-05-04 08:00', '04.05.2026 08:00', '2026-05-04T06:00:00Z', '2026-05-04T07:00:00+01:00', String(six), String(six / 1000)]) {
      assert.equal(timeOf(text, 0, calendar), six, text);
    }
    for (const text of ['yesterday', '', '40.05.2026', '__proto__']) assert.equal(timeOf(text, 0, calendar), undefined, text);
  });

  it('reads cells by the names of the first row, with decimals as the file writes them', () => {
    const cells = (row: number, ...all: string[]): { row: number; cells: string[] } => ({ row, cells: all });
    const table = tableOfCells([cells(1, ''), cells(2, 'Von', 'Beziehung', 'Nach', 'Von', '__proto__'), cells(3, 'a', 'feeds', '7,5', 'z', 'x'), cells(5, ' ', '')], 'comma');
    assert.deepEqual(table.rows.map(({ line, cells: named }) => [line, [...named]]), [[3, [['Von', 'a'], ['Beziehung', 'feeds'], ['Nach', 7.5], ['__proto__', 'x']]]]);
    const [row] = linkTable(table, 'table:x', 9, calendar);
    assert.deepEqual(row, { line: 3, changes: [{ kind: 'assert', fact: { subject: 'a', relation: 'feeds', object: '7.5', validFromMs: 9, recordedMs: 9, source: 'table:x' } }] });
    assert.throws(() => linkTable(tableOfCells([], 'point'), 'x', 0, calendar), { code: 'TWIN_LINK_COLUMNS' });
  });
});
