import type { FoundSignal } from '../../contract/discovery.ts';
import { isValueFolder } from './nameHints.ts';
import { shapeClusters } from './shapeClusters.ts';
import { splitName, waysToPart } from './splitName.ts';

/** A folder, an object or a signal among what was found. */
export interface TreePlace {
  readonly name: string;
  readonly parent: TreePlace | undefined;
  readonly children: Map<string, TreePlace>;
  /** Place in the list of signals; −1 = none. */
  signal: number;
  /** Signals in and below it. */
  leaves: number;
  /** Name of its type; '' = none. */
  type: string;
  /** Its own address at the source. */
  address: string | undefined;
  /** Known to be a machine. */
  isMachine: boolean;
  isParted: boolean;
}

export function treePlace(name: string, parent: TreePlace | undefined): TreePlace {
  return { name, parent, children: new Map(), signal: -1, leaves: 0, type: '', address: undefined, isMachine: false, isParted: false };
}

/** Hangs the signals into a tree by their paths; a signal's own name is parted at dots and slashes. */
export function signalTree(signals: readonly FoundSignal[], places: readonly number[]): TreePlace {
  const root = treePlace('', undefined);
  for (const index of places) {
    const signal = signals[index] as FoundSignal;
    const folders = signal.path.slice(0, -1);
    const own = splitName(signal.path.at(-1) ?? '');
    let place = root;
    place.leaves += 1;
    for (const [depth, name] of folders.entries()) {
      if (isValueFolder(name)) {
        if (place !== root) place.isMachine = true;
        continue;
      }
      place = childOf(place, name);
      place.leaves += 1;
      if (place.address === undefined && (signal.parents?.[depth] ?? '') !== '') place.address = signal.parents?.[depth];
      if (place.type === '') place.type = signal.types?.[depth] ?? '';
      if (signal.machineAt === depth) place.isMachine = true;
    }
    for (const name of own.slice(0, -1)) {
      place = childOf(place, name);
      place.leaves += 1;
    }
    hang(place, own.at(-1) ?? '', index);
  }
  return root;
}

function childOf(place: TreePlace, name: string): TreePlace {
  let child = place.children.get(name);
  if (child === undefined) place.children.set(name, (child = treePlace(name, place)));
  return child;
}

function hang(place: TreePlace, name: string, signal: number): void {
  const present = place.children.get(name);
  let free = name;
  // Two signals of one name stay two.
  for (let number = 2; present !== undefined && present.signal >= 0 && place.children.has(free); number += 1) free = `${name} ${number}`;
  const leaf = childOf(place, free);
  leaf.signal = signal;
  leaf.leaves += 1;
}

/** The signals directly in a place, and what else is in it. */
export function directSignals(place: TreePlace): TreePlace[] {
  return [...place.children.values()].filter((child) => child.children.size === 0);
}

export function boxesIn(place: TreePlace): TreePlace[] {
  return [...place.children.values()].filter((child) => child.children.size > 0);
}

/**
 * Flat names that repeat behind several heads (`Press1_Temp`, `Press2_Temp`) become boxes. Of the ways to part the names, the one that
 * brings most names into boxes of like shape.
 */
export function partFlatNames(place: TreePlace): void {
  if (place.isParted) return;
  place.isParted = true;
  const leaves = directSignals(place);
  if (leaves.length < 6) return;
  let best: Map<string, { leaf: TreePlace; tail: string }[]> | undefined;
  let most = 0;
  for (const part of waysToPart) {
    const heads = new Map<string, { leaf: TreePlace; tail: string }[]>();
    for (const leaf of leaves) {
      const parted = part(leaf.name);
      if (parted === undefined) continue;
      const group = heads.get(parted.head);
      if (group === undefined) heads.set(parted.head, [{ leaf, tail: parted.tail }]);
      else group.push({ leaf, tail: parted.tail });
    }
    const full = [...heads].filter(([, group]) => group.length >= 3);
    const like = shapeClusters(full.map(([, group]) => ({ keys: [...new Set(group.map(({ tail }) => tail))] }))).filter((group) => group.length > 1);
    const chosen = new Map(like.flat().map((index) => full[index] as (typeof full)[number]));
    let count = 0;
    for (const group of chosen.values()) count += group.length;
    if (count <= most) continue;
    most = count;
    // Heads of another shape go with those that are numbered like them: another kind of machine, or one with few signals.
    best = new Map([...heads].filter(([head, group]) => chosen.has(head) || (group.length >= 5 && count * 2 >= leaves.length)));
  }
  for (const [head, group] of best ?? []) {
    let name = head;
    while (place.children.has(name)) name = `${name} `;
    const box = treePlace(name, place);
    place.children.set(name, box);
    for (const { leaf, tail } of group) {
      place.children.delete(leaf.name);
      hang(box, tail, leaf.signal);
      box.leaves += 1;
    }
  }
}
