import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioTime from "@antiphon/speech/AudioTime"
import type { Transport } from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as AudioSocket from "../src/AudioSocket.ts"
import { FakeAsterisk } from "../src/testing.ts"
import { audioOf, listener } from "./support/server.ts"

const sound = (length: number, from = 1) => Uint8Array.from({ length }, (_, index) => ((from + index) % 100) + 1)
const audio = (stream: number, bytes: Uint8Array, generation = 1) =>
  ({ _tag: "Audio", generation, stream, at: AudioTime.zero, bytes }) as const

/** A listening server, and a channel that calls it. */
const setUp = (
  answer: (line: Transport) => Effect.Effect<unknown, unknown>,
  options: AudioSocket.Options<unknown> = {},
  channel: Omit<FakeAsterisk.Options, "port"> = {}
) =>
  Effect.gen(function* () {
    const { port } = yield* AudioSocket.serve(answer, { ...options, port: 0 })
    return { port, channel: yield* FakeAsterisk.connect({ ...channel, port }) }
  })

describe("AudioSocket", () => {
  for (const pieces of [undefined, 7]) {
    it.live(`carries a call, in pieces of ${pieces ?? "whole frames"}`, () =>
      Effect.gen(function* () {
        const heard = yield* listener
        const identify = (uuid: string) =>
          Effect.succeed({ from: "+4912345", to: "100", metadata: { customer: uuid.slice(0, 8) } })
        const { channel } = yield* setUp(heard.answer, { identify }, { pieces })
        const line = yield* heard.line
        assert.strictEqual(line.request.callId, "40325ec2-5efd-4bd3-805f-53576e581d13")
        assert.strictEqual(line.request.from, "+4912345")
        assert.deepStrictEqual(line.request.metadata, { platform: "asterisk", customer: "40325ec2" })
        assert.deepStrictEqual(line.format, AudioFormat.pcm8000)
        assert.deepStrictEqual(line.capabilities, { heard: "position", echoFree: true })
        const words = sound(1600)
        channel.say(words)
        yield* heard.until("the words", (all) => Buffer.from(audioOf(all)).includes(Buffer.from(words)))
        channel.press("#")
        assert.deepStrictEqual(yield* heard.tag("Dtmf"), { _tag: "Dtmf", button: "#" })
        yield* channel.hangUp
        yield* heard.gone
      }).pipe(Effect.scoped)
    )
  }

  it.live("sends a frame every 20 ms, and reports how many samples were played", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { channel } = yield* setUp(heard.answer)
      const line = yield* heard.line
      const voice = sound(3200)
      yield* line.send([audio(4, voice)])
      yield* heard.until("the end", (all) => all.some((one) => one._tag === "Played" && one.samples === 1600))
      // The last frame is still on its way when the line reports it.
      yield* heard.until("the last frame", () => channel.recording().length >= voice.length)
      assert.deepStrictEqual([...channel.recording()], [...voice])
      const times = channel.played.map(({ at }) => at)
      assert.isAbove(times.at(-1)! - times[0]!, 9 * 20 - 40)
    }).pipe(Effect.scoped)
  )

  it.live("drops unsent audio at a clear, and answers it to the sample", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { channel } = yield* setUp(heard.answer)
      const line = yield* heard.line
      yield* line.send([audio(1, sound(32_000))])
      yield* heard.tag("Played")
      yield* line.clear({ generation: 1, stream: 1 })
      const cleared = yield* heard.until("the answer", (all) =>
        all.find((one) => one._tag === "Played" && one.isCleared)
      )
      assert.isTrue(cleared._tag === "Played" && cleared.samples * 2 < 32_000)
      // Audio after the clear follows what had been played by then.
      yield* line.send([audio(2, sound(320, 50))])
      yield* heard.until("the other stream", (all) => all.some((one) => one._tag === "Played" && one.stream === 2))
      const samples = cleared._tag === "Played" ? cleared.samples : 0
      yield* heard.until("the frame", () => channel.recording().length >= samples * 2 + 320)
      assert.deepStrictEqual([...channel.recording()], [...sound(32_000).subarray(0, samples * 2), ...sound(320, 50)])
    }).pipe(Effect.scoped)
  )

  it.live("hangs up after the audio sent before", () =>
    Effect.gen(function* () {
      const { channel } = yield* setUp((line) => Effect.andThen(line.send([audio(1, sound(1000))]), line.hangUp("bye")))
      assert.strictEqual(yield* channel.over, "hung up")
      // The last frame is padded.
      assert.lengthOf(channel.recording(), 1280)
    }).pipe(Effect.scoped)
  )

  it.live("sends keys as tones, and hangs up when nobody answers", () =>
    Effect.gen(function* () {
      const { channel } = yield* setUp((line) => line.dtmf!("1"))
      assert.strictEqual(yield* channel.over, "hung up")
      assert.lengthOf(channel.recording(), 3200)
    }).pipe(Effect.scoped)
  )

  it.live("sends tones as slowly as speech: Asterisk plays whatever comes at once", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { channel } = yield* setUp(heard.answer)
      const line = yield* heard.line
      yield* Effect.forkChild(line.dtmf!("12"), { startImmediately: true })
      yield* heard.until("a frame", () => channel.recording().length > 0)
      assert.isBelow(channel.recording().length, 6400)
      yield* heard.until("the tones", () => channel.recording().length === 6400)
    }).pipe(Effect.scoped)
  )

  it.live(
    "handles faults: drops unknown frames, ends the call when the connection is lost, and rejects strangers",
    () =>
      Effect.gen(function* () {
        const heard = yield* listener
        const { channel, port } = yield* setUp(heard.answer, {
          identify: (uuid) => Effect.succeed(uuid.startsWith("4") ? {} : undefined),
          settings: { startTimeout: Duration.millis(300) }
        })
        yield* heard.line
        channel.frame(0x42, sound(3))
        channel.frame(0x12, sound(640))
        channel.frame(0x01, sound(2))
        channel.frame(0xff, sound(1))
        channel.press("x")
        channel.press("")
        channel.press("1")
        yield* heard.tag("Dtmf")
        assert.deepStrictEqual(
          heard.told().filter(({ _tag }) => _tag !== "Played"),
          [{ _tag: "Dtmf", button: "1" }]
        )
        const stranger = yield* FakeAsterisk.connect({ port, uuid: "50325ec2-5efd-4bd3-805f-53576e581d13" })
        assert.strictEqual(yield* stranger.over, "hung up")
        const silent = yield* FakeAsterisk.connect({ port, isAnonymous: true })
        assert.strictEqual(yield* silent.over, "hung up")
        yield* channel.drop
        yield* heard.gone
      }).pipe(Effect.scoped)
  )

  it.live("accepts up to its maximum of calls", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { channel, port } = yield* setUp(heard.answer, { settings: { maxCalls: 1 } })
      yield* heard.line
      const next = yield* FakeAsterisk.connect({ port })
      assert.strictEqual(yield* next.over, "hung up")
      yield* channel.hangUp
      yield* heard.gone
    }).pipe(Effect.scoped)
  )
})
