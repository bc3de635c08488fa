import { SeededRandom } from './seededRandom.ts';

/**
 * A packaging line, filler → sealer → labeller, as a PLC would see it: the model behind the demo's OPC UA server.
 *
 * It has no clock: `step(dtMs)` moves it on by so much plant time and leaves the tags as they read then. The same seed and
 * the same calls give the same values. Chance is drawn in the same order whether a fault is on or not, so two lines with the same
 * seed, one healthy and one not, differ in nothing but what the fault does.
 */

export const machineNames = ['Filler', 'Sealer', 'Labeller'] as const;
export type MachineName = (typeof machineNames)[number];

export const faultNames = ['BearingWear', 'JawTemperatureLow', 'StuckSensor', 'LabelSensorNoise', 'PlcFrozen'] as const;
export type FaultName = (typeof faultNames)[number];

/** What a machine says of itself; the words of ISA-TR88.00.02 (PackML) that people use, in lower case. */
export type LineState = 'producing' | 'changeover' | 'stopped';

export type TagDataType = 'Double' | 'UInt16' | 'UInt32' | 'UInt64' | 'String';

export interface TagDefinition {
  /** `Filler.Speed`; the NodeId is `ns=1;s=Filler.Speed`. */
  name: string;
  dataType: TagDataType;
  /** UCUM code; '' for counts and texts. */
  unit: string;
  description: string;
}

export type TagValue = number | bigint | string;

/** A product with the settings that a changeover brings. */
export interface Product {
  name: string;
  /** Bottles per minute. */
  speed: number;
  /** Litres in a bottle: a heavier bottle loads the filler's drive. */
  volume: number;
  /** °C */
  jawTemperature: number;
  /** bar */
  fillPressure: number;
}

export const products: readonly Product[] = [
  { name: 'Still 0.5 l', speed: 120, volume: 0.5, jawTemperature: 165, fillPressure: 2.5 },
  { name: 'Still 1.0 l', speed: 90, volume: 1.0, jawTemperature: 171, fillPressure: 2.2 },
  { name: 'Sparkling 0.33 l', speed: 140, volume: 0.33, jawTemperature: 161, fillPressure: 2.7 },
];

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Wear needs this long from nothing to its full size, and a repaired machine this long to be as before. */
const wearMs = 45 * minute;
const jawDriftMs = 20 * minute;
const jawDriftDegrees = 16;
/** A worn heater makes its control hunt: between nothing and all of the fault, up and down. */
const jawHuntsMs = 5 * minute;
const repairMs = 2 * minute;

const ambientTemperature = 22;

/** How long a bottle needs from the filler to each machine: states and changeovers reach them that much later. */
const transitMs: Readonly<Record<MachineName, number>> = { Filler: 0, Sealer: 20 * second, Labeller: 60 * second };

/** What was sealed too cold is found so much later, when it stands in front of the labeller's camera. */
const leakFoundMs = transitMs.Labeller - transitMs.Sealer;
/** Of a thousand bottles, one leaks whatever the jaws do; each degree beyond four below what the recipe asks adds twenty. */
const leaksAlways = 0.001;
const leaksPerDegree = 0.02;
const jawsForgive = 4;

interface Phase {
  startMs: number;
  state: LineState;
  product: Product;
}

/** What the line is to make when. Grows as time goes on and forgets what every machine has behind it. */
class Schedule {
  private readonly phases: Phase[] = [];
  private endMs = 0;
  private productIndex = 0;
  private readonly random: SeededRandom;
  private nextShiftEndMs: number;

  constructor(seed: number, shiftEnds: boolean) {
    this.random = new SeededRandom(seed);
    // The line is watched from the third hour of an eight-hour shift on.
    this.nextShiftEndMs = shiftEnds ? 6 * hour : Infinity;
  }

  /** Ask in time order; times more than an hour behind the latest one are forgotten. */
  at(timeMs: number): Phase {
    while (this.endMs <= timeMs) this.extend();
    while (this.phases.length > 1 && this.phases[1]!.startMs < timeMs - hour) this.phases.shift();
    for (let index = this.phases.length - 1; index > 0; index--) {
      if (this.phases[index]!.startMs <= timeMs) return this.phases[index]!;
    }
    return this.phases[0]!;
  }

  private extend(): void {
    const product = products[this.productIndex % products.length]!;
    const producingMs = (36 + 8 * this.random.uniform()) * minute;
    if (this.endMs + producingMs > this.nextShiftEndMs) {
      this.add('producing', product, Math.max(0, this.nextShiftEndMs - this.endMs));
      this.add('stopped', product, 12 * minute);
      this.nextShiftEndMs += 8 * hour;
      return;
    }
    this.add('producing', product, producingMs);
    this.productIndex++;
    this.add('changeover', products[this.productIndex % products.length]!, (3 + 2 * this.random.uniform()) * minute);
  }

  private add(state: LineState, product: Product, durationMs: number): void {
    if (durationMs > 0) this.phases.push({ startMs: this.endMs, state, product });
    this.endMs += durationMs;
  }
}

/** A quantity that follows its target with one time constant; exact for any step length. */
class Lag {
  value: number;

  constructor(value: number) {
    this.value = value;
  }

  follow(target: number, timeConstantMs: number, dtMs: number): void {
    this.value = target + (this.value - target) * Math.exp(-dtMs / timeConstantMs);
  }
}

interface MachineParts {
  state: LineState;
  product: Product;
  speed: Lag;
  motorTemperature: Lag;
  /** Bottles, with the part of the one in the machine. */
  bottles: number;
  producingMs: number;
}

const tagTable: readonly (readonly [MachineName, string, TagDataType, string, string])[] = [
  ['Filler', 'Speed', 'Double', '/min', 'Bottles per minute'],
  ['Filler', 'SpeedSetpoint', 'Double', '/min', 'Speed asked for by the recipe'],
  ['Filler', 'Temperature', 'Double', 'Cel', 'Gearbox temperature'],
  ['Filler', 'Pressure', 'Double', 'bar', 'Pressure in the filling ring'],
  ['Filler', 'MotorCurrent', 'Double', 'A', 'Current of the main drive'],
  ['Filler', 'Vibration', 'Double', 'mm/s', 'Velocity at the main bearing, root mean square'],
  ['Filler', 'CycleCount', 'UInt32', '', 'Bottles filled'],
  ['Filler', 'OperatingHours', 'Double', 'h', 'Hours of production'],
  ['Filler', 'State', 'String', '', 'producing, changeover or stopped'],
  ['Filler', 'Product', 'String', '', 'Recipe in use'],
  ['Filler', 'BottleSerial', 'UInt64', '', 'Serial number of the last bottle filled, 18 digits'],
  ['Sealer', 'Speed', 'Double', '/min', 'Bottles per minute'],
  ['Sealer', 'JawTemperature', 'Double', 'Cel', 'Temperature of the sealing jaws'],
  ['Sealer', 'JawTemperatureSetpoint', 'Double', 'Cel', 'Jaw temperature asked for by the recipe'],
  ['Sealer', 'Pressure', 'Double', 'bar', 'Closing pressure of the jaws'],
  ['Sealer', 'MotorCurrent', 'Double', 'A', 'Current of the main drive'],
  ['Sealer', 'Vibration', 'Double', 'mm/s', 'Velocity at the crank, root mean square'],
  ['Sealer', 'CycleCount', 'UInt32', '', 'Bottles sealed'],
  ['Sealer', 'OperatingHours', 'Double', 'h', 'Hours of production'],
  ['Sealer', 'State', 'String', '', 'producing, changeover or stopped'],
  ['Sealer', 'BottleSerial', 'UInt64', '', 'Serial number of the last bottle sealed, 18 digits'],
  ['Labeller', 'Speed', 'Double', '/min', 'Bottles per minute'],
  ['Labeller', 'Temperature', 'Double', 'Cel', 'Temperature of the label drive'],
  ['Labeller', 'WebTension', 'Double', 'N', 'Tension of the label web'],
  ['Labeller', 'LabelSensor', 'Double', 'V', 'Signal of the label gap sensor'],
  ['Labeller', 'MotorCurrent', 'Double', 'A', 'Current of the label drive'],
  ['Labeller', 'Vibration', 'Double', 'mm/s', 'Velocity at the applicator, root mean square'],
  ['Labeller', 'CycleCount', 'UInt16', '', 'Bottles labelled, rolls over after 65,535'],
  ['Labeller', 'LabelSerial', 'UInt64', '', 'Serial number of the last label, 18 digits'],
  ['Labeller', 'LeakCount', 'UInt32', '', 'Leaking bottles that the camera rejected'],
  ['Labeller', 'OperatingHours', 'Double', 'h', 'Hours of production'],
  ['Labeller', 'State', 'String', '', 'producing, changeover or stopped'],
  ['Labeller', 'Product', 'String', '', 'Recipe in use'],
];

export const tagDefinitions: readonly TagDefinition[] = tagTable.map(([machine, tag, dataType, unit, description]) => ({
  name: `${machine}.${tag}`,
  dataType,
  unit,
  description,
}));

/** Counters of a machine that has run before: the labeller's 16 bits roll over within the first hour. */
const firstBottles: Readonly<Record<MachineName, number>> = { Filler: 8_417_230, Sealer: 8_417_188, Labeller: 61_240 };
const firstHours: Readonly<Record<MachineName, number>> = { Filler: 1246.2, Sealer: 1246.1, Labeller: 310.4 };
/** A number that no double holds exactly. */
const firstLabelSerial = 340_123_450_000_000_017n;
const firstLeaks = 412;

export interface PackagingLineOptions {
  /** Stop for twelve minutes at each shift end. Default true. */
  shiftEnds?: boolean;
}

export class PackagingLine {
  private readonly noise: SeededRandom;
  private readonly schedule: Schedule;
  private readonly machines: Readonly<Record<MachineName, MachineParts>>;
  private readonly faults = new Map<FaultName, boolean>(faultNames.map((name) => [name, false]));
  private readonly tags = new Map<string, TagValue>();
  private readonly jawTemperature: Lag;
  private readonly fillPressure: Lag;
  /** Slow wandering that every real pressure and tension has, in units of its noise. */
  private wander = 0;
  /** 0 healthy … 1 worn out. */
  private wear = 0;
  private jawDrift = 0;
  private stuckPressure: number | undefined;
  private elapsed = 0;
  /** How many degrees too cold the jaws were, one entry a second or part of it, as long as a bottle needs to the camera. */
  private readonly sealedCold: [timeMs: number, degrees: number][] = [];
  private readonly leakChance: SeededRandom;
  private leaks = firstLeaks;
  /** Bottles that a machine has had more than the labeller when the line is found at work. */
  private readonly ahead: Readonly<Record<MachineName, bigint>>;

  constructor(seed: number, options: PackagingLineOptions = {}) {
    this.noise = new SeededRandom(seed);
    this.leakChance = new SeededRandom(seed + 2);
    this.schedule = new Schedule(seed + 1, options.shiftEnds ?? true);
    const first = this.schedule.at(0).product;
    // The line is found at work and warm: a cold start would be the first thing a new user sees drifting.
    const running = (machine: MachineName): MachineParts => ({
      state: 'producing',
      product: first,
      speed: new Lag(first.speed),
      motorTemperature: new Lag(motorTemperatureAt(machine, first.speed, ambientTemperature)),
      bottles: firstBottles[machine],
      producingMs: firstHours[machine] * hour,
    });
    this.machines = { Filler: running('Filler'), Sealer: running('Sealer'), Labeller: running('Labeller') };
    this.jawTemperature = new Lag(first.jawTemperature);
    this.fillPressure = new Lag(first.fillPressure);
    const ahead = (machine: MachineName): bigint => BigInt(Math.round((first.speed * (transitMs.Labeller - transitMs[machine])) / minute));
    this.ahead = { Filler: ahead('Filler'), Sealer: ahead('Sealer'), Labeller: 0n };
    this.read();
  }

  /** Plant time since the start, ms. */
  get elapsedMs(): number {
    return this.elapsed;
  }

  isFaultOn(name: FaultName): boolean {
    return this.faults.get(name) === true;
  }

  setFault(name: FaultName, on: boolean): void {
    this.faults.set(name, on);
  }

  resetFaults(): void {
    for (const name of faultNames) this.faults.set(name, false);
  }

  /** @throws RangeError for a name that is not in `tagDefinitions`. */
  value(tag: string): TagValue {
    const value = this.tags.get(tag);
    if (value === undefined) throw new RangeError(`The line has no tag "${tag}".`);
    return value;
  }

  /** All tags as they read now. */
  values(): ReadonlyMap<string, TagValue> {
    return this.tags;
  }

  /** Moves the line on by `dtMs` of plant time (> 0) and reads its sensors once, at the end. */
  step(dtMs: number): void {
    if (!(dtMs > 0) || !Number.isFinite(dtMs)) throw new RangeError(`A step takes a positive number of milliseconds, not ${dtMs}.`);
    for (let done = 0; done < dtMs; ) {
      // Ramps and state changes are finer than a tick of an accelerated plant.
      const part = Math.min(second, dtMs - done);
      this.advance(part);
      done += part;
    }
    this.read();
  }

  private advance(dtMs: number): void {
    this.elapsed += dtMs;
    const ambient = this.ambient();
    const labelled = this.machines.Labeller.bottles;
    for (const name of machineNames) {
      const machine = this.machines[name];
      const phase = this.schedule.at(Math.max(0, this.elapsed - transitMs[name]));
      machine.state = phase.state;
      machine.product = phase.product;
      const target = machine.state === 'producing' ? machine.product.speed : machine.state === 'changeover' ? 0.1 * machine.product.speed : 0;
      machine.speed.follow(target, 6 * second, dtMs);
      machine.motorTemperature.follow(motorTemperatureAt(name, machine.speed.value, ambient), 45 * minute, dtMs);
      if (machine.state === 'producing') {
        machine.bottles += (machine.speed.value * dtMs) / minute;
        machine.producingMs += dtMs;
      }
    }
    const { Filler: filler, Sealer: sealer } = this.machines;
    // Ring and jaws are kept ready while the line stands: it may start when they are as the recipe wants them.
    this.fillPressure.follow(filler.product.fillPressure, 25 * second, dtMs);
    this.jawTemperature.follow(sealer.product.jawTemperature, 50 * second, dtMs);
    this.wear = grown(this.wear, this.isFaultOn('BearingWear'), wearMs, dtMs);
    this.jawDrift = grown(this.jawDrift, this.isFaultOn('JawTemperatureLow'), jawDriftMs, dtMs);
    this.findLeaks(Math.floor(this.machines.Labeller.bottles) - Math.floor(labelled));
  }

  /** What the sensor would read without its noise. */
  private jaws(): number {
    return this.jawTemperature.value - jawDriftDegrees * this.jawDrift * (0.5 + 0.5 * Math.sin((2 * Math.PI * this.elapsed) / jawHuntsMs));
  }

  /** The camera sees bottles that were sealed a while ago. Chance is drawn bottle by bottle, whatever the jaws do. */
  private findLeaks(bottles: number): void {
    const { Sealer: sealer } = this.machines;
    this.sealedCold.push([this.elapsed, sealer.product.jawTemperature - this.jaws()]);
    while (this.sealedCold.length > 1 && this.sealedCold[1]![0] <= this.elapsed - leakFoundMs) this.sealedCold.shift();
    const cold = this.sealedCold[0]![1];
    for (let bottle = 0; bottle < bottles; bottle += 1) if (this.leakChance.uniform() < leaksAlways + leaksPerDegree * Math.max(0, cold - jawsForgive)) this.leaks += 1;
  }

  /** 3 °C up and down over a day. */
  private ambient(): number {
    return ambientTemperature + 3 * Math.sin((2 * Math.PI * this.elapsed) / (24 * hour));
  }

  private read(): void {
    const { Filler: filler, Sealer: sealer, Labeller: labeller } = this.machines;
    // Every reading takes its chance here, whether it is used or not: see the head of this file.
    const noise = Array.from({ length: 16 }, () => this.noise.normal()) as [...Sixteen];
    this.wander = 0.9 * this.wander + 0.3 * noise[15];
    const wearLoad = this.wear * (filler.speed.value / 120);

    const pressure = rounded(this.fillPressure.value + 0.012 * noise[2] + 0.01 * this.wander, 4);
    this.stuckPressure = this.isFaultOn('StuckSensor') ? (this.stuckPressure ?? (this.tags.get('Filler.Pressure') as number)) : undefined;
    const sensorNoise = this.isFaultOn('LabelSensorNoise') ? 9 : 1;
    if (this.isFaultOn('PlcFrozen')) return;

    this.set('Filler', filler, {
      Speed: atLeastZero(filler.speed.value + speedNoise(filler) * noise[0], 3),
      SpeedSetpoint: filler.product.speed,
      Temperature: rounded(filler.motorTemperature.value + 0.15 * noise[1], 3),
      Pressure: this.stuckPressure ?? pressure,
      MotorCurrent: atLeastZero(
        0.6 + filler.speed.value * (0.046 + 0.008 * filler.product.volume) + 2.4 * wearLoad + 0.07 * noise[3],
        4,
      ),
      Vibration: atLeastZero(0.25 + 0.013 * filler.speed.value + 3.2 * wearLoad + (0.03 + 0.0006 * filler.speed.value) * noise[4], 4),
      CycleCount: Math.floor(filler.bottles) % 4_294_967_296,
      Product: filler.product.name,
      BottleSerial: this.serial('Filler'),
    });
    this.set('Sealer', sealer, {
      Speed: atLeastZero(sealer.speed.value + speedNoise(sealer) * noise[5], 3),
      JawTemperature: rounded(this.jaws() + 0.35 * noise[6], 3),
      JawTemperatureSetpoint: sealer.product.jawTemperature,
      Pressure: rounded(4.2 + 0.02 * noise[7] + 0.015 * this.wander, 4),
      MotorCurrent: atLeastZero(0.5 + 0.031 * sealer.speed.value + 0.05 * noise[8], 4),
      Vibration: atLeastZero(0.3 + 0.009 * sealer.speed.value + (0.03 + 0.0005 * sealer.speed.value) * noise[9], 4),
      CycleCount: Math.floor(sealer.bottles) % 4_294_967_296,
      BottleSerial: this.serial('Sealer'),
    });
    this.set('Labeller', labeller, {
      Speed: atLeastZero(labeller.speed.value + speedNoise(labeller) * noise[10], 3),
      Temperature: rounded(labeller.motorTemperature.value + 0.15 * noise[11], 3),
      WebTension: rounded(18 + 0.03 * labeller.speed.value + 0.25 * noise[12] + 0.2 * this.wander, 3),
      LabelSensor: rounded(3.3 + 0.02 * sensorNoise * noise[13], 4),
      MotorCurrent: atLeastZero(0.3 + 0.018 * labeller.speed.value + 0.03 * noise[14], 4),
      Vibration: atLeastZero(0.2 + 0.006 * labeller.speed.value + (0.02 + 0.0004 * labeller.speed.value) * noise[9], 4),
      CycleCount: Math.floor(labeller.bottles) % 65_536,
      LabelSerial: this.serial('Labeller'),
      LeakCount: this.leaks % 4_294_967_296,
      Product: labeller.product.name,
    });
  }

  /** A bottle has the same number at each machine that it passes. */
  private serial(name: MachineName): bigint {
    return firstLabelSerial + BigInt(Math.floor(this.machines[name].bottles) - firstBottles[name]) + this.ahead[name];
  }

  private set(name: MachineName, machine: MachineParts, tags: Readonly<Record<string, TagValue>>): void {
    for (const [tag, value] of Object.entries(tags)) this.tags.set(`${name}.${tag}`, value);
    this.tags.set(`${name}.OperatingHours`, rounded(machine.producingMs / hour, 4));
    this.tags.set(`${name}.State`, machine.state);
  }
}

type Sixteen = [number, number, number, number, number, number, number, number, number, number, number, number, number, number, number, number];

/** Where a drive's temperature settles at a speed. */
function motorTemperatureAt(machine: MachineName, speed: number, ambient: number): number {
  return ambient + (machine === 'Filler' ? 0.12 : 0.08) * speed;
}

/** A drive at rest reads nearly no speed; one at work wavers by 0.4 %. */
function speedNoise(machine: MachineParts): number {
  return 0.02 + 0.004 * machine.speed.value;
}

/** A fault grows evenly to 1 while it is on and goes evenly, and faster, while it is off. */
function grown(size: number, on: boolean, growthMs: number, dtMs: number): number {
  return on ? Math.min(1, size + dtMs / growthMs) : Math.max(0, size - dtMs / repairMs);
}

/** To the resolution of the PLC's scaling. */
function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function atLeastZero(value: number, digits: number): number {
  return Math.max(0, rounded(value, digits));
}
