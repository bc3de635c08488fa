import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Field, Fields } from '../contract/fields.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const languages = ['en-US', 'de'] as const;

/** The names of the node folders, sorted. */
export async function nodeNames(): Promise<string[]> {
  const entries = await readdir(join(root, 'nodes'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

/**
 * Writes everything that Node-RED's editor loads of each node, beside the place of its runtime.js:
 * `nodes/<node>/runtime.html` (form, script and style inline), `locales/<language>/runtime.json` (texts),
 * `locales/<language>/runtime.html` (help) and `icons/<node>.svg`. Gives the names of the nodes.
 * Throws when a form leaves out a field of its config.ts, names an unknown one, or a text is missing.
 */
export async function buildEditor(outDir = 'dist'): Promise<string[]> {
  const names = await nodeNames();
  const style = minifyCss(await readFile(join(root, 'editor/form.css'), 'utf8'));
  const shared = new Map<string, Texts>();
  for (const language of languages) shared.set(language, await readTexts(join(root, `editor/locales/${language}.json`)));
  await Promise.all(names.map((name) => buildNode(name, resolve(root, outDir, 'nodes', name), style, shared)));
  return names;
}

async function buildNode(name: string, target: string, style: string, shared: ReadonlyMap<string, Texts>): Promise<void> {
  const source = join(root, 'nodes', name);
  const { fields } = (await import(pathToFileURL(join(source, 'config.ts')).href)) as { fields: Fields };
  const texts = new Map<string, Texts>();
  for (const language of languages) {
    const own = await readTexts(join(source, `locales/${language}/labels.json`));
    texts.set(language, merge(shared.get(language) ?? {}, own, `${name}, ${language}`));
  }
  const script = await bundle(name, fields);
  const isConfig = /category:\s*['"]config['"]/.test(script);
  const form = expandForm(name, await readFile(join(source, 'editor.html'), 'utf8'), fields, texts.get('en-US') ?? {}, isConfig);
  // What is not of the dialogs alone brings a style of its own.
  const ownStyle = join(source, 'editor.css');
  const wholeStyle = existsSync(ownStyle) ? `${style}${minifyCss(await readFile(ownStyle, 'utf8'))}` : style;
  const page =
    `<style>${wholeStyle}</style>\n` +
    `<script type="text/javascript">\n${script.replace(/<\/script/gi, '<\\/script').replace(/<!--/g, '<\\!--')}</script>\n` +
    `<script type="text/html" data-template-name="${name}">\n<div class="twinwire-dialog" data-dialog="${name}">\n` +
    `${form}</div>\n</script>\n`;
  await mkdir(join(target, 'icons'), { recursive: true });
  await writeFile(join(target, 'runtime.html'), page);
  await copyFile(join(root, 'icons', `${name}.svg`), join(target, 'icons', `${name}.svg`));
  for (const language of languages) {
    const folder = join(target, 'locales', language);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'runtime.json'), `${JSON.stringify(texts.get(language), null, 1)}\n`);
    const help = await readFile(join(source, `locales/${language}/help.md`), 'utf8');
    if (/<\/?script/i.test(help)) throw new Error(`nodes/${name}/locales/${language}/help.md must not hold a script element.`);
    const script = `<script type="text/markdown" data-help-name="${name}">\n${hideColons(help.trim())}\n</script>\n`;
    await writeFile(join(folder, 'runtime.html'), script);
  }
}

/**
 * Node-RED's list of properties (`: name (type) : text`) ends at the first further colon. Further ones are written as a
 * character reference, and code that holds one as an element, where a reference counts.
 */
export function hideColons(help: string): string {
  return help.replace(/^(: [^:\n]+\([^:\n]+\) : )(.*)$/gm, (_line, head: string, text: string) => {
    const coded = text.replace(/`([^`]*)`/g, (whole, code: string) =>
      code.includes(':') ? `<code>${escapeAttribute(code)}</code>` : whole,
    );
    return head + coded.replaceAll(':', '&#58;');
  });
}

async function bundle(name: string, fields: Fields): Promise<string> {
  const entry = join(root, 'nodes', name, 'editor.ts');
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    minify: true,
    legalComments: 'none',
    plugins: [
      {
        name: 'literal-defaults',
        setup(build) {
          build.onLoad({ filter: /[\\/]nodes[\\/][^\\/]+[\\/]editor\.ts$/ }, async ({ path }) => ({
            contents: writeOut(await readFile(path, 'utf8'), fields, name),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? '';
}

/**
 * `defaults: form.defaults` becomes an object literal with each field's name, `credentials` likewise: the Flow Library's
 * scorecard reads the names from the page without running it.
 */
function writeOut(source: string, fields: Fields, name: string): string {
  const literal = (property: string, wanted: (field: Field) => boolean): string => {
    const names = Object.keys(fields).filter((field) => wanted(fields[field] as Field));
    return `${property}: { ${names.map((field) => `${field}: dialog.${property}['${field}']`).join(', ')} }`;
  };
  const written = source
    .replace(/\bdefaults: dialog\.defaults\b/, () => literal('defaults', (field) => field.kind !== 'credential'))
    .replace(/\bcredentials: dialog\.credentials\b/, () => literal('credentials', (field) => field.kind === 'credential'));
  if (/: dialog\.(defaults|credentials)\b(?!\[)/.test(written) || !/defaults: \{/.test(written)) {
    throw new Error(`nodes/${name}/editor.ts must register with "defaults: dialog.defaults".`);
  }
  if (Object.values(fields).some((field) => field.kind === 'credential') && !/credentials: \{/.test(written)) {
    throw new Error(`nodes/${name}/editor.ts must register with "credentials: dialog.credentials".`);
  }
  return written;
}

/**
 * Expands `<field name="interval" icon="fa-clock-o" when="send=interval">` into a form row that follows from config.ts.
 * A part written by hand says which field it edits with data-field (or data-part for a list). Every field occurs once.
 */
export function expandForm(name: string, html: string, fields: Fields, texts: Texts, isConfig: boolean): string {
  const prefix = isConfig ? 'node-config-input' : 'node-input';
  const seen: string[] = [];
  const expanded = html.replace(/<field\s+([^>]*?)\s*\/?>(?:<\/field>)?/g, (_whole, written: string) => {
    const attributes = new Map([...written.matchAll(/([\w-]+)="([^"]*)"/g)].map((match) => [match[1] ?? '', match[2] ?? '']));
    const field = attributes.get('name') ?? '';
    const definition = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (definition === undefined) throw unknownField(name, field);
    seen.push(field);
    return fieldRow(field, definition, attributes, texts, prefix);
  });
  for (const match of html.matchAll(/data-field="(\w+)"/g)) seen.push(match[1] ?? '');
  for (const field of Object.keys(fields)) {
    const times = seen.filter((one) => one === field).length;
    if (times !== 1) throw new Error(`nodes/${name}/editor.html must hold the field "${field}" once; it is there ${times} times.`);
  }
  for (const field of seen) if (!Object.hasOwn(fields, field)) throw unknownField(name, field);
  return expanded.replaceAll('{{prefix}}', prefix);
}

function unknownField(node: string, field: string): Error {
  return new Error(`nodes/${node}/editor.html names the field "${field}", which config.ts does not have.`);
}

function fieldRow(name: string, field: Field, attributes: ReadonlyMap<string, string>, texts: Texts, prefix: string): string {
  const id = `${prefix}-${name}`;
  const when = attributes.get('when');
  const icon = attributes.get('icon');
  const label = `${icon === undefined ? '' : `<i class="fa ${icon}" aria-hidden="true"></i> `}<span data-i18n="label.${name}"></span>`;
  const hint = hasText(texts, `hint.${name}`) ? `<div class="twinwire-hint" id="${id}-hint" data-i18n="hint.${name}"></div>` : '';
  const described = hint === '' ? '' : ` aria-describedby="${id}-hint"`;
  const row = (content: string, kind = ''): string =>
    `<div class="form-row${kind}"${when === undefined ? '' : ` data-when="${when}"`}>${content}${hint}</div>`;
  const standard = (input: string): string => row(`<label for="${id}">${label}</label><div class="twinwire-control">${input}</div>`);
  switch (field.kind) {
    case 'text': {
      const placeholder = hasText(texts, `placeholder.${name}`)
        ? ` data-i18n="[placeholder]placeholder.${name}"`
        : field.placeholder === undefined ? '' : ` placeholder="${escapeAttribute(field.placeholder)}"`;
      const required = field.required === true ? ' aria-required="true"' : '';
      return standard(`<input type="text" id="${id}" spellcheck="false"${placeholder}${described}${required}>`);
    }
    case 'credential':
      return standard(`<input type="${field.secret ? 'password' : 'text'}" id="${id}" spellcheck="false"${described}>`);
    case 'number': {
      const step = field.step ?? (field.integer === true ? 1 : 'any');
      const unit = field.unit === undefined ? '' : `<span class="twinwire-unit" data-i18n="unit.${field.unit}"></span>`;
      const range = `min="${field.minimum}" max="${field.maximum}" step="${step}"`;
      return standard(`<input type="number" class="twinwire-number" id="${id}" ${range}${described}>${unit}`);
    }
    case 'choice': {
      const options = field.options
        .map((option) => escapeAttribute(option))
        .map((option) => `<option value="${option}" data-i18n="option.${name}.${option}"></option>`);
      return standard(`<select id="${id}"${described}>${options.join('')}</select>`);
    }
    case 'flag':
      return row(
        `<div class="twinwire-control"><label for="${id}"><input type="checkbox" id="${id}"${described}>` +
          `<span data-i18n="label.${name}"></span></label></div>`,
        ' twinwire-flag',
      );
    case 'reference':
      return standard(`<input type="text" id="${id}" style="width: 100%"${described}>`);
    case 'list':
      return `<div class="twinwire-wide"${when === undefined ? '' : ` data-when="${when}"`} data-part="${name}"></div>`;
  }
}

export interface Texts {
  [key: string]: string | Texts;
}

async function readTexts(path: string): Promise<Texts> {
  return JSON.parse(await readFile(path, 'utf8')) as Texts;
}

function hasText(texts: Texts, key: string): boolean {
  let at: string | Texts | undefined = texts;
  for (const part of key.split('.')) at = typeof at === 'object' && Object.hasOwn(at, part) ? at[part] : undefined;
  return typeof at === 'string';
}

function merge(shared: Texts, own: Texts, where: string): Texts {
  const merged: Texts = { ...shared };
  for (const [key, value] of Object.entries(own)) {
    const there = merged[key];
    if (there === undefined) merged[key] = value;
    else if (typeof there === 'object' && typeof value === 'object') merged[key] = merge(there, value, where);
    else throw new Error(`The text "${key}" of ${where} is already a shared one.`);
  }
  return merged;
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function minifyCss(css: string): string {
  return css.replace(/\s*\n\s*/g, '').replace(/\s*([{};,])\s*/g, '$1').replace(/;}/g, '}');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = await buildEditor(process.argv[2] ?? 'dist');
  console.log(`Editor: ${names.length} nodes.`);
}
