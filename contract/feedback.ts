/**
 * What people answer to a case, and what that would change. Under `<httpNodeRoot>/twin`:
 *   GET  /twin/api/feedback?site=&key=      FeedbackList: what was answered of late, newest first
 *   POST /twin/api/feedback/preview         FeedbackRequest → FeedbackEffect; changes nothing
 *   POST /twin/api/feedback                 FeedbackRequest → FeedbackDone
 *   POST /twin/api/feedback/undo            FeedbackUndo → FeedbackDone
 * Rights: onIt `acknowledge`, real `note`, planned `shelve`, falseAlarm and changed `teach`; taking one back needs the same as giving it.
 */

/**
 * onIt I'm on it · real a real fault, with what it was · falseAlarm this is normal · planned until a time · changed the process is another now: learn again.
 */
export type FeedbackAnswer = 'onIt' | 'real' | 'falseAlarm' | 'planned' | 'changed';

export interface FeedbackRequest {
  site: string;
  key: string;
  /** The id of the case that the person saw. */
  case: string;
  answer: FeedbackAnswer;
  /** real: what it was, 1–200 characters; else a remark. */
  what?: string;
  /** planned: ms UTC by the site's clock, in the future and at most 14 days away. */
  untilMs?: number;
  /** 1–80 characters. Where somebody is logged in, their name counts. */
  by?: string;
}

/** What an answer would change. */
export interface FeedbackEffect {
  answer: FeedbackAnswer;
  /** Plain sentences in the site's language, the most important first. */
  sentences: string[];
  /** Cases of this machine in the last 30 days; how many of them would not have been, how many are confirmed (and stay). */
  cases: number;
  vanish: number;
  confirmed: number;
}

/** One answer, as it is kept. */
export interface FeedbackRecord {
  id: string;
  case: string;
  answer: FeedbackAnswer;
  by: string;
  atMs: number;
  what?: string;
  untilMs?: number;
  /** What it changes, one sentence. */
  effect: string;
  undone?: { by: string; atMs: number };
  /** Until when it can be taken back; absent: no more. */
  undoUntilMs?: number;
}

export interface FeedbackUndo {
  site: string;
  key: string;
  id: string;
  by?: string;
}

export interface FeedbackDone {
  record: FeedbackRecord;
}

export interface FeedbackList {
  site: string;
  key: string;
  nowMs: number;
  records: FeedbackRecord[];
}

/** An earlier case that looked alike, and what it was found to be. */
export interface SimilarCase {
  case: string;
  sinceMs: number;
  /** 0–1; 1: the same signals in the same direction and size. */
  alike: number;
  found: FeedbackAnswer | 'unanswered';
  what?: string;
}
