import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { findService } from './requireService.ts';
import { ServiceProcess, freePort, temporaryFolder } from './serviceProcess.ts';

export interface MosquittoOptions {
  /** Only this user may connect. Default: anyone. */
  user?: { name: string; password: string };
  /** PEM texts; the listener then speaks TLS. */
  certificate?: { certificate: string; key: string };
  /** Lines of an access control list, as in mosquitto's acl_file. */
  accessControl?: string;
  /** Further lines of mosquitto.conf. */
  configuration?: string;
}

export interface Mosquitto {
  /** mqtt://127.0.0.1:port, or mqtts:// with a certificate. */
  url: string;
  port: number;
  process: ServiceProcess;
  stop(): Promise<void>;
}

/** A real MQTT 3.1.1 and 5 broker of its own, on a free port of the loopback interface, in a temporary folder. */
export async function mosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const path = findService('mosquitto');
  if (path === undefined) throw new Error('mosquitto is not there: call requireService in a before hook first.');
  const folder = temporaryFolder('mosquitto');
  // Started as root it drops to its own user, who must be able to read these files.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const lines = [`listener ${port} 127.0.0.1`, 'persistence false', `allow_anonymous ${options.user === undefined}`];
  const file = (name: string, text: string): string => {
    const target = join(folder, name);
    writeFileSync(target, text);
    chmodSync(target, 0o644);
    return target;
  };
  if (process.getuid?.() === 0) lines.push('user root');
  if (options.user !== undefined) {
    const passwords = file('passwords', '');
    execFileSync(join(dirname(path).replace('sbin', 'bin'), 'mosquitto_passwd'), ['-b', passwords, options.user.name, options.user.password]);
    lines.push(`password_file ${passwords}`);
  }
  if (options.accessControl !== undefined) lines.push(`acl_file ${file('access', options.accessControl)}`);
  if (options.certificate !== undefined) {
    lines.push(`certfile ${file('certificate.pem', options.certificate.certificate)}`);
    lines.push(`keyfile ${file('key.pem', options.certificate.key)}`);
  }
  if (options.configuration !== undefined) lines.push(options.configuration);
  const configuration = file('mosquitto.conf', `${lines.join('\n')}\n`);
  const service = new ServiceProcess(path, ['-c', configuration], folder, () => accepts(port));
  await service.start();
  return {
    url: `${options.certificate === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    port,
    process: service,
    stop: () => service.stop(),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
