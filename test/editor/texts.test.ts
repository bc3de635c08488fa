import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Fields } from '../../contract/fields.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { listedNodes } from '../checks/nodes/listedNodes.ts';
import { buildEditor, expandForm, hideColons, languages, nodeNames, type Texts } from '../../scripts/buildEditor.ts';

/** Words that are the same in English and German. */
const sameInBoth = new Set([
  'Name', 'Version', 'Client-ID', 'Client ID', 'Organisation', 'Bucket', 'Token', 'InfluxDB', 'Measurement', 'Broker', 'Topic', '%', 'MB', '5', '3.1.1', '1.x',
  '2.x, 3.x, Cloud', 'English', 'Deutsch', 'Cel', 'Offset', 'MQTT-Version', 'C-1001',
  // What Node-RED calls its nodes.
  'e-mail', 'mqtt out', 'Telegram sender', 'http request: ntfy', '80', '0', '22:00', '06:00',
]);

const names = await nodeNames();
const folder = await mkdtemp(path.join(tmpdir(), 'twinwire-editor-'));
await buildEditor(folder);
const built = (node: string, file: string): Promise<string> => readFile(path.join(folder, 'nodes', node, file), 'utf8');

describe('the editor side as built', () => {
  after(() => rm(folder, { recursive: true, force: true }));

  describe('texts of the dialogs', () => {
    it('all nodes of package.json are there', () => assert.equal(names.length, listedNodes().length));

    for (const name of names) {
      describe(name, () => {
        it('has the same texts in both languages, none empty, none left untranslated', async () => {
          const read = async (language: string): Promise<Map<string, string>> =>
            flatten(JSON.parse(await built(name, `locales/${language}/runtime.json`)) as Texts);
          const [english, german] = await Promise.all(languages.map(read));
          assert.ok(english !== undefined && german !== undefined && english.size > 10);
          assert.deepEqual([...german.keys()].sort(), [...english.keys()].sort());
          for (const [key, text] of english) {
            const other: string = german.get(key) ?? '';
            assert.notEqual(text.trim(), '', `${key} is empty`);
            assert.notEqual(other.trim(), '', `${key} is empty in German`);
            const differs = text !== other || key === 'name' || key.startsWith('placeholder.properties.address') || sameInBoth.has(text) || !/\p{L}/u.test(text);
            assert.ok(differs, `${key} is "${text}" in both languages`);
            assert.deepEqual(marks(other), marks(text), `${key} fills in other values`);
          }
        });

        it('names every field, and every text that the dialog asks for is there', async () => {
          const { fields } = (await import(`../../nodes/${name}/config.ts`)) as { fields: Fields };
          const texts = flatten(JSON.parse(await built(name, 'locales/en-US/runtime.json')) as Texts);
          const ownWords = new Set(['placeholders', 'mapping', 'onAnomaly']);
          for (const field of Object.keys(fields)) {
            if (fields[field]?.kind === 'list') {
              for (const column of Object.keys(fields[field].row)) assert.ok(texts.has(`column.${field}.${column}`), `column.${field}.${column}`);
            } else if (!ownWords.has(field)) assert.ok(texts.has(`label.${field}`), `label.${field}`);
          }
          const page = await built(name, 'runtime.html');
          const wanted = [...page.matchAll(/data-i18n="(?:\[[\w-]+\])?([^"]+)"/g)].map((match) => match[1] ?? '');
          assert.ok(wanted.length > 2);
          for (const key of wanted) assert.ok(texts.has(key), `${key} has no text`);
        });

        it('has a help of the same build in both languages', async () => {
          const helps = await Promise.all(languages.map((language) => readFile(path.join(packageRoot, `nodes/${name}/locales/${language}/help.md`), 'utf8')));
          const [english = '', german = ''] = helps;
          assert.deepEqual(headings(german).length, headings(english).length, 'headings');
          assert.equal(points(german), points(english), 'described properties');
          assert.equal((german.match(/^- /gm) ?? []).length, (english.match(/^- /gm) ?? []).length, 'points');
          for (const help of helps) {
            assert.match(help, /^[A-ZÄÖÜ][^\n]{20,200}[.!]\n\n/, 'begins with one sentence');
            assert.ok(headings(help).length >= 3);
          }
          // The same as text by accident: a sentence that nobody translated.
          const sentences = new Set(english.split('\n').filter((line) => line.length > 30));
          assert.deepEqual(german.split('\n').filter((line) => sentences.has(line)), []);
        });
      });
    }

    it('the style knows no colour of its own, so that it fits light and dark', async () => {
      for (const file of ['editor/form.css', 'nodes/twin-site/editor.css']) {
        const style = await readFile(path.join(packageRoot, file), 'utf8');
        assert.deepEqual(style.match(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/gi) ?? [], [], file);
        assert.ok((style.match(/var\(--red-ui-/g) ?? []).length > 10, file);
      }
    });
  });

  describe('buildEditor', () => {
    const texts: Texts = { label: { a: 'A' }, hint: { a: 'about a' } };
    const fields: Fields = { a: { kind: 'number', default: 1, minimum: 0, maximum: 5, unit: 's' }, b: { kind: 'flag', default: false } };

    it('makes a row from a field', () => {
      const form = expandForm('twin-x', '<field name="a" when="b"><field name="b">', fields, texts, false);
      assert.match(form, /data-when="b"/);
      assert.match(form, /<input type="number"[^>]*id="node-input-a" min="0" max="5"/);
      assert.match(form, /data-i18n="unit.s"/);
      assert.match(form, /data-i18n="hint.a"/);
      assert.match(form, /type="checkbox" id="node-input-b"/);
    });
    it('refuses a form that forgets, repeats or invents a field', () => {
      assert.throws(() => expandForm('twin-x', '<field name="a">', fields, texts, false), /"b" once; it is there 0 times/);
      const twice = '<field name="a"><field name="b"><i data-field="b"></i>';
      assert.throws(() => expandForm('twin-x', twice, fields, texts, false), /"b" once; it is there 2 times/);
      assert.throws(() => expandForm('twin-x', '<field name="c">', fields, texts, false), /"c", which config.ts does not have/);
    });
    it('hides the colons that Node-RED would end a property at', () => {
      assert.equal(hideColons(': a (text) : see `x: y` or: z'), ': a (text) : see <code>x&#58; y</code> or&#58; z');
      assert.equal(hideColons('no list: left alone'), 'no list: left alone');
    });
    it('writes whole pages: one script that closes only once, a form, an icon of its own', async () => {
      const icons = new Set<string>();
      for (const name of names) {
        const page = await readFile(path.join(folder, 'nodes', name, 'runtime.html'), 'utf8');
        assert.equal((page.match(/<\/script/g) ?? []).length, 2, `${name}: script and form`);
        assert.match(page, new RegExp(`registerType\\("${name}",\\{`), `${name}: registered by its literal name`);
        assert.doesNotMatch(page, /<script[^>]+src=/);
        icons.add(await readFile(path.join(folder, 'nodes', name, `icons/${name}.svg`), 'utf8'));
      }
      assert.equal(icons.size, names.length, 'distinct icons');
    });
  });
});

function flatten(texts: Texts, path = '', into = new Map<string, string>()): Map<string, string> {
  for (const [key, value] of Object.entries(texts)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') into.set(at, value);
    else flatten(value, at, into);
  }
  return into;
}

/** Keys that option texts hold dots in are escaped nowhere, so a dot in a key would not be found by Node-RED. */
function marks(text: string): string[] {
  return [...new Set([...text.matchAll(/__(\w+?)__/g)].map((match) => match[1] ?? ''))].sort();
}

function headings(help: string): string[] {
  return help.match(/^#+ .+$/gm) ?? [];
}

function points(help: string): number {
  return (help.match(/^: /gm) ?? []).length;
}
