import path from 'node:path';
import type * as Client from '../../adapters/opcua/opcuaSource.ts';
import type { OpcuaOptions, OpcuaSource } from '../../adapters/opcua/opcuaSource.ts';
import { credentialDefinitions } from '../../contract/fields.ts';
import type { Config } from '../../contract/fields.ts';
import { Problem } from '../../engine/problem.ts';
import { offerConnectionTest } from '../connectionTest.ts';
import { offerOpcua } from '../opcuaHandle.ts';
import type { NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

/**
 * The client is loaded when it is first needed, and not with the node: other OPC UA nodes fetch the same package by require() while
 * Node-RED loads all nodes at once, and Node.js refuses that for a module which is being imported at the same moment.
 */
const client = (): Promise<typeof Client> => import('../../adapters/opcua/opcuaSource.ts');

export default function twinOpcua(RED: Runtime): void {
  const pkiFolder = (): string => path.resolve(RED.settings.userDir ?? process.cwd(), 'twinwire', 'opcua');

  RED.nodes.registerType(
    'twin-opcua',
    function constructOpcua(this: NodeInstance, definition: NodeDefinition) {
      const twin = twinNode(RED, this, definition, fields);
      let opening: Promise<OpcuaSource> | undefined;
      let isClosed = false;
      const connect = async (): Promise<OpcuaSource> => {
        const { createOpcuaSource } = await client();
        if (isClosed) throw new Problem('TWIN_OPCUA_CLOSED', 'The connection was closed before it was made.', 'Deploy again.');
        const source = createOpcuaSource(opcuaOptions(twin.config, this.credentials ?? {}, pkiFolder()));
        if (source.warning !== undefined) twin.warn(source.warning);
        return source;
      };
      offerOpcua(this, {
        address: twin.config.url === '' ? undefined : twin.config.url,
        wrongSettings: twin.wrongSettings,
        find: async (below) => (await client()).findOpcuaSignals(opcuaOptions(twin.config, this.credentials ?? {}, pkiFolder()), below),
        missing: async (addresses) => (await client()).missingOpcuaAddresses(opcuaOptions(twin.config, this.credentials ?? {}, pkiFolder()), addresses),
        // Connects when the first node asks for values: a connection that nobody uses is none of the server's business.
        open: () => (opening ??= connect()),
      });
      twin.onClose(async () => {
        isClosed = true;
        await (await opening?.catch(() => undefined))?.close();
      });
    },
    { credentials: credentialDefinitions(fields) },
  );

  offerConnectionTest(RED, 'twin-opcua', fields, async (config, credentials) => {
    const { testOpcuaServer } = await client();
    const result = await testOpcuaServer(opcuaOptions(config, credentials, pkiFolder())).catch((cause: unknown) => {
      if (cause instanceof Problem) return cause;
      throw cause;
    });
    return result instanceof Problem ? result : { ok: true, version: `${result.server || config.url}, ${result.security}` };
  });

  // Trusting a server is a decision of somebody who may change flows. Connections that wait for it come back by themselves.
  RED.httpAdmin.post('/twinwire/opcua/trust', RED.auth.needsPermission('twin-opcua.write'), (request: Request, response: Response) => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Record<string, unknown>;
    const fingerprint = typeof body.fingerprint === 'string' ? body.fingerprint.slice(0, 200) : '';
    client().then(({ trustOpcuaServer }) => trustOpcuaServer(pkiFolder(), fingerprint)).then(
      () => response.json({ ok: true, text: '' }),
      (cause: unknown) => {
        const problem = cause instanceof Problem ? cause : undefined;
        response.json({ ok: false, code: problem?.code, text: problem?.message ?? String(cause) });
      },
    );
  });
}

function opcuaOptions(config: Config<typeof fields>, credentials: Readonly<Record<string, string>>, pkiFolder: string): OpcuaOptions {
  return {
    url: config.url,
    security: config.security as OpcuaOptions['security'],
    username: credentials.username ?? '',
    password: credentials.password ?? '',
    pkiFolder,
  };
}
