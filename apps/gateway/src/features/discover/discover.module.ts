import { Module } from '@nestjs/common';
import { MethodsModule } from '../methods/methods.module.js';
import { DiscoverRoutes } from './discover-routes.js';

@Module({ imports: [MethodsModule], providers: [DiscoverRoutes] })
export class DiscoverModule {}
