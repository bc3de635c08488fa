import { crc32 } from 'node:zlib';

/**
 * Frames of a log that outlives a torn write, a flipped, lost or doubled byte: each carries its length and a checksum, and after a damaged
 * one reading goes on at the next that is whole (self-synchronising, as the write-ahead logs of LevelDB, 2011, and others).
 *
 * | bytes | what |
 * |---|---|
 * | 4 | `TWF1` |
 * | 4 | length of the content |
 * | 4 | CRC-32 of kind and content, begun with the file's seed, so that a frame of another file is none here |
 * | 1 | kind |
 * | n | content |
 */
const magic = Buffer.from('TWF1', 'latin1');
export const frameHeaderBytes = 13;
/** A longer content is no frame. */
export const mostContentBytes = 32 * 1024 * 1024;

/** Completes a frame whose content already stands behind the room for its header. */
export function sealFrame(buffer: Buffer, start: number, contentBytes: number, kind: number, seed: number): void {
  magic.copy(buffer, start);
  buffer.writeUInt32LE(contentBytes, start + 4);
  buffer[start + 12] = kind;
  buffer.writeUInt32LE(crc32(buffer.subarray(start + 12, start + frameHeaderBytes + contentBytes), seed), start + 8);
}

export function frameOf(kind: number, content: string, seed: number): Buffer {
  const bytes = Buffer.byteLength(content);
  const buffer = Buffer.allocUnsafe(frameHeaderBytes + bytes);
  buffer.write(content, frameHeaderBytes);
  sealFrame(buffer, 0, bytes, kind, seed);
  return buffer;
}

export interface FramesRead {
  /** Behind the last whole frame. */
  end: number;
  /** Stretches between whole frames that are none. What follows the last one is not counted: it may be a write that was cut. */
  damaged: number;
}

/** Calls `onFrame` for each whole frame from `start` on, with the place of its content. */
export function readFrames(buffer: Buffer, start: number, seed: number, onFrame: (kind: number, contentStart: number, contentEnd: number) => void): FramesRead {
  let end = start;
  let damaged = 0;
  for (let at = start; ; ) {
    const contentEnd = wholeFrame(buffer, at, seed);
    if (contentEnd !== undefined) {
      if (at > end) damaged += 1;
      onFrame(buffer[at + 12] as number, at + frameHeaderBytes, contentEnd);
      at = contentEnd;
      end = contentEnd;
      continue;
    }
    at = buffer.indexOf(magic, at + 1);
    if (at < 0) return { end, damaged };
  }
}

function wholeFrame(buffer: Buffer, at: number, seed: number): number | undefined {
  if (at + frameHeaderBytes > buffer.length || buffer.compare(magic, 0, 4, at, at + 4) !== 0) return undefined;
  const contentEnd = at + frameHeaderBytes + buffer.readUInt32LE(at + 4);
  if (contentEnd > buffer.length || contentEnd - at > mostContentBytes) return undefined;
  return crc32(buffer.subarray(at + 12, contentEnd), seed) === buffer.readUInt32LE(at + 8) ? contentEnd : undefined;
}
