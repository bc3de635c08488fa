import { Problem } from '../../engine/problem.ts';
import type { FeedbackInput } from '../../engine/site/siteFeedback.ts';
import { commandOf } from '../command.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

const hourMs = 3_600_000;

export default function twinFeedback(RED: Runtime): void {
  RED.nodes.registerType('twin-feedback', function constructFeedback(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const opening = whenReady(twin, handle, () => twin.show(status('ready', language)));

    onInput(twin, opening, async (message: Message, send) => {
      const site = openSite(handle);
      const command = commandOf(message);
      if (command?.do !== 'answer' && command?.do !== 'undo') {
        throw new Problem('TWIN_COMMAND', 'twin-feedback got a message without an answer.', "Send msg.command = {do: 'answer', answer, twin, by}, or 'undo' with the id of the answer.");
      }
      const by = command.by ?? config.by;
      if (command.do === 'undo') {
        const record = await site.feedback.undo(command.twin, command.id, by, 'message');
        await site.written();
        twin.show(status('undone', language, { machine: nameOf(command.twin) }));
        send([null, { ...message, topic: nameOf(command.twin), payload: record.effect, feedback: { v: 1, record } }]);
        return;
      }
      const open = site.assets().filter((asset) => asset.cases.open !== undefined);
      const key = command.twin ?? command.case?.slice(0, command.case.lastIndexOf('/')) ?? (open.length === 1 ? open[0]?.key : undefined);
      if (key === undefined) throw new Problem('TWIN_CASE_UNKNOWN', 'It is not clear which case is meant.', 'Name the machine in msg.command.twin.');
      const untilMs = command.untilMs ?? (command.hours === undefined ? undefined : site.clock.nowMs() + command.hours * hourMs);
      const input: FeedbackInput = {
        key,
        answer: command.answer,
        by,
        via: 'message',
        ...(command.case === undefined ? {} : { case: command.case }),
        ...(command.what === undefined ? {} : { what: command.what }),
        ...(untilMs === undefined ? {} : { untilMs }),
      };
      const effect = site.feedback.preview(input);
      const payload = effect.sentences.join('\n');
      if (config.confirm && command.confirm !== true) {
        twin.show(status('asked', language, { machine: nameOf(key) }));
        send([{ ...message, topic: nameOf(key), payload, feedback: { v: 1, effect } }, null]);
        return;
      }
      const record = site.feedback.give(input);
      await site.written();
      twin.show(status('answered', language, { machine: nameOf(key) }));
      send([null, { ...message, topic: nameOf(key), payload, feedback: { v: 1, effect, record } }]);

      function nameOf(machine: string): string {
        return site.asset(machine)?.twin.name ?? machine;
      }
    });
  });
}
