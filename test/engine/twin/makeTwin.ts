import assert from 'node:assert/strict';
import type { TwinEvent } from '../../../contract/messages.ts';
import type { Observation } from '../../../engine/observation.ts';
import type { Json } from '../../../engine/ports.ts';
import { Twin } from '../../../engine/twin/twin.ts';
import type { TwinOptions } from '../../../engine/twin/twin.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import type { TwinPropertyInput, TwinType } from '../../../engine/twin/twinType.ts';

/** 2026-01-01T00:00:00Z */
export const start = 1_767_225_600_000;

/** A type that must be without problems. */
export function typeOf(properties: TwinPropertyInput[], mode = ''): TwinType {
  const { type, problems } = compileTwinType({ name: 'press', version: 3, mode, properties });
  assert.deepEqual(problems, []);
  return type;
}

export function makeTwin(properties: TwinPropertyInput[], options: Partial<TwinOptions> & { mode?: string } = {}, snapshot?: Json): Twin {
  const { mode, ...rest } = options;
  return new Twin(
    { key: 'press3', name: 'Press 3', path: ['plant', 'line1', 'press3'], type: typeOf(properties, mode), ...rest },
    snapshot,
  );
}

export function observation(address: string, value: Observation['value'], timeMs?: number, more: Partial<Observation> = {}): Observation {
  return {
    address,
    value,
    quality: 'good',
    receivedTimeMs: timeMs ?? start,
    ...(timeMs === undefined ? {} : { sourceTimeMs: timeMs }),
    ...more,
  };
}

/** Kinds and properties of events, short enough to compare. */
export function told(events: readonly TwinEvent[]): string[] {
  return events.map((event) =>
    [
      event.kind,
      event.property,
      event.limit,
      event.active === undefined ? undefined : event.active ? 'begins' : 'ends',
      event.kind === 'gap' ? undefined : event.from,
      event.kind === 'gap' ? undefined : event.to,
    ]
      .filter((part) => part !== undefined && part !== '')
      .join(' '),
  );
}
