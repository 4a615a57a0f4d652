import { Inject, Module, type DynamicModule } from '@nestjs/common';
import type { ResourceServiceConfig } from './config.js';

const RESOURCE_SERVICE_CONFIG = Symbol('ResourceServiceConfig');

export const InjectResourceServiceConfig = () => Inject(RESOURCE_SERVICE_CONFIG);

/** Gives every feature the service's own configuration. */
@Module({})
export class ResourceConfigModule {
  static with(config: ResourceServiceConfig): DynamicModule {
    const provider = { provide: RESOURCE_SERVICE_CONFIG, useValue: config };
    return { module: ResourceConfigModule, global: true, providers: [provider], exports: [provider] };
  }
}
