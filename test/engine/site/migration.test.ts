import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { TwinEvent } from '../../../contract/messages.ts';
import type { Json } from '../../../engine/ports.ts';
import type { AssetTwin, AssetTwinSnapshot } from '../../../engine/site/assetTwin.ts';
import { migrationTexts } from '../../../engine/site/migrationSentences.ts';
import { migrateSnapshot, planMigration } from '../../../engine/site/migration.ts';
import type { Site } from '../../../engine/site/site.ts';
import { compareTypes } from '../../../engine/twin/typeChange.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import type { TwinPropertyInput, TwinType } from '../../../engine/twin/twinType.ts';
import { registration, single, startSite } from './siteFixture.ts';

const startMs = 1_767_225_600_000;

const rows: TwinPropertyInput[] = [
  { name: 'speed', unit: '/min', valueKind: 'setpoint' },
  { name: 'current', label: 'Motor current', unit: 'A' },
  { name: 'temperature', unit: 'Cel' },
  { name: 'pressure', unit: 'bar' },
  { name: 'cycles', valueKind: 'counter', counterBits: '16' },
  { name: 'power', valueKind: 'derived', unit: 'W', expression: 'current * 400' },
];

function typeOf(properties: readonly TwinPropertyInput[], more: { mode?: string; version?: number; name?: string } = {}): TwinType {
  const { type, problems } = compileTwinType({ name: 'press', version: 1, ...more, properties });
  assert.deepEqual(problems.map(({ message }) => message), []);
  return type;
}

/** The rows with one property changed; null takes it out. */
function withProperty(name: string, change: Partial<TwinPropertyInput> | null, from: readonly TwinPropertyInput[] = rows): TwinPropertyInput[] {
  return from.flatMap((row) => (row.name !== name ? [row] : change === null ? [] : [{ ...row, ...change }]));
}

/** Deterministic noise around a working point that follows the speed. */
function valuesAt(index: number, seed: number): Record<string, number> {
  const noise = (salt: number): number => {
    const x = Math.sin((index + 1) * 12.9898 + salt * 78.233 + seed * 37.719) * 43_758.5453;
    return x - Math.floor(x) - 0.5;
  };
  const speed = 900 + 100 * ((index >> 4) % 4);
  return { speed, current: speed / 100 + noise(1), temperature: 60 + noise(2), pressure: 4 + speed / 1000 + 0.2 * noise(3), cycles: index % 65_536 };
}

function feed(site: Site, asset: AssetTwin, from: number, count: number, seed: number, change: (values: Record<string, number>) => Record<string, number> = (values) => values): string[] {
  const verdicts: string[] = [];
  for (let index = from; index < from + count; index += 1) {
    site.clock.observe(startMs + index * 8000);
    const evaluation = asset.evaluate(single(site, asset, { timeMs: startMs + index * 8000, values: change(valuesAt(index, seed)) }));
    verdicts.push(`${evaluation?.anomaly.verdict} ${evaluation?.anomaly.signals.map(({ property }) => property).join()}`);
  }
  return verdicts;
}

async function taught(type: TwinType, seed: number, count = 700, change?: (values: Record<string, number>) => Record<string, number>): Promise<{ site: Site; asset: AssetTwin }> {
  const { site } = await startSite({ clock: 'replay' });
  site.addJudge('judge');
  const asset = site.register(registration('press1', { type }));
  feed(site, asset, 0, count, seed, change);
  return { site, asset };
}

function learned(asset: AssetTwin): AssetTwinSnapshot {
  return JSON.parse(JSON.stringify(asset.snapshot())) as AssetTwinSnapshot;
}

function close(found: unknown, expected: unknown, path = ''): void {
  if (typeof expected === 'number' && typeof found === 'number') {
    assert.ok(Math.abs(found - expected) <= 1e-5 * Math.max(1, Math.abs(expected)), `${path}: ${found} instead of ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.deepEqual(Object.keys(found as object), Object.keys(expected), path);
    for (const key of Object.keys(expected)) close((found as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key], `${path}.${key}`);
  } else assert.equal(found, expected, path);
}

describe('a changed type', () => {
  const before = typeOf(rows);
  const outcomeOf = (after: TwinType, name: string): string => {
    const found = compareTypes(before, after).properties.find((one) => (one.after ?? one.before)?.name === name);
    return `${found?.outcome} ${found?.reason}`;
  };

  it('labels, limits, ranges, addresses, intervals and smallest changes relearn nothing and make no version', () => {
    const settings: Partial<TwinPropertyInput>[] = [
      { label: 'Oil' }, { highHigh: '90', high: '80' }, { lowLow: '1', low: '2' }, { deadband: '2' }, { rangeLow: '0', rangeHigh: '200' },
      { address: 'ns=2;s=T' }, { expectedInterval: '5' }, { smallestChange: '0.5' }, { maximumRate: '3' }, { uncertainIsBad: true },
    ];
    for (const change of settings) {
      const after = typeOf(withProperty('temperature', change));
      assert.equal(outcomeOf(after, 'temperature'), 'kept settings', JSON.stringify(change));
      assert.equal(compareTypes(before, after).structural, false);
    }
  });

  it('tells a unit whose values come in it from one whose name was wrong, and goes back the same way', () => {
    assert.equal(outcomeOf(typeOf(withProperty('temperature', { unit: '[degF]' })), 'temperature'), 'kept unit-label');
    const converted = typeOf(withProperty('temperature', { unit: '[degF]', convertFrom: 'Cel' }));
    const change = compareTypes(before, converted).properties.find((one) => one.after?.name === 'temperature');
    assert.equal(change?.outcome, 'converted');
    close([0, 100].map((value) => value * (change?.conversion.scale ?? 0) + (change?.conversion.offset ?? 0)), [32, 212]);
    assert.equal(compareTypes(converted, before).properties.find((one) => one.after?.name === 'temperature')?.outcome, 'converted');
    assert.equal(outcomeOf(typeOf(withProperty('temperature', { unit: 'bar', convertFrom: 'Cel' })), 'temperature'), 'kept unit-label');
  });

  it('knows a renamed property again, in expressions too', () => {
    const renamed = withProperty('power', { expression: ' amperes*400' }, withProperty('current', { name: 'amperes', identity: 'current' }));
    assert.equal(outcomeOf(typeOf(renamed), 'amperes'), 'kept renamed');
    assert.equal(outcomeOf(typeOf(renamed), 'power'), 'kept same');
    const swapped = [...withProperty('power', { expression: 'amperes * 400' }, withProperty('current', { name: 'amperes', identity: 'current' })), { name: 'current' }];
    assert.equal(outcomeOf(typeOf(swapped), 'current'), 'new new');
    assert.equal(outcomeOf(typeOf(swapped), 'amperes'), 'kept renamed');
  });

  it('relearns another kind, another expression and what is calculated from what changed', () => {
    assert.equal(outcomeOf(typeOf(withProperty('pressure', { valueKind: 'setpoint' })), 'pressure'), 'relearn kind');
    assert.equal(outcomeOf(typeOf(withProperty('power', { expression: 'current * 230' })), 'power'), 'relearn expression');
    const input = typeOf(withProperty('current', { unit: 'mA', convertFrom: 'A' }));
    assert.equal(outcomeOf(input, 'power'), 'relearn input');
    assert.equal(outcomeOf(input, 'pressure'), 'kept same');
    const mode = typeOf(rows, { mode: "if(speed > 0, 'run', 'idle')" });
    assert.equal(outcomeOf(mode, 'pressure'), 'relearn mode');
    assert.equal(outcomeOf(mode, 'cycles'), 'kept same');
  });

  it('every sentence is there in every language', () => {
    const keys = (value: unknown): string[] =>
      typeof value === 'string' ? [value === '' ? 'empty' : ''] : Object.entries(value as object).flatMap(([key, inner]) => keys(inner).map((rest) => `${key}.${rest}`));
    assert.deepEqual(keys(migrationTexts.de), keys(migrationTexts['en-US']));
    assert.equal(keys(migrationTexts.de).some((key) => key.endsWith('empty')), false);
  });
});

describe('what was learned, for a changed type', function () {
  this.timeout(30_000);

  it('without a property: the others are exactly as if it had never been there', async () => {
    const fewer = withProperty('temperature', null);
    const { asset } = await taught(typeOf(rows), 4);
    const without = await taught(typeOf(fewer), 4);
    const plan = planMigration(typeOf(rows), typeOf(fewer), learned(asset));
    assert.deepEqual(plan.outcomes.filter(({ outcome }) => outcome !== 'kept').map(({ property, outcome }) => `${property} ${outcome}`), ['temperature gone']);
    const moved = JSON.parse(JSON.stringify(migrateSnapshot(learned(asset), plan, startMs))) as AssetTwinSnapshot;
    assert.deepEqual(moved.baseline, learned(without.asset).baseline);
    // The judge's lines share one number of false alarms among fewer signals; all that it knows of them is the same.
    // How much what was learned of the company of signals is trusted goes by how many they were.
    const { budget, together: _one, ...others } = moved.judge as Record<string, Json>;
    const { budget: _, together: _other, ...expected } = learned(without.asset).judge as Record<string, Json>;
    assert.deepEqual(others, expected);
    // Lines for fewer signals are others: how often they are passed is counted anew; what was allowed and told stays.
    const before = (learned(asset).judge as { budget: Record<string, Json> }).budget;
    assert.ok(Number(before['countedRows']) > 100);
    assert.deepEqual([(budget as Record<string, Json>)['countedRows'], (budget as Record<string, Json>)['weeks']], [0, before['weeks']]);
    assert.deepEqual(moved.twin, learned(without.asset).twin);
  });

  it('with a property more: the others go on bit for bit, and only the new one is learned, in its own time', async () => {
    const { site, asset } = await taught(typeOf(rows), 5, 3000);
    const more = typeOf([...rows, { name: 'vibration', unit: 'mm/s' }]);
    const plan = planMigration(typeOf(rows), more, learned(asset));
    assert.deepEqual(plan.outcomes.filter(({ outcome }) => outcome !== 'kept'), [
      { property: 'vibration', label: 'vibration', outcome: 'new', reason: 'new', relearnMs: 300 * 8000 },
    ]);
    const after = await startSite({ clock: 'replay' });
    after.site.addJudge('judge');
    const machine = after.site.register(registration('press1', { type: more }));
    assert.equal(machine.restore(JSON.parse(JSON.stringify(migrateSnapshot(learned(asset), plan, startMs))) as Json), true);
    const vibrating = (values: Record<string, number>): Record<string, number> => ({ ...values, vibration: 2 + 0.1 * Math.sin(values['current']! * 977) });
    feed(site, asset, 3000, 250, 5);
    feed(after.site, machine, 3000, 250, 5, vibrating);
    const columns = ['current', 'temperature', 'pressure', 'power'];
    for (const name of columns) assert.deepEqual(machine.expectedNow(name), asset.expectedNow(name), name);
    assert.equal(machine.progress().missing.some(({ property }) => property === 'vibration'), true);
    feed(after.site, machine, 3250, 100, 5, vibrating);
    assert.equal(machine.progress().phase, 'armed');
    assert.equal(machine.expectedNow('vibration') !== undefined, true);
    const wild = feed(after.site, machine, 3350, 30, 5, (values) => ({ ...vibrating(values), vibration: 9 }));
    assert.ok(wild.at(-1)?.startsWith('anomaly vibration'), wild.at(-1));
  });

  it('a driver that is gone: who was expected by it is learned again, the others are kept', async () => {
    const { asset } = await taught(typeOf(rows), 7);
    const plan = planMigration(typeOf(rows), typeOf(withProperty('speed', null)), learned(asset));
    const outcome = new Map(plan.outcomes.map((one) => [one.property, one]));
    assert.deepEqual([outcome.get('pressure')?.outcome, outcome.get('pressure')?.reason, outcome.get('pressure')?.cause], ['relearn', 'driver', 'speed']);
    assert.equal(outcome.get('temperature')?.outcome, 'kept');
    const moved = migrateSnapshot(learned(asset), plan, startMs);
    const { site } = await startSite({ clock: 'replay' });
    site.addJudge('judge');
    const after = site.register(registration('press1', { type: typeOf(withProperty('speed', null)) }));
    assert.equal(after.restore(JSON.parse(JSON.stringify(moved)) as Json), true);
    feed(site, after, 700, 1, 7);
    assert.notEqual(after.expectedNow('temperature'), undefined);
    assert.equal(after.expectedNow('pressure'), undefined);
    feed(site, after, 701, 400, 7);
    assert.notEqual(after.expectedNow('pressure'), undefined);
  });

  it('in another unit: converted data get the same verdicts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(['temperature', 'Cel', '[degF]'], ['pressure', 'bar', 'kPa'], ['speed', '/min', 'Hz']), async (seed, [name, from, to]) => {
        const old = await taught(typeOf(rows), seed, 500);
        const type = typeOf(withProperty(name as string, { unit: to as string, convertFrom: from as string }));
        const plan = planMigration(typeOf(rows), type, learned(old.asset));
        const { scale, offset } = plan.change.properties.find((one) => one.after?.name === name)!.conversion;
        const convert = (values: Record<string, number>): Record<string, number> => ({ ...values, [name as string]: values[name as string]! * scale + offset });
        const { site } = await startSite({ clock: 'replay' });
        site.addJudge('judge');
        const asset = site.register(registration('press1', { type }));
        assert.equal(asset.restore(JSON.parse(JSON.stringify(migrateSnapshot(learned(old.asset), plan, startMs))) as Json), true);
        const fault = (values: Record<string, number>): Record<string, number> => ({ ...values, temperature: values['temperature']! + 15 });
        const verdicts = [...feed(old.site, old.asset, 500, 100, seed), ...feed(old.site, old.asset, 600, 20, seed, fault)];
        const converted = [...feed(site, asset, 500, 100, seed, convert), ...feed(site, asset, 600, 20, seed, (values) => convert(fault(values)))];
        assert.deepEqual(converted, verdicts);
        assert.ok(verdicts.at(-1)?.includes('temperature'));
      }),
      { numRuns: 6 },
    );
  });
});

describe('versions of a type in a site', function () {
  this.timeout(30_000);

  it('a migration, back and forth: numbers, states, totals and events; a power cut in between leaves one of the two', async () => {
    const store = openMemoryStore();
    const commits: string[][] = [];
    const commit = store.state.commit.bind(store.state);
    store.state.commit = (changes) => {
      commits.push(changes.map(({ key, value }) => (key === 'asset/press1' ? `${key} ${(value as unknown as AssetTwinSnapshot).type?.version}` : key)));
      return commit(changes);
    };
    const events: TwinEvent[] = [];
    const onEvents = (told: TwinEvent[]): void => void events.push(...told);
    const first = await startSite({ clock: 'replay' }, store);
    let asset = first.site.register(registration('press1', { type: typeOf(rows), onEvents }));
    feed(first.site, asset, 0, 500, 11);
    assert.equal(asset.twin.header().type, 'press@1');
    const old = learned(asset);
    await first.site.stop();

    const next = typeOf([...withProperty('pressure', null), { name: 'vibration' }]);
    const second = await startSite({ clock: 'replay' }, store, first.clock);
    await second.site.prepare('press1', next);
    asset = second.site.register(registration('press1', { type: next, onEvents }));
    assert.equal(asset.twin.header().type, 'press@2');
    second.site.tick();
    assert.deepEqual(events.map(({ kind, from, to }) => [kind, from, to]), [['migrated', 'press@1', 'press@2']]);
    assert.match(events[0]?.text ?? '', /^press1 is press@2 now \(was press@1\): 5 of 6 signals kept; new: vibration \(about 40 min of normal running\); gone: pressure\.$/);
    // Killed here: what was written is all of the migration, or nothing.
    await second.site.checkpoint();
    const withFormer = commits.filter((keys) => keys.includes('former/press1/press@1'));
    assert.equal(withFormer.length, 1);
    for (const key of ['formerly/press1', 'asset/press1 2', 'type/press/2']) assert.ok(withFormer[0]?.includes(key), key);
    const written = (await store.state.get('asset/press1'))?.value as unknown as AssetTwinSnapshot;
    assert.deepEqual(written.type, { name: 'press', version: 2 });
    const aside = (await store.state.get('former/press1/press@1'))?.value as unknown as AssetTwinSnapshot | undefined;
    assert.deepEqual(aside?.baseline, old.baseline);
    feed(second.site, asset, 500, 200, 11);
    await second.site.stop();

    // Back: what it knew of the pressure then comes back, the counter goes on.
    const third = await startSite({ clock: 'replay' }, store, first.clock);
    const preview = third.site.previewType(next, typeOf(rows));
    assert.deepEqual([preview.number, preview.isNew, preview.machines], [1, false, []]);
    await third.site.prepare('press1', typeOf(rows));
    asset = third.site.register(registration('press1', { type: typeOf(rows), onEvents }));
    assert.equal(asset.twin.header().type, 'press@1');
    assert.deepEqual(learned(asset).baseline, old.baseline);
    assert.equal(asset.twin.payload()['cycles'], 699);
    third.site.tick();
    assert.match(events.at(-1)?.text ?? '', /what was learned by .* comes back/);
    assert.deepEqual(third.site.typeVersions('press').map(({ number, machines, former, changes }) => ({ number, machines, former, changes })), [
      { number: 2, machines: [], former: ['press1'], changes: 'added: vibration; removed: pressure' },
      { number: 1, machines: ['press1'], former: ['press1'], changes: 'first version' },
    ]);
    await third.site.stop();

    // And forward again.
    const fourth = await startSite({ clock: 'replay' }, store, first.clock);
    await fourth.site.prepare('press1', next);
    asset = fourth.site.register(registration('press1', { type: next }));
    assert.equal(asset.twin.header().type, 'press@2');
    feed(fourth.site, asset, 700, 150, 11, (values) => ({ ...values, vibration: values['current']! }));
    assert.equal((learned(asset).baseline as { columnRows: number[]; columns: string[] }).columns.includes('vibration'), true);
  });

  it('a store from before versions opens: the same properties are the present version, others are migrated by their names', async () => {
    const { asset } = await taught(typeOf(rows), 13);
    const { type: _, ...older } = learned(asset);
    const store = openMemoryStore();
    await store.state.commit([{ key: 'asset/press1', value: older as unknown as Json }]);
    const same = await startSite({ clock: 'replay' }, store);
    assert.deepEqual(learned(same.site.register(registration('press1', { type: typeOf(rows) }))).baseline, older.baseline);
    const other = await startSite({ clock: 'replay' }, store);
    const after = other.site.register(registration('press1', { type: typeOf(withProperty('temperature', null)) }));
    feed(other.site, after, 700, 1, 13);
    assert.notEqual(after.expectedNow('pressure'), undefined);
    assert.deepEqual(other.site.takeProblems(), []);
  });

  it('rows in another order keep all, and make no version', async () => {
    const store = openMemoryStore();
    const first = await startSite({ clock: 'replay' }, store);
    const asset = first.site.register(registration('press1', { type: typeOf(rows) }));
    feed(first.site, asset, 0, 500, 17);
    const expected = asset.expectedNow('pressure');
    await first.site.stop();
    const second = await startSite({ clock: 'replay' }, store);
    const turned = second.site.register(registration('press1', { type: typeOf([...rows].reverse()) }));
    assert.equal(turned.twin.header().type, 'press@1');
    feed(second.site, turned, 500, 1, 17);
    assert.ok(expected !== undefined && turned.expectedNow('pressure') !== undefined);
  });

  it('a state that cannot be taken over is put aside, and the machine says so', async () => {
    const store = openMemoryStore();
    const { asset } = await taught(typeOf(rows), 19);
    const damaged = { ...learned(asset), judge: { v: 1, charts: 'none' } };
    await store.state.commit([{ key: 'asset/press1', value: damaged as unknown as Json }]);
    const { site } = await startSite({ clock: 'replay' }, store);
    const after = site.register(registration('press1', { type: typeOf(withProperty('temperature', null)) }));
    assert.equal(after.problem?.code, 'TWIN_MIGRATION_FAILED');
    feed(site, after, 0, 1, 19);
    await site.stop();
    assert.deepEqual((await store.state.get('former/press1/press@1'))?.value, damaged);
  });

  it('keeps the last five states of a machine', async () => {
    const store = openMemoryStore();
    for (let version = 0; version < 8; version += 1) {
      const { site } = await startSite({ clock: 'replay' }, store);
      const asset = site.register(registration('press1', { type: typeOf([...rows, { name: `extra${version}` }]) }));
      assert.equal(asset.twin.header().type, `press@${version + 1}`);
      feed(site, asset, version, 1, 23);
      await site.stop();
    }
    assert.equal((await store.state.entries('former/press1/')).length, 5);
    assert.equal((await store.state.entries('type/press/')).length, 8);
  });
});
