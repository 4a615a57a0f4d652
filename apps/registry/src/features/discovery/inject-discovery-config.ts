import { Inject } from '@nestjs/common';

export const DISCOVERY_CONFIG = Symbol('DiscoveryConfig');

export const InjectDiscoveryConfig = () => Inject(DISCOVERY_CONFIG);
