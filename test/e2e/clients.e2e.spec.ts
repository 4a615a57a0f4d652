import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { hasConformanceFixture, startConformanceFixture, type ServerUnderTest } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspector, newSdkClient, oldSdkClient, statelessSdkClient, type TestClient } from './support/clients.js';
import { stdioFixture } from './support/servers.js';

const text = (result: { content: { text?: string }[] }): string | undefined => result.content[0]?.text;

describe.skipIf(!hasConformanceFixture())('MCP clients through the gateway', () => {
  let fixture: ServerUnderTest;
  let modern: ServerUnderTest;
  let signalbox: RunningSignalbox;

  beforeAll(async () => {
    fixture = await startConformanceFixture();
    modern = await startConformanceFixture(undefined, 'modern');
    const mcpServers = { web: { url: fixture.url }, pipe: stdioFixture, modern: { url: modern.url } };
    signalbox = await runSignalbox({ config: { mcpServers } });
    await toolsOf(signalbox, 'web', 'pipe', 'modern');
  });
  afterAll(async () => {
    await signalbox?.[Symbol.asyncDispose]();
    await fixture?.stop();
    await modern?.stop();
  });

  describe.each([
    ['@modelcontextprotocol/client', newSdkClient],
    ['@modelcontextprotocol/client without a session', statelessSdkClient],
    ['@modelcontextprotocol/sdk', oldSdkClient],
  ])('%s', (_name, connect) => {
    let client: TestClient;
    beforeAll(async () => {
      client = await connect(signalbox.mcp);
    });
    afterAll(() => client?.close());

    describe.each(['web', 'pipe', 'modern'])('with the upstream server "%s"', (server) => {
      it('calls a tool, and gets what the server said, with the id of the call', async () => {
        const result = await client.call(`${server}__fx_echo`, { a: 1, nested: { ü: ['✓'] } });
        expect(result.structuredContent!.args).toEqual({ a: 1, nested: { ü: ['✓'] } });
        expect(result._meta).toMatchObject({ 'fixture.example/echo': 'kept' });
        expect(result._meta!['io.signalbox/callId']).toMatch(/^[0-9A-Z]{26}$/);
      });

      it('gets a tool error as a result', async () => {
        const result = await client.call(`${server}__test_error_handling`);
        expect(result.isError).toBe(true);
        expect(text(result)).toMatch('intentionally returns an error');
      });

      it('hears the progress of its own call, in order, before the result', async () => {
        const seen: number[] = [];
        await client.call(
          `${server}__test_tool_with_progress`,
          {},
          { onprogress: ({ progress }) => seen.push(progress) },
        );
        expect(seen).toEqual([0, 50, 100]);
      });

      it('hears log messages of its call', async () => {
        const before = client.heard.length;
        await client.call(`${server}__test_tool_with_logging`);
        await expect
          .poll(() => client.heard.slice(before).filter((n) => n.method === 'notifications/message').length)
          .toBe(3);
      });

      it('is asked for a completion, and for user input', async () => {
        expect(text(await client.call(`${server}__test_sampling`, { prompt: 'hi' }))).toBe(
          'LLM response: sampled by the client',
        );
        expect(text(await client.call(`${server}__test_elicitation`, { message: 'who?' }))).toMatch('"username":"ada"');
      });

      it('cancels a call, which ends at once and is recorded as cancelled', async () => {
        const controller = new AbortController();
        const call = client.call(`${server}__fx_slow`, { ms: 20_000 }, { signal: controller.signal });
        const running = async () => {
          const answer = await fetch(`${signalbox.executor}/calls/running`);
          return JSON.stringify(await answer.json());
        };
        await expect.poll(running, { timeout: 5000 }).toMatch('fx_slow');
        controller.abort();
        await expect(call).rejects.toThrow();
        await expect.poll(running, { timeout: 5000 }).not.toMatch('fx_slow');
      });
    });

    it('lists tools of all servers under their own names', async () => {
      const names = await client.tools();
      expect(names).toEqual(expect.arrayContaining(['web__fx_echo', 'pipe__fx_echo']));
      expect(new Set(names).size).toBe(names.length);
    });

    it('reads resources and lists prompts', async () => {
      expect(await client.readResource('test://static-text')).toMatch('static text');
      expect(await client.prompts()).toEqual(
        expect.arrayContaining(['web__test_simple_prompt', 'pipe__test_simple_prompt']),
      );
    });

    it('hears that a document which it subscribed to has changed', async () => {
      const put = (n: number) =>
        fetch(`${signalbox.gateway}/resources/notes/${encodeURIComponent(_name.replace(/\W/g, '_'))}`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ n }),
        });
      expect((await put(1)).ok).toBe(true);
      const uri = `resource://notes/${_name.replace(/\W/g, '_')}`;
      await expect.poll(() => client.readResource(uri).catch(() => undefined), { timeout: 10_000 }).toMatch('"n"');
      await client.subscribe(uri);
      expect((await put(2)).ok).toBe(true);
      const updates = () =>
        client.heard.filter((n) => n.method === 'notifications/resources/updated' && n.params.uri === uri);
      await expect.poll(() => updates().length, { timeout: 10_000 }).toBeGreaterThan(0);
    });
  });

  it('serves the inspector', async () => {
    const { tools } = await inspector(signalbox.mcp, 'tools/list');
    expect(tools.map((tool: { name: string }) => tool.name)).toContain('web__fx_echo');
    const result = await inspector(signalbox.mcp, 'tools/call', '--tool-name', 'web__fx_echo', '--tool-arg', 'a=1');
    expect(result.structuredContent.args).toEqual({ a: 1 });
  });

  it('shows one server alone under its own names', async () => {
    const client = await newSdkClient(`${signalbox.gateway}/servers/web/mcp`);
    const names = await client.tools();
    expect(names).toContain('fx_echo');
    expect(names.filter((name) => name.includes('__'))).toEqual([]);
    expect((await client.call('fx_echo', { b: 2 })).structuredContent!.args).toEqual({ b: 2 });
    await client.close();
  });

  it('tells clients when a list has changed, and only then', async () => {
    const [one, two] = await Promise.all([newSdkClient(signalbox.mcp), oldSdkClient(signalbox.mcp)]);
    const changes = (client: TestClient) =>
      client.heard.filter((n) => n.method === 'notifications/tools/list_changed').length;
    await one.call('web__test_trigger_tool_change');
    await expect.poll(() => changes(two), { timeout: 10_000 }).toBe(1);
    expect(await two.tools()).toContain('web__test_dynamic_tool');
    await one.call('web__test_trigger_tool_change');
    await expect.poll(() => changes(two), { timeout: 10_000 }).toBe(2);
    expect(await two.tools()).not.toContain('web__test_dynamic_tool');
    await Promise.all([one.close(), two.close()]);
  });

  it('keeps two clients apart: each hears its own call only', async () => {
    const [one, two] = await Promise.all([newSdkClient(signalbox.mcp), newSdkClient(signalbox.mcp)]);
    const mine: number[] = [];
    await Promise.all([
      one.call('pipe__test_tool_with_progress', {}, { onprogress: ({ progress }) => mine.push(progress) }),
      two.call('pipe__test_tool_with_logging'),
    ]);
    expect(mine).toEqual([0, 50, 100]);
    expect(one.heard.filter((n) => n.method === 'notifications/message')).toEqual([]);
    expect(two.heard.filter((n) => n.method === 'notifications/message')).toHaveLength(3);
    await Promise.all([one.close(), two.close()]);
  });
});
