import { html, nothing, type TemplateResult } from 'lit';
import type { Alarm, AlarmActionName } from '../contract/alarms.ts';
import type { PageAction, SiteAccess } from '../contract/http.ts';
import { nameInSentence } from './format.ts';
import { keepName, readName } from './ownName.ts';
import { PageElement } from './pageElement.ts';
import { sendAlarmAction, ServerError } from './server.ts';
import type { Say } from './texts.ts';

type Offered = Extract<AlarmActionName, 'acknowledge' | 'confirm' | 'reset' | 'shelve' | 'unshelve' | 'unsuppress' | 'takeOutOfService' | 'returnToService'>;

const needed: Readonly<Record<Offered, PageAction>> = {
  acknowledge: 'acknowledge', confirm: 'acknowledge', reset: 'acknowledge',
  shelve: 'shelve', unshelve: 'shelve', unsuppress: 'suppress', takeOutOfService: 'takeOutOfService', returnToService: 'takeOutOfService',
};
const hourMs = 3_600_000;
const shelfHours = [1, 4, 8, 24] as const;

/** What can be done with one alarm, or with a machine that is out of service or suppressed: each in two taps, with who and why. */
export class AlarmActions extends PageElement {
  static override properties = {
    site: { attribute: false },
    machineKey: { attribute: false },
    alarm: { attribute: false },
    machineIs: { attribute: false },
    longestShelfMs: { attribute: false },
    access: { attribute: false },
    say: { attribute: false },
    chosen: { state: true },
    hours: { state: true },
    busy: { state: true },
    note: { state: true },
  };
  declare site: string;
  declare machineKey: string;
  /** undefined: the machine as a whole. */
  declare alarm: Alarm | undefined;
  declare machineIs: 'outOfService' | 'suppressed' | undefined;
  declare longestShelfMs: number;
  declare access: SiteAccess | undefined;
  declare say: Say;
  declare private chosen: Offered | undefined;
  declare private hours: number;
  declare private busy: boolean;
  declare private note: string;

  constructor() {
    super();
    this.alarm = undefined;
    this.machineIs = undefined;
    this.longestShelfMs = 0;
    this.chosen = undefined;
    this.hours = 1;
    this.busy = false;
    this.note = '';
  }

  #offered(): Offered[] {
    if (this.machineIs !== undefined) return [this.machineIs === 'outOfService' ? 'returnToService' : 'unsuppress'];
    const { alarm } = this;
    if (alarm === undefined) return [];
    const { confirmed, latched, active } = alarm.flags;
    if (confirmed === false && ['ACKED', 'RTNUN', 'LUNAK', 'LACKD'].includes(alarm.state)) {
      return ['confirm', ...(latched && !active ? ['reset' as const] : []), 'shelve', 'takeOutOfService'];
    }
    switch (alarm.state) {
      case 'UNACK':
      case 'RTNUN':
      case 'LUNAK':
        return ['acknowledge', 'shelve', 'takeOutOfService'];
      case 'LACKD':
        return ['reset'];
      case 'SHLVD':
        return ['unshelve'];
      case 'OOSRV':
        return ['returnToService'];
      case 'DSUPR':
        return alarm.flags.suppressedBy.includes('person') ? ['unsuppress'] : [];
      case 'ACKED':
        return ['shelve', 'takeOutOfService'];
      case 'NORM':
        return [];
    }
  }

  #may(action: Offered): boolean {
    const right = needed[action];
    return this.access === undefined ? right === 'acknowledge' || right === 'shelve' : this.access.may.includes(right);
  }

  protected override render(): TemplateResult {
    const { say, chosen } = this;
    const offered = this.#offered().filter((action) => this.#may(action));
    return html`${chosen !== undefined && offered.includes(chosen) ? this.#form(chosen)
      : offered.length === 0 ? nothing
      : html`<div class="buttons">${offered.map((action) => html`<button type="button" class="plain-button" data-action=${action}
          @click=${() => this.#choose(action)}>${say(`action.${action}`)}</button>`)}</div>`}
      <p class="note" role="status">${this.note}</p>`;
  }

  #form(action: Offered): TemplateResult {
    const { say, busy } = this;
    const hours = shelfHours.filter((each) => each * hourMs <= this.longestShelfMs);
    return html`<form class="acknowledge" @submit=${(event: SubmitEvent) => void this.#send(event, action)}>
      <p>${say(`action.${action}`)}</p>
      ${action === 'shelve' ? html`<p class="label" id="shelf-hours">${say('action.howLong')}</p>
        <div class="choices" role="group" aria-labelledby="shelf-hours">${(hours.length > 0 ? hours : [this.longestShelfMs / hourMs]).map((each) => html`<button type="button" class="choice"
          aria-pressed=${each === this.hours ? 'true' : 'false'} ?disabled=${busy} @click=${() => { this.hours = each; }}>${say.plural('answer.hours', each)}</button>`)}</div>` : nothing}
      <label>${say(action === 'takeOutOfService' ? 'action.whyNeeded' : 'action.why')}<input name="why" maxlength="500" autocomplete="off" ?disabled=${busy}></label>
      ${this.access?.user
        ? html`<p class="as">${say('ack.as', { name: nameInSentence(this.access.user.name) })}</p>`
        : html`<label>${say('ack.name')}<input name="by" maxlength="80" autocomplete="name" .value=${readName()} ?disabled=${busy}></label>`}
      <div class="buttons">
        <button type="submit" class="main-button" ?disabled=${busy}>${say('ack.confirm')}</button>
        <button type="button" class="plain-button" ?disabled=${busy} @click=${() => { this.chosen = undefined; this.note = ''; }}>${say('ack.cancel')}</button>
      </div>
    </form>`;
  }

  #choose(action: Offered): void {
    this.chosen = action;
    this.note = '';
    this.hours = Math.min(1, this.longestShelfMs / hourMs);
  }

  async #send(event: SubmitEvent, action: Offered): Promise<void> {
    event.preventDefault();
    const value = (name: string): string => (this.querySelector<HTMLInputElement>(`input[name=${name}]`)?.value ?? '').trim();
    const [by, why] = [this.access?.user?.name ?? value('by'), value('why')];
    if (by === '') this.note = this.say('ack.needName');
    else if (action === 'takeOutOfService' && why === '') this.note = this.say('action.needWhy');
    else {
      if (!this.access?.user) keepName(by);
      this.busy = true;
      try {
        const { alarm } = this;
        await sendAlarmAction(this.say, {
          site: this.site, key: this.machineKey, action, by,
          ...(alarm === undefined ? {} : { alarm: alarm.alarm, occurrence: alarm.occurrence }),
          ...(why === '' ? {} : { why }),
          ...(action === 'shelve' ? { forMs: Math.round(this.hours * hourMs) } : {}),
        });
        this.chosen = undefined;
        this.note = this.say('action.done');
        this.dispatchEvent(new CustomEvent('alarm-changed', { bubbles: true }));
      } catch (error) {
        this.note = this.say('answer.failed', { text: error instanceof ServerError ? error.message : this.say('error.connection') });
      } finally {
        this.busy = false;
      }
    }
  }
}

customElements.define('twin-alarm-actions', AlarmActions);
