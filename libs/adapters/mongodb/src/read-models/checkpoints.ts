import type { Checkpoint } from '@signalbox/ports';
import { Schema, type Connection } from 'mongoose';

export interface CheckpointDocument {
  /** The projection. */
  _id: string;
  /** A list, because names of partitions need not be names of fields. */
  positions: { partition: string; position: number }[];
  /** Its collections are on their way to another name. */
  promoting?: boolean;
}

const checkpointSchema = new Schema<CheckpointDocument>(
  {
    _id: { type: String, required: true },
    positions: [
      { _id: false, partition: { type: String, required: true }, position: { type: Number, required: true } },
    ],
    promoting: Boolean,
  },
  {
    collection: 'read_model_checkpoints',
    autoCreate: false,
    autoIndex: false,
    versionKey: false,
    bufferCommands: false,
  },
);

const modelOf = (connection: Connection) => connection.model('Checkpoint', checkpointSchema);

/** How far each projection has come. */
export class Checkpoints {
  private readonly model: ReturnType<typeof modelOf>;

  constructor(connection: Connection) {
    this.model = modelOf(connection);
  }

  async get(projection: string): Promise<Checkpoint> {
    const found = await this.model.findById(projection).lean();
    return Object.fromEntries((found?.positions ?? []).map(({ partition, position }) => [partition, position]));
  }

  async set(projection: string, checkpoint: Checkpoint): Promise<void> {
    const positions = Object.entries(checkpoint).map(([partition, position]) => ({ partition, position }));
    await this.model.replaceOne({ _id: projection }, { _id: projection, positions }, { upsert: true });
  }

  async delete(projection: string): Promise<void> {
    await this.model.deleteOne({ _id: projection });
  }

  /** Whether it has a checkpoint, and is marked as being promoted. */
  async state(projection: string): Promise<'none' | 'resting' | 'promoting'> {
    const found = await this.model.findById(projection).lean();
    if (!found) return 'none';
    return found.promoting ? 'promoting' : 'resting';
  }

  async markPromoting(projection: string): Promise<void> {
    await this.model.updateOne({ _id: projection }, { $set: { promoting: true } });
  }
}
