import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Alarm, AlarmCount, AlarmMeasures, AlarmsAnswer, JournalEvent, JournalRecord } from '../contract/alarms.ts';
import type { SiteSummary } from '../contract/http.ts';
import { journalCsv } from '../contract/journalCsv.ts';
import './alarmActions.ts';
import { plainName, shownPercent, shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import { fetchAlarms, fetchJournal, fetchMeasures } from './server.ts';
import { letterSign } from './sign.ts';
import { hasText, type Say } from './texts.ts';

const events: readonly JournalEvent[] = [
  'ACT', 'RTN', 'ACK', 'CONFIRM', 'REALARM', 'SHELVE', 'SHELVE1', 'UNSHELVE', 'EXP', 'SUP', 'UNSUP', 'OOS', 'RTS', 'RESET', 'FEEDBACK', 'NOTE', 'CASE', 'FLOOD', 'TEST',
];
const spansDays = [1, 7, 30] as const;
const dayMs = 86_400_000;
const askedEveryMs = 10_000;
const typedMs = 400;
const pageRecords = 100;
/** More than that is for the history database. */
const mostExported = 20_000;

/** Alarms now, what happened to them, and how good the alarms are: for those who answer them, and for those who make them better. */
export class AlarmReport extends PageElement {
  static override properties = {
    say: { attribute: false },
    sites: { attribute: false },
    chosen: { state: true },
    now: { state: true },
    measures: { state: true },
    records: { state: true },
    more: { state: true },
    days: { state: true },
    twin: { state: true },
    event: { state: true },
    text: { state: true },
    failure: { state: true },
    exporting: { state: true },
  };
  declare say: Say;
  declare sites: readonly SiteSummary[];
  declare private chosen: string;
  declare private now: AlarmsAnswer | undefined;
  declare private measures: AlarmMeasures | undefined;
  declare private records: readonly JournalRecord[] | undefined;
  declare private more: boolean;
  declare private days: number;
  declare private twin: string;
  declare private event: JournalEvent | '';
  declare private text: string;
  declare private failure: string;
  declare private exporting: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #asked = '';

  constructor() {
    super();
    this.sites = [];
    this.chosen = '';
    this.now = undefined;
    this.measures = undefined;
    this.records = undefined;
    this.more = false;
    this.days = 7;
    this.twin = '';
    this.event = '';
    this.text = '';
    this.failure = '';
    this.exporting = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => void this.#ask(), askedEveryMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    clearTimeout(this.#typing);
    this.#asked = '';
  }

  get #site(): SiteSummary | undefined {
    const open = this.sites.filter(({ access }) => access === undefined || access.may.includes('read'));
    return open.find(({ id }) => id === this.chosen) ?? open[0];
  }

  #query(): { site: string; twin?: string; event?: JournalEvent; fromMs?: number; text?: string } | undefined {
    const site = this.#site;
    if (site === undefined) return undefined;
    return {
      site: site.id,
      ...(this.twin === '' ? {} : { twin: this.twin }),
      ...(this.event === '' ? {} : { event: this.event }),
      ...(this.text === '' ? {} : { text: this.text }),
      fromMs: Math.floor(site.nowMs / 60_000) * 60_000 - this.days * dayMs,
    };
  }

  protected override updated(_changed: PropertyValues): void {
    const asked = JSON.stringify([this.#site?.id, this.days, this.twin, this.event, this.text]);
    if (asked === this.#asked || this.#site === undefined) return;
    this.#asked = asked;
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const query = this.#query();
    const asked = this.#asked;
    if (query === undefined) return;
    try {
      const most = Math.min(1_000, Math.max(pageRecords, this.records?.length ?? 0));
      const [now, measures, journal] = await Promise.all([
        fetchAlarms(this.say, query.site), fetchMeasures(this.say, query.site, this.days), fetchJournal(this.say, { ...query, limit: most }),
      ]);
      if (asked !== this.#asked || !this.isConnected) return;
      [this.now, this.measures, this.records, this.more, this.failure] = [now, measures, journal.records, journal.more, ''];
    } catch (error) {
      if (asked === this.#asked) this.failure = this.say('alarms.failed', { text: error instanceof Error ? error.message : '' });
    }
  }

  protected override render(): TemplateResult {
    const { say, failure } = this;
    const site = this.#site;
    const sites = this.sites.filter(({ access }) => access === undefined || access.may.includes('read'));
    return html`<main class="report alarms">
      <div class="report-bar"><a href="#">${say('ready.back')}</a><button type="button" @click=${() => print()}>${say('ready.print')}</button></div>
      <h1>${say('alarms.title')}</h1>
      ${sites.length > 1 ? html`<label class="pick"><span>${say('alarms.site')}</span><select @change=${this.#pickSite}>${sites.map(
        ({ id, name }) => html`<option value=${id} ?selected=${id === site?.id}>${plainName(name, 80)}</option>`)}</select></label>` : nothing}
      <div class="choices" role="group" aria-label=${say('alarms.span')}>${spansDays.map((days) => html`<button type="button" class="choice"
        aria-pressed=${days === this.days ? 'true' : 'false'} @click=${() => { this.days = days; }}>${say.plural('alarms.days', days)}</button>`)}</div>
      ${failure ? html`<p class="report-failure" role="alert">${failure}</p>` : nothing}
      ${this.now ? this.#now(this.now) : failure ? nothing : html`<p>${say('details.loading')}</p>`}
      ${this.measures ? this.#measures(this.measures) : nothing}
      ${this.records ? this.#journal(this.records) : nothing}
    </main>`;
  }

  #name(key: string): string {
    return plainName(this.#site?.machines.find((machine) => machine.key === key)?.name ?? key, 60);
  }

  /** What an alarm is called: "limit/vibration/high" is for machines. */
  #alarmName(twin: string, alarm: string): string {
    const { say } = this;
    const [kind = '', name = '', which = ''] = alarm.split('/');
    const label = plainName(this.#site?.machines.find(({ key }) => key === twin)?.properties.find((property) => property.name === name)?.label ?? name, 60);
    if (kind === 'stale') return say(name === '' ? 'alarm.stale' : 'alarm.staleOne', { label });
    const own = `alarm.${kind}${which === '' ? '' : `.${which}`}`;
    return hasText(own) ? say(own, { label }) : plainName(alarm, 80);
  }

  #now({ alarms, flood, machines, nowMs, longestShelfMs }: AlarmsAnswer): TemplateResult {
    const { say } = this;
    const out = machines.flatMap(({ key, outOfService, suppressed }) => [
      ...(outOfService === undefined ? [] : [{ key, is: 'outOfService' as const, word: say('state.OOSRV'), ...outOfService }]),
      ...(suppressed === undefined ? [] : [{ key, is: 'suppressed' as const, word: say('state.DSUPR'), ...suppressed }]),
    ]);
    return html`<section>
      <h2>${say('alarms.now')} <span class="tally">${alarms.length}</span></h2>
      ${flood.active ? html`<p class="flood" role="alert">${letterSign('F')}<span>${say('alarms.flood', { count: flood.inTenMinutes })}</span></p>` : nothing}
      ${alarms.length === 0 ? html`<p class="empty-text">${say('alarms.none')}</p>` : html`<ul class="alarm-list">${repeat(
        alarms, ({ twin, alarm }) => `${twin} ${alarm}`, (alarm) => this.#alarm(alarm, nowMs, longestShelfMs))}</ul>`}
      ${out.length === 0 ? nothing : html`<ul class="alarm-list">${out.map(({ key, is, word, by, why, sinceMs }) => html`<li class="quiet-alarm"><div>
        <p><strong><bdi>${this.#name(key)}</bdi></strong> <span class="state-word">${word}</span></p>
        <p class="since"><span><bdi>${plainName(why, 200)}</bdi></span><span><bdi>${plainName(by, 80)}</bdi></span><span>${shownTime(say, sinceMs, nowMs)}</span></p>
        ${this.#actions(key, undefined, is, longestShelfMs)}</div></li>`)}</ul>`}
    </section>`;
  }

  #alarm(one: Alarm, nowMs: number, longestShelfMs: number): TemplateResult {
    const { say } = this;
    const { twin, alarm, text, state, letter, priority, activeSinceMs, acknowledgedBy, flags } = one;
    const quiet = flags.suppressedBy.length > 0 || flags.shelf !== undefined || flags.outOfService !== undefined || !flags.active;
    return html`<li class=${quiet ? 'quiet-alarm' : `letter-${letter}`}>
      ${letterSign(letter, quiet || flags.acked)}
      <div><p><strong><bdi>${this.#name(twin)}</bdi></strong> <span class="state-word">${say(state === 'RTNUN' && flags.confirmed === false ? 'state.unconfirmed' : `state.${state}`)}</span></p>
      <p>${text === '' ? this.#alarmName(twin, alarm) : plainName(text, 300)}</p>
      <p class="since"><span>${say(`letter.${letter}`)}</span><span>${say('alarms.priority', { priority: say(`priority.${priority}`) })}</span>${activeSinceMs === undefined ? nothing
        : html`<span>${say('case.since', { time: shownTime(say, activeSinceMs, nowMs) })}</span>`}${acknowledgedBy
        ? html`<span>${say('case.acknowledgedBy', { name: plainName(acknowledgedBy) })}</span>` : nothing}${flags.shelf
        ? html`<span>${say('alarms.shelf', { time: shownTime(say, flags.shelf.untilMs, nowMs), name: plainName(flags.shelf.by) })}</span>` : nothing}</p>
      ${this.#actions(twin, one, undefined, longestShelfMs)}</div>
    </li>`;
  }

  #actions(key: string, alarm: Alarm | undefined, machineIs: 'outOfService' | 'suppressed' | undefined, longestShelfMs: number): TemplateResult {
    const site = this.#site;
    return html`<twin-alarm-actions .site=${site?.id ?? ''} .machineKey=${key} .alarm=${alarm} .machineIs=${machineIs} .longestShelfMs=${longestShelfMs}
      .access=${site?.access} .say=${this.say} @alarm-changed=${() => void this.#ask()}></twin-alarm-actions>`;
  }

  #measures(measures: AlarmMeasures): TemplateResult {
    const { say } = this;
    const number = new Intl.NumberFormat(say.language, { maximumFractionDigits: 2 });
    const tile = (name: 'rate' | 'count' | 'flood' | 'topShare', value: string, more: string): TemplateResult => html`<div class="tile">
      <dt>${say(`measure.${name}`)}</dt><dd>${value}<span>${more}</span></dd></div>`;
    const priorities = (['high', 'medium', 'low'] as const).map((priority) => `${say(`priority.${priority}`)} ${number.format(measures.priorities[priority])}`).join(' · ');
    const lists = (['topTen', 'chattering', 'fleeting', 'stale', 'shelved', 'suppressed', 'outOfService'] as const).filter((name) => measures[name].length > 0);
    return html`<section>
      <h2>${say('alarms.measures')}</h2>
      <dl class="tiles">
        ${tile('rate', number.format(measures.perTenMinutes), say('measure.rate.more', { most: number.format(measures.mostInTenMinutes) }))}
        ${tile('count', number.format(measures.annunciated), priorities)}
        ${tile('flood', shownPercent(say, measures.floodShare * 100), say.plural('measure.flood.more', measures.floods.length))}
        ${tile('topShare', shownPercent(say, measures.topTenShare * 100), say('measure.topShare.more'))}
      </dl>
      ${lists.map((name) => html`<details class="measure" ?open=${name === 'topTen'}>
        <summary>${say(`measure.${name}`)} <span class="tally">${measures[name].length}</span></summary>
        <p class="empty-text">${say(`measure.${name}.what`)}</p>
        <ol>${measures[name].map((count) => this.#count(count))}</ol></details>`)}
    </section>`;
  }

  #count({ twin, alarm, count }: AlarmCount): TemplateResult {
    return html`<li><span><bdi>${this.#name(twin)}</bdi>: ${this.#alarmName(twin, alarm)}</span> <b>${new Intl.NumberFormat(this.say.language).format(count)}</b></li>`;
  }

  #journal(records: readonly JournalRecord[]): TemplateResult {
    const { say } = this;
    const machines = [...(this.#site?.machines ?? [])].sort((a, b) => a.name.slice(0, 200).localeCompare(b.name.slice(0, 200), say.language));
    return html`<section>
      <h2>${say('alarms.journal')}</h2>
      <form class="filter" @submit=${(event: SubmitEvent) => event.preventDefault()}>
        <label class="pick"><span>${say('journal.machine')}</span><select @change=${(event: Event) => { this.twin = (event.target as HTMLSelectElement).value; }}>
          <option value="">${say('journal.all')}</option>${machines.map(({ key, name }) => html`<option value=${key} ?selected=${key === this.twin}>${plainName(name, 60)}</option>`)}</select></label>
        <label class="pick"><span>${say('journal.event')}</span><select @change=${(event: Event) => { this.event = (event.target as HTMLSelectElement).value as JournalEvent | ''; }}>
          <option value="">${say('journal.all')}</option>${events.map((event) => html`<option value=${event} ?selected=${event === this.event}>${say(`event.${event}`)}</option>`)}</select></label>
        <label class="pick"><span>${say('journal.text')}</span><input type="search" maxlength="100" @input=${this.#typed}></label>
        <button type="button" class="plain-button" ?disabled=${this.exporting || records.length === 0} @click=${() => void this.#export()}>${say('journal.export')}</button>
      </form>
      ${records.length === 0 ? html`<p class="empty-text">${say('journal.none')}</p>` : html`<ol class="journal">${records.map((record) => this.#record(record))}</ol>`}
      ${this.more ? html`<button type="button" class="plain-button" @click=${() => void this.#older()}>${say('journal.more')}</button>` : nothing}
    </section>`;
  }

  #record(record: JournalRecord): TemplateResult {
    const { say } = this;
    const { timeMs, twin, alarm, event, by, why, annunciated } = record;
    return html`<li class=${annunciated ? 'loud' : ''}>
      <time datetime=${new Date(timeMs).toISOString()}>${shownTime(say, timeMs, NaN)}</time>
      <div><p><strong>${say(`event.${event}`)}</strong> ${twin === '' ? nothing : html`<bdi>${this.#name(twin)}</bdi>`}${alarm === '' ? nothing : html`: ${this.#alarmName(twin, alarm)}`}</p>
      ${by || why
        ? html`<p class="since">${by ? html`<span><bdi>${plainName(by, 80)}</bdi></span>` : nothing}${why ? html`<span><bdi>${plainName(why, 500)}</bdi></span>` : nothing}</p>`
        : nothing}</div>
    </li>`;
  }

  readonly #pickSite = (event: Event): void => {
    this.chosen = (event.target as HTMLSelectElement).value;
    this.twin = '';
    this.records = undefined;
  };

  readonly #typed = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => { this.text = value.trim(); }, typedMs);
  };

  async #older(): Promise<void> {
    const query = this.#query();
    const last = this.records?.at(-1);
    if (query === undefined || last === undefined) return;
    const asked = this.#asked;
    try {
      const { records, more } = await fetchJournal(this.say, { ...query, limit: pageRecords, before: last.number });
      if (asked !== this.#asked) return;
      this.records = [...(this.records ?? []), ...records];
      this.more = more;
    } catch (error) {
      this.failure = this.say('alarms.failed', { text: error instanceof Error ? error.message : '' });
    }
  }

  /** All that the filter lets through, not only what is shown. */
  async #export(): Promise<void> {
    const query = this.#query();
    if (query === undefined) return;
    this.exporting = true;
    try {
      const all: JournalRecord[] = [];
      let before: number | undefined;
      for (;;) {
        const { records, more } = await fetchJournal(this.say, { ...query, limit: 1_000, ...(before === undefined ? {} : { before }) });
        all.push(...records);
        before = records.at(-1)?.number;
        if (!more || before === undefined || all.length >= mostExported) break;
      }
      const { say } = this;
      const head = (['time', 'machine', 'key', 'alarm', 'event', 'from', 'to', 'by', 'why', 'case', 'number'] as const).map((name) => say(`csv.${name}`));
      const rows = all.map((record): (string | number)[] => [
        new Date(record.timeMs).toISOString(), this.#name(record.twin), record.twin, record.alarm, say(`event.${record.event}`), record.from, record.to,
        record.by ?? '', record.why ?? '', record.case ?? '', record.number,
      ]);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([journalCsv([head, ...rows], say.language === 'de' ? ';' : ',')], { type: 'text/csv;charset=utf-8' }));
      link.download = `journal-${new Date(this.#site?.nowMs ?? 0).toISOString().slice(0, 10)}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      this.failure = this.say('alarms.failed', { text: error instanceof Error ? error.message : '' });
    } finally {
      this.exporting = false;
    }
  }
}

customElements.define('twin-alarm-report', AlarmReport);
