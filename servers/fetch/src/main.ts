#!/usr/bin/env node
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { AllowList } from './address-guard.js';
import { createServer } from './server.js';

const allow = new AllowList(process.env.SIGNALBOX_FETCH_ALLOW ?? '');
serveStdio(() => createServer(allow), { onerror: (error) => console.error(error) });
