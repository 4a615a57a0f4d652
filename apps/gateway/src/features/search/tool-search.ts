import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { namePattern } from '@signalbox/middleware';
import { LocalAnswers } from '../call-tool/local-answers.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import { ToolIndex, type FoundTool } from './tool-index.js';
import { SearchTool } from './search-tool.js';

/** Finds tools by what they do. */
@Injectable()
export class ToolSearch implements OnModuleInit {
  readonly #index = new ToolIndex();

  constructor(
    private readonly follower: CatalogueFollower,
    private readonly answers: LocalAnswers,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
  ) {}

  onModuleInit(): void {
    const { mode, pinned, limit } = this.config.search;
    if (mode === 'off') return;
    const { catalogue } = this.follower;
    const tool = new SearchTool((query, most) => this.find(query, most), this.answers, limit);
    catalogue.listTools({ own: [tool], shows: mode === 'only' ? namePattern(pinned) : undefined });
    // in small steps when the catalogue changes, so that no search has to wait for a large one
    this.follower.onCatalogueSettled(() => void this.#index.follow(catalogue.view()));
  }

  get isOn(): boolean {
    return this.config.search.mode !== 'off';
  }

  find(query: string, limit: number, server?: string): FoundTool[] {
    this.#index.follow(this.follower.catalogue.view());
    return this.#index.search(query, limit, server);
  }
}
