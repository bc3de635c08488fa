import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readAddress } from '../../adapters/opcua/opcuaAddress.ts';
import { connectProblem, lost, notAServer, notOffered, outOfDate, silent, subscriptionDead, untrusted } from '../../adapters/opcua/opcuaProblem.ts';
import { Problem } from '../../engine/problem.ts';
import { opcuaEventText, opcuaProblemIn } from '../../nodes/opcuaSentences.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';

const place = 'the OPC UA server at plc:4840';
const certificate = { fingerprint: 'AB:CD', subject: 'CN=PLC', validFromMs: Date.UTC(2020, 0, 1), validToMs: Date.UTC(2021, 0, 1) };

describe('sentences about OPC UA', () => {
  const failed = (text: string): Problem => connectProblem(place, new Error(text));
  const problems = [
    notAServer(place), untrusted(place, certificate), outOfDate(place, certificate, Date.UTC(2022, 0, 1)), outOfDate(place, certificate, 0),
    silent(place, 4), subscriptionDead(place, 9), lost(place, ''), lost(place, 'BadSessionClosed'), notOffered(place, '', false), notOffered(place, 'None/None', true),
    ...['BadTooManySessions', 'BadUserAccessDenied', 'Cannot find ANONYMOUS user token policy', 'BadCertificateUntrusted', 'BadSecurityPolicyRejected',
      'getaddrinfo ENOTFOUND plc', 'connect ECONNREFUSED', 'socket has been disconnected by third party', 'timed out', 'something new'].map(failed),
    new Problem('TWIN_OPCUA_MISSED', `Notifications of ${place} are missing.`, '', { place }),
    new Problem('TWIN_OPCUA_PKI', 'The folder', 'Check', { folder: '/x', reason: 'EACCES' }),
    new Problem('TWIN_OPCUA_FINGERPRINT', 'This is no fingerprint', 'Take it'), new Problem('TWIN_OPCUA_CLOSED', 'closed', 'Deploy again.', { place }),
    new Problem('TWIN_OPCUA_PASSWORD_UNPROTECTED', 'A password', 'Choose', { url: 'x' }), new Problem('TWIN_OPCUA_UNPROTECTED', 'neither', 'Anyone', { place }),
    new Problem('TWIN_OPCUA_NODE_UNKNOWN', 'does not know', 'Correct', { place, address: 'ns=2;s=Nothing' }),
    new Problem('TWIN_OPCUA_SETTING', 'no address', 'Write it', { cause: 'address', url: 'x' }),
  ];

  it('has a German one for each problem of the client, whole and with its values', () => {
    const texts = problems.map((problem) => opcuaProblemIn(problem, 'de').message.trim());
    assert.equal(new Set(texts).size, texts.length, texts.join('\n'));
    for (const [index, problem] of problems.entries()) {
      assert.notEqual(texts[index], problem.message, `${problem.code} has no German sentence`);
      assert.doesNotMatch(texts[index]!, /\{|\}|undefined|OPC UA server|\bthe\b/, texts[index]);
      assert.equal(opcuaProblemIn(problem, 'en-US'), problem);
    }
    assert.equal(texts[6], 'Die Verbindung zu dem OPC-UA-Server plc:4840 ging verloren. '
      + 'Sie wird von selbst neu aufgebaut; wenn das bleibt, das Netz prüfen und ob die SPS neu gestartet wurde.');
    assert.match(texts[2]!, /am 2021-01-01 abgelaufen: CN=PLC, Fingerabdruck AB:CD/);
    assert.match(texts[8]!, /er bietet nichts\. Am Server Basic256Sha256/);
  });

  it('knows every code that adapters/opcua can tell', () => {
    const sources = globSync('adapters/opcua/*.ts', { cwd: packageRoot }).map((file) => readFileSync(path.join(packageRoot, file), 'utf8')).join('\n');
    const codes = new Set([...sources.matchAll(/'(TWIN_OPCUA_[A-Z_]+)'/g)].map(([, code]) => code!));
    assert.ok(codes.size >= 18, [...codes].join());
    assert.deepEqual([...codes].filter((code) => !problems.some((problem) => problem.code === code)), []);
  });

  it('says in German why an address cannot be read', () => {
    const odd = ['Tank', 'ns=99999;s=x', 'i=4294967296', 'g=123', 'b=#', 'ns=2;s=a\nb', `s=${'x'.repeat(2001)}`];
    for (const text of odd) {
      const reason = readAddress(text);
      assert.equal(typeof reason, 'string');
      const sentence = opcuaEventText({ kind: 'unknown', addresses: [{ address: 'A', reason: String(reason) }] }, 'de');
      assert.ok(!sentence.includes(String(reason)) && sentence.startsWith('Diese Adressen liefern nichts: A ('), sentence);
    }
    assert.match(opcuaEventText({ kind: 'unknown', addresses: [{ address: 'A', reason: 'BadNodeIdUnknown' }] }, 'de'), /A \(BadNodeIdUnknown\)/);
    const problem = lost(place, '');
    const gap = { kind: 'gap', fromMs: 0, toMs: 5000, reason: problem.found, code: problem.code, values: problem.values } as const;
    assert.equal(opcuaEventText(gap, 'de'), 'Seit 1970-01-01T00:00:00.000Z fehlten 5 s lang Werte. Die Verbindung zu dem OPC-UA-Server plc:4840 ging verloren.');
  });
});
