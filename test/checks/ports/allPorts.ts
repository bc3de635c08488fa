import type { GraphStore, Historian, Outbox, StateStore } from '../../../engine/ports.ts';
import { checkHistorian } from './historian.ts';
import { checkOutbox } from './outbox.ts';
import { checkStateStore } from './stateStore.ts';

export interface AllPorts {
  state: StateStore;
  historian: Historian;
  graph: GraphStore;
  outbox: Outbox;
}

/** Every check of every storage port, on one implementation. `open` gives an empty store. */
export function checkAllPorts(name: string, open: () => Promise<{ ports: AllPorts; close(): Promise<void> }>): void {
  const one = <Port extends keyof AllPorts>(port: Port) => async (): Promise<{ store: AllPorts[Port]; close(): Promise<void> }> => {
    const { ports, close } = await open();
    return { store: ports[port], close };
  };
  checkStateStore(name, one('state'));
  checkHistorian(name, one('historian'));
  checkOutbox(name, one('outbox'));
}
