/** Speeds that the clock can run at, slowest first; 0 is as fast as it goes. */
export const ALL_SPEEDS: readonly number[] = [0.1, 0.25, 0.5, 1, 2, 5, 20, 0];
