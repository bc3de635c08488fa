import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { messageProblems, shapeOf } from '../checks/messageProblems.ts';
import { nodeNames } from '../checks/nodes/nodeUnit.ts';
import { requireService } from '../services/requireService.ts';
import { mosquitto, type Mosquitto } from '../services/startMosquitto.ts';
import { startMailServer } from './startMailServer.ts';
import { startPlc } from './startPlc.ts';
import { type FlowNode, type NodeRed, type NodeRedVersion, nodeRedVersions, readFlow, startNodeRed } from './startNodeRed.ts';

type Sent = Record<string, unknown>;
const object = (value: unknown): Sent => (typeof value === 'object' && value !== null ? (value as Sent) : {});

interface Story {
  /** Plays the flow and asserts what must come of it. `of` gives the id of the only (or the n-th) node of a type. */
  play(nodeRed: NodeRed, of: (type: string, index?: number) => string, flow: readonly FlowNode[]): Promise<void>;
  needsPlc?: true;
  /** How much faster than the wall the plant's time runs; default 60. 1 for a site whose clock is live. */
  plcRate?: number;
  /** Sends mails: to a real server on this computer. */
  withMail?: true;
  /** Its nodes send no messages about twins. */
  silent?: true;
}

/** Presses the button with this name. */
async function press(nodeRed: NodeRed, flow: readonly FlowNode[], name: RegExp): Promise<void> {
  const button = flow.find((node) => node.type === 'inject' && name.test(`${String(node.name)} ${node.id}`));
  assert.ok(button !== undefined, `there is no button like ${name}`);
  await nodeRed.inject(button.id);
}

/** What each shipped flow promises. One that is not here fails the test: an example without a promise is not tested. */
const stories: Record<string, Story> = {
  'examples/twin-asset.json': {
    async play(nodeRed, of, flow) {
      const { message } = await nodeRed.message(of('twin-asset'), (sent, port) => port === 0 && Object.keys(object(sent.payload)).length > 0);
      assert.ok(Array.isArray(message.changed) && typeof message.timestamp === 'number');
      await press(nodeRed, flow, /high/);
      await nodeRed.message(of('twin-asset'), (sent) => object(sent.event).kind === 'limit' && object(sent.event).active === true);
      await press(nodeRed, flow, /bad/);
      await nodeRed.message(of('twin-asset'), (sent, port) => port === 0 && Object.values(object(sent.quality)).includes('bad'));
    },
  },
  'examples/twin-assets.json': {
    async play(nodeRed, of, flow) {
      for (const number of [1, 2, 3]) {
        await nodeRed.message(of('twin-assets'), (sent, port) => port === 0 && object(sent.twin).key === `example-pump-${number}` && Object.keys(object(sent.payload)).length === 2);
      }
      await press(nodeRed, flow, /-high$/);
      const { message } = await nodeRed.message(of('twin-assets'), (sent) => object(sent.event).kind === 'limit' && object(sent.event).active === true);
      assert.equal(object(message.twin).key, 'example-pump-2');
      await press(nodeRed, flow, /nobody/);
      await nodeRed.until(() => nodeRed.statuses.get(of('twin-assets'))?.text === '1 name waits: Pump4', 'the name that waits');
    },
  },
  'examples/twin-baseline.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.message(of('twin-baseline'), (sent) => object(sent.learning).phase === 'learning');
      await press(nodeRed, flow, /again/);
    },
  },
  'examples/twin-anomaly.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.message(of('twin-anomaly'), (sent) => typeof object(sent.anomaly).verdict === 'string');
      await press(nodeRed, flow, /fault/);
    },
  },
  'examples/twin-alert.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-asset'))?.text ?? '') !== '', 'a status of twin-asset');
      await press(nodeRed, flow, /high/);
      const { message } = await nodeRed.message(of('twin-alert'), (sent) => object(sent.case).change === 'opened');
      assert.ok(typeof message.payload === 'string' && message.payload.length > 10);
      await press(nodeRed, flow, /ack/);
      await nodeRed.message(of('twin-alert'), (sent) => object(sent.case).change === 'acknowledged');
    },
  },
  'examples/twin-feedback.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-asset'))?.text ?? '') !== '', 'a status of twin-asset');
      await press(nodeRed, flow, /high/);
      await nodeRed.message(of('twin-alert'), (sent) => object(sent.case).change === 'opened');
      await press(nodeRed, flow, /ask/);
      const { message: asked } = await nodeRed.message(of('twin-feedback'), (_sent, port) => port === 0);
      assert.match(String(asked.payload), /^The case is confirmed: Bearing worn\./);
      await press(nodeRed, flow, /confirm/);
      const { message: done } = await nodeRed.message(of('twin-feedback'), (_sent, port) => port === 1);
      assert.equal(object(object(done.feedback).record).what, 'Bearing worn');
    },
  },
  'examples/twin-readiness.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-asset'))?.text ?? '').includes('values'), 'values in twin-asset');
      await press(nodeRed, flow, /report/);
      const { message } = await nodeRed.message(of('twin-readiness'), (_sent, port) => port === 0);
      assert.equal((message.payload as unknown[]).length, 3);
      assert.match(String(message.text), /^Is the data good enough\? Example readiness/);
      await press(nodeRed, flow, /freeze/);
    },
  },
  'examples/twin-line.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.message(of('twin-line'), (sent, port) => port === 0 && object(sent.payload)['state_example-packer'] === 'producing');
      await press(nodeRed, flow, /stop/);
      const { message } = await nodeRed.message(of('twin-line'), (sent, port) => port === 1 && object(sent.finding).code === 'LINE_STOP');
      assert.equal(message.payload, 'Filler 1 has stopped: aborted.');
      await nodeRed.message(of('twin-line'), (sent, port) => port === 2 && object(sent.frame).kind === 'stop' && object(sent.frame).change === 'begins');
      await nodeRed.message(of('twin-line'), (sent, port) => port === 0 && object(sent.payload)['state_example-packer'] === 'starved');
    },
  },
  'examples/twin-cause.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-line'))?.text ?? '').includes('stations'), 'the line');
      // Both machines' hours have to be in the history.
      let message: Record<string, unknown> | undefined;
      for (let turn = 0; turn < 15 && message === undefined; turn += 1) {
        await press(nodeRed, flow, /^ask tw/);
        const enough = (sent: Record<string, unknown>): boolean => object(sent.cause).about === 'scrap' && object(sent.cause).verdict !== 'not enough data';
        message = await nodeRed.message(of('twin-cause'), enough, 1_500).then((sent) => sent.message, () => undefined);
      }
      assert.ok(message !== undefined, 'no answer');
      assert.match(String(message.payload), /^Sealer 1: \d+ % of the scrap since .* goes with jaw temperature [45].* °C low \(\d+ of \d+ bad parts/);
      await press(nodeRed, flow, /ask about stops/);
      const { message: stops } = await nodeRed.message(of('twin-cause'), (sent) => object(sent.cause).about === 'stops');
      assert.equal(stops.payload, 'Not enough data: 0 stops, needs 20.');
    },
  },
  'examples/twin-what-if.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-line'))?.text ?? '').includes('stations'), 'the line');
      await press(nodeRed, flow, /sealer 5 %/);
      const { message } = await nodeRed.message(of('twin-what-if'), () => true);
      assert.match(String(message.payload), /^Sealer 1: Speed \+5 %: .* \+[45].* Sealer 1 still limits the line\./);
      await press(nodeRed, flow, /labeller 5 %/);
      const { message: spare } = await nodeRed.message(of('twin-what-if'), (sent) => String(sent.payload).startsWith('Labeller'));
      assert.match(String(spare.payload), /^Labeller 1: Speed \+5 % changes almost nothing/);
    },
  },
  'examples/twin-forecast.json': {
    async play(nodeRed, of) {
      // Twelve seconds of values on a machine at rest.
      await nodeRed.until(() => /limit/.test(nodeRed.statuses.get(of('twin-forecast'))?.text ?? ''), 'a forecast', 60_000);
    },
  },
  'examples/twin-read.json': {
    silent: true,
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-asset'))?.text ?? '').startsWith('4 values'), 'values in twin-asset');
      // The site writes its history four times a second.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await press(nodeRed, flow, /means/);
      const { message } = await nodeRed.message(of('twin-read'));
      assert.ok((message.payload as Sent[]).some(({ speed, quality }) => Number(speed) > 1000 && quality === 'uncertain'), JSON.stringify(message.payload));
      await press(nodeRed, flow, /chart/);
      await nodeRed.message(of('twin-read'), (sent) => (sent.payload as Sent[]).some(({ series, y }) => series === 'Pump 10: Motor current (A)' && Number(y) > 4));
      await press(nodeRed, flow, /last values/);
      await nodeRed.message(of('twin-read'), (sent) => object(sent.history).what === 'moment' && (sent.payload as Sent[]).length === 1);
    },
  },
  'examples/twin-link.json': {
    silent: true,
    async play(nodeRed, of, flow) {
      await press(nodeRed, flow, /link-in/);
      await nodeRed.message(of('twin-link'));
      await press(nodeRed, flow, /end/);
    },
  },
  'examples/twin-history.json': {
    async play(nodeRed, of) {
      await nodeRed.message(of('twin-asset'), (_sent, port) => port === 0);
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-history'))?.text ?? '') !== '', 'a status of twin-history');
    },
  },
  'examples/twin-publish.json': {
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-publish'))?.text ?? '').startsWith('1 '), 'one machine published');
      await press(nodeRed, flow, /high/);
      await nodeRed.message(of('twin-publish'), (sent) => object(sent.case).change === 'opened');
    },
  },
  'examples/twin-opcua-source.json': {
    needsPlc: true,
    plcRate: 1,
    async play(nodeRed, of) {
      await nodeRed.message(of('twin-opcua-source'), (sent, port) => port === 0 && Array.isArray(sent.payload), 60_000);
      await nodeRed.message(of('twin-opcua-source'), (sent, port) => port === 1 && object(sent.event).state === 'connected', 60_000);
      await nodeRed.message(of('twin-asset'), (sent, port) => port === 0 && Object.keys(object(sent.payload)).length === 4, 60_000);
    },
  },
  'examples/twin-replay.json': {
    async play(nodeRed, of, flow) {
      await press(nodeRed, flow, /in$/);
      await nodeRed.message(of('twin-replay'), (sent) => object(sent.replay).complete === true);
      const { message } = await nodeRed.message(of('twin-asset'));
      assert.equal(message.historical, true);
    },
  },
  'flows/recorded-machine.json': {
    async play(nodeRed, of, flow) {
      await press(nodeRed, flow, /play/i);
      await nodeRed.message(of('twin-replay'), (sent) => object(sent.replay).complete === true, 60_000);
      await nodeRed.message(of('twin-alert'), (sent) => object(sent.case).change === 'opened' && object(sent.case).historical === true, 60_000);
      const alerts = nodeRed.sent.filter(({ from }) => from === of('twin-alert'));
      assert.ok(alerts.every(({ message }) => message.historical === true), 'an alert about the past passes for one of today');
    },
  },
  'flows/alarms.json': {
    // What arrives at the mail server and the broker: alarms.test.ts.
    withMail: true,
    async play(nodeRed, of, flow) {
      await nodeRed.until(() => (nodeRed.statuses.get(of('twin-asset'))?.text ?? '').includes('values'), 'values in twin-asset');
      await press(nodeRed, flow, /high/);
      const { message } = await nodeRed.message(of('twin-alert'), (sent) => object(sent.case).change === 'opened');
      assert.match(String(message.payload), /<img src="cid:signal"/);
      await press(nodeRed, flow, /al-ask/);
      await nodeRed.message(of('twin-feedback'), (_sent, port) => port === 0);
      await press(nodeRed, flow, /al-answer/);
      await nodeRed.message(of('twin-feedback'), (_sent, port) => port === 1);
    },
  },
  'examples/twin-record.json': {
    silent: true,
    async play(nodeRed, of, flow) {
      for (const button of [/in1/, /in2/, /in3/]) await press(nodeRed, flow, button);
      const { message } = await nodeRed.message(of('twin-record'), (sent) => object(sent.payload).noted === 2);
      assert.deepEqual(object(message.payload).refused, []);
    },
  },
  'examples/twin-query.json': {
    silent: true,
    async play(nodeRed, of, flow) {
      await press(nodeRed, flow, /in1/);
      await nodeRed.until(() => nodeRed.statuses.get(of('twin-record'))?.text === '1 records', 'the part is noted');
      for (const button of [/in2/, /in3/]) await press(nodeRed, flow, button);
      await nodeRed.message(of('twin-query'), (sent) => JSON.stringify(sent.payload).includes('example-sealer'));
      await nodeRed.message(of('twin-query'), (sent) => object(sent.payload).ask === 'impact' && JSON.stringify(sent.payload).includes('C-1001'));
    },
  },
  'flows/traceability.json': {
    silent: true,
    async play(nodeRed, of, flow) {
      // The fourth twin-record is the one of scrap: every fifth carton.
      await nodeRed.message(of('twin-record', 3), undefined, 40_000);
      await press(nodeRed, flow, /ASK/);
      const rowsOf = async (index: number): Promise<string> => {
        const { message } = await nodeRed.message(of('twin-query', index));
        return (object(message.payload).rows as { role: string; element: { key: string } }[]).map(({ role, element }) => `${role} ${element.key}`).join('\n');
      };
      const origin = await rowsOf(0);
      for (const told of [/stay carton-filler/, /stay carton-sealer/, /stay carton-labeller/, /material Film/, /material Label/, /order J-/, /operator (Anna|Ben)/,
        /maintenance W-/]) assert.match(origin, told);
      assert.match(await rowsOf(1), /shared Film/);
      assert.equal(await rowsOf(2), '', 'nothing is made from a carton');
      assert.match(await rowsOf(3), /W-/);
      assert.match(await rowsOf(4), /place carton-labeller/);
    },
  },
  'flows/packaging-line.json': {
    needsPlc: true,
    async play(nodeRed, of, flow) {
      for (const machine of [0, 1, 2]) {
        const { message } = await nodeRed.message(of('twin-asset', machine), (sent, port) => port === 0 && Object.values(object(sent.payload)).filter((value) => value !== null).length >= 6, 60_000);
        assert.ok(object(message.twin).key !== undefined);
      }
      await nodeRed.message(of('twin-anomaly'), (sent) => typeof object(sent.anomaly).verdict === 'string', 60_000);
      // What comes of each fault is tested in packagingLine.test.ts; here, that every button works.
      for (const node of flow) if (node.type === 'inject' && node.once !== true && /begin|end/i.test(String(node.name))) await nodeRed.inject(node.id);
      await nodeRed.until(() => nodeRed.statuses.get(of('OpcUa-Client'))?.text !== undefined, 'a status of the client');
    },
  },
};

describe('what is shipped runs', function () {
  this.timeout(400_000);
  const files = globSync('{examples,flows}/*.json', { cwd: packageRoot })
    .map((file) => file.replaceAll('\\', '/'))
    // They need a customer's settings: starters.test.ts.
    .filter((file) => !file.startsWith('flows/starter-'))
    .sort();
  // One for each version, for both publish under the same names.
  const brokers = new Map<NodeRedVersion, Mosquitto>();
  let deployed = 0;
  before(requireService('mosquitto'));
  before(async () => {
    for (const version of nodeRedVersions) brokers.set(version, await mosquitto());
  });
  after(async () => {
    for (const broker of brokers.values()) await broker.stop();
  });

  it('has an example for every node that is no config node, and a promise for every file', async () => {
    const missing: string[] = [];
    for (const name of nodeNames()) {
      const isConfig = /category:\s*'config'/.test(await readSource(`nodes/${name}/editor.ts`));
      if (!isConfig && !files.includes(`examples/${name}.json`)) missing.push(`examples/${name}.json`);
    }
    assert.deepEqual(missing, [], 'examples are missing');
    assert.deepEqual(files.filter((file) => !Object.hasOwn(stories, file)), [], 'nothing is promised of these');
    assert.deepEqual(Object.keys(stories).filter((file) => !files.includes(file)), [], 'these are promised and missing');
  });

  const environmentOf = (version: NodeRedVersion): Record<string, string> => ({
    TWINWIRE_PLC: '',
    TWINWIRE_MQTT: brokers.get(version)?.url ?? '',
    TWINWIRE_INFLUXDB: '',
    TWINWIRE_RECORDED_MACHINE: path.join(packageRoot, 'flows/recorded-machine.csv'),
    TWINWIRE_CLOCK_RATE: '1',
    TWINWIRE_CLOCK_ORIGIN: '',
  });

  const follow = async (nodeRed: NodeRed, file: string, story: Story): Promise<void> => {
    const flow = await readFlow(file);
    const of = (type: string, index = 0): string => {
      const found = flow.filter((node) => node.type === type)[index];
      assert.ok(found !== undefined, `${file} has no ${type} number ${index + 1}`);
      return found.id;
    };
    await nodeRed.deploy(flow);
    await story.play(nodeRed, of, flow);
    const own = new Set(flow.filter((node) => node.type.startsWith('twin-')).map((node) => node.id));
    const ours = nodeRed.sent.filter(({ from }) => own.has(from));
    assert.deepEqual([...new Set(ours.flatMap(({ message }) => messageProblems(message)))], [], 'messages that do not fit their schema');
    if (story.silent !== true) assert.ok(ours.some(({ message }) => shapeOf(message) !== undefined), 'no message of ours was seen');
    assert.deepEqual(nodeRed.complaints(), []);
  };

  /** With a PLC or a mail server of its own. */
  const playAlone = async (file: string, story: Story, version: NodeRedVersion): Promise<void> => {
    const plc = story.needsPlc === true ? await startPlc({ rate: story.plcRate ?? 60 }) : undefined;
    const mailServer = story.withMail === true ? await startMailServer() : undefined;
    const nodeRed = await startNodeRed({
      version,
      ...(mailServer === undefined ? {} : { settings: { nodesDir: [packageRoot, path.join(packageRoot, 'test/flows/mailNode')] } }),
      withOpcua: story.needsPlc === true,
      environment: {
        ...environmentOf(version),
        ...(mailServer !== undefined && { TWINWIRE_SMTP_HOST: '127.0.0.1', TWINWIRE_SMTP_PORT: String(mailServer.port), TWINWIRE_MAIL_TO: 'maintenance@plant.example' }),
        ...(plc !== undefined && { TWINWIRE_PLC: plc.endpoint, TWINWIRE_CLOCK_RATE: String(plc.rate), TWINWIRE_CLOCK_ORIGIN: String(plc.originMs) }),
      },
    }).catch(async (problem: unknown) => {
      await plc?.stop();
      await mailServer?.stop();
      throw problem;
    });
    try {
      await follow(nodeRed, file, story);
    } finally {
      await nodeRed.stop();
      await plc?.stop();
      await mailServer?.stop();
    }
  };

  /** One Node-RED of each version plays the others, one after the other; each finds it as if it had just been installed. */
  const shared = new Map<NodeRedVersion, NodeRed>();
  after(async () => {
    for (const nodeRed of shared.values()) await nodeRed.stop();
  });
  const playInTurn = async (file: string, story: Story, version: NodeRedVersion): Promise<void> => {
    const nodeRed = shared.get(version) ?? (await startNodeRed({ version, environment: environmentOf(version) }));
    shared.set(version, nodeRed);
    try {
      await follow(nodeRed, file, story);
      await nodeRed.deploy([]);
      assert.deepEqual(nodeRed.complaints(), [], 'as it was taken away');
      await rm(path.join(nodeRed.userDir, 'twinwire'), { recursive: true, force: true });
      for (const kept of [nodeRed.log, nodeRed.sent, nodeRed.errors]) kept.length = 0;
      nodeRed.statuses.clear();
    } catch (problem) {
      shared.delete(version);
      await nodeRed.stop();
      throw problem;
    }
  };

  const playIn = async (file: string, version: NodeRedVersion): Promise<void> => {
    const story = stories[file];
    assert.ok(story !== undefined, `nothing is promised of ${file}`);
    await (story.needsPlc === true || story.withMail === true ? playAlone : playInTurn)(file, story, version);
    deployed++;
  };

  for (const file of files) {
    // Most of it is waiting, so both versions play at once.
    it(`${file} in Node-RED ${nodeRedVersions.map((version) => `${version}.x`).join(' and ')}`, async () => {
      const told = await Promise.allSettled(nodeRedVersions.map((version) => playIn(file, version)));
      const problems = told.flatMap((one, index) => (one.status === 'rejected' ? [`in Node-RED ${nodeRedVersions[index]}.x: ${(one.reason as Error).stack ?? String(one.reason)}`] : []));
      assert.equal(problems.length, 0, problems.join('\n'));
    });
  }

  it('was deployed, every file in every version', () => {
    assert.equal(deployed, files.length * nodeRedVersions.length);
  });
});

async function readSource(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path.join(packageRoot, file), 'utf8');
}
