import * as CallRequest from "@antiphon/core/CallRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as Transport from "../src/Transport.ts"

const line: Transport.Transport = {
  request: CallRequest.make(),
  format: AudioFormat.mulaw8000,
  capabilities: { heard: "estimate", echoFree: true },
  incoming: Stream.empty,
  send: () => Effect.void,
  clear: () => Effect.void,
  hangUp: () => Effect.void
}
const events: ReadonlyArray<Transport.Shown> = [
  { _tag: "Transcript", text: "I want", isFinal: false },
  { _tag: "Transcript", text: "I want to book.", isFinal: true },
  { _tag: "AgentTurn", turn: 1, state: "Started" },
  { _tag: "AgentText", turn: 1, text: "Gladly." },
  { _tag: "AgentHeard", turn: 1, text: "Gladly." }
]

describe("Transport", () => {
  it.effect("weighs the words of a call, and shows everything as before", () =>
    Effect.gen(function* () {
      const shown: Array<Transport.Shown> = []
      const kept: Array<number> = []
      const weighed = Transport.weighed(
        { ...line, show: (event) => Effect.sync(() => void shown.push(event)) },
        (bytes) => kept.push(bytes)
      )
      for (const event of events) yield* weighed.show!(event)
      assert.deepStrictEqual(kept, [512 + 15, 512 + 7, 512 + 7])
      assert.deepStrictEqual(shown, events)
    })
  )

  it.effect("weighs a line that shows nothing", () =>
    Effect.gen(function* () {
      let kept = 0
      const weighed = Transport.weighed(line, (bytes) => (kept += bytes))
      for (const event of events) yield* weighed.show!(event)
      assert.isAbove(kept, 1536)
    })
  )
})
