/** The part of the Node-RED editor API that the dialogs use (Node-RED ≥ 4.1). Ambient, as the editor's globals are. */

/** A node or config node as the editor holds it. */
interface EditorNode {
  id: string;
  type: string;
  z?: string;
  name?: string;
  /** Changed since the last deploy. */
  changed?: boolean;
  valid?: boolean;
  credentials?: Record<string, unknown>;
  [property: string]: unknown;
}

/** An edited node as undo knows it. */
interface HistoryEdit {
  t: 'edit';
  node: EditorNode;
  /** What it was. */
  changes: Record<string, unknown>;
  changed: boolean;
  dirty: boolean;
}

interface HistoryAdd {
  t: 'add';
  nodes: string[];
  links: EditorLink[];
  dirty: boolean;
}

interface EditorLink {
  source: EditorNode;
  sourcePort: number;
  target: EditorNode;
}

/** true: valid; a text: why not. Two parameters, or Node-RED takes the text for "valid". */
type EditorValidator = (this: EditorNode, value: unknown, options: { label?: string }) => true | string | string[];

interface EditorDefault {
  value: unknown;
  type?: string;
  validate?: EditorValidator;
}

interface EditorDefinition {
  category: string;
  color?: string;
  defaults: Record<string, EditorDefault>;
  credentials?: Record<string, { type: 'text' | 'password' }>;
  inputs?: number;
  outputs?: number;
  icon?: string;
  align?: 'left' | 'right';
  label?: (this: EditorNode) => string;
  labelStyle?: (this: EditorNode) => string;
  paletteLabel?: string;
  categoryDescription?: string;
  inputLabels?: (this: EditorNode, index: number) => string;
  outputLabels?: (this: EditorNode, index: number) => string;
  oneditprepare?: (this: EditorNode) => void;
  oneditsave?: (this: EditorNode) => void;
  oneditcancel?: (this: EditorNode) => void;
  oneditdelete?: (this: EditorNode) => void;
  button?: { enabled?: (this: EditorNode) => boolean; visible?: (this: EditorNode) => boolean; onclick: (this: EditorNode) => void };
}

interface EditorTexts {
  /** The text under this key in the node's own catalogue, or the key itself. */
  _(key: string, values?: Record<string, unknown>): string;
}

interface JQueryLike {
  readonly length: number;
  [index: number]: HTMLElement;
  on(events: string, listener: (event: Event) => void): JQueryLike;
  off(events: string): JQueryLike;
  val(): string | null | undefined;
  val(value: string): JQueryLike;
  trigger(event: string): JQueryLike;
}

interface EditorTab {
  id: string;
  label: string;
  name: string;
  content: HTMLElement;
  iconClass: string;
}

/** Node-RED adds the signed-in user's token to what goes this way; `fetch` would lack it. */
interface JQueryRequest {
  done(listener: (answer: unknown) => void): JQueryRequest;
  fail(listener: (response: { status: number; responseJSON?: unknown; responseText?: string }) => void): JQueryRequest;
}

interface JQueryStatic {
  (selector: string | Element): JQueryLike;
  ajax(request: { url: string; method: string; contentType?: string; dataType?: string; data?: string; timeout?: number }): JQueryRequest;
}

declare const $: JQueryStatic;

declare const RED: {
  nodes: {
    registerType(type: string, definition: EditorDefinition): void;
    getType(type: string): (EditorDefinition & EditorTexts) | undefined;
    node(id: string): EditorNode | null | undefined;
    eachNode(visit: (node: EditorNode) => void): void;
    eachConfig(visit: (node: EditorNode) => void): void;
    /** The flow as it was last loaded or deployed. */
    originalFlow(): EditorNode[] | undefined;
    subflow(id: string): EditorNode | null | undefined;
    dirty(changed?: boolean): boolean;
    id(): string;
    /** Nodes as a flow file holds them; config nodes too. */
    import(nodes: readonly Record<string, unknown>[], options: { generateIds: boolean; markChanged: boolean }): { nodes: EditorNode[]; links: EditorLink[] };
    addLink(link: EditorLink): void;
    filterLinks(ends: { source?: EditorNode; target?: EditorNode }): EditorLink[];
  };
  events: { on(event: 'nodes:add' | 'nodes:change' | 'nodes:remove' | 'flows:change', listener: () => void): void; emit(event: 'nodes:change', node: EditorNode): void };
  actions: { invoke(action: 'core:undo' | 'core:redo'): void };
  editor: { validateNode(node: EditorNode): boolean };
  history: { push(event: HistoryAdd | HistoryEdit | { t: 'multi'; events: (HistoryAdd | HistoryEdit)[]; dirty: boolean }): void };
  view: { redraw(updateActive: boolean): void; select(selection: { nodes: EditorNode[] }): void; reveal(id: string): void };
  workspaces: { active(): string; isLocked(id?: string): boolean | undefined };
  sidebar: { addTab(tab: EditorTab): void };
  notify(text: string, options?: { type?: 'success' | 'warning' | 'error'; timeout?: number } | string): void;
  i18n: { lang(): string };
  tray?: { resize(): void };
  _(key: string, values?: Record<string, unknown>): string;
};
