import { readConfig } from '../contract/fields.ts';
import type { Config, FieldProblem, Fields } from '../contract/fields.ts';
import { Problem } from '../engine/problem.ts';
import type { Language } from '../engine/site/sentences.ts';
import type { Site } from '../engine/site/site.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime, Send, Status } from './red.d.ts';
import type { SiteHandle } from './siteHandle.ts';
import { siteHandle } from './siteHandle.ts';
import { problemIn } from './problemSentences.ts';
import { problemStatus } from './status.ts';

/** A node's status is told at most so often: each one is a frame to every open editor. */
const statusEveryMs = 500;
const refusalEveryMs = 10_000;
/** Messages that may wait while the site's store opens. */
const waitingLimit = 10_000;

export interface TwinNode<F extends Fields> {
  readonly node: NodeInstance;
  readonly config: Config<F>;
  /** Name for people: the given one, else the type. */
  readonly title: string;
  /** Shows a status; equal ones are told once, and bursts are thinned out. A function is only called when its status is really shown. */
  show(next: Status | (() => Status)): void;
  /** Why the node cannot work at all; each message then gets this as its error. */
  refusal: Problem | undefined;
  /** Where it says what it is busy with, messages or its end; none where it belongs to no site. */
  inHand: Set<Promise<unknown>> | undefined;
  /** What is wrong with its settings, told already; it runs with defaults in their place. */
  readonly wrongSettings: Problem | undefined;
  /** Status, log line and, with a message, a catchable error; the same problem is logged once until it is over or another one comes. */
  fail(problem: Problem): void;
  /** A log line only. */
  warn(problem: Problem): void;
  /** The language that problems are told in: the site's; for a config node that stands above sites, the one that they all share. */
  readonly language: Language;
  /** The node was taken away or deployed anew. */
  readonly closed: boolean;
  /** Runs when the node goes, at once if it is gone already: what its site's opening starts afterwards has to end too. All of it, even if one part fails. */
  onClose(listener: (removed: boolean) => void | Promise<void>): void;
}

/**
 * Creates the node, reads its config and says what is wrong with it.
 * @param isUnused whether nobody has given it anything to do: then what it lacks is no problem
 */
export function twinNode<F extends Fields>(
  RED: Runtime, node: NodeInstance, definition: NodeDefinition, fields: F, isUnused: (config: Config<F>) => boolean = () => false,
): TwinNode<F> {
  RED.nodes.createNode(node, definition);
  const { config, problems } = readConfig(fields, definition);
  const name = (config as { name?: unknown }).name;
  const title = typeof name === 'string' && name !== '' ? name : definition.type;
  const closing: ((removed: boolean) => void | Promise<void>)[] = [];
  let shown = '';
  let waiting: Status | (() => Status) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastProblem = '';
  let language: Language | undefined;
  let wasRemoved: boolean | undefined;
  const tell = (given: Status | (() => Status)): void => {
    const next = typeof given === 'function' ? given() : given;
    const text = `${next.fill}${next.shape}${next.text}`;
    if (text === shown || twin.closed) return;
    shown = text;
    // It works again: the next trouble is worth a line in the log, even if it is the same.
    if (next.fill === 'green') lastProblem = '';
    node.status(next);
  };
  const twin: TwinNode<F> = {
    node,
    config,
    refusal: undefined,
    inHand: undefined,
    wrongSettings: problems.length === 0 || isUnused(config) ? undefined : settingsProblem(title, problems),
    title,
    show(next) {
      waiting = next;
      if (timer !== undefined || twin.closed) return;
      tell(next);
      waiting = undefined;
      timer = setTimeout(() => {
        timer = undefined;
        if (waiting !== undefined) twin.show(waiting);
      }, statusEveryMs);
    },
    fail(problem) {
      const told = problemIn(problem, twin.language);
      twin.show(problemStatus(told, twin.language));
      const text = `${told.code}: ${told.message}`;
      if (text === lastProblem) return;
      lastProblem = text;
      node.warn(text);
    },
    warn(problem) {
      const told = problemIn(problem, twin.language);
      node.warn(`${told.code}: ${told.message}`);
    },
    get closed() {
      return wasRemoved !== undefined;
    },
    get language() {
      return (language ??= languageFor(RED, config));
    },
    onClose(listener) {
      if (wasRemoved === undefined) closing.push(listener);
      else void end([listener], wasRemoved);
    },
  };
  const end = async (listeners: typeof closing, removed: boolean): Promise<void> => {
    const results = await Promise.allSettled(listeners.map(async (listener) => listener(removed)));
    for (const result of results) {
      if (result.status === 'rejected') node.warn(String(result.reason));
    }
  };
  node.on('close', (removed, done) => {
    wasRemoved = removed;
    clearTimeout(timer);
    timer = undefined;
    const { inHand } = twin;
    const ending = end(closing, removed);
    inHand?.add(ending);
    void ending.then(() => {
      inHand?.delete(ending);
      done();
    });
  });
  if (twin.wrongSettings !== undefined) twin.fail(twin.wrongSettings);
  return twin;
}

function settingsProblem(title: string, problems: readonly FieldProblem[]): Problem {
  const field = problems[0]?.field ?? '';
  const unset = [...new Set(problems.filter(({ code }) => code === 'FIELD_NOT_SET').map(({ found }) => found))];
  if (unset.length > 0) {
    return new Problem(
      'TWIN_ENVIRONMENT',
      `"${title}": not set: ${unset.join(', ')}.`,
      'Set this environment variable for Node-RED, in the properties of the flow or in the user settings, and deploy again.',
      { field, variables: unset.join(', ') },
    );
  }
  const told = problems.map((problem) => `${problem.field} ${problemWords[problem.code]}${problem.found === '' ? '' : ` (${problem.found})`}`);
  return new Problem('TWIN_CONFIG', `"${title}": ${told.join(', ')}.`, 'Open the node and correct it; until then its default is used.', { field });
}

const problemWords = {
  FIELD_MISSING: 'is missing',
  FIELD_NOT_SET: 'is not set',
  FIELD_NOT_A_NUMBER: 'is not a number',
  FIELD_OUT_OF_RANGE: 'is out of range',
  FIELD_UNKNOWN_OPTION: 'is not one of the choices',
  FIELD_TOO_LONG: 'is too long',
  FIELD_NOT_A_LIST: 'is not a list',
} as const;

/**
 * Handles each message once the site is ready, in order. Whatever a handler throws becomes a catchable error with its code;
 * `done` is called exactly once. The handler may return a promise: then `done` waits for it.
 */
export function onInput<F extends Fields>(
  twin: TwinNode<F>,
  ready: Promise<unknown> | undefined,
  handle: (message: Message, send: Send) => void | Promise<void>,
): void {
  let isReady = ready === undefined;
  let waiting = 0;
  let refusalToldMs = -Infinity;
  void ready?.then(
    () => {
      isReady = true;
    },
    (problem: unknown) => {
      twin.refusal ??= asProblem(twin, problem);
      isReady = true;
    },
  );
  const run = (message: Message, send: Send, answer: (problem?: Error) => void): void => {
    const done = (problem?: Error): void => {
      try {
        answer(problem);
      } catch (cause) {
        // Node-RED copies the message for the Catch node, and a foreign object may throw while it is copied.
        twin.node.warn(`TWIN_MESSAGE_UNREADABLE: a message could not be answered: ${cause instanceof Error ? cause.message : String(cause)}.`);
      }
    };
    if (twin.refusal !== undefined) {
      // A node that cannot work says so now and then, not with each of a thousand messages a second: that would fill the log.
      const nowMs = performance.now();
      const due = nowMs - refusalToldMs >= refusalEveryMs;
      if (due) refusalToldMs = nowMs;
      done(due ? problemIn(twin.refusal, twin.language) : undefined);
      return;
    }
    try {
      const result = handle(message, send);
      if (result instanceof Promise) {
        const { inHand } = twin;
        inHand?.add(result);
        const over = (problem?: Error): void => {
          inHand?.delete(result);
          done(problem);
        };
        result.then(
          () => over(),
          (problem: unknown) => over(asProblem(twin, problem)),
        );
        return;
      }
    } catch (problem) {
      done(asProblem(twin, problem));
      return;
    }
    done();
  };
  twin.node.on('input', (message, send, done) => {
    if (isReady) {
      run(message, send, done);
      return;
    }
    if (waiting >= waitingLimit) {
      done(
        new Problem('TWIN_STORE_OPENING', 'The store of the site is still opening and too many messages wait.', 'This message was left out; it is history, not state, that is missing.'),
      );
      return;
    }
    waiting++;
    const next = (): void => {
      waiting--;
      run(message, send, done);
    };
    void ready?.then(next, next);
  });
}

function asProblem<F extends Fields>(twin: TwinNode<F>, cause: unknown): Problem {
  const problem =
    cause instanceof Problem
      ? cause
      : new Problem(
          'TWIN_UNEXPECTED',
          `"${twin.title}" met something unexpected: ${cause instanceof Error ? cause.message : String(cause)}.`,
          'Please report it together with the message that caused it.',
        );
  const told = problemIn(problem, twin.language);
  twin.show(problemStatus(told, twin.language));
  return told;
}

/** By the flow, not by the running sites: a problem may come before they are there, or because they are not. */
function languageFor(RED: Runtime, config: { language?: unknown; site?: unknown }): Language {
  if (config.language !== undefined) return config.language === 'de' ? 'de' : 'en-US';
  const languages = new Set<unknown>();
  RED.nodes.eachNode((each) => {
    const isMeant = typeof config.site !== 'string' || config.site === '' || config.site === each.id;
    if (each.type === 'twin-site' && isMeant) languages.add(each['language']);
  });
  return languages.size === 1 && languages.has('de') ? 'de' : 'en-US';
}

/**
 * The site that a node names. Without one, or with one that does not open, the node says so and answers each message with
 * a catchable error; Node-RED goes on.
 */
export function siteOf<F extends Fields>(RED: Runtime, twin: TwinNode<F>, siteId: string): SiteHandle | undefined {
  const handle = siteId === '' ? undefined : siteHandle(RED.nodes.getNode(siteId));
  if (handle === undefined) {
    const problem = new Problem('TWIN_SITE_MISSING', `"${twin.title}" belongs to no site.`, 'Open the node and choose a site.', { node: twin.title });
    twin.fail(problem);
    twin.refusal = problem;
    onInput(twin, undefined, () => {});
    return undefined;
  }
  twin.inHand = handle.inHand;
  return handle;
}

/** @throws Problem TWIN_SITE_CLOSED */
export function openSite(handle: SiteHandle): Site {
  if (handle.site !== undefined) return handle.site;
  throw new Problem('TWIN_SITE_CLOSED', 'The site of this node is not open.', 'See the status of the site; its store could not be opened.');
}

/** Does this, when the site is ready; a site that did not open is told on the node. */
export function whenReady<F extends Fields>(twin: TwinNode<F>, handle: SiteHandle, action: () => void | Promise<void>): Promise<void> {
  const told = (problem: unknown): void => twin.fail(asProblem(twin, problem));
  return handle.ready.then(
    async () => {
      try {
        await action();
      } catch (problem) {
        told(problem);
      }
    },
    (problem: unknown) => {
      twin.refusal = asProblem(twin, problem);
      told(problem);
    },
  );
}

export function languageOf(handle: SiteHandle | undefined): Language {
  return handle?.language ?? 'en-US';
}

