import { Problem } from '../../engine/problem.ts';
import type { Observation } from '../../engine/observation.ts';
import { addressText, nodeIdAt, readAddress } from './opcuaAddress.ts';
import type { OpcuaAddress } from './opcuaAddress.ts';
import { browseBounds } from './opcuaBrowse.ts';
import type { BrowseBounds } from './opcuaBrowse.ts';
import { openCertificates } from './opcuaCertificates.ts';
import { OpcuaLink } from './opcuaLink.ts';
import type { LinkItem, LinkOptions, LinkSubscription, OpcuaSecurity } from './opcuaLink.ts';
import { connectProblem, refusals } from './opcuaProblem.ts';
import type { FoundSignals } from './opcuaSignals.ts';
import type { Oddity } from './opcuaValue.ts';

export type { OpcuaSecurity } from './opcuaLink.ts';

export interface OpcuaOptions {
  /** opc.tcp://host:4840/path */
  url: string;
  /** Folder for this client's key and certificate and for the fingerprints that are trusted. Made when it is missing. */
  pkiFolder: string;
  /** Default best. `none` neither signs nor encrypts: for test benches, and only with an anonymous login. */
  security?: OpcuaSecurity;
  /** Both absent or empty: anonymous. */
  username?: string;
  password?: string;
  /** How long each step of connecting may take. Default 4,000. */
  connectTimeoutMs?: number;
  /** Without any sign of life for so long, the source is stale. 1,000 to 60,000, default 4,000. */
  silenceMs?: number;
  /** First and longest pause between two attempts to connect. Default 500 and 3,000. */
  firstRetryMs?: number;
  longestRetryMs?: number;
  /** How often nodes that the server did not know are tried again. Default 30,000. */
  unknownRetryMs?: number;
  browseBounds?: Partial<BrowseBounds>;
}

/**
 * stale: the connection stood, but nothing came any more; a new one is being built. refused: the server answers, but somebody has to
 * change a setting (trust a certificate, a login, the security); it is tried again all the same.
 */
export type OpcuaState = 'connecting' | 'connected' | 'stale' | 'reconnecting' | 'refused' | 'closed';

export interface OpcuaSubscribe {
  /** Node ids as text: ns=2;s=Name, ns=2;i=12, i=2258, nsu=urn:example;s=Name. Values come under exactly this text. */
  addresses?: readonly string[];
  /** Nodes whose variables are all subscribed; found again at each connection. Values come under the variable's own node id. */
  subtrees?: readonly string[];
  /** How often the server sends what has changed, at least every 2 s. 10 to 3,600,000, default 500. */
  publishingIntervalMs?: number;
  /** How often the server looks at a value. Default the publishing interval; 0: as fast as it can. */
  samplingIntervalMs?: number;
  /** Values of one node that the server keeps until it sends. 1 to 10,000, default 10. */
  queueSize?: number;
}

/** What a subscription tells beside values. Times are milliseconds UTC. */
export type OpcuaEvent =
  /** Nothing came from `fromMs` to `toMs`: no line may be drawn across it. Reason, code and values are those of the problem. */
  | { kind: 'gap'; fromMs: number; toMs: number; reason: string; code: string; values: Readonly<Record<string, string | number>> }
  /** The server does not know these nodes, or does not hand them out. They are tried again. */
  | { kind: 'unknown'; addresses: { address: string; reason: string }[] }
  /** Nodes that were unknown and now deliver. */
  | { kind: 'found'; addresses: string[] }
  /** A subtree was searched; `cut` says which bound ended the search. */
  | { kind: 'browsed'; subtree: string; variables: number; cut?: 'nodes' | 'depth' | 'time' }
  /** The server has renumbered a namespace; addresses with ns= were followed. */
  | { kind: 'moved'; uri: string; fromIndex: number; toIndex: number }
  /** Something about the values of an address is odd; told once for each address. */
  | { kind: 'odd'; address: string; oddity: Oddity };

export interface OpcuaListener {
  /** All values of one publication, in the order of the server. What it throws is ignored. */
  values(batch: Observation[]): void;
  event?(event: OpcuaEvent): void;
}

export interface OpcuaTest {
  ok: true;
  server: string;
  /** Name of the security policy in use. */
  security: string;
}

export interface OpcuaSource {
  readonly state: OpcuaState;
  /** Why it is not connected. */
  readonly problem: Problem | undefined;
  /** Set where the source is used without encryption. */
  readonly warning: Problem | undefined;
  /** Called at each change, and at once with the present state; the returned function ends it. */
  onState(listener: (state: OpcuaState, problem: Problem | undefined) => void): () => void;
  /** Holds through all outages until the returned function is called. @throws Problem TWIN_OPCUA_SETTING */
  subscribe(request: OpcuaSubscribe, listener: OpcuaListener): () => Promise<void>;
  /** Trusts the server certificate with this fingerprint (SHA-256) from now on and connects at once. */
  trust(fingerprint: string): Promise<void>;
  /** Makes a connection of its own and ends it. */
  test(): Promise<OpcuaTest | Problem>;
  close(): Promise<void>;
}

interface Entry {
  request: OpcuaSubscribe;
  addresses: OpcuaAddress[];
  subtrees: OpcuaAddress[];
  malformed: { address: string; reason: string }[];
  listener: OpcuaListener;
  /** Since when nothing comes, and why; until the first value after it. */
  outage: { fromMs: number; problem: Problem } | undefined;
  live: LinkSubscription | undefined;
  unknown: Map<string, { item: LinkItem | OpcuaAddress; reason: string }>;
  odd: Set<string>;
  ended: boolean;
}

const mostAddresses = 20_000;
const objectsFolder = 'i=85';
const mostOddities = 100;
/** A link that lived shorter counts as a failed attempt. */
const shortLifeMs = 5000;
const longestFirstDataMs = 60_000;

/**
 * A source of values from an OPC UA server that says at any time whether it still speaks, and that comes back by itself. Each connection is
 * made from zero: what a restored session promises cannot be checked, what a new one delivers can.
 * @throws Problem TWIN_OPCUA_SETTING, TWIN_OPCUA_PASSWORD_UNPROTECTED
 */
export function createOpcuaSource(options: OpcuaOptions): OpcuaSource {
  return new Source(options);
}

/** Makes one connection, reads the server's name and ends it. @throws Problem TWIN_OPCUA_SETTING, TWIN_OPCUA_PASSWORD_UNPROTECTED */
export async function testOpcuaServer(options: OpcuaOptions): Promise<OpcuaTest | Problem> {
  return testLink(linkOptions(options));
}

/**
 * Makes one connection, looks through all that the server offers below a node and ends it. Choose it to look for machines.
 * @param below a node's address; '' = everything but the server's own affairs
 * @throws Problem TWIN_OPCUA_SETTING, TWIN_OPCUA_PASSWORD_UNPROTECTED
 */
export async function findOpcuaSignals(options: OpcuaOptions, below = ''): Promise<FoundSignals | Problem> {
  const linked = linkOptions(options);
  const root = readAddress(below === '' ? objectsFolder : below);
  if (typeof root === 'string') throw setting(`The address "${below.slice(0, 200)}" ${root}.`, 'Correct it, or leave it empty.', { cause: 'below' });
  const link = new OpcuaLink(linked, () => {});
  try {
    await link.open();
    const index = root.uri === undefined ? (root.index ?? 0) : link.namespaces.indexOf(root.uri);
    const found = index < 0 ? { signals: [], refused: 'BadNodeIdUnknown' } : await link.signals(nodeIdAt(root, index));
    if (found.refused === undefined) return found;
    return new Problem('TWIN_OPCUA_NODE_UNKNOWN', `${linked.place} does not know "${below.slice(0, 200)}" (${found.refused}).`,
      'Correct the address, or leave it empty to search everything.', { place: linked.place, address: below.slice(0, 200) });
  } catch (cause) {
    return connectProblem(linked.place, cause);
  } finally {
    await link.close(true);
  }
}

/**
 * Asks a server which of these addresses it has as values. Choose it before subscribing to what somebody has typed in.
 * @returns the addresses that it does not have, and those that are no addresses
 * @throws Problem TWIN_OPCUA_SETTING, TWIN_OPCUA_PASSWORD_UNPROTECTED
 */
export async function missingOpcuaAddresses(options: OpcuaOptions, addresses: readonly string[]): Promise<string[] | Problem> {
  const linked = linkOptions(options);
  const link = new OpcuaLink(linked, () => {});
  try {
    await link.open();
    const nodes = addresses.slice(0, mostAddresses).map((text) => {
      const address = readAddress(text);
      if (typeof address === 'string') return undefined;
      const index = address.uri === undefined ? (address.index ?? 0) : link.namespaces.indexOf(address.uri);
      return index < 0 ? undefined : nodeIdAt(address, index);
    });
    const asked = nodes.filter((node) => node !== undefined);
    const known = await link.areVariables(asked);
    let next = 0;
    return addresses.filter((_address, index) => nodes[index] === undefined || known[next++] !== true);
  } catch (cause) {
    return connectProblem(linked.place, cause);
  } finally {
    await link.close(true);
  }
}

/** Trusts the server certificate with this fingerprint from now on, for all sources with this folder. */
export async function trustOpcuaServer(pkiFolder: string, fingerprint: string): Promise<void> {
  await (await openCertificates(pkiFolder)).trust(fingerprint);
}

async function testLink(options: LinkOptions): Promise<OpcuaTest | Problem> {
  const link = new OpcuaLink(options, () => {});
  try {
    await link.open();
    return { ok: true, server: link.serverName, security: link.securityName };
  } catch (cause) {
    return connectProblem(options.place, cause);
  } finally {
    await link.close(true);
  }
}

function linkOptions(options: OpcuaOptions): LinkOptions {
  const login = loginOf(options);
  const { url, security = 'best', pkiFolder, silenceMs = 4000, connectTimeoutMs = 4000 } = options;
  const host = hostOf(url);
  if (security === 'none' && login !== undefined) {
    throw new Problem('TWIN_OPCUA_PASSWORD_UNPROTECTED', 'A password would be sent without encryption.',
      'Choose a security policy, or leave user name and password empty.', { url });
  }
  if (pkiFolder === '') throw setting('No folder for certificates is given.', 'Name one that can be written to.', { cause: 'folder' });
  return {
    url, security, pkiFolder, login, connectTimeoutMs, silenceMs: Math.min(60_000, Math.max(1000, silenceMs)),
    place: `the OPC UA server at ${host}`,
    probeMs: Math.min(1000, silenceMs / 3),
    browseBounds: { ...browseBounds, ...options.browseBounds },
  };
}

class Source implements OpcuaSource {
  readonly #options: LinkOptions;
  readonly #retry: { firstMs: number; longestMs: number; unknownMs: number };
  readonly #listeners = new Set<(state: OpcuaState, problem: Problem | undefined) => void>();
  readonly #entries = new Set<Entry>();
  readonly warning: Problem | undefined;
  #state: OpcuaState = 'connecting';
  #problem: Problem | undefined;
  #link: OpcuaLink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unknownTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #deadSubscriptions = 0;
  #ready: Promise<void> = Promise.resolve();
  /** The namespaces as they were at the first connection; addresses with ns= mean these. */
  #namespaces: string[] | undefined;

  constructor(options: OpcuaOptions) {
    this.#options = linkOptions(options);
    const { firstRetryMs = 500, longestRetryMs = 3000, unknownRetryMs = 30_000 } = options;
    this.#retry = { firstMs: firstRetryMs, longestMs: longestRetryMs, unknownMs: unknownRetryMs };
    if (this.#options.security === 'none') {
      this.warning = new Problem('TWIN_OPCUA_UNPROTECTED', `The connection to ${this.#options.place} is neither signed nor encrypted.`,
        'Anyone on the network can read and change the values; choose a security policy outside of a test bench.',
        { place: this.#options.place });
    }
    this.#connect();
  }

  get state(): OpcuaState {
    return this.#state;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  onState(listener: (state: OpcuaState, problem: Problem | undefined) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state, this.#problem);
    return () => this.#listeners.delete(listener);
  }

  subscribe(request: OpcuaSubscribe, listener: OpcuaListener): () => Promise<void> {
    const entry = entryOf(request, listener);
    this.#entries.add(entry);
    const { addresses, malformed } = entry;
    const double = addresses.length + malformed.length;
    if (double > mostAddresses) {
      this.#entries.delete(entry);
      throw setting(`${double} addresses are more than ${mostAddresses}.`, 'Divide them among several sources.', { cause: 'many', count: double });
    }
    if (malformed.length > 0) queueMicrotask(() => tell(entry, { kind: 'unknown', addresses: malformed }));
    const link = this.#link;
    if (this.#state === 'connected' && link !== undefined) {
      // One after the other, so that a server is not asked by all sources at once.
      this.#ready = this.#ready.then(() => this.#establish(link, entry)).catch((cause: unknown) => this.#failed(link, cause));
    }
    return async () => {
      if (entry.ended) return;
      entry.ended = true;
      this.#entries.delete(entry);
      const { live } = entry;
      if (live !== undefined && this.#link !== undefined) await this.#link.unsubscribe(live).catch(() => {});
    };
  }

  async trust(fingerprint: string): Promise<void> {
    await trustOpcuaServer(this.#options.pkiFolder, fingerprint);
    if (this.#state === 'closed' || this.#link !== undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  test(): Promise<OpcuaTest | Problem> {
    return testLink(this.#options);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    clearTimeout(this.#timer);
    clearInterval(this.#unknownTimer);
    const link = this.#link;
    this.#link = undefined;
    this.#become('closed', undefined);
    this.#listeners.clear();
    for (const entry of this.#entries) entry.ended = true;
    this.#entries.clear();
    await link?.close(true);
  }

  #connect(): void {
    let openedMs: number | undefined;
    const link = new OpcuaLink(this.#options, (problem) => this.#down(link, problem, openedMs));
    this.#link = link;
    const attempt = async (): Promise<void> => {
      await link.open();
      openedMs = performance.now();
      this.#follow(link.namespaces);
      for (const entry of [...this.#entries]) await this.#establish(link, entry);
      if (this.#link !== link) return;
      clearInterval(this.#unknownTimer);
      this.#unknownTimer = setInterval(() => this.#retryUnknown(link), this.#retry.unknownMs);
      this.#become('connected', undefined);
      // Those who came meanwhile.
      for (const entry of [...this.#entries]) if (entry.live === undefined) await this.#establish(link, entry);
    };
    this.#ready = attempt().catch((cause: unknown) => this.#failed(link, cause));
  }

  #failed(link: OpcuaLink, cause: unknown): void {
    if (this.#link !== link) return;
    void link.close(false);
    this.#down(link, connectProblem(this.#options.place, cause), undefined);
  }

  #down(link: OpcuaLink, problem: Problem, openedMs: number | undefined): void {
    if (this.#link !== link || this.#state === 'closed') return;
    this.#link = undefined;
    clearInterval(this.#unknownTimer);
    for (const entry of this.#entries) {
      if (entry.live !== undefined && entry.outage === undefined) entry.outage = { fromMs: entry.live.lastLifeMs, problem };
      entry.live = undefined;
    }
    if (openedMs !== undefined && performance.now() - openedMs >= shortLifeMs) this.#failures = 0;
    this.#deadSubscriptions = problem.code === 'TWIN_OPCUA_SUBSCRIPTION_DEAD' ? this.#deadSubscriptions + 1 : 0;
    const { firstMs, longestMs } = this.#retry;
    // Shortened by chance, so that a plant's connections do not all come back in the same moment.
    const pauseMs = Math.min(longestMs, firstMs * 1.5 ** Math.min(this.#failures, 20)) * (0.75 + Math.random() / 4);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), pauseMs);
    const isStale = problem.code === 'TWIN_OPCUA_SILENT' || problem.code === 'TWIN_OPCUA_SUBSCRIPTION_DEAD';
    this.#become(isStale ? 'stale' : refusals.has(problem.code) ? 'refused' : 'reconnecting', problem);
  }

  /** Compares the namespaces with those of the first connection and tells which have moved. */
  #follow(namespaces: string[]): void {
    if (this.#namespaces === undefined) {
      this.#namespaces = namespaces;
      return;
    }
    for (const [fromIndex, uri] of this.#namespaces.entries()) {
      const toIndex = namespaces.indexOf(uri);
      if (toIndex < 0 || toIndex === fromIndex || fromIndex === 0) continue;
      for (const entry of this.#entries) tell(entry, { kind: 'moved', uri, fromIndex, toIndex });
    }
    // A namespace that came later gets the first number that no address can mean yet.
    for (const [index, uri] of namespaces.entries()) {
      if (index >= this.#namespaces.length && !this.#namespaces.includes(uri)) this.#namespaces.push(uri);
    }
  }

  /** The index that a namespace has now. */
  #indexNow(address: OpcuaAddress, link: OpcuaLink): number | string {
    if (address.uri === undefined) {
      const index = address.index ?? 0;
      const uri = this.#namespaces?.[index];
      const now = uri === undefined ? -1 : link.namespaces.indexOf(uri);
      return now < 0 ? index : now;
    }
    const index = link.namespaces.indexOf(address.uri);
    return index < 0 ? `the server has no namespace ${address.uri}` : index;
  }

  async #establish(link: OpcuaLink, entry: Entry): Promise<void> {
    if (entry.ended || entry.live !== undefined || this.#link !== link) return;
    const { publishingIntervalMs = 500, samplingIntervalMs, queueSize = 10 } = entry.request;
    const interval = between(publishingIntervalMs, 10, 3_600_000);
    const live = await link.subscribe({
      // A subscription that may be quiet for minutes cannot be told from a dead one: slow is the sampling, not the sending.
      publishingIntervalMs: Math.min(interval, this.#options.silenceMs / 2),
      samplingIntervalMs: between(samplingIntervalMs ?? interval, 0, 3_600_000),
      queueSize: between(queueSize, 1, 10_000),
      // A server that keeps its first values back is not rebuilt at the same pace for ever.
      firstDataMs: Math.min(longestFirstDataMs, (5000 + 2 * interval) * 2 ** Math.min(10, this.#deadSubscriptions)),
    }, {
      values: (batch) => this.#deliver(entry, batch),
      missed: (fromMs) => tell(entry, {
        kind: 'gap', fromMs, toMs: Date.now(), code: 'TWIN_OPCUA_MISSED', reason: `Notifications of ${this.#options.place} are missing.`,
        values: { place: this.#options.place },
      }),
      odd: (address, oddity) => this.#odd(entry, address, oddity),
    });
    entry.live = live;
    const items: LinkItem[] = [];
    const unknown: Entry['unknown'] = new Map();
    for (const address of entry.addresses) {
      const index = this.#indexNow(address, link);
      if (typeof index === 'string') unknown.set(address.text, { item: address, reason: index });
      else items.push({ nodeId: nodeIdAt(address, index), address: address.text });
    }
    const taken = new Set(items.map((item) => item.nodeId.toString()));
    for (const root of entry.subtrees) await this.#search(link, entry, root, items, taken, unknown);
    for (const { item, reason } of await link.add(live, items)) unknown.set(item.address, { item, reason });
    const known = entry.unknown;
    entry.unknown = unknown;
    const news = [...unknown].filter(([address]) => !known.has(address));
    if (news.length > 0) tell(entry, { kind: 'unknown', addresses: news.map(([address, { reason }]) => ({ address, reason })) });
    const back = [...known.keys()].filter((address) => !unknown.has(address));
    if (back.length > 0) tell(entry, { kind: 'found', addresses: back });
    if (entry.ended) await link.unsubscribe(live);
  }

  async #search(
    link: OpcuaLink, entry: Entry, root: OpcuaAddress, items: LinkItem[], taken: Set<string>, unknown: Entry['unknown'],
  ): Promise<void> {
    const index = this.#indexNow(root, link);
    if (typeof index === 'string') {
      unknown.set(root.text, { item: root, reason: index });
      return;
    }
    const found = await link.browse(nodeIdAt(root, index));
    if (found.refused !== undefined) {
      unknown.set(root.text, { item: root, reason: found.refused });
      return;
    }
    let cut = found.cut;
    for (const nodeId of found.variables) {
      if (taken.has(nodeId.toString())) continue;
      if (items.length >= this.#options.browseBounds.nodes) {
        cut ??= 'nodes';
        break;
      }
      taken.add(nodeId.toString());
      const uri = link.namespaces[nodeId.namespace];
      const first = uri === undefined ? -1 : (this.#namespaces?.indexOf(uri) ?? -1);
      const address = root.uri !== undefined && uri !== undefined
        ? addressText(nodeId, { uri })
        : addressText(nodeId, { index: first < 0 ? nodeId.namespace : first });
      // Only what could be written by hand may become the name of values.
      if (typeof readAddress(address) !== 'string') items.push({ nodeId, address });
    }
    tell(entry, { kind: 'browsed', subtree: root.text, variables: found.variables.length, ...(cut === undefined ? {} : { cut }) });
  }

  #retryUnknown(link: OpcuaLink): void {
    const again = async (): Promise<void> => {
      for (const entry of [...this.#entries]) {
        const { live } = entry;
        if (live === undefined || entry.unknown.size === 0 || this.#link !== link) continue;
        const items = [...entry.unknown.values()].flatMap(({ item }) => ('nodeId' in item ? [item] : []));
        if (items.length === 0) continue;
        const refused = new Set((await link.add(live, items)).map(({ item }) => item.address));
        const found = items.filter((item) => !refused.has(item.address)).map((item) => item.address);
        for (const address of found) entry.unknown.delete(address);
        if (found.length > 0) tell(entry, { kind: 'found', addresses: found });
      }
    };
    this.#ready = this.#ready.then(again).catch((cause: unknown) => this.#failed(link, cause));
  }

  #deliver(entry: Entry, batch: Observation[]): void {
    if (entry.ended) return;
    this.#deadSubscriptions = 0;
    const { outage } = entry;
    if (outage !== undefined) {
      entry.outage = undefined;
      const { found, code, values } = outage.problem;
      tell(entry, { kind: 'gap', fromMs: outage.fromMs, toMs: Date.now(), reason: found, code, values });
    }
    try {
      entry.listener.values(batch);
    } catch {
      // The listener's own affair: the next batch must come all the same.
    }
  }

  #odd(entry: Entry, address: string, oddity: Oddity): void {
    const name = `${oddity} ${address}`;
    if (entry.odd.size >= mostOddities || entry.odd.has(name)) return;
    entry.odd.add(name);
    tell(entry, { kind: 'odd', address, oddity });
  }

  #become(state: OpcuaState, problem: Problem | undefined): void {
    if (this.#state === 'closed') return;
    const same = state === this.#state && problem?.code === this.#problem?.code && problem?.found === this.#problem?.found;
    this.#state = state;
    this.#problem = problem;
    if (same) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state, problem);
      } catch {
        // The listener's own affair.
      }
    }
  }
}

function entryOf(request: OpcuaSubscribe, listener: OpcuaListener): Entry {
  const entry: Entry = {
    request,
    listener,
    addresses: [],
    subtrees: [],
    malformed: [],
    outage: undefined,
    live: undefined,
    unknown: new Map(),
    odd: new Set(),
    ended: false,
  };
  const read = (texts: readonly string[], into: OpcuaAddress[]): void => {
    for (const text of new Set(texts)) {
      const address = readAddress(text);
      if (typeof address === 'string') entry.malformed.push({ address: text.slice(0, 200), reason: address });
      else into.push(address);
    }
  };
  read(request.addresses ?? [], entry.addresses);
  read(request.subtrees ?? [], entry.subtrees);
  return entry;
}

function tell(entry: Entry, event: OpcuaEvent): void {
  if (entry.ended) return;
  try {
    entry.listener.event?.(event);
  } catch {
    // The listener's own affair.
  }
}

function loginOf({ username = '', password = '' }: OpcuaOptions): { username: string; password: string } | undefined {
  return username === '' && password === '' ? undefined : { username, password };
}

function hostOf(url: string): string {
  let address: URL | undefined;
  try {
    address = new URL(url);
  } catch {
    // Told below.
  }
  if (address === undefined || address.protocol !== 'opc.tcp:' || address.hostname === '') {
    throw setting(`"${url.slice(0, 200)}" is no address of an OPC UA server.`, 'Write it as opc.tcp://host:4840.', { cause: 'address', url: url.slice(0, 200) });
  }
  return address.host;
}

function setting(found: string, remedy: string, values: Record<string, string | number>): Problem {
  return new Problem('TWIN_OPCUA_SETTING', found, remedy, values);
}

function between(value: number, minimum: number, maximum: number): number {
  return Number.isFinite(value) ? Math.min(maximum, Math.max(minimum, value)) : minimum;
}
