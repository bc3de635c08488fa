import { randomBytes } from 'node:crypto';
import mqtt from 'mqtt';
import type { IClientOptions, IClientPublishOptions, MqttClient } from 'mqtt';
import { Problem } from '../../engine/problem.ts';
import { closedByBroker, connectProblem, publishProblem, sessionTakenOver } from './mqttProblem.ts';

export interface MqttOptions {
  /** mqtt://, mqtts://, ws:// or wss:// */
  url: string;
  /** 5, or 4 for MQTT 3.1.1. */
  protocolVersion: 4 | 5;
  username?: string;
  password?: string;
  /** Default: twinwire_ and a random number. Two connections with the same one throw each other out. */
  clientId?: string;
  /** Default true. */
  verifyCertificate?: boolean;
  /** PEM of the authority that signed the broker's certificate, where it is not a public one. */
  ca?: string;
  /** How long a connection may take to be accepted. Default 10,000. */
  connectTimeoutMs?: number;
  /** How long a publication may wait for its confirmation. Default 15,000. */
  publishTimeoutMs?: number;
  /** Published by the broker when this connection ends without a farewell (MQTT 5, 3.1.2.5). */
  will?: { topic: string; payload: string; retain: boolean };
  /** The broker notices a silent end after one and a half of this. Default 30. */
  keepAliveSeconds?: number;
  /** First and longest pause between two attempts to connect. Default 1,000 and 10,000. */
  firstRetryMs?: number;
  longestRetryMs?: number;
}

export interface PublishOptions {
  /** Default 1. */
  qos?: 0 | 1;
  retain?: boolean;
  /** MQTT 5: sent along with the message, for a receiver that drops repetitions. */
  userProperties?: Record<string, string>;
  /** MQTT 5: what the payload is, for instance application/json. */
  contentType?: string;
  /** MQTT 5: the broker forgets the message after this time, retained or waiting. */
  expirySeconds?: number;
}

/** refused: the broker answers, but does not accept the connection; somebody has to change a setting. It is tried again all the same. */
export type MqttState = 'connecting' | 'connected' | 'reconnecting' | 'refused' | 'closed';

export interface MqttConnection {
  readonly state: MqttState;
  /** Why it is not connected. */
  readonly problem: Problem | undefined;
  /** false: this broker keeps no retained messages (MQTT 5 says so); they are then sent without being kept. */
  readonly retains: boolean;
  /** Called at each change, and at once with the present state; the returned function ends it. */
  onState(listener: (state: MqttState, problem: Problem | undefined) => void): () => void;
  /**
   * Resolves when the broker confirmed (QoS 1), or when it is sent (QoS 0). Nothing is kept here for later: what rejects has to be
   * published again, which may deliver it twice.
   * @throws Problem TWIN_MQTT_REJECTED: the broker will never take this message; TWIN_MQTT_UNREACHABLE, TWIN_MQTT_UNCONFIRMED,
   * TWIN_MQTT_CLOSED and the problem of a refused connection: to be published again later
   */
  publish(topic: string, payload: string | Buffer, options?: PublishOptions): Promise<void>;
  /** Makes a connection of its own, with a client id of its own, and ends it. */
  test(): Promise<{ ok: true; version: string } | Problem>;
  close(): Promise<void>;
}

/** So many publications may wait for their confirmation at once; brokers allow no more by default. */
const mostInFlight = 20;
/** A connection that lived shorter counts as a failed attempt, or two clients with one id would throw each other out for ever. */
const shortLifeMs = 5000;
const suspiciousShortLives = 3;
/** What a PUBLISH needs beside topic, payload and user properties, generously. */
const packetOverheadBytes = 32;
const refusals = new Set(['TWIN_MQTT_LOGIN', 'TWIN_MQTT_CERTIFICATE', 'TWIN_MQTT_VERSION', 'TWIN_MQTT_CLIENT_ID', 'TWIN_MQTT_REFUSED']);

/**
 * A connection to an MQTT broker that comes back by itself. Each attempt is a fresh client of the package mqtt with its own
 * repetition switched off: the package would keep unconfirmed messages in memory and send them later, while here the outbox on disk does
 * that, and a message has one owner.
 * @throws Problem TWIN_MQTT_SETTING when the address is none
 */
export function createMqttConnection(options: MqttOptions): MqttConnection {
  let address: URL | undefined;
  try {
    address = new URL(options.url);
  } catch {
    // Told below.
  }
  if (address === undefined || !['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(address.protocol) || address.hostname === '') {
    throw new Problem('TWIN_MQTT_SETTING', `"${options.url}" is no address of an MQTT broker.`,
      'Write it as mqtt://host:1883 or mqtts://host:8883.',
      { url: options.url });
  }
  return new Connection(options, address.host);
}

class Connection implements MqttConnection {
  readonly #options: MqttOptions;
  readonly #place: string;
  readonly #clientId: string;
  readonly #listeners = new Set<(state: MqttState, problem: Problem | undefined) => void>();
  readonly #inFlight = new Set<(problem: Problem) => void>();
  readonly #queue: (() => void)[] = [];
  #state: MqttState = 'connecting';
  #problem: Problem | undefined;
  #client: MqttClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #shortLives = 0;
  #window = mostInFlight;
  #retains = true;
  #largestPacketBytes = Infinity;

  constructor(options: MqttOptions, host: string) {
    this.#options = options;
    this.#place = `the MQTT broker at ${host}`;
    this.#clientId = options.clientId || `twinwire_${randomBytes(6).toString('hex')}`;
    this.#connect();
  }

  get state(): MqttState {
    return this.#state;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get retains(): boolean {
    return this.#retains;
  }

  onState(listener: (state: MqttState, problem: Problem | undefined) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state, this.#problem);
    return () => this.#listeners.delete(listener);
  }

  async publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): Promise<void> {
    if (topic === '' || /[#+\0]/.test(topic) || Buffer.byteLength(topic) > 65_535) {
      throw new Problem('TWIN_MQTT_REJECTED', `"${topic.slice(0, 200)}" is no topic that can be published to.`,
        'A topic has at least one character and neither # nor +.', { topic: topic.slice(0, 200) });
    }
    // The first attempt may still succeed: that is no reason to report a broker that is away.
    if (this.#state === 'connecting') await new Promise<void>((resolve) => this.#queue.push(resolve));
    // Beyond the broker's window others wait their turn; the limit of time counts from when it is sent.
    while (this.#inFlight.size >= this.#window && this.#state === 'connected') {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    const client = this.#client;
    if (this.#state !== 'connected' || client === undefined) throw this.#absence();
    // A broker ends the connection over a packet that is too large, and would do so again each time.
    const bytes = Buffer.byteLength(topic) + Buffer.byteLength(payload) + packetOverheadBytes;
    if (bytes > this.#largestPacketBytes) {
      throw publishProblem(this.#place, topic, new Error(`packet too large (${bytes} bytes, at most ${this.#largestPacketBytes})`));
    }
    await this.#send(client, topic, payload, options);
  }

  #send(client: MqttClient, topic: string, payload: string | Buffer, options: PublishOptions): Promise<void> {
    const timeoutMs = this.#options.publishTimeoutMs ?? 15_000;
    return new Promise((resolve, reject) => {
      const done = (problem?: Problem): void => {
        if (!this.#inFlight.delete(done)) return;
        clearTimeout(timer);
        this.#queue.shift()?.();
        if (problem === undefined) resolve();
        else reject(problem);
      };
      const timer = setTimeout(() => {
        done(new Problem('TWIN_MQTT_UNCONFIRMED', `${this.#place} did not confirm a message within ${timeoutMs} ms.`,
          'It is published again by itself; check the load of the broker if this repeats.', { place: this.#place, timeoutMs }));
        // A broker that answers no more is as good as gone: a new connection finds out.
        if (this.#client === client) client.stream.destroy();
      }, timeoutMs);
      this.#inFlight.add(done);
      const settings: IClientPublishOptions = { qos: options.qos ?? 1, retain: options.retain === true && this.#retains };
      if (this.#options.protocolVersion === 5) settings.properties = propertiesOf(options);
      client.publish(topic, payload, settings, (error) => {
        done(error === null || error === undefined ? undefined : publishProblem(this.#place, topic, error));
      });
    });
  }

  #absence(): Problem {
    if (this.#state === 'closed') {
      return new Problem('TWIN_MQTT_CLOSED', `The connection to ${this.#place} has been closed.`, 'Deploy again.', { place: this.#place });
    }
    return this.#problem ?? new Problem('TWIN_MQTT_UNREACHABLE', `There is no connection to ${this.#place} yet.`,
      'It is tried again by itself.',
      { place: this.#place });
  }

  #connect(): void {
    const client = mqtt.connect(this.#options.url, { ...clientOptions(this.#options, this.#clientId), ...willOf(this.#options, this.#retains) });
    this.#client = client;
    let reason: Problem | undefined;
    let connectedMs: number | undefined;
    client.on('connect', ({ properties }) => {
      connectedMs = performance.now();
      this.#window = Math.min(mostInFlight, properties?.receiveMaximum ?? mostInFlight);
      this.#largestPacketBytes = properties?.maximumPacketSize ?? Infinity;
      if (properties?.retainAvailable === false) this.#retains = false;
      this.#become('connected', undefined);
      // Those who came before the first connection; each looks for itself whether there is room now.
      for (const resume of this.#queue.splice(0)) resume();
    });
    client.on('error', (error) => {
      reason = connectProblem(this.#place, error);
      // Refused over the will that was to be retained: the next attempt asks for less.
      if (reason.code === 'TWIN_MQTT_NO_RETAIN') this.#retains = false;
    });
    client.on('disconnect', (packet) => (reason = closedByBroker(this.#place, packet.reasonCode ?? 0)));
    client.on('close', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end(true);
      if (this.#state === 'closed') return;
      const short = connectedMs !== undefined && performance.now() - connectedMs < shortLifeMs;
      this.#shortLives = short ? this.#shortLives + 1 : 0;
      if (connectedMs !== undefined && !short) this.#failures = 0;
      // Brokers of MQTT 3.1.1, and some of 5, do not say that another client came with the same id.
      if (reason === undefined && this.#shortLives >= suspiciousShortLives) reason = closedByBroker(this.#place, sessionTakenOver);
      this.#lost(reason ?? connectProblem(this.#place, new Error('the connection was closed')));
    });
  }

  #lost(problem: Problem): void {
    const { firstRetryMs = 1000, longestRetryMs = 10_000 } = this.#options;
    // Shortened by chance, so that a plant's connections do not all come back in the same moment.
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 20)) * (0.75 + Math.random() / 4);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), pauseMs);
    this.#become(refusals.has(problem.code) ? 'refused' : 'reconnecting', problem);
    this.#abandon(problem);
  }

  /** Whatever waits for a confirmation will not get it from a connection that is gone. */
  #abandon(problem: Problem): void {
    for (const done of [...this.#inFlight]) done(problem);
    for (const resolve of this.#queue.splice(0)) resolve();
  }

  #become(state: MqttState, problem: Problem | undefined): void {
    const same = state === this.#state && problem?.code === this.#problem?.code;
    this.#state = state;
    this.#problem = problem;
    if (same) return;
    for (const listener of [...this.#listeners]) listener(state, problem);
  }

  test(): Promise<{ ok: true; version: string } | Problem> {
    return new Promise((resolve) => {
      const client = mqtt.connect(this.#options.url, clientOptions(this.#options, `twinwire_test_${randomBytes(6).toString('hex')}`));
      const end = (answer: { ok: true; version: string } | Problem): void => {
        resolve(answer);
        client.off('close', closed);
        client.on('error', () => {});
        client.end(answer instanceof Problem);
      };
      const closed = (): void => end(connectProblem(this.#place, new Error('the connection was closed')));
      client.once('connect', () => end({ ok: true, version: this.#options.protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1' }));
      client.once('error', (error) => end(connectProblem(this.#place, error)));
      client.once('close', closed);
    });
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    this.#become('closed', undefined);
    this.#abandon(this.#absence());
    this.#listeners.clear();
    if (client === undefined) return;
    // A broker that is gone does not take the farewell either.
    const limit = setTimeout(() => client.stream?.destroy(), 1000);
    await client.endAsync(!client.connected).catch(() => {});
    clearTimeout(limit);
  }
}

function clientOptions(options: MqttOptions, clientId: string): IClientOptions {
  return {
    clientId,
    protocolVersion: options.protocolVersion,
    ...(options.username && { username: options.username }),
    ...(options.password && { password: options.password }),
    rejectUnauthorized: options.verifyCertificate !== false,
    ...(options.ca !== undefined && { ca: options.ca }),
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    reconnectPeriod: 0,
    clean: true,
    queueQoSZero: false,
    keepalive: options.keepAliveSeconds ?? 30,
  };
}

function willOf({ will }: MqttOptions, retains: boolean): IClientOptions {
  if (will === undefined) return {};
  return { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: will.retain && retains } };
}

function propertiesOf({ userProperties, contentType, expirySeconds }: PublishOptions): NonNullable<IClientPublishOptions['properties']> {
  return {
    ...(userProperties === undefined ? {} : { userProperties }),
    ...(contentType === undefined ? {} : { contentType, payloadFormatIndicator: true }),
    ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
  };
}
