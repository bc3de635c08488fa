/** `"DB_Press1"."Temp"` → DB_Press1, Temp; `Press1.Oil.Temp` → three. Dots and slashes in quotes, brackets and between digits stay. */
export function splitName(name: string): string[] {
  if (!/[./"]/.test(name)) return [name];
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < name.length; at += 1) {
    const letter = name[at] as string;
    if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === '[' || letter === '(')) depth += 1;
    else if (!quoted && (letter === ']' || letter === ')')) depth -= 1;
    const between = isDigit(name[at - 1]) && isDigit(name[at + 1]);
    if ((letter === '.' || letter === '/') && !quoted && depth <= 0 && !(letter === '.' && between)) {
      parts.push(part);
      part = '';
    } else if (letter !== '"') part += letter;
  }
  parts.push(part);
  const full = parts.filter((each) => each.trim() !== '');
  return full.length === 0 ? [name] : full;
}

function isDigit(letter: string | undefined): boolean {
  return letter !== undefined && letter >= '0' && letter <= '9';
}

/**
 * Ways to part a flat name into machine and signal: behind the first, second or third separator, or where letters follow digits
 * (`Press1Temp`). `Press1_Oil_Temp` → Press1 | Oil_Temp, Press1_Oil | Temp.
 */
export const waysToPart: readonly ((name: string) => { head: string; tail: string } | undefined)[] = [
  (name) => partedBy(/^([^_\-\s:|]+)[_\-\s:|]+(.+)$/su, name),
  (name) => partedBy(/^([^_\-\s:|]+[_\-\s:|]+[^_\-\s:|]+)[_\-\s:|]+(.+)$/su, name),
  (name) => partedBy(/^([^_\-\s:|]+(?:[_\-\s:|]+[^_\-\s:|]+){2})[_\-\s:|]+(.+)$/su, name),
  (name) => partedBy(/^(\p{L}+\d+)(\p{L}.*)$/su, name),
];

function partedBy(pattern: RegExp, name: string): { head: string; tail: string } | undefined {
  const match = name.length > 300 ? null : pattern.exec(name);
  return match === null ? undefined : { head: match[1] as string, tail: match[2] as string };
}
