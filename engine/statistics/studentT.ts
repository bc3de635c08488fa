import { normalQuantile } from './normalQuantile.ts';

/** ln Γ (Lanczos 1964, g 5, 6 terms; error below 2e-10). x > 0. */
export function logGamma(x: number): number {
  const terms = [76.18009172947146, -86.5053203294168, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5];
  let sum = 1.000000000190015;
  for (const [index, term] of terms.entries()) sum += term / (x + index + 1);
  const t = x + 5.5;
  return (x + 0.5) * Math.log(t) - t + Math.log((2.506628274631 * sum) / x);
}

/** The regularised incomplete beta function I_x(a, b) by its continued fraction (Lentz 1976; DLMF 8.17.22). 0 ≤ x ≤ 1; a, b > 0. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let step = 1; step <= 500; step += 1) {
    const even = (step * (b - step) * x) / ((a + 2 * step - 1) * (a + 2 * step));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    fraction *= c * d;
    const odd = (-(a + step) * (a + b + step) * x) / ((a + 2 * step) * (a + 2 * step + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    const change = c * d;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-14) break;
  }
  return front * fraction;
}

function nonZero(number: number, tiny: number): number {
  return Math.abs(number) < tiny ? tiny : number;
}

/** Share of Student's t distribution (1908) at or below `t`. */
export function studentTShare(t: number, degrees: number): number {
  const tail = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** The value below which `share` (above 0, below 1) of Student's t distribution lies; `degrees` ≥ 1. */
export function studentTQuantile(share: number, degrees: number): number {
  if (share === 0.5) return 0;
  if (share < 0.5) return -studentTQuantile(1 - share, degrees);
  let low = 0;
  let high = Math.max(2, 2 * normalQuantile(share));
  while (studentTShare(high, degrees) < share && high < 1e12) high *= 2;
  for (let step = 0; step < 200 && high - low > 1e-12 * high; step += 1) {
    const middle = (low + high) / 2;
    if (studentTShare(middle, degrees) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
