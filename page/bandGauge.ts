import { html, nothing, svg, type TemplateResult } from 'lit';
import type { MachineProperty } from '../contract/http.ts';
import { steadyDecimals, plainName, shownNumber, shownQuantity, shownUnit } from './format.ts';
import { bandEnd, bandStart, positionOnGauge } from './gaugePosition.ts';
import { sideOf } from './summary.ts';
import type { Say } from './texts.ts';

/** What a gauge says, in words. */
export function gaugeText(say: Say, property: MachineProperty): string {
  const decimals = steadyDecimals(property);
  const unit = shownUnit(property.unit);
  const label = plainName(property.label, 60);
  const value = shownQuantity(say, property.value, decimals, unit);
  if (property.low === undefined || property.high === undefined) return say('band.none', { label, value });
  const side = sideOf(property.value, property.low, property.high);
  const low = shownNumber(say, property.low, decimals);
  const high = shownNumber(say, property.high, decimals);
  return say(side === 'up' ? 'band.above' : side === 'down' ? 'band.below' : 'band.within', { label, value, low, high });
}

/** The value as a marker against its normal range. Nothing but a faint line while the range is not known. */
export function bandGauge(say: Say, property: MachineProperty): TemplateResult {
  const { value, low, high } = property;
  const position = typeof value === 'number' ? positionOnGauge(value, low, high) : undefined;
  const known = low !== undefined || high !== undefined;
  const side = sideOf(value, low, high);
  const atEnd = position !== undefined && (position <= 1 || position >= 99);
  const x = position === undefined ? 0 : Math.min(97, Math.max(3, position));
  const bandFrom = low === undefined ? 0 : bandStart;
  const bandTo = high === undefined ? 100 : bandEnd;
  const classes = `gauge ${property.abnormal ? 'abnormal' : ''} ${property.stale ? 'stale' : ''}`;
  return html`<svg class=${classes} role="img" aria-label=${gaugeText(say, property)}>
    <line class="track ${known ? '' : 'unknown'}" x1="0" x2="100%" y1="50%" y2="50%"/>
    ${known
      ? svg`<rect class="band" x="${bandFrom}%" y="50%" width="${bandTo - bandFrom}%" height="10" transform="translate(0 -5)" rx="3"/>`
      : nothing}
    ${position === undefined
      ? nothing
      : svg`<svg x="${x}%" y="50%" overflow="visible">${
          property.abnormal && atEnd && side
            ? svg`<path class="marker" d=${side === 'up' ? 'M-5-7L6 0L-5 7z' : 'M5-7L-6 0L5 7z'}/>`
            : property.abnormal
              ? svg`<path class="marker" d="M0-8L7 0L0 8L-7 0z"/>`
              : svg`<rect class="marker" x="-2" y="-8" width="4" height="16" rx="2"/>`
        }</svg>`}
  </svg>`;
}
