import * as z from 'zod';
import { serviceInstanceSchema, SERVICE_STATUSES } from '../service-instance.js';
import { defineEvent } from './define.js';
import { SERVICE_NAMES } from '../services.js';

// Every service registers itself through the directory, so each of them may append these.
export const serviceRegistered = defineEvent({
  type: 'service.registered',
  title: 'ServiceRegistered',
  owners: SERVICE_NAMES,
  schema: z.object({ instance: serviceInstanceSchema }),
});

export const serviceStatusChanged = defineEvent({
  type: 'service.status_changed',
  title: 'ServiceStatusChanged',
  owners: SERVICE_NAMES,
  schema: z.object({
    instanceId: z.string(),
    serviceName: z.string(),
    from: z.enum(SERVICE_STATUSES),
    to: z.enum(SERVICE_STATUSES),
    reason: z.string(),
  }),
});

export const serviceDeregistered = defineEvent({
  type: 'service.deregistered',
  title: 'ServiceDeregistered',
  owners: SERVICE_NAMES,
  schema: z.object({ instanceId: z.string(), serviceName: z.string(), reason: z.string() }),
});

export const serviceEvents = [serviceRegistered, serviceStatusChanged, serviceDeregistered] as const;
