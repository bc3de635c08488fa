import type { Fields } from '../../contract/fields.ts';

/** Raises, updates and clears one case per machine; when and how people are told of it. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  onAnomaly: { kind: 'flag', default: true },
  onLimit: { kind: 'flag', default: true },
  onStale: { kind: 'flag', default: true },
  /** A signal whose quality is not good for so long; 0: no alarm of its own. */
  badSignalAfter: { kind: 'number', default: 300, before: 0, minimum: 0, maximum: 86_400, unit: 's' },
  rules: {
    kind: 'list',
    default: [],
    maximumRows: 500,
    row: {
      property: { kind: 'text', default: '', maximumLength: 200 },
      condition: { kind: 'choice', default: 'high', options: ['high', 'low', 'deviation', 'true'] },
      /** Text, so that a decimal comma and an environment variable can stand in it. */
      limit: { kind: 'text', default: '', maximumLength: 40, placeholder: '80' },
      onDelay: { kind: 'text', default: '', maximumLength: 40, placeholder: '0' },
      name: { kind: 'text', default: '', maximumLength: 100 },
      /** Names of types, separated by commas; empty: every machine. */
      types: { kind: 'text', default: '', maximumLength: 500 },
      deadband: { kind: 'text', default: '', maximumLength: 40, placeholder: '0' },
      offDelay: { kind: 'text', default: '', maximumLength: 40, placeholder: '0' },
      setpoint: { kind: 'text', default: '', maximumLength: 200 },
      priority: { kind: 'choice', default: 'medium', options: ['high', 'medium', 'low'] },
      letter: { kind: 'choice', default: 'S', options: ['F', 'C', 'S', 'M'] },
      latching: { kind: 'flag', default: false },
      acknowledge: { kind: 'flag', default: true },
      /** After it is acknowledged, somebody confirms that what was to be done is done. */
      confirm: { kind: 'flag', default: false },
      root: { kind: 'flag', default: false },
      /** An expression of the twin: while it holds, this alarm is suppressed by design. */
      unless: { kind: 'text', default: '', maximumLength: 500 },
    },
  },
  /** A case clears when its condition has been gone for this long. */
  clearAfter: { kind: 'number', default: 60, minimum: 0, maximum: 86_400, unit: 's' },
  /** Alarms have to be acknowledged. */
  acknowledge: { kind: 'flag', default: true },
  /** Reminder while a case is open and nobody acknowledged it; 0: none. */
  repeatAfter: { kind: 'number', default: 4, minimum: 0, maximum: 168, unit: 'h' },
  /** An alarm that is acknowledged and still active is told again after so long; 0: never. */
  realarmAfter: { kind: 'number', default: 0, minimum: 0, maximum: 168, unit: 'h' },
  longestShelf: { kind: 'number', default: 8, minimum: 0.1, maximum: 168, unit: 'h' },
  /** No alarms in the modes in which twin-baseline does not judge, in these modes, and for a while after them. */
  quietWhenOff: { kind: 'flag', default: true, before: false },
  quietModes: { kind: 'text', default: '', maximumLength: 500 },
  /** An expression of the twin, likewise. */
  quietWhile: { kind: 'text', default: '', maximumLength: 500, placeholder: 'speed < 5 and door_open' },
  settle: { kind: 'number', default: 30, before: 0, minimum: 0, maximum: 3600, unit: 's' },
  /** What joins a new case within this is told with it; silent machines wait so long for each other. */
  groupWait: { kind: 'number', default: 30, before: 0, minimum: 0, maximum: 3600, unit: 's' },
  changeEvery: { kind: 'number', default: 5, before: 0, minimum: 0, maximum: 1440, unit: 'min' },
  /** HH:MM by the clock of this computer; both empty: no quiet hours. */
  quietFrom: { kind: 'text', default: '', maximumLength: 5, placeholder: '22:00' },
  quietTo: { kind: 'text', default: '', maximumLength: 5, placeholder: '06:00' },
  urgentAlways: { kind: 'flag', default: true },
  /** Messages a day, then one digest; 0: no cap. */
  capPerDay: { kind: 'number', default: 0, minimum: 0, maximum: 10_000, integer: true },
  gatherFloods: { kind: 'flag', default: true, before: false },
  /** Properties of the machine with which the PLC itself answers. */
  bits: {
    kind: 'list',
    default: [],
    maximumRows: 100,
    row: {
      property: { kind: 'text', default: '', maximumLength: 200 },
      does: { kind: 'choice', default: 'acknowledge', options: ['acknowledge', 'confirm', 'reset', 'shelve', 'suppress', 'takeOutOfService'] },
    },
  },
  /** Which node stands behind, so that it takes the messages as they are. */
  shape: { kind: 'choice', default: 'plain', options: ['plain', 'email', 'mqtt', 'webhook', 'telegram', 'ntfy'] },
  /** Address, topic or chat; '': the node behind says it. */
  shapeTo: { kind: 'text', default: '', maximumLength: 500 },
  /** A small picture of the signal with what was expected. */
  picture: { kind: 'flag', default: true, before: false },
  /** Publishes by itself when one is chosen. */
  mqtt: { kind: 'reference', to: 'twin-mqtt', default: '' },
  /** {path} and {key} stand for the twin's. */
  mqttTopic: { kind: 'text', default: 'twinwire/{path}/case', maximumLength: 500 },
} as const satisfies Fields;
