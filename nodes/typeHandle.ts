import type { TwinType } from '../engine/twin/twinType.ts';
import type { NodeInstance } from './red.d.ts';

const types = new WeakMap<NodeInstance, TwinType>();

export function offerType(node: NodeInstance, type: TwinType): void {
  types.set(node, type);
}

/** The compiled type of a twin-type node; undefined for any other node, or for a type that is not usable. */
export function typeOf(node: NodeInstance | null): TwinType | undefined {
  return node === null ? undefined : types.get(node);
}
