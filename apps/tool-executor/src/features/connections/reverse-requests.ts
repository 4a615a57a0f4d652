import { Injectable } from '@nestjs/common';
import { ErrorCode, rpcError, type RequestId, type RpcOutcome, type UpstreamConnection } from '@signalbox/mcp';

/** Whom the answer to a request goes to: the connection that it came by, or what asks in its place. */
export type Responder = Pick<UpstreamConnection, 'respond'>;

interface Open {
  readonly connection: Responder;
  readonly upstreamId: RequestId;
  readonly owner: string;
  readonly about: Question;
}

/** What a server asked. */
export interface Question {
  readonly method: string;
  readonly params?: unknown;
}

/** Requests of upstream servers that wait for a client's answer, under ids that are unique in this executor. */
@Injectable()
export class ReverseRequests {
  readonly #open = new Map<string, Open>();
  readonly #byOwner = new Map<string, Set<string>>();
  #lastId = 0;

  /**
   * @param owner the request or session on whose behalf it is
   * @param max open requests of one owner
   * @param about what is asked
   * @returns our id for it; undefined when it was refused
   */
  open(connection: Responder, upstreamId: RequestId, owner: string, max: number, about: Question): string | undefined {
    const ids = this.#byOwner.get(owner) ?? new Set<string>();
    if (ids.size >= max) {
      refuse(connection, upstreamId, ErrorCode.InternalError, `${max} requests to this client are open already`);
      return undefined;
    }
    const id = `reverse-${++this.#lastId}`;
    this.#open.set(id, { connection, upstreamId, owner, about });
    this.#byOwner.set(owner, ids.add(id));
    return id;
  }

  /** False when it is no longer open. */
  answer(id: string, outcome: RpcOutcome): boolean {
    const open = this.#close(id);
    open?.connection.respond(open.upstreamId, outcome);
    return open !== undefined;
  }

  /** Takes a request back that its server no longer wants answered. @returns our id for it */
  withdraw(connection: Responder, upstreamId: unknown, owner: string): string | undefined {
    const id = this.find(connection, upstreamId, owner);
    return id === undefined ? undefined : this.#close(id) && id;
  }

  /** What is open of an owner, by our ids, in the order in which it was asked. */
  openOf(owner: string): ReadonlyMap<string, Question> {
    const ids = [...(this.#byOwner.get(owner) ?? [])];
    return new Map(ids.map((id) => [id, this.#open.get(id)!.about]));
  }

  /** Our id for a request of a server that is open. */
  find(connection: Responder, upstreamId: unknown, owner: string): string | undefined {
    for (const id of this.#byOwner.get(owner) ?? []) {
      const open = this.#open.get(id);
      if (open?.connection === connection && open.upstreamId === upstreamId) return id;
    }
    return undefined;
  }

  /** Refuses all that an owner leaves unanswered. */
  closeOwner(owner: string): void {
    const ids = this.#byOwner.get(owner);
    if (!ids) return;
    for (const id of ids) {
      const open = this.#open.get(id);
      this.#open.delete(id);
      if (open) refuse(open.connection, open.upstreamId, ErrorCode.ConnectionClosed, 'the client is gone');
    }
    this.#byOwner.delete(owner);
  }

  #close(id: string): Open | undefined {
    const open = this.#open.get(id);
    if (!open) return undefined;
    this.#open.delete(id);
    const ids = this.#byOwner.get(open.owner);
    ids?.delete(id);
    if (ids?.size === 0) this.#byOwner.delete(open.owner);
    return open;
  }
}

export function refuse(connection: Responder, id: RequestId, code: number, message: string): void {
  connection.respond(id, { error: rpcError(code, message) });
}
