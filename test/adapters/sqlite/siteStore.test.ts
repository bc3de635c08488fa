import { rmSync } from 'node:fs';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import { checkAllPorts } from '../../checks/ports/allPorts.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

checkAllPorts('sqlite', async () => {
  const folder = temporaryFolder('store');
  const ports = openSiteStore(folder);
  return {
    ports,
    close: async () => {
      await ports.close();
      rmSync(folder, { recursive: true });
    },
  };
});
