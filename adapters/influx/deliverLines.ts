import type { OutboxRecord } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { DeliveryOutcome } from '../../engine/site/delivery.ts';
import type { InfluxWriter } from './influxWriter.ts';

/** Delivers outbox records whose bodies are lines of the line protocol. Never rejects. */
export function deliverLines(writer: InfluxWriter): (records: readonly OutboxRecord[]) => Promise<DeliveryOutcome> {
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
  return new Problem('TWIN_INFLUX_FAILED', `Writing to InfluxDB failed: ${reason}.`,
    'It is tried again by itself; report this with the log around it.', { reason });
}
