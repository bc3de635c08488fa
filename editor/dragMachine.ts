import { make } from './rowList.ts';

/** What becomes of something that is dragged over the sidebar. */
export interface DragWork {
  mayBegin(): boolean;
  /** @param label goes with the pointer; to be put where its style holds */
  begun(label: HTMLElement): void;
  /** In pixels of the window. */
  over(x: number, y: number): void;
  /** @param dropped where; undefined: it was given up */
  ended(dropped?: { x: number; y: number }): void;
}

const startPx = 6;

/** Lets something be dragged by an element that is also clicked; Escape gives it up. Touching it goes on scrolling. */
export function dragMachine(element: HTMLElement, name: string, work: DragWork): void {
  let from: { x: number; y: number; pointer: number } | undefined;
  let label: HTMLElement | undefined;
  let wasDragged = false;
  const end = (dropped?: { x: number; y: number }): void => {
    from = undefined;
    if (label === undefined) return;
    label.remove();
    label = undefined;
    document.removeEventListener('keydown', escape, true);
    wasDragged = true;
    setTimeout(() => (wasDragged = false));
    work.ended(dropped);
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    end();
  };
  element.addEventListener('pointerdown', (event) => {
    if (event.button === 0 && event.pointerType !== 'touch' && work.mayBegin()) {
      from = { x: event.clientX, y: event.clientY, pointer: event.pointerId };
      // A quick hand has left it before it moves here.
      element.setPointerCapture(event.pointerId);
    }
  });
  element.addEventListener('pointermove', (event) => {
    if (from === undefined || from.pointer !== event.pointerId) return;
    if (label === undefined) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < startPx) return;
      label = make('div', 'twinwire-drag-label', name);
      label.setAttribute('aria-hidden', 'true');
      document.addEventListener('keydown', escape, true);
      work.begun(label);
    }
    label.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 8}px)`;
    work.over(event.clientX, event.clientY);
  });
  element.addEventListener('pointerup', (event) => end({ x: event.clientX, y: event.clientY }));
  element.addEventListener('pointercancel', () => end());
  element.addEventListener('lostpointercapture', () => end());
  // What ends a drag is no click.
  element.addEventListener('click', (event) => {
    if (!wasDragged) return;
    wasDragged = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}
