import { html, nothing, type TemplateResult } from 'lit';
import type { LearningProgress, WatchPhase } from '../contract/messages.ts';
import type { Say } from './texts.ts';

const steps: readonly WatchPhase[] = ['guard', 'learning', 'provisional', 'armed'];

/** The four phases in a row: what is done has a tick, where it is now stands out, what is to come is an empty ring. */
export function watchPhases(say: Say, { watch }: LearningProgress): TemplateResult | typeof nothing {
  if (watch === undefined) return nothing;
  const at = steps.indexOf(watch);
  return html`<ol class="phases" aria-label=${say('learning.phases')}>${steps.map((step, index) => {
    const done = index < at || watch === 'armed';
    return html`<li class=${done ? 'done' : index === at ? 'at' : 'later'} aria-current=${index === at ? 'step' : nothing}
      ><span aria-hidden="true">${done ? '✓' : index === at ? '●' : '○'}</span> ${say(`watch.${step}`)}</li>`;
  })}</ol>`;
}
