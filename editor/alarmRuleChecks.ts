import { settingNumber } from '../contract/settingNumber.ts';
import type { Row, RowProblem } from './rowList.ts';
import type { TextValues } from './text.ts';

const notNegative = ['deadband', 'onDelay', 'offDelay'] as const;

/** What a rule has no use for is not asked. */
export function showsRuleField(row: Row, field: string): boolean {
  if (field === 'confirm') return row['acknowledge'] === true;
  if (field === 'setpoint') return row['condition'] === 'deviation';
  return field !== 'deadband' || row['condition'] !== 'true';
}

/** What is wrong with the rules of a twin-alert, row by row. */
export function checkRules(rows: readonly Row[], text: (key: string, values?: TextValues) => string): RowProblem[] {
  const problems: RowProblem[] = [];
  for (const [index, row] of rows.entries()) {
    const value = (field: string): string => String(row[field] ?? '').trim();
    const say = (field: string, problem: string, values: TextValues = {}): void => void problems.push({ index, field, text: text(`check.${problem}`, values) });
    if (value('property') === '') say('property', 'propertyMissing');
    const limit = settingNumber(value('limit'));
    if (limit === undefined || (limit === null && row['condition'] !== 'true')) say('limit', 'limitMissing');
    for (const field of notNegative) {
      const number = settingNumber(value(field));
      if (number === undefined || (number !== null && number < 0)) say(field, 'notANumber', { column: text(`column.rules.${field}`) });
    }
    if (row['condition'] === 'deviation' && value('setpoint') === '') say('setpoint', 'setpointMissing');
  }
  return problems;
}

const time = /^([01]?\d|2[0-3]):[0-5]\d$/;

/** Both ends of the quiet hours, or none. */
export function checkQuietHour(given: unknown, other: unknown, text: (key: string) => string): true | string {
  const value = String(given ?? '').trim();
  if (value === '') return String(other ?? '').trim() === '' || text('check.quietBoth');
  return time.test(value) || text('check.quiet');
}
