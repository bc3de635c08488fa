import assert from 'node:assert/strict';
import path from 'node:path';
import { connect, type MqttClient } from 'mqtt';
import type { AlarmsAnswer, JournalAnswer } from '../../contract/alarms.ts';
import type { FeedbackList } from '../../contract/feedback.ts';
import type { Overview } from '../../contract/http.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { requireService } from '../services/requireService.ts';
import { mosquitto, type Mosquitto } from '../services/startMosquitto.ts';
import { type Mail, type MailServer, startMailServer } from './startMailServer.ts';
import { type FlowNode, type NodeRed, readFlow, startNodeRed } from './startNodeRed.ts';

const hostile = '<img src=x onerror="alert(1)">\r\nBcc: everyone@plant.example';

describe('flows/alarms.json from a value to a mail and back', function () {
  this.timeout(120_000);
  let broker: Mosquitto;
  let mailServer: MailServer;
  let nodeRed: NodeRed;
  let client: MqttClient;
  let flow: FlowNode[];
  const heard: { topic: string; body: Record<string, unknown> | string }[] = [];

  before(requireService('mosquitto'));
  before(async () => {
    [broker, mailServer] = [await mosquitto(), await startMailServer()];
    nodeRed = await startNodeRed({
      environment: { TWINWIRE_SMTP_HOST: '127.0.0.1', TWINWIRE_SMTP_PORT: String(mailServer.port), TWINWIRE_MAIL_TO: 'maintenance@plant.example', TWINWIRE_MQTT: broker.url },
      settings: { nodesDir: [packageRoot, path.join(packageRoot, 'test/flows/mailNode')] },
    });
    flow = await readFlow('flows/alarms.json');
    client = connect(broker.url);
    client.on('message', (topic, payload) => {
      const text = payload.toString('utf8');
      heard.push({ topic, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : text });
    });
    await client.subscribeAsync('twinwire/#', { qos: 1 });
  });
  after(async () => {
    await client?.endAsync();
    await nodeRed?.stop();
    await mailServer?.stop();
    await broker?.stop();
  });

  const mailed = async (fits: (mail: Mail) => boolean, what: string): Promise<Mail> => {
    await eventually(() => mailServer.mails.some(fits), `${what}; mailed: ${mailServer.mails.map(({ headers }) => headers.get('subject')).join(' | ')}`);
    return mailServer.mails.find(fits) as Mail;
  };
  const subjectOf = ({ headers }: Mail): string => headers.get('subject') ?? '';

  it('tells of the case by mail, with a picture, and by MQTT; the answer comes back over MQTT and stands on the page', async () => {
    await nodeRed.deploy(flow);
    await nodeRed.until(() => (nodeRed.statuses.get('al-asset')?.text ?? '').includes('values'), 'the first values');
    await nodeRed.inject('al-high');
    const mail = await mailed((one) => subjectOf(one).startsWith('Press 3 needs a look: '), 'a mail of the case');
    assert.deepEqual(mail.to, ['maintenance@plant.example']);
    const html = mail.parts.find(({ type }) => type === 'text/html')?.content.toString('utf8') ?? '';
    assert.match(html, /<strong>Press 3 needs a look: Vibration is 12 mm\/s, above the limit of/);
    assert.match(html, /<img src="cid:signal" width="480" alt="Vibration from [^"]* last 12 mm\/s\."/);
    assert.match(mail.parts.find(({ type }) => type === 'text/plain')?.content.toString('utf8') ?? '', /^Press 3 needs a look: Vibration is 12 mm\/s/);
    const picture = mail.parts.find(({ type }) => type === 'image/png');
    assert.equal(picture?.headers.get('content-id'), '<signal>');
    assert.deepEqual([...(picture?.content.subarray(0, 8) ?? [])], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    await eventually(() => heard.some(({ topic }) => /^twinwire\/plant\/hall2\/[^/]+\/case$/.test(topic)), `the case over MQTT; heard ${heard.map(({ topic }) => topic).join(' | ')}`);

    const answer = { do: 'answer', answer: 'real', twin: 'alarm-press-3', what: 'Bearing worn', by: 'Kim' };
    await nodeRed.until(() => nodeRed.statuses.get('al-in')?.fill === 'green', 'the broker of the answers');
    await client.publishAsync('twinwire/answer', JSON.stringify(answer), { qos: 1 });
    const { message: asked } = await nodeRed.message('al-feedback', (_sent, port) => port === 0);
    assert.match(String(asked.payload), /^The case is confirmed: Bearing worn\./);
    await client.publishAsync('twinwire/answer', JSON.stringify({ ...answer, confirm: true }), { qos: 1 });
    await eventually(() => heard.some(({ topic, body }) => topic === 'twinwire/answered' && String(body).startsWith('The case is confirmed')), 'the answer told to all');
    const overview = (await (await fetch(`${nodeRed.url}/twin/api/overview`)).json()) as Overview;
    const list = (await (await fetch(`${nodeRed.url}/twin/api/feedback?${new URLSearchParams({ site: overview.sites[0]?.id ?? '', key: 'alarm-press-3' })}`)).json()) as FeedbackList;
    assert.deepEqual(list.records.map(({ answer: given, by, what }) => [given, by, what]), [['real', 'Kim', 'Bearing worn']]);
    // All of it, with who did it, is in the journal that the page shows.
    const ofPress = new URLSearchParams({ site: overview.sites[0]?.id ?? '', key: 'alarm-press-3' });
    const journal = (await (await fetch(`${nodeRed.url}/twin/api/journal?${ofPress}`)).json()) as JournalAnswer;
    const told = journal.records.map(({ event, alarm, by = '' }) => `${event} ${alarm} ${by}`.trim());
    assert.ok(told.includes('FEEDBACK  Kim') && told.includes('ACT limit/vibration/high'), told.join(' | '));
    assert.match(journal.records.find(({ event }) => event === 'FEEDBACK')?.why ?? '', /Real: Bearing worn/);
    const now = (await (await fetch(`${nodeRed.url}/twin/api/alarms?${ofPress}`)).json()) as AlarmsAnswer;
    assert.ok(now.alarms.some(({ alarm, state }) => alarm === 'limit/vibration/high' && state === 'UNACK'), JSON.stringify(now.alarms));
    assert.deepEqual(nodeRed.complaints(), []);
  });

  it('no name makes a header, a recipient, a tag or another topic of it', async () => {
    await nodeRed.deploy(flow.map((node) => (node.type === 'twin-asset' ? { ...node, name: hostile, key: 'alarm-hostile' } : node)));
    await nodeRed.until(() => (nodeRed.statuses.get('al-asset')?.text ?? '').includes('values'), 'the first values');
    const before = heard.length;
    await nodeRed.inject('al-high');
    const mail = await mailed((one) => subjectOf(one).includes('onerror'), 'a mail of the hostile machine');
    assert.deepEqual(mail.to, ['maintenance@plant.example']);
    assert.equal(mail.headers.has('bcc'), false);
    const html = mail.parts.find(({ type }) => type === 'text/html')?.content.toString('utf8') ?? '';
    assert.match(html, /&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt; +Bcc: everyone@plant\.example needs a look/);
    assert.deepEqual(html.match(/<img[^>]*>/g)?.filter((tag) => !tag.startsWith('<img src="cid:signal"')), []);
    await eventually(() => heard.slice(before).some(({ topic }) => topic.endsWith('/case')), 'its case over MQTT');
    for (const { topic } of heard.slice(before)) assert.equal(topic.split('/').length, 5, topic);
  });
});

async function eventually(holds: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
