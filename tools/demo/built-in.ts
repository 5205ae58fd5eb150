/** The built-in time-based method: one object, seen by both dialects. */
export const TIME_BASED_METHOD = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';
