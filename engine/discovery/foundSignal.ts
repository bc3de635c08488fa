/** For adapters, which know the engine and not the contract. */
export type { FoundSignal } from '../../contract/discovery.ts';
