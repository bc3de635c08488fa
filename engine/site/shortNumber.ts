import { formatNumber } from '../twin/numberText.ts';
import type { Language } from './sentences.ts';

/** Three digits that count; German comma. */
export function shortNumber(value: number, language: Language): string {
  const size = Math.abs(value);
  return formatNumber(Number(size >= 100 ? value.toFixed(0) : value.toPrecision(3)), language).replace('-', '−');
}
