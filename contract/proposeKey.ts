const spelling: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'o', å: 'a', ł: 'l' };

/** A key from a name: `Füller 2 (Halle A)` → `fueller-2-halle-a`. At most 60 characters; '' from a name without letters or digits. */
export function proposeKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/[äöüßæøåł]/g, (letter) => spelling[letter] ?? letter)
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
}

/** The proposed key, made different from those that are taken: `press`, `press-2`, `press-3`. */
export function proposeFreeKey(name: string, taken: ReadonlySet<string>): string {
  const key = proposeKey(name);
  if (key === '' || !taken.has(key)) return key;
  let number = 2;
  while (taken.has(`${key}-${number}`)) number += 1;
  return `${key}-${number}`;
}
