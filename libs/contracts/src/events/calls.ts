import * as z from 'zod';
import { payloadSchema } from '../payload.js';
import { defineEvent } from './define.js';

/** DESIGN section 2: what a retry may do with a tool. */
export const SAFETY_CLASSES = ['read', 'idempotent', 'keyed', 'unsafe'] as const;
export const safetyClassSchema = z.enum(SAFETY_CLASSES);
export type SafetyClass = z.infer<typeof safetyClassSchema>;

const attempt = z.number().int().positive();
const milliseconds = z.number().nonnegative();
const ofAttempt = { callId: z.string(), attempt };

export const toolCallRequested = defineEvent({
  type: 'tool.call.requested',
  title: 'ToolCallRequested',
  owners: ['gateway'],
  schema: z.object({
    callId: z.string(),
    server: z.string(),
    /** The tool's name at its server. */
    tool: z.string(),
    /** The name under which the client called it. */
    calledAs: z.string(),
    /** SHA-256 of the tool's definition in RFC 8785 form, as the gateway's catalogue had it. */
    definitionHash: z.string().optional(),
    safetyClass: safetyClassSchema,
    arguments: payloadSchema,
    principal: z.string(),
    via: z.enum(['mcp', 'rest']),
    /** The suites that it has come through, where peers have sent it, the first one first. */
    suites: z.array(z.string()).optional(),
    sessionId: z.string().optional(),
    client: z.object({ name: z.string(), version: z.string() }).optional(),
    /** RFC 3339. */
    deadline: z.string(),
  }),
});

export const toolCallStarted = defineEvent({
  type: 'tool.call.started',
  title: 'ToolCallStarted',
  owners: ['tool-executor'],
  schema: z.object({
    ...ofAttempt,
    server: z.string(),
    tool: z.string(),
    executor: z.string(),
    waitedMs: milliseconds,
    /** It runs beside the attempt before it, which takes long; the first good answer ends the call. */
    hedge: z.boolean().optional(),
  }),
});

export const toolCallProgressed = defineEvent({
  type: 'tool.call.progressed',
  title: 'ToolCallProgressed',
  owners: ['tool-executor'],
  schema: z.object({
    ...ofAttempt,
    progress: z.number(),
    total: z.number().optional(),
    message: z.string().optional(),
  }),
});

export const toolCallCompleted = defineEvent({
  type: 'tool.call.completed',
  title: 'ToolCallCompleted',
  // the gateway's: calls that it answers by itself, from a cache or from its own tools
  owners: ['tool-executor', 'gateway'],
  schema: z.object({ ...ofAttempt, result: payloadSchema, isError: z.boolean(), durationMs: milliseconds }),
});

export const toolCallFailed = defineEvent({
  type: 'tool.call.failed',
  title: 'ToolCallFailed',
  owners: ['tool-executor', 'gateway'],
  schema: z.object({
    ...ofAttempt,
    error: z.object({ code: z.number().int(), message: z.string(), data: z.unknown().optional() }),
    retryable: z.boolean(),
    durationMs: milliseconds,
  }),
});

export const toolCallCancelled = defineEvent({
  type: 'tool.call.cancelled',
  title: 'ToolCallCancelled',
  owners: ['tool-executor', 'gateway'],
  schema: z.object({
    ...ofAttempt,
    reason: z.string().optional(),
    /** The attempt that ran beside it and answered first: that one ends the call, and this one does not. */
    overtakenBy: attempt.optional(),
    durationMs: milliseconds,
  }),
});

export const toolCallExpired = defineEvent({
  type: 'tool.call.expired',
  title: 'ToolCallExpired',
  owners: ['tool-executor', 'gateway'],
  schema: z.object({ ...ofAttempt, deadline: z.string(), durationMs: milliseconds }),
});

export const toolCallOutcomeUnknown = defineEvent({
  type: 'tool.call.outcome_unknown',
  title: 'ToolCallOutcomeUnknown',
  owners: ['tool-executor'],
  schema: z.object({ ...ofAttempt, reason: z.string(), durationMs: milliseconds }),
});

/** What an executor brings that was taken for lost: its attempt has an outcome already, which stays. */
export const toolCallLateResult = defineEvent({
  type: 'tool.call.late_result',
  title: 'ToolCallLateResult',
  owners: ['tool-executor'],
  schema: z.object({
    ...ofAttempt,
    /** Set with `isError`, or absent when the server answered with an error. */
    result: payloadSchema.optional(),
    isError: z.boolean().optional(),
    error: z.object({ code: z.number().int(), message: z.string(), data: z.unknown().optional() }).optional(),
    durationMs: milliseconds,
  }),
});

export const callEvents = [
  toolCallRequested,
  toolCallStarted,
  toolCallProgressed,
  toolCallCompleted,
  toolCallFailed,
  toolCallCancelled,
  toolCallExpired,
  toolCallOutcomeUnknown,
  toolCallLateResult,
] as const;
