/** What argon2id is to cost, in the words of its library: memory in KiB, passes, lanes. */
export const hashCosts = {
  /** What a hospital runs. */
  product: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
  /** The least that argon2 takes, for fleets and for labs that measure something else. */
  minimum: { memoryCost: 8, timeCost: 1, parallelism: 1 },
} as const

export type HashCost = keyof typeof hashCosts
