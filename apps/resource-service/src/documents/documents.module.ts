import { Module } from '@nestjs/common';
import { DocumentReader } from './document-reader.js';
import { DocumentWriter } from './document-writer.js';
import { DocumentsRunner } from './documents.runner.js';

@Module({
  providers: [DocumentReader, DocumentWriter, DocumentsRunner],
  exports: [DocumentReader, DocumentWriter, DocumentsRunner],
})
export class DocumentsModule {}
