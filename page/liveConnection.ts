import type { MachineChange, Overview, SiteClock } from '../contract/http.ts';

export interface LiveListener {
  overview(overview: Overview): void;
  machine(change: MachineChange): void;
  clock(clocks: readonly SiteClock[]): void;
  /** `sinceMs`: when something was heard last, by the reader's clock. Called once per loss. */
  lost(sinceMs: number): void;
  /** Nobody looks; nothing is heard until somebody does. */
  paused(): void;
}

// The server says something every 15 s; two missed and a bit is a dead line (a phone that changed its network hears no error).
const silenceMs = 40_000;
// A browser opens few connections to one host: a page that nobody looks at must not keep one from those that are.
const hiddenMs = 30_000;
const firstRetryMs = 1_000;
const longestRetryMs = 10_000;

/**
 * Keeps one stream of events open for as long as the page lives. Reconnects by itself, also where the browser gives up
 * for good (an answer other than 200), at once when the network or the page itself comes back.
 * @returns the function that ends it.
 */
export function connectLive(address: string, listener: LiveListener): () => void {
  let events: EventSource | undefined;
  let heardMs = Date.now();
  let isLost = false;
  let retryMs = firstRetryMs;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  let isPaused = false;

  const heard = (): void => {
    heardMs = Date.now();
    isLost = false;
    retryMs = firstRetryMs;
  };
  const on = <T>(name: string, tell: (data: T) => void): void => {
    events?.addEventListener(name, (event) => {
      heard();
      tell(JSON.parse((event as MessageEvent<string>).data) as T);
    });
  };
  const open = (): void => {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    events?.close();
    events = new EventSource(address);
    on<Overview>('overview', (overview) => listener.overview(overview));
    on<MachineChange>('machine', (change) => listener.machine(change));
    on<SiteClock[]>('clock', (clocks) => listener.clock(clocks));
    events.addEventListener('error', lose);
  };
  const lose = (): void => {
    if (isPaused) return;
    events?.close();
    events = undefined;
    if (!isLost) {
      isLost = true;
      listener.lost(heardMs);
    }
    if (retryTimer !== undefined) return;
    // Spread out, so that all screens of a plant don't come back in the same instant.
    retryTimer = setTimeout(open, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(longestRetryMs, retryMs * 1.7);
  };
  const check = (): void => {
    if (events && Date.now() - heardMs > silenceMs) lose();
  };
  const retryNow = (): void => {
    check();
    if (!events && !isPaused) open();
  };
  const pause = (): void => {
    isPaused = true;
    clearTimeout(retryTimer);
    retryTimer = undefined;
    events?.close();
    events = undefined;
    listener.paused();
  };
  const seen = (): void => {
    clearTimeout(hiddenTimer);
    if (document.visibilityState === 'hidden') {
      hiddenTimer = setTimeout(pause, hiddenMs);
    } else {
      isPaused = false;
      retryNow();
    }
  };

  const checkTimer = setInterval(check, 5_000);
  addEventListener('online', retryNow);
  addEventListener('offline', lose);
  document.addEventListener('visibilitychange', seen);
  open();
  if (document.visibilityState === 'hidden') seen();
  return () => {
    clearInterval(checkTimer);
    clearTimeout(retryTimer);
    clearTimeout(hiddenTimer);
    removeEventListener('online', retryNow);
    removeEventListener('offline', lose);
    document.removeEventListener('visibilitychange', seen);
    events?.close();
  };
}
