import { BrowseDirection, NodeClass } from 'node-opcua-client';
import type { BrowseResult, ClientSession, NodeId } from 'node-opcua-client';

/** What was found below a node. `cut` says which bound ended the search, when one did. */
export interface Subtree {
  variables: NodeId[];
  cut?: 'nodes' | 'depth' | 'time';
  /** The root itself is unknown to the server. */
  refused?: string;
}

export interface BrowseBounds {
  nodes: number;
  depth: number;
  timeMs: number;
}

/** A server can be endless: rooms that contain themselves, a list that always has a next page. */
export const browseBounds: BrowseBounds = { nodes: 20_000, depth: 20, timeMs: 60_000 };

const hierarchical = 'ns=0;i=33';
const hasProperty = 46;
const serverObject = 'ns=0;i=2253';
/** So that one answer stays small; the next pages are asked for. */
export const referencesPerNode = 1000;
const longestId = 1000;

/**
 * All variables below a node along hierarchical references, without properties (EURange and the like) and without the server's own
 * diagnostics. Breadth first, so that a bound cuts off what is deepest.
 * @param nodesPerCall what the server accepts in one call
 */
export async function browseSubtree(session: ClientSession, root: NodeId, nodesPerCall: number, bounds: BrowseBounds): Promise<Subtree> {
  const endMs = performance.now() + bounds.timeMs;
  const seen = new Set<string>([root.toString()]);
  const found: Subtree = { variables: [] };
  let references = 0;
  let level: NodeId[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= bounds.depth) {
      found.cut = 'depth';
      return found;
    }
    const next: NodeId[] = [];
    /** @returns false when a bound is reached */
    const take = (result: BrowseResult): boolean => {
      for (const reference of result.references ?? []) {
        references += 1;
        if (references > bounds.nodes * 5) found.cut = 'nodes';
        if (performance.now() > endMs) found.cut = 'time';
        if (found.cut !== undefined) return false;
        const { nodeId } = reference;
        const name = nodeId.toString();
        if (reference.referenceTypeId.namespace === 0 && reference.referenceTypeId.value === hasProperty) continue;
        if (seen.has(name) || name === serverObject || name.length > longestId || nodeId.serverIndex > 0) continue;
        if (seen.size >= bounds.nodes) {
          found.cut = 'nodes';
          return false;
        }
        seen.add(name);
        if (reference.nodeClass === NodeClass.Variable) found.variables.push(nodeId);
        next.push(nodeId);
      }
      return true;
    };
    for (let from = 0; from < level.length; from += nodesPerCall) {
      const results = await session.browse(level.slice(from, from + nodesPerCall).map((nodeId) => ({
        nodeId, browseDirection: BrowseDirection.Forward, referenceTypeId: hierarchical, includeSubtypes: true,
        nodeClassMask: NodeClass.Object | NodeClass.Variable, resultMask: 0x3f,
      })));
      if (depth === 0 && results[0] !== undefined && results[0].statusCode.isBad()) {
        found.refused = results[0].statusCode.name;
        return found;
      }
      for (const first of results) {
        let result = first;
        let more = take(result);
        while (hasNext(result)) {
          if (performance.now() > endMs) found.cut ??= 'time';
          more &&= found.cut === undefined;
          const following = await session.browseNext(result.continuationPoint, !more);
          if (!more) return found;
          // An empty page that promises another one would be a way to go round for ever without a single reference.
          references += 1;
          result = following;
          more = take(result);
        }
        if (!more) return found;
      }
    }
    level = next;
  }
  return found;
}

function hasNext(result: BrowseResult): boolean {
  const point = result.continuationPoint as Buffer | null | undefined;
  return point !== null && point !== undefined && point.length > 0;
}

