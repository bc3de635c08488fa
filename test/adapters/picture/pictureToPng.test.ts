import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { crc32, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { pictureToPng } from '../../../adapters/picture/pictureToPng.ts';
import { pictureSvg, pictureTones, signalPicture } from '../../../engine/site/signalPicture.ts';
import type { SignalPicture, SignalPictureInput } from '../../../engine/site/signalPicture.ts';

const startMs = 1_767_225_600_000;

function inputOf(more: Partial<SignalPictureInput> = {}): SignalPictureInput {
  return {
    label: 'Vibration', unit: 'mm/s', language: 'en-US', abnormalFromMs: startMs + 9 * 60_000,
    points: Array.from({ length: 12 }, (_, index) => ({ timeMs: startMs + index * 60_000, value: index < 9 ? 2.5 + 0.1 * (index % 2) : index - 5 })),
    bands: [{ timeMs: startMs, low: 2.2, high: 2.9 }], ...more,
  };
}

function pictureOf(more: Partial<SignalPictureInput> = {}): SignalPicture {
  return signalPicture(inputOf(more)) as SignalPicture;
}

/** Reads what the encoder wrote as the standard says it; every checksum counts. */
function decode(png: Buffer): { width: number; height: number; pixel: (x: number, y: number) => string; pixels: Buffer } {
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(body));
    chunks.set(body.subarray(0, 4).toString('latin1'), body.subarray(4));
    at += length + 12;
  }
  assert.deepEqual([...chunks.keys()], ['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR') as Buffer;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  assert.deepEqual([...header.subarray(8)], [8, 2, 0, 0, 0]);
  const pixels = inflateSync(chunks.get('IDAT') as Buffer);
  assert.equal(pixels.length, height * (1 + 3 * width));
  for (let y = 0; y < height; y += 1) assert.equal(pixels[y * (1 + 3 * width)], 0, 'no filter');
  const pixel = (x: number, y: number): string => `#${pixels.subarray(y * (1 + 3 * width) + 1 + 3 * x, y * (1 + 3 * width) + 4 + 3 * x).toString('hex')}`;
  return { width, height, pixel, pixels };
}

describe('picture of a signal', () => {
  it('as SVG: band, line, what is abnormal in colour and thicker with a ring; the text says the same', () => {
    const picture = pictureOf();
    assert.equal(picture.text, 'Vibration from 2026-01-01 00:00 UTC to 2026-01-01 00:11 UTC: lowest 2.5 mm/s, highest 6 mm/s, last 6 mm/s. Normal at the end: 2.2 to 2.9 mm/s.');
    assert.equal(createHash('sha256').update(pictureSvg(picture)).digest('hex').slice(0, 16), '52d4cb536274d672', pictureSvg(picture));
    assert.match(pictureOf({ language: 'de' }).text, /höchster 6 mm\/s, letzter 6 mm\/s\. Normal am Ende: 2,2 bis 2,9 mm\/s/);
    assert.equal(pictureOf({ abnormalFromMs: Infinity }).shapes.some(({ kind }) => kind === 'ring'), false);
  });

  it('as PNG: every decoder reads it, and the pixels are what the shapes say', () => {
    const picture = pictureOf();
    const { width, height, pixel, pixels } = decode(pictureToPng(picture));
    assert.deepEqual([width, height], [480, 160]);
    assert.equal(pixel(2, 2), pictureTones.paper);
    const band = picture.shapes.find((shape) => shape.kind === 'area' && shape.tone === 'band') as unknown as { points: number[] };
    assert.equal(pixel(100, Math.round(((band.points[1] as number) + (band.points.at(-1) as number)) / 2) + 6), pictureTones.band);
    const ring = picture.shapes.find(({ kind }) => kind === 'ring') as { x: number; y: number; radius: number };
    assert.equal(pixel(Math.round(ring.x - ring.radius), Math.floor(ring.y)), pictureTones.abnormal);
    assert.equal(pixel(Math.floor(ring.x), Math.floor(ring.y)), pictureTones.paper);
    assert.equal(createHash('sha256').update(pixels).digest('hex').slice(0, 16), '94967d25bfc5b8f7');
  });

  it('a name is no markup, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (label) => {
      const svg = pictureSvg(pictureOf({ label, unit: label }));
      const outside = svg.replace(/<title>[^<]*<\/title>/, '');
      assert.doesNotMatch(outside, /<(?!\/?(svg|polygon|polyline|circle|text)\b)/);
      assert.doesNotMatch(svg, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    }), { numRuns: 30 });
  });

  it('wild values, gaps and missing values draw within the frame or nothing at all', () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(null, NaN, Infinity, -1e300, 1e300, 0));
    const band = fc.record({ timeMs: fc.integer({ min: 0, max: 1e13 }), low: fc.double(), high: fc.double() });
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), value), { maxLength: 40 }), fc.array(band, { maxLength: 5 }), (steps, bands) => {
      let timeMs = startMs;
      const points = steps.map(([step, one]) => ({ timeMs: (timeMs += step), value: one }));
      const picture = signalPicture(inputOf({ points, bands: bands.sort((a, b) => a.timeMs - b.timeMs) }));
      if (picture === undefined) return;
      for (const shape of picture.shapes) {
        const numbers = 'points' in shape ? shape.points : [shape.x, shape.y];
        numbers.forEach((number, index) => assert.ok(number >= 0 && number <= (index % 2 === 0 ? 480 : 160), `${shape.kind} ${number}`));
        if (shape.kind === 'number') assert.match(shape.text, /^[\d.,:\-–e]*$/);
      }
      assert.doesNotMatch(pictureSvg(picture), /NaN|Infinity|undefined/);
    }), { numRuns: 200 });
    assert.equal(signalPicture(inputOf({ points: [] })), undefined);
    assert.equal(signalPicture(inputOf({ points: [{ timeMs: startMs, value: 1 }, { timeMs: startMs, value: 2 }] })), undefined);
  });
});
