const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

/**
 * A number from a text that came as data: plain decimal notation with a point, blanks around it allowed. Everything else is no
 * number: '', ' ', '0x10', '12,5', 'NaN', '1e400', '1_000'. Number() would make 0, 16 or NaN of them.
 */
export function numberFromText(text: string): number | undefined {
  if (text.length > 400) return undefined;
  const trimmed = text.trim();
  if (!decimal.test(trimmed)) return undefined;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * A number that a person typed into a setting. A decimal comma is accepted (`12,5` is 12.5), because a setting is read once and
 * shown again; `1,234` is refused, for it may be meant as 1234.
 * @returns null where the text is empty (no number set), undefined where it is no number
 */
export function numberFromSetting(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (/^[-+]?[1-9]\d{0,2}(?:,\d{3})+$/.test(trimmed)) return undefined;
  return numberFromText(/^[-+]?\d*,\d+(?:[eE][-+]?\d+)?$/.test(trimmed) ? trimmed.replace(',', '.') : trimmed);
}

/** A number for people: at most six significant digits, decimal comma in German. */
export function formatNumber(value: number, language: string): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  let text: string;
  if (size !== 0 && (size >= 1e15 || size < 1e-6)) text = value.toExponential(3);
  else if (Number.isInteger(value)) text = String(value);
  else text = String(Number(value.toPrecision(size >= 1e6 ? Math.ceil(Math.log10(size)) : 6)));
  return language.startsWith('de') ? text.replace('.', ',') : text;
}
