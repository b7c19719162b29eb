// npm start: installs what is missing, then hands over to `holdfast up` on our own runtime.
import { handOver } from './hand-over.mjs';
import { install } from './install.mjs';

await install();
await handOver(['up', ...process.argv.slice(2)]);
