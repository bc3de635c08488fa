/** What a machine that is to be copied is called in its addresses. */
export interface MachineWords {
  name: string;
  /** Values of its placeholders. */
  placeholders: readonly string[];
  /** Addresses of its own. */
  addresses: readonly string[];
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** The whole word: `Press1` is not in `Press10`, and `1` not in `12`. */
function wordIn(part: string): RegExp {
  return new RegExp(`${/^\d/.test(part) ? '(?<!\\d)' : '(?<![\\p{L}])'}${escaped(part)}${/\d$/.test(part) ? '(?!\\d)' : '(?![\\p{L}\\p{N}])'}`, 'gu');
}

/** `Press1` → `Press2` wherever it stands as a word of its own. */
export function replacePart(text: string, from: string, to: string): string {
  return from === '' ? text : text.replace(wordIn(from), () => to);
}

/** Whether the part stands in the text as a word of its own. */
export function hasPart(text: string, part: string): boolean {
  return part !== '' && wordIn(part).test(text);
}

/** The last segment of an address or path: `ns=2;s=Hall.Press1` → `Press1`. */
function lastSegment(text: string): string {
  return text.split(/[./\\|;=:"[\]]+/).filter((part) => part !== '').at(-1) ?? '';
}

/**
 * The part of a machine's addresses that will be another for the next machine: the last segment of a placeholder's value, else the last
 * segment that its addresses begin with in common. '' = nothing can be guessed.
 */
export function differingPart(machine: MachineWords): string {
  const given = machine.placeholders.map((value) => value.trim()).filter((value) => value !== '');
  const known = plain(machine.name);
  const segments = given.map(lastSegment).filter((segment) => segment !== '');
  const byName = segments.find((segment) => plain(segment) === known) ?? segments.find((segment) => /\d$/.test(segment)) ?? segments[0];
  if (byName !== undefined) return byName;
  const [first = '', ...others] = new Set(machine.addresses.filter((address) => address !== ''));
  if (first === '') return '';
  let length = others.length === 0 ? first.search(/[./\\|"][^./\\|"]*$/) + 1 : first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same += 1;
    length = same;
  }
  const common = first.slice(0, Math.max(0, length));
  // The beginnings of names (Te of Temp and Tension) are no part of the machine's own.
  const whole = /[^\p{L}\p{N}]$/u.test(common) ? common : (/^.*(?:[^\p{L}\p{N}]|\d(?=\D))/u.exec(common)?.[0] ?? '');
  const segment = lastSegment(whole).replace(/[^\p{L}\p{N}]+$/u, '');
  return /^(?:ns|nsu|s|i|g|b)$/.test(segment) || /^\d+$/.test(segment) ? '' : segment;
}

/** `Press 1` → `Press 2`, `P09` → `P10`, counted on until it is free; '' where there is no number to count. */
export function nextName(name: string, isTaken: (name: string) => boolean): string {
  const found = /^(.*?)(\d{1,9})(\D*)$/su.exec(name);
  if (found === null) return '';
  const [, before = '', digits = '', after = ''] = found;
  for (let number = Number(digits) + 1; number < Number(digits) + 10_000; number += 1) {
    const next = `${before}${String(number).padStart(digits.length, '0')}${after}`;
    if (!isTaken(next)) return next;
  }
  return '';
}

/** What the differing part becomes for a machine of this name: `Filler` → `Sealer` where the machine `Filler` becomes the machine `Sealer`. */
export function partForName(from: string, name: string, nextMachine: string): string {
  if (plain(from) !== plain(name) || nextMachine.trim() === '') return '';
  const words = nextMachine.trim().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const separator = /[^\p{L}\p{N}]/u.exec(from)?.[0] ?? '';
  const joined = words.join(separator);
  return from === from.toLowerCase() ? joined.toLowerCase() : joined;
}
