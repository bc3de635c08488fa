/** Timers fire at most so often; a hold is told too long by at most that. */
const everyMs = 2;

/**
 * The longest that the main thread worked without letting a timer in, in ms of its own CPU time: what another process takes away meanwhile does not count,
 * so that the figure means the same on a busy machine. Only what happens while it is watched counts.
 */
export class LoopHold {
  longestMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastMs = NaN;

  start(): void {
    this.#lastMs = cpuMs();
    this.#timer = setInterval(() => this.#note(), everyMs);
  }

  stop(): void {
    this.#note();
    clearInterval(this.#timer);
  }

  #note(): void {
    const nowMs = cpuMs();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

/** Of this thread, where Node tells it (from 23.9 on); else of the process. */
function cpuMs(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: typeof process.cpuUsage };
  const { user, system } = threadCpuUsage === undefined ? process.cpuUsage() : threadCpuUsage.call(process);
  return (user + system) / 1000;
}
