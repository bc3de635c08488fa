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
      return { do: 'learn-again', ...text(given, 'twin'), ...(properties === undefined ? {} : { properties: properties as string[] }) };
    }
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
      const { from, relation, to, validFromMs } = given;
      if (typeof from !== 'string' || typeof relation !== 'string' || typeof to !== 'string') throw wrong('"from", "relation" or "to" is missing');
      if (validFromMs !== undefined && (typeof validFromMs !== 'number' || !Number.isFinite(validFromMs))) throw wrong('"validFromMs" is not a time in ms');
      return { do: given.do, from, relation, to, ...(validFromMs === undefined ? {} : { validFromMs: validFromMs as number }) };
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

function text<N extends string>(given: Record<string, unknown>, name: N): Partial<Record<N, string>> {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') throw wrong(`"${name}" is not a text`);
  return { [name]: value.slice(0, 500) } as Partial<Record<N, string>>;
}

function wrong(what: string): Problem {
  return new Problem('TWIN_COMMAND', `msg.command cannot be understood: ${what}.`, 'Send do: acknowledge, answer, undo, learn-again, link or unlink, as the help of the node shows.');
}
