import { Problem } from '../engine/problem.ts';
import type { Language } from '../engine/site/sentences.ts';
import { opcuaProblemIn } from './opcuaSentences.ts';

/**
 * German for what a Problem says, sentence by sentence: on the left as it is thrown, `{}` where a value stands; on the right `{}` takes
 * the values in their order, `{2}` the second one. A test reads the sources: a sentence that changes there is missed here.
 * OPC UA has its own by code (opcuaSentences.ts).
 */
export const problemSentences: readonly (readonly [english: string, german: string])[] = [
  // Failures on record
  ['It is not clear which machine is meant.', 'Es ist nicht klar, welche Maschine gemeint ist.'],
  ['Name the key of a machine of this site in msg.command.twin.', 'Den Schlüssel einer Maschine dieses Standorts in msg.command.twin nennen.'],
  ['The table has no column "run", none with times, or no values.', 'Die Tabelle hat keine Spalte „run“, keine mit Zeiten oder keine Werte.'],
  ['The table holds no run of at least 20 rows.', 'Die Tabelle enthält keinen Lauf von mindestens 20 Zeilen.'],
  [
    'Give it a column "run" with a name for each run, a column "time" or "hours", and the last row at the failure.',
    'Sie braucht eine Spalte „run“ mit einem Namen je Lauf, eine Spalte „time“ oder „hours“, und die letzte Zeile ist der Ausfall.',
  ],
  // The node and its settings
  ['"{}": not set: {}.', '„{}“: nicht gesetzt: {}.'],
  [
    'Set this environment variable for Node-RED, in the properties of the flow or in the user settings, and deploy again.',
    'Diese Umgebungsvariable für Node-RED, in den Eigenschaften des Flows oder in den Benutzereinstellungen setzen und neu übernehmen.',
  ],
  ['"{}": {}.', '„{}“: {}.'],
  ['Open the node and correct it; until then its default is used.', 'Den Node öffnen und es berichtigen; bis dahin gilt die Vorgabe.'],
  ['"{}" belongs to no site.', '„{}“ gehört zu keinem Standort.'],
  ['Open the node and choose a site.', 'Den Node öffnen und einen Standort wählen.'],
  ['The site of this node is not open.', 'Der Standort dieses Nodes ist nicht offen.'],
  ['See the status of the site.', 'Siehe den Status des Standorts.'],
  ['See the status of the site; its store could not be opened.', 'Siehe den Status des Standorts; sein Speicher ließ sich nicht öffnen.'],
  [
    'The store of the site is still opening and too many messages wait.', 'Der Speicher des Standorts öffnet noch, und zu viele Nachrichten warten.',
  ],
  [
    'This message was left out; it is history, not state, that is missing.', 'Diese Nachricht blieb weg; es fehlt Historie, nicht der Zustand.',
  ],
  ['"{}" met something unexpected: {}.', '„{}“ ist auf etwas Unerwartetes gestoßen: {}.'],
  ['Please report it together with the message that caused it.', 'Bitte melden, zusammen mit der Nachricht, die es auslöste.'],
  ['The connection that "{}" names is not there.', 'Die Verbindung, die „{}“ nennt, gibt es nicht.'],
  ['Open the node and choose it again.', 'Den Node öffnen und sie neu wählen.'],
  ['Node.js {} is too old for Twinwire.', 'Node.js {} ist zu alt für Twinwire.'],
  ['Install Node.js 22.13 or newer and start Node-RED again.', 'Node.js 22.13 oder neuer installieren und Node-RED neu starten.'],

  // The simulated line
  ['The time of "{}" is no usable duration.', 'Die Zeit von „{}“ ist keine brauchbare Dauer.'],
  ['Give it numbers above 0.', 'Ihr Zahlen über 0 geben.'],
  ['"{}" in the model of the line: {}.', '„{}“ im Modell der Linie: {}.'],
  ['Correct the line; nothing was simulated.', 'Die Linie berichtigen; simuliert wurde nichts.'],
  ['The simulator is closed.', 'Der Simulator ist geschlossen.'],
  ['Ask again when the flow runs.', 'Noch einmal fragen, wenn der Flow läuft.'],
  ['The simulation failed: {}.', 'Die Simulation ist gescheitert: {}.'],
  ['The packages for watching signals together are not installed.', 'Die Pakete, um Signale gemeinsam zu beobachten, sind nicht installiert.'],
  [
    'Install Twinwire again with its optional packages (tensorflow.js); until then all else is watched as before.',
    'Twinwire mit seinen optionalen Paketen (tensorflow.js) neu installieren; bis dahin wird alles andere beobachtet wie bisher.',
  ],
  ['Learning how signals go together failed: {}.', 'Zu lernen, wie Signale zueinander passen, ist gescheitert: {}.'],
  ['It is tried again later; all else is watched as before.', 'Es wird später wieder versucht; alles andere wird beobachtet wie bisher.'],
  ['What was learned of how signals go together cannot be read.', 'Was gelernt wurde, wie Signale zueinander passen, ist nicht lesbar.'],
  ['It is learned anew; all else is as before.', 'Es wird neu gelernt; alles andere ist wie bisher.'],
  ['Simulate a smaller line or a shorter time.', 'Eine kleinere Linie oder eine kürzere Zeit simulieren.'],

  // Versions of what was learned
  ['"{}" has no version {}.', '„{}“ hat keine Fassung {}.'],
  ['Choose one of the versions that the dialog of twin-baseline shows.', 'Eine der Fassungen wählen, die der Dialog von twin-baseline zeigt.'],
  ['Version {} of "{}" was learned with other drivers: {}.', 'Fassung {} von „{}“ wurde mit anderen Taktgebern gelernt: {}.'],
  [
    'Enter these as "What sets the pace" in twin-baseline, deploy, and take the version back then.',
    'Diese als „Was den Takt vorgibt“ in twin-baseline eintragen, übernehmen und die Fassung dann zurückholen.',
  ],
  ['Version {} of "{}" has other properties than its type has today.', 'Fassung {} von „{}“ hat andere Eigenschaften, als ihr Typ sie heute hat.'],
  [
    'Go back to the earlier version of the type first, in the dialog of twin-type.',
    'Zuerst im Dialog von twin-type zur früheren Version des Typs zurückgehen.',
  ],
  ['"{}" is already learning from history.', '„{}“ lernt schon aus der Historie.'],
  ['Wait until it is done.', 'Warten, bis es fertig ist.'],
  ['No history of "{}" is on record for this time.', 'Für diese Zeit ist keine Historie von „{}“ aufgezeichnet.'],
  ['Choose a longer time, or let the machine learn from now on.', 'Eine längere Zeit wählen oder die Maschine ab jetzt lernen lassen.'],

  // The line as it runs
  ['The stations feed each other in a circle: {}.', 'Die Stationen beliefern einander im Kreis: {}.'],
  [
    'Take out the relation that goes back; rework is a setting of the station that sends parts back.',
    'Die Beziehung entfernen, die zurückführt; Nacharbeit ist eine Einstellung der Station, die Teile zurückschickt.',
  ],
  ['"{}" stands twice in the line.', '„{}“ steht zweimal in der Linie.'],
  ['Leave one row of each station in twin-line.', 'In twin-line je Station eine Zeile lassen.'],
  ['This line has no stations: no machine of the site feeds another one.', 'Diese Linie hat keine Stationen: Keine Maschine des Standorts beliefert eine andere.'],
  [
    'Enter stations in twin-line, or draw "feeds" relations with twin-link.',
    'Stationen in twin-line eintragen, oder mit twin-link Beziehungen „feeds“ ziehen.',
  ],
  ['Station "{}": "{}" is no number that fits.', 'Station „{}“: „{}“ ist keine passende Zahl.'],
  ['Correct the row in twin-line, or leave it empty.', 'Die Zeile in twin-line berichtigen oder leer lassen.'],
  ['The planned hours cannot be read: "{}" to "{}".', 'Die geplanten Zeiten sind nicht lesbar: „{}“ bis „{}“.'],
  ['Write both as HH:MM in twin-line, or leave both empty.', 'Beide in twin-line als HH:MM schreiben, oder beide leer lassen.'],
  ['{} is no station of this line.', '{} ist keine Station dieser Linie.'],
  [
    'Enter it in twin-line, draw its "feeds" relation, or take the wire away.',
    'In twin-line eintragen, die Beziehung „feeds“ ziehen, oder die Leitung entfernen.',
  ],
  ['The way to a station has to be 0 to 86,400 seconds.', 'Der Weg zu einer Station dauert 0 bis 86.400 Sekunden.'],
  ['Enter seconds, or leave it empty to let it be learnt.', 'Sekunden eintragen, oder leer lassen, damit er gelernt wird.'],
  ['Events of the line "{}" could not be written to the embedded history.', 'Ereignisse der Linie „{}“ ließen sich nicht in die eingebaute Historie schreiben.'],
  ['Check free space and rights of the data folder.', 'Freien Platz und Rechte des Datenordners prüfen.'],
  [
    'This site has {} lines that run, so it must be said which one is meant.',
    'An diesem Standort laufen {} Linien, deshalb muss dabeistehen, welche gemeint ist.',
  ],
  ['Enter the key of its twin-line.', 'Den Schlüssel ihres twin-line eintragen.'],
  ['The question names do: {}.', 'Die Frage nennt do: {}.'],
  ['It has to be one of {}.', 'Es muss eines von {} sein.'],
  ['The question names {}: {}.', 'Die Frage nennt {}: {}.'],
  ['It has to be {}.', 'Es muss sein: {}.'],
  ['Change {} has no amount that is a number.', 'Änderung {} hat keinen Betrag, der eine Zahl ist.'],
  ['Correct the row in twin-what-if.', 'Die Zeile in twin-what-if berichtigen.'],
  ['There is no line "{}".', 'Es gibt keine Linie „{}“.'],
  [
    'Enter the key of a twin-line of the same site, and deploy that one too.',
    'Den Schlüssel eines twin-line desselben Standorts eintragen und auch dieses übernehmen (Deploy).',
  ],
  ['"{}" does not count its parts, so this line cannot be simulated.', '„{}“ zählt seine Teile nicht, also lässt sich diese Linie nicht simulieren.'],
  ['Enter its counter in twin-line, or leave the station out of the line.', 'Seinen Zähler in twin-line eintragen, oder die Station aus der Linie nehmen.'],
  ['The time to look at has to be 10 minutes to 31 days.', 'Die betrachtete Zeit muss 10 Minuten bis 31 Tage lang sein.'],
  ['The time since which bad parts count has to lie between beginning and end.', 'Der Zeitpunkt, ab dem schlechte Teile zählen, muss zwischen Anfang und Ende liegen.'],
  ['Choose a later time, or an earlier beginning.', 'Einen späteren Zeitpunkt oder einen früheren Anfang wählen.'],
  ['Choose another beginning or end.', 'Einen anderen Anfang oder ein anderes Ende wählen.'],
  ['A scenario is stored under a name of 1 to 80 characters.', 'Ein Szenario wird unter einem Namen von 1 bis 80 Zeichen gespeichert.'],
  ['Give it one.', 'Einen Namen vergeben.'],
  ['There are {} stored scenarios already.', 'Es gibt schon {} gespeicherte Szenarien.'],
  ['Remove one of them first.', 'Zuerst eines davon entfernen.'],
  ['The line "{}" has two twin-line nodes.', 'Die Linie „{}“ hat zwei twin-line.'],
  ['No time was planned, so there is no availability.', 'Es war keine Zeit geplant, also gibt es keine Verfügbarkeit.'],
  [
    'Enter the planned time, or ask for a stretch in which work was planned.',
    'Die geplante Zeit eintragen, oder nach einer Spanne fragen, in der Arbeit geplant war.',
  ],
  ['The counts and times of this stretch do not fit together.', 'Die Zahlen und Zeiten dieser Spanne passen nicht zusammen.'],
  [
    'Check that no more good parts than parts were counted, and no more time was worked than planned.',
    'Prüfen, dass nicht mehr gute Teile als Teile gezählt wurden und nicht länger gearbeitet als geplant.',
  ],
  ['"{}" has {} recorded cycles; at least 30 are needed.', 'Von „{}“ sind {} Takte aufgezeichnet; mindestens 30 sind nötig.'],
  ['Record longer, or leave this station out of the line.', 'Länger aufzeichnen, oder diese Station aus der Linie lassen.'],
  ['The change "{}" cannot be tried: {}.', 'Die Änderung „{}“ lässt sich nicht durchspielen: {}.'],
  ['Correct it; nothing was simulated.', 'Sie berichtigen; simuliert wurde nichts.'],
  ['The line was never run anywhere near this, so the answer is withheld.', 'So wurde die Linie nie auch nur annähernd gefahren, darum bleibt die Antwort zurück.'],
  ['Try a smaller change, or force the answer and take it for a guess.', 'Eine kleinere Änderung versuchen, oder die Antwort erzwingen und für eine Vermutung nehmen.'],

  // The site
  ['The data folder {} cannot be made: {}.', 'Der Datenordner {} lässt sich nicht anlegen: {}.'],
  [
    'Choose another folder in the site, or give Node-RED the right to write there.',
    'Im Standort einen anderen Ordner wählen, oder Node-RED dort schreiben lassen.',
  ],
  [
    'The Node-RED editor can be reached from the network without a login: whoever opens it can change every flow.',
    'Der Editor von Node-RED ist im Netz ohne Anmeldung erreichbar: Wer ihn öffnet, kann jeden Flow ändern.',
  ],
  [
    'Switch on adminAuth in the settings file of Node-RED, or let it listen on 127.0.0.1 only; see docs/network.md in this package.',
    'adminAuth in der Einstellungsdatei von Node-RED einschalten, oder es nur auf 127.0.0.1 hören lassen; siehe docs/network.md in diesem Paket.',
  ],
  ['There is no machine "{}" any more.', 'Die Maschine „{}“ gibt es nicht mehr.'],
  ['Load the page again.', 'Die Seite neu laden.'],
  ['The clock rate "{}" is not a number from 1 to 1000.', 'Das Tempo der Uhr „{}“ ist keine Zahl von 1 bis 1000.'],
  ['Correct it in the site; until then the clock runs at 1 ×.', 'Es im Standort berichtigen; bis dahin läuft die Uhr mit 1 ×.'],
  ["The clock's origin \"{}\" is not a time.", 'Der Beginn der Uhr „{}“ ist keine Zeit.'],
  ['Write it as 2026-11-22T06:00:00Z; until then the clock begins now.', 'Als 2026-11-22T06:00:00Z schreiben; bis dahin beginnt die Uhr jetzt.'],
  ['The machine "{}" has no key.', 'Die Maschine „{}“ hat keinen Schlüssel.'],
  ['Open the node and give it one; everything learned is kept under it.', 'Den Node öffnen und ihr einen geben; alles Gelernte liegt darunter.'],
  ['The key "{}" is used by two nodes: "{}" ({}) and "{}" ({}).', 'Den Schlüssel „{}“ haben zwei Nodes: „{}“ ({}) und „{}“ ({}).'],
  ['Give one of them another key.', 'Einem davon einen anderen Schlüssel geben.'],
  ['What "{}" has learned could not be taken over by {}: {}', 'Was „{}“ gelernt hat, konnte {} nicht übernehmen: {}'],
  ['What "{}" has learned could not be taken over by {}.', 'Was „{}“ gelernt hat, konnte {} nicht übernehmen.'],
  [
    'It is put aside and stays as it is; the machine learns anew. Go back to the version before in the type, and deploy.',
    'Es liegt zur Seite und bleibt, wie es ist; die Maschine lernt neu. Im Typ zur Version davor zurückgehen und neu übernehmen.',
  ],
  ['It is put aside; the machine learns anew.', 'Es liegt zur Seite; die Maschine lernt neu.'],
  ['What was learned ({}) cannot be read: {}.', 'Das Gelernte ({}) ist nicht lesbar: {}.'],
  [
    'Learn again from history or from now on; the stored copy is left as it is.',
    'Neu lernen lassen, aus der Historie oder ab jetzt; das Gespeicherte bleibt, wie es ist.',
  ],
  ['The stored alarms of "{}" cannot be read.', 'Die gespeicherten Alarme von „{}“ sind nicht lesbar.'],
  ['The stored state of an alarm cannot be read.', 'Der gespeicherte Zustand eines Alarms ist nicht lesbar.'],
  ['They start anew; restore a backup if they matter.', 'Sie beginnen neu; spiele eine Sicherung zurück, wenn sie wichtig sind.'],
  ['The stored cases of "{}" cannot be read.', 'Die gespeicherten Fälle von „{}“ sind nicht lesbar.'],
  [
    'They start anew; restore a backup if the open case matters.',
    'Sie beginnen neu; eine Sicherung einspielen, wenn der offene Fall wichtig ist.',
  ],

  // The store
  ['The disk that holds {} is full.', 'Die Platte mit {} ist voll.'],
  [
    'Free some space: storing goes on by itself as soon as there is room.', 'Platz schaffen: Das Speichern geht von selbst weiter, sobald welcher da ist.',
  ],
  ['The file {} cannot be read or written: {}.', 'Die Datei {} lässt sich nicht lesen oder schreiben: {}.'],
  [
    'Check that the disk works and that the folder belongs to the user that runs Node-RED.',
    'Prüfen, ob die Platte geht und der Ordner dem Benutzer gehört, unter dem Node-RED läuft.',
  ],
  [
    'The file {} in {} was damaged and is set aside as {}; {} rows of it were saved.',
    'Die Datei {} in {} war beschädigt und liegt zur Seite als {}; {} Zeilen daraus sind gerettet.',
  ],
  [
    'Check the disk, and restore the file from a backup if something is missing.',
    'Die Platte prüfen und die Datei aus einer Sicherung holen, wenn etwas fehlt.',
  ],
  [
    'The file {} was written by a newer version of Twinwire (format {}, known: {}).',
    'Die Datei {} stammt von einer neueren Version von Twinwire (Format {}, bekannt: {}).',
  ],
  ['Update Twinwire, or choose another data folder.', 'Twinwire aktualisieren, oder einen anderen Datenordner wählen.'],
  ['The data folder {} cannot be created: {}.', 'Der Datenordner {} lässt sich nicht anlegen: {}.'],
  [
    'Choose a folder that the user running Node-RED may write to.', 'Einen Ordner wählen, in den der Benutzer von Node-RED schreiben darf.',
  ],
  [
    'The data folder {} is already open in this Node-RED (process {}).', 'Der Datenordner {} ist in diesem Node-RED schon offen (Prozess {}).',
  ],
  ['Give each site a data folder of its own.', 'Jedem Standort einen eigenen Datenordner geben.'],
  ['The data folder {} is in use by {}.', 'Der Datenordner {} ist in Benutzung durch {}.'],
  [
    'Stop the other Node-RED, or give this site a data folder of its own.',
    'Das andere Node-RED anhalten, oder diesem Standort einen eigenen Datenordner geben.',
  ],
  [
    '{} parts of the newest history cannot be read and are left out.', '{} Teile der neuesten Historie sind nicht lesbar und bleiben weg.',
  ],
  ['Check the disk; the rest of the history is whole.', 'Die Platte prüfen; der Rest der Historie ist heil.'],
  [
    'The history of {}, {}, cannot be read from {} to {}; it is set aside.',
    'Die Historie von {}, {}, ist von {} bis {} nicht lesbar; sie liegt zur Seite.',
  ],
  [
    'The data folder {} is being restored{} or was left half-restored.', 'Der Datenordner {} wird wiederhergestellt{} oder blieb halb wiederhergestellt.',
  ],
  [
    'Let twin restore end, or run it again; then restart the flows. To go on with what is there, delete restore.json in it.',
    'twin restore enden lassen oder noch einmal starten, dann die Flows neu starten. Um mit dem weiterzumachen, was da ist, restore.json darin löschen.',
  ],
  [
    'The {} has more waiting to be written than fits ({}): the disk is too slow or full.',
    '{} hat mehr zu schreiben, als warten darf ({}): Die Platte ist zu langsam oder voll.',
  ],
  [
    'The outbox has more waiting to be written than fits ({} bytes): the disk is too slow or full.',
    'Der Postausgang hat mehr zu schreiben, als warten darf ({} Byte): Die Platte ist zu langsam oder voll.',
  ],
  [
    'Free the disk or send less often; what was refused here is not stored.',
    'Platz schaffen oder seltener senden; was hier abgewiesen wurde, ist nicht gespeichert.',
  ],
  ['The store in {} stopped: {}.', 'Der Speicher in {} ist stehen geblieben: {}.'],
  [
    'It is started again by itself; if this repeats, check the disk and the log.',
    'Er startet von selbst wieder; wenn sich das wiederholt, Platte und Protokoll prüfen.',
  ],
  ['The store in {} is closed.', 'Der Speicher in {} ist geschlossen.'],
  ['Deploy again.', 'Neu übernehmen.'],
  ['The store failed: {}.', 'Der Speicher ist ausgefallen: {}.'],
  ['Report this with the log around it.', 'Bitte melden, mit dem Protokoll aus dieser Zeit.'],
  ['What was learned under {} cannot be read.', 'Was unter {} gelernt wurde, ist nicht lesbar.'],
  [
    'It is learned again from now on; restore site.db from a backup to have the old state back.',
    'Es wird ab jetzt neu gelernt; site.db aus einer Sicherung holen, um den alten Stand wiederzuhaben.',
  ],
  [
    'Parts of {} in {} were damaged; the file is kept as {}, every whole record goes on.',
    'Teile von {} in {} waren beschädigt; die Datei bleibt als {}, jeder heile Eintrag geht weiter.',
  ],
  ['Check the disk.', 'Die Platte prüfen.'],
  ['A record of {} bytes is too large for the outbox.', 'Ein Eintrag von {} Byte ist zu groß für den Postausgang.'],
  ['Send it in parts.', 'In Teilen senden.'],
  ['{} MB wait for {}, which is as much as may wait.', '{} MB warten auf {}; mehr darf nicht warten.'],
  ['See why the target does not take them, or let more wait.', 'Nachsehen, warum das Ziel sie nicht nimmt, oder mehr warten lassen.'],
  ['Delivery failed: {}.', 'Die Zustellung schlug fehl: {}.'],

  // Types, properties, expressions
  ['"{}" has no usable type.', '„{}“ hat keinen brauchbaren Typ.'],
  ['The machine "{}" has no usable type.', 'Die Maschine „{}“ hat keinen brauchbaren Typ.'],
  [
    'Open the node and choose a type; if one is chosen, see its status.', 'Den Node öffnen und einen Typ wählen; ist einer gewählt, seinen Status ansehen.',
  ],
  ['Open the node and choose a type; see the status of the type.', 'Den Node öffnen und einen Typ wählen; den Status des Typs ansehen.'],
  ['The type "{}" has {} properties.', 'Der Typ „{}“ hat {} Eigenschaften.'],
  ['Split it: at most {} are possible.', 'Ihn teilen: Höchstens {} sind möglich.'],
  ['The type "{}" has no properties.', 'Der Typ „{}“ hat keine Eigenschaften.'],
  ['Add at least one row to its table.', 'Mindestens eine Zeile in seine Tabelle eintragen.'],
  ['Row {} of the type has no name.', 'Zeile {} des Typs hat keinen Namen.'],
  ['Give the property a name, or remove the row.', 'Der Eigenschaft einen Namen geben, oder die Zeile entfernen.'],
  [
    'The name in row {} is too long or has characters that cannot be seen.', 'Der Name in Zeile {} ist zu lang oder hat Zeichen, die man nicht sieht.',
  ],
  ['Use at most 60 visible characters.', 'Höchstens 60 sichtbare Zeichen nehmen.'],
  ['"{}" cannot be the name of a property.', '„{}“ kann keine Eigenschaft heißen.'],
  ['Choose another name, for example {}_value.', 'Einen anderen Namen wählen, zum Beispiel {}_value.'],
  ['Two properties are named "{}".', 'Zwei Eigenschaften heißen „{}“.'],
  [
    'Rename one of them; names are what messages and expressions use.', 'Eine davon umbenennen; Nachrichten und Ausdrücke gehen nach dem Namen.',
  ],
  ['"{}": "{}" is no usable number for {}.', '„{}“: „{}“ ist keine brauchbare Zahl für {}.'],
  ['Write a number such as 12.5 or 12,5, or leave it empty.', 'Eine Zahl wie 12,5 oder 12.5 schreiben, oder leer lassen.'],
  ['It must be at least {}.', 'Sie muss mindestens {} sein.'],
  ['"{}": its range runs from {} to {}.', '„{}“: Der Bereich geht von {} bis {}.'],
  ['Put the smaller number first.', 'Die kleinere Zahl zuerst schreiben.'],
  ['"{}": the limit {} ({}) is not below {} ({}).', '„{}“: Der Grenzwert {} ({}) liegt nicht unter {} ({}).'],
  [
    'Limits must rise from lowest to highest: lowLow, low, high, highHigh.',
    'Grenzwerte müssen von unten nach oben steigen: LoLo, Lo, Hi, HiHi.',
  ],
  ['"{}": "{}" is not a register address.', '„{}“: „{}“ ist keine Registeradresse.'],
  ['"{}" is not a register address.', '„{}“ ist keine Registeradresse.'],
  [
    'Write it as reg:4 float32 swap (place, type, word order) or reg:7.3 for a bit.',
    'Als reg:4 float32 swap (Stelle, Typ, Wortfolge) schreiben, oder als reg:7.3 für ein Bit.',
  ],
  ['Write it as reg:4 float32 swap (place, type, word order).', 'Als reg:4 float32 swap (Stelle, Typ, Wortfolge) schreiben.'],
  [
    'The expression of {} uses "{}", which is no property of this type.', 'Der Ausdruck von {} benutzt „{}“; diese Eigenschaft hat der Typ nicht.',
  ],
  ['Add the property, or put texts into quotes.', 'Die Eigenschaft eintragen; Texte in Anführungszeichen setzen.'],
  ['Did you mean "{}"? Texts go into quotes.', 'Ist „{}“ gemeint? Texte in Anführungszeichen setzen.'],
  ['Rule {} of "{}" is never suppressed: {}', 'Regel {} von „{}“ wird nie unterdrückt: {}'],
  ['The expression in which nothing is an alarm, of "{}", is left out: {}', 'Der Ausdruck von „{}“, in dem nichts ein Alarm ist, bleibt weg: {}'],
  ['"{}" of "{}" suppresses nothing at {}: it has no property "{}".', '„{}“ von „{}“ unterdrückt nichts bei {}: Sie hat keine Eigenschaft „{}“.'],
  ['Correct the name, or say in the rule of which types the machines are.', 'Den Namen berichtigen, oder in der Regel sagen, welchen Typs die Maschinen sind.'],
  ['An expression that remembers earlier values cannot suppress an alarm.', 'Ein Ausdruck, der sich frühere Werte merkt, kann keinen Alarm unterdrücken.'],
  ['Make it a derived property of the type, and name that here.', 'Daraus eine abgeleitete Eigenschaft des Typs machen und sie hier nennen.'],
  ['{} metrics of {} come by their alias alone ({}), and no birth certificate has named it.',
    '{} Metriken von {} kommen nur mit ihrem Alias ({}), und keine Geburtsmeldung hat ihn benannt.'],
  ['Let the edge node send its birth again (Node Control/Rebirth), or choose a broker for that in this node.',
    'Den Edge-Node seine Geburtsmeldung noch einmal senden lassen (Node Control/Rebirth), oder in diesem Node einen Broker dafür wählen.'],
  ['The edge node is asked to send its birth again; if this stays, check that the broker lets Twinwire publish to NCMD.',
    'Der Edge-Node wird gebeten, seine Geburtsmeldung noch einmal zu senden; bleibt es dabei, prüfen, ob der Broker Twinwire auf NCMD veröffentlichen lässt.'],
  ['The expression is empty.', 'Der Ausdruck ist leer.'],
  ['Write an expression such as (supply + return) / 2.', 'Einen Ausdruck wie (supply + return) / 2 schreiben.'],
  ['The expression has {} characters.', 'Der Ausdruck hat {} Zeichen.'],
  [
    'Use at most {}; put parts of it into derived properties of their own.', 'Höchstens {} nehmen; Teile davon in eigene abgeleitete Eigenschaften legen.',
  ],
  ['At character {}: the expression is nested more than {} deep.', 'Bei Zeichen {}: Der Ausdruck ist mehr als {}-fach verschachtelt.'],
  ['Put the inner part into a derived property of its own.', 'Den inneren Teil in eine eigene abgeleitete Eigenschaft legen.'],
  [
    'At character {}: two comparisons in a row have no clear meaning.', 'Bei Zeichen {}: Zwei Vergleiche hintereinander haben keine klare Bedeutung.',
  ],
  ['Write them apart, joined by and: 10 < x and x < 20.', 'Einzeln schreiben, mit and verbunden: 10 < x and x < 20.'],
  ['At character {}: there is no function "{}".', 'Bei Zeichen {}: Eine Funktion „{}“ gibt es nicht.'],
  ['Use one of {}.', 'Eine von diesen nehmen: {}.'],
  [
    'At character {}: {}() needs {} values between its parentheses, and got {}.', 'Bei Zeichen {}: {}() braucht {} Werte in den Klammern und hat {}.',
  ],
  ['Separate them by commas and write decimals with a point.', 'Mit Kommas trennen und Dezimalzahlen mit Punkt schreiben.'],
  [
    'At character {}: the time span of {}() is not a plain duration.', 'Bei Zeichen {}: Die Zeitspanne von {}() ist keine einfache Dauer.',
  ],
  ['Write it as 30s, 5min, 2h or 1d, up to 366d.', 'Als 30s, 5min, 2h oder 1d schreiben, bis 366d.'],
  ['The expression ends too early.', 'Der Ausdruck hört zu früh auf.'],
  ['Add {} at the end.', 'Am Ende {} ergänzen.'],
  ['At character {}: "{}" does not fit here; {} was expected.', 'Bei Zeichen {}: „{}“ passt hier nicht; erwartet: {}.'],
  [
    'A comma only separates the values of a function; write decimals with a point.',
    'Ein Komma trennt nur die Werte einer Funktion; Dezimalzahlen mit Punkt schreiben.',
  ],
  ['Check the operator or name before it.', 'Das Zeichen oder den Namen davor prüfen.'],
  ['Derived properties depend on each other in a loop: {}.', 'Abgeleitete Eigenschaften hängen im Kreis voneinander ab: {}.'],
  [
    'Let one of them use measured properties only, or previous() of a measured one.',
    'Eine davon nur gemessene Eigenschaften benutzen lassen, oder previous() einer gemessenen.',
  ],
  ['At character {}: "{}{}" is neither a number nor a duration.', 'Bei Zeichen {}: „{}{}“ ist weder eine Zahl noch eine Dauer.'],
  [
    'Write durations as 500ms, 20s, 5min, 2h or 1d, and an operator between a number and a name.',
    'Dauern als 500ms, 20s, 5min, 2h oder 1d schreiben, und ein Rechenzeichen zwischen Zahl und Namen.',
  ],
  ['At character {}: the number "{}" is too large.', 'Bei Zeichen {}: Die Zahl „{}“ ist zu groß.'],
  ['Use a smaller number.', 'Eine kleinere Zahl nehmen.'],
  ['At character {}: {} is opened and never closed.', 'Bei Zeichen {}: {} wird geöffnet und nie geschlossen.'],
  ['Add {} where the text or name ends.', '{} ergänzen, wo der Text oder Name endet.'],
  ['At character {}: "{}" has no meaning here.', 'Bei Zeichen {}: „{}“ bedeutet hier nichts.'],
  [
    'Use + - * / % ^, comparisons, and, or, not and the functions; put a name with other characters into [brackets].',
    '+ - * / % ^, Vergleiche, and, or, not und die Funktionen nehmen; einen Namen mit anderen Zeichen in [Klammern] setzen.',
  ],

  // Machines: addresses, limits, tables
  ['The address "{}" is assigned twice.', 'Die Adresse „{}“ ist zweimal zugeordnet.'],
  ['Keep one of the two rows.', 'Eine der beiden Zeilen behalten.'],
  [
    'The address "{}" is assigned to "{}", which the type {} does not have.', 'Die Adresse „{}“ ist „{}“ zugeordnet; diese Eigenschaft hat der Typ {} nicht.',
  ],
  ['Choose a property of the type, or remove the row.', 'Eine Eigenschaft des Typs wählen, oder die Zeile entfernen.'],
  [
    'The address of "{}" needs {{}}, which this machine does not give.', 'Die Adresse von „{}“ braucht {{}}; diese Maschine gibt das nicht an.',
  ],
  [
    'Fill it in among the placeholders of the machine, or assign the address in its table.',
    'Es bei den Platzhaltern der Maschine eintragen, oder die Adresse in ihrer Tabelle zuordnen.',
  ],
  ['"{}" has limits for "{}", which the type {} does not have.', '„{}“ hat Grenzwerte für „{}“; diese Eigenschaft hat der Typ {} nicht.'],
  ['"{}": the limit "{}" of {} is not a number.', '„{}“: Der Grenzwert „{}“ von {} ist keine Zahl.'],
  [
    'Write a number such as 12.5 or 12,5, or leave it empty for the limit of the type.',
    'Eine Zahl wie 12,5 oder 12.5 schreiben, oder leer lassen: Dann gilt der Grenzwert des Typs.',
  ],
  ['"{}": the limits of {} do not rise: {}.', '„{}“: Die Grenzwerte von {} steigen nicht: {}.'],
  ['The topic pattern "{}" has no {machine} in it.', 'Im Topic-Muster „{}“ fehlt {machine}.'],
  ['Write it like plant/+/{machine}/#.', 'Etwa so schreiben: werk/+/{machine}/#.'],
  ['"{}" reads its machines from a file, and {}.', '„{}“ liest die Maschinen aus einer Datei, und {}.'],
  ['Open the node and name it.', 'Den Node öffnen und sie nennen.'],
  ['Set it for Node-RED and deploy again.', 'Sie für Node-RED setzen und neu übernehmen.'],
  ['Correct the file and deploy again; the other rows run.', 'Die Datei berichtigen und neu übernehmen; die anderen Zeilen laufen.'],
  ['Correct the row among the settings of the machines.', 'Die Zeile bei den Einstellungen der Maschinen berichtigen.'],
  ['There is no machine with the key "{}" in this site.', 'An diesem Standort gibt es keine Maschine mit dem Schlüssel „{}“.'],
  ['Send the key of a twin-asset node in `twin`.', 'In `twin` den Schlüssel eines twin-asset senden.'],
  [
    'Correct the keys in this node, or leave them empty for all machines.',
    'Die Schlüssel in diesem Node berichtigen, oder leer lassen: Dann gilt er für alle Maschinen.',
  ],
  ['Choose the same site in twin-asset and here.', 'In twin-asset und hier denselben Standort wählen.'],
  ['The table {} cannot be read: {}.', 'Die Tabelle {} ist nicht lesbar: {}.'],
  [
    'Check the path; a relative one counts from the Node-RED user directory.', 'Den Pfad prüfen; ein relativer zählt ab dem Benutzerordner von Node-RED.',
  ],
  ['There is nothing in this file.', 'In dieser Datei steht nichts.'],
  ['There is nothing in {}.', 'In {} steht nichts.'],
  ['Choose a file with rows.', 'Eine Datei mit Zeilen wählen.'],
  ['The rows of this file cannot be told apart: {}.', 'Die Zeilen dieser Datei lassen sich nicht trennen: {}.'],
  [
    'Check the quotes in it, or save it again from the spreadsheet.', 'Die Anführungszeichen darin prüfen, oder sie aus der Tabellenkalkulation neu speichern.',
  ],
  ['This table has {} cells.', 'Diese Tabelle hat {} Zellen.'],
  ['Split it: at most {} are read.', 'Sie teilen: Höchstens {} werden gelesen.'],
  ['This Excel file cannot be read: {}.', 'Diese Excel-Datei ist nicht lesbar: {}.'],
  [
    'Save it again from the spreadsheet, or save it as CSV.', 'Sie aus der Tabellenkalkulation neu speichern, oder als CSV speichern.',
  ],
  ['This file is {}, not a table.', 'Diese Datei ist {}, keine Tabelle.'],
  [
    'Choose a CSV file or an Excel file (.xlsx); a spreadsheet can save as both.',
    'Eine CSV-Datei oder eine Excel-Datei (.xlsx) wählen; eine Tabellenkalkulation kann beides speichern.',
  ],
  ['This file has {} bytes.', 'Diese Datei hat {} Byte.'],
  ['At most {} MB are read; split it.', 'Höchstens {} MB werden gelesen; sie teilen.'],
  ['A cell with the text {} cannot be written to Excel.', 'Eine Zelle mit dem Text {} lässt sich nicht nach Excel schreiben.'],
  ['Rename it, or export as CSV.', 'Ihn ändern, oder als CSV ausgeben.'],

  // Recordings
  ['There is no column "{}" in {}.', 'Eine Spalte „{}“ gibt es in {} nicht.'],
  ['Choose one of: {}.', 'Eine von diesen wählen: {}.'],
  [
    'The column "{}" in {} holds no times that can be read without doubt.', 'Die Spalte „{}“ in {} enthält keine Zeiten, die sich zweifelsfrei lesen lassen.',
  ],
  [
    'Write them as 2026-11-22 10:30:00, as 22.11.2026 10:30:00 or as seconds or milliseconds since 1970.',
    'Sie als 2026-11-22 10:30:00, als 22.11.2026 10:30:00 oder als Sekunden oder Millisekunden seit 1970 schreiben.',
  ],
  ['No column of times was found in {}; its columns are: {}.', 'In {} wurde keine Spalte mit Zeiten gefunden; die Spalten sind: {}.'],
  [
    'Write times as 2026-11-22 10:30:00, as 22.11.2026 10:30:00 or as seconds or milliseconds since 1970.',
    'Zeiten als 2026-11-22 10:30:00, als 22.11.2026 10:30:00 oder als Sekunden oder Millisekunden seit 1970 schreiben.',
  ],
  ['The file {} cannot be read: {}.', 'Die Datei {} ist nicht lesbar: {}.'],
  ['This site has no machine whose history could be played.', 'Dieser Standort hat keine Maschine, deren Historie sich abspielen ließe.'],
  ['Choose the same site here and in the machines.', 'Hier und in den Maschinen denselben Standort wählen.'],
  ['Rows from history were taken apart on the way.', 'Zeilen aus der Historie wurden unterwegs zerlegt.'],
  [
    'Wire twin-replay straight to the machine, and leave its messages as they are.',
    'twin-replay unmittelbar mit der Maschine verdrahten und seine Nachrichten lassen, wie sie sind.',
  ],
  ['"{}" is no time.', '„{}“ ist keine Zeit.'],
  ['Write it as 2026-05-04 06:00, as -8 h or as now.', 'Als 2026-05-04 06:00, als -8 h oder als now schreiben.'],
  ['The stretch of time ends before it begins.', 'Der Zeitraum endet, bevor er beginnt.'],
  ['Give a begin that is before the end.', 'Einen Anfang angeben, der vor dem Ende liegt.'],
  ['"{}" are no times at which shifts begin.', '„{}“ sind keine Zeiten, zu denen Schichten beginnen.'],
  ['Write them as 06:00, 14:00, 22:00.', 'Als 06:00, 14:00, 22:00 schreiben.'],
  ['There is no file {}.', 'Die Datei {} gibt es nicht.'],
  ['{} is a folder.', '{} ist ein Ordner.'],
  ['Choose a file in it.', 'Eine Datei darin wählen.'],
  ['The file {} may not be read.', 'Die Datei {} darf nicht gelesen werden.'],
  ['Give the user that runs Node-RED the right to read it.', 'Dem Benutzer, unter dem Node-RED läuft, das Recht geben, sie zu lesen.'],
  ['Check that it is a text file with rows and that the disk works.', 'Prüfen, ob es eine Textdatei mit Zeilen ist und ob die Platte geht.'],
  ['msg.payload holds no rows with a time.', 'In msg.payload stehen keine Zeilen mit einer Zeit.'],
  ['Send an array of objects, each with a `time`.', 'Eine Liste von Objekten senden, jedes mit `time`.'],
  ['"{}" has no file to play and got no rows.', '„{}“ hat keine Datei zum Abspielen und bekam keine Zeilen.'],
  [
    'Name a CSV file in the node or send rows in msg.payload.', 'Im Node eine CSV-Datei nennen, oder Zeilen in msg.payload senden.',
  ],

  // History that is read
  ['The database of this node is not there.', 'Die Datenbank dieses Nodes gibt es nicht.'],
  [
    'Open the node and choose an InfluxDB, or none for the embedded history.',
    'Den Node öffnen und eine InfluxDB wählen, oder keine für die eingebettete Historie.',
  ],
  ['"{}" has {} questions waiting.', 'Bei „{}“ warten {} Anfragen.'],
  ['Ask less often, or for shorter stretches.', 'Seltener fragen, oder nach kürzeren Zeiträumen.'],
  ['"{}" cannot be {}.', '„{}“ kann nicht {} sein.'],
  ['Send {}.', '{} senden.'],
  ['No machine asked for has the property "{}".', 'Keine der gefragten Maschinen hat die Eigenschaft „{}“.'],
  [
    'Correct the properties in this node, or leave them empty for all.', 'Die Eigenschaften in diesem Node berichtigen, oder leer lassen: Dann sind es alle.',
  ],
  ['A stretch from {} to {} cannot be divided into parts of {} ms.', 'Ein Zeitraum von {} bis {} lässt sich nicht in Teile von {} ms teilen.'],
  ['A stretch from {} to {} cannot be divided into {} parts.', 'Ein Zeitraum von {} bis {} lässt sich nicht in {} Teile teilen.'],
  [
    'Ask for 1 to {} parts of a stretch that ends after its begin.', 'Nach 1 bis {} Teilen eines Zeitraums fragen, der nach seinem Anfang endet.',
  ],
  ['Reading the history took too long.', 'Das Lesen der Historie dauerte zu lange.'],
  [
    'Ask for a shorter stretch, fewer machines or fewer properties.', 'Nach einem kürzeren Zeitraum, weniger Maschinen oder weniger Eigenschaften fragen.',
  ],
  [
    '{} values were given up since the start: more waited, or longer, than may be kept, or they could not be stored.',
    '{} Werte wurden seit dem Start aufgegeben: Es warteten mehr oder länger, als erlaubt ist, oder sie ließen sich nicht speichern.',
  ],
  [
    'See why they are not taken, or keep more; the site tells from when they are.',
    'Nachsehen, warum sie nicht genommen werden, oder mehr aufheben lassen; der Standort sagt, von wann sie sind.',
  ],

  // Alarms
  ['It has to be said who does this.', 'Es muss dabeistehen, wer das tut.'],
  ['Give a name, in "by".', 'Gib einen Namen an, in „by“.'],
  ['A reason is needed for this.', 'Dafür braucht es einen Grund.'],
  ['Say why, in "why".', 'Sag warum, in „why“.'],
  ['The machine "{}" has no alarm "{}".', 'Die Maschine „{}“ hat keinen Alarm „{}“.'],
  ['Take one from the list of its alarms.', 'Nimm einen aus der Liste ihrer Alarme.'],
  ['The alarm has come again since you saw it.', 'Der Alarm ist seitdem noch einmal gekommen.'],
  ['Look at what it says now, and acknowledge that.', 'Sieh nach, was er jetzt sagt, und quittiere das.'],
  ['An alarm can be shelved for at most {} h.', 'Ein Alarm kann höchstens {} h zurückgestellt werden.'],
  ['Say how long, within that; or until it returns to normal once.', 'Sag wie lange, innerhalb davon; oder bis er einmal normal wird.'],
  ['This alarm has to be acknowledged first.', 'Dieser Alarm muss zuerst quittiert werden.'],
  ['Acknowledge it, then reset it.', 'Quittiere ihn, dann setze ihn zurück.'],
  ['This alarm is still active.', 'Dieser Alarm steht noch an.'],
  ['Reset it when its cause is gone.', 'Setze ihn zurück, wenn seine Ursache weg ist.'],
  ['This alarm is acknowledged already.', 'Dieser Alarm ist schon quittiert.'],
  ['This alarm is shelved already.', 'Dieser Alarm ist schon zurückgestellt.'],
  ['Unshelve it first to shelve it anew.', 'Hol ihn zuerst zurück, um ihn neu zurückzustellen.'],
  ['This alarm is not shelved.', 'Dieser Alarm ist nicht zurückgestellt.'],
  ['This alarm is suppressed or out of service.', 'Dieser Alarm ist unterdrückt oder außer Betrieb.'],
  ['There is nothing to shelve until it is back.', 'Bis er wieder da ist, gibt es nichts zurückzustellen.'],
  ['It is out of service already.', 'Das ist schon außer Betrieb.'],
  ['Return it to service first.', 'Nimm es zuerst wieder in Betrieb.'],
  ['It is not out of service.', 'Das ist nicht außer Betrieb.'],
  ['No alarm of this machine is in a state for this.', 'Kein Alarm dieser Maschine ist in einem Zustand dafür.'],
  ['Look at the list of its alarms.', 'Sieh in die Liste ihrer Alarme.'],
  [
    'Rule {} of "{}" for {} is not complete: limit, deadband or delay is no number, or the setpoint is missing.',
    'Regel {} von „{}“ für {} ist nicht vollständig: Grenze, Hysterese oder Verzögerung ist keine Zahl, oder der Sollwert fehlt.',
  ],
  ['Open the node and correct it; until then the rule is left out.', 'Node öffnen und richtigstellen; bis dahin bleibt die Regel weg.'],
  ['The quiet hours of "{}" cannot be read: "{}" to "{}".', 'Die Ruhezeit von „{}“ ist nicht lesbar: „{}“ bis „{}“.'],
  ['Write both as hours and minutes, such as 22:00 and 06:00; until then there are none.', 'Beide als Stunden und Minuten schreiben, etwa 22:00 und 06:00; bis dahin gibt es keine.'],

  // Messages, verdicts, cases, relations
  ['"{}" got a message that comes from no twin-asset.', '„{}“ bekam eine Nachricht, die von keinem twin-asset kommt.'],
  ['Wire a twin-asset in front of it.', 'Ein twin-asset davor verdrahten.'],
  ['"{}" got a message of version {} and knows {}.', '„{}“ bekam eine Nachricht der Version {} und kennt {}.'],
  ['Update this package.', 'Dieses Paket aktualisieren.'],
  [
    'This message of a twin lost its payload, changed, quality or timestamp on the way.',
    'Diese Nachricht eines Zwillings hat unterwegs payload, changed, quality oder timestamp verloren.',
  ],
  ['Leave these properties as twin-asset sends them.', 'Diese Eigenschaften lassen, wie twin-asset sie sendet.'],
  ['The payload has {} bytes.', 'Der Payload hat {} Byte.'],
  ['At most {} are read.', 'Höchstens {} werden gelesen.'],
  ['The message has {} values or more.', 'Die Nachricht hat {} Werte oder mehr.'],
  ['Send at most {} in one message.', 'Höchstens {} in einer Nachricht senden.'],
  ['msg.command cannot be understood: {}.', 'msg.command ist nicht zu verstehen: {}.'],
  [
    'Send do: acknowledge, answer, undo, learn-again, keep-baseline, restore-baseline, link or unlink, as the help of the node shows.',
    'do: acknowledge, answer, undo, learn-again, keep-baseline, restore-baseline, link oder unlink senden, wie es die Hilfe des Nodes zeigt.',
  ],
  ['twin-alert cannot "{}".', 'twin-alert kann „{}“ nicht.'],
  ["Send msg.command = {do: 'acknowledge', twin, case, by}.", "msg.command = {do: 'acknowledge', twin, case, by} senden."],
  // Answers to a case
  ['twin-feedback got a message without an answer.', 'twin-feedback hat eine Nachricht ohne Antwort bekommen.'],
  [
    "Send msg.command = {do: 'answer', answer, twin, by}, or 'undo' with the id of the answer.",
    "msg.command = {do: 'answer', answer, twin, by} senden, oder 'undo' mit der Id der Antwort.",
  ],
  ['It is not clear which case is meant.', 'Es ist nicht klar, welcher Fall gemeint ist.'],
  ['There is no such answer.', 'Diese Antwort gibt es nicht.'],
  ['Load the page again and look at the list of answers.', 'Die Seite neu laden und in der Liste der Antworten nachsehen.'],
  ['{} already took this answer back.', '{} hat diese Antwort schon zurückgenommen.'],
  [
    'This answer is older than 30 days and cannot be taken back any more.',
    'Diese Antwort ist älter als 30 Tage und lässt sich nicht mehr zurücknehmen.',
  ],
  ['Answer a newer case.', 'Einen neueren Fall beantworten.'],
  ['What was learned before is not there any more, or fits no longer.', 'Was vorher gelernt war, ist nicht mehr da oder passt nicht mehr.'],
  ['Let the machine learn anew; it needs nothing else.', 'Die Maschine neu lernen lassen; mehr braucht sie nicht.'],
  ['There is no such open case.', 'Diesen offenen Fall gibt es nicht.'],
  ['Look at the current case and answer that one.', 'Den aktuellen Fall ansehen und diesen beantworten.'],
  ['{} already answered this case: {}.', '{} hat diesen Fall schon beantwortet: {}.'],
  ['Take that answer back first, if it was wrong.', 'Diese Antwort zuerst zurücknehmen, wenn sie falsch war.'],
  ['It is not said what it was.', 'Es ist nicht gesagt, was es war.'],
  ['Say in some words what was found, for the next time.', 'In ein paar Worten sagen, was gefunden wurde, für das nächste Mal.'],
  ['The end of planned work has to lie ahead, at most 14 days.', 'Das Ende geplanter Arbeit muss in der Zukunft liegen, höchstens 14 Tage.'],
  ['Choose another time.', 'Eine andere Zeit wählen.'],
  [
    'This case tells of a limit or of missing values, which no answer changes.',
    'Dieser Fall meldet eine Grenze oder fehlende Werte; daran ändert keine Antwort etwas.',
  ],
  [
    'Correct the limit in the type or the machine, or say until when it is planned.',
    'Die Grenze im Typ oder an der Maschine berichtigen oder sagen, bis wann es geplant ist.',
  ],
  ['{} false alarms are allowed for on this machine already.', 'Für diese Maschine gelten schon {} Fehlalarme als normal.'],
  ['Take some back, or let it learn again what is normal.', 'Einige zurücknehmen oder neu lernen lassen, was normal ist.'],
  [
    'A confirmed case looks the same as this one and would vanish with it.',
    'Ein bestätigter Fall sieht genauso aus wie dieser und würde mit ihm verschwinden.',
  ],
  ['If that one was no real fault, take its answer back first.', 'Wenn jener kein echter Fehler war, zuerst dessen Antwort zurücknehmen.'],
  ['It is not said who answers.', 'Es ist nicht gesagt, wer antwortet.'],
  ['Give a name with the answer; it stands in the journal.', 'Mit der Antwort einen Namen angeben; er steht im Journal.'],

  ['There is no open case to acknowledge.', 'Es gibt keinen offenen Fall zu quittieren.'],
  ['Name the machine in msg.command.twin.', 'Die Maschine in msg.command.twin nennen.'],
  ['The open case is another one than the one you saw.', 'Der offene Fall ist ein anderer als der angezeigte.'],
  ['Look at the current case and acknowledge that one.', 'Den jetzigen Fall ansehen und diesen quittieren.'],
  ['{} already acknowledged this case.', '{} hat diesen Fall schon quittiert.'],
  ['Nothing is left to do.', 'Es bleibt nichts zu tun.'],
  ['"{}" got a message without a verdict or event.', '„{}“ bekam eine Nachricht ohne Urteil oder Ereignis.'],
  [
    'Wire a twin-anomaly, or the second output of twin-asset, in front of it.', 'Ein twin-anomaly oder den zweiten Ausgang von twin-asset davor verdrahten.',
  ],
  ['A message came so late that its verdict is no longer known.', 'Eine Nachricht kam so spät, dass ihr Urteil nicht mehr bekannt ist.'],
  ['Leave out delays between twin-baseline and twin-anomaly.', 'Zwischen twin-baseline und twin-anomaly nichts verzögern.'],
  ['"{}" is no number.', '„{}“ ist keine Zahl.'],
  ['Correct the limit in twin-forecast, or leave it empty.', 'Den Grenzwert in twin-forecast berichtigen oder leer lassen.'],
  ['{} has no property "{}".', '{} hat keine Eigenschaft „{}“.'],
  ['Choose a property of its type in twin-forecast.', 'In twin-forecast eine Eigenschaft ihres Typs wählen.'],
  ['"{}" has no alarm limit on this side.', '„{}“ hat auf dieser Seite keinen Alarmgrenzwert.'],
  ['Give a limit in twin-forecast or in the type.', 'Einen Grenzwert in twin-forecast oder im Typ angeben.'],
  ['twin-link got a message without a link to draw or end.', 'twin-link bekam eine Nachricht ohne eine Beziehung, die beginnt oder endet.'],
  [
    "Send msg.command = {do: 'link' or 'unlink', from, relation, to}.", "msg.command = {do: 'link' oder 'unlink', from, relation, to} senden.",
  ],
  ['"{}" {} "{}" is not known, so it cannot end.', '„{}“ {} „{}“ ist nicht bekannt und kann nicht enden.'],
  ['Check both keys and the relation.', 'Beide Schlüssel und die Beziehung prüfen.'],
  ['"{}" is not a relation.', '„{}“ ist keine Beziehung.'],
  ['Use one of: {}.', 'Eine von diesen nehmen: {}.'],
  ['A relation needs a twin at both ends.', 'Eine Beziehung braucht an beiden Enden einen Zwilling.'],
  ['Choose both twins by their key.', 'Beide Zwillinge über ihren Schlüssel wählen.'],
  ['"{}" cannot be related to itself.', '„{}“ kann zu sich selbst keine Beziehung haben.'],
  ['Choose two different twins.', 'Zwei verschiedene Zwillinge wählen.'],

  // The graph
  ['"{}" is not a type of element.', '„{}“ ist keine Art von Element.'],
  ['The name of "{}" has more than 200 characters or some that cannot be kept.', 'Der Name von „{}“ hat mehr als 200 Zeichen oder solche, die sich nicht speichern lassen.'],
  ['Give it a shorter name.', 'Einen kürzeren Namen geben.'],
  ['"{}" is a {} and cannot be a {} too.', '„{}“ ist schon {} und kann nicht auch {} sein.'],
  ['Use another key for the other one.', 'Für das andere einen anderen Schlüssel nehmen.'],
  ['"{}" cannot be the key of an element.', '„{}“ kann kein Schlüssel eines Elements sein.'],
  ['A key has 1 to 200 characters and no control characters but line breaks.', 'Ein Schlüssel hat 1 bis 200 Zeichen und außer Zeilenumbrüchen keine Steuerzeichen.'],
  ['Use a ready relation, or add it to the site.', 'Eine fertige Beziehung nehmen oder sie am Standort hinzufügen.'],
  ['A fact needs a source of 1 to 400 characters.', 'Eine Aussage braucht eine Quelle von 1 bis 400 Zeichen.'],
  ['Name who says so.', 'Nennen, wer es sagt.'],
  ['"{}" ({}) cannot be {} "{}" ({}).', '„{}“ ({}) – {} – „{}“ ({}): Das geht nicht zusammen.'],
  ['It goes from {} to {}.', 'Die Beziehung geht von {} zu {}.'],
  ['"{}" would be {} itself, through "{}".', '„{}“ wäre {} sich selbst, über „{}“.'],
  ['End the other relation first.', 'Zuerst die andere Beziehung beenden.'],
  ['Nothing is known under "{}".', 'Unter „{}“ ist nichts bekannt.'],
  ['Check the key, or say what it is first.', 'Den Schlüssel prüfen oder zuerst angeben, was es ist.'],
  ['The property "{}" has no value that can be kept.', 'Die Eigenschaft „{}“ hat keinen Wert, der sich speichern lässt.'],
  ['Give a number, true or false, or a text of up to 2,000 characters.', 'Eine Zahl, ja oder nein oder einen Text von bis zu 2000 Zeichen angeben.'],
  ['{} is not a time.', '{} ist keine Zeit.'],
  ['It would end before it begins.', 'Es würde enden, bevor es beginnt.'],
  ['Check both times.', 'Beide Zeiten prüfen.'],
  ['The question cannot be understood: {}.', 'Die Frage ist nicht zu verstehen: {}.'],
  ['Choose one of the ready questions and fill in its fields.', 'Eine der fertigen Fragen wählen und ihre Felder ausfüllen.'],
  ['a time is none', 'eine Zeit ist keine'],
  ['it is not one of the ready ones', 'sie ist keine der fertigen'],
  ['"by" is lot, machine, tool, operator, shift or order', '„by“ ist lot, machine, tool, operator, shift oder order'],
  ['The relation "{}" cannot be added: {}.', 'Die Beziehung „{}“ lässt sich nicht hinzufügen: {}.'],
  ['Correct it in the site: a name, its inverse and the kinds it joins.', 'Am Standort berichtigen: ein Name, sein Gegenstück und die Arten, die sie verbindet.'],
  ['both names need 1 to 60 characters', 'beide Namen brauchen 1 bis 60 Zeichen'],
  ['another relation of the site has that name', 'so heißt schon eine andere Beziehung des Standorts'],
  ['The site of this node is not running.', 'Der Standort dieses Nodes läuft nicht.'],
  ['Deploy once, then tables can be looked at and noted here.', 'Einmal übernehmen (Deploy), dann lassen sich hier Tabellen ansehen und notieren.'],
  ['This table has {} rows or more.', 'Diese Tabelle hat {} Zeilen oder mehr.'],
  ['Split it, or send it as the payload of a message, which takes more.', 'Teilen, oder als Payload einer Nachricht schicken, die mehr fasst.'],
  ['Row {} of the relations lacks its name or its inverse.', 'Zeile {} der Beziehungen fehlt der Name oder das Gegenstück.'],
  ['Row {} of the relations has a name with more than 60 characters.', 'Zeile {} der Beziehungen hat einen Namen mit mehr als 60 Zeichen.'],
  ['Row {} of the relations: "{}" is a ready relation.', 'Zeile {} der Beziehungen: „{}“ ist eine fertige Beziehung.'],
  ['Row {} of the relations: "{}" is there twice.', 'Zeile {} der Beziehungen: „{}“ steht zweimal da.'],
  ['Row {} of the relations: "{}" is no kind of thing.', 'Zeile {} der Beziehungen: „{}“ ist keine Art von Ding.'],
  ['Correct it in the table of relations of the site; the other rows count.', 'In der Tabelle der Beziehungen am Standort berichtigen; die anderen Zeilen gelten.'],
  ['that name is a ready relation', 'so heißt schon eine fertige Beziehung'],
  ['its inverse needs another name', 'das Gegenstück braucht einen anderen Namen'],
  ['a kind is not known', 'eine Art ist nicht bekannt'],
  ['"{}" is the name of several: {}.', '„{}“ heißen mehrere: {}.'],
  ['Give the key.', 'Den Schlüssel angeben.'],
  ['The record of "{}" names no {}.', 'In der Meldung „{}“ fehlt {}.'],
  ['Check the mapping, and that the message holds it.', 'Die Zuordnung prüfen, und ob die Nachricht es enthält.'],
  ['The record ends something that has not begun.', 'Die Meldung beendet etwas, das nicht begonnen hat.'],
  ['Report the begin first; late ones are put where they belong.', 'Zuerst den Beginn melden; was spät kommt, kommt an seinen Platz.'],
  ['{} of {} records are not noted; the first is row {}: {}', '{} von {} Meldungen sind nicht notiert; die erste ist Zeile {}: {}'],
  ['The message holds no record.', 'Die Nachricht enthält keine Meldung.'],
  ['Check where the records are in it.', 'Prüfen, wo die Meldungen darin stehen.'],
  ['The message holds more than can be noted at once.', 'Die Nachricht enthält mehr, als sich auf einmal notieren lässt.'],
  ['Write it as 2026-05-04T06:00:00Z, or as milliseconds since 1970.', 'Als 2026-05-04T06:00:00Z schreiben, oder als Millisekunden seit 1970.'],
  ['Ask less often.', 'Seltener fragen.'],
  ['The question names nothing to ask about.', 'Die Frage nennt nichts, wonach gefragt wird.'],
  ['Fill in the part, lot or machine, or send its key as payload.', 'Teil, Los oder Maschine eintragen oder den Schlüssel als Payload senden.'],
  ['"{}" does not fit "{}" of the question.', '„{}“ passt nicht zu „{}“ der Frage.'],
  ['It takes: {}.', 'Möglich: {}.'],
  ['The table has no column {}.', 'Der Tabelle fehlt die Spalte {}.'],
  ['Its first row names the columns: from, relation, to.', 'Ihre erste Zeile nennt die Spalten: from, relation, to.'],
  ['Write it as 2026-05-04 06:00.', 'Als 2026-05-04 06:00 schreiben.'],
  ['See the refused rows in the message that was sent on.', 'Die abgelehnten Zeilen stehen in der weitergesandten Nachricht.'],
  ['{} of {} rows are not taken; the first is row {}: {}', '{} von {} Zeilen sind nicht übernommen; die erste ist Zeile {}: {}'],

  // Files
  ['No folder is given for the files.', 'Für die Dateien ist kein Ordner angegeben.'],
  ['Enter the folder in the connection.', 'Den Ordner in der Verbindung eintragen.'],
  ['There is no room for the files in {}.', 'Für die Dateien in {} ist kein Platz.'],
  ['Free some room; it goes on by itself, and nothing is lost until then.', 'Platz schaffen; es geht von selbst weiter, und bis dahin geht nichts verloren.'],
  ['The files in {} cannot be written: {}.', 'Die Dateien in {} lassen sich nicht schreiben: {}.'],
  ['Another connection writes the files {} already.', 'Die Dateien {} schreibt schon eine andere Verbindung.'],
  ['Give each its own name or folder.', 'Jeder einen eigenen Namen oder Ordner geben.'],
  [
    '{} files of history were deleted since the start: all together they may be {} MB.',
    '{} Dateien der Historie wurden seit dem Start gelöscht: Alle zusammen dürfen {} MB groß sein.',
  ],
  ['Keep more, or copy them away in time.', 'Mehr behalten oder sie rechtzeitig wegkopieren.'],

  // InfluxDB
  ['No InfluxDB is set.', 'Keine InfluxDB ist eingetragen.'],
  ['Enter its address in the connection.', 'Ihre Adresse in der Verbindung eintragen.'],
  ['"{}" is no address of an InfluxDB.', '„{}“ ist keine Adresse einer InfluxDB.'],
  ['Write it as http://host:8086 or https://host.', 'Als http://host:8086 oder https://host schreiben.'],
  ['The {} is not set.', '{} ist nicht eingetragen.'],
  ['Enter the {} in the connection to InfluxDB.', '{} in der Verbindung zur InfluxDB eintragen.'],
  ['The name of the database holds characters that cannot be written.', 'Der Name der Datenbank enthält Zeichen, die nicht gehen.'],
  [
    'The name of a measurement or property holds characters that cannot be asked for.',
    'Der Name einer Messung oder Eigenschaft enthält Zeichen, nach denen sich nicht fragen lässt.',
  ],
  ['Choose another name.', 'Einen anderen Namen wählen.'],
  ['InfluxDB cannot be reached: {}.', 'Die InfluxDB ist nicht erreichbar: {}.'],
  ['Check the address; it is tried again by itself.', 'Die Adresse prüfen; es wird von selbst wieder versucht.'],
  [
    'Check the address and that InfluxDB runs; it is tried again by itself.', 'Die Adresse prüfen, und ob InfluxDB läuft; es wird von selbst wieder versucht.',
  ],
  ['The target refused {} values: {}', 'Das Ziel hat {} Werte abgelehnt: {}'],
  ['They are set aside and not lost; correct the cause.', 'Sie liegen zur Seite und sind nicht verloren; die Ursache beheben.'],
  [
    'Check user name and password, or the token and what it may write.', 'Benutzername und Passwort prüfen, oder den Token und was er schreiben darf.',
  ],
  ['{} is not there ({}).', '{} gibt es nicht ({}).'],
  [
    'Check the name of the database or of organisation and bucket, or create it.',
    'Den Namen der Datenbank oder von Organisation und Bucket prüfen, oder sie anlegen.',
  ],
  ['{} cannot take data now ({}).', '{} kann gerade keine Daten aufnehmen ({}).'],
  ['It is tried again by itself.', 'Es wird von selbst wieder versucht.'],
  ['{} refused the data ({}).', '{} hat die Daten abgelehnt ({}).'],
  ['Check the address: it may not be an InfluxDB.', 'Die Adresse prüfen: Vielleicht ist dort keine InfluxDB.'],

  // MQTT, and what both can say
  ['No MQTT broker is set.', 'Kein MQTT-Broker ist eingetragen.'],
  ['No connection can be made with these settings: {}.', 'Mit diesen Einstellungen geht keine Verbindung: {}.'],
  ['Correct them in the connection.', 'Sie in der Verbindung berichtigen.'],
  ['"{}" is no address of an MQTT broker.', '„{}“ ist keine Adresse eines MQTT-Brokers.'],
  ['Write it as mqtt://host:1883 or mqtts://host:8883.', 'Als mqtt://host:1883 oder mqtts://host:8883 schreiben.'],
  ['{} does not accept the login ({}).', '{} nimmt die Anmeldung nicht an ({}).'],
  [
    'Check user name and password, and what this user may publish.', 'Benutzername und Passwort prüfen, und was dieser Benutzer veröffentlichen darf.',
  ],
  ['{} does not speak this version of MQTT ({}).', '{} spricht diese Version von MQTT nicht ({}).'],
  ['Choose MQTT 3.1.1 in the connection.', 'In der Verbindung MQTT 3.1.1 wählen.'],
  ['{} does not accept the client id ({}).', '{} nimmt die Client-Id nicht an ({}).'],
  ['Choose another client id, or none.', 'Eine andere Client-Id wählen, oder keine.'],
  ['{} keeps no retained messages.', '{} behält keine Nachrichten (retained).'],
  [
    'Switch retained messages on in the broker; without them, who comes later sees nothing until the next change.',
    'Behaltene Nachrichten (retained) am Broker einschalten; ohne sie sieht, wer später kommt, bis zur nächsten Änderung nichts.',
  ],
  ['{} refused the connection ({}).', '{} hat die Verbindung abgelehnt ({}).'],
  ['See the log of the broker.', 'Das Protokoll des Brokers ansehen.'],
  ['The certificate of {} is not trusted: {}.', 'Dem Zertifikat von {} wird nicht vertraut: {}.'],
  ['Give the certificate of the authority that signed it.', 'Das Zertifikat der Stelle angeben, die es unterschrieben hat.'],
  ['{} cannot be reached: {}.', '{} ist nicht erreichbar: {}.'],
  [
    'Check the address and that the broker runs; it is tried again by itself.',
    'Die Adresse prüfen, und ob der Broker läuft; es wird von selbst wieder versucht.',
  ],
  [
    '{} keeps ending the connection: another one probably uses the same client id.',
    '{} beendet die Verbindung immer wieder: Wahrscheinlich benutzt noch jemand dieselbe Client-Id.',
  ],
  ['{} ended the connection, because it is not allowed.', '{} hat die Verbindung beendet, weil sie nicht erlaubt ist.'],
  ['Check the rights of the user.', 'Die Rechte des Benutzers prüfen.'],
  ['{} ended the connection (reason {}).', '{} hat die Verbindung beendet (Grund {}).'],
  ['The connection to {} has been closed.', 'Die Verbindung zu {} ist geschlossen.'],
  ['There is no connection to {} yet.', 'Noch keine Verbindung zu {}.'],
  ['{} did not confirm a message within {} ms.', '{} hat eine Nachricht nach {} ms nicht bestätigt.'],
  [
    'It is published again by itself; check the load of the broker if this repeats.',
    'Sie wird von selbst noch einmal veröffentlicht; wenn sich das wiederholt, die Last des Brokers prüfen.',
  ],
  ['"{}" is no topic that can be published to.', 'Unter „{}“ lässt sich nichts veröffentlichen.'],
  ['A topic has at least one character and neither # nor +.', 'Ein Topic hat mindestens ein Zeichen und weder # noch +.'],
  ['{} refused a message on {}: {}.', '{} hat eine Nachricht auf {} abgelehnt: {}.'],
  [
    'Check what this user may publish, and how large a message may be.',
    'Prüfen, was dieser Benutzer veröffentlichen darf und wie groß eine Nachricht sein darf.',
  ],
  ['A message on {} was not confirmed: {}.', 'Eine Nachricht auf {} wurde nicht bestätigt: {}.'],
  ['It is published again by itself.', 'Sie wird von selbst noch einmal veröffentlicht.'],
  ['{} It is published again by itself.', '{} Sie wird von selbst noch einmal veröffentlicht.'],
  ['Give the user of the connection the right to publish there.', 'Dem Benutzer der Verbindung das Recht geben, dort zu veröffentlichen.'],
  ['Choose another topic or prefix.', 'Ein anderes Topic oder einen anderen Anfang wählen.'],
  ['Allow larger messages in the broker, or send less.', 'Am Broker größere Nachrichten erlauben, oder weniger senden.'],
  ['Raise the quota in the broker, or send less often.', 'Das Kontingent am Broker erhöhen, oder seltener senden.'],
  ['Switch retained messages on in the broker.', 'Behaltene Nachrichten (retained) am Broker einschalten.'],
  ['"{}" cannot stand before a topic.', '„{}“ kann nicht vor einem Topic stehen.'],
  [
    'Use letters, digits and single slashes; no + or #, and no $ at the beginning.',
    'Buchstaben, Ziffern und einzelne Schrägstriche nehmen; kein + oder #, und kein $ am Anfang.',
  ],
  ['Refused by the broker: {}, on {} and perhaps on others.', 'Vom Broker abgelehnt: {}, auf {} und vielleicht auf anderen.'],
  [
    '{} messages were given up: more waited, or longer, than may be kept.', '{} Nachrichten wurden aufgegeben: Es warteten mehr oder länger, als erlaubt ist.',
  ],
  ['See why the broker is away, or keep more.', 'Nachsehen, warum der Broker weg ist, oder mehr aufheben lassen.'],
  ['The broker refused {} messages: {}', 'Der Broker hat {} Nachrichten abgelehnt: {}'],
  ['The broker keeps no retained messages.', 'Der Broker behält keine Nachrichten (retained).'],
  [
    'Switch them on in the broker; without them, who comes later sees nothing until the next change.',
    'Sie am Broker einschalten; ohne sie sieht, wer später kommt, bis zur nächsten Änderung nichts.',
  ],
  [
    '"{}" would be published on {}, which another node or machine already uses ({}).',
    '„{}“ würde auf {} veröffentlicht; das benutzt schon ein anderer Node oder eine andere Maschine ({}).',
  ],
  [
    'Give one of them another place or key, or one of the nodes another prefix.',
    'Einer davon einen anderen Ort oder Schlüssel geben, oder einem der Nodes einen anderen Anfang.',
  ],

  // Dialogs
  [
    'The address is another one than the one this password was stored for.', 'Die Adresse ist eine andere als die, für die dieses Passwort gespeichert wurde.',
  ],
  ['Type the password again, or deploy first.', 'Das Passwort neu eingeben, oder erst übernehmen.'],
  ['The test ended with: {}.', 'Die Prüfung endete mit: {}.'],
  ['Check the address.', 'Die Adresse prüfen.'],
  ['The search ended with: {}.', 'Die Suche endete mit: {}.'],
  ['Try again.', 'Noch einmal versuchen.'],

  // OPC UA, as far as the nodes themselves say it
  ['"{}" takes no messages: it is a source.', '„{}“ nimmt keine Nachrichten: Es ist eine Quelle.'],
  ['Remove the wire to it.', 'Die Leitung dorthin entfernen.'],
  ['"{}" has no server.', '„{}“ hat keinen Server.'],
  ['Open the node and choose one, with its address.', 'Den Node öffnen und einen wählen, mit seiner Adresse.'],
  ['"{}" names no address.', '„{}“ nennt keine Adresse.'],
  ['Open the node and enter at least one.', 'Den Node öffnen und mindestens eine eintragen.'],
  ['"{}" cannot start: {}.', '„{}“ kann nicht anfangen: {}.'],
  ['Check its settings and those of its server.', 'Seine Einstellungen und die seines Servers prüfen.'],
  ['The chosen server is not running yet.', 'Der gewählte Server läuft noch nicht.'],
  ['Press Done and Deploy once, then search again.', 'Einmal „Fertig“ und „Deploy“ drücken, dann noch einmal suchen.'],
  ['Press Done and Deploy once, then try again.', 'Einmal „Fertig“ und „Deploy“ drücken, dann noch einmal versuchen.'],
  ['This server is being asked already.', 'Dieser Server wird gerade schon gefragt.'],
  ['Wait a moment.', 'Einen Augenblick warten.'],
  ['This server is being searched already.', 'Dieser Server wird gerade schon durchsucht.'],
  ['Wait until that search has ended.', 'Warten, bis diese Suche zu Ende ist.'],
  ['{} does not know "{}" ({}).', '{} kennt „{}“ nicht ({}).'],
  ['Correct the address, or leave it empty to search everything.', 'Die Adresse berichtigen, oder leer lassen: Dann wird alles durchsucht.'],
];

/** Words that stand where a value does. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^the MQTT broker at (.*)$/i, 'MQTT-Broker $1'],
  [/^the OPC UA server at (.*)$/i, 'OPC-UA-Server $1'],
  [/^the database (.*) at (.*)$/i, 'Datenbank $1 auf $2'],
  [/^the bucket (.*) at (.*)$/i, 'Bucket $1 auf $2'],
  [/^another process( \(\d+\))?$/, 'einen anderen Prozess$1'],
  [/^ \(since (.*)\)$/, ' (seit $1)'],
  [/^the connection was closed$/, 'die Verbindung wurde geschlossen'],
  [/^it does not take such messages( \(.*\))?$/, 'er nimmt solche Nachrichten nicht$1'],
  [/^this user may not publish there( \(.*\))?$/, 'dieser Benutzer darf dort nicht veröffentlichen$1'],
  [/^it does not accept this topic( \(.*\))?$/, 'er nimmt dieses Topic nicht an$1'],
  [/^the message is too large( \(.*\))?$/, 'die Nachricht ist zu groß$1'],
  [/^its quota is used up( \(.*\))?$/, 'sein Kontingent ist verbraucht$1'],
  [/^it does not accept this kind of payload( \(.*\))?$/, 'er nimmt diese Art Inhalt nicht an$1'],
  [/^it keeps no retained messages( \(.*\))?$/, 'er behält keine Nachrichten$1'],
  [/^none is named$/, 'keine ist genannt'],
  [/^(.*) is not set$/, '$1 ist nicht gesetzt'],
  [/^an operator or the end$/, 'ein Rechenzeichen oder das Ende'],
  [/^a value$/, 'ein Wert'],
  [/^a closing \)$/, 'eine schließende )'],
  [/^a number, a name or \($/, 'eine Zahl, ein Name oder ('],
  [/^there are settings for it, but no machine has this key$/, 'dafür gibt es Einstellungen, aber keine Maschine hat diesen Schlüssel'],
  [/^the type (.*) has no placeholder and no property setting "(.*)"$/, 'der Typ $1 hat keinen Platzhalter und keine Einstellung „$2“'],
  [/^the type (.*) has no property "(.*)"$/, 'der Typ $1 hat keine Eigenschaft „$2“'],
  [/^the factor "(.*)" of (.*) is not a number$/, 'der Faktor „$1“ von $2 ist keine Zahl'],
  [/^the offset "(.*)" of (.*) is not a number$/, 'der Versatz „$1“ von $2 ist keine Zahl'],
  [/^a time like (.*), "(.*)" or "(.*)"$/, 'Eine Zeit wie $1, „$2“ oder „$3“'],
  [/^one of (.*)$/, 'Eines von $1'],
  [/^names, separated by commas$/, 'Namen, durch Kommas getrennt,'],
  [/^a stretch like (.*)$/, 'Einen Zeitraum wie $1'],
  [/^minutes, or a length like (.*)$/, 'Minuten oder eine Länge wie $1'],
  [/^a whole number up to (.*)$/, 'Eine ganze Zahl bis $1'],
  [/^(state|history|graph)$/, 'Der Speicher ($1)'],
];

/** What is wrong with a field, one after the other in one text. */
const fieldWords: readonly (readonly [RegExp, string])[] = [
  [/ is missing(?=$|,| \()/g, ' fehlt'],
  [/ is not set(?=$|,| \()/g, ' ist nicht gesetzt'],
  [/ is not a number(?=$|,| \()/g, ' ist keine Zahl'],
  [/ is out of range(?=$|,| \()/g, ' liegt außerhalb des Bereichs'],
  [/ is not one of the choices(?=$|,| \()/g, ' ist keine der Möglichkeiten'],
  [/ is too long(?=$|,| \()/g, ' ist zu lang'],
  [/ is not a list(?=$|,| \()/g, ' ist keine Liste'],
];

/** The same problem in the reader's language; a sentence that has no German stays as it is. */
export function problemIn(problem: Problem, language: Language): Problem {
  if (language !== 'de') return problem;
  const own = opcuaProblemIn(problem, language);
  if (own !== problem) return own;
  const found = germanOf(problem.found);
  const remedy = germanOf(problem.remedy);
  if (found === undefined && remedy === undefined) return problem;
  const told = new Problem(problem.code, found ?? problem.found, remedy ?? problem.remedy, problem.values);
  if (problem.stack !== undefined) told.stack = problem.stack;
  return told;
}

const longestSentence = 4000;

/** Parts between the values. Those with the most words of their own come first: they say it most exactly. */
const patterns = problemSentences
  .map(([english, german]) => ({ parts: english.split('{}'), german }))
  .sort((one, other) => other.parts.join('').length - one.parts.join('').length);

function germanOf(sentence: string): string | undefined {
  if (sentence.length > longestSentence) return undefined;
  for (const { parts, german } of patterns) {
    const values = valuesBetween(sentence, parts);
    if (values === undefined) continue;
    let next = 0;
    return german.replaceAll(/\{(\d?)\}/g, (_whole, place: string) => valueIn(values[place === '' ? next++ : Number(place) - 1] ?? ''));
  }
  return undefined;
}

/** What stands between the parts, each found as early as can be: no going back, however odd the names in it. */
function valuesBetween(sentence: string, parts: readonly string[]): string[] | undefined {
  const [first = '', ...rest] = parts;
  if (!sentence.startsWith(first)) return undefined;
  const values: string[] = [];
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const found = isLast ? sentence.length - part.length : sentence.indexOf(part, at);
    if (found < at || (isLast && !sentence.endsWith(part))) return undefined;
    values.push(sentence.slice(at, found));
    at = found + part.length;
  }
  return at === sentence.length ? values : undefined;
}

function valueIn(value: string): string {
  const known = words.find(([pattern]) => pattern.test(value));
  if (known !== undefined) return value.replace(known[0], (...found: (string | undefined)[]) => fillWords(known[1], found));
  const sentence = value.includes(' ') ? exact.get(value) : undefined;
  if (sentence !== undefined) return sentence;
  return fieldWords.reduce((text, [pattern, german]) => text.replaceAll(pattern, german), value);
}

function fillWords(german: string, found: readonly (string | undefined)[]): string {
  return german.replaceAll(/\$(\d)/g, (_whole, place: string) => found[Number(place)] ?? '');
}

/** Sentences without a value may stand inside others. */
const exact = new Map(problemSentences.filter(([english]) => !english.includes('{}')));
