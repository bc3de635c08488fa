import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import type { Fields } from '../../contract/fields.ts';
import { startNodeRed, type NodeRed } from '../flows/startNodeRed.ts';
import { listedNodes } from '../checks/nodes/listedNodes.ts';
import { requireService } from '../services/requireService.ts';
import { changedValue, flowOfDefaults, nodesWithFields, type NodeFields } from './dialogValues.ts';
import { EditorPage, type Language, type Theme } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

const nodes = await nodesWithFields();
/**
 * What is saved hangs on neither colours nor words: each theme and each language has one stage in which every field is changed, saved and read again,
 * the first of them by mouse and keyboard, the others by script.
 */
const stages: readonly { version: '5' | '4'; theme: Theme; language: Language; changes: boolean; hands?: true }[] = [
  { version: '5', theme: 'light', language: 'en-US', changes: true, hands: true },
  { version: '5', theme: 'light', language: 'de', changes: false },
  { version: '5', theme: 'dark', language: 'en-US', changes: false },
  { version: '5', theme: 'dark', language: 'de', changes: true },
  // 4.1 has no dark theme.
  { version: '4', theme: 'light', language: 'de', changes: true },
];
/** Every node in both themes and both languages of Node-RED 5, and once in 4.1. */
const dialogsDue = listedNodes().length * (2 * 2 + 1);
const passed = new Set<string>();

describe('dialogs in a real Node-RED and a real browser', function () {
  this.timeout(60_000);
  let browser: Browser;

  before(requireService('chromium'));
  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
  });

  for (const version of ['5', '4'] as const) {
    describe(`Node-RED ${version}`, () => {
      let red: NodeRed | undefined;
      before(async function () {
        this.timeout(90_000);
        red = await startNodeRed({ version, flow: flowOfDefaults(nodes) });
      });
      after(async () => {
        await red?.stop();
      });
      for (const stage of stages.filter((one) => one.version === version)) {
        describe(`${stage.theme}, ${stage.language}`, () => {
          let editor: EditorPage | undefined;
          after(async () => {
            await editor?.close();
          });
          afterEach(async function () {
            // A dialog that was left open would stand in the way of the next one.
            if (this.currentTest?.state !== 'failed') return;
            await editor?.close();
            editor = undefined;
          });
          for (const node of nodes) {
            it(`${node.type} ${stage.changes ? 'opens, changes, saves and reopens' : 'opens whole and is left unchanged'}`, async () => {
              editor ??= await EditorPage.open(browser, red?.url ?? '', stage.theme, stage.language, undefined, stage.hands === true);
              await (stage.changes ? checkDialog(editor, node) : checkOpening(editor, node));
              passed.add(`${node.type} ${version} ${stage.theme} ${stage.language}`);
            });
          }
        });
      }
    });
  }

  // A suite of its own, for mocha runs a suite's own tests before the suites inside it.
  describe('in all', () => {
    it(`${dialogsDue} dialogs were gone through`, () => {
      assert.equal(passed.size, dialogsDue, `Missing: ${missing().join('; ')}`);
    });
  });
});

/** Everything that the dialog shows at first, with its folds open: words, room, and nothing changed by looking. */
async function checkOpening(editor: EditorPage, { type, isConfig }: NodeFields): Promise<void> {
  const id = isConfig ? `${type}-1` : type;
  editor.complaints.length = 0;
  const before = await editor.exported(id);
  await editor.openDialog(id);
  assert.deepEqual(await editor.missingTexts(), [], 'texts without translation');
  assert.deepEqual(await editor.cutTexts(), [], 'texts cut off');
  await editor.cancel();
  assert.deepEqual(await editor.exported(id), before, 'looking changes nothing');
  assert.deepEqual(editor.complaints, [], 'the browser complains');
}

async function checkDialog(editor: EditorPage, node: NodeFields): Promise<void> {
  const { type, isConfig } = node;
  const id = isConfig ? `${type}-1` : type;
  // A deployed machine's key is fixed; the field is checked to be so.
  const fixed = type === 'twin-asset' ? ['key'] : [];
  const fields: Fields = Object.fromEntries(Object.entries(node.fields).filter(([name]) => !fixed.includes(name)));
  editor.complaints.length = 0;

  await editor.openDialog(id);
  for (const name of fixed) assert.equal(await editor.page.$eval(`#node-input-${name}`, (input) => (input as HTMLInputElement).readOnly), true);
  assert.deepEqual(await editor.cutTexts(), [], 'texts cut off');
  // What hangs on another field goes first: bringing it up changes that field.
  const conditions = await editor.page.$$eval('.twinwire-dialog [data-when]', (rows) =>
    rows.map((row) => /\w+/.exec((row as HTMLElement).dataset['when'] ?? '')?.[0]),
  );
  const depths = await editor.depthsOf(node, Object.keys(fields).filter((name) => conditions.includes(name)));
  // Of those on which others hang, the innermost first.
  const rank = (name: string): number => (depths[name] === undefined ? 0 : 100 - depths[name]);
  const order = Object.entries(fields).sort(([a], [b]) => rank(a) - rank(b));
  await editor.enter(node, order.map(([name, field]) => ({ name, field, value: changedValue(type, name, field) })));
  assert.deepEqual(await editor.missingTexts(), [], 'texts without translation');
  assert.deepEqual(await editor.cutTexts(), [], 'texts cut off after the change');
  await editor.done();

  const saved = await editor.exported(id);
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'credential') assert.equal(Object.hasOwn(saved, name), false, `${name} must not stand in the flow`);
    else assert.deepEqual(saved[name], changedValue(type, name, field), `${name} as saved`);
  }
  assert.deepEqual((await editor.problems(id)).filter((problem) => !/twin-type/.test(problem)), [], 'the values typed in are valid');

  await editor.openDialog(id);
  const shown = await editor.shown(node, fields);
  for (const [name, field] of Object.entries(fields)) {
    const wanted = changedValue(type, name, field);
    if (field.kind === 'list') assert.deepEqual(asShown(shown[name]), asShown(wanted), `${name} on reopening`);
    else assert.deepEqual(shown[name], wanted, `${name} on reopening`);
  }
  assert.deepEqual(await editor.missingTexts(), [], 'texts without translation on reopening');
  await editor.done();
  assert.deepEqual(await editor.exported(id), saved, 'opening and closing changes nothing');
  assert.deepEqual(editor.complaints, [], 'the browser complains');
}

/** Rows as the inputs hold them: everything but a checkbox is text. */
function asShown(rows: unknown): Record<string, unknown>[] {
  return (rows as Record<string, unknown>[]).map((row) =>
    Object.fromEntries(
      Object.entries(row)
        .map(([name, value]): [string, unknown] => [name, typeof value === 'boolean' ? value : String(value)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );
}

function missing(): string[] {
  const due = nodes.flatMap(({ type }) => stages.map(({ version, theme, language }) => `${type} ${version} ${theme} ${language}`));
  return due.filter((name) => !passed.has(name));
}
