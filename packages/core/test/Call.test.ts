import { assert, describe } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Logger, Queue, References, Scope, Stream } from "effect"
import type * as Harness from "../src/Harness.ts"
import * as Agent from "../src/Agent.ts"
import * as Turn from "../src/Turn.ts"
import * as Call from "../src/Call.ts"
import type * as CallError from "../src/CallError.ts"
import * as Event from "../src/Event.ts"
import { pass, settled, test } from "./virtualTest.ts"

const echo = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)
const textOf = (output: Event.Output) => (output._tag === "AgentSendText" ? output.text : output._tag)
const say = (text: string) => Stream.make(Event.sendText(text))
const pause = (duration: "10 millis" | "1 minute" | "1 hour") => Stream.drain(Stream.fromEffect(Effect.sleep(duration)))
/** Starts a turn that goes on, and takes a while to clean up when it is interrupted; then answers. */
const cleansUp = (
  time: "10 millis" | "1 hour",
  answer: (event: Event.InputOf<"UserTurnEnded">) => ReturnType<typeof say> = () => say("answer")
) =>
  Agent.route({
    CallStarted: () => Stream.ensuring(Stream.never, Effect.sleep(time)),
    UserTurnEnded: answer
  })
const tagsOf = (events: ReadonlyArray<{ readonly _tag: string }>) => events.map(({ _tag }) => _tag)

/** A call with a harness that records everything it is told. */
const open = <E, R>(spec: Agent.AgentSpec<E, R>, harness: Partial<Harness.Harness> = {}) =>
  Effect.gen(function* () {
    const sent: Array<string> = []
    const failed: Array<CallError.CallError> = []
    const call = yield* Call.make(spec, {
      harness: {
        send: (outputs) => Effect.sync(() => void sent.push(...outputs.map(textOf))),
        fail: (error) => Effect.sync(() => void failed.push(error)),
        ...harness
      }
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None"))
    return { ...call, sent, failed }
  })

describe("Call", () => {
  test("greets, and answers the user's turn", function* () {
    const outputs = yield* Call.run(
      echo,
      Stream.make(
        { _tag: "UserTurnStarted" },
        { _tag: "UserTextSent", content: "hello" },
        { _tag: "UserTurnEnded", eventId: "i1" }
      )
    ).pipe(Stream.runCollect)
    assert.deepStrictEqual(outputs.map(textOf), ["Welcome.", "You said: hello"])
    assert.strictEqual(outputs[1]?.respondingTo, "i1")
  })

  test("sends outputs whole that are instances of a class, and as they were when they were sent", function* () {
    class Said {
      text = ""
      get _tag() {
        return "AgentSendText" as const
      }
    }
    class Custom {
      readonly _tag = "AgentSendCustom"
      get metadata() {
        return { a: 1 }
      }
    }
    const one = new Said()
    const agent = Agent.make(() =>
      Stream.fromIterable(["a", "b"]).pipe(
        Stream.rechunk(1),
        Stream.map((text) => Object.assign(one, { text })),
        Stream.concat(Stream.make(new Custom()))
      )
    )
    const outputs = yield* Call.run(agent, Stream.empty).pipe(Stream.take(3), Stream.runCollect)
    assert.deepStrictEqual(
      outputs.map((output) => ({ ...output, respondingTo: "e" })),
      [
        { _tag: "AgentSendText", text: "a", respondingTo: "e" },
        { _tag: "AgentSendText", text: "b", respondingTo: "e" },
        { _tag: "AgentSendCustom", metadata: { a: 1 }, respondingTo: "e" }
      ]
    )
  })

  test("keeps the event an output says it responds to", function* () {
    const agent = Agent.make(() => Stream.make(Event.sendText("a", { respondingTo: "own" })))
    const outputs = yield* Call.run(agent, Stream.empty).pipe(Stream.runCollect)
    assert.deepStrictEqual(
      outputs.map((output) => output.respondingTo),
      ["own"]
    )
  })

  test("numbers its turns, and gives each one its trigger and the history so far", function* () {
    const seen: Array<readonly [number, string, ReadonlyArray<string>]> = []
    const { receive } = yield* open(
      Agent.make((event, turn) => {
        assert.strictEqual(turn.trigger, event)
        seen.push([turn.id, event._tag, tagsOf(turn.history.events)])
        return Stream.empty
      })
    )
    yield* receive({ _tag: "UserTurnStarted" })
    yield* receive({ _tag: "UserTurnEnded" })
    assert.deepStrictEqual(seen, [
      [1, "CallStarted", ["CallStarted"]],
      [2, "UserTurnEnded", ["CallStarted", "UserTurnStarted", "UserTurnEnded"]]
    ])
  })

  test("a turn is a scope: what it acquired and forked ends with it", function* () {
    const log: Array<string> = []
    const note = (line: string) => Effect.sync(() => void log.push(line))
    const { receive } = yield* open(
      Agent.make(
        Agent.route({
          UserTurnEnded: () =>
            Stream.fromEffect(
              Effect.gen(function* () {
                yield* Effect.addFinalizer(() => note("released"))
                yield* Effect.forkChild(Effect.onInterrupt(Effect.never, () => note("child interrupted")))
                yield* Effect.sleep("10 millis")
                return Event.sendText("a")
              })
            )
        })
      )
    )
    yield* receive({ _tag: "UserTurnEnded" })
    yield* settled
    assert.deepStrictEqual(log, [])
    yield* pass("10 millis")
    assert.deepStrictEqual(log, ["released", "child interrupted"])
  })

  describe("interruption", () => {
    test("the turn is interrupted when the user starts to speak", function* () {
      const log: Array<string> = []
      const { receive, sent } = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: () =>
              Stream.make(Event.sendText("a"), Event.sendText("b")).pipe(
                Stream.concat(pause("1 minute")),
                Stream.concat(say("never")),
                Stream.onExit((exit) => Effect.sync(() => void log.push(exit._tag)))
              )
          })
        )
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      yield* receive({ _tag: "UserTurnStarted" })
      yield* pass("2 minutes")
      assert.deepStrictEqual(sent, ["a", "b"])
      assert.deepStrictEqual(log, ["Failure"])
    })

    test("output of an uninterruptible effect in a cancelled turn is dropped", function* () {
      const { receive, sent } = yield* open(
        Agent.make(
          Agent.route({
            CallStarted: () =>
              Stream.fromEffect(Effect.uninterruptible(Effect.as(Effect.sleep("10 millis"), Event.sendText("late")))),
            UserTurnEnded: () => say("answer")
          })
        )
      )
      yield* receive({ _tag: "UserTurnStarted" })
      yield* pass("20 millis")
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      assert.deepStrictEqual(sent, ["answer"])
    })

    test("the next turn waits for the finalizers of the old one", function* () {
      const { receive, sent } = yield* open(Agent.make(cleansUp("10 millis")))
      yield* receive({ _tag: "UserTurnEnded" })
      yield* pass("9 millis")
      assert.deepStrictEqual(sent, [])
      yield* pass("1 millis")
      assert.deepStrictEqual(sent, ["answer"])
    })

    test("the next turn waits no longer than the grace period", function* () {
      const { receive, sent } = yield* open(Agent.make(cleansUp("1 hour"), { cancelGrace: "100 millis" }))
      yield* receive({ _tag: "UserTurnEnded" })
      yield* pass("99 millis")
      assert.deepStrictEqual(sent, [])
      yield* pass("1 millis")
      assert.deepStrictEqual(sent, ["answer"])
      yield* pass("1 hour")
    })

    test("if several events wait for the same turn to end, only the last one is answered", function* () {
      const { receive, sent } = yield* open(Agent.make(cleansUp("10 millis", (event) => say(event.eventId))))
      for (const eventId of ["one", "two", "three"]) yield* receive({ _tag: "UserTurnEnded", eventId })
      yield* pass("1 minute")
      assert.deepStrictEqual(sent, ["three"])
    })

    test("an event waiting for a turn to end is dropped when the user speaks again", function* () {
      const { receive, sent } = yield* open(Agent.make(cleansUp("10 millis")))
      yield* receive({ _tag: "UserTurnEnded" })
      yield* receive({ _tag: "UserTurnStarted" })
      yield* pass("1 minute")
      assert.deepStrictEqual(sent, [])
    })

    test("sending is abandoned if the turn is interrupted while the harness is still accepting the output", function* () {
      const gate = yield* Deferred.make<void>()
      const sent: Array<string> = []
      const { receive } = yield* open(
        Agent.make(Agent.route({ CallStarted: () => say("blocked"), UserTurnEnded: () => say("answer") })),
        {
          send: (outputs) =>
            Effect.tap(Deferred.await(gate), () => Effect.sync(() => sent.push(...outputs.map(textOf))))
        }
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      yield* Deferred.succeed(gate, undefined)
      yield* settled
      assert.deepStrictEqual(sent, ["answer"])
    })

    test("a harness may report from inside send", function* () {
      const sent: Array<string> = []
      const reports: Array<Event.Report> = [{ _tag: "UserTurnStarted" }]
      const calls: Array<Call.Call> = []
      const call = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: () => Stream.rechunk(Stream.make(Event.sendText("a"), Event.sendText("b")), 1)
          })
        ),
        {
          send: (outputs) =>
            Effect.suspend(() => {
              sent.push(...outputs.map(textOf))
              return calls[0]!.receive(reports[0]!)
            })
        }
      )
      calls.push(call)
      yield* call.receive({ _tag: "UserTurnEnded" })
      yield* settled
      assert.deepStrictEqual(sent, ["a"])
    })

    test("a failure with an apology is logged on one line, and any other with its cause", function* () {
      const lines: Array<readonly [string, boolean]> = []
      const logger = Logger.make<unknown, void>(
        ({ cause, message }) =>
          void lines.push([String([message].flat()[0]), cause.reasons.length > 0 || [message].flat().length > 1])
      )
      const apologetic = new Turn.Failure({ apology: "Sorry.", cause: new Error("no such model\n\nCheck its name.") })
      const call = yield* Call.make(
        Agent.make(
          Agent.route({
            UserTurnEnded: (event) => Stream.fail(event.eventId === "1" ? apologetic : new Error("a bug"))
          })
        ),
        { harness: { send: () => Effect.void, fail: () => Effect.void } }
      ).pipe(Effect.provide(Layer.fresh(Logger.layer([logger]))))
      for (const eventId of ["1", "2"]) {
        yield* call.receive({ _tag: "UserTurnEnded", eventId })
        yield* settled
      }
      assert.deepStrictEqual(lines, [
        ["The turn that UserTurnEnded started failed: no such model Check its name.", false],
        ["The turn that UserTurnEnded started failed.", true]
      ])
    })

    test("a harness that throws when it is told about a turn is logged, and costs neither the turn nor the call", function* () {
      const lines: Array<string> = []
      const logger = Logger.make<unknown, void>(({ message }) => void lines.push(String([message].flat()[0])))
      const told: Array<string> = []
      const sent: Array<string> = []
      const call = yield* Call.make(
        Agent.make(
          Agent.route({
            CallStarted: () => Stream.never,
            UserTurnEnded: (event) => (event.eventId === "2" ? Stream.die("no") : say(`answer ${event.eventId}`))
          })
        ),
        {
          harness: {
            send: (outputs) => Effect.sync(() => void sent.push(...outputs.map(textOf))),
            turn: ({ _tag, turn }) => {
              told.push(`${_tag} ${turn}`)
              throw new Error("no")
            },
            fail: () => Effect.void
          }
        }
      ).pipe(Effect.provide(Layer.fresh(Logger.layer([logger]))))
      yield* settled
      yield* call.receive({ _tag: "UserTurnEnded", eventId: "1" })
      yield* settled
      yield* call.receive({ _tag: "UserTurnEnded", eventId: "2" })
      yield* settled
      yield* call.receive({ _tag: "UserTurnEnded", eventId: "3" })
      yield* settled
      yield* call.end
      assert.deepStrictEqual(told, [
        "Started 1",
        "Cancelled 1",
        "Started 2",
        "Completed 2",
        "Started 3",
        "Failed 3",
        "Started 4",
        "Completed 4",
        "Started 5",
        "Completed 5"
      ])
      assert.deepStrictEqual(sent, ["answer 1", Agent.make(() => Stream.empty).apology, "answer 3"])
      assert.deepStrictEqual(
        lines.filter((line) => line.startsWith("The harness")),
        told.map((change) => `The harness threw when it was told about a turn (${change.split(" ")[0]}).`)
      )
    })

    test("an uninterruptible region finishes, and what comes after it does not start", function* () {
      const { receive, sent } = yield* open(
        Agent.make(
          Agent.route({
            CallStarted: (_, turn) =>
              turn
                .uninterruptible(Stream.concat(say("a"), Stream.concat(pause("10 millis"), say("b"))))
                .pipe(Stream.concat(say("c"))),
            UserTurnEnded: () => say("answer")
          })
        )
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      assert.deepStrictEqual(sent, ["a"])
      yield* pass("10 millis")
      assert.deepStrictEqual(sent, ["a", "b", "answer"])
    })

    test("a turn continues after an uninterruptible region that nothing tried to interrupt", function* () {
      const { sent } = yield* open(
        Agent.make((_, turn) => Stream.concat(turn.uninterruptible(say("a")), say("b")), { run: ["CallStarted"] })
      )
      assert.deepStrictEqual(sent, ["a", "b"])
    })
  })

  describe("earlier speech", () => {
    const heardOf = ({ entries }: { readonly entries: ReadonlyArray<{ readonly item: { readonly _tag: string } }> }) =>
      entries.flatMap(({ item }) => (item._tag === "AgentTextSent" ? [(item as Event.AgentTextSent).content] : []))

    test("if sending was cut off, uninterruptible text counts only as far as it was handed over", function* () {
      let sends = 0
      const { history, receive } = yield* open(
        Agent.make(
          Agent.route({
            CallStarted: () =>
              Stream.fromIterable(["One ", "two ", "three "]).pipe(
                Stream.rechunk(1),
                Stream.map((text) => Event.sendText(text, { interruptible: false }))
              )
          })
        ),
        { send: () => (++sends === 3 ? Effect.never : Effect.void) }
      )
      yield* settled
      yield* receive({ _tag: "UserTurnStarted" })
      yield* settled
      yield* receive({ _tag: "AgentTextSent", content: "One" })
      yield* receive({ _tag: "UserTextSent", content: "Yes" })
      assert.deepStrictEqual(heardOf(yield* history), ["One two "])
    })

    test("is not waited for when the caller starts speaking, even if that event runs the agent", function* () {
      const log: Array<string> = []
      const { receive } = yield* open(
        Agent.make(
          Agent.route({
            CallStarted: () => say("Hello."),
            UserTurnEnded: (_, turn) => Stream.fromEffectDrain(turn.background("work", Effect.void)),
            BackgroundReturned: () => Stream.fromEffectDrain(Effect.sync(() => void log.push("returned")))
          }),
          { run: ["CallStarted", "UserTurnStarted", "UserTurnEnded", "BackgroundReturned"] }
        )
      )
      yield* settled
      yield* receive({ _tag: "UserTurnStarted" })
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      assert.deepStrictEqual(log, ["returned"])
    })
  })

  describe("filters", () => {
    const slowly = (tag: Event.Input["_tag"]) => (event: Event.Input) =>
      event._tag === tag ? Effect.delay(Effect.succeed(true), "10 millis") : event._tag === "UserTurnEnded"

    test("an effectful filter delays no report, and its decision is returned", function* () {
      const { receive, sent } = yield* open(
        Agent.make((event) => say(event._tag), { run: slowly("UserDtmfSent"), cancel: [] })
      )
      const { decision } = yield* receive({ _tag: "UserDtmfSent", button: "1" })
      yield* receive({ _tag: "UserTextSent", content: "a" })
      yield* pass("10 millis")
      assert.deepStrictEqual(sent, ["UserDtmfSent"])
      assert.strictEqual(yield* decision, "Run")
    })

    test("a decision is discarded if a later event has started a turn meanwhile", function* () {
      const { receive, sent } = yield* open(
        Agent.make((event) => say(event._tag), { run: slowly("UserDtmfSent"), cancel: [] })
      )
      const { decision } = yield* receive({ _tag: "UserDtmfSent", button: "1" })
      yield* receive({ _tag: "UserTurnEnded" })
      yield* pass("10 millis")
      assert.deepStrictEqual(sent, ["UserTurnEnded"])
      assert.strictEqual(yield* decision, "Keep")
    })

    test("the caller's speech is noticed while a filter is deciding", function* () {
      const { receive, sent } = yield* open(
        Agent.make((event) => Stream.concat(say(event._tag), Stream.concat(pause("10 millis"), say("more"))), {
          run: (event) => event._tag === "UserTurnEnded" || (event._tag === "UserDtmfSent" && Effect.never),
          cancel: ["UserTurnStarted"]
        })
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* receive({ _tag: "UserDtmfSent", button: "1" })
      yield* receive({ _tag: "UserTurnStarted" })
      yield* pass("1 minute")
      assert.deepStrictEqual(sent, ["UserTurnEnded"])
    })

    test("a filter that never decides leaves its event in the history, and the call continues", function* () {
      const { end, history, receive, sent } = yield* open(
        Agent.make((event) => say(event._tag), {
          run: (event) => (event._tag === "UserTextSent" ? Effect.never : event._tag === "UserTurnEnded"),
          cancel: []
        })
      )
      const { decision } = yield* receive({ _tag: "UserTextSent", content: "a" })
      yield* pass("2 seconds")
      assert.strictEqual(yield* decision, "Keep")
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      yield* end
      assert.deepStrictEqual(sent, ["UserTurnEnded"])
      assert.deepStrictEqual(tagsOf((yield* history).events), [
        "CallStarted",
        "UserTextSent",
        "UserTurnEnded",
        "CallEnded"
      ])
    })

    test("no report overtakes a slow decision about a background result", function* () {
      const { receive, sent } = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: (_, turn) =>
              Stream.drain(Stream.fromEffect(turn.background("work", Effect.void, { delivery: "immediate" }))),
            BackgroundReturned: () => Stream.concat(pause("10 millis"), say("result"))
          }),
          { run: slowly("BackgroundReturned") }
        )
      )
      yield* receive({ _tag: "UserTurnEnded" })
      const speaking = yield* Effect.forkChild(receive({ _tag: "UserTurnStarted" }))
      yield* pass("10 millis")
      yield* Fiber.join(speaking)
      yield* pass("1 minute")
      assert.deepStrictEqual(sent, [])
    })

    test("a result held for silence waits until the decision about the previous result has been carried out", function* () {
      const { receive, sent } = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: (_, turn) =>
              Stream.drain(
                Stream.fromEffect(
                  Effect.andThen(turn.background("one", Effect.void), turn.background("two", Effect.void))
                )
              ),
            BackgroundReturned: (event) => Stream.concat(pause("10 millis"), say(event.name))
          }),
          { run: slowly("BackgroundReturned") }
        )
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      for (let i = 0; i < 4; i++) yield* pass("10 millis")
      assert.deepStrictEqual(sent, ["one", "two"])
    })

    test("a decision made after the end of the call starts no turn", function* () {
      const log: Array<string> = []
      const { end } = yield* open(
        Agent.make(
          Agent.route({
            CallStarted: (_, turn) =>
              Stream.drain(Stream.fromEffect(turn.background("work", Effect.void, { delivery: "immediate" }))),
            BackgroundReturned: () => Stream.fromEffect(Effect.sync(() => (log.push("turn"), Event.sendText("a")))),
            CallEnded: () =>
              Stream.onExit(pause("1 minute"), (exit) => Effect.sync(() => void log.push(`handled: ${exit._tag}`)))
          }),
          {
            run: (event) =>
              event._tag === "BackgroundReturned" ? Effect.delay(Effect.succeed(true), "10 millis") : true,
            endGrace: "1 hour"
          }
        )
      )
      const ending = yield* Effect.forkChild(end)
      yield* pass("1 minute")
      yield* Fiber.join(ending)
      assert.deepStrictEqual(log, ["handled: Success"])
    })

    for (const [kind, filter] of [
      [
        "throws",
        (): boolean => {
          throw new Error("boom")
        }
      ],
      ["dies", () => Effect.die(new Error("boom"))]
    ] as const) {
      test(`a filter that ${kind} leaves its event in the history, and closes the call if that is the policy`, function* () {
        const run = (event: Event.Input) => (event._tag === "UserDtmfSent" ? filter() : event._tag === "UserTurnEnded")
        for (const turnFailure of ["recover", "close"] as const) {
          const { failed, history, receive, sent } = yield* open(Agent.make(() => say("a"), { run, turnFailure }))
          yield* receive({ _tag: "UserDtmfSent", button: "1" })
          yield* receive({ _tag: "UserTurnEnded" })
          assert.deepStrictEqual(tagsOf((yield* history).events), ["CallStarted", "UserDtmfSent", "UserTurnEnded"])
          assert.deepStrictEqual(
            failed.map(({ message, reason }) => [reason, message]),
            turnFailure === "close" ? [["Filter", "boom"]] : []
          )
          assert.deepStrictEqual(sent, turnFailure === "close" ? [] : ["a"])
        }
      })
    }
  })

  describe("failure", () => {
    const broken = Agent.route({
      CallStarted: () => Stream.concat(say("a"), Stream.fail("boom")),
      UserTurnEnded: () => say("answer")
    })

    test("recover: the caller hears an apology, the history records the reason, and the call continues", function* () {
      const { failed, history, receive, sent } = yield* open(Agent.make(broken, { apology: "Sorry." }))
      yield* receive({ _tag: "UserTurnEnded" })
      const { events } = yield* history
      assert.deepStrictEqual(sent, ["a", " Sorry.", "answer"])
      assert.deepStrictEqual(tagsOf(events), ["CallStarted", "TurnFailed", "UserTurnEnded"])
      const [started, turnFailed] = events
      assert.isTrue(turnFailed?._tag === "TurnFailed" && turnFailed.message === "boom")
      assert.isTrue(turnFailed?._tag === "TurnFailed" && turnFailed.respondingTo === started?.eventId)
      assert.deepStrictEqual(failed, [])
    })

    test("recover: the history records the reason even if the user speaks before the apology is out", function* () {
      const { history, receive } = yield* open(
        Agent.make(() => Stream.fail("boom"), { run: ["CallStarted"] }),
        { send: () => Effect.never }
      )
      yield* receive({ _tag: "UserTurnStarted" })
      yield* settled
      assert.deepStrictEqual(tagsOf((yield* history).events), ["CallStarted", "TurnFailed", "UserTurnStarted"])
    })

    test("recover: an apology is made of whole characters", function* () {
      const { receive, sent } = yield* open(
        Agent.make(Agent.route({ UserTurnEnded: () => Stream.concat(say("Well \ud83d"), Stream.fail("boom")) }), {
          apology: "Sorry\ud83d"
        })
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* settled
      assert.deepStrictEqual(sent, ["Well ", "Sorry\ufffd"])
    })

    test("recover: an agent may handle its own failure", function* () {
      const { sent } = yield* open(
        Agent.make(Agent.route({ CallStarted: () => Stream.die("boom"), TurnFailed: (event) => say(event.message) }), {
          run: ["CallStarted", "TurnFailed"],
          apology: ""
        })
      )
      yield* settled
      assert.deepStrictEqual(sent, ["boom"])
    })

    test("close: the harness is told once and receives nothing more", function* () {
      const { failed, receive, sent } = yield* open(
        Agent.make(
          (event) => (event._tag === "UserTurnEnded" ? say("answer") : Stream.concat(say("a"), Stream.fail("boom"))),
          { run: () => true, turnFailure: "close" }
        )
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* receive({ _tag: "UserDtmfSent", button: "1" })
      yield* settled
      assert.deepStrictEqual(sent, ["a"])
      assert.deepStrictEqual(
        failed.map(({ message, reason }) => [reason, message]),
        [["Turn", "boom"]]
      )
    })

    test("close: no more turns start except for the end, and events until then are recorded", function* () {
      const turns: Array<string> = []
      const { end, history, receive } = yield* open(
        Agent.make(
          (event, turn) => {
            turns.push(event._tag)
            if (event._tag !== "CallStarted") return Stream.empty
            const results = Effect.all([
              turn.background("waiting", Effect.void, { delivery: "whenIdle" }),
              turn.background("late", Effect.sleep("10 millis"), { delivery: "immediate" })
            ])
            return Stream.concat(Stream.fromEffectDrain(results), Stream.fail("boom"))
          },
          { turnFailure: "close" }
        )
      )
      yield* settled
      yield* receive({ _tag: "UserTurnEnded" })
      yield* pass("10 millis")
      yield* end
      assert.deepStrictEqual(turns, ["CallStarted", "CallEnded"])
      assert.deepStrictEqual(
        (yield* history).events.map((event) => ("name" in event ? event.name : event._tag)),
        ["CallStarted", "UserTurnEnded", "late", "waiting", "CallEnded"]
      )
    })

    test("close: a harness may end the call as soon as it is told of the failure", function* () {
      const log: Array<string> = []
      const calls: Array<Call.Call> = []
      const call = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: () => Stream.fail("boom"),
            CallEnded: () => Stream.drain(Stream.fromEffect(Effect.sync(() => log.push("handled"))))
          }),
          { turnFailure: "close" }
        ),
        { fail: () => Effect.suspend(() => calls[0]!.end) }
      )
      calls.push(call)
      yield* call.receive({ _tag: "UserTurnEnded" })
      yield* settled
      assert.deepStrictEqual(log, ["handled"])
    })

    test("a finalizer that fails during interruption is logged, and does not count as a failure of the turn", function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(logLevel, message))
      const sent: Array<string> = []
      const call = yield* Call.make(
        Agent.make(Agent.route({ CallStarted: () => Stream.ensuring(Stream.never, Effect.die("boom")) })),
        {
          harness: {
            send: (outputs) => Effect.sync(() => void sent.push(...outputs.map(textOf))),
            fail: () => Effect.void
          }
        }
      ).pipe(Effect.provide(Logger.layer([logger])))
      yield* call.receive({ _tag: "UserTurnStarted" })
      yield* settled
      assert.deepStrictEqual(sent, [])
      assert.deepStrictEqual(lines, ["Warn", ["An interrupted turn failed while it was cleaning up."]])
    })

    test("an agent that throws instead of returning a stream fails its turn", function* () {
      const { sent } = yield* open(
        Agent.make(
          (): Stream.Stream<Event.Output> => {
            throw new Error("boom")
          },
          { run: ["CallStarted"], apology: "Sorry." }
        )
      )
      assert.deepStrictEqual(sent, ["Sorry."])
    })
  })

  describe("background work", () => {
    test("with no patience, a result held for silence is delivered at once", function* () {
      const { receive, sent } = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: (_, turn) =>
              Stream.drain(Stream.fromEffect(turn.background("work", Effect.sleep("10 millis")))),
            BackgroundReturned: (event) => say(event.name)
          }),
          { backgroundPatience: 0 }
        )
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* receive({ _tag: "UserTurnStarted" })
      yield* pass("10 millis")
      assert.deepStrictEqual(sent, ["work"])
    })

    test("reports how the work ended", function* () {
      const { history } = yield* open(
        Agent.make(
          (_, turn) =>
            Stream.drain(
              Stream.fromEffect(
                Effect.gen(function* () {
                  yield* turn.background("value", Effect.succeed(1))
                  yield* turn.background("nothing", Effect.void)
                  yield* turn.background("failure", Effect.fail(new Error("no")))
                  yield* turn.background("defect", Effect.die("worse"))
                  yield* turn.background("interrupted", Effect.interrupt)
                })
              )
            ),
          { run: ["CallStarted"], backgroundDelivery: "immediate" }
        )
      )
      const outcomes = (yield* history).events.flatMap((event) =>
        event._tag === "BackgroundReturned" ? [[event.name, event.outcome, event.result]] : []
      )
      assert.deepStrictEqual(outcomes, [
        ["value", "Returned", 1],
        ["nothing", "Returned", null],
        ["failure", "Failed", "no"],
        ["defect", "Failed", "worse"],
        ["interrupted", "Failed", "All fibers interrupted without error"]
      ])
    })
  })

  describe("end", () => {
    test("the agent handles the end of the call within its grace period, unheard", function* () {
      const log: Array<string> = []
      const { end, sent } = yield* open(
        Agent.make(
          Agent.route({
            CallEnded: () =>
              say("unheard").pipe(
                Stream.concat(pause("10 millis")),
                Stream.onExit((exit) => Effect.sync(() => void log.push(exit._tag)))
              )
          })
        )
      )
      const ending = yield* Effect.forkChild(end)
      yield* settled
      assert.isUndefined(ending.pollUnsafe())
      yield* pass("10 millis")
      yield* Fiber.join(ending)
      assert.deepStrictEqual(log, ["Success"])
      assert.deepStrictEqual(sent, [])
    })

    test("handling that outlasts its grace period is cut off", function* () {
      const log: Array<string> = []
      const { end } = yield* open(
        Agent.make(
          Agent.route({
            CallEnded: () => Stream.onExit(pause("1 hour"), (exit) => Effect.sync(() => void log.push(exit._tag)))
          }),
          { endGrace: "1 minute" }
        )
      )
      const ending = yield* Effect.forkChild(end)
      yield* pass("1 minute")
      yield* Fiber.join(ending)
      assert.deepStrictEqual(log, ["Failure"])
    })

    test("outputAfterEnd: stop ends the turn at its next output", function* () {
      const log: Array<string> = []
      const { end } = yield* open(
        Agent.make(
          Agent.route({
            CallEnded: () =>
              Stream.fromIterable(["a", "b"]).pipe(
                Stream.rechunk(1),
                Stream.mapEffect((text) => Effect.sync(() => (log.push(text), Event.sendText(text))))
              )
          }),
          { outputAfterEnd: "stop" }
        )
      )
      yield* end
      assert.deepStrictEqual(log, ["a"])
    })

    test("ending the call a second time waits for the same end", function* () {
      const { end, history } = yield* open(Agent.make(Agent.route({ CallEnded: () => pause("10 millis") })))
      const first = yield* Effect.forkChild(end)
      const second = yield* Effect.forkChild(end)
      yield* settled
      assert.isUndefined(second.pollUnsafe())
      yield* pass("10 millis")
      yield* Fiber.joinAll([first, second])
      yield* end
      assert.deepStrictEqual(tagsOf((yield* history).events), ["CallStarted", "CallEnded"])
    })

    test("a harness may end the call from inside send", function* () {
      const log: Array<string> = []
      const calls: Array<Call.Call> = []
      const call = yield* open(
        Agent.make(
          Agent.route({
            UserTurnEnded: () => Stream.make(Event.endCall()),
            CallEnded: () => Stream.onExit(pause("10 millis"), (exit) => Effect.sync(() => void log.push(exit._tag)))
          })
        ),
        { send: () => Effect.suspend(() => calls[0]!.end) }
      )
      calls.push(call)
      yield* call.receive({ _tag: "UserTurnEnded" })
      yield* pass("10 millis")
      assert.deepStrictEqual(log, ["Success"])
    })

    const ends: ReadonlyArray<readonly [string, (end: Effect.Effect<void>) => Agent.AgentSpec<unknown>]> = [
      [
        "background work that must finish",
        (end) =>
          Agent.make(
            (_, turn) =>
              Stream.fromEffectDrain(
                turn.background("work", Effect.andThen(Effect.sleep("10 millis"), end), { atEnd: "finish" })
              ),
            { run: ["UserTurnEnded"] }
          )
      ],
      [
        "a filter",
        (end) =>
          Agent.make(() => Stream.empty, {
            run: ({ _tag }) => _tag === "UserTurnEnded" && Effect.as(Effect.delay(end, "10 millis"), false)
          })
      ],
      [
        "the agent's session",
        (end) =>
          Agent.make(() => Stream.empty, {
            run: [],
            session: ({ events }) =>
              Stream.mapEffect(
                Stream.filter(events, (event) => event._tag === "UserTurnEnded"),
                () => Effect.as(Effect.delay(end, "10 millis"), Event.sendText("never"))
              )
          })
      ]
    ]
    for (const [where, spec] of ends) {
      test(`ending the call within ${where} does not wait for itself`, function* () {
        const ended: { end: Effect.Effect<void> } = { end: Effect.void }
        // It cannot be interrupted either, so the only way out is not to wait for it.
        const call = yield* open(spec(Effect.uninterruptible(Effect.suspend(() => ended.end))))
        ended.end = call.end
        yield* call.receive({ _tag: "UserTurnEnded" })
        yield* pass("10 millis")
        const over = yield* Effect.forkChild(call.end)
        yield* settled
        assert.isDefined(over.pollUnsafe())
      })
    }

    test("words spoken for an overdue answer are cut off", function* () {
      const log: Array<string> = []
      const send = Effect.onExit(Effect.never, (exit) => Effect.sync(() => void log.push(exit._tag)))
      const { end, history, receive } = yield* open(
        Agent.make(Agent.route({ UserTurnEnded: () => Stream.empty }), {
          answerDeadline: "1 second",
          holding: "Wait."
        }),
        { send: () => send }
      )
      yield* receive({ _tag: "UserTurnEnded" })
      yield* pass("1 second")
      yield* end
      assert.deepStrictEqual(log, ["Failure"])
      assert.strictEqual((yield* history).events.at(-1)?._tag, "CallEnded")
    })

    test("ending the call continues even if the fiber that asked for it is interrupted", function* () {
      const log: Array<string> = []
      const scope = yield* Scope.make()
      const { end } = yield* open(
        Agent.make(
          Agent.route({
            CallEnded: () => Stream.onExit(pause("10 millis"), (exit) => Effect.sync(() => void log.push(exit._tag)))
          })
        )
      ).pipe(Scope.provide(scope))
      const ending = yield* Effect.forkChild(end)
      yield* settled
      yield* Fiber.interrupt(ending)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* settled
      assert.isUndefined(closing.pollUnsafe())
      yield* pass("10 millis")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(log, ["Success"])
    })

    test("closing the scope before the end cuts the call off", function* () {
      const log: Array<string> = []
      const scope = yield* Scope.make()
      yield* open(
        Agent.make((event) =>
          Stream.onExit(pause("1 hour"), (exit) => Effect.sync(() => void log.push(`${event._tag} ${exit._tag}`)))
        )
      ).pipe(Scope.provide(scope))
      yield* settled
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(log, ["CallStarted Failure"])
    })

    test("work that returns while the end is handled interrupts nothing, and CallEnded stays the last event", function* () {
      for (const delivery of ["whenIdle", "immediate", "nextTurn"] as const) {
        const log: Array<string> = []
        const { end, history } = yield* open(
          Agent.make(
            Agent.route({
              CallStarted: (_, turn) =>
                Stream.drain(Stream.fromEffect(turn.background("work", Effect.sleep("10 millis")))),
              CallEnded: () =>
                Stream.concat(pause("10 millis"), pause("10 millis")).pipe(
                  Stream.concat(Stream.fail("boom")),
                  Stream.onExit(() => Effect.sync(() => void log.push("handled")))
                )
            }),
            { backgroundDelivery: delivery }
          )
        )
        const ending = yield* Effect.forkChild(end)
        yield* pass("10 millis")
        assert.deepStrictEqual(log, [])
        yield* pass("10 millis")
        yield* Fiber.join(ending)
        assert.deepStrictEqual(log, ["handled"])
        assert.deepStrictEqual(tagsOf((yield* history).events), ["CallStarted", "CallEnded"])
      }
    })

    test("reports after the end are ignored", function* () {
      const { end, history, receive, sent } = yield* open(echo)
      yield* end
      yield* receive({ _tag: "UserTurnEnded" })
      assert.deepStrictEqual(sent, ["Welcome."])
      assert.deepStrictEqual(tagsOf((yield* history).events), ["CallStarted", "CallEnded"])
    })
  })

  describe("run", () => {
    /** An agent that talks without end, and records how the end of the call went. */
    const talker = (log: Array<string>) =>
      Agent.make(
        Agent.route({
          CallStarted: () => Stream.forever(Stream.rechunk(Stream.make(Event.sendText("a")), 1)),
          CallEnded: () => Stream.onExit(pause("10 millis"), (exit) => Effect.sync(() => void log.push(exit._tag)))
        })
      )

    test("the call ends when its consumer takes no more outputs", function* () {
      const log: Array<string> = []
      const fiber = yield* Call.run(talker(log), Stream.never).pipe(Stream.take(2), Stream.runCollect, Effect.forkChild)
      yield* pass("10 millis")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(textOf), ["a", "a"])
      assert.deepStrictEqual(log, ["Success"])
    })

    test("the end is handled to completion even if the consumer goes away meanwhile", function* () {
      const log: Array<string> = []
      const fiber = yield* Call.run(talker(log), Stream.empty).pipe(Stream.runDrain, Effect.forkChild)
      yield* settled
      assert.isUndefined(fiber.pollUnsafe())
      const leaving = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* pass("10 millis")
      yield* Fiber.join(leaving)
      assert.deepStrictEqual(log, ["Success"])
    })

    test("a slow consumer slows the agent down", function* () {
      let emitted = 0
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.forever(Stream.fromEffect(Effect.sync(() => Event.sendText(`${emitted++}`))))
        })
      )
      yield* Call.run(agent, Stream.never, { bufferSize: 4 }).pipe(
        Stream.runForEach(() => Effect.never),
        Effect.forkChild
      )
      yield* settled
      assert.isAtMost(emitted, 9)
    })

    test("a failing report stream fails the consumer, and the agent still handles the end", function* () {
      const log: Array<string> = []
      const fiber = yield* Call.run(
        Agent.make(
          Agent.route({
            CallEnded: () => Stream.onExit(pause("10 millis"), (exit) => Effect.sync(() => void log.push(exit._tag)))
          })
        ),
        Stream.fail("lost")
      ).pipe(Stream.runDrain, Effect.exit, Effect.forkChild)
      yield* pass("10 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("lost"))
      assert.deepStrictEqual(log, ["Success"])
    })

    test("if the agent fails and closes, the stream fails after the earlier outputs", function* () {
      const outputs: Array<string> = []
      const exit = yield* Call.run(
        Agent.make(() => Stream.concat(say("a"), Stream.fail("boom")), {
          run: ["CallStarted"],
          turnFailure: "close"
        }),
        Stream.never
      ).pipe(
        Stream.runForEach((output) => Effect.sync(() => void outputs.push(textOf(output)))),
        Effect.exit
      )
      assert.deepStrictEqual(outputs, ["a"])
      assert.isTrue(Exit.isFailure(exit) && String(Cause.squash(exit.cause)).includes("boom"))
    })

    test("reports can come one by one from a queue", function* () {
      const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
      const heard: Array<string> = []
      const fiber = yield* Call.run(echo, Stream.fromQueue(reports)).pipe(
        Stream.runForEach((output) => Effect.sync(() => void heard.push(textOf(output)))),
        Effect.forkChild
      )
      for (const content of ["one", "two"]) {
        yield* Queue.offerAll(reports, [
          { _tag: "UserTurnStarted" },
          { _tag: "UserTextSent", content },
          { _tag: "UserTurnEnded" }
        ])
        yield* settled
      }
      yield* Queue.end(reports)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(heard, ["Welcome.", "You said: one", "You said: two"])
    })
  })
})
