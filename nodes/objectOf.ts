/** A plain object in a message: what asks or commands. undefined for values, texts, arrays and bytes. */
export function objectOf(value: unknown): Record<string, unknown> | undefined {
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date) && !ArrayBuffer.isView(value);
  return plain ? (value as Record<string, unknown>) : undefined;
}
