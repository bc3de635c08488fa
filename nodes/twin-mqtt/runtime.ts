import { deliverMessages } from '../../adapters/mqtt/deliverMessages.ts';
import { createMqttConnection } from '../../adapters/mqtt/mqttConnection.ts';
import type { MqttConnection, MqttOptions } from '../../adapters/mqtt/mqttConnection.ts';
import { credentialDefinitions } from '../../contract/fields.ts';
import type { Config } from '../../contract/fields.ts';
import { Problem } from '../../engine/problem.ts';
import { offerBroker } from '../brokerHandle.ts';
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
      const returned = new Set<() => void>();
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
          else {
            if (state === 'connected') for (const listener of returned) listener();
            twin.show(status(state === 'connected' ? 'connected' : state === 'connecting' ? 'connecting' : 'disconnected', 'en-US'));
          }
        });
        return connection;
      };
      offerTarget(this, {
        address: twin.config.url === '' ? undefined : twin.config.url,
        onReturn(listener) {
          returned.add(listener);
          return () => returned.delete(listener);
        },
        async deliver(records, backfillTo) {
          const broker = connected();
          if (broker === undefined) return { kind: 'retry', problem: refused ?? new Problem('TWIN_MQTT_SETTING', 'No MQTT broker is set.', 'Enter its address in the connection.') };
          return deliverMessages(broker)(records, backfillTo);
        },
      });
      const settings = mqttOptions(twin.config, this.credentials ?? {});
      offerBroker(this, {
        address: twin.config.url === '' ? undefined : twin.config.url,
        claims: new Map(),
        async send(topic, payload) {
          const broker = connected();
          if (broker === undefined) throw refused ?? new Problem('TWIN_MQTT_SETTING', 'No MQTT broker is set.', 'Enter its address in the connection.');
          await broker.publish(topic, Buffer.from(payload), { qos: 0 });
        },
        open(identity, will) {
          const opened = createMqttConnection({ ...settings, clientId: `${settings.clientId ?? 'twinwire'}${identity}`, will, keepAliveSeconds: 15 });
          const deliver = deliverMessages(opened);
          return {
            get state() {
              return opened.state;
            },
            get problem() {
              return opened.problem;
            },
            get retains() {
              return opened.retains;
            },
            onState: (listener) => opened.onState(listener),
            publish: (topic, payload, options) => opened.publish(topic, payload, options),
            deliver,
            close: () => opened.close(),
          };
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
    : new Problem('TWIN_MQTT_SETTING', `No connection can be made with these settings: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Correct them in the connection.');
}
