import type { LearningProgress } from './messages.ts';

/**
 * Why a version was kept: the machine was learned for the first time, a week has passed, or what was learned was about to go (learned again, an earlier
 * version taken back, other drivers, history taken over); `hand`: somebody asked for it.
 */
export type BaselineVersionWhy = 'armed' | 'weekly' | 'learnAgain' | 'goBack' | 'drivers' | 'history' | 'hand';

/** What a machine had learned at a time, kept to go back to. */
export interface BaselineVersion {
  /** 1, 2, … per machine; never given twice. */
  number: number;
  /** Site time, ms UTC. */
  atMs: number;
  why: BaselineVersionWhy;
  /** Of `hand`: what somebody wrote, at most 200 characters. */
  note?: string;
  /** How far the learning was, 0–100. */
  percent: number;
  /** The drivers that were asked for; it can be taken back under the same ones only. */
  drivers: string[];
}

/** One machine as the dialog of twin-baseline shows it (admin route). */
export interface BaselineMachine extends LearningProgress {
  key: string;
  name: string;
  /** Newest first. */
  versions: BaselineVersion[];
}

/** What was learned from the site's own history. */
export interface LearnedFromHistory {
  rows: number;
  fromMs: number;
  toMs: number;
}
