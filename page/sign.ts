import { html, svg, type TemplateResult } from 'lit';
import type { Machine } from '../contract/http.ts';

export type Letter = NonNullable<Machine['letter']>;

// One outline per letter of NE 107, so that the sign can be told without its colour. Drawn in a square of 32.
const outlines: Readonly<Record<Letter, TemplateResult>> = {
  F: svg`<circle cx="16" cy="16" r="14"/>`,
  C: svg`<path d="M3.6 4.5h24.8a2 2 0 0 1 1.7 3L17.8 28.6a2.1 2.1 0 0 1-3.6 0L1.9 7.5a2 2 0 0 1 1.7-3z"/>`,
  S: svg`<path d="M14.2 3.1a2.1 2.1 0 0 1 3.6 0l12.4 22a2.1 2.1 0 0 1-1.8 3.1H3.6a2.1 2.1 0 0 1-1.8-3.1z"/>`,
  M: svg`<path d="M14.5 1.9a2.1 2.1 0 0 1 3 0l12.6 12.6a2.1 2.1 0 0 1 0 3L17.5 30.1a2.1 2.1 0 0 1-3 0L1.9 17.5a2.1 2.1 0 0 1 0-3z"/>`,
};
const baselines: Readonly<Record<Letter, number>> = { F: 21.6, C: 18.6, S: 24.6, M: 21.6 };

/** The sign of a letter; `open` draws the outline only (somebody is on it, or it is over). Decoration: its text stands beside it. */
export function letterSign(letter: Letter, open = false): TemplateResult {
  return html`<svg class="sign sign-${letter} ${open ? 'sign-open' : ''}" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    ${outlines[letter]}<text x="16" y=${baselines[letter]} text-anchor="middle">${letter}</text>
  </svg>`;
}

/** The sign of a machine as a whole. Grey and quiet unless something is abnormal. */
export function machineSign(machine: Machine): TemplateResult {
  const { condition, letter, learning } = machine;
  if (condition === 'acknowledged') return letterSign(letter ?? machine.openCase?.letter ?? 'M', true);
  if (condition === 'case') return letterSign(letter ?? machine.openCase?.letter ?? 'M');
  if (condition === 'limit') return letterSign(letter ?? machine.openCase?.letter ?? 'S');
  if (condition === 'stale') {
    return letter
      ? letterSign(letter)
      : html`<svg class="sign sign-stale" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <circle cx="16" cy="16" r="13"/><path d="M16 8.5V16l5 3.5"/>
        </svg>`;
  }
  if (condition === 'learning') {
    const share = Math.min(100, Math.max(3, learning.percent));
    return html`<svg class="sign sign-quiet" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle class="ring" cx="16" cy="16" r="11"/>
      <circle class="arc" cx="16" cy="16" r="11" pathLength="100" stroke-dasharray="${share} 100" transform="rotate(-90 16 16)"/>
    </svg>`;
  }
  if (condition === 'off') {
    return html`<svg class="sign sign-quiet" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle class="ring" cx="16" cy="16" r="11"/><path class="arc" d="M11 16h10"/>
    </svg>`;
  }
  return html`<svg class="sign sign-quiet" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <circle class="ring" cx="16" cy="16" r="11"/><path class="arc" d="M11 16.4l3.6 3.6 6.6-7.4"/>
  </svg>`;
}
