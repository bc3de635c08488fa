import { createTransport } from 'nodemailer';

/**
 * Stands in for the e-mail node of node-red-node-email, which is not installed here: takes the same message properties and sends with the same library
 * (nodemailer) to a real SMTP server. What counts as HTML, what becomes the subject, who gets it: as that node does it.
 */
export default function eMail(RED) {
  RED.nodes.registerType('e-mail', function (definition) {
    RED.nodes.createNode(this, definition);
    const transport = createTransport({ host: definition.server, port: Number(definition.port), secure: false, ignoreTLS: true });
    this.on('input', (message, _send, done) => {
      const body = RED.util.ensureString(message.payload);
      const isHtml = /<[a-z][\s\S]*>/i.test(body);
      for (const { content } of message.attachments ?? []) {
        if (typeof content !== 'string' && !Buffer.isBuffer(content)) return done(new Error('an attachment is neither text nor Buffer'));
      }
      transport
        .sendMail({
          from: 'twinwire@plant.example',
          to: definition.name || message.to,
          subject: message.topic || message.title || 'Message from Node-RED',
          text: isHtml && message.plaintext ? message.plaintext : body,
          ...(isHtml ? { html: body } : {}),
          ...(message.attachments ? { attachments: message.attachments } : {}),
        })
        .then(() => done(), done);
    });
    this.on('close', () => transport.close());
  });
}
