import { assert } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as Agent from "../../../src/Agent.ts"
import * as CallRequest from "../../../src/CallRequest.ts"
import * as Event from "../../../src/Event.ts"
import * as EventId from "../../../src/EventId.ts"
import * as CallRun from "../../../src/internal/call/callRun.ts"
import type * as CallState from "../../../src/internal/call/callState.ts"
import type { Note } from "../../../src/internal/call/listener.ts"
import type * as Turn from "../../../src/Turn.ts"
import { pass, settled, test } from "../../virtualTest.ts"

/** A call whose outlet records everything it is told, and accepts it at once. */
const open = <E>(spec: Agent.AgentSpec<E>, given: Partial<CallState.Outlet> = {}) =>
  Effect.gen(function* () {
    const log: Array<string> = []
    const notes: Array<Note> = []
    const call = CallRun.make<never>({
      spec,
      request: CallRequest.make(),
      nextId: yield* EventId.make,
      context: yield* Effect.context<never>(),
      recorder: { note: (note) => void notes.push(note) },
      outlet: {
        deliver: (turn, lines, { handedOver }) =>
          Effect.sync(() => {
            for (const line of lines) {
              handedOver(line, "Taken")
              log.push(`${turn} ${line.item._tag === "AgentSendText" ? line.item.text : line.item._tag}`)
            }
          }),
        drained: () => Effect.void,
        turn: ({ _tag, turn }) => void log.push(`${turn} ${_tag}`),
        fail: ({ reason }) => Effect.sync(() => void log.push(`failed ${reason}`)),
        ...given
      }
    })
    yield* call.start
    yield* settled
    const tags = Effect.map(call.history, ({ entries }) => entries.map(({ item }) => item._tag))
    return { ...call, log, notes, tags }
  })
const say = (text: string) => Stream.make(Event.sendText(text))
/** Talks, a word every 10 milliseconds. */
const talks = Stream.fromIterable("abcdefghij").pipe(
  Stream.rechunk(1),
  Stream.mapEffect((letter) => Effect.as(Effect.sleep("10 millis"), Event.sendText(letter)))
)

test("a hang-up stops the running turn at once if no turn handles it", function* () {
  for (const run of [["CallStarted"], ["CallStarted", "CallEnded"]] as const) {
    const { end, log } = yield* open(
      Agent.make(Agent.route({ CallStarted: () => talks, CallEnded: () => Stream.empty }), { run: [...run] })
    )
    yield* pass("25 millis")
    const ending = yield* Effect.forkChild(end)
    yield* settled
    assert.isDefined(ending.pollUnsafe(), "the end needs no time")
    assert.deepStrictEqual(log.slice(0, 4), ["1 Started", "1 a", "1 b", "1 Cancelled"])
    yield* pass("1 minute")
    assert.isFalse(log.includes("1 c"))
  }
})

test("a turn that cleans up slowly delays the end by its grace period at most", function* () {
  const { end, notes } = yield* open(
    Agent.make(Agent.route({ CallStarted: () => Stream.ensuring(Stream.never, Effect.sleep("1 hour")) }), {
      run: ["CallStarted"],
      cancelGrace: "1 second"
    })
  )
  const ending = yield* Effect.forkChild(end)
  yield* pass("999 millis")
  assert.isUndefined(ending.pollUnsafe())
  yield* pass("1 second")
  yield* Fiber.join(ending)
  assert.deepStrictEqual(notes.at(-1), { _tag: "CallClosed", how: "Ended" })
})

test("an outlet may end the call while it receives something, without waiting for itself", function* () {
  for (const run of [["CallStarted"], ["CallStarted", "CallEnded"]] as const) {
    let call: { readonly end: Effect.Effect<void> } | undefined
    const opened = yield* open(
      Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.concat(Stream.drain(Stream.fromEffect(Effect.sleep(1))), Stream.make(Event.endCall())),
          CallEnded: () => Stream.empty
        }),
        { run: [...run] }
      ),
      {
        deliver: (_, [line], { handedOver }) =>
          Effect.suspend(() => {
            handedOver(line!, "Taken")
            return Effect.uninterruptible(call!.end)
          })
      }
    )
    call = opened
    yield* pass("1 millis")
    assert.deepStrictEqual(opened.notes.at(-1), { _tag: "CallClosed", how: "Ended" })
  }
})

test("nothing is added to the history once the call is over", function* () {
  const turns: Array<Turn.Turn> = []
  const { end, history, receive, tags } = yield* open(
    Agent.make((_, turn) => {
      turns.push(turn)
      return Stream.fromEffectDrain(turn.background("work", Effect.sleep("1 second"), { atEnd: "interrupt" }))
    })
  )
  yield* end
  const before = yield* tags
  for (const turn of turns) {
    yield* turn.record([{ _tag: "AgentToolCalled", toolCallId: "t", toolName: "find", toolArgs: {} }])
    yield* turn.addEntry("a note")
    yield* turn.updateHistory([])
    yield* turn.background("more", Effect.void, { delivery: "immediate" })
  }
  for (const report of [
    { _tag: "UserTurnStarted" },
    { _tag: "UserTurnEnded", tentative: true },
    { _tag: "UserTurnCommitted" },
    { _tag: "UserTurnRevised", content: "hello" },
    { _tag: "AgentTextSent", content: "hello" }
  ] as const)
    assert.strictEqual(yield* (yield* receive(report)).decision, "Keep")
  yield* pass("1 minute")
  assert.deepStrictEqual(yield* tags, before)
  assert.strictEqual((yield* history).events.at(-1)?._tag, "CallEnded")
})

test("a call that is cut off records no CallEnded, but does record results that reached no turn", function* () {
  const { close, notes, tags } = yield* open(
    Agent.make(
      Agent.route({
        CallStarted: (_, turn) => Stream.fromEffectDrain(turn.background("work", Effect.void, { delivery: "nextTurn" }))
      })
    )
  )
  yield* close
  assert.deepStrictEqual(yield* tags, ["CallStarted", "BackgroundReturned"])
  assert.deepStrictEqual(notes.at(-1), { _tag: "CallClosed", how: "CutOff" })
})

test("an agent that closes on failure fails the call once: no turn runs afterwards, and reports are recorded", function* () {
  const { end, log, receive, tags } = yield* open(
    Agent.make(Agent.route({ CallStarted: () => Stream.fail("boom"), UserTurnEnded: () => say("never") }), {
      turnFailure: "close"
    })
  )
  yield* receive({ _tag: "UserTurnEnded" })
  yield* settled
  assert.deepStrictEqual(log, ["1 Started", "failed Turn", "1 Failed"])
  yield* end
  assert.deepStrictEqual(yield* tags, ["CallStarted", "UserTurnEnded", "CallEnded"])
})

test("a harness is told once that the call has failed, whatever fails afterwards", function* () {
  const { log } = yield* open(
    Agent.make(
      Agent.route({ CallStarted: () => Stream.fromEffectDrain(Effect.andThen(Effect.sleep(1), Effect.fail("turn"))) }),
      {
        turnFailure: "close",
        session: () => Stream.fail("session")
      }
    )
  )
  yield* pass("1 millis")
  assert.deepStrictEqual(
    log.filter((line) => line.startsWith("failed")),
    ["failed Turn"]
  )
})

test("a tentative turn is released by its commit, and leaves no trace if it is taken back", function* () {
  const agent = Agent.make(Agent.route({ UserTurnEnded: () => say("yes") }))
  const committed = yield* open(agent)
  yield* committed.receive({ _tag: "UserTurnEnded", tentative: true, eventId: "a" })
  yield* settled
  assert.deepStrictEqual(committed.log.slice(2), ["2 Started"])
  yield* committed.receive({ _tag: "UserTurnEnded", eventId: "a" })
  yield* settled
  assert.deepStrictEqual(committed.log.slice(2), ["2 Started", "2 yes", "2 Completed"])
  assert.deepStrictEqual(yield* committed.tags, ["CallStarted", "UserTurnEnded", "AgentSendText"])

  const resumed = yield* open(agent)
  yield* resumed.receive({ _tag: "UserTurnEnded", tentative: true })
  yield* resumed.receive({ _tag: "UserTurnResumed" })
  yield* settled
  assert.deepStrictEqual(resumed.log.slice(2), ["2 Started", "2 Cancelled"])
  assert.deepStrictEqual(yield* resumed.tags, ["CallStarted"])
})

test("a turn that was replaced before its commit is answered after it, and then has a deadline", function* () {
  const { log, notes, receive } = yield* open(
    Agent.make(Agent.route({ UserDtmfSent: () => Stream.empty, UserCustomSent: () => Stream.empty }), {
      run: ["UserTurnEnded", "UserCustomSent"],
      answerDeadline: "1 second",
      holding: "Wait."
    })
  )
  yield* receive({ _tag: "UserTurnEnded", tentative: true })
  yield* receive({ _tag: "UserCustomSent", metadata: {} })
  yield* settled
  yield* receive({ _tag: "UserTurnCommitted" })
  yield* pass("999 millis")
  assert.isFalse(log.some((line) => line.includes("Wait.")))
  yield* pass("1 millis")
  assert.isTrue(log.some((line) => line.includes("Wait.")))
  assert.isTrue(notes.some((note) => note._tag === "Happened" && note.event._tag === "AnswerOverdue"))
})

test("a committed turn has a deadline even if the filter's second decision about it came too late", function* () {
  let asked = 0
  const { notes, receive } = yield* open(
    Agent.make(() => Stream.empty, {
      run: ({ _tag }) => {
        if (_tag !== "UserTurnEnded") return _tag === "UserCustomSent"
        return asked++ === 0 ? true : Effect.delay(Effect.succeed(true), "10 millis")
      },
      answerDeadline: "1 second"
    })
  )
  const custom = { _tag: "UserCustomSent", metadata: {} } as const
  yield* receive({ _tag: "UserTurnEnded", tentative: true })
  yield* receive(custom)
  yield* receive({ _tag: "UserTurnCommitted" })
  yield* receive(custom)
  yield* pass("1 second")
  assert.isTrue(notes.some((note) => note._tag === "Happened" && note.event._tag === "AnswerOverdue"))
})

test("the failure of an earlier turn is not an answer to the caller", function* () {
  const { notes, receive } = yield* open(
    Agent.make(
      Agent.route({
        CallStarted: (_, turn) =>
          turn.uninterruptible(Stream.concat(Stream.fromEffectDrain(Effect.sleep("10 millis")), Stream.fail("boom")))
      }),
      { apology: "", answerDeadline: "1 second" }
    )
  )
  yield* receive({ _tag: "UserTurnEnded", eventId: "u" })
  yield* pass("1 second")
  const made = notes.flatMap((note) => (note._tag === "Happened" ? [note.event._tag] : []))
  assert.deepStrictEqual(made, ["CallStarted", "TurnFailed", "AnswerOverdue"])
})

test("words spoken for an overdue answer are cut off at once, before the end is handled", function* () {
  const log: Array<string> = []
  const { end, receive } = yield* open(
    Agent.make(
      Agent.route({
        UserTurnEnded: () => Stream.empty,
        CallEnded: () =>
          Stream.fromEffectDrain(
            Effect.andThen(
              Effect.sleep(5),
              Effect.sync(() => log.push("handled"))
            )
          )
      }),
      { answerDeadline: "1 second", holding: "Wait." }
    ),
    { deliver: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("broken off"))) }
  )
  yield* receive({ _tag: "UserTurnEnded" })
  yield* pass("1 second")
  yield* Effect.forkChild(end)
  yield* pass("5 millis")
  assert.deepStrictEqual(log, ["broken off", "handled"])
})

test("words spoken by the call itself stay pending when the turn in progress is cancelled", function* () {
  const { history, receive, tags } = yield* open(
    Agent.make(
      Agent.route({
        UserTurnEnded: (_, turn) =>
          Stream.fromEffectDrain(turn.background("work", Effect.sleep("2 seconds"), { delivery: "immediate" })),
        UserCustomSent: () => Stream.never,
        BackgroundReturned: () => Stream.empty
      }),
      { run: ["UserTurnEnded", "UserCustomSent", "BackgroundReturned"], answerDeadline: "1 second", holding: "Wait." }
    )
  )
  yield* receive({ _tag: "UserTurnEnded" })
  yield* receive({ _tag: "UserCustomSent", metadata: {} })
  yield* pass("2 seconds")
  assert.include(yield* tags, "BackgroundReturned")
  const { entries, unheard } = yield* history
  const [said] = entries.filter(({ item }) => item._tag === "AgentSendText")
  assert.deepStrictEqual(unheard, [{ turn: said!.turn, from: 0, to: 6 }])
  yield* receive({ _tag: "UserTurnStarted" })
  assert.deepStrictEqual((yield* history).unheard, [])
})

test("words that arrive after the end of their turn start a turn of their own", function* () {
  const heard: Array<string> = []
  const { receive } = yield* open(
    Agent.make(
      Agent.route({
        UserTurnEnded: (event) => Stream.fromEffectDrain(Effect.sync(() => void heard.push(Event.text(event))))
      })
    )
  )
  yield* receive({ _tag: "UserTurnStarted" })
  yield* receive({ _tag: "UserTurnEnded" })
  yield* receive({ _tag: "UserTextSent", content: "hello" })
  yield* pass("299 millis")
  assert.deepStrictEqual(heard, [""])
  yield* pass("1 millis")
  assert.deepStrictEqual(heard, ["", "hello"])
})
