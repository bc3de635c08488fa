import { codeOnly, lineOf } from './sourceText.ts';

/** A rule of the house that no linter at hand knows. */
export interface HouseRule {
  name: string;
  /** Why, in one sentence, shown with each finding. */
  because: string;
  /** Where it is broken: positions in `source`. `code` is the same text without comments and strings. */
  find(source: string, code: string, file: string): number[];
}

const everywhere = (pattern: RegExp) => (_source: string, code: string) => [...code.matchAll(pattern)].map((match) => match.index);

export const houseRules: readonly HouseRule[] = [
  {
    name: 'no-for-in',
    because: 'for…in walks inherited and foreign keys; use Object.keys, Object.entries or a Map.',
    find: everywhere(/\bfor\s*\(\s*(?:const|let|var)?\s*[\w$]+\s+in\b/g),
  },
  {
    name: 'no-code-from-text',
    because: 'text must never become code: no eval, no Function constructor, no vm.',
    find: (source, code, file) => [
      ...[...code.matchAll(/\bnew\s+Function\b|(?<![\w.$'"])Function\s*\(|(?<![\w.$])eval\s*\(/g)].map((match) => match.index),
      // Tests may use it to reach the garbage collector.
      ...(file.startsWith('test/') ? [] : [...source.matchAll(/(['"])node:vm\1|(['"])vm\2/g)].map((match) => match.index)),
    ],
  },
  {
    name: 'line-length',
    because: 'a line has at most 200 characters.',
    find: (source) => {
      const found: number[] = [];
      let start = 0;
      for (const line of source.split('\n')) {
        if (line.length > 200) found.push(start);
        start += line.length + 1;
      }
      return found;
    },
  },
  {
    name: 'no-tab',
    because: 'indentation is two spaces.',
    find: (source) => [...source.matchAll(/^ *\t/gm)].map((match) => match.index),
  },
  {
    name: 'no-lone-test',
    because: 'only() keeps all other tests from running.',
    find: (_source, code, file) => (file.startsWith('test/') ? [...code.matchAll(/\b(?:describe|it)\.only\b/g)].map((match) => match.index) : []),
  },
  {
    name: 'no-skip-without-reason',
    because: 'a skipped test says why: skip(this, reason) of test/skip.ts.',
    find: (_source, code, file) =>
      file.startsWith('test/') && file !== 'test/skip.ts'
        ? [...code.matchAll(/\b(?:describe|it)\.skip\b|\bx(?:it|describe)\s*\(|\bthis\.skip\s*\(/g)].map((match) => match.index)
        : [],
  },
];

export interface HouseFinding {
  file: string;
  line: number;
  rule: string;
  because: string;
}

/** Checks one source against the rules of the house. */
export function checkHouseRules(file: string, source: string): HouseFinding[] {
  const code = codeOnly(source);
  return houseRules.flatMap((rule) =>
    rule.find(source, code, file).map((position) => ({ file, line: lineOf(source, position), rule: rule.name, because: rule.because })),
  );
}
