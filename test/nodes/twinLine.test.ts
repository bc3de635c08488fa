import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LineFindingMessage, LineFrameMessage, LineFramesMessage, LineMessage, LinesAnswer, LineFramesAnswer } from '../../contract/line.ts';
import type { Message } from '../../nodes/red.d.ts';
import { siteHandle } from '../../nodes/siteHandle.ts';
import { messageProblems } from '../checks/messageProblems.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import { property, startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

const minuteMs = 60_000;

describe('twin-line', function () {
  this.timeout(60_000);
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-line-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** Filler, sealer and packer of one type; the line looks at them once a second. */
  function flow(node: Record<string, unknown> = {}, links: [string, string][] = [], keys = ['filler', 'sealer', 'packer']): Record<string, unknown>[] {
    const asset = (key: string) => ({
      id: key, type: 'twin-asset', site: 'site', assetType: 'type', key, name: key[0]!.toUpperCase() + key.slice(1), place: 'plant/line1', together: 0, staleAfter: 5,
      wires: [['line'], []],
    });
    return plantFlow({
      properties: [property('mode', { valueKind: 'state' }), property('cycles', { valueKind: 'counter' }), property('rejects', { valueKind: 'counter' }), property('lot', { valueKind: 'state' })],
      more: [
        ...keys.map(asset),
        ...links.map(([from, to], index) => ({ id: `link${index}`, type: 'twin-link', site: 'site', from, relation: 'feeds', to, wires: [[]] })),
        {
          id: 'line', type: 'twin-line', site: 'site', key: 'line-1', name: 'Line 1', interval: 1, stations: keys.map((key) => ({ key, cycle: '1' })), ...node,
          wires: [['figures'], ['findings'], ['frames']],
        },
        { id: 'figures', type: 'helper' },
        { id: 'findings', type: 'helper' },
        { id: 'frames', type: 'helper' },
      ],
    });
  }

  const last = (): LineMessage | undefined => run.received('figures').at(-1) as unknown as LineMessage | undefined;
  const findings = (): LineFindingMessage[] => run.received('findings') as unknown as LineFindingMessage[];
  const frames = (): LineFrameMessage[] => run.received('frames') as unknown as LineFrameMessage[];
  const say = (key: string, payload: Record<string, unknown>): void => run.node(key).receive({ payload, timestamp: Date.now() } as unknown as Message);
  const state = (key: string): unknown => last()?.payload[`state_${key}`];

  it('OEE by ISO 22400-2 to six digits, from rows of a batch, with its stop as an event', async () => {
    run = await startFlow(flow({}, [], ['packer']), { userDir });
    const startMs = Date.now() - 420 * minuteMs;
    // 373 minutes worked of 420; 19,271 parts, 423 of them bad.
    const rows = Array.from({ length: 421 }, (_, minute) => ({
      time: startMs + minute * minuteMs, mode: minute < 373 ? 'Execute' : 'Aborted', cycles: Math.round((19_271 * Math.min(minute, 373)) / 373),
      rejects: Math.round((423 * Math.min(minute, 373)) / 373), lot: minute < 200 ? 'B7' : 'B8',
    }));
    run.node('packer').receive({ payload: rows, historical: true, replay: { id: 'r1', complete: true } } as unknown as Message);
    await run.until(() => (last()?.line.stations[0]?.parts ?? 0) === 19_271, () => JSON.stringify([last(), run.received('caught').map(codeOf)]));
    const { line, payload, historical } = last()!;
    assert.equal(historical, true);
    const station = line.stations[0]!;
    const digits = [station.availability, station.performance, station.quality, station.oee].map((share) => share!.toFixed(6));
    assert.deepEqual(digits, ['0.888095', '0.861081', '0.978050', '0.747937']);
    assert.deepEqual([station.parts, station.bad, station.code, station.plannedMin, station.producedMin], [19_271, 423, '', 420, 373]);
    assert.deepEqual([payload['oee'], payload['availability']], [74.7937, 88.8095]);
    assert.equal(station.state, 'down');
    assert.deepEqual(line.stops.map(({ station: key, reason, count }) => [key, reason, count]), [['packer', 'Aborted', 1]]);
    assert.deepEqual(frames().map(({ frame: { kind, change, name } }) => [kind, change, name]), [['stop', 'begins', 'Aborted']]);
    // A replay is reckoned apart: the live line knows nothing of it.
    assert.ok(run.received('figures').every(({ historical: mark }) => mark === true));
    assert.equal(frames()[0]!.frame.startMs, startMs + 373 * minuteMs);
    assert.equal(frames()[0]!.frame.atStart['lot'], 'B8');
    assert.equal(findings()[0]?.payload, 'Packer has stopped: Aborted.');
    for (const message of [...run.received('figures'), ...run.received('findings'), ...run.received('frames')]) assert.deepEqual(messageProblems(message), []);
  });

  it('who waits is blocked before a stop and starved behind it; a word that nobody knows is said', async () => {
    run = await startFlow(flow({ stations: [], batch: 'lot' }, [['filler', 'sealer'], ['sealer', 'packer']]), { userDir });
    for (const key of ['filler', 'sealer', 'packer']) say(key, { mode: 'Execute', cycles: 10, lot: 'B1' });
    await run.until(() => state('filler') === 'producing' && state('packer') === 'producing', () => JSON.stringify(last()));
    assert.deepEqual(last()!.line.stations.map(({ key }) => key), ['filler', 'sealer', 'packer']);
    say('sealer', { mode: 'Held' });
    say('filler', { mode: 'Suspended' });
    say('packer', { mode: 'idle', lot: 'B2' });
    await run.until(() => state('sealer') === 'down', () => JSON.stringify(last()));
    assert.deepEqual([state('filler'), state('packer')], ['blocked', 'starved']);
    assert.ok(findings().some(({ payload }) => payload === 'Sealer has stopped: Held.') && !findings().some(({ finding }) => finding.station !== 'sealer'));
    assert.deepEqual(frames().filter(({ frame }) => frame.station === 'packer').map(({ frame: { kind, change, name } }) => [kind, change, name]), [
      ['batch', 'begins', 'B1'], ['batch', 'ends', 'B1'], ['batch', 'begins', 'B2'],
    ]);
    say('sealer', { mode: 'Execute' });
    say('filler', { mode: 'Warble', cycles: 3 });
    await run.until(() => findings().some(({ finding }) => finding.code === 'TWIN_LINE_MODE'), 'the unknown mode');
    await run.until(() => state('filler') === 'unknown', () => JSON.stringify(last()));
    assert.ok(frames().some(({ frame }) => frame.kind === 'stop' && frame.change === 'ends' && frame.station === 'sealer' && frame.endMs !== undefined));
    // The last station has no bad counter that moved: good are all, and nothing is invented for what was never counted.
    assert.equal(last()!.payload['wip'], null);
  });

  it('a replay brings one machine after the other and is taken in the order of time; a counter that began again, silence and no planned time are findings', async () => {
    run = await startFlow(flow(), { userDir });
    const startMs = Date.now() - 60 * minuteMs;
    const rows = (minutes: number, mode: string, cycles: (minute: number) => number): Record<string, unknown>[] =>
      Array.from({ length: minutes + 1 }, (_, minute) => ({ time: startMs + minute * minuteMs, mode, cycles: cycles(minute), rejects: 0 }));
    const replayed = (key: string, payload: Record<string, unknown>[]): void =>
      run.node(key).receive({ payload, historical: true, replay: { id: 'r1', complete: true } } as unknown as Message);
    replayed('filler', rows(30, 'Execute', (minute) => (minute < 10 ? 1_000 + 50 * minute : 50 * (minute - 10))));
    replayed('sealer', rows(8, 'Execute', (minute) => 50 * minute));
    replayed('packer', rows(30, 'Break', () => 0));
    await run.until(() => last() !== undefined, () => JSON.stringify(run.received('caught').map(codeOf)));
    const told = findings().map(({ finding, payload, historical }) => [finding.code, finding.station, payload, historical]);
    assert.deepEqual(told.filter(([code]) => code !== 'LINE_BOTTLENECK'), [
      ['TWIN_LINE_COUNTER_RESET', 'filler', 'Filler: the counter "cycles" has begun again; what it shows since then is counted.', true],
      ['TWIN_LINE_SILENT', 'sealer', 'Nothing comes from Sealer; its state is not known.', true],
      ['TWIN_OEE_NO_PLAN', 'packer', 'Packer: no time was planned, so there is no availability and no OEE.', true],
    ]);
    assert.deepEqual(last()!.line.stations.map(({ parts, late, code, producedMin }) => [parts, late, code, Math.round(producedMin)]), [
      [1_450, 0, '', 30], [400, 0, '', 13], [0, 0, 'TWIN_OEE_NO_PLAN', 0],
    ]);
    assert.equal(last()!.payload['oee'], null);
    // Rows first and the end by itself: the figures are of all of it.
    const before = run.received('figures').length;
    const more = (payload: Record<string, unknown>[], complete: boolean, key = 'filler'): void =>
      run.node(key).receive({ payload, historical: true, replay: { id: 'r2', ...(complete ? { complete } : {}) } } as unknown as Message);
    more(rows(30, 'Execute', (minute) => 10 * minute).slice(0, 2), false);
    more(rows(30, 'Execute', (minute) => 10 * minute).slice(2), false);
    for (const key of ['filler', 'sealer', 'packer']) more([], true, key);
    const shown = (): number[] => run.received('figures').slice(before).map((message) => (message as unknown as LineMessage).line.stations[0]!.parts);
    await run.until(() => shown().length === 3, () => String(shown()));
    assert.deepEqual(shown(), [10, 300, 300]);
  });

  it('a batch of long ago is told and counted, on the page too; it changes no figure, and the history has it', async () => {
    run = await startFlow(flow({}, [], ['packer']), { userDir });
    const nowMs = Date.now();
    say('packer', { mode: 'Execute', cycles: 1_000 });
    const rows = Array.from({ length: 26 }, (_, minute) => ({ time: nowMs - (40 - minute) * minuteMs, mode: minute === 7 ? 'Held' : 'Execute', cycles: 700 + 10 * minute, rejects: 0 }));
    run.node('packer').receive({ payload: rows } as unknown as Message);
    await run.until(() => (last()?.line.stations[0]?.late ?? 0) > 0, () => JSON.stringify([last(), run.received('caught').map(codeOf)]));
    const { late, parts, code } = last()!.line.stations[0]!;
    assert.deepEqual([late, parts, code], [26, 0, '']);
    assert.deepEqual(findings().map(({ finding, payload }) => [finding.code, payload]), [
      ['TWIN_LINE_LATE', 'Packer: values of the past came late. They are in the history; the figures of the line leave them out and count that time as not known.'],
    ]);
    assert.deepEqual(frames(), []);
    for (const message of [...run.received('figures'), ...run.received('findings')]) assert.deepEqual(messageProblems(message), []);
    const page = JSON.parse((await run.page('/twin/api/lines?site=site')).text) as LinesAnswer;
    assert.equal(page.lines[0]?.line?.stations[0]?.late, 26);
    const { times, values } = await siteHandle(run.node('site'))!.site!.historian.columns('packer', 'cycles', nowMs - 60 * minuteMs, nowMs + minuteMs, 100);
    assert.deepEqual([times.length, values[0]], [27, 700]);
    say('packer', { mode: 'Execute', cycles: 1_004 });
    await run.until(() => last()?.line.stations[0]?.parts === 4, () => JSON.stringify(last()));
  });

  it('a station whose clock is known to be wrong stands where it belongs: ways and the time of the line are the site\'s', async () => {
    const ways = ['filler', 'sealer', 'packer'].map((station) => ({ station, serial: 'lot' }));
    run = await startFlow(flow({ ways }), { userDir });
    // Ahead is known at once; behind only after a minute, so here it is said to be known already.
    const [aheadMs, behindMs, partMs, apart, count] = [60_000, 45_000, 20, 12, 45];
    const clock = (key: string, get: () => number): unknown => Object.defineProperty(siteHandle(run.node('site'))!.site!.asset(key)!.twin, 'clockOffsetMs', { configurable: true, get });
    await run.until(() => siteHandle(run.node('site'))?.site?.asset('packer') !== undefined, 'the machines');
    clock('packer', () => behindMs);
    const off: Record<string, number> = { filler: 0, sealer: aheadMs, packer: -behindMs };
    const sent: Record<string, number[]> = { filler: [], sealer: [], packer: [] };
    const parts = async (from: number): Promise<void> => {
      for (let turn = from; turn < from + count + 2 * apart; turn += 1) {
        for (const [place, key] of ['filler', 'sealer', 'packer'].entries()) {
          const part = turn - place * apart;
          if (part < from || part >= from + count) continue;
          const timeMs = Date.now();
          sent[key]!.push(timeMs);
          run.node(key).receive({ payload: { mode: 'Execute', lot: `${part}` }, timestamp: timeMs + off[key]! } as unknown as Message);
        }
        await new Promise((resolve) => setTimeout(resolve, partMs));
      }
    };
    const middle = (key: string, before: string): number => sent[key]!.map((timeMs, part) => timeMs - sent[before]![part]!).sort((one, other) => one - other)[count >> 1]! / 1000;
    const told = (): (number | null)[] => last()!.line.stations.slice(1).map(({ transitS }) => transitS);
    await parts(0);
    await run.until(() => told().every((seconds) => seconds !== null), () => JSON.stringify(last()?.line.stations));
    for (const [index, seconds] of told().entries()) {
      const wanted = index === 0 ? middle('sealer', 'filler') : middle('packer', 'sealer');
      assert.ok(Math.abs(seconds! - wanted) < 0.15, `${seconds} s told, ${wanted} s sent`);
    }
    const aheadS = (): number => (last()!.timestamp - Date.now()) / 1000;
    assert.ok(Math.abs(aheadS()) < 5, `the line is ${aheadS()} s ahead`);
    // A planted fault: the clock is not known. The line would run ahead with it.
    clock('sealer', () => 0);
    run.node('sealer').receive({ payload: { mode: 'Execute' }, timestamp: Date.now() + aheadMs } as unknown as Message);
    await run.until(() => aheadS() > 50, () => `${aheadS()} s ahead`);
  });

  it('what was known is there after a restart', async () => {
    run = await startFlow(flow({ batch: 'lot' }, [], ['packer']), { userDir });
    const startMs = Date.now() - 8 * minuteMs;
    const rows = Array.from({ length: 9 }, (_, minute) => ({
      time: startMs + minute * minuteMs, mode: minute === 3 ? 'Held' : 'Execute', cycles: minute * 50, rejects: 0, lot: minute < 5 ? 'B1' : 'B2',
    }));
    run.node('packer').receive({ payload: rows } as unknown as Message);
    await run.until(() => last()?.line.stations[0]?.parts === 400, () => JSON.stringify(last()));
    await run.stop();
    run = await startFlow(flow({ batch: 'lot' }, [], ['packer']), { userDir });
    await run.until(() => last() !== undefined, 'figures without any message');
    assert.deepEqual([last()!.line.stations[0]!.parts, Math.round(last()!.line.stations[0]!.producedMin)], [400, 7]);
    // What began and ended is on record, and asked for by message and on the page.
    const ask = async (question: Record<string, unknown>): Promise<LineFramesMessage> => {
      const before = frames().length;
      run.node('line').receive({ question: { ask: 'events', ...question } } as unknown as Message);
      await run.until(() => frames().length > before, 'the answer');
      return frames().at(-1) as unknown as LineFramesMessage;
    };
    const all = await ask({});
    assert.deepEqual(messageProblems(all as unknown as Message), []);
    assert.deepEqual(all.payload.map(({ kind, name, minutes }) => [kind, name, minutes]), [['batch', 'B2', null], ['stop', 'Held', 1], ['batch', 'B1', 5]]);
    assert.deepEqual([all.frames[1]!.atStart['cycles'], all.frames[1]!.atEnd?.['cycles']], [150, 200]);
    assert.deepEqual((await ask({ kind: 'stop', from: startMs, to: startMs + 3.5 * minuteMs })).frames.map(({ name }) => name), ['Held']);
    assert.deepEqual((await ask({ from: startMs + 6 * minuteMs })).frames.map(({ name }) => name), ['B2']);
    run.node('line').receive({ question: { ask: 'events', kind: 'odd' } } as unknown as Message);
    await run.until(() => run.received('caught').some((message) => codeOf(message) === 'TWIN_QUESTION_FIELD'), 'the refusal');
    const page = JSON.parse((await run.page('/twin/api/lines?site=site')).text) as LinesAnswer;
    assert.deepEqual(page.lines.map(({ key, name, line }) => [key, name, line?.stations[0]?.parts]), [['line-1', 'Line 1', 400]]);
    const shown = JSON.parse((await run.page(`/twin/api/line-frames?site=site&line=line-1&fromMs=${startMs}&toMs=${Date.now()}&kind=stop`)).text) as LineFramesAnswer;
    assert.deepEqual(shown.frames.map(({ name }) => name), ['Held']);
    say('packer', { mode: 'Execute', cycles: 410 });
    await run.until(() => last()?.line.stations[0]?.parts === 410, () => JSON.stringify(last()));
  });

  it('a loop, a line without stations, two lines of one key, a number that is none: each with its code', async () => {
    run = await startFlow(flow({ stations: [] }, [['filler', 'sealer'], ['sealer', 'filler']]), { userDir });
    say('filler', { mode: 'Execute' });
    await run.until(() => {
      say('filler', { mode: 'Execute' });
      return run.received('caught').length > 0;
    }, 'the error');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_FEEDS_LOOP');
    const { lines } = JSON.parse((await run.page('/twin/api/lines?site=site')).text) as LinesAnswer;
    assert.deepEqual([lines[0]?.problem?.code, lines[0]?.line], ['TWIN_FEEDS_LOOP', undefined]);
    assert.match(String(lines[0]?.problem?.values['stations']), /filler.*sealer/);
    await run.stop();
    const other = { id: 'other', type: 'twin-line', z: 'tab', x: 1, y: 1, site: 'site', key: 'line-1', wires: [[], [], []] };
    run = await startFlow([...flow({ stations: [{ key: 'filler', cycle: 'quick' }] }), other], { userDir });
    await run.until(() => run.warnings().some((text) => text.startsWith('TWIN_LINE_TWICE')), () => run.warnings().join('\n'));
    await run.until(() => run.warnings().some((text) => text.startsWith('TWIN_LINE_NUMBER')), () => run.warnings().join('\n'));
  });
});
