import type { Config } from '../../contract/fields.ts';
import type { GraphQuestion } from '../../contract/graph.ts';
import { Problem } from '../../engine/problem.ts';
import { parseTime } from '../../engine/time/period.ts';
import { localCalendar } from '../localCalendar.ts';
import { readTimeMs } from '../messageTime.ts';
import { objectOf } from '../objectOf.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

type QueryConfig = Config<typeof fields>;

/** Questions that may wait for the one before. */
const mostWaiting = 50;

export default function twinQuery(RED: Runtime): void {
  RED.nodes.registerType('twin-query', function constructQuery(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    let waiting = 0;
    twin.show(status('ready', language));
    onInput(twin, handle.ready, async (message: Message, send) => {
      if (waiting >= mostWaiting) {
        throw new Problem('TWIN_QUERY_BUSY', `"${twin.title}" has ${mostWaiting} questions waiting.`, 'Ask less often.', { node: twin.title });
      }
      waiting++;
      try {
        const site = openSite(handle);
        const answer = await site.graph.ask(questionOf(twin.config, message, site.clock.nowMs()));
        twin.show(status(answer.cut === undefined ? 'answeredRows' : 'answeredCut', language, { count: answer.rows.length }));
        send({ ...message, payload: answer });
      } finally {
        waiting--;
      }
    });
  });
}

/**
 * The form's question, with what msg.question or an object in the payload says instead.
 * @throws Problem TWIN_QUESTION_ELEMENT, TWIN_QUESTION_FIELD
 */
function questionOf(config: QueryConfig, message: Message, nowMs: number): GraphQuestion {
  const given = objectOf(message['question']) ?? objectOf(message.payload) ?? {};
  const own = (name: string): unknown => (Object.hasOwn(given, name) && given[name] !== null && given[name] !== '' ? given[name] : undefined);
  const text = (name: string, usual: string): string => {
    const value = own(name);
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim().slice(0, 200) : usual;
  };
  const choice = (name: 'ask' | 'by'): string => {
    const value = own(name) ?? config[name];
    if ((fields[name].options as readonly unknown[]).includes(value)) return String(value);
    throw wrongField(name, value, fields[name].options.join(', '));
  };
  const number = (name: 'hours' | 'hops' | 'rows'): number => {
    const value = own(name) ?? config[name];
    if (typeof value === 'number' && value >= fields[name].minimum && value <= fields[name].maximum) return value;
    throw wrongField(name, value, `${fields[name].minimum} … ${fields[name].maximum}`);
  };
  const time = (name: 'at' | 'known'): number | undefined => {
    const value = own(name) ?? (config[name] === '' ? undefined : config[name]);
    if (value === undefined) return undefined;
    const timeMs = (typeof value === 'string' ? parseTime(value, nowMs, localCalendar) : undefined) ?? readTimeMs(value);
    if (timeMs === undefined) throw wrongField(name, value, '2026-05-04 06:00');
    return Math.round(timeMs);
  };
  const spoken = typeof message.payload === 'string' || typeof message.payload === 'number' ? String(message.payload).trim().slice(0, 200) : '';
  const element = text('element', config.element === '' ? spoken : config.element);
  if (element === '') {
    throw new Problem('TWIN_QUESTION_ELEMENT', 'The question names nothing to ask about.', 'Fill in the part, lot or machine, or send its key as payload.');
  }
  const validMs = time('at');
  const recordedMs = time('known');
  const asked = { element, hops: number('hops'), rows: number('rows'), ...(validMs !== undefined && { validMs }), ...(recordedMs !== undefined && { recordedMs }) };
  const ask = choice('ask') as GraphQuestion['ask'];
  switch (ask) {
    case 'origin': {
      const properties = text('properties', config.properties).split(',').map((name) => name.trim()).filter((name) => name !== '');
      return { ...asked, ask, parameters: own('parameters') !== undefined ? own('parameters') === true : config.parameters, ...(properties.length > 0 && { properties }) };
    }
    case 'siblings':
      return { ...asked, ask, by: choice('by') as 'lot' };
    case 'changes':
      return { ...asked, ask, hours: number('hours') };
    case 'path': {
      const to = text('to', config.to);
      if (to === '') throw new Problem('TWIN_QUESTION_ELEMENT', 'The question names nothing to ask about.', 'Fill in the part, lot or machine, or send its key as payload.');
      return { ...asked, ask, to };
    }
    default:
      return { ...asked, ask };
  }
}

function wrongField(name: string, value: unknown, wanted: string): Problem {
  return new Problem('TWIN_QUESTION_FIELD', `"${String(value).slice(0, 60)}" does not fit "${name}" of the question.`, `It takes: ${wanted}.`, { name });
}
