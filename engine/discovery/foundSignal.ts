import type { FoundSignal as Contract } from '../../contract/discovery.ts';

/** For adapters, which know the engine and not the contract. */
export type FoundSignal = Contract;
