import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PackagingLine, faultNames, machineNames, products, tagDefinitions } from '../../demo/packagingLine.ts';
import type { FaultName } from '../../demo/packagingLine.ts';

const tickMs = 30_000;
const minuteTicks = 2;

function number(line: PackagingLine, tag: string): number {
  const value = line.value(tag);
  assert.equal(typeof value, 'number', tag);
  return value as number;
}

function run(line: PackagingLine, ticks: number, each: (line: PackagingLine) => void = () => {}): void {
  for (let tick = 0; tick < ticks; tick++) {
    line.step(tickMs);
    each(line);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** Readings of one tag while its machine produces. */
function producing(line: PackagingLine, tag: string, ticks: number): number[] {
  const state = `${tag.split('.')[0]}.State`;
  const values: number[] = [];
  run(line, ticks, () => {
    if (line.value(state) === 'producing') values.push(number(line, tag));
  });
  return values;
}

describe('packaging line', () => {
  it('repeats exactly with the same seed, and only then', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.array(fc.integer({ min: 20, max: 60_000 }), { minLength: 1, maxLength: 40 }), (seed, steps) => {
        const first = new PackagingLine(seed);
        const second = new PackagingLine(seed);
        const other = new PackagingLine(seed + 1);
        for (const dtMs of steps) for (const line of [first, second, other]) line.step(dtMs);
        assert.deepEqual([...first.values()], [...second.values()]);
        assert.notDeepEqual([...first.values()], [...other.values()]);
      }),
      { numRuns: 30, seed: 20_261_122 },
    );
  });

  it('has six to twelve tags a machine, each with a value of its type before the first step', () => {
    const line = new PackagingLine(1);
    for (const machine of machineNames) {
      const count = tagDefinitions.filter((tag) => tag.name.startsWith(`${machine}.`)).length;
      assert.ok(count >= 6 && count <= 12, `${machine}: ${count}`);
    }
    assert.equal(line.values().size, tagDefinitions.length);
    for (const tag of tagDefinitions) {
      const expected = tag.dataType === 'String' ? 'string' : tag.dataType === 'UInt64' ? 'bigint' : 'number';
      assert.equal(typeof line.value(tag.name), expected, tag.name);
    }
  });

  it('stays finite and physical over three days', () => {
    const line = new PackagingLine(7);
    run(line, 3 * 24 * 60 * minuteTicks, () => {
      for (const tag of tagDefinitions) {
        const value = line.value(tag.name);
        if (typeof value === 'number') assert.ok(Number.isFinite(value) && value >= 0, `${tag.name} = ${value}`);
      }
      assert.ok(number(line, 'Labeller.CycleCount') <= 65_535);
    });
  });

  it('draws more current and shakes more at a higher speed', () => {
    const bySpeed = new Map<number, { current: number[]; vibration: number[] }>(products.map((product) => [product.speed, { current: [], vibration: [] }]));
    const line = new PackagingLine(3);
    let settled = 0;
    run(line, 8 * 60 * minuteTicks, () => {
      settled = line.value('Filler.State') === 'producing' ? settled + 1 : 0;
      if (settled < 4) return;
      const readings = bySpeed.get(number(line, 'Filler.SpeedSetpoint'))!;
      readings.current.push(number(line, 'Filler.MotorCurrent'));
      readings.vibration.push(number(line, 'Filler.Vibration'));
    });
    const ordered = [...bySpeed].sort(([a], [b]) => a - b).map(([, readings]) => readings);
    assert.ok(ordered.every((readings) => readings.current.length > 50));
    for (let index = 1; index < ordered.length; index++) {
      assert.ok(mean(ordered[index]!.current) > mean(ordered[index - 1]!.current) + 0.5);
      assert.ok(mean(ordered[index]!.vibration) > mean(ordered[index - 1]!.vibration) + 0.1);
    }
  });

  it('changes over between three products about every forty minutes and stops at shift end', () => {
    const line = new PackagingLine(5);
    const seen = new Set<unknown>();
    const states = new Map<unknown, number>();
    let changeovers = 0;
    let before: unknown = line.value('Filler.State');
    run(line, 24 * 60 * minuteTicks, () => {
      const state = line.value('Filler.State');
      states.set(state, (states.get(state) ?? 0) + 1);
      if (state === 'changeover' && before !== 'changeover') changeovers++;
      before = state;
      seen.add(line.value('Filler.Product'));
    });
    assert.deepEqual([...seen].sort(), products.map((product) => product.name).sort());
    assert.ok(changeovers >= 28 && changeovers <= 38, `${changeovers} changeovers in a day`);
    assert.equal(states.get('stopped')! / minuteTicks, 36, 'three shift ends of twelve minutes');
    assert.ok(states.get('producing')! > 0.8 * 24 * 60 * minuteTicks);
  });

  it('needs time from the filler to the labeller', () => {
    const line = new PackagingLine(5);
    const first = new Map<string, number>();
    for (let second = 0; second < 3600 && first.size < 3; second++) {
      line.step(1000);
      for (const machine of machineNames) if (line.value(`${machine}.State`) === 'changeover' && !first.has(machine)) first.set(machine, second);
    }
    assert.equal(first.get('Sealer')! - first.get('Filler')!, 20);
    assert.equal(first.get('Labeller')! - first.get('Filler')!, 60);
  });

  it('counts on: 16 bits roll over at the labeller, 18 digits stay exact', () => {
    const line = new PackagingLine(2);
    let labelled = 0;
    let rollovers = 0;
    let before = number(line, 'Labeller.CycleCount');
    const serial = line.value('Labeller.LabelSerial') as bigint;
    run(line, 12 * 60 * minuteTicks, () => {
      const now = number(line, 'Labeller.CycleCount');
      if (now < before) rollovers++;
      labelled += now >= before ? now - before : now + 65_536 - before;
      before = now;
    });
    assert.ok(rollovers >= 1);
    assert.equal(line.value('Labeller.LabelSerial'), serial + BigInt(labelled));
    assert.equal(String(serial).length, 18);
  });

  it('a bottle has one serial number at all machines', () => {
    const line = new PackagingLine(2);
    const seen = new Map<string, Map<bigint, number>>([['Filler.BottleSerial', new Map()], ['Sealer.BottleSerial', new Map()], ['Labeller.LabelSerial', new Map()]]);
    for (let second = 0; second < 3 * 3600; second += 1) {
      line.step(1000);
      for (const [tag, times] of seen) if (!times.has(line.value(tag) as bigint)) times.set(line.value(tag) as bigint, second);
    }
    const [filled, sealed, labelled] = [...seen.values()] as [Map<bigint, number>, Map<bigint, number>, Map<bigint, number>];
    const ways = (from: Map<bigint, number>, to: Map<bigint, number>): number[] => [...from].flatMap(([serial, second]) => (to.has(serial) ? [to.get(serial)! - second] : []));
    assert.ok(ways(filled, sealed).length > 1000);
    for (const way of ways(filled, sealed)) assert.ok(Math.abs(way - 20) <= 1, `${way} s to the sealer`);
    for (const way of ways(sealed, labelled)) assert.ok(Math.abs(way - 40) <= 1, `${way} s to the labeller`);
  });

  it('bottles that were sealed too cold are found 40 s later, and hardly one else', () => {
    const leaks = (faulty: boolean): number[] => {
      const line = new PackagingLine(11, { shiftEnds: false });
      const found: number[] = [];
      run(line, 90 * minuteTicks, () => {
        line.setFault('JawTemperatureLow', faulty && line.elapsedMs >= 20 * 60_000 && line.elapsedMs < 50 * 60_000);
        found.push(number(line, 'Labeller.LeakCount'));
      });
      return found;
    };
    const [well, cold] = [leaks(false), leaks(true)];
    assert.deepEqual(cold.slice(0, 20 * minuteTicks), well.slice(0, 20 * minuteTicks));
    const usual = well.at(-1)! - well[0]!;
    assert.ok(usual >= 1 && usual < 25, `${usual} leak without a fault`);
    const during = cold[53 * minuteTicks]! - cold[20 * minuteTicks]!;
    assert.ok(during > 80, `${during} leak with cold jaws`);
    assert.ok(cold.at(-1)! - cold[54 * minuteTicks]! < 15, 'and not for long after');
  });

  it('refuses steps that are no time', () => {
    for (const dtMs of [0, -1, NaN, Infinity]) assert.throws(() => new PackagingLine(1).step(dtMs), RangeError);
    assert.throws(() => new PackagingLine(1).value('Filler.Nothing'), RangeError);
  });

  const moves: Readonly<Record<FaultName, readonly string[]>> = {
    BearingWear: ['Filler.MotorCurrent', 'Filler.Vibration'],
    JawTemperatureLow: ['Labeller.LeakCount', 'Sealer.JawTemperature'],
    StuckSensor: ['Filler.Pressure'],
    LabelSensorNoise: ['Labeller.LabelSensor'],
    PlcFrozen: tagDefinitions.map((tag) => tag.name),
  };

  for (const fault of faultNames) {
    it(`${fault} moves its own tags and nothing else`, () => {
      const faulty = new PackagingLine(11);
      const healthy = new PackagingLine(11);
      run(faulty, 20);
      run(healthy, 20);
      faulty.setFault(fault, true);
      const moved = new Set<string>();
      for (let tick = 0; tick < 60 * minuteTicks; tick++) {
        faulty.step(tickMs);
        healthy.step(tickMs);
        for (const tag of tagDefinitions) if (faulty.value(tag.name) !== healthy.value(tag.name)) moved.add(tag.name);
      }
      assert.deepEqual([...moved].sort(), [...moves[fault]].sort());
    });

    it(`${fault} goes away when it is switched off`, () => {
      const faulty = new PackagingLine(11);
      const healthy = new PackagingLine(11);
      faulty.setFault(fault, true);
      run(faulty, 60 * minuteTicks);
      faulty.setFault(fault, false);
      run(faulty, 5 * minuteTicks);
      run(healthy, 65 * minuteTicks);
      // What leaked has leaked.
      const lasting = (line: PackagingLine): [string, unknown][] => [...line.values()].filter(([tag]) => fault !== 'JawTemperatureLow' || tag !== 'Labeller.LeakCount');
      assert.deepEqual(lasting(faulty), lasting(healthy));
    });
  }

  it('bearing wear creeps: little after five minutes, much after forty-five', () => {
    const line = new PackagingLine(11, { shiftEnds: false });
    const healthy = mean(producing(line, 'Filler.Vibration', 20));
    line.setFault('BearingWear', true);
    const early = mean(producing(line, 'Filler.Vibration', 5 * minuteTicks));
    run(line, 40 * minuteTicks);
    const late = producing(line, 'Filler.Vibration', 15 * minuteTicks);
    assert.ok(early - healthy < 0.6, `early +${early - healthy}`);
    assert.ok(mean(late) - healthy > 1.5, `late +${mean(late) - healthy}`);
  });

  it('a stuck sensor is bit-equal, a noisy label sensor several times as noisy', () => {
    const line = new PackagingLine(11, { shiftEnds: false });
    const quiet = deviation(producing(line, 'Labeller.LabelSensor', 60));
    const before = number(line, 'Filler.Pressure');
    line.setFault('StuckSensor', true);
    line.setFault('LabelSensorNoise', true);
    const noisy: number[] = [];
    run(line, 60, () => {
      assert.equal(line.value('Filler.Pressure'), before);
      noisy.push(number(line, 'Labeller.LabelSensor'));
    });
    assert.ok(deviation(noisy) > 5 * quiet);
    line.resetFaults();
    line.step(tickMs);
    assert.notEqual(line.value('Filler.Pressure'), before);
    assert.ok(faultNames.every((name) => !line.isFaultOn(name)));
  });
});
