import * as z from 'zod';
import { defineEvent } from './define.js';

const identity = { collection: z.string(), id: z.string(), version: z.number().int().positive() };
const document = z.record(z.string(), z.unknown());

export const resourceCreated = defineEvent({
  type: 'resource.created',
  title: 'ResourceCreated',
  owners: ['resource-service'],
  schema: z.object({ ...identity, document }),
});

export const resourceUpdated = defineEvent({
  type: 'resource.updated',
  title: 'ResourceUpdated',
  owners: ['resource-service'],
  schema: z.object({ ...identity, document }),
});

export const resourceDeleted = defineEvent({
  type: 'resource.deleted',
  title: 'ResourceDeleted',
  owners: ['resource-service'],
  schema: z.object(identity),
});

export const resourceEvents = [resourceCreated, resourceUpdated, resourceDeleted] as const;
