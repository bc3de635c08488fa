import { Problem } from '../../engine/problem.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import { timeText } from '../../engine/site/sentences.ts';
import type { Site } from '../../engine/site/site.ts';
import { MachineTwin, marksOf, noMarks } from '../machineTwin.ts';
import { readMessage } from '../message.ts';
import { recordedRowsOf } from '../recordedMessage.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime, Status } from '../red.d.ts';
import { sparkplugNames } from '../sparkplugNames.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { typeOf } from '../typeHandle.ts';
import { fields } from './config.ts';

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
    let machine: MachineTwin | undefined;
    let intervalTimer: ReturnType<typeof setInterval> | undefined;
    twin.show(status('waiting', language));

    const opening = whenReady(twin, handle, async () => {
      const site = handle.site as Site;
      if (type === undefined) {
        twin.refusal = new Problem('TWIN_TYPE_MISSING', `The machine "${name}" has no usable type.`, 'Open the node and choose a type; if one is chosen, see its status.', { name });
        throw twin.refusal;
      }
      // A key whose variable is not set is no key that was forgotten: the remedy is another.
      if (config.key === '' && twin.wrongSettings?.code === 'TWIN_ENVIRONMENT') {
        twin.refusal = twin.wrongSettings;
        throw twin.refusal;
      }
      let asset: AssetTwin;
      try {
        await site.prepare(config.key, type);
        asset = site.register({
          nodeId: node.id,
          nodeName: twin.title,
          key: config.key,
          name,
          type,
          path: [...config.place.split('/').map((part) => part.trim()), config.key].filter((part) => part !== ''),
          placeholders: new Map(config.placeholders.map((row) => [row.name, row.value])),
          mapping: config.mapping,
          limits: config.limits,
          staleAfter: config.staleAfter,
          onEvents: (events) => {
            machine?.events(events, noMarks);
            const migrated = events.find(({ kind }) => kind === 'migrated');
            if (migrated === undefined) {
              showState();
              return;
            }
            node.log(migrated.text);
            twin.show(status('migrated', language, { from: migrated.from ?? '', to: migrated.to ?? '' }));
          },
        });
      } catch (problem) {
        twin.refusal = problem as Problem;
        throw problem;
      }
      for (const problem of asset.twin.problems) twin.fail(problem);
      if (asset.problem !== undefined) twin.fail(asset.problem);
      machine = new MachineTwin(site, asset, node, { send: config.send, togetherMs: config.together }, showState);
      if (config.send === 'interval') intervalTimer = setInterval(() => machine?.intervalEnded(), config.interval * 1000);
      running.set(node.id, () => listened(site, asset));
    });

    twin.onClose(async () => {
      clearInterval(intervalTimer);
      await opening;
      machine?.close();
      running.delete(node.id);
      if (machine !== undefined) handle.site?.unregister(machine.asset.key, node.id);
    });

    const aliases = sparkplugNames(RED, config.rebirth, (problem) => twin.fail(problem));
    const isAssigned = (address: string, device: string): boolean => machine !== undefined && (machine.asset.twin.knows(address) || machine.asset.twin.knows(`${device}/${address}`));

    function showState(): void {
      if (machine !== undefined) twin.show(stateStatus);
    }

    function stateStatus(): Status {
      const { stale, state, timeMs = 0, unmappedCount, row: count } = (machine as MachineTwin).asset.twin;
      if (stale) return status('stale', language, { time: timeText(timeMs, language) });
      if (unmappedCount > 0) return status('unmapped', language, { count, unmapped: unmappedCount });
      return status('live', language, { count, state: state === '' ? '✓' : state });
    }

    onInput(twin, opening, (message: Message) => {
      const site = openSite(handle);
      if (machine === undefined) throw new Problem('TWIN_SITE_CLOSED', 'The site of this node is not open.', 'See the status of the site.');
      const marks = marksOf(message);
      const recorded = recordedRowsOf(message);
      if (recorded !== undefined) {
        // History that was read for another machine.
        if (recorded.twin === machine.asset.key) machine.rows(recorded.rows, message, marks);
        return;
      }
      const reading = aliases.resolve(readMessage(message, site.clock.nowMs()), String(message.topic ?? ''), isAssigned);
      if (reading.kind === 'problem') throw reading.problem;
      if (reading.kind === 'ignored' && marks.replay?.complete === true) machine.rows([], message, marks);
      else machine.take(reading, message, marks);
    });
  });

  RED.httpAdmin.get('/twinwire/asset/:id/addresses', RED.auth.needsPermission('twin-asset.read'), (request: Request, response: Response) => {
    const answer = running.get(request.params.id ?? '');
    if (answer === undefined) response.status(404).json({ ok: false, code: 'TWIN_UNKNOWN' });
    else response.json(answer());
  });
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
