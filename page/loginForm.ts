import { html, nothing, type TemplateResult } from 'lit';
import { nameInSentence } from './format.ts';
import { PageElement } from './pageElement.ts';
import { sendLogin, ServerError } from './server.ts';
import type { Say } from './texts.ts';

/** Name and password. Fires `logged-in`, and `login-cancelled` where the page can be read without. */
export class LoginForm extends PageElement {
  static override properties = {
    say: { attribute: false },
    siteName: { attribute: false },
    wasIn: { attribute: false },
    canCancel: { attribute: false },
    sending: { state: true },
    shown: { state: true },
    note: { state: true },
  };
  declare say: Say;
  /** The one site that asks; '' when there are several. */
  declare siteName: string;
  /** Was logged in a moment ago. */
  declare wasIn: boolean;
  declare canCancel: boolean;
  declare private sending: boolean;
  declare private shown: boolean;
  declare private note: string;

  constructor() {
    super();
    this.siteName = '';
    this.wasIn = false;
    this.canCancel = false;
    this.sending = false;
    this.shown = false;
    this.note = '';
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>('#login-name')?.focus();
  }

  protected override render(): TemplateResult {
    const { say, sending } = this;
    const why = this.siteName ? say('login.why.site', { site: nameInSentence(this.siteName) }) : say('login.why');
    return html`<form class="login" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      <h1>${say('login.title')}</h1>
      <p>${this.wasIn ? say('login.over') : why}</p>
      <label for="login-name">${say('login.name')}</label>
      <input id="login-name" name="username" maxlength="80" autocomplete="username" autocapitalize="none" spellcheck="false" ?readonly=${sending}>
      <label for="login-password">${say('login.password')}</label>
      <input id="login-password" name="password" type=${this.shown ? 'text' : 'password'} maxlength="200" autocomplete="current-password"
        autocapitalize="none" spellcheck="false" ?readonly=${sending}>
      <label class="tick"><input type="checkbox" .checked=${this.shown} @change=${this.#show}><span>${say('login.show')}</span></label>
      <p class="note" role="alert">${this.note}</p>
      <div class="buttons">
        <button type="submit" class="main-button" ?disabled=${sending}>${say(sending ? 'login.sending' : 'login.button')}</button>
        ${this.canCancel
          ? html`<button type="button" class="plain-button" ?disabled=${sending} @click=${this.#cancel}>${say('login.cancel')}</button>`
          : nothing}
      </div>
      ${isSecureContext ? nothing : html`<p class="aside-text">${say('login.plain')}</p>`}
      <p class="aside-text">${say('login.help')}</p>
    </form>`;
  }

  readonly #show = (event: Event): void => {
    this.shown = (event.target as HTMLInputElement).checked;
  };

  readonly #cancel = (): void => {
    this.dispatchEvent(new CustomEvent('login-cancelled'));
  };

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.sending) return;
    const name = this.querySelector<HTMLInputElement>('#login-name')?.value.trim() ?? '';
    const field = this.querySelector<HTMLInputElement>('#login-password');
    const password = field?.value ?? '';
    if (name === '' || password === '') {
      this.note = this.say('login.needBoth');
      return;
    }
    this.sending = true;
    this.note = '';
    try {
      await sendLogin(this.say, { name, password });
      this.dispatchEvent(new CustomEvent('logged-in'));
    } catch (error) {
      this.note = this.say('login.failed', { text: error instanceof ServerError ? error.message : this.say('error.connection') });
      this.sending = false;
      field?.select();
    }
  }
}

customElements.define('twin-login', LoginForm);
