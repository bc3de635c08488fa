import type { LineWriter, OutboxRecord } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { DeliveryOutcome } from './delivery.ts';

/** Delivers outbox records whose bodies are lines of the line protocol. Never rejects. */
export function deliverLines(writer: LineWriter): (records: readonly OutboxRecord[]) => Promise<DeliveryOutcome> {
  return async (records) => {
    try {
      const { rejected } = await writer.write(records.map(({ body }) => body));
      return { kind: 'delivered', rejected };
    } catch (error) {
      if (!(error instanceof Problem)) return { kind: 'retry', problem: unexpected(error) };
      const { retryAfterMs } = error.values;
      return { kind: 'retry', problem: error, ...(typeof retryAfterMs === 'number' && { afterMs: retryAfterMs }) };
    }
  };
}

function unexpected(error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return new Problem('TWIN_DELIVERY_FAILED', `Delivery failed: ${reason}.`, 'It is tried again by itself.', { reason });
}
