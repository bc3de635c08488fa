import assert from 'node:assert/strict';
import { generatedRuns } from '../../../bench/failureRuns.ts';
import type { FailureRuns } from '../../../bench/failureRuns.ts';
import type { RecordRole } from '../../../engine/graph/recordFacts.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import { FailureForecaster } from '../../../engine/site/failureForecast.ts';
import type { Site } from '../../../engine/site/site.ts';
import { registration, startSite } from './siteFixture.ts';

const hourMs = 3_600_000;
const question = { property: 'vibration', limit: 7.1, side: 'high' as const, days: 60, warnDays: 1 };
/** Columns of a generated run that stand for a pump's properties. */
const places: Readonly<Record<string, number>> = { vibration: 0, current: 3, speed: 4 };
const names = Object.keys(places);
const breathe = (): Promise<void> => Promise.resolve();

function table({ runs, columns }: FailureRuns): Map<string, { timeMs: number; values: number[] }[]> {
  return new Map(runs.map(({ id, values }) => [id, Array.from({ length: values.length / columns }, (_, row) => ({
    timeMs: row * hourMs, values: names.map((name) => values[row * columns + places[name]!]!),
  }))]));
}

/** The life of a machine as the site records it, from `beginMs`, hour by hour. */
async function live(site: Site, asset: AssetTwin, set: FailureRuns, run: number, beginMs: number, rows: number): Promise<void> {
  const { values } = set.runs[run]!;
  const points = Array.from({ length: rows }, (_, row) => names.map((property) => (
    { twin: asset.key, property, timeMs: beginMs + row * hourMs, value: values[row * set.columns + places[property]!]!, quality: 'good' as const }))).flat();
  await site.historian.write(points);
}

const maintenance = (id: string, machine: string, text: string, fromMs: number): Parameters<Site['graph']['note']>[0] => ({
  kind: 'maintenance', id, reporter: 'cmms', fromMs, toMs: fromMs + hourMs, values: new Map<RecordRole, string[]>([['machine', [machine]], ['workOrder', [id]], ['text', [text]]]),
});

describe('forecasts of a failure', function () {
  this.timeout(30_000);
  const known = generatedRuns(14, 1);
  const own = generatedRuns(6, 2);

  it('say how long is left, by runs of a table; are scored when the machine fails, by a maintenance record, and outlive a restart', async () => {
    const { site, clock, store } = await startSite();
    const asset = site.register(registration('pump1'));
    const length = own.runs[0]!.values.length / own.columns;
    const beginMs = clock.wallMs;
    await live(site, asset, own, 0, beginMs, length);
    assert.equal(site.failures.importRuns('pump', names, table(known)), 14);
    const forecaster = new FailureForecaster(site, asset, question, breathe);
    const texts: string[] = [];
    for (const left of [40, 30, 20, 10]) {
      clock.wallMs = beginMs + (length - left) * hourMs;
      const found = await forecaster.forecast();
      texts.push(found.text);
      assert.equal(found.until, 'failure', found.text);
      if (found.state !== 'forecast') continue;
      assert.match(found.like ?? '', /^pump \d+$/);
      assert.equal(found.warn, (found.expectedMs! - clock.wallMs) < 24 * hourMs);
      assert.ok(found.fromMs! <= found.expectedMs! && found.expectedMs! <= found.toMs! && Math.abs(found.expectedMs! - clock.wallMs - left * hourMs) < 25 * hourMs, found.text);
      assert.equal(found.failures?.recorded, 14);
    }
    assert.match(texts.at(-1)!, /^pump1: by 14 recorded failures it fails in about .* \(between .* and .*\); so far it goes most like pump \d+\. Tried on recorded failures, forecasts were .* off/);
    // It fails, and the next life begins.
    const failedMs = beginMs + length * hourMs;
    clock.wallMs = failedMs + 2 * hourMs;
    await site.graph.note(maintenance('WO-1', 'pump1', 'bearing failed, replaced', failedMs), false);
    await live(site, asset, own, 1, failedMs + 2 * hourMs, 30);
    clock.wallMs = failedMs + 31 * hourMs;
    const next = await forecaster.forecast();
    assert.ok(next.record !== undefined && next.record.reachedMs === failedMs && next.record.error < 1, JSON.stringify(next));
    assert.equal(next.failures?.recorded, 15, 'its own failure is one of them now');
    assert.equal(next.state, 'noWear', next.text);
    assert.match(next.text, /Before the last failure of this machine it lay within the range in \d+ % of \d+ forecasts/);
    await site.checkpoint();
    const again = await startSite({}, store, clock);
    const same = await new FailureForecaster(again.site, again.site.register(registration('pump1')), question, breathe).forecast();
    assert.deepEqual(same, next);
  });

  it('give the time to the limit, and say why: too few failures, none that announce themselves, a machine unlike all', async () => {
    const { site, clock } = await startSite({ language: 'de' });
    const asset = site.register(registration('pump1'));
    const length = own.runs[2]!.values.length / own.columns;
    await live(site, asset, own, 2, clock.wallMs, length);
    const beginMs = clock.wallMs;
    clock.wallMs += (length - 5) * hourMs;
    const ask = async (): Promise<string> => {
      const { until, text } = await new FailureForecaster(site, asset, question, breathe).forecast();
      assert.equal(until, 'limit', text);
      return text;
    };
    site.failures.importRuns('pump', names, new Map([...table(known)].slice(0, 4)));
    assert.match(await ask(), /^4 von 10 Ausfällen sind aufgezeichnet; bis dahin gilt die Zeit bis zum Grenzwert\. pump1: /);
    const blind = await startSite({ language: 'de' });
    blind.site.failures.importRuns('pump', names, table(generatedRuns(14, 3, false)));
    const other = blind.site.register(registration('pump1'));
    await live(blind.site, other, own, 2, blind.clock.wallMs, length);
    blind.clock.wallMs += (length - 5) * hourMs;
    const { text } = await new FailureForecaster(blind.site, other, question, breathe).forecast();
    assert.match(text, /^Die aufgezeichneten Ausfälle kündigen sich in den Werten nicht an; /);
    site.failures.importRuns('pump', names, table(known));
    await site.historian.write(Array.from({ length }, (_, row) => ({ twin: 'pump1', property: 'current', timeMs: beginMs + row * hourMs, value: -900, quality: 'good' as const })));
    assert.match(await ask(), /^Die Maschine verhält sich anders als alles/);
  });

  it('count failures once, by words of records and confirmed cases; a corrected record takes its failure back, a replacement only begins anew', async () => {
    const { site, clock } = await startSite();
    const asset = site.register(registration('pump1'));
    site.register(registration('pump2'));
    await live(site, asset, own, 3, clock.wallMs - 70 * hourMs, 70);
    const at = clock.wallMs;
    await site.graph.note(maintenance('WO-1', 'pump1', 'no failure found, inspected', at - 20 * hourMs), false);
    await site.graph.note(maintenance('WO-2', 'pump1', 'seal replaced', at - 10 * hourMs), false);
    assert.equal(site.failures.count('pump'), 0);
    assert.deepEqual([site.failures.last('pump1')?.failed, site.failures.last('pump1')?.atMs], [false, at - 10 * hourMs]);
    await site.graph.note(maintenance('WO-3', 'pump1', 'Lagerschaden', at), false);
    assert.equal(site.failures.note(asset, { atMs: at + 60_000, source: 'message', what: '', failed: true }), false, 'told twice');
    assert.equal(site.failures.count('pump'), 1);
    assert.equal(await site.failures.beginMs(asset, ['vibration'], at + 5 * hourMs), at + hourMs);
    await site.graph.note(maintenance('WO-3', 'pump2', 'Lagerschaden', at), false);
    assert.equal(site.failures.last('pump1')?.failed, false);
    assert.equal(site.failures.last('pump2')?.failed, true);
    // What nobody recorded anything of teaches nothing.
    clock.wallMs = at + 5 * hourMs;
    await site.failures.library(asset, breathe);
    assert.equal(site.failures.count('pump'), 0);
    const answers = site.feedback.of('pump1');
    const confirm = (id: string, what: string): ReturnType<typeof answers.give> => answers.give({ case: id, answer: 'real', by: 'Kim', atMs: at, what, effect: '' });
    confirm('c1', 'sensor cable loose');
    const given = confirm('c2', 'Ausfall: Lager gebrochen');
    await site.failures.library(asset, breathe);
    assert.deepEqual([site.failures.count('pump'), site.failures.last('pump1')?.what], [1, 'Ausfall: Lager gebrochen']);
    answers.takeBack(given, 'Kim', at + 1);
    await site.failures.library(asset, breathe);
    assert.equal(site.failures.count('pump'), 0, 'an answer taken back is no failure');
  });
});
