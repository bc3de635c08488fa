import { html, nothing, type TemplateResult } from 'lit';
import type { MachineProperty } from '../contract/http.ts';
import { bandGauge } from './bandGauge.ts';
import { steadyDecimals, plainName, shownNumber, shownUnit, shownValue } from './format.ts';
import { sideOf } from './summary.ts';
import type { Say } from './texts.ts';

/**
 * One value: its name, the gauge, the number, and in words what is wrong with it. `withRange` also writes the normal
 * range; `learning` keeps the place of a range that is still to come.
 */
export function propertyRow(say: Say, property: MachineProperty, withRange: boolean, learning: boolean): TemplateResult {
  const decimals = steadyDecimals(property);
  const unit = typeof property.value === 'number' ? shownUnit(property.unit) : '';
  const side = property.abnormal ? sideOf(property.value, property.low, property.high) : undefined;
  const doubt = property.stale ? say('value.old') : property.quality === 'good' ? '' : say(`value.${property.quality}`);
  const known = property.low !== undefined || property.high !== undefined;
  const range =
    property.low !== undefined && property.high !== undefined
      ? say('band.normal', { low: shownNumber(say, property.low, decimals), high: shownNumber(say, property.high, decimals) })
      : '';
  return html`<div class="property ${property.abnormal ? 'abnormal' : ''} ${property.stale ? 'stale' : ''}">
    <dt><bdi>${plainName(property.label, 60)}</bdi></dt>
    <dd class="drawn">${known || (learning && typeof property.value === 'number') ? bandGauge(say, property) : nothing}</dd>
    <dd class="value">
      <span class="number">${side ? html`<span class="arrow" aria-hidden="true">${side === 'up' ? '▲' : '▼'}</span>` : nothing}<bdi
        >${shownValue(say, property.value, decimals)}</bdi></span><span class="unit">${unit}</span>
      ${doubt ? html`<span class="doubt">${doubt}</span>` : nothing}
    </dd>
    ${withRange || property.abnormal ? html`<dd class="range">${range}</dd>` : nothing}
  </div>`;
}
