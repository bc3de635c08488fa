import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../../scripts/packageRoot.ts';

/** A timer of ours that has neither fired nor been cleared, with the line that made it. */
export interface LiveTimer {
  kind: 'setTimeout' | 'setInterval' | 'setImmediate';
  madeAt: string;
}

const live = new Map<unknown, LiveTimer>();
// A stack names modules by their URL, in which a space is %20.
const root = pathToFileURL(packageRoot).href;
const ours = ['nodes', 'engine', 'adapters', 'web', 'test/checks/nodes/planted'].map((folder) => `${root}/${folder}`);

/** Timers that our own code keeps, also those that do not keep the process alive. Watched from the first import of this module on. */
export function liveTimers(): LiveTimer[] {
  return [...live.values()];
}

/** Ends them all: after a planted fault, so that it does not disturb what follows. */
export function endLiveTimers(): void {
  for (const timer of live.keys()) clearTimeout(timer as NodeJS.Timeout);
  live.clear();
}

for (const kind of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
  const original = globalThis[kind] as (callback: (...values: unknown[]) => void, ...rest: unknown[]) => unknown;
  const watched = (callback: (...values: unknown[]) => void, ...rest: unknown[]): unknown => {
    const madeAt = (new Error().stack ?? '').split('\n').find((line) => ours.some((start) => line.includes(start)));
    if (madeAt === undefined) return original(callback, ...rest);
    const timer: unknown = original((...values: unknown[]) => {
      if (kind !== 'setInterval') live.delete(timer);
      callback(...values);
    }, ...rest);
    live.set(timer, { kind, madeAt: madeAt.trim() });
    return timer;
  };
  Object.assign(globalThis, { [kind]: Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original)) });
}
for (const kind of ['clearTimeout', 'clearInterval', 'clearImmediate'] as const) {
  const original = globalThis[kind] as (timer: unknown) => void;
  Object.assign(globalThis, {
    [kind]: (timer: unknown) => {
      live.delete(timer);
      original(timer);
    },
  });
}
