import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestServerSettings } from './testServer.ts';

export interface RunningServer {
  port: number;
  process: ChildProcess;
  ask(message: { do: string }): Promise<Record<string, number>>;
  tell(message: { do: string }): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

const file = fileURLToPath(new URL('testServer.ts', import.meta.url));

export async function startTestServer(settings: TestServerSettings): Promise<RunningServer> {
  const child = fork(file, [JSON.stringify(settings)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr!.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-2000)));
  const ready = await new Promise<{ port: number }>((resolve, reject) => {
    child.on('message', (message: { ready?: boolean; port: number }) => message.ready === true && resolve(message));
    child.once('exit', (code) => reject(new Error(`The test server ended with ${code}: ${errors}`)));
  });
  return {
    port: ready.port,
    process: child,
    async ask(message) {
      const answer = once(child, 'message');
      child.send(message);
      return (await answer)[0] as Record<string, number>;
    },
    tell: (message) => void child.send(message),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
