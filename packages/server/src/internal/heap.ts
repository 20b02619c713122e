/** How full the heap of the process is. */
import { getHeapStatistics } from "node:v8"

/** Share of the heap in use of what it may grow to, from 0 to 1. */
export const share = (): number => {
  const { heap_size_limit, used_heap_size } = getHeapStatistics()
  return used_heap_size / heap_size_limit
}
