import type { Severity } from '@signalbox/contracts';

interface Topic {
  readonly severity: Severity;
  /** When it happens. */
  readonly when: string;
  /** The default template of its text. */
  readonly text: string;
}

const BY = '{{#if who}} by {{who}}{{/if}}{{#if why}}: {{why}}{{/if}}';

/** All that operators can be told of. Topics are named as events are, but not every event is one. */
export const TOPICS = {
  'server.registered': {
    severity: 'info',
    when: 'a server is defined, or its definition has changed',
    text: `{{subject}} is defined${BY}`,
  },
  'server.removed': { severity: 'info', when: 'a server is no longer defined', text: `{{subject}} is removed${BY}` },
  'server.commanded': {
    severity: 'info',
    when: 'somebody tells a server to start, stop, restart or drain, or approves it',
    text: `{{subject}} is to {{command}}${BY}`,
  },
  'server.quarantined': {
    severity: 'warning',
    when: 'a server is quarantined, also because it was found and nobody has approved it',
    text: `{{subject}} is quarantined${BY}`,
  },
  'server.started': { severity: 'info', when: 'a server runs', text: '{{subject}} runs in {{executor}}' },
  'server.stopped': {
    severity: 'info',
    when: 'a server has ended as it was told to',
    text: '{{subject}} is stopped: {{reason}}',
  },
  'server.degraded': {
    severity: 'warning',
    when: 'checks find a server slow or silent',
    text: '{{subject}} is degraded: {{reason}}',
  },
  'server.failed': {
    severity: 'critical',
    when: 'a server has ended or cannot be started',
    text: '{{subject}} has failed: {{error}}{{#if retryInMs}}; it is started again{{else}}; it is left alone{{/if}}',
  },
  'server.recovered': {
    severity: 'info',
    when: 'a server that was degraded or had failed runs again',
    text: '{{subject}} is well again',
  },
  'server.redirected': {
    severity: 'critical',
    when: 'calls of a server go to its stand-in',
    text: '{{subject}}: its calls go to {{to}}. {{why}}',
  },
  'server.redirect_ended': {
    severity: 'info',
    when: 'calls of a server go to itself again',
    text: '{{subject}}: its calls no longer go to {{to}}. {{why}}',
  },
  'server.tool.classified': {
    severity: 'info',
    when: 'somebody says whether a tool may be run again',
    text: `{{subject}}: tool {{tool}} is {{class}}${BY}`,
  },
  'server.instance.down': {
    severity: 'warning',
    when: 'one of several instances of a server does not answer',
    text: '{{subject}} is down: {{reason}}',
  },
  'server.instance.ill': {
    severity: 'info',
    when: 'one of several instances of a server missed a check',
    text: '{{subject}} is ill: {{reason}}',
  },
  'server.instance.up': {
    severity: 'info',
    when: 'that instance answers again',
    text: '{{subject}} is up again',
  },
  'server.instance.ejected': {
    severity: 'warning',
    when: 'one of several instances fails much more often than the others',
    text: '{{subject}} gets no calls for {{forMs}} ms: {{reason}}',
  },
  'circuit.opened': {
    severity: 'warning',
    when: 'the circuit breaker of an instance opens',
    text: 'the circuit to {{subject}} is open: {{reason}}',
  },
  'circuit.half_opened': {
    severity: 'info',
    when: 'that instance is tried',
    text: 'the circuit to {{subject}} is tried',
  },
  'circuit.closed': {
    severity: 'info',
    when: 'that circuit breaker closes',
    text: 'the circuit to {{subject}} is closed',
  },
  'tool.definition.changed': {
    severity: 'warning',
    when: 'a server describes a tool otherwise than before',
    text: 'the definition of {{subject}} has changed',
  },
  'service.registered': {
    severity: 'info',
    when: 'an instance of a service registers',
    text: '{{subject}} is registered at {{address}}',
  },
  'service.down': { severity: 'critical', when: 'an instance is DOWN', text: '{{subject}} is down: {{reason}}' },
  'service.up': { severity: 'info', when: 'an instance is UP again', text: '{{subject}} is up: {{reason}}' },
  'service.status_changed': {
    severity: 'info',
    when: 'an instance is STARTING or OUT_OF_SERVICE',
    text: '{{subject}} is {{to}}: {{reason}}',
  },
  'service.deregistered': {
    severity: 'info',
    when: 'an instance is no longer registered',
    text: '{{subject}} is gone: {{reason}}',
  },
  'config.changed': {
    severity: 'info',
    when: 'a version of the configuration begins',
    text: `the configuration has version {{version}}${BY}`,
  },
  'config.refused': {
    severity: 'warning',
    when: 'an edit of the configuration is wrong',
    text: 'an edit of the configuration was refused ({{where}}): {{error}}',
  },
} as const satisfies Readonly<Record<string, Topic>>;

export type TopicName = keyof typeof TOPICS;
export const TOPIC_NAMES = Object.keys(TOPICS) as readonly TopicName[];

/** What a template may say of every notification. */
export const COMMON_VARIABLES = [
  'topic',
  'severity',
  'subject',
  'server',
  'rule',
  'count',
  'repeated',
  'since',
  'until',
  'notification',
] as const;

/** What a template may say where the event has it. */
export const FACT_NAMES = [
  'address',
  'attempt',
  'class',
  'command',
  'error',
  'executor',
  'forMs',
  'from',
  'instance',
  'reason',
  'retryInMs',
  'to',
  'tool',
  'version',
  'where',
  'who',
  'why',
] as const;
export type FactName = (typeof FACT_NAMES)[number];
