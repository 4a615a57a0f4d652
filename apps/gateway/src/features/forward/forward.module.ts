import { Module } from '@nestjs/common';
import { Backends } from './backends.js';
import { UpstreamForwarder } from './upstream-forwarder.js';

@Module({ providers: [Backends, UpstreamForwarder], exports: [Backends, UpstreamForwarder] })
export class ForwardModule {}
