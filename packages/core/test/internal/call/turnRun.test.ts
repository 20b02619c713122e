import { assert } from "@effect/vitest"
import { Cause, Effect, Fiber, type Scope, Stream } from "effect"
import * as Agent from "../../../src/Agent.ts"
import * as CallRequest from "../../../src/CallRequest.ts"
import * as Event from "../../../src/Event.ts"
import * as EventId from "../../../src/EventId.ts"
import type * as Background from "../../../src/internal/call/background.ts"
import * as HistoryWriter from "../../../src/internal/call/historyWriter.ts"
import * as Out from "../../../src/internal/call/out.ts"
import * as TurnRun from "../../../src/internal/call/turnRun.ts"
import type * as Turn from "../../../src/Turn.ts"
import { pass, settled, test } from "../../virtualTest.ts"

const trigger: Event.UserTurnEnded = { _tag: "UserTurnEnded", eventId: "u1", content: [] }
const textOf = (output: Event.Output) => (output._tag === "AgentSendText" ? output.text : output._tag)

/** A turn whose call records everything it is told. */
const open = (agent: Agent.Agent<unknown>, options: Agent.Options & { readonly draft?: Out.Draft } = {}) =>
  Effect.gen(function* () {
    const { draft, ...policies } = options
    const log: Array<string> = []
    const works: Array<string> = []
    const state = { open: true, closed: false, stopping: false, interrupted: false, regions: 0 }
    const closing: Array<() => void> = []
    const writer = HistoryWriter.make(yield* EventId.make)
    const host: TurnRun.Host<Scope.Scope> = {
      spec: Agent.make(agent, policies),
      request: CallRequest.make(),
      writer,
      recorder: undefined,
      background: {
        start: ({ name, respondingTo }, _, { atEnd, delivery }) => {
          works.push(`${name} of ${respondingTo}, ${delivery}, ${atEnd}`)
        }
      } as Background.Background,
      complain: (level, message, ...cause) => Effect.logWithLevel(level)(message, ...cause),
      owned: (effect) => effect,
      isOpen: () => state.open,
      deliver: (_, lines) =>
        Effect.sync(() => {
          for (const { item } of lines)
            log.push(`${textOf(item as Event.Output)} ${(item as Event.Output).respondingTo}`)
        }),
      keep: (_, outputs) => void log.push(...outputs.map((output) => `kept ${textOf(output)}`)),
      drained: () => Effect.void,
      failed: (event, cause, say) =>
        Effect.suspend(() => {
          log.push(`failed ${event.eventId} ${String(Cause.squash(cause))}`)
          return say("sorry")
        })
    }
    const turn = TurnRun.make(host, {
      id: 1,
      events: [trigger],
      draft,
      running: {
        get closed() {
          return state.closed
        },
        get interrupted() {
          return state.interrupted
        },
        whenClosed: (run) => void closing.push(run),
        over: () => {},
        enter: Effect.sync(() => void state.regions++),
        exit: Effect.sync(() => void state.regions--),
        exitFailed: Effect.withFiber((fiber) =>
          Effect.sync(() => {
            state.regions--
            if (!state.stopping) return
            state.interrupted = true
            fiber.interruptUnsafe()
          })
        )
      },
      ended: (how) => void log.push(how)
    }) as Effect.Effect<void>
    const fork = Effect.forkChild(turn)
    /** Closes the turn as the slot does. */
    const close = () => {
      state.closed = true
      for (const run of closing) run()
    }
    return { fork, turn, log, works, state, writer, close }
  })
const say = (...texts: ReadonlyArray<string>) => Stream.fromIterable(texts.map((text) => Event.sendText(text)))

test("sends what the agent produces, each output with the event it responds to, and completes", function* () {
  const { log, turn } = yield* open(() =>
    Stream.concat(say("a", "b\ud83d", "\ude00"), Stream.make(Event.sendText("own", { respondingTo: "x" })))
  )
  yield* turn
  assert.deepStrictEqual(log, ["a u1", "b u1", "😀 u1", "own x", "Completed"])
})

test("gives the agent its turn", function* () {
  const { turn } = yield* open((event, { id, trigger: own, triggers }) => {
    assert.deepStrictEqual([event, id, own, triggers], [trigger, 1, trigger, [trigger]])
    return Stream.empty
  })
  yield* turn
})

test("every kind of failure is handled once, and the apology is separated from the words before it", function* () {
  for (const [agent, what] of [
    [() => Stream.concat(say("One"), Stream.fail("boom")), "boom"],
    [() => Stream.concat(say("One"), Stream.die("boom")), "boom"],
    [() => Stream.concat(say("One"), Stream.make("nothing" as unknown as Event.Output)), "is not an event"],
    [() => Stream.concat(say("One"), Stream.fromEffectDrain(Effect.interrupt)), "interrupted"]
  ] as const) {
    const { log, turn } = yield* open(agent as Agent.Agent<unknown>)
    yield* turn
    assert.strictEqual(log.length, 4, log.join())
    assert.deepStrictEqual([log[0], ...log.slice(2)], ["One u1", " sorry u1", "Failed"])
    assert.include(log[1], what)
  }
})

test("an agent that throws has failed, and an apology without words before it needs no separator", function* () {
  const { log, turn } = yield* open(() => {
    throw new Error("boom")
  })
  yield* turn
  assert.deepStrictEqual(log, ["failed u1 Error: boom", "sorry u1", "Failed"])
})

test("an interruption the call asked for is no failure, and nothing of a closed turn goes out", function* () {
  const { close, fork, log, state } = yield* open(() =>
    Stream.concat(say("a"), Stream.fromEffect(Effect.as(Effect.sleep("10 millis"), Event.sendText("b"))))
  )
  const fiber = yield* fork
  yield* settled
  state.interrupted = true
  close()
  fiber.interruptUnsafe()
  yield* pass("10 millis")
  assert.deepStrictEqual(log, ["a u1"])
  const late = yield* open(() =>
    Stream.concat(say("a"), Stream.concat(Stream.drain(Stream.fromEffect(Effect.sleep(5))), say("b")))
  )
  yield* late.fork
  yield* settled
  late.close()
  yield* pass("10 millis")
  assert.deepStrictEqual(late.log, ["a u1"])
})

test("an uninterruptible region tells the slot when it starts and ends; a failure inside a stopping turn is handled", function* () {
  const { fork, log, state } = yield* open((_, turn) =>
    Stream.concat(
      turn.uninterruptible(Stream.concat(Stream.fromEffectDrain(Effect.sleep("10 millis")), Stream.fail("boom"))),
      say("never")
    )
  )
  yield* fork
  yield* settled
  assert.strictEqual(state.regions, 1)
  state.stopping = true
  yield* pass("10 millis")
  assert.strictEqual(state.regions, 0)
  assert.deepStrictEqual(log, ["failed u1 boom", "sorry u1", "Failed"])
})

for (const [name, interruption] of [
  ["interrupts itself", Effect.interrupt],
  ["joins a fiber that was interrupted", Effect.flatMap(Effect.forkChild(Effect.interrupt), Fiber.join)]
] as const) {
  test(`a region that ${name} in a stopping turn has failed, because the call did not interrupt it`, function* () {
    const { fork, log, state } = yield* open((_, turn) =>
      turn.uninterruptible(Stream.fromEffectDrain(Effect.andThen(Effect.sleep("10 millis"), interruption)))
    )
    yield* fork
    yield* settled
    state.stopping = true
    yield* pass("10 millis")
    assert.strictEqual(log.length, 3, log.join())
    assert.include(log[0], "failed u1")
    assert.deepStrictEqual(log.slice(1), ["sorry u1", "Failed"])
  })
}

for (const [name, put, fault] of [
  [
    "an output that is none",
    (turn) => turn.record([{ _tag: "AgentSendText" } as never]),
    "an AgentSendText whose fields"
  ],
  ["an event that is none", (turn) => turn.updateHistory([null as never]), "given null, which is not an event"],
  ["a line without a text", (turn) => turn.addEntry(undefined as never), "given undefined as the text of a line"]
] as ReadonlyArray<readonly [string, (turn: Turn.Turn) => Effect.Effect<unknown, unknown>, string]>) {
  test(`a turn that puts ${name} into the history has failed, and the history is as it was`, function* () {
    const { log, turn, writer } = yield* open((_, turn) => Stream.fromEffectDrain(put(turn)))
    yield* turn
    assert.include(log[0], fault)
    assert.deepStrictEqual([log.slice(1), writer.view().entries], [["sorry u1", "Failed"], []])
  })
}

test("a tentative turn holds back its outputs, work, edits, regions and failure", function* () {
  const draft = Out.draft(trigger)
  const { fork, log, state, works, writer } = yield* open(
    (_, turn) =>
      Stream.fromEffectDrain(turn.background("work", Effect.void, { delivery: "immediate", atEnd: "finish" })).pipe(
        Stream.concat(say("a")),
        Stream.concat(Stream.fromEffectDrain(Effect.forkChild(turn.addEntry("note")))),
        Stream.concat(Stream.fail("boom"))
      ),
    { draft }
  )
  yield* fork
  yield* settled
  assert.deepStrictEqual([log, works, writer.view().entries, state.regions], [[], [], [], 0])
  draft.state = "Committed"
  for (const act of draft.waiting) act()
  draft.committed.openUnsafe()
  yield* settled
  assert.deepStrictEqual(works, ["work of u1, immediate, finish"])
  assert.deepStrictEqual(log, ["a u1", "failed u1 boom", " sorry u1", "Failed"])
})

test("work of a dropped turn never starts", function* () {
  const draft = Out.draft(trigger)
  const { fork, works } = yield* open(
    (_, turn) =>
      Stream.fromEffectDrain(Effect.andThen(Effect.sleep("10 millis"), turn.background("work", Effect.void))),
    { draft }
  )
  yield* fork
  yield* settled
  draft.state = "Dropped"
  yield* pass("10 millis")
  assert.deepStrictEqual([works, draft.waiting], [[], []])
})

test("work has the agent's delivery unless it names its own", function* () {
  const { turn, works } = yield* open((_, turn) => Stream.fromEffectDrain(turn.background("work", Effect.void)), {
    backgroundDelivery: "nextTurn"
  })
  yield* turn
  assert.deepStrictEqual(works, ["work of u1, nextTurn, interrupt"])
})

test("after the end of the call outputs are only recorded; under the policy `stop` the first one ends the turn", function* () {
  for (const [outputAfterEnd, expected] of [
    ["discard", ["kept a", "kept b", "kept c", "Completed"]],
    ["stop", ["kept a", "Completed"]]
  ] as const) {
    const { log, state, turn } = yield* open(() => Stream.concat(say("a", "b"), say("c")), { outputAfterEnd })
    state.open = false
    yield* Effect.exit(turn)
    assert.deepStrictEqual(log, [...expected])
  }
})

test("a long run of outputs lets other fibers run in between", function* () {
  const many = Array.from({ length: 1000 }, (_, index) => `${index}`)
  const { fork, log } = yield* open(() => Stream.fromIterable(many.map((text) => Event.sendText(text))))
  yield* fork
  let seen = 0
  yield* Effect.forkChild(
    Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => (seen = log.length))
    )
  )
  yield* settled
  assert.strictEqual(log.length, 1001)
  assert.isBelow(seen, 1000)
})
