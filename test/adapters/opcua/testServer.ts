import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DataType, MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy, StatusCodes, Variant, VariantArrayType,
} from 'node-opcua';
import type { UAVariable } from 'node-opcua';

/**
 * A real OPC UA server in a process of its own (started with fork), with nodes that are odd in the ways that servers are.
 * Its settings come as JSON in the first argument; it sends {ready: true, port} and understands {do: …} messages.
 */
export interface TestServerSettings {
  folder: string;
  port?: number;
  /** Variables Tag0 … below Plant/Tags, changing with each tick. */
  tags?: number;
  tickMs?: number;
  maxSessions?: number;
  /** Puts another namespace before the plant's. */
  shifted?: boolean;
  /** Only these users, no anonymous. */
  users?: Record<string, string>;
  /** The server's certificate is out of date. */
  expired?: boolean;
  /** A certificate and key of one's own, as files (PEM). */
  certificateFile?: string;
  privateKeyFile?: string;
}

export const plantUri = 'urn:twinwire:test-plant';

if (process.send !== undefined && process.argv[2] !== undefined) await serve(JSON.parse(process.argv[2]) as TestServerSettings);

async function serve(settings: TestServerSettings): Promise<void> {
  const pki = join(settings.folder, 'pki');
  mkdirSync(pki, { recursive: true });
  const certificates = new OPCUACertificateManager({ name: 'pki', rootFolder: pki, automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  const certificateFile = join(pki, settings.expired === true ? 'expired.pem' : 'server.pem');
  if (settings.expired === true) {
    await certificates.createSelfSignedCertificate({
      applicationUri: 'urn:127.0.0.1:test', dns: ['127.0.0.1'], outputFile: certificateFile, subject: '/CN=Expired',
      startDate: new Date('2020-01-01'), validity: 365,
    });
  }
  const server = new OPCUAServer({
    host: '127.0.0.1', hostname: '127.0.0.1', port: settings.port ?? 0, resourcePath: '/test',
    allowAnonymous: settings.users === undefined,
    userManager: { isValidUser: (user: string, password: string) => settings.users !== undefined && settings.users[user] === password },
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [
      SecurityPolicy.None, SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes128_Sha256_RsaOaep, SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    serverCertificateManager: certificates, userCertificateManager: certificates, disableDiscovery: true,
    serverInfo: { applicationUri: 'urn:127.0.0.1:test' },
    ...(settings.expired === true ? { certificateFile } : {}),
    ...(settings.certificateFile === undefined ? {} : { certificateFile: settings.certificateFile, privateKeyFile: settings.privateKeyFile }),
    ...(settings.maxSessions === undefined ? {} : { serverCapabilities: { maxSessions: settings.maxSessions } }),
    buildInfo: { productName: 'Test plant' },
  });
  await server.initialize();
  const space = server.engine.addressSpace!;
  if (settings.shifted === true) space.registerNamespace('urn:twinwire:something-else');
  const plant = space.registerNamespace(plantUri);
  const folder = plant.addFolder(space.rootFolder.objects, { browseName: 'Plant', nodeId: 's=Plant' });
  const tagFolder = plant.addFolder(folder, { browseName: 'Tags', nodeId: 's=Tags' });
  const variable = (name: string, dataType: string, value: Variant, parent = folder): UAVariable => plant.addVariable({
    componentOf: parent, browseName: name, nodeId: `s=${name}`, dataType, minimumSamplingInterval: 0, value,
    ...(value.arrayType === VariantArrayType.Array ? { valueRank: 1 } : {}),
  });
  const int = (value: number): Variant => new Variant({ dataType: DataType.Int32, value });
  const count = variable('Count', 'Int32', int(0));
  variable('Quiet', 'Double', new Variant({ dataType: DataType.Double, value: 21.5 }));
  const wide = (dataType: DataType, low: number): Variant =>
    new Variant({ dataType, arrayType: VariantArrayType.Scalar, value: [0xffff_ffff, low] });
  variable('Big', 'UInt64', wide(DataType.UInt64, 0xffff_fffe));
  variable('Negative', 'Int64', wide(DataType.Int64, 0xffff_ffff));
  variable('Text', 'String', new Variant({ dataType: DataType.String, value: 'x'.repeat(20_000) }));
  variable('Array', 'Int32', new Variant({ dataType: DataType.Int32, arrayType: VariantArrayType.Array, value: new Int32Array(100_000) }));
  variable('__proto__', 'Int32', int(7));
  for (const [name, year] of [['Year1601', 1601], ['Year1970', 1970], ['Year9999', 9999]] as const) {
    variable(name, 'Int32', int(1)).setValueFromSource(int(year), StatusCodes.Good, new Date(Date.UTC(year, 0, 2)));
  }
  variable('Broken', 'Double', new Variant({ dataType: DataType.Double, value: 1 }))
    .setValueFromSource(new Variant({ dataType: DataType.Double, value: 1 }), StatusCodes.BadSensorFailure);
  variable('Doubtful', 'Double', new Variant({ dataType: DataType.Double, value: 1 }))
    .setValueFromSource(new Variant({ dataType: DataType.Double, value: 2 }), StatusCodes.UncertainLastUsableValue);
  // A room that contains itself, and a long chain of rooms.
  const loop = plant.addFolder(folder, { browseName: 'Loop', nodeId: 's=Loop' });
  loop.addReference({ referenceType: 'Organizes', nodeId: folder });
  let deep = plant.addFolder(folder, { browseName: 'Deep', nodeId: 's=Deep' });
  for (let depth = 0; depth < 30; depth += 1) deep = plant.addFolder(deep, { browseName: `Deep${depth}`, nodeId: `s=Deep${depth}` });
  variable('Bottom', 'Int32', int(1), deep);
  const tags: UAVariable[] = [];
  for (let index = 0; index < (settings.tags ?? 10); index += 1) {
    tags.push(variable(`Tag${index}`, 'Double', new Variant({ dataType: DataType.Double, value: index }), tagFolder));
  }
  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
    const now = new Date();
    count.setValueFromSource(int(ticks), StatusCodes.Good, now);
    for (const [index, tag] of tags.entries()) {
      tag.setValueFromSource({ dataType: DataType.Double, value: index + ticks / 1000 }, StatusCodes.Good, now);
    }
  }, settings.tickMs ?? 100);
  await server.start();

  process.on('message', (message: { do: string }) => {
    if (message.do === 'sessions') process.send!({ sessions: server.currentSessionCount, subscriptions: server.currentSubscriptionCount });
    if (message.do === 'ticks') process.send!({ ticks });
    if (message.do === 'late') variable('Late', 'Int32', int(5));
    if (message.do === 'mute') {
      // The session lives on and answers, but no subscription says anything ever after.
      const { _sessions: sessions } = server.engine as unknown as { _sessions: Record<string, { publishEngine: object }> };
      for (const session of Object.values(sessions)) {
        for (const subscription of (session.publishEngine as { subscriptions: { _stop_timer(): void }[] }).subscriptions) {
          subscription._stop_timer();
        }
      }
    }
    if (message.do === 'stop') void stop();
  });
  const stop = async (): Promise<void> => {
    clearInterval(ticking);
    setTimeout(() => process.exit(0), 2000).unref();
    await server.shutdown(0);
    process.exit(0);
  };
  process.on('disconnect', () => process.exit(0));
  process.send!({ ready: true, port: server.endpoints[0]!.port });
}
