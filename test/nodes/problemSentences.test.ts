import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { Problem } from '../../engine/problem.ts';
import { opcuaProblemCodes } from '../../nodes/opcuaSentences.ts';
import { problemIn, problemSentences as table } from '../../nodes/problemSentences.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { problemSentences } from '../checks/nodes/problemSentences.ts';
import { startFlow } from './startFlow.ts';

/** Codes that stay English, each with its reason. This list may only get shorter. */
const english: Readonly<Record<string, string>> = {
  TWIN_USER_NAME: 'the dialog and the command say it by its code',
  TWIN_USER_ROLE: 'the dialog and the command say it by its code',
  TWIN_USER_PASSWORD: 'the dialog, the page and the command say it by its code',
  TWIN_USERS_FULL: 'the dialog and the command say it by its code',
  TWIN_MACHINE_UNKNOWN: 'the page says it by its code',
  TWIN_HISTORY_ROWS: 'a fault of ours that no setting can cause',
  TWIN_HISTORY_TIME: 'a fault of ours that no setting can cause',
  TWIN_STATE_VALUE: 'a fault of ours that no setting can cause',
  TWIN_OUTBOX_TARGET: 'a fault of ours that no setting can cause',
  TWIN_MQTT_REJECTED: 'without topic and payload: a fault of ours that no setting can cause',
};

const filled = (sentence: string): string => {
  let count = 0;
  return sentence.replaceAll('{}', () => `X${(count += 1)}`);
};

/** What has no German among the sentences of a source. */
function untranslated(source: string): { code: string; sentence: string }[] {
  return problemSentences(source).filter(({ code, sentence }) => {
    if (opcuaProblemCodes.has(code)) return false;
    return problemIn(new Problem(code, filled(sentence), ''), 'de').found === filled(sentence);
  });
}

describe('German sentences of problems', () => {
  const sources = globSync('{engine,adapters,nodes,web,contract}/**/*.ts', { cwd: packageRoot })
    .filter((name) => !name.endsWith('.d.ts'))
    .map((name) => ({ name, text: readFileSync(path.join(packageRoot, name), 'utf8') }));

  it('exist for whatever a source can say, but for a few codes', () => {
    const seen = sources.flatMap(({ text }) => problemSentences(text));
    assert.ok(seen.length > 350, `${seen.length} sentences seen`);
    const missing = sources.flatMap(({ name, text }) => untranslated(text).map((one) => ({ ...one, name })));
    assert.deepEqual(missing.filter(({ code }) => !Object.hasOwn(english, code)).map(({ name, code, sentence }) => `${name} ${code}: ${sentence}`), []);
    assert.deepEqual(Object.keys(english).filter((code) => !missing.some((one) => one.code === code)), [], 'has German now: take it from the list');
  });

  it('are missed where a source says something new, in any form', () => {
    for (const argument of ["'Quite new words.'", '`Quite ${new Set([`a {}`]).size} words.`', "isNew ? 'Quite new words.' : ''", "'Quite ' + 'new words.'"]) {
      assert.equal(untranslated(`throw new Problem('TWIN_NEW', ${argument}, 'Deploy again.');`).length, 1, argument);
    }
    assert.equal(untranslated("const found = 'Quite new words.';\nfail(new Problem('TWIN_NEW', found, 'Deploy again.'));").length, 1);
    assert.equal(untranslated("fail(new Problem('TWIN_NEW', 'The store failed: x.', 'Deploy again.'));").length, 0);
  });

  it('are what the status, the log and the Catch node of a German site say', async () => {
    const run = await startFlow([
      { id: 'tab', type: 'tab', label: 'flow' },
      { id: 'site', type: 'twin-site', name: 'Werk', language: 'de', clock: 'live' },
      { id: 'broker', type: 'twin-mqtt', name: 'Broker', url: 'mqtt://127.0.0.1:1', protocolVersion: '7' },
      { id: 'siteless', type: 'twin-asset', z: 'tab', x: 1, y: 1, name: 'Presse', site: '', assetType: '', key: 'press', wires: [[], []] },
      { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, wires: [['caught']] },
      { id: 'caught', type: 'helper', z: 'tab', x: 1, y: 1 },
    ]);
    try {
      await run.until(() => run.statuses('siteless').some(({ text }) => text === '„Presse“ gehört zu keinem Standort.'), 'a German status');
      run.node('siteless').receive({ payload: { current: 1 } });
      await run.until(() => run.received('caught').length === 1, 'caught');
      const { error } = run.received('caught')[0] as unknown as { error: { message: string } };
      assert.match(error.message, /„Presse“ gehört zu keinem Standort\. Den Node öffnen/);
      const warnings = run.warnings().join('\n');
      assert.match(warnings, /TWIN_SITE_MISSING: „Presse“ gehört zu keinem Standort\. Den Node öffnen und einen Standort wählen\./);
      // A config node that stands above sites.
      assert.match(warnings, /TWIN_CONFIG: „Broker“: protocolVersion ist keine der Möglichkeiten \(7\)\. Den Node öffnen/);
    } finally {
      await run.stop();
    }
  }).timeout(20_000);

  it('belong to a sentence that there is, keep each value and are themselves when filled', () => {
    const all = sources.filter(({ name }) => !name.endsWith('problemSentences.ts')).map(({ text }) => text.replaceAll("\\'", "'")).join('\n');
    for (const [from, to] of table) {
      const part = from.split('{}').sort((one, other) => other.length - one.length)[0] ?? '';
      assert.ok(all.includes(part), `nobody says any more: ${from}`);
      const values = from.split('{}').length - 1;
      const told = problemIn(new Problem('TWIN_X', filled(from), ''), 'de').found;
      assert.notEqual(to, from);
      for (let value = 1; value <= values; value++) assert.ok(told.includes(`X${value}`), `${told} lacks value ${value}`);
      assert.equal(told.replaceAll(/X\d/g, '{}'), to, from);
    }
  });

  it('say names of others in their words, and leave strange names as they are', () => {
    const said = (found: string, remedy = ''): string => problemIn(new Problem('TWIN_X', found, remedy), 'de').message.trim();
    assert.equal(said('The MQTT broker at 10.0.0.5:1883 cannot be reached: connect ECONNREFUSED.'),
      'MQTT-Broker 10.0.0.5:1883 ist nicht erreichbar: connect ECONNREFUSED.');
    assert.equal(
      said('"Presse": keepHistoryDays is out of range (0), language is not one of the choices (fr).', 'Deploy again.'),
      '„Presse“: keepHistoryDays liegt außerhalb des Bereichs (0), language ist keine der Möglichkeiten (fr). Neu übernehmen.',
    );
    assert.equal(said('The key "a" is used by two nodes: "$1" (x) and "{2}" (y).'), 'Den Schlüssel „a“ haben zwei Nodes: „$1“ (x) und „{2}“ (y).');
    const original = new Problem('TWIN_X', 'The store in /x is closed.', 'Deploy again.', { folder: '/x' });
    assert.equal(problemIn(original, 'en-US'), original);
    const told = problemIn(original, 'de');
    assert.deepEqual([told.code, told.values, problemIn(told, 'de').message], ['TWIN_X', { folder: '/x' }, told.message]);
    fc.assert(fc.property(fc.string({ maxLength: 200 }), fc.constantFrom(...table), (name, [sentence]) => {
      const found = problemIn(new Problem('TWIN_X', sentence.replaceAll('{}', () => name), ''), 'de').found;
      assert.equal(typeof found, 'string');
    }));
  });
});
