import { Global, Inject, Module, type DynamicModule } from '@nestjs/common';
import type { GatewayConfig } from './config.js';

export const GATEWAY_CONFIG = Symbol('GatewayConfig');

export const InjectGatewayConfig = () => Inject(GATEWAY_CONFIG);

/** The gateway's configuration, for every feature. */
@Global()
@Module({})
export class GatewayConfigModule {
  static with(config: GatewayConfig): DynamicModule {
    const provider = { provide: GATEWAY_CONFIG, useValue: config };
    return { module: GatewayConfigModule, providers: [provider], exports: [provider] };
  }
}
