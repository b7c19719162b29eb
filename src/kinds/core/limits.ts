/** Units for the limits of kinds, so that a file says `10 * MINUTE` and `256 * MIB`. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const MIB = 1024 * 1024;
