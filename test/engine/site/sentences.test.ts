import assert from 'node:assert/strict';
import type { AnomalySignal } from '../../../contract/messages.ts';
import { caseText, learningSentence, numberText, oneLine, sentenceTexts, signalsSentence, timeText, valueText } from '../../../engine/site/sentences.ts';

const naming = (property: string): { label: string; unit?: string } => (property === 'vibration' ? { label: 'Vibration', unit: 'mm/s' } : { label: property });

function keysOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${prefix}/${key}`));
}

function placeholdersOf(value: unknown): string[] {
  if (typeof value === 'string') return [[...value.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort().join()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(placeholdersOf) : [];
}

describe('sentences', () => {
  it('say everything in both languages, with the same placeholders', () => {
    const languages = Object.values(sentenceTexts);
    assert.equal(languages.length, 2);
    assert.ok(keysOf(languages[0]).length > 40);
    assert.deepEqual(keysOf(languages[0]), keysOf(languages[1]));
    assert.deepEqual(placeholdersOf(languages[0]), placeholdersOf(languages[1]));
  });

  it('write numbers as people do', () => {
    assert.equal(numberText(2.5, 'de'), '2,5');
    assert.equal(numberText(1234.56, 'en-US'), '1235');
    assert.equal(numberText(0, 'en-US'), '0');
    assert.equal(numberText(100, 'en-US'), '100');
    assert.equal(numberText(-0.0123, 'en-US'), '-0.012');
    assert.equal(numberText(NaN, 'en-US'), '–');
    assert.equal(valueText(61.4, 'Cel', 'de'), '61,4 °C');
    assert.equal(valueText(null, 'Cel', 'de'), '–');
    assert.equal(timeText(1_795_345_812_000, 'en-US'), '2026-11-22 11:10 UTC');
    assert.equal(timeText(1_795_345_812_000, 'de'), '22.11.2026 11:10 UTC');
  });

  it('name the first signal in full and count the rest', () => {
    const signal = { property: 'vibration', share: 0.7, kind: 'deviation' as const, value: 4.1, expected: 2.5, low: 2.2, high: 2.9 };
    assert.equal(signalsSentence([signal], naming, 'en-US'), 'Vibration is 4.1 mm/s, normal here is 2.2 to 2.9 mm/s');
    assert.equal(
      signalsSentence([signal, { ...signal, property: 'current' }, { ...signal, property: 'x' }], naming, 'de'),
      'Vibration ist 4,1 mm/s, hier normal sind 2,2 bis 2,9 mm/s; 2 weitere Signale sind ebenfalls auffällig',
    );
    assert.equal(learningSentence({ phase: 'learning', percent: 40.4, missing: [{ code: 'rows', missing: 36 }] }, naming, 'en-US'), 'Learning what is normal: 40 %. 36 more values are needed.');
  });

  it('say of each kind what helps, and nothing that contradicts it', () => {
    const signal = { property: 'vibration', share: 1, value: 2.5, expected: 2.6, low: 2.2, high: 2.9 };
    const of = (change: object): string => signalsSentence([{ ...signal, kind: 'deviation', ...change }], naming, 'en-US');
    assert.equal(of({ kind: 'limit', value: 7.2, expected: 7.1 }), 'Vibration is 7.2 mm/s, above the limit of 7.1 mm/s');
    assert.equal(of({ kind: 'limit', value: -8.7, expected: -8 }), 'Vibration is -8.7 mm/s, below the limit of -8 mm/s');
    assert.equal(of({ kind: 'stuck' }), 'Vibration is stuck at 2.5 mm/s');
    assert.equal(of({ kind: 'shape', third: 1 }), 'Vibration takes another course over a cycle than it used to, most in its middle third');
    assert.equal(of({ kind: 'shape', value: 4 }), 'Vibration takes another course over a cycle than it used to');
    assert.equal(signalsSentence([{ ...signal, kind: 'shape', third: 2 }], naming, 'de'), 'Vibration verläuft über einen Takt anders als sonst, am meisten im letzten Drittel');
    assert.equal(of({ kind: 'noise' }), 'Vibration is unusually restless: 2.5 mm/s');
    assert.equal(of({}), 'Vibration behaves unusually: 2.5 mm/s');
    assert.equal(of({ kind: 'step', expected: 2.501 }), 'Vibration changed suddenly to 2.5 mm/s');
    assert.equal(of({ kind: 'step' }), 'Vibration changed suddenly to 2.5 mm/s, about 2.6 mm/s is usual here');
    assert.equal(of({ kind: 'step', value: 3.111, low: 0.883, high: 1.94 }), 'Vibration changed suddenly to 3.1 mm/s, normal here is 0.9 to 1.9 mm/s');
    assert.equal(of({ value: 165.331, low: 166.12, high: 166.32 }), 'Vibration is 165.33 mm/s, normal here is 166.12 to 166.32 mm/s');
    assert.equal(of({ value: 167.64, low: 168, high: 174 }), 'Vibration is 167.6 mm/s, normal here is 168.0 to 174.0 mm/s');
    assert.equal(of({ value: null }), 'Vibration is –');
    const two = signalsSentence([{ ...signal, kind: 'stuck' }, { ...signal, property: 'current', kind: 'stuck' }], naming, 'en-US');
    assert.equal(two, 'Vibration is stuck at 2.5 mm/s; current is unusual too');
  });

  it('say first that nothing arrives any more, and leave out what has no part in it', () => {
    const signal = (property: string, share: number): AnomalySignal => ({ property, share, kind: 'stuck', value: 2 });
    const input = { machine: 'Press', sinceMs: 0, historical: false, neighbours: [], signals: [signal('vibration', 0.996), signal('current', 0.004)] };
    const silent = caseText({ ...input, change: 'updated', silent: true }, naming, 'en-US');
    assert.equal(silent.subject, 'Press, something joined: no data from the machine');
    assert.deepEqual(silent.body.split('\n').slice(2, 4), ['No data from the machine.', '- Vibration is stuck at 2 mm/s']);
    assert.ok(!silent.body.includes('current'));
    const cleared = caseText({ ...input, change: 'cleared', silent: true }, naming, 'en-US');
    assert.ok(!cleared.body.includes('No data'));
  });

  it('let no name forge a second line or a header', () => {
    assert.equal(oneLine('a\r\nBcc: x\u202e\u2028b'), 'a Bcc: x b');
    const text = caseText(
      { machine: 'Press\r\nSubject: forged', change: 'opened', signals: [], sinceMs: 0, historical: false, neighbours: [{ relation: 'feeds', name: 'x\ny' }] },
      naming,
      'en-US',
    );
    assert.ok(!/[\r\n]/.test(text.subject));
    assert.ok(!text.body.includes('\nSubject:'));
    assert.ok(text.body.includes('feeds x y'));
  });
});
