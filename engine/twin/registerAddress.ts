import { numberFromText } from './numberText.ts';

const kinds = ['int16', 'uint16', 'int32', 'uint32', 'float32', 'int64', 'uint64', 'float64', 'bool'] as const;
export type RegisterKind = (typeof kinds)[number];

/** Where in an array of 16-bit registers a value stands, and how it is written there. */
export interface RegisterAddress {
  /** Place of its first register in the array, from 0. */
  index: number;
  kind: RegisterKind;
  /** bool only: which bit of the register, 0 = lowest. undefined: the array holds booleans, or register ≠ 0. */
  bit?: number;
  /** The low word comes first (CDAB). */
  swapWords: boolean;
  /** The low byte of each word comes first (BADC). */
  swapBytes: boolean;
  scale: number;
}

/**
 * Reads the address of a value in a Modbus register array: `reg:4 float32 swap`.
 *
 * `reg:` index [`.`bit] [type] [`swap`] [`byteswap`] [`x` scale]; the type is int16, uint16 (default), int32, uint32, float32, int64,
 * uint64, float64 or bool; with a bit it is bool. Modbus itself only knows 16-bit registers, high byte first (MODBUS Application Protocol
 * V1.1b3, 4.2); how longer numbers are put together is each maker's choice: `swap` = low word first, `byteswap` = low byte first.
 * @returns undefined where the text is no register address
 */
export function parseRegisterAddress(text: string): RegisterAddress | undefined {
  const [place, ...words] = text.trim().toLowerCase().split(/\s+/);
  const found = /^reg:(\d{1,5})(?:\.(\d{1,2}))?$/.exec(place ?? '');
  if (found === null) return undefined;
  const address: RegisterAddress = { index: Number(found[1]), kind: 'uint16', swapWords: false, swapBytes: false, scale: 1 };
  if (found[2] !== undefined) {
    address.kind = 'bool';
    address.bit = Number(found[2]);
    if (address.bit > 15) return undefined;
  }
  for (const word of words) {
    if ((kinds as readonly string[]).includes(word)) {
      if (address.bit !== undefined && word !== 'bool') return undefined;
      address.kind = word as RegisterKind;
    } else if (word === 'swap') address.swapWords = true;
    else if (word === 'byteswap') address.swapBytes = true;
    else if (word.startsWith('x')) {
      const scale = numberFromText(word.slice(1));
      if (scale === undefined || scale === 0) return undefined;
      address.scale = scale;
    } else return undefined;
  }
  return address;
}

/** How many registers a value takes. */
export function registerCount(kind: RegisterKind): number {
  return kind.endsWith('64') ? 4 : kind.endsWith('32') ? 2 : 1;
}

/**
 * The value at an address of an array of registers (0–65535, or −32768–32767 from drivers that show them signed, or booleans).
 * 64-bit integers come as bigint where a number would not hold them exactly.
 * @returns null where the array is too short or holds no registers there
 */
export function readRegister(registers: readonly unknown[], address: RegisterAddress): number | bigint | boolean | null {
  const count = registerCount(address.kind);
  if (address.index + count > registers.length) return null;
  const view = new DataView(new ArrayBuffer(8));
  for (let place = 0; place < count; place += 1) {
    const given = registers[address.index + place];
    if (typeof given === 'boolean') return address.kind === 'bool' && address.bit === undefined ? given : null;
    if (typeof given !== 'number' || !Number.isInteger(given) || given < -32_768 || given > 65_535) return null;
    const word = given & 0xffff;
    const ordered = address.swapBytes ? ((word & 0xff) << 8) | (word >> 8) : word;
    view.setUint16((address.swapWords ? count - 1 - place : place) * 2, ordered);
  }
  switch (address.kind) {
    case 'bool':
      return address.bit === undefined ? view.getUint16(0) !== 0 : ((view.getUint16(0) >> address.bit) & 1) === 1;
    case 'int16':
      return scaled(view.getInt16(0), address.scale);
    case 'uint16':
      return scaled(view.getUint16(0), address.scale);
    case 'int32':
      return scaled(view.getInt32(0), address.scale);
    case 'uint32':
      return scaled(view.getUint32(0), address.scale);
    case 'float32':
      return scaled(view.getFloat32(0), address.scale);
    case 'float64':
      return scaled(view.getFloat64(0), address.scale);
    case 'int64':
      return exact(view.getBigInt64(0), address.scale);
    case 'uint64':
      return exact(view.getBigUint64(0), address.scale);
  }
}

function scaled(value: number, scale: number): number | null {
  const result = value * scale;
  return Number.isFinite(result) ? result : null;
}

function exact(value: bigint, scale: number): number | bigint {
  if (scale !== 1) return Number(value) * scale;
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : value;
}
