/** The worker thread that runs flite, one clause after another. */
import { parentPort } from "node:worker_threads"
import * as Engine from "./engine.ts"
import * as Synthesis from "./synthesis.ts"

/** A request to the worker. */
export interface Asked {
  readonly id: number
  readonly request: Synthesis.Request
}

/** A reply of the worker. The first one, with id 0, says that flite is loaded. */
export type Answer = { readonly id: number } & ({ readonly said?: Synthesis.Said } | { readonly error: string })

const port = parentPort!
const say = Synthesis.make(await Engine.load())

port.on("message", ({ id, request }: Asked) => {
  try {
    const said = say(request)
    port.postMessage({ id, said } satisfies Answer, [said.samples.buffer as ArrayBuffer])
  } catch (error) {
    port.postMessage({ id, error: String(error) } satisfies Answer)
  }
})
port.postMessage({ id: 0 } satisfies Answer)
