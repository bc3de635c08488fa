/** Addresses of one type's machines: per machine, property → address. */
export interface AddressesOfMachine {
  /** Names from the outermost folder to the machine. */
  names: readonly string[];
  addresses: ReadonlyMap<string, string>;
}

export interface AddressPatterns {
  /** Property → pattern with `{machine}`; '' where there is none. */
  patterns: Map<string, string>;
  /** What stands for `{machine}`, per machine. */
  placeholders: string[];
}

const between = ['.', '/', '_', '-', '"."', '|', ':', ' '];
const longestPlaceholder = 200;
const longestPattern = 300;
/** So many properties decide which text of an address is the machine. */
const decidingProperties = 40;

/**
 * Replaces in addresses what names the machine: its own name, or together with those of the folders around it. A pattern is kept where it
 * gives exactly the found address of most machines; numbered nodes (`i=1234`) and GUIDs have none.
 */
export function addressPatterns(machines: readonly AddressesOfMachine[], properties: readonly string[]): AddressPatterns {
  const step = Math.max(1, Math.floor(properties.length / decidingProperties));
  const deciding = properties.filter((_, index) => index % step === 0);
  let placeholders = machines.map(() => '');
  let most = 0;
  for (const candidate of candidates(machines)) {
    if (candidate.some((text) => text === '' || text.length > longestPlaceholder)) continue;
    if (new Set(candidate).size < candidate.length) continue;
    let fits = 0;
    for (const property of deciding) fits += patternOf(machines, candidate, property).fits;
    if (fits > most) {
      most = fits;
      placeholders = candidate;
    }
  }
  const patterns = new Map(properties.map((property) => [property, patternOf(machines, placeholders, property).pattern]));
  return { patterns, placeholders };
}

/** The address that a pattern gives for a machine. */
export function filledIn(pattern: string, placeholder: string): string {
  return pattern.replace(/\{machine\}/g, () => placeholder);
}

function* candidates(machines: readonly AddressesOfMachine[]): Generator<string[]> {
  yield machines.map(({ names }) => names.at(-1) ?? '');
  for (const above of [2, 3, 4]) {
    for (const separator of between) yield machines.map(({ names }) => (names.length < above ? '' : names.slice(-above).join(separator)));
  }
  // Trimmed: a DB's name may have blanks at its ends in one place only.
  yield machines.map(({ names }) => (names.at(-1) ?? '').trim());
}

function patternOf(machines: readonly AddressesOfMachine[], placeholders: readonly string[], property: string): { pattern: string; fits: number } {
  const votes = new Map<string, number>();
  let having = 0;
  for (const [index, { addresses }] of machines.entries()) {
    const address = addresses.get(property);
    if (address === undefined) continue;
    having += 1;
    const pattern = withPlaceholder(address, placeholders[index] ?? '');
    if (pattern !== undefined) votes.set(pattern, (votes.get(pattern) ?? 0) + 1);
  }
  let best = '';
  let fits = 0;
  for (const [pattern, count] of votes) {
    if (count > fits) {
      best = pattern;
      fits = count;
    }
  }
  return fits * 2 > having ? { pattern: best, fits } : { pattern: '', fits: 0 };
}

/** `nsu=urn:plant;s=Press1.Temp`, Press1 → `nsu=urn:plant;s={machine}.Temp`. Only whole words: Press1 is not in Press10. */
function withPlaceholder(address: string, placeholder: string): string | undefined {
  if (placeholder === '' || address.length > longestPattern || /[{}]/.test(address)) return undefined;
  if (/^(?:nsu?=[^;]*;)?[igb]=/.test(address)) return undefined;
  let pattern = '';
  let from = 0;
  let found = false;
  for (let at = address.indexOf(placeholder); at >= 0; at = address.indexOf(placeholder, at + 1)) {
    const end = at + placeholder.length;
    if (at < from || joins(address[at - 1], placeholder[0]) || joins(placeholder.at(-1), address[end])) continue;
    pattern += `${address.slice(from, at)}{machine}`;
    from = end;
    found = true;
  }
  pattern += address.slice(from);
  return found && pattern.length <= longestPattern && filledIn(pattern, placeholder) === address ? pattern : undefined;
}

/** Whether two neighbours belong to one word: both digits, or both letters of small writing. */
function joins(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return (/\d/.test(one) && /\d/.test(other)) || (/\p{L}/u.test(one) && /\p{Ll}/u.test(other));
}
