import type { InitializeResult } from '../../initialize.js';
import { UpstreamProtocolError } from '../errors.js';
import type { ConnectOptions, UpstreamRequestOptions } from '../upstream.js';
import { withEnvelope } from './envelope.js';
import { judgeDiscovery, judgeFailure, undiscovered, type Verdict } from './probe.js';
import type { ModernWire } from './wire.js';

/** Asks a server what it speaks; once more where it refuses a revision that it says to have. */
export async function discover(
  wire: Pick<ModernWire, 'request'>,
  options: ConnectOptions,
  asked: UpstreamRequestOptions,
): Promise<Exclude<Verdict, { kind: 'again' }>> {
  for (let tries = 1; ; tries++) {
    const envelope = withEnvelope(undefined, undefined, options);
    const verdict = await wire.request('server/discover', envelope, asked).then(judgeDiscovery, judgeFailure);
    if (verdict.kind !== 'again') return verdict;
    if (tries > 1) {
      const error = new UpstreamProtocolError('the server refuses a revision of MCP that it says to speak');
      return { kind: 'error', error };
    }
  }
}

/**
 * The modern server behind a verdict; undefined when it is a legacy one.
 * @throws what kept the verdict from being made, or UpstreamProtocolError when the server must be modern and is not
 */
export function modernOf(verdict: Verdict, era: ConnectOptions['era']): InitializeResult | undefined {
  if (verdict.kind === 'modern') return verdict.initialize;
  if (verdict.kind === 'error') throw verdict.error;
  if (era !== 'modern') return undefined;
  if (verdict.kind === 'legacy' && verdict.isUnknownMethod === true) return undiscovered();
  const because = verdict.kind === 'legacy' ? `: ${verdict.because}` : '';
  throw new UpstreamProtocolError(`the server is configured as one of the modern era, which it is not${because}`);
}
