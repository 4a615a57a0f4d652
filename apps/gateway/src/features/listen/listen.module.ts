import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { ForwardModule } from '../forward/forward.module.js';
import { AnswerStreams } from './answer-streams.js';
import { Listens } from './listens.js';

@Module({
  imports: [CatalogueModule, ForwardModule],
  providers: [AnswerStreams, Listens],
  exports: [AnswerStreams, Listens],
})
export class ListenModule {}
