import { Problem } from '../problem.ts';
import { durationUnitMs } from '../time/duration.ts';

export type Token =
  | { kind: 'number'; position: number; value: number; duration: boolean }
  | { kind: 'text'; position: number; value: string }
  | { kind: 'name'; position: number; value: string; quoted: boolean }
  | { kind: 'sign'; position: number; value: string }
  | { kind: 'end'; position: number };

const blank = /[\s\u00a0]+/y;
const numeral = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y;
const word = /[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*/uy;
const letters = /[a-zA-Z]+/y;
const signs = ['<=', '>=', '==', '!=', '<>', '&&', '||', '(', ')', ',', ';', '+', '-', '*', '/', '%', '^', '<', '>', '=', '!'];

/** Cuts an expression into tokens. Positions count from 1. Throws a Problem. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    position = pattern.lastIndex;
    return found[0];
  };
  while (position < text.length) {
    if (match(blank) !== undefined) continue;
    const at = position + 1;
    const character = text[position] ?? '';
    const numberText = match(numeral);
    if (numberText !== undefined) {
      const unit = match(letters);
      let value = Number(numberText);
      if (unit !== undefined) {
        const factor = durationUnitMs(unit);
        if (factor === undefined) {
          throw new Problem(
            'TWIN_EXPRESSION_UNIT',
            `At character ${at}: "${numberText}${unit}" is neither a number nor a duration.`,
            'Write durations as 500ms, 20s, 5min, 2h or 1d, and an operator between a number and a name.',
            { position: at, text: numberText + unit },
          );
        }
        value = (value * factor) / 1000;
      }
      if (!Number.isFinite(value)) {
        throw new Problem(
          'TWIN_EXPRESSION_NUMBER',
          `At character ${at}: the number "${numberText}" is too large.`,
          'Use a smaller number.',
          { position: at, text: numberText },
        );
      }
      tokens.push({ kind: 'number', position: at, value, duration: unit !== undefined });
      continue;
    }
    const wordText = match(word);
    if (wordText !== undefined) {
      tokens.push({ kind: 'name', position: at, value: wordText, quoted: false });
      continue;
    }
    if (character === "'" || character === '"' || character === '`' || character === '[') {
      const closing = character === '[' ? ']' : character;
      const end = text.indexOf(closing, position + 1);
      if (end < 0) {
        throw new Problem(
          'TWIN_EXPRESSION_OPEN',
          `At character ${at}: ${character} is opened and never closed.`,
          `Add ${closing} where the text or name ends.`,
          { position: at, text: character },
        );
      }
      const inner = text.slice(position + 1, end);
      position = end + 1;
      if (character === "'" || character === '"') tokens.push({ kind: 'text', position: at, value: inner });
      else tokens.push({ kind: 'name', position: at, value: inner, quoted: true });
      continue;
    }
    const sign = signs.find((candidate) => text.startsWith(candidate, position));
    if (sign === undefined) {
      throw new Problem(
        'TWIN_EXPRESSION_CHARACTER',
        `At character ${at}: "${character}" has no meaning here.`,
        'Use + - * / % ^, comparisons, and, or, not and the functions; put a name with other characters into [brackets].',
        { position: at, text: character },
      );
    }
    position += sign.length;
    tokens.push({ kind: 'sign', position: at, value: sign });
  }
  tokens.push({ kind: 'end', position: text.length + 1 });
  return tokens;
}
