import { MetaKey, notificationText, successText, type AnswerStream, type RequestId } from '@signalbox/mcp';
import type { ListKind } from '../catalogue/list-kind.js';
import type { ListenFilter } from './listen-filter.js';

const LISTS: Readonly<Record<ListKind, { readonly wanted: keyof ListenFilter; readonly method: string }>> = {
  tools: { wanted: 'toolsListChanged', method: 'notifications/tools/list_changed' },
  prompts: { wanted: 'promptsListChanged', method: 'notifications/prompts/list_changed' },
  resources: { wanted: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
  resourceTemplates: { wanted: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
};
/** Messages that may wait for the acknowledgement, which comes first. */
const MAX_EARLY = 1_000;

/** One open `subscriptions/listen`: everything on it carries the id of the request that opened it. */
export class ListenStream {
  #acknowledged = false;
  #early: string[] = [];

  constructor(
    private readonly id: RequestId,
    readonly scope: string | undefined,
    readonly filter: ListenFilter,
    private readonly stream: AnswerStream,
  ) {}

  /** Says what will be sent; nothing is sent before. @param honoured what of the filter is served */
  acknowledge(honoured: object): void {
    this.#acknowledged = true;
    this.stream.send(this.#text('notifications/subscriptions/acknowledged', { notifications: honoured }));
    for (const text of this.#early) this.stream.send(text);
    this.#early = [];
  }

  listsChanged(kinds: ReadonlySet<ListKind>): void {
    const methods = new Set(
      [...kinds].filter((kind) => this.filter[LISTS[kind].wanted]).map((kind) => LISTS[kind].method),
    );
    for (const method of methods) this.#send(method, {});
  }

  resourceUpdated(params: object): void {
    this.#send('notifications/resources/updated', params);
  }

  /** What an extension of MCP has to tell. */
  notify(method: string, params: object): void {
    this.#send(method, params);
  }

  /** Ends it in good order: the client knows then that nothing broke. */
  end(): void {
    this.stream.end(successText(this.id, { resultType: 'complete', _meta: { [MetaKey.SubscriptionId]: this.id } }));
  }

  #send(method: string, params: object): void {
    const text = this.#text(method, params);
    if (this.#acknowledged) this.stream.send(text);
    else if (this.#early.length < MAX_EARLY) this.#early.push(text);
  }

  #text(method: string, params: object): string {
    const { _meta } = params as { readonly _meta?: object };
    return notificationText(method, { ...params, _meta: { ..._meta, [MetaKey.SubscriptionId]: this.id } });
  }
}
