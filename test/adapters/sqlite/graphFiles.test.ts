import assert from 'node:assert/strict';
import { closeSync, copyFileSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { MemoryGraphStore } from '../../../adapters/memory/memoryGraph.ts';
import { GraphDatabase } from '../../../adapters/sqlite/graphDatabase.ts';
import { unpackAnswer } from '../../../adapters/sqlite/packedAnswer.ts';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import { StoreDatabases } from '../../../adapters/sqlite/storeDatabases.ts';
import type { Fact, GraphChange, GraphStore, HistoryPoint } from '../../../engine/ports.ts';
import { randomOf } from '../../checks/detectors/check.ts';
import { PlantLedger } from '../../checks/graph/plantLedger.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

const day = 86_400_000;

describe('sqlite: the file of the graph', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('graph-file')));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const view = (database: DatabaseSync): string => ['element', 'edge', 'property', 'relation'].map((table) => JSON.stringify(database.prepare(`SELECT * FROM ${table}`).all())).join('\n');

  it('the view can be made anew from the log', async () => {
    const store = openSiteStore(folder);
    const plant = new PlantLedger({ lines: 2, finals: 40, partsPerLot: 10 });
    const changes = [...plant.changes()];
    const facts = changes.flatMap((change) => (change.kind === 'assert' ? [change.fact] : []));
    const open = facts.filter(({ validToMs }) => validToMs === undefined);
    const property: Fact = { subject: 'part-1', relation: 'scrap', object: '', value: 'bent', validFromMs: 1, recordedMs: 1, source: 'qa' };
    await store.graph.change([
      ...changes,
      { kind: 'element', element: { key: 'part-1', type: 'part', name: 'Part "one"' }, recordedMs: 2 },
      { kind: 'relation', relation: { name: 'cools', inverse: 'cooled by', from: ['equipment'], to: [] } },
      { kind: 'assert', fact: property },
      ...open.slice(0, 20).map((fact): GraphChange => ({ kind: 'end', fact, validToMs: fact.validFromMs + 3 * day, recordedMs: 9 })),
      ...facts.slice(30, 60).map((fact): GraphChange => ({ kind: 'retract', fact, recordedMs: 10 })),
      { kind: 'retract', fact: property, recordedMs: 11 },
      ...facts.slice(30, 40).map((fact): GraphChange => ({ kind: 'assert', fact: { ...fact, recordedMs: 12 } })),
      { kind: 'replace', source: 'mes 1', recordedMs: 13, facts: [{ ...property, value: 3 }] },
      { kind: 'replace', source: 'mes 1', recordedMs: 14, facts: [{ ...property, value: 4 }] },
    ]);
    await store.close();
    const database = new DatabaseSync(join(folder, 'graph.db'));
    try {
      const before = view(database);
      assert.ok(before.length > 20_000);
      database.exec('DELETE FROM element; DELETE FROM edge; DELETE FROM property; DELETE FROM relation');
      database.exec('BEGIN');
      new GraphDatabase(database).rebuild();
      database.exec('COMMIT');
      assert.ok(view(database) === before, 'from nothing but the log');
      database.exec('DELETE FROM edge WHERE subject % 3 = 0');
      database.exec('BEGIN');
      new GraphDatabase(database).rebuild();
      database.exec('COMMIT');
      assert.ok(view(database) === before, 'also where only some of it is missing');
    } finally {
      database.close();
    }
  });

  it('what is lost with a damaged page of the view comes back from the log', async () => {
    const store = openSiteStore(folder);
    const plant = new PlantLedger({ lines: 2, finals: 300, partsPerLot: 50 });
    await store.graph.change([...plant.changes()]);
    const asked = { ask: 'impact', element: 'lotB-3' } as const;
    const whole = await store.graph.ask(asked, plant.endMs);
    await store.close();
    const path = join(folder, 'graph.db');
    const database = new DatabaseSync(path);
    const pages = database.prepare("SELECT pageno FROM dbstat WHERE name IN ('edge', 'edge_object') AND pagetype = 'leaf'").all() as { pageno: number }[];
    database.close();
    const file = openSync(path, 'r+');
    for (const { pageno } of pages.slice(2, 6)) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, (pageno - 1) * 4096);
    closeSync(file);
    const again = openSiteStore(folder);
    assert.deepEqual(again.problems.map(({ code }) => code), ['TWIN_STORE_DAMAGED']);
    assert.deepEqual(await again.graph.ask(asked, plant.endMs), whole);
    await again.close();
  });

  it('takes over, once, the relations that an older version kept with the state', async () => {
    await openSiteStore(folder).close();
    const database = new DatabaseSync(join(folder, 'site.db'));
    const put = database.prepare('INSERT INTO fact (id, subject, relation, object, valid_from, valid_to, recorded, end_recorded, retracted, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    put.run('1', 'pump1', 'feeds', 'press3', 10, null, 10, null, null, 'node:link');
    put.run('2', 'pump1', 'located in', 'hall "A"', 10, 50, 10, 60, null, 'node:other');
    put.run('3', 'press3', 'feeds', 'pump1', 10, null, 10, null, 70, 'message:x');
    database.close();
    rmSync(join(folder, 'graph.db'));
    const old: Fact = { subject: 'pump1', relation: 'feeds', object: 'press3', validFromMs: 10, recordedMs: 10, source: 'node:link' };
    let store = openSiteStore(folder);
    assert.deepEqual((await store.graph.facts({ validMs: 20, recordedMs: 100 })).map(({ object, validToMs }) => [object, validToMs]), [['press3', undefined], ['hall "A"', 50]]);
    assert.deepEqual((await store.graph.facts({ validMs: 20, recordedMs: 65 })).length, 3, 'what was taken back later was believed then');
    assert.deepEqual(await store.graph.structure(['feeds', 'located in']), [old]);
    await store.graph.change([{ kind: 'end', fact: old, validToMs: 30, recordedMs: 80 }]);
    await store.close();
    store = openSiteStore(folder);
    assert.deepEqual(await store.graph.structure(['feeds']), [], 'an end since then is not undone');
    await store.close();
  });

  /** What was told in bulk waits in the log until the view is asked: nothing of that may be seen, nor be lost when the process is. */
  it('bulks are answered as if told one by one, also after a copy of the running files was opened', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
    const random = randomOf(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const time = (): number => Math.floor(random() * 60);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    const key = (): Fact => ({ subject: pick(keys), relation: pick(['feeds', 'fed by', 'powers']), object: pick(keys), validFromMs: time(), source: pick(['x', 'y', 'z']), recordedMs: time() });
    const known: Fact[] = [];
    const some = (): GraphChange => {
      const fact = known.length > 0 && random() < 0.5 ? { ...pick(known), recordedMs: time() } : key();
      const kind = random();
      if (kind < 0.001) return { kind: 'retract', fact, recordedMs: time() };
      if (kind < 0.002) return { kind: 'end', fact, validToMs: fact.validFromMs + time(), recordedMs: time() };
      if (kind < 0.0025) return { kind: 'replace', source: 'z', recordedMs: time(), facts: [key(), key()] };
      const said = random() < 0.4 ? { ...fact, validToMs: fact.validFromMs + time() } : fact;
      if (random() < 0.2) return { kind: 'assert', fact: { ...said, relation: 'note', object: '', value: pick([1, 'one', true]) } };
      known.push(fact);
      return { kind: 'assert', fact: said };
    };
    // Two that were recorded at the same time, the one instead of the other, have no order.
    const told = ({ subject, relation, object, value, validFromMs, validToMs, recordedMs, source }: Fact): string =>
      JSON.stringify([subject, relation, object, value, validFromMs, validToMs, recordedMs, source]);
    const oracle = new MemoryGraphStore();
    const store = openSiteStore(folder);
    const copy = temporaryFolder('graph-copy');
    const differences = async (other: GraphStore): Promise<number> => {
      let differ = 0;
      for (let asked = 0; asked < 100; asked++) {
        const query = { validMs: time() * 2, recordedMs: time(), ...(random() < 0.5 && { subject: pick(keys) }) };
        const [found, wanted] = await Promise.all([other, oracle].map(async (one) => (await one.facts(query)).map(told).sort()));
        if (!isDeepStrictEqual(found, wanted)) differ++;
      }
      return differ;
    };
    try {
      for (let round = 0; round < 4; round++) {
        const changes = [...(round === 0 ? keys.map((name): GraphChange => ({ kind: 'element', element: { key: name, type: 'work unit', name }, recordedMs: 0 })) : []),
          ...Array.from({ length: 400 + Math.floor(random() * 800) }, some)];
        const refused = async (to: GraphStore): Promise<string[]> => (await to.change(changes)).map(({ place, problem }) => `${place} ${problem.code}`);
        assert.deepEqual(await refused(store.graph), await refused(oracle), `seed ${seed}`);
        if (round % 2 === 1) assert.equal(await differences(store.graph), 0, `seed ${seed}, round ${round}`);
      }
      const last = Array.from({ length: 600 }, (): GraphChange => ({ kind: 'assert', fact: { ...key(), source: 'last', subject: 'a', relation: 'note', object: '', value: random() } }));
      await Promise.all([store.graph.change(last), oracle.change(last)]);
      for (const file of ['graph.db', 'graph.db-wal']) for (const to of ['', 'blind-']) copyFileSync(join(folder, file), join(copy, to + file));
      const taken = openSiteStore(copy);
      assert.equal(await differences(taken.graph), 0, `seed ${seed}, as after a kill`);
      await taken.close();
      // What this proves: without the mark the last bulk is not seen.
      for (const file of ['graph.db', 'graph.db-wal']) renameSync(join(copy, `blind-${file}`), join(copy, file));
      const database = new DatabaseSync(join(copy, 'graph.db'));
      assert.equal(database.prepare("DELETE FROM mark WHERE name = 'unseen'").run().changes, 1);
      database.close();
      const blind = openSiteStore(copy);
      assert.ok(await differences(blind.graph) > 0, 'a lost bulk is noticed');
      await blind.close();
    } finally {
      await store.close();
      rmSync(copy, { recursive: true, force: true });
    }
  });

  it('a file of format 1 is taken over with all its times', async () => {
    const never = Number.MAX_SAFE_INTEGER;
    await openSiteStore(folder).close();
    rmSync(join(folder, 'graph.db'));
    const database = new DatabaseSync(join(folder, 'graph.db'));
    const times = 'version INTEGER NOT NULL, recorded INTEGER NOT NULL, valid_to INTEGER NOT NULL, end_recorded INTEGER NOT NULL, retracted INTEGER NOT NULL';
    database.exec(`
      CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
      CREATE TABLE element (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, type INTEGER NOT NULL, name TEXT NOT NULL);
      CREATE INDEX element_type ON element (type);
      CREATE TABLE relation (name INTEGER PRIMARY KEY, inverse TEXT NOT NULL, from_kinds TEXT NOT NULL, to_kinds TEXT NOT NULL);
      CREATE TABLE edge (subject INTEGER NOT NULL, relation INTEGER NOT NULL, valid_from INTEGER NOT NULL, object INTEGER NOT NULL, source INTEGER NOT NULL,
        ${times}, long INTEGER NOT NULL, PRIMARY KEY (subject, relation, valid_from, object, source, version)) WITHOUT ROWID;
      CREATE INDEX edge_object ON edge (object, relation, valid_from);
      CREATE INDEX edge_source ON edge (source);
      CREATE INDEX edge_long_subject ON edge (subject, relation, valid_from) WHERE long = 1;
      CREATE INDEX edge_long_object ON edge (object, relation, valid_from) WHERE long = 1;
      CREATE TABLE property (subject INTEGER NOT NULL, relation INTEGER NOT NULL, valid_from INTEGER NOT NULL, value TEXT NOT NULL, source INTEGER NOT NULL,
        ${times}, PRIMARY KEY (subject, relation, valid_from, value, source, version)) WITHOUT ROWID;
      CREATE INDEX property_source ON property (source);
      CREATE TABLE log (sequence INTEGER PRIMARY KEY AUTOINCREMENT, steps BLOB NOT NULL, texts TEXT NOT NULL, crc INTEGER NOT NULL);
      CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
      INSERT INTO mark VALUES ('old facts', 0);
      INSERT INTO word VALUES (1, 'work unit'), (2, 'feeds'), (3, 'page'), (4, 'speed');
      INSERT INTO element VALUES (1, 'a', 1, 'A'), (2, 'b', 1, 'B'), (3, 'c', 1, 'C'), (4, 'd', 1, 'D');
      INSERT INTO edge VALUES (1, 2, 10, 2, 3, 0, 11, ${never}, ${never}, ${never}, 1), (1, 2, 10, 3, 3, 0, 11, 20, 11, ${never}, 0),
        (1, 2, 10, 4, 3, 0, 11, 30, 40, ${never}, 0), (2, 2, 10, 3, 3, 0, 11, ${never}, ${never}, 50, 1);
      INSERT INTO property VALUES (1, 4, 10, '7', 3, 0, 11, ${never}, ${never}, ${never}), (1, 4, 12, '8', 3, 0, 11, 25, 60, 70);
      PRAGMA user_version = 1;`);
    database.close();
    const store = openSiteStore(folder);
    try {
      const told = async (validMs: number, recordedMs: number): Promise<string[]> => (await store.graph.facts({ validMs, recordedMs })).map(({ subject, object, value, validToMs }) =>
        `${subject} ${object}${value ?? ''}${validToMs === undefined ? '' : ` until ${validToMs}`}`);
      assert.deepEqual(await told(15, 10), []);
      assert.deepEqual(await told(15, 11), ['a b', 'a c until 20', 'a d', 'a 7', 'b c', 'a 8'], 'ends that were recorded later were not known');
      assert.deepEqual(await told(15, 45), ['a b', 'a c until 20', 'a d until 30', 'a 7', 'b c', 'a 8']);
      assert.deepEqual(await told(15, 65), ['a b', 'a c until 20', 'a d until 30', 'a 7', 'a 8 until 25']);
      assert.deepEqual(await told(22, 99), ['a b', 'a d until 30', 'a 7']);
      assert.deepEqual((await store.graph.ask({ ask: 'around', element: 'a', validMs: 25 }, 0)).rows.map((row) => row.element.key), ['b', 'd']);
      await store.graph.change([{ kind: 'end', fact: { subject: 'a', relation: 'feeds', object: 'b', validFromMs: 10, source: 'page' }, validToMs: 23, recordedMs: 80 }]);
      assert.deepEqual(await told(24, 99), ['a d until 30', 'a 7']);
    } finally {
      await store.close();
    }
  });

  it('joins what the machines measured while a part was in them, and says where there is none', async () => {
    const store = openSiteStore(folder);
    try {
      const say = (subject: string, relation: string, object: string, validFromMs: number, validToMs?: number): GraphChange =>
        ({ kind: 'assert', fact: { subject, relation, object, validFromMs, ...(validToMs !== undefined && { validToMs }), recordedMs: 0, source: 's' } });
      await store.graph.change([
        ...[['bolt', 'part'], ['press', 'work unit'], ['oven', 'work unit']].map(([key = '', type = '']): GraphChange => ({ kind: 'element', element: { key, type, name: '' }, recordedMs: 0 })),
        say('bolt', 'produced by', 'press', 1000, 2000), say('bolt', 'produced by', 'oven', 3000, 4000),
      ]);
      const point = (twin: string, property: string, timeMs: number, value: number | string, quality: 'good' | 'bad' = 'good') => ({ twin, property, timeMs, value, quality });
      await store.historian.write([
        point('press', 'force', 500, 10), point('press', 'force', 1500, 20), point('press', 'force', 1750, 99, 'bad'), point('press', 'force', 2000, 500),
        point('press', 'recipe', 100, 'M8'), point('press', 'late', 5000, 1),
      ]);
      const ask = async (properties?: string[]) => {
        const { rows } = await store.graph.ask({ ask: 'origin', element: 'bolt', parameters: true, ...(properties && { properties }) }, 10_000);
        return rows.map((row) => [row.element.key, row.parameters]);
      };
      const force = { property: 'force', count: 1, minimum: 10, mean: (500 * 10 + 250 * 20) / 750, maximum: 20, value: 99, timeMs: 1750, quality: 'bad' };
      assert.deepEqual(await ask(), [['press', [force, { property: 'recipe', count: 0, value: 'M8', timeMs: 100, quality: 'good' }]], ['oven', []]]);
      assert.deepEqual(await ask(['late', 'nothing']), ['press', 'oven'].map((key) => [key, ['late', 'nothing'].map((property) => ({ property, count: 0, value: null, quality: 'no data' }))]));
      assert.deepEqual((await store.graph.ask({ ask: 'origin', element: 'bolt' }, 10_000)).rows.map(({ parameters }) => parameters), [undefined, undefined]);
    } finally {
      await store.close();
    }
  });

  it('joins the same out of sealed chunks as out of what is not sealed yet', async () => {
    const random = randomOf(Number(process.env['SEED'] ?? 11));
    const store = openSiteStore(folder);
    const element = (key: string, type: string): GraphChange => ({ kind: 'element', element: { key, type, name: '' }, recordedMs: 0 });
    const parts = Array.from({ length: 30 }, (_, index) => `part ${index}`);
    await store.graph.change([element('press', 'work unit'), ...parts.flatMap((part): GraphChange[] => {
      const validFromMs = Math.floor(random() * 300_000);
      const validToMs = validFromMs + Math.floor(random() * 20_000);
      return [element(part, 'part'), { kind: 'assert', fact: { subject: part, relation: 'produced by', object: 'press', validFromMs, validToMs, recordedMs: 0, source: 's' } }];
    })]);
    const qualities = ['good', 'good', 'good', 'uncertain', 'bad'] as const;
    let atMs = 0;
    await store.historian.write(Array.from({ length: 3000 }, (_, index): HistoryPoint => {
      atMs += index % 700 === 0 ? 30_000 : 100;
      return { twin: 'press', property: 'force', timeMs: atMs, value: index % 50 === 7 ? null : Math.round(random() * 1000) / 10, quality: qualities[Math.floor(random() * 5)] ?? 'good' };
    }));
    const times = Float64Array.from({ length: 2500 }, (_, index) => index * 100);
    await store.historian.writeRows({ twin: 'press', properties: ['speed', 'way'], times, values: Float64Array.from({ length: 5000 }, () => random()) });
    await store.close();
    const databases = new StoreDatabases(folder);
    try {
      const asked = (): unknown[] => parts.map((element) => unpackAnswer(databases.graphAsk({ ask: 'origin', element, parameters: true }, 400_000)).rows.map((row) => row.parameters));
      const before = asked();
      databases.historySealAll();
      assert.deepEqual(asked(), before);
      assert.ok(JSON.stringify(before).includes('"quality":"uncertain"') && JSON.stringify(before).includes('"count":0'));
    } finally {
      databases.close();
    }
  });
});
