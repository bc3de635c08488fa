import { holdsMachines, isPartName, isPlaceName, isTellingType } from './nameHints.ts';
import { shapeClusters } from './shapeClusters.ts';
import { nameWords } from './signalName.ts';
import { boxesIn, directSignals, partFlatNames } from './signalTree.ts';
import type { TreePlace } from './signalTree.ts';

/** A signal of a machine: its place in the list, and its words seen from the machine. */
export interface OwnSignal {
  signal: number;
  /** Names from the machine to the signal. */
  names: string[];
  words: string[];
}

/** Fewer signals in a box are no machine, unless more such boxes are found. */
const fewestAlone = 5;
const fewestOfPart = 3;

/**
 * The places in a tree that are machines, by what repeats: the highest boxes of like shape that are not named as a place (line, hall) and
 * do not look like the parts of one machine (zones, axes). What standards and types of objects say goes before that.
 */
export function findMachines(root: TreePlace): TreePlace[] {
  const sure: TreePlace[] = [];
  const alone: TreePlace[] = [];
  visit(root, false);
  const ordered = (sure.length === 0 ? alone : [...sure, ...alone.filter(({ leaves }) => leaves >= fewestAlone)]);
  // A box within a machine is a part of it.
  const all = new Set(ordered);
  return ordered.filter((place) => {
    for (let above = place.parent; above !== undefined; above = above.parent) if (all.has(above)) return false;
    return true;
  });

  function visit(place: TreePlace, repeats: boolean): void {
    partFlatNames(place);
    const boxes = boxesIn(place);
    const direct = directSignals(place);
    if (place.isMachine) {
      sure.push(place);
      return;
    }
    if (holdsMachines(place.name)) {
      for (const box of boxes) if (!isMarkedBelow(box)) sure.push(box);
      if (boxes.length > 0) return;
    }
    if (isMarkedBelow(place)) {
      for (const box of boxes) visit(box, false);
      return;
    }
    const take = (): void => void (repeats ? sure : alone).push(place);
    if (boxes.length === 0) {
      if (direct.length > 0 || place.signal >= 0) take();
      return;
    }
    const ofParts = sum(boxes.filter(({ name }) => isPartName(name))) * 2 > sum(boxes);
    const isRoot = place.parent === undefined;
    const isPlace = isRoot || (isPlaceName(place.name) && !ofParts && direct.length * 10 < place.leaves);
    if (!isPlace && isTellingType(place.type)) {
      take();
      return;
    }
    const clusters = shapeClusters(boxes.map((box) => ({ keys: shapeOf(box), type: isTellingType(box.type) ? box.type : undefined })));
    const repeated = clusters.filter((cluster) => cluster.length > 1).map((cluster) => cluster.map((index) => boxes[index] as TreePlace));
    const members = repeated.flat();
    if (members.length > 0) {
      const average = sum(members) / members.length;
      const partNames = sum(members.filter(({ name }) => isPartName(name))) * 2 > sum(members);
      const ownSignals = direct.length > Math.max(average, 0.3 * sum(members));
      if (!isPlace && (partNames || average < fewestOfPart || ownSignals)) {
        take();
        return;
      }
      for (const cluster of repeated) {
        const arePlaces = looksLikePlace(cluster[0] as TreePlace);
        for (const box of cluster) {
          if (arePlaces) visit(box, true);
          else sure.push(box);
        }
      }
      for (const box of boxes) if (!members.includes(box)) visit(box, false);
      return;
    }
    const average = sum(boxes) / boxes.length;
    const looksOne = ofParts || average < fewestAlone || direct.length * 2 > average;
    if (looksOne && (!isPlace || (isRoot && ofParts))) take();
    else for (const box of boxes) visit(box, false);
  }
}

/** Of several alike: is it a line in which machines stand, rather than a machine? */
function looksLikePlace(place: TreePlace): boolean {
  partFlatNames(place);
  if (place.isMachine) return false;
  const boxes = boxesIn(place);
  if (boxes.length === 0) return false;
  if (isMarkedBelow(place)) return true;
  if (isTellingType(place.type)) return false;
  const direct = directSignals(place);
  const ofParts = sum(boxes.filter(({ name }) => isPartName(name))) * 2 > sum(boxes);
  if (ofParts || direct.length * 10 >= place.leaves) return false;
  if (isPlaceName(place.name)) return true;
  if (direct.length > 0) return false;
  if (boxes.length === 1) return true;
  if (boxes.every(({ type }) => isTellingType(type))) return true;
  const like = shapeClusters(boxes.map((box) => ({ keys: shapeOf(box) }))).filter((cluster) => cluster.length > 1).flat();
  return like.length * 2 > boxes.length && like.every((index) => (boxes[index] as TreePlace).leaves >= 8);
}

function isMarkedBelow(place: TreePlace): boolean {
  const waiting = [...place.children.values()];
  for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
    if (box.isMachine) return true;
    for (const child of box.children.values()) if (child.children.size > 0 || child.isMachine) waiting.push(child);
  }
  return false;
}

function sum(places: readonly TreePlace[]): number {
  let leaves = 0;
  for (const place of places) leaves += place.leaves;
  return leaves;
}

const remembered = new WeakMap<TreePlace, string[]>();

function shapeOf(place: TreePlace): string[] {
  let shape = remembered.get(place);
  if (shape === undefined) {
    shape = [...new Set(ownSignals(place).map(({ words }) => words.join('_')))];
    remembered.set(place, shape);
  }
  return shape;
}

/** All signals in and below a place. The place's own name before a signal's (`Press1/Press1_Temp`) is left out of the words. */
export function ownSignals(place: TreePlace): OwnSignal[] {
  const own = nameWords(place.name);
  const found: OwnSignal[] = [];
  const collect = (at: TreePlace, names: readonly string[], words: readonly string[]): void => {
    if (at.signal >= 0) {
      const repeats = own.length > 0 && words.length > own.length && own.every((word, index) => words[index] === word);
      found.push({ signal: at.signal, names: [...names], words: words.slice(repeats ? own.length : 0) });
    }
    for (const child of at.children.values()) collect(child, [...names, child.name], [...words, ...nameWords(child.name)]);
  };
  collect(place, [], []);
  return found;
}
