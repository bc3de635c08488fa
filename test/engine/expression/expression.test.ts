import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile, expressionFunctions, maximumExpressionDepth } from '../../../engine/expression/compile.ts';
import { dependencyOrder } from '../../../engine/expression/dependencyOrder.ts';
import type { ExpressionValue } from '../../../engine/expression/expressionValue.ts';
import { Problem } from '../../../engine/problem.ts';

type Values = Record<string, ExpressionValue | undefined>;

function value(text: string, values: Values = {}): ExpressionValue | undefined {
  return compile(text).evaluate((name) => (Object.hasOwn(values, name) ? values[name] : undefined));
}

function problemOf(text: string): Problem {
  try {
    compile(text);
  } catch (found) {
    assert.ok(found instanceof Problem, `${text}: ${String(found)}`);
    return found;
  }
  throw new assert.AssertionError({ message: `"${text}" was accepted` });
}

/** Evaluates row by row, as a twin does. */
function run(
  text: string,
  rows: [timeS: number, x: ExpressionValue | undefined, more?: { fresh?: boolean; broken?: boolean }][],
  gapMs?: number,
): (ExpressionValue | undefined)[] {
  const compiled = compile(text);
  let state = compiled.newState();
  return rows.map(([timeS, x, more]) => {
    const result = compiled.evaluate((name) => (name === 'x' ? x : undefined), {
      timeMs: 1_700_000_000_000 + timeS * 1000,
      state,
      gapMs,
      fresh: () => more?.fresh !== false,
      broken: () => more?.broken === true,
    });
    // State is plain JSON: what goes through a file goes on the same.
    state = JSON.parse(JSON.stringify(state)) as typeof state;
    return result;
  });
}

describe('expressions', () => {
  it('compute with the usual precedence', () => {
    for (const [text, expected] of [
      ['1 + 2 * 3', 7],
      ['(1 + 2) * 3', 9],
      ['2 ^ 3 ^ 2', 512],
      ['-2 ^ 2', -4],
      ['2 ^ -1', 0.5],
      ['7 % 4', 3],
      ['10 - 2 - 3', 5],
      ['8 / 2 / 2', 2],
      ['1e3 + .5', 1000.5],
      ['5min', 300],
      ['1 < 2 and 2 < 3', true],
      ['not 1 > 2', true],
      ['1 = 1 and 1 != 2 and 1 <> 2', true],
      ['true or false and false', true],
      ['!true || true && true', true],
      ['if(1 < 2, 10, 20)', 10],
      ["if(false, 'a', 'b')", 'b'],
      ['min(3, 1, 2) + max(3; 1; 2)', 4],
      ['abs(-2) + sqrt(9) + exp(0) + ln(1) + log10(1000)', 9],
      ['round(2.5) + round(-2.5) + floor(2.9) + ceil(2.1)', 5],
      ['round(1234.567, 1)', 1234.6],
      ['clamp(5, 0, 3) + clamp(-1, 0, 3)', 3],
      ['1 <= 1 and 1 >= 1', true],
    ] as const) {
      assert.deepEqual(value(text), expected, text);
    }
  });

  it('read properties, with odd names in brackets or backticks', () => {
    assert.equal(value('a + b', { a: 1, b: 2 }), 3);
    assert.equal(value('[oil temperature] + `x-y`', { 'oil temperature': 1, 'x-y': 2 }), 3);
    assert.equal(value('motor.current * 2', { 'motor.current': 4 }), 8);
    assert.equal(value('öltemperatur + 1', { öltemperatur: 1 }), 2);
    assert.equal(value('min + max', { min: 1, max: 2 }), 3);
    assert.deepEqual(compile('a + [b c] + a').names, ['a', 'b c']);
  });

  it('take names that mean something to JavaScript as plain names', () => {
    assert.equal(value('constructor + 1'), undefined);
    assert.equal(value('`__proto__`'), undefined);
    assert.equal(value('toString + 1', { toString: 2 }), 3);
    assert.throws(() => compile('constructor(1)'), { code: 'TWIN_EXPRESSION_FUNCTION' });
    assert.throws(() => compile('toString()'), { code: 'TWIN_EXPRESSION_FUNCTION' });
  });

  it('give bad where an input is missing, of the wrong kind or not finite; never 0, never NaN', () => {
    const missing = ['a + 1', 'a * 0', 'min(a, 1)', 'a > 0', 'if(a > 0, 1, 2)', 'not a', 'a and true', '-a', 'if(true, a, 1)', "a = 'x'"];
    const endless = ['1 / 0', '0 / 0', 'ln(0)', 'ln(-1)', 'sqrt(-1)', '10 ^ 400', 'log10(0)', '5 % 0', 'exp(1000)'];
    for (const text of [...missing, ...endless, 'clamp(1, 3, 2)', 'round(1, 0.5)']) assert.equal(value(text), undefined, text);
    for (const x of [NaN, Infinity, 'text', true]) assert.equal(value('x * 2', { x }), undefined, String(x));
    assert.equal(value("x = 'Running'", { x: 5 }), undefined);
  });

  it('stay good where a bad input decides nothing', () => {
    assert.equal(value('false and a'), false);
    assert.equal(value('a and false'), false);
    assert.equal(value('true or a'), true);
    assert.equal(value('a or true'), true);
    assert.equal(value('if(true, 1, a)'), 1);
  });

  it('take PLC numbers as conditions, and 64-bit integers as numbers', () => {
    assert.equal(value('if(x, 1, 2)', { x: 0 }), 2);
    assert.equal(value('if(x, 1, 2)', { x: 7n }), 1);
    assert.equal(value('x + 1', { x: 5n }), 6);
    assert.equal(value('x = 5', { x: 5n }), true);
    assert.equal(value("if('text', 1, 2)"), undefined);
  });

  it('say what is wrong, where, and what to do', () => {
    for (const [text, code, position] of [
      ['', 'TWIN_EXPRESSION_EMPTY', 1],
      ['  ', 'TWIN_EXPRESSION_EMPTY', 1],
      ['a +', 'TWIN_EXPRESSION_END', 4],
      ['(a', 'TWIN_EXPRESSION_END', 3],
      ['a b', 'TWIN_EXPRESSION_UNEXPECTED', 3],
      ['12,5', 'TWIN_EXPRESSION_UNEXPECTED', 3],
      ['a + * b', 'TWIN_EXPRESSION_UNEXPECTED', 5],
      ["'abc", 'TWIN_EXPRESSION_OPEN', 1],
      ['a + [b', 'TWIN_EXPRESSION_OPEN', 5],
      ['a $ b', 'TWIN_EXPRESSION_CHARACTER', 3],
      ['foo(1)', 'TWIN_EXPRESSION_FUNCTION', 1],
      ['sqrt()', 'TWIN_EXPRESSION_ARGUMENTS', 1],
      ['sqrt(1, 2)', 'TWIN_EXPRESSION_ARGUMENTS', 1],
      ['mean(a)', 'TWIN_EXPRESSION_ARGUMENTS', 1],
      ['mean(a, b)', 'TWIN_EXPRESSION_WINDOW', 9],
      ['rate(a, -5min)', 'TWIN_EXPRESSION_WINDOW', 9],
      ['1 < x < 3', 'TWIN_EXPRESSION_CHAIN', 7],
      ['5apples', 'TWIN_EXPRESSION_UNIT', 1],
      ['1e999', 'TWIN_EXPRESSION_NUMBER', 1],
      ['and', 'TWIN_EXPRESSION_UNEXPECTED', 1],
    ] as const) {
      const problem = problemOf(text);
      assert.equal(problem.code, code, `${text}: ${problem.message}`);
      assert.equal(problem.values['position'], position, `${text}: ${problem.message}`);
      assert.ok(problem.found.length > 10 && problem.remedy.length > 5, text);
    }
  });

  it('are bounded in length and depth, on either side of the bound', () => {
    assert.equal(problemOf('1' + '+1'.repeat(1000)).code, 'TWIN_EXPRESSION_TOO_LONG');
    assert.equal(value('1' + '+1'.repeat(999)), 1000);
    const nested = (depth: number): string => '('.repeat(depth) + '1' + ')'.repeat(depth);
    assert.equal(value(nested(maximumExpressionDepth - 1)), 1);
    const deep = ['-'.repeat(100) + '1', 'not '.repeat(100) + 'true', '2^'.repeat(100) + '1', 'abs('.repeat(100) + '1' + ')'.repeat(100)];
    for (const text of [nested(maximumExpressionDepth), ...deep]) {
      assert.equal(problemOf(text).code, 'TWIN_EXPRESSION_TOO_DEEP', text.slice(0, 20));
    }
  });

  it('never throw anything but a Problem, and never give NaN, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      'x',
      '1',
      '0',
      '1e308',
      '(',
      ')',
      '+',
      '-',
      '*',
      '/',
      '^',
      '%',
      '<',
      '=',
      'and',
      'or',
      'not',
      'if(',
      'mean(',
      'rate(',
      'hours(',
      ',',
      '5min',
      "'t'",
      '[b]',
      ' ',
      '💥',
      '\\',
      '__proto__',
    );
    const pieced = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(' '));
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 60 }), pieced), fc.double(), (text, x) => {
        let compiled;
        try {
          compiled = compile(text);
        } catch (found) {
          assert.ok(found instanceof Problem && found.code.startsWith('TWIN_EXPRESSION_'), String(found));
          return;
        }
        const state = compiled.newState();
        for (let row = 0; row < 3; row += 1) {
          const result = compiled.evaluate(() => x, { timeMs: row * 1000, state });
          assert.ok(result === undefined || typeof result !== 'number' || Number.isFinite(result), `${text} → ${String(result)}`);
        }
        JSON.parse(JSON.stringify(state));
      }),
      { numRuns: 500 },
    );
  });

  it('name all their functions', () => {
    for (const name of ['if', 'min', 'clamp', 'hours', 'count', 'mean', 'rate', 'delta', 'previous']) {
      assert.ok(expressionFunctions.includes(name), name);
    }
  });
});

describe('expressions over time', () => {
  it('hours: counts while the condition holds, the earlier row’s condition for each interval', () => {
    assert.deepEqual(
      run('hours(x > 0)', [
        [0, 1],
        [360, 1],
        [720, 0],
        [1080, 1],
        [1440, 1],
      ], 600_000),
      [0, 0.1, 0.2, 0.2, 0.30000000000000004],
    );
  });

  it('hours: not across a gap, not while bad; what was counted stays', () => {
    assert.deepEqual(run('hours(x, 10min)', [[0, true], [360, true], [4000, true], [4360, true]]), [0, 0.1, 0.1, 0.2]);
    assert.deepEqual(run('hours(x)', [[0, true], [360, undefined], [720, true], [1080, true]]), [0, undefined, 0.1, 0.2]);
  });

  it('count: rising edges only; a first true is none, nor one after a gap', () => {
    assert.deepEqual(run('count(x)', [[0, true], [1, false], [2, true], [3, true], [4, false], [5, true]]), [0, 0, 1, 1, 1, 2]);
    assert.deepEqual(run('count(x)', [[0, false], [5000, true], [5001, false], [5002, true]]), [0, 0, 0, 1]);
  });

  it('mean: weighs by time and forgets what left the window', () => {
    assert.deepEqual(run('mean(x, 10s)', [[0, 10], [4, 20], [8, 20]]), [10, 10, 15]);
    const [, , , last] = run('mean(x, 10s)', [[0, 100], [10, 0], [15, 0], [20, 0]]);
    assert.equal(last, 0);
    assert.deepEqual(run('mean(x, 1h)', [[0, 10], [10_000, 30], [10_010, 30]]), [10, 30, 30]);
  });

  it('mean: bounded memory, and within a percent of the true mean', () => {
    const compiled = compile('mean(x, 5min)');
    const state = compiled.newState();
    let result: ExpressionValue | undefined;
    for (let row = 0; row < 20_000; row += 1) result = compiled.evaluate(() => (row % 2 === 0 ? 10 : 20), { timeMs: row * 100, state });
    assert.ok(JSON.stringify(state).length < 20_000, `${JSON.stringify(state).length} characters`);
    assert.ok(typeof result === 'number' && Math.abs(result - 15) < 0.15, String(result));
  });

  it('rate, delta, previous: against the value before', () => {
    assert.deepEqual(run('rate(x)', [[0, 10], [2, 14], [4, 12]]), [undefined, 2, -1]);
    assert.deepEqual(run('delta(x)', [[0, 10], [2, 14], [4, 12]]), [undefined, 4, -2]);
    assert.deepEqual(run('previous(x)', [[0, 10], [2, 14], [4, 12]]), [undefined, 10, 14]);
  });

  it('rate, delta, previous: a row that does not renew the value changes nothing', () => {
    assert.deepEqual(run('delta(x)', [[0, 10], [1, 14], [2, 14, { fresh: false }], [3, 15]]), [undefined, 4, 4, 1]);
  });

  it('rate, delta, previous: nothing across a gap, a reset or a bad value’s time', () => {
    assert.deepEqual(run('delta(x)', [[0, 10], [5000, 99], [5001, 100]]), [undefined, undefined, 1]);
    assert.deepEqual(run('delta(x, 2h)', [[0, 10], [5000, 99]]), [undefined, 89]);
    assert.deepEqual(run('delta(x)', [[0, 1000], [1, 3, { broken: true }], [2, 5]]), [undefined, undefined, 2]);
    assert.deepEqual(run('delta(x)', [[0, 10], [1, undefined], [2, 12]]), [undefined, undefined, 2]);
  });

  it('delta: exact for 64-bit integers', () => {
    assert.deepEqual(run('delta(x)', [[0, 9_007_199_254_740_993n], [1, 9_007_199_254_740_996n]]), [undefined, 3]);
  });

  it('older rows change nothing', () => {
    assert.deepEqual(run('hours(x)', [[0, true], [360, true], [100, true], [720, true]]), [0, 0.1, 0.1, 0.2]);
    assert.deepEqual(run('delta(x)', [[10, 1], [20, 3], [5, 99], [30, 4]]), [undefined, 2, 2, 1]);
  });

  it('time passes in a branch that is not taken', () => {
    const compiled = compile('if(y > 0, hours(x), 0)');
    const state = compiled.newState();
    const at = (timeS: number, y: number): ExpressionValue | undefined => compiled.evaluate(
      (name) => (name === 'x' ? true : y),
      { timeMs: timeS * 1000, state },
    );
    assert.equal(at(0, 0), 0);
    assert.equal(at(360, 0), 0);
    assert.equal(at(720, 1), 0.2);
  });

  it('a damaged state starts afresh', () => {
    const compiled = compile('mean(x, 1min) + hours(y) + delta(x)');
    const half = [{ v: 1 }, { v: 1, total: 'x' }, { v: 1, x: {} }];
    const wrong = [{ v: 1, pieces: 'x' }, null, []];
    for (const garbage of [[1, 2, 3], half, wrong, [{ v: 1, t: 0, x: 1, pieces: [1, null] }]]) {
      const state = JSON.parse(JSON.stringify(garbage)) as ReturnType<typeof compiled.newState>;
      for (let row = 0; row < 3; row += 1) {
        const result = compiled.evaluate(() => 1, { timeMs: row * 1000, state });
        assert.ok(result === undefined || Number.isFinite(result), JSON.stringify(garbage));
      }
    }
  });
});

describe('the order of derived properties', () => {
  it('computes each after those it reads', () => {
    const names = ['c', 'a', 'b'];
    const { order, problems } = dependencyOrder([
      { name: 'c', reads: ['a', 'b', 'measured'] },
      { name: 'a', reads: ['measured'] },
      { name: 'b', reads: ['a'] },
    ]);
    assert.deepEqual(order.map((place) => names[place]), ['a', 'b', 'c']);
    assert.deepEqual(problems, []);
  });

  it('refuses loops and names the way round; what lies behind one is left out, the rest stays', () => {
    const { order, problems } = dependencyOrder([
      { name: 'a', reads: ['b'] },
      { name: 'b', reads: ['c'] },
      { name: 'c', reads: ['a'] },
      { name: 'behind', reads: ['a'] },
      { name: 'self', reads: ['self'] },
      { name: 'fine', reads: ['measured'] },
    ]);
    assert.deepEqual(problems.map((problem) => [problem.code, problem.values['loop']]), [
      ['TWIN_DERIVED_LOOP', 'a → b → c → a'],
      ['TWIN_DERIVED_LOOP', 'self → self'],
    ]);
    assert.deepEqual(order, [5]);
  });

  it('copes with a very long chain', () => {
    const chain = Array.from({ length: 5000 }, (_, index) => ({ name: `d${index}`, reads: [`d${index + 1}`] }));
    assert.equal(dependencyOrder(chain).order.length, 5000);
  });
});
