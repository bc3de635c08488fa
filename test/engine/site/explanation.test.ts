import assert from 'node:assert/strict';
import type { AnomalySignal } from '../../../contract/messages.ts';
import { beyondText, explanation, explanationTexts } from '../../../engine/site/explanation.ts';
import type { Naming } from '../../../engine/site/sentences.ts';

const names: Readonly<Record<string, { label: string; unit?: string }>> = {
  speed: { label: 'Speed', unit: '/min' }, load: { label: 'Load', unit: '%' }, current: { label: 'Motor current', unit: 'A' }, vibration: { label: 'Vibration', unit: 'mm/s' },
};
const naming: Naming = (property) => names[property] ?? { label: property };
const at = { mode: 'producing', drivers: [{ property: 'speed', value: 1450 }, { property: 'load', value: 80 }] };
const current: AnomalySignal = { property: 'current', share: 0.75, kind: 'deviation', value: 12.4, expected: 10, low: 9.7, high: 10.3, unit: 'A', at };
const vibration: AnomalySignal = { property: 'vibration', share: 0.25, kind: 'drift', value: 1.2, expected: 2.5, low: 2.2, high: 2.9, unit: 'mm/s', at };

describe('explanation of an anomaly', () => {
  it('says what, by how much, with which share, compared with which operating point, since when', () => {
    assert.deepEqual(explanation([current, vibration], Date.UTC(2026, 4, 4, 6, 30), naming, 'en-US'), [
      'Motor current is 12.4 A, normal here is 9.7 to 10.3 A; that is 2.1 A above; 75 % of the deviation.',
      'Vibration is creeping away: 1.2 mm/s, normal here is 2.2 to 2.9 mm/s; that is 1 mm/s below; 25 % of the deviation.',
      'Compared with what is normal at Speed 1450 1/min and Load 80 %, while producing.',
      'Since 2026-05-04 06:30 UTC.',
    ]);
    assert.deepEqual(explanation([{ ...current, share: 1, at: { mode: '', drivers: at.drivers.slice(0, 1) } }], undefined, naming, 'de'), [
      'Motor current ist 12,4 A, hier normal sind 9,7 bis 10,3 A; das sind 2,1 A darüber.',
      'Verglichen mit dem, was bei Speed 1450 1/min normal ist.',
    ]);
  });

  it('claims no distance where there is none', () => {
    for (const signal of [{ ...current, value: 10 }, { ...current, kind: 'stuck' as const }, { ...current, kind: 'limit' as const }, { ...current, value: null }, { ...current, text: 'a rule' }]) {
      assert.equal(beyondText(signal, naming, 'en-US'), '');
    }
    const { low: _, high: __, at: ___, ...bare } = current;
    assert.deepEqual(explanation([bare], undefined, naming, 'en-US').length, 1);
    assert.match(explanation(Array.from({ length: 9 }, () => current), undefined, naming, 'en-US').join(' '), /6 more signals have a smaller part/);
  });

  it('exists in every language', () => {
    const keys = Object.values(explanationTexts).map((texts) => Object.keys(texts as object).sort().join());
    assert.equal(new Set(keys).size, 1);
  });
});
