/** Resolves once `work` is over, or has had its time; rejects as it does. */
export async function waitAtMost(work: Promise<unknown>, timeMs: number): Promise<void> {
  let limit: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([work, new Promise((resolve) => (limit = setTimeout(resolve, timeMs)))]);
  } finally {
    clearTimeout(limit);
  }
}
