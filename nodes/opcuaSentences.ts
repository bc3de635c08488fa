import type { Problem } from '../engine/problem.ts';
import type { Language } from '../engine/site/sentences.ts';
import type { OpcuaEvent, OpcuaState } from './opcuaHandle.ts';

const most = 20;

/** One sentence for people about what a source tells. */
export function opcuaEventText(event: OpcuaEvent, language: Language): string {
  const german = language === 'de';
  const list = (names: readonly string[]): string => {
    const more = names.length - most;
    return names.slice(0, most).join(', ') + (more > 0 ? (german ? ` und ${more} weitere` : ` and ${more} more`) : '');
  };
  switch (event.kind) {
    case 'gap': {
      const seconds = Math.round((event.toMs - event.fromMs) / 1000);
      const from = new Date(event.fromMs).toISOString();
      return german ? `Seit ${from} fehlten ${seconds} s lang Werte. ${event.reason}` : `No values for ${seconds} s since ${from}. ${event.reason}`;
    }
    case 'unknown': {
      const names = list(event.addresses.map(({ address, reason }) => `${address} (${reason})`));
      return german ? `Diese Adressen liefern nichts: ${names}.` : `These addresses deliver nothing: ${names}.`;
    }
    case 'found':
      return german ? `Jetzt gefunden: ${list(event.addresses)}.` : `Found by now: ${list(event.addresses)}.`;
    case 'browsed': {
      const { subtree, variables, cut } = event;
      if (cut === undefined) return german ? `${variables} Werte unter ${subtree}.` : `${variables} values below ${subtree}.`;
      return german
        ? `${variables} Werte unter ${subtree}; dort ist mehr, als durchsucht wird (Grenze: ${cut}).`
        : `${variables} values below ${subtree}; there is more than is searched (bound: ${cut}).`;
    }
    case 'moved':
      return german
        ? `Der Namensraum ${event.uri} hat jetzt die Nummer ${event.toIndex} statt ${event.fromIndex}; die Adressen wurden nachgeführt.`
        : `The namespace ${event.uri} now has the number ${event.toIndex} instead of ${event.fromIndex}; the addresses were followed.`;
    case 'odd': {
      const what = oddities[event.oddity]?.[german ? 1 : 0] ?? event.oddity;
      return `${event.address}: ${what}`;
    }
  }
}

const oddities: Readonly<Record<string, readonly [string, string]>> = {
  time: ['its source time cannot be true; the time of arrival is used.', 'die Quellzeit kann nicht stimmen; es gilt die Zeit des Eintreffens.'],
  'array-cut': ['the array is too long; the rest is left out.', 'das Feld ist zu lang; der Rest bleibt weg.'],
  'text-cut': ['the text is too long and was cut.', 'der Text ist zu lang und wurde gekürzt.'],
  structure: ['structures are not read; name its parts.', 'Strukturen werden nicht gelesen; die Teile nennen.'],
  'not-finite': ['the value is no number.', 'der Wert ist keine Zahl.'],
};

/** One sentence about the connection. */
export function opcuaStateText(state: OpcuaState, problem: Problem | undefined, language: Language): string {
  if (problem !== undefined) return problem.message;
  const words = { 'en-US': { connected: 'Connected.', other: 'Connecting.' }, de: { connected: 'Verbunden.', other: 'Verbindet.' } }[language];
  return state === 'connected' ? words.connected : words.other;
}
