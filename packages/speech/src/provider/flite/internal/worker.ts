/** The thread in which flite runs. It takes one clause after another. */
import { parentPort } from "node:worker_threads"
import * as Engine from "./engine.ts"
import * as Synthesis from "./synthesis.ts"

/** What the thread is asked. */
export interface Asked {
  readonly id: number
  readonly request: Synthesis.Request
}

/** What it answers. The first answer, to nobody's question, has the id 0: the program is loaded. */
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
