import type { ReplayMark, TwinEvent } from '../../contract/messages.ts';
import type { Observation } from '../../engine/observation.ts';
import type { HistoryPoint } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import { timeText } from '../../engine/site/sentences.ts';
import type { Site } from '../../engine/site/site.ts';
import type { TwinUpdate } from '../../engine/twin/twin.ts';
import { largestValues } from '../messageLimits.ts';
import { lateMessage, lateValues } from '../lateMessage.ts';
import { TwinBatch, readMessage, twinEventMessage, twinMessage } from '../message.ts';
import type { ReadRow, Reading } from '../message.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime, Status } from '../red.d.ts';
import { status } from '../status.ts';
import { replayOf } from '../twinMessages.ts';
import { languageOf, onInput, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { typeOf } from '../typeHandle.ts';
import { fields } from './config.ts';

/** Single values that wait for those that belong to the same moment. */
interface Together {
  observations: Observation[];
  addresses: Set<string>;
  /** The last message of them: its other properties pass through. */
  message: Message;
}

export default function twinAsset(RED: Runtime): void {
  const running = new Map<string, () => unknown>();

  RED.nodes.registerType('twin-asset', function constructAsset(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const type = typeOf(RED.nodes.getNode(config.assetType));
    const name = config.name === '' ? config.key : config.name;
    let asset: AssetTwin | undefined;
    let together: Together | undefined;
    let togetherTimer: ReturnType<typeof setTimeout> | undefined;
    let intervalTimer: ReturnType<typeof setInterval> | undefined;
    /** The last message of interval mode, with the row that belongs to it. */
    let waitingForInterval: Message | undefined;
    twin.show(status('waiting', language));

    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      if (type === undefined) {
        twin.refusal = new Problem('TWIN_TYPE_MISSING', `The machine "${name}" has no usable type.`, 'Open the node and choose a type; if one is chosen, see its status.', { name });
        throw twin.refusal;
      }
      try {
        asset = site.register({
          nodeId: node.id,
          nodeName: twin.title,
          key: config.key,
          name,
          type,
          path: [...config.place.split('/').map((part) => part.trim()), config.key].filter((part) => part !== ''),
          placeholders: new Map(config.placeholders.map((row) => [row.name, row.value])),
          mapping: config.mapping,
          staleAfter: config.staleAfter,
          onEvents: (events) => {
            sendEvents(events, {});
            showState();
          },
        });
      } catch (problem) {
        twin.refusal = problem as Problem;
        throw problem;
      }
      for (const problem of asset.twin.problems) twin.fail(problem);
      if (config.send === 'interval') {
        intervalTimer = setInterval(() => {
          const message = waitingForInterval;
          waitingForInterval = undefined;
          if (message !== undefined) node.send([message, null]);
        }, config.interval * 1000);
      }
      running.set(node.id, () => listened(site, asset as AssetTwin));
    });

    twin.onClose(async () => {
      clearTimeout(togetherTimer);
      clearInterval(intervalTimer);
      await opening;
      flushTogether();
      if (waitingForInterval !== undefined) node.send([waitingForInterval, null]);
      running.delete(node.id);
      if (asset !== undefined) handle.site?.unregister(asset.key, node.id);
    });

    function sendEvents(events: readonly TwinEvent[], marks: { historical?: true; replay?: ReplayMark }): void {
      const current = asset;
      if (events.length === 0 || current === undefined) return;
      node.send([null, events.map((event) => twinEventMessage(current.twin, event, marks) as unknown as Message)]);
    }

    function showState(): void {
      if (asset !== undefined) twin.show(stateStatus);
    }

    function stateStatus(): Status {
      const { stale, state, timeMs = 0, unmappedCount, row: count } = (asset as AssetTwin).twin;
      if (stale) return status('stale', language, { time: timeText(timeMs, language) });
      if (unmappedCount > 0) return status('unmapped', language, { count, unmapped: unmappedCount });
      return status('live', language, { count, state: state === '' ? '✓' : state });
    }

    /** Sends the twin's message for a row that was applied. */
    function sendRow(target: AssetTwin, update: TwinUpdate, message: Message, marks: { historical?: true; replay?: ReplayMark }): void {
      const site = handle?.site as Site;
      if (update.accepted.length > 0) site.keep(update.accepted);
      const unsent = update.backfill && marks.historical === undefined;
      sendLate(target, lateValues(update, unsent));
      if (update.updated.length > 0 && !unsent) {
        const row = target.takeRows(1);
        if (config.send !== 'change' || update.changed.length > 0) {
          const { historical, replay } = marks;
          const sent = twinMessage(target.twin, update, { received: message, row, historical, replay }) as unknown as Message;
          if (config.send === 'interval' && marks.historical === undefined) waitingForInterval = sent;
          else node.send([sent, null]);
        }
      }
      if (update.events.length > 0) {
        const { historical, replay } = marks;
        sendEvents(update.events, historical === true || update.backfill ? { historical: true, ...(replay === undefined ? {} : { replay }) } : noMarks);
      }
      site.changed(target.key);
      showState();
    }

    /** Values that are older than what is known still belong to history. */
    function sendLate(target: AssetTwin, points: readonly HistoryPoint[]): void {
      if (points.length > 0) node.send([lateMessage(target.twin, points) as unknown as Message, null]);
    }

    function flushTogether(): void {
      clearTimeout(togetherTimer);
      togetherTimer = undefined;
      const waiting = together;
      together = undefined;
      const site = handle?.site;
      if (waiting === undefined || asset === undefined || site === undefined) return;
      sendRow(asset, asset.twin.apply(waiting.observations, site.clock.nowMs()), waiting.message, {});
    }

    function takeObservations(reading: Extract<Reading, { kind: 'observations' }>, message: Message, site: Site, live: AssetTwin): void {
      if (reading.complete || config.together === 0) {
        flushTogether();
        sendRow(live, live.twin.apply(reading.observations, site.clock.nowMs()), message, {});
        return;
      }
      // The same address again means that the row before is complete.
      if (together !== undefined && reading.observations.some(({ address }) => together?.addresses.has(address))) flushTogether();
      together ??= { observations: [], addresses: new Set(), message };
      together.message = message;
      for (const observation of reading.observations) {
        together.observations.push(observation);
        together.addresses.add(observation.address);
      }
      if (together.observations.length >= largestValues) flushTogether();
      else togetherTimer ??= setTimeout(flushTogether, config.together);
    }

    function takeRows(rows: readonly ReadRow[], message: Message, site: Site, target: AssetTwin, marks: Marks): void {
      const batch = new TwinBatch();
      const events: TwinEvent[] = [];
      const late: HistoryPoint[] = [];
      for (const row of rows) {
        if (marks.historical === true && row.timeMs !== undefined) site.clock.observe(row.timeMs);
        const update = target.twin.applyRow(row.values, row.timeMs, site.clock.nowMs(), row);
        if (update.accepted.length > 0) site.keep(update.accepted);
        events.push(...update.events);
        const unsent = update.backfill && marks.historical === undefined;
        late.push(...lateValues(update, unsent));
        if (!unsent) batch.add(target.twin, update);
      }
      sendLate(target, late);
      if (batch.length > 0 || marks.replay?.complete === true) {
        const row = target.takeRows(batch.length);
        node.send([batch.message(target.twin, { received: message, row, ...marks }) as unknown as Message, null]);
      }
      sendEvents(events, marks);
      site.changed(target.key);
      showState();
    }

    onInput(twin, opening, (message: Message) => {
      const site = handle.site;
      if (asset === undefined || site === undefined) throw new Problem('TWIN_SITE_CLOSED', 'The site of this node is not open.', 'See the status of the site.');
      const reading = readMessage(message, site.clock.nowMs());
      const marks = marksOf(message);
      const target = marks.historical === true ? (site.asset(asset.key, replayOf(message)) as AssetTwin) : asset;
      switch (reading.kind) {
        case 'ignored':
          // The end of a replay whose rows have all been sent already still has to be told.
          if (marks.replay?.complete === true) takeRows([], message, site, target, marks);
          return;
        case 'command':
          return;
        case 'problem':
          throw reading.problem;
        case 'lifecycle':
          flushTogether();
          sendEvents(asset.twin.lifecycle(reading.alive, site.clock.nowMs()), {});
          showState();
          return;
        case 'observations':
          if (reading.birth === true) asset.twin.restartSource();
          if (marks.historical === true) {
            const rowMs = reading.observations.find(({ sourceTimeMs }) => sourceTimeMs !== undefined)?.sourceTimeMs;
            if (rowMs !== undefined) site.clock.observe(rowMs);
            sendRow(target, target.twin.apply(reading.observations, site.clock.nowMs()), message, marks);
          } else takeObservations(reading, message, site, asset);
          return;
        case 'row':
          flushTogether();
          if (marks.historical === true && reading.timeMs !== undefined) site.clock.observe(reading.timeMs);
          sendRow(
            target,
            target.twin.applyRow(reading.values, reading.timeMs, site.clock.nowMs(), reading),
            message,
            marks,
          );
          return;
        case 'rows':
          flushTogether();
          takeRows(reading.rows, message, site, target, marks);
      }
    });
  });

  RED.httpAdmin.get('/twinwire/asset/:id/addresses', RED.auth.needsPermission('twin-asset.read'), (request: Request, response: Response) => {
    const answer = running.get(request.params.id ?? '');
    if (answer === undefined) response.status(404).json({ ok: false, code: 'TWIN_UNKNOWN' });
    else response.json(answer());
  });
}

interface Marks {
  historical?: true;
  replay?: ReplayMark;
}

/** Of a live message. */
const noMarks: Marks = {};

/** A replay's mark goes on with the message; a message that only says historical gets the common one. */
function marksOf(message: Message): Marks {
  const id = replayOf(message);
  if (id === undefined) return noMarks;
  const mark = message.replay;
  return { historical: true, replay: typeof mark === 'object' && mark !== null ? { ...(mark as ReplayMark), id } : { id } };
}

/** What the dialog's Listen shows: what arrived, first what belongs to no property yet. */
function listened(site: Site, asset: AssetTwin): unknown {
  const age = (sinceMs: number): number => Math.max(0, site.clock.nowMs() - sinceMs) / site.clock.rate;
  const unknown = asset.twin.unmapped().map(({ address, value, unit, receivedMs, count }) => ({
    address,
    lastValue: value,
    ...(unit === undefined ? {} : { unit }),
    ageMs: age(receivedMs),
    count,
    mapped: null,
  }));
  const properties = new Map(asset.twin.properties().map((property) => [property.name, property]));
  const known = asset.twin.heard().map(({ address, property }) => {
    const state = properties.get(property);
    return { address, lastValue: String(state?.value ?? ''), unit: state?.unit ?? '', ageMs: age(state?.timeMs ?? 0), count: 0, mapped: property };
  });
  return { addresses: [...unknown, ...known] };
}
