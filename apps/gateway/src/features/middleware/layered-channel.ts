import type { ClientChannel, Params, QuestionPlace, RpcOutcome } from '@signalbox/mcp';
import type { MessageContext, MiddlewareChains } from '@signalbox/middleware';

/** The way back to a client through the middleware. */
export class LayeredChannel implements ClientChannel {
  readonly recordedAs: ((callId: string, params: Params) => void) | undefined;

  constructor(
    private readonly channel: ClientChannel,
    private readonly chains: MiddlewareChains,
    private readonly context: MessageContext,
  ) {
    this.recordedAs = channel.recordedAs?.bind(channel);
  }

  notify(method: string, params: object | undefined): void {
    const chain = this.chains.notification(method);
    if (!chain) return this.channel.notify(method, params);
    const passed = chain({ method, params: params as Params | undefined }, this.context);
    if (passed) this.channel.notify(method, passed.params);
  }

  async ask(method: string, params: object | undefined, place?: QuestionPlace): Promise<RpcOutcome> {
    const chain = this.chains.request(method);
    if (!chain) return this.channel.ask(method, params, place);
    return chain({ method, params: params as Params | undefined }, this.context, (message) =>
      this.channel.ask(method, message.params, place),
    );
  }

  onCancelled(listener: (reason: string | undefined) => void): void {
    this.channel.onCancelled(listener);
  }
}
