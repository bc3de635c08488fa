import { Problem } from '../../engine/problem.ts';

/**
 * What went wrong, from the broker's answer or the network's error. Numbers: return codes of CONNACK in MQTT 3.1.1 (3.2.2.3) below
 * 128, reason codes of MQTT 5 (2.4) from 128 on.
 */
export function connectProblem(place: string, error: Error): Problem {
  const { code } = error as { code?: unknown };
  const reason = error.message === '' ? String(code) : error.message;
  const values = { place, reason };
  switch (code) {
    case 4: case 5: case 134: case 135: case 138: case 140:
      return new Problem('TWIN_MQTT_LOGIN', `${place} does not accept the login (${reason}).`, 'Check user name and password, and what this user may publish.', values);
    case 1: case 132:
      return new Problem('TWIN_MQTT_VERSION', `${place} does not speak this version of MQTT (${reason}).`,
        'Choose MQTT 3.1.1 in the connection.', values);
    case 2: case 133:
      return new Problem('TWIN_MQTT_CLIENT_ID', `${place} does not accept the client id (${reason}).`,
        'Choose another client id, or none.', values);
    case 154:
      return new Problem('TWIN_MQTT_NO_RETAIN', `${place} keeps no retained messages.`,
        'Switch retained messages on in the broker; without them, who comes later sees nothing until the next change.', values);
    default:
  }
  if (typeof code === 'number' && code !== 3 && code !== 136 && code !== 137 && code !== 159) {
    return new Problem('TWIN_MQTT_REFUSED', `${place} refused the connection (${reason}).`, 'See the log of the broker.', values);
  }
  if (typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER|ALTNAME/.test(code)) {
    return new Problem('TWIN_MQTT_CERTIFICATE', `The certificate of ${place} is not trusted: ${reason}.`,
      'Give the certificate of the authority that signed it.', values);
  }
  return new Problem('TWIN_MQTT_UNREACHABLE', `${place} cannot be reached: ${reason}.`,
    'Check the address and that the broker runs; it is tried again by itself.', values);
}

export const sessionTakenOver = 142;

/** MQTT 5: the broker said why it ended the connection. */
export function closedByBroker(place: string, code: number): Problem {
  const values = { place, code };
  if (code === sessionTakenOver) {
    return new Problem('TWIN_MQTT_CLIENT_ID', `${place} keeps ending the connection: another one probably uses the same client id.`,
      'Choose another client id, or none.', values);
  }
  if (code === 135 || code === 138) {
    return new Problem('TWIN_MQTT_LOGIN', `${place} ended the connection, because it is not allowed.`,
      'Check the rights of the user.', values);
  }
  return new Problem('TWIN_MQTT_UNREACHABLE', `${place} ended the connection (reason ${code}).`, 'It is tried again by itself.', values);
}

/** Reasons that pass: unspecified, implementation specific, busy, quota. All other refusals of a message hold for good. */
const passing = new Set([128, 131, 136, 137, 147, 150, 151]);

/** The reason codes of MQTT 5 (3.4.2.1, 3.14.2.1) that a message can meet, in plain words, each with what to do. */
const refusalWords = new Map<number, readonly [string, string]>([
  [131, ['it does not take such messages', 'See the log of the broker.']],
  [135, ['this user may not publish there', 'Give the user of the connection the right to publish there.']],
  [144, ['it does not accept this topic', 'Choose another topic or prefix.']],
  [149, ['the message is too large', 'Allow larger messages in the broker, or send less.']],
  [151, ['its quota is used up', 'Raise the quota in the broker, or send less often.']],
  [153, ['it does not accept this kind of payload', 'See the log of the broker.']],
  [154, ['it keeps no retained messages', 'Switch retained messages on in the broker.']],
]);

export function publishProblem(place: string, topic: string, error: Error): Problem {
  const { code } = error as { code?: unknown };
  const tooLarge = error.message.startsWith('packet too large');
  const [said, remedy] = refusalWords.get(tooLarge ? 149 : Number(code)) ?? [undefined, undefined];
  const reason = said === undefined ? error.message : `${said} (${error.message})`;
  const values = { place, topic, reason };
  if (tooLarge || (typeof code === 'number' && code >= 128 && !passing.has(code))) {
    return new Problem('TWIN_MQTT_REJECTED', `${place} refused a message on ${topic}: ${reason}.`,
      remedy ?? 'Check what this user may publish, and how large a message may be.', values);
  }
  return new Problem('TWIN_MQTT_UNCONFIRMED', `A message on ${topic} was not confirmed: ${reason}.`,
    remedy === undefined ? 'It is published again by itself.' : `${remedy} It is published again by itself.`, values);
}
