import assert from 'node:assert/strict';
import type { GraphAnswer, GraphQuestion } from '../../../contract/graph.ts';
import type { Fact, FactQuery, GraphChange, GraphStore } from '../../../engine/ports.ts';
import { randomOf } from '../detectors/check.ts';
import { NaiveGraph } from './naiveGraph.ts';
import { PlantLedger } from './plantLedger.ts';

/** A promise of every GraphStore: a function from an empty store to its test. */
export interface GraphCheck {
  name: string;
  run(store: GraphStore, seed: number): Promise<void>;
}

export const element = (key: string, type: string, name = ''): GraphChange => ({ kind: 'element', element: { key, type, name }, recordedMs: 0 });
const fact = (subject: string, relation: string, object: string, more: Partial<Fact> = {}): Fact => ({ subject, relation, object, validFromMs: 10, recordedMs: 10, source: 'flow', ...more });
const say = (...parameters: Parameters<typeof fact>): GraphChange => ({ kind: 'assert', fact: fact(...parameters) });
const filler = [element('filler', 'work unit'), element('sealer', 'work unit'), element('labeller', 'work unit')];
const feeds = fact('filler', 'feeds', 'sealer');

async function apply(store: GraphStore, changes: readonly GraphChange[]): Promise<string[]> {
  return (await store.change(changes)).map(({ place, problem }) => `${place} ${problem.code}`);
}

async function objects(store: GraphStore, validMs: number, recordedMs: number): Promise<string[]> {
  return (await store.facts({ validMs, recordedMs })).map(({ object }) => object);
}

/** Names that end up in queries, files and pages. */
const hostile = ['__proto__', 'constructor', "x'; DROP TABLE edge; --", '"quoted"', 'line\nbreak', 'مضخة ٥', '‮drawkcab', '👩‍🔧🔩', 'ü', '%', 'a,b;c', '{"$ne":null}'];

const askedAll = (element_: string, to: string, hours: number): GraphQuestion[] => [
  { ask: 'origin', element: element_ }, { ask: 'impact', element: element_ }, { ask: 'streams', element: element_ }, { ask: 'changes', element: element_, hours },
  { ask: 'where', element: element_ }, { ask: 'path', element: element_, to }, { ask: 'around', element: element_ },
  ...(['lot', 'machine', 'tool', 'operator', 'shift', 'order'] as const).map((by): GraphQuestion => ({ ask: 'siblings', element: element_, by })),
];

/** Of several shortest ways any is right: their length is compared. */
function comparable(answer: GraphAnswer): unknown {
  return answer.ask === 'path' ? { ...answer, rows: answer.rows.length } : answer;
}

export const graphChecks: readonly GraphCheck[] = [
  {
    name: 'an assertion made twice is one fact',
    run: async (store) => {
      await apply(store, [...filler, { kind: 'assert', fact: feeds }, { kind: 'assert', fact: feeds }]);
      await apply(store, [{ kind: 'assert', fact: { ...feeds, recordedMs: 50 } }]);
      assert.deepEqual(await store.facts({ validMs: 100, recordedMs: 100 }), [feeds]);
      await apply(store, [{ kind: 'assert', fact: { ...feeds, source: 'page' } }]);
      assert.equal((await store.facts({ validMs: 100, recordedMs: 100 })).length, 2, 'another source says it too');
    },
  },
  {
    name: 'valid time and recorded time are two things',
    run: async (store) => {
      const late = { ...feeds, recordedMs: 20 };
      await apply(store, [...filler, { kind: 'assert', fact: late }]);
      await apply(store, [{ kind: 'end', fact: late, validToMs: 30, recordedMs: 40 }]);
      assert.deepEqual(await objects(store, 9, 100), []);
      assert.deepEqual(await objects(store, 10, 19), [], 'not yet recorded');
      assert.deepEqual(await objects(store, 10, 20), ['sealer']);
      assert.deepEqual(await objects(store, 30, 100), [], 'ended, end exclusive');
      assert.deepEqual(await objects(store, 29, 100), ['sealer']);
      assert.deepEqual(await store.facts({ validMs: 35, recordedMs: 39 }), [late], 'the end was not known then');
      assert.deepEqual(await store.facts({ validMs: 20, recordedMs: 100 }), [{ ...late, validToMs: 30 }]);
    },
  },
  {
    name: 'only an open fact is ended, once',
    run: async (store) => {
      const closed = fact('sealer', 'feeds', 'labeller', { validToMs: 15 });
      await apply(store, [...filler, { kind: 'assert', fact: feeds }, { kind: 'assert', fact: closed }]);
      const end = (key: Fact, validToMs: number): GraphChange => ({ kind: 'end', fact: key, validToMs, recordedMs: 30 });
      await apply(store, [end(feeds, 30), end(closed, 30), end(fact('labeller', 'feeds', 'filler'), 30), end(feeds, 99)]);
      assert.deepEqual((await store.facts({ validMs: 12, recordedMs: 200 })).map(({ validToMs }) => validToMs), [30, 15]);
    },
  },
  {
    name: 'what is taken back is believed no longer, but was; said again it is believed again',
    run: async (store) => {
      await apply(store, [...filler, { kind: 'assert', fact: feeds }, { kind: 'retract', fact: feeds, recordedMs: 50 }]);
      assert.deepEqual(await objects(store, 20, 49), ['sealer']);
      assert.deepEqual(await objects(store, 20, 50), []);
      await apply(store, [{ kind: 'assert', fact: { ...feeds, recordedMs: 70, validToMs: 25 } }]);
      assert.deepEqual(await objects(store, 20, 60), []);
      assert.deepEqual(await store.facts({ validMs: 20, recordedMs: 70 }), [{ ...feeds, recordedMs: 70, validToMs: 25 }]);
      assert.deepEqual(await store.facts({ validMs: 20, recordedMs: 49 }), [feeds], 'what was believed before stays');
    },
  },
  {
    name: 'is asked by subject, object, relation and source',
    run: async (store) => {
      await apply(store, [...filler, { kind: 'assert', fact: feeds }, say('sealer', 'feeds', 'labeller'), say('filler', 'powers', 'sealer', { source: 'message' })]);
      const of = async (query: Partial<FactQuery>): Promise<string[]> => (await store.facts({ validMs: 100, recordedMs: 100, ...query })).map((one) => `${one.subject} ${one.relation} ${one.object}`);
      assert.deepEqual(await of({ subject: 'filler' }), ['filler feeds sealer', 'filler powers sealer']);
      assert.deepEqual(await of({ object: 'sealer', relation: 'feeds' }), ['filler feeds sealer']);
      assert.deepEqual(await of({ source: 'message' }), ['filler powers sealer']);
      assert.deepEqual(await of({ subject: 'nobody' }), []);
      await apply(store, [say('labeller', 'feeds', 'filler', { validFromMs: 50 })]);
      assert.deepEqual(await of({ newest: 1 }), ['labeller feeds filler']);
      assert.deepEqual(await of({ relation: 'nothing' }), []);
    },
  },
  {
    name: 'a relation is one, from whichever end it is named',
    run: async (store) => {
      assert.deepEqual(await apply(store, [...filler, say('sealer', 'fed by', 'filler')]), []);
      assert.deepEqual(await store.facts({ validMs: 100, recordedMs: 100 }), [feeds]);
      await apply(store, [{ kind: 'end', fact: fact('sealer', 'fed by', 'filler'), validToMs: 20, recordedMs: 20 }]);
      assert.deepEqual(await objects(store, 30, 100), []);
    },
  },
  {
    name: 'properties are facts too',
    run: async (store) => {
      const value = (given: number | string | boolean, more: Partial<Fact> = {}): Fact => fact('filler', 'nozzle', '', { value: given, ...more });
      await apply(store, [...filler, { kind: 'assert', fact: value(12, { validToMs: 20 }) }, { kind: 'assert', fact: value('twelve', { validFromMs: 20 }) }]);
      assert.deepEqual(await store.facts({ validMs: 15, recordedMs: 100 }), [value(12, { validToMs: 20 })]);
      assert.deepEqual(await store.facts({ validMs: 25, recordedMs: 100, subject: 'filler' }), [value('twelve', { validFromMs: 20 })]);
      await apply(store, [{ kind: 'retract', fact: value('twelve', { validFromMs: 20 }), recordedMs: 50 }]);
      assert.deepEqual(await store.facts({ validMs: 25, recordedMs: 60 }), []);
      assert.deepEqual(await apply(store, [
        { kind: 'assert', fact: value(NaN) }, { kind: 'assert', fact: value('x'.repeat(3000)) }, { kind: 'assert', fact: { ...value(1), relation: '' } },
      ]), ['0 TWIN_FACT_VALUE', '1 TWIN_FACT_VALUE', '2 TWIN_FACT_VALUE']);
    },
  },
  {
    name: 'refuses what is wrong by its place and applies the rest',
    run: async (store) => {
      const refused = await apply(store, [
        ...filler, element('bolt', 'part'), element('bolt', 'tool'), element('thing', 'gadget'), element('', 'part'), element('x'.repeat(10_000), 'part'), element('nul\u0000', 'part'),
        element('half \ud83d', 'part'),
        say('filler', 'loves', 'sealer'), say('filler', '__proto__', 'sealer'), say('filler', 'feeds', 'nothing'), say('filler', 'feeds', 'bolt'), say('filler', 'feeds', 'filler'),
        say('filler', 'feeds', 'sealer', { validToMs: 9 }), say('filler', 'feeds', 'sealer', { validFromMs: NaN }), say('filler', 'feeds', 'sealer', { validFromMs: 0.5 }),
        say('filler', 'feeds', 'sealer', { recordedMs: 1e300 }), say('filler', 'feeds', 'sealer', { source: '' }), say('bolt', 'produced by', 'filler'),
      ]);
      assert.deepEqual(refused, [
        '4 TWIN_ELEMENT_CHANGED', '5 TWIN_ELEMENT_TYPE', '6 TWIN_ELEMENT_KEY', '7 TWIN_ELEMENT_KEY', '8 TWIN_ELEMENT_KEY', '9 TWIN_ELEMENT_KEY',
        '10 TWIN_RELATION_UNKNOWN', '11 TWIN_RELATION_UNKNOWN', '12 TWIN_ELEMENT_UNKNOWN', '13 TWIN_RELATION_KINDS', '14 TWIN_RELATION_SELF',
        '15 TWIN_FACT_TIMES', '16 TWIN_FACT_TIMES', '17 TWIN_FACT_TIMES', '18 TWIN_FACT_TIMES', '19 TWIN_FACT_VALUE',
      ]);
      assert.deepEqual(await objects(store, 100, 100), ['filler']);
    },
  },
  {
    name: 'a preview says what would be refused and changes nothing',
    run: async (store) => {
      const changes = [...filler, { kind: 'assert' as const, fact: feeds }, say('filler', 'feeds', 'nothing')];
      assert.deepEqual((await store.preview(changes)).map(({ place, problem }) => `${place} ${problem.code}`), ['4 TWIN_ELEMENT_UNKNOWN']);
      assert.deepEqual(await store.elements({ limit: 10 }), []);
      assert.deepEqual(await apply(store, changes), ['4 TWIN_ELEMENT_UNKNOWN']);
      assert.deepEqual(await objects(store, 100, 100), ['sealer']);
      assert.deepEqual(await store.preview([say('sealer', 'feeds', 'labeller')]), []);
      assert.deepEqual(await objects(store, 100, 100), ['sealer']);
    },
  },
  {
    name: 'nothing is part of itself at any one moment',
    run: async (store) => {
      const at = (from: number, to?: number): Partial<Fact> => ({ validFromMs: from, ...(to !== undefined && { validToMs: to }) });
      assert.deepEqual(await apply(store, [
        ...filler, say('filler', 'part of', 'sealer', at(10, 20)), say('sealer', 'part of', 'labeller', at(10)),
        say('labeller', 'part of', 'filler', at(15)), say('labeller', 'part of', 'filler', at(20)), say('sealer', 'part of', 'filler', at(0, 11)),
        say('sealer', 'feeds', 'filler', at(0)), say('filler', 'feeds', 'sealer', at(0)),
      ]), ['5 TWIN_RELATION_CYCLE', '7 TWIN_RELATION_CYCLE']);
      const record = (...facts: Fact[]): GraphChange => ({ kind: 'replace', source: 'record', recordedMs: 10, facts });
      await apply(store, ['a', 'b', 'c'].map((key) => element(key, 'tool')));
      assert.deepEqual(await apply(store, [
        record(fact('a', 'part of', 'b'), fact('b', 'part of', 'c'), fact('c', 'part of', 'a')), record(fact('a', 'part of', 'b'), fact('b', 'part of', 'c')),
      ]), ['0 TWIN_RELATION_CYCLE']);
      assert.equal((await store.facts({ validMs: 10, recordedMs: 100, source: 'record' })).length, 2, 'a refused record leaves nothing');
    },
  },
  {
    name: 'treats foreign names as names',
    run: async (store) => {
      for (const [index, name] of hostile.entries()) {
        const other = `${name} 2`;
        assert.deepEqual(await apply(store, [
          element(name, 'work unit', name), element(other, 'work unit'), say(name, 'feeds', other, { source: name }), { kind: 'assert', fact: fact(name, name, '', { value: name, source: name }) },
        ]), [], name);
        assert.equal((await store.facts({ validMs: 100, recordedMs: 100, source: name })).length, 2, name);
        assert.deepEqual((await store.ask({ ask: 'streams', element: name }, 100)).rows.map((row) => [row.role, row.element.key]), [['downstream', other]]);
        assert.ok((await store.elements({ contains: name, limit: 100 })).some(({ key, name: called }) => key === name && called === name), name);
        assert.equal((await store.facts({ validMs: 100, recordedMs: 100 })).length, 2 * (index + 1));
      }
      await assert.rejects(store.ask({ ask: 'where', element: 'hasOwnProperty' }, 100), { code: 'TWIN_ELEMENT_UNKNOWN' });
      await assert.rejects(store.ask({ ask: 'drop' as 'where', element: 'ü' }, 100), { code: 'TWIN_QUESTION' });
    },
  },
  {
    name: 'a record that comes again changes nothing, a corrected one takes back what it said before',
    run: async (store) => {
      const record = (recordedMs: number, ...facts: Fact[]): GraphChange => ({ kind: 'replace', source: 'mes 17', facts, recordedMs });
      const said = async (recordedMs: number): Promise<string[]> => (await store.facts({ validMs: 100, recordedMs, source: 'mes 17' })).map((one) => `${one.object} until ${one.validToMs}`);
      await apply(store, [...filler, element('bolt', 'part'), element('lot 1', 'material lot'), element('lot 2', 'material lot')]);
      const made = fact('bolt', 'produced by', 'filler');
      const before = record(20, made, fact('bolt', 'made from', 'lot 1'));
      await apply(store, [before, before, record(30, made, fact('bolt', 'made from', 'lot 1'))]);
      assert.deepEqual((await store.facts({ validMs: 100, recordedMs: 100 })).map(({ recordedMs }) => recordedMs), [20, 20]);
      await apply(store, [record(40, { ...made, validToMs: 200 }, fact('bolt', 'made from', 'lot 2'))]);
      assert.deepEqual(await said(39), ['lot 1 until undefined', 'filler until undefined']);
      assert.deepEqual(await said(40), ['lot 2 until undefined', 'filler until 200']);
      await apply(store, [record(50, { ...made, validToMs: 300 }, fact('bolt', 'made from', 'lot 2'))]);
      assert.deepEqual(await said(49), ['lot 2 until undefined', 'filler until 200']);
      assert.deepEqual(await said(50), ['lot 2 until undefined', 'filler until 300'], 'another end is a correction');
      assert.deepEqual(await apply(store, [record(60, made, fact('bolt', 'made from', 'lot 3'))]), ['0 TWIN_ELEMENT_UNKNOWN']);
      assert.deepEqual(await said(60), ['lot 2 until undefined', 'filler until 300'], 'all of a record or nothing');
    },
  },
  {
    name: 'takes own relations of the site',
    run: async (store) => {
      const own: GraphChange = { kind: 'relation', relation: { name: 'cools', inverse: 'cooled by', from: ['equipment'], to: ['equipment', 'facility'] } };
      assert.deepEqual(await apply(store, [
        ...filler, element('bolt', 'part'), say('filler', 'cools', 'sealer'), own, say('filler', 'cools', 'sealer'), say('labeller', 'cooled by', 'filler'), say('filler', 'cools', 'bolt'),
        { kind: 'relation', relation: { name: 'feeds', inverse: 'eats', from: [], to: [] } }, { kind: 'relation', relation: { name: 'warms', inverse: 'warmed by', from: ['plasma'], to: [] } },
      ]), ['4 TWIN_RELATION_UNKNOWN', '8 TWIN_RELATION_KINDS', '9 TWIN_RELATION_TYPE', '10 TWIN_RELATION_TYPE']);
      assert.deepEqual(await objects(store, 100, 100), ['labeller', 'sealer']);
    },
  },
  {
    name: 'tells how the plant is built, and finds elements',
    run: async (store) => {
      await apply(store, [...filler, element('bolt', 'part', 'Bolt M8'), element('hall', 'area', 'Hall'), { kind: 'assert', fact: feeds }, say('filler', 'located in', 'hall'),
        say('sealer', 'feeds', 'labeller', { validToMs: 20 }), say('bolt', 'located in', 'hall'), say('bolt', 'produced by', 'filler')]);
      assert.deepEqual((await store.structure(['feeds', 'located in'])).map(({ subject, object }) => `${subject} ${object}`), ['filler sealer', 'filler hall']);
      assert.deepEqual((await store.elements({ contains: 'm8', limit: 10 })), [{ key: 'bolt', type: 'part', name: 'Bolt M8' }]);
      assert.deepEqual((await store.elements({ types: ['work unit', 'area'], limit: 3 })).map(({ key }) => key), ['filler', 'hall', 'labeller']);
      await apply(store, [element('bolt', 'part', 'Bolt M10'), element('bolt', 'part')]);
      assert.equal((await store.elements({ contains: 'bolt', limit: 10 }))[0]?.name, 'Bolt M10');
    },
  },
  {
    name: 'answers 10,000 random as-of questions like the oracle',
    run: async (store, seed) => {
      const oracle = new NaiveGraph();
      const random = randomOf(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
      const time = (): number => Math.floor(random() * 40);
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const setup = keys.map((key) => element(key, 'work unit'));
      const changes: GraphChange[] = [];
      const key = (): Fact => fact(pick(keys), pick(['feeds', 'fed by', 'powers', 'part of']), pick(keys), { validFromMs: time(), source: pick(['x', 'y']), recordedMs: time() });
      for (let index = 0; index < 250; index++) {
        const known = changes[Math.floor(random() * changes.length)];
        const again = known?.kind === 'assert' && random() < 0.7 ? { ...known.fact, recordedMs: time() } : key();
        const kind = random();
        if (kind < 0.5) changes.push({ kind: 'assert', fact: random() < 0.4 ? { ...again, validToMs: again.validFromMs + time() } : again });
        else if (kind < 0.75) changes.push({ kind: 'end', fact: again, validToMs: time(), recordedMs: time() });
        else if (kind < 0.9) changes.push({ kind: 'retract', fact: again, recordedMs: time() });
        else changes.push({ kind: 'replace', source: 'y', recordedMs: time(), facts: [key(), key()] });
      }
      for (let start = 0; start < changes.length; start += 25) {
        const part = [...(start === 0 ? setup : []), ...changes.slice(start, start + 25)];
        assert.deepEqual(await apply(store, part), await apply(oracle, part), `seed ${seed}`);
      }
      let told = 0;
      for (let asked = 0; asked < 10_000; asked += 100) {
        const queries = Array.from({ length: 100 }, (): FactQuery => ({
          validMs: time() * 2, recordedMs: time(), ...(random() < 0.3 && { subject: pick(keys) }), ...(random() < 0.2 && { object: pick(keys) }),
          ...(random() < 0.2 && { relation: pick(['feeds', 'part of']) }), ...(random() < 0.2 && { source: pick(['x', 'y']) }),
        }));
        const answers = await Promise.all(queries.map((query) => store.facts(query)));
        for (const [index, query] of queries.entries()) {
          assert.deepEqual(answers[index], await oracle.facts(query), `seed ${seed}, ${JSON.stringify(query)}`);
          told += answers[index]?.length ?? 0;
        }
      }
      assert.ok(told > 10_000, `only ${told} facts were told`);
    },
  },
  {
    name: 'answers every ready question on a random graph like the oracle',
    run: async (store, seed) => {
      const oracle = new NaiveGraph();
      const random = randomOf(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
      const hour = 3_600_000;
      const time = (): number => Math.floor(random() * 200) * hour;
      const types = ['part', 'part', 'part', 'work unit', 'work unit', 'material lot', 'tool', 'operator', 'shift', 'job order', 'maintenance order', 'recipe', 'area'];
      const keys = Array.from({ length: 40 }, (_, index) => `${types[index % types.length]} ${index}`);
      const changes: GraphChange[] = keys.map((key, index) => element(key, types[index % types.length] as string));
      const ways: [string, string[], string[]][] = [
        ['produced by', ['part'], ['work unit']], ['produced by', ['part'], ['work unit']], ['made from', ['part'], ['part', 'material lot']], ['made from', ['part'], ['material lot']],
        ['made for', ['part'], ['job order']], ['operated by', ['work unit'], ['operator', 'shift']], ['operated by', ['work unit'], ['operator', 'shift']],
        ['uses', ['work unit', 'job order'], ['tool', 'recipe', 'work unit']], ['consumes', ['work unit'], ['material lot']], ['serviced by', ['work unit'], ['maintenance order']],
        ['feeds', ['work unit'], ['work unit']], ['located in', ['work unit', 'part', 'tool'], ['area']], ['part of', ['tool', 'work unit'], ['work unit']],
      ];
      const ofType = (wanted: readonly string[]): string => pick(keys.filter((key) => wanted.some((type) => key.startsWith(`${type} `))));
      for (let index = 0; index < 260; index++) {
        const validFromMs = time();
        const [relation, from, to] = pick(ways);
        const given = fact(ofType(from), relation, ofType(to), { validFromMs, recordedMs: time(), ...(random() < 0.6 && { validToMs: validFromMs + Math.floor(random() * 60) * hour }) });
        changes.push({ kind: 'assert', fact: given });
        if (random() < 0.15) changes.push({ kind: 'end', fact: given, validToMs: validFromMs + Math.floor(random() * 100) * hour, recordedMs: time() });
        if (random() < 0.1) changes.push({ kind: 'retract', fact: given, recordedMs: time() });
      }
      assert.deepEqual(await apply(store, changes), await apply(oracle, changes), `seed ${seed}`);
      let rows = 0;
      for (let round = 0; round < 10 || rows <= 100; round++) {
        assert.ok(round < 300, `seed ${seed}: hardly anything was told`);
        const more = { validMs: 80 * hour + time() / 2, ...(random() < 0.3 && { recordedMs: time() }), ...(random() < 0.3 && { hops: 1 + Math.floor(random() * 3) }) };
        for (const question of askedAll(pick(keys), pick(keys), 1 + Math.floor(random() * 100))) {
          const asked = { ...question, ...more };
          const found = await store.ask(asked, 0);
          assert.deepEqual(comparable(found), comparable(await oracle.ask(asked, 0)), `seed ${seed}, ${JSON.stringify(asked)}`);
          rows += found.rows.length;
        }
      }
    },
  },
  {
    name: 'says when it was cut: by hops, by rows',
    run: async (store) => {
      const chain = Array.from({ length: 12 }, (_, index) => element(`m${index}`, 'work unit'));
      await apply(store, [...chain, ...chain.slice(1).map((_, index) => say(`m${index}`, 'feeds', `m${index + 1}`))]);
      const ask = async (more: object): Promise<[number, string | undefined]> => {
        const { rows, cut } = await store.ask({ ask: 'streams', element: 'm0', ...more }, 100);
        return [rows.length, cut];
      };
      assert.deepEqual(await ask({ hops: 20 }), [11, undefined]);
      assert.deepEqual(await ask({}), [8, 'hops']);
      assert.deepEqual(await ask({ hops: 20, rows: 5 }), [5, 'rows']);
      const path = await store.ask({ ask: 'path', element: 'm0', to: 'm11', hops: 4 }, 100);
      assert.deepEqual([path.rows, path.cut], [[], 'hops']);
      assert.deepEqual((await store.ask({ ask: 'path', element: 'm11', to: 'm0', hops: 32 }, 100)).rows.map((row) => row.element.key), Array.from({ length: 11 }, (_, index) => `m${10 - index}`));
    },
  },
  {
    name: "answers a plant's questions as its ledger has them",
    run: async (store) => {
      const plant = new PlantLedger({ lines: 2, finals: 300, partsPerLot: 50 });
      const changes = [...plant.changes()];
      for (let start = 0; start < changes.length; start += 1000) assert.deepEqual(await apply(store, changes.slice(start, start + 1000)), []);
      for (const index of [0, 17, 150, 299]) {
        const record = plant.part(index);
        const { rows, cut } = await store.ask({ ask: 'origin', element: record.part }, plant.endMs);
        const of = (role: string): string[] => rows.filter((row) => row.role === role).map((row) => row.element.key).sort();
        assert.equal(cut, undefined);
        assert.deepEqual(of('material'), [record.lotA, record.lotB, record.sub].sort());
        assert.deepEqual(rows.filter(({ role }) => role === 'stay').map((row) => `${row.of} ${row.element.key} ${row.fromMs} ${row.toMs}`).sort(),
          record.stays.map((stay) => `${stay.of} ${stay.machine} ${stay.fromMs} ${stay.toMs}`).sort());
        for (const [role, kept] of [['operator', 'operators'], ['tool', 'tools'], ['maintenance', 'maintenance']] as const) {
          assert.deepEqual(of(role), record.stays.flatMap((stay) => stay[kept] ?? []).sort(), role);
        }
        assert.deepEqual(of('order'), [record.order]);
      }
      const impact = await store.ask({ ask: 'impact', element: 'lotA-3' }, plant.endMs);
      assert.deepEqual(impact.rows.map((row) => row.element.key).sort(), plant.partsOf('lotA-3').sort());
      const deep = await store.ask({ ask: 'impact', element: 'lotB-3' }, plant.endMs);
      assert.equal(deep.rows.length, 100, 'subassemblies and what they went into');
      const { rows: siblings } = await store.ask({ ask: 'siblings', element: 'part-160', by: 'lot' }, plant.endMs);
      assert.deepEqual(siblings.filter((row) => row.role === 'product').map((row) => row.element.key).sort(), plant.partsOf('lotA-3').filter((key) => key !== 'part-160').sort());
      const during = await store.ask({ ask: 'where', element: 'part-100', validMs: plant.part(100).stays[1]?.fromMs as number }, plant.endMs);
      assert.deepEqual(during.rows.map((row) => row.element.key), [plant.part(100).stays[1]?.machine, 'line0']);
    },
  },
];

/** Every check of the graph, on one implementation. */
export function checkGraph(name: string, open: () => Promise<{ store: GraphStore; close(): Promise<void> }>, { withPlant = true } = {}): void {
  describe(`${name}: GraphStore`, function () {
    this.timeout(120_000);
    const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
    for (const check of graphChecks) {
      if (!withPlant && check.name.startsWith('answers a plant')) continue;
      it(check.name, async () => {
        const { store, close } = await open();
        try {
          await check.run(store, seed);
        } finally {
          await close();
        }
      });
    }
    after(() => process.stdout.write(`      seed ${seed}\n`));
  });
}

