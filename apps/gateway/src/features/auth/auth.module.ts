import { Module } from '@nestjs/common';
import { Authenticator } from './authenticator.js';
import { FrontGuard } from './front-guard.js';

@Module({ providers: [Authenticator, FrontGuard], exports: [FrontGuard] })
export class AuthModule {}
