import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LinesAnswer } from '../../contract/line.ts';
import type { CauseAnswer, CauseQuestion } from '../../contract/lineAnswers.ts';
import { Problem } from '../../engine/problem.ts';
import { lineTexts, type LineTextKey } from '../../page/lineTexts.ts';
import { twinRoutes, type TwinRoutes } from '../../web/twinRoutes.ts';
import { MemoryLines, stoppedLine } from './lineFixture.ts';
import { MemoryStudies } from './studyFixture.ts';
import { MemoryPlant, morning } from './pageFixture.ts';

describe('routes of the lines', () => {
  let server: Server;
  let routes: TwinRoutes;
  let base: string;
  let lines: MemoryLines;
  let studies: MemoryStudies;

  beforeEach(async () => {
    lines = new MemoryLines(() => 1_000_000_000, stoppedLine(1_000_000_000));
    studies = new MemoryStudies();
    const here = <T>(desk: T) => (site: string): T | undefined => (site === 'northfield' ? desk : undefined);
    routes = twinRoutes(Object.assign(new MemoryPlant(morning(1_000_000_000)), { lines: here(lines), studies: here(studies) }));
    server = createServer(routes);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  });
  afterEach(async () => {
    routes.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const post = (body: unknown, address = 'line-way'): Promise<Response> =>
    fetch(`${base}/${address}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

  it('figures, frames and ways; what is wrong is refused with a code', async () => {
    const { lines: views } = (await (await fetch(`${base}/lines?site=northfield`)).json()) as LinesAnswer;
    assert.equal(views[0]?.line?.stations.length, 4);
    const frames = await fetch(`${base}/line-frames?site=northfield&line=line-1&fromMs=0&toMs=2000000000&kind=stop&station=northfield%2Fsealer`);
    assert.deepEqual(((await frames.json()) as { frames: { name: string }[] }).frames.map(({ name }) => name), ['Film torn']);
    assert.deepEqual(lines.asked, [{ fromMs: 0, toMs: 2_000_000_000, most: 500, kind: 'stop', station: 'northfield/sealer' }]);
    const way = { site: 'northfield', line: 'line-1', station: 'northfield/sealer', seconds: 12 };
    assert.equal((await post(way)).status, 200);
    assert.equal((await post({ ...way, seconds: null })).status, 200);
    assert.deepEqual(lines.ways.map(([, , seconds]) => seconds), [12, null]);
    for (const [answer, status] of [
      [fetch(`${base}/lines`), 400], [fetch(`${base}/lines?site=other`), 404], [fetch(`${base}/line-frames?site=northfield&line=line-1`), 400],
      [fetch(`${base}/line-frames?site=northfield&line=line-1&fromMs=0&toMs=1&kind=odd`), 400], [fetch(`${base}/line-frames?site=northfield&line=no&fromMs=0&toMs=1`), 404],
      [fetch(`${base}/line-way`), 405], [post({ ...way, seconds: '3' }), 400], [post({ ...way, line: 'no' }), 404], [post([]), 400],
    ] as const) assert.equal((await answer).status, status);
    lines.setWay = async () => { throw new Problem('TWIN_LINE_WAY', 'Too long.', 'Shorter.'); };
    assert.equal(((await (await post(way)).json()) as { code: string }).code, 'TWIN_LINE_WAY');
  });

  it('questions about a line: answered, kept, and refused when they make no sense', async () => {
    const ask = (query: string): Promise<Response> => fetch(`${base}/line-cause?${query}`);
    assert.equal(((await (await ask('site=northfield&line=line-1')).json()) as CauseAnswer).bad, 256);
    assert.equal((await ask('site=northfield&line=line-1&about=stops&station=northfield%2Fsealer')).status, 200);
    for (const about of ['case', 'slow']) assert.equal((await ask(`site=northfield&line=line-1&about=${about}`)).status, 200);
    assert.deepEqual(studies.asked, [{ about: 'scrap' }, { about: 'stops', station: 'northfield/sealer' }, { about: 'case' }, { about: 'slow' }]);
    const asked = { site: 'northfield', line: 'line-1', scenario: { changes: [{ kind: 'speed', amount: 5, station: '', odd: 1 }], name: ' Faster ', forced: true, operators: 2 } };
    assert.equal((await post(asked, 'line-scenario')).status, 200);
    assert.deepEqual(studies.tried, [{ changes: [{ kind: 'speed', amount: 5 }], name: 'Faster', forced: true, operators: 2 }]);
    assert.equal((await post({ ...asked, store: true }, 'line-scenario')).status, 200);
    const all = (await (await fetch(`${base}/line-scenarios?site=northfield&line=line-1`)).json()) as { choices: unknown[]; stored: { name: string }[] };
    assert.deepEqual([all.choices.length, all.stored.map(({ name }) => name)], [4, ['Faster']]);
    assert.equal((await post({ site: 'northfield', line: 'line-1', name: 'Faster' }, 'line-scenario-forget')).status, 200);
    for (const [answer, status] of [
      [ask('site=northfield'), 400], [ask('site=northfield&line=line-1&about=odd'), 400], [ask('site=other&line=line-1'), 404],
      [post({ ...asked, scenario: { changes: [] } }, 'line-scenario'), 400], [post({ ...asked, scenario: { changes: [{ kind: 'speed', amount: '5' }] } }, 'line-scenario'), 400],
      [post({ ...asked, scenario: { changes: [{ kind: '__proto__', amount: 5 }] } }, 'line-scenario'), 400], [post([], 'line-scenario'), 400],
      [post({ site: 'northfield', line: 'line-1', name: 'Faster' }, 'line-scenario-forget'), 404], [fetch(`${base}/line-scenario`), 405],
    ] as const) assert.equal((await answer).status, status);
    studies.problem = new Problem('TWIN_LINE_RECORD', 'Too little.', 'Longer.');
    assert.deepEqual(await (await ask('site=northfield&line=line-1')).json(), { code: 'TWIN_LINE_RECORD', text: 'Too little. Longer.' });
    // Each takes a core for a second: who asks the same gets the same answer, and more than four at once are sent away.
    studies.problem = undefined;
    const waiting: ((answer: CauseAnswer) => void)[] = [];
    let begun = 0;
    studies.cause = (_line: string, question: CauseQuestion) => new Promise((resolve) => {
      begun += 1;
      waiting.push(resolve);
      studies.asked.push(question);
    });
    const many = ['a', 'a', 'b', 'c', 'd'].map((station) => ask(`site=northfield&line=line-1&station=${station}`));
    while (begun < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const refused = await ask('site=northfield&line=line-1&station=e');
    assert.deepEqual([refused.status, ((await refused.json()) as { code: string }).code], [503, 'TWIN_LINE_BUSY']);
    for (const resolve of waiting) resolve({ bad: 1 } as CauseAnswer);
    assert.deepEqual((await Promise.all(many)).map(({ status }) => status), [200, 200, 200, 200, 200]);
    assert.equal(begun, 4);
  });

  it('the sentences of the view are complete in both languages, with the same placeholders', () => {
    const keys = Object.keys(lineTexts['en-US']) as LineTextKey[];
    assert.ok(keys.length > 80);
    const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();
    for (const key of keys) {
      assert.deepEqual(placeholders(lineTexts.de[key]), placeholders(lineTexts['en-US'][key]), key);
      assert.doesNotMatch(lineTexts.de[key] + lineTexts['en-US'][key], /sigma|z-score|residual|ontolog|inferen|TODO/i, key);
    }
  });
});
