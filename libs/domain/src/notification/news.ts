import type { RecordedEvent, Severity } from '@signalbox/contracts';
import { FACT_NAMES, TOPICS, type FactName, type TopicName } from './topics.js';

export type Facts = Readonly<Partial<Record<FactName, string | number>>>;

/** What an event is to operators. */
export interface News {
  readonly topic: TopicName;
  readonly severity: Severity;
  /** What it happened to; with the topic, what counts as the same happening again. */
  readonly subject: string;
  readonly server?: string;
  readonly facts: Facts;
}

/** Types of events that may be news. */
export const NEWS_TYPES: ReadonlySet<string> = new Set([
  'server.registered',
  'server.removed',
  'server.commanded',
  'server.tool.classified',
  'server.started',
  'server.failed',
  'server.stopped',
  'server.state_changed',
  'server.instance.state_changed',
  'server.instance.breaker_changed',
  'server.instance.ejected',
  'server.redirected',
  'server.redirect_ended',
  'tool.definition.changed',
  'service.registered',
  'service.status_changed',
  'service.deregistered',
  'config.changed',
  'config.refused',
]);

/** Longest text that is taken over from an event. */
const MAX_FACT = 2_000;
const CIRCUITS = { open: 'circuit.opened', half_open: 'circuit.half_opened', closed: 'circuit.closed' } as const;
const INSTANCES = { up: 'server.instance.up', ill: 'server.instance.ill', down: 'server.instance.down' } as const;

/**
 * @param failed `server executor` of those that have failed and not started since; kept up to date here
 * @returns undefined when the event is none
 */
export function newsOf(event: RecordedEvent, failed: Set<string>): News | undefined {
  switch (event.type) {
    case 'server.registered':
    case 'server.removed':
    case 'server.redirected':
    case 'server.redirect_ended':
      return ofServer(event.type, event.data.server, event.data);
    case 'server.tool.classified':
      return ofServer(event.type, event.data.server, { ...event.data, class: event.data.class ?? 'as configured' });
    case 'server.commanded': {
      const isQuarantine = event.data.command === 'quarantine';
      return ofServer(isQuarantine ? 'server.quarantined' : 'server.commanded', event.data.server, event.data);
    }
    case 'server.started': {
      const { server, executor } = event.data;
      const isAgain = failed.delete(`${server} ${executor}`);
      return ofServer(isAgain ? 'server.recovered' : 'server.started', server, { executor });
    }
    case 'server.stopped':
      failed.delete(`${event.data.server} ${event.data.executor}`);
      return ofServer('server.stopped', event.data.server, event.data);
    case 'server.failed':
      failed.add(`${event.data.server} ${event.data.executor}`);
      return ofServer('server.failed', event.data.server, event.data);
    case 'server.state_changed': {
      const { server, executor, from, to, reason } = event.data;
      if (to === 'degraded') return ofServer('server.degraded', server, { executor, reason });
      return from === 'degraded' && to === 'running'
        ? ofServer('server.recovered', server, { executor, reason })
        : undefined;
    }
    case 'server.instance.state_changed':
      return ofInstance(INSTANCES[event.data.to], event.data);
    case 'server.instance.breaker_changed':
      return ofInstance(CIRCUITS[event.data.to], event.data);
    case 'server.instance.ejected':
      return ofInstance('server.instance.ejected', event.data);
    case 'tool.definition.changed': {
      const { server, tool } = event.data;
      return { ...ofServer(event.type, server, { tool }), subject: `tool ${tool} of server ${server}` };
    }
    case 'service.registered': {
      const { id, serviceName, host, port } = event.data.instance;
      return ofService('service.registered', serviceName, id, { address: `${host}:${port}` });
    }
    case 'service.status_changed': {
      const { serviceName, instanceId, from, to, reason } = event.data;
      const topic = to === 'DOWN' ? 'service.down' : to === 'UP' ? 'service.up' : 'service.status_changed';
      return ofService(topic, serviceName, instanceId, { from, to, reason });
    }
    case 'service.deregistered': {
      const { serviceName, instanceId, reason } = event.data;
      return ofService('service.deregistered', serviceName, instanceId, { reason });
    }
    case 'config.changed': {
      const { version, who, why } = event.data;
      return about('config.changed', 'the configuration', { version, who, why });
    }
    case 'config.refused': {
      const { where, problems } = event.data;
      const error = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
      return about('config.refused', 'the configuration', { where, error });
    }
    default:
      return undefined;
  }
}

type Given = Readonly<Record<string, unknown>>;

function ofServer(topic: TopicName, server: string, data: Given): News {
  return { ...about(topic, `server ${server}`, data), server };
}

function ofInstance(topic: TopicName, data: Given & { readonly server: string; readonly instance: string }): News {
  const { server, instance } = data;
  return { ...about(topic, `instance ${instance} of server ${server}`, data), server };
}

function ofService(topic: TopicName, service: string, instance: string, data: Given): News {
  return about(topic, `service ${service} (${instance})`, { ...data, instance });
}

function about(topic: TopicName, subject: string, data: Given): News {
  const facts: Partial<Record<FactName, string | number>> = {};
  for (const name of FACT_NAMES) {
    const value = data[name];
    if (typeof value === 'string') facts[name] = value.length > MAX_FACT ? `${value.slice(0, MAX_FACT)}…` : value;
    else if (typeof value === 'number') facts[name] = value;
  }
  return { topic, severity: TOPICS[topic].severity, subject, facts };
}
