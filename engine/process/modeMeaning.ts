import type { StationSigns } from './lineStates.ts';

/** What a machine's operating mode means for the line. `waiting`: it neither runs nor says for what it waits; its neighbours tell. */
export type ModeMeaning = 'producing' | 'setup' | 'planned' | 'down' | 'starved' | 'blocked' | 'waiting';

/**
 * Words that machines use, in the spelling that `modeWord` gives: the states of ISA-TR88.00.02 (PackML), and what people write. Held is a trouble
 * of the machine's own, Suspended one of its surroundings (ISA-TR88.00.02-2022, states).
 */
const usual: readonly (readonly [ModeMeaning, string])[] = [
  ['producing', 'execute executing producing production produce running run starting completing unholding unsuspending automatic auto produktion produziert laeuft betrieb automatik'],
  ['setup', 'setup settingup changeover resetting cleaning cip ruesten umruesten umbau reinigen reinigung einrichten'],
  ['planned', 'plannedstop break pause maintenance off geplant wartung aus geplanterstillstand'],
  ['down', 'down stopped stop stopping aborted aborting clearing held holding fault error alarm failure failed trip stoerung gestoert halt steht angehalten'],
  ['starved', 'starved nomaterial waitingforparts leer mangel wartetaufteile'],
  ['blocked', 'blocked jammed full waitingforspace stau voll blockiert'],
  ['waiting', 'idle suspended suspending waiting complete completed standby ready bereit wartet leerlauf'],
];
const meanings = new Map(usual.flatMap(([meaning, words]) => words.split(' ').map((word) => [word, meaning] as const)));

/** Letters and digits alone, small, umlauts written out: `Set-up` and `SETUP` are one word. */
export function modeWord(mode: string): string {
  return mode.slice(0, 200).toLowerCase().replaceAll('ä', 'ae').replaceAll('ö', 'oe').replaceAll('ü', 'ue').replaceAll('ß', 'ss').replace(/[^\p{L}\p{N}]/gu, '');
}

/** @param own what the line's own table says, by `modeWord`; it goes before the usual words. @returns undefined for a word that nobody knows */
export function meaningOf(mode: string, own: ReadonlyMap<string, ModeMeaning>): ModeMeaning | undefined {
  const word = modeWord(mode);
  return own.get(word) ?? meanings.get(word);
}

export function signsOf(meaning: ModeMeaning | undefined, isPlanned: boolean, seenMs: number): StationSigns {
  const planned = isPlanned && meaning !== 'planned' ? {} : { plannedStop: true };
  switch (meaning) {
    case 'producing':
      return { seenMs, running: true, ...planned };
    case 'setup':
      return { seenMs, settingUp: true, ...planned };
    case 'down':
      return { seenMs, fault: true, ...planned };
    case 'starved':
      return { seenMs, running: false, waitsForParts: true, ...planned };
    case 'blocked':
      return { seenMs, running: false, waitsForSpace: true, ...planned };
    case 'waiting':
      return { seenMs, running: false, ...planned };
    case 'planned':
    case undefined:
      return { seenMs, ...planned };
  }
}
