import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { TwinBatchMessage, TwinMessage } from '../../../contract/messages.ts';
import type { Clock } from '../../../engine/ports.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import { Site } from '../../../engine/site/site.ts';
import type { AssetRegistration, SiteOptions } from '../../../engine/site/site.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { TwinBatch, twinMessage } from '../../../nodes/message.ts';

/** A clock that stands where the test puts it. */
export class TestClock implements Clock {
  wallMs = 1_767_225_600_000;
  nowMs(): number {
    return this.wallMs;
  }
  monotonicMs(): number {
    return this.wallMs;
  }
}

export const pumpType = compileTwinType({
  name: 'pump',
  version: 1,
  properties: [
    { name: 'speed', unit: '/min', valueKind: 'setpoint' },
    { name: 'current', label: 'Motor current', unit: 'A' },
    { name: 'vibration', label: 'Vibration', unit: 'mm/s', high: '7.1' },
    { name: 'mode', valueKind: 'state' },
  ],
}).type;

export function registration(key: string, more: Partial<AssetRegistration> = {}): AssetRegistration {
  return {
    nodeId: `node-${key}`,
    nodeName: key,
    key,
    name: key,
    type: pumpType,
    path: ['plant', key],
    placeholders: new Map(),
    mapping: [],
    staleAfter: 5,
    onEvents: () => undefined,
    ...more,
  };
}

export async function startSite(
  options: Partial<SiteOptions> = {},
  store = openMemoryStore(),
  clock = new TestClock(),
): Promise<{ site: Site; clock: TestClock; store: ReturnType<typeof openMemoryStore> }> {
  const site = new Site(
    { id: 'site', name: 'Plant', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365, ...options },
    { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox },
  );
  await site.start();
  return { site, clock, store };
}

export interface PumpRow {
  timeMs: number;
  values: Record<string, unknown>;
}

/** Lets the twin take a row and gives its message. */
export function single(site: Site, asset: AssetTwin, row: PumpRow): TwinMessage {
  const update = asset.twin.applyRow(row.values, row.timeMs, site.clock.nowMs());
  return twinMessage(asset.twin, update, { row: asset.takeRows(1) });
}

export function batch(site: Site, asset: AssetTwin, rows: readonly PumpRow[]): TwinBatchMessage {
  const collected = new TwinBatch();
  for (const row of rows) collected.add(asset.twin, asset.twin.applyRow(row.values, row.timeMs, site.clock.nowMs()));
  return collected.message(asset.twin, { row: asset.takeRows(collected.length) });
}
