import type { Quality } from '../engine/observation.ts';

export interface ReadQuality {
  quality: Quality;
  /** The source's own code, where it is not simply good. */
  code?: string | number;
}

const isGood: ReadQuality = { quality: 'good' };

/**
 * The quality behind an OPC UA status code: a number (OPC 10000-4, 7.39: the two highest bits are the severity), its name as
 * text, or node-opcua's object in any state that cloning and JSON leave it in. In a status code, 0 is good.
 */
export function readStatusCode(given: unknown): ReadQuality {
  if (typeof given === 'number') return fromSeverity(given);
  if (typeof given === 'string') return readQuality(given);
  if (typeof given === 'boolean') return { quality: given ? 'good' : 'bad' };
  if (typeof given !== 'object' || given === null) return isGood;
  const fields = given as Record<string, unknown>;
  const name = firstText(fields['name'], fields['_name'], fields['Symbol'], fields['symbol'], fields['text']);
  const value = firstNumber(fields['value'], fields['_value'], fields['Code'], fields['code']);
  if (name !== undefined) {
    const named = fromWord(name);
    if (named !== undefined) return named;
  }
  if (value !== undefined) return fromSeverity(value, name);
  const ask = fields['isGood'];
  if (typeof ask === 'function') return ask.call(given) === true ? isGood : { quality: 'bad', code: name };
  return { quality: 'uncertain', code: name ?? 'unknown status' };
}

/**
 * A quality as other sources say it: a word ("Good", "Uncertain_LastUsableValue", "BadSensorFailure", "stale"), true or false, or a
 * number as OPC DA and Sparkplug use it: 192 and more good, 64–191 uncertain, less bad, 500 stale. Here 0 is bad. Numbers from
 * 2^30 are OPC UA status codes. What says nothing clear is uncertain.
 */
export function readQuality(given: unknown): ReadQuality {
  if (typeof given === 'boolean') return given ? isGood : { quality: 'bad', code: 'false' };
  if (typeof given === 'number') {
    if (!Number.isFinite(given)) return { quality: 'uncertain' };
    if (given >= 0x4000_0000) return fromSeverity(given);
    if (given >= 500 && given < 600) return { quality: 'bad', code: given };
    if (given >= 192 && given <= 255) return given === 192 ? isGood : { quality: 'good', code: given };
    if (given >= 64 && given < 192) return { quality: 'uncertain', code: given };
    return given >= 0 && given < 64 ? { quality: 'bad', code: given } : { quality: 'uncertain', code: given };
  }
  if (typeof given === 'string') {
    const text = given.trim();
    if (/^0x[0-9a-f]{1,8}$/i.test(text)) return fromSeverity(Number(text));
    if (/^\d{1,10}$/.test(text)) return readQuality(Number(text));
    return fromWord(text) ?? { quality: 'uncertain', code: text.slice(0, 60) };
  }
  if (typeof given === 'object' && given !== null) return readStatusCode(given);
  return isGood;
}

function fromWord(word: string): ReadQuality | undefined {
  const text = word.slice(0, 60);
  if (/^(?:good|ok|valid)$/i.test(word)) return isGood;
  if (/^(?:good|(?:ok|valid)\b)/i.test(word)) return { quality: 'good', code: text };
  if (/^uncertain/i.test(word)) return { quality: 'uncertain', code: text };
  if (/^(?:bad|stale|invalid|error|fail|not.?connected|comm)/i.test(word)) return { quality: 'bad', code: text };
  return undefined;
}

function fromSeverity(code: number, name?: string): ReadQuality {
  if (code === 0) return isGood;
  // The code is unsigned; a signed one comes from languages without unsigned numbers.
  const severity = (code >>> 30) & 3;
  const shown = name ?? code;
  return { quality: severity === 0 ? 'good' : severity === 1 ? 'uncertain' : 'bad', code: shown };
}

function firstText(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

function firstNumber(...values: unknown[]): number | undefined {
  return values.find((value): value is number => typeof value === 'number');
}
