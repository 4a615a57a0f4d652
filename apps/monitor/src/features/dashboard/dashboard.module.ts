import { Module } from '@nestjs/common';
import { fileURLToPath } from 'node:url';
import { OverviewController } from './overview.controller.js';
import { OverviewService } from './overview.service.js';
import { PageController, PUBLIC_FILES } from './page.controller.js';
import { readPublicFiles } from './public-files.js';

const PUBLIC_FOLDER = fileURLToPath(new URL('../../../public', import.meta.url));

@Module({
  controllers: [PageController, OverviewController],
  providers: [OverviewService, { provide: PUBLIC_FILES, useFactory: () => readPublicFiles(PUBLIC_FOLDER) }],
})
export class DashboardModule {}
