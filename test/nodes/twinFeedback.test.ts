import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AlertMessage } from '../../contract/messages.ts';
import type { FeedbackEffect, FeedbackRecord } from '../../contract/feedback.ts';
import { codeOf, plantFlow, verdictMessage } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

interface FeedbackMessage {
  topic: string;
  payload: string;
  feedback: { v: 1; effect?: FeedbackEffect; record?: FeedbackRecord };
}

describe('twin-feedback', function () {
  this.timeout(20_000);
  let run: StartedFlow;
  let userDir = '';
  const startMs = Date.now();

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-feedback-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function start(feedback: Record<string, unknown> = {}, site: Record<string, unknown> = {}): Promise<void> {
    const more = [
      { id: 'alert', type: 'twin-alert', site: 'site', wires: [['out']] }, { id: 'out', type: 'helper' },
      { id: 'feedback', type: 'twin-feedback', site: 'site', wires: [['asked'], ['done']], ...feedback }, { id: 'asked', type: 'helper' }, { id: 'done', type: 'helper' },
    ];
    run = await startFlow(plantFlow({ site, asset: { name: 'Pump 1', wires: [['asset-out'], ['events', 'alert']] }, more }), { userDir });
  }
  const received = (id: 'asked' | 'done'): FeedbackMessage[] => run.received(id) as unknown as FeedbackMessage[];
  async function openCase(): Promise<AlertMessage> {
    run.node('alert').receive(verdictMessage('anomaly', startMs, [{ low: 3.5, high: 4.5 }]));
    await run.until(() => run.received('out').length > 0, 'the case');
    return run.received('out')[0] as unknown as AlertMessage;
  }
  const answer = (more: Record<string, unknown> = {}): void => run.node('feedback').receive({ command: { do: 'answer', answer: 'falseAlarm', by: 'Kim', ...more } });

  it('shows first what an answer would change, does it when it is confirmed, and takes it back', async () => {
    await start();
    const { case: opened } = await openCase();
    answer();
    await run.until(() => received('asked').length === 1 || run.received('caught').length > 0, 'the effect');
    assert.deepEqual(run.received('caught'), []);
    const [asked] = received('asked');
    assert.equal(asked?.topic, 'Pump 1');
    assert.match(asked?.payload ?? '', /^This is the first such case in the last 30 days \(1 in all\)\.\n.*Motor current up to/);
    assert.deepEqual([asked?.feedback.effect?.vanish, asked?.feedback.record], [1, undefined]);
    answer({ confirm: true, twin: 'pump1', case: opened.id, what: 'Test run' });
    await run.until(() => received('done').length === 1, 'the answer');
    const record = received('done')[0]?.feedback.record;
    assert.deepEqual([record?.answer, record?.by, record?.what, record?.case], ['falseAlarm', 'Kim', 'Test run', opened.id]);
    run.node('feedback').receive({ command: { do: 'undo', twin: 'pump1', id: record?.id, by: 'Ada' } });
    await run.until(() => received('done').length === 2, 'taken back');
    assert.equal(received('done')[1]?.feedback.record?.undone?.by, 'Ada');
    assert.equal(received('asked').length, 1);
  });

  it('at once where it is told so, under the name of its setting; an acknowledgement goes out through twin-alert as well', async () => {
    await start({ confirm: false, by: 'Panel 3' }, { language: 'de' });
    await openCase();
    run.node('feedback').receive({ command: { do: 'answer', answer: 'onIt' } });
    await run.until(() => received('done').length === 1, 'the answer');
    assert.match(received('done')[0]?.payload ?? '', /^Der Fall bleibt offen und trägt Ihren Namen/);
    await run.until(() => (run.received('out') as unknown as AlertMessage[]).some(({ case: { acknowledgedBy } }) => acknowledgedBy === 'Panel 3'), 'the acknowledgement');
    answer({ answer: 'planned', hours: 2 });
    await run.until(() => received('done').length === 2, 'planned');
    assert.ok(Math.abs((received('done')[1]?.feedback.record?.untilMs ?? 0) - Date.now() - 7_200_000) < 60_000);
  });

  it('refuses what is no answer, an unknown machine or case, and one that lacks something', async () => {
    await start();
    await openCase();
    const wrong: [Record<string, unknown>, string][] = [
      [{ command: { do: 'answer', answer: 'maybe' } }, 'TWIN_COMMAND'],
      [{ command: { do: 'link', from: 'a', relation: 'feeds', to: 'b' } }, 'TWIN_COMMAND'],
      [{ command: { do: 'undo', id: 'a1' } }, 'TWIN_COMMAND'],
      [{ payload: 'falseAlarm' }, 'TWIN_COMMAND'],
      [{ command: { do: 'answer', answer: 'real', by: 'Kim' } }, 'TWIN_FEEDBACK_WHAT'],
      [{ command: { do: 'answer', answer: 'falseAlarm' } }, 'TWIN_FEEDBACK_WHO'],
      [{ command: { do: 'answer', answer: 'falseAlarm', by: 'Kim', twin: '__proto__' } }, 'TWIN_MACHINE_UNKNOWN'],
      [{ command: { do: 'answer', answer: 'falseAlarm', by: 'Kim', case: 'pump1/99' } }, 'TWIN_CASE_UNKNOWN'],
      [{ command: { do: 'answer', answer: 'planned', by: 'Kim', hours: 400 } }, 'TWIN_FEEDBACK_UNTIL'],
      [{ command: { do: 'undo', twin: 'pump1', id: 'a1', by: 'Kim' } }, 'TWIN_FEEDBACK_UNKNOWN'],
    ];
    for (const [message] of wrong) run.node('feedback').receive(message);
    await run.until(() => run.received('caught').length === wrong.length, `${wrong.length} refused`);
    assert.deepEqual(run.received('caught').map(codeOf), wrong.map(([, code]) => code));
    assert.deepEqual([received('asked').length, received('done').length], [0, 0]);
  });
});
