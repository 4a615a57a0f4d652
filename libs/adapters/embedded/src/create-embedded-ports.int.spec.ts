import { createEvent, type NewEvent } from '@signalbox/contracts';
import { temporaryFolder } from '@signalbox/port-contracts';
import type { AppendRequest, PortSet } from '@signalbox/ports';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmbeddedPorts } from './create-embedded-ports.js';

const event: NewEvent = createEvent('resource.deleted', { collection: 'notes', id: '1', version: 2 } as never);
const request: AppendRequest = {
  stream: 'resource-notes-1',
  expectedVersion: 0,
  events: [event],
  commitId: 'c-1',
  metadata: { actor: 'resource-service-1', correlationId: 'c' },
};

async function use(ports: PortSet): Promise<void> {
  await ports.events.append(request);
  await ports.readModels.commit('p', { 'entity-1': 1 }, [{ op: 'put', collection: 'notes', document: { _id: '1' } }]);
  await ports.blobs.put(Buffer.from('bytes'));
  for (const port of [ports.events, ports.readModels, ports.bus, ports.directory]) await port.ping();
}

describe('createEmbeddedPorts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder.newPlace();
  });
  afterEach(() => temporaryFolder.removePlace(folder));

  it('opens all ports on a folder that does not exist yet, and finds the data again', async () => {
    const dataDir = join(folder, 'deep', 'data');
    const first = await createEmbeddedPorts({ dataDir });
    await use(first);
    await first.close();
    const second = await createEmbeddedPorts({ dataDir });
    expect(await second.events.readStream('resource-notes-1')).toMatchObject([{ id: event.id }]);
    expect(await second.readModels.get('notes', '1')).toEqual({ _id: '1' });
    await second.close();
  });

  it('keeps everything in memory when asked to', async () => {
    for (let round = 0; round < 2; round++) {
      const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
      expect(await ports.events.partitions()).toEqual([]);
      await use(ports);
      await ports.close();
    }
  });

  it('names what is wrong with a folder it cannot use', async () => {
    await writeFile(join(folder, 'events.db'), 'this is no database, but long enough to be looked at. '.repeat(20));
    await expect(createEmbeddedPorts({ dataDir: folder })).rejects.toThrow(/events\.db.*not a database/);
  });

  it('refuses another number of entity partitions than the log was made with', async () => {
    await (await createEmbeddedPorts({ dataDir: folder, entityPartitions: 8 })).close();
    await (await createEmbeddedPorts({ dataDir: folder })).close();
    await expect(createEmbeddedPorts({ dataDir: folder, entityPartitions: 4 })).rejects.toThrow(
      /8 entity partitions.*4 is configured/,
    );
  });
});
