import type { ChosenTwin, MachineCondition, OutboxOfSite, TwinsAnswer, TwinsOfSite, TwinState } from '../contract/http.ts';
import { deliverySection } from './deliverySection.ts';
import { lineSection, type LineOffer } from './lineSection.ts';
import { machineNode } from './machineNode.ts';
import { placeTwinNode, type PlacedKind } from './placeTwinNode.ts';
import { request } from './request.ts';
import { make } from './rowList.ts';
import { shownNumber } from './shownNumber.ts';
import { stateSign } from './stateSign.ts';
import type { TextValues } from './text.ts';
import { twinTree, type TwinPlace } from './twinTree.ts';

const tabId = 'twinwire-twins';
const againEveryMs = 2500;
const typingMs = 300;
/** So many machines are shown unfolded from the beginning. */
const unfolded = 40;

interface Chosen {
  site: string;
  key: string;
}

interface TwinRow {
  name: string;
  show(twin: TwinState): void;
  showChosen(isChosen: boolean): void;
}

/**
 * The Twins tab of the editor's sidebar: machines by place with what they are like now, search, neighbours, a node placed for one of
 * them, and what waits to be delivered. Asks the runtime only while it is seen; in between it leaves no timer.
 */
export function twinsSidebar(text: (key: string, values?: TextValues) => string): void {
  const content = make('div', 'twinwire-twins');
  const search = make('input') as HTMLInputElement;
  search.type = 'search';
  search.maxLength = 200;
  search.placeholder = text('twins.search');
  search.setAttribute('aria-label', text('twins.search'));
  const tree = make('div', 'twinwire-twins-tree');
  tree.setAttribute('role', 'group');
  tree.setAttribute('aria-label', text('twins.tree'));
  const note = make('div', 'twinwire-twins-note');
  note.setAttribute('role', 'status');
  const waiting = make('details', 'twinwire-waiting') as HTMLDetailsElement;
  const showWaiting = deliverySection(waiting, text);
  const drawer = make('div', 'twinwire-twin-drawer');
  const linesHost = make('details', 'twinwire-lines') as HTMLDetailsElement;
  const lines = lineSection(linesHost, text);
  content.append(search, note, tree, linesHost, waiting);

  const rows = new Map<string, TwinRow>();
  const toggled = new Map<string, boolean>();
  let signs: { host: HTMLElement; worst: TwinState | undefined }[] = [];
  let built = '';
  let chosen: Chosen | undefined;
  let withNeighbours = false;
  let drawn = '';
  let said = '';
  let offered = '';
  let inView = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the newest question: what comes of an older one is not shown any more. */
  let question = 0;

  const watch = new IntersectionObserver((entries) => {
    inView = entries.at(-1)?.isIntersecting === true;
    wakeOrSleep();
  });
  watch.observe(content);
  document.addEventListener('visibilitychange', wakeOrSleep);
  search.addEventListener('input', () => {
    toggled.clear();
    again(typingMs);
  });

  RED.sidebar.addTab({ id: tabId, label: text('twins.tab'), name: text('twins.tab'), content, iconClass: 'fa fa-industry' });

  function wakeOrSleep(): void {
    if (inView && document.visibilityState === 'visible') {
      if (timer === undefined) again(0);
    } else {
      clearTimeout(timer);
      timer = undefined;
      question++;
    }
  }

  function again(inMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), inMs);
  }

  async function ask(): Promise<void> {
    const mine = ++question;
    const about = new URLSearchParams({ search: search.value.trim(), ...chosen });
    const [twins, outbox] = await Promise.all([
      request<TwinsAnswer>('GET', `twinwire/twins?${about}`), request<OutboxOfSite[]>('GET', `twinwire/outbox?language=${RED.i18n.lang()}`),
    ]);
    if (mine !== question) return;
    if (twins.ok) show(twins.value);
    else note.textContent = text(twins.status === 401 || twins.status === 403 ? 'twins.noRight' : 'twins.noAnswer');
    if (outbox.ok) showWaiting(outbox.value);
    again(againEveryMs);
  }

  function show(answer: TwinsAnswer): void {
    const { sites } = answer;
    if (lines.isDragging()) return;
    lines.show(sites);
    const whole = sites.reduce((sum, { count }) => sum + count, 0);
    const shown = sites.reduce((sum, { twins }) => sum + twins.length, 0);
    note.textContent = sites.length === 0 ? text('twins.noSite')
      : whole === 0 ? text(search.value.trim() === '' ? 'twins.none' : 'twins.noneFit')
        : shown < whole ? text('twins.more', { shown: shownNumber(shown), count: shownNumber(whole) }) : '';
    // The tree is built anew only when machines come or go: nothing is exchanged under somebody's finger.
    const next = JSON.stringify(sites.map(({ site, name, twins }) => [site, name, ...twins.map((twin) => [twin.key, twin.name, twin.place])].sort()));
    const trees = sites.map((site) => ({ site, root: twinTree(site) }));
    if (next !== built) {
      built = next;
      build(trees, shown <= unfolded || search.value.trim() !== '');
    }
    for (const { site, twins } of sites) for (const twin of twins) rows.get(nameOf(site, twin.key))?.show(twin);
    signs = signs.filter(({ host }) => host.isConnected);
    const worst = new Map<string, TwinState | undefined>();
    for (const { site, root } of trees) collect(site.site, root, worst);
    for (const { host } of signs) showWorst(host, worst.get(host.dataset['place'] ?? ''));
    showDrawer(answer.chosen);
  }

  function build(trees: readonly { site: TwinsOfSite; root: TwinPlace }[], open: boolean): void {
    const focused = document.activeElement instanceof HTMLElement && tree.contains(document.activeElement) ? document.activeElement.dataset['at'] : undefined;
    const { scrollTop } = tree;
    rows.clear();
    signs = [];
    tree.replaceChildren(...trees.map(({ site, root }) => placeOf(site.site, root, open, true)));
    tree.scrollTop = scrollTop;
    mark();
    if (focused !== undefined) [...tree.querySelectorAll<HTMLElement>('[data-at]')].find((one) => one.dataset['at'] === focused)?.focus({ preventScroll: true });
  }

  function placeOf(site: string, place: TwinPlace, open: boolean, isSite = false): HTMLElement {
    const at = nameOf(site, place.id);
    const made = make('details', 'twinwire-place') as HTMLDetailsElement;
    made.open = toggled.get(at) ?? (open || isSite);
    const summary = make('summary');
    summary.dataset['at'] = `place ${at}`;
    const sign = make('span', 'twinwire-place-sign');
    sign.dataset['place'] = at;
    signs.push({ host: sign, worst: undefined });
    const name = make('bdi', 'twinwire-twin-name', place.name);
    name.title = place.name;
    summary.append(name, sign, make('span', 'twinwire-place-count', shownNumber(place.count)));
    summary.addEventListener('click', () => toggled.set(at, !made.open));
    made.append(summary, ...place.places.map((below) => placeOf(site, below, open)), ...place.twins.map((twin) => twinOf(site, twin)));
    return made;
  }

  function twinOf(site: string, twin: TwinState): HTMLElement {
    const at = nameOf(site, twin.key);
    const made = make('div', 'twinwire-twin');
    const button = make('button', 'twinwire-twin-button') as HTMLButtonElement;
    button.type = 'button';
    button.dataset['at'] = `twin ${at}`;
    const sign = make('span', 'twinwire-twin-sign');
    const state = make('span', 'twinwire-twin-text');
    button.append(sign, make('bdi', 'twinwire-twin-name', twin.name), state);
    button.title = `${twin.name} (${twin.key})`;
    lines.draggable(button, { site, key: twin.key, name: twin.name });
    button.addEventListener('click', () => choose({ site, key: twin.key }));
    made.append(button);
    let before = '';
    rows.set(at, {
      name: twin.name,
      show(now) {
        const next = `${now.condition} ${now.letter ?? ''}`;
        if (next === before) return;
        before = next;
        made.dataset['condition'] = now.condition;
        sign.replaceChildren(stateSign(now));
        state.textContent = stateText(now);
      },
      showChosen(isChosen) {
        button.setAttribute('aria-expanded', String(isChosen));
        if (isChosen) made.append(drawer);
      },
    });
    return made;
  }

  function choose(next: Chosen): void {
    said = '';
    if (chosen?.site === next.site && chosen.key === next.key && drawer.isConnected) chosen = undefined;
    else {
      chosen = next;
      const node = machineNode(next.site, next.key);
      if (node === undefined) said = text('twins.notHere');
      else RED.view.reveal(node.id);
    }
    withNeighbours = false;
    drawn = '';
    drawer.replaceChildren();
    mark();
    again(0);
  }

  function mark(): void {
    drawer.remove();
    for (const [at, row] of rows) row.showChosen(chosen !== undefined && at === nameOf(chosen.site, chosen.key));
  }

  function showDrawer(twin: ChosenTwin | undefined): void {
    if (twin === undefined || chosen?.site !== twin.site || chosen.key !== twin.key) return;
    const name = rows.get(nameOf(twin.site, twin.key))?.name ?? twin.key;
    const offers = lines.offers({ site: twin.site, key: twin.key, name });
    const next = JSON.stringify([twin, withNeighbours, said, offers]);
    if (next === drawn) return;
    const grows = drawn === '' || withNeighbours;
    drawn = next;
    const focused = document.activeElement instanceof HTMLElement && drawer.contains(document.activeElement) ? document.activeElement.dataset['does'] : undefined;
    const buttons = make('div', 'twinwire-twin-does');
    const neighbours = does('neighbours', 'fa-sitemap', text('twins.neighbours'), () => {
      withNeighbours = !withNeighbours;
      showDrawer(twin);
    });
    neighbours.setAttribute('aria-expanded', String(withNeighbours));
    buttons.append(
      neighbours,
      make('span', 'twinwire-twin-text', text('twins.placeFor')),
      does('twin-read', 'fa-line-chart', text('twins.placeRead'), () => place(twin, 'twin-read')),
      does('twin-query', 'fa-question-circle-o', text('twins.placeQuery'), () => place(twin, 'twin-query')),
      ...offersOf(twin, name, offers),
    );
    const answer = make('div', 'twinwire-twin-said', said);
    answer.setAttribute('role', 'status');
    const sentence = make('p', '', twin.sentence);
    sentence.dir = 'auto';
    drawer.replaceChildren(sentence, answer, buttons, ...(withNeighbours ? neighboursOf(twin) : []));
    if (grows) drawer.parentElement?.scrollIntoView({ block: 'nearest' });
    if (focused !== undefined) [...drawer.querySelectorAll<HTMLElement>('[data-does]')].find((one) => one.dataset['does'] === focused)?.focus({ preventScroll: true });
  }

  function does(name: string, icon: string, label: string, work: () => void): HTMLButtonElement {
    const made = make('button', 'red-ui-button red-ui-button-small') as HTMLButtonElement;
    made.type = 'button';
    made.dataset['does'] = name;
    const sign = make('i', `fa ${icon}`);
    sign.setAttribute('aria-hidden', 'true');
    made.append(sign, ` ${label}`);
    made.addEventListener('click', work);
    return made;
  }

  /** To make it a station without dragging it. */
  function offersOf(twin: ChosenTwin, name: string, offers: readonly LineOffer[]): HTMLElement[] {
    const [first] = offers;
    if (first === undefined) return [];
    const add = (id: string): void => {
      said = lines.add(id, { site: twin.site, key: twin.key, name });
      showDrawer(twin);
    };
    const placed = offers.filter(({ place }) => place !== undefined).map(({ title, place }) => text('twins.lines.isStation', { place: shownNumber(place ?? 0), line: title }));
    const free = offers.filter(({ place }) => place === undefined);
    const chosenOffer = free.find(({ id }) => id === offered) ?? free[0];
    const head = make('span', 'twinwire-twin-text', [...placed, ...(free.length > 0 ? [text('twins.lines.makeStation')] : [])].join(' '));
    if (chosenOffer === undefined) return [head];
    if (free.length === 1) return [head, does('add-station', 'fa-plus', text('twins.lines.add', { line: chosenOffer.title }), () => add(chosenOffer.id))];
    const choice = make('select', 'twinwire-line-choice') as HTMLSelectElement;
    choice.setAttribute('aria-label', text('twins.lines.which'));
    choice.dataset['does'] = 'which-line';
    choice.append(...free.map(({ id, title }) => new Option(title, id, false, id === chosenOffer.id)));
    choice.addEventListener('change', () => (offered = choice.value));
    return [head, choice, does('add-station', 'fa-plus', text('twins.lines.addHere'), () => add(choice.value))];
  }

  function place(twin: ChosenTwin, kind: PlacedKind): void {
    said = text(placeTwinNode(kind, twin.site, twin.key) === undefined ? 'twins.notPlaced' : 'twins.placed');
    showDrawer(twin);
  }

  function neighboursOf({ site, neighbours }: ChosenTwin): HTMLElement[] {
    if (neighbours.length === 0) return [make('p', '', text('twins.noNeighbours'))];
    return (['upstream', 'downstream'] as const).flatMap((direction) => {
      const there = neighbours.filter((one) => one.direction === direction);
      if (there.length === 0) return [];
      const list = make('div', 'twinwire-twin-neighbours');
      list.setAttribute('role', 'group');
      list.setAttribute('aria-label', text(`twins.${direction}`));
      list.append(make('span', 'twinwire-twin-text', text(`twins.${direction}`)));
      for (const { key, name, isMachine } of there) {
        const link = does(`to ${key}`, direction === 'upstream' ? 'fa-arrow-up' : 'fa-arrow-down', '', () => goTo(site, key));
        link.disabled = !isMachine;
        link.append(make('bdi', '', name));
        list.append(link);
      }
      return [list];
    });
  }

  /** A neighbour that the search hides is found all the same. */
  function goTo(site: string, key: string): void {
    if (!rows.has(nameOf(site, key))) {
      search.value = key;
      toggled.clear();
    }
    choose({ site, key });
    for (let part = drawer.parentElement; part !== null && part !== tree; part = part.parentElement) if (part instanceof HTMLDetailsElement) part.open = true;
  }

  function stateText({ condition, letter }: TwinState): string {
    const what = letter === undefined ? '' : text(`twins.letter.${letter}`);
    if (condition === 'acknowledged') return text('twins.state.acknowledged', { what });
    return isTold(condition) ? what : text(`twins.state.${condition}`);
  }

  function showWorst(host: HTMLElement, worst: TwinState | undefined): void {
    const next = worst === undefined ? '' : `${worst.condition} ${worst.letter ?? ''}`;
    if (host.dataset['shown'] === next) return;
    host.dataset['shown'] = next;
    host.replaceChildren(...(worst === undefined ? [] : [stateSign(worst)]));
    host.title = worst === undefined ? '' : stateText(worst);
    if (worst === undefined) host.removeAttribute('aria-label');
    else host.setAttribute('aria-label', stateText(worst));
  }
}

function isTold(condition: MachineCondition): boolean {
  return condition === 'case' || condition === 'limit';
}

function nameOf(site: string, rest: string): string {
  return `${site} ${rest}`;
}

function collect(site: string, place: TwinPlace, into: Map<string, TwinState | undefined>): void {
  into.set(nameOf(site, place.id), place.worst);
  for (const below of place.places) collect(site, below, into);
}
