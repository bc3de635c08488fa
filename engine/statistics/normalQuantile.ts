/**
 * The value below which `share` (above 0, below 1) of the standard normal distribution lies (Acklam 2003, relative error below 1.2e-9).
 */
export function normalQuantile(share: number): number {
  if (!(share > 0 && share < 1)) return share <= 0 ? -Infinity : Infinity;
  if (share > 0.5) return -normalQuantile(1 - share);
  const low = 0.02425;
  if (share < low) {
    const q = Math.sqrt(-2 * Math.log(share));
    const c = [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
    const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
    return polynomial(c, q) / polynomial(d, q);
  }
  const q = share - 0.5;
  const r = q * q;
  const a = [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239];
  const b = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1];
  return (polynomial(a, r) * q) / polynomial(b, r);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

/** Share of the standard normal distribution at or below `x` (Abramowitz and Stegun 7.1.26 refined by W. J. Cody's form; error below 1e-7). */
export function normalShare(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const series = [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];
  const tail = t * Math.exp(-z * z + polynomial(series, t)) / 2;
  return x > 0 ? 1 - tail : tail;
}
