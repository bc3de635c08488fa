import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  /** Who the envelope names. */
  to: string[];
  headers: Map<string, string>;
  /** By content type, decoded. */
  parts: { type: string; headers: Map<string, string>; content: Buffer }[];
}

export interface MailServer {
  port: number;
  mails: Mail[];
  /** Refuses what comes from now on, as a server does that is not well. */
  refuse: boolean;
  stop(): Promise<void>;
}

/** A real SMTP server on a free port of the loopback interface, that keeps what it is sent. */
export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  const state = { refuse: false };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (state.refuse) {
          done(Object.assign(new Error('not now'), { responseCode: 451 }));
          return;
        }
        const { headers, parts } = readPart(Buffer.concat(chunks).toString('latin1'));
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), headers, parts });
        done();
      });
    },
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    get refuse() {
      return state.refuse;
    },
    set refuse(refuse) {
      state.refuse = refuse;
    },
    stop: () => new Promise((done) => server.close(() => done())),
  };
}

/** A part with what is in it, as far as MIME (RFC 2045, 2047) is used here. */
function readPart(source: string): Pick<Mail, 'headers' | 'parts'> {
  const end = source.indexOf('\r\n\r\n');
  const headers = new Map(
    source.slice(0, end).replace(/\r\n[ \t]+/g, ' ').split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
    }),
  );
  const type = headers.get('content-type') ?? 'text/plain';
  const body = source.slice(end + 4);
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1];
  if (boundary !== undefined) return { headers, parts: body.split(`--${boundary}`).slice(1, -1).flatMap((part) => readPart(part.replace(/^\r\n/, '')).parts) };
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase();
  const content = encoding === 'base64' ? Buffer.from(body, 'base64')
    : encoding === 'quoted-printable'
      ? Buffer.from(body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1')
      : Buffer.from(body, 'latin1');
  return { headers, parts: [{ type: type.split(';')[0] ?? '', headers, content }] };
}

function decodeWords(text: string): string {
  return text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, value: string) =>
    how.toLowerCase() === 'b' ? Buffer.from(value, 'base64').toString('utf8')
      : Buffer.from(value.replaceAll('_', ' ').replace(/=([0-9A-F]{2})/gi, (__, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('utf8'));
}
