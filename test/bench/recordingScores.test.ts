import assert from 'node:assert/strict';
import { eventScores, median, nabScores, skabScores, tepScores } from '../../bench/recordingScores.ts';
import type { Told } from '../../bench/recordingScores.ts';

/** Rows one second apart; alarms and events as [first row, last row]. */
function told(rows: number, alarms: [number, number][], events: [number, number][], commissioningRows = 0, name = ''): Told {
  const alarmed = new Uint8Array(rows);
  for (const [first, last] of alarms) alarmed.fill(1, first, last + 1);
  return {
    recording: {
      name, columns: ['value'], times: Float64Array.from({ length: rows }, (_, row) => row * 1_000), values: new Float64Array(0), commissioningRows,
      events: events.map(([first, last]) => ({ startMs: first * 1_000, endMs: last * 1_000, kind: 'fault' })),
    },
    alarms: alarmed, scores: Float64Array.from(alarmed),
  };
}

describe('scores of recordings', () => {
  it('events: joined episodes, grace before and after, commissioning left out', () => {
    const one = told(2_000, [[50, 60], [300, 310], [335, 340], [1_005, 1_010], [1_250, 1_250], [1_700, 1_710]], [[1_000, 1_200], [1_500, 1_600]], 100);
    const scores = eventScores([one]);
    assert.deepEqual([scores.events, scores.found, scores.trueEpisodes, scores.falseEpisodes], [2, 1, 2, 2]);
    assert.deepEqual(scores.delaysMs, [5_000]);
    assert.equal(scores.faultFreeMs, (1_900 - 261 - 161) * 1_000);
    assert.equal(scores.alarmLoad, (11 + 6 + 11) / (1_900 - 261 - 161));
  });

  it('events: an alarm that was on long before finds nothing', () => {
    const scores = eventScores([told(2_000, [[500, 1_100]], [[1_000, 1_200]])]);
    assert.deepEqual([scores.found, scores.falseEpisodes], [0, 1]);
  });

  it('failures: how long before each the first alarm within its wear came, and 0 where none did', () => {
    const one = told(2_000, [[300, 310], [1_250, 1_260]], [[200, 500], [1_000, 1_500], [1_600, 1_700], [1_800, 1_900]]);
    const failing = one.recording.events.map((event, index) => (index === 1 ? event : { ...event, failureMs: event.endMs + 1_000 }));
    assert.deepEqual(eventScores([{ ...one, recording: { ...one.recording, events: failing } }]).leadsMs, [201_000, 0, 0]);
  });

  it('SKAB: F1 and rates of all rows, and F1 at the best line', () => {
    const one = told(500, [[440, 459]], [[450, 469]], 400);
    const { f1, falseAlarmRate, missedAlarmRate, oracleF1 } = skabScores([one]);
    assert.deepEqual([f1, falseAlarmRate, missedAlarmRate], [0.5, 10 / 80, 0.5]);
    assert.equal(oracleF1, 0.5);
  });

  it('TEP: rows found after row 160, false alarms in the run without a fault', () => {
    const { detected, withoutHard, falseAlarmRate, falseBefore } =
      tepScores([told(960, [[0, 95]], []), told(960, [[560, 959]], [[160, 959]], 0, 'fault 01'), told(960, [[0, 15]], [[160, 959]], 0, 'fault 03')]);
    assert.deepEqual([detected, withoutHard, falseAlarmRate, falseBefore], [0.25, 0.5, 0.1, 0.05]);
  });

  it('NAB: an alarm at a window’s begin is worth 1, none −1, a row far outside costs 0.11', () => {
    assert.ok(Math.abs(nabScores([told(1_000, [[600, 600]], [[600, 699]])]).own - 100) < 1e-9);
    assert.equal(nabScores([told(1_000, [], [[600, 699]])]).own, 0);
    assert.ok(Math.abs(nabScores([told(1_000, [[100, 109]], [[600, 699]])]).own - 50 * -1.1) < 1e-9);
  });

  it('NAB: who tells nothing has 0, who tells each window as it begins 100, over several series; nothing counts before 15 %', () => {
    const windows: [number, number][][] = [[[300, 399], [700, 799]], [], [[500, 549]]];
    const silent = nabScores(windows.map((each) => told(1_000, [], each)));
    assert.deepEqual([silent.own, silent.begins], [0, 0]);
    assert.equal(nabScores([told(1_000, [[0, 149]], [[600, 699]], 150)]).own, 0);
    const perfect = nabScores(windows.map((each) => told(1_000, each.map(([first]) => [first, first]), each)));
    for (const score of [perfect.own, perfect.begins, perfect.oracle]) assert.ok(Math.abs(score - 100) < 1e-9, `${score}`);
  });

  it('NAB: a long alarm costs for each of its rows, and once as it begins; a late one in a window is worth less, one just after it costs little', () => {
    const long = nabScores([told(1_000, [[200, 299]], [[600, 699]])]);
    assert.ok(Math.abs(long.own - 50 * -11) < 1e-9 && Math.abs(long.begins - 50 * -0.11) < 1e-9, `${long.own}, ${long.begins}`);
    const at = (row: number): number => nabScores([told(1_000, [[row, row]], [[600, 699]])]).own;
    assert.ok(at(600) > at(660) && at(660) > at(699) && at(699) > at(700) && at(700) > at(760), 'the sooner the better');
    // The scaled sigmoid, 2 ÷ (1 + e^5x) − 1, at the window's middle: x = −0.5 for its 50th last row.
    const middle = (2 / (1 + Math.exp(-2.5)) - 1) / (2 / (1 + Math.exp(-5)) - 1);
    assert.ok(Math.abs(at(650) - 50 * (1 + middle)) < 1e-9, `${at(650)}`);
  });

  it('median', () => assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), Number.isNaN(median([]))], [2, 2.5, true]));
});
