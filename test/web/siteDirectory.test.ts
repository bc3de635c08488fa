import assert from 'node:assert/strict';
import { Problem } from '../../engine/problem.ts';
import { SiteDirectory } from '../../web/siteDirectory.ts';
import type { SitePageSource, TwinPageChange } from '../../web/twinPageSource.ts';
import { MemoryPlant, morning } from './pageFixture.ts';

const nowMs = Date.UTC(2026, 10, 20, 5, 12);

function site(id: string, change: { listeners: Set<(key?: string) => void> } = { listeners: new Set() }): SitePageSource {
  const plant = new MemoryPlant({ ...morning(nowMs), id });
  return {
    id, language: 'de',
    summary: () => ({ ...morning(nowMs), id }),
    nowMs: () => nowMs,
    machine: (key) => plant.machine(id, key)?.machine,
    detail: (key, minutes) => plant.detail(id, key, minutes),
    acknowledge: (key, caseId, by) => plant.acknowledge({ site: id, key, case: caseId, by }),
    subscribe(listener) {
      change.listeners.add(listener);
      return () => { change.listeners.delete(listener); };
    },
  };
}

describe('directory of sites', () => {
  it('shows all sites and passes questions to the right one', async () => {
    const directory = new SiteDirectory();
    assert.deepEqual(directory.overview().sites, []);
    const remove = directory.add(site('a'));
    directory.add(site('b'));
    assert.deepEqual(directory.overview().sites.map(({ id }) => id), ['a', 'b']);
    assert.equal(directory.overview().language, 'de');
    assert.equal(directory.machine('b', 'northfield/filler')?.machine.name, 'Filler');
    assert.equal(directory.machine('__proto__', 'northfield/filler'), undefined);
    assert.equal((await directory.detail('a', 'northfield/filler', 15))?.machine.name, 'Filler');
    const after = await directory.acknowledge({ site: 'b', key: 'northfield/filler', case: 'case-17', by: 'Ann' });
    assert.equal(after.openCase?.acknowledgedBy, 'Ann');
    assert.equal(directory.machine('a', 'northfield/filler')?.machine.openCase?.state, 'open');
    remove();
    assert.deepEqual(directory.overview().sites.map(({ id }) => id), ['b']);
    await assert.rejects(
      directory.acknowledge({ site: 'a', key: 'x', case: 'y', by: 'z' }),
      (error) => error instanceof Problem && error.code === 'TWIN_MACHINE_UNKNOWN',
    );
  });

  it('tells of changes, and of nothing from a site that was replaced or removed', () => {
    const directory = new SiteDirectory();
    const told: TwinPageChange[] = [];
    const stop = directory.subscribe((change) => told.push(change));
    const old = { listeners: new Set<(key?: string) => void>() };
    const young = { listeners: new Set<(key?: string) => void>() };
    const removeOld = directory.add(site('a', old));
    for (const listener of old.listeners) listener('m1');
    const removeYoung = directory.add(site('a', young));
    assert.equal(old.listeners.size, 0);
    removeOld();
    assert.equal(directory.size, 1);
    for (const listener of young.listeners) listener();
    removeYoung();
    assert.equal(young.listeners.size, 0);
    assert.equal(directory.size, 0);
    assert.deepEqual(told, [{ site: 'a' }, { site: 'a', key: 'm1' }, { site: 'a' }, { site: 'a' }, { site: 'a' }]);
    stop();
    directory.add(site('c'));
    assert.equal(told.length, 5);
  });

  it('leaves out a site that fails and shows the others', () => {
    const directory = new SiteDirectory();
    directory.add({ ...site('a'), summary: () => { throw new Error('store closed'); } });
    directory.add(site('b'));
    assert.deepEqual(directory.overview().sites.map(({ id }) => id), ['b']);
  });
});
