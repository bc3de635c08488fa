import type { Config } from '../../contract/fields.ts';
import type { Scenario, ScenarioAnswer, ScenarioChange, ScenarioMessage, ScenariosMessage, StoredScenario } from '../../contract/lineAnswers.ts';
import { Problem } from '../../engine/problem.ts';
import { numberFromSetting } from '../../engine/twin/numberText.ts';
import { askedOf, ownText, scenarioOf } from '../lineQuestion.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

/** Scenarios that may wait for the one before. */
const mostWaiting = 20;
const verbs: readonly string[] = ['try', 'store', 'list', 'compare', 'forget'];

export default function twinWhatIf(RED: Runtime): void {
  const askers = new Map<string, () => void>();

  RED.nodes.registerType('twin-what-if', function constructWhatIf(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const usual = usualScenario(config);
    if (usual instanceof Problem) twin.fail(usual);
    else twin.show(status('readyToAsk', language));
    let waiting = 0;
    let before: Promise<unknown> = Promise.resolve();

    const work = async (message: Message): Promise<ScenarioMessage | ScenariosMessage> => {
      const site = openSite(handle);
      const { studies } = site;
      const given = askedOf(message);
      const { key } = site.lines.of(ownText(given, 'line') ?? config.line);
      const verb = ownText(given, 'do') ?? (config.scenario === '' ? 'try' : 'store');
      if (!verbs.includes(verb)) throw new Problem('TWIN_LINE_QUESTION', `The question names do: ${verb.slice(0, 60)}.`, `It has to be one of ${verbs.join(', ')}.`, { value: verb });
      if (verb === 'forget') studies.forget(key, ownText(given, 'name') ?? config.scenario);
      if (verb === 'list' || verb === 'forget') return scenariosMessage(key, studies.stored(key), site.clock.nowMs());
      if (verb === 'compare') return scenariosMessage(key, await studies.compare(key), site.clock.nowMs());
      if (usual instanceof Problem && !Object.hasOwn(given, 'changes')) throw usual;
      const scenario = scenarioOf(given, usual instanceof Problem ? { changes: [] } : usual);
      const answer = verb === 'store' ? (await studies.store(key, scenario)).answer : await studies.whatIf(key, scenario);
      show(answer);
      return { topic: key, payload: answer.sentence, scenario: answer, timestamp: answer.timeMs };
    };
    const show = ({ verdict, figures, quality }: ScenarioAnswer): void => {
      const [throughput] = figures;
      if (verdict === 'withheld') twin.show(status('simulatedUnseen', language));
      else if (throughput === undefined) twin.show(status('simulated', language, { text: quality[0]?.label ?? '' }));
      else {
        const percent = Math.round((1_000 * throughput.change.value) / throughput.today.value) / 10;
        twin.show(status('simulated', language, { text: `${throughput.label} ${percent > 0 ? '+' : percent === 0 ? '±' : ''}${language === 'de' ? String(percent).replace('.', ',') : percent} %` }));
      }
    };

    const answer = async (message: Message): Promise<Message> => {
      if (waiting >= mostWaiting) {
        throw new Problem('TWIN_LINE_BUSY', `"${twin.title}" has ${mostWaiting} questions waiting.`, 'Ask less often, or for shorter stretches.', { node: twin.title });
      }
      waiting += 1;
      twin.show(status('simulates', language));
      const turn = before.then(() => work(message));
      before = turn.catch(() => undefined);
      try {
        const sent = await turn;
        if ('scenarios' in sent) twin.show(status('simulated', language, { text: String(sent.scenarios.length) }));
        return { ...message, ...sent } as unknown as Message;
      } finally {
        waiting -= 1;
      }
    };
    onInput(twin, handle.ready, async (message: Message, send) => {
      const sent = await answer(message);
      if (!twin.closed) send(sent);
    });
    const asker = (): void => {
      answer({ payload: '' } as Message).then(
        (sent) => {
          if (!twin.closed) node.send(sent);
        },
        (problem: unknown) => {
          if (problem instanceof Problem) twin.fail(problem);
          else node.error(String(problem));
        },
      );
    };
    askers.set(node.id, asker);
    twin.onClose(() => {
      if (askers.get(node.id) === asker) askers.delete(node.id);
    });
  });

  RED.httpAdmin.post('/twinwire/what-if/:id/ask', RED.auth.needsPermission('twin-what-if.write'), (request: Request, response: Response) => {
    const asker = askers.get(request.params['id'] ?? '');
    asker?.();
    response.status(asker === undefined ? 404 : 200).json(asker === undefined ? { ok: false, code: 'TWIN_UNKNOWN' } : { ok: true });
  });
}

/** The scenario of the dialog; the first wrong row as a problem. */
function usualScenario({ changes, operators, forced, scenario }: Config<typeof fields>): Scenario | Problem {
  const rows: ScenarioChange[] = [];
  for (const [index, { kind, station, property, amount: text }] of changes.entries()) {
    const amount = numberFromSetting(text.trim().replace(/^\+/, ''));
    if (amount === null || amount === undefined) {
      return new Problem('TWIN_WHAT_IF_ROW', `Change ${index + 1} has no amount that is a number.`, 'Correct the row in twin-what-if.', { row: index + 1 });
    }
    rows.push({ kind: kind as ScenarioChange['kind'], amount, ...(station === '' ? {} : { station }), ...(property === '' ? {} : { property }) });
  }
  return { changes: rows, forced, ...(operators > 0 ? { operators } : {}), ...(scenario === '' ? {} : { name: scenario }) };
}

/** Flat, for a table: a row for each scenario, and today in front of them where one was simulated. */
function scenariosMessage(topic: string, scenarios: StoredScenario[], nowMs: number): ScenariosMessage {
  const simulated = scenarios.find(({ answer }) => answer.figures.length > 0);
  const flat = (name: string, answer: ScenarioAnswer, which: 'today' | 'after'): Record<string, string | number | null> => ({
    scenario: name, ...Object.fromEntries(answer.figures.map((figure) => [figure.name, rounded(figure[which].value)])),
    trust: which === 'today' ? '' : answer.trustText, sentence: which === 'today' ? '' : answer.sentence,
  });
  const rows = scenarios.map(({ name, answer }) => flat(name, answer, 'after'));
  return { topic, payload: simulated === undefined ? rows : [flat('', simulated.answer, 'today'), ...rows], scenarios, timestamp: nowMs };
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}
