import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { adoptionQueue, type AdoptRequest, type ExecutePart, type ExecuteReply } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Consumer, Delivery } from '@signalbox/ports';
import { createHash, timingSafeEqual } from 'node:crypto';
import { ReverseRequests } from '../connections/reverse-requests.js';
import type { RunningRequest } from './running-request.js';
import { RunningRequests } from './running-requests.js';
import { TaskQuestions } from './task-questions.js';

/** Requests that go on at other gateways than those that sent them, at the same time. */
const MAX_ADOPTED = 1_000;

/**
 * Hands requests over to the gateways to which their clients have come back, after those that had sent them died: what is still
 * asked is asked there again, and everything from then on, the answer included, goes there. The request itself is not touched.
 */
@Injectable()
export class Adoptions implements OnApplicationBootstrap, OnApplicationShutdown {
  #consumer: Consumer | undefined;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    private readonly running: RunningRequests,
    private readonly reverse: ReverseRequests,
    private readonly questions: TaskQuestions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ports, instanceId } = this.context;
    const queue = { name: adoptionQueue(instanceId), exclusive: true, prefetch: MAX_ADOPTED };
    this.#consumer = await ports.bus.consume(queue, (delivery) => this.#adopt(delivery));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#consumer?.cancel();
  }

  #adopt(delivery: Delivery): 'ack' | Promise<'ack'> {
    const wanted = delivery.body as AdoptRequest;
    const request = this.running.get(wanted.requestId);
    const refused = request ? this.#refusal(request, wanted) : OVER;
    if (refused !== undefined) {
      delivery.reply(refused);
      return 'ack';
    }
    return new Promise((resolve) => {
      const { keys } = request!.parked!;
      request!.parked = undefined;
      request!.taker?.done();
      request!.taker = { delivery, done: () => resolve('ack') };
      for (const [id, { method, params }] of this.reverse.openOf(wanted.requestId)) {
        const key = Object.hasOwn(keys, id) ? { key: keys[id]! } : {};
        delivery.part({
          kind: 'request',
          id,
          inbox: this.questions.inbox,
          method,
          params,
          ...key,
        } satisfies ExecutePart);
      }
    });
  }

  /** To others than the client that was asked a request does not exist. */
  #refusal({ parked }: RunningRequest, { state, principal, digest }: AdoptRequest): ExecuteReply | undefined {
    const hash = createHash('sha256').update(state).digest('hex');
    if (!parked || !isSame(hash, parked.stateHash))
      return refusal('it was not given out for this request, or was used');
    if (parked.principal !== principal || parked.digest !== digest) {
      return refusal('it was not given out for this request');
    }
    return parked.expires < this.context.ports.clock.now() ? refusal('it has expired') : undefined;
  }
}

const OVER = refusal('the request has ended; the outcome of a tool call is there for who comes back once more');

function refusal(why: string): ExecuteReply {
  const error = rpcError(ErrorCode.InvalidParams, `"requestState" is not valid: ${why}`);
  return { ok: false, error, retryable: false };
}

function isSame(one: string, two: string): boolean {
  return one.length === two.length && timingSafeEqual(Buffer.from(one), Buffer.from(two));
}
