/** A slow wave with noise and one decimal: what an analog input gives. */
export function analogSignal(index: number, signal: number, random: () => number): number {
  return Math.round(10 * (50 + signal + 5 * Math.sin((index + 37 * signal) / 300) + random())) / 10;
}
