import { Module } from '@nestjs/common';
import { DocumentsModule } from '../../documents/documents.module.js';
import { DocumentResources } from './document-resources.js';
import { ResourcesMcp } from './resources-mcp.js';

@Module({ imports: [DocumentsModule], providers: [DocumentResources, ResourcesMcp] })
export class McpModule {}
