/** One line of the bench: a ratio of two things measured in one run, and its goal. */
export interface BenchRow {
  /** As in the table of goals: `P1`, `S3`. */
  readonly id: string;
  readonly what: string;
  readonly ratio: number;
  /** `≥ 30` or `≤ 2.5`. */
  readonly goal: string;
  readonly met: boolean;
}
