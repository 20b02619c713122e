/** A thread that plays the calls of the seeds it is given. */
import * as Effect from "effect/Effect"
import { parentPort, workerData } from "node:worker_threads"
import * as AgentModule from "./agentModule.ts"
import * as Simulation from "./simulation.ts"
import type { Answer, Batch } from "./players.ts"

const port = parentPort!
const answer = (answer: Answer) => port.postMessage(answer)

AgentModule.loadSubjects((workerData as { readonly module: string }).module).pipe(
  Effect.map((subjects) => {
    port.on("message", ({ calls, from }: Batch) => {
      const seeds = Array.from({ length: calls }, (_, i) => from + i)
      Effect.runFork(
        Effect.map(
          Effect.forEach(seeds, (seed) => Simulation.outcomeOf(subjects, seed)),
          (outcomes) => answer({ _tag: "Played", from, outcomes })
        )
      )
    })
    answer({ _tag: "Ready" })
  }),
  Effect.catch(({ message }) => Effect.sync(() => answer({ _tag: "Failed", message }))),
  Effect.runFork
)
