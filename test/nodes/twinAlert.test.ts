import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AlertMessage } from '../../contract/messages.ts';
import { codeOf, eventMessage, plantFlow, verdictMessage } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

describe('twin-alert', () => {
  let run: StartedFlow;
  let userDir = '';
  const startMs = Date.now();

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-alert-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  function alertFlow(alert: Record<string, unknown>, site: Record<string, unknown>, name = 'Pump 1'): Record<string, unknown>[] {
    const more = [{ id: 'alert', type: 'twin-alert', site: 'site', wires: [['out']], ...alert }, { id: 'out', type: 'helper' }];
    return plantFlow({ site, asset: { name, wires: [['asset-out'], ['events', 'alert']] }, more });
  }
  async function start(alert: Record<string, unknown> = {}, site: Record<string, unknown> = {}): Promise<void> {
    run = await startFlow(alertFlow(alert, site), { userDir });
  }
  const alerts = (): AlertMessage[] => run.received('out') as unknown as AlertMessage[];
  const changes = (): string[] => alerts().map((message) => message.case.change);
  async function told(count: number): Promise<AlertMessage> {
    await run.until(() => alerts().length >= count, `${count} alerts, got ${changes().join(' ')}`);
    assert.equal(alerts().length, count, changes().join(' '));
    return alerts()[count - 1] as AlertMessage;
  }

  it('makes one case of anomaly, limit and silence of one machine, with a text that is ready to be sent', async () => {
    await start();
    run.node('alert').receive(verdictMessage('anomaly', startMs, [{}]));
    const opened = await told(1);
    assert.equal(opened.case.change, 'opened');
    assert.match(opened.topic, /Pump 1/);
    assert.doesNotMatch(opened.topic, /[\r\n]/);
    assert.match(opened.payload, /Motor current/);
    assert.match(opened.payload, /7 A/);
    run.node('asset').receive({ payload: { pressure: 9.5 }, timestamp: startMs + 1000 });
    await run.until(() => alerts().at(-1)?.alarm.priority === 'high', 'the worse limit joins');
    run.node('alert').receive(eventMessage({ kind: 'stale', active: true, timeMs: startMs + 2000 }));
    await run.until(() => alerts().at(-1)?.timestamp === startMs + 2000, 'the silence joins');
    assert.equal(alerts().at(-1)?.case.letter, 'F');
    assert.equal(new Set(alerts().map((message) => message.case.id)).size, 1);
    assert.deepEqual(new Set(changes()), new Set(['opened', 'updated']));
    const properties = alerts().at(-1)?.case.signals.map((signal) => signal.property);
    assert.ok(properties?.includes('pressure') && properties.includes('current'), JSON.stringify(properties));
    const count = alerts().length;
    run.node('alert').receive(verdictMessage('anomaly', startMs + 3000, [{}]));
    run.node('alert').receive(verdictMessage('learning', startMs + 3500));
    run.node('alert').receive(verdictMessage('anomaly', startMs + 4000, [{}]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(alerts().length, count, 'the same trouble is told once');
    assert.equal(new Set(alerts().map((message) => message.alarm.idempotencyKey)).size, count);
    await run.until(() => run.statuses('alert').at(-1)?.text?.includes('Pump 1') === true, 'the open case in the status');
  });

  it('is acknowledged by a message, refuses another case than the open one, and a second acknowledgement', async () => {
    await start();
    run.node('alert').receive(verdictMessage('anomaly', startMs, [{}]));
    const { case: opened } = await told(1);
    run.node('alert').receive({ command: { do: 'acknowledge', case: 'pump1/99', by: 'Ada' } });
    await run.until(() => run.received('caught').length === 1, 'the wrong id caught');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_CASE_UNKNOWN');
    run.node('alert').receive({ command: { do: 'acknowledge', case: opened.id, by: 'Ada' } });
    const acknowledged = await told(2);
    assert.equal(acknowledged.case.change, 'acknowledged');
    assert.equal(acknowledged.case.acknowledgedBy, 'Ada');
    assert.match(`${acknowledged.topic} ${acknowledged.payload}`, /Ada/);
    run.node('alert').receive({ command: { do: 'acknowledge', twin: 'pump1', by: 'Bob' } });
    await run.until(() => run.received('caught').length === 2, 'the second one caught');
    assert.equal(codeOf(run.received('caught')[1]), 'TWIN_CASE_ACKNOWLEDGED');
    for (const command of [{ do: 'acknowledge', twin: 'nobody' }, { do: 'acknowledge', twin: '__proto__' }]) run.node('alert').receive({ command });
    run.node('alert').receive({ command: { do: 'link', from: 'a', relation: 'feeds', to: 'b' } });
    run.node('alert').receive({ command: { do: 'explode' } });
    run.node('alert').receive({ payload: 5 });
    run.node('alert').receive({ ...verdictMessage('anomaly', startMs), anomaly: undefined });
    await run.until(() => run.received('caught').length === 8, 'six more');
    assert.deepEqual(run.received('caught').slice(2).map(codeOf), [
      'TWIN_CASE_UNKNOWN', 'TWIN_CASE_UNKNOWN', 'TWIN_COMMAND', 'TWIN_COMMAND', 'TWIN_NOT_A_TWIN_MESSAGE', 'TWIN_NOTHING_TO_ALERT',
    ]);
    assert.equal(alerts().length, 2);
  });

  it('reminds while nobody answered, and stops when somebody did', async () => {
    // The shortest reminder a person would want is minutes: the plant's clock runs faster here.
    await start({ repeatAfter: 0.05 }, { clock: 'accelerated', clockRate: '1000', clockOrigin: String(Date.now()) });
    run.node('alert').receive(verdictMessage('anomaly', Date.now(), [{}]));
    await run.until(() => alerts().length >= 3, 'two reminders');
    const [first, second, third] = alerts() as [AlertMessage, AlertMessage, AlertMessage];
    assert.deepEqual([first.case.id, first.case.id], [second.case.id, third.case.id]);
    assert.equal(new Set([first, second, third].map((message) => message.alarm.idempotencyKey)).size, 3);
    run.node('alert').receive({ command: { do: 'acknowledge' } });
    await run.until(() => changes().includes('acknowledged'), 'the acknowledgement');
    const count = alerts().length;
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.equal(alerts().length, count);
  });

  it('clears after the delay, not before, and not while it comes back', async () => {
    await start({ clearAfter: 0.6 });
    const now = Date.now();
    run.node('alert').receive(verdictMessage('anomaly', now, [{}]));
    run.node('alert').receive(verdictMessage('normal', now + 100));
    run.node('alert').receive(verdictMessage('anomaly', now + 300, [{}]));
    run.node('alert').receive(verdictMessage('normal', now + 400));
    assert.equal((await told(1)).case.change, 'opened');
    await run.until(() => changes().includes('cleared'), 'the end');
    const cleared = alerts().at(-1) as AlertMessage;
    assert.equal(cleared.case.clearedMs, now + 400);
    assert.ok(cleared.case.changedMs - now >= 1000, `${cleared.case.changedMs - now} ms`);
    assert.equal(cleared.case.occurrences, 2);
    await run.until(() => run.statuses('alert').at(-1)?.text === 'no open case', 'the status');
    run.node('alert').receive(verdictMessage('anomaly', now + 5000, [{}]));
    await run.until(() => alerts().at(-1)?.case.change === 'opened', 'a new case');
    assert.notEqual(alerts().at(-1)?.case.id, cleared.case.id);
  });

  it('listens to what it was asked to listen to', async () => {
    await start({ onAnomaly: false, onLimit: false, onStale: true });
    run.node('alert').receive(verdictMessage('anomaly', startMs, [{}]));
    run.node('asset').receive({ payload: { pressure: 9.5 }, timestamp: startMs });
    run.node('alert').receive(eventMessage({ kind: 'stale', active: true, property: 'current', timeMs: startMs + 2000 }));
    const opened = await told(1);
    assert.deepEqual(opened.case.signals.map((signal) => signal.property), ['current']);
  });

  it('after a restart still reminds of a machine that says nothing any more, and passes on what is answered on the page', async () => {
    const clock = { clock: 'accelerated', clockRate: '1000', clockOrigin: String(Date.now()) };
    await start({ repeatAfter: 0.05 }, clock);
    run.node('alert').receive(verdictMessage('anomaly', Date.now(), [{}]));
    const { case: opened } = await told(1);
    await run.stop();
    await start({ repeatAfter: 0.05 }, clock);
    await run.until(() => alerts().length >= 1, 'a reminder');
    assert.equal(alerts()[0]?.case.id, opened.id);
    await run.until(() => run.statuses('alert').at(-1)?.text?.includes('Pump 1') === true, 'the status');
    // The case belongs to the node that told it, also when only the machine is deployed anew.
    const count = alerts().length;
    await run.deploy(alertFlow({ repeatAfter: 0.05 }, clock, 'Pump one'));
    await run.until(() => alerts().length > count, 'the next reminder');
  });

  it('keeps an open case over a restart, with its number and what was told', async () => {
    await start({ clearAfter: 600 });
    run.node('alert').receive(verdictMessage('anomaly', startMs, [{}]));
    const { case: opened, alarm } = await told(1);
    await run.stop();
    await start({ clearAfter: 600 });
    run.node('alert').receive(verdictMessage('anomaly', startMs + 1000, [{}]));
    run.node('alert').receive(verdictMessage('anomaly', startMs + 2000, [{}, { property: 'pressure' }]));
    const updated = await told(1);
    assert.equal(updated.case.id, opened.id);
    assert.equal(updated.case.change, 'updated');
    assert.notEqual(updated.alarm.idempotencyKey, alarm.idempotencyKey);
  });
});
