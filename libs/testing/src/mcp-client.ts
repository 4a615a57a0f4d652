import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';

export interface ConnectedClient {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  /** URIs of `notifications/resources/updated`, as they came. */
  readonly updated: string[];
  /** How many `notifications/resources/list_changed` came. */
  listChanged(): number;
}

/** The official client, connected for one test to `/mcp` of a service. */
export async function connectClient(url: string): Promise<ConnectedClient> {
  const client = new Client({ name: 'test', version: '1' });
  const updated: string[] = [];
  let listChanges = 0;
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
  client.setNotificationHandler('notifications/resources/list_changed', () => void listChanges++);
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url));
  await client.connect(transport);
  onTestFinished(() => client.close());
  return { client, transport, updated, listChanged: () => listChanges };
}
