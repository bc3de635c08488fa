import type { Problem } from '../engine/problem.ts';
import { brokerOf } from './brokerHandle.ts';
import type { Runtime } from './red.d.ts';
import { SparkplugAliases } from './sparkplugAliases.ts';

/** The aliases of one node that reads messages; with a broker it asks for what is missing. @param broker id of a twin-mqtt; '': none */
export function sparkplugNames(RED: Runtime, broker: string, onProblem: (problem: Problem) => void): SparkplugAliases {
  const send = async (topic: string, payload: Uint8Array): Promise<void> => brokerOf(RED.nodes.getNode(broker))?.send(topic, payload);
  return new SparkplugAliases({ ...(broker !== '' && { send }), nowMs: () => Date.now(), monotonicMs: () => performance.now(), onProblem });
}
