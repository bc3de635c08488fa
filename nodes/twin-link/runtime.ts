import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { commandOf } from '../command.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { problemStatus, status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

export default function twinLink(RED: Runtime): void {
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
      if (from === '' && to === '') return;
      await site.relations.assert({ from, relation, to }, source, nowMs, nowMs);
      twin.show(drawn);
    });

    twin.onClose(async (removed) => {
      const site = handle.site;
      if (!removed || site === undefined) return;
      const nowMs = site.clock.nowMs();
      await site.relations.end((fact) => fact.source === source, nowMs, nowMs);
    });

    onInput(twin, handle.ready, async (message: Message, send) => {
      const site = openSite(handle);
      const command = commandOf(message);
      if (command?.do !== 'link' && command?.do !== 'unlink') {
        throw new Problem('TWIN_LINK_COMMAND', 'twin-link got a message without a link to draw or end.', "Send msg.command = {do: 'link' or 'unlink', from, relation, to}.");
      }
      const nowMs = site.clock.nowMs();
      const wanted = { from: command.from, relation: command.relation, to: command.to };
      if (command.do === 'link') {
        const fact = await site.relations.assert(wanted, `message:${twin.node.id}`, command.validFromMs ?? nowMs, nowMs);
        message.payload = { linked: wanted, since: fact.validFromMs };
      } else {
        const ended = await site.relations.end(
          (fact) => fact.subject === wanted.from && fact.relation === wanted.relation && fact.object === wanted.to,
          nowMs,
          nowMs,
        );
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
        message.payload = { ended: wanted, until: nowMs };
      }
      site.changed(command.from);
      site.changed(command.to);
      send(message);
    });
  });
}
