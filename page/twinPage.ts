import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Machine, MachineChange, Overview, SiteAccess, SiteClock, SiteSummary } from '../contract/http.ts';
import { nameInSentence, plainName, shownAge, shownClock, shownTime } from './format.ts';
import { connectLive } from './liveConnection.ts';
import './loginForm.ts';
import './passwordForm.ts';
import type { MachineCard } from './machineCard.ts';
import './machineCard.ts';
import './machineDetails.ts';
import { brandMark, lostMark, passwordMark } from './marks.ts';
import { PageElement } from './pageElement.ts';
import { sendLogout, ServerError } from './server.ts';
import { letterSign } from './sign.ts';
import { headline, inOrder, needsLook, type Headline } from './summary.ts';
import { chooseLanguage, sayIn, type Say } from './texts.ts';

/** From so many machines on, those that are well show fewer values. */
const manyMachines = 9;

/** The whole page: "which machine needs a look?" */
export class TwinPage extends PageElement {
  static override properties = {
    overview: { state: true },
    lostSinceMs: { state: true },
    selected: { state: true },
    reporting: { state: true },
    tick: { state: true },
    loggingIn: { state: true },
    changingPassword: { state: true },
    note: { state: true },
  };
  declare private overview: Overview | undefined;
  declare private lostSinceMs: number | undefined;
  declare private selected: { site: string; key: string } | undefined;
  declare private reporting: '' | 'readiness' | 'alarms' | 'trace' | 'line';
  declare private tick: number;
  /** Asked for the login form, on a page that can be read without. */
  declare private loggingIn: boolean;
  declare private changingPassword: boolean;
  /** What became of logging out, or of the new password. */
  declare private note: string;

  readonly #say: Say;
  /** When each site's time was heard, by the monotonic clock of this page. */
  readonly #heardAt = new Map<string, number>();
  #paused = false;
  #wasIn = false;
  #focused: { site: string; key: string } | undefined;
  #disconnect: (() => void) | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.overview = undefined;
    this.lostSinceMs = undefined;
    this.selected = undefined;
    this.reporting = '';
    this.tick = 0;
    this.loggingIn = false;
    this.changingPassword = false;
    this.note = '';
    this.#say = sayIn(chooseLanguage(new URLSearchParams(location.search).get('lang'), navigator.languages));
    document.documentElement.lang = this.#say.language;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#connect();
    this.#timer = setInterval(() => { this.tick += 1; }, 1000);
    addEventListener('hashchange', this.#readHash);
    this.#readHash();
  }

  #connect(): void {
    this.#disconnect?.();
    this.#disconnect = connectLive('api/live', {
      overview: (overview) => this.#takeOverview(overview),
      machine: (change) => this.#takeMachine(change),
      clock: (clocks) => this.#takeClocks(clocks),
      lost: (sinceMs) => { this.lostSinceMs = sinceMs; },
      // The number in the title would be an old one.
      paused: () => {
        this.#paused = true;
        document.title = this.#say('title');
      },
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#disconnect?.();
    clearInterval(this.#timer);
    removeEventListener('hashchange', this.#readHash);
  }

  protected override willUpdate(): void {
    const card = document.activeElement?.closest<MachineCard>('twin-machine-card');
    this.#focused = card ? { site: card.site, key: card.machine.key } : undefined;
  }

  /** A machine that changes its group is drawn anew; who was on it by keyboard stays on it. */
  protected override async updated(): Promise<void> {
    const focused = this.#focused;
    if (!focused || document.activeElement !== document.body) return;
    const cards = [...this.querySelectorAll<MachineCard>('twin-machine-card')];
    const card = cards.find(({ site, machine }) => site === focused.site && machine.key === focused.key);
    await card?.updateComplete;
    card?.querySelector<HTMLElement>('.open')?.focus();
  }

  protected override render(): TemplateResult {
    const say = this.#say;
    const { overview } = this;
    const sites = overview?.sites ?? [];
    const head = overview ? headline(say, sites) : undefined;
    const attention = sites.reduce((sum, site) => sum + site.machines.filter(needsLook).length, 0);
    const known = sites.reduce((sum, site) => sum + site.machines.length, 0);
    if (!this.#paused) document.title = attention > 0 ? `(${attention}) ${say('title')}` : say('title');
    return html`
      ${this.#lost(known > 0)}
      <div class="page ${this.lostSinceMs === undefined ? '' : 'is-lost'}">
        <header class="top">
          <p class="brand">${brandMark}${say('title')}</p>
          ${sites.length === 1 && sites[0] ? this.#siteLine(sites[0]) : html`<p class="site-line"></p>`}
          ${this.#who(sites)}
          ${isLocked(sites) && this.lostSinceMs === undefined
            ? nothing
            : html`<p class="link ${this.lostSinceMs === undefined ? '' : 'off'}">${this.#linkWord()}</p>`}
        </header>
        ${this.loggingIn || isLocked(sites) ? this.#login(sites)
          : this.changingPassword && userOf(sites) ? this.#password(userOf(sites)?.name ?? '')
          : this.reporting === 'readiness' ? html`<twin-readiness-report .say=${say}></twin-readiness-report>`
          : this.reporting === 'trace' ? html`<twin-trace .say=${say} .sites=${sites}></twin-trace>`
          : this.reporting === 'line' ? html`<twin-line-page .say=${say} .sites=${sites}></twin-line-page>`
          : this.reporting === 'alarms' ? html`<twin-alarm-report .say=${say} .sites=${sites}></twin-alarm-report>`
          : html`<main>
          <h1 class="headline" aria-live="polite" aria-atomic="true">
            ${head ? this.#headline(head) : html`<span class="look calm">${say(this.lostSinceMs === undefined ? 'connecting' : 'question')}</span>`}
          </h1>
          ${overview && known === 0 && sites.length < 2
            ? html`<div class="empty"><ol>
                <li>${say('empty.add')}</li><li>${say('empty.wire')}</li><li>${say('empty.deploy')}</li>
              </ol></div>`
            : repeat(sites, (site) => site.id, (site) => this.#site(site, sites.length > 1))}
        </main>`}
        <footer class="bottom">
          ${known > 0 && !this.loggingIn && !this.reporting
            ? html`<p class="legend"><span class="visually-hidden">${say('legend')}: </span>${(['F', 'C', 'S', 'M'] as const).map(
                (letter) => html`<span>${letterSign(letter, true)}${say(`letter.${letter}`)}</span>`,
              )}</p>`
            : nothing}
          ${known > 0 && !this.reporting ? html`<p><a href="#line">${say('line.link')}</a></p><p><a href="#trace">${say('trace.link')}</a></p>
            <p><a href="#alarms">${say('alarms.link')}</a></p><p><a href="#readiness">${say('ready.link')}</a></p>` : nothing}
          <p>${say('footer')}</p>
        </footer>
      </div>
      ${this.#details()}`;
  }

  /** Who is logged in, and the way in or out; nothing where no site knows users. */
  #who(sites: readonly SiteSummary[]): TemplateResult | typeof nothing {
    const say = this.#say;
    if (!sites.some(({ access }) => access !== undefined && access.withoutUsers !== true)) return nothing;
    const user = userOf(sites);
    if (user) {
      return html`<p class="who"><bdi>${say('user.shown', { name: plainName(user.name), role: say(`role.${user.role}`) })}</bdi>
        <span class="buttons"><button type="button" class="quiet-button" aria-label=${say('password.title')} title=${say('password.title')}
            ?disabled=${this.changingPassword} @click=${() => { this.changingPassword = true; this.note = ''; }}>${passwordMark}</button>
          <button type="button" class="quiet-button" @click=${() => void this.#logOut()}>${say('logout.button')}</button></span>
        <span role="alert">${this.note}</span></p>`;
    }
    return this.loggingIn || isLocked(sites)
      ? nothing
      : html`<p class="who"><button type="button" class="quiet-button" @click=${() => { this.loggingIn = true; }}>${say('login.button')}</button></p>`;
  }

  #login(sites: readonly SiteSummary[]): TemplateResult {
    const locked = isLocked(sites);
    return html`<main><twin-login .say=${this.#say} .siteName=${locked && sites.length === 1 ? plainName(sites[0]?.name ?? '', 80) : ''}
      .wasIn=${locked && this.#wasIn} .canCancel=${!locked}
      @logged-in=${() => { this.loggingIn = false; this.#connect(); }}
      @login-cancelled=${() => { this.loggingIn = false; }}></twin-login></main>`;
  }

  #password(name: string): TemplateResult {
    return html`<main><twin-password .say=${this.#say} .name=${name}
      @password-changed=${() => { this.changingPassword = false; this.note = this.#say('password.done'); this.#connect(); }}
      @password-cancelled=${() => { this.changingPassword = false; }}></twin-password></main>`;
  }

  async #logOut(): Promise<void> {
    try {
      await sendLogout(this.#say);
      this.note = '';
      this.changingPassword = false;
      this.#wasIn = false;
      this.selected = undefined;
      this.#connect();
    } catch (error) {
      this.note = this.#say('logout.failed', { text: error instanceof ServerError ? error.message : this.#say('error.connection') });
    }
  }

  #headline({ count, look, rest }: Headline): TemplateResult {
    const sentences = look.map((sentence) => html`<span class="look">${sentence} </span>`);
    return html`${look.length > 0 ? html`<span class="count">${count} </span>${sentences}` : html`<span class="look calm">${count} </span>`}
      ${rest ? html`<span class="rest">${rest}</span>` : nothing}`;
  }

  #lost(hasValues: boolean): TemplateResult {
    const { lostSinceMs } = this;
    return html`<div class="lost" role="alert">${lostSinceMs === undefined
      ? nothing
      : html`<p>${lostMark}
          <span>${this.#lostText(lostSinceMs, hasValues)}</span></p>`}</div>`;
  }

  #lostText(sinceMs: number, hasValues: boolean): string {
    const say = this.#say;
    return `${say('lost.title', { time: shownTime(say, sinceMs, Date.now()) })} ${say(hasValues ? 'lost.detail' : 'lost.detail.none')}`;
  }

  #linkWord(): string {
    const say = this.#say;
    if (this.lostSinceMs !== undefined) return say('lost.short');
    return this.overview ? say('live') : say('connecting');
  }

  #siteLine(site: SiteSummary): TemplateResult {
    const say = this.#say;
    const clock = `${site.clock === 'live' ? '' : `${say('site.time')} `}${shownClock(say, this.#siteNow(site))}`;
    const rate = new Intl.NumberFormat(say.language).format(site.rate);
    const mode =
      site.clock === 'replay' ? say('site.replay')
      : site.clock === 'accelerated' && site.rate !== 1 ? say('site.accelerated', { rate })
      : '';
    return html`<p class="site-line"><bdi class="site-name">${plainName(site.name, 80)}</bdi>${this.lostSinceMs === undefined
      ? html`<span class="site-clock">${clock}</span>${mode ? html`<span class="site-mode">${mode}</span>` : nothing}`
      : nothing}</p>`;
  }

  #site(site: SiteSummary, several: boolean): TemplateResult {
    const say = this.#say;
    const machines = inOrder(site.machines, say.language);
    const attention = machines.filter(needsLook);
    const acknowledged = machines.filter(({ condition }) => condition === 'acknowledged');
    const rest = machines.filter((machine) => !needsLook(machine) && machine.condition !== 'acknowledged');
    const special = attention.length + acknowledged.length > 0;
    return html`<section class="site">
      ${several ? html`<div class="site-head"><h2>${this.#siteLine(site)}</h2></div>` : nothing}
      ${several && isLocked([site]) ? html`<p class="empty-text">${say('login.why.site', { site: nameInSentence(site.name) })}</p>`
      : several && machines.length === 0 ? html`<p class="empty-text">${say('empty.site')}</p>` : nothing}
      ${this.#group(site, attention, say('group.attention'), 'large-cards', true)}
      ${this.#group(site, acknowledged, say('group.acknowledged'), 'large-cards', true)}
      ${special ? this.#folded(site, rest, machines.length) : this.#group(site, rest, say('group.all'), `small-cards ${machines.length >= manyMachines ? 'many' : ''}`, false)}
    </section>`;
  }

  /** While something is abnormal, all that is well is one grey line that opens at a touch. */
  #folded(site: SiteSummary, machines: readonly Machine[], all: number): TemplateResult | typeof nothing {
    if (machines.length === 0) return nothing;
    const say = this.#say;
    const counts = (['normal', 'learning', 'off'] as const).flatMap((condition) => {
      const count = machines.filter((machine) => machine.condition === condition).length;
      return count === 0 ? [] : [say(`fold.${condition}`, { count })];
    });
    return html`<details class="fold group">
      <summary><span class="group-title">${say('group.rest')} <span class="tally">${machines.length}</span></span>
        <span class="fold-text">${counts.join(' · ')}</span></summary>
      ${this.#cards(site, machines, `small-cards ${all >= manyMachines ? 'many' : ''}`)}
    </details>`;
  }

  #group(site: SiteSummary, machines: readonly Machine[], title: string, layout: string, titled: boolean): TemplateResult | typeof nothing {
    if (machines.length === 0) return nothing;
    return html`<section class="group">
      <h2 class="group-title ${titled ? '' : 'visually-hidden'}">${title} <span class="tally">${machines.length}</span></h2>
      ${this.#cards(site, machines, layout)}
    </section>`;
  }

  #cards(site: SiteSummary, machines: readonly Machine[], layout: string): TemplateResult {
    const say = this.#say;
    const now = this.#siteNow(site);
    const minute = Math.floor(now / 60_000) * 60_000;
    return html`<div class=${layout}>${repeat(
        machines,
        (machine) => machine.key,
        (machine) => html`<twin-machine-card .site=${site.id} .machine=${machine} .say=${say} .siteLanguage=${this.overview?.language ?? ''}
          .age=${this.#age(site, machine, now)} .nowMs=${minute} .small=${machines.length >= manyMachines}
          @open-machine=${() => this.#select(site.id, machine.key)}></twin-machine-card>`,
      )}</div>`;
  }

  #details(): TemplateResult | typeof nothing {
    const { selected, overview } = this;
    if (!selected || !overview) return nothing;
    const site = overview.sites.find(({ id }) => id === selected.site);
    if (this.loggingIn || (site && isLocked([site]))) return nothing;
    const machine = site?.machines.find(({ key }) => key === selected.key);
    const now = site ? this.#siteNow(site) : Date.now();
    return html`<twin-machine-details .site=${selected.site} .machineKey=${selected.key} .machine=${machine} .say=${this.#say}
      .siteLanguage=${overview.language} .age=${site && machine ? this.#age(site, machine, now) : ''}
      .nowMs=${Math.floor(now / 1000) * 1000}
      .access=${site?.access}
      .lost=${this.lostSinceMs === undefined ? '' : this.#lostText(this.lostSinceMs, true)}
      @ask-login=${() => { this.loggingIn = true; }}
      @close-machine=${this.#unselect}
      @go-machine=${(event: CustomEvent<string>) => this.#select(selected.site, event.detail)}
      @machine-changed=${(event: CustomEvent<Machine>) => this.#replace(selected.site, event.detail)}></twin-machine-details>`;
  }

  #age(site: SiteSummary, machine: Machine, now: number): string {
    const say = this.#say;
    if (machine.updatedMs === null) return say('age.never');
    return say('age.ago', { age: shownAge(say, Math.max(0, now - machine.updatedMs), site.rate) });
  }

  #siteNow(site: SiteSummary): number {
    const heardAt = this.#heardAt.get(site.id) ?? performance.now();
    return site.nowMs + (performance.now() - heardAt) * (Number.isFinite(site.rate) ? site.rate : 1);
  }

  #takeOverview(overview: Overview): void {
    this.#paused = false;
    this.lostSinceMs = undefined;
    for (const site of overview.sites) this.#heardAt.set(site.id, performance.now());
    this.overview = overview;
    if (overview.sites.some(({ access }) => access?.user)) this.#wasIn = true;
    // There is nothing to hear before somebody has logged in; the server has ended the line.
    if (isLocked(overview.sites)) this.#disconnect?.();
  }

  #takeMachine(change: MachineChange): void {
    this.#setClock(change.site, change.nowMs);
    this.#replace(change.site, change.machine);
  }

  #takeClocks(clocks: readonly SiteClock[]): void {
    for (const { site, nowMs } of clocks) this.#setClock(site, nowMs);
    this.tick += 1;
  }

  #setClock(id: string, nowMs: number): void {
    const site = this.overview?.sites.find((one) => one.id === id);
    if (!site) return;
    site.nowMs = nowMs;
    this.#heardAt.set(id, performance.now());
  }

  #replace(id: string, machine: Machine): void {
    const site = this.overview?.sites.find((one) => one.id === id);
    if (!site || !this.overview) return;
    const index = site.machines.findIndex(({ key }) => key === machine.key);
    if (index < 0) site.machines.push(machine);
    else site.machines[index] = machine;
    this.overview = { ...this.overview };
  }

  /** The address carries the open machine, so that it can be sent to somebody and the way back works. */
  #select(site: string, key: string): void {
    location.hash = `#${new URLSearchParams({ site, key })}`;
  }

  readonly #unselect = (): void => {
    history.replaceState(null, '', location.pathname + location.search);
    this.selected = undefined;
  };

  readonly #readHash = (): void => {
    this.reporting = location.hash === '#readiness' ? 'readiness' : location.hash === '#alarms' ? 'alarms' : location.hash.startsWith('#trace') ? 'trace' : location.hash === '#line' ? 'line' : '';
    if (this.reporting === 'readiness') void import('./readinessReport.ts');
    if (this.reporting === 'trace') void import('./tracePage.ts');
    if (this.reporting === 'line') void import('./linePage.ts');
    if (this.reporting === 'alarms') void import('./alarmReport.ts');
    const query = new URLSearchParams(location.hash.slice(1));
    const site = query.get('site');
    const key = query.get('key');
    this.selected = site !== null && key !== null ? { site, key } : undefined;
  };
}

/** Who is logged in here. */
function userOf(sites: readonly SiteSummary[]): SiteAccess['user'] {
  return sites.find(({ access }) => access?.user)?.access?.user;
}

/** Nothing can be read without a login. */
function isLocked(sites: readonly SiteSummary[]): boolean {
  return sites.length > 0 && sites.every(({ access }) => access && !access.may.includes('read'));
}

customElements.define('twin-page', TwinPage);
