import { publishFlow } from './publishFlow.ts';
import { startFlow } from './startFlow.ts';

/** The Node-RED that twinPublish.test.ts kills: a pump goes beyond its limit and back; tells each event that was accepted on disk. */
const [, , userDir = '', url = '', protocolVersion = '5', count = '0'] = process.argv;
const run = await startFlow(publishFlow(url, {}, { protocolVersion }), { userDir });
process.stdout.write('open\n');
// What an earlier run left the pump in: from here on each value is an event.
run.node('asset').receive({ payload: { speed: 0, current: 6, pressure: 7 }, timestamp: Date.now() });
const start = Date.now() + 1000;
for (let index = 0; index < Number(count); index++) {
  run.node('asset').receive({ payload: { speed: index, current: 6, pressure: index % 2 === 0 ? 8.5 : 7 }, timestamp: start + index * 1000 });
  await run.until(
    () => run.received('out').some(({ event }) => (event as { kind?: string; timeMs?: number } | undefined)?.kind === 'limit' && (event as { timeMs?: number }).timeMs === start + index * 1000),
    `event ${index} on disk`,
  );
  process.stdout.write(`accepted ${start + index * 1000}\n`);
}
process.stdout.write('done\n');
