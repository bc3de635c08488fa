import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';
import { conditionOf, numberOf, usable } from './expressionValue.ts';
import type { ExpressionContext, ExpressionValue, Lookup } from './expressionValue.ts';
import { stateful, statefulCall } from './statefulFunctions.ts';
import type { StatefulCall, StatefulName } from './statefulFunctions.ts';
import { tokenize } from './tokenize.ts';
import type { Token } from './tokenize.ts';

/** An expression, ready to be evaluated. May be shared: what it remembers is in the context's state. */
export interface Compiled {
  readonly text: string;
  /** Property names it reads, each once, in order of appearance. */
  readonly names: readonly string[];
  /** Whether it remembers earlier rows (hours, count, mean, rate, delta, previous): evaluate it on every row then. */
  readonly stateful: boolean;
  /** A fresh state for a context. */
  newState(): Json[];
  /** undefined = bad. Never throws, never gives NaN or an infinity. */
  evaluate(lookup: Lookup, context?: ExpressionContext): ExpressionValue | undefined;
}

/** Longest expression, in characters. */
export const maximumExpressionLength = 2000;
/** Deepest nesting of parentheses, functions and signs. */
export const maximumExpressionDepth = 64;

/** What closures work on during one evaluation. */
interface Run {
  lookup: Lookup;
  results: (ExpressionValue | undefined)[];
}
type Closure = (run: Run) => ExpressionValue | undefined;

interface PlannedCall {
  call: StatefulCall;
  argument: Closure;
  /** Places in `names` that the argument reads. */
  reads: number[];
}

type NumberFunction = (...numbers: number[]) => number;

const numberFunctions: ReadonlyMap<string, { least: number; most: number; apply: NumberFunction }> = new Map([
  ['min', { least: 1, most: 50, apply: Math.min }],
  ['max', { least: 1, most: 50, apply: Math.max }],
  ['abs', { least: 1, most: 1, apply: Math.abs }],
  ['sqrt', { least: 1, most: 1, apply: Math.sqrt }],
  ['exp', { least: 1, most: 1, apply: Math.exp }],
  ['ln', { least: 1, most: 1, apply: Math.log }],
  ['log10', { least: 1, most: 1, apply: Math.log10 }],
  ['round', { least: 1, most: 2, apply: round }],
  ['floor', { least: 1, most: 1, apply: Math.floor }],
  ['ceil', { least: 1, most: 1, apply: Math.ceil }],
  ['clamp', { least: 3, most: 3, apply: (x: number, low: number, high: number) => (low <= high ? Math.min(Math.max(x, low), high) : NaN) }],
]);

/** Every function of the language, for help and completion. */
export const expressionFunctions: readonly string[] = ['if', ...numberFunctions.keys(), ...stateful];

function round(x: number, digits = 0): number {
  if (!Number.isInteger(digits) || Math.abs(digits) > 15) return NaN;
  const factor = 10 ** digits;
  const scaled = x * factor;
  // Half away from zero, as people round; numbers too large to have decimals stay as they are.
  return Number.isFinite(scaled) ? (Math.sign(scaled) * Math.round(Math.abs(scaled))) / factor : x;
}

/**
 * Compiles the small arithmetic language of derived properties and operating modes into closures; nothing of the text is ever
 * run as code.
 *
 * Numbers with a decimal point, durations (`5min` = 300, in seconds), 'texts', true, false; property names, with odd characters
 * in [brackets] or `backticks`; `+ - * / % ^`, `= != < <= > >=`, and, or, not; `if(condition, then, else)`, min, max, abs, sqrt,
 * exp, ln, log10, round(x, digits), floor, ceil, clamp(x, low, high); over time: hours(condition), count(condition),
 * mean(x, window), rate(x) per second, delta(x), previous(x), each with a gap limit as an optional last argument. Arguments are
 * separated by a comma or a semicolon.
 *
 * A missing or bad input makes the result bad. Two things a bad input cannot decide stay good: `false and bad` is false,
 * `true or bad` is true, and if() only needs the branch that it takes. Comparing a text with a number is bad, not false.
 * @throws Problem TWIN_EXPRESSION_… with the position (from 1) in `values.position`
 */
export function compile(text: string): Compiled {
  if (text.trim() === '') {
    throw new Problem(
      'TWIN_EXPRESSION_EMPTY',
      'The expression is empty.',
      'Write an expression such as (supply + return) / 2.',
      { position: 1 },
    );
  }
  if (text.length > maximumExpressionLength) {
    throw new Problem(
      'TWIN_EXPRESSION_TOO_LONG',
      `The expression has ${text.length} characters.`,
      `Use at most ${maximumExpressionLength}; put parts of it into derived properties of their own.`,
      { position: maximumExpressionLength + 1, length: text.length },
    );
  }
  const parser = new Parser(tokenize(text));
  const root = parser.whole();
  const { names, calls } = parser;
  const run: Run = { lookup: () => undefined, results: new Array(calls.length) };
  const noContext: ExpressionContext = { timeMs: 0, state: [] };
  return {
    text,
    names,
    stateful: calls.length > 0,
    newState: () => calls.map(() => null),
    evaluate(lookup, context) {
      run.lookup = lookup;
      if (calls.length > 0) {
        // Every row goes through every stateful function, whichever branch of an if() it stands in: time passes there too.
        const given = context ?? { ...noContext, state: [] };
        for (let slot = 0; slot < calls.length; slot += 1) {
          const { call, argument, reads } = calls[slot] as PlannedCall;
          const { fresh, broken } = given;
          const isFresh = fresh === undefined || reads.length === 0 || reads.some((index) => fresh(index));
          const isBroken = broken !== undefined && reads.some((index) => broken(index));
          run.results[slot] = call.step(argument(run), isFresh, isBroken, given, slot);
        }
      }
      const value = root(run);
      return typeof value === 'number' ? usable(value) : value;
    },
  };
}

class Parser {
  readonly names: string[] = [];
  readonly calls: PlannedCall[] = [];
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;
  /** Names read since the last reset; tells what the argument of a stateful function reads. */
  #reads: Set<number> = new Set();

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  whole(): Closure {
    const closure = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw this.#unexpected(rest, 'an operator or the end');
    return closure;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  /** Takes the sign or keyword if it comes next. */
  #take(...values: string[]): string | undefined {
    const token = this.#peek();
    if (token.kind === 'sign' || (token.kind === 'name' && !token.quoted)) {
      if (values.includes(token.value)) {
        this.#at += 1;
        return token.value;
      }
    }
    return undefined;
  }

  #deeper<T>(inner: () => T): T {
    this.#depth += 1;
    if (this.#depth > maximumExpressionDepth) {
      const { position } = this.#peek();
      throw new Problem(
        'TWIN_EXPRESSION_TOO_DEEP',
        `At character ${position}: the expression is nested more than ${maximumExpressionDepth} deep.`,
        'Put the inner part into a derived property of its own.',
        { position },
      );
    }
    const result = inner();
    this.#depth -= 1;
    return result;
  }

  #or(): Closure {
    return this.#deeper(() => {
      let left = this.#and();
      while (this.#take('or', 'OR', '||') !== undefined) {
        const [a, b] = [left, this.#and()];
        left = (run) => {
          const first = conditionOf(a(run));
          if (first === true) return true;
          const second = conditionOf(b(run));
          return second === true ? true : first === undefined || second === undefined ? undefined : false;
        };
      }
      return left;
    });
  }

  #and(): Closure {
    let left = this.#not();
    while (this.#take('and', 'AND', '&&') !== undefined) {
      const [a, b] = [left, this.#not()];
      left = (run) => {
        const first = conditionOf(a(run));
        if (first === false) return false;
        const second = conditionOf(b(run));
        return second === false ? false : first === undefined || second === undefined ? undefined : true;
      };
    }
    return left;
  }

  #not(): Closure {
    if (this.#take('not', 'NOT', '!') === undefined) return this.#comparison();
    const inner = this.#deeper(() => this.#not());
    return (run) => {
      const value = conditionOf(inner(run));
      return value === undefined ? undefined : !value;
    };
  }

  #comparison(): Closure {
    const left = this.#sum();
    const sign = this.#take('=', '==', '!=', '<>', '<', '<=', '>', '>=');
    if (sign === undefined) return left;
    const right = this.#sum();
    const again = this.#peek();
    if (again.kind === 'sign' && ['=', '==', '!=', '<>', '<', '<=', '>', '>='].includes(again.value)) {
      throw new Problem(
        'TWIN_EXPRESSION_CHAIN',
        `At character ${again.position}: two comparisons in a row have no clear meaning.`,
        'Write them apart, joined by and: 10 < x and x < 20.',
        { position: again.position, text: again.value },
      );
    }
    if (sign === '=' || sign === '==' || sign === '!=' || sign === '<>') {
      const wanted = sign === '=' || sign === '==';
      return (run) => {
        const equal = equals(left(run), right(run));
        return equal === undefined ? undefined : equal === wanted;
      };
    }
    return (run) => {
      const a = left(run);
      const b = right(run);
      if (!isNumber(a) || !isNumber(b)) return undefined;
      return sign === '<' ? a < b : sign === '<=' ? a <= b : sign === '>' ? a > b : a >= b;
    };
  }

  #sum(): Closure {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign !== undefined; sign = this.#take('+', '-')) {
      const [a, b] = [left, this.#product()];
      left = sign === '+' ? arithmetic(a, b, (x, y) => x + y) : arithmetic(a, b, (x, y) => x - y);
    }
    return left;
  }

  #product(): Closure {
    let left = this.#signed();
    for (let sign = this.#take('*', '/', '%'); sign !== undefined; sign = this.#take('*', '/', '%')) {
      const [a, b] = [left, this.#signed()];
      if (sign === '*') left = arithmetic(a, b, (x, y) => x * y);
      else if (sign === '/') left = arithmetic(a, b, (x, y) => x / y);
      else left = arithmetic(a, b, (x, y) => x % y);
    }
    return left;
  }

  #signed(): Closure {
    const sign = this.#take('-', '+');
    if (sign === undefined) return this.#power();
    const inner = this.#deeper(() => this.#signed());
    return (run) => {
      const value = numberOf(inner(run));
      return value === undefined ? undefined : sign === '-' ? -value : value;
    };
  }

  #power(): Closure {
    const base = this.#operand();
    if (this.#take('^') === undefined) return base;
    // Right-associative, and its exponent may carry a sign: 2^-3.
    const exponent = this.#deeper(() => this.#signed());
    return arithmetic(base, exponent, (x, y) => x ** y);
  }

  #operand(): Closure {
    const token = this.#next();
    switch (token.kind) {
      case 'number': {
        const { value } = token;
        return () => value;
      }
      case 'text': {
        const { value } = token;
        return () => value;
      }
      case 'name':
        if (!token.quoted) {
          if (token.value === 'true') return () => true;
          if (token.value === 'false') return () => false;
          if (this.#peekSign('(')) return this.#function(token);
          if (['and', 'or', 'not', 'AND', 'OR', 'NOT'].includes(token.value)) throw this.#unexpected(token, 'a value');
        }
        return this.#property(token.value);
      case 'sign':
        if (token.value === '(') {
          const inner = this.#or();
          if (this.#take(')') === undefined) throw this.#unexpected(this.#peek(), 'a closing )');
          return inner;
        }
        throw this.#unexpected(token, 'a number, a name or (');
      case 'end':
        throw this.#unexpected(token, 'a number, a name or (');
    }
  }

  #peekSign(value: string): boolean {
    const token = this.#peek();
    return token.kind === 'sign' && token.value === value;
  }

  #property(name: string): Closure {
    let index = this.names.indexOf(name);
    if (index < 0) {
      index = this.names.length;
      this.names.push(name);
    }
    this.#reads.add(index);
    const place = index;
    return (run) => {
      const value = run.lookup(name, place);
      return typeof value === 'number' ? usable(value) : value;
    };
  }

  #function(token: Token & { kind: 'name' }): Closure {
    const { value: name, position } = token;
    this.#next();
    const isStateful = (stateful as readonly string[]).includes(name);
    const scalar = numberFunctions.get(name);
    if (!isStateful && scalar === undefined && name !== 'if') {
      throw new Problem(
        'TWIN_EXPRESSION_FUNCTION',
        `At character ${position}: there is no function "${name}".`,
        `Use one of ${expressionFunctions.join(', ')}.`,
        { position, name },
      );
    }
    const outerReads = this.#reads;
    this.#reads = new Set();
    const starts: number[] = [];
    const closures: Closure[] = [];
    let firstReads: number[] = [];
    if (this.#take(')') === undefined) {
      do {
        starts.push(this.#at);
        closures.push(this.#or());
        if (closures.length === 1) firstReads = [...this.#reads];
      } while (this.#take(',', ';') !== undefined);
      if (this.#take(')') === undefined) throw this.#unexpected(this.#peek(), `, or ) to end ${name}(`);
    }
    for (const index of this.#reads) outerReads.add(index);
    this.#reads = outerReads;
    const least = name === 'if' ? 3 : name === 'mean' ? 2 : (scalar?.least ?? 1);
    const most = name === 'if' || name === 'mean' ? 3 : (scalar?.most ?? 2);
    if (closures.length < least || closures.length > most) {
      const wanted = least === most ? String(least) : `${least} to ${most}`;
      throw new Problem(
        'TWIN_EXPRESSION_ARGUMENTS',
        `At character ${position}: ${name}() needs ${wanted} values between its parentheses, and got ${closures.length}.`,
        'Separate them by commas and write decimals with a point.',
        { position, name, wanted, given: closures.length },
      );
    }
    if (name === 'if') {
      const [condition, then, otherwise] = closures as [Closure, Closure, Closure];
      return (run) => {
        const which = conditionOf(condition(run));
        return which === undefined ? undefined : which ? then(run) : otherwise(run);
      };
    }
    if (isStateful) {
      const durations = starts.slice(1).map((start, index) => this.#duration(start, starts[index + 2], name));
      const windowMs = name === 'mean' ? (durations.shift() as number) : 0;
      const slot = this.calls.length;
      const call = statefulCall(name as StatefulName, windowMs, durations[0]);
      this.calls.push({ call, argument: closures[0] as Closure, reads: firstReads });
      return (run) => run.results[slot];
    }
    return spread(closures, (scalar as { apply: NumberFunction }).apply);
  }

  /** A window or gap limit must be written as a plain duration: it decides how much is remembered. */
  #duration(start: number, nextStart: number | undefined, name: string): number {
    const token = this.#tokens[start] as Token;
    const end = nextStart === undefined ? this.#at : nextStart;
    if (token.kind !== 'number' || end - start !== 2 || token.value <= 0 || token.value > 31_622_400) {
      throw new Problem(
        'TWIN_EXPRESSION_WINDOW',
        `At character ${token.position}: the time span of ${name}() is not a plain duration.`,
        'Write it as 30s, 5min, 2h or 1d, up to 366d.',
        { position: token.position, name },
      );
    }
    return token.value * 1000;
  }

  #unexpected(token: Token, expected: string): Problem {
    const { position } = token;
    if (token.kind === 'end') {
      return new Problem('TWIN_EXPRESSION_END', 'The expression ends too early.', `Add ${expected} at the end.`, { position, expected });
    }
    const text = token.kind === 'number' ? String(token.value) : token.value;
    const comma = text === ',' || text === ';';
    return new Problem(
      'TWIN_EXPRESSION_UNEXPECTED',
      `At character ${position}: "${text}" does not fit here; ${expected} was expected.`,
      comma ? 'A comma only separates the values of a function; write decimals with a point.' : 'Check the operator or name before it.',
      { position, text, expected },
    );
  }
}

function arithmetic(left: Closure, right: Closure, apply: (x: number, y: number) => number): Closure {
  return (run) => {
    const a = left(run);
    const x = typeof a === 'number' ? a : numberOf(a);
    if (x === undefined) return undefined;
    const b = right(run);
    const y = typeof b === 'number' ? b : numberOf(b);
    return y === undefined ? undefined : usable(apply(x, y));
  };
}

function spread(closures: Closure[], apply: NumberFunction): Closure {
  const [only] = closures;
  if (closures.length === 1 && only !== undefined) {
    return (run) => {
      const x = numberOf(only(run));
      return x === undefined ? undefined : usable(apply(x));
    };
  }
  return (run) => {
    const numbers: number[] = [];
    for (const closure of closures) {
      const x = numberOf(closure(run));
      if (x === undefined) return undefined;
      numbers.push(x);
    }
    return usable(apply(...numbers));
  };
}

function isNumber(value: ExpressionValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** undefined where the two are of different kinds: that is a mistake in the expression or bad data, not "unequal". */
function equals(a: ExpressionValue | undefined, b: ExpressionValue | undefined): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  // oxlint-disable-next-line eqeqeq -- a number and a 64-bit integer of the same value are equal
  if (isNumber(a) && isNumber(b)) return a == b;
  if (typeof a === 'boolean' && isNumber(b)) return a === (Number(b) !== 0);
  if (typeof b === 'boolean' && isNumber(a)) return b === (Number(a) !== 0);
  return typeof a === typeof b ? a === b : undefined;
}
