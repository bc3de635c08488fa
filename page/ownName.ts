const store = 'twinwire.name';

/** The name that somebody typed last on this device. A phone in private mode may refuse to keep anything; it is then asked for each time. */
export function readName(): string {
  try {
    return localStorage.getItem(store) ?? '';
  } catch {
    return '';
  }
}

export function keepName(name: string): void {
  try {
    localStorage.setItem(store, name);
  } catch {
    // See above.
  }
}
