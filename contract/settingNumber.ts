/**
 * A number that a person typed into a setting or a table, as the engine reads it too: a decimal comma is accepted (`12,5` is 12.5);
 * `1,234` is refused, for it may be meant as 1234.
 * @returns null where the text is empty, undefined where it is no number
 */
export function settingNumber(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (trimmed.length > 400 || /^[-+]?[1-9]\d{0,2}(?:,\d{3})+$/.test(trimmed)) return undefined;
  const plain = /^[-+]?\d*,\d+(?:[eE][-+]?\d+)?$/.test(trimmed) ? trimmed.replace(',', '.') : trimmed;
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(plain)) return undefined;
  const number = Number(plain);
  return Number.isFinite(number) ? number : undefined;
}
