/** The kinds of observable manufacturing elements (ISO 23247-1:2021, 5.3). */
export const elementKinds = ['personnel', 'equipment', 'material', 'process', 'facility', 'environment', 'product', 'document'] as const;

export type ElementKind = (typeof elementKinds)[number];

/**
 * Ready sub-types of each kind, in the words of ISA-95 (IEC 62264-1:2013, 5 and 6; -2, 5). A sub-type says its kind, so an element
 * carries only the sub-type. `document` is ISO 23247's supporting document.
 */
export const elementTypes: ReadonlyMap<string, ElementKind> = new Map([
  ['enterprise', 'facility'],
  ['site', 'facility'],
  ['area', 'facility'],
  ['work centre', 'equipment'],
  ['work unit', 'equipment'],
  ['tool', 'equipment'],
  ['material definition', 'material'],
  ['material lot', 'material'],
  ['product definition', 'product'],
  ['part', 'product'],
  ['batch', 'product'],
  ['operator', 'personnel'],
  ['shift', 'personnel'],
  ['job order', 'process'],
  ['segment', 'process'],
  ['maintenance order', 'process'],
  ['maintenance procedure', 'document'],
  ['quality specification', 'document'],
  ['test result', 'document'],
  ['recipe', 'document'],
  ['surroundings', 'environment'],
]);
