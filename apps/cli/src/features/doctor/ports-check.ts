import { createServer } from 'node:net';
import { request } from 'undici';
import type { Inspected } from '../../surroundings.js';
import { ok, wrong, type Finding } from './finding.js';

type Place = Inspected['places'][number];

const ANSWER_WITHIN_MS = 5_000;

export interface PortsFound {
  readonly findings: readonly Finding[];
  /** Services of a Signalbox that runs here. */
  readonly running: readonly Place[];
}

/** Whether each service's port is free, or has that very service on it. */
export async function checkPorts(places: readonly Place[]): Promise<PortsFound> {
  const states = await Promise.all(places.map(stateOf));
  const running = places.filter((_place, at) => states[at]!.isOurs);
  return { findings: states.map(({ finding }) => finding), running };
}

async function stateOf(place: Place): Promise<{ finding: Finding; isOurs: boolean }> {
  const { service, bind, port, url } = place;
  const check = `port ${port}`;
  const code = await listenError(bind, port);
  if (code === undefined) return { finding: ok(check, `free, for the ${service}`), isOurs: false };
  if (code === 'EADDRINUSE' && (await isOurs(place))) {
    return { finding: ok(check, `the ${service} runs here`), isOurs: true };
  }
  return { finding: refusal(check, place, code, url), isOurs: false };
}

function refusal(check: string, { service, bind }: Place, code: string, url: string): Finding {
  switch (code) {
    case 'EADDRINUSE':
      return wrong(
        check,
        `another program listens at ${url}, where the ${service} would`,
        'End that program, or set SIGNALBOX_PORT_BASE to the first of five free ports.',
      );
    case 'EACCES':
      return wrong(
        check,
        `this user may not listen there`,
        'Set SIGNALBOX_PORT_BASE to 1024 or more, or run as a user who may.',
      );
    case 'EADDRNOTAVAIL':
      return wrong(check, `${bind} is no address of this machine`, 'Set SIGNALBOX_BIND to one that is, or to 0.0.0.0.');
    default:
      return wrong(check, `cannot be listened on: ${code}`, 'Set SIGNALBOX_PORT_BASE and SIGNALBOX_BIND to what can.');
  }
}

/** @returns undefined when one can listen there */
function listenError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** Its OpenAPI document says whose port it is. */
async function isOurs({ service, url }: Place): Promise<boolean> {
  try {
    const options = { headersTimeout: ANSWER_WITHIN_MS, bodyTimeout: ANSWER_WITHIN_MS };
    const answer = await request(`${url}/openapi.json`, options);
    const { info } = (await answer.body.json()) as { info?: { title?: unknown } };
    return String(info?.title).toLowerCase().replace(' service', '-service') === `signalbox ${service}`;
  } catch {
    return false;
  }
}
