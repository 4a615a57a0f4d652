import type { ServiceName } from '@signalbox/contracts';
import { oneLine } from './clean.js';
import { CliError, EXIT } from './exit-codes.js';

interface Problem {
  readonly title?: unknown;
  readonly detail?: unknown;
}

/** A service that does not answer: what that means, and what to do. */
export function unreachable(service: ServiceName, origin: string, error: Error & { code?: unknown }): CliError {
  const late = error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_BODY_TIMEOUT';
  if (late) {
    return new CliError(`The ${service} at ${origin} did not answer in time.`, EXIT.unreachable, [
      'Wait longer with --timeout SECONDS, or look what is wrong with "signalbox doctor".',
    ]);
  }
  return new CliError(`The ${service} does not answer at ${origin} (${reasonOf(error)}).`, EXIT.unreachable, [
    'Start Signalbox with "npm start", or say where its gateway is: --url http://HOST:3000, SIGNALBOX_URL or SIGNALBOX_PORT_BASE.',
    '"signalbox doctor" looks at this machine and says what is wrong.',
  ]);
}

/** What a service answered in place of a result, by the title and detail of its problem (RFC 9457). */
export function problemError(service: ServiceName, status: number, value: unknown, text: string): CliError {
  if (typeof value !== 'object' || value === null) {
    return new CliError(`The ${service} answered with ${status} and no JSON: ${oneLine(text, 200)}`, EXIT.failed, [
      'Is that address a Signalbox?',
    ]);
  }
  const { title, detail } = value as Problem;
  const said = [title, detail].filter((part) => typeof part === 'string' && part !== '').join(': ');
  const hints =
    status === 401 ? ['The gateway wants a bearer token: put it into SIGNALBOX_TOKEN.'] : nearestHint(value as object);
  return new CliError(said || `The ${service} answered with ${status}.`, EXIT.failed, hints);
}

/** Where the detail does not say it already. */
function nearestHint(problem: { readonly errors?: unknown; readonly detail?: unknown }): string[] {
  if (!Array.isArray(problem.errors)) return [];
  return (problem.errors as { path?: unknown; message?: unknown }[])
    .map(({ path, message }) => [path, message].filter(Boolean).join(': '))
    .filter((line) => line !== '' && !String(problem.detail ?? '').includes(line));
}

function reasonOf(error: Error & { code?: unknown; cause?: unknown }): string {
  const { code } = error;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host';
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined)?.message : undefined;
  return error.message || inner || String(code);
}
