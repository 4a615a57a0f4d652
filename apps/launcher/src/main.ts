#!/usr/bin/env node
import { runProcess } from '@signalbox/platform';
import { launch } from './launch.js';

await runProcess(launch);
