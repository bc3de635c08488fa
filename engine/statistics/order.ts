/** The middle value of the first `count` numbers; reorders them. NaN when there are none. */
export function medianInPlace(numbers: Float64Array, count = numbers.length): number {
  if (count === 0) return NaN;
  const sorted = numbers.subarray(0, count).sort();
  const middle = count >> 1;
  return count % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which the share `quantile` (0–1) of ascending numbers lies, linear between neighbours (Hyndman and Fan 1996, type 7). */
export function quantileOfSorted(sorted: ArrayLike<number>, quantile: number): number {
  if (sorted.length === 0) return NaN;
  const place = (sorted.length - 1) * Math.min(1, Math.max(0, quantile));
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** The median of seven numbers at `offset`, without moving them. */
export function medianOfSeven(numbers: Float64Array, offset: number): number {
  for (let candidate = 0; candidate < 7; candidate += 1) {
    const value = numbers[offset + candidate]!;
    let below = 0;
    let equal = 0;
    for (let other = 0; other < 7; other += 1) {
      const against = numbers[offset + other]!;
      if (against < value) below += 1;
      else if (against === value) equal += 1;
    }
    if (below <= 3 && below + equal >= 4) return value;
  }
  return NaN;
}
