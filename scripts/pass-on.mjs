const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Passes signals on while the child runs; `last` of the answer is the latest. What was sent to our whole group the child
 * then gets twice, and counts once. Without this, what is meant for us alone would leave it running.
 */
export function passSignalsOn(child) {
  const passed = { last: null };
  const pass = (signal) => {
    passed.last = signal;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  child.once('exit', () => {
    for (const signal of SIGNALS) process.off(signal, pass);
  });
  return passed;
}
