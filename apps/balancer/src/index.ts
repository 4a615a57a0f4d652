export { startBalancer, type RunningBalancer } from './balancer.js';
export { parseBalancerConfig, type BalancerConfig, type Route } from './config.js';
