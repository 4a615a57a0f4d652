import * as z from 'zod';
import { defineEvent } from './define.js';

export const sessionOpened = defineEvent({
  type: 'session.opened',
  title: 'SessionOpened',
  owners: ['gateway'],
  schema: z.object({
    sessionId: z.string(),
    gateway: z.string(),
    principal: z.string(),
    protocolVersion: z.string(),
    client: z.looseObject({ name: z.string(), version: z.string() }),
    capabilities: z.record(z.string(), z.unknown()),
    /** The one server that the session sees, for `/servers/:server/mcp`. */
    server: z.string().optional(),
    /** SHA-256 in hex of the secret part of `Mcp-Session-Id`; a session without it cannot go on at another gateway. */
    secretHash: z.string().optional(),
  }),
});

/** Something about a session that another gateway needs to go on with it; with nothing in it, that the session is in use. */
export const sessionChanged = defineEvent({
  type: 'session.changed',
  title: 'SessionChanged',
  owners: ['gateway'],
  schema: z.object({
    sessionId: z.string(),
    /** Where the session is used. */
    gateway: z.string(),
    /** What `logging/setLevel` asked for. */
    logLevel: z.string().optional(),
  }),
});

export const sessionClosed = defineEvent({
  type: 'session.closed',
  title: 'SessionClosed',
  owners: ['gateway'],
  schema: z.object({ sessionId: z.string(), reason: z.enum(['client', 'idle', 'shutdown', 'limit']) }),
});

export const sessionEvents = [sessionOpened, sessionChanged, sessionClosed] as const;
