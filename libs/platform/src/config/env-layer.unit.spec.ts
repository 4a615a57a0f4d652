import { describe, expect, it } from 'vitest';
import { environmentLayer } from './env-layer.js';
import { SECTION_NAMES } from './resolve.js';

const read = (env: Record<string, string>) => environmentLayer(env, SECTION_NAMES);

describe('settings from environment variables', () => {
  it('have the names of sections and keys in capitals', () => {
    const { value, problems, origins } = read({
      SIGNALBOX__TOOL_EXECUTOR__CAPACITY_PER_SERVER: '8',
      SIGNALBOX__GATEWAY__AUTH__TOKENS: '[{"principal":"ann","sha256":"x"}]',
      SIGNALBOX__LOGGING__LEVEL: 'debug',
      SIGNALBOX__LOGGING__FORMAT: '',
      SIGNALBOX_PROFILE: 'embedded',
      PATH: '/bin',
    });
    expect(problems).toEqual([]);
    expect(value).toEqual({
      signalbox: {
        'tool-executor': { capacityPerServer: 8 },
        gateway: { auth: { tokens: [{ principal: 'ann', sha256: 'x' }] } },
        logging: { level: 'debug' },
      },
    });
    expect(origins?.get('signalbox.tool-executor.capacityPerServer')).toBe(
      'SIGNALBOX__TOOL_EXECUTOR__CAPACITY_PER_SERVER',
    );
  });

  it('leave the names of servers, tools, headers and variables as they are, and their values texts', () => {
    const { value } = read({
      SIGNALBOX__MCP_SERVERS__GitHub__COMMAND: 'npx',
      SIGNALBOX__MCP_SERVERS__GitHub__ENV__GITHUB_TOKEN: '12345',
      SIGNALBOX__MCP_SERVERS__GitHub__SIGNALBOX__DEADLINE_MS: '5000',
      SIGNALBOX__MCP_SERVERS__GitHub__SIGNALBOX__TOOLS__GET_ISSUE__CLASS: 'read',
      SIGNALBOX__MCP_SERVERS__web__HEADERS: '{"X-Key":"1"}',
      SIGNALBOX__MCP_SERVERS__off__DISABLED: 'true',
    });
    expect(value).toEqual({
      mcpServers: {
        GitHub: {
          command: 'npx',
          env: { GITHUB_TOKEN: '12345' },
          signalbox: { deadlineMs: 5000, tools: { GET_ISSUE: { class: 'read' } } },
        },
        web: { headers: { 'X-Key': '1' } },
        off: { disabled: true },
      },
    });
  });

  it('may be one JSON object, in which single ones have the last word', () => {
    const { value } = read({
      SIGNALBOX__GATEWAY__SESSIONS__MAX: '7',
      SIGNALBOX__GATEWAY__SESSIONS: '{"max":5,"idleMs":1000}',
    });
    expect(value).toEqual({ signalbox: { gateway: { sessions: { max: 7, idleMs: 1000 } } } });
  });

  it.each(['SIGNALBOX__', 'SIGNALBOX__GATEWAY', 'SIGNALBOX__MCP_SERVERS__a', 'SIGNALBOX__GATEWAY____MAX'])(
    'are named when they name no setting: %s',
    (name) => {
      expect(read({ [name]: '1' })).toMatchObject({
        value: {},
        problems: [{ path: name, message: expect.stringContaining('SIGNALBOX__SECTION__KEY'), source: 'environment' }],
      });
    },
  );
});
