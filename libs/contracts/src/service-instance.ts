import * as z from 'zod';

export const SERVICE_STATUSES = ['STARTING', 'UP', 'DOWN', 'OUT_OF_SERVICE'] as const;
export type ServiceStatus = (typeof SERVICE_STATUSES)[number];

/** A running instance of a service (DESIGN section 5). Times are milliseconds since the epoch. */
export const serviceInstanceSchema = z.object({
  id: z.string().min(1).max(200),
  serviceName: z.string().min(1).max(100),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535),
  status: z.enum(SERVICE_STATUSES),
  role: z.enum(['master', 'worker', 'specialized']),
  capacity: z.object({ maxConcurrentRequests: z.number().int().positive(), currentLoad: z.number().nonnegative() }),
  features: z.array(z.string()),
  tags: z.array(z.string()),
  metadata: z.record(z.string(), z.string()),
  healthCheckUrl: z.url({ protocol: /^https?$/ }).optional(),
  registrationTime: z.number().int(),
  lastUpdateTime: z.number().int(),
});
export type ServiceInstance = z.infer<typeof serviceInstanceSchema>;
