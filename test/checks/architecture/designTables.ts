/** A row of the table "Who may import whom". */
export interface ImportRow {
  /** Patterns of sources: `engine/**`, `nodes/*.ts`. */
  from: string[];
  mayImport: string;
  never: string;
}

/** What DESIGN.md says of the house, as far as a program can check it. */
export interface Design {
  rows: ImportRow[];
  /** The parts of engine/ in their order, lowest first; files with their extension. */
  engineOrder: string[];
  /** Parts of engine/ that know nothing of each other. */
  apart: string[];
  /** Names that engine sources must not use: `Date`, `Math.random`, … */
  forbiddenNames: string[];
  /** File names that the picture of the house gives, so they need not be named after an export. */
  namedFiles: Set<string>;
}

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'queueMicrotask'];

/** Reads the rules out of DESIGN.md, so that the document and the check cannot differ. Throws where a part is not found. */
export function readDesign(text: string): Design {
  const rows = importRows(text);
  const block = codeBlocks(text).find((candidate) => /^engine\//m.test(candidate));
  if (block === undefined) throw new Error('DESIGN.md has no picture of the house: a code block with a line that begins with "engine/".');
  const engineOrder = orderOf(block);
  const engineRow = rows.find((row) => row.from.includes('engine/**'));
  if (engineRow === undefined) throw new Error('The table "Who may import whom" has no row for `engine/**`.');
  const apartText = /((?:`[\w-]+`(?:,| and)?\s*)+)meet only in/.exec(engineRow.mayImport)?.[1] ?? '';
  const names = /names?\s+(.*)$/.exec(engineRow.never)?.[1] ?? '';
  const forbiddenNames = [...ticked(names), ...(/\btimers\b/.test(names) ? timers : [])];
  const namedFiles = new Set([...block.matchAll(/\b([\w.-]+\.(?:ts|html))\b/g)].map((match) => match[1] as string));
  return { rows, engineOrder, apart: ticked(apartText), forbiddenNames, namedFiles };
}

function importRows(text: string): ImportRow[] {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => cells(line).join('|') === 'from|may import|never');
  if (head < 0) throw new Error('DESIGN.md has no table with the columns from, may import, never.');
  const rows: ImportRow[] = [];
  for (let at = head + 2; at < lines.length && (lines[at] as string).trim().startsWith('|'); at++) {
    const [from = '', mayImport = '', never = ''] = cells(lines[at] as string);
    rows.push({ from: ticked(from).map((pattern) => (pattern.endsWith('/') ? `${pattern}**` : pattern)), mayImport, never });
  }
  return rows;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** What stands in backticks. */
export function ticked(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
}

function codeBlocks(text: string): string[] {
  return [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map((match) => match[1] as string);
}

function orderOf(block: string): string[] {
  const lines = block.split('\n');
  const start = lines.findIndex((line) => line.startsWith('engine/'));
  const order: string[] = [];
  for (const line of lines.slice(start + 1)) {
    if (/^\S/.test(line)) break;
    const name = /^ {2}([\w-]+(?:\/|\.ts))\s/.exec(line)?.[1];
    if (name !== undefined) order.push(name.replace(/\/$/, ''));
  }
  if (order.length === 0) throw new Error('The picture of the house names no parts of engine/.');
  return order;
}
