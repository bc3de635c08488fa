import { logGamma } from './studentT.ts';

/** The regularised lower incomplete gamma function P(a, x): series below a + 1, continued fraction above (DLMF 8.11.4, 8.9.2). a > 0. */
export function incompleteGamma(a: number, x: number): number {
  if (!(x > 0)) return 0;
  if (x === Infinity) return 1;
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let step = 1; step < 2_000 && term > 1e-14 * sum; step += 1) {
      term *= x / (a + step);
      sum += term;
    }
    return Math.min(1, front * sum);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let step = 1; step < 2_000; step += 1) {
    const term = -step * (step - a);
    b += 2;
    d = 1 / (term * d + b || 1e-300);
    c = b + term / c || 1e-300;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return Math.max(0, 1 - front * fraction);
}
