import {
  AttributeIds, DataChangeNotification, MessageSecurityMode, MonitoringMode, NodeClass, OPCUAClient, PublishRequest, SecurityPolicy,
  StatusChangeNotification, TimestampsToReturn, UserTokenType,
} from 'node-opcua-client';
import type {
  ClientSecureChannelLayer, ClientSession, ClientSessionPublishService, ClientSessionRawSubscriptionService, EndpointDescription, NodeId,
  PublishResponse,
} from 'node-opcua-client';
import { Problem } from '../../engine/problem.ts';
import type { Observation } from '../../engine/observation.ts';
import { browseBounds, browseSubtree, referencesPerNode } from './opcuaBrowse.ts';
import type { BrowseBounds, Subtree } from './opcuaBrowse.ts';
import { browseSignals, signalBounds } from './opcuaSignals.ts';
import type { FoundSignals } from './opcuaSignals.ts';
import { factsOf, openCertificates } from './opcuaCertificates.ts';
import { brokenOff, connectProblem, lost, notAServer, notOffered, outOfDate, silent, subscriptionDead, untrusted } from './opcuaProblem.ts';
import { addObservations } from './opcuaValue.ts';
import type { Oddity } from './opcuaValue.ts';
import { speaksOpcua } from './speaksOpcua.ts';

/** best: the strongest that the server offers. All but none sign and encrypt. */
export type OpcuaSecurity = 'best' | 'Basic256Sha256' | 'Aes128_Sha256_RsaOaep' | 'Aes256_Sha256_RsaPss' | 'none';

export interface LinkOptions {
  url: string;
  /** How the server is named to people. */
  place: string;
  pkiFolder: string;
  security: OpcuaSecurity;
  login: { username: string; password: string } | undefined;
  /** For each step of connecting. */
  connectTimeoutMs: number;
  /** Without any sign of life for so long, the server counts as silent. */
  silenceMs: number;
  /** After a quiet time of so long, the server is asked for its time. */
  probeMs: number;
  browseBounds: BrowseBounds;
}

export interface LinkItem {
  nodeId: NodeId;
  address: string;
}

export interface LinkSubscriptionOptions {
  publishingIntervalMs: number;
  samplingIntervalMs: number;
  queueSize: number;
  /** How long the first values may take after the nodes were accepted. */
  firstDataMs: number;
}

export interface LinkListener {
  values(batch: Observation[]): void;
  /** The server skipped a number: notifications are missing. */
  missed(fromMs: number): void;
  odd(address: string, oddity: Oddity): void;
}

export interface LinkSubscription {
  readonly id: number;
  /** When the server last said anything about it, by the wall clock. */
  lastLifeMs: number;
  hasData: boolean;
}

interface Subscription extends LinkSubscription {
  listener: LinkListener;
  options: LinkSubscriptionOptions;
  /** Longest pause between two publish responses that the server promised. */
  keepAliveMs: number;
  lastPublishMs: number;
  expectsDataSinceMs: number | undefined;
  nextSequence: number | undefined;
  accepted: number;
}

type RawSession = ClientSession & ClientSessionRawSubscriptionService & ClientSessionPublishService;

const policies = {
  Basic256Sha256: SecurityPolicy.Basic256Sha256,
  Aes128_Sha256_RsaOaep: SecurityPolicy.Aes128_Sha256_RsaOaep,
  Aes256_Sha256_RsaPss: SecurityPolicy.Aes256_Sha256_RsaPss,
} as const;
const bestFirst = [policies.Aes256_Sha256_RsaPss, policies.Basic256Sha256, policies.Aes128_Sha256_RsaOaep];

const namespaceArray = 'ns=0;i=2255';
const currentTime = 'ns=0;i=2258';
const productName = 'ns=0;i=2261';
const mostItemsPerCall = 'ns=0;i=11714';
const mostNodesPerBrowse = 'ns=0;i=11710';
const nodesPerRead = 500;
const tickMs = 250;
const probeLimitMs = 1500;
/** So many unanswered publish requests lie at the server, so that a slow network does not hold it up. */
const publishAhead = 3;
/** The server forgets a lost session or subscription after so long, so that it soon counts against its limit no more. */
const forgottenAfterMs = 30_000;
const largestMessageBytes = 64 * 1024 * 1024;

/**
 * One life of a connection: it is opened once, and when anything breaks it is down for good and another one is made. Restoring sessions
 * and subscriptions is what the library offers instead; against some servers it comes back with a subscription that never delivers.
 */
export class OpcuaLink {
  readonly #options: LinkOptions;
  readonly #onDown: (problem: Problem) => void;
  readonly #channels = new Map<OPCUAClient, ClientSecureChannelLayer | undefined>();
  readonly #subscriptions = new Map<number, Subscription>();
  /** Address of each client handle. */
  readonly #addresses: string[] = [];
  #session: RawSession | undefined;
  /** The folder of certificates, which may be being made. */
  #opening: Promise<unknown> | undefined;
  /** The session that the server was asked for, whether it has answered or not. */
  #asked: Promise<ClientSession> | undefined;
  #isClosed = false;
  #abandon: ((problem: Problem) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastTickMs = 0;
  /** By the monotonic clock: when the server last answered anything. */
  #lastLifeMs = 0;
  #probing = false;
  #publishing = 0;
  #ahead = publishAhead;
  #acknowledgements: { subscriptionId: number; sequenceNumber: number }[] = [];
  #itemsPerCall = 500;
  #nodesPerBrowse = 100;
  namespaces: string[] = [];
  serverName = '';
  securityName = '';

  constructor(options: LinkOptions, onDown: (problem: Problem) => void) {
    this.#options = options;
    this.#onDown = onDown;
  }

  /** @throws Problem */
  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (cause) {
      const problem = connectProblem(this.#options.place, cause);
      const wasClosed = this.#isClosed;
      await this.close(false);
      if (problem.code === brokenOff && !wasClosed && (await speaksOpcua(this.#options.url, probeLimitMs)) === false) {
        throw notAServer(this.#options.place);
      }
      throw problem;
    }
  }

  async #connect(): Promise<void> {
    const { place, url, security, login, connectTimeoutMs, pkiFolder } = this.#options;
    const opening = openCertificates(pkiFolder);
    this.#opening = opening;
    const certificates = await this.#within(opening, connectTimeoutMs * 4);
    const shared = {
      applicationName: 'Twinwire',
      applicationUri: certificates.applicationUri,
      clientName: 'Twinwire',
      certificateKeyPairProvider: certificates.keyPair,
      clientCertificateManager: certificates.store,
      connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 100 },
      keepSessionAlive: false,
      endpointMustExist: false,
      // The library breaks a connection that is idle for half of it.
      transportTimeout: 2 * connectTimeoutMs,
      defaultTransactionTimeout: Math.max(connectTimeoutMs, 10_000),
      requestedSessionTimeout: forgottenAfterMs,
      transportSettings: { maxMessageSize: largestMessageBytes },
    };
    let endpoint: EndpointDescription | undefined;
    if (security !== 'none') {
      endpoint = await this.#discover(shared);
      const facts = factsOf(endpoint.serverCertificate);
      const nowMs = Date.now();
      if (nowMs > facts.validToMs || nowMs < facts.validFromMs) throw outOfDate(place, facts, nowMs);
      if (!(await certificates.isTrusted(endpoint.serverCertificate, new URL(url).hostname))) throw untrusted(place, facts);
    }
    const client = this.#client({
      ...shared,
      securityMode: endpoint === undefined ? MessageSecurityMode.None : MessageSecurityMode.SignAndEncrypt,
      securityPolicy: endpoint === undefined ? SecurityPolicy.None : (endpoint.securityPolicyUri as SecurityPolicy),
      ...(endpoint === undefined ? {} : { serverCertificate: endpoint.serverCertificate }),
    });
    await this.#within(client.connect(url), connectTimeoutMs);
    this.#asked = client.createSession(login === undefined
      ? { type: UserTokenType.Anonymous }
      : { type: UserTokenType.UserName, userName: login.username, password: login.password });
    const session = await this.#within(this.#asked, connectTimeoutMs * 2);
    this.#session = session as RawSession;
    this.securityName = endpoint?.securityPolicyUri?.split('#')[1] ?? 'none';
    client.on('close', (cause) => this.#down(lost(place, cause?.message ?? '')));
    client.on('connection_lost', () => this.#down(lost(place, '')));
    session.on('session_closed', (status) => this.#down(lost(place, status.name)));
    this.#lastLifeMs = performance.now();
    const facts = await this.#within(
      session.read([namespaceArray, productName, mostItemsPerCall, mostNodesPerBrowse]
        .map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value }))),
      connectTimeoutMs);
    this.#alive();
    const [uris, name, items, nodes] = facts.map((each) => (each.statusCode.isGood() ? (each.value?.value as unknown) : undefined));
    this.namespaces = Array.isArray(uris) ? uris.slice(0, 1000).map((uri) => String(uri ?? '').slice(0, 1000)) : [];
    this.serverName = typeof name === 'string' ? name.slice(0, 200) : '';
    if (typeof items === 'number' && items > 0) this.#itemsPerCall = Math.min(this.#itemsPerCall, items);
    if (typeof nodes === 'number' && nodes > 0) this.#nodesPerBrowse = Math.min(this.#nodesPerBrowse, nodes);
    session.requestedMaxReferencesPerNode = referencesPerNode;
    this.#lastTickMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Asks without encryption what the server offers; nothing but its list of endpoints is asked for. */
  async #discover(shared: object): Promise<EndpointDescription> {
    const { place, url, security, connectTimeoutMs } = this.#options;
    const client = this.#client({ ...shared, securityMode: MessageSecurityMode.None, securityPolicy: SecurityPolicy.None });
    await this.#within(client.connect(url), connectTimeoutMs);
    const endpoints = await this.#within(client.getEndpoints(), connectTimeoutMs);
    await this.#discard(client);
    const secure = endpoints.filter((each) => each.securityMode === MessageSecurityMode.SignAndEncrypt)
      .filter((each) => (each.serverCertificate?.length ?? 0) > 0);
    const wanted = security === 'best' || security === 'none' ? bestFirst : [policies[security]];
    for (const policy of wanted) {
      const endpoint = secure.find((each) => each.securityPolicyUri === policy);
      if (endpoint !== undefined) return endpoint;
    }
    const names = endpoints.map((each) => `${each.securityPolicyUri?.split('#')[1] ?? '?'}/${MessageSecurityMode[each.securityMode]}`);
    throw notOffered(place, [...new Set(names)].slice(0, 20).join(', '), secure.length > 0);
  }

  #client(options: object): OPCUAClient {
    if (this.#isClosed) throw closed(this.#options.place);
    const client = OPCUAClient.create(options);
    this.#channels.set(client, undefined);
    client.on('secure_channel_created', (channel) => this.#channels.set(client, channel));
    return client;
  }

  /** Ends with the answer, after the time, or when the link is closed meanwhile. */
  async #within<Answer>(promise: Promise<Answer>, timeMs: number): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const { place } = this.#options;
    try {
      return await Promise.race([
        promise,
        new Promise<never>((_resolve, reject) => {
          if (this.#isClosed) reject(closed(place));
          this.#abandon = reject;
          timer = setTimeout(() => reject(connectProblem(place, new Error('timed out'))), timeMs);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      this.#abandon = undefined;
      promise.catch(() => {});
    }
  }

  /** @throws when the call fails; the link is down then, or about to be. */
  async browse(root: NodeId): Promise<Subtree> {
    return browseSubtree(this.#live(), root, this.#nodesPerBrowse, this.#options.browseBounds ?? browseBounds);
  }

  /** @throws when the call fails; the link is down then, or about to be. */
  async signals(root: NodeId): Promise<FoundSignals> {
    const { nodes, depth } = this.#options.browseBounds;
    const bounds = { ...signalBounds, nodes: Math.min(signalBounds.nodes, nodes * 2), depth };
    return browseSignals(this.#live(), root, this.namespaces, this.#nodesPerBrowse, bounds);
  }

  /** Which of these nodes are variables that this server has. @throws when the call fails */
  async areVariables(nodes: readonly NodeId[]): Promise<boolean[]> {
    const answers: boolean[] = [];
    for (let from = 0; from < nodes.length; from += nodesPerRead) {
      const asked = nodes.slice(from, from + nodesPerRead).map((nodeId) => ({ nodeId, attributeId: AttributeIds.NodeClass }));
      for (const { value } of await this.#live().read(asked)) answers.push(value.value === NodeClass.Variable);
    }
    return answers;
  }

  async subscribe(options: LinkSubscriptionOptions, listener: LinkListener): Promise<LinkSubscription> {
    const interval = options.publishingIntervalMs;
    const maxKeepAliveCount = Math.max(1, Math.round(this.#options.silenceMs / 2 / interval));
    const created = await this.#live().createSubscription({
      requestedPublishingInterval: interval,
      requestedMaxKeepAliveCount: maxKeepAliveCount,
      requestedLifetimeCount: Math.max(3 * maxKeepAliveCount, Math.ceil(forgottenAfterMs / interval)),
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
      priority: 1,
    });
    this.#alive();
    const subscription: Subscription = {
      id: created.subscriptionId,
      listener,
      options,
      keepAliveMs: created.revisedPublishingInterval * Math.max(1, created.revisedMaxKeepAliveCount),
      lastLifeMs: Date.now(),
      lastPublishMs: performance.now(),
      expectsDataSinceMs: undefined,
      nextSequence: undefined,
      hasData: false,
      accepted: 0,
    };
    this.#subscriptions.set(subscription.id, subscription);
    this.#publish();
    return subscription;
  }

  /** Adds nodes to a subscription. @returns the items that the server refused, with the name of its status */
  async add(subscription: LinkSubscription, items: readonly LinkItem[]): Promise<{ item: LinkItem; reason: string }[]> {
    const refused: { item: LinkItem; reason: string }[] = [];
    const own = this.#subscriptions.get(subscription.id);
    if (own === undefined) throw closed(this.#options.place);
    const { samplingIntervalMs, queueSize } = own.options;
    for (let from = 0; from < items.length; from += this.#itemsPerCall) {
      const part = items.slice(from, from + this.#itemsPerCall);
      const answer = await this.#live().createMonitoredItems({
        subscriptionId: own.id,
        timestampsToReturn: TimestampsToReturn.Both,
        itemsToCreate: part.map(({ nodeId, address }) => ({
          itemToMonitor: { nodeId, attributeId: AttributeIds.Value },
          monitoringMode: MonitoringMode.Reporting,
          requestedParameters: {
            clientHandle: this.#addresses.push(address), samplingInterval: samplingIntervalMs, discardOldest: true, queueSize,
          },
        })),
      });
      this.#alive();
      for (const [index, item] of part.entries()) {
        const status = answer.results?.[index]?.statusCode;
        if (status?.isGood() === true) own.accepted += 1;
        else refused.push({ item, reason: status?.name ?? 'BadNoAnswer' });
      }
    }
    if (own.accepted > 0 && !own.hasData) own.expectsDataSinceMs ??= performance.now();
    return refused;
  }

  async unsubscribe(subscription: LinkSubscription): Promise<void> {
    if (!this.#subscriptions.delete(subscription.id) || this.#isClosed) return;
    const answer: unknown = this.#live().deleteSubscriptions({ subscriptionIds: [subscription.id] });
    await Promise.resolve(answer).catch(() => {});
  }

  #live(): RawSession {
    if (this.#session === undefined || this.#isClosed) throw closed(this.#options.place);
    return this.#session;
  }

  #alive(): void {
    this.#lastLifeMs = performance.now();
  }

  #publish(): void {
    while (!this.#isClosed && this.#subscriptions.size > 0 && this.#publishing < this.#ahead + this.#subscriptions.size - 1) {
      const subscriptionAcknowledgements = this.#acknowledgements;
      this.#acknowledgements = [];
      this.#publishing += 1;
      let longestMs = 0;
      for (const each of this.#subscriptions.values()) longestMs = Math.max(longestMs, each.keepAliveMs);
      const timeoutHint = 60_000 + longestMs * this.#publishing;
      const request = new PublishRequest({ requestHeader: { timeoutHint }, subscriptionAcknowledgements });
      this.#live().publish(request, (error, response) => {
        this.#publishing -= 1;
        if (this.#isClosed) return;
        if (error === null && response !== undefined) this.#take(response);
        else if (!this.#tolerate(error?.message ?? '')) return;
        this.#publish();
      });
    }
  }

  /** @returns false when the link is down */
  #tolerate(message: string): boolean {
    if (/BadTooManyPublishRequests/.test(message) && this.#ahead > 1) {
      this.#ahead = Math.max(1, this.#publishing);
      return true;
    }
    // The last subscription went while requests for it were under way.
    if (/BadNoSubscription/.test(message) && this.#subscriptions.size === 0) return true;
    this.#down(lost(this.#options.place, /Bad\w+/.exec(message)?.[0] ?? ''));
    return false;
  }

  #take(response: PublishResponse): void {
    this.#alive();
    const subscription = this.#subscriptions.get(response.subscriptionId);
    if (subscription === undefined) return;
    const receivedTimeMs = Date.now();
    const before = subscription.lastLifeMs;
    subscription.lastPublishMs = this.#lastLifeMs;
    subscription.lastLifeMs = receivedTimeMs;
    const { notificationData, sequenceNumber } = response.notificationMessage;
    if (notificationData === null || notificationData === undefined || notificationData.length === 0) return;
    this.#acknowledgements.push({ subscriptionId: subscription.id, sequenceNumber });
    if (subscription.nextSequence !== undefined && sequenceNumber !== subscription.nextSequence) subscription.listener.missed(before);
    // OPC 10000-4, 7.8: the number after the largest is 1.
    subscription.nextSequence = sequenceNumber >= 0xffff_ffff ? 1 : sequenceNumber + 1;
    const batch: Observation[] = [];
    for (const data of notificationData) {
      if (data instanceof DataChangeNotification) {
        for (const item of data.monitoredItems ?? []) {
          const address = this.#addresses[item.clientHandle - 1];
          if (address !== undefined) addObservations(batch, address, item.value, receivedTimeMs, subscription.listener.odd);
        }
      } else if (data instanceof StatusChangeNotification && data.status.isBad()) {
        this.#down(lost(this.#options.place, data.status.name));
        return;
      }
    }
    if (batch.length === 0) return;
    subscription.hasData = true;
    subscription.expectsDataSinceMs = undefined;
    subscription.listener.values(batch);
  }

  #tick(): void {
    const nowMs = performance.now();
    const { silenceMs, probeMs, place } = this.#options;
    // When this process itself stood still, the server is not to blame: what it said waits to be read.
    const lateMs = nowMs - this.#lastTickMs - tickMs;
    this.#lastTickMs = nowMs;
    if (lateMs > 1000) {
      this.#lastLifeMs += lateMs;
      for (const each of this.#subscriptions.values()) {
        each.lastPublishMs += lateMs;
        if (each.expectsDataSinceMs !== undefined) each.expectsDataSinceMs += lateMs;
      }
    }
    const quietMs = nowMs - this.#lastLifeMs;
    if (quietMs >= silenceMs) {
      this.#down(silent(place, Math.round(quietMs / 1000)));
      return;
    }
    for (const each of this.#subscriptions.values()) {
      const pauseMs = nowMs - each.lastPublishMs;
      const emptyMs = each.expectsDataSinceMs === undefined ? 0 : nowMs - each.expectsDataSinceMs;
      if (pauseMs > Math.max(silenceMs, each.keepAliveMs * 2 + 500) || emptyMs > each.options.firstDataMs) {
        this.#down(subscriptionDead(place, Math.round(Math.max(pauseMs, emptyMs) / 1000)));
        return;
      }
    }
    if (quietMs >= probeMs && !this.#probing) this.#probe();
  }

  #probe(): void {
    this.#probing = true;
    this.#live().read({ nodeId: currentTime, attributeId: AttributeIds.Value }).then(
      () => {
        this.#probing = false;
        this.#alive();
      },
      (cause: unknown) => {
        this.#probing = false;
        const name = /Bad(?:Session|SecureChannel)\w*/.exec(cause instanceof Error ? cause.message : '')?.[0];
        // Whatever else it says: it says something, or the silence is noticed.
        if (name !== undefined) this.#down(lost(this.#options.place, name));
      },
    );
  }

  #down(problem: Problem): void {
    if (this.#isClosed) return;
    void this.close(false);
    this.#onDown(problem);
  }

  /** @param polite takes leave of the server first, at most for a second */
  async close(polite: boolean): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#subscriptions.clear();
    this.#session = undefined;
    this.#abandon?.(closed(this.#options.place));
    // Files are not written any more after a close.
    if (this.#opening !== undefined) await limited(this.#opening, 5000);
    // One that is being made would else be held by the server until it times out.
    if (polite && this.#asked !== undefined) await limited(this.#asked.then((session) => session.close(true)), 1000);
    await Promise.all([...this.#channels.keys()].map((client) => this.#discard(client)));
  }

  async #discard(client: OPCUAClient): Promise<void> {
    const channel = this.#channels.get(client);
    this.#channels.delete(client);
    if (channel !== undefined) await limited(new Promise<void>((resolve) => channel.abortConnection(() => resolve())), 500);
    await limited(client.disconnect(), 1000);
    client.removeAllListeners();
  }
}

function closed(place: string): Problem {
  return new Problem('TWIN_OPCUA_CLOSED', `The connection to ${place} has been closed.`, 'Deploy again.', { place });
}

async function limited(promise: Promise<unknown>, timeMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise.catch(() => {}), new Promise((resolve) => (timer = setTimeout(resolve, timeMs)))]);
  clearTimeout(timer);
}
