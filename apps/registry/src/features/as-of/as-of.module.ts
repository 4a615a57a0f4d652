import { Module } from '@nestjs/common';
import { PastLog } from './past-log.js';

@Module({ providers: [PastLog], exports: [PastLog] })
export class AsOfModule {}
