import { mkdirSync } from 'node:fs';
import { graphDesk } from '../graphDesk.ts';
import { lineDesk } from '../lineDesk.ts';
import { lineStudyDesk } from '../lineStudyDesk.ts';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pictureToPng } from '../../adapters/picture/pictureToPng.ts';
import { readCsv } from '../../adapters/csv/readCsv.ts';
import * as restoring from '../../adapters/sqlite/restoreMark.ts';
import { readTableBytes, readTableFile } from '../../adapters/table/readTableFile.ts';
import type { TableFile } from '../../adapters/table/readTableFile.ts';
import { writeWorkbook } from '../../adapters/table/writeWorkbook.ts';
import { LineThreads } from '../../adapters/simulation/lineThreads.ts';
import type { OutboxSync } from '../../adapters/sqlite/outboxFolder.ts';
import type { SiteStore } from '../../adapters/sqlite/siteStore.ts';
import { TensorflowTrainer } from '../../adapters/tensorflow/tensorflowTrainer.ts';
import type { OutboxOfSite, TwinsAnswer } from '../../contract/http.ts';
import { siteFolder } from '../../contract/siteFolder.ts';
import { withoutGuard } from '../../contract/machineTable.ts';
import type { TableCells } from '../../contract/machineTable.ts';
import { Problem } from '../../engine/problem.ts';
import type { Clock } from '../../engine/ports.ts';
import { machineDetail, machineOf, siteReadinessReport, siteSummary } from '../../engine/site/overview.ts';
import { backTest } from '../../engine/site/backTest.ts';
import { Site } from '../../engine/site/site.ts';
import { chosenTwin, twinsNow } from '../../engine/site/twinsNow.ts';
import type { Language } from '../../engine/site/sentences.ts';
import { SiteDirectory } from '../../web/siteDirectory.ts';
import { twinRoutes } from '../../web/twinRoutes.ts';
import type { TwinRoutes } from '../../web/twinRoutes.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import type { SiteGate } from '../../web/pageAccess.ts';
import type { SitePageSource } from '../../web/twinPageSource.ts';
import { changeUsers, usersAnswer } from '../../web/usersRoutes.ts';
import { deliveriesOf } from '../deliveries.ts';
import type { Deliveries } from '../deliveries.ts';
import { networkExposure } from '../networkExposure.ts';
import type { NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { offerSite, siteHandle } from '../siteHandle.ts';
import { status } from '../status.ts';
import { teachWithoutUsers } from '../teachWithoutUsers.ts';
import { twinNode } from '../twinNode.ts';
import { waitAtMost } from '../waitAtMost.ts';
import { readOwnRelations } from '../../contract/ownRelations.ts';
import type { OwnRelationFault, OwnRelationRow } from '../../contract/ownRelations.ts';
import { fields } from './config.ts';

const ticksEveryMs = 250;
const exposureCheckedAfterMs = 5_000;
const restoreLookedForEveryMs = 1000;
/** A site that closes waits so long for what its nodes are busy with: Node-RED gives a node 15 s in all. */
const messagesOverWithinMs = 2_000;
/** What the sidebar is given at most, of all sites together. */
const mostTwinsTold = 500;
const longestSearch = 200;
const mostLineThreads = 4;

const wallClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export default function twinSite(RED: Runtime): void {
  const directory = new SiteDirectory();
  let routes: TwinRoutes | undefined;

  /** The page is there from the first site on; it stays when the last one goes, and says that there is none. */
  function mountPage(): void {
    if (routes !== undefined || RED.settings.httpNodeRoot === false) return;
    routes = twinRoutes(directory, {
      onError: (problem) => RED.log.error(`twin page: ${problem instanceof Error ? problem.message : String(problem)}`),
      onLogin: (text, refused) => (refused ? RED.log.warn(`twin page: ${text}`) : RED.log.info(`twin page: ${text}`)),
    });
    RED.httpNode.use('/twin', routes);
  }

  /** The site of a node, once its store is open: who asks just after the start waits for it, rather than hear that there is none. */
  async function siteOpened(request: Request): Promise<Site | undefined> {
    const id = request.params['id'] ?? '';
    await siteHandle(RED.nodes.getNode(id))?.ready.catch(() => undefined);
    return siteHandle(RED.nodes.getNode(id))?.site;
  }

  function withGate(request: Request, response: Response, work: (gate: SiteGate) => void | Promise<void>): void {
    const answer = async (): Promise<void> => {
      await siteOpened(request);
      const gate = directory.gates().get(request.params['id'] ?? '');
      if (gate === undefined) response.status(404).json({ text: '' });
      else await work(gate);
    };
    answer().catch((problem: unknown) => {
      RED.log.error(`twin-site: ${String(problem)}`);
      response.status(500).json({ text: 'Not stored. The log of Node-RED says why.' });
    });
  }

  RED.httpAdmin.get('/twinwire/site/:id/users', RED.auth.needsPermission('twin-site.read'), (request: Request, response: Response) => {
    withGate(request, response, (gate) => response.json(usersAnswer(gate.users, openTo(gate))));
  });
  RED.httpAdmin.post('/twinwire/site/:id/users', RED.auth.needsPermission('twin-site.write'), (request: Request, response: Response) => {
    withGate(request, response, async (gate) => {
      const refusal = await changeUsers(gate.users, request.body);
      response.json({ ...usersAnswer(gate.users, openTo(gate)), ...refusal });
    });
  });

  RED.httpAdmin.get('/twinwire/twins', RED.auth.needsPermission('twin-site.read'), (request: Request, response: Response) => {
    const { search, site, key } = request.query;
    const words = typeof search === 'string' ? search.slice(0, longestSearch) : '';
    const answer: TwinsAnswer = { sites: [] };
    let left = mostTwinsTold;
    for (const [id] of directory.gates()) {
      const open = siteHandle(RED.nodes.getNode(id))?.site;
      if (open === undefined) continue;
      const told = twinsNow(open, words, left);
      left -= told.twins.length;
      answer.sites.push(told);
      const chosen = id === site && typeof key === 'string' ? chosenTwin(open, key) : undefined;
      if (chosen !== undefined) answer.chosen = chosen;
    }
    response.json(answer);
  });
  RED.httpAdmin.get('/twinwire/outbox', RED.auth.needsPermission('twin-site.read'), (request: Request, response: Response) => {
    const open = [...directory.gates().keys()].flatMap((id) => siteHandle(RED.nodes.getNode(id))?.site ?? []);
    Promise.all(open.map(async (each): Promise<OutboxOfSite> => ({ site: each.options.id, name: each.options.name, targets: await deliveriesOf(each).list(readerOf(request)) }))).then(
      (all) => response.json(all),
      (problem: unknown) => {
        RED.log.error(`twin-site: ${String(problem)}`);
        response.status(500).json({ text: 'The log of Node-RED says why.' });
      },
    );
  });
  RED.httpAdmin.get('/twinwire/site/:id/outbox', RED.auth.needsPermission('twin-site.read'), (request: Request, response: Response) => {
    withDeliveries(request, response, async (deliveries) => response.json(await deliveries.list(readerOf(request))));
  });
  RED.httpAdmin.post('/twinwire/site/:id/outbox', RED.auth.needsPermission('twin-site.write'), (request: Request, response: Response) => {
    const { action, target } = (request.body ?? {}) as Record<string, unknown>;
    if ((action !== 'retry' && action !== 'discard' && action !== 'remove') || typeof target !== 'string') {
      response.status(400).json({ text: 'Neither retry, discard nor remove.' });
      return;
    }
    withDeliveries(request, response, async (deliveries) => {
      const done = await deliveries.work({ action, target });
      response.status(done ? 200 : 409).json(done ? await deliveries.list(readerOf(request)) : { text: '' });
    });
  });
  RED.httpAdmin.get('/twinwire/site/:id/outbox/refused', RED.auth.needsPermission('twin-site.read'), (request: Request, response: Response) => {
    withDeliveries(request, response, async (deliveries) => response.json({ text: await deliveries.exported(String(request.query['target'] ?? '')) }));
  });

  function withDeliveries(request: Request, response: Response, work: (deliveries: Deliveries) => Promise<void>): void {
    const answer = async (): Promise<void> => {
      const open = await siteOpened(request);
      if (open === undefined) response.status(404).json({ text: '' });
      else await work(deliveriesOf(open));
    };
    answer().catch((problem: unknown) => {
      RED.log.error(`twin-site: ${String(problem)}`);
      response.status(500).json({ text: problem instanceof Problem ? problem.found : 'The log of Node-RED says why.' });
    });
  }

  /** What everybody in the network reaches without a login. */
  function openTo({ users, readers }: SiteGate): { editor: boolean; page: boolean } {
    const { editor, pages } = networkExposure(RED);
    return { editor, page: pages && readers === 'everyone' && !users.loginNeeded };
  }

  RED.nodes.registerType('twin-site', function constructSite(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const language = config.language as Language;
    const userDir = RED.settings.userDir ?? process.cwd();
    const folder = path.resolve(userDir, siteFolder(config.name, config.folder));
    let site: Site | undefined;
    let timer: ReturnType<typeof setInterval> | undefined;
    let restoreWatch: ReturnType<typeof setInterval> | undefined;
    let closeStore: (() => Promise<void>) | undefined;
    const leaving: (() => void)[] = [];
    const inHand = new Set<Promise<unknown>>();

    const opening = (async (): Promise<Site> => {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
      } catch (cause) {
        throw new Problem(
          'TWIN_FOLDER',
          `The data folder ${folder} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
          'Choose another folder in the site, or give Node-RED the right to write there.',
          { folder },
        );
      }
      const store = await openStore(folder, config.outboxSync as OutboxSync);
      const trainer = new TensorflowTrainer();
      const lineWork = new LineThreads(Math.min(mostLineThreads, availableParallelism()));
      leaving.push(() => void lineWork.close());
      closeStore = async () => {
        await trainer.close();
        await store.close();
      };
      for (const problem of store.problems) twin.warn(problem);
      store.onProblem((problem) => twin.warn(problem));
      const opened = new Site(
        {
          id: node.id,
          name: config.name === '' ? 'Site' : config.name,
          language,
          clock: config.clock as 'live' | 'accelerated' | 'replay',
          clockRate: readRate(config.clockRate, (problem) => twin.fail(problem)),
          clockOriginMs: config.clock === 'replay' ? 0 : readOrigin(config.clockOrigin, (problem) => twin.fail(problem)),
          keepHistoryDays: config.keepHistoryDays,
          ...(config.keepHistoryAtMost > 0 && { keepHistoryBytes: config.keepHistoryAtMost * 1_000_000 }),
          keepCasesDays: config.keepCasesDays,
        },
        {
          clock: wallClock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox, trainer, lineWork, localTime: localTimeIn(language),
          pause: () => nextTurn(),
        },
      );
      await opened.start();
      for (const problem of await addRelations(opened, config.relations)) twin.warn(problem);
      site = opened;
      timer = setInterval(() => {
        opened.tick();
        for (const problem of opened.takeProblems()) twin.warn(problem);
      }, ticksEveryMs);
      restoreWatch = setInterval(() => {
        if (restoring.isRestoreMarked(folder)) giveWay().catch((problem: unknown) => node.error(String(problem)));
      }, restoreLookedForEveryMs);
      mountPage();
      const users = await SiteUsers.open(store.state, { nowMs: wallClock.nowMs, onProblem: (problem) => node.warn(String(problem)) });
      const gate: SiteGate = { users, readers: config.pageAccess as SiteGate['readers'], trusts: (request) => teachWithoutUsers(RED, request) };
      leaving.push(directory.add({ ...pageSource(opened), gate }));
      let warned = false;
      const showExposure = (): void => {
        const open = openTo(gate);
        twin.show(status(open.editor ? 'editorOpen' : open.page ? 'pageOpen' : 'ready', language));
        if (!open.editor || warned) return;
        warned = true;
        const found = 'The Node-RED editor can be reached from the network without a login: whoever opens it can change every flow.';
        const remedy = 'Switch on adminAuth in the settings file of Node-RED, or let it listen on 127.0.0.1 only; see docs/network.md in this package.';
        twin.warn(new Problem('TWIN_EDITOR_OPEN', found, remedy));
      };
      showExposure();
      // The flows start before the server listens: only then it is known where.
      const exposureTimer = setTimeout(showExposure, exposureCheckedAfterMs);
      exposureTimer.unref();
      leaving.push(() => clearTimeout(exposureTimer), users.onChange(showExposure));
      return opened;
    })();
    // A store that does not open is told on the site and on each node that needs it; it must not be an unhandled rejection.
    opening.catch((problem: unknown) => {
      if (problem instanceof Problem) twin.fail(problem);
      else node.error(problem instanceof Error ? problem.message : String(problem));
    });

    offerSite(node, {
      language,
      ready: opening,
      get site() {
        return site;
      },
      inHand,
      readTable: (file, options, onSkipped) => readCsv({ path: path.resolve(userDir, file) }, { ...options, timeRequired: true, onSkipped }),
      cellsOfBytes: async (bytes) => cellsOf(await readTableBytes(bytes)),
      picturePng: pictureToPng,
      readCells: async (file) => cellsOf(await readTableFile(path.resolve(userDir, file))),
    });

    const onFlowsStarted = (): void => {
      const ids = new Set<string>();
      RED.nodes.eachNode((each) => ids.add(each.id));
      void opening.then((opened) => opened.reconcileRelations(ids)).catch(() => undefined);
    };
    RED.events.on('flows:started', onFlowsStarted);

    const closeSite = async (): Promise<void> => {
      clearInterval(timer);
      clearInterval(restoreWatch);
      for (const leave of leaving.splice(0)) leave();
      await site?.stop();
      await closeStore?.();
    };

    /** `twin restore` wants the folder: it is closed in order and given back. The flow is read again when the restore is done. */
    const giveWay = async (): Promise<void> => {
      clearInterval(restoreWatch);
      restoring.tellClosed(folder, adminAddress(RED));
      await closeSite();
      twin.fail(restoring.restoreProblem(folder));
    };

    twin.onClose(async () => {
      RED.events.removeListener('flows:started', onFlowsStarted);
      // Only what has been opened can be closed: a deploy may come while the store is still opening.
      await opening.catch(() => undefined);
      // A machine that is just coming takes what was sent to it, and goes again.
      await site?.prepared();
      await new Promise((resolve) => setImmediate(resolve));
      await waitAtMost(Promise.allSettled(inHand), messagesOverWithinMs);
      await closeSite();
    });
  });

  // Only a config node may use adapters, so the tables of twin-assets' dialog are read and written here.
  RED.httpAdmin.post('/twinwire/table/read', RED.auth.needsPermission('twin-assets.read'), (request: Request, response: Response) => {
    const { data } = (request.body ?? {}) as { data?: unknown };
    const bytes = Buffer.from(typeof data === 'string' ? data : '', 'base64');
    readTableBytes(bytes).then((table) => response.json({ ok: true, ...cellsOf(table) }), (problem: unknown) => refuse(response, problem));
  });
  RED.httpAdmin.post('/twinwire/table/write', RED.auth.needsPermission('twin-assets.read'), (request: Request, response: Response) => {
    const { rows } = (request.body ?? {}) as { rows?: unknown };
    const right = Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.every((cell) => typeof cell === 'string' || typeof cell === 'number'));
    writeWorkbook(right ? (rows as (string | number)[][]) : []).then(
      (bytes) => response.json({ ok: true, data: bytes.toString('base64') }),
      (problem: unknown) => refuse(response, problem),
    );
  });

  function pageSource(site: Site): SitePageSource {
    return {
      id: site.options.id,
      language: site.options.language,
      summary: () => siteSummary(site),
      nowMs: () => site.clock.nowMs(),
      machine(key) {
        const asset = site.asset(key);
        return asset === undefined ? undefined : machineOf(site, asset);
      },
      detail: (key, minutes) => machineDetail(site, key, minutes),
      async acknowledge(key, caseId, by) {
        const asset = site.asset(key);
        if (asset === undefined) throw new Problem('TWIN_MACHINE_UNKNOWN', `There is no machine "${key}" any more.`, 'Load the page again.', { key });
        site.feedback.give({ key, case: caseId, answer: 'onIt', by, via: 'page' });
        await site.written();
        return machineOf(site, asset);
      },
      alarms: { desk: site.alarms, written: () => site.written() },
      feedback: {
        list: (key) => (site.asset(key) === undefined ? undefined : site.feedback.list(key)),
        preview: (input) => site.feedback.preview({ ...input, via: 'page' }),
        async give(input) {
          const record = site.feedback.give({ ...input, via: 'page' });
          await site.written();
          return record;
        },
        async undo(key, id, by) {
          const record = await site.feedback.undo(key, id, by, 'page');
          await site.written();
          return record;
        },
      },
      graph: graphDesk(site),
      lines: lineDesk(site),
      studies: lineStudyDesk(site),
      subscribe: (listener) => site.onChange(listener),
      readiness: () => siteReadinessReport(site),
      async backTest(key, perWeek) {
        const asset = site.asset(key);
        return asset === undefined ? undefined : backTest(site, asset, perWeek === undefined ? {} : { perWeek });
      },
    };
  }
}

function readerOf(request: Request): Language | undefined {
  const { language } = request.query;
  return language === 'de' || language === 'en-US' ? language : undefined;
}

function cellsOf({ rows, decimal, form }: TableFile): TableCells {
  return { decimal, rows: form === 'workbook' ? rows : rows.map(({ row, cells }) => ({ row, cells: cells.map(withoutGuard) })) };
}

function refuse(response: Response, problem: unknown): void {
  const { code = 'TWIN_TABLE_UNREADABLE', message } = problem as { code?: string; message: string };
  response.json({ ok: false, code, text: message });
}

/**
 * SQLite came to Node in 22.13; on less, importing it would end in a stack trace and take all our nodes out of the palette.
 * @throws Problem TWIN_NODE_VERSION, and what opening the store throws
 */
async function openStore(folder: string, outboxSync: OutboxSync): Promise<SiteStore> {
  if (!process.getBuiltinModule?.('node:sqlite')) {
    throw new Problem('TWIN_NODE_VERSION', `Node.js ${process.versions.node} is too old for Twinwire.`, 'Install Node.js 22.13 or newer and start Node-RED again.', {
      version: process.versions.node,
    });
  }
  const { openSiteStore } = await import('../../adapters/sqlite/siteStore.ts');
  return openSiteStore(folder, { outboxSync });
}

/** Where this Node-RED's editor answers on this computer; undefined where there is none. */
function adminAddress(RED: Runtime): string | undefined {
  const address = RED.server?.address?.();
  if (RED.settings.httpAdminRoot === false || typeof address !== 'object' || address === null) return undefined;
  const scheme = RED.settings['https'] === undefined ? 'http' : 'https';
  const host = ['::', '0.0.0.0'].includes(address.address) ? '127.0.0.1' : address.address;
  const root = `/${RED.settings.httpAdminRoot ?? ''}`.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}${root}`;
}

/** Adds the relations of the site's table; gives what keeps a row from being one. */
async function addRelations(site: Site, rows: readonly OwnRelationRow[]): Promise<Problem[]> {
  const { relations, faults } = readOwnRelations(rows);
  const refusals = await site.graph.declareRelations(relations);
  return [...faults.map(relationProblem), ...refusals.map(({ problem }) => problem)];
}

function relationProblem({ index, fault, found }: OwnRelationFault): Problem {
  const values = { row: index + 1, found };
  const say = (what: string): Problem => new Problem('TWIN_RELATION_TYPE', what, 'Correct it in the table of relations of the site; the other rows count.', values);
  switch (fault) {
    case 'missing': return say(`Row ${values.row} of the relations lacks its name or its inverse.`);
    case 'long': return say(`Row ${values.row} of the relations has a name with more than 60 characters.`);
    case 'ready': return say(`Row ${values.row} of the relations: "${found}" is a ready relation.`);
    case 'twice': return say(`Row ${values.row} of the relations: "${found}" is there twice.`);
    case 'kind': return say(`Row ${values.row} of the relations: "${found}" is no kind of thing.`);
  }
}

function readRate(text: string, fail: (problem: Problem) => void): number {
  const rate = Number(text === '' ? 1 : text);
  if (Number.isFinite(rate) && rate >= 1 && rate <= 1000) return rate;
  fail(new Problem('TWIN_CLOCK_RATE', `The clock rate "${text}" is not a number from 1 to 1000.`, 'Correct it in the site; until then the clock runs at 1 ×.', { text }));
  return 1;
}

function readOrigin(text: string, fail: (problem: Problem) => void): number {
  if (text === '') return Date.now();
  const originMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(originMs)) return originMs;
  fail(new Problem('TWIN_CLOCK_ORIGIN', `The clock's origin "${text}" is not a time.`, 'Write it as 2026-11-22T06:00:00Z; until then the clock begins now.', { text }));
  return Date.now();
}

/** The clock of this computer: "10:20", with the day in front where it was another one. */
function localTimeIn(language: Language): (timeMs: number, fromMs: number) => string {
  return (timeMs, fromMs) => {
    const time = new Date(timeMs);
    const near = time.toDateString() === new Date(fromMs).toDateString();
    return time.toLocaleString(language === 'de' ? 'de-DE' : 'en-GB', { hour: '2-digit', minute: '2-digit', ...(near ? {} : { day: '2-digit', month: 'short' }) });
  };
}
