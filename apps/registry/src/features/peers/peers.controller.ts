import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { ApiAsOf, asOfQuerySchema } from '../as-of/as-of.js';
import { peerAnswerSchema, type PeerAnswer } from './peer-answer.js';
import { PeerBook } from './peer-book.js';

const peersSchema = z.object({
  suite: z.string().describe('The id of this suite, by which its peers know it'),
  peers: z.array(peerAnswerSchema),
});
type Peers = { readonly suite: string; readonly peers: readonly PeerAnswer[] };

@ApiTags('peers')
@Controller('peers')
export class PeersController {
  constructor(private readonly book: PeerBook) {}

  @Get()
  @ApiAsOf()
  @ApiOperation({ summary: 'The suites that this one peers with: state, last contact, what they share' })
  @ApiResponse({ status: 200, description: 'By name', standardSchema: successOf(peersSchema) })
  async list(@Query({ schema: asOfQuerySchema }) { asOf }: z.infer<typeof asOfQuerySchema>): Promise<Success<Peers>> {
    const peers = asOf === undefined ? this.book.list() : await this.book.listAsOf(asOf);
    return success({ suite: await this.book.suite(), peers });
  }
}
