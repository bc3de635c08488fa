import { createMqttConnection } from '../../adapters/mqtt/mqttConnection.ts';
import type { MqttConnection, MqttOptions } from '../../adapters/mqtt/mqttConnection.ts';
import { credentialDefinitions } from '../../contract/fields.ts';
import type { Config } from '../../contract/fields.ts';
import { Problem } from '../../engine/problem.ts';
import type { OutboxRecord } from '../../engine/ports.ts';
import type { DeliveryOutcome } from '../../engine/site/delivery.ts';
import { offerConnectionTest } from '../connectionTest.ts';
import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { offerTarget } from '../targetHandle.ts';
import { twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

export default function twinMqtt(RED: Runtime): void {
  RED.nodes.registerType(
    'twin-mqtt',
    function constructMqtt(this: NodeInstance, definition: NodeDefinition) {
      const twin = twinNode(RED, this, definition, fields);
      let connection: MqttConnection | undefined;
      let refused: Problem | undefined;
      /** Connects when the first message is to be sent: a connection that nobody uses is none of the broker's business. */
      const connected = (): MqttConnection | undefined => {
        if (connection !== undefined || refused !== undefined) return connection;
        try {
          connection = createMqttConnection(mqttOptions(twin.config, this.credentials ?? {}));
        } catch (cause) {
          refused = asProblem(cause);
          twin.fail(refused);
          return undefined;
        }
        connection.onState((state, problem) => {
          if (problem !== undefined && state === 'refused') twin.fail(problem);
          else twin.show(status(state === 'connected' ? 'connected' : state === 'connecting' ? 'connecting' : 'disconnected', 'en-US'));
        });
        return connection;
      };
      offerTarget(this, {
        address: twin.config.url === '' ? undefined : twin.config.url,
        async deliver(records) {
          const broker = connected();
          if (broker === undefined) return { kind: 'retry', problem: refused ?? new Problem('TWIN_MQTT_SETTING', 'No MQTT broker is set.', 'Enter its address in the connection.') };
          return publishAll(broker, records);
        },
      });
      twin.onClose(() => connection?.close());
    },
    { credentials: credentialDefinitions(fields) },
  );

  offerConnectionTest(RED, 'twin-mqtt', fields, async (config, credentials) => {
    const connection = createMqttConnection(mqttOptions(config, credentials));
    try {
      return await connection.test();
    } finally {
      await connection.close();
    }
  });
}

/** One after the other, so that what was told first arrives first. What was confirmed before a failure is told twice, with the same key. */
async function publishAll(broker: MqttConnection, records: readonly OutboxRecord[]): Promise<DeliveryOutcome> {
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, record] of records.entries()) {
    try {
      const { topic, payload, retain } = JSON.parse(record.body) as { topic: string; payload: string; retain: boolean };
      await broker.publish(topic, payload, { qos: 1, retain, userProperties: { idempotencyKey: record.idempotencyKey } });
    } catch (cause) {
      const problem = asProblem(cause);
      if (problem.code !== 'TWIN_MQTT_REJECTED') return { kind: 'retry', problem };
      rejected.push({ index, reason: problem.found });
    }
  }
  return { kind: 'delivered', rejected };
}

function mqttOptions(config: Config<typeof fields>, credentials: Readonly<Record<string, string>>): MqttOptions {
  const username = credentials.username ?? '';
  const password = credentials.password ?? '';
  return {
    url: config.url,
    protocolVersion: config.protocolVersion === '4' ? 4 : 5,
    verifyCertificate: config.verifyCertificate,
    ...(config.clientId === '' ? {} : { clientId: config.clientId }),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

function asProblem(cause: unknown): Problem {
  return cause instanceof Problem
    ? cause
    : new Problem('TWIN_MQTT_REJECTED', `This message cannot be published: ${cause instanceof Error ? cause.message : String(cause)}.`, 'It is set aside.');
}
