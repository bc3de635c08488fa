import assert from 'node:assert/strict';
import fc from 'fast-check';
import { differingPart, hasPart, nextName, partForName, replacePart } from '../../contract/anotherMachine.ts';

describe('another machine like this', () => {
  const part = (name: string, placeholders: string[], addresses: string[] = []): string => differingPart({ name, placeholders, addresses });

  it('finds what differs in the addresses', () => {
    assert.equal(part('Press 1', ['Press1']), 'Press1');
    assert.equal(part('Filler', ['ns=1;s=Filler']), 'Filler');
    assert.equal(part('Press 1', ['Hall2', 'nsu=urn:plant;s=Hall2.Press1']), 'Press1');
    assert.equal(part('', [], ['ns=2;s=Press1.Temp', 'ns=2;s=Press1.Tension', 'ns=2;s=Press1.Motor.Current']), 'Press1');
    assert.equal(part('', [], ['plant/line1/press1/temperature', 'plant/line1/press1/pressure']), 'press1');
    assert.equal(part('', [], ['Press1_Temp', 'Press1_Tension']), 'Press1');
    assert.equal(part('', [], ['Press1Temp', 'Press1Tension']), 'Press1');
    assert.equal(part('', [], ['"DB_Press1".Temp', '"DB_Press1".Pressure']), 'DB_Press1');
    assert.equal(part('', [], ['ns=2;s=Press1.Temp']), 'Press1');
    assert.equal(part('', [], ['ns=2;i=1001', 'ns=2;i=1002']), '');
    assert.equal(part('', [], ['temperature', 'pressure']), '');
    assert.equal(part('', []), '');
  });

  it('replaces whole words only', () => {
    assert.equal(replacePart('ns=2;s=Press1.Press10.Press1_Temp', 'Press1', 'Press2'), 'ns=2;s=Press2.Press10.Press2_Temp');
    assert.equal(replacePart('plant/Press1Temp', 'Press1', 'Press2'), 'plant/Press2Temp');
    assert.equal(replacePart('Filler.FillerSpeed', 'Filler', '$&'), '$&.FillerSpeed');
    assert.equal(replacePart('a', '', 'b'), 'a');
    assert.equal(hasPart('ns=2;s=Press10', 'Press1'), false);
  });

  it('counts names on until one is free', () => {
    const taken = new Set(['Press 2', 'P10']);
    const next = (name: string): string => nextName(name, (one) => taken.has(one));
    assert.deepEqual(['Press 1', 'P09', 'Line 1 press', 'Filler', '9'].map(next), ['Press 3', 'P11', 'Line 2 press', '', '10']);
  });

  it('follows the name where the part is the name', () => {
    assert.equal(partForName('Filler', 'Filler', 'Sealer'), 'Sealer');
    assert.equal(partForName('press_a', 'Press A', 'Press B'), 'press_b');
    assert.equal(partForName('X1', 'Filler', 'Sealer'), '');
  });

  it('there and back again gives the same address', () => {
    const word = fc.stringMatching(/^[A-Za-z]{3,8}$/);
    const number = fc.integer({ min: 1, max: 99 });
    fc.assert(fc.property(word, number, number, fc.array(fc.stringMatching(/^[A-Z][a-z]{2,6}$/), { minLength: 1, maxLength: 4 }), (press, one, other, tags) => {
      fc.pre(one !== other && !tags.some((tag) => tag.toLowerCase() === press.toLowerCase()));
      const addresses = tags.map((tag) => `ns=2;s=Hall.${press}${one}.${tag}`);
      const from = differingPart({ name: '', placeholders: [], addresses });
      assert.equal(from, `${press}${one}`);
      const moved = addresses.map((address) => replacePart(address, from, `${press}${other}`));
      assert.deepEqual(moved, tags.map((tag) => `ns=2;s=Hall.${press}${other}.${tag}`));
    }), { numRuns: 300 });
  });
});
