/**
 * How safely an activity can be done again. `read` changes nothing. `repeatable` may be done again once the host is
 * known quiet. `once` must not be done again when it may have touched the world.
 */
export type Repeat = 'read' | 'repeatable' | 'once';

/** How an attempt came to its end, as the run saw it. */
export type AttemptEnd = 'answered' | 'cancelled' | 'lost' | 'threw' | 'never-started';
