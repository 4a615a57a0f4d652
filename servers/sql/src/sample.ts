import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SAMPLE = `
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS signal_boxes (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  line TEXT NOT NULL,
  levers INTEGER NOT NULL CHECK (levers > 0),
  in_use INTEGER NOT NULL DEFAULT 1
);
INSERT INTO signal_boxes (name, line, levers, in_use)
SELECT * FROM (VALUES
  ('North Junction', 'Coast', 48, 1),
  ('Harbour', 'Coast', 22, 1),
  ('Mill Lane', 'Valley', 16, 0),
  ('Upper Halt', 'Valley', 9, 1),
  ('Central', 'Main', 96, 1)
) WHERE NOT EXISTS (SELECT 1 FROM signal_boxes);
COMMIT;`;

/** Creates a database with one small table to try things on. Does nothing to a file that exists. */
export function createSample(file: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec(SAMPLE);
  } finally {
    database.close();
  }
}
