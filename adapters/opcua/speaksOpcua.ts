import { connect } from 'node:net';

const defaultPort = 4840;

/**
 * Says hello (OPC 10000-6, 7.1.2.3) and looks at the first four letters of the answer. The library reports a broken connection and a web
 * server in the same words; a person has to do something else about each.
 * @returns undefined when nothing or too little was answered
 */
export function speaksOpcua(url: string, timeMs: number): Promise<boolean | undefined> {
  const { hostname, port } = new URL(url);
  const name = Buffer.from(url);
  const hello = Buffer.alloc(32 + name.length);
  hello.write('HELF', 0, 'latin1');
  hello.writeUInt32LE(hello.length, 4);
  hello.writeUInt32LE(65_535, 12);
  hello.writeUInt32LE(65_535, 16);
  hello.writeUInt32LE(name.length, 28);
  name.copy(hello, 32);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort) });
    let answer = '';
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer.length < 4 ? undefined : /^(?:ACKF|ERRF)/.test(answer));
    };
    const timer = setTimeout(end, timeMs);
    socket.on('connect', () => socket.write(hello));
    socket.on('data', (data) => {
      answer += data.toString('latin1', 0, 4);
      if (answer.length >= 4) end();
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}
