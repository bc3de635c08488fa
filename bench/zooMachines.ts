import { seededNormal, seededRandom } from './labelledStream.ts';
import type { Recording, RecordedEvent } from './recordings.ts';

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const dayMs = 86_400_000;
export const weekMs = 7 * dayMs;

/** Draws for one machine: uniform in [0, 1), and standard normal. */
export interface Luck {
  uniform(): number;
  normal(): number;
}

/** One row at a time, written into `into`. */
export type RowMaker = (timeMs: number, into: Float64Array) => void;

/** What is wrong with how it works; '': nothing. */
interface Wear {
  course: string;
}

export interface ZooMachine {
  name: string;
  columns: readonly string[];
  /** Per column, how far off is clearly off: five times what it scatters around what can be known of it. */
  clear: readonly number[];
  stepMs: number;
  commissioningMs: number;
  /** Judged time after it. */
  judgedMs: number;
  /** False alarms a week that are asked for, so that ten are over the seeds. */
  perWeek: number;
  make(luck: Luck, worn: Wear): RowMaker;
  /** Its faults: what is wrong with the course of a cycle; else the four kinds that are put on top of any signal. */
  courses?: readonly string[];
  /** Time between two rows, where it is not always the same. */
  irregular?: true;
  /** Share of values that are missing. */
  missing?: number;
}

/** First-order noise with a memory: marginal spread 1. */
export function remembering({ normal }: Luck, memory: number): () => number {
  let before = normal();
  const fresh = Math.sqrt(1 - memory * memory);
  return () => (before = memory * before + fresh * normal());
}

/** How far a first-order lag comes in a row. */
export const share = (stepMs: number, constantMs: number): number => 1 - Math.exp(-stepMs / constantMs);
export const swing = (timeMs: number, periodMs: number, phase = 0): number => Math.sin((2 * Math.PI * timeMs) / periodMs + phase);

/** A pump in the open: the day's warmth and the weather, and what follows them late. */
function outdoors(luck: Luck): RowMaker {
  const weather = remembering(luck, 0.9995);
  let casing = 20;
  return (timeMs, into) => {
    const ambient = 15 + 6 * swing(timeMs, dayMs) + 3 * weather();
    casing += share(minuteMs, 40 * minuteMs) * (ambient + 18 - casing);
    into.set([ambient + 0.1 * luck.normal(), casing + 0.15 * luck.normal(), 4 - 0.01 * ambient + 0.03 * luck.normal(), 11 + 0.05 * luck.normal()]);
  };
}

/** Noise with four memories, from none to one of twenty rows. */
function wandering(luck: Luck): RowMaker {
  const noises = [0, 0.5, 0.8, 0.95].map((memory) => remembering(luck, memory));
  return (_, into) => noises.forEach((noise, column) => (into[column] = 50 + 10 * column + noise()));
}

/** An oven: setpoints that change every few hours, a temperature that gets there late, the power that it takes. */
function setpoints(luck: Luck): RowMaker {
  let setpoint = 180;
  let temperature = 180;
  let flow = 8;
  return (_, into) => {
    if (luck.uniform() < 1 / 1_000) setpoint = 160 + 10 * Math.floor(5 * luck.uniform());
    const before = temperature;
    temperature += share(10 * secondMs, 4 * minuteMs) * (setpoint - temperature);
    flow += share(10 * secondMs, minuteMs) * (4 + setpoint / 45 - flow);
    const power = 2 + 0.02 * temperature + 1.5 * (temperature - before);
    into.set([setpoint, temperature + 0.4 * luck.normal(), power + 0.05 * luck.normal(), flow + 0.06 * luck.normal()]);
  };
}

/** Batches: it works for half an hour or so and rests; nothing says when but what it does. */
function batches(luck: Luck): RowMaker {
  let on = false;
  let left = 60;
  let warmth = 30;
  let strength = 1;
  return (_, into) => {
    left -= 1;
    if (left <= 0) {
      on = !on;
      left = Math.round((on ? 180 : 90) * (0.8 + 0.4 * luck.uniform()));
      if (on) strength = 0.97 + 0.06 * luck.uniform();
    }
    warmth += share(10 * secondMs, 10 * minuteMs) * ((on ? 60 : 30) - warmth);
    into.set([on ? 8 * strength + 0.15 * luck.normal() : 0.4 + 0.02 * luck.normal(), warmth + 0.3 * luck.normal(), (on ? 5 * strength : 1) + 0.05 * luck.normal()]);
  };
}

/** What cannot be below 0: noise that multiplies, waiting times, counts in a minute. */
function positive(luck: Luck): RowMaker {
  const level = remembering(luck, 0.9);
  return (_, into) => {
    let count = 0;
    for (let left = 12; (left += Math.log(1 - luck.uniform())) > 0;) count += 1;
    let waited = 0;
    for (let part = 0; part < 4; part += 1) waited -= Math.log(1 - luck.uniform());
    into.set([2 * Math.exp(0.25 * luck.normal()), 5 * Math.exp(0.15 * level()), waited, count]);
  };
}

/** A tank that is filled and drawn down, a filter that is cleaned when it is dirty, and a pressure beside them. */
function saws(luck: Luck): RowMaker {
  let tank = 50;
  let filling = false;
  let dirt = 0;
  return (_, into) => {
    tank += filling ? 2.2 : -0.5 - 0.1 * luck.uniform();
    if (tank > 85) filling = false;
    if (tank < 30) filling = true;
    dirt += 0.004 * (0.8 + 0.4 * luck.uniform());
    if (dirt > 1) dirt = 0;
    into.set([tank + 0.2 * luck.normal(), 0.2 + dirt + 0.02 * luck.normal(), 3 + 0.004 * tank + 0.02 * luck.normal()]);
  };
}

/** Readings of a 12-bit card: much of their range is unused, so that a step is as large as the noise or larger. */
function twelveBit(luck: Luck): RowMaker {
  const level = remembering(luck, 0.998);
  const step = 100 / 4_096;
  return (timeMs, into) => {
    const reading = (value: number): number => Math.round(value / step) * step;
    into.set([reading(40 + 0.3 * step * luck.normal()), reading(55 + step * luck.normal()), reading(60 + 4 * step * level() + 0.7 * step * luck.normal()),
      reading(20 + 20 * step * swing(timeMs, dayMs) + 2 * step * luck.normal())]);
  };
}

/** Values that are sent when they are there: gaps between rows of all lengths, and one value in eight missing. */
function irregular(luck: Luck): RowMaker {
  const slow = remembering(luck, 0.97);
  return (timeMs, into) => into.set([30 + luck.normal(), 5 + 0.4 * swing(timeMs, dayMs) + 0.1 * luck.normal(), 100 + 3 * slow() + luck.normal(), 12 + 0.3 * luck.normal()]);
}

/** An analyser that repeats its last sample for a quarter of an hour, beside what is measured all the time. */
function analyser(luck: Luck): RowMaker {
  const quality = remembering(luck, 0.8);
  let sample = 40;
  let row = 0;
  return (_, into) => {
    if (row % 15 === 0) sample = Math.round(100 * (40 + 0.5 * quality())) / 100;
    row += 1;
    into.set([sample, 70 + 0.5 * luck.normal(), 2.5 + 0.04 * luck.normal()]);
  };
}

/** A compressor over a quarter of a year: the season, the week with its weekend, the day. */
function seasons(luck: Luck): RowMaker {
  const own = remembering(luck, 0.7);
  return (timeMs, into) => {
    const season = swing(timeMs, 90 * dayMs);
    const works = timeMs % weekMs < 5 * dayMs ? 1 : 0.4;
    const hour = works * (0.6 + 0.4 * Math.max(0, swing(timeMs, dayMs)));
    into.set([20 + 8 * season + 2 * swing(timeMs, dayMs) + 0.4 * luck.normal(), 30 + 20 * hour + 0.8 * own(), 55 + 3 * season + 6 * hour + 0.4 * luck.normal()]);
  };
}

/** A test bed that is read every second: signals that share causes, pulses of the pump, slow warmth. */
function testBed(luck: Luck): RowMaker {
  const common = remembering(luck, 0.9);
  const slow = remembering(luck, 0.9995);
  return (timeMs, into) => {
    const shared = common();
    const warmth = slow();
    const pulse = swing(timeMs, 17 * secondMs);
    into.set([1 + 0.02 * shared + 0.02 * luck.normal(), 2 + 0.05 * shared + 0.03 * luck.normal(), 60 + 0.5 * warmth + 0.1 * luck.normal(), 25 + 0.2 * warmth + 0.1 * luck.normal(),
      125 + 1.5 * pulse + 0.8 * luck.normal(), 0.03 + 0.002 * Math.abs(luck.normal()) + 0.001 * luck.normal()]);
  };
}

/** A spindle whose load follows its speed, with noise that grows with both; its cooling goes on and off by itself. */
function spindle(luck: Luck): RowMaker {
  let wanted = 3_000;
  let speed = 3_000;
  let load = 40;
  let heat = 30;
  let cooling = false;
  return (_, into) => {
    if (luck.uniform() < 1 / 90) {
      wanted = 1_500 + 500 * Math.floor(6 * luck.uniform());
      load = 20 + 60 * luck.uniform();
    }
    speed += share(10 * secondMs, 20 * secondMs) * (wanted - speed);
    heat += share(10 * secondMs, 15 * minuteMs) * (20 + load / 3 + speed / 200 - (cooling ? 8 : 0) - heat);
    if (heat > 36) cooling = true;
    if (heat < 32) cooling = false;
    into.set([speed + 5 * luck.normal(), load + luck.normal(), 1 + load / 12 + speed / 1_500 + (0.05 + load / 1_000) * luck.normal(),
      0.8 + speed / 2_500 + (0.04 + speed / 60_000) * luck.normal(), heat + 0.2 * luck.normal()]);
  };
}

/** What a machine that repeats itself does within one cycle: for each signal the share of the cycle at which it goes somewhere, and where. */
type Course = readonly (readonly [at: number, level: number])[];

function levelOf(course: Course, at: number): number {
  let level = course.at(-1)![1];
  for (const [from, next] of course) if (at >= from) level = next;
  return level;
}

/** A press: strokes one after the other, edges as sharp as the rows, the pace a little different each time and never a whole number of rows; how strong differs a little from part to part. */
function press(rows: number): ZooMachine['make'] {
  return (luck) => {
    const pace = remembering(luck, 0.9);
    let at = luck.uniform();
    let length = rows;
    let strength = 1;
    let oil = 42;
    return (timeMs, into) => {
      at += 1 / length;
      if (at >= 1) {
        at -= 1;
        length = rows * (1 + 0.01 * pace());
        strength = 1 + 0.01 * luck.normal();
      }
      const position = at < 0.1 ? 10 * at : at < 0.45 ? 1 : at < 0.55 ? 1 - 10 * (at - 0.45) : 0;
      const force = levelOf([[0, 0], [0.1, 420 * strength], [0.2, 610 * strength], [0.4, 80], [0.45, 0]], at);
      const power = levelOf([[0, 9], [0.1, 22 * strength], [0.2, 14 * strength], [0.4, 6], [0.55, 1.5]], at);
      oil += share(secondMs, 30 * minuteMs) * (42 + 2 * swing(timeMs, dayMs) - oil) + 0.002 * luck.normal();
      into.set([300 * position + 0.3 * luck.normal(), force + 4 * luck.normal(), power + 0.15 * luck.normal(), oil + 0.1 * luck.normal()]);
    };
  };
}

/** A test rig that goes through the same loads every 60 rows: pressure, flow and power in steps, a vibration with them, oil and cooling that hardly feel it. */
function loadCycles(luck: Luck): RowMaker {
  const warmth = remembering(luck, 0.9998);
  let row = 0;
  return (_, into) => {
    const at = (row % 60) / 60;
    row += 1;
    const load = levelOf([[0, 1], [0.15, 0.72], [0.3, 0.85], [0.45, 0.78], [0.6, 0.9], [0.75, 0.74], [0.9, 0.82]], at);
    const flow = levelOf([[0, 7.5], [0.17, 2.1], [0.3, 8], [0.45, 6.2], [0.62, 8.4], [0.75, 0.3], [0.9, 5]], at);
    const warm = warmth();
    into.set([185 * load + 0.8 * luck.normal(), flow + 0.06 * luck.normal(), 2_750 * load - 40 * flow + 12 * luck.normal(), 0.55 + 0.2 * load + 0.02 * luck.normal(),
      50 + 1.2 * warm + 0.08 * luck.normal(), 1.6 - 0.03 * warm + 0.02 * luck.normal()]);
  };
}

/**
 * Injection moulding: every shot fills, packs to a peak, holds and cools, then waits for the handling, a little longer or shorter each time. What may be wrong with a shot leaves level,
 * spread and extremes of the signals nearly as they are.
 */
function moulding(luck: Luck, worn: Wear): RowMaker {
  const heat = remembering(luck, 0.9995);
  let at = 0;
  let length = 38;
  let size = 1;
  let pressure = 0;
  return (_, into) => {
    at += 1;
    if (at >= length) {
      at -= length;
      length = 37 + 2 * luck.uniform();
      size = 1 + 0.01 * luck.normal();
    }
    const slow = worn.course === 'slow rise' ? 2 : 1;
    const since = at - (worn.course === 'late peak' ? 1.5 : 0) - 6;
    const holdEnd = worn.course === 'short hold' ? 19 : 22;
    const sag = worn.course === 'sagging hold' && at > 12 ? 10 * (at - 12) : 0;
    if (at < 6 || since < 0) pressure = 80 * Math.min(1, at / 6);
    else if (since < 3 * slow) pressure = 80 + (260 * since) / slow / 1.5;
    else if (at < 12) pressure = 600 - (200 * (since - 3 * slow)) / Math.max(1, 6 - 3 * slow);
    else pressure = at < holdEnd ? 400 - sag : Math.max(0, 400 - sag - 250 * (at - holdEnd));
    pressure = Math.max(0, Math.min(600, pressure));
    const screw = at < 8 ? 90 - 10 * at : at < 22 ? 10 - 0.2 * (at - 8) : Math.min(90, 7.2 + 8 * (at - 22));
    into.set([size * pressure + 4 * luck.normal(), screw + 0.3 * luck.normal(), (at < 8 ? 18 : at < 22 ? 6 : 11) * size + 0.2 * luck.normal(), 60 + 1.5 * heat() + 0.1 * luck.normal()]);
  };
}

const minutely = { stepMs: minuteMs, commissioningMs: weekMs, judgedMs: 4 * weekMs, perWeek: 1 };
const tenSeconds = { stepMs: 10 * secondMs, commissioningMs: 3 * dayMs, judgedMs: 7 * dayMs, perWeek: 3.5 };
const everySecond = { stepMs: secondMs, commissioningMs: dayMs / 4, judgedMs: dayMs * 1.5, perWeek: 14 };

export const zooMachines: readonly ZooMachine[] = [
  { name: 'pump in the open, 1 min', columns: ['ambient', 'casing', 'pressure', 'current'], clear: [8, 2, 0.15, 0.25], ...minutely, make: outdoors },
  { name: 'noise with memories, 1 min', columns: ['a', 'b', 'c', 'd'], clear: [5, 5, 5, 6], ...minutely, make: wandering },
  { name: 'oven with setpoints, 10 s', columns: ['setpoint', 'temperature', 'power', 'flow'], clear: [0, 4, 0.4, 0.4], ...tenSeconds, make: setpoints },
  { name: 'batches, 10 s', columns: ['current', 'temperature', 'pressure'], clear: [8, 20, 4], ...tenSeconds, make: batches },
  { name: 'skewed noise and counts, 1 min', columns: ['vibration', 'particles', 'waiting', 'count'], clear: [3, 4, 10, 18], ...minutely, make: positive },
  { name: 'tank and filter, 1 min', columns: ['level', 'filter', 'pressure'], clear: [60, 1.2, 0.3], ...minutely, make: saws },
  { name: '12-bit readings, 10 s', columns: ['a', 'b', 'c', 'd'], clear: [0.1, 0.15, 0.5, 0.7], ...tenSeconds, make: twelveBit },
  { name: 'irregular with gaps, 30 s', columns: ['a', 'b', 'c', 'd'], clear: [5, 1.5, 15, 1.5], ...minutely, stepMs: 30 * secondMs, irregular: true, missing: 1 / 8, make: irregular },
  { name: 'analyser beside others, 1 min', columns: ['quality', 'temperature', 'pressure'], clear: [3, 2.5, 0.2], ...minutely, make: analyser },
  {
    name: 'season and week, 5 min', columns: ['outside', 'load', 'temperature'], clear: [8, 20, 8],
    ...minutely, stepMs: 5 * minuteMs, commissioningMs: 2 * weekMs, judgedMs: 10 * weekMs, make: seasons,
  },
  {
    name: 'test bed, 1 s', columns: ['one', 'two', 'warm', 'water', 'flow', 'rough'], clear: [0.15, 0.3, 3, 1.5, 8, 0.02],
    stepMs: secondMs, commissioningMs: dayMs / 4, judgedMs: dayMs / 2, perWeek: 21, make: testBed,
  },
  { name: 'press, 60 rows a stroke, 1 s', columns: ['position', 'force', 'power', 'oil'], clear: [300, 600, 20, 1.5], ...everySecond, make: press(60) },
  { name: 'press, 200 rows a stroke, 1 s', columns: ['position', 'force', 'power', 'oil'], clear: [300, 600, 20, 1.5], ...everySecond, make: press(200) },
  {
    name: 'load cycles of 60 rows, 1 s', columns: ['pressure', 'flow', 'power', 'vibration', 'oil', 'cooling'], clear: [60, 9, 900, 0.3, 5, 0.2],
    ...everySecond, make: loadCycles,
  },
  {
    name: 'moulding, 38 rows a shot, 1 s', columns: ['pressure', 'screw', 'power', 'mould'], clear: [0, 0, 0, 0], ...everySecond, make: moulding,
    courses: ['slow rise', 'late peak', 'short hold', 'sagging hold'],
  },
  { name: 'spindle, 10 s', columns: ['speed', 'load', 'current', 'vibration', 'heat'], clear: [0, 0, 0.5, 0.6, 6], ...tenSeconds, make: spindle },
];

const faultKinds = ['offset', 'drift', 'stuck', 'noise'] as const;
const faultRows: Readonly<Record<(typeof faultKinds)[number], number>> = { offset: 240, drift: 480, stuck: 200, noise: 120 };
const faultsEach = 8;
/** Rows of a fault of the course of its cycles. */
const courseRows = 600;

/**
 * A recording of one of these machines.
 * @param faults whether eight faults are in it, of four kinds in turn, each as large as `clear` says: an offset (240 rows), a drift that ends there (480), a value that
 * stands still (200), noise of a third of it (120)
 */
export function zooRecording(machine: ZooMachine, seed: number, faults: boolean): Recording {
  const random = seededRandom(seed * 7_919 + machine.name.length * 104_729);
  const luck: Luck = { uniform: random, normal: seededNormal(random) };
  const other = seededRandom(seed * 31 + 5);
  const { stepMs, commissioningMs, judgedMs, columns, clear, missing = 0 } = machine;
  const rows = Math.round((commissioningMs + judgedMs) / stepMs);
  const width = columns.length;
  const values = new Float64Array(rows * width);
  const times = new Float64Array(rows);
  const commissioningRows = Math.round(commissioningMs / stepMs);
  const worn: Wear = { course: '' };
  const next = machine.make(luck, worn);
  const planned = faults && machine.courses !== undefined ? plannedCourses(machine.courses, rows, commissioningRows, other) : [];
  for (let row = 0, timeMs = 0; row < rows; row += 1) {
    times[row] = timeMs;
    worn.course = planned.find(({ begin }) => row >= begin && row < begin + courseRows)?.kind ?? '';
    next(timeMs, values.subarray(row * width, (row + 1) * width));
    timeMs += machine.irregular === true ? Math.max(secondMs, Math.round(-stepMs * Math.log(1 - other()))) : stepMs;
  }
  const events = machine.courses !== undefined
    ? planned.map(({ kind, begin }): RecordedEvent => ({ startMs: times[begin]!, endMs: times[begin + courseRows - 1]!, kind }))
    : faults ? withFaults(values, times, width, commissioningRows, clear, other) : [];
  if (missing > 0) for (let place = 0; place < values.length; place += 1) if (other() < missing) values[place] = NaN;
  return { name: `${machine.name} ${seed}`, columns: [...columns], times, values, commissioningRows, events };
}

/** Eight faults of the course, each kind in turn. */
function plannedCourses(courses: readonly string[], rows: number, first: number, random: () => number): { kind: string; begin: number }[] {
  const slot = Math.floor((rows - first) / faultsEach);
  return Array.from({ length: faultsEach }, (_, index) => ({
    kind: courses[index % courses.length]!, begin: first + index * slot + Math.floor(slot * 0.2 + random() * (slot * 0.6 - courseRows)),
  }));
}

function withFaults(values: Float64Array, times: Float64Array, width: number, first: number, clear: readonly number[], random: () => number): RecordedEvent[] {
  const normal = seededNormal(random);
  const faulty = clear.flatMap((size, column) => (size > 0 ? [column] : []));
  const slot = Math.floor((times.length - first) / faultsEach);
  return Array.from({ length: faultsEach }, (_, index): RecordedEvent => {
    const kind = faultKinds[index % faultKinds.length]!;
    const length = faultRows[kind];
    const begin = first + index * slot + Math.floor(slot * 0.2 + random() * (slot * 0.6 - length));
    const column = faulty[Math.floor(random() * faulty.length)]!;
    const size = clear[column]! * (random() < 0.5 ? -1 : 1);
    const still = values[begin * width + column]!;
    for (let row = begin; row < begin + length; row += 1) {
      const place = row * width + column;
      if (kind === 'offset') values[place]! += size;
      else if (kind === 'drift') values[place]! += (size * (row - begin)) / length;
      else if (kind === 'noise') values[place]! += (size / 3) * normal();
      else values[place] = still;
    }
    return { startMs: times[begin]!, endMs: times[begin + length - 1]!, kind };
  });
}
