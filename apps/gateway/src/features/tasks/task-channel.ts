import {
  ErrorCode,
  rpcError,
  type ClientChannel,
  type Params,
  type QuestionPlace,
  type RpcOutcome,
  refusalOf,
} from '@signalbox/mcp';

export interface TaskChannelOptions {
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Makes the call a task at the first question; else that goes to the client, and the call is none. */
  readonly taskAtQuestion: boolean;
  /** Hears that the call is a task now because of a question. */
  onDetached(): void;
  /** Hears of a question that the client of the task is to answer. */
  onQuestion(key: string, method: string, params: object | undefined, place: QuestionPlace): void;
  /** The server no longer wants an answer. */
  onWithdrawn(key: string): void;
}

/** Questions whose withdrawal would be noticed; executors bound how many are open at a time. */
const MAX_OPEN = 1_000;

/**
 * The way back from a call that is, or may become, a task. Until it is one everything goes to the client as from any call;
 * afterwards questions are kept for whoever asks for the task, and the rest is not told (Tasks extension: no progress, no logs).
 */
export class TaskChannel implements ClientChannel {
  readonly recorded: Promise<string>;
  #resolveRecorded!: (callId: string) => void;
  #isTask = false;
  #asked = false;
  #questions = 0;
  /** Names that executors gave to the questions → keys. */
  readonly #open = new Map<string, string>();
  #cancelled: { readonly reason: string | undefined } | undefined;
  #onCancelled: ((reason: string | undefined) => void) | undefined;

  constructor(
    private readonly client: ClientChannel,
    private readonly options: TaskChannelOptions,
  ) {
    this.recorded = new Promise((resolve) => (this.#resolveRecorded = resolve));
    client.onCancelled((reason) => {
      if (!this.#isTask) this.cancel(reason);
    });
  }

  /** Whether the server has asked the client something during its request: it is to go on so then. */
  get asked(): boolean {
    return this.#asked;
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  get isTask(): boolean {
    return this.#isTask;
  }

  /** From now on the call is a task. */
  detach(): void {
    this.#isTask = true;
  }

  recordedAs(callId: string, params: Params): void {
    this.client.recordedAs?.(callId, params);
    this.#resolveRecorded(callId);
  }

  notify(method: string, params: object | undefined): void {
    if (!this.#isTask) return this.client.notify(method, params);
    if (method !== 'notifications/cancelled') return;
    const { requestId } = (params ?? {}) as { readonly requestId?: unknown };
    const key = this.#open.get(String(requestId));
    if (key === undefined) return;
    this.#open.delete(String(requestId));
    this.options.onWithdrawn(key);
  }

  ask(method: string, params: object | undefined, place?: QuestionPlace): Promise<RpcOutcome> {
    if (!this.#isTask && this.options.taskAtQuestion && !this.#cancelled) {
      this.#isTask = true;
      this.options.onDetached();
    }
    if (!this.#isTask) {
      this.#asked = true;
      return this.client.ask(method, params, place);
    }
    const refusal = refusalOf(method, params, this.options.capabilities);
    if (refusal || !place)
      return Promise.resolve({ error: refusal ?? rpcError(ErrorCode.MethodNotFound, 'Nobody is there') });
    const key = `input-${++this.#questions}`;
    this.#open.set(place.id, key);
    if (this.#open.size > MAX_OPEN) this.#open.delete(this.#open.keys().next().value!);
    this.options.onQuestion(key, method, params, place);
    // whoever answers sends it to the server
    return new Promise(() => undefined);
  }

  onCancelled(listener: (reason: string | undefined) => void): void {
    if (this.#cancelled) listener(this.#cancelled.reason);
    else this.#onCancelled = listener;
  }

  cancel(reason: string | undefined): void {
    if (this.#cancelled) return;
    this.#cancelled = { reason };
    this.#onCancelled?.(reason);
  }
}
