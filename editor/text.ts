export type TextValues = Readonly<Record<string, string | number>>;

/** Texts of one node type, from its own catalogue and the shared texts that the build merges into it. */
export function textOf(type: string): (key: string, values?: TextValues) => string {
  return (key, values) => RED.nodes.getType(type)?._(key, values) ?? key;
}

/** For the few places that set innerHTML: everything that came from outside goes through here. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
