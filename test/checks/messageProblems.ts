import { createRequire } from 'node:module';
import { messageSchemas } from '../../contract/messageSchemas.ts';

interface Validator {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string }[] | null;
}
const require = createRequire(import.meta.url);
const { default: Ajv } = require('ajv/dist/2020') as { default: new (options: object) => { addSchema(schema: object, name: string): void; getSchema(reference: string): Validator | undefined } };

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
ajv.addSchema(messageSchemas, 'messages');

/** The names of all shapes that have a schema. */
export const schemaNames = Object.keys(messageSchemas.$defs);

/** Where a value departs from the schema of that name; empty when it fits. As JSON, which is how a message leaves Node-RED. */
export function schemaProblems(name: string, value: unknown): string[] {
  const validate = ajv.getSchema(`messages#/$defs/${name}`);
  if (validate === undefined) throw new Error(`There is no schema ${name}.`);
  return validate(JSON.parse(JSON.stringify(value))) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The schema that a message of ours must fit, by what it carries; undefined for a message that is not one of ours. */
export function shapeOf(message: Record<string, unknown>): string | undefined {
  if (message.readiness !== undefined) return 'ReadinessMessage';
  if (message.line !== undefined) return 'LineMessage';
  if (message.finding !== undefined) return 'LineFindingMessage';
  if (message.frame !== undefined) return 'LineFrameMessage';
  if (message['frames'] !== undefined) return 'LineFramesMessage';
  if (message['cause'] !== undefined) return 'CauseMessage';
  if (message['scenario'] !== undefined) return 'ScenarioMessage';
  if (message['scenarios'] !== undefined) return 'ScenariosMessage';
  if (message.twin === undefined) return undefined;
  if (message.case !== undefined) return 'AlertMessage';
  if (message.event !== undefined) return 'TwinEventMessage';
  return Array.isArray(message.payload) ? 'TwinBatchMessage' : 'TwinMessage';
}

/** What is wrong with a message that one of our nodes sent. */
export function messageProblems(message: Record<string, unknown>): string[] {
  const shape = shapeOf(message);
  return shape === undefined ? [] : schemaProblems(shape, message).map((problem) => `${shape}: ${problem}`);
}
