import { html, type TemplateResult } from 'lit';
import { PageElement } from './pageElement.ts';
import { sendPassword, ServerError } from './server.ts';
import type { Say } from './texts.ts';

/** The current and the new password of who is logged in. Fires `password-changed` or `password-cancelled`. */
export class PasswordForm extends PageElement {
  static override properties = {
    say: { attribute: false },
    name: { attribute: false },
    sending: { state: true },
    shown: { state: true },
    note: { state: true },
  };
  declare say: Say;
  /** Whose it is: what a browser that remembers passwords goes by. */
  declare name: string;
  declare private sending: boolean;
  declare private shown: boolean;
  declare private note: string;

  constructor() {
    super();
    this.name = '';
    this.sending = false;
    this.shown = false;
    this.note = '';
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>('#password-current')?.focus();
  }

  protected override render(): TemplateResult {
    const { say, sending } = this;
    const field = (id: 'current' | 'next', autocomplete: 'current-password' | 'new-password'): TemplateResult => html`
      <label for="password-${id}">${say(`password.${id}`)}</label>
      <input id="password-${id}" type=${this.shown ? 'text' : 'password'} maxlength="200" autocomplete=${autocomplete} autocapitalize="none"
        spellcheck="false" ?readonly=${sending}>`;
    return html`<form class="login" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      <h1>${say('password.title')}</h1>
      <p>${say('password.why')}</p>
      <input hidden name="username" autocomplete="username" .value=${this.name}>
      ${field('current', 'current-password')}
      ${field('next', 'new-password')}
      <label class="tick"><input type="checkbox" .checked=${this.shown} @change=${this.#show}><span>${say('login.show')}</span></label>
      <p class="note" role="alert">${this.note}</p>
      <div class="buttons">
        <button type="submit" class="main-button" ?disabled=${sending}>${say(sending ? 'password.sending' : 'password.save')}</button>
        <button type="button" class="plain-button" ?disabled=${sending} @click=${this.#cancel}>${say('login.cancel')}</button>
      </div>
    </form>`;
  }

  readonly #show = (event: Event): void => {
    this.shown = (event.target as HTMLInputElement).checked;
  };

  readonly #cancel = (): void => {
    this.dispatchEvent(new CustomEvent('password-cancelled'));
  };

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.sending) return;
    const typed = (id: string): string => this.querySelector<HTMLInputElement>(`#password-${id}`)?.value ?? '';
    const [current, next] = [typed('current'), typed('next')];
    if (current === '' || next === '') {
      this.note = this.say('password.needBoth');
      return;
    }
    this.sending = true;
    this.note = '';
    try {
      await sendPassword(this.say, { current, next });
      this.dispatchEvent(new CustomEvent('password-changed'));
    } catch (error) {
      this.note = this.say('password.failed', { text: error instanceof ServerError ? error.message : this.say('error.connection') });
      this.sending = false;
      this.querySelector<HTMLInputElement>('#password-current')?.select();
    }
  }
}

customElements.define('twin-password', PasswordForm);
