import {
  MemoryHistorian, MemoryOutbox, MemoryStateStore, openMemoryStore,
} from '../../../adapters/memory/memoryStore.ts';
import type { HistoryPoint, Json, StateEntry } from '../../../engine/ports.ts';
import type { AllPorts } from './allPorts.ts';

/**
 * Stores with one fault each, and the check that has to catch it: a check that lets its fault pass checks nothing.
 */
export interface PlantedFault {
  fault: string;
  /** Part of the title of the test that must fail. */
  caughtBy: string;
  open(): AllPorts;
}

function withState(state: MemoryStateStore): AllPorts {
  return { ...openMemoryStore(), state };
}

function withHistorian(historian: MemoryHistorian): AllPorts {
  return { ...openMemoryStore(), historian };
}

function withOutbox(outbox: MemoryOutbox): AllPorts {
  return { ...openMemoryStore(), outbox };
}

export const plantedFaults: readonly PlantedFault[] = [
  {
    fault: 'revisions start again',
    caughtBy: 'gives back what was committed',
    open: () => withState(new (class extends MemoryStateStore {
      override async commit(changes: readonly { key: string; value: Json | null }[]): Promise<number[]> {
        await super.commit(changes);
        return changes.map(() => 1);
      }
    })()),
  },
  {
    fault: 'null is stored instead of deleting',
    caughtBy: 'deletes with null',
    open: () => withState(new (class extends MemoryStateStore {
      override commit(changes: readonly { key: string; value: Json | null }[]): Promise<number[]> {
        return super.commit(changes.map(({ key, value }) => ({ key, value: value ?? 0 })));
      }
    })()),
  },
  {
    fault: 'a prefix is searched anywhere in the key',
    caughtBy: 'lists by prefix, in key order',
    open: () => withState(new (class extends MemoryStateStore {
      override async entries(prefix: string): Promise<StateEntry[]> {
        return (await super.entries('')).filter(({ key }) => key.includes(prefix.replace('/', '')));
      }
    })()),
  },
  {
    fault: 'a commit is written one by one',
    caughtBy: 'writes all of a commit or nothing',
    open: () => withState(new (class extends MemoryStateStore {
      override async commit(changes: readonly { key: string; value: Json | null }[]): Promise<number[]> {
        const revisions: number[] = [];
        for (const change of changes) revisions.push(...(await super.commit([change])));
        return revisions;
      }
    })()),
  },
  {
    fault: 'state is written later, without waiting for it',
    caughtBy: 'answers a read after a write',
    open: () => withState(new (class extends MemoryStateStore {
      override async commit(changes: readonly { key: string; value: Json | null }[]): Promise<number[]> {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return super.commit(changes);
      }
    })()),
  },
  {
    fault: 'the end of a range is included',
    caughtBy: 'gives a range back in time order',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override range(twin: string, property: string, fromMs: number, toMs: number, limit?: number): Promise<HistoryPoint[]> {
        return super.range(twin, property, fromMs, toMs + 1, limit);
      }
    })()),
  },
  {
    fault: 'the first of two points at the same time wins',
    caughtBy: 'the last one wins at the same time',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override async write(points: readonly HistoryPoint[]): Promise<void> {
        await super.write([...points].reverse());
      }
    })()),
  },
  {
    fault: 'booleans become numbers',
    caughtBy: 'keeps numbers, strings, booleans and null exactly',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override write(points: readonly HistoryPoint[]): Promise<void> {
        return super.write(points.map((point) => ({ ...point, value: typeof point.value === 'boolean' ? Number(point.value) : point.value })));
      }
    })()),
  },
  {
    fault: 'as of leaves out the point at that very time',
    caughtBy: 'tells the parameters of a twin as of a time',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override asOf(twin: string, timeMs: number): Promise<HistoryPoint[]> {
        return super.asOf(twin, timeMs - 1);
      }
    })()),
  },
  {
    fault: 'nothing is forgotten',
    caughtBy: 'forgets what is older',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override async forget(): Promise<number> {
        return 0;
      }
    })()),
  },
  {
    fault: 'the end of a stretch is cleared, too',
    caughtBy: 'clears a stretch of one property',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override clear(twin: string, property: string, fromMs: number, toMs: number): Promise<void> {
        return super.clear(twin, property, fromMs, toMs + 1);
      }
    })()),
  },
  {
    fault: 'a long range is cut',
    caughtBy: 'takes many points',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override range(twin: string, property: string, fromMs: number, toMs: number, limit = 5000): Promise<HistoryPoint[]> {
        return super.range(twin, property, fromMs, toMs, Math.min(limit, 5000));
      }
    })()),
  },
  {
    fault: 'a time that is none is skipped silently',
    caughtBy: 'refuses a time that is none',
    open: () => withHistorian(new (class extends MemoryHistorian {
      override write(points: readonly HistoryPoint[]): Promise<void> {
        return super.write(points.filter(({ timeMs }) => Number.isSafeInteger(timeMs)));
      }
    })()),
  },
  {
    fault: 'a confirmation reaches into another target',
    caughtBy: 'gives the oldest of a target first',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override async confirm(target: string, sequences: readonly number[]): Promise<void> {
        for (const one of new Set([target, 'mqtt'])) await super.confirm(one, [...sequences, ...(await super.pending(one, 1)).map(({ sequence }) => sequence)]);
      }
    })()),
  },
  {
    fault: 'depth counts characters instead of bytes',
    caughtBy: 'knows its depth',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override async depth(target: string): ReturnType<MemoryOutbox['depth']> {
        const bytes = (await super.pending(target, 1e9)).reduce((sum, { body }) => sum + body.length, 0);
        return { ...(await super.depth(target)), bytes };
      }
    })()),
  },
  {
    fault: 'what is set aside is gone',
    caughtBy: 'sets aside with the reason',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override setAside(target: string, sequences: readonly number[]): Promise<void> {
        return super.confirm(target, sequences);
      }
    })()),
  },
  {
    fault: 'a drop leaves no gap',
    caughtBy: 'what is given up leaves a dated gap',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override drop(target: string, sequences: readonly number[]): Promise<void> {
        return super.confirm(target, sequences);
      }
    })()),
  },
  {
    fault: 'everything that is refused is kept for ever',
    caughtBy: 'keeps the last of what a target refuses',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override async depth(target: string): ReturnType<MemoryOutbox['depth']> {
        const { setAside, ...depth } = await super.depth(target);
        return { ...depth, setAside: setAside >= 10_000 ? setAside + 3 : setAside };
      }
      override async gaps(): ReturnType<MemoryOutbox['gaps']> {
        return [];
      }
    })()),
  },
  {
    fault: 'order is lost under many callers',
    caughtBy: 'keeps order under many callers',
    open: () => withOutbox(new (class extends MemoryOutbox {
      #count = 0;
      override async add(...parameters: Parameters<MemoryOutbox['add']>): Promise<number[]> {
        this.#count += 1;
        if (this.#count % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        return super.add(...parameters);
      }
    })()),
  },
  {
    fault: 'what came after a record is not told apart',
    caughtBy: 'gives what came after a record',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override pending(target: string, limit: number): ReturnType<MemoryOutbox['pending']> {
        return super.pending(target, limit);
      }
    })()),
  },
  {
    fault: 'a removed target leaves what it refused',
    caughtBy: 'removes one with all that is kept of it',
    open: () => withOutbox(new (class extends MemoryOutbox {
      override async remove(target: string): Promise<void> {
        await super.confirm(target, (await super.pending(target, 1e9)).map(({ sequence }) => sequence));
      }
    })()),
  },
];
