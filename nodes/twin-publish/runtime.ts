import { createHash } from 'node:crypto';
import type { AlertMessage, PublisherStatus, PublishedStatus, QualityWord, SentValue, TwinEventMessage, TwinMessage } from '../../contract/messages.ts';
import { Problem } from '../../engine/problem.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import {
  caseBody,
  caseChangeBody,
  eventBody,
  metaBody,
  previewOf,
  propertyBodies,
  publisherTopic,
  readPrefix,
  rowBody,
  stateBody,
  statusBody,
  topicsAt,
  topicsOf,
} from '../../engine/site/publication.ts';
import type { Enrichment, TwinTopics } from '../../engine/site/publication.ts';
import { RetainedTopics } from '../../engine/site/retainedTopics.ts';
import type { Site } from '../../engine/site/site.ts';
import { brokerOf } from '../brokerHandle.ts';
import type { BrokerConnection } from '../brokerHandle.ts';
import { deliverThrough } from '../deliverTo.ts';
import type { DeliveryLine } from '../deliverTo.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { siteHandle } from '../siteHandle.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, isLate, singleOf } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { waitAtMost } from '../waitAtMost.ts';
import { fields } from './config.ts';

/** The publisher says so often that it is there; under MQTT 5 the broker forgets it when three of these are missing. */
const heartbeatMs = 60_000;
const heartbeatExpirySeconds = 180;
/** A machine that a deploy takes away for a moment is not gone. */
const goneAfterMs = 10_000;
/** What is told at the end may take so long; Node-RED itself waits 15 s for a node to close. */
const farewellMs = 4000;
const json = 'application/json';

interface Published {
  topics: TwinTopics;
  asset: AssetTwin | undefined;
  properties: Set<string>;
  /** Messages with a state came, not only events and cases. */
  hasState: boolean;
  state: { message: TwinMessage & Enrichment; sentMs: number; due: boolean } | undefined;
  /** The last row that went to the outbox; the same one may come by several wires. */
  lastRow: number;
  status: PublishedStatus['status'] | undefined;
  caseMark: string;
  /** Wall clock; when the machine was found missing. */
  goneMs: number | undefined;
}

/** What the node notes for its next start: which topics it answers for. */
interface Noted {
  v: 1;
  prefix: string;
  twins: Record<string, { base: string; properties: string[]; state: boolean }>;
}

export default function twinPublish(RED: Runtime): void {
  RED.nodes.registerType('twin-publish', function constructPublish(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const broker = brokerOf(RED.nodes.getNode(config.mqtt));
    const prefix = readPrefix(config.prefix) ?? '';
    const what = { properties: config.properties, rows: config.rows };
    const published = new Map<string, Published>();
    const told = new Set<string>();
    let connection: BrokerConnection | undefined;
    let line: DeliveryLine | undefined;
    let retained: RetainedTopics | undefined;
    let publisher = '';
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    let refusal: Problem | undefined;
    twin.show(status('waiting', language));

    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      if (prefix === '') {
        twin.refusal = new Problem(
          'TWIN_PUBLISH_PREFIX',
          `"${config.prefix}" cannot stand before a topic.`,
          'Use letters, digits and single slashes; no + or #, and no $ at the beginning.',
          { prefix: config.prefix },
        );
        throw twin.refusal;
      }
      if (broker === undefined) {
        twin.refusal = new Problem(
          'TWIN_TARGET_MISSING',
          `The connection that "${twin.title}" names is not there.`,
          'Open the node and choose it again.',
          { node: twin.title },
        );
        throw twin.refusal;
      }
      // No address is no fault: a template may be deployed before its broker is known.
      if (broker.address === undefined) return twin.show(status('disconnected', language));
      const identity = identityOf(node.id, site, prefix);
      publisher = publisherTopic(prefix, identity);
      const opened = broker.open(identity, { topic: publisher, payload: JSON.stringify(publisherStatus(site, 'offline', false)), retain: true });
      connection = opened;
      const topics = new RetainedTopics({
        publish: (topic, payload, expirySeconds) =>
          opened.publish(topic, payload, {
            retain: true,
            ...(payload === '' ? {} : { contentType: json }),
            ...(expirySeconds === undefined ? {} : { expirySeconds }),
          }),
        later,
        onRefused: (topic, problem) => {
          const reason = String(problem.values.reason ?? problem.found);
          // One is told, not each of a thousand topics.
          if (refusal?.values.reason === reason) return;
          refusal = new Problem(
            'TWIN_PUBLISH_REFUSED',
            `Refused by the broker: ${reason}, on ${topic} and perhaps on others.`,
            problem.remedy,
            { reason, topic },
          );
          twin.fail(refusal);
        },
      });
      retained = topics;
      claim(publisher, node.id);
      sayOnline(site);
      recall(site);
      const returned = new Set<() => void>();
      line = deliverThrough(
        twin,
        site,
        {
          address: broker.address,
          deliver: (records, backfillTo) => opened.deliver(records, backfillTo),
          onReturn(listener) {
            returned.add(listener);
            return () => returned.delete(listener);
          },
        },
        `publish:${node.id}`,
        {
          waitMs: 0,
          keepBytes: config.keepAtMost * 1_000_000,
          keepMs: config.keepDays * 86_400_000,
          // While the connection is away it says so itself.
          onProblem: (problem) => opened.state === 'connected' && twin.fail(problem),
          onWaiting: () => void line?.waiting(language).then((waiting) => waiting !== undefined && twin.show(waiting), () => undefined),
          onDropped: (count) =>
            twin.fail(
              new Problem(
                'TWIN_PUBLISH_DROPPED',
                `${count} messages were given up: more waited, or longer, than may be kept.`,
                'See why the broker is away, or keep more.',
                { count },
              ),
            ),
          onRejected: (count, reason) => {
            refusal = new Problem(
              'TWIN_PUBLISH_REFUSED',
              `The broker refused ${count} messages: ${reason}`,
              'They are set aside and not lost; correct the cause.',
              { count, reason },
            );
            twin.fail(refusal);
          },
        },
      );
      let wasConnected = false;
      opened.onState((state, problem) => {
        if (state === 'connected') {
          wasConnected = true;
          refusal = undefined;
          sayOnline(site);
          // The picture of now first, also after a restart, then what had to wait.
          watch(site);
          topics.connected();
          for (const listener of returned) listener();
          if (!opened.retains) {
            refusal = new Problem(
              'TWIN_MQTT_NO_RETAIN',
              'The broker keeps no retained messages.',
              'Switch them on in the broker; without them, who comes later sees nothing until the next change.',
            );
            twin.fail(refusal);
          } else showPublished();
          return;
        }
        topics.disconnected();
        if (problem !== undefined) twin.fail(problem);
        // What somebody has to change stays to be read; a broker that is away comes back by itself.
        if (state !== 'refused') twin.show(status(wasConnected || problem !== undefined ? 'disconnected' : 'connecting', language));
      });
      heartbeat = setInterval(() => sayOnline(site), heartbeatMs);
      twin.onClose(site.onTick(() => watch(site)));
    });

    twin.onClose(async (removed) => {
      await opening;
      clearInterval(heartbeat);
      const site = handle.site;
      const topics = retained;
      if (connection !== undefined && topics !== undefined && site !== undefined) {
        await farewell(site, connection, topics, removed && config.clearOnRemoval);
      }
      for (const [topic, owner] of broker?.claims ?? []) if (owner === node.id || owner.startsWith(`${node.id}/`)) broker?.claims.delete(topic);
    });

    /** Offline, or cleared, and confirmed before the connection goes; within a bounded time. */
    async function farewell(site: Site, link: BrokerConnection, topics: RetainedTopics, clear: boolean): Promise<void> {
      for (const [key, entry] of published) {
        if (clear) clearTwin(entry);
        else {
          sendState(entry);
          tellStatus(key, entry, 'offline', site);
        }
      }
      if (clear) {
        topics.clear(publisher);
        site.keepWaiting(node.id, null);
      } else topics.set(publisher, JSON.stringify(publisherStatus(site, 'offline', true)));
      if (link.state === 'connected') await waitAtMost(topics.settled(), farewellMs);
      if (clear && topics.open > 0) {
        node.warn(`TWIN_NOT_CLEARED: ${topics.open} topics below ${prefix} stay at the broker, because it did not answer. Remove them there if they disturb.`);
      }
      topics.stop();
      await link.close();
    }

    function sayOnline(site: Site): void {
      retained?.set(publisher, JSON.stringify(publisherStatus(site, 'online', true)), heartbeatExpirySeconds);
    }

    function claim(topic: string, owner: string): string | undefined {
      const known = broker?.claims.get(topic);
      if (known !== undefined && known !== owner) return known;
      broker?.claims.set(topic, owner);
      return undefined;
    }

    /** What an earlier run published: it is told anew, or cleared when it stands elsewhere now. */
    function recall(site: Site): void {
      const noted = site.waiting(node.id) as unknown as Noted | undefined;
      if (noted?.v !== 1) return;
      for (const [key, { base, properties, state }] of Object.entries(noted.twins)) {
        published.set(key, {
          topics: topicsAt(base),
          asset: undefined,
          properties: new Set(properties),
          hasState: state,
          state: undefined,
          lastRow: -1,
          status: undefined,
          caseMark: '',
          goneMs: undefined,
        });
      }
      const former = publisherTopic(noted.prefix, identityOf(node.id, site, noted.prefix));
      if (former !== publisher && config.clearOnRemoval) retained?.clear(former);
    }

    function note(site: Site): void {
      const twins: Noted['twins'] = {};
      for (const [key, { topics, properties, hasState }] of published) {
        Object.defineProperty(twins, key, { value: { base: topics.base, properties: [...properties], state: hasState }, enumerable: true });
      }
      site.keepWaiting(node.id, { v: 1, prefix, twins } satisfies Noted as never);
    }

    /** @throws Problem TWIN_TOPIC_TWICE */
    function enrol(site: Site, asset: AssetTwin): Published {
      const known = published.get(asset.key);
      const topics = topicsOf(prefix, asset.twin.path);
      if (known?.asset === asset) return known;
      // The same machine at another place: what stood at the former one is no longer true.
      if (known !== undefined && known.topics.base !== topics.base && config.clearOnRemoval) clearTwin(known);
      const names = config.properties ? asset.twin.type.properties.map(({ name }) => name) : [];
      const owner = `${node.id}/${asset.key}`;
      const all = [topics.state, topics.case, topics.event, topics.meta, topics.status, topics.row, ...names.map((name) => topics.property(name))];
      for (const topic of all) {
        const other = claim(topic, owner);
        if (other === undefined) continue;
        release(owner);
        throw new Problem(
          'TWIN_TOPIC_TWICE',
          `"${asset.twin.name}" would be published on ${topic}, which another node or machine already uses (${other}).`,
          'Give one of them another place or key, or one of the nodes another prefix.',
          { topic, other, key: asset.key },
        );
      }
      const fresh: Published = {
        topics,
        asset,
        properties: new Set(names),
        hasState: known?.hasState ?? false,
        state: undefined,
        lastRow: -1,
        status: undefined,
        caseMark: '',
        goneMs: undefined,
      };
      for (const name of known?.properties ?? []) if (!fresh.properties.has(name) && config.clearOnRemoval) retained?.clear(topics.property(name));
      published.set(asset.key, fresh);
      retained?.set(topics.meta, JSON.stringify(metaBody(asset, topics, publisher, what)));
      watchOne(site, asset.key, fresh);
      if (fresh.hasState && asset.twin.timeMs !== undefined) {
        const { twin: machine } = asset;
        retained?.set(topics.state, JSON.stringify(stateBody(machine.payload(), machine.quality(), machine.timeMs as number, machine.header())));
        if (config.properties) for (const [name, body] of propertyBodies(asset)) retained?.set(topics.property(name), JSON.stringify(body));
      }
      note(site);
      showPublished();
      return fresh;
    }

    function release(owner: string): void {
      for (const [topic, other] of broker?.claims ?? []) if (other === owner) broker?.claims.delete(topic);
    }

    function clearTwin({ topics, properties }: Published): void {
      const own = [topics.state, topics.case, topics.meta, topics.status];
      for (const topic of [...own, ...[...properties].map((name) => topics.property(name))]) retained?.clear(topic);
    }

    function tellStatus(key: string, entry: Published, next: PublishedStatus['status'], site: Site): void {
      if (entry.status === next) return;
      entry.status = next;
      const sinceMs = next === 'stale' ? (site.asset(key)?.twin.timeMs ?? site.clock.nowMs()) : site.clock.nowMs();
      retained?.set(entry.topics.status, JSON.stringify(statusBody(next, sinceMs, publisher)));
    }

    /** Four times a second: what comes by time and not by a message. */
    function watch(site: Site): void {
      for (const [key, entry] of published) {
        const asset = site.asset(key);
        if (asset !== undefined && asset !== entry.asset) {
          try {
            enrol(site, asset);
          } catch (problem) {
            published.delete(key);
            twin.fail(problem as Problem);
          }
        } else if (asset === undefined) watchGone(site, key, entry);
        else watchOne(site, key, entry);
      }
    }

    function watchOne(site: Site, key: string, entry: Published): void {
      const { asset, state } = entry;
      if (asset === undefined) return;
      tellStatus(key, entry, asset.twin.stale ? 'stale' : 'online', site);
      const { open } = asset.cases;
      const last = open ?? site.endedCases(key)[0]?.case;
      const mark = `${open !== undefined} ${last?.id ?? ''} ${last?.state ?? ''} ${last?.changedMs ?? ''} ${last?.occurrences ?? ''}`;
      if (mark !== entry.caseMark) {
        entry.caseMark = mark;
        retained?.set(entry.topics.case, JSON.stringify(caseBody(site, asset)));
      }
      if (state?.due === true && performance.now() - state.sentMs >= config.every * 1000) sendState(entry);
    }

    function watchGone(site: Site, key: string, entry: Published): void {
      const nowMs = performance.now();
      entry.goneMs ??= nowMs;
      if (nowMs - entry.goneMs < goneAfterMs) return;
      tellStatus(key, entry, 'offline', site);
      if (!config.clearOnRemoval) return;
      clearTwin(entry);
      release(`${node.id}/${key}`);
      published.delete(key);
      note(site);
      showPublished();
    }

    function sendState(entry: Published): void {
      const { state, topics, asset } = entry;
      if (state === undefined || asset === undefined || !state.due) return;
      state.due = false;
      state.sentMs = performance.now();
      const { payload, quality, timestamp, twin: header } = state.message;
      retained?.set(topics.state, JSON.stringify(stateBody(payload, quality, timestamp, header, state.message)));
      if (config.properties) {
        for (const [name, body] of propertyBodies(asset)) if (entry.properties.has(name)) retained?.set(topics.property(name), JSON.stringify(body));
      }
    }

    function takeState(site: Site, entry: Published, message: TwinMessage & Enrichment): void {
      const before = entry.state;
      if (before !== undefined && message.twin.row < before.message.twin.row) return;
      // Wired from several nodes, one row comes more than once, each time with more of what was found about it.
      const same = before !== undefined && before.message.twin.row === message.twin.row ? before.message : undefined;
      entry.state = { message: { ...pick(same), ...message }, sentMs: before?.sentMs ?? -Infinity, due: true };
      if (!entry.hasState) {
        entry.hasState = true;
        note(site);
      }
      if (config.every === 0) sendState(entry);
    }

    function rowsOf(message: Message): { key: string; body: object }[] {
      const batch = batchOf(message);
      if (batch === undefined) {
        const { updated, payload, quality, timestamp, twin: header } = singleOf(message);
        const values: Record<string, SentValue> = Object.fromEntries((updated ?? []).map((name) => [name, payload[name] ?? null]));
        return [{ key: `${header.key}/row/${timestamp}/${header.row}`, body: rowBody(values, only(quality, values), timestamp, header) }];
      }
      return batch.payload.map(({ time, ...values }, index) => ({
        key: `${batch.twin.key}/row/${time}/${batch.twin.row + index}`,
        body: rowBody(values, batch.quality[index] ?? {}, time, { ...batch.twin, state: batch.states[index] ?? batch.twin.state }),
      }));
    }

    function showPublished(): void {
      if (connection?.state !== 'connected' || refusal !== undefined) return;
      twin.show(published.size === 0 ? status('waiting', language) : status('publishing', language, { count: published.size }));
    }

    onInput(twin, opening, async (message: Message, send) => {
      const site = openSite(handle);
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      // What is past, or of a replay, is not what the plant is now.
      if (message.historical === true || isLate(message) || retained === undefined) return send(message);
      const entry = enrolOnce(site, asset);
      if (entry === undefined) return send(message);
      const { topics } = entry;
      if (typeof message.case === 'object' && message.case !== null) {
        const alert = message as unknown as AlertMessage;
        await keep([{ key: alert.alarm.idempotencyKey, topic: topics.event, body: caseChangeBody(alert) }]);
        watchOne(site, asset.key, entry);
      } else if (typeof message.event === 'object' && message.event !== null) {
        const told = message as unknown as TwinEventMessage;
        const { kind, property = '', limit = '', active = '', timeMs } = told.event;
        await keep([{ key: `${asset.key}/${kind}/${property}/${limit}/${String(active)}/${timeMs}`, topic: topics.event, body: eventBody(told) }]);
        watchOne(site, asset.key, entry);
      } else {
        takeState(site, entry, batchOf(message) === undefined ? (singleOf(message) as TwinMessage & Enrichment) : lastOf(asset, message));
        const { row } = message.twin as { row: number };
        if (config.rows && row > entry.lastRow) {
          entry.lastRow = row;
          await keep(rowsOf(message).map(({ key, body }) => ({ key, topic: topics.row, body })));
        }
      }
      send(message);
    });

    /** Two machines on one topic are told once, and as a caught error. */
    function enrolOnce(site: Site, asset: AssetTwin): Published | undefined {
      try {
        return enrol(site, asset);
      } catch (problem) {
        refusal = problem as Problem;
        twin.fail(refusal);
        if (told.has(asset.key)) return undefined;
        told.add(asset.key);
        throw problem;
      }
    }

    /** Resolves when all of it is on disk. */
    async function keep(records: readonly { key: string; topic: string; body: object }[]): Promise<void> {
      await line?.add(
        records.map(({ key, topic, body }) => ({
          idempotencyKey: key,
          body: JSON.stringify({ topic, payload: JSON.stringify(body), retain: false, contentType: json }),
        })),
      );
    }
  });

  /** What would be published of a machine, for the dialog: nothing has to be deployed but the site and the machine. */
  RED.httpAdmin.get('/twinwire/publish/preview', RED.auth.needsPermission('twin-publish.read'), (request: Request, response: Response) => {
    const text = (name: string): string => (typeof request.query[name] === 'string' ? (request.query[name] as string).slice(0, 300) : '');
    const site = siteHandle(RED.nodes.getNode(text('site')))?.site;
    if (site === undefined) return response.status(404).json({ ok: false, code: 'TWIN_SITE_CLOSED' });
    const prefix = readPrefix(text('prefix'));
    if (prefix === undefined) return response.json({ ok: false, code: 'TWIN_PUBLISH_PREFIX' });
    const asset = text('twin') === '' ? site.assets()[0] : site.asset(text('twin'));
    if (asset === undefined) return response.json({ ok: false, code: 'TWIN_UNKNOWN' });
    const what = { properties: text('properties') === 'true', rows: text('rows') === 'true' };
    response.json({ ok: true, key: asset.key, name: asset.twin.name, topics: previewOf(site, asset, prefix, identityOf(text('id'), site, prefix), what) });
  });
}

function publisherStatus(site: Site, word: PublisherStatus['status'], orderly: boolean): PublisherStatus {
  return { v: 1, status: word, orderly, timestamp: Date.now(), site: site.options.name };
}

/** The same after each restart and as long as MQTT 3.1.1 allows (1.5.3: 23 letters and digits with "twinwire" before it). */
function identityOf(nodeId: string, site: Site, prefix: string): string {
  return createHash('sha256').update(`${nodeId}\n${site.options.name}\n${prefix}`).digest('hex').slice(0, 12);
}

function later(delayMs: number, action: () => void): () => void {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
}

function pick(message: Enrichment | undefined): Enrichment {
  const { expected, learning, anomaly } = message ?? {};
  return { ...(expected === undefined ? {} : { expected }), ...(learning === undefined ? {} : { learning }), ...(anomaly === undefined ? {} : { anomaly }) };
}

function only(quality: Record<string, QualityWord>, values: Record<string, unknown>): Record<string, QualityWord> {
  return Object.fromEntries(Object.entries(quality).filter(([name]) => Object.hasOwn(values, name)));
}

/** The state after a batch, with what was found about its last row. */
function lastOf(asset: AssetTwin, message: Message): TwinMessage & Enrichment {
  const { twin } = asset;
  const last = <T>(list: unknown): T | undefined => (Array.isArray(list) ? (list.at(-1) as T) : undefined);
  return {
    topic: twin.topic,
    payload: twin.payload(),
    changed: [],
    updated: [],
    timestamp: twin.timeMs ?? Number(message.timestamp),
    quality: twin.quality(),
    twin: twin.header(),
    ...pick({ expected: last(message.expected), learning: message.learning as never, anomaly: last(message.anomaly) }),
  };
}
