import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { cloudEventSchema, fromCloudEvent, toCloudEvent } from './cloud-event.js';

const event = recorded(
  'resource.updated',
  { collection: 'notes', id: 'n1', version: 2, document: { text: 'x' } },
  {
    actor: 'resource-service-1',
    causationId: 'cause',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
);

describe('CloudEvents form', () => {
  const cloud = toCloudEvent(event);

  it('is what our own schema says', () => {
    expect(cloudEventSchema.parse(JSON.parse(JSON.stringify(cloud)))).toEqual(cloud);
  });

  // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
  it('has the required attributes of CloudEvents 1.0, not empty', () => {
    expect(cloud.specversion).toBe('1.0');
    for (const attribute of ['id', 'source', 'type'] as const) expect(cloud[attribute]).toMatch(/./);
    expect(cloud.type).toBe('resource.updated');
  });

  it('has a URI reference as source, a URI as dataschema and an RFC 3339 time', () => {
    expect(new URL(cloud.source, 'http://example.com').pathname).toBe('/signalbox/resource-service-1');
    expect(new URL(cloud.dataschema).protocol).toBe('urn:');
    expect(cloud.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('names its attributes as the specification demands: lower-case letters and digits, at most 20', () => {
    for (const name of Object.keys(cloud)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });

  it('leads back to the event', () => {
    expect(fromCloudEvent(JSON.parse(JSON.stringify(cloud)))).toEqual(event);
  });

  it('leaves out what the event does not have', () => {
    const plain = recorded('session.closed', { sessionId: 's', reason: 'idle' });
    expect(toCloudEvent(plain)).not.toHaveProperty('causationid');
    expect(toCloudEvent(plain)).not.toHaveProperty('traceparent');
    expect(fromCloudEvent(toCloudEvent(plain))).toEqual(plain);
  });
});
