import assert from 'node:assert/strict';
import type { Anomaly } from '../../../contract/messages.ts';
import { RecentVerdicts } from '../../../engine/site/recentVerdicts.ts';

const verdict = (word: Anomaly['verdict'], score: number): Anomaly => ({ v: 1, verdict: word, score, signals: [], reason: '' });

describe('verdicts of recent rows', () => {
  it('gives each kind back as it was, and an anomaly with all it says', () => {
    const recent = new RecentVerdicts();
    const anomaly: Anomaly = { ...verdict('anomaly', 3), signals: [{ property: 'current', share: 1, kind: 'spike', value: 4 }], sinceMs: 7, reason: 'Current is high.' };
    recent.add(0, verdict('learning', 0));
    recent.add(1, verdict('normal', 0.25));
    recent.add(2, anomaly);
    assert.deepEqual([0, 1, 2, 3].map((row) => recent.get(row)), [verdict('learning', 0), verdict('normal', 0.25), anomaly, undefined]);
  });

  it('keeps a burst of any size whole until two windows have ended, then lets go', () => {
    const recent = new RecentVerdicts();
    for (let row = 0; row < 50_000; row++) recent.add(row, verdict(row % 100 === 0 ? 'anomaly' : 'normal', row));
    recent.windowEnded();
    for (const row of [0, 1, 25_000, 49_999]) assert.equal(recent.get(row)?.score, row);
    for (let window = 0; window < 20; window++) recent.windowEnded();
    assert.equal(recent.get(0), undefined);
    assert.equal(recent.get(25_000), undefined);
    assert.equal(recent.get(49_999)?.score, 49_999, 'the last rows stay');
  });

  it('knows no row that was never added, though its place in the ring is taken', () => {
    const recent = new RecentVerdicts();
    recent.add(5, verdict('anomaly', 2));
    assert.equal(recent.get(5 + 64), undefined);
    recent.add(5 + 64, verdict('normal', 0.5));
    assert.equal(recent.get(5), undefined);
    assert.equal(recent.get(5 + 64)?.score, 0.5);
  });

  it('is bounded', () => {
    const recent = new RecentVerdicts();
    const count = 200_000;
    for (let row = 0; row < count; row++) recent.add(row, verdict('normal', 0));
    assert.equal(recent.get(count - 131_073), undefined);
    assert.notEqual(recent.get(count - 131_072), undefined);
  });
});
