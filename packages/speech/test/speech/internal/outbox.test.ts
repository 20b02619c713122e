import { assert, it } from "@effect/vitest"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as Outbox from "../../../src/speech/internal/outbox.ts"

const audio = (generation: number) =>
  ({ _tag: "Audio", generation, stream: generation, at: AudioTime.zero, bytes: new Uint8Array(2) }) as const

it.effect("a clear drops what waits behind a slow line, and is sent at once", () =>
  VirtualTime.run(
    Effect.scoped(
      Effect.gen(function* () {
        const seen: Array<string> = []
        const outbox = Outbox.make({
          request: CallRequest.make(),
          format: AudioFormat.pcm16000,
          capabilities: { heard: "marks", echoFree: true },
          incoming: Stream.never,
          send: ([first]) =>
            Effect.andThen(
              Effect.sleep("1 second"),
              Effect.sync(() => void seen.push(`${first.stream}`))
            ),
          clear: () => Effect.sync(() => void seen.push("clear")),
          hangUp: () => Effect.void
        })
        yield* Effect.forkScoped(outbox.run)
        outbox.send([audio(1)])
        yield* VirtualTime.settled
        outbox.send([audio(1)])
        outbox.send([audio(1)])
        outbox.clear({ generation: 1, stream: 1 })
        outbox.send([audio(2)])
        yield* outbox.drained
        assert.deepStrictEqual(seen, ["1", "clear", "2"])
      })
    )
  )
)
