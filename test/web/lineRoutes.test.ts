import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LinesAnswer } from '../../contract/line.ts';
import { Problem } from '../../engine/problem.ts';
import { lineTexts, type LineTextKey } from '../../page/lineTexts.ts';
import { twinRoutes, type TwinRoutes } from '../../web/twinRoutes.ts';
import { MemoryLines, stoppedLine } from './lineFixture.ts';
import { MemoryPlant, morning } from './pageFixture.ts';

describe('routes of the lines', () => {
  let server: Server;
  let routes: TwinRoutes;
  let base: string;
  let lines: MemoryLines;

  beforeEach(async () => {
    lines = new MemoryLines(() => 1_000_000_000, stoppedLine(1_000_000_000));
    routes = twinRoutes(Object.assign(new MemoryPlant(morning(1_000_000_000)), { lines: (site: string) => (site === 'northfield' ? lines : undefined) }));
    server = createServer(routes);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  });
  afterEach(async () => {
    routes.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const post = (body: unknown): Promise<Response> =>
    fetch(`${base}/line-way`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

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
