import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';

/** A single line beyond this is no row of a table. */
const longestLineCharacters = 1_000_000;
/** A quoted cell may hold line breaks, but a quote that stays open this long was never closed. */
const longestQuotedCharacters = 65_536;

/**
 * Lets only lines through that a table can be made of, so that one broken line costs itself and not the rest of the file: a quote
 * that is never closed would otherwise swallow all that follows. A broken line is told and replaced by an empty one, so that
 * line numbers stay those of the file. Line ends become \n.
 */
export class WholeRows extends Transform {
  readonly #separator: string;
  readonly #onBroken: (line: number, reason: string) => void;
  /** Number of the line that comes next. */
  #line: number;
  #rest = '';
  #skippingLine = false;
  /** The lines of a row whose quote is still open. */
  #open: string[] = [];
  #openCharacters = 0;

  constructor(separator: string, firstLine: number, onBroken: (line: number, reason: string) => void) {
    super({ decodeStrings: false, encoding: 'utf8' });
    this.#separator = separator;
    this.#line = firstLine;
    this.#onBroken = onBroken;
  }

  override _transform(chunk: string | Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const text = this.#rest + String(chunk);
    const rows: string[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#take(text.slice(start, end), rows);
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > longestLineCharacters) {
      this.#skippingLine = true;
      this.#rest = '';
    }
    done(null, rows.join(''));
  }

  override _flush(done: TransformCallback): void {
    const rows: string[] = [];
    if (this.#rest !== '' || this.#skippingLine) this.#take(this.#rest, rows);
    while (this.#open.length > 0) this.#giveUpQuote(rows);
    done(null, rows.join(''));
  }

  #take(line: string, rows: string[]): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (this.#skippingLine) {
      this.#skippingLine = false;
      while (this.#open.length > 0) this.#giveUpQuote(rows);
      this.#onBroken(this.#line, `it is longer than ${longestLineCharacters} characters.`);
      this.#line += 1;
      rows.push('\n');
      return;
    }
    const waiting = this.#open.length > 0;
    const quotes = text.includes('"') ? quotesOf(text, this.#separator, waiting) : waiting ? 'open' : 'closed';
    if (quotes === 'closed') {
      this.#line += this.#open.length + 1;
      for (const part of this.#open) rows.push(part, '\n');
      rows.push(text, '\n');
      this.#open = [];
      this.#openCharacters = 0;
      return;
    }
    if (quotes === 'broken' && !waiting) {
      this.#onBroken(this.#line, 'its quotes do not match.');
      this.#line += 1;
      rows.push('\n');
      return;
    }
    this.#open.push(text);
    this.#openCharacters += text.length + 1;
    if (quotes === 'broken') this.#giveUpQuote(rows);
    while (this.#openCharacters > longestQuotedCharacters) this.#giveUpQuote(rows);
  }

  /** The line that opened the quote is broken; those behind it are looked at again, on their own. */
  #giveUpQuote(rows: string[]): void {
    const [, ...again] = this.#open;
    this.#open = [];
    this.#openCharacters = 0;
    this.#onBroken(this.#line, 'a quote in it is never closed.');
    this.#line += 1;
    rows.push('\n');
    for (const line of again) this.#take(line, rows);
  }
}

/**
 * Whether a quote is open at the end of the line, or its quotes fit no table (something stands behind a closing quote, which the
 * parser would take for a quote still open). A quote inside an unquoted cell is a character like any other.
 */
function quotesOf(line: string, separator: string, openBefore: boolean): 'open' | 'closed' | 'broken' {
  let place: 'cell start' | 'cell' | 'quoted' | 'behind quote' = openBefore ? 'quoted' : 'cell start';
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index];
    if (place === 'quoted') {
      if (character !== '"') continue;
      if (line[index + 1] === '"') index += 1;
      else place = 'behind quote';
    } else if (character === separator) place = 'cell start';
    else if (character === ' ') continue;
    else if (place === 'behind quote') return 'broken';
    else if (place === 'cell start') place = character === '"' ? 'quoted' : 'cell';
  }
  return place === 'quoted' ? 'open' : 'closed';
}
