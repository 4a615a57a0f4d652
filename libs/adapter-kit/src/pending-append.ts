import {
  CommitTooLargeError,
  InvalidAppendError,
  MAX_COMMIT_BYTES,
  MAX_EVENTS_PER_COMMIT,
  type AppendRequest,
  type AppendResult,
  type Commit,
  type CommitBody,
} from '@signalbox/ports';

export const MAX_ID_CHARACTERS = { stream: 256, commitId: 128, correlationId: 256, claim: 256 } as const;
export const MAX_CLAIMS = 64;

/** An append between its call and its answer. */
export class PendingAppend<C extends Commit> {
  readonly promise: Promise<AppendResult>;
  /** The events as JSON text: an array's. */
  readonly eventsJson: string;
  /** What became of it in the transaction; told to the caller when that is committed. */
  outcome: AppendResult | Error | undefined;
  commit: C | undefined;
  resolve!: (result: AppendResult) => void;
  reject!: (error: Error) => void;

  /**
   * @throws InvalidAppendError, CommitTooLargeError for what no retry would change
   */
  constructor(
    readonly request: AppendRequest,
    readonly partition: string,
  ) {
    validate(request);
    this.eventsJson = serialiseEvents(request);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /**
   * The body of the commit: JSON text of a CommitBody.
   * @throws CommitTooLargeError
   */
  body(firstVersion: number, time: string): string {
    const { stream, commitId, metadata } = this.request;
    const { actor, correlationId, causationId, traceparent } = metadata;
    const body =
      `{"stream":${JSON.stringify(stream)},"firstVersion":${firstVersion},"commitId":${JSON.stringify(commitId)},"time":"${time}"` +
      `,"actor":${JSON.stringify(actor)},"correlationId":${JSON.stringify(correlationId)}` +
      (causationId === undefined ? '' : `,"causationId":${JSON.stringify(causationId)}`) +
      (traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`) +
      `,"events":${this.eventsJson}}`;
    checkSize(body);
    return body;
  }

  /** What {@link body} parses to, without the parsing. */
  parsedBody(firstVersion: number, time: string): CommitBody {
    const { stream, commitId, events, metadata } = this.request;
    const { actor, correlationId, causationId, traceparent } = metadata;
    return { stream, firstVersion, commitId, time, actor, correlationId, causationId, traceparent, events };
  }
}

function serialiseEvents({ events }: AppendRequest): string {
  let json = '[';
  for (const { id, type, schemaVersion, data } of events) {
    let text: string | undefined;
    try {
      text = JSON.stringify(data);
    } catch (cause) {
      throw new InvalidAppendError(`the data of a ${type} event is not JSON: ${(cause as Error).message}`, { cause });
    }
    if (text === undefined) throw new InvalidAppendError(`the data of a ${type} event is not JSON: ${typeof data}`);
    if (json.length > 1) json += ',';
    json += `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"schemaVersion":${schemaVersion},"data":${text}}`;
  }
  json += ']';
  checkSize(json);
  return json;
}

/** UTF-8 takes at most three bytes per UTF-16 unit, so short texts need not be measured. */
function checkSize(json: string): void {
  if (json.length * 3 <= MAX_COMMIT_BYTES) return;
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_COMMIT_BYTES) throw new CommitTooLargeError(`${bytes} bytes`);
}

function validate({ stream, expectedVersion, events, commitId, claims, metadata }: AppendRequest): void {
  checkId('stream', stream, MAX_ID_CHARACTERS.stream);
  checkId('commitId', commitId, MAX_ID_CHARACTERS.commitId);
  checkId('correlationId', metadata.correlationId, MAX_ID_CHARACTERS.correlationId);
  if (expectedVersion !== 'any' && !(Number.isSafeInteger(expectedVersion) && expectedVersion >= 0)) {
    throw new InvalidAppendError(
      `expectedVersion is ${String(expectedVersion)}; 'any' or an integer from 0 is allowed`,
    );
  }
  if (events.length === 0) throw new InvalidAppendError('a commit has at least one event');
  if (events.length > MAX_EVENTS_PER_COMMIT) throw new CommitTooLargeError(`${events.length} events`);
  if (claims === undefined) return;
  if (claims.length > MAX_CLAIMS)
    throw new InvalidAppendError(`${claims.length} claims; at most ${MAX_CLAIMS} are allowed`);
  for (const claim of claims) checkId('claim', claim, MAX_ID_CHARACTERS.claim);
}

function checkId(what: string, id: string, max: number): void {
  if (typeof id !== 'string' || id.length === 0 || id.length > max) {
    const is = typeof id === 'string' ? `${id.length} characters` : typeof id;
    throw new InvalidAppendError(`${what} is ${is} long; 1 to ${max} characters are allowed`);
  }
}
