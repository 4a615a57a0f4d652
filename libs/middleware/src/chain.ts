import type { RpcError } from '@signalbox/contracts';
import type {
  MaybePromise,
  MessageContext,
  MessageOutcome,
  Middleware,
  NotificationChange,
  RequestMessage,
} from './api.js';
import type { Layer } from './load.js';

/** Carries a request through all its middleware, to `handle` and back. Never rejects for a fault of a middleware. */
export type RequestChain = (
  message: RequestMessage,
  context: MessageContext,
  handle: (message: RequestMessage) => MaybePromise<MessageOutcome>,
) => MaybePromise<MessageOutcome>;

/** @returns the notification as it goes on, or undefined when it was dropped */
export type NotificationChain = (message: RequestMessage, context: MessageContext) => RequestMessage | undefined;

export type FaultListener = (fault: { readonly middleware: string; readonly error: unknown }) => void;

/** JSON-RPC: internal error. */
const INTERNAL_ERROR = -32603;
/** Methods whose chains are kept. Names come from outside, so that there may be any number of them. */
const MAX_METHODS = 256;

/** What servers ask clients. */
const ASKED_OF_CLIENTS = ['sampling/createMessage', 'elicitation/create', 'roots/list'];

const hears = ({ request, response }: Middleware): boolean => request !== undefined || response !== undefined;

/** The middleware of one place, compiled per method once: a method that none is for costs one look-up. */
export class MiddlewareChains {
  readonly #requests = new Map<string, RequestChain | undefined>();
  readonly #notifications = new Map<string, NotificationChain | undefined>();

  /** @param onFault hears of errors that middleware threw */
  constructor(
    private readonly layers: readonly Layer[],
    private readonly onFault: FaultListener,
  ) {}

  /** Whether any middleware is for what servers say or ask while a request of a client runs. */
  get seesTheWayBack(): boolean {
    return this.layers.some(
      ({ middleware, matches }) =>
        middleware.notification || ASKED_OF_CLIENTS.some((method) => matches(method) && hears(middleware)),
    );
  }

  get isEmpty(): boolean {
    return this.layers.length === 0;
  }

  /** Undefined when no middleware is for the method. */
  request(method: string): RequestChain | undefined {
    return kept(this.#requests, method, () => compileRequest(this.#of(method), this.onFault));
  }

  /** Undefined when no middleware is for the notification. */
  notification(method: string): NotificationChain | undefined {
    return kept(this.#notifications, method, () => compileNotification(this.#of(method), this.onFault));
  }

  #of(method: string): Layer[] {
    return this.layers.filter(({ matches }) => matches(method));
  }
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined || map.has(key)) return known!;
  const made = make();
  if (map.size < MAX_METHODS) map.set(key, made);
  return made;
}

function compileRequest(layers: readonly Layer[], onFault: FaultListener): RequestChain | undefined {
  const used = layers.filter(({ middleware }) => hears(middleware));
  return used.reduceRight<RequestChain | undefined>((next, layer) => around(layer, next, onFault), undefined);
}

function around(layer: Layer, next: RequestChain | undefined, onFault: FaultListener): RequestChain {
  const { middleware, name } = layer;
  const fault = (error: unknown): MessageOutcome => {
    onFault({ middleware: name, error });
    return { error: faultOf(name) };
  };
  return (message, context, handle) => {
    const respond = (outcome: MessageOutcome, seen: RequestMessage): MaybePromise<MessageOutcome> => {
      if (!middleware.response) return outcome;
      const changed = guarded(layer, () => middleware.response!(outcome, seen, context), fault);
      return then(changed, (other) => other ?? outcome);
    };
    const goOn = (change: Awaited<ReturnType<NonNullable<Middleware['request']>>>): MaybePromise<MessageOutcome> => {
      if (change && 'answer' in change) return change.answer;
      const seen = change ? { method: message.method, params: change.params } : message;
      const outcome = next ? next(seen, context, handle) : handle(seen);
      return then(outcome, (answered) => respond(answered, seen));
    };
    if (!middleware.request) return goOn(undefined);
    const change = guarded(
      layer,
      () => middleware.request!(message, context),
      (error) => ({ answer: fault(error) }),
    );
    return then(change, goOn);
  };
}

function compileNotification(layers: readonly Layer[], onFault: FaultListener): NotificationChain | undefined {
  const used = layers.filter(({ middleware }) => middleware.notification).toReversed();
  if (used.length === 0) return undefined;
  return (message, context) => {
    let current = message;
    for (const { middleware, name } of used) {
      let change: NotificationChange | undefined | void;
      try {
        change = middleware.notification!(current, context);
      } catch (error) {
        // a notification is not worth the request that it belongs to
        onFault({ middleware: name, error });
      }
      if (change === 'drop') return undefined;
      if (change) current = { method: current.method, params: change.params };
    }
    return current;
  };
}

/** Runs a function of a middleware; what it throws, and its taking too long, become what `caught` makes of them. */
function guarded<T, U>(layer: Layer, run: () => MaybePromise<T>, caught: (error: unknown) => U): MaybePromise<T | U> {
  try {
    const value = run();
    return value instanceof Promise ? inTime(value, layer).catch(caught) : value;
  } catch (error) {
    return caught(error);
  }
}

function inTime<T>(promise: Promise<T>, { timeoutMs }: Layer): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`took longer than ${timeoutMs} ms`)), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function then<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

const faultOf = (name: string): RpcError => ({
  code: INTERNAL_ERROR,
  message: `Middleware "${name}" failed`,
  data: { retryable: false },
});
