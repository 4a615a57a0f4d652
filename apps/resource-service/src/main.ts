import { runService } from '@signalbox/platform';
import { checks, start } from './index.js';

await runService('resource-service', start, checks);
