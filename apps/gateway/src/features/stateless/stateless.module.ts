import { Module } from '@nestjs/common';
import { DiscoverModule } from '../discover/discover.module.js';
import { ForwardModule } from '../forward/forward.module.js';
import { ListenModule } from '../listen/listen.module.js';
import { MethodsModule } from '../methods/methods.module.js';
import { ParkedModule } from '../parked/parked.module.js';
import { RequestChecks } from './request-checks.js';
import { StatelessEra } from './stateless-era.js';
import { StatelessRunner } from './stateless-runner.js';
import { StatelessSurroundings } from './stateless-surroundings.js';

@Module({
  imports: [DiscoverModule, ForwardModule, ListenModule, MethodsModule, ParkedModule],
  providers: [RequestChecks, StatelessEra, StatelessRunner, StatelessSurroundings],
  exports: [StatelessEra, StatelessRunner, ListenModule],
})
export class StatelessModule {}
