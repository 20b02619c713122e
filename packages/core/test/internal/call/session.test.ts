import { assert } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type * as Agent from "../../../src/Agent.ts"
import * as CallRequest from "../../../src/CallRequest.ts"
import * as Event from "../../../src/Event.ts"
import * as History from "../../../src/History.ts"
import * as Session from "../../../src/internal/call/session.ts"
import { pass, settled, test } from "../../virtualTest.ts"

type Run = (call: Agent.Session) => Stream.Stream<Event.Report | Event.Output, unknown>

const started: Event.Input = { _tag: "CallStarted", eventId: "start" }
const ended = (eventId: string): Event.UserTurnEnded => ({ _tag: "UserTurnEnded", eventId, content: [] })
const over: Event.Input = { _tag: "CallEnded", eventId: "end" }

const open = (run: Run) =>
  Effect.gen(function* () {
    const log: Array<string> = []
    let turns = 0
    const session = Session.make(run, {
      fork: Effect.runForkWith(yield* Effect.context<never>()),
      request: CallRequest.make(),
      history: Effect.succeed(History.make(() => [])),
      report: ({ _tag }) => void log.push(`report ${_tag}`),
      nextTurn: () => ++turns,
      deliver: (turn, output) =>
        Effect.sync(
          () => void log.push(`turn ${turn} ${"text" in output ? output.text : output._tag} ${output.respondingTo}`)
        ),
      failed: (event, cause) =>
        Effect.sync(
          () =>
            void log.push(
              `failed ${event.eventId} ${/boom|not an event|a UserTextSent whose fields/.exec(String(cause))?.[0]}`
            )
        )
    })
    return { ...session, log }
  })

/** Sends the name of each event it hears. */
const parrot: Run = ({ events }) => Stream.map(events, ({ eventId }) => Event.sendText(eventId))

test("hears nothing before it starts, and then everything that happens until the end", function* () {
  const { happened, log, start } = yield* open(parrot)
  happened(started)
  yield* settled
  assert.deepStrictEqual(log, [])
  start()
  yield* settled
  const custom: Event.Input = { _tag: "UserCustomSent", eventId: "b", metadata: {} }
  for (const event of [ended("a"), custom, over, custom]) {
    happened(event)
    yield* settled
  }
  assert.deepStrictEqual(log, ["turn 1 start start", "turn 2 a a", "turn 2 b a", "turn 2 end a"])
})

test("says what belongs to one turn of the caller under one number, taken when it first speaks", function* () {
  const { happened, log, start } = yield* open(({ events }) =>
    Stream.flatMap(events, ({ eventId }) =>
      eventId === "silent" ? Stream.empty : Stream.make(Event.sendText(`${eventId}1`), Event.sendText(`${eventId}2`))
    )
  )
  happened(started)
  start()
  for (const id of ["silent", "b"]) happened(ended(id))
  yield* settled
  assert.deepStrictEqual(
    log.filter((line) => line.includes("b")),
    ["turn 2 b1 b", "turn 2 b2 b"]
  )
})

test("sends reports to the call, and outputs to the harness with whole characters only", function* () {
  const { happened, log, start } = yield* open(() =>
    Stream.make<Array<Event.Report | Event.Output>>(
      { _tag: "UserTurnStarted" },
      Event.sendText("a\ud83d"),
      Event.sendText("\ude00b"),
      Event.sendText("own", { respondingTo: "x" })
    )
  )
  happened(started)
  start()
  yield* settled
  assert.deepStrictEqual(log, ["report UserTurnStarted", "turn 1 a start", "turn 1 😀b start", "turn 1 own x"])
})

test("fails like a turn, even with a value that is not an event", function* () {
  for (const [run, what] of [
    [() => Stream.fail("boom"), "boom"],
    [() => Stream.die(new Error("boom")), "boom"],
    [
      () => {
        throw new Error("boom")
      },
      "boom"
    ],
    [() => Stream.make("hello" as unknown as Event.Output), "not an event"],
    [() => Stream.make({ _tag: "UserTextSent" } as Event.Report), "a UserTextSent whose fields"]
  ] as const) {
    const { happened, log, start } = yield* open(run as Run)
    happened(started)
    start()
    yield* settled
    assert.deepStrictEqual(log, [`failed start ${what}`])
  }
})

test("is interrupted and awaited when the call is over; a session that never started is not", function* () {
  const cleaned: Array<string> = []
  const { close, happened, start } = yield* open(() =>
    Stream.ensuring(
      Stream.never,
      Effect.andThen(
        Effect.sleep("10 millis"),
        Effect.sync(() => cleaned.push("clean"))
      )
    )
  )
  yield* close
  happened(started)
  start()
  yield* settled
  const closing = yield* Effect.forkChild(close)
  yield* pass("9 millis")
  assert.deepStrictEqual([cleaned, closing.pollUnsafe()], [[], undefined])
  yield* pass("1 millis")
  assert.deepStrictEqual(cleaned, ["clean"])
  assert.isDefined(closing.pollUnsafe())
})
