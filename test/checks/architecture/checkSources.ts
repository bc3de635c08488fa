import path from 'node:path/posix';
import { codeOnly, importedModules, lineOf } from '../../../scripts/sourceText.ts';
import { type Design, type ImportRow, ticked } from './designTables.ts';

/** Sources by their path from the checkout's root, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

export interface Finding {
  file: string;
  line: number;
  rule: 'import' | 'order' | 'forbidden-name' | 'file-name' | 'vague-name' | 'no-row';
  text: string;
}

export interface Scan {
  findings: Finding[];
  /** How much was looked at; a scan that saw nothing has proved nothing. */
  files: number;
  imports: number;
  /** Files per row of the table, by the row's first pattern. */
  filesPerRow: Map<string, number>;
}

/** Holds each source against the design: who may import whom, the engine's order and purity, the names of files. */
export function checkSources(design: Design, sources: Sources): Scan {
  const scan: Scan = { findings: [], files: 0, imports: 0, filesPerRow: new Map(design.rows.map((row) => [row.from[0] ?? '', 0])) };
  for (const [file, source] of sources) {
    scan.files++;
    checkNames(design, file, source, scan);
    const place = placeOf(design, file);
    if (place === undefined) {
      scan.findings.push({ file, line: 1, rule: 'no-row', text: `no row of the table "Who may import whom" speaks of ${file}` });
      continue;
    }
    const key = place.row.from[0] ?? '';
    scan.filesPerRow.set(key, (scan.filesPerRow.get(key) ?? 0) + 1);
    for (const { specifier, line, typeOnly } of importedModules(source)) {
      scan.imports++;
      const problem = importProblem(design, sources, file, place, specifier, typeOnly);
      if (problem !== undefined) scan.findings.push({ file, line, ...problem });
    }
    if (file.startsWith('engine/')) checkPurity(design, file, source, scan);
  }
  return scan;
}

interface Place {
  row: ImportRow;
  /** The folder or file that the source's own row and wildcard stand for: `adapters/mqtt/`, `nodes/twin-asset/config.ts`. */
  own: (target: string) => boolean;
  pattern: string;
}

/** The row that speaks of a file: of several, the one with the longest pattern. */
function placeOf(design: Design, file: string): Place | undefined {
  let best: Place | undefined;
  for (const row of design.rows) {
    for (const pattern of row.from) {
      if (!matches(pattern, file) || (best !== undefined && best.pattern.length >= pattern.length)) continue;
      best = { row, pattern, own: ownOf(pattern, file) };
    }
  }
  return best;
}

function ownOf(pattern: string, file: string): (target: string) => boolean {
  // `adapters/*` is one folder for each adapter; `nodes/*.ts` are files beside each other; the rest is the pattern itself.
  if (pattern.endsWith('/*')) {
    const folder = file.split('/').slice(0, pattern.split('/').length).join('/');
    return (target) => target === folder || target.startsWith(`${folder}/`);
  }
  if (/\/\*\/[\w.]+$/.test(pattern)) return (target) => target === file;
  return (target) => matches(pattern, target);
}

function importProblem(
  design: Design,
  sources: Sources,
  file: string,
  place: Place,
  specifier: string,
  typeOnly: boolean,
): { rule: Finding['rule']; text: string } | undefined {
  const { row } = place;
  const target = specifier.startsWith('.') ? path.join(path.dirname(file), specifier) : specifier;
  const kind = specifier.startsWith('.') ? 'file' : specifier.startsWith('node:') ? 'node' : 'package';
  if (target.startsWith('engine/') && file.startsWith('engine/')) return engineOrderProblem(design, file, target);
  if (!isAllowed({ row, place, sources, file, target, kind, typeOnly })) {
    return { rule: 'import', text: `${file} must not import ${specifier}: it may import ${row.mayImport} (never ${row.never || 'anything else'})` };
  }
  return undefined;
}

interface ImportInQuestion {
  row: ImportRow;
  place: Place;
  sources: Sources;
  file: string;
  target: string;
  kind: 'file' | 'node' | 'package';
  typeOnly: boolean;
}

function isAllowed({ row, place, sources, file, target, kind, typeOnly }: ImportInQuestion): boolean {
  if (kind === 'file' && place.own(target)) return true;
  if (/^anything\b/.test(row.mayImport)) return true;
  // Declarations load nothing, and Node's own types are no choice of ours.
  if (file.endsWith('.d.ts') && kind === 'node' && typeOnly) return true;
  let typesOfThePart = false;
  for (const phrase of row.mayImport.split(/[;,]/).reverse()) {
    const tokens = ticked(phrase);
    // "`contract/messages.ts`, `contract/http.ts` (types)" says of both that only types are taken.
    typesOfThePart = /\(types\)/.test(phrase) || (typesOfThePart && /^\s*`[^`]+`\s*$/.test(phrase));
    if (typesOfThePart && !typeOnly) continue;
    if (/config nodes only/.test(phrase) && !isConfigNode(sources, file)) continue;
    if (/\bown folder\b/.test(phrase) && kind === 'file' && target.startsWith(`${file.split('/')[0]}/`)) return true;
    if (/\bown\b/.test(phrase) && tokens.length > 0) {
      if (tokens.some((token) => target === path.join(path.dirname(file), token))) return true;
      continue;
    }
    if (/(?<!`)\bNode\b/.test(phrase) && kind === 'node') return true;
    if (/\bnpm packages\b/.test(phrase) && kind === 'package') return true;
    if (tokens.some((token) => (kind === 'package' ? target === token || target.startsWith(`${token}/`) : matchesTarget(token, target)))) return true;
  }
  return false;
}

function isConfigNode(sources: Sources, file: string): boolean {
  const editor = sources.get(path.join(path.dirname(file), 'editor.ts')) ?? '';
  return /category:\s*['"]config['"]/.test(editor);
}

/** A part of the engine may import only parts that stand above it in the picture; the parts that stay apart not even those. */
function engineOrderProblem(design: Design, file: string, target: string): { rule: 'order'; text: string } | undefined {
  const from = enginePart(file);
  const to = enginePart(target);
  if (from === to) return undefined;
  const fromRank = rankOf(design, from);
  const toRank = rankOf(design, to);
  if (fromRank === undefined) return { rule: 'order', text: `engine/${from} does not stand in the picture of the house` };
  if (toRank === undefined) return { rule: 'order', text: `engine/${to} does not stand in the picture of the house` };
  if (design.apart.includes(from) && design.apart.includes(to)) {
    return { rule: 'order', text: `engine/${from} must not import engine/${to}: they meet only in engine/site` };
  }
  return toRank < fromRank ? undefined : { rule: 'order', text: `engine/${from} must not import engine/${to}, which stands below it in the picture of the house` };
}

/** Files directly in engine/ are the ground: below all folders, and together. */
function enginePart(file: string): string {
  const part = file.split('/')[1] ?? '';
  return part.endsWith('.ts') ? '' : part;
}

function rankOf(design: Design, part: string): number | undefined {
  if (part === '') return -1;
  const rank = design.engineOrder.indexOf(part);
  return rank < 0 ? undefined : rank;
}

function checkPurity(design: Design, file: string, source: string, scan: Scan): void {
  const code = codeOnly(source);
  for (const name of design.forbiddenNames) {
    for (const match of code.matchAll(new RegExp(`(?<![\\w$.'"])(?:globalThis\\s*\\.\\s*)?${name.replace('.', '\\s*\\.\\s*')}(?![\\w$])(?!\\s*:)`, 'g'))) {
      scan.findings.push({ file, line: lineOf(code, match.index), rule: 'forbidden-name', text: `${file} uses ${name}: time and chance come in as arguments` });
    }
  }
}

/** Files that every unit has; their folder carries the name. */
const fixedNames = new Set(['index.ts', 'config.ts', 'runtime.ts', 'editor.ts']);
/** Folders whose files are named after what they export. A test or a script is named after what it does. */
const namedFolders = /^(?:engine|adapters|contract|web|nodes|command|editor|page)\//;

function checkNames(design: Design, file: string, source: string, scan: Scan): void {
  const name = path.basename(file);
  if (/(?:^|[/a-z])(?:util|helper|manager)s?(?=[A-Z./_-]|$)/i.test(file.replace(/\.[cm]?tsx?$/, ''))) {
    scan.findings.push({ file, line: 1, rule: 'vague-name', text: `${file}: util, helper and manager say nothing of what is inside` });
  }
  if (!namedFolders.test(file) || fixedNames.has(name) || design.namedFiles.has(name) || name.endsWith('.d.ts')) return;
  const stem = name.replace(/\.[cm]?ts$/, '');
  const exported = [...codeOnly(source).matchAll(/\bexport\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|interface|type)\s+([\w$]+)/g)];
  const names = exported.map((match) => match[1] as string);
  if (!/^[a-z][A-Za-z0-9]*$/.test(stem)) {
    scan.findings.push({ file, line: 1, rule: 'file-name', text: `${file}: file names are camelCase` });
  } else if (names.length <= 2 && !names.some((one) => wordsOf(one).some((word) => wordsOf(stem).some((part) => part.slice(0, 6) === word.slice(0, 6))))) {
    // A file with more in it is named after what its exports have in common, which no program can judge.
    scan.findings.push({ file, line: 1, rule: 'file-name', text: `${file} exports ${names.join(', ') || 'nothing'}, but nothing called ${stem}` });
  }
}

/** The words of a camelCase name, without a plural's s. */
function wordsOf(name: string): string[] {
  return name
    .split(/(?=[A-Z])|[_$]/)
    .map((word) => word.toLowerCase().replace(/s$/, ''))
    .filter((word) => word !== '');
}

/** `*` is one part of a path, `**` any number. */
function matches(pattern: string, file: string): boolean {
  const expression = pattern
    .split('/')
    .map((part) => (part === '**' ? '.*' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')))
    .join('/')
    .replaceAll('/.*', '/.*');
  // `adapters/*` stands for all that is in each of its folders.
  return new RegExp(`^${expression}${pattern.endsWith('/*') ? '(?:/.*)?' : ''}$`).test(file);
}

function matchesTarget(token: string, target: string): boolean {
  return matches(token.endsWith('/') ? `${token}**` : token, target);
}
