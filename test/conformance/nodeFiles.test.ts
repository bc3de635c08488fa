import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import path from 'node:path';
import { checkPackage } from '../../scripts/build.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { fileChecks, loadNodeFiles, type NodeFiles } from '../checks/nodes/fileChecks.ts';
import { nodeNames } from '../checks/nodes/nodeUnit.ts';

const names = nodeNames();

/** A node that is right, with one thing changed: the check that has to see it. */
const planted: { fault: string; caughtBy: string; change(node: NodeFiles): void }[] = [
  {
    fault: 'without German help',
    caughtBy: 'it has all its files',
    change: ({ files, type }) => files.delete(`nodes/${type}/locales/de/help.md`),
  },
  { fault: 'that package.json forgot', caughtBy: 'package.json names it', change: (node) => void (node.listed = {}) },
  {
    fault: "that registers another's name",
    caughtBy: 'editor and runtime register its own name, with its own icon',
    change: (node) => edit(node, 'editor.ts', "registerType('", "registerType('x-"),
  },
  {
    fault: 'whose editor forgets a field',
    caughtBy: 'what the editor keeps is what config.ts says',
    change: (node) => void (node.fields = { ...node.fields, forgotten: { kind: 'flag', default: false } }),
  },
  {
    fault: 'with a field twice in its form',
    caughtBy: 'the form holds each field once',
    change: (node) => edit(node, 'editor.html', '<field ', '<field name="name">\n<field '),
  },
  {
    fault: 'with a label about nothing',
    caughtBy: 'labels, hints and options are of its fields, in every language',
    change: (node) => edit(node, 'locales/de/labels.json', '"label": {', '"label": { "gone": "Weg",'),
  },
  {
    fault: 'with an option without a text',
    caughtBy: 'labels, hints and options are of its fields, in every language',
    change: (node) => edit(node, 'locales/en-US/labels.json', '"feeds"', '"feed"'),
  },
  {
    fault: 'whose help says nothing',
    caughtBy: 'the help speaks of every field, in every language',
    change: ({ files, type }) => files.set(`nodes/${type}/locales/de/help.md`, 'Tut etwas.'),
  },
  {
    fault: 'whose example has a property of another version',
    caughtBy: 'the example uses it, and only fields that it has',
    change: (node) => editExample(node, { oldField: 1 }),
  },
  {
    fault: 'whose example leaves out what is required',
    caughtBy: 'the example uses it, and only fields that it has',
    change: (node) => editExample(node, { site: '' }),
  },
  {
    fault: 'with a script in its icon',
    caughtBy: 'the icon is a small, plain drawing',
    change: ({ files, type }) => files.set(`icons/${type}.svg`, '<svg xmlns="" viewBox="0 0 40 60"><script/></svg>'),
  },
];

function edit(node: NodeFiles, file: string, from: string, to: string): void {
  const name = `nodes/${node.type}/${file}`;
  const text = node.files.get(name) ?? '';
  assert.ok(text.includes(from), `${name} has no ${from}`);
  node.files.set(name, text.replace(from, to));
}

function editExample(node: NodeFiles, change: Record<string, unknown>): void {
  const name = `examples/${node.type}.json`;
  const flow = JSON.parse(node.files.get(name) ?? '[]') as { type: string }[];
  node.files.set(name, JSON.stringify(flow.map((each) => (each.type === node.type ? { ...each, ...change } : each))));
}

describe('the files of every node agree', () => {
  it('there are nodes, and nothing lies about that belongs to none', () => {
    assert.ok(names.length >= 11, names.join(', '));
    assert.deepEqual(checkPackage(), []);
    for (const [pattern, extension] of [['icons/*.svg', '.svg'], ['examples/*.json', '.json']] as const) {
      const orphans = globSync(pattern, { cwd: packageRoot }).map((file) => path.basename(file, extension)).filter((name) => !names.includes(name));
      assert.deepEqual(orphans, [], pattern);
    }
  });

  for (const check of fileChecks) {
    describe(check.name, () => {
      for (const name of names) {
        it(name, async () => assert.deepEqual(check.run(await loadNodeFiles(name)), []));
      }
    });
  }
});

describe('the checks of the files', () => {
  const sound = 'twin-link';
  it('each have a planted fault', () => {
    assert.deepEqual(fileChecks.map(({ name }) => name).filter((name) => !planted.some(({ caughtBy }) => caughtBy === name)), []);
  });
  for (const { fault, caughtBy, change } of planted) {
    it(`catch a node ${fault}`, async () => {
      const node = await loadNodeFiles(sound);
      change(node);
      const failed = fileChecks.filter((check) => check.run(node).length > 0).map(({ name }) => name);
      assert.ok(failed.includes(caughtBy), `only these saw it: ${failed.join(', ') || 'none'}`);
    });
  }
});
