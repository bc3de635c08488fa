import { LitElement } from 'lit';

/** Elements of this page draw into the page itself, not into a shadow of their own: one stylesheet, one order of headings. */
export class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
