#!/usr/bin/env node
// The `holdfast` command: whatever Node runs this, the program itself runs on the one we brought along.
import { existsSync } from 'node:fs';
import { handOver } from './hand-over.mjs';
import { projectDir, runtime } from './install.mjs';

if (!existsSync(runtime)) {
  console.error(`holdfast: dependencies are not installed. Run "npm ci" in ${projectDir}.`);
  process.exit(1);
}
await handOver(process.argv.slice(2));
