import type { PageAction } from '../contract/http.ts';

/** What routes that read and change something need of the page's. */
export interface RouteTools {
  /** Whether the asker may; else the answer is on its way. */
  allowed(site: string, action: PageAction): boolean;
  posted(): Promise<{ body: unknown } | undefined>;
  allowMethods(methods: readonly string[]): boolean;
  sendJson(data: unknown): void;
  sendError(status: number, code: string, text: string): void;
}
