import type { AlertDigestMessage, AlertMessage } from '../contract/messages.ts';
import { casePicture } from '../engine/site/casePicture.ts';
import { shapedParts } from '../engine/site/channelShape.ts';
import type { ChannelShape, PictureFile } from '../engine/site/channelShape.ts';
import { pictureSvg } from '../engine/site/signalPicture.ts';
import type { Site } from '../engine/site/site.ts';
import type { Message } from './red.d.ts';
import type { SiteHandle } from './siteHandle.ts';

/** How a twin-alert hands its messages on: for which node behind it, and with a picture of the signal or without. */
export interface AlertShapeSettings {
  shape: string;
  shapeTo: string;
  picture: boolean;
}

/** A message with where it belongs: the place and key of its machine. */
export interface ToShape {
  message: AlertMessage | AlertDigestMessage;
  path: readonly string[];
  key: string;
}

/**
 * Makes of alerts what the node behind takes, one after the other: a picture is read from history, and what is told later must not come earlier.
 */
export class AlertShaper {
  readonly #settings: AlertShapeSettings;
  readonly #handle: SiteHandle;
  #turn: Promise<void> = Promise.resolve();

  constructor(handle: SiteHandle, settings: AlertShapeSettings) {
    this.#handle = handle;
    this.#settings = settings;
  }

  /** Hands each on in its shape; resolves when all are. A picture that cannot be had keeps no alert back. */
  send(site: Site | undefined, sent: readonly ToShape[], hand: (message: Message) => void): Promise<void> {
    const { picture, shape, shapeTo } = this.#settings;
    if (!picture && shape === 'plain') {
      for (const { message } of sent) hand(message as unknown as Message);
      return Promise.resolve();
    }
    this.#turn = this.#turn.then(async () => {
      for (const { message: told, path, key } of sent) {
        const { message, file } = picture && site !== undefined && 'case' in told ? await this.#withPicture(site, told) : { message: told, file: undefined };
        hand({ ...message, ...shapedParts(message, { shape: shape as ChannelShape, to: shapeTo }, { path, key }, file) } as unknown as Message);
      }
    });
    return this.#turn;
  }

  async #withPicture(site: Site, message: AlertMessage): Promise<{ message: AlertMessage; file?: PictureFile | undefined }> {
    const { state, change } = message.case;
    if (message.historical === true || state === 'cleared' || change === 'acknowledged') return { message };
    const asset = site.asset(message.twin.key);
    const drawn = asset === undefined ? undefined : await casePicture(site, asset, message.case).catch(() => undefined);
    if (drawn === undefined) return { message };
    const { text } = drawn;
    const png = this.#settings.shape === 'email' ? this.#handle.picturePng(drawn) : undefined;
    return {
      message: { ...message, why: { ...message.why, picture: { svg: pictureSvg(drawn), text } } },
      ...(png === undefined ? {} : { file: { name: `${message.twin.name}.png`, content: png, text } }),
    };
  }
}
