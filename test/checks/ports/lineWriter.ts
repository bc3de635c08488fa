import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeLine, encodeLine } from '../../../engine/lineProtocol.ts';
import type { DecodedPoint, LineField } from '../../../engine/lineProtocol.ts';
import type { LineWriter } from '../../../engine/ports.ts';
import { Problem } from '../../../engine/problem.ts';
import { checkParameters } from './checkParameters.ts';

/** An empty target and its writer. */
export interface LineTarget {
  writer: LineWriter;
  /** What is stored, a text for each value; a value written twice counts once. */
  stored(): Promise<string[]>;
  /** Takes the target away, and brings it back. */
  leave?(): Promise<void>;
  comeBack?(): Promise<void>;
  close(): Promise<void>;
}

/** What a target can hold of a value, as `stored` gives it; undefined: nothing. */
export type StoredText = (point: DecodedPoint, field: string, value: Exclude<LineField, null>) => string | undefined;

export interface LineTargetKind {
  open(): Promise<LineTarget>;
  storedText: StoredText;
  /** false: a bad line is taken without a word there, so that only our own encoding keeps it from being sent. */
  refusesBadLines: boolean;
  /** Requests for a batch of 1,000 with one bad line, where they can be counted. */
  requests?(): number;
  numRuns?: number;
}

/** Whole values by default. */
export const wholeText: StoredText = ({ measurement, tags, timeMs }, field, value) =>
  JSON.stringify([measurement, tags.toSorted(([a], [b]) => (a < b ? -1 : 1)), timeMs, field, typeof value === 'bigint' ? Number(value) : value === 0 ? 0 : value]);

const nowMs = Date.parse('2026-11-20T06:00:00.123Z');
const line = (n: number): string => encodeLine({ measurement: 'm', tags: [['twin', 'a b']], fields: [['value', n + 0.5]], timeMs: nowMs + n }) as string;

function expected(kind: LineTargetKind, lines: readonly string[]): string[] {
  const texts = new Set<string>();
  for (const one of lines) {
    const point = decodeLine(one);
    assert.ok(point !== undefined, one);
    for (const [field, value] of point.fields) {
      const text = kind.storedText(point, field, value);
      if (text !== undefined) texts.add(text);
    }
  }
  return [...texts].sort();
}

async function assertStored(kind: LineTargetKind, target: LineTarget, lines: readonly string[]): Promise<void> {
  assert.deepEqual((await target.stored()).sort(), expected(kind, lines));
}

/** The checks, each by its title; each opens a target of its own. */
export const lineWriterChecks: Record<string, (kind: LineTargetKind, target: LineTarget) => Promise<void>> = {
  async 'stores each line with its time in milliseconds'(kind, target) {
    const lines = [line(0), line(1), line(2000)];
    assert.deepEqual(await target.writer.write(lines), { stored: 3, rejected: [] });
    await assertStored(kind, target, lines);
    assert.deepEqual(await target.writer.write([]), { stored: 0, rejected: [] });
  },

  async 'a line twice is harmless'(kind, target) {
    await target.writer.write([line(0), line(1)]);
    await target.writer.write([line(1), line(2)]);
    await assertStored(kind, target, [line(0), line(1), line(2)]);
  },

  async 'any name and any value goes in and comes back, and nothing else does (property)'(kind, target) {
    const unit = fc.constantFrom(...'a1_.,;= "\'\\#\n\r\t/{}$&%ü', '\u{1F600}', '\0', '漢', '\ud800', '__proto__', 'time');
    const name = fc.oneof(fc.string({ unit, minLength: 1, maxLength: 12 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }));
    const value: fc.Arbitrary<LineField> = fc.oneof(fc.double(), fc.boolean(), fc.constant(null), fc.string({ unit, maxLength: 20 }), fc.constantFrom(0, -0, 1e308, NaN, 1e21));
    const point = fc.record({ measurement: name, tags: fc.array(fc.tuple(name, name), { maxLength: 3 }), fields: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 }) });
    const all: string[] = [];
    await fc.assert(fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 5 }), async (points) => {
      const lines = points.flatMap((one) => {
        const n = all.length;
        // A measurement of its own each, so that no field meets another of another type.
        const encoded = encodeLine({ ...one, measurement: `${one.measurement.replace(/\\$/, '')}${n}`, timeMs: nowMs + n });
        if (encoded !== undefined) all.push(encoded);
        return encoded ?? [];
      });
      assert.deepEqual(await target.writer.write(lines), { stored: lines.length, rejected: [] });
    }), { ...checkParameters(kind.numRuns ?? 40), endOnFailure: true });
    await assertStored(kind, target, all);
  },

  async 'one bad line of a thousand is refused with its place and reason, the others are stored'(kind, target) {
    const lines = Array.from({ length: 1000 }, (_, n) => line(n));
    lines[431] = 'm,twin=a value=not\\ a\\ number 5';
    const before = kind.requests?.() ?? 0;
    const { stored, rejected } = await target.writer.write(lines);
    if (kind.refusesBadLines) {
      assert.equal(stored, 999);
      assert.deepEqual(rejected.map(({ index, line: bad }) => [index, bad]), [[431, lines[431]]]);
      assert.ok((rejected[0]?.reason ?? '').length > 3);
      assert.ok((kind.requests?.() ?? 0) - before <= 25, `${(kind.requests?.() ?? 0) - before} requests`);
    }
    lines.splice(431, 1);
    if (kind.refusesBadLines) await assertStored(kind, target, lines);
  },

  async 'nothing but bad lines ends, too'(kind, target) {
    const { stored, rejected } = await target.writer.write(['bad', 'm', 'm value= 5', 'm,=a v=1 5']);
    if (!kind.refusesBadLines) return;
    assert.deepEqual([stored, rejected.map(({ index }) => index)], [0, [0, 1, 2, 3]]);
    await assertStored(kind, target, []);
  },

  async 'a target that is away is a problem with a remedy, and what was not stored is stored when it is back'(kind, target) {
    await target.writer.write([line(0)]);
    if (target.leave === undefined || target.comeBack === undefined) return;
    await target.leave();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const problem = await target.writer.write([line(1)]).then(() => undefined, (error: unknown) => error);
      assert.ok(problem instanceof Problem, String(problem));
      assert.ok(problem.found.length > 10 && problem.remedy.length > 10);
    }
    assert.ok((await target.writer.test()) instanceof Problem);
    await target.comeBack();
    assert.deepEqual(await target.writer.write([line(1), line(2)]), { stored: 2, rejected: [] });
    await assertStored(kind, target, [line(0), line(1), line(2)]);
  },

  async 'tells whether it can be written to, and stores nothing by that'(kind, target) {
    const answer = await target.writer.test();
    assert.ok(!(answer instanceof Problem), String(answer));
    assert.ok(answer.version !== '');
    await assertStored(kind, target, []);
  },
};

/** What every LineWriter must do. */
export function checkLineWriter(name: string, kind: LineTargetKind): void {
  describe(`${name}: LineWriter`, function () {
    this.timeout(60_000);
    let target: LineTarget;
    beforeEach(async () => (target = await kind.open()));
    afterEach(() => target.close());

    for (const [title, check] of Object.entries(lineWriterChecks)) it(title, () => check(kind, target));
  });
}
