import { Problem } from '../../engine/problem.ts';

/** How a certificate is shown to people, so that they can compare it with what the server's own tool shows. */
export interface CertificateFacts {
  /** SHA-256 of the certificate, as pairs of hexadecimal digits with colons. */
  fingerprint: string;
  subject: string;
  validFromMs: number;
  validToMs: number;
}

/** Problems that somebody has to solve: trying again alone changes nothing. It is tried again all the same. */
export const refusals: ReadonlySet<string> = new Set([
  'TWIN_OPCUA_CERTIFICATE', 'TWIN_OPCUA_CERTIFICATE_EXPIRED', 'TWIN_OPCUA_OWN_CERTIFICATE', 'TWIN_OPCUA_SECURITY', 'TWIN_OPCUA_LOGIN',
  'TWIN_OPCUA_NOT_A_SERVER', 'TWIN_OPCUA_PKI',
]);

/** The name of the server at the beginning of a sentence. */
function begin(place: string): string {
  return place.charAt(0).toUpperCase() + place.slice(1);
}

/** The code of a connection that ended while it was being made, for whatever reason. */
export const brokenOff = 'TWIN_OPCUA_BROKEN_OFF';

export function notAServer(place: string): Problem {
  return new Problem('TWIN_OPCUA_NOT_A_SERVER', `What answers at ${place.replace('the OPC UA server at ', '')} does not speak OPC UA.`,
    'Check address and port: OPC UA servers mostly listen on 4840.', { place });
}

export function untrusted(place: string, certificate: CertificateFacts): Problem {
  const { fingerprint, subject } = certificate;
  return new Problem('TWIN_OPCUA_CERTIFICATE',
    `The certificate of ${place} is not trusted yet: ${subject}, fingerprint ${fingerprint}.`,
    'Compare the fingerprint with the one that the server shows, then trust this certificate.',
    { place, fingerprint, subject });
}

export function outOfDate(place: string, certificate: CertificateFacts, nowMs: number): Problem {
  const { fingerprint, subject, validFromMs, validToMs } = certificate;
  const day = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);
  const found = nowMs > validToMs ? `expired on ${day(validToMs)}` : `is only valid from ${day(validFromMs)}`;
  return new Problem('TWIN_OPCUA_CERTIFICATE_EXPIRED', `The certificate of ${place} ${found}: ${subject}, fingerprint ${fingerprint}.`,
    'Renew the certificate on the server, or set the clock that is wrong.',
    { place, fingerprint, subject, day: day(nowMs > validToMs ? validToMs : validFromMs), cause: nowMs > validToMs ? 'expired' : 'early' });
}

export function silent(place: string, seconds: number): Problem {
  return new Problem('TWIN_OPCUA_SILENT', `${begin(place)} has said nothing for ${seconds} s, although the connection stands.`,
    'A new connection is built by itself; check whether the PLC is running if this lasts.', { place, seconds });
}

export function subscriptionDead(place: string, seconds: number): Problem {
  return new Problem('TWIN_OPCUA_SUBSCRIPTION_DEAD',
    `${begin(place)} answers, but its subscription has delivered nothing for ${seconds} s.`,
    'The connection is built again from the start by itself.', { place, seconds });
}

export function lost(place: string, reason: string): Problem {
  return new Problem('TWIN_OPCUA_LOST', `The connection to ${place} was lost${reason === '' ? '' : ` (${reason})`}.`,
    'It is built again by itself; check the network and whether the PLC was restarted if this lasts.', { place, reason });
}

/**
 * What a failed attempt to connect means. The library tells most of it in its error's text only. Where one code stands for several sentences,
 * the value `cause` says which.
 */
export function connectProblem(place: string, cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const is = (pattern: RegExp): boolean => pattern.test(text);
  const reason = plain(text);
  const values = { place, reason };
  if (is(/BadTooManySessions|BadMaxConnectionsReached|BadTcpNotEnoughResources|BadTooManySecureChannels/i)) {
    return new Problem('TWIN_OPCUA_SESSIONS', `${begin(place)} accepts no more sessions: its limit is reached.`,
      'It is tried again by itself; close other clients, or raise the number of sessions on the server.', values);
  }
  if (is(/BadUserAccessDenied|BadIdentityToken(?:Rejected|Invalid)|BadUserSignatureInvalid/i)) {
    return new Problem('TWIN_OPCUA_LOGIN', `${begin(place)} does not accept this user name and password.`,
      'Check both, and whether the server allows this kind of login.', { ...values, cause: 'password' });
  }
  if (is(/Cannot find.*(?:UserIdentity|user ?Token|user identity)|user token policy|UserTokenPolicy|no(?:t)? .*anonymous/i)) {
    return new Problem('TWIN_OPCUA_LOGIN', `${begin(place)} does not offer this kind of login.`,
      'Enter a user name and password, or leave both empty, as the server demands.', { ...values, cause: 'kind' });
  }
  if (is(/BadCertificate|BadSecurityChecksFailed|BadApplicationSignatureInvalid/i)) {
    return new Problem('TWIN_OPCUA_OWN_CERTIFICATE', `${begin(place)} does not trust the certificate of this client (${reason}).`,
      'Trust the client "Twinwire" in the server\'s list of rejected certificates; it connects by itself then.', values);
  }
  if (is(/BadSecurityPolicyRejected|BadSecurityModeRejected|Cannot find (?:an )?End ?point|End ?point must exist/i)) {
    return new Problem('TWIN_OPCUA_SECURITY', `${begin(place)} does not offer the chosen security.`,
      'Choose another security policy, or switch it on at the server.', values);
  }
  if (is(/ENOTFOUND|EAI_AGAIN/)) {
    return new Problem('TWIN_OPCUA_UNREACHABLE', `The name of ${place} is not known on this network.`,
      'Check the address; an IP address works without a name server.', { ...values, cause: 'name' });
  }
  if (is(/ECONNREF|connection cannot be established/i)) {
    return new Problem('TWIN_OPCUA_UNREACHABLE', `${begin(place)} refuses the connection: nothing listens there.`,
      'Check address and port, and whether the OPC UA server is running; it is tried again by itself.', { ...values, cause: 'refused' });
  }
  if (is(/socket has been disconnected by third party|ended by server|hadError ?true/i)) {
    return new Problem(brokenOff, `${begin(place)} breaks the connection off.`,
      'Check that it is an OPC UA server and not too busy; it is tried again by itself.', values);
  }
  if (is(/ETIMEDOUT|timed ?out|time-?out|EHOSTUNREACH|ENETUNREACH/i)) {
    return new Problem('TWIN_OPCUA_UNREACHABLE', `${begin(place)} does not answer.`,
      'Check address, network and firewall; it is tried again by itself.', { ...values, cause: 'silent' });
  }
  return new Problem('TWIN_OPCUA_UNREACHABLE', `The connection to ${place} could not be made (${reason}).`,
    'It is tried again by itself; check address, network and server if this lasts.', values);
}

/** The library's sentences go over several lines and repeat themselves. */
function plain(text: string): string {
  const reason = /\(err = ?\(?(.*?)\)*$/is.exec(text)?.[1] ?? text;
  return [...reason].map((letter) => (letter < ' ' ? ' ' : letter)).join('').replace(/\s+/g, ' ').trim().slice(0, 200);
}

/** @param offered what the server offers, for people; @param isProtected whether anything of it signs and encrypts */
export function notOffered(place: string, offered: string, isProtected: boolean): Problem {
  return new Problem('TWIN_OPCUA_SECURITY', `${begin(place)} does not offer the chosen security; it offers ${offered || 'nothing'}.`,
    isProtected ? 'Choose the best one that it offers.' : 'Switch on Basic256Sha256 with "sign and encrypt" at the server.',
    { place, offered, cause: isProtected ? 'protected' : 'open' });
}
