import type { AlarmAction, AlarmActionName } from '../contract/alarms.ts';
import type { FeedbackAnswer } from '../contract/feedback.ts';
import type { TwinCommand } from '../contract/messages.ts';
import { Problem } from '../engine/problem.ts';
import type { Message } from './red.d.ts';

/**
 * `msg.command`, checked. undefined when the message carries none.
 * @throws Problem TWIN_COMMAND with what is wrong
 */
export function commandOf(message: Message): TwinCommand | undefined {
  if (!Object.hasOwn(message, 'command')) return undefined;
  const raw = message.command;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const given = raw as Record<string, unknown>;
  switch (given.do) {
    case 'acknowledge':
      return { do: 'acknowledge', ...text(given, 'twin'), ...text(given, 'case'), ...text(given, 'by'), ...text(given, 'comment') };
    case 'learn-again': {
      const { properties } = given;
      if (properties !== undefined && (!Array.isArray(properties) || !properties.every((name) => typeof name === 'string'))) {
        throw wrong('"properties" is not a list of property names');
      }
      const fromMs = finite(given, 'fromMs');
      if (properties !== undefined && fromMs.fromMs !== undefined) throw wrong('"properties" and "fromMs" do not go together');
      return { do: 'learn-again', ...text(given, 'twin'), ...(properties === undefined ? {} : { properties: properties as string[] }), ...fromMs };
    }
    case 'keep-baseline':
      return { do: 'keep-baseline', ...text(given, 'twin'), ...text(given, 'note') };
    case 'restore-baseline': {
      const { twin, version } = given;
      if (typeof twin !== 'string' || typeof version !== 'number' || !Number.isInteger(version)) throw wrong('"twin" or "version" is missing');
      return { do: 'restore-baseline', twin, version };
    }
    case 'failure': {
      const { twin } = given;
      if (typeof twin !== 'string') throw wrong('"twin" is missing');
      return { do: 'failure', twin, ...finite(given, 'atMs'), ...text(given, 'what'), ...(given.replaced === true ? { replaced: true } : {}) };
    }
    case 'failure-runs':
      return { do: 'failure-runs', ...text(given, 'twin') };
    case 'answer': {
      const answer = answers.find((one) => one === given.answer);
      if (answer === undefined) throw wrong(`"answer" is none of ${answers.join(', ')}`);
      return {
        do: 'answer', answer, ...text(given, 'twin'), ...text(given, 'case'), ...text(given, 'what'), ...text(given, 'by'), ...finite(given, 'untilMs'), ...finite(given, 'hours'),
        ...(given.confirm === true ? { confirm: true } : {}),
      };
    }
    case 'undo': {
      const { twin, id } = given;
      if (typeof twin !== 'string' || typeof id !== 'string') throw wrong('"twin" or "id" is missing');
      return { do: 'undo', twin, id, ...text(given, 'by') };
    }
    case 'link':
    case 'unlink': {
      const { from, relation, to, validFromMs, validToMs } = given;
      if (typeof from !== 'string' || typeof relation !== 'string' || typeof to !== 'string') throw wrong('"from", "relation" or "to" is missing');
      for (const [name, timeMs] of Object.entries({ validFromMs, validToMs })) {
        if (timeMs !== undefined && (typeof timeMs !== 'number' || !Number.isFinite(timeMs))) throw wrong(`"${name}" is not a time in ms`);
      }
      return { do: given.do, from, relation, to, ...(validFromMs === undefined ? {} : { validFromMs: validFromMs as number }), ...(validToMs === undefined ? {} : { validToMs: validToMs as number }) };
    }
    default:
      throw wrong(`"${String(given.do).slice(0, 40)}" is not something to do`);
  }
}

const answers: readonly FeedbackAnswer[] = ['onIt', 'real', 'falseAlarm', 'planned', 'changed'];

function finite<N extends string>(given: Record<string, unknown>, name: N): Partial<Record<N, number>> {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined || value === null) return {};
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(`"${name}" is not a number`);
  return { [name]: value } as Partial<Record<N, number>>;
}

const alarmActions: Readonly<Record<string, AlarmActionName>> = {
  acknowledge: 'acknowledge', confirm: 'confirm', reset: 'reset', shelve: 'shelve', unshelve: 'unshelve', suppress: 'suppress', unsuppress: 'unsuppress',
  'take-out-of-service': 'takeOutOfService', 'return-to-service': 'returnToService', note: 'note',
};

/**
 * What `msg.command` does to the alarms of a machine; undefined: it is no such command. Acknowledging without an alarm is a matter of the
 * case, see `commandOf`.
 * @throws Problem TWIN_COMMAND
 */
export function alarmActionOf(message: Message): AlarmAction | undefined {
  const given = Object.hasOwn(message, 'command') ? (message.command as Record<string, unknown> | null) : undefined;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || typeof given.do !== 'string' || !Object.hasOwn(alarmActions, given.do)) return undefined;
  if (given.do === 'acknowledge' && given.alarm === undefined) return undefined;
  const { minutes, occurrence, oneShot } = given;
  if (minutes !== undefined && (typeof minutes !== 'number' || !Number.isFinite(minutes))) throw wrong('"minutes" is not a number');
  if (occurrence !== undefined && !Number.isInteger(occurrence)) throw wrong('"occurrence" is not a whole number');
  const { twin, by } = { ...text(given, 'twin'), ...text(given, 'by') };
  if (twin === undefined) throw wrong('"twin" is missing');
  return {
    action: alarmActions[given.do] as AlarmActionName,
    twin,
    by: by ?? '',
    via: 'message',
    ...text(given, 'case'),
    ...text(given, 'alarm'),
    ...text(given, 'why'),
    ...(occurrence === undefined ? {} : { occurrence: occurrence as number }),
    ...(minutes === undefined ? {} : { forMs: (minutes as number) * 60_000 }),
    ...(oneShot === true ? { oneShot: true } : {}),
  };
}

function text<N extends string>(given: Record<string, unknown>, name: N): Partial<Record<N, string>> {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') throw wrong(`"${name}" is not a text`);
  return { [name]: value.slice(0, 500) } as Partial<Record<N, string>>;
}

function wrong(what: string): Problem {
  return new Problem(
    'TWIN_COMMAND', `msg.command cannot be understood: ${what}.`,
    'Send do: acknowledge, answer, undo, learn-again, keep-baseline, restore-baseline, link or unlink, as the help of the node shows.',
  );
}
