import type { AlertDigestMessage, AlertMessage, TwinBatchMessage, TwinEvent, TwinMessage } from '../../contract/messages.ts';
import type { CaseChange } from '../../engine/alarms/caseBook.ts';
import { Notifier } from '../../engine/alarms/notifier.ts';
import type { Digest, Told } from '../../engine/alarms/notifier.ts';
import { Problem } from '../../engine/problem.ts';
import { acknowledgeCase, alertMessages, conditionOfEvent, noteCases, takeConditions, takeVerdicts, watchCases } from '../../engine/site/alert.ts';
import { AlarmRules } from '../../engine/site/alarmRules.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import { digestText, testText } from '../../engine/site/sentences.ts';
import { endForgotten, suppressByExpressions, unknownNames } from '../../engine/site/quietExpressions.ts';
import type { Site } from '../../engine/site/site.ts';
import { AlarmBits } from '../alarmBits.ts';
import { AlertShaper } from '../alertShape.ts';
import { alarmRulesOf, alertSettingsOf, notifierSettingsOf, quietWhileOf } from '../alertSettings.ts';
import { alarmActionOf, commandOf } from '../command.ts';
import { deliverTo } from '../deliverTo.ts';
import type { DeliveryLine } from '../deliverTo.ts';
import { localCalendar } from '../localCalendar.ts';
import { quietPreviewRoute } from '../quietPreview.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, isLate } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** What a twin-alert sends; a test has a case of its own, which is nowhere kept. */
type Sent = { message: AlertMessage | AlertDigestMessage; path: readonly string[]; key: string };

const keptFor = (nodeId: string): string => `alert/${nodeId}`;

export default function twinAlert(RED: Runtime): void {
  /** What the button "test alarm" does, by the node's id. */
  const tests = new Map<string, () => Promise<void>>();

  RED.httpAdmin.post('/twinwire/alert/:id/test', RED.auth.needsPermission('twin-alert.write'), (request: Request, response: Response) => {
    const test = tests.get(request.params['id'] ?? '');
    if (test === undefined) {
      response.json({ ok: false });
      return;
    }
    test().then(
      () => response.json({ ok: true }),
      (problem: unknown) => {
        RED.log.error(`twin-alert: ${String(problem)}`);
        response.json({ ok: false });
      },
    );
  });

  quietPreviewRoute(RED);

  RED.nodes.registerType('twin-alert', function constructAlert(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const settings = alertSettingsOf(config, node.id);
    const { rules, problems } = alarmRulesOf(config.rules, twin.title);
    const notifying = notifierSettingsOf(config, twin.title);
    for (const problem of [...problems, ...(notifying.problem === undefined ? [] : [notifying.problem])]) twin.fail(problem);
    const { quietWhile, problem: quietProblem } = quietWhileOf(config.quietWhile, twin.title);
    if (quietProblem !== undefined) twin.fail(quietProblem);
    const watches = new AlarmRules({ rules, badSignalAfterMs: config.badSignalAfter * 1000, ...(quietWhile !== undefined && { quietWhile }) });
    const bits = new AlarmBits(config.bits);
    let notifier = new Notifier(notifying.settings);
    /** Live machines that this node answers for. */
    const own = new Map<string, AssetTwin>();
    const named = new Set<string>();
    let line: DeliveryLine | undefined;
    const shaper = new AlertShaper(handle, config);
    twin.show(status('noCase', language));

    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      notifier = new Notifier(notifying.settings, site.waiting(keptFor(node.id)));
      twin.onClose(site.alarms.limitShelf(node.id, config.longestShelf * 3_600_000));
      twin.onClose(
        site.onTick(() => {
          // A case that this node told before a restart or deploy is still its own, though the machine has said nothing since.
          for (const asset of site.assets()) {
            if (asset.cases.teller !== node.id || own.has(asset.key)) continue;
            take(site, asset);
            showCases();
          }
          for (const [key, asset] of own) {
            if (site.asset(key) !== asset) {
              own.delete(key);
              continue;
            }
            const nowMs = site.clock.nowMs();
            tell(site, asset, suppress(site, asset, nowMs)).catch(complain);
            const due = watches.isEmpty || site.options.clock === 'replay' ? [] : watches.advance(site, asset, nowMs);
            tell(site, asset, due.length === 0 ? [] : takeConditions(site, asset, due, settings)).catch(complain);
            tell(site, asset, watchCases(site, asset, settings, nowMs)).catch(complain);
          }
          send(site).catch(complain);
        }),
      );
      twin.onClose(
        site.onCaseChanges((asset, changes) => {
          if (own.has(asset.key)) tell(site, asset, changes).catch(complain);
        }),
      );
      twin.onClose((removed) => {
        if (removed) site.keepWaiting(keptFor(node.id), null);
      });
      if (config.mqtt !== '') line = deliverTo(RED, twin, site, config.mqtt, `alert:${node.id}`, { waitMs: 0, onProblem: (problem) => twin.fail(problem), onDelivered: showCases });
      tests.set(node.id, () => sendTest(site));
      twin.onClose(() => void tests.delete(node.id));
    });

    /** From now on this node answers for the machine. */
    function take(site: Site, asset: AssetTwin): void {
      if (own.get(asset.key) === asset) return;
      own.set(asset.key, asset);
      const forgotten = endForgotten(site, asset, watches.quietOf(site, asset), node.id, (id) => RED.nodes.getNode(id) === null);
      noteCases(site, asset, forgotten);
      tell(site, asset, forgotten).catch(complain);
      checkNames(site, asset);
      const over = watches.orphans(site, asset, node.id);
      if (over.length > 0) tell(site, asset, takeConditions(site, asset, over, settings)).catch(complain);
    }

    function suppress(site: Site, asset: AssetTwin, timeMs: number): CaseChange[] {
      if (!watches.quiets) return [];
      const changes = suppressByExpressions(site, asset, watches.quietOf(site, asset), node.id, timeMs, settings.settleMs ?? 0);
      noteCases(site, asset, changes);
      return changes;
    }

    /** A name that the machine has not can never be told: said once for each type. */
    function checkNames(site: Site, asset: AssetTwin): void {
      for (const { compiled } of watches.quietOf(site, asset)) {
        const [name] = unknownNames(asset, compiled);
        const place = JSON.stringify([asset.twin.type.name, compiled.text]);
        if (name === undefined || named.has(place)) continue;
        named.add(place);
        const found = `"${compiled.text.trim()}" of "${twin.title}" suppresses nothing at ${asset.twin.name}: it has no property "${name}".`;
        twin.fail(new Problem('TWIN_ALERT_UNLESS', found, 'Correct the name, or say in the rule of which types the machines are.', { node: twin.title, name }));
      }
    }

    function complain(problem: unknown): void {
      node.warn(String(problem));
    }

    /** Takes changes to be told in; each is told as soon as it may. Resolves when what has to be delivered is on disk. */
    async function tell(site: Site, asset: AssetTwin, changes: readonly CaseChange[]): Promise<void> {
      if (changes.length === 0) return;
      if (asset.replay !== undefined) {
        for (const message of alertMessages(site, asset, changes)) node.send(message as unknown as Message);
        return;
      }
      const sending: Promise<void>[] = [];
      for (const change of changes) {
        notifier.offer(asset.key, change, site.alarms.steadyMs());
        sending.push(send(site));
      }
      showCases();
      await Promise.all(sending);
    }

    /** Sends what is due. */
    async function send(site: Site): Promise<void> {
      const nowMs = site.clock.nowMs();
      const date = localCalendar.dateOf(nowMs);
      const minuteOfDay = Math.floor((nowMs - localCalendar.utcOf(date.year, date.month, date.day, 0, 0, 0)) / 60_000);
      const { told, digests } = notifier.due(site.alarms.steadyMs(), { minuteOfDay, day: `${date.year}-${date.month}-${date.day}` }, site.alarms.flood);
      keepNotifier(site);
      if (told.length === 0 && digests.length === 0) return;
      await publish([...told.flatMap((each) => messageOf(site, each) ?? []), ...digests.map((digest) => digestMessage(site, digest))]);
    }

    function messageOf(site: Site, { twin: key, change }: Told): Sent | undefined {
      const asset = site.asset(key);
      if (asset === undefined) return undefined;
      const [message] = alertMessages(site, asset, [change]);
      return message === undefined ? undefined : { message, path: message.twin.path, key };
    }

    function digestMessage(site: Site, digest: Digest): Sent {
      const members = digest.members.flatMap((each) => messageOf(site, each) ?? []).map(({ message }) => message as AlertMessage);
      const texts = members.map(({ topic, payload }) => ({ subject: topic, body: payload }));
      const text = digestText({ site: site.options.name, reason: digest.reason, alarms: digest.inTenMinutes, texts }, language);
      const priorities = members.map(({ alarm }) => alarm.priority);
      const message: AlertDigestMessage = {
        topic: text.subject,
        payload: text.body,
        digest: { v: 1, reason: digest.reason, inTenMinutes: digest.inTenMinutes },
        cases: members.map((member) => member.case),
        alarm: { v: 1, priority: priorities.includes('high') ? 'high' : priorities.includes('medium') ? 'medium' : 'low', idempotencyKey: `${node.id}/${digest.idempotencyKey}` },
        timestamp: site.clock.nowMs(),
      };
      return { message, path: [site.options.name, 'digest'], key: 'digest' };
    }

    async function publish(sent: readonly Sent[]): Promise<void> {
      const records: { idempotencyKey: string; body: string }[] = [];
      for (const { message, path, key } of sent) {
        const topic = fillTopic(config.mqttTopic, path, key);
        records.push({ idempotencyKey: message.alarm.idempotencyKey, body: JSON.stringify({ topic, payload: mqttBody(message), retain: false }) });
      }
      // All of it at once, so that nothing told meanwhile comes in between.
      const keeping = line?.add(records);
      await shaper.send(handle?.site, sent, (message) => node.send(message));
      await keeping;
    }

    /** The way of a real alarm, to the end, with a message that says in its first word that it is none. */
    async function sendTest(site: Site): Promise<void> {
      const nowMs = site.clock.nowMs();
      const text = testText(site.options.name, twin.title, language);
      const message: AlertMessage = {
        topic: text.subject,
        payload: text.body,
        case: {
          v: 1, id: `TEST/${nowMs}`, twin: 'TEST', state: 'open', change: 'opened', sinceMs: nowMs, changedMs: nowMs, letter: 'C', signals: [], occurrences: 1, historical: false,
        },
        alarm: { v: 1, priority: 'high', idempotencyKey: `${node.id}/TEST/${nowMs}`, test: true },
        why: { signals: [], neighbours: [] },
        twin: { v: 1, key: 'TEST', name: 'TEST', type: '', state: '', path: [site.options.name, 'TEST'], units: {}, row: 0 },
        timestamp: nowMs,
      };
      site.alarms.note({ twin: '', event: 'TEST', why: twin.title });
      await publish([{ message, path: message.twin.path, key: 'TEST' }]);
    }

    /** What waits to be told, so that it is told after a power cut as well; written in one commit with the cases. */
    function keepNotifier(site: Site): void {
      if (notifier.takeDirty()) site.keepWaiting(keptFor(node.id), notifier.snapshot());
    }

    function showCases(): void {
      const open = [...own.values()].filter((asset) => asset.cases.open !== undefined);
      const [first] = open;
      twin.show(first === undefined ? status('noCase', language) : status('caseOpen', language, { count: open.length, machine: first.twin.name }));
    }

    onInput(twin, opening, async (message: Message) => {
      const site = openSite(handle);
      const action = alarmActionOf(message);
      if (action !== undefined) {
        const asset = site.asset(action.twin);
        if (asset !== undefined) take(site, asset);
        site.alarms.act(action);
        return;
      }
      const command = commandOf(message);
      if (command !== undefined) {
        if (command.do !== 'acknowledge') throw new Problem('TWIN_COMMAND', `twin-alert cannot "${command.do}".`, "Send msg.command = {do: 'acknowledge', twin, case, by}.");
        const key = command.twin ?? command.case?.slice(0, command.case.lastIndexOf('/'));
        const asset = key === undefined ? [...own.values()].find((each) => each.cases.open?.state === 'open') : site.asset(key);
        if (asset === undefined) {
          throw new Problem('TWIN_CASE_UNKNOWN', 'There is no open case to acknowledge.', 'Name the machine in msg.command.twin.');
        }
        take(site, asset);
        acknowledgeCase(site, asset, command.case, command.by ?? '', 'message', 'comment' in command ? command.comment : undefined);
        return;
      }
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      if (isLate(message)) return;
      if (asset.replay === undefined) take(site, asset);
      const event = message.event as TwinEvent | undefined;
      if (typeof event === 'object' && event !== null && typeof event.kind === 'string') {
        const condition = conditionOfEvent(event, settings);
        if (condition !== undefined) await tell(site, asset, [...suppress(site, asset, event.timeMs), ...takeConditions(site, asset, [condition], settings)]);
        return;
      }
      if (message.anomaly === undefined && watches.isEmpty && !watches.quiets && config.bits.length === 0) {
        throw new Problem('TWIN_NOTHING_TO_ALERT', `"${twin.title}" got a message without a verdict or event.`, 'Wire a twin-anomaly, or the second output of twin-asset, in front of it.');
      }
      const told = message as unknown as Parameters<typeof takeVerdicts>[2];
      // Mode first: it decides whether what the rules find is an alarm.
      const changes = [...suppress(site, asset, told.timestamp), ...takeVerdicts(site, asset, told, settings)];
      if (!watches.isEmpty) changes.push(...takeConditions(site, asset, watches.take(site, asset, told), settings));
      bits.take(site, asset, goodValues(told));
      await tell(site, asset, changes);
      if (asset.replay !== undefined) await tell(site, asset, watchCases(site, asset, settings, told.timestamp));
    });
  });
}

/** The newest values that came with a message, without those whose quality is not good. */
function goodValues(message: TwinMessage | TwinBatchMessage): TwinMessage['payload'] {
  const batch = batchOf(message as unknown as Message);
  const row = batch?.payload.at(-1);
  const quality = batch === undefined ? (message as TwinMessage).quality : (batch.quality[batch.payload.length - 1] ?? {});
  const values = (batch === undefined ? (message as TwinMessage).payload : (row ?? {})) as TwinMessage['payload'];
  if (Object.keys(quality).length === 0) return values;
  return Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(quality, name)));
}

/** What goes over MQTT: the data of the case, with its text for a person. */
function mqttBody(message: AlertMessage | AlertDigestMessage): string {
  const { topic, payload, alarm, timestamp } = message;
  if ('digest' in message) return JSON.stringify({ subject: topic, text: payload, digest: message.digest, cases: message.cases, alarm, timestamp });
  const { case: twinCase, why, twin } = message;
  return JSON.stringify({ subject: topic, text: payload, case: twinCase, alarm, why, twin, timestamp });
}

/** No name may make another topic of it: separators and wildcards in it become `_`. */
function fillTopic(template: string, path: readonly string[], key: string): string {
  const plain = (part: string): string => part.replace(/[+#/\u0000-\u001f]/g, '_');
  return template.replaceAll('{path}', path.map(plain).join('/')).replaceAll('{key}', plain(key));
}
