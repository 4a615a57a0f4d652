import { Module, type OnModuleInit } from '@nestjs/common';
import { MethodRouter } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import { ForwardModule } from '../forward/forward.module.js';
import { MethodsModule } from '../methods/methods.module.js';
import { ResumeModule } from '../resume/resume.module.js';
import { TaskFinder } from './task-finder.js';
import { TaskLog } from './task-log.js';
import { TaskMethods } from './task-methods.js';
import { TaskRuns } from './task-runs.js';

/** Tool calls as durable tasks (MCP extension `io.modelcontextprotocol/tasks`). */
@Module({
  imports: [ForwardModule, MethodsModule, ResumeModule],
  providers: [TaskFinder, TaskLog, TaskMethods, TaskRuns],
  exports: [TaskFinder],
})
export class TasksModule implements OnModuleInit {
  constructor(
    private readonly router: MethodRouter<Caller>,
    private readonly methods: TaskMethods,
    private readonly runs: TaskRuns,
  ) {}

  onModuleInit(): void {
    this.methods.route(this.router);
    this.router.use(this.runs.handle, ['tools/call']);
  }
}
