import type { TableCells } from '../contract/machineTable.ts';
import type { Site } from '../engine/site/site.ts';
import type { Language } from '../engine/site/sentences.ts';
import type { SignalPicture } from '../engine/site/signalPicture.ts';
import type { NodeInstance } from './red.d.ts';

/** A row of a table file: its number in the file, its time where it has one, its cells. */
export interface TableRow {
  row: number;
  timeMs: number | null;
  values: Record<string, number | string | null>;
}

export interface TableOptions {
  separator: 'auto' | 'comma' | 'semicolon' | 'tab';
  decimal: 'auto' | 'point' | 'comma';
  timeColumn: string;
}

/** Rows in file order; a row that cannot be read is told to `onSkipped` and left out. */
export type ReadTable = (file: string, options: TableOptions, onSkipped: (row: number, reason: string) => void) => AsyncIterable<TableRow>;

/**
 * What a twin-site node offers the other nodes. Only config nodes may use adapters, so what another node needs of them
 * comes from here.
 */
export interface SiteHandle {
  readonly language: Language;
  /** Rejects with a Problem when the store cannot be opened. */
  readonly ready: Promise<Site>;
  /** undefined until ready. */
  readonly site: Site | undefined;
  /** What nodes of the site are still busy with, messages or their end; it closes after them. */
  readonly inHand: Set<Promise<unknown>>;
  /** For files named in a node: a relative path counts from the Node-RED user directory. */
  readonly readTable: ReadTable;
  /** A machine table, CSV or Excel, as its cells. */
  readonly readCells: (file: string) => Promise<TableCells>;
  /** The same of a file's bytes, as a dialog sends them. */
  readonly cellsOfBytes: (bytes: Buffer) => Promise<TableCells>;
  /** A picture as PNG, for mails. */
  readonly picturePng: (picture: SignalPicture) => Buffer;
}

const handles = new WeakMap<NodeInstance, SiteHandle>();

export function offerSite(node: NodeInstance, handle: SiteHandle): void {
  handles.set(node, handle);
}

/** The handle of a twin-site node; undefined for any other node. */
export function siteHandle(node: NodeInstance | null): SiteHandle | undefined {
  return node === null ? undefined : handles.get(node);
}
