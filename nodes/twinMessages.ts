import type { TwinBatchMessage, TwinMessage } from '../contract/messages.ts';
import { lateRow, messageVersion } from '../contract/messages.ts';
import { Problem } from '../engine/problem.ts';
import type { AssetTwin } from '../engine/site/assetTwin.ts';
import type { Site } from '../engine/site/site.ts';
import type { Message } from './red.d.ts';

/** Messages that say they are historical but name no replay share this one. */
const backfill = 'backfill';

/**
 * Who a message speaks of; undefined: a machine of this site whose node has just gone, as in a deploy, while its last messages were on
 * their way. They are history, and nothing is concluded from them any more.
 * @throws Problem TWIN_NOT_A_TWIN_MESSAGE, TWIN_MESSAGE_VERSION, TWIN_UNKNOWN
 */
export function assetOfMessage(site: Site, message: Message, title: string): AssetTwin | undefined {
  const header = message.twin as Partial<TwinMessage['twin']> | undefined;
  if (typeof header !== 'object' || header === null || typeof header.key !== 'string' || typeof header.row !== 'number') {
    throw new Problem('TWIN_NOT_A_TWIN_MESSAGE', `"${title}" got a message that comes from no twin-asset.`, 'Wire a twin-asset in front of it.', { node: title });
  }
  if (typeof header.v === 'number' && header.v > messageVersion) {
    throw new Problem('TWIN_MESSAGE_VERSION', `"${title}" got a message of version ${header.v as number} and knows ${messageVersion}.`, 'Update this package.', {
      version: header.v as number,
    });
  }
  const asset = site.asset(header.key, isLate(message) ? undefined : replayOf(message));
  if (asset === undefined && !site.knows(header.key)) {
    throw new Problem('TWIN_UNKNOWN', `There is no machine with the key "${header.key.slice(0, 60)}" in this site.`, 'Choose the same site in twin-asset and here.', {
      key: header.key.slice(0, 60),
    });
  }
  return asset;
}

/** Late values, which are for history alone. */
export function isLate(message: Message): boolean {
  return (message.twin as Partial<TwinMessage['twin']> | undefined)?.row === lateRow;
}

export function replayOf(message: Message): string | undefined {
  if (message.historical !== true) return undefined;
  const mark = message.replay as { id?: unknown } | undefined;
  return typeof mark === 'object' && mark !== null && typeof mark.id === 'string' ? mark.id.slice(0, 100) : backfill;
}

/** The message as a batch; undefined when it is a single one. */
export function batchOf(message: Message): TwinBatchMessage | undefined {
  return Array.isArray(message.payload) && Array.isArray(message.states) ? (message as unknown as TwinBatchMessage) : undefined;
}

/** @throws Problem TWIN_NOT_A_TWIN_MESSAGE when what belongs to a twin's message was taken out on the way */
export function singleOf(message: Message): TwinMessage {
  if (
    typeof message.payload !== 'object' ||
    message.payload === null ||
    !Array.isArray(message.changed) ||
    typeof message.timestamp !== 'number' ||
    typeof message.quality !== 'object' ||
    message.quality === null
  ) {
    throw new Problem('TWIN_NOT_A_TWIN_MESSAGE', 'This message of a twin lost its payload, changed, quality or timestamp on the way.', 'Leave these properties as twin-asset sends them.');
  }
  return message as unknown as TwinMessage;
}

/** The last message of a replay went through: what it learned may be taken over. */
export function completeReplay(site: Site, message: Message): void {
  const mark = message.replay as { id?: unknown; complete?: unknown; learn?: unknown } | undefined;
  const id = replayOf(message);
  const key = (message.twin as { key?: unknown } | undefined)?.key;
  if (id === undefined || mark?.complete !== true || typeof key !== 'string') return;
  site.completeReplay(key, id, mark.learn === true);
}
