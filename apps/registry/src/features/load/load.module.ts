import { Module } from '@nestjs/common';
import { LoadBoard } from './load-board.js';

@Module({ providers: [LoadBoard], exports: [LoadBoard] })
export class LoadModule {}
