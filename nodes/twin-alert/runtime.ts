import type { AlertMessage, TwinEvent } from '../../contract/messages.ts';
import { Problem } from '../../engine/problem.ts';
import { acknowledgeCase, conditionOfEvent, takeConditions, takeVerdicts, watchCases } from '../../engine/site/alert.ts';
import type { AlertSettings } from '../../engine/site/alert.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import type { Site } from '../../engine/site/site.ts';
import { commandOf } from '../command.ts';
import { deliverTo } from '../deliverTo.ts';
import type { DeliveryLine } from '../deliverTo.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { assetOfMessage, isLate } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

export default function twinAlert(RED: Runtime): void {
  RED.nodes.registerType('twin-alert', function constructAlert(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const settings: AlertSettings = {
      onAnomaly: config.onAnomaly,
      onLimit: config.onLimit,
      onStale: config.onStale,
      clearAfterMs: config.clearAfter * 1000,
      repeatAfterMs: config.repeatAfter * 3_600_000,
      teller: node.id,
    };
    /** Live machines that this node answers for. */
    const own = new Map<string, AssetTwin>();
    let line: DeliveryLine | undefined;
    twin.show(status('noCase', language));

    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      twin.onClose(
        site.onTick(() => {
          // A case that this node told before a restart or deploy is still its own, though the machine has said nothing since.
          for (const asset of site.assets()) {
            if (asset.cases.teller !== node.id || own.has(asset.key)) continue;
            own.set(asset.key, asset);
            showCases();
          }
          for (const [key, asset] of own) {
            if (site.asset(key) !== asset) own.delete(key);
            else void publish(watchCases(site, asset, settings, site.clock.nowMs())).catch((problem: unknown) => node.warn(String(problem)));
          }
        }),
      );
      twin.onClose(
        site.onAnswered((message) => {
          if (own.has(message.twin.key)) void publish([message]).catch((problem: unknown) => node.warn(String(problem)));
        }),
      );
      if (config.mqtt !== '') line = deliverTo(RED, twin, site, config.mqtt, `alert:${node.id}`, { waitMs: 0, onProblem: (problem) => twin.fail(problem), onDelivered: showCases });
    });

    /** Resolves when what has to be delivered is on disk. */
    async function publish(messages: readonly AlertMessage[]): Promise<void> {
      if (messages.length === 0) return;
      const records: { idempotencyKey: string; body: string }[] = [];
      for (const message of messages) {
        node.send(message as unknown as Message);
        if (message.historical === true) continue;
        const topic = fillTopic(config.mqttTopic, message.twin.path, message.twin.key);
        records.push({ idempotencyKey: message.alarm.idempotencyKey, body: JSON.stringify({ topic, payload: mqttBody(message), retain: false }) });
      }
      showCases();
      // All of it at once, so that nothing told meanwhile comes in between.
      await line?.add(records);
    }

    function showCases(): void {
      const open = [...own.values()].filter((asset) => asset.cases.open !== undefined);
      const [first] = open;
      twin.show(first === undefined ? status('noCase', language) : status('caseOpen', language, { count: open.length, machine: first.twin.name }));
    }

    onInput(twin, opening, async (message: Message) => {
      const site = openSite(handle);
      const command = commandOf(message);
      if (command !== undefined) {
        if (command.do !== 'acknowledge') throw new Problem('TWIN_COMMAND', `twin-alert cannot "${command.do}".`, "Send msg.command = {do: 'acknowledge', twin, case, by}.");
        const key = command.twin ?? command.case?.slice(0, command.case.lastIndexOf('/'));
        const asset = key === undefined ? [...own.values()].find((each) => each.cases.open?.state === 'open') : site.asset(key);
        if (asset === undefined) {
          throw new Problem('TWIN_CASE_UNKNOWN', 'There is no open case to acknowledge.', 'Name the machine in msg.command.twin.');
        }
        own.set(asset.key, asset);
        acknowledgeCase(site, asset, command.case, command.by ?? '');
        return;
      }
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      if (isLate(message)) return;
      if (asset.replay === undefined) own.set(asset.key, asset);
      const event = message.event as TwinEvent | undefined;
      if (typeof event === 'object' && event !== null && typeof event.kind === 'string') {
        const condition = conditionOfEvent(event, settings);
        if (condition !== undefined) await publish(takeConditions(site, asset, [condition], settings));
        return;
      }
      if (message.anomaly === undefined) {
        throw new Problem('TWIN_NOTHING_TO_ALERT', `"${twin.title}" got a message without a verdict or event.`, 'Wire a twin-anomaly, or the second output of twin-asset, in front of it.');
      }
      const told = message as unknown as Parameters<typeof takeVerdicts>[2];
      await publish(takeVerdicts(site, asset, told, settings));
      if (asset.replay !== undefined) await publish(watchCases(site, asset, settings, told.timestamp));
    });
  });
}

/** What goes over MQTT: the data of the case, with its text for a person. */
function mqttBody(message: AlertMessage): string {
  const { topic, payload, case: twinCase, alarm, why, twin, timestamp } = message;
  return JSON.stringify({ subject: topic, text: payload, case: twinCase, alarm, why, twin, timestamp });
}

/** No name may make another topic of it: separators and wildcards in it become `_`. */
function fillTopic(template: string, path: readonly string[], key: string): string {
  const plain = (part: string): string => part.replace(/[+#/\u0000-\u001f]/g, '_');
  return template.replaceAll('{path}', path.map(plain).join('/')).replaceAll('{key}', plain(key));
}
