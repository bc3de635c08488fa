import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AlertMessage } from '../../contract/messages.ts';
import type { QuietExpressionAnswer } from '../../contract/quietExpression.ts';
import type { Site } from '../../engine/site/site.ts';
import { siteHandle } from '../../nodes/siteHandle.ts';
import { plantFlow } from './plantFlow.ts';
import { property, startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

describe('twin-alert: suppressed by an expression of the twin', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-quiet-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const rule = { property: 'pressure', condition: 'high', limit: '8', unless: 'speed < 5' };
  function flow(alert: Record<string, unknown>): Record<string, unknown>[] {
    const properties = [property('pressure', { unit: 'bar' }), property('speed', {}), property('level', {})];
    const more = [{ id: 'alert', type: 'twin-alert', site: 'site', wires: [['out']], settle: 0, clearAfter: 0, groupWait: 0, changeEvery: 0, onStale: false, ...alert }, { id: 'out', type: 'helper' }];
    return plantFlow({ properties, asset: { wires: [['alert'], []] }, more });
  }
  const site = (): Site => siteHandle(run.node('site') as never)?.site as Site;
  const states = (): string[] => (siteHandle(run.node('site') as never)?.site?.alarms.list('pump1') ?? []).map(({ alarm, state }) => `${alarm} ${state}`).sort();
  const changes = (): string[] => (run.received('out') as unknown as AlertMessage[]).map((message) => message.case.change);
  const send = (payload: Record<string, number | null>): void => run.node('asset').receive({ payload });

  it('a rule\'s own holds back that alarm alone; what is still wrong afterwards is told; a missing value hides nothing', async () => {
    run = await startFlow(flow({ rules: [rule, { property: 'level', condition: 'high', limit: '50' }] }), { userDir });
    send({ pressure: 4, speed: 0, level: 1 });
    send({ pressure: 9, speed: 0, level: 60 });
    await run.until(() => states().length === 2, 'both are active');
    assert.deepEqual(states(), ['rule/level/high UNACK', 'rule/pressure/high DSUPR']);
    const suppressed = (await site().alarms.journal({ twin: 'pump1' })).records.find(({ event }) => event === 'SUP');
    assert.equal(suppressed?.why, 'speed < 5');
    send({ pressure: 9, speed: 50, level: 60 });
    await run.until(() => states().includes('rule/pressure/high UNACK'), 'told when the machine runs');
    await run.until(() => changes().length >= 2, 'both were told');
  });

  it('of the whole machine, over a restart, and ends with its expression or its node', async () => {
    run = await startFlow(flow({ rules: [{ ...rule, unless: '' }], quietWhile: 'state == "Cleaning" or speed < 5' }), { userDir });
    send({ pressure: 9, speed: 0 });
    await run.until(() => states().includes('rule/pressure/high DSUPR'), 'suppressed');
    await run.stop();
    run = await startFlow(flow({ rules: [{ ...rule, unless: '' }], quietWhile: 'state == "Cleaning" or speed < 5' }), { userDir });
    send({ pressure: 9, speed: 0 });
    await run.until(() => states().includes('rule/pressure/high DSUPR'), 'still suppressed');
    assert.deepEqual(changes(), []);
    await run.deploy(flow({ rules: [{ ...rule, unless: '' }], quietWhile: '' }));
    send({ pressure: 9, speed: 0 });
    await run.until(() => states().includes('rule/pressure/high UNACK'), 'nobody suppresses it any more');
    await run.until(() => changes().length === 1, 'told');
  });

  it('a wrong one is named, in the dialog too, and suppresses nothing', async () => {
    run = await startFlow(flow({ rules: [{ ...rule, unless: 'speed <' }], quietWhile: 'nothing < 5' }), { userDir });
    send({ pressure: 9, speed: 0 });
    await run.until(() => states().includes('rule/pressure/high UNACK'), 'an alarm');
    assert.ok(run.statuses('alert').some(({ fill }) => fill === 'red'));
    const { body } = await run.admin('POST', '/twinwire/alert/expressions', { site: 'site', language: 'de', expressions: ['speed <', 'speed < 5', 'nothing < 5', 'level > 1', 7, '__proto__'] });
    const answers = body as QuietExpressionAnswer[];
    assert.deepEqual(answers.map(({ live }) => live.map(({ value }) => value)), [[], [true], [], [null], []]);
    assert.match(answers[0]?.problem ?? '', /Der Ausdruck hört zu früh auf/);
  });
});
