import { seededNormal, seededRandom } from './labelledStream.ts';
import type { Recording } from './recordings.ts';

const stepMs = 30_000;
const dayMs = 86_400_000;

/** One row of a machine without a fault, written into `into`. */
type RowMaker = (timeMs: number, into: Float64Array) => void;

/** Independent normal noise around four levels. */
function calm(seed: number): RowMaker {
  const normal = seededNormal(seededRandom(seed));
  return (_, into) => {
    for (let column = 0; column < 4; column += 1) into[column] = 20 * (column + 1) + (0.2 + 0.1 * column) * normal();
  };
}

/** Noise with a memory (0.8 of the row before) and fat tails (Student's t with 5 degrees of freedom). */
function rough(seed: number): RowMaker {
  const normal = seededNormal(seededRandom(seed));
  const before = new Float64Array(4);
  return (_, into) => {
    for (let column = 0; column < 4; column += 1) {
      let squares = 0;
      for (let freedom = 0; freedom < 5; freedom += 1) squares += normal() ** 2;
      before[column] = 0.8 * before[column]! + normal() / Math.sqrt(squares / 5);
      into[column] = 100 + before[column]!;
    }
  };
}

/** Speeds and loads that change every half hour or so; a current and a pressure that follow them, a vibration that scatters more with the load, a slow temperature. */
function changing(seed: number): RowMaker {
  const random = seededRandom(seed);
  const normal = seededNormal(random);
  let speed = 1_200;
  let load = 50;
  let wanted = 1_200;
  let temperature = 40;
  return (timeMs, into) => {
    if (random() < 1 / 60) {
      wanted = 900 + 150 * Math.floor(5 * random());
      load = 30 + 10 * Math.floor(5 * random());
    }
    speed += 0.3 * (wanted - speed);
    const ambient = 20 + 5 * Math.sin((2 * Math.PI * timeMs) / dayMs);
    temperature += (stepMs / 1_200_000) * (ambient + 0.4 * load + speed / 100 - temperature);
    into.set([speed + 3 * normal(), load + 0.5 * normal(), 1 + load / 20 + speed / 800 + 0.05 * normal(), 2 + (speed / 1_000) ** 2 + 0.03 * normal(),
      1 + speed / 1_500 + (0.03 + load / 1_500) * normal(), temperature + 0.2 * normal()]);
  };
}

/** Coarse steps of the instrument, a day's swing, and noise of another size in each column. */
function coarse(seed: number): RowMaker {
  const normal = seededNormal(seededRandom(seed));
  return (timeMs, into) => {
    const swing = Math.sin((2 * Math.PI * timeMs) / dayMs);
    for (let column = 0; column < 4; column += 1) into[column] = Math.round((50 + 2 * column * swing + (0.3 + 0.2 * column) * normal()) * 5) / 5;
  };
}

export interface HealthyMachine {
  name: string;
  recordings(weeks: number): Iterable<Recording>;
}

function machine(name: string, columns: readonly string[], make: (seed: number) => RowMaker, machines = 2): HealthyMachine {
  return {
    name,
    *recordings(weeks) {
      for (let seed = 1; seed <= machines; seed += 1) {
        const rows = Math.round((weeks * 7 * dayMs) / stepMs);
        const next = make(100 * seed + name.length);
        const values = new Float64Array(rows * columns.length);
        const times = Float64Array.from({ length: rows }, (_, row) => row * stepMs);
        for (let row = 0; row < rows; row += 1) next(times[row]!, values.subarray(row * columns.length, (row + 1) * columns.length));
        yield { name: `${name} ${seed}`, columns: [...columns], times, values, commissioningRows: Math.round((7 * dayMs) / stepMs), events: [] };
      }
    },
  };
}

const plain = ['one', 'two', 'three', 'four'];

/** Machines that nothing is wrong with, a row every 30 s: whatever is told of them is a false alarm. */
export const healthyMachines: readonly HealthyMachine[] = [
  machine('independent normal noise', plain, calm),
  machine('noise with memory and fat tails', plain, rough),
  machine('changing speed and load', ['speed', 'load', 'current', 'pressure', 'vibration', 'temperature'], changing),
  machine('coarse resolution, daily swing', plain, coarse),
];
