import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { JournalRecord } from '../../../contract/alarms.ts';
import type { AlertMessage } from '../../../contract/messages.ts';
import type { CaseChange } from '../../../engine/alarms/caseBook.ts';
import { Notifier } from '../../../engine/alarms/notifier.ts';
import type { Digest, NotifierSettings } from '../../../engine/alarms/notifier.ts';
import type { Json } from '../../../engine/ports.ts';
import { AlarmRules } from '../../../engine/site/alarmRules.ts';
import type { AlarmRule } from '../../../engine/site/alarmRules.ts';
import { alertMessages, conditionOfEvent, takeConditions, takeVerdicts, watchCases } from '../../../engine/site/alert.ts';
import type { AlertSettings } from '../../../engine/site/alert.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import type { AssetRegistration, Site } from '../../../engine/site/site.ts';
import { twinMessage } from '../../../nodes/message.ts';
import { registration, startSite, TestClock } from './siteFixture.ts';

/** A clock whose wall can be moved while its monotonic time goes on. */
export class SteppedClock extends TestClock {
  steppedMs = 0;
  override nowMs(): number {
    return this.wallMs + this.steppedMs;
  }
}

export const alertSettings: AlertSettings = {
  onAnomaly: true, onLimit: true, onStale: true, clearAfterMs: 60_000, repeatAfterMs: 4 * 3_600_000, holdMs: 30_000, quietWhenOff: true, quietModes: ['changeover'], settleMs: 30_000,
};
export const notifierSettings: NotifierSettings = {
  groupWaitMs: 30_000, changeEveryMs: 300_000, quietFromMinute: 0, quietToMinute: 0, urgentAlways: true, capPerDay: 0, gatherFloods: true,
};

/** A site with the flow of twin-alert around it, second by second, without Node-RED. */
export class AlarmPlant {
  site!: Site;
  clock: SteppedClock;
  store = openMemoryStore();
  notifier: Notifier;
  rules: AlarmRules;
  readonly told: AlertMessage[] = [];
  readonly digests: Digest[] = [];
  readonly records: JournalRecord[] = [];
  readonly opened: string[] = [];
  #settings: AlertSettings;

  constructor(options: { alert?: Partial<AlertSettings>; notify?: Partial<NotifierSettings>; rules?: AlarmRule[]; badSignalAfterMs?: number; clock?: SteppedClock } = {}) {
    this.clock = options.clock ?? new SteppedClock();
    this.#settings = { ...alertSettings, ...options.alert };
    this.notifier = new Notifier({ ...notifierSettings, ...options.notify });
    this.rules = new AlarmRules({ rules: options.rules ?? [], badSignalAfterMs: options.badSignalAfterMs ?? 0 });
  }

  async start(keys: readonly string[], type?: AssetRegistration['type']): Promise<this> {
    this.site = (await startSite({}, this.store, this.clock)).site;
    this.site.onCaseChanges((asset, changes) => this.tell(asset, changes));
    this.site.alarms.onRecord((record) => this.records.push(record));
    for (const key of keys) {
      this.site.register(registration(key, {
        ...(type === undefined ? {} : { type }),
        onEvents: (events) => {
          for (const event of events) this.event(key, event);
        },
      }));
    }
    return this;
  }

  /** kill -9 and a new start: what was written with the last tick is all there is. */
  async restart(keys: readonly string[], settings: NotifierSettings = notifierSettings): Promise<void> {
    const kept = this.notifier.snapshot();
    await this.site.written();
    await this.start(keys);
    this.notifier = new Notifier(settings, JSON.parse(JSON.stringify(kept)) as Json);
  }

  asset(key: string): AssetTwin {
    return this.site.asset(key) as AssetTwin;
  }

  event(key: string, event: Parameters<typeof conditionOfEvent>[0]): void {
    const condition = conditionOfEvent(event, this.#settings);
    if (condition !== undefined) this.tell(this.asset(key), takeConditions(this.site, this.asset(key), [condition], this.#settings));
  }

  /** A row of values: through the twin, the judge and twin-alert. */
  row(key: string, values: Record<string, unknown>, timeMs = this.clock.nowMs()): void {
    const asset = this.asset(key);
    const update = asset.twin.applyRow(values, timeMs, this.site.clock.nowMs());
    for (const event of update.events) this.event(key, event);
    const message = twinMessage(asset.twin, update, { row: asset.takeRows(1) });
    const anomaly = asset.evaluate(message)?.anomaly;
    const changes = anomaly === undefined ? [] : takeVerdicts(this.site, asset, { ...message, anomaly }, this.#settings);
    changes.push(...takeConditions(this.site, asset, this.rules.take(this.site, asset, message), this.#settings));
    this.tell(asset, changes);
  }

  tell(asset: AssetTwin, changes: readonly CaseChange[]): void {
    for (const change of changes) {
      if (change.case.change === 'opened') this.opened.push(change.case.id);
      this.notifier.offer(asset.key, change, this.site.alarms.steadyMs());
      this.send();
    }
  }

  send(): void {
    const { told, digests } = this.notifier.due(this.site.alarms.steadyMs(), { minuteOfDay: 600, day: 'today' }, this.site.alarms.flood);
    this.told.push(...told.flatMap(({ twin, change }) => alertMessages(this.site, this.asset(twin), [change])));
    this.digests.push(...digests);
  }

  /** Seconds go by, each with its rows; four ticks a second are one here. */
  run(seconds: number, each: (second: number) => void = () => undefined): void {
    for (let second = 0; second < seconds; second++) {
      this.clock.wallMs += 1000;
      each(second);
      this.site.tick();
      for (const asset of this.site.assets()) {
        this.tell(asset, takeConditions(this.site, asset, this.rules.advance(this.site, asset, this.clock.nowMs()), this.#settings));
        this.tell(asset, watchCases(this.site, asset, this.#settings, this.clock.nowMs()));
      }
      this.send();
    }
  }
}

export function ruleOf(more: Partial<AlarmRule>): AlarmRule {
  return {
    name: '', types: [], property: 'vibration', kind: 'high', limit: 5, deadband: 0, setpoint: '', onDelayMs: 0, offDelayMs: 0, severity: 'specification', priority: 'medium',
    latching: false, acknowledge: true, root: false, ...more,
  };
}
