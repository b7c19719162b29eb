// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes; each command reads the few fields it shows
export type Answer = any;
