import { Module } from '@nestjs/common';
import { ParkedCalls } from './parked-calls.js';

@Module({ providers: [ParkedCalls], exports: [ParkedCalls] })
export class ParkedModule {}
