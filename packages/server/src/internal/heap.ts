/** Measures how full the heap of the process is. */
import { getHeapStatistics } from "node:v8"

/** The used share of the heap's maximum size, from 0 to 1. */
export const share = (): number => {
  const { heap_size_limit, used_heap_size } = getHeapStatistics()
  return used_heap_size / heap_size_limit
}
