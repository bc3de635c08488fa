import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Problem } from '../../../engine/problem.ts';
import { nameOfLevel, readPrefix, topicLevel, topicsOf } from '../../../engine/site/publication.ts';
import { RetainedTopics } from '../../../engine/site/retainedTopics.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';

describe('publication: topics', () => {
  it('every name becomes one level that MQTT takes, and can be read back', () => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('%', '+', '#', '/', '$', '\0', '2', 'B', 'u', 'ä', '\ud800', '\udc00') }));
    fc.assert(
      fc.property(name, (given) => {
        const level = topicLevel(given);
        assert.doesNotMatch(level, /[+#/\0]|^\$/);
        assert.equal(Buffer.from(level).toString(), level, 'it is UTF-8');
        assert.equal(nameOfLevel(level), given);
      }),
      checkParameters(300),
    );
  });

  it('the place and the key are levels below the prefix; a prefix that can be none is refused', () => {
    assert.equal(topicsOf('uns/v1', ['plant', 'line 1', 'a/b']).state, 'uns/v1/plant/line 1/a%2Fb/state');
    assert.deepEqual(['/a/b/', 'a', '', ' / ', '$SYS', 'a/+', '#', 'a//b', 'a\0'].map(readPrefix), ['a/b', 'a', ...Array.from({ length: 7 }, () => undefined)]);
  });
});

describe('retainedTopics', () => {
  interface Sent {
    topic: string;
    payload: string;
    answer: (problem?: Problem) => void;
  }
  function topicsUnderTest(): { topics: RetainedTopics; sent: Sent[]; refused: string[]; timers: (() => void)[] } {
    const sent: Sent[] = [];
    const refused: string[] = [];
    const timers: (() => void)[] = [];
    const topics = new RetainedTopics({
      publish: (topic, payload) =>
        new Promise((resolve, reject) => sent.push({ topic, payload, answer: (problem) => (problem === undefined ? resolve() : reject(problem)) })),
      later: (_delayMs, action) => {
        timers.push(action);
        return () => {};
      },
      onRefused: (topic) => refused.push(topic),
    });
    return { topics, sent, refused, timers };
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('never two of one topic under way; of what came meanwhile only the newest; equal content is not sent again', async () => {
    const { topics, sent } = topicsUnderTest();
    topics.connected();
    for (const payload of ['1', '2', '3']) topics.set('a', payload);
    assert.deepEqual(sent.map(({ payload }) => payload), ['1']);
    sent[0]?.answer();
    await turn();
    assert.deepEqual(sent.map(({ payload }) => payload), ['1', '3']);
    sent[1]?.answer();
    await topics.settled();
    topics.set('a', '3');
    await turn();
    assert.equal(sent.length, 2);
  });

  it('an outage of any length costs one message per topic, in the order in which they were first set', async () => {
    const { topics, sent } = topicsUnderTest();
    for (let index = 0; index < 1000; index++) topics.set(`t${index % 3}`, String(index));
    assert.equal(sent.length, 0);
    topics.connected();
    assert.deepEqual(sent.map(({ topic, payload }) => [topic, payload]), [['t0', '999'], ['t1', '997'], ['t2', '998']]);
    for (const { answer } of sent) answer();
    await topics.settled();
    // The broker may have forgotten everything.
    topics.disconnected();
    topics.connected();
    assert.equal(sent.length, 6);
  });

  it('what is refused for good is told and left, what failed is sent again later, what was cleared is forgotten', async () => {
    const { topics, sent, refused, timers } = topicsUnderTest();
    topics.connected();
    topics.set('a', '1');
    topics.set('b', '1');
    sent[0]?.answer(new Problem('TWIN_MQTT_REJECTED', 'no', 'x'));
    sent[1]?.answer(new Problem('TWIN_MQTT_UNCONFIRMED', 'late', 'x'));
    await turn();
    assert.deepEqual([refused, topics.open], [['a'], 1]);
    timers[0]?.();
    assert.equal(sent[2]?.topic, 'b');
    sent[2]?.answer();
    await topics.settled();
    topics.clear('b');
    sent[3]?.answer();
    await topics.settled();
    topics.connected();
    assert.deepEqual(sent.slice(4).map(({ topic }) => topic), ['a']);
  });
});
