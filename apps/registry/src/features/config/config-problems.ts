import { ProblemException } from '@signalbox/nest-kit';
import type { ConfigSource, LiveConfiguration } from '@signalbox/ports';

/** @throws ProblemException 501 when this registry's configuration stays as it is */
export function liveOf({ live }: ConfigSource): LiveConfiguration {
  if (live !== undefined) return live;
  throw new ProblemException(501, 'Not Implemented', {
    detail: 'this registry has a configuration that stays as it is',
  });
}

export function unknownVersion(version: number, newest: number): ProblemException {
  const known = newest === 0 ? 'there is none yet' : `1 to ${newest} are known`;
  return new ProblemException(404, 'Not Found', {
    detail: `no version ${version} of the configuration; ${known}`,
    version,
  });
}
