import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readConfig, type Field, type Fields } from '../../../contract/fields.ts';
import { packageRoot } from '../../../scripts/packageRoot.ts';

/** All that belongs to one node, as text by its path from the root. */
export interface NodeFiles {
  type: string;
  fields: Fields;
  files: Map<string, string>;
  /** `"node-red".nodes` of package.json. */
  listed: Record<string, string>;
  /** The texts that all dialogs share, per language. */
  shared: Map<string, Texts>;
}

interface Texts {
  [key: string]: string | Texts;
}

interface ExampleNode {
  id: string;
  type: string;
  wires?: string[][];
  [property: string]: unknown;
}

export const languages = ['en-US', 'de'] as const;

/** A promise that the files of a node keep together. Gives what is wrong. */
export interface FileCheck {
  name: string;
  run(node: NodeFiles): string[];
}

export async function loadNodeFiles(type: string, root = packageRoot): Promise<NodeFiles> {
  const files = new Map<string, string>();
  for (const pattern of ['editor/*.ts', `nodes/${type}/**/*.*`, `dist/nodes/${type}/**/*.*`, `icons/${type}.svg`, `examples/${type}.json`]) {
    for (const file of globSync(pattern, { cwd: root })) files.set(file.replaceAll('\\', '/'), readFileSync(path.join(root, file), 'utf8'));
  }
  const { fields } = (await import(pathToFileURL(path.join(root, 'nodes', type, 'config.ts')).href)) as { fields: Fields };
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { 'node-red': { nodes: Record<string, string> } };
  const shared = new Map<string, Texts>();
  for (const language of languages) {
    const file = path.join(root, `editor/locales/${language}.json`);
    shared.set(language, existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Texts) : {});
  }
  return { type, fields, files, listed: manifest['node-red'].nodes, shared };
}

const isConfigNode = ({ type, files }: NodeFiles): boolean => /category:\s*'config'/.test(files.get(`nodes/${type}/editor.ts`) ?? '');

function textAt(texts: Texts, key: string): string | undefined {
  let at: string | Texts | undefined = texts;
  for (const part of key.split('.')) at = typeof at === 'object' && Object.hasOwn(at, part) ? at[part] : undefined;
  return typeof at === 'string' ? at : undefined;
}

function labelsOf(node: NodeFiles, language: string): { own: Texts; text(key: string): string | undefined } {
  const own = JSON.parse(node.files.get(`nodes/${node.type}/locales/${language}/labels.json`) ?? '{}') as Texts;
  const shared = node.shared.get(language) ?? {};
  return { own, text: (key) => textAt(own, key) ?? textAt(shared, key) };
}

const hasAllFiles: FileCheck = {
  name: 'it has all its files',
  run(node) {
    const { type, files } = node;
    const wanted = [
      ...['config.ts', 'runtime.ts', 'editor.ts', 'editor.html'].map((name) => `nodes/${type}/${name}`),
      ...languages.flatMap((language) => [`nodes/${type}/locales/${language}/labels.json`, `nodes/${type}/locales/${language}/help.md`]),
      `icons/${type}.svg`,
      ...(isConfigNode(node) ? [] : [`examples/${type}.json`]),
    ];
    return wanted.filter((file) => (files.get(file) ?? '').trim() === '').map((file) => `${file} is missing or empty`);
  },
};

const isListed: FileCheck = {
  name: 'package.json names it',
  run({ type, listed }) {
    return listed[type] === `dist/nodes/${type}/runtime.js` ? [] : [`package.json says ${String(listed[type])}`];
  },
};

const registersItself: FileCheck = {
  name: 'editor and runtime register its own name, with its own icon',
  run({ type, files }) {
    const problems: string[] = [];
    const editor = files.get(`nodes/${type}/editor.ts`) ?? '';
    const runtime = files.get(`nodes/${type}/runtime.ts`) ?? '';
    if (!editor.includes(`registerType('${type}', {`)) problems.push(`editor.ts does not register '${type}' with an object literal`);
    if (!runtime.includes(`registerType('${type}'`) && !/registerType\(\s*\n\s*'/.test(runtime)) problems.push(`runtime.ts does not register '${type}'`);
    if (!editor.includes(`icon: '${type}.svg'`)) problems.push(`editor.ts does not show ${type}.svg`);
    if (!/category: '(?:digital twin|config)'/.test(editor)) problems.push('its category is neither "digital twin" nor "config"');
    return problems;
  },
};

const keepsItsFields: FileCheck = {
  name: 'what the editor keeps is what config.ts says',
  run({ type, fields, files }) {
    const html = files.get(`dist/nodes/${type}/runtime.html`) ?? '';
    const namesIn = (property: string): string[] => {
      const literal = new RegExp(`\\b${property}\\s*:\\s*\\{([^{}]*)\\}`).exec(html)?.[1] ?? '';
      return [...literal.matchAll(/(?:^|,)\s*['"]?([\w$]+)['"]?\s*:/g)].map((match) => match[1] as string).sort();
    };
    const named = (wanted: (field: Field) => boolean): string[] => Object.keys(fields).filter((name) => wanted(fields[name] as Field)).sort();
    const problems: string[] = [];
    const compare = (property: string, wanted: string[]): void => {
      const given = namesIn(property);
      if (given.join() !== wanted.join()) problems.push(`${property} are ${given.join(', ') || 'none'}; config.ts has ${wanted.join(', ')}`);
    };
    compare('defaults', named((field) => field.kind !== 'credential'));
    const credentials = named((field) => field.kind === 'credential');
    if (credentials.length > 0) compare('credentials', credentials);
    return problems;
  },
};

const formHoldsFields: FileCheck = {
  name: 'the form holds each field once',
  run({ type, fields, files }) {
    const html = files.get(`nodes/${type}/editor.html`) ?? '';
    const held = [...html.matchAll(/<field\s[^>]*?\bname="([^"]+)"|data-field="([^"]+)"/g)].map((match) => match[1] ?? match[2] ?? '');
    const problems = held.filter((name) => !Object.hasOwn(fields, name)).map((name) => `the form has a field ${name}, config.ts has none`);
    for (const name of Object.keys(fields)) {
      const times = held.filter((one) => one === name).length;
      if (times !== 1) problems.push(`the form holds ${name} ${times} times`);
    }
    return problems;
  },
};

const labelsMatch: FileCheck = {
  name: 'labels, hints and options are of its fields, in every language',
  run(node) {
    const problems: string[] = [];
    const sources = [...node.files].filter(([file]) => /^editor\/|\/editor\.(?:ts|html)$/.test(file)).map(([, text]) => text).join('\n');
    for (const language of languages) {
      const { own, text } = labelsOf(node, language);
      for (const part of ['label', 'hint', 'option', 'column']) {
        const given = own[part];
        if (typeof given !== 'object') continue;
        for (const name of Object.keys(given)) {
          // A dialog may also have parts of its own, which ask for their texts by name.
          if (Object.hasOwn(node.fields, name) || sources.includes(`${part}.${name}`)) continue;
          problems.push(`${language}: ${part}.${name} is about no field`);
        }
      }
      for (const [name, field] of Object.entries(node.fields)) {
        const isShown = text(`label.${name}`) !== undefined || text(`section.${name}`) !== undefined || typeof (own.column as Texts | undefined)?.[name] === 'object';
        if (!isShown) problems.push(`${language}: ${name} has no label`);
        if (field.kind !== 'choice') continue;
        for (const option of field.options) if (text(`option.${name}.${option}`) === undefined) problems.push(`${language}: option ${option} of ${name} has no text`);
      }
    }
    return problems;
  },
};

const helpMentions: FileCheck = {
  name: 'the help speaks of every field, in every language',
  run(node) {
    const html = node.files.get(`nodes/${node.type}/editor.html`) ?? '';
    const problems: string[] = [];
    for (const language of languages) {
      const { text } = labelsOf(node, language);
      const help = (node.files.get(`nodes/${node.type}/locales/${language}/help.md`) ?? '').toLowerCase();
      for (const name of Object.keys(node.fields)) {
        if (name === 'name' || name === 'site') continue;
        // A field is spoken of by its label, or together with others by the heading that they stand under.
        const before = html.slice(0, Math.max(html.search(new RegExp(`(?:name|data-field|data-part)="${name}"`)), 0));
        const heading = [...before.matchAll(/<h4[^>]*data-i18n="([^"]+)"/g)].at(-1)?.[1];
        const words = [text(`label.${name}`), text(`section.${name}`), heading === undefined ? undefined : text(heading)];
        if (!words.some((word) => word !== undefined && speaksOf(help, word))) {
          problems.push(`${language}: the help has no word about ${name} ("${words.filter(Boolean).join('", "')}")`);
        }
      }
    }
    return problems;
  },
};

/** Does a text hold these words, or the stem of at least one that says something? */
function speaksOf(text: string, words: string): boolean {
  const lower = words.toLowerCase();
  if (text.includes(lower)) return true;
  return lower.split(/[^\p{L}]+/u).some((word) => word.length >= 5 && text.includes(word.slice(0, 6)));
}

/** Properties that Node-RED itself gives every node. */
const commonProperties = new Set(['id', 'type', 'z', 'x', 'y', 'g', 'd', 'l', 'wires', 'info', 'icon', 'inputLabels', 'outputLabels', 'env', 'credentials']);

const exampleFits: FileCheck = {
  name: 'the example uses it, and only fields that it has',
  run(node) {
    if (isConfigNode(node)) return [];
    const problems: string[] = [];
    let flow: ExampleNode[];
    try {
      flow = JSON.parse(node.files.get(`examples/${node.type}.json`) ?? '') as ExampleNode[];
    } catch {
      return ['the example is no JSON'];
    }
    const ids = new Set(flow.map(({ id }) => id));
    if (ids.size !== flow.length) problems.push('an id occurs twice');
    if (!flow.some(({ type }) => type === node.type)) problems.push('the node is not in its own example');
    if (!flow.some(({ type }) => type === 'comment')) problems.push('no comment says what the example shows');
    for (const each of flow) {
      for (const target of (each.wires ?? []).flat()) if (!ids.has(target)) problems.push(`${each.id} is wired to ${target}, which is not there`);
      if (each.type !== node.type) continue;
      for (const name of Object.keys(each)) if (!commonProperties.has(name) && !Object.hasOwn(node.fields, name)) problems.push(`${each.id} has ${name}, which is no field`);
      for (const { field, code } of readConfig(node.fields, each).problems) problems.push(`${each.id}: ${field} ${code}`);
      for (const [name, field] of Object.entries(node.fields)) {
        const given = each[name];
        if (field.kind === 'reference' && typeof given === 'string' && given !== '' && !ids.has(given)) problems.push(`${each.id}: ${name} is ${given}, which is not there`);
        if (field.kind === 'credential' && given !== undefined) problems.push(`${each.id} carries the credential ${name}`);
      }
    }
    return problems;
  },
};

const iconIsPlain: FileCheck = {
  name: 'the icon is a small, plain drawing',
  run({ type, files }) {
    const icon = files.get(`icons/${type}.svg`) ?? '';
    const problems: string[] = [];
    if (!/^<svg [^>]*viewBox="0 0 40 60"/.test(icon.trim())) problems.push('it is no svg of 40 × 60');
    if (icon.length > 4_000) problems.push(`it has ${icon.length} characters`);
    if (/<script|<image|href=|\bon\w+=|<style|url\(/i.test(icon)) problems.push('it holds more than shapes');
    return problems;
  },
};

export const fileChecks: readonly FileCheck[] = [
  hasAllFiles,
  isListed,
  registersItself,
  keepsItsFields,
  formHoldsFields,
  labelsMatch,
  helpMentions,
  exampleFits,
  iconIsPlain,
];
