import { Problem } from '../problem.ts';
import { numberFromSetting } from './numberText.ts';
import type { TwinType, TypeProperty } from './twinType.ts';

export const limitNames = ['highHigh', 'high', 'low', 'lowLow'] as const;
export type LimitName = (typeof limitNames)[number];

/** Limits of one machine for one property, as a person filled them in: numbers as texts in the property's unit; '' = the type's. */
export interface LimitRow {
  property: string;
  highHigh?: string;
  high?: string;
  low?: string;
  lowLow?: string;
}

/**
 * The type as one machine has it: with the machine's own limits instead of the type's. Everything else is shared with the type, so
 * that what was learned still fits. A row that is wrong is told and left out: the type's limits hold then.
 */
export function machineLimits(type: TwinType, rows: readonly LimitRow[], machine: string): { type: TwinType; problems: Problem[] } {
  const problems: Problem[] = [];
  const own = new Map<number, TypeProperty>();
  for (const row of rows) {
    const name = row.property.trim();
    const index = type.indexOf.get(name);
    const property = index === undefined ? undefined : (own.get(index) ?? type.properties[index]);
    if (index === undefined || property === undefined) {
      problems.push(
        new Problem(
          'TWIN_LIMIT_PROPERTY',
          `"${machine}" has limits for "${name}", which the type ${type.title} does not have.`,
          'Choose a property of the type, or remove the row.',
          { machine, property: name },
        ),
      );
      continue;
    }
    const changed: Partial<Record<LimitName, number>> = {};
    for (const limit of limitNames) {
      const text = row[limit] ?? '';
      const number = numberFromSetting(text);
      if (number === null) continue;
      if (number === undefined) {
        problems.push(
          new Problem(
            'TWIN_LIMIT_NUMBER',
            `"${machine}": the limit "${text.slice(0, 60)}" of ${name} is not a number.`,
            'Write a number such as 12.5 or 12,5, or leave it empty for the limit of the type.',
            { machine, property: name, limit, text: text.slice(0, 60) },
          ),
        );
      } else changed[limit] = number;
    }
    const next = { ...property, ...changed };
    const rising = [next.lowLow, next.low, next.high, next.highHigh].filter((number) => !Number.isNaN(number));
    if (rising.some((number, place) => place > 0 && number <= (rising[place - 1] as number))) {
      problems.push(
        new Problem(
          'TWIN_LIMIT_ORDER',
          `"${machine}": the limits of ${name} do not rise: ${rising.join(', ')}.`,
          'Limits must rise from lowest to highest: lowLow, low, high, highHigh.',
          { machine, property: name },
        ),
      );
    } else own.set(index, next);
  }
  if (own.size === 0) return { type, problems };
  return { type: { ...type, properties: type.properties.map((property) => own.get(property.index) ?? property) }, problems };
}
