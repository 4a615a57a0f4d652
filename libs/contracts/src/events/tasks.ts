import * as z from 'zod';
import { payloadSchema } from '../payload.js';
import { defineEvent } from './define.js';

const milliseconds = z.number().int().positive();

/** A tool call became a task (MCP extension `io.modelcontextprotocol/tasks`): its client comes back for the result. */
export const taskCreated = defineEvent({
  type: 'task.created',
  title: 'TaskCreated',
  owners: ['gateway'],
  schema: z.object({
    /** The call that the task is about; with a secret, its id is the task's. */
    callId: z.string(),
    /** SHA-256 in hex of the secret part of the task's id. */
    secretHash: z.string(),
    principal: z.string(),
    server: z.string(),
    /** The tool's name at its server. */
    tool: z.string(),
    /** RFC 3339. The end of the call, should it not come to one by itself. */
    deadline: z.string(),
    /** How long after its creation the task can be asked for. */
    ttlMs: milliseconds,
    /** How often clients are told to ask for it. */
    pollIntervalMs: milliseconds,
  }),
});

/** The server asked the client something during the call. Written by the executor, or by the gateway for what became a task later. */
export const taskInputRequested = defineEvent({
  type: 'task.input_requested',
  title: 'TaskInputRequested',
  owners: ['gateway', 'tool-executor'],
  schema: z.object({
    callId: z.string(),
    /** Unique in the task; what the client answers to. */
    key: z.string(),
    /** As in `elicitation/create`. */
    method: z.string(),
    params: payloadSchema.optional(),
    /** Where the answer goes: the executor's queue, and its name for the question. */
    inbox: z.string(),
    question: z.string(),
  }),
});

export const taskInputClosed = defineEvent({
  type: 'task.input_closed',
  title: 'TaskInputClosed',
  owners: ['gateway', 'tool-executor'],
  schema: z.object({
    callId: z.string(),
    key: z.string(),
    /** Answered by the client, or withdrawn by the server. */
    reason: z.enum(['answered', 'withdrawn']),
  }),
});

export const taskCancelRequested = defineEvent({
  type: 'task.cancel_requested',
  title: 'TaskCancelRequested',
  owners: ['gateway'],
  schema: z.object({ callId: z.string() }),
});

/** The call ended at the gateway, with an error that is no outcome of an attempt. */
export const taskFailed = defineEvent({
  type: 'task.failed',
  title: 'TaskFailed',
  owners: ['gateway'],
  schema: z.object({
    callId: z.string(),
    error: z.object({ code: z.number().int(), message: z.string(), data: z.unknown().optional() }),
  }),
});

/** The time to live of a task is over: nobody can ask for it any more, and its call is taken back if it still runs. */
export const taskExpired = defineEvent({
  type: 'task.expired',
  title: 'TaskExpired',
  owners: ['gateway'],
  schema: z.object({
    callId: z.string(),
    /** How the task was at that moment. */
    status: z.enum(['working', 'input_required', 'completed', 'cancelled', 'failed']),
  }),
});

export const taskEvents = [
  taskCreated,
  taskInputRequested,
  taskInputClosed,
  taskCancelRequested,
  taskFailed,
  taskExpired,
] as const;
