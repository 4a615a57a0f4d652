import { serviceInstanceSchema, type ServiceInstance } from '@signalbox/contracts';

/** Consul's bounds for the metadata of a service: 64 pairs, values of 512 bytes. */
const MAX_VALUE = 512;
const MAX_CHUNKS = 60;
const PREFIX = 'signalbox-';
const REVISION = 'signalbox-revision';

/** What of an instance Consul has no field for. */
const documentSchema = serviceInstanceSchema.omit({ id: true, serviceName: true, host: true, port: true });
export type InstanceDocument = Omit<ServiceInstance, 'id' | 'serviceName' | 'host' | 'port'>;

export interface StoredDocument {
  readonly document: InstanceDocument;
  /** Of the registration: another one for each. */
  readonly revision: string;
}

/**
 * Writes the rest of an instance as JSON, in pieces that fit.
 * @throws RangeError when it is too long
 */
export function toMeta(instance: ServiceInstance, revision: string): Record<string, string> {
  const { id, serviceName: _name, host: _host, port: _port, ...document } = instance;
  // every character one byte, so that pieces can be cut anywhere
  const json = JSON.stringify(document).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const chunks = Math.ceil(json.length / MAX_VALUE);
  if (chunks > MAX_CHUNKS) {
    throw new RangeError(
      `the features, tags and metadata of ${id} take ${json.length} bytes; Consul has room for ${MAX_CHUNKS * MAX_VALUE}`,
    );
  }
  const meta: Record<string, string> = { [REVISION]: revision };
  for (let i = 0; i < chunks; i++) meta[`${PREFIX}${i}`] = json.slice(i * MAX_VALUE, (i + 1) * MAX_VALUE);
  return meta;
}

/** @returns undefined for a service that was not registered by {@link toMeta}, or is damaged */
export function fromMeta(meta: Readonly<Record<string, string>> | null): StoredDocument | undefined {
  const revision = meta?.[REVISION];
  if (!meta || revision === undefined) return undefined;
  let json = '';
  for (let i = 0; i < MAX_CHUNKS; i++) {
    const chunk = meta[`${PREFIX}${i}`];
    if (chunk === undefined) break;
    json += chunk;
  }
  try {
    return { document: documentSchema.parse(JSON.parse(json)), revision };
  } catch {
    return undefined;
  }
}
