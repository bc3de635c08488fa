import type { AlertDigestMessage, AlertMessage } from '../../contract/messages.ts';
import { oneLine } from './sentences.ts';

/** What stands behind a twin-alert: its message is made so that this node sends it as it is. */
export type ChannelShape = 'plain' | 'email' | 'mqtt' | 'webhook' | 'telegram' | 'ntfy';

export interface ShapeSettings {
  shape: ChannelShape;
  /** email: address; mqtt: topic ({path} and {key} stand for the twin's); telegram: chat; ntfy: topic. '': the node behind says it. */
  to: string;
}

/** A picture to go with a mail. */
export interface PictureFile {
  name: string;
  content: Uint8Array;
  /** What it shows, for whoever does not see it. */
  text: string;
}

/** What is put over the message; the rest of it (case, alarm, why, twin) stays as it is. */
export interface ShapedParts {
  topic?: string;
  payload: unknown;
  [more: string]: unknown;
}

const mostSubjectCharacters = 200;
/** Telegram takes 4,096 characters after its signs are read, ntfy 4,096 bytes. */
const mostTelegramCharacters = 3_500;
const mostNtfyBytes = 4_000;
/** ntfy: 5 is the highest. */
const ntfyPriorities = { high: '5', medium: '4', low: '3' } as const;

/**
 * An alert in the shape that a node behind takes without a function node. Names, values and whatever else came from outside is escaped for that channel.
 *  - email (node-red-node-email): `topic` subject, `payload` HTML, `plaintext`, `to`, `attachments`. HTML always: the node takes every text with a
 *    `<letter` in it for HTML, a machine's name too.
 *  - mqtt (mqtt out): `topic`, `payload` JSON text, `qos` 1, not retained.
 *  - webhook (http request): `payload` is the JSON body, `headers` with an Idempotency-Key.
 *  - telegram (node-red-contrib-telegrambot sender): `payload` {chatId, type, content, options} in MarkdownV2.
 *  - ntfy (http request, POST to the server's address + topic): `payload` text, `headers` Title, Priority, Tags.
 */
export function shapedParts(
  message: AlertMessage | AlertDigestMessage, { shape, to }: ShapeSettings, at: { path: readonly string[]; key: string }, picture?: PictureFile,
): ShapedParts {
  const subject = subjectOf(message.topic);
  switch (shape) {
    case 'plain':
      return { topic: message.topic, payload: message.payload };
    case 'email':
      return {
        topic: subject,
        payload: mailHtml(message.payload, picture),
        plaintext: message.payload,
        ...(to === '' ? {} : { to: addresses(to) }),
        ...(picture === undefined ? {} : { attachments: [{ filename: fileName(picture.name), content: picture.content, contentType: 'image/png', cid: 'signal' }] }),
      };
    case 'mqtt':
      return { topic: topicOf(to, at.path, at.key), payload: JSON.stringify(alertBody(message)), qos: 1, retain: false };
    case 'webhook':
      return {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': headerText(message.alarm.idempotencyKey) },
        payload: alertBody(message),
      };
    case 'telegram':
      return { payload: { ...(to === '' ? {} : { chatId: oneLine(to).trim() }), type: 'message', content: telegramText(subject, message.payload), options: { parse_mode: 'MarkdownV2' } } };
    case 'ntfy': {
      const { priority } = message.alarm;
      const state = 'case' in message ? message.case.state : 'open';
      const tags = state === 'cleared' ? 'white_check_mark' : state === 'acknowledged' ? 'eyes' : 'warning';
      return {
        method: 'POST',
        ...(to === '' ? {} : { topic: ntfyTopic(to) }),
        headers: { title: headerText(subject), priority: ntfyPriorities[priority], tags, 'content-type': 'text/plain; charset=utf-8' },
        payload: cutBytes(withoutSubject(message.payload), mostNtfyBytes),
      };
    }
  }
}

/** The data of an alert with its text for a person: what goes over MQTT and to a webhook. */
export function alertBody(message: AlertMessage | AlertDigestMessage): Record<string, unknown> {
  const { topic, payload, ...rest } = message;
  return { subject: subjectOf(topic), text: payload, ...rest };
}

/** One line without control characters: nothing in it begins another header. */
function subjectOf(text: string): string {
  return cut(oneLine(text).trim(), mostSubjectCharacters);
}

/** Half of a pair of surrogates is no character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const short = text.slice(0, most - 1);
  return `${/[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short}…`;
}

const htmlSigns: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => htmlSigns[sign] ?? '');
}

function mailHtml(text: string, picture: PictureFile | undefined): string {
  const [subject = '', ...rest] = text.split('\n');
  const lines = rest.filter((line) => line !== '');
  const items = lines.filter((line) => line.startsWith('- ')).map((line) => `<li>${escapeHtml(line.slice(2))}</li>`);
  const others = lines.filter((line) => !line.startsWith('- ')).map((line) => `<p>${escapeHtml(line)}</p>`);
  const image = picture === undefined ? '' : `<p><img src="cid:signal" width="480" alt="${escapeHtml(oneLine(picture.text))}"></p>`;
  return `<p><strong>${escapeHtml(subject)}</strong></p>${items.length > 0 ? `<ul>${items.join('')}</ul>` : ''}${image}${others.join('')}`;
}

/** Addresses are settings, but may come from the environment: one line. */
function addresses(to: string): string {
  return oneLine(to).trim();
}

function fileName(name: string): string {
  const plain = name.replace(/[^\w.-]+/g, '_').slice(0, 80);
  return plain === '' || plain.startsWith('.') ? 'signal.png' : plain;
}

/** No name may make another topic of it: separators and wildcards in it become `_`. */
export function topicOf(template: string, path: readonly string[], key: string): string {
  const plain = (part: string): string => part.replace(/[+#/\u0000-\u001f]/g, '_');
  return template.replaceAll('{path}', () => path.map(plain).join('/')).replaceAll('{key}', () => plain(key));
}

/** https://core.telegram.org/bots/api#markdownv2-style: outside of links and code these signs need a backslash, and the backslash itself. */
export function escapeTelegram(text: string): string {
  return text.replace(/[_*[\]()~`>#+\-=|{}.!\\]/g, (sign) => `\\${sign}`);
}

function telegramText(subject: string, text: string): string {
  const body = cut(withoutSubject(text), mostTelegramCharacters);
  return body === '' ? `*${escapeTelegram(subject)}*` : `*${escapeTelegram(subject)}*\n${escapeTelegram(body)}`;
}

/** The text begins with its subject, which such a channel shows above it. */
function withoutSubject(text: string): string {
  const [, ...lines] = text.split('\n');
  return lines.join('\n').trim();
}

/** ntfy's topics are letters, digits, _ and -, at most 64. */
function ntfyTopic(to: string): string {
  return to.replace(/[^\w-]/g, '_').slice(0, 64);
}

/** Headers are ASCII; what is not goes as RFC 2047 says (base64 of UTF-8), which ntfy reads. */
function headerText(text: string): string {
  const line = oneLine(text).trim();
  // A text that looks encoded already would be read as something else than it says.
  return /^[\u0020-\u007e]*$/.test(line) && !line.includes('=?') ? line : `=?UTF-8?B?${base64(utf8(line))}?=`;
}

function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  }
  return bytes;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: readonly number[]): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [one = 0, two, three] = bytes.slice(index, index + 3);
    const all = (one << 16) | ((two ?? 0) << 8) | (three ?? 0);
    text += `${letters[all >> 18]}${letters[(all >> 12) & 63]}${two === undefined ? '=' : letters[(all >> 6) & 63]}${three === undefined ? '=' : letters[all & 63]}`;
  }
  return text;
}

function cutBytes(text: string, most: number): string {
  let kept = cut(text, most);
  while (utf8(kept).length > most) kept = cut(kept, Math.floor(kept.length * 0.9));
  return kept;
}
