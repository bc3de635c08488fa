import { unsetVariable } from '../../contract/fields.ts';
import { feedsIn, newMachineSettings, settingsByMachine } from '../../contract/machineSettings.ts';
import type { MachineSettings } from '../../contract/machineSettings.ts';
import { readMachineTable } from '../../contract/machineTable.ts';
import type { MachineList } from '../../contract/machineTable.ts';
import { settingNumber } from '../../contract/settingNumber.ts';
import { tableErrorText } from '../../contract/tableErrorText.ts';
import type { Observation } from '../../engine/observation.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import type { TwinType } from '../../engine/twin/twinType.ts';
import { proposeMachines } from '../../engine/discovery/proposeMachines.ts';
import { heldSignals } from '../heldSignals.ts';
import { HeldValues } from '../heldValues.ts';
import { MachineRouter } from '../machineRouter.ts';
import type { Route } from '../machineRouter.ts';
import { MachineTwin, marksOf, noMarks } from '../machineTwin.ts';
import type { Marks } from '../machineTwin.ts';
import { readMessage } from '../message.ts';
import type { Reading, ReadRow } from '../message.ts';
import { recordedRowsOf } from '../recordedMessage.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime, Status } from '../red.d.ts';
import { problemStatus, status } from '../status.ts';
import { sparkplugNames } from '../sparkplugNames.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { typeOf } from '../typeHandle.ts';
import { fields } from './config.ts';

/** Problems of single machines that are written to the log, one line each. */
const mostTold = 20;
const heldWrittenEveryMs = 10_000;
const mostAddressesAnswered = 1000;
const rememberedReplays = 4;

/** What one message says of one machine. */
interface RowPart {
  topic: string;
  values: Record<string, unknown>;
}

export default function twinAssets(RED: Runtime): void {
  /** What waits outlives a deploy, so that a machine that was just accepted begins with the values that came before. */
  const waiting = new Map<string, HeldValues>();
  const running = new Set<string>();

  RED.nodes.registerType('twin-assets', function constructAssets(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const type = typeOf(RED.nodes.getNode(config.assetType));
    const machines: MachineTwin[] = [];
    const held = waiting.get(node.id) ?? new HeldValues();
    waiting.set(node.id, held);
    let router = new MachineRouter([], undefined, '', new Set());
    const aliases = sparkplugNames(RED, config.rebirth, (problem) => twin.fail(problem));
    let intervalTimer: ReturnType<typeof setInterval> | undefined;
    let stopTicks: (() => void) | undefined;
    let heldWrittenMs = -Infinity;
    let wrong = 0;
    let unreadable: Problem | undefined;
    /** Machines that took part in a replay, so that its end is told for each of them. */
    const replayed = new Map<string, Set<MachineTwin>>();
    twin.show(status('waiting', language));

    function tellWrong(problem: Problem): void {
      wrong++;
      if (wrong <= mostTold) twin.warn(problem);
      else if (wrong === mostTold + 1) node.warn(`TWIN_MACHINES_WRONG: "${twin.title}" has more wrong entries; correct these first.`);
    }

    const opening = whenReady(twin, handle, async () => {
      const site = handle.site as Site;
      if (config.assetType !== '' && type === undefined) {
        const remedy = 'Open the node and choose a type; see the status of the type.';
        twin.refusal = new Problem('TWIN_TYPE_MISSING', `"${twin.title}" has no usable type.`, remedy, { node: twin.title });
        throw twin.refusal;
      }
      const list = await machineList();
      const named: { machine: MachineTwin; names: string[] }[] = [];
      if (type !== undefined) {
        const settings = settingsByMachine(list.settings);
        for (const problem of wrongSettings(list, settings, type)) tellWrong(problem);
        for (const { key, name, place } of list.machines) {
          const own = settings.get(key) ?? newMachineSettings();
          await site.prepare(key, type);
          const machine = register(site, type, key, name, place, own);
          if (machine === undefined) continue;
          machines.push(machine);
          named.push({ machine, names: [...own.placeholders.values()] });
        }
      }
      if (config.topic !== '' && !config.topic.includes('{machine}')) {
        const found = `The topic pattern "${config.topic}" has no {machine} in it.`;
        tellWrong(new Problem('TWIN_TOPIC_PATTERN', found, 'Write it like plant/+/{machine}/#.', { topic: config.topic }));
      }
      await drawFeeds(site, list);
      router = new MachineRouter(named, type, config.topic, new Set(config.leftOut.map(({ name }) => name)));
      if (config.send === 'interval') {
        intervalTimer = setInterval(() => {
          for (const machine of machines) machine.intervalEnded();
        }, config.interval * 1000);
      }
      held.restore(site.waiting(node.id));
      releaseHeld(site);
      stopTicks = site.onTick(() => {
        const nowMs = performance.now();
        if (!held.changed || nowMs - heldWrittenMs < heldWrittenEveryMs) return;
        heldWrittenMs = nowMs;
        writeHeld(site);
      });
      running.add(node.id);
      showState();
    });

    async function machineList(): Promise<MachineList> {
      if (config.source !== 'file') {
        return { machines: config.machines.map((row) => ({ ...row, name: row.name === '' ? row.key : row.name })), settings: config.settings };
      }
      const placeholders = placeholdersOf(type);
      try {
        if (config.file === '') {
          const unset = unsetVariable(definition.file);
          const found = `"${twin.title}" reads its machines from a file, and ${unset === undefined ? 'none is named' : `${unset} is not set`}.`;
          throw new Problem('TWIN_FILE_MISSING', found, unset === undefined ? 'Open the node and name it.' : 'Set it for Node-RED and deploy again.');
        }
        const cells = await (handle as NonNullable<typeof handle>).readCells(config.file);
        const known = type === undefined ? undefined : { properties: type.properties, placeholders };
        const table = readMachineTable(cells, [], known);
        for (const error of table.errors) {
          const found = `${config.file}, ${tableErrorText(error, language)}.`;
          tellWrong(new Problem('TWIN_TABLE_ROW', found, 'Correct the file and deploy again; the other rows run.', { row: error.row }));
        }
        return table;
      } catch (problem) {
        // Nothing is held against the machines of a file that cannot be read: the node says so, and what arrives is held.
        tellWrong(problem as Problem);
        unreadable = problem as Problem;
        return { machines: [], settings: [] };
      }
    }

    /** Whom each machine feeds, as the table says it; a line that the table no longer has ends. */
    async function drawFeeds(site: Site, list: MachineList): Promise<void> {
      if (unreadable !== undefined) return;
      const source = `node:${node.id}`;
      const nowMs = site.clock.nowMs();
      const wanted = new Map(feedsIn(list).map((feed) => [`${feed.from}\n${feed.to}`, feed]));
      await site.relations.end((fact) => fact.source === source && !wanted.has(`${fact.subject}\n${fact.object}`), nowMs, nowMs);
      for (const { from, to } of wanted.values()) {
        try {
          await site.relations.assert({ from, relation: 'feeds', to }, source, nowMs, nowMs);
        } catch (problem) {
          tellWrong(problem as Problem);
        }
      }
    }

    function register(site: Site, ofType: TwinType, key: string, name: string, place: string, own: MachineSettings): MachineTwin | undefined {
      const scaleOf = (property: string): { scale: number; offset: number } => ({
        scale: settingNumber(own.scales.get(property) ?? '') ?? 1,
        offset: settingNumber(own.offsets.get(property) ?? '') ?? 0,
      });
      let machine: MachineTwin | undefined;
      try {
        const asset = site.register({
          nodeId: node.id,
          nodeName: `${twin.title}: ${name}`,
          key,
          name,
          type: ofType,
          path: [...place.split('/').map((part) => part.trim()), key].filter((part) => part !== ''),
          placeholders: own.placeholders,
          mapping: [...own.addresses].map(([property, address]) => ({ address, property, ...scaleOf(property) })),
          scaling: new Map([...own.scales.keys(), ...own.offsets.keys()].map((property) => [property, scaleOf(property)])),
          limits: [...own.limits].map(([property, limits]) => ({ property, ...limits })),
          staleAfter: config.staleAfter,
          onEvents: (events) => {
            machine?.events(events, noMarks);
            for (const { kind, text } of events) if (kind === 'migrated') node.log(text);
            showState();
          },
        });
        machine = new MachineTwin(site, asset, node, { send: config.send, togetherMs: config.together }, showState);
        for (const { code, found, remedy, values } of asset.twin.problems) {
          tellWrong(new Problem(code, `${name}: ${found}`, remedy, { ...values, machine: key }));
        }
        if (asset.problem !== undefined) tellWrong(asset.problem);
        return machine;
      } catch (problem) {
        tellWrong(problem as Problem);
        return undefined;
      }
    }

    twin.onClose(async (removed) => {
      clearInterval(intervalTimer);
      await opening;
      stopTicks?.();
      running.delete(node.id);
      for (const machine of machines) {
        machine.close();
        handle.site?.unregister(machine.asset.key, node.id);
      }
      if (removed) {
        waiting.delete(node.id);
        const nowMs = handle.site?.clock.nowMs() ?? 0;
        await handle.site?.relations.end((fact) => fact.source === `node:${node.id}`, nowMs, nowMs);
      }
      if (handle.site !== undefined && removed) handle.site.keepWaiting(node.id, null);
      else if (handle.site !== undefined && held.changed) writeHeld(handle.site);
    });

    function writeHeld(site: Site): void {
      held.changed = false;
      site.keepWaiting(node.id, held.nameCount + held.addressCount === 0 ? null : held.snapshot());
    }

    /** What waited and has a place now goes there: into the machine's history, and its present where nothing newer is known. */
    function releaseHeld(site: Site): void {
      if (held.nameCount + held.addressCount === 0) return;
      const leftOut = new Set(config.leftOut.map(({ name }) => name));
      const routeOf = (address: string, topic: string): Route => {
        const byTopic = router.ofTopic(topic);
        return byTopic?.machine === undefined ? router.of(address, topic) : { ...byTopic, address };
      };
      const taken = new Map<MachineTwin, Observation[]>();
      held.release(
        (address, topic) => {
          const route = routeOf(address, topic);
          return route.machine !== undefined || route.ignored === true;
        },
        site.clock.nowMs(),
        (observation, topic) => {
          const route = routeOf(observation.address, topic);
          const { machine } = route;
          if (machine === undefined) return;
          const address = machine.addressUnder(topic, route.address);
          const list = taken.get(machine);
          if (list === undefined) taken.set(machine, [{ ...observation, address }]);
          else list.push({ ...observation, address });
        },
      );
      const names = new Set<string>();
      for (const { address, topic } of held.addresses()) {
        const { name } = routeOf(address, topic);
        if (name !== undefined) names.add(name);
      }
      held.forgetNames((name) => !names.has(name) || leftOut.has(name));
      for (const [machine, observations] of taken) machine.takeHeld(observations, {});
    }

    function showState(): void {
      twin.show(stateStatus);
    }

    function stateStatus(): Status {
      const count = machines.length;
      const some = (names: readonly string[]): string => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`;
      if (config.assetType === '') return status('typeWaits', language, { count: held.addressCount });
      if (unreadable !== undefined) return problemStatus(unreadable, language);
      const stale = machines.filter(({ asset }) => asset.twin.stale).map(({ asset }) => asset.twin.name);
      if (stale.length > 0) return status('machinesStale', language, { stale: stale.length, machines: count, names: some(stale) });
      if (wrong > 0) return status('machinesWrong', language, { machines: count, wrong });
      if (held.nameCount > 0) {
        const names = held.names().map(({ name }) => name);
        return status(names.length === 1 ? 'nameWaits' : 'namesWait', language, { count: names.length, names: some(names) });
      }
      if (held.addressCount > 0) return status('addressesWait', language, { machines: count, count: held.addressCount });
      if (count === 0) return status('noMachines', language);
      let values = 0;
      for (const { asset } of machines) values += asset.twin.row;
      return values === 0 ? status('waiting', language) : status('machines', language, { machines: count, count: values });
    }

    function hold(route: Route, observation: Observation, topic: string, nowMs: number, isDevice = false): void {
      if (route.ignored === true) return;
      held.hold(route.name ?? '', observation.address, topic, observation, nowMs, route.address, isDevice);
    }

    /** Whom the life or death of a Sparkplug device or edge node concerns. */
    function machinesOf(device: string): MachineTwin[] {
      const own = router.ofTopic(device)?.machine;
      return machines.filter((machine) => machine === own || machine.isFedBy(device) === true);
    }

    function takeObservations(reading: Extract<Reading, { kind: 'observations' }>, message: Message, marks: Marks, nowMs: number): void {
      const { device = '' } = reading;
      const groups = new Map<MachineTwin, Observation[]>();
      const whole = router.ofTopic(device);
      for (const observation of reading.observations) {
        const route = whole === undefined ? router.of(observation.address, device) : { ...whole, address: observation.address };
        if (route.machine === undefined) {
          if (marks.historical !== true) hold(route, observation, device, nowMs, device.split('/').length === 3);
          continue;
        }
        const own = route.address === observation.address ? observation : { ...observation, address: route.address };
        const group = groups.get(route.machine);
        if (group === undefined) groups.set(route.machine, [own]);
        else group.push(own);
      }
      for (const [machine, observations] of groups) take(machine, { ...reading, observations }, message, marks);
    }

    /** The parts of a row by machine; what belongs to none is held. */
    function splitRow(values: Record<string, unknown>, timeMs: number | undefined, topic: string, marks: Marks, nowMs: number): Map<MachineTwin, RowPart> {
      const parts = new Map<MachineTwin, RowPart>();
      const whole = router.ofTopic(topic);
      if (whole?.machine !== undefined) return parts.set(whole.machine, { topic: whole.topic, values });
      for (const key of Object.keys(values)) {
        const route = whole ?? router.of(key, topic);
        if (route.machine === undefined) {
          const own = whole === undefined ? route : { ...whole, address: key };
          if (marks.historical !== true) hold(own, observationOf(key, values[key], timeMs, nowMs), topic, nowMs);
          continue;
        }
        let part = parts.get(route.machine);
        if (part === undefined) parts.set(route.machine, (part = { topic: route.topic, values: {} }));
        Object.defineProperty(part.values, route.address, { value: values[key], enumerable: true, configurable: true, writable: true });
      }
      return parts;
    }

    function takeRows(rows: readonly ReadRow[], message: Message, marks: Marks, nowMs: number): void {
      const groups = new Map<MachineTwin, ReadRow[]>();
      for (const row of rows) {
        for (const [machine, part] of splitRow(row.values, row.timeMs, row.topic, marks, nowMs)) {
          const group = groups.get(machine);
          if (group === undefined) groups.set(machine, [{ ...row, ...part }]);
          else group.push({ ...row, ...part });
        }
      }
      for (const [machine, group] of groups) take(machine, { kind: 'rows', rows: group, historical: false, topic: '' }, message, marks);
    }

    function take(machine: MachineTwin, reading: Reading, message: Message, marks: Marks): void {
      const id = marks.replay?.id;
      if (id !== undefined) {
        let those = replayed.get(id);
        if (those === undefined) {
          const first = replayed.keys().next();
          if (replayed.size >= rememberedReplays && first.done !== true) replayed.delete(first.value);
          replayed.set(id, (those = new Set()));
        }
        // Its end is told once for each, below.
        those.add(machine);
        const { complete: _complete, ...replay } = marks.replay ?? { id };
        machine.take(reading, message, { historical: true, replay });
        return;
      }
      machine.take(reading, message, marks);
    }

    onInput(twin, opening, (message: Message) => {
      const site = openSite(handle);
      const nowMs = site.clock.nowMs();
      const marks = marksOf(message);
      const recorded = recordedRowsOf(message);
      if (recorded !== undefined) {
        machines.find(({ asset }) => asset.key === recorded.twin)?.rows(recorded.rows, message, marks);
        return;
      }
      const reading = aliases.resolve(readMessage(message, nowMs), String(message.topic ?? ''), (address, device) => router.isAssigned(address, device));
      switch (reading.kind) {
        case 'problem':
          throw reading.problem;
        case 'observations':
          takeObservations(reading, message, marks, nowMs);
          break;
        case 'row':
          for (const [machine, part] of splitRow(reading.values, reading.timeMs, reading.topic ?? '', marks, nowMs)) {
            take(machine, { ...reading, ...part }, message, marks);
          }
          break;
        case 'rows':
          takeRows(reading.rows, message, marks, nowMs);
          break;
        case 'lifecycle': {
          // The source of some machines, where its topic says so; else that of all.
          const one = router.ofTopic(typeof message.topic === 'string' ? message.topic : '')?.machine;
          const meant = one !== undefined ? [one] : reading.device !== undefined ? machinesOf(reading.device) : machines;
          for (const machine of meant) machine.take(reading, message, marks);
          break;
        }
        default:
      }
      const id = marks.replay?.id;
      if (marks.replay?.complete === true && id !== undefined) {
        for (const machine of replayed.get(id) ?? []) machine.rows([], message, marks);
        replayed.delete(id);
      }
      showState();
    });
  });

  RED.httpAdmin.get('/twinwire/assets/:id/held', RED.auth.needsPermission('twin-assets.read'), (request: Request, response: Response) => {
    const id = request.params.id ?? '';
    const held = running.has(id) ? waiting.get(id) : undefined;
    if (held === undefined) {
      // Not deployed yet is no fault of whoever asks.
      response.json({ ok: false, code: 'TWIN_UNKNOWN', names: [], addresses: [] });
      return;
    }
    const names = held.names().sort((one, other) => (one.name < other.name ? -1 : 1));
    response.json({ ok: true, names, addresses: held.addresses().slice(-mostAddressesAnswered) });
  });

  RED.httpAdmin.post('/twinwire/assets/:id/find', RED.auth.needsPermission('twin-assets.write'), (request: Request, response: Response) => {
    const id = request.params.id ?? '';
    const held = running.has(id) ? waiting.get(id) : undefined;
    if (held !== undefined) response.json({ ok: true, proposal: proposeMachines(heldSignals(held.addresses())) });
    else response.json({ ok: false, code: 'TWIN_ASSETS_NOT_DEPLOYED', text: 'This node is not running yet. Press Done and Deploy once, wait until values have arrived, then search again.' });
  });
}

function observationOf(address: string, value: unknown, timeMs: number | undefined, nowMs: number): Observation {
  const plain = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' ? value : null;
  const observation: Observation = { address, value: plain, quality: plain === null ? 'bad' : 'good', receivedTimeMs: nowMs };
  return timeMs === undefined ? observation : { ...observation, sourceTimeMs: timeMs };
}

/** Placeholders of the type's address patterns. */
function placeholdersOf(type: TwinType | undefined): string[] {
  const names = (type?.properties ?? []).flatMap(({ address }) => [...address.matchAll(/\{([^{}]+)\}/g)].map((match) => (match[1] as string).trim()));
  return [...new Set(names)].filter((name) => name !== 'key');
}

/** Settings of machines, properties or placeholders that are not there, and factors that are no numbers. */
function wrongSettings(list: MachineList, settings: ReadonlyMap<string, MachineSettings>, type: TwinType): Problem[] {
  const problems: Problem[] = [];
  const keys = new Set(list.machines.map(({ key }) => key));
  const placeholders = new Set([...placeholdersOf(type), 'key']);
  const say = (machine: string, what: string): void =>
    void problems.push(new Problem('TWIN_SETTING', `"${machine}": ${what}.`, 'Correct the row among the settings of the machines.', { machine }));
  for (const [machine, own] of settings) {
    if (!keys.has(machine)) say(machine, 'there are settings for it, but no machine has this key');
    for (const name of own.placeholders.keys()) {
      if (!placeholders.has(name)) say(machine, `the type ${type.title} has no placeholder and no property setting "${name}"`);
    }
    for (const [what, values] of [['factor', own.scales], ['offset', own.offsets]] as const) {
      for (const [property, value] of values) {
        if (!type.indexOf.has(property)) say(machine, `the type ${type.title} has no property "${property}"`);
        if (settingNumber(value) === undefined) say(machine, `the ${what} "${value.slice(0, 60)}" of ${property} is not a number`);
      }
    }
  }
  return problems;
}
