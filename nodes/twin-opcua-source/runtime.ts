import type { Config } from '../../contract/fields.ts';
import type { CheckAnswer, FindAnswer } from '../../contract/discovery.ts';
import { proposeMachines } from '../../engine/discovery/proposeMachines.ts';
import type { Observation } from '../../engine/observation.ts';
import { Problem } from '../../engine/problem.ts';
import type { Language } from '../../engine/site/sentences.ts';
import { opcuaOf } from '../opcuaHandle.ts';
import type { OpcuaConnection, OpcuaState } from '../opcuaHandle.ts';
import { opcuaEventText, opcuaStateText } from '../opcuaSentences.ts';
import { problemIn } from '../problemSentences.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { onInput, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

/** While the connection stands, it is told that the source lives: then values that do not change are not stale. */
const aliveEveryMs = 2000;
/** A first delivery of 20,000 values goes out in parts. */
const mostInMessage = 5000;
const mostChecked = 5000;

export default function twinOpcuaSource(RED: Runtime): void {
  offerSearch(RED);
  offerCheck(RED);
  RED.nodes.registerType('twin-opcua-source', function constructOpcuaSource(this: NodeInstance, definition: NodeDefinition) {
    const isUnused = ({ server, addresses }: Config<typeof fields>): boolean => server === '' && addresses.every(({ address }) => address === '');
    const twin = twinNode(RED, this, definition, fields, isUnused);
    const language: Language = String(RED.settings.lang ?? '').startsWith('de') ? 'de' : 'en-US';
    onInput(twin, undefined, () => {
      throw new Problem('TWIN_OPCUA_INPUT', `"${twin.title}" takes no messages: it is a source.`, 'Remove the wire to it.', { node: twin.title });
    });
    const server = opcuaOf(RED.nodes.getNode(twin.config.server));
    const endpoint = server?.address;
    if (isUnused(twin.config)) {
      twin.show(status('notUsed', language));
      return;
    }
    if (server !== undefined && server.wrongSettings !== undefined && endpoint === undefined) {
      twin.fail(server.wrongSettings);
      return;
    }
    if (server === undefined || endpoint === undefined) {
      twin.fail(new Problem('TWIN_OPCUA_SERVER_MISSING', `"${twin.title}" has no server.`, 'Open the node and choose one, with its address.'));
      return;
    }
    const named = twin.config.addresses.filter(({ address }) => address !== '');
    if (named.length === 0) {
      twin.fail(new Problem('TWIN_OPCUA_NOTHING_NAMED', `"${twin.title}" names no address.`, 'Open the node and enter at least one.'));
      return;
    }

    let count = 0;
    let isConnected = false;
    let wasLost = false;
    const unknown = new Set<string>();
    const topic = twin.title;
    const send = (message: Message): void => this.send([message, null]);
    const tell = (text: string, event: Record<string, unknown>): void => this.send([null, { topic, payload: text, event }]);
    const shown = (): void => twin.show(() => {
      const state = status('connected', language).text ?? '';
      return unknown.size > 0
        ? status('unmapped', language, { count, unmapped: unknown.size })
        : status('live', language, { count, state });
    });

    let isClosed = false;
    const ends: (() => void | Promise<void>)[] = [];
    const start = (connection: OpcuaConnection): void => {
      if (isClosed) return;
      ends.push(connection.subscribe(
        {
          addresses: named.filter(({ what }) => what === 'value').map(({ address }) => address),
          subtrees: named.filter(({ what }) => what === 'below').map(({ address }) => address),
          publishingIntervalMs: twin.config.interval,
          queueSize: twin.config.queue,
        },
        {
          values(batch) {
            count += batch.length;
            for (let from = 0; from < batch.length; from += mostInMessage) {
              send({ topic, payload: batch.slice(from, from + mostInMessage).map(sent) });
            }
            if (isConnected) shown();
          },
          event(event) {
            if (event.kind === 'unknown') for (const { address } of event.addresses) unknown.add(address);
            if (event.kind === 'found') for (const address of event.addresses) unknown.delete(address);
            const text = opcuaEventText(event, language);
            if (event.kind === 'unknown' || (event.kind === 'browsed' && event.cut !== undefined)) twin.node.warn(text);
            tell(text, event);
          },
        },
      ));
      ends.push(connection.onState(onState));
    };
    const onState = (state: OpcuaState, problem: Problem | undefined): void => {
      isConnected = state === 'connected';
      if (problem !== undefined) twin.fail(problemIn(problem, language));
      else if (state === 'connected') shown();
      else if (state === 'connecting') twin.show(status('connecting', language));
      if (state === 'closed') return;
      tell(opcuaStateText(state, problem, language), { kind: 'state', state, ...(problem === undefined ? {} : { code: problem.code }) });
      // The twin is told on the same wire as the values, so that one wire is enough.
      if (!isConnected && state !== 'connecting' && !wasLost) {
        wasLost = true;
        send({ topic, status: 'connection lost', endpoint });
      } else if (isConnected && wasLost) {
        wasLost = false;
        send({ topic, status: 'keepalive', endpoint });
      }
    };
    server.open().then(start).catch((cause: unknown) => {
      if (isClosed) return;
      twin.fail(cause instanceof Problem
        ? problemIn(cause, language)
        : new Problem('TWIN_OPCUA_SETTING', `"${twin.title}" cannot start: ${String(cause)}.`, 'Check its settings and those of its server.'));
    });
    const alive = setInterval(() => {
      if (isConnected) send({ topic, status: 'keepalive', endpoint });
    }, aliveEveryMs);
    twin.onClose(async () => {
      isClosed = true;
      clearInterval(alive);
      for (const end of ends.reverse()) await end();
    });
  });
}

/** The route behind "Find machines": a deployed server is looked through, and what repeats is proposed as machines of a type. */
function offerSearch(RED: Runtime): void {
  const searching = new Set<string>();
  const path = '/twinwire/opcua-source/find';
  RED.httpAdmin.post(path, RED.auth.needsPermission('twin-opcua-source.write'), (request: Request, response: Response) => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Record<string, unknown>;
    const id = typeof body.server === 'string' ? body.server.slice(0, 100) : '';
    const below = typeof body.below === 'string' ? body.below.slice(0, 2000).trim() : '';
    const find = async (): Promise<FindAnswer> => {
      const server = opcuaOf(RED.nodes.getNode(id));
      if (server === undefined || server.address === undefined) {
        throw new Problem('TWIN_OPCUA_NOT_DEPLOYED', 'The chosen server is not running yet.', 'Press Done and Deploy once, then search again.');
      }
      if (searching.has(id)) throw new Problem('TWIN_OPCUA_SEARCHING', 'This server is being searched already.', 'Wait until that search has ended.');
      searching.add(id);
      try {
        const found = await server.find(below);
        if (found instanceof Problem) throw found;
        const proposal = proposeMachines(found.signals);
        return { ok: true, proposal: { ...proposal, cut: proposal.cut || found.cut !== undefined } };
      } finally {
        searching.delete(id);
      }
    };
    find().then(
      (answer) => response.json(answer),
      (cause: unknown) => response.json({ ok: false, ...spoken(cause, body.language) }),
    );
  });
}

/** The route behind "12 of 12 tags found": a deployed server is asked which addresses it has. */
function offerCheck(RED: Runtime): void {
  const asking = new Set<string>();
  RED.httpAdmin.post('/twinwire/opcua-source/check', RED.auth.needsPermission('twin-opcua-source.write'), (request: Request, response: Response) => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Record<string, unknown>;
    const id = typeof body.server === 'string' ? body.server.slice(0, 100) : '';
    const given = Array.isArray(body.addresses) ? body.addresses.slice(0, mostChecked) : [];
    const addresses = given.filter((address): address is string => typeof address === 'string').map((address) => address.slice(0, 2000));
    const check = async (): Promise<CheckAnswer> => {
      const server = opcuaOf(RED.nodes.getNode(id));
      if (server === undefined || server.address === undefined) {
        throw new Problem('TWIN_OPCUA_NOT_DEPLOYED', 'The chosen server is not running yet.', 'Press Done and Deploy once, then try again.');
      }
      if (asking.has(id)) throw new Problem('TWIN_OPCUA_SEARCHING', 'This server is being asked already.', 'Wait a moment.');
      asking.add(id);
      try {
        const missing = await server.missing(addresses);
        if (missing instanceof Problem) throw missing;
        return { ok: true, asked: addresses.length, missing };
      } finally {
        asking.delete(id);
      }
    };
    check().then(
      (answer) => response.json(answer),
      (cause: unknown) => response.json({ ok: false, ...spoken(cause, body.language) }),
    );
  });
}

/** What went wrong, as an answer to a person. */
function spoken(cause: unknown, asked: unknown): { code: string; text: string; fingerprint?: string } {
  const language: Language = typeof asked === 'string' && asked.startsWith('de') ? 'de' : 'en-US';
  const problem = cause instanceof Problem
    ? problemIn(cause, language)
    : new Problem('TWIN_SEARCH_FAILED', `The search ended with: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Try again.');
  const { fingerprint } = problem.values;
  const answer = { code: problem.code, text: problem.message };
  return typeof fingerprint === 'string' ? { ...answer, fingerprint } : answer;
}

/** As other OPC UA nodes send a value of many, so that any node that reads those reads this. */
function sent({ address, value, statusCode, sourceTimeMs, serverTimeMs }: Observation): Record<string, unknown> {
  const isExact = typeof value !== 'bigint' || value < -9_007_199_254_740_991n || value > 9_007_199_254_740_991n;
  const item: Record<string, unknown> = { nodeId: address, value: isExact ? value : Number(value), statusCode };
  if (sourceTimeMs !== undefined) item.sourceTimestamp = sourceTimeMs;
  if (serverTimeMs !== undefined) item.serverTimestamp = serverTimeMs;
  return item;
}
