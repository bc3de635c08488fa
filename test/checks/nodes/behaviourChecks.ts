import fc from 'fast-check';
import type { Field, Fields } from '../../../contract/fields.ts';
import { NodeBench, nodeUnderTest, pause, photograph } from './nodeBench.ts';
import { filledIn, ordinaryMessage } from './nodeFixtures.ts';
import type { NodeUnit } from './nodeUnit.ts';
import { oddMessages } from './oddMessages.ts';

/** A promise that every node keeps. */
export interface BehaviourCheck {
  name: string;
  /** Gives what is wrong; nothing is good. `saw` counts what was looked at, so that a check that saw nothing is noticed. */
  run(unit: NodeUnit, others: ReadonlyMap<string, NodeUnit>, seed: number): Promise<{ problems: string[]; saw: number }>;
}


interface Watched<Result> {
  result: Result;
  /** What the node left behind, if it was looked for. */
  left: string[];
}

async function withBench<Result>(bench: NodeBench, work: (bench: NodeBench) => Promise<Result>, look = false): Promise<Watched<Result>> {
  let left: string[] = [];
  let result: Result;
  try {
    await bench.open();
    result = await work(bench);
  } finally {
    left = await bench.close(look);
  }
  return { result, left };
}

/** A config node takes no messages: Node-RED never calls its input, and neither do the checks. */
function takesMessages(unit: NodeUnit): boolean {
  return !configTypes.has(unit.type);
}
const configTypes = new Set(['twin-site', 'twin-type', 'twin-mqtt', 'twin-influxdb', 'twin-opcua', 'twin-file']);

/** Messages that the node is made for, through a twin-asset where it needs one. */
async function feed(bench: NodeBench, unit: NodeUnit, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push(bench.receive(ordinaryMessage(bench.entry === nodeUnderTest ? unit.type : 'twin-asset', index), bench.entry));
  if (bench.entry === nodeUnderTest) await bench.completed(ids);
  else await pause(300);
  return ids;
}

const startsWithNothing: BehaviourCheck = {
  name: 'a node saved with nothing but its id starts',
  async run(unit, others) {
    const bench = new NodeBench(unit, others, () => ({}));
    const { result } = await withBench(bench, async () => {
      await pause(150);
      const ids = takesMessages(unit) ? [bench.receive(ordinaryMessage(unit.type, 0))] : [];
      await bench.completed(ids);
      const problems = [...bench.errors];
      if (!bench.hasNode) problems.push('the node was not made');
      for (const id of ids) if (!bench.completions.some((completion) => completion.messageId === id)) problems.push('a message was never done');
      return problems;
    });
    return { problems: result, saw: 1 };
  },
};

const startsWhenOlder: BehaviourCheck = {
  name: 'a node of an older version, or one with wrong values, starts',
  async run(unit, others, seed) {
    const samples = [...oddEverywhere(unit.fields), ...fc.sample(olderProperties(unit.fields), { numRuns: 4, seed })];
    // All at once, for to open a Node-RED takes its time; what is wrong then is looked for one by one. Config nodes would share what is theirs alone.
    if (takesMessages(unit) && (await startTogether(unit, others, samples)).length === 0) return { problems: [], saw: samples.length };
    const problems: string[] = [];
    for (const changes of samples) {
      problems.push(...(await startTogether(unit, others, [changes])).map((problem) => `with ${photograph(changes)}: ${problem}`));
    }
    return { problems, saw: samples.length };
  },
};

/** One flow with a node for each of these changes. */
async function startTogether(unit: NodeUnit, others: ReadonlyMap<string, NodeUnit>, samples: readonly Record<string, unknown>[]): Promise<string[]> {
  const more: Record<string, unknown>[] = [];
  const bench = new NodeBench(unit, others, (references) => {
    const [first = {}, ...rest] = samples.map((changes) => {
      const properties: Record<string, unknown> = { ...filledIn(unit.type, unit.fields, references), ...changes };
      for (const name of Object.keys(properties)) if (properties[name] === absent) delete properties[name];
      return properties;
    });
    more.push(...rest);
    return first;
  });
  const ids = [nodeUnderTest, ...more.map((_, index) => `${nodeUnderTest}-${index + 2}`)];
  more.forEach((properties, index) => bench.flow.push({ id: ids[index + 1], type: unit.type, z: 'tab', ...properties, wires: [['end'], ['end']] }));
  const { result } = await withBench(bench, async () => {
    await pause(30);
    return [...bench.errors, ...ids.filter((id) => !bench.has(id)).map(() => 'the node was not made')];
  });
  return result;
}

const absent = Symbol('absent');
/** What a hand-edited or damaged flow, or one of another version, could hold in the place of a value. */
const oddValues: readonly unknown[] = [absent, null, '', -1, 1e308, '12,5', true, [null], [{ name: {} }], { value: 1 }, '__proto__', 'x'.repeat(5_000)];

/** All fields but the references with the same odd value, so that the node still finds its site. */
function oddEverywhere(fields: Fields): Record<string, unknown>[] {
  const names = Object.entries(fields).flatMap(([name, field]) => (field.kind === 'reference' ? [] : [name]));
  return oddValues.map((value) => Object.fromEntries(names.map((name) => [name, value])));
}

/** Any of the fields: as it should be, absent, or odd; lists also with odd rows. */
function olderProperties(fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(fields)) shape[name] = oddValue(field);
  return fc.record(shape, { requiredKeys: [], noNullPrototype: true });
}

function oddValue(field: Field): fc.Arbitrary<unknown> {
  const anything = fc.constantFrom(...oddValues);
  if (field.kind !== 'list') return anything;
  const row = Object.fromEntries(Object.keys(field.row as Fields).map((name) => [name, fc.constantFrom(...oddValues.slice(1))]));
  return fc.oneof(anything, fc.array(fc.record(row, { requiredKeys: [], noNullPrototype: true }), { minLength: 1, maxLength: 4 }));
}

const survivesOddMessages: BehaviourCheck = {
  name: 'odd messages: each is done once, nothing is thrown, an error says its code',
  async run(unit, others) {
    if (!takesMessages(unit)) return { problems: [], saw: 0 };
    const bench = new NodeBench(unit, others);
    const odd = oddMessages();
    const { result } = await withBench(bench, async () => {
      await feed(bench, unit, 2);
      const named = odd.map(({ name, message }) => ({ name, id: bench.receive(message) }));
      await bench.completed(named.map(({ id }) => id));
      const problems = [...bench.errors];
      for (const { name, id } of named) {
        const done = bench.completions.filter((completion) => completion.messageId === id);
        if (done.length !== 1) problems.push(`${name}: done was called ${done.length} times`);
        for (const { code, text } of done) {
          if (text !== undefined && !(code ?? '').startsWith('TWIN_')) problems.push(`${name}: an error without a code of ours: ${text}`);
          if (code === 'TWIN_UNEXPECTED') problems.push(`${name}: not foreseen: ${text}`);
        }
      }
      if (({} as Record<string, unknown>).polluted !== undefined) problems.push('Object.prototype was changed');
      // What was odd must not spoil what follows.
      const after = bench.receive(ordinaryMessage(unit.type, 10));
      await bench.completed([after]);
      if (!bench.completions.some((completion) => completion.messageId === after)) problems.push('nothing works after the odd messages');
      return problems;
    });
    return { problems: result, saw: odd.length };
  },
};

const leavesSentAlone: BehaviourCheck = {
  name: 'a message is not changed after it was sent on',
  async run(unit, others) {
    if (!takesMessages(unit)) return { problems: [], saw: 0 };
    const bench = new NodeBench(unit, others);
    const { result } = await withBench(bench, async () => {
      await feed(bench, unit, 12);
      await pause(300);
      const own = bench.sent.filter((sent) => sent.from === nodeUnderTest);
      return { problems: own.filter(({ message, before }) => photograph(message) !== before).map(({ before }) => `changed after it was sent: ${before.slice(0, 200)}`), saw: own.length };
    });
    return result;
  },
};

const nothingSurvives: BehaviourCheck = {
  name: 'nothing survives close: timers, listeners, open files, connections',
  async run(unit, others) {
    // The first time, Node-RED and the modules set up what stays for the life of the process.
    await withBench(new NodeBench(unit, others), (bench) => (takesMessages(unit) ? feed(bench, unit, 1) : Promise.resolve([])));
    const bench = new NodeBench(unit, others);
    const { left } = await withBench(bench, async (opened) => {
      if (takesMessages(unit)) await feed(opened, unit, 5);
      else await pause(200);
    }, true);
    return { problems: left.map((what) => `left behind: ${what}`), saw: 1 };
  },
};

const deploysTwice: BehaviourCheck = {
  name: 'a second deploy works, of everything and of this node only',
  async run(unit, others) {
    const bench = new NodeBench(unit, others);
    const { result, left } = await withBench(bench, async () => {
      if (takesMessages(unit)) await feed(bench, unit, 3);
      const problems: string[] = [];
      const changed = bench.flow.map((node) => (node.id === nodeUnderTest ? { ...node, name: 'changed' } : node));
      for (const [kind, flow] of [['full', bench.flow], ['nodes', changed], ['full', bench.flow]] as const) {
        await bench.deploy([...flow], kind);
        await pause(100);
        if (!bench.hasNode) problems.push(`the node is gone after a deploy of ${kind}`);
        if (!takesMessages(unit)) continue;
        const id = bench.receive(ordinaryMessage(unit.type, 20));
        await bench.completed([id]);
        const done = bench.completions.filter((completion) => completion.messageId === id).length;
        if (done !== 1) problems.push(`after a deploy of ${kind}: done was called ${done} times`);
      }
      return [...problems, ...bench.errors];
    }, true);
    return { problems: [...result, ...left.map((what) => `left behind: ${what}`)], saw: 3 };
  },
};

export const behaviourChecks: readonly BehaviourCheck[] = [
  startsWithNothing,
  startsWhenOlder,
  survivesOddMessages,
  leavesSentAlone,
  nothingSurvives,
  deploysTwice,
];

