import { Module } from '@nestjs/common';
import { AsOfModule } from '../as-of/as-of.module.js';
import { ServersModule } from '../servers/servers.module.js';
import { PeerBook } from './peer-book.js';
import { PeersController } from './peers.controller.js';

@Module({ imports: [AsOfModule, ServersModule], controllers: [PeersController], providers: [PeerBook] })
export class PeersModule {}
