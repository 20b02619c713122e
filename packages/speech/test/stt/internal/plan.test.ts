import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as Ink from "../../../src/provider/cartesia/Ink.ts"
import * as Nova from "../../../src/provider/deepgram/Nova.ts"
import * as SpeechError from "../../../src/SpeechError.ts"
import * as SpeechToText from "../../../src/SpeechToText.ts"
import { audio, plain } from "../../contract/recogniser.ts"
import * as CartesiaServer from "../../support/cartesiaServer.ts"
import * as DeepgramServer from "../../support/deepgramServer.ts"
import * as RecogniserServer from "../../support/recogniserServer.ts"
import * as VendorReason from "../../../src/internal/vendorReason.ts"

const apiKey = Redacted.make("k")
const open = SpeechToText.SpeechToText.use(({ open }) => open(AudioFormat.pcm16000))
const turn = () => Effect.promise(() => new Promise((next) => setImmediate(next)))

/** Lets sockets and retries continue until the effect is done. */
const alongTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      yield* turn()
      yield* TestClock.adjust("20 millis")
    }
    return yield* Fiber.join(fiber)
  })

describe("a plan of recognisers", () => {
  it.effect("repeats the audio after the last final words for the next recogniser", () =>
    Effect.gen(function* () {
      const first = yield* RecogniserServer.make(DeepgramServer.nova)
      const second = yield* RecogniserServer.make(CartesiaServer.inkManual)
      first.play([
        { when: 400, say: { _tag: "Final", text: "A table." } },
        {
          when: 800,
          act: (connection) => {
            connection.drop()
            first.refuse({ status: 503 })
          }
        }
      ])
      second.play([{ when: 400, say: { _tag: "Final", text: "For two." } }])
      const session = yield* open.pipe(
        Effect.provide(
          SpeechToText.plan([
            Nova.layer({ apiKey, baseUrl: first.url }),
            Ink.layer({ apiKey, baseUrl: second.url, turns: false })
          ])
        )
      )
      const events: Array<string> = []
      const heard = yield* Effect.forkChild(
        Stream.runForEach(session.events, (event) => Effect.sync(() => events.push(plain(event)))),
        { startImmediately: true }
      )
      const frames = audio(1000)
      for (const frame of frames) {
        yield* session.send(frame)
        yield* turn()
        if (frame.time === 380) while (!events.includes("Final A table.")) yield* turn()
      }
      yield* alongTime(
        Effect.forever(
          Effect.andThen(
            turn(),
            Effect.suspend(() => (second.connections.length > 0 ? Effect.fail("there") : Effect.void))
          )
        ).pipe(Effect.ignore)
      )
      yield* alongTime(
        Effect.forever(
          Effect.andThen(
            turn(),
            Effect.suspend(() =>
              second.audioOf(second.connections[0]!).length > 0 ? Effect.fail("there") : Effect.void
            )
          )
        ).pipe(Effect.ignore)
      )
      yield* session.end
      yield* Fiber.join(heard)
      assert.deepStrictEqual(
        events.filter((event) => event.startsWith("Final")),
        ["Final A table.", "Final For", "Final two."]
      )
      const sent = second.audioOf(second.connections[0]!)
      const expected = Buffer.concat(frames.filter(({ time }) => time >= 400).map(({ bytes }) => bytes))
      assert.deepStrictEqual(sent, expected)
    })
  )

  it.effect("retries a temporary refusal, and moves on after a permanent one", () =>
    Effect.gen(function* () {
      for (const [status, attempts] of [
        [503, 3],
        [401, 1]
      ] as const) {
        let tried = 0
        const failing = SpeechToText.SpeechToText.of({
          name: "failing/x",
          capabilities: { turns: true, partials: true, wordTimes: true },
          warmUp: Effect.void,
          open: () => Effect.suspend(() => (tried++, SpeechError.make("failing", VendorReason.fromStatus(status))))
        })
        const good = yield* RecogniserServer.make(DeepgramServer.nova)
        const layer = SpeechToText.plan([
          Layer.succeed(SpeechToText.SpeechToText, failing),
          Nova.layer({ apiKey, baseUrl: good.url })
        ])
        yield* alongTime(open.pipe(Effect.provide(layer)))
        assert.strictEqual(tried, attempts)
        assert.lengthOf(good.connections, 1)
      }
    })
  )

  it.effect("reports plain words if not every step detects turns", () =>
    Effect.gen(function* () {
      const steps = [
        SpeechToText.scripted(
          [
            { at: 20, event: { _tag: "SpeechStarted" } },
            { at: 40, event: { _tag: "EagerEnd", text: "yes" } },
            { at: 60, event: { _tag: "Resumed" } },
            { at: 80, event: { _tag: "TurnEnded", text: "Yes." } }
          ],
          { capabilities: { turns: true, partials: true, wordTimes: false } }
        ),
        SpeechToText.scripted([])
      ] as const
      const session = yield* open.pipe(Effect.provide(SpeechToText.plan(steps)))
      yield* Effect.forEach(audio(100), session.send)
      const events = yield* Stream.runCollect(Stream.take(session.events, 3))
      assert.deepStrictEqual(events.map(plain), ["SpeechStarted", "Partial yes", "Final Yes."])
    })
  )

  it.effect("fails with the last error if no step is left", () =>
    Effect.gen(function* () {
      const failure = SpeechError.make("x", { _tag: "Closed", closeCode: 1006 })
      const layer = SpeechToText.plan([SpeechToText.scripted([{ at: 20, fail: failure }])])
      const session = yield* open.pipe(Effect.provide(layer))
      yield* Effect.forEach(audio(100), session.send)
      assert.strictEqual(yield* alongTime(Effect.flip(Stream.runDrain(session.events))), failure)
    })
  )
})
