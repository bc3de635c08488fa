import assert from 'node:assert/strict';
import { teachWithoutUsers } from '../../nodes/teachWithoutUsers.ts';

type Red = Parameters<typeof teachWithoutUsers>[0];
type Asked = Parameters<typeof teachWithoutUsers>[1];

describe('who may teach a site without users', () => {
  const red = (address: string | undefined, settings: Record<string, unknown> = {}): Red =>
    ({ settings, server: { address: () => (address === undefined ? null : { address, port: 1880, family: 'IPv4' }) } }) as unknown as Red;
  const asked = (remoteAddress: string, headers: Record<string, string> = { host: 'localhost:1880' }): Asked => ({ headers, socket: { remoteAddress } }) as unknown as Asked;

  it('a browser on the computer itself, where Node-RED listens there alone', () => {
    for (const host of ['localhost:1880', '127.0.0.1:1880', '[::1]:1880', 'localhost']) {
      assert.equal(teachWithoutUsers(red('127.0.0.1'), asked('127.0.0.1', { host })), true, host);
    }
    assert.equal(teachWithoutUsers(red('::1'), asked('::1')), true);
  });

  it('nobody else: an open port, another computer, a proxy, a foreign name, or what cannot be told', () => {
    const wrong: [string, Red, Asked][] = [
      ['it listens everywhere', red('0.0.0.0'), asked('127.0.0.1')],
      ['it listens everywhere, IPv6', red('::'), asked('::1')],
      ['another computer', red('127.0.0.1'), asked('192.168.1.4')],
      ['a proxy', red('127.0.0.1'), asked('127.0.0.1', { host: 'localhost', 'x-forwarded-for': '10.0.0.1' })],
      ['a proxy by its standard', red('127.0.0.1'), asked('127.0.0.1', { host: 'localhost', forwarded: 'for=10.0.0.1' })],
      ['a name that leads here', red('127.0.0.1'), asked('127.0.0.1', { host: 'evil.example:1880' })],
      ['a name that looks like it', red('127.0.0.1'), asked('127.0.0.1', { host: 'localhost.evil.example' })],
      ['no name', red('127.0.0.1'), asked('127.0.0.1', {})],
      ['not listening yet', red(undefined), asked('127.0.0.1')],
    ];
    for (const [what, runtime, request] of wrong) assert.equal(teachWithoutUsers(runtime, request), false, what);
  });

  it('whoever Node-RED\'s own login for its pages let in', () => {
    assert.equal(teachWithoutUsers(red('0.0.0.0', { httpNodeAuth: { user: 'plant', pass: '$2b$' } }), asked('192.168.1.4', { host: 'twin-box' })), true);
  });
});
