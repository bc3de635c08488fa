import assert from 'node:assert/strict';
import { checkHouseRules, houseRules } from '../../scripts/houseRules.ts';

/** For each rule, sources that break it and sources that only look like it. */
const cases: Record<string, { breaks: string[]; keeps: string[]; file?: string }> = {
  'no-for-in': { breaks: ['for (const key in object) {}', 'for (key in object) {}'], keeps: ['for (const key of keys) {}', "// for (const x in y)\nconst a = 'for (const x in y)';"] },
  'no-code-from-text': {
    breaks: ["eval('1')", "new Function('a')", "const f = Function('a')", "import vm from 'node:vm';"],
    keeps: ["const a = 'eval(1)';", 'function retrieval(x: number) {}', 'type F = Function;', 'object.eval(1);'],
  },
  'line-length': { breaks: [`const a = '${'x'.repeat(200)}';`], keeps: [`const a = '${'x'.repeat(100)}';`] },
  'no-tab': { breaks: ['if (a) {\n\tb();\n}'], keeps: ["const a = '\\t';"] },
  'no-lone-test': { breaks: ["it.only('x', () => {});", "describe.only('x', () => {});"], keeps: ["it('only', () => {});"], file: 'test/x.test.ts' },
  'no-skip-without-reason': {
    breaks: ["it.skip('x', () => {});", "xit('x');", 'this.skip();', "describe.skip('x', () => {});"],
    keeps: ["skip(this, 'no browser');", '// this.skip()'],
    file: 'test/x.test.ts',
  },
};

describe('the rules of the house', () => {
  it('each have a planted fault', () => assert.deepEqual(Object.keys(cases).sort(), houseRules.map(({ name }) => name).sort()));

  for (const [rule, { breaks, keeps, file = 'engine/x.ts' }] of Object.entries(cases)) {
    it(`${rule}: sees what breaks it, and only that`, () => {
      for (const source of breaks) assert.deepEqual(checkHouseRules(file, source).map((finding) => finding.rule), [rule], source);
      for (const source of keeps) assert.deepEqual(checkHouseRules(file, source), [], source);
    });
  }
});
