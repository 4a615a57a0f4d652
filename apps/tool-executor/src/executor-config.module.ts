import { Inject, Module, type DynamicModule } from '@nestjs/common';
import type { ExecutorConfig } from './config.js';

export const EXECUTOR_CONFIG = Symbol('ExecutorConfig');

export const InjectExecutorConfig = () => Inject(EXECUTOR_CONFIG);

/** Gives every feature the executor's own configuration. */
@Module({})
export class ExecutorConfigModule {
  static with(config: ExecutorConfig): DynamicModule {
    const provider = { provide: EXECUTOR_CONFIG, useValue: config };
    return { module: ExecutorConfigModule, global: true, providers: [provider], exports: [provider] };
  }
}
