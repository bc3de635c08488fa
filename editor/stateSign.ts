import type { TwinState } from '../contract/http.ts';

const svgNames = 'http://www.w3.org/2000/svg';

// One outline per letter of NE 107, so that the sign can be told without its colour. Drawn in a square of 32.
const outlines = {
  F: 'M16 2a14 14 0 1 1 0 28a14 14 0 1 1 0-28z',
  C: 'M2 4h28L16 30z',
  S: 'M16 2l14 26H2z',
  M: 'M16 1l15 15-15 15L1 16z',
} as const;
const baselines = { F: 22, C: 19, S: 25, M: 22 } as const;
const ring = 'M16 5a11 11 0 1 1 0 22a11 11 0 1 1 0-22z';
const quiet = { learning: 'M16 9v7h6', off: 'M11 16h10', normal: 'M11 16.4l3.6 3.6 6.6-7.4' } as const;

/** The sign of a machine by letter and shape; grey and quiet unless something is abnormal. Decoration: a text stands beside it. */
export function stateSign({ condition, letter = 'M' }: Pick<TwinState, 'condition' | 'letter'>): SVGSVGElement {
  const sign = element('svg', { viewBox: '0 0 32 32', 'aria-hidden': 'true', focusable: 'false' }) as SVGSVGElement;
  sign.classList.add('twinwire-sign');
  if (condition === 'learning' || condition === 'off' || condition === 'normal') {
    sign.dataset['kind'] = 'quiet';
    sign.append(element('path', { d: ring }), element('path', { d: quiet[condition] }));
    return sign;
  }
  sign.dataset['kind'] = condition === 'acknowledged' ? 'open' : letter;
  const text = element('text', { x: '16', y: String(baselines[letter]), 'text-anchor': 'middle' });
  text.textContent = letter;
  sign.append(element('path', { d: outlines[letter] }), text);
  return sign;
}

function element(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(svgNames, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
