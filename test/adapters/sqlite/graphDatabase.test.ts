import { rmSync } from 'node:fs';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import { checkGraph } from '../../checks/graph/graphSpec.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

checkGraph('sqlite', async () => {
  const folder = temporaryFolder('graph');
  const store = openSiteStore(folder);
  return {
    store: store.graph,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
