/**
 * One value of one address at one time: the smallest thing that enters Twinwire.
 *
 * Quality has the three classes of OPC UA (OPC 10000-4, StatusCode severity): the source's raw code is kept beside it.
 * Three times are kept apart, because each answers another question: when was it true at the machine (source), when did
 * the server see it (server), when did we (received).
 */
export type Quality = 'good' | 'uncertain' | 'bad';

/** What a property can hold. 64-bit integers that a number cannot hold exactly arrive as bigint. */
export type PropertyValue = number | string | boolean | bigint;

export interface Observation {
  /** The PLC's address (tag): a NodeId, a topic, a variable or column name. Not yet a property. */
  address: string;
  /** null where the source sent no usable value; its quality is then bad. */
  value: PropertyValue | null;
  quality: Quality;
  /** The source's own code, as it came ("BadSensorFailure", 192, …). */
  statusCode?: string | number;
  /** Milliseconds UTC. Absent where the source sent none: then the received time stands in for it. */
  sourceTimeMs?: number;
  serverTimeMs?: number;
  receivedTimeMs: number;
  /** UCUM code, where the source sends one. */
  unit?: string;
}

/** The worse of two qualities. */
export function worseQuality(a: Quality, b: Quality): Quality {
  if (a === 'bad' || b === 'bad') return 'bad';
  return a === 'uncertain' || b === 'uncertain' ? 'uncertain' : 'good';
}
