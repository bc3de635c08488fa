const dayMs = 86_400_000;

/**
 * ISO 8601 text of a time in ms UTC: `2026-11-22T10:30:12.000Z`. The engine has no calendar of the platform, hence its own:
 * days since 1970-01-01 to year, month, day in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
 * algorithms", 2013: years begin in March, eras of 400 years have 146,097 days).
 * Text '?' for what is no time or lies outside the years 0–9999.
 */
export function formatIsoTime(timeMs: number): string {
  if (!Number.isFinite(timeMs) || timeMs < -62_167_219_200_000 || timeMs > 253_402_300_799_999) return '?';
  const whole = Math.floor(timeMs);
  const days = Math.floor(whole / dayMs);
  const ofDayMs = whole - days * dayMs;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const hour = Math.floor(ofDayMs / 3_600_000);
  const minute = Math.floor(ofDayMs / 60_000) % 60;
  const second = Math.floor(ofDayMs / 1000) % 60;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}.${pad(ofDayMs % 1000, 3)}Z`;
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
