import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { CaseChange } from '../../engine/alarms/caseBook.ts';
import { Notifier } from '../../engine/alarms/notifier.ts';
import { conditionOfEvent, takeConditions, watchCases } from '../../engine/site/alert.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import { Site } from '../../engine/site/site.ts';
import { alertSettings, notifierSettings } from '../engine/site/alarmPlant.ts';
import { registration } from '../engine/site/siteFixture.ts';

/**
 * The process that siteAlarms.kill.test.ts kills: a site with one machine beyond its limit and what twin-alert keeps, on a real disk. It does
 * what it is told on stdin and says on stdout what people were told and what the alarms are.
 */
const [, , folder = ''] = process.argv;
const store = openSiteStore(folder);
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const site = new Site(
  { id: 'site', name: 'Plant', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 },
  { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox },
);
await site.start();
const asset = site.register(registration('m1'));
const settings = { ...alertSettings, holdMs: 0 };
const notifier = new Notifier({ ...notifierSettings, groupWaitMs: 0, changeEveryMs: 0 }, site.waiting('alert/a'));
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

function tell(twin: AssetTwin, changes: readonly CaseChange[]): void {
  for (const change of changes) {
    notifier.offer(twin.key, change, site.alarms.steadyMs());
    const { told } = notifier.due(site.alarms.steadyMs(), { minuteOfDay: 600, day: 'd' }, site.alarms.flood);
    site.keepWaiting('alert/a', notifier.snapshot());
    for (const each of told) say({ told: each.change.case.change, key: each.change.idempotencyKey });
  }
}
site.onCaseChanges(tell);
const limit = (active: boolean): void => {
  const condition = conditionOfEvent({ v: 1, kind: 'limit', timeMs: Date.now(), property: 'vibration', limit: 'high', limitValue: 7, value: 9, active, text: '' }, settings);
  if (condition !== undefined) tell(asset, takeConditions(site, asset, [condition], settings));
};
setInterval(() => {
  site.tick();
  tell(asset, watchCases(site, asset, settings, Date.now()));
}, 50);

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [verb, argument = ''] = line.split(' ');
    if (verb === 'limit') limit(argument === 'true');
    if (verb === 'ack') site.alarms.act({ action: 'acknowledge', twin: 'm1', by: 'Ada', via: 'page' });
    if (verb === 'shelve') site.alarms.act({ action: 'shelve', twin: 'm1', forMs: Number(argument), by: 'Ada', via: 'page' });
    void site.written().then(async () => {
      const { records } = await site.alarms.journal({ limit: 1000 });
      say({ done: line, alarms: site.alarms.list(), case: asset.cases.open ?? null, records: records.map(({ number, event, to }) => ({ number, event, to })) });
    });
  }
});
say({ done: 'start', alarms: site.alarms.list(), case: asset.cases.open ?? null, records: [] });
