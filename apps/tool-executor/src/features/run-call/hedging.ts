import { Injectable } from '@nestjs/common';
import type { ExecuteReply, HedgeSettings } from '@signalbox/contracts';
import { Latencies } from '@signalbox/domain/balancing';
import { MAX_ATTEMPTS } from '@signalbox/domain/call';
import type { Inbound } from '@signalbox/mcp';
import { InjectMetrics, InjectTracer } from '@signalbox/nest-kit';
import type { Tracer } from '@signalbox/ports';
import { Counter, type Registry } from 'prom-client';
import type { UpstreamServer } from '../connections/upstream-server.js';
import { RetryBudget } from '../recover-calls/retry-budget.js';
import { BackgroundAppends } from './background-appends.js';
import { CallRunner } from './call-runner.js';
import { Race } from './race.js';
import { RunningRequest } from './running-request.js';

/** Tools whose latencies are kept; the oldest is forgotten first. */
const MAX_TOOLS = 1_000;
const ASKS = 'it asks the client, who is asked by the attempt before it';

/** Runs a call, and where that is switched on sends a `read` that takes long to another instance as well (Dean and Barroso 2013). */
@Injectable()
export class Hedging {
  readonly #latencies = new Map<string, Latencies>();
  readonly #hedges: Counter<'server' | 'result'>;

  constructor(
    private readonly calls: CallRunner,
    readonly budget: RetryBudget,
    private readonly background: BackgroundAppends,
    @InjectTracer() private readonly tracer: Tracer,
    @InjectMetrics() registry: Registry,
  ) {
    this.#hedges = new Counter({
      name: 'signalbox_hedges_total',
      help: 'Second tries of read calls at another instance, by what came of them; no_budget: not made',
      labelNames: ['server', 'result'],
      registers: [registry],
    });
  }

  /** @returns as {@link CallRunner.run} */
  run(server: UpstreamServer, request: RunningRequest): Promise<ExecuteReply | undefined> {
    const hedge = server.balanced && server.definition.settings.balancing?.hedge;
    const { safetyClass, task } = request.command.call!;
    if (!hedge || safetyClass !== 'read' || task) return this.calls.run(server, request);
    return this.#hedged(server, request, hedge);
  }

  #hedged(server: UpstreamServer, first: RunningRequest, hedge: HedgeSettings): Promise<ExecuteReply | undefined> {
    const race = (first.race = new Race());
    const latencies = this.#latenciesOf(server.name, first.command.call!.tool);
    let timer: NodeJS.Timeout | undefined;
    let last = first;
    let lastReply: ExecuteReply | undefined;
    const answered = new Promise<ExecuteReply | undefined>((resolve, reject) => {
      const ended = (request: RunningRequest, begun: number, reply: ExecuteReply | undefined): void => {
        race.leave(request);
        const hasWon = race.winner === request;
        if (hasWon) latencies.add(performance.now() - begun);
        if (request !== first) {
          request.span.end();
          this.#count(server.name, hasWon ? 'won' : 'lost');
        }
        // where none has a good answer, the call ends as its last attempt does
        if (request === last || lastReply === undefined) lastReply = reply;
        const isTaken = request === first && !reply;
        if (hasWon || isTaken) resolve(reply);
        else if (!race.winner && race.size === 0) resolve(lastReply);
      };
      const run = (request: RunningRequest): void => {
        race.join(request);
        const begun = performance.now();
        const end = (reply: ExecuteReply | undefined) => ended(request, begun, reply);
        this.background.add(this.calls.run(server, request).then(end, reject));
      };
      const next = (): void => {
        const afterMs = hedge.afterMs ?? latencies.percentile(hedge.percentile!);
        const made = last.command.call!.attempt - first.command.call!.attempt;
        if (afterMs === undefined || made >= hedge.maxExtra) return;
        timer = setTimeout(() => {
          // one that has no connection yet is not slow: its server is busy
          if (last.phase === 'waiting') return next();
          const twin = this.#twin(server, first, last);
          if (!twin) return;
          last = twin;
          run(twin);
          next();
        }, afterMs);
      };
      run(first);
      next();
    });
    return answered.finally(() => clearTimeout(timer));
  }

  /** One more attempt, if one may be made. */
  #twin(server: UpstreamServer, first: RunningRequest, last: RunningRequest): RunningRequest | undefined {
    const { race, pooled } = last;
    const { command } = first;
    const call = command.call!;
    const attempt = last.command.call!.attempt + 1;
    const url = pooled?.url;
    const isOver = race!.winner !== undefined || race!.size === 0 || first.cancelled !== undefined;
    if (isOver || first.hasAsked || url === undefined || attempt > MAX_ATTEMPTS) return undefined;
    // its session, and what the server keeps for it, is at this instance and at no other
    const { dialect, sessionId } = pooled!.connection;
    const isBound = dialect.transport !== 'http' || sessionId !== undefined;
    if (isBound && command.client.sessionId !== undefined) return undefined;
    const avoided = new Set([...(first.avoided ?? []), ...(last.avoided ?? []), url]);
    if (!server.balanced!.hasOther(avoided)) return undefined;
    if (!this.budget.hasRoom) return void this.#count(server.name, 'no_budget');
    this.budget.spend();
    const span = this.tracer.startSpan(`hedge ${call.tool}`, {
      kind: 'internal',
      parent: command.traceparent,
      attributes: { 'signalbox.server': server.name, 'signalbox.attempt': attempt },
    });
    const again = { ...command, traceparent: span.traceparent, call: { ...call, attempt } };
    // what it says on its way is said by the first already
    const ignore = (asking: RunningRequest, _: unknown, message: Inbound) => {
      if ('id' in message) asking.cancel(ASKS);
    };
    const twin = new RunningRequest(again, first.deadline, first.receivedAt, ignore, span);
    (first.twins ??= []).push(twin);
    return Object.assign(twin, { race, avoided, isHedge: true });
  }

  #latenciesOf(server: string, tool: string): Latencies {
    const key = `${server}\n${tool}`;
    let latencies = this.#latencies.get(key);
    if (latencies) return latencies;
    if (this.#latencies.size >= MAX_TOOLS) this.#latencies.delete(this.#latencies.keys().next().value!);
    this.#latencies.set(key, (latencies = new Latencies()));
    return latencies;
  }

  #count(server: string, result: 'won' | 'lost' | 'no_budget'): void {
    this.#hedges.inc({ server, result });
  }
}
