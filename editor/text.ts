export type TextValues = Readonly<Record<string, string | number>>;

/** Texts of one node type, from its own catalogue and the shared texts that the build merges into it. */
export function textOf(type: string): (key: string, values?: TextValues) => string {
  return (key, values) => RED.nodes.getType(type)?._(key, values) ?? key;
}

/**
 * A text that shows the same as text and as HTML: Node-RED puts validation errors and notifications into some places as
 * text and into others as HTML, and they quote names that may come from someone else's flow.
 */
export function withoutMarkup(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›');
}
