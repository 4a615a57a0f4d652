import { newId, serviceInstanceSchema, type ServiceInstance } from '@signalbox/contracts';
import * as z from 'zod';

const MAX_LISTED = 100;
const { capacity } = serviceInstanceSchema.shape;

/** What `POST /services` takes: a service instance whose optional fields have defaults. */
export const registrationSchema = z.strictObject({
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/,
      'letters, digits and . _ : -, beginning with a letter or digit, at most 100',
    )
    .optional()
    .describe('Made from the service name and a ULID when absent; a known id replaces that instance'),
  serviceName: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      'letters, digits and . _ -, beginning with a letter or digit, at most 100',
    ),
  host: z.string().min(1).max(255),
  port: serviceInstanceSchema.shape.port,
  status: serviceInstanceSchema.shape.status.default('UP'),
  role: serviceInstanceSchema.shape.role.default('worker'),
  capacity: z
    .strictObject({
      maxConcurrentRequests: capacity.shape.maxConcurrentRequests.default(100),
      currentLoad: capacity.shape.currentLoad.default(0),
    })
    .prefault({}),
  features: z.array(z.string().min(1).max(100)).max(MAX_LISTED).default([]),
  tags: z.array(z.string().min(1).max(100)).max(MAX_LISTED).default([]),
  metadata: z
    .record(z.string().min(1).max(100), z.string().max(1_000))
    .refine((entries) => Object.keys(entries).length <= MAX_LISTED, `at most ${MAX_LISTED} entries`)
    .default({}),
  healthCheckUrl: serviceInstanceSchema.shape.healthCheckUrl.describe(
    'Checked from then on; decides between UP and DOWN',
  ),
  registrationTime: z.number().int().positive().optional().describe('Milliseconds since the epoch; default now'),
  lastUpdateTime: z.number().optional().describe('Ignored: it is the time of this request'),
});
export type Registration = z.infer<typeof registrationSchema>;

/** @param now milliseconds since the epoch */
export function instanceOf(registration: Registration, now: number): ServiceInstance {
  const id = registration.id ?? `${registration.serviceName}-${newId()}`;
  return { ...registration, id, registrationTime: registration.registrationTime ?? now, lastUpdateTime: now };
}
