import type { TwinForecast } from '../../contract/forecast.ts';
import { Problem } from '../../engine/problem.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import { FailureForecaster } from '../../engine/site/failureForecast.ts';
import type { Site } from '../../engine/site/site.ts';
import { TwinForecaster } from '../../engine/site/twinForecast.ts';
import { fewestFailures } from '../../engine/prognosis/failureLibrary.ts';
import { formatDuration } from '../../engine/time/duration.ts';
import { numberFromSetting } from '../../engine/twin/numberText.ts';
import { commandOf } from '../command.ts';
import { failureRuns } from '../failureRuns.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { assetOfMessage, isLate } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

/** Machines that the dialog tells of. */
const mostTold = 12;

interface Watched {
  asset: AssetTwin;
  forecaster: Pick<TwinForecaster, 'forecast' | 'standsMs'>;
  last: TwinForecast | undefined;
  dueMs: number;
  isBusy: boolean;
}

export default function twinForecast(RED: Runtime): void {
  const told = new Map<string, ReadonlyMap<string, Watched>>();
  RED.httpAdmin.get('/twinwire/forecast/:id/now', RED.auth.needsPermission('twin-forecast.read'), (request: Request, response: Response) => {
    const all = [...(told.get(request.params.id ?? '')?.values() ?? [])].flatMap(({ last }) => (last === undefined ? [] : [{ text: last.text, warn: last.warn }]));
    response.json(all.sort((one, other) => Number(other.warn) - Number(one.warn)).slice(0, mostTold));
  });
  RED.nodes.registerType('twin-forecast', function constructForecast(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const machines = new Map<string, Watched>();
    told.set(node.id, machines);
    twin.onClose(() => {
      if (told.get(node.id) === machines) told.delete(node.id);
    });
    const limit = numberFromSetting(config.limit);
    if (limit === undefined) {
      twin.fail(new Problem('TWIN_FORECAST_LIMIT', `"${config.limit.slice(0, 40)}" is no number.`, 'Correct the limit in twin-forecast, or leave it empty.', { limit: config.limit.slice(0, 40) }));
      return;
    }
    twin.show(status('waiting', language));

    const limitOf = (asset: AssetTwin): number => {
      const property = asset.twin.type.properties.find(({ name }) => name === config.property);
      if (property === undefined) {
        throw new Problem('TWIN_FORECAST_PROPERTY', `${asset.twin.name} has no property "${config.property}".`, 'Choose a property of its type in twin-forecast.', {
          machine: asset.twin.name, property: config.property,
        });
      }
      if (limit !== null) return limit;
      const [outer, inner] = config.side === 'high' ? [property.highHigh, property.high] : [property.lowLow, property.low];
      const own = Number.isNaN(outer) ? inner : outer;
      // Until a failure the limit is only what is said while there are too few.
      if (Number.isNaN(own) && config.until !== 'failure') {
        throw new Problem('TWIN_FORECAST_NO_LIMIT', `"${config.property}" has no alarm limit on this side.`, 'Give a limit in twin-forecast or in the type.', { property: config.property });
      }
      return own;
    };

    const tell = (watched: Watched, forecast: TwinForecast): void => {
      const before = watched.last;
      watched.last = forecast;
      const { state, warn } = forecast;
      if (state === 'noWear') twin.show(status('noWear', language, { machine: watched.asset.twin.name }));
      else if (state === 'forecast') {
        const left = formatDuration(Math.max(0, (forecast.expectedMs ?? NaN) - forecast.timeMs), language);
        twin.show({ ...status(forecast.until === 'failure' ? 'failure' : 'forecast', language, { machine: watched.asset.twin.name, left }), fill: warn ? 'yellow' : 'green' });
      } else twin.show(status(state === 'reached' ? 'limitReached' : state === 'noTrend' ? 'noTrend' : 'noForecast', language, { machine: watched.asset.twin.name }));
      // A warning is told when it comes, and once more when the limit is there.
      if (warn && (before?.warn !== true || before.state !== state)) {
        node.send([null, { topic: watched.asset.twin.topic, payload: forecast.text, forecast, timestamp: forecast.timeMs } as unknown as Message]);
      }
    };

    /** Takes failures in; what was foretold of these machines is asked again with the next message. */
    const takeFailures = async (site: Site, message: Message): Promise<{ noted: number; failures: number; needed: number } | undefined> => {
      // Other commands are for other nodes and go through.
      const asked = (message.command as { do?: unknown } | null | undefined)?.do;
      if (asked !== 'failure' && asked !== 'failure-runs') return undefined;
      const command = commandOf(message);
      if (command?.do !== 'failure' && command?.do !== 'failure-runs') return undefined;
      let asset = command.twin === undefined ? undefined : site.asset(command.twin);
      if (command.twin === undefined) {
        const types = new Set(site.assets().map((each) => each.twin.type.name));
        if (types.size === 1) [asset] = site.assets();
      }
      if (asset === undefined) throw new Problem('TWIN_FAILURE_MACHINE', 'It is not clear which machine is meant.', 'Name the key of a machine of this site in msg.command.twin.');
      let noted = 0;
      if (command.do === 'failure') {
        const { atMs = site.clock.nowMs(), what = '', replaced } = command;
        if (site.failures.note(asset, { atMs, source: `message:${atMs}`, what, failed: replaced !== true })) noted = 1;
      } else {
        const { names, runs } = failureRuns(message.payload);
        noted = site.failures.importRuns(asset.twin.type.name, names, runs);
      }
      await site.written();
      for (const watched of machines.values()) watched.dueMs = -Infinity;
      const failures = site.failures.count(asset.twin.type.name);
      twin.show(status('failures', language, { count: failures, needed: fewestFailures }));
      return { noted, failures, needed: fewestFailures };
    };

    onInput(twin, handle.ready, async (message: Message, send) => {
      const site = openSite(handle);
      const taken = await takeFailures(site, message);
      if (taken !== undefined) {
        send([{ ...message, payload: taken }, null]);
        return;
      }
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      if (isLate(message) || asset.replay !== undefined) {
        send([message, null]);
        return;
      }
      let watched = machines.get(asset.key);
      if (watched === undefined || watched.asset !== asset) {
        const { property, days, warnDays } = config;
        const side = config.side === 'low' ? 'low' : 'high';
        const question = { property, limit: limitOf(asset), side, days, warnDays } as const;
        const forecaster = config.until === 'failure'
          ? new FailureForecaster(site, asset, question, () => new Promise((resolve) => setImmediate(resolve)))
          : new TwinForecaster(site, asset, question);
        watched = { asset, forecaster, last: undefined, dueMs: -Infinity, isBusy: false };
        machines.set(asset.key, watched);
      }
      const nowMs = site.clock.nowMs();
      if (!watched.isBusy && nowMs >= watched.dueMs) {
        watched.isBusy = true;
        try {
          tell(watched, await watched.forecaster.forecast());
        } finally {
          watched.isBusy = false;
          watched.dueMs = nowMs + watched.forecaster.standsMs;
        }
      }
      if (watched.last !== undefined) message.forecast = watched.last;
      send([message, null]);
    });
  });
}
