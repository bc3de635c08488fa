import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FoundSignal, Proposal } from '../../../contract/discovery.ts';
import { proposeMachines } from '../../../engine/discovery/proposeMachines.ts';
import { unitCode, unitInName } from '../../../engine/discovery/unitEvidence.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { namingStyles, randomPlant } from './randomPlant.ts';
import type { RandomPlant } from './randomPlant.ts';

/** Where each address goes by a proposal: machine and property. */
function assignments(proposal: Proposal): Map<string, { machine: string; property: string }> {
  const found = new Map<string, { machine: string; property: string }>();
  for (const machine of proposal.machines) {
    const type = proposal.types[machine.type];
    assert.ok(type !== undefined);
    for (const { name, address } of type.properties) {
      if (machine.lacks.includes(name)) continue;
      const own = Object.hasOwn(machine.addresses, name) ? machine.addresses[name] : address.replace(/\{machine\}/g, () => machine.placeholder);
      assert.ok(own !== undefined && own !== '' && !found.has(own), `${machine.name} ${name}: ${own}`);
      found.set(own, { machine: machine.name, property: `${machine.type} ${name}` });
    }
  }
  return found;
}

/** Even chances from a seed (Park and Miller 1988), for fast-check's own favour extremes and make machines without signals. */
function evenly(seed: number): () => number {
  let state = (Math.abs(seed) % 2_147_483_646) + 1;
  const next = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  for (let turn = 0; turn < 5; turn += 1) next();
  return next;
}

/** Shares of signals that are proposed right, of those proposed and of those that there are. */
function measured(plant: RandomPlant): { precision: number; recall: number } {
  const proposal = proposeMachines(plant.signals);
  const found = assignments(proposal);
  // Which proposed machine is which, and which property: by the most signals.
  const best = (pairs: Iterable<[string, string]>): Map<string, string> => {
    const counts = new Map<string, Map<string, number>>();
    for (const [from, to] of pairs) {
      const inner = counts.get(from) ?? new Map<string, number>();
      inner.set(to, (inner.get(to) ?? 0) + 1);
      counts.set(from, inner);
    }
    return new Map([...counts].map(([from, inner]) => [from, [...inner].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '']));
  };
  const shared = [...plant.truth].filter(([address]) => found.has(address));
  const machineOf = best(shared.map(([address, { machine }]) => [machine, found.get(address)?.machine ?? '']));
  const propertyOf = best(shared.map(([address, { quantity }]) => [quantity, found.get(address)?.property ?? '']));
  // Two machines that became one are not both right.
  const taken = new Map<string, string>();
  for (const [machine, name] of machineOf) if (!taken.has(name)) taken.set(name, machine);
  const named = new Map<string, string>();
  for (const [quantity, name] of propertyOf) if (!named.has(name)) named.set(name, quantity);
  let right = 0;
  for (const [address, { machine, quantity }] of shared) {
    const got = found.get(address);
    if (got !== undefined && taken.get(got.machine) === machine && named.get(got.property) === quantity) right += 1;
  }
  return { precision: right / Math.max(1, found.size), recall: right / plant.truth.size };
}

describe('machines proposed from found signals', function () {
  this.timeout(60_000);

  for (const style of namingStyles) {
    it(`random plants, ${style}: at least 95 % of the signals are right`, () => {
      fc.assert(
        fc.property(fc.noBias(fc.integer()), (seed) => {
          const plant = randomPlant(style, evenly(seed));
          const { precision, recall } = measured(plant);
          assert.ok(precision >= 0.95 && recall >= 0.95, `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} of ${plant.truth.size}`);
        }),
        { numRuns: 100 },
      );
    });
  }

  const press = (number: number, extra: Partial<FoundSignal> = {}): FoundSignal[] =>
    ['Hydraulics/Oil/Temp', 'Hydraulics/Pressure', 'Motor/Current', 'CycleCount', 'Running', 'Betriebsstunden'].map((path, index) => ({
      address: `nsu=urn:plant;s=Plant.Press${number}.${path.replaceAll('/', '.')}`,
      path: ['Plant', `Press${number}`, ...path.split('/')],
      parents: ['nsu=urn:plant;s=Plant', `nsu=urn:plant;s=Plant.Press${number}`],
      dataType: ['Double', 'Float', 'Float', 'UInt32', 'Boolean', 'UInt32'][index] as string,
      unit: ['°C', 'bar', 'AMP', '', '', 'h'][index] as string,
      ...extra,
    }));

  it('names, units, kinds, pattern and place are what a person would write', () => {
    const { types, machines, left } = proposeMachines([...press(1), ...press(2), ...press(3), { address: 'x', path: ['Plant', 'Power'], dataType: 'Double' }]);
    assert.deepEqual(types[0]?.properties.map(({ name, unit, kind }) => [name, unit, kind]), [
      ['hydraulics_oil_temperature', 'Cel', 'measured'], ['hydraulics_pressure', 'bar', 'measured'], ['motor_current', 'A', 'measured'],
      ['cycle_count', '', 'counter'], ['running', '', 'state'], ['betriebsstunden', 'h', 'counter'],
    ]);
    assert.equal(types[0]?.name, 'Press');
    assert.equal(types[0]?.properties[0]?.address, 'nsu=urn:plant;s=Plant.{machine}.Hydraulics.Oil.Temp');
    assert.deepEqual(machines.map(({ name, place, placeholder, root }) => [name, place, placeholder, root]), [1, 2, 3].map((number) => [
      `Press${number}`, 'Plant', `Press${number}`, `nsu=urn:plant;s=Plant.Press${number}`,
    ]));
    assert.deepEqual(left, { count: 1, reasons: { noMachine: 1 }, first: [{ address: 'x', reason: 'noMachine' }] });
  });

  it('one machine alone, and machines of two shapes', () => {
    const one = proposeMachines(press(1));
    assert.deepEqual([one.types.length, one.machines.length, one.machines[0]?.name, one.types[0]?.properties.length], [1, 1, 'Press1', 6]);
    const ovens = [1, 2].flatMap((number) => ['ZoneA/Temp', 'ZoneB/Temp', 'Gas', 'Door', 'Belt', 'Fan'].map((path) => ({
      address: `ns=2;s=Oven${number}.${path}`, path: ['Plant', `Oven${number}`, ...path.split('/')], dataType: 'Double',
    })));
    const two = proposeMachines([...press(1), ...press(2), ...ovens]);
    assert.deepEqual(two.types.map(({ name }) => name), ['Press', 'Oven']);
    assert.deepEqual(two.machines.map(({ name }) => name), ['Press1', 'Press2', 'Oven1', 'Oven2']);
  });

  it('where the pattern does not give the found address, the machine has its own', () => {
    const odd = press(2).map((signal, index) => (index === 1 ? { ...signal, address: 'ns=9;i=4711' } : signal));
    const braces = press(3).map((signal, index) => (index === 2 ? { ...signal, address: 'nsu=urn:plant;s=Press3.{x}.Current' } : signal));
    const { machines } = proposeMachines([...press(1), ...odd, ...braces]);
    assert.deepEqual(machines.map(({ addresses }) => addresses), [
      {}, { hydraulics_pressure: 'ns=9;i=4711' }, { motor_current: 'nsu=urn:plant;s=Press3.{x}.Current' },
    ]);
  });

  it('hostile names: every type is lawful, nothing is lost without a reason', () => {
    const part = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'time', '<script>alert(1)</script>', '\u202eevil', '{machine}', '"', '.', '', ' ', '١٢٣', '机器', '\u0000', 'x'.repeat(10_000), '_', '1', '[', 'a.b.c'),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    fc.assert(fc.property(fc.array(fc.record({ address: fc.oneof(part, fc.string()), path: fc.array(part, { maxLength: 6 }) }), { maxLength: 60 }), (signals) => {
      const proposal = proposeMachines(signals);
      const placed = assignments(proposal).size;
      assert.equal(placed + proposal.left.count, signals.length);
      for (const { name, properties } of proposal.types) {
        const { problems } = compileTwinType({ name, properties: properties.map((row) => ({ ...row, valueKind: row.kind })) });
        assert.deepEqual(problems, []);
      }
      const names = proposal.machines.map((machine) => machine.name);
      assert.equal(new Set(names).size, names.length);
    }), { numRuns: 300 });
  });

  it('bounds are kept and told', () => {
    const many = Array.from({ length: 20_500 }, (_, index) => ({
      address: `ns=2;s=M${index % 40}.V${Math.floor(index / 40)}`, path: ['Plant', `M${index % 40}`, `V${Math.floor(index / 40)}`], dataType: 'Double',
    }));
    const proposal = proposeMachines(many);
    assert.equal(proposal.cut, true);
    assert.equal(proposal.signals, 20_000);
    assert.equal(proposal.machines.length, 40);
    assert.equal(proposeMachines(many.slice(0, 20_000)).cut, false);
    const long = proposeMachines([{ address: 'a'.repeat(301), path: ['a'] }, { address: 'b', path: Array.from({ length: 31 }, () => 'b') }]);
    assert.deepEqual(long.left.reasons, { tooLong: 2 });
  });

  it('units come from evidence only', () => {
    assert.deepEqual(['°C', '[bar]', 'CEL', 'rpm', 'Stk', '<b>', ''].map(unitCode), ['Cel', 'bar', 'Cel', '/min', 'Stk', '', '']);
    assert.deepEqual(unitInName('Temp_degC'), { name: 'Temp', unit: 'Cel' });
    assert.deepEqual(unitInName('Druck [bar]'), { name: 'Druck', unit: 'bar' });
    assert.deepEqual(['Value_min', 'Motor_A', 'Temp', 'Zone (2)'].map(unitInName), [undefined, undefined, undefined, undefined]);
  });
});
