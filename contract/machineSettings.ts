/** One machine of a list. */
export interface MachineRow {
  key: string;
  name: string;
  /** `plant/line1` */
  place: string;
}

/** What differs from machine to machine: a placeholder's value, `<property>.<what>`, or `feeds` with the keys of the next machines. */
export interface SettingRow {
  /** Its key. */
  machine: string;
  setting: string;
  value: string;
}

export const propertySettings = ['address', 'scale', 'offset', 'highHigh', 'high', 'low', 'lowLow'] as const;
export type PropertySetting = (typeof propertySettings)[number];

/** What a setting's name means. */
export type SettingMeaning = { kind: 'feeds' } | { kind: 'placeholder'; name: string } | { kind: 'property'; property: string; what: PropertySetting };

const asProperty = new RegExp(`^(.+)\\.(${propertySettings.join('|')})$`);

export function settingMeaning(setting: string): SettingMeaning {
  if (setting === 'feeds') return { kind: 'feeds' };
  const found = asProperty.exec(setting);
  if (found === null) return { kind: 'placeholder', name: setting };
  return { kind: 'property', property: found[1] as string, what: found[2] as PropertySetting };
}

/** Whether the setting's value is a number. */
export function isNumberSetting(setting: string): boolean {
  const meaning = settingMeaning(setting);
  return meaning.kind === 'property' && meaning.what !== 'address';
}

type Limits = Partial<Record<'highHigh' | 'high' | 'low' | 'lowLow', string>>;

/** All settings of one machine, put together. */
export interface MachineSettings {
  placeholders: Map<string, string>;
  /** By property. */
  addresses: Map<string, string>;
  scales: Map<string, string>;
  offsets: Map<string, string>;
  limits: Map<string, Limits>;
}

export function newMachineSettings(): MachineSettings {
  return { placeholders: new Map(), addresses: new Map(), scales: new Map(), offsets: new Map(), limits: new Map() };
}

/** The settings by machine. An empty value is no setting; of two for the same thing the last one counts. */
export function settingsByMachine(rows: readonly SettingRow[]): Map<string, MachineSettings> {
  const machines = new Map<string, MachineSettings>();
  for (const { machine, setting, value } of rows) {
    if (value === '' || setting === '') continue;
    let settings = machines.get(machine);
    if (settings === undefined) machines.set(machine, (settings = newMachineSettings()));
    const meaning = settingMeaning(setting);
    if (meaning.kind === 'feeds') continue;
    if (meaning.kind === 'placeholder') settings.placeholders.set(meaning.name, value);
    else if (meaning.what === 'address') settings.addresses.set(meaning.property, value);
    else if (meaning.what === 'scale') settings.scales.set(meaning.property, value);
    else if (meaning.what === 'offset') settings.offsets.set(meaning.property, value);
    else settings.limits.set(meaning.property, { ...settings.limits.get(meaning.property), [meaning.what]: value });
  }
  return machines;
}

/** Which machine feeds which: the setting `feeds` of the one holds the other's key, or several with commas or semicolons between. */
export function feedsIn(list: { machines: readonly MachineRow[]; settings: readonly SettingRow[] }): { from: string; to: string }[] {
  const known = new Set(list.machines.map(({ key }) => key));
  return list.settings.filter(({ setting, machine }) => setting === 'feeds' && known.has(machine)).flatMap(({ machine: from, value }) => {
    // A key may hold a comma itself.
    const keys = known.has(value.trim()) ? [value] : value.split(/[,;]/);
    return keys.map((key) => key.trim()).filter((to) => to !== '' && to !== from).map((to) => ({ from, to }));
  });
}
