import { describe, expect, it } from 'vitest';
import { chooseAdapters } from './adapter-choice.js';
import { readServerUrls, shownUrl } from './server-urls.js';

const urls = {
  AMQP_URL: 'amqp://u:p@broker:5672',
  MONGODB_URL: 'mongodb://a,b:27018/signalbox?replicaSet=rs0',
  CONSUL_URL: 'http://consul:8500',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318',
};
const embedded = {
  events: 'embedded',
  bus: 'embedded',
  directory: 'embedded',
  readModels: 'embedded',
  blobs: 'embedded',
  leader: 'embedded',
  telemetry: 'embedded',
};
const distributed = {
  events: 'mongodb',
  bus: 'rabbitmq',
  directory: 'consul',
  readModels: 'mongodb',
  blobs: 'mongodb',
  leader: 'consul',
  telemetry: 'otel',
};

describe('the adapters', () => {
  it('are those of the profile', () => {
    expect(chooseAdapters('embedded', undefined, urls)).toEqual(embedded);
    expect(chooseAdapters('distributed', undefined, urls)).toEqual(distributed);
  });

  it('are chosen port by port where the file says so', () => {
    expect(chooseAdapters('embedded', { bus: 'rabbitmq' }, urls)).toEqual({ ...embedded, bus: 'rabbitmq' });
    expect(chooseAdapters('distributed', { directory: 'embedded' }, urls)).toEqual({
      ...distributed,
      directory: 'embedded',
    });
  });

  it('do without a collector of spans, unless they are told to have one', () => {
    const { OTEL_EXPORTER_OTLP_ENDPOINT: _, ...others } = urls;
    expect(chooseAdapters('distributed', undefined, others)).toEqual({ ...distributed, telemetry: 'embedded' });
    expect(() => chooseAdapters('embedded', { telemetry: 'otel' }, others)).toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT: is not set, but signalbox.adapters.telemetry chooses the adapter otel',
    );
  });

  it('name every server that has no URL, once', () => {
    expect(() => chooseAdapters('distributed', undefined, {})).toThrow(
      /^MONGODB_URL: is not set, but SIGNALBOX_PROFILE=distributed chooses the adapter mongodb: .*\nAMQP_URL: .* rabbitmq.*\nCONSUL_URL: [^\n]*$/,
    );
    expect(() => chooseAdapters('embedded', { bus: 'rabbitmq' }, {})).toThrow(
      'AMQP_URL: is not set, but signalbox.adapters.bus chooses the adapter rabbitmq: set it to a URL such as amqp://',
    );
  });

  it.each([
    [{ bus: 'kafka' }, 'signalbox.adapters.bus: must be one of: embedded, rabbitmq'],
    [{ buss: 'rabbitmq' }, 'signalbox.adapters.buss: unknown key; did you mean "bus"'],
  ])('refuse %o', (section, message) => {
    expect(() => chooseAdapters('embedded', section, urls)).toThrow(message);
  });
});

describe('the URLs of servers', () => {
  it('are read from the environment; empty ones are none', () => {
    expect(readServerUrls({ ...urls, OTHER: 'x', CONSUL_URL: ' ' })).toEqual({ ...urls, CONSUL_URL: undefined });
  });

  it('are refused by the name of their variable, without their passwords', () => {
    const read = () => readServerUrls({ AMQP_URL: 'http://u:secret@broker', MONGODB_URL: 'mongo:27017' });
    expect(read).toThrow(
      'AMQP_URL: must be a URL such as amqp://user:password@rabbitmq:5672\nMONGODB_URL: must be a URL such as mongodb://',
    );
    expect(read).not.toThrow(/secret/);
  });

  it('are shown without passwords and options', () => {
    expect(shownUrl(urls.AMQP_URL)).toBe('amqp://broker:5672');
    expect(shownUrl(urls.MONGODB_URL)).toBe('mongodb://a,b:27018/signalbox');
  });
});
