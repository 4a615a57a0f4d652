import { Injectable } from '@nestjs/common';
import { createEvent, type SafetyClass } from '@signalbox/contracts';
import { nearestNames } from '@signalbox/mcp';
import { ProblemException } from '@signalbox/nest-kit';
import type { Reasons } from '../lifecycle/lifecycle-schemas.js';
import { ServerWriter } from '../lifecycle/server-writer.js';
import type { ServerAnswer } from '../servers/server-answer.js';
import { ServerCatalogue } from '../servers/server-catalogue.js';
import { unknownServer } from '../servers/unknown-server.js';

export interface ClassifiedTool {
  readonly server: string;
  readonly tool: string;
  readonly safetyClass: SafetyClass;
  readonly previous: SafetyClass;
  readonly setByApi: boolean;
}

/** Safety classes that operators give to tools: kept in the log, followed by every gateway. */
@Injectable()
export class ToolClassifier {
  constructor(
    private readonly writer: ServerWriter,
    private readonly catalogue: ServerCatalogue,
  ) {}

  /**
   * @param wanted null: as the configuration says again
   * @throws ProblemException 404 when the server is not there, or has never offered such a tool
   */
  classify(server: string, tool: string, wanted: SafetyClass | null, reasons: Reasons): Promise<ClassifiedTool> {
    let previous: SafetyClass | undefined;
    return this.writer
      .decide(async () => {
        previous ??= this.#tool(server, tool).safetyClass;
        const said = this.writer.known(server)!.view.toolClasses;
        if (wanted === (Object.hasOwn(said, tool) ? said[tool] : null)) return;
        const { who, why } = reasons;
        const data = { server, tool, class: wanted, who, ...(why === undefined ? {} : { why }) };
        await this.writer.append(server, createEvent('server.tool.classified', data));
      })
      .then(() => {
        const { safetyClass } = this.#tool(server, tool);
        return { server, tool, safetyClass, previous: previous!, setByApi: wanted !== null };
      });
  }

  #tool(server: string, tool: string): ServerAnswer['tools'][number] {
    const known = this.catalogue.get(server);
    if (!known || known.state === 'removed') {
      throw unknownServer(
        server,
        this.catalogue.list().map(({ name }) => name),
      );
    }
    const found = known.tools.find(({ name }) => name === tool);
    if (found) return found;
    const tools = known.tools.map(({ name }) => name);
    const nearest = nearestNames(tool, tools);
    const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(', ')}?`;
    const detail = `${server} has no tool ${tool}${hint}`;
    throw new ProblemException(404, 'Not Found', { detail, name: tool, nearest });
  }
}
