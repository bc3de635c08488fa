import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseRegisterAddress, readRegister } from '../../../engine/twin/registerAddress.ts';

/** Registers as a device with the given order would put a value. */
function registersOf(count: number, write: (view: DataView) => void, swapWords = false, swapBytes = false): number[] {
  const view = new DataView(new ArrayBuffer(8));
  write(view);
  const words = Array.from({ length: count }, (_, place) => view.getUint16(place * 2)).map(
    (word) => (swapBytes ? ((word & 0xff) << 8) | (word >> 8) : word),
  );
  return swapWords ? words.reverse() : words;
}

function read(text: string, registers: unknown[]): unknown {
  const address = parseRegisterAddress(text);
  assert.ok(address !== undefined, text);
  return readRegister(registers, address);
}

describe('register addresses', () => {
  it('are read, or refused', () => {
    assert.deepEqual(
      parseRegisterAddress('reg:4 float32 swap x0.1'),
      { index: 4, kind: 'float32', swapWords: true, swapBytes: false, scale: 0.1 },
    );
    assert.deepEqual(parseRegisterAddress('  REG:7.3 '), { index: 7, kind: 'bool', bit: 3, swapWords: false, swapBytes: false, scale: 1 });
    const wrong = ['', 'reg', 'reg:', 'reg:-1', 'reg:4 float99', 'reg:4.16', 'reg:4 x', 'reg:4 x0', 'reg:4.1 int16', 'reg:4 int16 int'];
    for (const text of [...wrong, 'temperature']) {
      assert.equal(parseRegisterAddress(text), undefined, text);
    }
  });

  // MODBUS Application Protocol V1.1b3, 6.3: register 108 read as 02 2B is 555.
  it('decode what the Modbus specification shows', () => {
    assert.equal(read('reg:0', [0x022b]), 555);
  });

  it('decode every type in every order', () => {
    for (const [words, bytes] of [[false, false], [true, false], [false, true], [true, true]] as const) {
      const order = `${words ? ' swap' : ''}${bytes ? ' byteswap' : ''}`;
      const check = (kind: string, count: number, value: unknown, write: (view: DataView) => void): void =>
        assert.equal(read(`reg:1 ${kind}${order}`, [9, ...registersOf(count, write, words, bytes)]), value, `${kind}${order}`);
      check('int16', 1, -2, (view) => view.setInt16(0, -2));
      check('uint16', 1, 65_534, (view) => view.setUint16(0, 65_534));
      check('int32', 2, -70_000, (view) => view.setInt32(0, -70_000));
      check('uint32', 2, 4_000_000_000, (view) => view.setUint32(0, 4_000_000_000));
      check('float32', 2, 12.5, (view) => view.setFloat32(0, 12.5));
      check('float64', 4, 1234.5678, (view) => view.setFloat64(0, 1234.5678));
      check('int64', 4, -5, (view) => view.setBigInt64(0, -5n));
      check('uint64', 4, 18_446_744_073_709_551_615n, (view) => view.setBigUint64(0, 18_446_744_073_709_551_615n));
    }
  });

  it('decode bits and coils', () => {
    assert.deepEqual(
      [read('reg:0.0', [5]), read('reg:0.1', [5]), read('reg:0.2', [5]), read('reg:1 bool', [5, true]), read('reg:0 bool', [0])],
      [true, false, true, true, false],
    );
  });

  it('give null for what is not there: too short, no register, not a number', () => {
    for (const registers of [[], [1], ['1', 2], [1.5, 2], [70_000, 1], [null, null], [true, 1]]) {
      assert.equal(read('reg:0 int32', registers), null, JSON.stringify(registers));
    }
    assert.equal(read('reg:0 float32', [0x7fc0, 0]), null);
    assert.equal(read('reg:0 float32', [0x7f80, 0]), null);
  });

  it('take registers that a driver shows signed', () => {
    assert.equal(read('reg:0 uint16', [-1]), 65_535);
    fc.assert(
      fc.property(fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }), (value) => {
        const signed = registersOf(2, (view) => view.setInt32(0, value)).map((word) => (word > 32_767 ? word - 65_536 : word));
        assert.equal(read('reg:0 int32', signed), value);
      }),
    );
  });
});
