import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import type { Problem } from '../../engine/problem.ts';
import { readMessage } from '../../nodes/message.ts';
import { rebirthCommand, SparkplugAliases } from '../../nodes/sparkplugAliases.ts';
import { requireService } from '../services/requireService.ts';
import { mosquitto } from '../services/startMosquitto.ts';
import type { Mosquitto } from '../services/startMosquitto.ts';
import { plantFlow } from './plantFlow.ts';
import { property, startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

type Metric = Record<string, unknown>;
interface Message { topic: string; payload: { timestamp: number; metrics: Metric[] } }

const message = (kind: string, device: string, ...metrics: Metric[]): Message => ({
  topic: `spBv1.0/plant/${kind}/edge${device === '' ? '' : `/${device}`}`,
  payload: { timestamp: 1_780_000_000_000, metrics },
});

/** Protocol Buffers, as little of it as an NCMD needs: field numbers with their values. */
function decode(bytes: Uint8Array): [field: number, value: bigint | Uint8Array][] {
  const found: [number, bigint | Uint8Array][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) found.push([tag >> 3, varint()]);
    else {
      const length = Number(varint());
      found.push([tag >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return found;
}

describe('Sparkplug metrics that carry their alias alone', () => {
  let problems: Problem[];
  let sent: string[];
  let monotonicMs: number;
  const aliases = (maySend = true): SparkplugAliases => new SparkplugAliases({
    ...(maySend && { send: async (topic: string) => void sent.push(topic) }),
    nowMs: () => 1_780_000_000_000, monotonicMs: () => monotonicMs, onProblem: (problem) => void problems.push(problem),
  });
  beforeEach(() => {
    problems = [];
    sent = [];
    monotonicMs = 0;
  });
  const read = (known: SparkplugAliases, given: Message, isKnown = (_address: string): boolean => false): string[] | string => {
    const reading = known.resolve(readMessage(given, 0), given.topic, isKnown);
    return reading.kind === 'observations' ? reading.observations.map(({ address, value }) => `${address}=${String(value)}`) : reading.kind;
  };
  const long = { low: 7, high: 1, unsigned: true };

  it('are named by the birth of their device, however a decoder writes the number', () => {
    const known = aliases();
    read(known, message('DBIRTH', 'press', { name: 'temperature', alias: 5, value: 1 }, { name: 'speed', alias: long, value: 2 }, { name: 'Device Control/Reset', alias: 9, value: false }));
    read(known, message('DBIRTH', 'pump', { name: 'pressure', alias: 5, value: 3 }));
    assert.deepEqual(read(known, message('DDATA', 'press', { alias: 5, value: 10 }, { alias: 4_294_967_303n, name: '', value: 20 }, { name: 'mode', value: 'run' }, { alias: 9, value: true })),
      ['temperature=10', 'speed=20', 'mode=run']);
    assert.deepEqual(read(known, message('DDATA', 'pump', { alias: '5', name: null, value: 30 })), ['pressure=30'], 'another device, the same number');
    assert.deepEqual([problems, sent], [[], []]);
  });

  it('without a birth are left out, said once, and a rebirth is asked for, not too often', () => {
    const known = aliases();
    assert.equal(read(known, message('DDATA', 'press', { alias: 5, value: 1 })), 'ignored');
    assert.deepEqual(read(known, message('DDATA', 'press', { alias: 5, value: 1 }, { name: 'mode', value: 'run' })), ['mode=run']);
    assert.deepEqual(problems.map(({ code, found }) => `${code}: ${found}`), [
      'TWIN_SPARKPLUG_ALIAS: 1 metrics of plant/edge/press come by their alias alone (5), and no birth certificate has named it.',
    ]);
    assert.match(problems[0]?.remedy ?? '', /is asked/);
    assert.deepEqual(sent, ['spBv1.0/plant/NCMD/edge']);
    monotonicMs = 30_000;
    read(known, message('DDATA', 'press', { alias: 5, value: 1 }));
    assert.equal(sent.length, 2);
    read(known, message('DBIRTH', 'press', { name: 'temperature', alias: 5, value: 1 }));
    assert.deepEqual(read(known, message('DDATA', 'press', { alias: 5, value: 2 })), ['temperature=2']);
    const silent = aliases(false);
    read(silent, message('NDATA', '', { alias: 1, value: 1 }));
    assert.match(problems.at(-1)?.remedy ?? '', /choose a broker/);
    assert.equal(sent.length, 2, 'who may not publish does not');
  });

  it('a death, and the birth of the edge node, end what the numbers stood for; an address assigned by hand stays', () => {
    const known = aliases();
    const birth = message('DBIRTH', 'press', { name: 'temperature', alias: 5, value: 1 });
    for (const end of [message('DDEATH', 'press'), message('NDEATH', ''), message('NBIRTH', '', { name: 'bdSeq', alias: 0, value: 1 })]) {
      read(known, birth);
      read(known, end);
      assert.equal(read(known, message('DDATA', 'press', { alias: 5, value: 1 })), 'ignored', end.topic);
    }
    assert.deepEqual(read(known, message('DDATA', 'press', { alias: 5, value: 4 }), (address) => address === 'alias:5'), ['alias:5=4']);
  });

  it('the command is the one of the standard', () => {
    const nowMs = 1_780_000_000_123;
    const [time, metric] = decode(rebirthCommand(nowMs));
    assert.deepEqual(time, [1, BigInt(nowMs)]);
    const fields = decode(metric?.[1] as Uint8Array).map(([field, value]) => [field, typeof value === 'bigint' ? Number(value) : Buffer.from(value).toString()]);
    assert.deepEqual([metric?.[0], fields], [2, [[1, 'Node Control/Rebirth'], [3, nowMs], [4, 11], [14, 1]]]);
  });

  describe('in a flow, with a real broker', function () {
    this.timeout(30_000);
    let broker: Mosquitto;
    let run: StartedFlow;
    let reader: MqttClient;
    let userDir = '';
    before(requireService('mosquitto'));
    before(async () => {
      userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-sparkplug-'));
      broker = await mosquitto();
    });
    after(async () => {
      await run.stop();
      await reader.endAsync(true);
      await broker.stop();
      rmSync(userDir, { recursive: true, force: true });
    });

    it('twin-asset asks the edge node, which is born anew, and knows its values', async () => {
      const properties = [property('temperature', { address: 'temperature', unit: 'Cel' })];
      run = await startFlow(plantFlow({ properties, asset: { rebirth: 'broker' }, more: [{ id: 'broker', type: 'twin-mqtt', url: broker.url }] }), { userDir });
      reader = await mqtt.connectAsync(broker.url);
      const asked = new Promise<Buffer>((resolve) => reader.on('message', (_topic, payload) => resolve(payload)));
      await reader.subscribeAsync('spBv1.0/plant/NCMD/edge');
      const send = (given: Message): void => run.node('asset').receive({ ...given, payload: { ...given.payload, timestamp: Date.now() } });
      send(message('DDATA', 'press', { alias: 5, value: 80 }));
      assert.equal(decode(await asked).length, 2);
      await run.until(() => run.warnings().some((text) => text.includes('TWIN_SPARKPLUG_ALIAS')) && run.statuses('asset').some(({ fill }) => fill === 'red'), 'it is said');
      send(message('DBIRTH', 'press', { name: 'temperature', alias: 5, value: 81 }));
      send(message('DDATA', 'press', { alias: 5, value: 82 }));
      await run.until(() => run.received('asset-out').some(({ payload }) => (payload as { temperature?: number }).temperature === 82), 'its value by its name');
    });
  });
});
