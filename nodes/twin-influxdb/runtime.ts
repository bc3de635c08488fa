import { deliverLines } from '../../engine/site/deliverLines.ts';
import { createInfluxReader } from '../../adapters/influx/influxReader.ts';
import type { InfluxReader } from '../../adapters/influx/influxReader.ts';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import type { InfluxWriter, InfluxWriterOptions } from '../../adapters/influx/influxWriter.ts';
import { credentialDefinitions } from '../../contract/fields.ts';
import type { Config } from '../../contract/fields.ts';
import { Problem } from '../../engine/problem.ts';
import { offerConnectionTest } from '../connectionTest.ts';
import { offerHistory } from '../historyHandle.ts';
import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { offerTarget } from '../targetHandle.ts';
import { twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

export default function twinInfluxdb(RED: Runtime): void {
  RED.nodes.registerType(
    'twin-influxdb',
    function constructInfluxdb(this: NodeInstance, definition: NodeDefinition) {
      const twin = twinNode(RED, this, definition, fields);
      let writer: InfluxWriter | undefined;
      let refused: Problem | undefined;
      if (twin.config.url !== '') {
        try {
          writer = createInfluxWriter(writerOptions(twin.config, this.credentials ?? {}));
        } catch (cause) {
          refused = asProblem(cause);
          twin.fail(refused);
        }
      }
      offerTarget(this, {
        address: twin.config.url === '' ? undefined : twin.config.url,
        async deliver(records) {
          if (writer === undefined) return { kind: 'retry', problem: refused ?? new Problem('TWIN_INFLUX_SETTING', 'No InfluxDB is set.', 'Enter its address in the connection.') };
          return deliverLines(writer)(records);
        },
      });
      let reader: InfluxReader | undefined;
      offerHistory(this, {
        reader: (measurementOf) => {
          if (twin.config.url === '') throw new Problem('TWIN_INFLUX_SETTING', 'No InfluxDB is set.', 'Enter its address in the connection.');
          reader ??= createInfluxReader(writerOptions(twin.config, this.credentials ?? {}));
          return reader.reader(measurementOf);
        },
      });
      twin.onClose(async () => {
        await writer?.close();
        await reader?.close();
      });
    },
    { credentials: credentialDefinitions(fields) },
  );

  offerConnectionTest(RED, 'twin-influxdb', fields, async (config, credentials) => {
    const writer = createInfluxWriter(writerOptions(config, credentials));
    try {
      return await writer.test();
    } finally {
      await writer.close();
    }
  });
}

function writerOptions(config: Config<typeof fields>, credentials: Readonly<Record<string, string>>): InfluxWriterOptions {
  return {
    url: config.url,
    version: config.version as '1' | '2',
    database: config.database,
    createDatabase: config.createDatabase,
    organisation: config.organisation,
    bucket: config.bucket,
    verifyCertificate: config.verifyCertificate,
    ...given('username', credentials),
    ...given('password', credentials),
    ...given('token', credentials),
  };
}

function given<N extends string>(name: N, credentials: Readonly<Record<string, string>>): Partial<Record<N, string>> {
  const value = Object.hasOwn(credentials, name) ? credentials[name] : undefined;
  return value === undefined || value === '' ? {} : ({ [name]: value } as Partial<Record<N, string>>);
}

function asProblem(cause: unknown): Problem {
  return cause instanceof Problem
    ? cause
    : new Problem('TWIN_INFLUX_UNREACHABLE', `InfluxDB cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Check the address; it is tried again by itself.');
}
