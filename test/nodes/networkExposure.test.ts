import assert from 'node:assert/strict';
import { isLoopback, networkExposure } from '../../nodes/networkExposure.ts';
import type { Runtime } from '../../nodes/red.d.ts';

describe('what the network can reach without a login', () => {
  const of = (settings: Record<string, unknown>, address?: string | { address: string; port: number }): string => {
    const { editor, pages } = networkExposure({ settings, ...(address === undefined ? {} : { server: { address: () => address } }) } as Pick<Runtime, 'settings' | 'server'>);
    return `${editor ? 'editor ' : ''}${pages ? 'pages' : ''}`.trim();
  };
  const auth = { type: 'credentials', users: [] };

  it('follows the settings', () => {
    assert.equal(of({ uiHost: '0.0.0.0' }), 'editor pages');
    assert.equal(of({ uiHost: '::' }), 'editor pages');
    assert.equal(of({ uiHost: '192.168.1.7' }), 'editor pages');
    assert.equal(of({ uiHost: '127.0.0.1' }), '');
    assert.equal(of({ uiHost: 'localhost' }), '');
    assert.equal(of({}), '', 'not known yet');
    assert.equal(of({ uiHost: '0.0.0.0', adminAuth: auth }), 'pages');
    assert.equal(of({ uiHost: '0.0.0.0', adminAuth: auth, httpNodeAuth: { user: 'a', pass: 'b' } }), '');
    assert.equal(of({ uiHost: '0.0.0.0', httpAdminRoot: false, httpNodeRoot: false }), '');
    assert.equal(of({ uiHost: '0.0.0.0', httpAdminMiddleware: () => undefined }), 'pages');
    assert.equal(of({ uiHost: '0.0.0.0', adminAuth: { ...auth, default: { permissions: 'read' } } }), 'pages');
    assert.equal(of({ uiHost: '0.0.0.0', adminAuth: { ...auth, default: { permissions: ['read', '*'] } } }), 'editor pages');
  });

  it('believes the server more than the settings', () => {
    assert.equal(of({}, { address: '0.0.0.0', port: 1 }), 'editor pages');
    assert.equal(of({ uiHost: '0.0.0.0' }, { address: '127.0.0.1', port: 1 }), '');
    assert.equal(of({ uiHost: '0.0.0.0' }, '/run/node-red.sock'), '');
  });

  it('knows every spelling of this computer', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1', 'LOCALHOST ']) assert.ok(isLoopback(host), host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.com', 'localhost.example']) assert.ok(!isLoopback(host), host);
  });
});
