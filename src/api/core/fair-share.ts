/**
 * May one of several who share places have one more? Each may hold `share` times as many as are left: alone it gets most of them,
 * and whoever comes later always finds some.
 */
export const hasShare = (held: number, heldByAll: number, places: number, share: number): boolean =>
  held < share * (places - heldByAll);
