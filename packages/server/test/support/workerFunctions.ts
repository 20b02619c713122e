/** Functions for the worker threads of the tests. */
import { threadId } from "node:worker_threads"
import * as WorkerPool from "../../src/node/WorkerPool.ts"

const burn = (ms: number) => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

export const functions = {
  burn: ({ ms, value }: { readonly ms: number; readonly value: string }) => {
    burn(ms)
    return value
  },
  later: (value: number) => Promise.resolve(value * 2),
  thread: () => threadId,
  loop: () => burn(Number.POSITIVE_INFINITY),
  throws: () => {
    throw new Error("thrown in a thread")
  },
  exits: () => process.exit(3),
  hoards: () => {
    const hoard: Array<Array<number>> = []
    for (;;) hoard.push(Array.from({ length: 100_000 }, () => Math.random()))
  },
  unclonable: () => () => 1
}

WorkerPool.offer(functions)
