import { html } from 'lit';

/** Small drawings. All are decoration: what they mean stands beside them in words. */

export const brandMark = html`<svg viewBox="0 0 24 24" aria-hidden="true">
  <circle cx="8" cy="12" r="5"/><circle cx="16" cy="12" r="5"/>
</svg>`;

export const lostMark = html`<svg viewBox="0 0 24 24" aria-hidden="true">
  <path d="M4 4l16 16M8.5 16.5a5 5 0 0 1 5.5-1M5 13a10 10 0 0 1 4.5-2.6M15 10.6A10 10 0 0 1 19 13"/>
  <path d="M2 9.5A15 15 0 0 1 6 7M11 5.6A15 15 0 0 1 22 9.5M12 20h.01"/>
</svg>`;

export const closeMark = html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>`;

/** A key, for one's own password; the button says so in words to who cannot see it. */
export const passwordMark = html`<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="7.5" cy="12" r="4.5"/><path d="M12 12h10M18 12v4"/></svg>`;

/** To the left where the other machine stands before this one, to the right where it stands behind. */
export const wayMarks = {
  upstream: html`<svg class="way" viewBox="0 0 24 24" aria-hidden="true"><path d="M10 6l-6 6 6 6M4 12h16"/></svg>`,
  downstream: html`<svg class="way" viewBox="0 0 24 24" aria-hidden="true"><path d="M14 6l6 6-6 6M20 12H4"/></svg>`,
};

export const keyMarks = {
  line: html`<svg viewBox="0 0 20 10" aria-hidden="true"><line class="k-line" x1="1" x2="19" y1="5" y2="5"/></svg>`,
  band: html`<svg viewBox="0 0 20 10" aria-hidden="true"><rect class="k-band" x="1" y="0" width="18" height="10" rx="2"/></svg>`,
  outside: html`<svg viewBox="0 0 20 10" aria-hidden="true">
    <line class="k-out" x1="1" x2="19" y1="5" y2="5"/><circle class="k-dot" cx="10" cy="5" r="3.4"/>
  </svg>`,
};
