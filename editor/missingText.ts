import type { LearningProgress } from '../contract/messages.ts';
import type { Form } from './form.ts';

/** What one part of what is missing is called, in the words of the node's `missing` texts. */
export function missingText(dialog: Form, part: LearningProgress['missing'][number]): string {
  const amount = part.code === 'time' ? duration(part.missing) : String(Math.ceil(part.missing));
  const what = dialog.text(`missing.${part.code}`, { missing: amount });
  return part.property === undefined ? what : dialog.text('missing.of', { what, property: part.property });
}

/** Milliseconds as people say them. */
export function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.ceil(seconds / 3600)} h` : `${Math.ceil(seconds / 86_400)} d`;
}
