import { nearestNames } from '@signalbox/mcp';
import { ProblemException } from '@signalbox/nest-kit';

/** @param servers the names that there are */
export function unknownServer(name: string, servers: readonly string[]): ProblemException {
  const nearest = nearestNames(name, servers);
  const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(', ')}?`;
  return new ProblemException(404, 'Not Found', {
    detail: `no server is called ${name}${hint}`,
    name,
    nearest,
    servers,
  });
}
