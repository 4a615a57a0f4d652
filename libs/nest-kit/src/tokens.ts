import { Inject } from '@nestjs/common';

/** Injection tokens of what `SignalboxModule` provides to every feature. Interfaces have no runtime value, so each has a decorator. */
export const SERVICE_CONTEXT = Symbol('ServiceContext');
export const EVENT_LOG = Symbol('EventLog');
export const EVENT_STORE = Symbol('EventStore');
export const MESSAGE_BUS = Symbol('MessageBus');
export const SERVICE_DIRECTORY = Symbol('ServiceDirectory');
export const READ_MODELS = Symbol('ReadModels');
export const BLOB_STORE = Symbol('BlobStore');
export const LEADER_LOCK = Symbol('LeaderLock');
export const TRACER = Symbol('Tracer');
export const CLOCK = Symbol('Clock');
export const CONFIG_SOURCE = Symbol('ConfigSource');
export const METRICS = Symbol('MetricsRegistry');

export const InjectContext = () => Inject(SERVICE_CONTEXT);
/** The checked way to append: schema and owner of each event are verified (`@signalbox/runtime` EventLog). */
export const InjectEventLog = () => Inject(EVENT_LOG);
export const InjectEventStore = () => Inject(EVENT_STORE);
export const InjectBus = () => Inject(MESSAGE_BUS);
export const InjectDirectory = () => Inject(SERVICE_DIRECTORY);
export const InjectReadModels = () => Inject(READ_MODELS);
export const InjectBlobs = () => Inject(BLOB_STORE);
export const InjectLeaderLock = () => Inject(LEADER_LOCK);
/** The tracer of this service and instance. */
export const InjectTracer = () => Inject(TRACER);
export const InjectClock = () => Inject(CLOCK);
export const InjectConfig = () => Inject(CONFIG_SOURCE);
export const InjectMetrics = () => Inject(METRICS);
