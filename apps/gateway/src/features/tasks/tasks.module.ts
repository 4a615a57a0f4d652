import { Module, type OnModuleInit } from '@nestjs/common';
import { MethodRouter } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import { ForwardModule } from '../forward/forward.module.js';
import { ListenModule } from '../listen/listen.module.js';
import { Listens } from '../listen/listens.js';
import { MethodsModule } from '../methods/methods.module.js';
import { ResumeModule } from '../resume/resume.module.js';
import { TaskExpiry } from './task-expiry.js';
import { TaskFinder } from './task-finder.js';
import { TaskLog } from './task-log.js';
import { TaskMethods } from './task-methods.js';
import { TaskRuns } from './task-runs.js';
import { TaskWatches } from './task-watches.js';

/** Tool calls as durable tasks (MCP extension `io.modelcontextprotocol/tasks`). */
@Module({
  imports: [ForwardModule, ListenModule, MethodsModule, ResumeModule],
  providers: [TaskExpiry, TaskFinder, TaskLog, TaskMethods, TaskRuns, TaskWatches],
})
export class TasksModule implements OnModuleInit {
  constructor(
    private readonly router: MethodRouter<Caller>,
    private readonly methods: TaskMethods,
    private readonly runs: TaskRuns,
    private readonly watches: TaskWatches,
    private readonly listens: Listens,
  ) {}

  onModuleInit(): void {
    this.methods.route(this.router);
    this.listens.extension = this.watches;
    this.router.use(this.runs.handle, ['tools/call']);
  }
}
