import { dayMs, minuteMs, remembering, secondMs, share, swing, weekMs } from './zooMachines.ts';
import type { Luck, RowMaker, ZooMachine } from './zooMachines.ts';

/** A chiller by its thermostat: on and off every quarter of an hour or so, sooner on warm days. */
function chiller(luck: Luck): RowMaker {
  const weather = remembering(luck, 0.999);
  let brine = -4;
  let on = false;
  return (timeMs, into) => {
    const outside = 14 + 7 * swing(timeMs, dayMs, -2) + 2 * weather();
    if (brine > -3) on = true;
    if (brine < -6) on = false;
    brine += 0.06 * (1 + outside / 40) - (on ? 0.28 : 0);
    const power = on ? 30 + 0.3 * outside : 1.2;
    into.set([outside + 0.2 * luck.normal(), brine + 0.05 * luck.normal(), power + (on ? 0.4 : 0.05) * luck.normal(), (on ? 14 + 0.15 * outside : 9) + 0.1 * luck.normal()]);
  };
}

/** Two values every ten minutes, and few of them known. */
function cellar(luck: Luck): RowMaker {
  const slow = remembering(luck, 0.98);
  return (timeMs, into) => into.set([12 + 1.5 * swing(timeMs, dayMs) + 0.3 * slow() + 0.15 * luck.normal(), 71 - 2 * swing(timeMs, dayMs) + 0.8 * luck.normal()]);
}

/** A fan whose speed wanders, rows when they come, some cut short. */
function fan(luck: Luck): RowMaker {
  const wander = remembering(luck, 0.995);
  return (_, into) => {
    const speed = 900 + 120 * wander();
    const part = speed / 1_000;
    into.set([speed + 3 * luck.normal(), 18 * part ** 3 + 0.12 * luck.normal(), 600 * part ** 2 + 6 * luck.normal(), 1.8 * part + 0.08 * luck.normal(), 45 + 8 * part + 0.4 * luck.normal()]);
  };
}

/** A line with four recipes, each for some hours, each with levels and scatter of its own; nothing says which it is. */
function recipes(luck: Luck): RowMaker {
  const levels = [[40, 3, 170], [55, 4.5, 190], [48, 2.2, 150], [62, 5, 205]] as const;
  let recipe = 0;
  let heat = 170;
  return (_, into) => {
    if (luck.uniform() < 1 / 1_400) recipe = Math.floor(4 * luck.uniform());
    const [torque, pressure, setting] = levels[recipe]!;
    heat += share(10 * secondMs, 6 * minuteMs) * (setting - heat);
    into.set([setting, torque * (1 + 0.015 * luck.normal()), pressure + (0.03 + 0.01 * recipe) * luck.normal(), heat + 0.3 * luck.normal()]);
  };
}

/** Readings in halves and in whole numbers, of what wanders and swings. */
function halves(luck: Luck): RowMaker {
  const slow = remembering(luck, 0.997);
  const fast = remembering(luck, 0.6);
  return (timeMs, into) => into.set([Math.round(2 * (41 + 1.4 * slow() + 0.1 * luck.normal())) / 2, Math.round(230 + 1.2 * fast()),
    Math.round(10 * (5 + 0.4 * swing(timeMs, dayMs) + 0.06 * luck.normal())) / 10]);
}

/** Noise with long memory and tails like those of turbulence, every second. */
function rapids(luck: Luck): RowMaker {
  const slow = [0.9, 0.97, 0.99].map((memory) => remembering(luck, memory));
  const tails = (): number => -Math.log(1 - luck.uniform()) * (luck.uniform() < 0.5 ? -1 : 1);
  return (_, into) => slow.forEach((noise, column) => (into[column] = 20 + noise() + 0.4 * tails()));
}

/** Thirty temperatures and currents that share three causes. */
function plant(luck: Luck): RowMaker {
  const causes = [0.9, 0.98, 0.995].map((memory) => remembering(luck, memory));
  const weights = Array.from({ length: 30 }, () => causes.map(() => luck.normal()));
  return (_, into) => {
    const now = causes.map((cause) => cause());
    weights.forEach((own, column) => (into[column] = 50 + own[0]! * now[0]! + own[1]! * now[1]! + own[2]! * now[2]! + 0.5 * luck.normal()));
  };
}

/** Two pumps that take turns, half a day each, with a valve that hunts a little. */
function turns(luck: Luck): RowMaker {
  const demand = remembering(luck, 0.99);
  return (timeMs, into) => {
    const first = Math.floor(timeMs / (dayMs / 2)) % 2 === 0;
    const flow = 60 + 6 * demand() + 10 * Math.max(0, swing(timeMs, dayMs));
    into.set([first ? 4 + flow / 12 + 0.08 * luck.normal() : 0.1 + 0.02 * luck.normal(), first ? 0.1 + 0.02 * luck.normal() : 4.4 + flow / 11 + 0.08 * luck.normal(),
      flow + 0.6 * luck.normal(), 5.2 - flow / 80 + 0.1 * swing(timeMs, 23 * minuteMs) + 0.03 * luck.normal()]);
  };
}

/** An injection moulding cell, 37 rows a shot, with a pause now and then and a slow drift of the mould's warmth after each. */
function shots(luck: Luck): RowMaker {
  let at = 0;
  let pause = 0;
  let mould = 60;
  let strength = 1;
  return (_, into) => {
    if (pause > 0) pause -= 1;
    else {
      at += 1 / 37;
      if (at >= 1) {
        at = 0;
        strength = 1 + 0.008 * luck.normal();
        if (luck.uniform() < 1 / 60) pause = 60 + Math.floor(240 * luck.uniform());
      }
    }
    const busy = pause === 0;
    mould += share(secondMs, 5 * minuteMs) * ((busy ? 62 : 50) - mould);
    const injects = busy && at < 0.2;
    const holds = busy && at >= 0.2 && at < 0.5;
    into.set([(injects ? 900 * strength : holds ? 420 : 12) + 4 * luck.normal(), (injects ? 38 * strength : holds ? 21 : busy ? 9 : 3) + 0.3 * luck.normal(),
      mould + 0.15 * luck.normal(), (busy ? 100 * at : 0) + 0.3 * luck.normal()]);
  };
}

/** A compressor with load and idle, long off at night and at the weekend. */
function shifts(luck: Luck): RowMaker {
  const own = remembering(luck, 0.8);
  let loaded = false;
  let oil = 20;
  return (timeMs, into) => {
    const hour = (timeMs % dayMs) / (dayMs / 24);
    const works = timeMs % weekMs < 5 * dayMs && hour >= 6 && hour < 22;
    if (luck.uniform() < 1 / 12) loaded = !loaded;
    oil += share(minuteMs, 30 * minuteMs) * ((works ? 72 : 18) - oil);
    into.set([works ? (loaded ? 75 : 28) + 0.8 * own() : 0.3 + 0.05 * luck.normal(), works ? 7.4 + (loaded ? 0.1 : -0.1) + 0.03 * luck.normal() : 6.9 + 0.01 * luck.normal(),
      oil + 0.4 * luck.normal(), works ? 2.2 + 0.15 * luck.normal() : 0.05 + 0.01 * luck.normal()]);
  };
}

const minutely = { stepMs: minuteMs, commissioningMs: weekMs, judgedMs: 4 * weekMs, perWeek: 1 };

/** Machines that no detector was tuned on, written after the others: other paces, widths, regimes and lengths of commissioning. */
export const zooStrangers: readonly ZooMachine[] = [
  { name: 'chiller, 30 s', columns: ['outside', 'brine', 'power', 'pressure'], clear: [0, 6, 25, 4], ...minutely, stepMs: 30 * secondMs, judgedMs: 3 * weekMs, make: chiller },
  { name: 'cellar, 10 min, two days', columns: ['temperature', 'humidity'], clear: [3, 6], stepMs: 10 * minuteMs, commissioningMs: 2 * dayMs, judgedMs: 8 * weekMs, perWeek: 1, make: cellar },
  {
    name: 'fan, some 20 s', columns: ['speed', 'power', 'pressure', 'vibration', 'casing'], clear: [0, 1.5, 50, 0.5, 3],
    ...minutely, stepMs: 20 * secondMs, commissioningMs: 3 * dayMs, judgedMs: 2 * weekMs, perWeek: 2, irregular: true, missing: 0.05, make: fan,
  },
  {
    name: 'recipes, 10 s', columns: ['setting', 'torque', 'pressure', 'heat'], clear: [0, 6, 0.4, 3],
    ...minutely, stepMs: 10 * secondMs, commissioningMs: 4 * dayMs, judgedMs: weekMs, perWeek: 3.5, make: recipes,
  },
  { name: 'halves and whole numbers, 1 min', columns: ['oil', 'voltage', 'level'], clear: [8, 9, 1], ...minutely, make: halves },
  { name: 'rapids, 1 s', columns: ['a', 'b', 'c'], clear: [7, 7, 7], ...minutely, stepMs: secondMs, commissioningMs: dayMs / 4, judgedMs: dayMs, perWeek: 21, make: rapids },
  {
    name: 'thirty signals, 1 min', columns: Array.from({ length: 30 }, (_, index) => `t${index}`), clear: Array.from({ length: 30 }, () => 6),
    ...minutely, judgedMs: 3 * weekMs, perWeek: 1.5, make: plant,
  },
  { name: 'pumps in turn, 1 min', columns: ['first', 'second', 'flow', 'pressure'], clear: [0, 0, 40, 0.6], ...minutely, make: turns },
  {
    name: 'shots of 37 rows, 1 s', columns: ['pressure', 'power', 'mould', 'screw'], clear: [900, 36, 8, 90],
    ...minutely, stepMs: secondMs, commissioningMs: dayMs / 4, judgedMs: 1.5 * dayMs, perWeek: 14, make: shots,
  },
  { name: 'shifts, 1 min', columns: ['power', 'pressure', 'oil', 'vibration'], clear: [70, 0.6, 20, 1], ...minutely, make: shifts },
];
