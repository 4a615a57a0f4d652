import { createEvent, upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import type { PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

const files: UpstreamDefinition = {
  name: 'files',
  target: { kind: 'stdio', command: 'node', args: [], env: {} },
  settings: upstreamSettingsSchema.parse({ tools: { write: { class: 'keyed' } } }),
  source: '/etc/signalbox.json',
};
const PATH = '/servers/files/tools/write/safety';

async function withCatalogue() {
  const registry = await registryForTest({ servers: [files] });
  const catalogue = createEvent('catalogue.changed', {
    server: 'files',
    tools: [{ name: 'write' }, { name: 'read' }],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    definitionHashes: { write: 'w', read: 'r' },
  });
  await registry.ports.events.append({
    stream: 'upstream-files',
    expectedVersion: 'any',
    events: [catalogue],
    commitId: catalogue.id,
    metadata: { actor: 'tool-executor-1', correlationId: 'c' },
  });
  const shown = async () => (await registry.http.get('/servers/files')).body.data?.tools ?? [];
  await waitFor(async () => (await shown()).length === 2, { timeoutMs: 15_000, what: 'the tools' });
  return { ...registry, shown };
}

const classified = async (ports: PortSet) =>
  (await ports.events.find({ type: 'server.tool.classified' })).items.map(({ event }) => event.data);

describe('the safety class of a tool', () => {
  it('is set with who and why in the log, and taken back', async () => {
    const { http, ports, shown } = await withCatalogue();
    const set = await http.put(PATH).send({ class: 'idempotent', who: 'ada', why: 'writes whole files' }).expect(200);
    expect(set.body).toEqual({
      success: true,
      data: { server: 'files', tool: 'write', safetyClass: 'idempotent', previous: 'keyed', setByApi: true },
    });
    expect(await shown()).toMatchObject([{ name: 'write', safetyClass: 'idempotent' }, { safetyClass: 'unsafe' }]);

    const unset = await http.delete(`${PATH}?who=ada&why=${encodeURIComponent('no, it does not')}`).expect(200);
    expect(unset.body.data).toMatchObject({ safetyClass: 'keyed', previous: 'idempotent', setByApi: false });
    expect(await classified(ports)).toEqual([
      { server: 'files', tool: 'write', class: 'idempotent', who: 'ada', why: 'writes whole files' },
      { server: 'files', tool: 'write', class: null, who: 'ada', why: 'no, it does not' },
    ]);
  });

  it('is written once, however often it is said', async () => {
    const { http, ports } = await withCatalogue();
    await Promise.all([1, 2, 3].map(() => http.put(PATH).send({ class: 'read' }).expect(200)));
    await http.put(PATH).send({ class: 'read' }).expect(200);
    expect(await classified(ports)).toEqual([{ server: 'files', tool: 'write', class: 'read', who: 'anonymous' }]);
  });

  it('is refused where it is none, and for what is not there', async () => {
    const { http } = await withCatalogue();
    const wrong = await http.put(PATH).send({ class: 'safe' }).expect(400);
    expect(wrong.body.detail).toContain('must be one of: read, idempotent, keyed, unsafe');
    const noTool = await http.put('/servers/files/tools/wirte/safety').send({ class: 'read' }).expect(404);
    expect(noTool.body.detail).toContain('files has no tool wirte; did you mean write');
    const noServer = await http.put('/servers/file/tools/write/safety').send({ class: 'read' }).expect(404);
    expect(noServer.body.detail).toContain('did you mean files');
  });
});
