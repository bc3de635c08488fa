import { checkAllPorts } from '../../checks/ports/allPorts.ts';
import { plantedFaults } from '../../checks/ports/plantedFaults.ts';

/** Run by plantedFaults.test.ts in a mocha of its own: the checks, on every store with a planted fault. */
for (const { fault, open } of plantedFaults) checkAllPorts(fault, async () => ({ ports: open(), close: async () => {} }));
