import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addressText, nodeIdAt, readAddress } from '../../../adapters/opcua/opcuaAddress.ts';
import type { OpcuaAddress } from '../../../adapters/opcua/opcuaAddress.ts';

describe('addresses of OPC UA nodes', () => {
  it('reads what people write', () => {
    assert.deepEqual(readAddress(' ns=2;s=Tank;1.Level '), { text: 'ns=2;s=Tank;1.Level', index: 2, kind: 's', id: 'Tank;1.Level' });
    assert.deepEqual(readAddress('i=2258'), { text: 'i=2258', index: 0, kind: 'i', id: '2258' });
    assert.deepEqual(readAddress('nsu=http://example.org/a%3Bb%25;s=x'), {
      text: 'nsu=http://example.org/a%3Bb%25;s=x', uri: 'http://example.org/a;b%', kind: 's', id: 'x',
    });
  });

  it('says why something is none', () => {
    const odd = ['', 'Tank', 'ns=2;Tank', 'ns=99999;s=x', 'ns=2;i=4294967296', 'i=-1', 'g=123', 'b=#', 's=', 'ns=2;s=a\nb'];
    odd.push(`s=${'x'.repeat(2001)}`);
    for (const text of odd) assert.equal(typeof readAddress(text), 'string', text);
  });

  it('writes names as it reads them', () => {
    const seed = Date.now() % 2 ** 31;
    const id = fc.string({ minLength: 1, maxLength: 50 }).filter((text) => text.trim() === text && !/[\0-\u001f\u007f]/.test(text));
    fc.assert(fc.property(id, fc.integer({ min: 0, max: 65_535 }), fc.constantFrom('urn:a;b%c', 'http://x/'), (name, index, uri) => {
      const address = readAddress(index === 0 ? `s=${name}` : `ns=${index};s=${name}`) as OpcuaAddress;
      const nodeId = nodeIdAt(address, index);
      assert.equal(nodeId.value, name);
      assert.equal(nodeId.namespace, index);
      assert.equal(addressText(nodeId, { index }), address.text);
      const byUri = readAddress(addressText(nodeId, { uri })) as OpcuaAddress;
      assert.equal(byUri.uri, uri);
      assert.equal(byUri.id, name);
    }), { seed, verbose: true });
  });

  it('keeps the four kinds of identifiers', () => {
    for (const text of ['ns=3;i=12', 'ns=3;s=12', 'ns=3;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63', 'ns=3;b=AQID']) {
      assert.equal(addressText(nodeIdAt(readAddress(text) as OpcuaAddress, 3), { index: 3 }), text);
    }
  });
});
