import { duration } from './format.js';

const shorten = (text, max = 160) => (text.length > max ? `${text.slice(0, max)}…` : text);

const TONES = [
  [/^tool\.call\.(completed)$|^server\.started$/, 'good'],
  [/^tool\.call\.(requested|started|progressed)$/, 'busy'],
  [/\.(failed|expired|outcome_unknown)$/, 'bad'],
  [/\.(cancelled|stopped|removed|deregistered|deleted|closed)$|^tool\.definition\.changed$/, 'warn'],
];

/** A colour's name for an event type; always shown beside the type itself. */
export function toneOf(event) {
  if (event.type === 'tool.call.completed' && event.data.isError) return 'bad';
  if (event.type === 'service.status_changed') return event.data.to === 'UP' ? 'good' : 'bad';
  return TONES.find(([pattern]) => pattern.test(event.type))?.[1];
}

/**
 * One line about an event.
 * @param {string} [call] server and tool of the call that it belongs to, where the event itself does not say so
 */
export function textOf({ type, data, subject }, call) {
  const prefix = call === undefined ? '' : `${call}: `;
  const attempt = data.attempt > 1 ? ` (attempt ${data.attempt})` : '';
  switch (type) {
    case 'tool.call.requested':
      return `${data.server} › ${data.tool}, asked by ${data.principal}`;
    case 'tool.call.started':
      return `${data.server} › ${data.tool} on ${data.executor}${attempt}`;
    case 'tool.call.progressed':
      return `${prefix}${data.progress}${data.total === undefined ? '' : ` of ${data.total}`} ${shorten(data.message ?? '')}`;
    case 'tool.call.completed':
      return `${prefix}${data.isError ? 'the tool reported an error' : 'result'} after ${duration(data.durationMs)}${attempt}`;
    case 'tool.call.failed':
      return shorten(`${prefix}${data.error.message} (${data.error.code})${attempt}`);
    case 'tool.call.cancelled':
    case 'tool.call.outcome_unknown':
      return shorten(`${prefix}${data.reason ?? 'no reason given'}`);
    case 'tool.call.expired':
      return `${prefix}not done by its deadline`;
    case 'server.failed':
      return shorten(`${data.server}: ${data.error}`);
    case 'server.started':
      return `${data.server}: ${data.serverInfo.name} ${data.serverInfo.version}, MCP ${data.protocolVersion}`;
    case 'server.registered':
      return `${data.server} (${data.transport}) from ${shorten(data.source, 80)}`;
    case 'server.stopped':
    case 'server.removed':
      return shorten(`${data.server}: ${data.reason}`);
    case 'catalogue.changed':
      return `${data.server}: ${data.tools.length} tools, ${data.prompts.length} prompts, ${data.resources.length} resources`;
    case 'tool.definition.changed':
      return `${data.server} › ${data.tool} is no longer what it was`;
    case 'service.registered':
      return `${data.instance.id} on ${data.instance.host}:${data.instance.port}`;
    case 'service.status_changed':
      return shorten(`${data.instanceId}: ${data.from} → ${data.to}, ${data.reason}`);
    case 'service.deregistered':
      return `${data.instanceId}: ${shorten(data.reason)}`;
    case 'session.opened':
      return `${data.client.name} ${data.client.version}, MCP ${data.protocolVersion}`;
    case 'resource.created':
    case 'resource.updated':
    case 'resource.deleted':
      return `${data.collection}/${data.id}, version ${data.version}`;
    default:
      return subject;
  }
}

/** The call that an event belongs to, if any. */
export const callOf = ({ type, data }) => (type.startsWith('tool.call.') ? data.callId : undefined);
