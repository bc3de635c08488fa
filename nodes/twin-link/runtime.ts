import { csvTable } from '../../engine/csvTable.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { parseTime } from '../../engine/time/period.ts';
import { commandOf } from '../command.ts';
import { localCalendar } from '../localCalendar.ts';
import { factTableRoutes } from '../factTables.ts';
import { problemIn } from '../problemSentences.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { problemStatus, status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

const mostRefusalsTold = 1000;
const longestTable = 50_000_000;

export default function twinLink(RED: Runtime): void {
  factTableRoutes(RED, 'twin-link', async (site, table, { node }, previewOnly) => site.graph.link(table, `table:${node}`, previewOnly, localCalendar));

  RED.nodes.registerType('twin-link', function constructLink(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const { from, relation, to } = twin.config;
    const source = `node:${twin.node.id}`;
    const drawn = status('linked', language, { from, relation, to });

    void whenReady(twin, handle, async () => {
      const site = handle.site as Site;
      const nowMs = site.clock.nowMs();
      // A line drawn elsewhere by an earlier version of this node ends where the new one begins.
      await site.relations.end(
        (fact) => fact.source === source && (fact.subject !== from || fact.relation !== relation || fact.object !== to),
        nowMs,
        nowMs,
      );
      if (from === '' && to === '') {
        twin.show(status('ready', language));
        return;
      }
      const time = (name: 'validFrom' | 'validTo'): number | undefined => {
        const text = twin.config[name];
        const timeMs = text === '' ? undefined : parseTime(text, nowMs, localCalendar);
        if (text !== '' && timeMs === undefined) throw new Problem('TWIN_LINK_TIME', `"${text}" is not a time.`, 'Write it as 2026-05-04 06:00.', { time: text });
        return timeMs;
      };
      const validToMs = time('validTo');
      await site.relations.assert({ from, relation, to }, source, time('validFrom') ?? nowMs, nowMs);
      if (validToMs !== undefined) await site.relations.end((fact) => fact.source === source, validToMs, nowMs);
      twin.show(validToMs !== undefined && validToMs <= nowMs ? status('ended', language) : drawn);
    });

    twin.onClose(async (removed) => {
      const site = handle.site;
      if (!removed || site === undefined) return;
      const nowMs = site.clock.nowMs();
      await site.relations.end((fact) => fact.source === source, nowMs, nowMs);
    });

    const linkTable = async (site: Site, message: Message, text: string): Promise<void> => {
      if (text.length > longestTable) throw new Problem('TWIN_RECORD_MANY', 'The message holds more than can be noted at once.',
        `Send at most ${longestTable} in one message.`, { most: longestTable });
      const { rows, refused } = await site.graph.link(csvTable(text), `table:${twin.node.id}`, message['preview'] === true, localCalendar);
      const told = refused.slice(0, mostRefusalsTold).map(({ line, problem }) => ({ line, code: problem.code, text: problemIn(problem, language).message }));
      message.payload = { rows, applied: message['preview'] === true ? 0 : rows - refused.length, refused: told };
      twin.show(status(refused.length > 0 ? 'notedSome' : 'noted', language, { count: rows - refused.length, refused: refused.length }));
    };

    onInput(twin, handle.ready, async (message: Message, send) => {
      const site = openSite(handle);
      const command = commandOf(message);
      if (command === undefined && typeof message.payload === 'string' && /[\n\r]/.test(message.payload)) {
        await linkTable(site, message, message.payload);
        send(message);
        const { rows, refused } = message.payload as unknown as { rows: number; refused: { line: number; code: string }[] };
        const first = refused[0];
        if (first !== undefined && message['preview'] !== true) {
          throw new Problem('TWIN_LINK_ROWS', `${refused.length} of ${rows} rows are not taken; the first is row ${first.line}: ${first.code}`, 'See the refused rows in the message that was sent on.',
            { refused: refused.length, rows, row: first.line });
        }
        return;
      }
      if (command?.do !== 'link' && command?.do !== 'unlink') {
        throw new Problem('TWIN_LINK_COMMAND', 'twin-link got a message without a link to draw or end.', "Send msg.command = {do: 'link' or 'unlink', from, relation, to}.");
      }
      const nowMs = site.clock.nowMs();
      const wanted = { from: command.from, relation: command.relation, to: command.to };
      if (command.do === 'link') {
        await site.graph.settled();
        const fact = await site.relations.assert(wanted, `message:${twin.node.id}`, command.validFromMs ?? nowMs, nowMs, false);
        if (command.validToMs !== undefined) await site.graph.change([{ kind: 'end', fact, validToMs: command.validToMs, recordedMs: nowMs }]);
        message.payload = { linked: wanted, since: fact.validFromMs, ...(command.validToMs !== undefined && { until: command.validToMs }) };
      } else {
        const until = command.validToMs ?? nowMs;
        const ended = await site.graph.unlink(wanted, until);
        if (ended === 0) {
          const problem = new Problem(
            'TWIN_LINK_UNKNOWN',
            `"${wanted.from}" ${wanted.relation} "${wanted.to}" is not known, so it cannot end.`,
            'Check both keys and the relation.',
            wanted,
          );
          twin.show(problemStatus(problem, language));
          throw problem;
        }
        message.payload = { ended: wanted, until };
      }
      site.changed(command.from);
      site.changed(command.to);
      send(message);
    });
  });
}
