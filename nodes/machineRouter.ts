import { besideValues } from '../engine/twin/addressMap.ts';
import type { TwinType } from '../engine/twin/twinType.ts';
import type { MachineTwin } from './machineTwin.ts';

/** Where a value goes: to a machine, to a name that waits, to an address that belongs to none, or nowhere because it is no value. */
export interface Route {
  machine?: MachineTwin;
  /** A machine's name that nobody accepted yet. */
  name?: string;
  /** The address as the machine knows it. */
  address: string;
  topic: string;
  ignored?: true;
}

const rememberedRoutes = 100_000;
const mostSegments = 32;

interface TopicPattern {
  expression: RegExp;
  hasRest: boolean;
}

/**
 * `plant/+/{machine}/#` as MQTT writes it: + is one level, # the rest; `{machine}` stands for the machine's name and may be a part of a
 * level (`press-{machine}`). What # stands for, or what comes behind the machine's level, is the address within the machine.
 * @returns undefined where the text is no pattern with {machine} in it
 */
export function topicPattern(text: string): TopicPattern | undefined {
  const trimmed = text.trim();
  if (trimmed.split('{machine}').length !== 2 || /#(?!$)/.test(trimmed) || trimmed.length > 300) return undefined;
  const hasRest = trimmed.endsWith('#');
  const escape = (part: string): string => part.replace(/[.*?^$()|[\]\\{}]/g, '\\$&').replaceAll('+', '[^/]+');
  const [before = '', behind = ''] = (hasRest ? trimmed.slice(0, -1) : trimmed).split('{machine}');
  // Where nothing stands between the machine and #, the machine may also be the last level.
  const rest = hasRest ? (behind === '/' ? '(?:/(?<rest>.*))?' : `${escape(behind)}(?<rest>.*)`) : `(?<rest>${escape(behind)})`;
  const ending = !hasRest && behind === '' ? '(?:/(?<rest>.*))?' : rest;
  return { expression: new RegExp(`^${escape(before)}(?<machine>[^/]+?)${ending}$`, 's'), hasRest };
}

/**
 * Says for each address, and for the topic it came under, which machine of many it belongs to. Exact addresses go first, then the topic
 * pattern, then the machines' own topics (their path or key), then the type's address patterns, which give the name of a machine that is
 * not there yet. Each answer is remembered, so that a value costs one look-up, whatever the number of machines.
 */
export class MachineRouter {
  readonly #byAddress = new Map<string, MachineTwin | null>();
  readonly #byTopic = new Map<string, MachineTwin | null>();
  readonly #byName = new Map<string, MachineTwin>();
  readonly #only: MachineTwin | undefined;
  readonly #pattern: TopicPattern | undefined;
  readonly #typePatterns: RegExp[];
  readonly #leftOut: ReadonlySet<string>;
  readonly #routes = new Map<string, Route>();

  /**
   * @param names what else a machine is called in topics: values of its placeholders
   * @param leftOut names and addresses that nobody wants to see again
   */
  constructor(
    machines: readonly { machine: MachineTwin; names: readonly string[] }[],
    type: TwinType | undefined,
    pattern: string,
    leftOut: ReadonlySet<string>,
  ) {
    this.#pattern = topicPattern(pattern);
    this.#leftOut = leftOut;
    this.#only = machines.length === 1 ? machines[0]?.machine : undefined;
    for (const { machine, names } of machines) {
      const { twin } = machine.asset;
      for (const address of twin.addresses()) this.#byAddress.set(address, this.#byAddress.has(address) ? null : machine);
      for (const topic of twin.ownTopics) this.#byTopic.set(topic, this.#byTopic.has(topic) ? null : machine);
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, machine);
    }
    // Keys and names go before placeholders.
    for (const { machine } of machines) this.#byName.set(machine.asset.twin.name, machine);
    for (const { machine } of machines) this.#byName.set(machine.asset.key, machine);
    this.#typePatterns = (type?.properties ?? []).flatMap(({ address }) => {
      const parts = address.split(/\{[^{}]+\}/);
      if (parts.length !== 2 || /^reg:/i.test(address)) return [];
      const [before = '', behind = ''] = parts.map((part) => part.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&'));
      return before === '' && behind === '' ? [] : [new RegExp(`^${before}([^/]{1,100}?)${behind}$`)];
    });
  }

  /** The machine whose topic this is, for a message that holds values of one machine. undefined: none, or its values tell. */
  ofTopic(topic: string): Route | undefined {
    if (topic === '') return undefined;
    const key = `\n${topic}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      const own = this.#byTopic.get(topic);
      route = this.#byPattern(topic) ?? (own ? { machine: own, address: '', topic: '' } : { address: '', topic: '' });
      this.#remember(key, route);
    }
    return route.machine === undefined && route.name === undefined && route.ignored === undefined ? undefined : route;
  }

  /** Whether a machine has this very address, alone or with its topic before it. */
  isAssigned(address: string, topic: string): boolean {
    return this.#byAddress.has(`${topic}/${address}`) || this.#byAddress.has(address);
  }

  of(address: string, topic: string): Route {
    const key = topic === '' ? address : `${topic}\n${address}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = this.#find(address, topic);
      this.#remember(key, route);
    }
    return route;
  }

  #remember(key: string, route: Route): void {
    if (this.#routes.size >= rememberedRoutes) this.#routes.clear();
    this.#routes.set(key, route);
  }

  #find(address: string, topic: string): Route {
    const full = topic === '' ? address : `${topic}/${address}`;
    const exact = this.#byAddress.get(full) ?? (topic === '' ? undefined : this.#byAddress.get(`${topic}.${address}`)) ?? this.#byAddress.get(address);
    if (exact) return { machine: exact, address, topic };
    if (besideValues.has(address)) return { ignored: true, address, topic };
    if (this.#leftOut.has(address) || this.#leftOut.has(full)) return { ignored: true, address, topic };
    const byPattern = this.#byPattern(full);
    if (byPattern !== undefined) return byPattern;
    const byTopic = this.#byOwnTopic(full);
    if (byTopic !== undefined) return byTopic;
    if (this.#only !== undefined && this.#only.asset.twin.knows(address, topic)) return { machine: this.#only, address, topic };
    for (const pattern of this.#typePatterns) {
      const name = (pattern.exec(address) ?? pattern.exec(full))?.[1];
      if (name === undefined) continue;
      return this.#leftOut.has(name) ? { ignored: true, address, topic } : { name, address, topic };
    }
    return { address, topic };
  }

  #byPattern(topic: string): Route | undefined {
    const groups = this.#pattern?.expression.exec(topic)?.groups;
    const name = groups?.['machine'];
    if (name === undefined) return undefined;
    const rest = groups?.['rest']?.replace(/^\//, '') ?? '';
    if (this.#leftOut.has(name)) return { ignored: true, address: rest, topic: '' };
    const machine = this.#byName.get(name);
    if (machine === undefined) return { name, address: rest === '' ? topic : rest, topic: '' };
    // An address of the type may be written with the whole topic.
    return { machine, address: rest === '' || machine.asset.twin.knows(topic) ? topic : rest, topic: '' };
  }

  #byOwnTopic(full: string): Route | undefined {
    let end = full.length;
    for (let count = 0; count < mostSegments; count += 1) {
      end = full.lastIndexOf('/', end - 1);
      if (end <= 0) return undefined;
      const machine = this.#byTopic.get(full.slice(0, end));
      if (machine) return { machine, address: full.slice(end + 1), topic: '' };
    }
    return undefined;
  }
}
