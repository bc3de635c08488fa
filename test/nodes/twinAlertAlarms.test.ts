import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AlertMessage } from '../../contract/messages.ts';
import { siteHandle } from '../../nodes/siteHandle.ts';
import type { Site } from '../../engine/site/site.ts';
import { codeOf, plantFlow, verdictMessage } from './plantFlow.ts';
import { property, startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

describe('twin-alert: rules, answers and when people are told', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  let userDir = '';

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-alarms-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function start(alert: Record<string, unknown>, site: Record<string, unknown> = {}): Promise<void> {
    const properties = [
      property('pressure', { unit: 'bar', label: 'Pressure', high: '8' }), property('wanted', { unit: 'bar', valueKind: 'setpoint' }),
      property('ack', { valueKind: 'state' }), property('service', { valueKind: 'state' }),
    ];
    const more = [
      { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['alert']] },
      { id: 'alert', type: 'twin-alert', site: 'site', wires: [['out']], ...alert },
      { id: 'out', type: 'helper' },
    ];
    run = await startFlow(plantFlow({ site, properties, asset: { wires: [['baseline'], ['events', 'alert']] }, more }), { userDir });
  }
  const alerts = (): AlertMessage[] => run.received('out') as unknown as AlertMessage[];
  const changes = (): string[] => alerts().map((message) => message.case.change);
  const siteNow = (): Site => siteHandle(run.node('site') as never)?.site as Site;
  const stateOf = (alarm: string): string | undefined => siteNow().alarms.list('pump1').find((each) => each.alarm === alarm)?.state;

  it('a rule of the node, answered by messages: shelve, out of service, note; wrong ones are caught', async () => {
    await start({ rules: [{ property: 'pressure', condition: 'deviation', setpoint: 'wanted', limit: '1,5', name: 'Off target', priority: 'high', letter: 'C' }] });
    run.node('asset').receive({ payload: { pressure: 4, wanted: 3 } });
    run.node('asset').receive({ payload: { pressure: 4, wanted: 2 } });
    await run.until(() => alerts().length === 1, 'the deviation');
    assert.match(alerts()[0]?.payload ?? '', /Off target: Pressure is 4 bar, further than 1\.5 bar from its setpoint 2 bar/);
    assert.deepEqual([alerts()[0]?.case.letter, alerts()[0]?.alarm.priority, alerts()[0]?.case.members?.alarms[0]?.alarm], ['C', 'high', 'rule/Off target']);
    const command = (more: Record<string, unknown>): void => run.node('alert').receive({ command: { twin: 'pump1', by: 'Ada', ...more } });
    command({ do: 'shelve', minutes: 6000 });
    command({ do: 'suppress' });
    command({ do: 'shelve', minutes: '5' });
    command({ do: 'shelve', minutes: 5, twin: '__proto__' });
    await run.until(() => run.received('caught').length === 4, 'four refused');
    assert.deepEqual(run.received('caught').map(codeOf), ['TWIN_ALARM_SHELF', 'TWIN_ALARM_WHY', 'TWIN_COMMAND', 'TWIN_MACHINE_UNKNOWN']);
    command({ do: 'shelve', minutes: 5, why: 'known' });
    await run.until(() => changes().at(-1) === 'cleared', 'put aside');
    assert.match(alerts().at(-1)?.topic ?? '', /put aside by Ada/);
    assert.match(alerts().at(-1)?.payload ?? '', /Reason: known\./);
    command({ do: 'unshelve' });
    await run.until(() => changes().at(-1) === 'opened', 'back');
    command({ do: 'take-out-of-service', why: 'rebuilt' });
    await run.until(() => stateOf('rule/Off target') === 'OOSRV', 'out of service');
    command({ do: 'note', why: 'the fitter comes at noon' });
    const { records } = await siteNow().alarms.journal({ twin: 'pump1' });
    assert.deepEqual(records.filter(({ by }) => by !== undefined).map(({ event, via }) => `${event} ${via}`), [
      'NOTE message', 'OOS message', 'OOS message', 'UNSHELVE message', 'SHELVE message',
    ]);
  });

  it('bits of the PLC acknowledge and take out of service; a bit that was set before the start is no edge', async () => {
    await start({ bits: [{ property: 'ack', does: 'acknowledge' }, { property: 'service', does: 'takeOutOfService' }] });
    run.node('asset').receive({ payload: { pressure: 9, ack: true, service: false } });
    await run.until(() => alerts().length === 1, 'the limit');
    run.node('asset').receive({ payload: { pressure: 9.1, ack: true } });
    run.node('asset').receive({ payload: { ack: false } });
    run.node('asset').receive({ payload: { ack: true } });
    await run.until(() => changes().includes('acknowledged'), 'acknowledged by the PLC');
    assert.equal(alerts().at(-1)?.case.acknowledgedBy, 'PLC');
    run.node('asset').receive({ payload: { service: true } });
    await run.until(() => stateOf('limit/pressure/high') === 'OOSRV', 'out of service');
    run.node('asset').receive({ payload: { service: false } });
    await run.until(() => stateOf('limit/pressure/high') !== 'OOSRV', 'back in service');
  });

  it('a rule that asks for it is over only when somebody confirmed, by message or by a bit, each in the journal', async () => {
    const rule = { property: 'pressure', condition: 'high', limit: '5', name: 'Seal', confirm: true };
    await start({ rules: [rule], clearAfter: 0, onLimit: false, bits: [{ property: 'ack', does: 'confirm' }] });
    const command = (more: Record<string, unknown>): void => run.node('alert').receive({ command: { twin: 'pump1', by: 'Ada', alarm: 'rule/Seal', ...more } });
    const confirmed = (): boolean | undefined => siteNow()?.alarms.list('pump1').find(({ alarm }) => alarm === 'rule/Seal')?.flags.confirmed;
    run.node('asset').receive({ payload: { pressure: 6, ack: false } });
    await run.until(() => siteNow() !== undefined && stateOf('rule/Seal') === 'UNACK', 'active');
    command({ do: 'confirm' });
    await run.until(() => run.received('caught').length === 1, 'not before it is acknowledged');
    assert.deepEqual(run.received('caught').map(codeOf), ['TWIN_ALARM_STATE']);
    command({ do: 'acknowledge' });
    await run.until(() => stateOf('rule/Seal') === 'ACKED', 'acknowledged');
    assert.equal(confirmed(), false);
    run.node('asset').receive({ payload: { pressure: 4 } });
    await run.until(() => stateOf('rule/Seal') === 'RTNUN', 'gone, but not over');
    await run.stop();
    await start({ rules: [rule], clearAfter: 0, onLimit: false, bits: [{ property: 'ack', does: 'confirm' }] });
    run.node('asset').receive({ payload: { pressure: 4, ack: false } });
    await run.until(() => siteNow() !== undefined && stateOf('rule/Seal') === 'RTNUN', 'also after a restart');
    run.node('asset').receive({ payload: { ack: true } });
    await run.until(() => stateOf('rule/Seal') === undefined, 'confirmed by the PLC');
    run.node('asset').receive({ payload: { pressure: 6 } });
    await run.until(() => stateOf('rule/Seal') === 'UNACK', 'again');
    command({ do: 'acknowledge' });
    command({ do: 'confirm', why: 'seal changed' });
    await run.until(() => stateOf('rule/Seal') === 'ACKED' && confirmed() === undefined, 'confirmed while active');
    run.node('asset').receive({ payload: { pressure: 4 } });
    await run.until(() => stateOf('rule/Seal') === undefined, 'over with its cause');
    const { records } = await siteNow().alarms.journal({ twin: 'pump1', event: 'CONFIRM' });
    assert.deepEqual(records.map(({ by, via, why }) => `${by} ${via} ${why}`), ['Ada message seal changed', 'PLC plc ack']);
  });

  it('gathers what joins before it tells, and keeps what waits over a restart', async () => {
    const clock = { clock: 'accelerated', clockRate: '6', clockOrigin: String(Date.now()) };
    await start({ groupWait: 30, changeEvery: 5, clearAfter: 1 }, clock);
    await run.until(() => siteNow() !== undefined, 'the site');
    const now = (): number => siteNow().clock.nowMs();
    run.node('alert').receive(verdictMessage('anomaly', now(), [{ property: 'pressure' }]));
    run.node('asset').receive({ payload: { pressure: 9 }, timestamp: now() });
    await run.until(() => siteNow().asset('pump1')?.cases.names().length === 2, 'both');
    assert.equal(alerts().length, 0, 'gathered');
    await siteNow().checkpoint();
    await run.stop();
    await start({ groupWait: 30, changeEvery: 5, clearAfter: 1 }, clock);
    await run.until(() => alerts().length === 1, 'told after the restart');
    assert.deepEqual([changes()[0], alerts()[0]?.case.signals.length, alerts()[0]?.case.members?.alarms.length], ['opened', 1, 2]);
  });

  it('settings that cannot be read are told, and the rest works', async () => {
    await start({ quietFrom: '25:99', quietTo: '06:00', rules: [{ property: 'pressure', condition: 'high', limit: 'x' }, { property: 'pressure', condition: 'high', limit: '3' }] });
    await run.until(() => run.statuses('alert').some(({ text }) => /quiet hours|Rule 1/i.test(text ?? '')), 'told in the status');
    run.node('asset').receive({ payload: { pressure: 4 } });
    await run.until(() => alerts().length === 1, 'the rule that can be read');
  });
});
