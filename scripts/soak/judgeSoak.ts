/** One look at the Node-RED under soak. Bytes are bytes; a missing figure could not be had. */
export interface SoakSample {
  /** Hours of plant time since the start of the soak. */
  plantHours: number;
  heapBytes: number;
  residentBytes: number;
  /** 99 % of the event loop's delays since the last look, without the forced garbage collection. */
  loopDelayP99Ms: number;
  /** What keeps the process alive, by kind: `process.getActiveResourcesInfo()`. */
  handles: Record<string, number>;
  openFiles: number;
  outboxRecords: number;
  storeBytes: number;
  /** Events that the page's client has received so far. */
  pageEvents: number;
  /** Messages that nodes have sent so far. */
  messages: number;
}

/** Median slope of a series with an interval that holds the true one in 95 of 100 cases. */
export interface Slope {
  perHour: number;
  lowPerHour: number;
  highPerHour: number;
}

export interface SoakLimits {
  heapBytesPerHour: number;
  /** undefined: not judged, where other work on the same computer decides it. */
  loopDelayP99Ms: number | undefined;
}

export const soakLimits: SoakLimits = { heapBytesPerHour: 0.5e6, loopDelayP99Ms: 50 };

export interface SoakVerdict {
  rows: { what: string; first: number; last: number; slope: Slope; limit: string; unit: string }[];
  /** What is wrong, as sentences; empty when the soak is passed. */
  problems: string[];
}

/** The first part of a soak is learning and warming up: what is kept then is meant to be kept. */
const judgedFrom = 0.4;
const fewestSamples = 20;
/** Of the normal distribution, for 95 %. */
const twoSided95 = 1.96;

/**
 * Theil's slope (H. Theil 1950) with the interval of P. K. Sen (1968), J. Am. Stat. Assoc. 63, 1379–1389: the median over all pairs, so that up
 * to 29 % of wild samples (a deploy, a restart) do not move it. Samples of one process hang together, so the variance is that of the
 * number of independent samples they are worth, by the correlation of neighbours (Hamed and Rao 1998, first order only).
 * @param hours and values of the same length, at least 3
 */
export function theilSen(hours: readonly number[], values: readonly number[]): Slope {
  const slopes: number[] = [];
  for (let right = 1; right < hours.length; right += 1) {
    for (let left = 0; left < right; left += 1) {
      const width = hours[right]! - hours[left]!;
      if (width > 0) slopes.push((values[right]! - values[left]!) / width);
    }
  }
  slopes.sort((a, b) => a - b);
  const perHour = medianOf(slopes);
  const count = hours.length;
  const centre = medianOf(hours.map((hour, index) => values[index]! - perHour * hour).sort((a, b) => a - b));
  const left = hours.map((hour, index) => values[index]! - perHour * hour - centre);
  const correlation = Math.min(0.95, Math.max(0, neighbourCorrelation(left)));
  const kendallVariance = (count * (count - 1) * (2 * count + 5)) / 18;
  const half = (twoSided95 * Math.sqrt(kendallVariance * ((1 + correlation) / (1 - correlation)))) / 2;
  const at = (place: number): number => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(place)))] ?? NaN;
  const middle = (slopes.length - 1) / 2;
  return { perHour, lowPerHour: at(middle - half), highPerHour: at(middle + half) };
}

/**
 * Judges a soak from what came after its first part. A slope counts as too steep only if its whole interval is; a kind of handle counts as growing if it
 * surely grows and ended higher than it began (so one that is opened once is none).
 */
export function judgeSoak(all: readonly SoakSample[], limits: SoakLimits = soakLimits): SoakVerdict {
  const wholeHours = all.at(-1)?.plantHours ?? 0;
  const samples = all.filter(({ plantHours }) => plantHours >= judgedFrom * wholeHours);
  if (samples.length < fewestSamples) {
    return { rows: [], problems: [`There are ${samples.length} samples to judge by; at least ${fewestSamples} are needed.`] };
  }
  const hours = samples.map(({ plantHours }) => plantHours);
  const rows: SoakVerdict['rows'] = [];
  const problems: string[] = [];
  const row = (what: string, unit: string, limit: string, of: (sample: SoakSample) => number, scale = 1): Slope => {
    const values = samples.map((sample) => of(sample) / scale);
    const slope = theilSen(hours, values);
    rows.push({ what, first: edge(values, 'first'), last: edge(values, 'last'), slope, limit, unit });
    return slope;
  };
  const mega = 1e6;
  const heapLimit = limits.heapBytesPerHour / mega;
  const heap = row('heap after collection', 'MB', `< ${heapLimit} MB/h`, ({ heapBytes }) => heapBytes, mega);
  if (!(heap.lowPerHour <= heapLimit)) {
    problems.push(`The heap grows by ${heap.perHour.toFixed(2)} MB per plant hour (at least ${heap.lowPerHour.toFixed(2)}); allowed are ${heapLimit}.`);
  }
  row('resident memory', 'MB', '', ({ residentBytes }) => residentBytes, mega);
  const loopLimit = limits.loopDelayP99Ms;
  row('event loop delay p99', 'ms', loopLimit === undefined ? '' : `< ${loopLimit} ms`, ({ loopDelayP99Ms }) => loopDelayP99Ms);
  const loop = medianOf(samples.map(({ loopDelayP99Ms }) => loopDelayP99Ms).sort((a, b) => a - b));
  if (loopLimit !== undefined && !(loop < loopLimit)) problems.push(`The event loop's delay (p99) is ${loop.toFixed(0)} ms; allowed are ${loopLimit}.`);
  for (const kind of [...new Set(samples.flatMap(({ handles }) => Object.keys(handles)))].sort()) {
    growing(`handles: ${kind}`, ({ handles }) => (Object.hasOwn(handles, kind) ? handles[kind]! : 0));
  }
  growing('open files and sockets', ({ openFiles }) => openFiles);
  row('records waiting in the outbox', '', '', ({ outboxRecords }) => outboxRecords);
  row('files of the site', 'MB', '', ({ storeBytes }) => storeBytes, mega);
  // A soak in which nothing happens proves nothing.
  const active = (what: string, of: (sample: SoakSample) => number): void => {
    const quarter = Math.floor(samples.length / 4);
    for (let part = 0; part < 4; part += 1) {
      const from = samples[part * quarter];
      const to = samples[part === 3 ? samples.length - 1 : (part + 1) * quarter];
      if (from === undefined || to === undefined || of(to) > of(from)) continue;
      problems.push(`${what} came to a halt in quarter ${part + 1} of what is judged.`);
      return;
    }
  };
  active('The messages of the nodes', ({ messages }) => messages);
  active('The events of the page', ({ pageEvents }) => pageEvents);
  return { rows, problems };

  function growing(what: string, of: (sample: SoakSample) => number): void {
    const slope = row(what, '', 'not growing', of);
    const { first, last } = rows.at(-1)!;
    if (slope.lowPerHour > 0 && last > first) problems.push(`${what}: from ${first} to ${last}, ${slope.perHour.toFixed(2)} more each plant hour.`);
  }
}

/** The table that ends a soak. */
export function soakTable(verdict: SoakVerdict): string[] {
  const figure = (value: number): string => (Number.isFinite(value) ? value.toFixed(Math.abs(value) >= 100 ? 0 : 2) : '–');
  return [
    '| | first | last | change per plant hour (95 %) | allowed |',
    '|---|---|---|---|---|',
    ...verdict.rows.map(({ what, first, last, slope, limit, unit }) => {
      const change = `${figure(slope.perHour)} (${figure(slope.lowPerHour)} … ${figure(slope.highPerHour)})`;
      return `| ${what}${unit === '' ? '' : `, ${unit}`} | ${figure(first)} | ${figure(last)} | ${change} | ${limit} |`;
    }),
  ];
}

function edge(values: readonly number[], which: 'first' | 'last'): number {
  const size = Math.max(1, Math.floor(values.length / 5));
  const part = which === 'first' ? values.slice(0, size) : values.slice(-size);
  return medianOf([...part].sort((a, b) => a - b));
}

function medianOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function neighbourCorrelation(values: readonly number[]): number {
  let together = 0;
  let alone = 0;
  for (const [index, value] of values.entries()) {
    alone += value * value;
    if (index > 0) together += value * values[index - 1]!;
  }
  return alone === 0 ? 0 : together / alone;
}
