import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What the library makes of it. @throws WebhookVerificationError when its signature is wrong */
  verified(secret?: string): unknown;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
}

/** A real receiver of webhooks. @param answer status of the answer to each, by its number from 1; 0: none, ever */
export async function receiverForTest(answer: (count: number) => number = () => 204, port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response: ServerResponse) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const { headers } = request;
      const verified = (secret = SECRET) => new Webhook(secret).verify(text, headers as Record<string, string>);
      received.push({ headers, text, verified });
      const status = answer(received.length);
      if (status !== 0) response.writeHead(status, { location: `http://${headers.host}/elsewhere` }).end();
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}
