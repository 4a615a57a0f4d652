import type { NotificationView } from '@signalbox/domain/notification';

/** Where notifications go. */
export interface Channel {
  /**
   * One try.
   * @param signal ends it: its time is over, or this registry does not lead any more
   * @returns what the channel answered, in a few characters
   * @throws ChannelError, or any other error, when it was not taken; it is tried again then
   */
  send(notification: NotificationView, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

export class ChannelError extends Error {
  override readonly name = 'ChannelError';

  /**
   * @param retryAfterMs how long the receiver wants to be left alone
   * @param isFinal whether the receiver wants no more of it
   */
  constructor(
    message: string,
    readonly retryAfterMs?: number,
    readonly isFinal = false,
  ) {
    super(message);
  }
}
