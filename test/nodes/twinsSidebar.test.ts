import assert from 'node:assert/strict';
import type { TwinsAnswer } from '../../contract/http.ts';
import { plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

/** That it needs a login is tested in adminAuth.test.ts. */
describe('what the Twins sidebar is told', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  const many = 620;

  before(async () => {
    run = await startFlow(plantFlow({
      asset: { wires: [['baseline'], ['alert']] },
      more: [
        { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
        { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['alert']] },
        { id: 'alert', type: 'twin-alert', site: 'site', wires: [[], []] },
        { id: 'link', type: 'twin-link', site: 'site', from: 'pump1', relation: 'feeds', to: 'p7', wires: [[]] },
        { id: 'room', type: 'twin-link', site: 'site', from: 'pump1', relation: 'located in', to: 'room 4', wires: [[]] },
        { id: 'apart', type: 'twin-link', site: 'site', from: 'p20', relation: 'feeds', to: 'p21', wires: [[]] },
        { id: 'found', type: 'twin-line', site: 'site', key: 'found', wires: [[], [], []] },
        { id: 'listed', type: 'twin-line', site: 'site', key: 'listed', stations: ['p9', 'pump1', 'no such'].map((key) => ({ key })), wires: [[], [], []] },
        {
          id: 'others', type: 'twin-assets', site: 'site', assetType: 'type', wires: [[], []],
          machines: Array.from({ length: many }, (_, index) => ({ key: `p${index}`, name: `Pump no. ${index}`, place: `plant/hall ${index % 3}` })),
        },
      ],
    }));
    for (;;) {
      const { sites } = await ask('');
      if (sites[0]?.count === many + 1) break;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  });
  after(() => run?.stop());

  const ask = async (query: string): Promise<TwinsAnswer> => (await run.admin('GET', `/twinwire/twins?${query}`)).body as TwinsAnswer;
  async function until(query: string, holds: (answer: TwinsAnswer) => boolean): Promise<TwinsAnswer> {
    const end = performance.now() + 10_000;
    for (;;) {
      const answer = await ask(query);
      if (holds(answer)) return answer;
      if (performance.now() > end) assert.fail(JSON.stringify(answer).slice(0, 2000));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  it('is bounded, says how many there are, and cuts what needs no look', async () => {
    run.node('asset').receive({ payload: { pressure: 12 } });
    const { sites } = await until('', (answer) => answer.sites[0]?.twins[0]?.key === 'pump1' && answer.sites[0].twins[0].condition === 'limit');
    assert.deepEqual([sites.length, sites[0]?.count, sites[0]?.twins.length], [1, many + 1, 500]);
    const [first] = sites[0]?.twins ?? [];
    assert.deepEqual(first?.place, ['plant', 'line1']);
    assert.match(first.letter ?? '', /^[FCSM]$/);
  });

  it('tells of the lines in what order their stations are, whatever is searched for, and whether a list would say the same', async () => {
    const { sites } = await until('search=nothing', (answer) => answer.sites[0]?.lines.length === 2 && answer.sites[0].lines[0]?.stations.length === 4);
    const lines = sites[0]?.lines.map(({ key, straight, stations }) => [key, straight, ...stations.map((station) => `${station.name}: ${station.condition}`)]);
    const found = lines?.find(([key]) => key === 'found');
    assert.equal(found?.[1], false, 'two rows beside each other');
    assert.deepEqual(found?.slice(2).map((told) => String(told).split(':')[0]).sort(), ['Pump 1', 'Pump no. 20', 'Pump no. 21', 'Pump no. 7']);
    assert.deepEqual(lines?.find(([key]) => key === 'listed'), ['listed', true, 'Pump no. 9: learning', 'Pump 1: limit', 'no such: undefined']);
  });

  it('finds by name, key, place and type, all words', async () => {
    const found = async (search: string): Promise<[number, string | undefined]> => {
      const { sites } = await ask(`search=${encodeURIComponent(search)}`);
      return [sites[0]?.count ?? -1, sites[0]?.twins[0]?.name];
    };
    assert.deepEqual(await found('PUMP 1 line1'), [1, 'Pump 1']);
    assert.deepEqual(await found('no. 619'), [1, 'Pump no. 619']);
    assert.equal((await found('hall 2'))[0], (await found('hall 2 pump'))[0]);
    assert.deepEqual(await found('no such'), [0, undefined]);
    assert.deepEqual(await found('x'.repeat(100_00)), [0, undefined]);
  });

  it('tells of one machine what it is like in words, and what stands beside it', async () => {
    const { chosen } = await until('site=site&key=pump1', (answer) => answer.chosen?.neighbours.length === 2);
    assert.match(chosen?.sentence ?? '', /pressure/i);
    assert.deepEqual(chosen?.neighbours.map(({ name, direction, isMachine }) => [name, direction, isMachine]).sort(), [
      ['Pump no. 7', 'downstream', true], ['room 4', 'downstream', false],
    ]);
    assert.deepEqual((await ask('site=site&key=p7')).chosen?.neighbours.map(({ name, direction }) => [name, direction]), [['Pump 1', 'upstream']]);
    for (const query of ['site=site&key=__proto__', 'site=none&key=pump1', 'site=__proto__&key=x', 'key=pump1', 'site=site&key=a&key=b']) {
      const answer = await ask(query);
      assert.equal(answer.chosen, undefined, query);
      assert.equal(answer.sites.length, 1, query);
    }
  });
});
