import { Module } from '@nestjs/common';
import { CallToolModule } from '../call-tool/call-tool.module.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { SearchController } from './search.controller.js';
import { ToolSearch } from './tool-search.js';

@Module({ imports: [CatalogueModule, CallToolModule], controllers: [SearchController], providers: [ToolSearch] })
export class SearchModule {}
