import { UpstreamClosedError, type UpstreamConnection } from '@signalbox/mcp';
import type { BalancedPool } from './balanced-pool.js';

/**
 * Connects to any instance that answers, those first that are well.
 * @throws what the last one that was tried was refused with
 */
export async function connectSome(
  { instances }: BalancedPool,
  connect: (url: string) => Promise<UpstreamConnection>,
): Promise<UpstreamConnection> {
  const order = ['up', 'ill', 'down'];
  const tried = [...instances].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  let refused: unknown = new UpstreamClosedError('has no instances', false);
  for (const instance of tried) {
    try {
      // one that hangs is given up when its watch has found that out
      return await instance.orDown(connect(instance.id));
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}
