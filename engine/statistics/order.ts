/** The middle value of the first `count` numbers; reorders them. NaN when there are none. */
export function medianInPlace(numbers: Float64Array, count = numbers.length): number {
  if (count === 0) return NaN;
  const sorted = numbers.subarray(0, count).sort();
  const middle = count >> 1;
  return count % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which the share `quantile` (0–1) of ascending numbers lies, linear in between (Hyndman and Fan 1996, type 7). */
export function quantileOfSorted(sorted: ArrayLike<number>, quantile: number): number {
  if (sorted.length === 0) return NaN;
  const place = (sorted.length - 1) * Math.min(1, Math.max(0, quantile));
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/**
 * The median of seven numbers at `offset`, without moving them: a selection network (Knuth, The Art of Computer Programming,
 * volume 3, 5.3.4), which has no branches to mispredict. None of them may be NaN.
 */
export function medianOfSeven(numbers: Float64Array, offset: number): number {
  let a = numbers[offset]!;
  let b = numbers[offset + 1]!;
  let c = numbers[offset + 2]!;
  let d = numbers[offset + 3]!;
  let e = numbers[offset + 4]!;
  let f = numbers[offset + 5]!;
  let g = numbers[offset + 6]!;
  let low = Math.min(a, f);
  f = Math.max(a, f);
  a = Math.min(low, d);
  d = Math.max(low, d);
  low = Math.min(b, g);
  g = Math.max(b, g);
  b = low;
  low = Math.min(c, e);
  e = Math.max(c, e);
  c = low;
  // The smallest of all goes out of sight here, and the largest below: neither can be the median.
  b = Math.max(a, b);
  low = Math.min(d, f);
  f = Math.max(d, f);
  d = low;
  low = Math.min(c, g);
  g = Math.max(c, g);
  c = low;
  d = Math.max(c, d);
  d = Math.min(d, g);
  e = Math.min(e, f);
  low = Math.min(b, e);
  e = Math.max(b, e);
  b = low;
  d = Math.max(b, d);
  return Math.min(d, e);
}

/** Place of the first of `count` ascending numbers that is at or above `value`; `count` where none is. */
export function placeOf(ascending: ArrayLike<number>, value: number, count = ascending.length): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
