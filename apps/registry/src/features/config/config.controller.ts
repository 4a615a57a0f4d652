import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { ConfigRollback } from './config-rollback.js';
import {
  diffQuerySchema,
  diffSchema,
  effectiveSchema,
  fullVersionSchema,
  rollbackSchema,
  versionParameter,
  versionSchema,
  versionsQuerySchema,
  type ConfigDiff,
  type ConfigVersion,
  type DiffQuery,
  type EffectiveConfig,
  type FullConfigVersion,
  type Rollback,
  type VersionsQuery,
} from './config-schemas.js';
import { ConfigViews } from './config-views.js';

@ApiTags('config')
@Controller('config')
export class ConfigController {
  constructor(
    private readonly views: ConfigViews,
    private readonly rollbacks: ConfigRollback,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The configuration in force: each value, where it comes from, what needs a restart' })
  @ApiResponse({ status: 200, description: 'Secrets are masked', standardSchema: successOf(effectiveSchema) })
  async effective(): Promise<Success<EffectiveConfig>> {
    return success(await this.views.effective());
  }

  @Get('versions')
  @ApiOperation({ summary: 'The versions of the configuration, the newest first' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 1000, default 100' })
  @ApiQuery({ name: 'before', required: false, type: Number, description: 'Only versions before this one' })
  @ApiResponse({
    status: 200,
    description: 'Who changed it, when and why',
    standardSchema: successOf(z.array(versionSchema)),
  })
  async versions(@Query({ schema: versionsQuerySchema }) query: VersionsQuery): Promise<Success<ConfigVersion[]>> {
    return success(await this.views.versions(query));
  }

  @Get('versions/:version')
  @ApiOperation({ summary: 'One version, with what it changed and all of its document' })
  @ApiResponse({ status: 200, description: 'Secrets are masked', standardSchema: successOf(fullVersionSchema) })
  @ApiResponse({ status: 404, description: 'Problem that names the versions there are' })
  async version(@Param('version', { schema: versionParameter }) version: number): Promise<Success<FullConfigVersion>> {
    return success(await this.views.version(version));
  }

  @Get('diff')
  @ApiOperation({ summary: 'What is different between two versions, by path' })
  @ApiQuery({ name: 'from', required: true, type: Number })
  @ApiQuery({ name: 'to', required: false, type: Number, description: 'Default: the newest' })
  @ApiResponse({ status: 200, description: 'Lists count as a whole', standardSchema: successOf(diffSchema) })
  @ApiResponse({ status: 404, description: 'Problem that names the versions there are' })
  async diff(@Query({ schema: diffQuerySchema }) { from, to }: DiffQuery): Promise<Success<ConfigDiff>> {
    return success(await this.views.diff(from, to));
  }

  @Post('rollback')
  @HttpCode(200)
  @ApiOperation({ summary: 'Makes the configuration what it was at an earlier version, over what the sources say now' })
  @ApiResponse({ status: 200, description: 'The version in force then', standardSchema: successOf(fullVersionSchema) })
  @ApiResponse({ status: 400, description: 'Problem that names each faulty field' })
  @ApiResponse({ status: 404, description: 'Problem that names the versions there are' })
  @ApiResponse({
    status: 409,
    description: 'Problem: a secret is not kept, or it is read before the log; with the paths',
  })
  @ApiResponse({ status: 422, description: 'Problem: it would be wrong now, by path' })
  async rollBack(@Body({ schema: rollbackSchema }) body: Rollback): Promise<Success<FullConfigVersion>> {
    return success(await this.views.full(await this.rollbacks.rollBack(body)));
  }
}
