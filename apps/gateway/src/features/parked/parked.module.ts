import { Module } from '@nestjs/common';
import { ResumeModule } from '../resume/resume.module.js';
import { ParkedCalls } from './parked-calls.js';

@Module({ imports: [ResumeModule], providers: [ParkedCalls], exports: [ParkedCalls] })
export class ParkedModule {}
