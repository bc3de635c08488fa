/**
 * The text of a TypeScript or JavaScript source with everything that is not code blanked out: comments, and the contents of strings,
 * templates and regular expressions. As long as the original, so that a position in one is a position in the other.
 */
export function codeOnly(source: string): string {
  const out: string[] = [];
  /** Depth of braces inside each `${` that is open. */
  const templates: number[] = [];
  let at = 0;
  const keep = (count: number): void => {
    out.push(source.slice(at, at + count));
    at += count;
  };
  const blank = (to: number): void => {
    const end = Math.min(to, source.length);
    out.push(source.slice(at, end).replace(/[^\n]/g, ' '));
    at = end;
  };
  const templateText = (): void => {
    let end = at;
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end)) end += source[end] === '\\' ? 2 : 1;
    blank(end);
    if (source[at] === '`') keep(1);
    else if (at < source.length) {
      keep(2);
      templates.push(0);
    }
  };
  while (at < source.length) {
    const character = source[at] as string;
    const open = templates.length - 1;
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      blank(end < 0 ? source.length : end);
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2);
      blank(end < 0 ? source.length : end + 2);
    } else if (character === '"' || character === "'") {
      let end = at + 1;
      while (end < source.length && source[end] !== character && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
      keep(1);
      blank(end);
      if (at < source.length) keep(1);
    } else if (character === '`') {
      keep(1);
      templateText();
    } else if (character === '/' && startsRegularExpression(out)) {
      blank(endOfRegularExpression(source, at));
    } else if (character === '{' && open >= 0) {
      templates[open] = (templates[open] as number) + 1;
      keep(1);
    } else if (character === '}' && open >= 0) {
      if (templates[open] === 0) {
        templates.pop();
        keep(1);
        templateText();
      } else {
        templates[open] = (templates[open] as number) - 1;
        keep(1);
      }
    } else {
      keep(1);
    }
  }
  return out.join('');
}

/** A slash begins a regular expression where no value stands before it. */
function startsRegularExpression(out: readonly string[]): boolean {
  let before = '';
  for (let index = out.length - 1; index >= 0 && before.trimEnd().length < 12; index--) before = out[index] + before;
  before = before.trimEnd();
  if (before === '') return true;
  return /[(,=:[!&|?{};+\-*%<>~^]$/.test(before) || /\b(return|typeof|case|in|of|delete|void|throw|new|await|yield)$/.test(before);
}

function endOfRegularExpression(source: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') at++;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '\n') return start + 1;
    else if (character === '/' && !inClass) {
      let end = at + 1;
      while (/[a-z]/.test(source[end] ?? '')) end++;
      return end;
    }
  }
  return start + 1;
}

/** A module that a source names, with the line on which it does. */
export interface ImportedModule {
  specifier: string;
  line: number;
  /** Only types are taken, so nothing is loaded. */
  typeOnly: boolean;
}

/** Everything a source imports or re-exports: statically, dynamically with a literal, by `require` or in a type. */
export function importedModules(source: string): ImportedModule[] {
  const code = codeOnly(source);
  const found: ImportedModule[] = [];
  const patterns = [
    /\b(?:import|export)\b[^;'"`()]*?\bfrom\s*(['"])/g,
    /\bimport\s*(['"])/g,
    /\bimport\s*\(\s*(['"`])/g,
    /\brequire\s*\(\s*(['"`])/g,
    /\brequire\.resolve\s*\(\s*(['"`])/g,
    /\bimport\.meta\.resolve\s*\(\s*(['"`])/g,
  ];
  for (const pattern of patterns) {
    for (const match of code.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const end = source.indexOf(match[1] as string, start);
      const typeOnly = /^(?:import|export)\s+type\b/.test(match[0]) || (match[0].startsWith('import') && /[<:|&]\s*$/.test(code.slice(0, match.index)));
      found.push({ specifier: source.slice(start, end), line: lineOf(source, match.index), typeOnly });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** The line, from 1, of a position. */
export function lineOf(source: string, position: number): number {
  let line = 1;
  for (let at = source.indexOf('\n'); at >= 0 && at < position; at = source.indexOf('\n', at + 1)) line++;
  return line;
}
