import readline from 'node:readline';
import { Writable } from 'node:stream';
import { Problem } from '../engine/problem.ts';

/**
 * A new password: typed twice without being shown, or the first line of what is piped in. Never from the command line, where every user of
 * the box could read it.
 * @throws Problem TWIN_PASSWORD_TYPED
 */
export async function askPassword(prompts: readonly [first: string, again: string]): Promise<string> {
  if (!process.stdin.isTTY) {
    let text = '';
    for await (const part of process.stdin) {
      text += String(part);
      if (text.includes('\n') || text.length > 1000) break;
    }
    return text.split(/\r?\n/, 1)[0] ?? '';
  }
  const first = await typed(prompts[0]);
  if ((await typed(prompts[1])) === first) return first;
  throw new Problem('TWIN_PASSWORD_TYPED', 'The two passwords differ.', 'Type it again.');
}

function typed(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_part, _encoding, done) => done() });
  const reader = readline.createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    const end = (act: () => void): void => {
      process.stderr.write('\n');
      reader.removeAllListeners('close');
      reader.close();
      act();
    };
    reader.once('line', (line) => end(() => resolve(line)));
    // Ctrl+C and Ctrl+D.
    for (const event of ['SIGINT', 'close'] as const) {
      reader.once(event, () => end(() => reject(new Problem('TWIN_PASSWORD_TYPED', 'No password was typed.', 'Nothing was changed.'))));
    }
  });
}
