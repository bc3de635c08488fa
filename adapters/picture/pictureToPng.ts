import { crc32, deflateSync } from 'node:zlib';
import { pictureTones } from '../../engine/site/signalPicture.ts';
import type { PictureTone, SignalPicture } from '../../engine/site/signalPicture.ts';

/** Each pixel is painted so many times in both directions and averaged, so that lines have no stairs. */
const fine = 3;
const tones = Object.keys(pictureTones) as PictureTone[];
const colours = tones.map((tone) => [1, 3, 5].map((at) => Number.parseInt(pictureTones[tone].slice(at, at + 2), 16)));

/** Rows of five dots, from above: the sixteens bit is the left one. */
const signs: Readonly<Record<string, readonly number[]>> = {
  0: [14, 17, 19, 21, 25, 17, 14], 1: [4, 12, 4, 4, 4, 4, 14], 2: [14, 17, 1, 2, 4, 8, 31], 3: [31, 2, 4, 2, 1, 17, 14], 4: [2, 6, 10, 18, 31, 2, 2],
  5: [31, 16, 30, 1, 1, 17, 14], 6: [6, 8, 16, 30, 17, 17, 14], 7: [31, 1, 2, 4, 8, 8, 8], 8: [14, 17, 17, 14, 17, 17, 14], 9: [14, 17, 17, 15, 1, 2, 12],
  '.': [0, 0, 0, 0, 0, 6, 6], ',': [0, 0, 0, 0, 6, 4, 8], ':': [0, 6, 6, 0, 6, 6, 0], '-': [0, 0, 0, 31, 0, 0, 0], '–': [0, 0, 0, 31, 0, 0, 0], e: [0, 0, 14, 17, 31, 16, 14],
};
const signWidth = 6;
const signHeight = 7;
const dot = 1.25;

/** The same shapes as the SVG, as a PNG (RGB, 8 bits, W3C PNG 3rd edition), for mails and messengers that show no SVG. */
export function pictureToPng(picture: SignalPicture): Buffer {
  const { width, height } = picture;
  const wide = width * fine;
  const canvas = new Uint8Array(wide * height * fine);
  for (const shape of picture.shapes) {
    const tone = tones.indexOf(shape.tone);
    switch (shape.kind) {
      case 'area':
        fillPolygon(canvas, wide, shape.points, tone);
        break;
      case 'line':
        drawLine(canvas, wide, shape.points, shape.width, tone);
        break;
      case 'ring':
        fillDisc(canvas, wide, shape.x, shape.y, shape.radius + 1.25, tone);
        fillDisc(canvas, wide, shape.x, shape.y, shape.radius - 1.25, tones.indexOf('paper'));
        break;
      case 'number':
        drawNumber(canvas, wide, shape, tone);
        break;
    }
  }
  return encode(width, height, canvas);
}

function fillPolygon(canvas: Uint8Array, wide: number, points: readonly number[], tone: number): void {
  const high = canvas.length / wide;
  for (let row = 0; row < high; row += 1) {
    const y = (row + 0.5) / fine;
    const crossings: number[] = [];
    for (let index = 0; index < points.length; index += 2) {
      const [x1 = 0, y1 = 0] = [points[index], points[index + 1]];
      const next = (index + 2) % points.length;
      const [x2 = 0, y2 = 0] = [points[next], points[next + 1]];
      if (y1 <= y !== y2 <= y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const from = Math.max(0, Math.round((crossings[pair] ?? 0) * fine));
      const to = Math.min(wide, Math.round((crossings[pair + 1] ?? 0) * fine));
      if (to > from) canvas.fill(tone, row * wide + from, row * wide + to);
    }
  }
}

function drawLine(canvas: Uint8Array, wide: number, points: readonly number[], width: number, tone: number): void {
  const half = width / 2;
  for (let index = 0; index + 3 < points.length; index += 2) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = points.slice(index, index + 4);
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (length > 0) {
      const [across, down] = [(-(y2 - y1) / length) * half, ((x2 - x1) / length) * half];
      fillPart(canvas, wide, [x1 + across, y1 + down, x2 + across, y2 + down, x2 - across, y2 - down, x1 - across, y1 - down], tone);
    }
    // Round joints.
    if (half > 0.6) fillDisc(canvas, wide, x2, y2, half, tone);
  }
}

/** As `fillPolygon`, over the rows that it covers only. */
function fillPart(canvas: Uint8Array, wide: number, points: readonly number[], tone: number): void {
  const rows = points.filter((_, index) => index % 2 === 1);
  const first = Math.max(0, Math.floor(Math.min(...rows) * fine) - 1);
  const last = Math.min(canvas.length / wide, Math.ceil(Math.max(...rows) * fine) + 1);
  if (last <= first) return;
  const moved = points.map((value, index) => (index % 2 === 1 ? value - first / fine : value));
  fillPolygon(canvas.subarray(first * wide, last * wide), wide, moved, tone);
}

function fillDisc(canvas: Uint8Array, wide: number, x: number, y: number, radius: number, tone: number): void {
  const high = canvas.length / wide;
  for (let row = Math.max(0, Math.floor((y - radius) * fine)); row < Math.min(high, Math.ceil((y + radius) * fine)); row += 1) {
    const down = (row + 0.5) / fine - y;
    const half = Math.sqrt(Math.max(0, radius * radius - down * down));
    const from = Math.max(0, Math.round((x - half) * fine));
    const to = Math.min(wide, Math.round((x + half) * fine));
    if (half > 0 && to > from) canvas.fill(tone, row * wide + from, row * wide + to);
  }
}

function drawNumber(canvas: Uint8Array, wide: number, given: { x: number; y: number; anchor: 'begin' | 'end'; text: string }, tone: number): void {
  let x = given.anchor === 'end' ? given.x - (given.text.length * signWidth - 1) * dot : given.x;
  const y = given.y - (signHeight * dot) / 2;
  for (const sign of given.text) {
    (signs[sign] ?? []).forEach((bits, row) => {
      for (let column = 0; column < 5; column += 1) {
        if ((bits & (16 >> column)) === 0) continue;
        const [from, above] = [x + column * dot, y + row * dot];
        fillPart(canvas, wide, [from, above, from + dot, above, from + dot, above + dot, from, above + dot], tone);
      }
    });
    x += signWidth * dot;
  }
}

function encode(width: number, height: number, canvas: Uint8Array): Buffer {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (1 + 3 * width) + 1 + 3 * x;
      for (let colour = 0; colour < 3; colour += 1) {
        let sum = 0;
        for (let down = 0; down < fine; down += 1) {
          for (let across = 0; across < fine; across += 1) sum += colours[canvas[(y * fine + down) * width * fine + x * fine + across] ?? 0]?.[colour] ?? 0;
        }
        rows[at + colour] = Math.round(sum / (fine * fine));
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
