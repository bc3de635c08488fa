export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** How long each call took in ms, ascending. */
export async function timed(times: number, ask: (index: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < times; index++) {
    const at = performance.now();
    await ask(index);
    took.push(performance.now() - at);
  }
  return took.sort((a, b) => a - b);
}
