import { Module } from '@nestjs/common';
import { FederationSettings } from './federation-settings.js';
import { Suite } from './suite.js';

@Module({ providers: [FederationSettings, Suite], exports: [FederationSettings, Suite] })
export class FederationModule {}
