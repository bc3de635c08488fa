import { html, nothing, type TemplateResult } from 'lit';
import type { Machine } from '../contract/http.ts';
import { plainName, shownTime } from './format.ts';
import { PageElement } from './pageElement.ts';
import { propertyRow } from './propertyRow.ts';
import { machineSign } from './sign.ts';
import { caseReason, learningText, longReason, needsLook, shownPhase, telling } from './summary.ts';
import { watchPhases } from './watchPhases.ts';
import type { Say } from './texts.ts';

/** One machine. Large with its reason while abnormal, small and grey while all is well. A tap anywhere opens its details. */
export class MachineCard extends PageElement {
  static override properties = {
    site: { attribute: false },
    machine: { attribute: false },
    say: { attribute: false },
    siteLanguage: { attribute: false },
    age: { attribute: false },
    nowMs: { attribute: false },
    small: { attribute: false },
  };
  /** The site's id. */
  declare site: string;
  declare machine: Machine;
  declare say: Say;
  declare siteLanguage: string;
  /** "3 minutes ago", in words, so that the card is only drawn again when the words change. */
  declare age: string;
  /** Site time to the minute. */
  declare nowMs: number;
  /** Among many machines: fewer values. */
  declare small: boolean;

  protected override render(): TemplateResult {
    const { machine, say } = this;
    const large = needsLook(machine) || machine.condition === 'acknowledged';
    const most = large ? 5 : this.small ? 2 : 4;
    const shown = telling(machine, most);
    const more = machine.properties.length - shown.length;
    const rows = shown.map((property) => propertyRow(say, property, false, machine.condition === 'learning'));
    return html`<article class="card ${large ? 'large' : 'quiet'} is-${machine.condition} letter-${machine.letter ?? 'none'}">
      <div class="about">
        <div class="head">
          ${machineSign(machine)}
          <div class="names">
            <h3><button type="button" class="open" aria-label=${say('details.open', { name: plainName(machine.name) })} @click=${this.#open}
              ><bdi>${plainName(machine.name, 120)}</bdi></button></h3>
            <p class="condition">${this.#condition(large)}</p>
          </div>
        </div>
        ${large ? this.#why() : nothing}
        ${this.#learning()}
      </div>
      <div class="now">
        ${rows.length > 0 ? html`<dl class="properties">${rows}</dl>` : nothing}
        <p class="foot"><span>${this.age}</span>${more > 0 ? html`<span>${say.plural('values.more', more)}</span>` : nothing}</p>
        ${large ? nothing : this.#lastCase()}
      </div>
    </article>`;
  }

  #condition(large: boolean): TemplateResult {
    const { machine, say } = this;
    const meaning = large && machine.letter ? say(`letter.${machine.letter}`) : '';
    // That it needs a look, or is being looked after, stands above the group already.
    const told = meaning !== '' && (machine.condition === 'case' || machine.condition === 'acknowledged');
    const letter = told ? '' : meaning;
    return html`<span class="word">${told ? meaning : say(`condition.${machine.condition}`)}</span>
      ${letter ? html`<span>${letter}</span>` : nothing}
      ${machine.state ? html`<span><bdi>${plainName(machine.state, 40)}</bdi></span>` : nothing}`;
  }

  #why(): TemplateResult {
    const { machine, say } = this;
    const open = machine.openCase;
    return html`<p class="reason">${longReason(say, machine, this.siteLanguage, this.nowMs)}</p>
      <p class="since">
        ${open ? html`<span>${say('case.since', { time: shownTime(say, open.sinceMs, this.nowMs) })}</span>` : nothing}
        ${open?.acknowledgedBy ? html`<span>${say('case.acknowledgedBy', { name: plainName(open.acknowledgedBy) })}</span>` : nothing}
      </p>
      ${this.#lastText() ? html`<p class="since">${say('case.last', { sentence: this.#lastText() })}</p>` : nothing}`;
  }

  #learning(): TemplateResult | typeof nothing {
    const { machine, say } = this;
    const { percent, unseen } = machine.learning;
    const phase = shownPhase(machine.learning);
    if ((phase === 'armed' && unseen !== true) || phase === 'frozen') return nothing;
    if (machine.updatedMs === null) return html`<div class="learning"><p>${say('learning.waiting')}</p></div>`;
    const { text, missing } = learningText(say, machine.learning, machine.properties);
    return html`<div class="learning">
      <p>${text}</p>
      ${watchPhases(say, machine.learning)}
      <progress max="100" value=${percent} aria-label=${text}></progress>
      ${missing ? html`<p class="missing">${missing}</p>` : nothing}
    </div>`;
  }

  #lastText(): string {
    const last = this.machine.lastCases[0];
    if (!last) return '';
    const { say } = this;
    return `${shownTime(say, last.sinceMs, this.nowMs)} · ${caseReason(say, last, this.machine, this.siteLanguage)}`;
  }

  #lastCase(): TemplateResult {
    const text = this.#lastText();
    return html`<p class="last">${text ? this.say('case.last', { sentence: text }) : this.say('case.none')}</p>`;
  }

  readonly #open = (): void => {
    this.dispatchEvent(new CustomEvent('open-machine', { bubbles: true }));
  };
}

customElements.define('twin-machine-card', MachineCard);
