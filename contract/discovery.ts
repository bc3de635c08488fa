/** What a search found and what it proposes: plain data between runtime and dialog. */

/** One value that a server, broker or device offers. */
export interface FoundSignal {
  /** As values come under it. */
  address: string;
  /** Names from the outside in (folders, objects, topic parts); the last is the signal's own. */
  path: readonly string[];
  /** Addresses of the parts of `path` but the last, where they have one; a machine is subscribed by its own. */
  parents?: readonly string[];
  /** Names of the types of the parts of `path` but the last; '' = none that tells anything. */
  types?: readonly string[];
  /** Known beforehand: the part of `path` that is the machine (Sparkplug: the device). */
  machineAt?: number;
  /** OPC UA's name: Double, Boolean, UInt32, Enumeration, Structure; with [] for an array. */
  dataType?: string;
  /** As the source writes it: °C, bar, a UNECE or UCUM code. */
  unit?: string;
  range?: { low: number; high: number };
  description?: string;
  /** Part of the server itself, not of the plant. */
  diagnostic?: boolean;
  /** false: cannot be read. */
  readable?: boolean;
}

export interface ProposedProperty {
  /** Lawful and unique in its type. */
  name: string;
  label: string;
  /** UCUM code; '' = not known. */
  unit: string;
  kind: 'measured' | 'setpoint' | 'counter' | 'state';
  /** With `{machine}` where that gives the found address of most machines; '' = each machine has its own. */
  address: string;
  range?: { low: number; high: number };
  /** Machines of the type that have it. */
  machines: number;
}

export interface ProposedType {
  name: string;
  properties: ProposedProperty[];
}

export interface ProposedMachine {
  name: string;
  /** plant/line 1; '' = none is known. */
  place: string;
  /** Place in `types`. */
  type: number;
  /** Stands for `{machine}` in the addresses of the type; '' = no address needs it. */
  placeholder: string;
  /** Property → address, where the type's pattern does not give it. */
  addresses: Record<string, string>;
  /** Properties of the type that it does not have. */
  lacks: string[];
  /** All its values are below this address; absent: it has none of its own. */
  root?: string;
  /** Signals found of it. */
  signals: number;
}

export type LeftReason = 'diagnostic' | 'unreadable' | 'notAValue' | 'tooLong' | 'noMachine' | 'twice';

export interface Proposal {
  types: ProposedType[];
  machines: ProposedMachine[];
  /** Signals that belong to no machine: how many by reason, and the first 100 of them. */
  left: { count: number; reasons: Partial<Record<LeftReason, number>>; first: { address: string; reason: LeftReason }[] };
  /** Signals that were looked at. */
  signals: number;
  /** There is more than was looked at. */
  cut: boolean;
}

/** What a route that looks for machines answers. */
export type FindAnswer =
  | { ok: true; proposal: Proposal }
  /** `code` TWIN_OPCUA_CERTIFICATE: `fingerprint` is the one to compare and trust. */
  | { ok: false; code: string; text: string; fingerprint?: string };

/** What the route that asks a server about addresses answers. */
export type CheckAnswer = { ok: true; asked: number; missing: string[] } | { ok: false; code: string; text: string };
