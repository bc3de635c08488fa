import { openSync } from 'node:fs';
import type { Fields } from '../../../contract/fields.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../../../nodes/red.d.ts';
import type { NodeUnit } from './nodeUnit.ts';

/** A whole small node with one fault, and the check that has to catch it. */
export interface PlantedNode {
  fault: string;
  caughtBy: string;
  unit: NodeUnit;
}

const fields = {
  name: { kind: 'text', default: '' },
  factor: { kind: 'number', default: 1, minimum: 0, maximum: 10 },
  rows: { kind: 'list', default: [], row: { name: { kind: 'text', default: '' } } },
} as const satisfies Fields;

interface Behaviour {
  construct?(node: NodeInstance, definition: NodeDefinition, RED: Runtime): void;
  input?(message: Message, send: NodeInstance['send'], done: (problem?: Error) => void, definition: NodeDefinition): void;
  close?(done: () => void): void;
}

let nextType = 0;

function planted(behaviour: Behaviour): NodeUnit {
  const type = `planted-${nextType++}`;
  return {
    type,
    fields,
    patienceMs: 300,
    register(RED) {
      RED.nodes.registerType(type, function (this: NodeInstance, definition: NodeDefinition) {
        RED.nodes.createNode(this, definition);
        behaviour.construct?.(this, definition, RED);
        this.on('input', (message, send, done) => {
          if (behaviour.input === undefined) {
            send({ ...message });
            done();
          } else behaviour.input(message, send, done, definition);
        });
        this.on('close', (_removed, done) => {
          if (behaviour.close === undefined) done();
          else behaviour.close(done);
        });
      });
    },
  };
}

/** A node without a fault: all checks must pass it. */
export const soundNode: NodeUnit = planted({});

const bare = 'a node saved with nothing but its id starts';
const older = 'a node of an older version, or one with wrong values, starts';
const odd = 'odd messages: each is done once, nothing is thrown, an error says its code';
const sent = 'a message is not changed after it was sent on';
const close = 'nothing survives close: timers, listeners, open files, connections';
const deploy = 'a second deploy works, of everything and of this node only';

const listened: unknown[] = [];

export const plantedNodes: readonly PlantedNode[] = [
  {
    fault: 'needs a field that is not there',
    caughtBy: bare,
    unit: planted({ construct: (_node, definition) => void (definition.name as string).trim() }),
  },
  {
    fault: 'takes a list for granted',
    caughtBy: older,
    unit: planted({ construct: (_node, definition) => void ((definition.rows ?? []) as { name?: string }[]).map((row) => (row.name ?? '').trim()) }),
  },
  {
    fault: 'throws at a payload without properties',
    caughtBy: odd,
    unit: planted({
      input: (message, send, done) => {
        send({ ...message, payload: (message.payload as { toString(): string }).toString() });
        done();
      },
    }),
  },
  {
    fault: 'never finishes a message that is no number',
    caughtBy: odd,
    unit: planted({ input: (message, _send, done) => (typeof message.payload === 'number' ? done() : undefined) }),
  },
  {
    fault: 'finishes an empty message twice',
    caughtBy: odd,
    unit: planted({
      input: (message, _send, done) => {
        if (message.payload === '') done();
        done();
      },
    }),
  },
  {
    fault: 'gives errors without a code',
    caughtBy: odd,
    unit: planted({ input: (message, _send, done) => (message.payload === null ? done(new Error('no payload')) : done()) }),
  },
  {
    fault: 'rejects late',
    caughtBy: odd,
    unit: planted({
      input: (message, _send, done) => {
        done();
        if (message.payload === null) void Promise.reject(new Error('planted'));
      },
    }),
  },
  {
    fault: 'lets names in a message reach Object.prototype',
    caughtBy: odd,
    unit: planted({
      input: (message, _send, done) => {
        const copy: Record<string, unknown> = {};
        for (const [name, value] of Object.entries((message.payload as object | null | undefined) ?? {})) {
          if (name === '__proto__') Object.assign((copy as Record<string, object>)[name] as object, value);
        }
        done();
      },
    }),
  },
  {
    fault: 'adds to a message that is on its way',
    caughtBy: sent,
    unit: planted({
      input: (message, send, done) => {
        send(message);
        message.late = true;
        done();
      },
    }),
  },
  {
    fault: 'reuses one object for all messages',
    caughtBy: sent,
    unit: (() => {
      const reused: Message = {};
      return planted({
        input: (message, send, done) => {
          reused.payload = message.payload;
          send(reused);
          done();
        },
      });
    })(),
  },
  { fault: 'leaves an interval running', caughtBy: close, unit: planted({ construct: () => void setInterval(() => {}, 60_000) }) },
  { fault: 'leaves a timeout that does not keep the process alive', caughtBy: close, unit: planted({ construct: () => void setTimeout(() => {}, 60_000).unref() }) },
  { fault: 'leaves a listener', caughtBy: close, unit: planted({ construct: (_node, _definition, RED) => RED.events.on('flows:started', () => listened.push(1)) }) },
  {
    fault: 'leaves a file open',
    caughtBy: close,
    unit: planted({ construct: (_node, _definition, RED) => void openSync(`${RED.settings.userDir}/planted`, 'w') }),
  },
  {
    fault: 'starts only once',
    caughtBy: deploy,
    unit: (() => {
      let started = false;
      return planted({
        construct: () => {
          if (started) throw new Error('started already');
          started = true;
        },
      });
    })(),
  },
  {
    fault: 'is deaf after a deploy',
    caughtBy: deploy,
    unit: (() => {
      let instances = 0;
      return planted({
        construct: () => void instances++,
        input: (_message, _send, done) => (instances === 1 ? done() : undefined),
      });
    })(),
  },
];
