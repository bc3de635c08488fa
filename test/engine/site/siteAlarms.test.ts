import assert from 'node:assert/strict';
import type { AlarmAction, AlarmState } from '../../../contract/alarms.ts';
import { replayJournal } from '../../../engine/alarms/replayJournal.ts';
import { alertMessages } from '../../../engine/site/alert.ts';
import { dependentsOf, supportsOf } from '../../../engine/site/dependents.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { AlarmPlant, ruleOf } from './alarmPlant.ts';

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index + 1}`);
const calm = { speed: 1000, current: 4, vibration: 2, mode: 'running' };
const high = 'limit/vibration/high';

async function pump(options: ConstructorParameters<typeof AlarmPlant>[0] = {}): Promise<AlarmPlant> {
  const plant = await new AlarmPlant(options).start(['m1']);
  plant.run(5, () => plant.row('m1', calm));
  return plant;
}
const stateOf = (plant: AlarmPlant, alarm = high, key = 'm1'): AlarmState => plant.site.alarms.list(key).find((each) => each.alarm === alarm)?.state ?? 'NORM';
const act = (plant: AlarmPlant, action: Partial<AlarmAction> & Pick<AlarmAction, 'action'>): ReturnType<typeof plant.site.alarms.act> =>
  plant.site.alarms.act({ twin: 'm1', by: 'Ada', via: 'page', ...action });
const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'done';
  } catch (problem) {
    return (problem as { code: string }).code;
  }
};

describe('alarms of a site', () => {
  it('the network is lost to 30 machines: one case that names the others, told once; back again: over', async () => {
    const all = keys(30);
    const plant = await new AlarmPlant().start(all);
    plant.run(60, () => all.forEach((key) => plant.row(key, calm)));
    assert.deepEqual(plant.opened, []);
    plant.run(300);
    assert.equal(plant.opened.length, 1, plant.opened.join(' '));
    assert.equal(plant.told.length, 1, plant.told.map(({ topic }) => topic).join('; '));
    assert.equal(plant.told[0]?.case.members?.inhibits.length, 29);
    for (const key of all) if (!plant.told[0]?.case.id.startsWith(`${key}/`)) assert.match(plant.told[0]?.payload ?? '', new RegExp(`\\b${key}\\b`));
    plant.run(200, () => all.forEach((key) => plant.row(key, calm)));
    assert.equal(plant.opened.length, 1);
    assert.deepEqual(plant.told.map((message) => message.case.change), ['opened', 'cleared']);
    assert.equal([...plant.site.alarms.list()].filter(({ state }) => state === 'DSUPR').length, 0, 'nothing is held back any more');
  });

  it('silence that waits for others outlives a restart', async () => {
    const all = keys(4);
    const plant = await new AlarmPlant().start(all);
    plant.run(60, () => all.forEach((key) => plant.row(key, calm)));
    plant.run(15);
    assert.deepEqual(plant.opened, []);
    await plant.site.checkpoint();
    await plant.restart(all);
    plant.run(60);
    assert.equal(plant.opened.length, 1, plant.opened.join(' '));
    assert.equal(plant.site.alarms.list().filter(({ alarm }) => alarm === 'stale').length, 4);
  });

  it('machines that stay silent when the first is back are one case again, and two alone are two', async () => {
    const all = keys(5);
    const plant = await new AlarmPlant().start(all);
    plant.run(60, () => all.forEach((key) => plant.row(key, calm)));
    plant.run(120);
    assert.equal(plant.opened.length, 1);
    plant.run(300, () => plant.row('m1', calm));
    assert.equal(plant.opened.length, 2, plant.opened.join(' '));
    const pair = await new AlarmPlant().start(['a', 'b']);
    pair.run(60, () => ['a', 'b'].forEach((key) => pair.row(key, calm)));
    pair.run(120);
    assert.equal(pair.opened.length, 2);
  });

  it('no data from the PLC that powers two machines: its case alone', async () => {
    const plant = await new AlarmPlant().start(['plc', 'a', 'b']);
    for (const to of ['a', 'b']) await plant.site.relations.assert({ from: 'plc', relation: 'powers', to }, 'test', 0, 0);
    plant.run(60, () => ['plc', 'a', 'b'].forEach((key) => plant.row(key, calm)));
    plant.run(120);
    assert.deepEqual(plant.opened, ['plc/1']);
    // A fault that has nothing to do with silence is told nevertheless.
    plant.event('a', { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: 'vibration', limit: 'high', limitValue: 7, value: 9, active: true, text: '' });
    assert.deepEqual(plant.opened, ['plc/1', 'a/1']);
  });

  it('the line stops: what it feeds tells nothing but its outermost limits, and speaks again when it runs', async () => {
    const stopped = ruleOf({ name: 'Line stopped', property: 'speed', kind: 'low', limit: 10, root: true, priority: 'high', severity: 'failure' });
    const plant = await new AlarmPlant({ rules: [stopped] }).start(['line', 'a', 'b']);
    await plant.site.relations.assert({ from: 'line', relation: 'feeds', to: 'a' }, 'test', 0, 0);
    await plant.site.relations.assert({ from: 'a', relation: 'feeds', to: 'b' }, 'test', 0, 0);
    const rows = (speed: number): void => ['line', 'a', 'b'].forEach((key) => plant.row(key, { ...calm, speed: key === 'line' ? speed : 1000 }));
    plant.run(10, () => rows(1000));
    plant.run(5, () => rows(0));
    assert.deepEqual(plant.opened, ['line/1']);
    const limit = (key: string, name: 'high' | 'highHigh', active: boolean): void =>
      plant.event(key, { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: 'vibration', limit: name, limitValue: 7, value: 9, active, text: '' });
    limit('b', 'high', true);
    assert.deepEqual([plant.opened, stateOf(plant, high, 'b')], [['line/1'], 'DSUPR']);
    assert.deepEqual(plant.site.alarms.members(plant.asset('line')).inhibits.map(({ key }) => key).sort(), ['a', 'b']);
    limit('a', 'highHigh', true);
    assert.deepEqual(plant.opened, ['line/1', 'a/1'], 'an outermost limit is told');
    plant.run(60, () => rows(1000));
    assert.equal(stateOf(plant, high, 'b'), 'UNACK', 'an active alarm is not lost');
    assert.deepEqual(plant.opened, ['line/1', 'a/1', 'b/1']);
  });

  it('a thousand alarms of one machine within ten seconds: at most two messages, which name them all', async () => {
    const type = compileTwinType({ name: 'big', version: 1, properties: Array.from({ length: 1000 }, (_, index) => ({ name: `p${index}`, high: '10' })) }).type;
    const plant = await new AlarmPlant().start(['m1'], type);
    plant.run(10, (second) => {
      for (let index = second * 100; index < second * 100 + 100; index++) {
        plant.event('m1', { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: `p${index}`, limit: 'high', limitValue: 10, value: 11, active: true, text: '' });
      }
    });
    plant.run(600);
    assert.equal(plant.opened.length, 1);
    assert.ok(plant.told.length + plant.digests.length <= 2, `${plant.told.length} + ${plant.digests.length}`);
    const gathered = plant.digests.flatMap(({ members }) => alertMessages(plant.site, plant.asset('m1'), members.map(({ change }) => change)));
    const named = new Set([...plant.told, ...gathered].flatMap(({ payload }) => payload.match(/\bp\d+\b/g) ?? []));
    assert.equal(named.size, 1000);
    assert.equal(plant.site.alarms.list('m1').length, 1000);
  });

  it('ten stops and starts and five changeovers open no case', async () => {
    const plant = await new AlarmPlant({ rules: [ruleOf({ property: 'current', kind: 'low', limit: 1 })] }).start(['m1']);
    plant.site.addJudge('judge');
    plant.asset('m1').configureBaseline({ drivers: ['speed'], offModes: ['off', 'changeover'] });
    let seed = 5;
    const noise = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
    const running = (): void => plant.row('m1', { speed: 1000 + 100 * Math.round(noise() * 4), current: 4 + 0.1 * noise(), vibration: 2 + 0.1 * noise(), mode: 'running' });
    plant.run(900, running);
    for (let round = 0; round < 15; round++) {
      const mode = round % 3 === 2 ? 'changeover' : 'off';
      plant.run(60, () => plant.row('m1', { speed: 0, current: 0, vibration: mode === 'changeover' ? 9 : 0, mode }));
      // Switched off for good, with its PLC: no data at all.
      if (round === 4) plant.run(120);
      plant.run(3, (second) => plant.row('m1', { speed: 300 * second, current: 9 - second, vibration: 8 - second, mode: 'running' }));
      plant.run(120, running);
    }
    assert.deepEqual(plant.opened, []);
    assert.deepEqual(plant.told, []);
    // And what is really wrong afterwards is found.
    plant.run(40, () => plant.row('m1', { ...calm, vibration: 9 }));
    assert.equal(plant.opened.length, 1);
  });

  it('a case that was told before the machine stopped stays open and is not told again when it runs', async () => {
    const plant = await pump({ alert: { clearAfterMs: 3_600_000 } });
    plant.asset('m1').configureBaseline({ drivers: [], offModes: ['off'] });
    plant.run(40, () => plant.row('m1', { ...calm, vibration: 9 }));
    for (let round = 0; round < 3; round++) {
      plant.run(60, () => plant.row('m1', { ...calm, vibration: 9, mode: 'off' }));
      assert.deepEqual([stateOf(plant), plant.asset('m1').cases.open?.id], ['DSUPR', 'm1/1']);
      plant.event('m1', { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: 'current', limit: 'low', limitValue: 1, value: 0, active: true, text: '' });
      assert.deepEqual(plant.asset('m1').cases.names(), [high], 'what is new in it is none of the case');
      plant.event('m1', { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: 'current', limit: 'low', limitValue: 1, value: 4, active: false, text: '' });
      plant.run(60, () => plant.row('m1', { ...calm, vibration: 9 }));
      assert.equal(stateOf(plant), 'UNACK');
    }
    assert.deepEqual(plant.told.map((message) => message.case.change), ['opened']);
  });

  it('without suppression by design the same stops do open cases', async () => {
    const plant = await new AlarmPlant({ rules: [ruleOf({ property: 'current', kind: 'low', limit: 1 })], alert: { quietWhenOff: false, quietModes: [] } }).start(['m1']);
    plant.run(20, () => plant.row('m1', calm));
    plant.run(20, () => plant.row('m1', { ...calm, current: 0, mode: 'off' }));
    assert.equal(plant.opened.length, 1);
  });

  it('acknowledging, shelving, suppressing, out of service: with who and why, refused where the table refuses it', async () => {
    const plant = await pump();
    assert.equal(codeOf(() => act(plant, { action: 'acknowledge' })), 'TWIN_CASE_UNKNOWN');
    assert.equal(codeOf(() => act(plant, { action: 'acknowledge', twin: 'nobody' })), 'TWIN_MACHINE_UNKNOWN');
    plant.run(2, () => plant.row('m1', { ...calm, vibration: 9 }));
    assert.equal(stateOf(plant), 'UNACK');
    assert.equal(codeOf(() => act(plant, { action: 'acknowledge', alarm: high, occurrence: 7 })), 'TWIN_ALARM_OCCURRENCE');
    assert.equal(codeOf(() => act(plant, { action: 'acknowledge', case: 'm1/0' })), 'TWIN_CASE_UNKNOWN');
    assert.equal(codeOf(() => act(plant, { action: 'acknowledge', by: ' ' })), 'TWIN_ALARM_WHO');
    assert.equal(codeOf(() => act(plant, { action: 'suppress' })), 'TWIN_ALARM_WHY');
    assert.equal(codeOf(() => act(plant, { action: 'shelve', forMs: 9 * 3_600_000 })), 'TWIN_ALARM_SHELF');
    assert.equal(codeOf(() => act(plant, { action: 'shelve' })), 'TWIN_ALARM_SHELF');
    assert.equal(codeOf(() => act(plant, { action: 'unshelve' })), 'TWIN_ALARM_STATE');
    assert.equal(codeOf(() => act(plant, { action: 'reset', alarm: high })), 'TWIN_ALARM_STATE');
    assert.equal(codeOf(() => act(plant, { action: 'acknowledge', alarm: '__proto__' })), 'TWIN_ALARM_UNKNOWN');
    const [record] = act(plant, { action: 'acknowledge', alarm: high, occurrence: 1, why: 'on my way' }).records;
    assert.deepEqual([record?.event, record?.by, record?.why, record?.via, record?.from, record?.to], ['ACK', 'Ada', 'on my way', 'page', 'UNACK', 'ACKED']);
    assert.equal(plant.asset('m1').cases.open?.state, 'acknowledged', 'all alarms of the case are');
    const { alarms } = act(plant, { action: 'shelve', forMs: 600_000, why: 'part is ordered' });
    assert.deepEqual([alarms[0]?.state, alarms[0]?.flags.shelf?.untilMs], ['SHLVD', plant.clock.nowMs() + 600_000]);
    assert.equal(plant.asset('m1').cases.open, undefined);
    assert.equal(plant.opened.length, 1);
    plant.run(599, () => plant.row('m1', { ...calm, vibration: 9 }));
    assert.equal(stateOf(plant), 'SHLVD');
    plant.run(3, () => plant.row('m1', { ...calm, vibration: 9 }));
    assert.deepEqual([stateOf(plant), plant.opened.length], ['UNACK', 2], 'still there when the shelf is over');
    act(plant, { action: 'takeOutOfService', why: 'rebuilt' });
    assert.deepEqual([stateOf(plant), plant.site.alarms.answer('m1').machines[0]?.outOfService?.why], ['OOSRV', 'rebuilt']);
    plant.event('m1', { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: 'current', limit: 'highHigh', limitValue: 9, value: 10, active: true, text: '' });
    assert.equal(plant.opened.length, 2, 'an alarm that comes anew is out of service, too');
    assert.equal(codeOf(() => act(plant, { action: 'takeOutOfService', why: 'again' })), 'TWIN_ALARM_STATE');
    act(plant, { action: 'returnToService' });
    assert.deepEqual([stateOf(plant), stateOf(plant, 'limit/current/highHigh'), plant.opened.length], ['UNACK', 'UNACK', 3]);
    const { records } = await plant.site.alarms.journal({ twin: 'm1', text: 'rebuilt' });
    assert.ok(records.length >= 1 && records.every(({ why }) => why === 'rebuilt'));
  });

  it('the wall clock moves by two hours and by a year: shelves, silence and reminders go on, over a restart too', async () => {
    for (const step of [7_200_000, -7_200_000, 365 * 86_400_000]) {
      const plant = await pump();
      plant.run(2, () => plant.row('m1', { ...calm, vibration: 9 }));
      act(plant, { action: 'shelve', forMs: 600_000 });
      const told = plant.told.length;
      plant.clock.steppedMs = step;
      plant.run(300);
      assert.equal(stateOf(plant), 'SHLVD', `${step}`);
      const shelf = plant.site.alarms.list('m1').find(({ alarm }) => alarm === high)?.flags.shelf;
      assert.ok(Math.abs((shelf?.untilMs ?? 0) - (plant.clock.nowMs() + 300_000)) < 5000, 'shown by the clock as it is now');
      await plant.restart(['m1']);
      plant.run(250);
      assert.equal(stateOf(plant), 'SHLVD', `${step} after the restart`);
      plant.run(60);
      assert.equal(stateOf(plant), 'UNACK', `${step}: over when it is over`);
      assert.ok(plant.told.length <= told + 2);
    }
  });

  it('a step of the clock is no silence and no reminder', async () => {
    for (const step of [7_200_000, -7_200_000, 365 * 86_400_000]) {
      const plant = await pump({ alert: { repeatAfterMs: 3_600_000 } });
      plant.run(40, () => plant.row('m1', { ...calm, vibration: 9 }));
      assert.deepEqual(plant.told.map((message) => message.case.change), ['opened']);
      plant.clock.steppedMs = step;
      plant.run(2);
      assert.equal(plant.asset('m1').twin.stale, false, `${step}`);
      // What is older than the newest value is not evaluated: with the clock put back, nothing of it is for two hours.
      const rows = (): void => (step > 0 ? plant.row('m1', { ...calm, vibration: 9 }) : undefined);
      plant.run(10, rows);
      if (step < 0) assert.equal(plant.asset('m1').twin.stale, true, 'silence is still seen');
      const silent = step < 0 ? 1 : 0;
      plant.run(3500, rows);
      assert.equal(plant.told.length, 1 + silent, plant.told.map(({ topic }) => topic).join('; '));
      plant.run(500, rows);
      assert.equal(plant.told.length, 2 + silent, `the reminder comes after an hour, ${step}`);
    }
  });

  it('from high to high high, and after the re-alarm time, an acknowledged alarm is told again', async () => {
    const plant = await pump({ alert: { realarmAfterMs: 7_200_000 } });
    const limit = (name: 'high' | 'highHigh'): void =>
      plant.event('m1', { v: 1, kind: 'limit', timeMs: plant.clock.nowMs(), property: 'current', limit: name, limitValue: 7, value: 9, active: true, text: '' });
    limit('high');
    plant.run(31);
    act(plant, { action: 'acknowledge' });
    assert.equal(plant.asset('m1').cases.open?.state, 'acknowledged');
    limit('highHigh');
    assert.deepEqual([stateOf(plant, 'limit/current/high'), stateOf(plant, 'limit/current/highHigh')], ['UNACK', 'UNACK']);
    plant.run(31);
    assert.equal(plant.told.at(-1)?.alarm.priority, 'high');
    act(plant, { action: 'acknowledge' });
    plant.run(7100, () => plant.row('m1', calm));
    assert.equal(stateOf(plant, 'limit/current/high'), 'ACKED');
    plant.run(200, () => plant.row('m1', calm));
    assert.deepEqual([stateOf(plant, 'limit/current/high'), plant.asset('m1').cases.open?.state], ['UNACK', 'open']);
  });

  it('after a restart everything is as it was and nobody is told again; an expired shelf ends at the start', async () => {
    const plant = await pump();
    plant.run(40, () => plant.row('m1', { ...calm, vibration: 9 }));
    act(plant, { action: 'acknowledge' });
    const told = plant.told.length;
    const before = plant.site.alarms.list();
    await plant.restart(['m1']);
    assert.deepEqual(plant.site.alarms.list(), before);
    plant.run(120, () => plant.row('m1', { ...calm, vibration: 9 }));
    assert.deepEqual([plant.told.length, plant.opened.length, stateOf(plant)], [told, 1, 'ACKED']);
    act(plant, { action: 'shelve', forMs: 60_000 });
    await plant.site.written();
    plant.clock.wallMs += 120_000;
    await plant.restart(['m1']);
    plant.run(1);
    assert.equal(stateOf(plant), 'UNACK');
  });

  it('the journal alone gives the state, one record for each change, and is found by its words', async () => {
    const plant = await pump({ alert: { clearAfterMs: 5000 } });
    for (let round = 0; round < 40; round++) {
      plant.run(4, () => plant.row('m1', { ...calm, vibration: round % 2 === 0 ? 9 : 2 }));
      if (round % 7 === 3) codeOf(() => act(plant, { action: 'acknowledge' }));
      if (round % 11 === 4) codeOf(() => act(plant, { action: 'shelve', oneShot: true }));
      if (round === 20) act(plant, { action: 'takeOutOfService', why: 'rebuilt' });
      if (round === 24) act(plant, { action: 'returnToService' });
      if (round === 30) await plant.restart(['m1']);
    }
    const { records, more } = await plant.site.alarms.journal({ limit: 1000 });
    assert.equal(more, false);
    assert.deepEqual(records.map(({ number }) => number), records.map((_, index) => records.length - index));
    const { alarms, gaps } = replayJournal([...records].reverse().filter(({ alarm, event }) => alarm !== '' && event !== 'NOTE'));
    assert.deepEqual(gaps, []);
    assert.equal(alarms.get(JSON.stringify(['m1', high]))?.state, stateOf(plant));
    // A record left out, or written twice, shows.
    const spoiled = [...records].reverse().filter(({ alarm }) => alarm !== '');
    assert.notDeepEqual(replayJournal(spoiled.filter((_, index) => index !== 2)).gaps, []);
    assert.notDeepEqual(replayJournal([...spoiled.slice(0, 3), ...spoiled.slice(2)]).gaps, []);
    const page = await plant.site.alarms.journal({ limit: 5, event: 'ACT' });
    assert.ok(page.more && page.records.length === 5 && page.records.every(({ event }) => event === 'ACT'));
    const next = await plant.site.alarms.journal({ limit: 5, event: 'ACT', before: page.records.at(-1)?.number ?? 0 });
    assert.ok((next.records[0]?.number ?? Infinity) < (page.records.at(-1)?.number ?? 0));
  });

  it('rules: a deviation follows its setpoint, a latched alarm stays until it is reset, a bad signal is an alarm of its own', async () => {
    const plant = await pump({
      rules: [
        ruleOf({ name: 'Far off', property: 'current', kind: 'deviation', setpoint: 'speed', limit: 5, onDelayMs: 3000 }),
        ruleOf({ name: 'Guard', property: 'vibration', limit: 5, latching: true, types: ['pump'] }),
        ruleOf({ name: 'Other type', property: 'vibration', limit: 1, types: ['press'] }),
      ],
      badSignalAfterMs: 10_000,
    });
    plant.run(10, () => plant.row('m1', { ...calm, speed: 8 }));
    assert.deepEqual(plant.site.alarms.list().map(({ alarm }) => alarm), ['rule/Far off'], 'the first rows had another setpoint');
    plant.run(2, () => plant.row('m1', { ...calm, speed: 8, vibration: 6 }));
    plant.run(5, () => plant.row('m1', { ...calm, speed: 8 }));
    assert.equal(stateOf(plant, 'rule/Guard'), 'LUNAK');
    assert.equal(codeOf(() => act(plant, { action: 'reset', alarm: 'rule/Guard' })), 'TWIN_ALARM_STATE');
    act(plant, { action: 'acknowledge', alarm: 'rule/Guard' });
    act(plant, { action: 'reset', alarm: 'rule/Guard' });
    assert.equal(stateOf(plant, 'rule/Guard'), 'NORM');
    plant.run(20, () => plant.row('m1', { ...calm, speed: 8, vibration: { value: 99, quality: 'bad' } }));
    assert.equal(stateOf(plant, 'rule/Guard'), 'NORM', 'bad quality raises nothing');
    assert.equal(stateOf(plant, 'badSignal/vibration'), 'UNACK');
  });

  it('measures: chattering, fleeting, stale, floods, the most frequent', async () => {
    const plant = await pump({ rules: [ruleOf({ name: 'Chatter' }), ruleOf({ name: 'Once', property: 'current', limit: 5 })] });
    plant.run(40, (second) => plant.row('m1', { ...calm, vibration: second % 4 < 2 ? 6 : 2, current: second === 3 ? 6 : 4 }));
    const measures = await plant.site.alarms.measures(1);
    assert.deepEqual(measures.chattering.map(({ alarm }) => alarm), ['rule/Chatter']);
    assert.deepEqual(measures.fleeting.map(({ alarm }) => alarm), ['rule/Once']);
    assert.deepEqual([measures.topTen[0]?.alarm, measures.topTen[0]?.count, measures.topTenShare], ['rule/Chatter', 10, 1]);
    assert.equal(measures.mostInTenMinutes, 11);
    assert.equal(measures.floods.length, 1);
    assert.equal(plant.site.alarms.flood.active, true);
    plant.run(700);
    assert.equal(plant.site.alarms.flood.active, false);
    assert.ok(((await plant.site.alarms.measures(1)).floods[0]?.toMs ?? 0) > 0);
  });
});

describe('who depends on whom', () => {
  const relations = [
    { from: 'a', relation: 'feeds', to: 'b' }, { from: 'b', relation: 'feeds', to: 'c' }, { from: 'c', relation: 'feeds', to: 'a' },
    { from: 'd', relation: 'part of', to: 'a' }, { from: 'e', relation: 'located in', to: 'a' },
  ];
  it('goes along what is fed, powered and part, ends in a ring, and stays clear of other relations', () => {
    assert.deepEqual(dependentsOf('a', relations), ['b', 'd', 'c']);
    assert.deepEqual(supportsOf('d', relations), ['a', 'c', 'b']);
    assert.deepEqual(dependentsOf('e', relations), []);
  });
});
