import type { OutboxRecord } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { DeliveryOutcome, Refusal } from '../../engine/site/delivery.ts';
import type { MqttConnection } from './mqttConnection.ts';

/** The body of an outbox record for MQTT, as JSON. */
export interface MqttMessage {
  topic: string;
  payload: string;
  retain?: boolean;
  /** MQTT 5: what the payload is. */
  contentType?: string;
}

/** So many wait for their confirmation at once; the order on the wire is kept all the same. */
const atOnce = 20;

/**
 * Delivers outbox records whose bodies are MqttMessage as JSON, QoS 1, each confirmed. Under MQTT 5 the idempotency key goes along as
 * the user property `idempotencyKey`, and what waited through an outage or a stop has `waited`: true. Never rejects.
 */
export function deliverMessages(connection: MqttConnection): (records: readonly OutboxRecord[], backfillTo?: number) => Promise<DeliveryOutcome> {
  return async (records, backfillTo = 0) => {
    const delivered: number[] = [];
    const rejected: Refusal[] = [];
    for (let start = 0; start < records.length; start += atOnce) {
      let problem: Problem | undefined;
      await Promise.all(records.slice(start, start + atOnce).map(async ({ body, idempotencyKey, sequence }, offset) => {
        const index = start + offset;
        try {
          const { topic, payload, retain, contentType } = readMessage(body);
          await connection.publish(topic, payload, {
            qos: 1, retain: retain === true, userProperties: { idempotencyKey, ...(sequence <= backfillTo && { waited: 'true' }) }, ...(contentType === undefined ? {} : { contentType }),
          });
          delivered.push(index);
        } catch (error) {
          if (!(error instanceof Problem)) rejected.push({ index, reason: error instanceof Error ? error.message : String(error) });
          else if (error.code === 'TWIN_MQTT_REJECTED') rejected.push({ index, reason: error.found });
          else problem ??= error;
        }
      }));
      if (problem !== undefined) return { kind: 'retry', problem, delivered, rejected };
    }
    return { kind: 'delivered', rejected };
  };
}

function readMessage(body: string): MqttMessage {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    // Told below.
  }
  const { topic, payload, retain, contentType } = (message ?? {}) as Partial<MqttMessage>;
  if (typeof topic !== 'string' || typeof payload !== 'string') {
    throw new Problem('TWIN_MQTT_REJECTED', 'The record holds no topic and payload.', 'Report this with the log around it.');
  }
  return { topic, payload, retain: retain === true, ...(typeof contentType === 'string' ? { contentType } : {}) };
}
