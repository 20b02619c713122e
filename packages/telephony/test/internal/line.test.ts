import * as CallRequest from "@antiphon/core/CallRequest"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioTime from "@antiphon/speech/AudioTime"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Line from "../../src/internal/line.ts"

const audio = (length: number) =>
  ({ _tag: "Audio", generation: 1, stream: 0, at: AudioTime.zero, bytes: new Uint8Array(length).fill(7) }) as const
const mark = (name: string) => ({ _tag: "Mark", generation: 1, stream: 0, name }) as const

/** A line that notes what is sent, as text. */
const make = (marks: boolean) =>
  Effect.gen(function* () {
    const sent: Array<string> = []
    const line = Line.make({
      request: CallRequest.make(),
      format: AudioFormat.mulaw8000,
      codec: {
        media: (stream, bytes) => `${stream} media ${bytes.length}`,
        clear: (stream) => `${stream} clear`,
        ...(marks ? { mark: (stream: string, name: string) => `${stream} mark ${name}` } : {})
      },
      control: { hangUp: Effect.sync(() => void sent.push("hang up")) },
      close: () => void sent.push("close"),
      clock: yield* Clock.Clock,
      log: { sent: () => {}, turn: () => {} },
      echoFree: true,
      incoming: Stream.empty
    })
    const visitor = {
      send: (frames: ReadonlyArray<string | Uint8Array>) => Effect.sync(() => void sent.push(...frames.map(String))),
      gone: Effect.never
    }
    line.attach({ visitor, streamId: "s1" })
    return { line, sent, visitor }
  })

describe("line", () => {
  it.effect("joins audio up to a mark, and pads the last frame", () =>
    Effect.gen(function* () {
      const { line, sent } = yield* make(true)
      yield* line.send([audio(160), audio(100), mark("a"), audio(160)])
      assert.deepStrictEqual(sent, ["s1 media 320", "s1 mark a", "s1 media 160"])
    })
  )

  it.effect("without marks, sends audio as given, and no marks", () =>
    Effect.gen(function* () {
      const { line, sent } = yield* make(false)
      yield* line.send([audio(160), mark("a"), audio(100)])
      assert.deepStrictEqual(sent, ["s1 media 160", "s1 media 100"])
    })
  )

  it.effect("hangs up when its last mark has come back", () =>
    Effect.gen(function* () {
      const { line, sent } = yield* make(true)
      yield* line.send([audio(80_000)])
      const hangingUp = yield* Effect.forkChild(line.hangUp("bye"), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.notInclude(sent, "hang up")
      line.marked("another")
      line.marked("hang-up")
      yield* Fiber.join(hangingUp)
      assert.deepStrictEqual(sent, ["s1 media 80000", "s1 mark hang-up", "hang up", "close"])
      assert.strictEqual(line.farewell(), "bye")
    })
  )

  it.effect("hangs up a second after the audio must have been played if no mark comes back", () =>
    Effect.gen(function* () {
      const { line, sent } = yield* make(true)
      yield* line.send([audio(8000)])
      const hangingUp = yield* Effect.forkChild(line.hangUp("bye"), { startImmediately: true })
      yield* TestClock.adjust("1999 millis")
      assert.notInclude(sent, "hang up")
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(hangingUp)
    })
  )

  it.effect("does not wait for cleared audio, and does not hang up twice", () =>
    Effect.gen(function* () {
      const { line, sent } = yield* make(false)
      yield* line.send([audio(80_000)])
      yield* line.clear({ generation: 1, stream: 0 })
      const hangingUp = yield* Effect.forkChild(line.hangUp("bye"), { startImmediately: true })
      yield* TestClock.adjust(0)
      yield* Fiber.join(hangingUp)
      yield* line.hangUp("again")
      assert.deepStrictEqual(
        sent.filter((each) => each === "hang up"),
        ["hang up"]
      )
    })
  )

  it.effect("sends nothing while it has no stream, and continues with the next one", () =>
    Effect.gen(function* () {
      const { line, sent, visitor } = yield* make(true)
      line.detach()
      yield* line.send([audio(160)])
      line.attach({ visitor, streamId: "s2" })
      yield* line.clear({ generation: 1, stream: 0 })
      assert.deepStrictEqual(sent, ["s2 clear"])
    })
  )
})
