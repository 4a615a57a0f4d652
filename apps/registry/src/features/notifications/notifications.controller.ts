import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { newId } from '@signalbox/contracts';
import type { NotificationView } from '@signalbox/domain/notification';
import { InjectContext, ProblemException, type ServiceContext } from '@signalbox/nest-kit';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import {
  answersQuery,
  channelAnswers,
  channelAnswerSchema,
  notificationAnswer,
  notificationAnswerSchema,
  notificationsQuerySchema,
  type ChannelAnswer,
  type NotificationAnswer,
  type NotificationsQuery,
} from './notification-answers.js';
import { NotificationBook } from './notification-book.js';
import { NOTIFICATIONS } from './notification-leader.js';
import { NotificationSender } from './notification-sender.js';

const testSchema = z.strictObject({
  channel: z.string().min(1).max(100),
  text: z.string().min(1).max(1_000).default('A test of this channel, by hand.'),
});
const testedSchema = z.object({
  channel: z.string(),
  taken: z.boolean(),
  answer: z.string().optional(),
  error: z.string().optional(),
  tookMs: z.number(),
});
type Tested = z.infer<typeof testedSchema>;
const channelsSchema = z.object({
  leader: z.string().nullable().describe('The registry that sends; null where there are no rules, or nobody leads'),
  channels: z.array(channelAnswerSchema),
});

@ApiTags('notifications')
@Controller('notifications')
export class NotificationsController {
  constructor(
    private readonly book: NotificationBook,
    private readonly sender: NotificationSender,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The newest notifications, and what became of each in its channels' })
  @ApiResponse({
    status: 200,
    description: 'The newest first',
    standardSchema: successOf(z.array(notificationAnswerSchema)),
  })
  list(@Query({ schema: notificationsQuerySchema }) query: NotificationsQuery): Success<NotificationAnswer[]> {
    this.#refuseUnknown(query.channel);
    const found = this.book.newest().filter((view) => answersQuery(view, query));
    return success(found.slice(0, query.limit).map((view) => notificationAnswer(view, this.sender)));
  }

  @Get('channels')
  @ApiOperation({ summary: 'Where notifications can go, and how many are owed there' })
  @ApiResponse({
    status: 200,
    description: 'Also those that are there without being configured',
    standardSchema: successOf(channelsSchema),
  })
  async channels(): Promise<Success<{ leader: string | null; channels: ChannelAnswer[] }>> {
    const leader = await this.context.ports.leader.leader(NOTIFICATIONS).catch(() => undefined);
    return success({ leader: leader ?? null, channels: channelAnswers(this.sender, this.book.owed()) });
  }

  @Post('test')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Sends one notification to a channel, now and once, and says what came of it; it is not in the log',
  })
  @ApiResponse({ status: 200, description: 'Whether it was taken', standardSchema: successOf(testedSchema) })
  @ApiResponse({ status: 404, description: 'Problem that names the channels there are' })
  async test(@Body({ schema: testSchema }) { channel, text }: z.infer<typeof testSchema>): Promise<Success<Tested>> {
    this.#refuseUnknown(channel);
    const startedAt = performance.now();
    const tookMs = () => Math.round(performance.now() - startedAt);
    try {
      const answer = await this.sender.test(channel, testNotification(channel, text));
      return success({ channel, taken: true, answer, tookMs: tookMs() });
    } catch (error) {
      return success({ channel, taken: false, error: (error as Error).message, tookMs: tookMs() });
    }
  }

  #refuseUnknown(channel: string | undefined): void {
    const names = [...this.sender.channels.keys()];
    if (channel === undefined || names.includes(channel)) return;
    const detail = `no channel is called ${channel}; there are: ${names.join(', ')}`;
    throw new ProblemException(404, 'Not Found', { detail, channels: names });
  }
}

function testNotification(channel: string, text: string): NotificationView {
  const now = new Date().toISOString();
  const id = newId();
  return {
    notification: `ntf_test_${id}`,
    rule: 'test',
    topic: 'notification.test',
    severity: 'info',
    subject: `channel ${channel}`,
    text,
    channels: [channel],
    count: 1,
    since: now,
    until: now,
    facts: {},
    source: { id, type: 'notification.test', stream: 'none' },
    raisedAt: now,
    deliveries: {},
  };
}
