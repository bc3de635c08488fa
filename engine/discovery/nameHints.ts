import { nameWords } from './signalName.ts';

/** What a word of a folder's name says about its place in the plant, English and German. */
const places = new Set([
  'plant', 'werk', 'site', 'standort', 'hall', 'halle', 'building', 'gebaeude', 'area', 'bereich', 'line', 'linie', 'cell', 'zelle', 'enterprise',
  'factory', 'fabrik', 'shopfloor', 'objects', 'root', 'tags', 'variables', 'variablen', 'machines', 'maschinen', 'devices', 'geraete', 'channel',
  'plc', 'sps', 'gvl', 'globalvars', 'programs', 'datablocks', 'datablocksglobal', 'simulation', 'production',
]);
const parts = new Set([
  'hydraulics', 'hydraulic', 'hydraulik', 'motor', 'motors', 'drive', 'drives', 'antrieb', 'antriebe', 'pump', 'pumps', 'pumpe', 'axis', 'axes',
  'achse', 'achsen', 'zone', 'zones', 'zonen', 'heating', 'heizung', 'heater', 'heaters', 'cooling', 'kuehlung', 'spindle', 'spindel', 'valve',
  'valves', 'ventil', 'ventile', 'sensor', 'sensors', 'sensoren', 'alarm', 'alarms', 'alarme', 'status', 'state', 'states', 'counter', 'counters',
  'zaehler', 'parameter', 'parameters', 'settings', 'setpoints', 'sollwerte', 'istwerte', 'general', 'allgemein', 'process', 'prozess', 'energy',
  'energie', 'tool', 'tools', 'mold', 'werkzeug', 'gearbox', 'getriebe', 'bearing', 'bearings', 'lager', 'fan', 'fans', 'luefter', 'belt', 'oil',
  'oel', 'air', 'druckluft', 'electrical', 'elektrik', 'mechanical', 'mechanik', 'inputs', 'outputs', 'io', 'data', 'daten', 'values', 'werte',
  'measurements', 'messwerte', 'quality', 'safety', 'sicherheit', 'lubrication', 'schmierung', 'vacuum', 'vakuum', 'module', 'temperature',
  'temperatures', 'temperaturen', 'pressure', 'pressures', 'diagnostics', 'diagnose', 'identification', 'monitoring', 'maintenance', 'wartung', 'job', 'channels', 'phase',
  'ram', 'bed', 'head', 'feed', 'hopper', 'barrel', 'clamp', 'arm', 'joint', 'circuit', 'kreis', 'tank', 'water', 'wasser', 'actual', 'commands',
]);

/** The last word of at least two letters, without digits: `Line1` → line, `Halle A` → halle. */
function tellingWord(name: string): string {
  const words = nameWords(name).map((word) => word.replace(/\d+/g, '')).filter((word) => word.length > 1);
  return words.at(-1) ?? '';
}

/** Named as a place where machines stand, or as a folder of the PLC's tool. */
export function isPlaceName(name: string): boolean {
  return places.has(tellingWord(name));
}

/** Named as a part of a machine. */
export function isPartName(name: string): boolean {
  return parts.has(tellingWord(name));
}

/** Folders whose children are machines by standard: OPC 40001-1 (Machinery) and OPC 10000-100 (Devices). */
export function holdsMachines(name: string): boolean {
  return name === 'Machines' || name === 'DeviceSet';
}

/** Types that say nothing about what an object is. */
export function isTellingType(type: string | undefined): type is string {
  return type !== undefined && type !== '' && !/^(?:FolderType|BaseObjectType|BaseDataVariableType|PropertyType|FunctionalGroupType|DataBlockType|BaseVariableType)$/.test(type);
}

/** The folder in a topic of the United Manufacturing Hub behind which the values of the place before it come. */
export function isValueFolder(name: string): boolean {
  return /^_(?:historian|analytics|raw|local)/.test(name);
}

/** Folders of a server's own affairs: Kepware's `_System`, MQTT's `$SYS`, Sparkplug's own metrics. */
export function isOwnAffair(path: readonly string[]): boolean {
  const last = path.at(-1) ?? '';
  if (path[0]?.startsWith('$') === true || last === 'bdSeq') return true;
  return path.slice(0, -1).some((part, index) =>
    (part.startsWith('_') && !isValueFolder(part)) || part === 'Node Control' || part === 'Device Control' || (part === 'Server' && index < 2));
}

/** Properties that some servers show as values of their own (OPC 10000-8). */
export function isAttributeName(name: string): boolean {
  return /^(?:EURange|InstrumentRange|EngineeringUnits|Definition|ValuePrecision|EnumStrings|EnumValues|TrueState|FalseState|NodeVersion|Icon)$/.test(name);
}
