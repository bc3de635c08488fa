/** What becomes of a row that is moved by its handle. */
export interface HandleWork {
  /** By an arrow key, by one place. */
  step(up: boolean): void;
  begun?(): void;
  /** Let go of: the row stands where it shall be. */
  done(): void;
}

/** Makes a handle that moves a row among its siblings: by pointer (Escape takes it back), or by arrow up and down. */
export function moveByHandle(handle: HTMLElement, row: HTMLElement, draggedClass: string, work: HandleWork): void {
  let behindAtFirst: Element | null = null;
  const isDragged = (): boolean => row.classList.contains(draggedClass);
  const end = (): void => {
    if (!isDragged()) return;
    row.classList.remove(draggedClass);
    work.done();
  };
  handle.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isDragged()) {
      event.preventDefault();
      event.stopPropagation();
      row.parentElement?.insertBefore(row, behindAtFirst);
      end();
      return;
    }
    if (event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    // Node-RED's own keys look at where it came from, and that may be gone by then.
    event.stopPropagation();
    if (!isDragged()) work.step(event.key === 'ArrowUp');
  });
  handle.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    behindAtFirst = row.nextElementSibling;
    row.classList.add(draggedClass);
    work.begun?.();
  });
  handle.addEventListener('pointermove', (event) => {
    if (!handle.hasPointerCapture(event.pointerId) || !isDragged()) return;
    let moved = false;
    for (;; moved = true) {
      const [before, behind] = [row.previousElementSibling, row.nextElementSibling];
      // Moving an element lets go of the pointer in some browsers, so the neighbour moves instead.
      if (before !== null && event.clientY < middleOf(before)) row.after(before);
      else if (behind !== null && event.clientY > middleOf(behind)) row.before(behind);
      else break;
    }
    if (moved) row.scrollIntoView({ block: 'nearest' });
  });
  for (const event of ['pointerup', 'pointercancel'] as const) handle.addEventListener(event, end);
}

/** The height at which something else comes before or behind it, in the window. */
export function middleOf(element: Element): number {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}
