import { Problem } from '../engine/problem.ts';
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
      const { found } = opcuaProblemIn(new Problem(event.code, event.reason, '', event.values), language);
      return german ? `Seit ${from} fehlten ${seconds} s lang Werte. ${found}` : `No values for ${seconds} s since ${from}. ${found}`;
    }
    case 'unknown': {
      const names = list(event.addresses.map(({ address, reason }) => `${address} (${reasonIn(reason, language)})`));
      return german ? `Diese Adressen liefern nichts: ${names}.` : `These addresses deliver nothing: ${names}.`;
    }
    case 'found':
      return german ? `Jetzt gefunden: ${list(event.addresses)}.` : `Found by now: ${list(event.addresses)}.`;
    case 'browsed': {
      const { subtree, variables, cut } = event;
      if (cut === undefined) return german ? `${variables} Werte unter ${subtree}.` : `${variables} values below ${subtree}.`;
      return german
        ? `${variables} Werte unter ${subtree}; dort ist mehr, als durchsucht wird (Grenze: ${bounds[cut]}).`
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
  if (problem !== undefined) return opcuaProblemIn(problem, language).message;
  const words = { 'en-US': { connected: 'Connected.', other: 'Connecting.' }, de: { connected: 'Verbunden.', other: 'Verbindet.' } }[language];
  return state === 'connected' ? words.connected : words.other;
}

const bounds = { nodes: 'Zahl der Knoten', depth: 'Tiefe', time: 'Zeit' } as const;

/** Why an address cannot be read, or a namespace not be found: adapters/opcua say it in English. What a server says, by its name, stays as it is. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^is longer than (.*) characters$/, 'ist länger als $1 Zeichen'],
  [/^contains control characters$/, 'enthält Steuerzeichen'],
  [/^is no node id; write it as (.*) or (.*)$/, 'ist keine Node-Id; zu schreiben als $1 oder $2'],
  [/^has an identifier i= that is no number up to (\d+)$/, 'hat eine Kennung i=, die keine Zahl bis $1 ist'],
  [/^has an identifier g= that is no GUID$/, 'hat eine Kennung g=, die keine GUID ist'],
  [/^has an identifier b= that is not base64$/, 'hat eine Kennung b=, die nicht base64 ist'],
  [/^has a namespace index above 65535$/, 'hat einen Namensraum-Index über 65535'],
  [/^the server has no namespace ([\s\S]*)$/, 'der Server hat keinen Namensraum $1'],
];

function reasonIn(reason: string, language: Language): string {
  if (language !== 'de') return reason;
  const known = reasons.find(([pattern]) => pattern.test(reason));
  return known === undefined ? reason : reason.replace(known[0], known[1]);
}

/** Found and remedy in German, by code, or by code and `cause`; {server} is its name, other names are values of the problem. */
const german: Readonly<Record<string, readonly [string, string]>> = {
  TWIN_OPCUA_NOT_A_SERVER: ['Was unter {host} antwortet, spricht kein OPC UA.', 'Adresse und Port prüfen: OPC-UA-Server hören meist auf 4840.'],
  TWIN_OPCUA_CERTIFICATE: [
    'Dem Zertifikat von {server} wird noch nicht vertraut: {subject}, Fingerabdruck {fingerprint}.',
    'Den Fingerabdruck mit dem vergleichen, den der Server zeigt, dann diesem Zertifikat vertrauen.',
  ],
  'TWIN_OPCUA_CERTIFICATE_EXPIRED expired': [
    'Das Zertifikat von {server} ist am {day} abgelaufen: {subject}, Fingerabdruck {fingerprint}.',
    'Das Zertifikat auf dem Server erneuern, oder die Uhr stellen, die falsch geht.',
  ],
  'TWIN_OPCUA_CERTIFICATE_EXPIRED early': [
    'Das Zertifikat von {server} gilt erst ab {day}: {subject}, Fingerabdruck {fingerprint}.',
    'Die Uhr stellen, die falsch geht, oder das Zertifikat auf dem Server erneuern.',
  ],
  TWIN_OPCUA_SILENT: [
    '{Server} hat seit {seconds} s nichts gesagt, obwohl die Verbindung steht.',
    'Sie wird von selbst neu aufgebaut; wenn das bleibt, prüfen, ob die SPS läuft.',
  ],
  TWIN_OPCUA_SUBSCRIPTION_DEAD: [
    '{Server} antwortet, aber sein Abonnement hat seit {seconds} s nichts geliefert.', 'Die Verbindung wird von selbst ganz neu aufgebaut.',
  ],
  TWIN_OPCUA_LOST: [
    'Die Verbindung zu {server} ging verloren{because}.',
    'Sie wird von selbst neu aufgebaut; wenn das bleibt, das Netz prüfen und ob die SPS neu gestartet wurde.',
  ],
  TWIN_OPCUA_SESSIONS: [
    '{Server} nimmt keine weiteren Sitzungen an: seine Grenze ist erreicht.',
    'Es wird von selbst wieder versucht; andere Clients schließen, oder am Server mehr Sitzungen erlauben.',
  ],
  'TWIN_OPCUA_LOGIN password': [
    '{Server} nimmt diesen Benutzernamen mit diesem Passwort nicht an.', 'Beides prüfen, und ob der Server diese Art der Anmeldung erlaubt.',
  ],
  'TWIN_OPCUA_LOGIN kind': [
    '{Server} bietet diese Art der Anmeldung nicht an.', 'Benutzername und Passwort eingeben, oder beides leer lassen, wie es der Server verlangt.',
  ],
  TWIN_OPCUA_OWN_CERTIFICATE: [
    '{Server} vertraut dem Zertifikat dieses Clients nicht ({reason}).',
    'Am Server dem Client "Twinwire" in der Liste der abgelehnten Zertifikate vertrauen; er verbindet sich dann von selbst.',
  ],
  'TWIN_OPCUA_SECURITY protected': ['{Server} bietet die gewählte Sicherheit nicht an; er bietet {offered}.', 'Die beste wählen, die er bietet.'],
  'TWIN_OPCUA_SECURITY open': [
    '{Server} bietet die gewählte Sicherheit nicht an; er bietet {offered}.',
    'Am Server Basic256Sha256 mit "Signieren und Verschlüsseln" einschalten.',
  ],
  TWIN_OPCUA_SECURITY: ['{Server} bietet die gewählte Sicherheit nicht an.', 'Eine andere wählen, oder sie am Server einschalten.'],
  'TWIN_OPCUA_UNREACHABLE name': [
    'Der Name von {server} ist in diesem Netz nicht bekannt.', 'Die Adresse prüfen; eine IP-Adresse geht ohne Namensdienst.',
  ],
  'TWIN_OPCUA_UNREACHABLE refused': [
    '{Server} weist die Verbindung ab: dort hört niemand zu.',
    'Adresse und Port prüfen, und ob der OPC-UA-Server läuft; es wird von selbst wieder versucht.',
  ],
  'TWIN_OPCUA_UNREACHABLE silent': [
    '{Server} antwortet nicht.', 'Adresse, Netz und Firewall prüfen; es wird von selbst wieder versucht.',
  ],
  TWIN_OPCUA_UNREACHABLE: [
    'Die Verbindung zu {server} kam nicht zustande ({reason}).',
    'Es wird von selbst wieder versucht; wenn das bleibt, Adresse, Netz und Server prüfen.',
  ],
  TWIN_OPCUA_BROKEN_OFF: [
    '{Server} bricht die Verbindung ab.', 'Prüfen, ob es ein OPC-UA-Server ist und ob er überlastet ist; es wird von selbst wieder versucht.',
  ],
  TWIN_OPCUA_MISSED: ['Nachrichten von {server} fehlen.', ''],
  TWIN_OPCUA_PKI: [
    'Der Ordner für Zertifikate {folder} kann nicht benutzt werden: {reason}.',
    'Prüfen, ob Node-RED dort schreiben darf; beschädigte Dateien in "own" dürfen gelöscht werden, sie werden neu gemacht.',
  ],
  TWIN_OPCUA_FINGERPRINT: [
    'Das ist kein Fingerabdruck eines Zertifikats (SHA-256, 64 hexadezimale Ziffern).', 'Ihn nehmen, wie ihn die Verbindungsprüfung zeigt.',
  ],
  TWIN_OPCUA_PASSWORD_UNPROTECTED: [
    'Ein Passwort würde ohne Verschlüsselung gesendet.', 'Eine Sicherheit wählen, oder Benutzername und Passwort leer lassen.',
  ],
  TWIN_OPCUA_UNPROTECTED: [
    'Die Verbindung zu {server} ist weder signiert noch verschlüsselt.',
    'Jeder im Netz kann die Werte lesen und ändern; außerhalb eines Prüfstands eine Sicherheit wählen.',
  ],
  'TWIN_OPCUA_SETTING address': ['"{url}" ist keine Adresse eines OPC-UA-Servers.', 'Sie als opc.tcp://host:4840 schreiben.'],
  'TWIN_OPCUA_SETTING folder': ['Kein Ordner für Zertifikate ist angegeben.', 'Einen nennen, in den geschrieben werden kann.'],
  'TWIN_OPCUA_SETTING many': ['{count} Adressen sind mehr als 20000.', 'Sie auf mehrere Quellen verteilen.'],
  TWIN_OPCUA_NODE_UNKNOWN: ['{Server} kennt „{address}“ nicht.', 'Die Adresse berichtigen, oder sie leer lassen, um alles zu durchsuchen.'],
  TWIN_OPCUA_CLOSED: ['Die Verbindung zu {server} ist geschlossen.', 'Neu übernehmen.'],
};

/** Codes that have German sentences here. */
export const opcuaProblemCodes: ReadonlySet<string> = new Set(Object.keys(german).map((key) => key.split(' ')[0] ?? ''));

/** The same problem in the reader's language; what has no German sentence stays as it is. */
export function opcuaProblemIn(problem: Problem, language: Language): Problem {
  if (language !== 'de') return problem;
  const values = new Map(Object.entries(problem.values).map(([name, value]) => [name, String(value)]));
  const named = `${problem.code} ${values.get('cause') ?? ''}`;
  const sentences = Object.hasOwn(german, named) ? german[named] : Object.hasOwn(german, problem.code) ? german[problem.code] : undefined;
  if (sentences === undefined) return problem;
  const host = values.get('place')?.replace('the OPC UA server at ', '') ?? '';
  const reason = values.get('reason') ?? '';
  values.set('host', host).set('server', `dem OPC-UA-Server ${host}`).set('Server', `Der OPC-UA-Server ${host}`);
  values.set('because', reason === '' ? '' : ` (${reason})`);
  if (values.get('offered') === '') values.set('offered', 'nichts');
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (_whole, name: string) => values.get(name) ?? '').replace(/ {2,}/g, ' ');
  return new Problem(problem.code, fill(sentences[0]), fill(sentences[1]), problem.values);
}
