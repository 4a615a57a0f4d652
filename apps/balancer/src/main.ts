import { runProcess } from '@signalbox/platform';
import { parseBalancerConfig, startBalancer } from './index.js';

await runProcess(async ({ config, logger, shutdown }) => {
  const balancer = await startBalancer(parseBalancerConfig(config.env));
  shutdown.add('balancer', () => balancer.stop());
  logger.info({ ports: balancer.ports }, 'balancer is up');
});
