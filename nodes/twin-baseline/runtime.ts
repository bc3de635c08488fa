import { Problem } from '../../engine/problem.ts';
import type { BaselineSettings } from '../../engine/site/assetTwin.ts';
import type { Site } from '../../engine/site/site.ts';
import type { Message, NodeDefinition, NodeInstance, Response, Request, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, completeReplay, isLate, singleOf } from '../twinMessages.ts';
import { commandOf } from '../command.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** What the dialog asks of a running node. */
interface RunningBaseline {
  progress(): unknown[];
  learnAgain(key: string, properties?: readonly string[]): boolean;
}

export default function twinBaseline(RED: Runtime): void {
  const running = new Map<string, RunningBaseline>();

  RED.nodes.registerType('twin-baseline', function constructBaseline(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const settings: BaselineSettings = { drivers: namesOf(twin.config.drivers), offModes: namesOf(twin.config.offModes) };
    /** Keys of the twins that passed through here. */
    const seen = new Set<string>();
    twin.show(status('waiting', language));

    const learnAgain = (site: Site, key: string, properties?: readonly string[]): boolean => {
      const asset = site.asset(key);
      asset?.learnAgain(properties);
      return asset !== undefined;
    };

    void whenReady(twin, handle, () => {
      const site = handle.site as Site;
      running.set(twin.node.id, {
        progress: () =>
          [...seen].flatMap((key) => {
            const asset = site.asset(key);
            return asset === undefined ? [] : [{ key, name: asset.twin.name, ...asset.progress() }];
          }),
        learnAgain: (key, properties) => learnAgain(site, key, properties),
      });
      twin.onClose(() => {
        running.delete(twin.node.id);
      });
    });

    onInput(twin, handle.ready, (message: Message, send) => {
      const site = openSite(handle);
      const command = commandOf(message);
      if (command?.do === 'learn-again') {
        const keys = command.twin === undefined ? [...seen] : [command.twin];
        for (const key of keys) {
          if (!learnAgain(site, key, command.properties)) {
            throw new Problem('TWIN_UNKNOWN', `There is no machine with the key "${key}" in this site.`, 'Send the key of a twin-asset node in `twin`.', { key });
          }
        }
        return;
      }
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      if (isLate(message)) {
        send(message);
        return;
      }
      asset.configureBaseline(settings);
      seen.add(asset.key);
      const batch = batchOf(message);
      if (batch !== undefined) {
        const evaluation = asset.evaluateBatch(batch);
        if (evaluation !== undefined) message.expected = evaluation.expected;
      } else {
        const evaluation = asset.evaluate(singleOf(message));
        if (evaluation !== undefined) message.expected = evaluation.expected;
      }
      const progress = asset.progress();
      message.learning = progress;
      send(message);
      completeReplay(site, message);
      twin.show(() => {
        const { phase, percent, caution } = asset.progress();
        const shown = status(asset.isOff ? 'frozen' : phase, language, { percent: Math.floor(percent), state: asset.twin.state });
        return caution === undefined ? shown : status('cautious', language, { text: shown.text ?? '' });
      });
    });
  });

  RED.httpAdmin.get('/twinwire/baseline/:id/progress', RED.auth.needsPermission('twin-baseline.read'), (request: Request, response: Response) => {
    response.json(running.get(request.params.id ?? '')?.progress() ?? []);
  });
  RED.httpAdmin.post('/twinwire/baseline/:id/learn-again', RED.auth.needsPermission('twin-baseline.write'), (request: Request, response: Response) => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as { key?: unknown };
    const done = typeof body.key === 'string' && running.get(request.params.id ?? '')?.learnAgain(body.key) === true;
    response.status(done ? 200 : 404).json(done ? { ok: true } : { ok: false, code: 'TWIN_UNKNOWN' });
  });
}

function namesOf(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
