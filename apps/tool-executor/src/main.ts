import { runService } from '@signalbox/platform';
import { start } from './index.js';

await runService('tool-executor', start);
