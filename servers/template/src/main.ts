#!/usr/bin/env node
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createServer } from './server.js';

// standard output belongs to the protocol: whatever a server wants to say goes to standard error
serveStdio(() => createServer(), { onerror: (error) => console.error(error) });
