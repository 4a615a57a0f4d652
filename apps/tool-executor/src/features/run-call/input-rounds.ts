import { setTimeout as pause } from 'node:timers/promises';
import type { ClientContext, ExecuteCommand } from '@signalbox/contracts';
import {
  ErrorCode,
  isOfStatelessEra,
  rpcError,
  UpstreamProtocolError,
  type Params,
  type RpcOutcome,
} from '@signalbox/mcp';
import type { RunningRequest } from './running-request.js';

type Fields = Readonly<Record<string, unknown>>;

interface InputRequired {
  readonly inputRequests?: Readonly<Record<string, { method: string; params?: object }>>;
  readonly requestState?: unknown;
}

/** Longest wait before a server is asked again that wants nothing but to be asked again. */
const MAX_PAUSE_MS = 1_000;
const FIRST_PAUSE_MS = 50;

/** What a client must be able to do to be asked this. */
const NEEDED: Readonly<Record<string, string>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
};

/**
 * A request of a client of the legacy era to a modern server. Where the server answers that it needs input, which such a
 * client would not understand, the client is asked in its own way, and the request is made again with its answers. A client
 * of the modern era gets the server's answer as it is, unless its call is a task: that goes on where it is.
 */
export class InputRounds {
  /** What to send next: the client's params, or those with its answers. */
  params: Params | undefined;
  #round = 0;

  constructor(
    private readonly request: RunningRequest,
    private readonly maxRounds: number,
  ) {
    this.params = request.command.params;
  }

  /**
   * Takes an answer of the server.
   * @returns what the client is to get; undefined when {@link params} are to be sent
   * @throws CancelledError, DeadlineError, or UpstreamProtocolError when the server asks for ever
   */
  async take(outcome: RpcOutcome): Promise<RpcOutcome | undefined> {
    const asked = inputRequired(outcome);
    const { client, params, call } = this.request.command;
    if (!asked || passesInput(client, call)) return outcome;
    if (++this.#round > this.maxRounds) {
      throw new UpstreamProtocolError(`asked for input ${this.#round} times; at most ${this.maxRounds} are answered`);
    }
    const { inputRequests, requestState } = asked;
    const state = requestState === undefined ? {} : { requestState };
    if (inputRequests === undefined) {
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** this.#round, MAX_PAUSE_MS));
      this.params = { ...params, ...state };
      return undefined;
    }
    const answers = await this.#ask(inputRequests, client);
    if ('error' in answers) return answers;
    this.params = { ...params, inputResponses: answers.result, ...state };
    return undefined;
  }

  /** Asks everything at once. An answer that is an error is the client's answer to its request as a whole. */
  async #ask(asked: NonNullable<InputRequired['inputRequests']>, client: ClientContext): Promise<RpcOutcome> {
    const entries = Object.entries(asked);
    for (const [, { method, params }] of entries) {
      const refusal = whyNot(method, params as Fields | undefined, client);
      if (refusal) return { error: refusal };
    }
    const outcomes = await Promise.all(entries.map(([, { method, params }]) => this.request.ask(method, params)));
    const responses: Record<string, unknown> = {};
    for (const [index, outcome] of outcomes.entries()) {
      if ('error' in outcome) return outcome;
      responses[entries[index]![0]] = outcome.result;
    }
    return { result: responses };
  }
}

/** A client of the modern era understands the question, unless its call has become a task by now. */
function passesInput({ protocolVersion }: ClientContext, call: ExecuteCommand['call']): boolean {
  return isOfStatelessEra(protocolVersion) && Date.now() < (call?.task?.passInputUntil ?? Infinity);
}

function inputRequired(outcome: RpcOutcome): InputRequired | undefined {
  const result = 'result' in outcome ? (outcome.result as (Fields & InputRequired) | null | undefined) : undefined;
  return result?.['resultType'] === 'input_required' ? result : undefined;
}

/** Why a client cannot be asked, as the error of 2026-07-28 for it; undefined when it can. */
function whyNot(method: string, params: Fields | undefined, { capabilities }: ClientContext) {
  const needed = NEEDED[method];
  if (needed === undefined) {
    return rpcError(
      ErrorCode.InternalError,
      `the server asks the client for ${method}, which MCP does not provide for`,
    );
  }
  const has = capabilities?.[needed] as Fields | undefined;
  // a client that names no mode has forms
  const isUrl = needed === 'elicitation' && params?.['mode'] === 'url';
  if (has !== undefined && !(isUrl && has['url'] === undefined)) return undefined;
  const what = isUrl ? 'elicitation by URL' : needed;
  const requiredCapabilities = { [needed]: isUrl ? { url: {} } : {} };
  return rpcError(
    ErrorCode.MissingCapability,
    `the server needs ${what}, and the client that called it has none to offer`,
    { requiredCapabilities },
  );
}
