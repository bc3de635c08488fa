import { readConfig } from '../../contract/fields.ts';
import type { TypeChangeAnswer, TypeVersionsAnswer } from '../../contract/typeChange.ts';
import type { PropertyOutcome } from '../../engine/site/migration.ts';
import { migrationSentence, outcomeWord, reasonSentence, runningText } from '../../engine/site/migrationSentences.ts';
import type { Language } from '../../engine/site/sentences.ts';
import { timeText, unitSign } from '../../engine/site/sentences.ts';
import type { MachinePreview, Site } from '../../engine/site/site.ts';
import { compileTwinType } from '../../engine/twin/twinType.ts';
import { unitConversion } from '../../engine/twin/unitConversion.ts';
import { problemIn } from '../problemSentences.ts';
import type { NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { siteHandle } from '../siteHandle.ts';
import { twinNode } from '../twinNode.ts';
import { offerType, typeOf } from '../typeHandle.ts';
import { fields } from './config.ts';

const order: readonly TypeChangeAnswer['groups'][number]['signals'][number]['outcome'][] = ['relearn', 'new', 'converted', 'returned', 'gone', 'kept'];

export default function twinType(RED: Runtime): void {
  RED.nodes.registerType('twin-type', function constructType(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { type, problems } = compileTwinType(twin.config);
    const [first] = problems;
    if (first === undefined) {
      offerType(this, type);
      return;
    }
    // A type with a mistake in it is refused whole: half a type would teach the machines something wrong.
    for (const problem of problems) twin.warn(problem);
    twin.fail(first);
  });

  /** Every site that is open. */
  function openSites(): Site[] {
    const sites: Site[] = [];
    RED.nodes.eachNode((each) => {
      const site = each.type === 'twin-site' ? siteHandle(RED.nodes.getNode(each.id))?.site : undefined;
      if (site !== undefined) sites.push(site);
    });
    return sites;
  }

  RED.httpAdmin.post('/twinwire/type/:id/change', RED.auth.needsPermission('twin-type.read'), (request: Request, response: Response) => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as { fields?: unknown; language?: unknown };
    const language: Language = typeof body.language === 'string' && body.language.startsWith('de') ? 'de' : 'en-US';
    const { type: next, problems } = compileTwinType(readConfig(fields, body.fields).config);
    const deployed = typeOf(RED.nodes.getNode(request.params.id ?? ''));
    const answer: TypeChangeAnswer = { problems: problems.map((problem) => problemIn(problem, language).found), groups: [], units: [] };
    if (deployed !== undefined && problems.length === 0) {
      const machines = openSites().flatMap((site) => {
        const preview = site.previewType(deployed, next);
        answer.version = { number: preview.number, isNew: preview.isNew };
        return preview.machines;
      });
      answer.groups = grouped(machines, language);
      // An earlier version knows in which unit its values came.
      if (answer.version?.isNew === false && machines.some(({ migration }) => migration !== undefined && migration.from !== migration.to)) {
        response.json(answer);
        return;
      }
      const former = new Map(deployed.properties.map((property) => [property.identity, property]));
      answer.units = next.properties.flatMap(({ name, label, identity, unit }) => {
        const from = former.get(identity)?.unit ?? unit;
        return from === unit || unitConversion(from, unit) === undefined ? [] : [{ property: name, label, from, shownFrom: unitSign(from), shownTo: unitSign(unit) }];
      });
    }
    response.json(answer);
  });

  RED.httpAdmin.get('/twinwire/type/:id/versions', RED.auth.needsPermission('twin-type.read'), (request: Request, response: Response) => {
    const deployed = typeOf(RED.nodes.getNode(request.params.id ?? ''));
    const answer: TypeVersionsAnswer = { sites: [] };
    if (deployed !== undefined) {
      for (const site of openSites()) {
        const named = (key: string): string => site.asset(key)?.twin.name ?? key;
        const versions = site.typeVersions(deployed.name).map(({ number, firstMs, changes, machines, former, definition }) => ({
          number,
          since: timeText(firstMs, site.options.language),
          changes,
          machines: machines.map(named),
          former: former.map(named),
          fields: readConfig(fields, definition).config as unknown as Record<string, unknown>,
        }));
        if (versions.length > 0) answer.sites.push({ name: site.options.name, versions });
      }
    }
    response.json(answer);
  });
}

/** Machines for which it is the same are told together; in the table the signals that are touched come first. */
function grouped(machines: readonly MachinePreview[], language: Language): TypeChangeAnswer['groups'] {
  const groups = new Map<string, MachinePreview[]>();
  for (const machine of machines) {
    const { migration } = machine;
    const former = migration?.formerMs === undefined ? '' : timeText(migration.formerMs, language);
    const what = JSON.stringify([former, migration?.outcomes.map(({ property, outcome, reason }) => [property, outcome, reason])]);
    const group = groups.get(what);
    if (group === undefined) groups.set(what, [machine]);
    else group.push(machine);
  }
  return [...groups.values()].map((group) => {
    const { outcomes: ofFirst, formerMs } = group[0]?.migration ?? { outcomes: [] };
    // The slowest machine counts.
    const outcomes = ofFirst.map((one, index): PropertyOutcome => {
      const times = group.map(({ migration }) => migration?.outcomes[index]?.relearnMs).filter((ms) => typeof ms === 'number');
      return times.length === 0 ? one : { ...one, relearnMs: Math.max(...times) };
    });
    return {
      machines: group.map(({ name }) => name),
      sentence: migrationSentence(group, { outcomes, ...(formerMs === undefined ? {} : { formerMs }) }, language),
      signals: [...outcomes]
        .sort((one, other) => order.indexOf(one.outcome) - order.indexOf(other.outcome) || Number(one.reason === 'same') - Number(other.reason === 'same'))
        .map((one) => ({
          label: one.label,
          outcome: one.outcome,
          word: outcomeWord(one.outcome, language),
          reason: reasonSentence(one, language),
          running: runningText(one.relearnMs, language),
        })),
    };
  });
}
