import { Inject, Module, type DynamicModule } from '@nestjs/common';
import type { RegistryConfig } from './config.js';

const REGISTRY_CONFIG = Symbol('RegistryConfig');

export const InjectRegistryConfig = () => Inject(REGISTRY_CONFIG);

/** Gives every feature the registry's own configuration. */
@Module({})
export class RegistryConfigModule {
  static with(config: RegistryConfig): DynamicModule {
    const provider = { provide: REGISTRY_CONFIG, useValue: config };
    return { module: RegistryConfigModule, global: true, providers: [provider], exports: [provider] };
  }
}
