import { Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SAFETY_CLASSES, safetyClassSchema } from '@signalbox/contracts';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { nameSchema, who, why } from '../lifecycle/lifecycle-schemas.js';
import { ToolClassifier, type ClassifiedTool } from './tool-classifier.js';

const bodySchema = z.strictObject({
  class: z
    .enum(SAFETY_CLASSES, { error: `must be one of: ${SAFETY_CLASSES.join(', ')}` })
    .describe('`read` and `idempotent` may be run again; `keyed` with the same key; `unsafe` never'),
  who,
  why,
});
const reasonsSchema = z.strictObject({ who, why });
const toolSchema = z.string().min(1).max(200);
const answer = successOf(
  z.object({
    server: z.string(),
    tool: z.string(),
    safetyClass: safetyClassSchema.describe('From now on, for calls that come after it'),
    previous: safetyClassSchema,
    setByApi: z.boolean().describe('Else it comes from the configuration, or from the server where that is trusted'),
  }),
);

@ApiTags('servers')
@Controller('servers/:name/tools/:tool/safety')
export class ToolSafetyController {
  constructor(private readonly classifier: ToolClassifier) {}

  @Put()
  @ApiOperation({ summary: 'Says whether a tool may be run again after a loss; goes before the configuration' })
  @ApiResponse({ status: 200, description: 'The class now, and before', standardSchema: answer })
  @ApiResponse({ status: 400, description: 'Problem that names the faulty field and what is allowed' })
  @ApiResponse({ status: 404, description: 'Problem with the nearest names of servers or tools' })
  async set(
    @Param('name', { schema: nameSchema }) server: string,
    @Param('tool', { schema: toolSchema }) tool: string,
    @Body({ schema: bodySchema }) { class: wanted, ...reasons }: z.infer<typeof bodySchema>,
  ): Promise<Success<ClassifiedTool>> {
    return success(await this.classifier.classify(server, tool, wanted, reasons));
  }

  @Delete()
  @ApiOperation({ summary: 'Takes back what was said of a tool: its class is as the configuration says again' })
  @ApiResponse({ status: 200, description: 'The class now, and before', standardSchema: answer })
  @ApiResponse({ status: 404, description: 'Problem with the nearest names of servers or tools' })
  async unset(
    @Param('name', { schema: nameSchema }) server: string,
    @Param('tool', { schema: toolSchema }) tool: string,
    @Query({ schema: reasonsSchema }) reasons: z.infer<typeof reasonsSchema>,
  ): Promise<Success<ClassifiedTool>> {
    return success(await this.classifier.classify(server, tool, null, reasons));
  }
}
