const spelling: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'o', å: 'a', ł: 'l' };

/** The last word written out, where an abbreviation has one meaning only. */
const writtenOut: ReadonlyMap<string, string> = new Map([
  ['temp', 'temperature'], ['tmp', 'temperature'], ['pres', 'pressure'], ['spd', 'speed'], ['vib', 'vibration'], ['vibr', 'vibration'],
  ['curr', 'current'], ['cnt', 'count'], ['hrs', 'hours'], ['pwr', 'power'], ['trq', 'torque'], ['hum', 'humidity'], ['lvl', 'level'],
]);

/** Names that mean something to JavaScript or to a row. */
const reserved = new Set(['time', 'constructor', 'prototype']);

/** Letters and digits of a name as lower-case words: `MotorCurrent_L1` → motor, current, l1. Letters of all scripts stay. */
export function nameWords(text: string): string[] {
  return text
    .normalize('NFC')
    .slice(0, 300)
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .replace(/[äöüßæøåł]/g, (letter) => spelling[letter] ?? letter)
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** A property's name of at most 60 characters, different from those taken; it is added to them. */
export function propertyName(words: readonly string[], taken: Set<string>): string {
  const written = words.map((word, index) => (index === words.length - 1 ? (writtenOut.get(word) ?? word) : word));
  // Of a long name the end tells most.
  while (written.length > 1 && written.join('_').length > 56) written.shift();
  let name = [...written.join('_')].slice(0, 56).join('').slice(0, 56);
  if (name === '' || /^\d/.test(name)) name = `value_${name}`.replace(/_$/, '').slice(0, 56);
  if (reserved.has(name)) name = `${name}_value`;
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name.slice(0, 55 - String(number).length)}_${number}`;
  taken.add(free);
  return free;
}

/** For people: without what cannot be seen or turns the direction of writing, at most so long. */
export function shownText(text: string, limit: number): string {
  // eslint-disable-next-line no-control-regex
  return text.slice(0, 4 * limit).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '').trim().slice(0, limit);
}
