import { Module, type DynamicModule } from '@nestjs/common';
import type { ResourceServiceConfig } from './config.js';
import { DocumentsModule } from './documents/documents.module.js';
import { CreateDocumentController } from './features/create-document/create-document.controller.js';
import { CreateDocumentHandler } from './features/create-document/create-document.handler.js';
import { DeleteDocumentController } from './features/delete-document/delete-document.controller.js';
import { DeleteDocumentHandler } from './features/delete-document/delete-document.handler.js';
import { DocumentVersionsController } from './features/document-versions/document-versions.controller.js';
import { DocumentVersionsHandler } from './features/document-versions/document-versions.handler.js';
import { GetDocumentController } from './features/get-document/get-document.controller.js';
import { ListDocumentsController } from './features/list-documents/list-documents.controller.js';
import { ListDocumentsHandler } from './features/list-documents/list-documents.handler.js';
import { McpModule } from './features/mcp/mcp.module.js';
import { UpdateDocumentController } from './features/update-document/update-document.controller.js';
import { UpdateDocumentHandler } from './features/update-document/update-document.handler.js';
import { ResourceConfigModule } from './resource-config.module.js';

@Module({})
export class ResourceServiceModule {
  static with(config: ResourceServiceConfig): DynamicModule {
    return {
      module: ResourceServiceModule,
      imports: [ResourceConfigModule.with(config), DocumentsModule, McpModule],
      controllers: [
        CreateDocumentController,
        UpdateDocumentController,
        DeleteDocumentController,
        GetDocumentController,
        ListDocumentsController,
        DocumentVersionsController,
      ],
      providers: [
        CreateDocumentHandler,
        UpdateDocumentHandler,
        DeleteDocumentHandler,
        ListDocumentsHandler,
        DocumentVersionsHandler,
      ],
    };
  }
}
