import type { CauseAnswer, CauseMessage, CauseQuestion } from '../../contract/lineAnswers.ts';
import { Problem } from '../../engine/problem.ts';
import { causeInShort } from '../../engine/site/causeSentences.ts';
import { LineScrapWatch } from '../../engine/site/lineScrapWatch.ts';
import type { Site } from '../../engine/site/site.ts';
import type { OpenLine } from '../../engine/site/siteLines.ts';
import { askedOf, causeQuestionOf, ownText } from '../lineQuestion.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** Questions that may wait for the one before. */
const mostWaiting = 20;
const lookEveryMs = 1_000;
/** A case is asked about when this long is behind it for each bad stretch that is needed. */
const sliceMs = 20_000;
const mostCases = 100;

export default function twinCause(RED: Runtime): void {
  const askers = new Map<string, () => void>();

  RED.nodes.registerType('twin-cause', function constructCause(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const windowMs = config.window * 3_600_000;
    const usual: CauseQuestion & { windowMs: number } = { about: config.about as CauseQuestion['about'], station: config.station, fewestBad: config.fewestBad, windowMs };
    const scrap = new LineScrapWatch(config.fewestBad);
    const cases = new Map<string, { station: string; sinceMs: number }>();
    const seenCases = new Set<string>();
    let hasLooked = false;
    let waiting = 0;
    let before: Promise<unknown> = Promise.resolve();
    twin.show(status('readyToAsk', language));

    const show = (answer: CauseAnswer): void => {
      const text = causeInShort(answer, language);
      twin.show(status(answer.verdict === 'conditions' ? 'causeFound' : 'causeNone', language, { text }));
    };

    /** One after the other, so that a burst of questions does not take all threads. */
    const ask = async (site: Site, lineKey: string, question: CauseQuestion): Promise<CauseAnswer> => {
      if (waiting >= mostWaiting) {
        throw new Problem('TWIN_LINE_BUSY', `"${twin.title}" has ${mostWaiting} questions waiting.`, 'Ask less often, or for shorter stretches.', { node: twin.title });
      }
      waiting += 1;
      twin.show(status('looksForCause', language));
      const turn = before.then(() => site.studies.cause(lineKey, question));
      before = turn.catch(() => undefined);
      try {
        const answer = await turn;
        show(answer);
        return answer;
      } finally {
        waiting -= 1;
      }
    };
    const messageOf = (answer: CauseAnswer, trigger: CauseMessage['trigger']): CauseMessage => ({
      topic: answer.line, payload: answer.sentence, cause: answer, trigger, timestamp: answer.toMs,
    });
    const askByItself = (site: Site, line: OpenLine, question: CauseQuestion, trigger: CauseMessage['trigger'], then: (answer: CauseAnswer) => boolean): void => {
      const nowMs = site.clock.nowMs();
      ask(site, line.key, { fromMs: nowMs - windowMs, toMs: nowMs, fewestBad: config.fewestBad, ...question }).then(
        (answer) => {
          if (!twin.closed && then(answer)) node.send(messageOf(answer, trigger) as unknown as Message);
        },
        (problem: unknown) => {
          if (twin.closed) return;
          if (problem instanceof Problem) twin.fail(problem);
          else node.error(String(problem));
        },
      );
    };

    const watchScrap = (site: Site, line: OpenLine): void => {
      const nowMs = site.clock.nowMs();
      const only = config.about === 'scrap' ? config.station : '';
      for (const station of scrap.look(line, only, (key, names) => site.asset(key)?.twin.valuesOf(names), nowMs)) {
        // What has stood for long is known; asked is what came. A rise that is older than the window is asked about as a whole.
        const beganMs = scrap.beganMs(station);
        const isWithin = beganMs > nowMs - windowMs && beganMs < nowMs;
        askByItself(site, line, { about: 'scrap', station, ...(isWithin ? { sinceMs: beganMs } : {}) }, 'watch', ({ verdict, conditions: [first] }) =>
          verdict !== 'not enough data' && scrap.isNews(station, first === undefined ? verdict : `${first.station}/${first.property}/${Math.round(5 * first.share)}`));
      }
    };

    const watchCases = (site: Site, line: OpenLine): void => {
      const nowMs = site.clock.nowMs();
      const open = new Set<string>();
      for (const { key } of line.stations) {
        const found = site.asset(key)?.cases.open;
        if (found === undefined || found.historical) continue;
        open.add(found.id);
        if (seenCases.has(found.id)) continue;
        seenCases.add(found.id);
        // One that was open before this node was there has been asked about, or is old.
        if (hasLooked && cases.size < mostCases) cases.set(found.id, { station: key, sinceMs: found.sinceMs });
      }
      for (const id of seenCases) if (!open.has(id) && !cases.has(id)) seenCases.delete(id);
      for (const [id, { station, sinceMs }] of cases) {
        if (open.has(id) && nowMs - sinceMs < config.fewestBad * sliceMs) continue;
        cases.delete(id);
        askByItself(site, line, { about: 'case', station }, 'case', () => true);
      }
      hasLooked = true;
    };

    const look = (site: Site): void => {
      let line: OpenLine;
      try {
        line = site.lines.of(config.line);
      } catch (problem) {
        // The line comes with the same deploy, or is told off when somebody asks.
        if (problem instanceof Problem) return;
        throw problem;
      }
      if (config.watch) watchScrap(site, line);
      if (config.onCase) watchCases(site, line);
    };

    let timer: ReturnType<typeof setInterval> | undefined;
    void whenReady(twin, handle, () => {
      if (twin.closed || (!config.watch && !config.onCase)) return;
      const site = openSite(handle);
      timer = setInterval(() => look(site), lookEveryMs);
    });

    const request = async (message: Message): Promise<Message> => {
      const site = openSite(handle);
      const given = askedOf(message);
      const line = site.lines.of(ownText(given, 'line') ?? config.line);
      const answer = await ask(site, line.key, causeQuestionOf(given, usual, site.clock.nowMs()));
      return { ...message, ...messageOf(answer, 'request') } as Message;
    };
    onInput(twin, handle.ready, async (message: Message, send) => {
      const answer = await request(message);
      if (!twin.closed) send(answer);
    });
    const asker = (): void => {
      request({ payload: '' } as Message).then(
        (answer) => {
          if (!twin.closed) node.send(answer);
        },
        (problem: unknown) => {
          if (problem instanceof Problem) twin.fail(problem);
          else node.error(String(problem));
        },
      );
    };
    askers.set(node.id, asker);
    twin.onClose(() => {
      clearInterval(timer);
      if (askers.get(node.id) === asker) askers.delete(node.id);
    });
  });

  RED.httpAdmin.post('/twinwire/cause/:id/ask', RED.auth.needsPermission('twin-cause.write'), (request: Request, response: Response) => {
    const asker = askers.get(request.params['id'] ?? '');
    asker?.();
    response.status(asker === undefined ? 404 : 200).json(asker === undefined ? { ok: false, code: 'TWIN_UNKNOWN' } : { ok: true });
  });
}
