import { AttributeIds, BrowseDirection, DataType, NodeClass, NodeId } from 'node-opcua-client';
import type { BrowseResult, ClientSession, DataValue, ReferenceDescription } from 'node-opcua-client';
import type { FoundSignal } from '../../engine/discovery/foundSignal.ts';
import { addressText } from './opcuaAddress.ts';
import type { BrowseBounds } from './opcuaBrowse.ts';

/** What of a session is used. */
export type BrowsingSession = Pick<ClientSession, 'browse' | 'browseNext' | 'read'>;

export interface FoundSignals {
  signals: FoundSignal[];
  /** Which bound ended the search, when one did. */
  cut?: 'nodes' | 'depth' | 'time' | 'bytes';
  /** The root itself is unknown to the server. */
  refused?: string;
}

export interface SignalBounds extends BrowseBounds {
  /** Of names, addresses and descriptions together. */
  bytes: number;
}

/** A server can be endless: rooms that contain themselves, a list that always has a next page, names of megabytes. */
export const signalBounds: SignalBounds = { nodes: 40_000, depth: 20, timeMs: 60_000, bytes: 64_000_000 };

const hierarchical = 'ns=0;i=33';
const hasSubtype = 'ns=0;i=45';
const hasProperty = 46;
const serverObject = 'ns=0;i=2253';
const longestName = 300;
const longestDescription = 200;
const mostForeignTypes = 200;
const deepestType = 10;
const readsPerCall = 1000;

interface Found {
  nodeId: NodeId;
  signal: FoundSignal;
  range?: NodeId;
  unit?: NodeId;
  dataType?: NodeId;
}

interface Waiting {
  nodeId: NodeId;
  path: string[];
  parents: string[];
  types: string[];
  found: Found | undefined;
}

/**
 * All values below a node with what a person would want to know of them: the names of the folders and objects around each, the types of
 * those, data type, unit, range, description and whether it can be read. Choose it to look for machines, and browseSubtree rather to
 * subscribe. Properties become units and ranges, the server's own diagnostics are left out. Breadth first.
 * @param namespaces URIs by index, for addresses that survive a renumbering
 * @param nodesPerCall what the server accepts in one call
 * @throws when a call fails
 */
export async function browseSignals(
  session: BrowsingSession, root: NodeId, namespaces: readonly string[], nodesPerCall: number, bounds: SignalBounds,
): Promise<FoundSignals> {
  const endMs = performance.now() + bounds.timeMs;
  const seen = new Set<string>([root.toString()]);
  const variables: Found[] = [];
  const result: FoundSignals = { signals: [] };
  let references = 0;
  let bytes = 0;
  const addressOf = (nodeId: NodeId): string => {
    const uri = namespaces[nodeId.namespace];
    return addressText(nodeId, uri === undefined || nodeId.namespace === 0 ? { index: nodeId.namespace } : { uri });
  };
  const typeName = (reference: ReferenceDescription): NodeId | undefined =>
    reference.typeDefinition === undefined || reference.typeDefinition.isEmpty() ? undefined : reference.typeDefinition;
  const typeNodes = new Map<string, NodeId>();

  const note = (from: Waiting, reference: ReferenceDescription, next: Waiting[]): boolean => {
    references += 1;
    // A node may be found by several ways, so there are more references than nodes; but not without end.
    if (references > bounds.nodes * 5) result.cut ??= 'nodes';
    if (performance.now() > endMs) result.cut ??= 'time';
    if (result.cut !== undefined) return false;
    const { nodeId } = reference;
    const id = nodeId.toString();
    const name = String(reference.browseName?.name ?? '').slice(0, longestName);
    const isProperty = reference.referenceTypeId.namespace === 0 && reference.referenceTypeId.value === hasProperty;
    if (isProperty) {
      if (from.found !== undefined && name === 'EURange') from.found.range = nodeId;
      else if (from.found !== undefined && name === 'EngineeringUnits') from.found.unit = nodeId;
      return true;
    }
    if (seen.has(id) || id === serverObject || id.length > 2000 || nodeId.serverIndex > 0) return true;
    if (seen.size >= bounds.nodes) {
      result.cut = 'nodes';
      return false;
    }
    seen.add(id);
    bytes += 2 * (id.length + name.length) + 200;
    if (bytes > bounds.bytes) {
      result.cut = 'bytes';
      return false;
    }
    const address = addressOf(nodeId);
    const path = [...from.path, name];
    const isVariable = reference.nodeClass === NodeClass.Variable;
    const type = typeName(reference);
    let found: Found | undefined;
    if (isVariable) {
      found = { nodeId, signal: { address, path, parents: from.parents, types: from.types, ...(nodeId.namespace === 0 ? { diagnostic: true } : {}) } };
      variables.push(found);
    }
    const typeId = type === undefined ? '' : type.toString();
    if (type !== undefined && !isVariable && type.namespace !== 0) typeNodes.set(typeId, type);
    next.push({ nodeId, path, parents: [...from.parents, address], types: [...from.types, isVariable || type?.namespace === 0 ? '' : typeId], found });
    return true;
  };

  let level: Waiting[] = [{ nodeId: root, path: [], parents: [], types: [], found: undefined }];
  for (let depth = 0; level.length > 0 && result.cut === undefined; depth += 1) {
    if (depth >= bounds.depth) {
      result.cut = 'depth';
      break;
    }
    const next: Waiting[] = [];
    for (let from = 0; from < level.length && result.cut === undefined; from += nodesPerCall) {
      const part = level.slice(from, from + nodesPerCall);
      const answers = await session.browse(part.map(({ nodeId }) => ({
        nodeId, browseDirection: BrowseDirection.Forward, referenceTypeId: hierarchical, includeSubtypes: true,
        nodeClassMask: NodeClass.Object | NodeClass.Variable, resultMask: 0x3f,
      })));
      if (depth === 0 && answers[0]?.statusCode.isBad() === true) return { signals: [], refused: answers[0].statusCode.name };
      for (const [index, first] of answers.entries()) {
        const waiting = part[index];
        if (waiting === undefined) break;
        let answer: BrowseResult = first;
        let more = (answer.references ?? []).every((reference) => note(waiting, reference, next));
        while (hasNext(answer)) {
          // An empty page that promises another one would be a way to go round for ever without a single reference.
          references += 1;
          if (references > bounds.nodes * 5) result.cut ??= 'nodes';
          if (performance.now() > endMs) result.cut ??= 'time';
          more &&= result.cut === undefined;
          // Given up, it is released: a server holds few of these points.
          answer = await session.browseNext(answer.continuationPoint, !more);
          if (!more) break;
          more = (answer.references ?? []).every((reference) => note(waiting, reference, next));
        }
        if (!more) break;
      }
    }
    level = next;
  }
  await describe(session, variables, typeNodes, endMs, (cut) => (result.cut ??= cut));
  result.signals = variables.map(({ signal }) => signal);
  return result;
}

function hasNext(result: BrowseResult): boolean {
  const point = result.continuationPoint as Buffer | null | undefined;
  return point !== null && point !== undefined && point.length > 0;
}

/** Reads what browsing does not tell; what a server does not say stays open. */
async function describe(
  session: BrowsingSession, variables: readonly Found[], typeNodes: ReadonlyMap<string, NodeId>, endMs: number, cut: (reason: 'time') => void,
): Promise<void> {
  const wanted: { nodeId: NodeId; attributeId: AttributeIds; take(value: unknown): void }[] = [];
  const foreign = new Map<string, NodeId>();
  const typeNames = new Map<string, string>();
  for (const found of variables) {
    const { nodeId, signal } = found;
    wanted.push({
      nodeId, attributeId: AttributeIds.DataType, take: (value) => {
        if (!(value instanceof NodeId)) return;
        found.dataType = value;
        if (value.namespace !== 0 || DataType[Number(value.value)] === undefined) foreign.set(value.toString(), value);
      },
    });
    wanted.push({
      nodeId, attributeId: AttributeIds.ValueRank, take: (value) => {
        if (typeof value === 'number' && value >= 0) signal.dataType = '[]';
      },
    });
    wanted.push({
      nodeId, attributeId: AttributeIds.UserAccessLevel, take: (value) => {
        // OPC 10000-3, 8.57: bit 0 is CurrentRead. The library gives the number by the names of its bits.
        if (typeof value === 'number') signal.readable = (value & 1) === 1;
      },
    });
    wanted.push({
      nodeId, attributeId: AttributeIds.Description, take: (value) => {
        const text = textOf(value);
        if (text !== '') signal.description = text.slice(0, longestDescription);
      },
    });
    if (found.range !== undefined) {
      wanted.push({ nodeId: found.range, attributeId: AttributeIds.Value, take: (value) => {
        const { low, high } = (value ?? {}) as { low?: unknown; high?: unknown };
        if (typeof low === 'number' && typeof high === 'number' && low < high) signal.range = { low, high };
      } });
    }
    if (found.unit !== undefined) {
      wanted.push({ nodeId: found.unit, attributeId: AttributeIds.Value, take: (value) => {
        const { displayName, unitId } = (value ?? {}) as { displayName?: unknown; unitId?: unknown };
        const unit = textOf(displayName) || unitText(unitId);
        if (unit !== '') signal.unit = unit.slice(0, 40);
      } });
    }
  }
  for (const [id, nodeId] of typeNodes) {
    wanted.push({ nodeId, attributeId: AttributeIds.BrowseName, take: (value) => {
      const name = (value as { name?: unknown } | null)?.name;
      if (typeof name === 'string') typeNames.set(id, name.slice(0, longestName));
    } });
  }
  for (let from = 0; from < wanted.length; from += readsPerCall) {
    if (performance.now() > endMs) {
      cut('time');
      break;
    }
    const part = wanted.slice(from, from + readsPerCall);
    const answers: DataValue[] = await session.read(part.map(({ nodeId, attributeId }) => ({ nodeId, attributeId })));
    for (const [index, { take }] of part.entries()) {
      const answer = answers[index];
      if (answer?.statusCode.isGood() === true) take(answer.value?.value as unknown);
    }
  }
  const names = await builtInTypes(session, foreign, endMs);
  for (const { signal, dataType } of variables) {
    signal.types = (signal.types ?? []).map((id) => (id === '' ? '' : (typeNames.get(id) ?? '')));
    const array = signal.dataType === '[]';
    delete signal.dataType;
    if (dataType === undefined) continue;
    const name = names.get(dataType.toString()) ?? (dataType.namespace === 0 ? DataType[Number(dataType.value)] : undefined);
    if (name !== undefined) signal.dataType = array ? `${name}[]` : name;
  }
}

/** Abstract data types of OPC 10000-3, which DataType does not name. */
const abstractTypes: ReadonlyMap<number, string> = new Map([[22, 'Structure'], [26, 'Number'], [27, 'Integer'], [28, 'UInteger'], [29, 'Enumeration']]);

/** What a server's own data types are derived from: an enumeration, a structure, a kind of number. */
async function builtInTypes(session: BrowsingSession, foreign: ReadonlyMap<string, NodeId>, endMs: number): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let waiting = [...foreign].slice(0, mostForeignTypes).map(([id, nodeId]) => ({ id, nodeId }));
  for (let depth = 0; depth < deepestType && waiting.length > 0 && performance.now() < endMs; depth += 1) {
    const open: typeof waiting = [];
    for (const each of waiting) {
      const number = Number(each.nodeId.value);
      const name = each.nodeId.namespace !== 0 ? undefined : (abstractTypes.get(number) ?? DataType[number]);
      if (name === undefined) open.push(each);
      else names.set(each.id, name);
    }
    waiting = [];
    for (let from = 0; from < open.length; from += 100) {
      const part = open.slice(from, from + 100);
      const answers = await session.browse(part.map(({ nodeId }) => ({
        nodeId, browseDirection: BrowseDirection.Inverse, referenceTypeId: hasSubtype, includeSubtypes: false, nodeClassMask: 0, resultMask: 0,
      })));
      for (const [index, { id }] of part.entries()) {
        const above = answers[index]?.references?.[0]?.nodeId;
        if (above !== undefined) waiting.push({ id, nodeId: above });
      }
    }
  }
  return names;
}

function textOf(value: unknown): string {
  const text = (value as { text?: unknown } | null | undefined)?.text;
  return typeof text === 'string' ? text : '';
}

/** OPC 10000-8, 5.6.3: the number of a unit is its UNECE code of up to three letters. */
function unitText(unitId: unknown): string {
  if (typeof unitId !== 'number' || unitId <= 0) return '';
  const code = [unitId >> 16, unitId >> 8, unitId].map((part) => part & 255).filter((part) => part > 0);
  return code.every((part) => part >= 0x30 && part <= 0x5a) ? String.fromCharCode(...code) : '';
}
