// Says "line 1 of n" to "line n of n" on its standard error, 20,000 a second, as a program that is very chatty does.
const LINES_PER_MS = 20;
const lines = Number(process.argv[2]);

const began = performance.now();
let said = 0;
const timer = setInterval(() => {
  const due = Math.min(lines, Math.floor((performance.now() - began) * LINES_PER_MS));
  let text = '';
  while (said < due) text += `line ${++said} of ${lines}\n`;
  process.stderr.write(text);
  if (said === lines) clearInterval(timer);
}, 50);
