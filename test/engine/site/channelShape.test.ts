import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AlertMessage } from '../../../contract/messages.ts';
import { shapedParts as shapedAt } from '../../../engine/site/channelShape.ts';
import type { PictureFile, ShapedParts, ShapeSettings } from '../../../engine/site/channelShape.ts';
import { caseText } from '../../../engine/site/sentences.ts';

const hostile = ['<script>alert(1)</script>', 'Press\r\nBcc: everyone@example.org', '*bold* _x_ [a](http://b) `c`', 'a\u202egnp.exe', '"><img src=x onerror=y>', '=?UTF-8?B?QQ==?=',
  'Größe ü €', '\\*', '🔥'.repeat(90), '$& $1', '__proto__', '\u0000', '# + / ..'];
const names = fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }));

function alertOf(machine: string, by: string, neighbour: string, key = 'press'): AlertMessage {
  const signals = [{ property: 'v', share: 1, kind: 'deviation' as const, value: 4.1, expected: 2.5, low: 2.2, high: 2.9 }];
  const text = caseText(
    { machine, change: 'acknowledged', signals, sinceMs: 0, acknowledgedBy: by, historical: false, neighbours: [{ relation: 'feeds', name: neighbour }] },
    () => ({ label: machine, unit: 'mm/s' }), 'en-US',
  );
  return {
    topic: text.subject, payload: text.body, timestamp: 0,
    case: { v: 1, id: `${key}/1`, twin: key, state: 'open', change: 'opened', sinceMs: 0, changedMs: 0, letter: 'S', signals, occurrences: 1, historical: false },
    alarm: { v: 1, priority: 'high', idempotencyKey: `${key}/1/0/1` }, why: { signals, neighbours: [] },
    twin: { v: 1, key, name: machine, type: 't@1', state: '', path: ['Plant', machine], units: {}, row: 0 },
  };
}

const shapedParts = (message: AlertMessage, settings: ShapeSettings, picture?: PictureFile): ShapedParts => shapedAt(message, settings, message.twin, picture);

/** Reads MarkdownV2 as far as it matters here: what is bold, and which signs stand without a backslash. */
function readTelegram(text: string): { plain: string; bare: string } {
  let plain = '';
  let bare = '';
  for (let index = 0; index < text.length; index += 1) {
    const sign = text[index] as string;
    if (sign === '\\') plain += text[(index += 1)] ?? '';
    else if ('_*[]()~`>#+-=|{}.!'.includes(sign)) bare += sign;
    else plain += sign;
  }
  return { plain, bare };
}

/** Halves of surrogate pairs have no UTF-8. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

const headerOf = (parts: Record<string, unknown>, name: string): string => (parts['headers'] as Record<string, string>)[name] as string;

describe('channel shapes', () => {
  it('a mail: one-line subject, HTML in which no name is a tag, a plain text beside it, the picture with its words', () => {
    fc.assert(fc.property(names, names, names, (machine, by, neighbour) => {
      const message = alertOf(machine, by, neighbour);
      const picture = { name: `${machine}.png`, content: Uint8Array.of(1), text: machine };
      const parts = shapedParts(message, { shape: 'email', to: 'ops@example.org\r\nBcc: x@example.org' }, picture);
      assert.doesNotMatch(String(parts.topic), /[\u0000-\u001f\u202e]/);
      assert.ok(String(parts.topic).length <= 200);
      assert.doesNotMatch(String(parts['to']), /[\r\n]/);
      const html = String(parts.payload);
      const tags = html.match(/<[^>]*>/g) ?? [];
      for (const tag of tags) assert.match(tag, /^<(\/?(p|ul|li|strong)|img src="cid:signal" width="480" alt="[^"<>]*")>$/);
      assert.equal(html.replace(/<[^>]*>/g, '').includes('<'), false);
      assert.equal(parts['plaintext'], message.payload);
      const [file] = parts['attachments'] as { filename: string }[];
      assert.match(file?.filename ?? '', /^[\w-][\w.-]*$/);
    }));
    const html = String(shapedParts(alertOf('<b>Press</b>', 'Kim', 'Oven'), { shape: 'email', to: '' }).payload);
    assert.match(html, /&lt;b&gt;Press&lt;\/b&gt;: Kim is on it/);
    assert.match(html, /<li>&lt;b&gt;Press/);
  });

  it('Telegram: every sign of a name has its backslash, and reads as it was', () => {
    fc.assert(fc.property(names, names, names, (machine, by, neighbour) => {
      const { payload } = shapedParts(alertOf(machine, by, neighbour), { shape: 'telegram', to: '-100123' });
      const { chatId, type, content, options } = payload as { chatId: string; type: string; content: string; options: { parse_mode: string } };
      assert.deepEqual([chatId, type, options.parse_mode], ['-100123', 'message', 'MarkdownV2']);
      const { plain, bare } = readTelegram(content);
      assert.equal(bare, '**', content);
      assert.ok(plain.length <= 4096);
    }));
    const { payload } = shapedParts(alertOf('Press_3 (left)', 'K', 'O'), { shape: 'telegram', to: '' });
    assert.match((payload as { content: string }).content, /^\*Press\\_3 \\\(left\\\): K is on it\*\n/);
  });

  it('ntfy and webhook: headers are ASCII and one line, and say what was meant', () => {
    fc.assert(fc.property(names, names, names, (machine, by, key) => {
      const message = alertOf(machine, by, 'Oven', key);
      const ntfy = shapedParts(message, { shape: 'ntfy', to: `plant/../${machine}` });
      for (const parts of [ntfy, shapedParts(message, { shape: 'webhook', to: '' })]) {
        for (const [name, value] of Object.entries(parts['headers'] as Record<string, string>)) assert.match(value, /^[\u0020-\u007e]*$/, name);
      }
      assert.match(String(ntfy.topic), /^[\w-]{1,64}$/);
      const title = headerOf(ntfy, 'title');
      const encoded = /^=\?UTF-8\?B\?(.*)\?=$/.exec(title);
      const read = encoded?.[1] === undefined ? title : Buffer.from(encoded[1], 'base64').toString('utf8');
      assert.equal(read, wellFormed(String(shapedParts(message, { shape: 'email', to: '' }).topic)));
      assert.ok(Buffer.byteLength(String(ntfy.payload)) <= 4000);
    }));
    const parts = shapedParts(alertOf('Öfen', 'K', 'O'), { shape: 'ntfy', to: 'plant-alarms' });
    assert.equal(headerOf(parts, 'priority'), '5');
    assert.equal(headerOf(parts, 'title'), '=?UTF-8?B?w5ZmZW46IEsgaXMgb24gaXQ=?=');
  });

  it('MQTT: no name makes another topic, the body is JSON with everything in it', () => {
    fc.assert(fc.property(names, names, (machine, key) => {
      const parts = shapedParts(alertOf(machine, 'K', 'O', key), { shape: 'mqtt', to: 'plant/{path}/{key}' });
      assert.equal(String(parts.topic).split('/').length, 4);
      assert.doesNotMatch(String(parts.topic), /[+#\u0000]/);
      const body = JSON.parse(String(parts.payload)) as { twin: { key: string }; alarm: { idempotencyKey: string } };
      assert.equal(body.twin.key, key);
      assert.equal(parts['retain'], false);
    }));
  });

  it('plain: as it was', () => {
    const message = alertOf('Press', 'K', 'O');
    assert.deepEqual(shapedParts(message, { shape: 'plain', to: '' }), { topic: message.topic, payload: message.payload });
  });
});
