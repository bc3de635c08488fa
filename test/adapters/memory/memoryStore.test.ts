import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import { checkAllPorts } from '../../checks/ports/allPorts.ts';

checkAllPorts('memory', async () => {
  const ports = openMemoryStore();
  return { ports, close: () => ports.close() };
});
