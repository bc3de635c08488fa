import type { BaselineMachine } from '../../contract/baseline.ts';
import { Problem } from '../../engine/problem.ts';
import type { TwinCommand } from '../../contract/messages.ts';
import type { AssetTwin, BaselineSettings } from '../../engine/site/assetTwin.ts';
import type { Site } from '../../engine/site/site.ts';
import type { Message, NodeDefinition, NodeInstance, Response, Request, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { learningStatus } from '../learningStatus.ts';
import { objectOf } from '../objectOf.ts';
import { problemIn } from '../problemSentences.ts';
import { assetOfMessage, batchOf, completeReplay, isLate, singleOf } from '../twinMessages.ts';
import { commandOf } from '../command.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** What the dialog asks of a running node. */
interface RunningBaseline {
  progress(): BaselineMachine[];
  /** @throws Problem TWIN_UNKNOWN, TWIN_VERSION_…, TWIN_IMPORT_… */
  learnAgain(key: string, days: number): Promise<void>;
  keep(key: string): void;
  goBack(key: string, version: number): Promise<void>;
  told(problem: unknown): { code: string; text: string };
}

const dayMs = 86_400_000;
const longestImportDays = 3660;
/** What else Node-RED has to do comes between the rows of a long history. */
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

    const known = (site: Site, key: string): AssetTwin => {
      const asset = site.asset(key);
      if (asset !== undefined) return asset;
      throw new Problem('TWIN_UNKNOWN', `There is no machine with the key "${key}" in this site.`, 'Send the key of a twin-asset node in `twin`.', { key });
    };
    const obey = async (site: Site, command: TwinCommand): Promise<void> => {
      const keys = command.do !== 'learn-again' && command.do !== 'keep-baseline' ? [] : command.twin === undefined ? [...seen] : [command.twin];
      const assets = keys.map((key) => known(site, key));
      for (const asset of assets) {
        if (command.do === 'keep-baseline') site.baselines.keep(asset, 'hand', command.note);
        if (command.do !== 'learn-again') continue;
        if (command.fromMs === undefined) asset.learnAgain(command.properties);
        else await site.baselines.learnFromHistory(asset.key, command.fromMs, site.clock.nowMs(), pause);
      }
      if (command.do === 'restore-baseline') await site.baselines.goBack(command.twin, command.version);
    };

    void whenReady(twin, handle, () => {
      const site = handle.site as Site;
      running.set(twin.node.id, {
        progress: () =>
          [...seen].flatMap((key) => {
            const asset = site.asset(key);
            return asset === undefined ? [] : [{ key, name: asset.twin.name, ...asset.progress(), versions: site.baselines.versions(key) }];
          }),
        learnAgain: (twinKey, days) => obey(site, { do: 'learn-again', twin: twinKey, ...(days > 0 ? { fromMs: site.clock.nowMs() - days * dayMs } : {}) }),
        keep: (key) => void site.baselines.keep(known(site, key), 'hand'),
        goBack: (key, version) => site.baselines.goBack(key, version),
        told(problem) {
          if (!(problem instanceof Problem)) throw problem;
          const { code, message } = problemIn(problem, twin.language);
          return { code, text: message };
        },
      });
      twin.onClose(() => {
        running.delete(twin.node.id);
      });
    });

    onInput(twin, handle.ready, (message: Message, send): void | Promise<void> => {
      const site = openSite(handle);
      const command = commandOf(message);
      if (command?.do === 'learn-again' || command?.do === 'keep-baseline' || command?.do === 'restore-baseline') return obey(site, command);
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
        const { caution } = asset.progress();
        const shown = learningStatus(asset, language);
        return caution === undefined ? shown : status('cautious', language, { text: shown.text ?? '' });
      });
    });
  });

  RED.httpAdmin.get('/twinwire/baseline/:id/progress', RED.auth.needsPermission('twin-baseline.read'), (request: Request, response: Response) => {
    response.json(running.get(request.params.id ?? '')?.progress() ?? []);
  });
  const change = (path: string, act: (node: RunningBaseline, key: string, body: Record<string, unknown>) => void | Promise<void>): void => {
    RED.httpAdmin.post(`/twinwire/baseline/:id/${path}`, RED.auth.needsPermission('twin-baseline.write'), (request: Request, response: Response) => {
      const body = objectOf(request.body) ?? {};
      const node = running.get(request.params.id ?? '');
      if (node === undefined || typeof body.key !== 'string') {
        response.status(404).json({ ok: false, code: 'TWIN_UNKNOWN' });
        return;
      }
      const { key } = body;
      const refuse = (problem: unknown): void => {
        try {
          response.status(problem instanceof Problem && problem.code === 'TWIN_UNKNOWN' ? 404 : 409).json({ ok: false, ...node.told(problem) });
        } catch (unexpected) {
          RED.log.error(`twin-baseline: ${String(unexpected)}`);
          response.status(500).json({ ok: false, text: '' });
        }
      };
      (async () => act(node, key, body))().then(() => response.json({ ok: true }), refuse);
    });
  };
  change('learn-again', (node, key, { days }) => node.learnAgain(key, typeof days === 'number' && days > 0 ? Math.min(days, longestImportDays) : 0));
  change('keep', (node, key) => node.keep(key));
  change('go-back', (node, key, { version }) => node.goBack(key, typeof version === 'number' ? version : NaN));
}

function namesOf(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
