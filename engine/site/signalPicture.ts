import type { Language } from './sentences.ts';
import { numberText, oneLine, timeText, valueText } from './sentences.ts';

/** What is drawn with it. Grey is normal; colour stands only for what is not, and is drawn thicker and with a ring as well. */
export type PictureTone = 'paper' | 'grid' | 'band' | 'line' | 'abnormal' | 'ink';

/** Points are in pixels from the upper left corner, as x, y, x, y … */
export type PictureShape =
  | { kind: 'area'; tone: PictureTone; points: readonly number[] }
  | { kind: 'line'; tone: PictureTone; width: number; points: readonly number[] }
  | { kind: 'ring'; tone: PictureTone; x: number; y: number; radius: number }
  /** Digits, `.,:-–` and blanks only, so that it can be drawn without a font; `x` is the begin or the end of it, `y` its middle. */
  | { kind: 'number'; tone: PictureTone; x: number; y: number; anchor: 'begin' | 'end'; text: string };

/** A small picture of a signal with its expected band: shapes, to be written as SVG or painted, and the same in words. */
export interface SignalPicture {
  width: number;
  height: number;
  shapes: PictureShape[];
  /** For whoever does not see it: one sentence. */
  text: string;
}

export interface SignalPictureInput {
  label: string;
  unit: string | undefined;
  language: Language;
  /** In time order; null: no value. At most some hundreds are worth drawing. */
  points: readonly { timeMs: number; value: number | null }[];
  /** What was expected, in time order; each holds until the next. */
  bands: readonly { timeMs: number; low: number; high: number }[];
  /** From here on it is not as it should be. */
  abnormalFromMs: number;
}

export const pictureTones: Readonly<Record<PictureTone, string>> = {
  paper: '#ffffff', grid: '#d0d4d9', band: '#dfe3e8', line: '#4a5560', abnormal: '#b34700', ink: '#2b333b',
};

const width = 480;
const height = 160;
const left = 62;
const right = 12;
const top = 12;
const bottom = 26;
/** A pause of so many usual steps is a gap in the line. */
const gapSteps = 10;

/** @returns undefined where there is nothing to draw: fewer than two values */
export function signalPicture({ label, unit, language, points, bands, abnormalFromMs }: SignalPictureInput): SignalPicture | undefined {
  const known = points.filter((point): point is { timeMs: number; value: number } => point.value !== null && isDrawable(point.value) && Number.isFinite(point.timeMs));
  const first = known[0];
  const last = known.at(-1);
  if (first === undefined || last === undefined || last.timeMs <= first.timeMs) return undefined;
  const finite = bands.filter(({ timeMs, low, high }) => isDrawable(low) && isDrawable(high) && low <= high && timeMs <= last.timeMs);
  let lowest = Infinity;
  let highest = -Infinity;
  for (const { value } of known) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  const shownLow = Math.min(lowest, ...finite.map(({ low }) => low));
  const shownHigh = Math.max(highest, ...finite.map(({ high }) => high));
  const margin = shownHigh > shownLow ? (shownHigh - shownLow) * 0.08 : Math.max(1, Math.abs(shownHigh) * 0.1);
  const bottomValue = shownLow - margin;
  const spanValue = shownHigh + margin - bottomValue;
  const x = (timeMs: number): number => tenth(left + ((width - left - right) * (Math.max(timeMs, first.timeMs) - first.timeMs)) / (last.timeMs - first.timeMs));
  // Beside very large numbers small ones fall together: nothing may leave the frame for that.
  const y = (value: number): number => tenth(height - bottom - (height - top - bottom) * Math.min(1, Math.max(0, (value - bottomValue) / spanValue)));
  const shapes: PictureShape[] = [{ kind: 'area', tone: 'paper', points: [0, 0, width, 0, width, height, 0, height] }];

  if (finite.length > 0) {
    const upper: number[] = [];
    const lower: [number, number][] = [];
    finite.forEach((band, index) => {
      const from = x(band.timeMs);
      const to = x(finite[index + 1]?.timeMs ?? last.timeMs);
      upper.push(from, y(band.high), to, y(band.high));
      lower.push([from, y(band.low)], [to, y(band.low)]);
    });
    shapes.push({ kind: 'area', tone: 'band', points: [...upper, ...lower.reverse().flat()] });
  }
  const end = finite.at(-1);
  const marks = end === undefined ? [lowest, highest] : [end.low, end.high];
  for (const mark of new Set(marks)) {
    shapes.push({ kind: 'line', tone: 'grid', width: 1, points: [left, y(mark), width - right, y(mark)] });
    shapes.push({ kind: 'number', tone: 'ink', x: left - 6, y: y(mark), anchor: 'end', text: drawable(numberText(mark, language)) });
  }
  const lastFar = marks.every((mark) => Math.abs(y(mark) - y(last.value)) >= 12);
  if (lastFar) shapes.push({ kind: 'number', tone: 'abnormal', x: left - 6, y: y(last.value), anchor: 'end', text: drawable(numberText(last.value, language)) });
  shapes.push({ kind: 'number', tone: 'ink', x: left, y: height - 10, anchor: 'begin', text: clock(first.timeMs) });
  shapes.push({ kind: 'number', tone: 'ink', x: width - right, y: height - 10, anchor: 'end', text: clock(last.timeMs) });

  const steps = known.slice(1).map((point, index) => point.timeMs - (known[index]?.timeMs ?? 0)).sort((a, b) => a - b);
  const gapMs = gapSteps * (steps[Math.floor(steps.length / 2)] ?? Infinity);
  let run: number[] = [];
  let runTone: PictureTone = 'line';
  const flush = (): void => {
    if (run.length >= 4) shapes.push({ kind: 'line', tone: runTone, width: runTone === 'abnormal' ? 3 : 1.5, points: run });
  };
  known.forEach(({ timeMs, value }, index) => {
    const before = known[index - 1];
    const tone: PictureTone = timeMs >= abnormalFromMs ? 'abnormal' : 'line';
    if (before !== undefined && (timeMs - before.timeMs > gapMs || tone !== runTone)) {
      flush();
      // The step into what is abnormal is part of it.
      run = timeMs - before.timeMs > gapMs ? [] : [x(before.timeMs), y(before.value)];
    }
    runTone = tone;
    run.push(x(timeMs), y(value));
  });
  flush();
  if (last.timeMs >= abnormalFromMs) shapes.push({ kind: 'ring', tone: 'abnormal', x: x(last.timeMs), y: y(last.value), radius: 4 });
  return { width, height, shapes, text: pictureText({ label, unit, language, first, last, lowest, highest, band: end }) };
}

const sentences: Record<Language, { values: string; normal: string }> = {
  'en-US': { values: '{label} from {from} to {to}: lowest {low}, highest {high}, last {value}.', normal: ' Normal at the end: {low} to {high}.' },
  de: { values: '{label} von {from} bis {to}: niedrigster Wert {low}, höchster {high}, letzter {value}.', normal: ' Normal am Ende: {low} bis {high}.' },
};

function pictureText(given: {
  label: string; unit: string | undefined; language: Language;
  first: { timeMs: number }; last: { timeMs: number; value: number }; lowest: number; highest: number; band: { low: number; high: number } | undefined;
}): string {
  const { label, unit, language, first, last, lowest, highest, band } = given;
  const words: Record<string, string> = {
    label, from: timeText(first.timeMs, language), to: timeText(last.timeMs, language),
    low: valueText(lowest, unit, language), high: valueText(highest, unit, language), value: valueText(last.value, unit, language),
  };
  const fill = (text: string, values: Record<string, string>): string => text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const normal = band === undefined ? '' : fill(sentences[language].normal, { low: numberText(band.low, language), high: valueText(band.high, unit, language) });
  return oneLine(fill(sentences[language].values, words) + normal);
}

/** As a document of its own: no script, no style sheet, nothing loaded. */
export function pictureSvg({ width: wide, height: high, shapes, text }: SignalPicture): string {
  const parts = shapes.map((shape): string => {
    const colour = pictureTones[shape.tone];
    switch (shape.kind) {
      case 'area':
        return `<polygon fill="${colour}" points="${pairs(shape.points)}"/>`;
      case 'line':
        return `<polyline fill="none" stroke="${colour}" stroke-width="${shape.width}" stroke-linejoin="round" points="${pairs(shape.points)}"/>`;
      case 'ring':
        return `<circle fill="${pictureTones.paper}" stroke="${colour}" stroke-width="2.5" cx="${shape.x}" cy="${shape.y}" r="${shape.radius}"/>`;
      case 'number':
        return `<text fill="${colour}" x="${shape.x}" y="${tenth(shape.y + 4)}" text-anchor="${shape.anchor === 'end' ? 'end' : 'start'}">${shape.text}</text>`;
    }
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" role="img" font-family="sans-serif" font-size="12">`
    + `<title>${escapeXml(text)}</title>${parts.join('')}</svg>`;
}

function pairs(points: readonly number[]): string {
  const texts: string[] = [];
  for (let index = 0; index + 1 < points.length; index += 2) texts.push(`${points[index]},${points[index + 1]}`);
  return texts.join(' ');
}

function escapeXml(text: string): string {
  // What XML 1.0 knows no way to write is left out.
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** 12:40, in UTC as all texts that leave the plant. */
function clock(timeMs: number): string {
  return /\d\d:\d\d/.exec(timeText(timeMs, 'en-US').slice(10))?.[0] ?? '';
}

function drawable(text: string): string {
  return text.replace('e+', 'e').replace(/[^\d.,:\-–e]/g, '');
}

/** Differences of larger ones are no numbers any more; nothing real comes near. */
function isDrawable(value: number): boolean {
  return Math.abs(value) <= 1e100;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
