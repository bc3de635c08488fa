/** A number as people of the editor's language write it. */
export function shownNumber(value: number): string {
  return new Intl.NumberFormat(RED.i18n.lang(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** A duration by its greatest unit: "3 minutes". */
export function shownAge(ms: number): string {
  const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]] as const;
  const [unit, unitMs] = units.find(([, each]) => ms >= each) ?? (['second', 1000] as const);
  return new Intl.NumberFormat(RED.i18n.lang(), { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(Math.max(0, ms) / unitMs);
}
