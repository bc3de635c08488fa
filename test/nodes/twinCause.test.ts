import assert from 'node:assert/strict';
import type { CauseMessage, ScenarioMessage, ScenariosMessage } from '../../contract/lineAnswers.ts';
import type { Site } from '../../engine/site/site.ts';
import { siteHandle } from '../../nodes/siteHandle.ts';
import type { Message } from '../../nodes/red.d.ts';
import { messageProblems } from '../checks/messageProblems.ts';
import { type PlantLine, plantLine } from '../engine/site/plantLine.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import { property, startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

const hourMs = 3_600_000;

describe('twin-cause and twin-what-if', function () {
  this.timeout(60_000);
  let run: StartedFlow;
  let plant: PlantLine;
  const names: Record<string, string> = { filler: 'Filler', sealer: 'Sealing station', labeller: 'Labeller' };

  function flow(language = 'en-US'): Record<string, unknown>[] {
    const asset = (key: string) => ({ id: key, type: 'twin-asset', site: 'site', assetType: 'type', key, name: names[key], place: 'plant/line1', together: 0, staleAfter: 5, wires: [['line'], []] });
    return plantFlow({
      site: { language },
      properties: [
        property('mode', { valueKind: 'state' }), property('cycles', { valueKind: 'counter' }), property('rejects', { valueKind: 'counter' }),
        property('jaw', { label: 'jaw temperature', unit: 'Cel' }), property('weight', { unit: 'g' }), property('torque', { unit: 'N.m' }), property('pressure', { label: 'pressure', unit: 'bar' }),
        property('foam', { label: 'foam', unit: 'mm' }), property('power', { label: 'power', unit: 'kW' }), property('recipe', { valueKind: 'state' }),
      ],
      more: [
        ...Object.keys(names).map(asset),
        { id: 'line', type: 'twin-line', site: 'site', key: 'line-1', name: 'Line 1', interval: 60, batch: 'recipe', stations: Object.keys(names).map((key) => ({ key })), wires: [[], [], []] },
        { id: 'cause', type: 'twin-cause', site: 'site', line: '', window: 4, wires: [['answers']] },
        {
          id: 'what-if', type: 'twin-what-if', site: 'site', line: 'line-1', forced: true, changes: [{ kind: 'speed', station: 'labeller', amount: '5' }], wires: [['scenarios']],
        },
        { id: 'mix', type: 'twin-what-if', site: 'site', forced: true, changes: [{ kind: 'mix', property: 'water', amount: '70,5' }], wires: [['scenarios']] },
        { id: 'wrong', type: 'twin-what-if', site: 'site', changes: [{ kind: 'speed', amount: 'much' }], wires: [[]] },
        { id: 'answers', type: 'helper' },
        { id: 'scenarios', type: 'helper' },
      ],
    });
  }

  before(async () => {
    run = await startFlow(flow());
    const startMs = Date.now() - 3 * hourMs - 60_000;
    plant = plantLine({ seed: 5, startMs, hours: 3 });
    plantStory(plant);
    // Values so old would come late; a line that has run for three hours knows them all the same.
    const site = (): Site | undefined => siteHandle(run.node('site'))?.site;
    await run.until(() => (site()?.lines.list()[0]?.stations.length ?? 0) === 3 && plant.keys.every((key) => site()?.asset(key) !== undefined), 'the line');
    const { lines, historian } = site()!;
    const words = plant.keys.flatMap((station) => plant.rows.get(station)!.map(({ timeMs, values }) => ({ station, timeMs, mode: String(values['mode']), values })));
    for (const word of words.sort((one, other) => one.timeMs - other.timeMs)) lines.list()[0]!.twin.take(word);
    // The labeller had cases before, which are over.
    for (const [index, [fromMs, toMs]] of caseTimes(plant).slice(0, -1).entries()) {
      const { open, ...ended } = { open: undefined, v: 1, id: `before-${index}`, twin: 'labeller', state: 'cleared', change: 'cleared', sinceMs: fromMs, changedMs: toMs, clearedMs: toMs } as const;
      site()!.keepCase({ case: { ...ended, letter: 'M', signals: [], occurrences: 1, historical: false, open } } as never);
    }
    await historian.write(words.flatMap(({ station: twin, timeMs, values }) => Object.entries(values).map(([name, value]) => ({ twin, property: name, timeMs, value, quality: 'good' as const }))));
    // Two products in turn, half an hour each; the filler alone tells them, and they are alike.
    await historian.write(Array.from({ length: 6 }, (_, turn) => ({
      twin: 'filler', property: 'recipe', timeMs: Math.round(startMs + 0.5 * turn * hourMs), value: turn % 2 === 0 ? 'water' : 'juice', quality: 'good' as const,
    })));
    for (const key of plant.keys) run.node(key).receive({ payload: plant.rows.get(key)!.at(-1)!.values } as unknown as Message);
    await run.until(() => site()!.asset('labeller')!.twin.payload()['rejects'] === plant.bad, 'the last values');
  });
  after(async () => {
    await run.stop();
  });

  const answers = (): CauseMessage[] => run.received('answers') as unknown as CauseMessage[];
  const scenarios = (): (ScenarioMessage | ScenariosMessage)[] => run.received('scenarios') as unknown as (ScenarioMessage | ScenariosMessage)[];

  /** The answer to one message. */
  async function asked<Answer>(id: string, list: () => Answer[], payload: unknown): Promise<Answer> {
    const before = list().length;
    run.node(id).receive({ payload, keep: 'me' } as unknown as Message);
    await run.until(() => list().length > before || run.received('caught').length > 0, 'an answer', 30_000);
    assert.deepEqual(run.received('caught').map(codeOf), []);
    return list()[before]!;
  }

  it('a message asks; the sentence names the planted cause, what rests on it comes along, and what was there stays', async () => {
    const answer = await asked('cause', answers, 'why?');
    assert.match(answer.payload, /^Sealing station: \d+ % of the scrap since .* goes with jaw temperature .* °C low \(\d+ of \d+ bad parts, /);
    assert.deepEqual([answer.topic, answer.trigger, answer.cause.station, answer.cause.bad, (answer as unknown as Message)['keep']], ['line-1', 'request', 'labeller', plant.bad, 'me']);
    assert.deepEqual(messageProblems(answer as unknown as Record<string, unknown>), []);
    const stops = await asked('cause', answers, { about: 'stops', station: 'sealer', fewestBad: 3, from: '-2 h' });
    assert.equal(stops.cause.about, 'stops');
    assert.ok(Math.abs(stops.cause.toMs - stops.cause.fromMs - 2 * hourMs) < 5);
    const { body, status } = await run.admin('POST', '/twinwire/cause/cause/ask', {});
    assert.deepEqual([status, body], [200, { ok: true }]);
    await run.until(() => answers().length === 3, 'the answer of the button');
    assert.equal((await run.admin('POST', '/twinwire/cause/none/ask', {})).status, 404);
  });

  it('a stop, a case and a figure that went wrong are asked about the same way, and what was planted for each is named first', async () => {
    const planted = [
      [{ about: 'stops', station: 'sealer', fewestBad: 5 }, 'filler/foam high'], [{ about: 'case', station: 'labeller' }, 'sealer/pressure high'],
      [{ about: 'slow', fewestBad: 5 }, 'sealer/power low'],
    ] as const;
    for (const [question, wanted] of planted) {
      const { payload, cause } = await asked('cause', answers, question);
      const [first] = cause.conditions;
      assert.equal(first === undefined ? cause.verdict : `${first.station}/${first.property} ${first.direction}`, wanted, payload);
      assert.ok(first!.share > 0.6 && first!.goodWith < cause.good / 5, payload);
      assert.deepEqual(messageProblems({ topic: cause.line, payload, cause, trigger: 'request', timestamp: cause.toMs }), []);
    }
  });

  it('what if: the dialog’s scenario, another by message, stored ones in a table', async () => {
    const spare = (await asked('what-if', scenarios, '')) as ScenarioMessage;
    assert.match(spare.payload, /^Labeller: Speed \+5 % changes almost nothing: .* Sealing station still limits the line\./);
    assert.deepEqual(messageProblems(spare as unknown as Record<string, unknown>), []);
    const stored = (await asked('what-if', scenarios, { do: 'store', name: 'faster sealer', changes: [{ kind: 'speed', station: 'sealer', amount: 5 }] })) as ScenarioMessage;
    assert.ok(stored.scenario.figures[0]!.change.low > 0, stored.payload);
    const table = (await asked('what-if', scenarios, { do: 'list' })) as ScenariosMessage;
    assert.deepEqual(table.payload.map(({ scenario }) => scenario), ['', 'faster sealer']);
    assert.ok(Number(table.payload[1]!['throughput']) > Number(table.payload[0]!['throughput']));
    assert.deepEqual(messageProblems(table as unknown as Record<string, unknown>), []);
    assert.deepEqual(((await asked('what-if', scenarios, { do: 'forget', name: 'faster sealer' })) as ScenariosMessage).scenarios, []);
  });

  it('what if the mix were another: from the dialog, by message, and together with others', async () => {
    const dialog = (await asked('mix', scenarios, '')) as ScenarioMessage;
    assert.match(dialog.payload, /^water 70\.5 % of the parts changes almost nothing: /);
    assert.ok(dialog.scenario.notes.some((note) => /^Products: water [\d.]+ %, juice [\d.]+ %; 5 changes, one in \d+ parts/.test(note)), dialog.scenario.notes.join('\n'));
    assert.deepEqual(messageProblems(dialog as unknown as Record<string, unknown>), []);
    const message = (await asked('what-if', scenarios, { changes: [{ kind: 'mix', property: 'juice', amount: 100 }, { kind: 'speed', station: 'sealer', amount: 5 }] })) as ScenarioMessage;
    assert.ok(message.scenario.figures[0]!.change.low > 0, message.payload);
  });

  it('wrong questions are errors with a code, and change nothing', async () => {
    const caught = (): (string | undefined)[] => run.received('caught').map(codeOf);
    const wrong: [string, unknown, string][] = [
      ['cause', { about: 'weather' }, 'TWIN_LINE_QUESTION'], ['cause', { since: 'soon' }, 'TWIN_LINE_QUESTION'], ['cause', { since: '-9 h' }, 'TWIN_CAUSE_SINCE'],
      ['cause', { line: 'line-9' }, 'TWIN_LINE_UNKNOWN'], ['cause', { fewestBad: 'many' }, 'TWIN_LINE_QUESTION'],
      ['cause', { from: 'once' }, 'TWIN_LINE_QUESTION'], ['cause', { ways: { sealer: -1 } }, 'TWIN_LINE_QUESTION'], ['cause', { station: 'pump1' }, 'TWIN_LINE_STATION'],
      ['what-if', { do: 'write' }, 'TWIN_LINE_QUESTION'], ['what-if', { changes: 'all' }, 'TWIN_LINE_QUESTION'], ['what-if', { changes: [{ kind: 'speed', amount: '5' }] }, 'TWIN_LINE_QUESTION'],
      ['what-if', { changes: [{ kind: 'constructor', amount: 5 }] }, 'TWIN_WHAT_IF_CHANGE'], ['wrong', '', 'TWIN_WHAT_IF_ROW'],
      ['mix', { changes: [{ kind: 'mix', property: 'beer', amount: 50 }] }, 'TWIN_WHAT_IF_CHANGE'], ['mix', { changes: [{ kind: 'mix', property: 'water', amount: 120 }] }, 'TWIN_WHAT_IF_CHANGE'],
    ];
    for (const [index, [id, payload, code]] of wrong.entries()) {
      run.node(id).receive({ payload } as Message);
      await run.until(() => caught().length > index, code);
      assert.equal(caught()[index], code, JSON.stringify(payload));
    }
    run.received('caught').length = 0;
  });

  it('by itself: when scrap has risen, and when a case is over that opened meanwhile', async () => {
    const before = answers().length;
    const site = siteHandle(run.node('site'))!.site!;
    const labeller = site.asset('labeller')!;
    // First it looks at what was open before.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const sinceMs = Date.now() - 600_000;
    labeller.cases.condition({ name: 'test', active: true, timeMs: sinceMs, sinceMs, severity: 'high', signals: [] } as never);
    await run.until(() => answers().some(({ trigger }) => trigger === 'case'), 'the answer about the case');
    const told = answers().find(({ trigger }) => trigger === 'case')!;
    assert.deepEqual([told.cause.about, told.cause.station], ['case', 'labeller']);
    assert.match(told.payload, /^Sealing station: \d+ % of the time with a case at Labeller since .* goes with pressure .* high/);
    // The jaws have been cold from a minute before the line's end until now.
    const cold = Array.from({ length: Math.ceil((Date.now() - plant.endMs) / 5_000) }, (_, index) => plant.endMs + 5_000 * index);
    await site.historian.write(cold.map((timeMs) => ({ twin: 'sealer', property: 'jaw', timeMs, value: coldJaw, quality: 'good' as const })));
    // Whatever else was off in the last minutes goes with none of them.
    const calm = Array.from({ length: 60 }, (_, index) => plant.endMs - 300_000 + 5_000 * index);
    await site.historian.clear('filler', 'foam', plant.endMs - 300_000, plant.endMs + 60_000);
    await site.historian.write(calm.map((timeMs, index) => ({ twin: 'filler', property: 'foam', timeMs, value: calmFoam(index), quality: 'good' as const })));
    const counts = labeller.twin.valuesOf(['cycles', 'rejects']) as Record<string, number>;
    for (const [parts, bad] of [[500, 200], [600, 260]] as const) {
      run.node('labeller').receive({ payload: { mode: 'Execute', cycles: counts['cycles']! + parts, rejects: counts['rejects']! + bad } } as unknown as Message);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    await run.until(() => answers().some(({ trigger }) => trigger === 'watch'), () => JSON.stringify(run.statuses('cause').slice(-3)));
    const watched = answers().find(({ trigger }) => trigger === 'watch')!;
    assert.deepEqual([watched.cause.about, watched.cause.station, watched.cause.bad > plant.bad + 150], ['scrap', 'labeller', true], watched.payload);
    // The parts passed at two moments only, so whatever the filler read just then goes with them as well and may stand first.
    const jaw = watched.cause.conditions.slice(0, 2).find(({ station, property: name, direction }) => station === 'sealer' && name === 'jaw' && direction === 'low');
    assert.ok(jaw !== undefined && jaw.share > 0.9, watched.payload);
    assert.ok(answers().length - before <= 3);
  });
});

const coldJaw = 174.5;
/** As at any other time, mm. */
const calmFoam = (index: number): number => 2 + ((index * 7_919) % 100) / 100;

/** Stretches in which the labeller has a case; the last one goes on. */
function caseTimes({ endMs }: PlantLine): [fromMs: number, toMs: number][] {
  return [130, 100, 60, 10].map((minutes) => [endMs - minutes * 60_000, endMs - (minutes - 10) * 60_000]);
}

/**
 * Foam at the filler while the bottle is there that the sealer will stop with, and high pressure of the sealer before and in each case of the labeller; in the last
 * minute its jaws get cold.
 */
function plantStory(plant: PlantLine): void {
  const sealer = plant.rows.get('sealer')!;
  const stopsMs = sealer.filter(({ values }, at) => values['mode'] === 'Aborted' && sealer[at - 1]?.values['mode'] !== 'Aborted').map(({ timeMs }) => timeMs);
  for (const [index, { timeMs, values }] of plant.rows.get('filler')!.entries()) {
    values['foam'] = calmFoam(index) + (stopsMs.some((stopMs) => timeMs > stopMs - 120_000 && timeMs <= stopMs) ? 6 : 0);
  }
  for (const { timeMs, values } of sealer) if (timeMs > plant.endMs - 60_000) values['jaw'] = coldJaw;
  const cases = caseTimes(plant);
  for (const { timeMs, values } of sealer) if (cases.some(([fromMs, toMs]) => timeMs > fromMs - 60_000 && timeMs < toMs)) values['pressure'] = Number(values['pressure']) + 0.6;
}
