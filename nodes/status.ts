import type { Problem } from '../engine/problem.ts';
import type { Language } from '../engine/site/sentences.ts';
import type { Status } from './red.d.ts';

/**
 * Every status text and colour of the package, so that a colour means the same on each node: grey at rest or waiting, blue
 * learning or working, green as it should be, yellow needs attention, red needs somebody now. Shape and text say it too: a ring is a
 * state of waiting or trouble, a dot one of activity.
 */
const texts = {
  'en-US': {
    waiting: 'waiting for data',
    opening: 'opening the store',
    ready: 'ready',
    editorOpen: 'editor open to the network without login',
    pageOpen: 'ready, page open to the network without login',
    running: '{state}',
    live: '{count} values, {state}',
    unmapped: '{count} values, {unmapped} addresses unknown',
    stale: 'no data since {time}',
    skipped: '{count} bad values left out',
    learning: 'learning, {percent} %',
    provisional: 'provisional, {percent} %',
    armed: 'armed',
    frozen: 'not judged while {state}',
    normal: 'normal',
    anomaly: '{machine}: {signal}',
    caseOpen: '{count} open: {machine}',
    noCase: 'no open case',
    connected: 'connected',
    connecting: 'connecting',
    disconnected: 'not connected, trying again',
    embedded: 'embedded history only',
    written: '{count} values written',
    waitingDelivery: '{count} waiting, target does not answer',
    dropped: '{count} dropped, see the log',
    publishing: '{count} machines published',
    linked: '{from} {relation} {to}',
    ended: 'ended',
    replaying: '{count} rows',
    replayed: 'done: {count} rows, {skipped} left out',
    cautious: '{text}, data below usable',
    readiness: '{letter} {grade}: {name}',
    migrated: '{text}',
    problem: '{text}',
  },
  de: {
    waiting: 'wartet auf Daten',
    opening: 'öffnet den Speicher',
    ready: 'bereit',
    editorOpen: 'Editor ohne Anmeldung im Netz erreichbar',
    pageOpen: 'bereit, Seite ohne Anmeldung im Netz erreichbar',
    running: '{state}',
    live: '{count} Werte, {state}',
    unmapped: '{count} Werte, {unmapped} Adressen unbekannt',
    stale: 'keine Daten seit {time}',
    skipped: '{count} schlechte Werte ausgelassen',
    learning: 'lernt, {percent} %',
    provisional: 'vorläufig, {percent} %',
    armed: 'scharf',
    frozen: 'nicht beurteilt bei {state}',
    normal: 'normal',
    anomaly: '{machine}: {signal}',
    caseOpen: '{count} offen: {machine}',
    noCase: 'kein offener Fall',
    connected: 'verbunden',
    connecting: 'verbindet',
    disconnected: 'nicht verbunden, versucht es weiter',
    embedded: 'nur eingebettete Historie',
    written: '{count} Werte geschrieben',
    waitingDelivery: '{count} warten, Ziel antwortet nicht',
    dropped: '{count} verworfen, siehe Protokoll',
    publishing: '{count} Maschinen veröffentlicht',
    linked: '{from} {relation} {to}',
    ended: 'beendet',
    replaying: '{count} Zeilen',
    replayed: 'fertig: {count} Zeilen, {skipped} ausgelassen',
    cautious: '{text}, Daten zu schwach',
    readiness: '{letter} {grade}: {name}',
    migrated: '{text}',
    problem: '{text}',
  },
} as const satisfies Record<Language, Record<string, string>>;

export type StatusText = keyof (typeof texts)['en-US'];

const looks: Record<StatusText, Pick<Status, 'fill' | 'shape'>> = {
  waiting: { fill: 'grey', shape: 'ring' },
  opening: { fill: 'grey', shape: 'ring' },
  ready: { fill: 'green', shape: 'dot' },
  editorOpen: { fill: 'yellow', shape: 'ring' },
  pageOpen: { fill: 'green', shape: 'dot' },
  running: { fill: 'green', shape: 'dot' },
  live: { fill: 'green', shape: 'dot' },
  unmapped: { fill: 'yellow', shape: 'dot' },
  stale: { fill: 'red', shape: 'ring' },
  skipped: { fill: 'yellow', shape: 'dot' },
  learning: { fill: 'blue', shape: 'dot' },
  provisional: { fill: 'blue', shape: 'dot' },
  armed: { fill: 'green', shape: 'dot' },
  frozen: { fill: 'grey', shape: 'dot' },
  normal: { fill: 'green', shape: 'dot' },
  anomaly: { fill: 'yellow', shape: 'dot' },
  caseOpen: { fill: 'red', shape: 'dot' },
  noCase: { fill: 'green', shape: 'dot' },
  connected: { fill: 'green', shape: 'dot' },
  connecting: { fill: 'grey', shape: 'ring' },
  disconnected: { fill: 'yellow', shape: 'ring' },
  embedded: { fill: 'grey', shape: 'dot' },
  written: { fill: 'green', shape: 'dot' },
  waitingDelivery: { fill: 'yellow', shape: 'ring' },
  dropped: { fill: 'red', shape: 'ring' },
  publishing: { fill: 'green', shape: 'dot' },
  linked: { fill: 'green', shape: 'dot' },
  ended: { fill: 'grey', shape: 'ring' },
  replaying: { fill: 'blue', shape: 'dot' },
  replayed: { fill: 'green', shape: 'dot' },
  cautious: { fill: 'yellow', shape: 'dot' },
  readiness: { fill: 'green', shape: 'dot' },
  migrated: { fill: 'blue', shape: 'ring' },
  problem: { fill: 'red', shape: 'ring' },
};

export const statusTexts: Readonly<Record<Language, Readonly<Record<string, string>>>> = texts;

export function status(which: StatusText, language: Language, values: Readonly<Record<string, string | number>> = {}): Status {
  const text = texts[language][which].replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  return { ...looks[which], text: text.length > 120 ? `${text.slice(0, 119)}…` : text };
}

/** The sentence of what was found; the remedy stands in the log and in the caught error. */
export function problemStatus(problem: Problem): Status {
  return { ...looks.problem, text: problem.found.length > 120 ? `${problem.found.slice(0, 119)}…` : problem.found };
}
