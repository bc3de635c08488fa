import type { LineOrder, LineOrderStation, TwinsOfSite } from '../contract/http.ts';
import { dragMachine } from './dragMachine.ts';
import { isWired, lineNodes, mostStations, runsByFeeds, waysToCheck, writeStations, type LineNode } from './lineNodes.ts';
import { machineNode } from './machineNode.ts';
import { middleOf, moveByHandle } from './moveByHandle.ts';
import { button, make, type Row } from './rowList.ts';
import { shownNumber } from './shownNumber.ts';
import { stateSign } from './stateSign.ts';
import type { TextValues } from './text.ts';

/** A machine, as the tree of the sidebar has it. */
export interface DraggedMachine {
  site: string;
  key: string;
  name: string;
}

export interface LineOffer {
  /** Id of the twin-line. */
  id: string;
  title: string;
  /** What it is in this line already: 1 is the first station. */
  place?: number;
}

export interface LineSection {
  /** What the sites that run told last. */
  show(sites: readonly TwinsOfSite[]): void;
  /** Lines that this machine can be a station of. */
  offers(machine: DraggedMachine): LineOffer[];
  /** Makes it the last station of a line. @returns what became of it, as a sentence */
  add(id: string, machine: DraggedMachine): string;
  /** Lets a machine be dragged into a line by this element; touching it goes on scrolling. */
  draggable(element: HTMLElement, machine: DraggedMachine): void;
  /** Something is held by the pointer: nothing should be exchanged under it. */
  isDragging(): boolean;
}

interface ShownLine {
  line: LineNode;
  /** As they are listed, or as they were found by *feeds* links. */
  rows: readonly Row[];
  byFeeds: boolean;
  /** The order can be changed here. */
  canChange: boolean;
  notes: string[];
}

const edgePx = 24;
const changedEvents = ['nodes:add', 'nodes:change', 'nodes:remove', 'flows:change'] as const;
const keyOf = (row: Row | undefined): string => String(row?.['key'] ?? '').trim();

/**
 * The part of the sidebar with the lines of the flows: their stations in order, dragged to another place, taken out, and machines dragged
 * in from the tree. What is changed is the list of the twin-line node, as its dialog would.
 */
export function lineSection(host: HTMLDetailsElement, text: (key: string, values?: TextValues) => string): LineSection {
  const count = make('span', 'twinwire-place-count');
  const summary = make('summary');
  summary.append(make('span', '', text('twins.lines.title')), count);
  const said = make('div', 'twinwire-twin-said');
  said.setAttribute('role', 'status');
  const body = make('div', 'twinwire-lines-body');
  host.replaceChildren(summary, said, body);
  host.open = true;
  host.hidden = true;

  /** By site and key: what runs, machines as they are now, and what they were ever called. */
  const orders = new Map<string, LineOrder>();
  const states = new Map<string, LineOrderStation>();
  const names = new Map<string, string>();
  const folded = new Set<string>();
  let siteNames = new Map<string, string>();
  let signs: { host: HTMLElement; station: string }[] = [];
  let isHeard = false;
  let built = '';
  let dragging = false;
  let soon: ReturnType<typeof setTimeout> | undefined;

  // Undo, dialogs, other nodes: the flows change in many ways, a thousand times at once when they are loaded.
  for (const event of changedEvents) RED.events.on(event, () => (soon ??= setTimeout(redraw, 50)));
  host.addEventListener('keydown', (event) => {
    // Node-RED listens for these in its workspace alone.
    if (!(event.ctrlKey || event.metaKey) || event.altKey || dragging || (event.key !== 'z' && event.key !== 'y')) return;
    event.preventDefault();
    event.stopPropagation();
    say('');
    RED.actions.invoke(event.key === 'z' ? 'core:undo' : 'core:redo');
    redraw();
  });
  redraw();

  return { show, offers, add, draggable, isDragging: () => dragging };

  function show(sites: readonly TwinsOfSite[]): void {
    orders.clear();
    states.clear();
    siteNames = new Map(sites.map(({ site, name }) => [site, name]));
    for (const { site, twins, lines } of sites) {
      for (const twin of twins) states.set(at(site, twin.key), twin);
      for (const line of lines) {
        orders.set(at(site, line.key), line);
        for (const station of line.stations) if (station.condition !== undefined) states.set(at(site, station.key), station);
      }
    }
    for (const [where, { name }] of states) names.set(where, name);
    for (const { site, lines } of sites) for (const { stations } of lines) for (const { key, condition } of stations) if (condition === undefined) names.delete(at(site, key));
    isHeard = true;
    redraw();
  }

  function redraw(): void {
    clearTimeout(soon);
    soon = undefined;
    if (dragging) return;
    const lines = lineNodes().map(shown);
    host.hidden = lines.length === 0;
    count.textContent = lines.length === 0 ? '' : shownNumber(lines.length);
    const next = JSON.stringify(lines.map(({ line, rows, notes, canChange }) => [
      line.node.id, line.site, line.title, notes, canChange, rows.map((row) => [keyOf(row), nameOf(line.site, keyOf(row)), troubleOf(line.site, rows, row)]),
      siteNames.size > 1 ? siteNames.get(line.site) : '',
    ]));
    if (next !== built) {
      built = next;
      build(lines);
    }
    for (const { host: sign, station } of signs) showState(sign, states.get(station));
  }

  function shown(line: LineNode): ShownLine {
    const { node, rows } = line;
    const order = orders.get(at(line.site, line.key));
    const byFeeds = rows.length === 0 && (order?.stations.length ?? 0) > 0 && runsByFeeds(node);
    const branches = byFeeds && order?.straight === false;
    const notes = [
      ...(line.isLocked ? [text('twins.lines.locked')] : branches ? [text('twins.lines.branches')] : byFeeds ? [text('twins.lines.byFeeds')] : []),
      ...(rows.length === 0 && !byFeeds ? [text('twins.lines.noStations')] : []),
      ...(line.inSubflow ? [text('twins.lines.inSubflow')] : []),
      ...(node.changed === true ? [text('twins.lines.changed')] : []),
    ];
    return { line, rows: byFeeds ? (order?.stations ?? []).map(({ key }): Row => ({ key })) : rows, byFeeds, canChange: !line.isLocked && !branches, notes };
  }

  function build(lines: readonly ShownLine[]): void {
    const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.dataset['at'] : undefined;
    const { scrollTop } = host;
    signs = [];
    body.replaceChildren(...lines.map(lineOf));
    host.scrollTop = scrollTop;
    if (focused !== undefined) focus(focused);
  }

  function lineOf(shownLine: ShownLine): HTMLElement {
    const { line, rows, notes, canChange } = shownLine;
    const { id } = line.node;
    const made = make('details', 'twinwire-place twinwire-line') as HTMLDetailsElement;
    made.dataset['line'] = id;
    made.open = !folded.has(id);
    made.addEventListener('toggle', () => (made.open ? folded.delete(id) : folded.add(id)));
    const head = make('summary');
    head.dataset['at'] = `line ${id}`;
    const title = make('bdi', 'twinwire-twin-name', line.title);
    title.title = line.title;
    const siteName = siteNames.size > 1 ? siteNames.get(line.site) : undefined;
    const reveal = button('fa-crosshairs', text('twins.lines.reveal', { line: line.title }), false);
    reveal.classList.add('twinwire-line-button');
    reveal.dataset['at'] = `reveal ${id}`;
    reveal.addEventListener('click', (event) => {
      event.preventDefault();
      RED.view.reveal(id);
    });
    head.append(title, ...(siteName === undefined ? [] : [make('bdi', 'twinwire-twin-text', siteName)]), make('span', 'twinwire-place-count', shownNumber(rows.length)), reveal);
    const stations = make('ol', 'twinwire-line-stations');
    stations.setAttribute('aria-label', text('twins.lines.stations', { line: line.title }));
    stations.append(...rows.map((row, index) => stationOf(shownLine, row, index)));
    made.append(head, ...notes.map((note) => make('p', 'twinwire-twin-text', note)), stations);
    if (!canChange) made.dataset['fixed'] = 'yes';
    return made;
  }

  function stationOf(shownLine: ShownLine, row: Row, index: number): HTMLElement {
    const { line, rows, canChange } = shownLine;
    const { id } = line.node;
    const key = keyOf(row);
    const name = nameOf(line.site, key);
    const made = make('li', 'twinwire-line-station');
    made.dataset['index'] = String(index);
    // Counted by the style, so that it is right while one of them is dragged.
    const number = make('span', 'twinwire-line-number');
    const label = make('bdi', 'twinwire-twin-name', name);
    label.title = name === key ? name : `${name} (${key})`;
    const sign = make('span', 'twinwire-twin-sign');
    signs.push({ host: sign, station: at(line.site, key) });
    const trouble = troubleOf(line.site, rows, row);
    const parts = [number, sign, label, ...(trouble === '' ? [] : [make('span', 'twinwire-line-trouble', trouble)])];
    if (!canChange) {
      made.append(...parts);
      return made;
    }
    const handle = button('fa-bars', text('twins.lines.move', { name }), false);
    handle.classList.add('twinwire-line-button', 'twinwire-line-handle');
    handle.dataset['at'] = `handle ${id} ${index}`;
    moveByHandle(handle, made, 'twinwire-line-dragged', {
      step: (up) => move(id, rows, index, index + (up ? -1 : 1)),
      begun: () => (dragging = true),
      done() {
        dragging = false;
        move(id, rows, index, [...(made.parentElement?.children ?? [])].indexOf(made));
        redraw();
      },
    });
    const remove = button('fa-times', text('twins.lines.remove', { name }), false);
    remove.classList.add('twinwire-line-button');
    remove.dataset['at'] = `remove ${id} ${index}`;
    remove.addEventListener('click', () => {
      const left = rows.filter((_, place) => place !== index);
      const emptied = left.length === 0 ? [text('twins.lines.emptied')] : [];
      if (!change(id, rows, left, [text('twins.lines.removed', { name, line: line.title }), ...emptied])) return;
      focus(left.length === 0 ? `line ${id}` : `remove ${id} ${Math.min(index, left.length - 1)}`);
    });
    made.append(handle, ...parts, remove);
    return made;
  }

  function move(id: string, rows: readonly Row[], from: number, to: number): void {
    const row = rows[from];
    if (row === undefined || from === to || to < 0 || to >= rows.length) return;
    const others = rows.filter((_, index) => index !== from);
    const line = lineNodes().find(({ node }) => node.id === id);
    if (!change(id, rows, [...others.slice(0, to), row, ...others.slice(to)], [movedText(nameOf(line?.site ?? '', keyOf(row)), to, rows.length)])) return;
    focus(`handle ${id} ${to}`);
  }

  /** @param at in front of this station; more than there are: behind the last. @returns what became of it */
  function insert(id: string, machine: DraggedMachine, place: number): string {
    const found = lineNodes().find(({ node }) => node.id === id);
    if (found === undefined) return '';
    const { rows, canChange, notes, line } = shown(found);
    if (line.site !== machine.site) return text('twins.lines.otherSite', { name: machine.name, line: line.title });
    if (!canChange) return notes[0] ?? '';
    const from = rows.findIndex((row) => keyOf(row) === machine.key);
    const others = rows.filter((_, index) => index !== from);
    if (others.length >= mostStations) return text('twins.lines.full', { count: shownNumber(mostStations) });
    const to = Math.min(from >= 0 && from < place ? place - 1 : place, others.length);
    const all = [...others.slice(0, to), from >= 0 ? rows[from]! : { key: machine.key }, ...others.slice(to)];
    if (from === to) return '';
    const node = machineNode(machine.site, machine.key);
    const unwired = node !== undefined && !line.inSubflow && !isWired(node, line.node);
    const sentence = from >= 0 ? movedText(machine.name, to, all.length)
      : text('twins.lines.added', { name: machine.name, place: shownNumber(to + 1), count: shownNumber(all.length), line: line.title });
    change(id, rows, all, [sentence, ...(unwired ? [text('twins.lines.wire')] : [])]);
    return said.textContent;
  }

  function movedText(name: string, index: number, all: number): string {
    return text('twins.lines.moved', { name, place: shownNumber(index + 1), count: shownNumber(all) });
  }

  /** Writes a line's list down. @returns false: it was not, and is said why */
  function change(id: string, before: readonly Row[], rows: readonly Row[], sentences: readonly string[]): boolean {
    const line = lineNodes().find(({ node }) => node.id === id);
    if (line === undefined || line.isLocked) say(line === undefined ? '' : text('twins.lines.locked'));
    else if (document.querySelector('.red-ui-tray') !== null) say(text('twins.lines.dialogOpen'));
    else {
      const ways = waysToCheck(line.node, before, rows).map((key) => nameOf(line.site, key));
      const wasByFeeds = line.rows.length === 0 && before.length > 0;
      writeStations(line.node, rows);
      redraw();
      say([
        ...sentences, ...(wasByFeeds ? [text('twins.lines.written')] : []), ...(ways.length > 0 ? [text('twins.lines.ways', { names: ways.join(', ') })] : []), text('twins.lines.deploy'),
      ].join(' '));
      return true;
    }
    built = '';
    redraw();
    return false;
  }

  function say(sentence: string): void {
    said.textContent = sentence;
  }

  function offers({ site, key }: DraggedMachine): LineOffer[] {
    return lineNodes().map(shown).filter(({ line, canChange }) => line.site === site && canChange).map(({ line, rows }) => {
      const place = rows.findIndex((row) => keyOf(row) === key) + 1;
      return { id: line.node.id, title: line.title, ...(place > 0 && { place }) };
    });
  }

  function add(id: string, machine: DraggedMachine): string {
    host.open = true;
    const sentence = insert(id, machine, Infinity);
    // Said once, where it was asked for.
    say('');
    return sentence;
  }

  function draggable(element: HTMLElement, machine: DraggedMachine): void {
    let lastY = 0;
    dragMachine(element, machine.name, {
      // By touch it would scroll no more; the machine's drawer has a button.
      mayBegin: () => !host.hidden,
      begun(label) {
        dragging = true;
        host.open = true;
        host.append(label);
      },
      over(x, y) {
        for (const scrolled of [host, host.parentElement]) if (scrolled !== null) scrollAtEdge(scrolled, x, y, lastY);
        lastY = y;
        mark(placeAt(x, y), machine.site);
      },
      ended(dropped) {
        dragging = false;
        mark(undefined);
        const place = dropped === undefined ? undefined : placeAt(dropped.x, dropped.y);
        if (place !== undefined) say(insert(place.line.dataset['line'] ?? '', machine, place.index));
        redraw();
      },
    });
  }

  function placeAt(x: number, y: number): { line: HTMLDetailsElement; index: number } | undefined {
    const line = document.elementFromPoint(x, y)?.closest<HTMLDetailsElement>('[data-line]');
    if (line === null || line === undefined || !body.contains(line)) return undefined;
    const stations = [...line.querySelectorAll('.twinwire-line-station')];
    return { line, index: line.open ? stations.filter((station) => middleOf(station) < y).length : stations.length };
  }

  function mark(place: { line: HTMLDetailsElement; index: number } | undefined, site = ''): void {
    for (const marked of body.querySelectorAll('[data-drop]')) delete (marked as HTMLElement).dataset['drop'];
    if (place === undefined) return;
    const { line, index } = place;
    const fits = line.dataset['fixed'] === undefined && lineNodes().find(({ node }) => node.id === line.dataset['line'])?.site === site;
    line.dataset['drop'] = fits ? 'here' : 'not';
    if (!fits) return;
    const stations = line.querySelectorAll<HTMLElement>('.twinwire-line-station');
    const [next, last] = [stations[index], stations[stations.length - 1]];
    if (next !== undefined) next.dataset['drop'] = 'before';
    else if (last !== undefined) last.dataset['drop'] = 'behind';
  }

  function focus(place: string): void {
    const found = [...body.querySelectorAll<HTMLElement>('[data-at]')].find((one) => one.dataset['at'] === place);
    found?.focus({ preventScroll: true });
    found?.scrollIntoView({ block: 'nearest' });
  }

  function nameOf(site: string, key: string): string {
    const known = names.get(at(site, key));
    if (known !== undefined) return known;
    const node = machineNode(site, key);
    const machines = node?.['machines'];
    const row = Array.isArray(machines) ? (machines as Row[]).find((each) => keyOf(each) === key) : undefined;
    return String((row === undefined ? node?.name : row['name']) ?? '').trim() || key;
  }

  /** What is wrong with a station, in a word; '': nothing. */
  function troubleOf(site: string, rows: readonly Row[], row: Row): string {
    const key = keyOf(row);
    if (rows.find((each) => keyOf(each) === key) !== row) return text('twins.lines.twice');
    const isKnown = !isHeard || states.has(at(site, key)) || key.includes('${') || machineNode(site, key) !== undefined || names.has(at(site, key));
    return isKnown ? '' : text('twins.lines.unknown');
  }

  function showState(sign: HTMLElement, station: LineOrderStation | undefined): void {
    const { condition, letter } = station ?? {};
    const next = `${condition} ${letter ?? ''}`;
    if (sign.dataset['shown'] === next) return;
    sign.dataset['shown'] = next;
    if (condition === undefined) {
      sign.replaceChildren();
      sign.removeAttribute('aria-label');
      sign.title = '';
      return;
    }
    const what = letter === undefined ? '' : text(`twins.letter.${letter}`);
    const state = condition === 'case' || condition === 'limit' ? what : text(`twins.state.${condition}`, { what });
    sign.replaceChildren(stateSign({ condition, ...(letter !== undefined && { letter }) }));
    sign.title = state;
    sign.setAttribute('role', 'img');
    sign.setAttribute('aria-label', state);
  }
}

function at(site: string, key: string): string {
  return `${site} ${key}`;
}

/** What is dragged on towards an edge of something that scrolls lets it scroll. */
function scrollAtEdge(element: HTMLElement, x: number, y: number, lastY: number): void {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  if (x < left || x > right || y < top - edgePx || y > bottom + edgePx) return;
  if (y < top + edgePx && y < lastY) element.scrollTop -= edgePx / 3;
  else if (y > bottom - edgePx && y > lastY) element.scrollTop += edgePx / 3;
}
