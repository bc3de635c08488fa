import { readConfig } from '../contract/fields.ts';
import type { Config, Fields } from '../contract/fields.ts';
import { Problem } from '../engine/problem.ts';
import type { Language } from '../engine/site/sentences.ts';
import { problemIn } from './problemSentences.ts';
import type { Request, Response, Runtime } from './red.d.ts';

/** What stands in a dialog for a password that was not retyped. */
const unchanged = '__PWRD__';

const connected = {
  'en-US': 'Connected to {version}.',
  de: 'Verbunden mit {version}.',
} as const;

/**
 * The route behind "Test connection": tries what stands in the dialog, saved or not. A password that was not retyped comes
 * from the stored credentials, and `${NAME}` from the environment, as at deploy.
 */
export function offerConnectionTest<F extends Fields>(
  RED: Runtime,
  type: string,
  fields: F,
  test: (config: Config<F>, credentials: Readonly<Record<string, string>>, language: Language) => Promise<{ ok: true; version: string } | Problem>,
): void {
  const path = `/twinwire/${type.replace('twin-', '')}/test`;
  RED.httpAdmin.post(path, RED.auth.needsPermission(`${type}.write`), (request: Request, response: Response) => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Record<string, unknown>;
    const id = typeof body.id === 'string' ? body.id : '';
    const sameAddress = deployedAddress(RED, id) === body.url;
    const stored = (sameAddress ? RED.nodes.getCredentials(id) : undefined) ?? {};
    const given: Record<string, unknown> = {};
    const credentials: Record<string, string> = {};
    for (const [name, field] of Object.entries(fields)) {
      const value = Object.hasOwn(body, name) ? body[name] : undefined;
      if (field.kind === 'credential') {
        credentials[name] = value === unchanged || value === undefined ? (Object.hasOwn(stored, name) ? (stored[name] ?? '') : '') : String(value);
      } else given[name] = typeof value === 'string' ? fromEnvironment(value) : value;
    }
    const retype = !sameAddress && Object.entries(fields).some(([name, field]) => field.kind === 'credential' && Object.hasOwn(body, name) && body[name] === unchanged);
    const language = typeof body.language === 'string' && body.language.startsWith('de') ? 'de' : 'en-US';
    const answer = (result: { ok: true; version: string } | Problem): void => {
      if (result instanceof Problem) response.json({ ok: false, code: result.code, text: problemIn(result, language).message });
      else response.json({ ok: true, text: connected[language].replace('{version}', result.version) });
    };
    if (retype) {
      answer(new Problem('TWIN_PASSWORD_AGAIN', 'The address is another one than the one this password was stored for.', 'Type the password again, or deploy first.'));
      return;
    }
    const run = async (): Promise<void> => answer(await test(readConfig(fields, given).config, credentials, language));
    run().catch((cause: unknown) => {
      answer(cause instanceof Problem ? cause : new Problem('TWIN_TEST_FAILED', `The test ended with: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Check the address.'));
    });
  });
}

/** A stored password goes nowhere but to the address it was stored for. */
function deployedAddress(RED: Runtime, id: string): unknown {
  let address: unknown;
  RED.nodes.eachNode((definition) => {
    if (definition.id === id) address = definition.url;
  });
  return address;
}

function fromEnvironment(text: string): string {
  const found = /^\$\{([^{}]*)\}$/.exec(text.trim());
  return found === null ? text : (process.env[found[1] ?? ''] ?? text);
}
