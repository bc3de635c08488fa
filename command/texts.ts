import type { FindingCode } from './check.ts';
import type { PageRole } from '../contract/http.ts';
import type { RestoreNote } from './restore.ts';
import type { Status } from './status.ts';

export type CommandLanguage = 'en' | 'de';
type Pair = readonly [en: string, de: string];

/** A text in the reader's language, `{name}` replaced by its value. Control characters of foreign names never reach the terminal. */
export function fill([en, de]: Pair, language: CommandLanguage, values: Readonly<Record<string, unknown>> = {}): string {
  return (language === 'de' ? de : en).replaceAll(/\{(\w+)\}/g, (_whole, name: string) => clean(String(values[name] ?? '')));
}

export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ').slice(0, 500);
}

/** By LANG and its kin, as other commands do. */
export function languageOf(given: string | undefined, environment: NodeJS.ProcessEnv): CommandLanguage {
  const wanted = given ?? (environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || 'en');
  return /^de\b|^de_/i.test(wanted) ? 'de' : 'en';
}

export const help: Pair = [
  `twin: looks after the digital twins of a Node-RED.

  twin status                  machines, what they learned, open cases, what waits to be delivered
  twin check [BACKUP]          looks for what is wrong with this box, and says what to do
  twin backup                  saves everything into one file while Node-RED runs
  twin restore BACKUP          puts a backup in place, here or on a new box
  twin user list               who may use the page; add NAME --role ROLE, remove NAME, password NAME
  twin help                    this text

  --user-dir DIR    Node-RED's user directory; else ~/.node-red
  --flow FILE       the flow file, where it is not the one of the settings
  --language en|de  else by LANG
  --json            status and check: for programs

  backup
  --to FILE|DIR     where to; else DIR/backups. A name is made from the time (UTC)
  --keep N          delete older backups of that folder, once this one is complete
  --settings        take settings.js along (passwords may stand in it)

  restore
  --replace         there is something already: move it aside, nothing is deleted
  --settings        take settings.js from the backup, too
  --url URL         where the editor answers, for instance http://127.0.0.1:1880
  --user NAME       its login; the password comes from TWIN_PASSWORD or --password-file FILE

  user
  --role ROLE       viewer reads, operator also answers alarms, engineer also changes what is an alarm
  --site NAME       where the flow has several sites
  --url, --user     as above, while Node-RED runs. The person's new password is asked for, or piped in

  Ends with 0: all is well, 1: something needs a look, 2: it could not be done or cannot be said.`,
  `twin: kümmert sich um die digitalen Zwillinge eines Node-RED.

  twin status                  Maschinen, was sie gelernt haben, offene Fälle, was auf Zustellung wartet
  twin check [SICHERUNG]       sucht, was an diesem Rechner nicht stimmt, und sagt, was zu tun ist
  twin backup                  sichert alles in eine Datei, während Node-RED läuft
  twin restore SICHERUNG       spielt eine Sicherung ein, hier oder auf einem neuen Rechner
  twin user list               wer die Seite benutzen darf; add NAME --role ROLLE, remove NAME, password NAME
  twin help                    dieser Text

  --user-dir ORDNER    Benutzerordner von Node-RED; sonst ~/.node-red
  --flow DATEI         die Flow-Datei, wenn es nicht die der Einstellungen ist
  --language en|de     sonst nach LANG
  --json               status und check: für Programme

  backup
  --to DATEI|ORDNER    wohin; sonst ORDNER/backups. Der Name wird aus der Zeit (UTC) gebildet
  --keep N             ältere Sicherungen dieses Ordners löschen, sobald diese vollständig ist
  --settings           settings.js mitnehmen (Passwörter können darin stehen)

  restore
  --replace            es ist schon etwas da: zur Seite legen, nichts wird gelöscht
  --settings           auch settings.js aus der Sicherung nehmen
  --url URL            wo der Editor antwortet, zum Beispiel http://127.0.0.1:1880
  --user NAME          seine Anmeldung; das Passwort kommt aus TWIN_PASSWORD oder --password-file DATEI

  user
  --role ROLLE         viewer liest, operator beantwortet auch Alarme, engineer ändert auch, was ein Alarm ist
  --site NAME          wenn der Flow mehrere Anlagen hat
  --url, --user        wie oben, solange Node-RED läuft. Nach dem neuen Passwort der Person wird gefragt, oder es kommt aus einer Pipe

  Endet mit 0: alles in Ordnung, 1: etwas braucht einen Blick, 2: es ging nicht oder lässt sich nicht sagen.`,
];

/** Problems by their code, in German; English stands in the problem itself. */
export const problemsInGerman: Readonly<Record<string, string>> = {
  TWIN_COMMAND: '{text} Siehe twin help.',
  TWIN_USER_DIR: 'Den Ordner {folder} gibt es nicht. Nenne den Benutzerordner von Node-RED mit --user-dir.',
  TWIN_FLOW_MISSING: 'In {folder} ist keine Flow-Datei (gesucht: {file}). Nenne den Benutzerordner von Node-RED mit --user-dir oder die Flow-Datei mit --flow.',
  TWIN_FLOW_UNREADABLE: 'Die Flow-Datei {file} ist nicht, was Node-RED schreibt. Spiele sie aus einer Sicherung ein, oder nenne eine andere mit --flow.',
  TWIN_NO_RIGHTS: '{file} darf nicht gelesen oder geschrieben werden. Starte den Befehl als der Benutzer, unter dem Node-RED läuft.',
  TWIN_DISK_FULL: 'Die Platte, auf der {file} liegt, ist voll. Schaffe Platz und versuche es noch einmal; nichts Halbes blieb zurück.',
  TWIN_FILE_FAILED: '{file} lässt sich nicht lesen oder schreiben: {reason}. Prüfe die Platte und den Namen.',
  TWIN_BACKUP_NO_SITES: 'In {file} steht kein twin-site, also gibt es nichts zu sichern. Nenne den richtigen Benutzerordner mit --user-dir oder die ' +
    'Flow-Datei mit --flow.',
  TWIN_BACKUP_EXISTS: '{file} gibt es schon. Wähle einen anderen Namen, oder nenne einen Ordner mit --to.',
  TWIN_BACKUP_RUNNING: 'Eine andere Sicherung nach {folder} läuft gerade. Warte, bis sie fertig ist.',
  TWIN_BACKUP_KEEP: '--keep löscht ältere Sicherungen eines Ordners, aber --to nennt eine Datei. Nenne einen Ordner mit --to.',
  TWIN_BACKUP_NAME: 'Der Name {name} ist zu lang für eine Sicherung. Kürze den Namen der Datei.',
  TWIN_BACKUP_DAMAGED: 'Die Sicherung {file} ist beschädigt oder abgeschnitten. Nimm eine andere Sicherung; hier wurde nichts verändert.',
  TWIN_BACKUP_FOREIGN: '{file} ist keine Sicherung von Twinwire. Nenne eine Datei, die twin backup geschrieben hat; hier wurde nichts verändert.',
  TWIN_BACKUP_NEWER: 'Die Sicherung {file} stammt von einer neueren Version von Twinwire (Format {format}, bekannt: {known}). Aktualisiere zuerst ' +
    'Twinwire auf diesem Rechner; hier wurde nichts verändert.',
  TWIN_STORE_NEWER: 'Die Datei {file} stammt von einer neueren Version von Twinwire (Format {version}, bekannt: {known}). Aktualisiere zuerst Twinwire ' +
    'auf diesem Rechner.',
  TWIN_STORE_FOLDER: 'Der Datenordner {folder} lässt sich nicht anlegen oder öffnen. Starte den Befehl als der Benutzer, unter dem Node-RED läuft.',
  TWIN_STORE_FAILED: 'Die Datei {file} lässt sich nicht lesen oder schreiben: {reason}. Prüfe die Platte, und wem der Ordner gehört.',
  TWIN_STORE_DISK_FULL: 'Die Platte, auf der {file} liegt, ist voll. Schaffe Platz und versuche es noch einmal.',
  TWIN_RESTORE_NOT_EMPTY: 'Hier ist schon etwas: {file}. Mit --replace wird es zur Seite gelegt (nichts wird gelöscht); oder nenne einen anderen ' +
    'Benutzerordner.',
  TWIN_RESTORE_BUSY: 'Der Datenordner {folder} ist in Benutzung und wird nicht freigegeben. Halte Node-RED an, starte twin restore noch einmal und ' +
    'dann Node-RED.',
  TWIN_RESTORE_RUNNING: 'Eine andere Wiederherstellung nach {folder} läuft gerade. Warte, bis sie fertig ist.',
  TWIN_RESTORE_UNFINISHED: 'Der Datenordner {folder} wird wiederhergestellt oder blieb halb wiederhergestellt. Lass twin restore enden, oder starte ' +
    'es noch einmal.',
  TWIN_USER_NAME: 'Das ist kein Name für eine Person. Nimm 1 bis 80 Zeichen in einer Zeile.',
  TWIN_USER_ROLE: 'Die Rolle „{role}“ gibt es nicht. Wähle viewer, operator oder engineer.',
  TWIN_USER_PASSWORD: 'Dieses Passwort geht nicht. Nimm 8 bis 200 Zeichen.',
  TWIN_USERS_FULL: 'Es sind schon 200 Personen eingetragen. Entferne erst einige.',
  TWIN_USER_EXISTS: '„{name}“ ist schon eingetragen. Ein anderes Passwort gibt twin user password; für eine andere Rolle erst entfernen.',
  TWIN_USER_UNKNOWN: 'Unter dem Namen „{name}“ ist niemand eingetragen. Wer es ist, zeigt twin user list.',
  TWIN_PASSWORD_TYPED: 'Kein Passwort, oder die beiden sind verschieden. Es wurde nichts geändert.',
  TWIN_SITE_NONE: 'In {file} steht kein twin-site. Nenne den richtigen Ordner mit --user-dir.',
  TWIN_SITE_CHOICE: 'Die Anlagen hier sind: {names}. Nenne die gemeinte mit --site NAME.',
  TWIN_SITE_CLOSED: 'Das Node-RED unter {url} betreibt {site} nicht (Antwort {status}). Nenne das richtige mit --url, oder nimm den Dialog der twin-site.',
  TWIN_EDITOR_LOGIN: '{site} läuft, und der Editor unter {url} lässt diesen Befehl nicht ein. Nenne seine Anmeldung mit --user NAME, oder nimm den ' +
    'Dialog der twin-site.',
  TWIN_EDITOR_SILENT: '{site} läuft, aber unter {url} antwortet kein Editor. Nenne seine Adresse mit --url, nimm den Dialog der twin-site, oder halte ' +
    'Node-RED erst an.',
  TWIN_EDITOR_PLAIN: 'Ein Passwort ginge unverschlüsselt an {url}. Starte den Befehl auf jenem Rechner, oder nenne eine Adresse mit https://.',
  TWIN_OTHER_OWNER: '{folder} gehört einem anderen Benutzer dieses Rechners. Starte den Befehl als dieser Benutzer, etwa mit sudo -u.',
  TWIN_NODE_VERSION: 'Node.js {version} ist zu alt für Twinwire. Installiere Node.js 22.13 oder neuer.',
};

export const said = {
  saved: ['Saved to {file} ({size}): {sites}.', 'Gesichert in {file} ({size}): {sites}.'],
  pruned: ['{count} older backups deleted.', '{count} ältere Sicherungen gelöscht.'],
  leftOut: ['NOT SAVED, because it is damaged: {files}. No older backup was deleted. Run twin check.',
    'NICHT GESICHERT, weil beschädigt: {files}. Keine ältere Sicherung wurde gelöscht. Starte twin check.'],
  private: [
    'Only you may read the file (rights 600). Keep it like a key: {what}.',
    'Nur du darfst die Datei lesen (Rechte 600). Verwahre sie wie einen Schlüssel: {what}.',
  ],
  holdsKey: ['it holds the private key of the OPC UA connection', 'sie enthält den privaten Schlüssel der OPC-UA-Verbindung'],
  holdsSecret: ['it can open the passwords of the flow', 'mit ihr lassen sich die Passwörter des Flows öffnen'],
  holdsData: ["it holds your plant's data", 'sie enthält die Daten deiner Anlage'],
  keepSecret: [
    'The passwords of the flow are in it, but encrypted with credentialSecret of settings.js. Keep that secret in ' +
      'another place: without it they have to be typed again.',
    'Die Passwörter des Flows sind darin, aber mit credentialSecret aus settings.js verschlüsselt. Bewahre es an anderer Stelle auf: ' +
      'ohne es müssen sie neu eingegeben werden.',
  ],
  restored: ['Restored the backup of {created}: {sites}.', 'Sicherung vom {created} eingespielt: {sites}.'],
  aside: ['What was here before lies in {folder}.', 'Was vorher da war, liegt in {folder}.'],
  isRunning: ['Node-RED has taken it over and runs.', 'Node-RED hat alles übernommen und läuft.'],
  startNow: ['Start Node-RED now (if it is running, restart it).', 'Starte jetzt Node-RED (falls es läuft: neu starten).'],
  restartNow: [
    'The sites are closed until Node-RED is restarted: do that now.',
    'Die Anlagen bleiben geschlossen, bis Node-RED neu gestartet ist: bitte jetzt tun.',
  ],
  loginNow: ['The editor asks for a login, so Node-RED could not be told: restart it now. (Next time: --user NAME.)',
    'Der Editor verlangt eine Anmeldung, deshalb weiß Node-RED noch nichts davon: jetzt neu starten. (Nächstes Mal: --user NAME.)'],
  notOpened: ['Node-RED has read the flow again, but not every site has opened: see the status of the sites in the editor.',
    'Node-RED hat den Flow neu gelesen, aber nicht jede Anlage ist offen: siehe den Status der Anlagen im Editor.'],
  missingModules: [
    'Nodes that are not installed here yet: {names}. In {folder}: npm install {names}',
    'Hier noch nicht installierte Nodes: {names}. In {folder}: npm install {names}',
  ],
  lastBackup: ['Last backup: {when}, {file}', 'Letzte Sicherung: {when}, {file}'],
  lastBackupGone: ['Last backup: {when}, {file} (is not there any more)', 'Letzte Sicherung: {when}, {file} (nicht mehr da)'],
  versions: ['Twinwire {twinwire}, Node-RED {nodeRed}, Node.js {node}', 'Twinwire {twinwire}, Node-RED {nodeRed}, Node.js {node}'],
  unknown: ['unknown', 'unbekannt'],
  usage: ['{used} used, {free} free', '{used} belegt, {free} frei'],
  outboxEmpty: ['nothing waits to be delivered', 'nichts wartet auf Zustellung'],
  outboxWaiting: [
    '{target}: {waiting} wait to be delivered, the oldest for {age}',
    '{target}: {waiting} warten auf Zustellung, der älteste Eintrag seit {age}',
  ],
  outboxRefused: ['{target}: {refused} refused for good', '{target}: {refused} endgültig abgelehnt'],
  notKnown: ['nothing learned yet', 'noch nichts gelernt'],
  notReadable: ['what was learned cannot be read by this version', 'das Gelernte kann diese Version nicht lesen'],
  learning: ['learning, {percent} %', 'lernt, {percent} %'],
  provisional: ['provisional, {percent} %', 'vorläufig, {percent} %'],
  armed: ['armed', 'scharf'],
  caseOpen: ['CASE {letter} open since {when}: {signals}', 'FALL {letter} offen seit {when}: {signals}'],
  caseAcknowledged: ['case {letter} acknowledged, since {when}: {signals}', 'Fall {letter} bestätigt, seit {when}: {signals}'],
  noUsers: [
    '{site}: nobody is entered, so whoever can read the page may also acknowledge.',
    '{site}: Niemand ist eingetragen, also darf quittieren, wer die Seite lesen kann.',
  ],
  userAdded: ['{name} can log in to the page of {site} now.', '{name} kann sich jetzt auf der Seite von {site} anmelden.'],
  userRemoved: ['{name} cannot log in to the page of {site} any more.', '{name} kann sich auf der Seite von {site} nicht mehr anmelden.'],
  userPassword: [
    '{name} has a new password for the page of {site}, and is logged out everywhere.',
    '{name} hat ein neues Passwort für die Seite von {site} und ist überall abgemeldet.',
  ],
  askPassword: ['Password for {name}: ', 'Passwort für {name}: '],
  askAgain: ['Once more: ', 'Noch einmal: '],
  allWell: ['All is well.', 'Alles in Ordnung.'],
  needsLook: ['Needs a look:', 'Braucht einen Blick:'],
  ok: ['ok', 'ok'],
  look: ['LOOK', 'ACHTUNG'],
  cannotSay: ['?', '?'],
} as const satisfies Record<string, Pair>;

export const roleTexts = {
  viewer: ['viewer: reads', 'viewer: liest'],
  operator: ['operator: answers alarms', 'operator: beantwortet Alarme'],
  engineer: ['engineer: also changes what is an alarm', 'engineer: ändert auch, was ein Alarm ist'],
} as const satisfies Record<PageRole, Pair>;

export const siteStates = {
  running: ['running', 'läuft'],
  stopped: ['not running', 'läuft nicht'],
  restoring: ['being restored, or left half-restored', 'wird wiederhergestellt oder blieb halb wiederhergestellt'],
  'never ran': ['has never run', 'lief noch nie'],
  unreadable: ['cannot be read', 'ist nicht lesbar'],
} as const satisfies Record<string, Pair>;

export const lookTexts: Record<Status['look'][number]['about'], Pair> = {
  stopped: ['{site} is not running: start Node-RED.', '{site} läuft nicht: Node-RED starten.'],
  restoring: ['{site} was left half-restored: run twin restore again.', '{site} blieb halb wiederhergestellt: twin restore noch einmal starten.'],
  'never ran': ['{site} has never run: deploy the flow.', '{site} lief noch nie: Flow deployen.'],
  unreadable: ['{site} cannot be read: run twin check.', '{site} ist nicht lesbar: twin check starten.'],
  case: [
    '{machine} ({site}) has an open case: look at the machine and acknowledge it.',
    '{machine} ({site}) hat einen offenen Fall: Maschine ansehen und bestätigen.',
  ],
  outbox: ['{target} ({site}) has not answered for a while: check the connection.', '{target} ({site}) antwortet seit einer Weile nicht: Verbindung prüfen.'],
  refused: [
    '{target} ({site}) has refused records: see the log of Node-RED for the reason.',
    '{target} ({site}) hat Einträge abgelehnt: Grund im Protokoll von Node-RED.',
  ],
  disk: ['The disk of {site} is nearly full: free some space.', 'Die Platte von {site} ist fast voll: Platz schaffen.'],
  'no backup': ['There is no backup yet: run twin backup, best every day.', 'Es gibt noch keine Sicherung: twin backup starten, am besten täglich.'],
  'old backup': ['The last backup is more than 8 days old: run twin backup.', 'Die letzte Sicherung ist älter als 8 Tage: twin backup starten.'],
  'no sites': [
    'There is no twin-site in the flow: name the right folder with --user-dir.',
    'Im Flow steht kein twin-site: den richtigen Ordner mit --user-dir nennen.',
  ],
};

export const noteTexts: Record<RestoreNote, Pair> = {
  'secret in settings': ['The passwords of the flow need the same credentialSecret in settings.js as on the other box; else type them again in the editor.',
    'Die Passwörter des Flows brauchen in settings.js dasselbe credentialSecret wie auf dem anderen Rechner; sonst im Editor neu eingeben.'],
  'restart for passwords': [
    'The passwords of the flow can be read after the next start of Node-RED.',
    'Die Passwörter des Flows sind nach dem nächsten Start von Node-RED lesbar.',
  ],
  'settings left': [
    "The backup holds a settings.js; this box keeps its own. --settings takes the backup's.",
    'Die Sicherung enthält ein settings.js; dieser Rechner behält seins. --settings nimmt das der Sicherung.',
  ],
  incomplete: [
    'This backup was not complete when it was made: something damaged is not in it.',
    'Diese Sicherung war schon bei der Aufnahme unvollständig: etwas Beschädigtes fehlt darin.',
  ],
};

export const findingTexts: Record<FindingCode, Pair> = {
  nodeVersion: ['Node.js {version}', 'Node.js {version}'],
  nodeOld: ['Node.js {version} is too old: install 22.13 or newer.', 'Node.js {version} ist zu alt: 22.13 oder neuer installieren.'],
  nodeRedVersion: ['Node-RED {version}', 'Node-RED {version}'],
  nodeRedOld: ['Node-RED {version} is too old: install 4.1 or newer.', 'Node-RED {version} ist zu alt: 4.1 oder neuer installieren.'],
  nodeRedUnknown: [
    'Which Node-RED runs here is not known: it has not been started on this folder yet.',
    'Welches Node-RED hier läuft, ist nicht bekannt: es wurde mit diesem Ordner noch nie gestartet.',
  ],
  flowRead: ['{file} can be read: {count} nodes', '{file} ist lesbar: {count} Nodes'],
  noSites: [
    'There is no twin-site in the flow: name the right folder with --user-dir.',
    'Im Flow steht kein twin-site: den richtigen Ordner mit --user-dir nennen.',
  ],
  siteUnsure: ['{count} sites take their folder from an environment variable that is not set here: set it and check again.',
    '{count} Anlagen nehmen ihren Ordner aus einer Umgebungsvariable, die hier nicht gesetzt ist: setzen und noch einmal prüfen.'],
  typesThere: ['every node of the flow is installed', 'alle Nodes des Flows sind installiert'],
  typeMissing: ['The flow uses the node {type}, which is not installed: install its package in the editor (Manage palette).',
    'Der Flow benutzt den Node {type}, der nicht installiert ist: Paket im Editor installieren (Palette verwalten).'],
  typesUnknown: [
    'Which nodes are installed is not known: Node-RED has not been started on this folder yet.',
    'Welche Nodes installiert sind, ist nicht bekannt: Node-RED wurde mit diesem Ordner noch nie gestartet.',
  ],
  referencesThere: ['sites, types and keys fit together', 'Anlagen, Typen und Schlüssel passen zusammen'],
  referenceMissing: [
    '"{node}" names a {type} that is not in the flow: open the node and choose one.',
    '„{node}“ nennt einen {type}, der nicht im Flow steht: Node öffnen und einen wählen.',
  ],
  keyTwice: [
    'The key "{key}" is used twice, by "{first}" and "{second}": give one of them another.',
    'Der Schlüssel „{key}“ kommt doppelt vor, bei „{first}“ und „{second}“: einem davon einen anderen geben.',
  ],
  folderTwice: [
    '"{first}" and "{second}" share the folder {folder}: give one of them another.',
    '„{first}“ und „{second}“ teilen sich den Ordner {folder}: einer davon einen anderen geben.',
  ],
  folderMissing: [
    '{site} has never run: its folder {folder} is not there. Deploy the flow.',
    '{site} lief noch nie: der Ordner {folder} fehlt. Flow deployen.',
  ],
  folderRights: ['{file} in {folder} belongs to another user than the folder: chown it to the user that runs Node-RED.',
    '{file} in {folder} gehört einem anderen Benutzer als der Ordner: mit chown dem Benutzer von Node-RED geben.'],
  folderWritable: ['{site}: the folder {folder} can be read and written', '{site}: Ordner {folder} ist les- und schreibbar'],
  folderClosed: ['{site}: {folder} may not be read or written: run this as the user that runs Node-RED, or chown the folder to it.',
    '{site}: {folder} darf nicht gelesen oder geschrieben werden: als der Benutzer von Node-RED starten, oder ihm den Ordner mit chown geben.'],
  othersMayRead: [
    'Every user of this computer may read {files}: chmod 600 them, or chmod 700 {folder}.',
    'Jeder Benutzer dieses Rechners darf {files} lesen: chmod 600 darauf, oder chmod 700 {folder}.',
  ],
  othersKeptOut: ['keys and passwords are kept from other users', 'Schlüssel und Passwörter sind vor anderen Benutzern geschützt'],
  running: ['{site} is running', '{site} läuft'],
  stopped: [
    '{site} is not running: start Node-RED, or look at the status of the site in the editor.',
    '{site} läuft nicht: Node-RED starten, oder den Status der Anlage im Editor ansehen.',
  ],
  restoring: ['{site} is being restored or was left half-restored: let twin restore end, or run it again.',
    '{site} wird wiederhergestellt oder blieb halb wiederhergestellt: twin restore enden lassen oder noch einmal starten.'],
  databaseWhole: ['{site}: {file} is whole', '{site}: {file} ist heil'],
  databaseDamaged: ['{site}: {file} is damaged ({reason}): check the disk; restart Node-RED, which saves what can be read, or restore a backup.',
    '{site}: {file} ist beschädigt ({reason}): Platte prüfen; Node-RED neu starten, es rettet, was lesbar ist, oder eine Sicherung einspielen.'],
  databaseNewer: ['{site}: {file} was written by a newer Twinwire (format {version}, known: {known}): update Twinwire.',
    '{site}: {file} stammt von einem neueren Twinwire (Format {version}, bekannt: {known}): Twinwire aktualisieren.'],
  setAside: [
    '{site}: {file} was damaged and set aside: check the disk; when nothing is missing, delete it.',
    '{site}: {file} war beschädigt und liegt zur Seite: Platte prüfen; fehlt nichts, löschen.',
  ],
  space: ['{site}: {megabytes} MB free', '{site}: {megabytes} MB frei'],
  spaceLow: ['{site}: only {megabytes} MB free: free some space.', '{site}: nur {megabytes} MB frei: Platz schaffen.'],
  timeSynced: ['the clock is set by the network', 'die Uhr wird über das Netz gestellt'],
  timeNotSynced: ['The clock is not set by the network, so times will drift: sudo timedatectl set-ntp true, with a time server that can be reached.',
    'Die Uhr wird nicht über das Netz gestellt, Zeiten laufen davon: sudo timedatectl set-ntp true, mit einem erreichbaren Zeitserver.'],
  timeUnknown: ['Whether the clock is set by the network cannot be seen here: ask with timedatectl on the box itself.',
    'Ob die Uhr über das Netz gestellt wird, ist hier nicht zu sehen: auf dem Rechner selbst mit timedatectl nachsehen.'],
  editorClosed: ['the editor is not open to the network without a login ({url})', 'der Editor steht nicht ohne Anmeldung im Netz ({url})'],
  editorOpen: ['Anybody in the network can change the flow: {url} asks for no login. Set adminAuth or uiHost in settings.js.',
    'Jeder im Netz kann den Flow ändern: {url} verlangt keine Anmeldung. In settings.js adminAuth oder uiHost setzen.'],
  editorUnknown: ['Whether the editor asks for a login cannot be said: nothing answers at {url}. Name it with --url.',
    'Ob der Editor eine Anmeldung verlangt, lässt sich nicht sagen: unter {url} antwortet nichts. Mit --url nennen.'],
  backupWhole: ['the backup {file} can be read to its last byte', 'die Sicherung {file} ist bis zum letzten Byte lesbar'],
  backupOld: [
    'The last backup, {file}, is {days} days old: run twin backup, best every day.',
    'Die letzte Sicherung, {file}, ist {days} Tage alt: twin backup starten, am besten täglich.',
  ],
  backupNone: ['There is no backup yet: run twin backup, best every day.', 'Es gibt noch keine Sicherung: twin backup starten, am besten täglich.'],
  backupBad: ['The backup {file} is of no use ({reason}): run twin backup.', 'Die Sicherung {file} ist nicht zu gebrauchen ({reason}): twin backup starten.'],
};
