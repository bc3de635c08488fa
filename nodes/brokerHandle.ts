import type { OutboxRecord } from '../engine/ports.ts';
import type { Problem } from '../engine/problem.ts';
import type { DeliveryOutcome } from '../engine/site/delivery.ts';
import type { NodeInstance } from './red.d.ts';

/** What a node that speaks MQTT in its own name may ask of its connection. The adapter's connection answers it. */
export interface BrokerConnection {
  readonly state: 'connecting' | 'connected' | 'reconnecting' | 'refused' | 'closed';
  readonly problem: Problem | undefined;
  /** false: this broker keeps no retained messages. */
  readonly retains: boolean;
  onState(listener: (state: BrokerConnection['state'], problem: Problem | undefined) => void): () => void;
  /** QoS 1: resolves when the broker confirmed. */
  publish(topic: string, payload: string, options?: { retain?: boolean; contentType?: string; expirySeconds?: number }): Promise<void>;
  /** Delivers outbox records; never rejects. */
  deliver(records: readonly OutboxRecord[], backfillTo: number): Promise<DeliveryOutcome>;
  /** Says farewell, so that no will is published. */
  close(): Promise<void>;
}

/**
 * A broker's settings, kept by twin-mqtt. A will belongs to a connection and is one message, so whoever needs one has a connection
 * of its own.
 */
export interface BrokerHandle {
  readonly address: string | undefined;
  /**
   * @param identity letters and digits, the same after each restart, so that the broker ends what is left of the former connection
   * @throws Problem TWIN_MQTT_SETTING
   */
  open(identity: string, will: { topic: string; payload: string; retain: boolean }): BrokerConnection;
  /** Sends something at once that is of no use later (QoS 0, not retained). */
  send(topic: string, payload: Uint8Array): Promise<void>;
  /** Who publishes a topic at this broker, so that two never take turns on one. */
  readonly claims: Map<string, string>;
}

const brokers = new WeakMap<NodeInstance, BrokerHandle>();

export function offerBroker(node: NodeInstance, broker: BrokerHandle): void {
  brokers.set(node, broker);
}

export function brokerOf(node: NodeInstance | null): BrokerHandle | undefined {
  return node === null ? undefined : brokers.get(node);
}
