import { NodeId } from 'node-opcua-client';

/** An address of a node as people write it. Exactly one of uri and index says the namespace. */
export interface OpcuaAddress {
  /** As it was written; it names the values. */
  text: string;
  uri?: string;
  index?: number;
  kind: 'i' | 's' | 'g' | 'b';
  id: string;
}

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const longestAddress = 2000;
/** OPC 10000-6, 5.1.12: a semicolon and a percent sign in a namespace's URI are written as escapes. */
const pattern = /^(?:nsu=([^;]+);|ns=(\d{1,5});)?([isgb])=([\s\S]+)$/;

/**
 * Reads `ns=2;s=Tank.Level`, `i=2258`, `nsu=http://example.org/UA/;s=Tank.Level` (OPC 10000-6, 5.3.1.10). Choose the form with nsu=
 * rather than ns= where the server may renumber its namespaces.
 * @returns the address, or a sentence why it is none
 */
export function readAddress(text: string): OpcuaAddress | string {
  const trimmed = text.trim();
  if (trimmed.length > longestAddress) return `is longer than ${longestAddress} characters`;
  if ([...trimmed].some((letter) => letter < ' ' || letter === '\u007f')) return 'contains control characters';
  const match = pattern.exec(trimmed);
  if (match === null) return 'is no node id; write it as ns=2;s=Name, ns=2;i=1234 or nsu=namespace;s=Name';
  const [, uri, index, kind, id] = match as unknown as [string, string | undefined, string | undefined, OpcuaAddress['kind'], string];
  if (kind === 'i' && !(/^\d{1,10}$/.test(id) && Number(id) <= 0xffff_ffff)) {
    return 'has an identifier i= that is no number up to 4294967295';
  }
  if (kind === 'g' && !guid.test(id)) return 'has an identifier g= that is no GUID';
  if (kind === 'b' && !/^[A-Za-z0-9+/]+={0,2}$/.test(id)) return 'has an identifier b= that is not base64';
  if (index !== undefined && Number(index) > 0xffff) return 'has a namespace index above 65535';
  const place = uri === undefined ? { index: Number(index ?? 0) } : { uri: unescapeUri(uri) };
  return { text: trimmed, ...place, kind, id };
}

function unescapeUri(uri: string): string {
  return uri.replace(/%3b/gi, ';').replace(/%25/g, '%');
}

/** @param index of the namespace on the server as it is now */
export function nodeIdAt(address: OpcuaAddress, index: number): NodeId {
  const types = NodeId.NodeIdType;
  switch (address.kind) {
    case 'i': return new NodeId(types.NUMERIC, Number(address.id), index);
    case 'g': return new NodeId(types.GUID, address.id.toUpperCase(), index);
    case 'b': return new NodeId(types.BYTESTRING, Buffer.from(address.id, 'base64'), index);
    default: return new NodeId(types.STRING, address.id, index);
  }
}

/** The text of a node that the server named. With a URI in the form that survives a renumbering. */
export function addressText(nodeId: NodeId, namespace: { uri: string } | { index: number }): string {
  const types = NodeId.NodeIdType;
  const value = nodeId.value;
  let id: string;
  if (nodeId.identifierType === types.NUMERIC) id = `i=${String(value)}`;
  else if (nodeId.identifierType === types.GUID) id = `g=${String(value)}`;
  else if (nodeId.identifierType === types.BYTESTRING) id = `b=${Buffer.isBuffer(value) ? value.toString('base64') : ''}`;
  else id = `s=${String(value)}`;
  if ('uri' in namespace) return `nsu=${namespace.uri.replace(/%/g, '%25').replace(/;/g, '%3B')};${id}`;
  return namespace.index === 0 ? id : `ns=${namespace.index};${id}`;
}
