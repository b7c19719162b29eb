// Every process of ours starts here, on our own runtime. Compiled code is kept: it saves 0.3 s a start, and Node's type
// stripper, which would stay in memory with 30 MiB, is not even loaded from the second start on.
import module from 'node:module';

module.enableCompileCache();
// An agent lives beside other people's work: it trades speed it does not need for memory, before anything large is loaded.
if (process.argv[2] === 'agent') await import('../src/lib/small-memory.ts');
await import('../src/main.ts');
