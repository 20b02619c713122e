import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Random, References, Result, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import type * as Harness from "../../src/Harness.ts"
import * as Agent from "../../src/Agent.ts"
import * as Call from "../../src/Call.ts"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Event from "../../src/Event.ts"
import * as EventId from "../../src/EventId.ts"
import * as Recorder from "../../src/recording/Recorder.ts"
import * as Recording from "../../src/recording/Recording.ts"
import type * as Redaction from "../../src/recording/Redaction.ts"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"
import { pass, settled } from "../virtualTest.ts"

const request = CallRequest.make({ callId: "c1" })

/** A recorder that writes into memory. */
const memory = (options: { readonly redact?: Redaction.Redaction; readonly seed?: number } = {}) =>
  Effect.gen(function* () {
    let text = ""
    const recorder = yield* Recorder.make({ request, write: (more) => (text += more), ...options })
    return { recorder, text: () => text, recording: Effect.sync(() => Result.getOrThrow(Recording.decode(text))) }
  })

/** Plays a call against an agent, and returns its recording. */
const record = <E>(
  spec: Agent.AgentSpec<E>,
  script: (call: Call.Call) => Effect.Effect<void>,
  harness: Partial<Harness.Harness> = {}
) =>
  Effect.gen(function* () {
    const { recorder, recording } = yield* memory({ seed: 5 })
    const scope = yield* Scope.make()
    const call = yield* Call.make(spec, {
      request,
      harness: { send: () => Effect.void, fail: () => Effect.void, ...harness }
    }).pipe(Scope.provide(scope), Recorder.provide(recorder))
    yield* settled
    yield* script(call)
    yield* settled
    yield* Scope.close(scope, Exit.void)
    return yield* recording
  }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), VirtualTime.run)

/** A line in a few words, with numbers instead of the ids of the call. */
const brief = (recording: Recording.Recording): ReadonlyArray<string> => {
  const ids: Array<string> = []
  const id = (eventId: string | undefined) => {
    if (eventId === undefined || /^[a-z]\d$/.test(eventId)) return eventId ?? "-"
    if (!ids.includes(eventId)) ids.push(eventId)
    return `#${ids.indexOf(eventId) + 1}`
  }
  return recording.lines.map((line) => {
    const words = (): ReadonlyArray<unknown> => {
      switch (line._tag) {
        case "Reported":
          return [line.report._tag, id(line.report.eventId), id(line.eventId)]
        case "Happened":
          return [
            line.event._tag,
            id(line.event.eventId),
            "respondingTo" in line.event ? id(line.event.respondingTo) : ""
          ]
        case "Sent":
        case "Kept":
          return [
            line.turn,
            line.output._tag,
            "text" in line.output ? line.output.text : "",
            id(line.output.respondingTo)
          ]
        case "TurnStarted":
          return [line.turn, id(line.trigger)]
        case "TurnEnded":
          return [line.turn, line.outcome]
        case "CallFailed":
          return [line.reason, line.message]
        case "CallClosed":
          return [line.how]
        default:
          return []
      }
    }
    return [line.at, line._tag, ...words()].filter((word) => word !== "").join(" ")
  })
}

const later = (ms: number, text: string) => Stream.fromEffect(Effect.as(Effect.sleep(ms), Event.sendText(text)))

const agent = Agent.make(
  (event, turn) => {
    switch (event._tag) {
      case "CallStarted":
        return Stream.make(Event.sendText("Welcome."))
      case "UserTurnEnded":
        return Event.text(event) === "fail"
          ? Stream.concat(later(5, "Well"), Stream.fail("broken"))
          : Stream.unwrap(
              Effect.as(
                turn.background("order", Effect.as(Effect.sleep(300), { ok: true })),
                Stream.concat(Stream.make(Event.sendText("One"), Event.sendText(" two")), later(1000, " three"))
              )
            )
      case "BackgroundReturned":
        return Stream.make(Event.sendText("Ordered."))
      default:
        return Stream.empty
    }
  },
  { apology: "Sorry.", turnFailure: "recover" }
)

const say = (call: Call.Call, content: string, eventId?: string) =>
  Effect.gen(function* () {
    yield* call.receive({ _tag: "UserTurnStarted" })
    yield* call.receive({ _tag: "UserTextSent", content })
    yield* call.receive({ _tag: "UserTurnEnded", eventId })
  })

describe("Recorder", () => {
  it.effect("writes a call: reports, turns, outputs, a barge-in, background work, a failure, and the end", () =>
    Effect.gen(function* () {
      const recording = yield* record(agent, (call) =>
        Effect.gen(function* () {
          yield* pass(100)
          yield* say(call, "hi", "u1")
          yield* pass(137.5)
          yield* call.receive({ _tag: "UserTurnStarted", eventId: "u2" })
          yield* pass(12)
          yield* call.receive({ _tag: "UserTextSent", content: "fail" })
          yield* call.receive({ _tag: "UserTurnEnded" })
          yield* pass(5)
          yield* call.receive({ _tag: "AgentTurnEnded", eventId: "a1" })
          yield* pass(295)
          yield* call.end
        })
      )
      assert.deepStrictEqual(brief(recording), [
        "0 Happened CallStarted #1",
        "0 TurnStarted 1 #1",
        "0 Sent 1 AgentSendText Welcome. #1",
        "0 TurnEnded 1 Finished",
        "100 Reported UserTurnStarted - #2",
        "100 Reported UserTextSent - #3",
        "100 Reported UserTurnEnded u1 -",
        "100 TurnStarted 2 u1",
        "100 Sent 2 AgentSendText One u1",
        "100 Sent 2 AgentSendText  two u1",
        "237.5 Reported UserTurnStarted u2 -",
        "237.5 TurnEnded 2 Interrupted",
        "249.5 Reported UserTextSent - #4",
        "249.5 Reported UserTurnEnded - #5",
        "249.5 TurnStarted 3 #5",
        "254.5 Sent 3 AgentSendText Well #5",
        "254.5 TurnEnded 3 Failed",
        "254.5 Happened TurnFailed #6 #5",
        "254.5 Sent 3 AgentSendText  Sorry. #5",
        "254.5 Reported AgentTurnEnded a1 -",
        "400 Happened BackgroundReturned #7 u1",
        "400 TurnStarted 4 #7",
        "400 Sent 4 AgentSendText Ordered. #7",
        "400 TurnEnded 4 Finished",
        "549.5 Happened CallEnded #8",
        "549.5 TurnStarted 5 #8",
        "549.5 TurnEnded 5 Finished",
        "549.5 CallClosed Ended"
      ])
      const returned = recording.lines.find(
        (line) => line._tag === "Happened" && line.event._tag === "BackgroundReturned"
      )
      assert.deepInclude((returned as Recording.LineOf<"Happened">).event, {
        outcome: "Returned",
        result: { ok: true }
      })
    })
  )

  it.effect("notes a report before its consequences", () =>
    Effect.gen(function* () {
      const echo = Agent.make((event) => Stream.make(Event.sendText(event._tag)), {
        run: () => true
      })
      const recording = yield* record(echo, (call) =>
        call.receive({ _tag: "UserDtmfSent", button: "5", eventId: "u1" })
      )
      const lines = brief(recording)
      assert.isBelow(lines.indexOf("0 Reported UserDtmfSent u1 -"), lines.indexOf("0 TurnStarted 2 u1"))
      assert.isBelow(lines.indexOf("0 TurnStarted 2 u1"), lines.indexOf("0 Sent 2 AgentSendText UserDtmfSent u1"))
    })
  )

  it.effect("also notes a report that produces no event", () =>
    Effect.gen(function* () {
      const recording = yield* record(agent, (call) =>
        Effect.gen(function* () {
          yield* call.receive({ _tag: "AgentTextSent", content: "Welcome.", eventId: "a1" })
          yield* call.receive({ _tag: "AgentTextSent", content: "", eventId: "a2" })
        })
      )
      assert.deepStrictEqual(brief(recording).slice(4, 6), [
        "0 Reported AgentTextSent a1 #2",
        "0 Reported AgentTextSent a2 -"
      ])
    })
  )

  it.effect("records the failure reported to the harness, and later outputs as kept", () =>
    Effect.gen(function* () {
      const spec = Agent.make(
        (event, turn) =>
          event._tag === "CallStarted"
            ? Stream.fail(new Error("no voice"))
            : Stream.ensuring(
                Stream.make(Event.sendText("late")),
                turn.record([Event.logMessage("note", "of the end")])
              ),
        { turnFailure: "close", outputAfterEnd: "discard" }
      )
      const recording = yield* record(spec, (call) => call.end)
      assert.deepStrictEqual(brief(recording), [
        "0 Happened CallStarted #1",
        "0 TurnStarted 1 #1",
        "0 TurnEnded 1 Failed",
        "0 CallFailed Turn no voice",
        "0 Happened CallEnded #2",
        "0 TurnStarted 2 #2",
        "0 Kept 2 AgentSendText late #2",
        "0 Kept 2 LogMessage #2",
        "0 TurnEnded 2 Finished",
        "0 CallClosed Ended"
      ])
    })
  )

  it.effect("records that a call was cut off", () =>
    Effect.gen(function* () {
      const recording = yield* record(agent, () => Effect.void)
      assert.strictEqual(brief(recording).at(-1), "0 CallClosed CutOff")
    })
  )

  it.effect("starts with the request, the time and the seed, and draws a seed if none is given", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_000)
      const { recorder, recording } = yield* memory()
      const { header } = yield* recording
      assert.strictEqual(header.startedAt.epochMilliseconds, 1_700_000_000_000)
      assert.deepStrictEqual(header.request, request)
      assert.strictEqual(header.seed, recorder.header.seed)
      const other = yield* memory()
      assert.notStrictEqual(other.recorder.header.seed, header.seed)
      const given = yield* memory({ seed: 3 })
      assert.strictEqual((yield* given.recording).header.seed, 3)
    })
  )

  it.effect("runs a call on its seed, so that event ids are the same again", () =>
    Effect.gen(function* () {
      const script = (call: Call.Call) => Effect.andThen(say(call, "hi"), call.end)
      const [one, two] = [yield* record(agent, script), yield* record(agent, script)]
      assert.deepStrictEqual(one.lines, two.lines)
      const { recorder } = yield* memory({ seed: 5 })
      const next = yield* Recorder.provide(EventId.make, recorder)
      const again = yield* Effect.provideService(EventId.make, Random.Random, Recorder.random(recorder))
      assert.strictEqual(one.header.seed, recorder.header.seed)
      const first = one.lines[0]
      assert.isTrue(first?._tag === "Happened" && first.event.eventId === next())
      assert.isTrue(first?._tag === "Happened" && first.event.eventId === again())
    })
  )

  it.effect("writes its text later if asked to, with the times of the events", () =>
    Effect.gen(function* () {
      const texts: Array<string> = []
      const later: Array<() => void> = []
      const recorder = yield* Recorder.make({
        request,
        write: (text) => texts.push(text),
        later: (flush) => later.push(flush),
        redact: { userText: () => "…" }
      })
      const say = (content: string) =>
        recorder.note({ _tag: "Reported", report: { _tag: "UserTextSent", content }, eventId: content })
      const ask = () => recorder.asked({ turn: 1, method: "streamText", prompt: [], tools: [], settings: {} })
      say("one")
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual([ask(), ask()], [1, 2])
      assert.strictEqual(texts.length, 1)
      assert.strictEqual(later.length, 1)
      yield* TestClock.adjust("1 second")
      later[0]!()
      say("two")
      later[1]!()
      later[1]!()
      const { lines } = Result.getOrThrow(Recording.decode(texts.join("")))
      assert.deepStrictEqual(
        lines.map((line) => [line.at, line._tag, line._tag === "ModelRequested" ? line.request : undefined]),
        [
          [0, "Reported", undefined],
          [100, "ModelRequested", 1],
          [100, "ModelRequested", 2],
          [1100, "Reported", undefined]
        ]
      )
      assert.deepStrictEqual(
        lines.flatMap((line) => (line._tag === "Reported" && "content" in line.report ? [line.report.content] : [])),
        ["…", "…"]
      )
    })
  )

  it.effect("limits the lines waiting for a slow writer", () =>
    Effect.gen(function* () {
      let written = 0
      let asked = 0
      const recorder = yield* Recorder.make({ request, write: () => written++, later: () => asked++ })
      const many = 5000
      for (let i = 0; i < many; i++) recorder.note({ _tag: "TurnEnded", turn: i, outcome: "Finished" })
      assert.isAbove(written, 3)
      assert.isBelow(written, many / 100)
      assert.strictEqual(asked, written)
    })
  )

  it.effect("does not disturb the call if writing fails, and writes nothing after the gap", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      let written = 0
      const write = () => {
        written++
        throw new Error("disk full")
      }
      const recorder = yield* Recorder.make({ request, write })
      const outputs = yield* Call.run(
        agent,
        Stream.make({ _tag: "UserTurnStarted" } as const, { _tag: "UserTurnStarted" } as const)
      ).pipe(Stream.runCollect, Recorder.provide(recorder))
      assert.deepStrictEqual(
        outputs.map((output) => output._tag === "AgentSendText" && output.text),
        ["Welcome."]
      )
      assert.strictEqual(written, 1)
    })
  )

  it.effect("writes that a line is lost, and none of its content, if the line cannot be redacted", () =>
    Effect.gen(function* () {
      const { recorder, recording } = yield* memory({
        redact: {
          userText: () => {
            throw new Error("no")
          },
          request: () => {
            throw new Error("no")
          }
        }
      })
      recorder.note({ _tag: "Reported", report: { _tag: "UserTextSent", content: "secret" } })
      recorder.note({ _tag: "CallClosed", how: "Ended" })
      const { header, lines } = yield* recording
      assert.strictEqual(header.request.callId, "unknown")
      assert.deepStrictEqual(lines, [
        { _tag: "Lost", at: 0, kind: "Reported" },
        { _tag: "CallClosed", at: 0, how: "Ended" }
      ])
    })
  )

  describe("words", () => {
    const delta = (text: string): Recording.Note => ({
      _tag: "ModelReplied",
      request: 1,
      parts: [{ type: "text-delta", id: "0", delta: text }]
    })
    const sent = (text: string): Recording.Note => ({
      _tag: "Sent",
      turn: 1,
      output: Event.sendText(text, { respondingTo: "e1" })
    })
    const notes: ReadonlyArray<Recording.Note> = ["Call", "Jane", "now"].flatMap((text) => [delta(text), sent(text)])

    it.effect("are written one by one, and can be read at once", () =>
      Effect.gen(function* () {
        const { recorder, recording } = yield* memory()
        for (const [n, note] of notes.entries()) {
          yield* TestClock.adjust(1.5)
          recorder.note(note)
          const { lines, truncated } = yield* recording
          const expected = notes.slice(0, n + 1).map((note, n) => ({ at: 1.5 * (n + 1), ...note }))
          assert.deepStrictEqual([lines, truncated], [expected, false])
        }
      })
    )

    it.effect("are redacted one by one, and if one fails only that one is lost", () =>
      Effect.gen(function* () {
        const masked = yield* memory({ redact: { agentText: (text) => text.replace("Jane", "x") } })
        const left = yield* memory({
          redact: { line: (note) => (JSON.stringify(note).includes("Jane") ? undefined : note) }
        })
        const lost = yield* memory({
          redact: {
            agentText: (text) => {
              if (text === "Jane") throw new Error("no")
              return text
            }
          }
        })
        const texts = ({ lines }: Recording.Recording) =>
          lines.map((line) => {
            if (line._tag === "Sent" && line.output._tag === "AgentSendText") return line.output.text
            return line._tag === "ModelReplied" ? [line.parts[0]!["delta"]] : line._tag
          })
        for (const { recorder } of [masked, left, lost]) for (const note of notes) recorder.note(note)
        assert.deepStrictEqual(texts(yield* masked.recording), [["Call"], "Call", ["x"], "x", ["now"], "now"])
        assert.deepStrictEqual(texts(yield* left.recording), [["Call"], "Call", ["now"], "now"])
        assert.deepStrictEqual(texts(yield* lost.recording), [["Call"], "Call", "Lost", "Lost", ["now"], "now"])
        for (const { text } of [masked, left, lost]) assert.notInclude(text(), "Jane")
      })
    )
  })

  describe("asked", () => {
    const details = { turn: 1, method: "streamText", tools: [], settings: {} } as const

    it.effect("writes only the new part of a prompt, and any sequence of prompts can be restored", () =>
      Effect.gen(function* () {
        const Message = Schema.Struct({
          role: Schema.Literals(["user", "assistant"]),
          content: Schema.Literals(["a", "b"]),
          options: Schema.optionalKey(Schema.Literals([1]))
        })
        const Asked = Schema.Struct({
          prompt: Schema.Array(Message),
          tools: Schema.Array(
            Schema.Struct({ name: Schema.Literals(["x", "y"]), parameters: Schema.Literals([1, 2]) })
          ),
          settings: Schema.Record(Schema.Literals(["topP"]), Schema.Literals([1, 2]))
        })
        const result = yield* Arbitrary.checkEffect(
          Arbitrary.schema(Schema.Array(Asked)),
          (sequence) =>
            Effect.gen(function* () {
              const { recorder, recording } = yield* memory()
              for (const asked of sequence) recorder.asked({ ...details, ...asked })
              const requests = Result.getOrThrow(Recording.modelRequests(yield* recording))
              assert.deepStrictEqual(
                requests.map(({ prompt, settings, tools }) => ({ prompt, tools, settings })),
                [...sequence]
              )
              return true
            }),
          { runs: 300, seed: 1 }
        )
        const failed = Arbitrary.formatCheckFailure(result)
        if (failed !== undefined) assert.fail(failed)
      })
    )

    it.effect("makes a recording grow linearly with the call, even if two agents take turns", () =>
      Effect.gen(function* () {
        let length = 0
        const recorder = yield* Recorder.make({ request, write: (line) => (length += line.length) })
        const prompts = ["A", "B"].map((content) => [{ role: "system", content }])
        const grow = (times: number) => {
          const before = length
          for (let i = 0; i < times; i++) {
            for (const prompt of prompts) {
              prompt.push({ role: "user", content: "some words of the caller" })
              recorder.asked({ ...details, prompt: [...prompt] })
            }
          }
          return length - before
        }
        const early = grow(100)
        grow(300)
        assert.isBelow(grow(100), early * 1.1)
      })
    )

    it.effect("does not refer to a request that was left out", () =>
      Effect.gen(function* () {
        const { recorder, recording } = yield* memory({
          redact: { line: (note) => (note._tag === "ModelRequested" && note.request === 1 ? undefined : note) }
        })
        const prompt = [{ role: "user", content: "hi" }]
        assert.strictEqual(recorder.asked({ ...details, prompt }), 1)
        assert.strictEqual(recorder.asked({ ...details, prompt: [...prompt, ...prompt] }), 2)
        const requests = Result.getOrThrow(Recording.modelRequests(yield* recording))
        assert.deepStrictEqual(
          requests.map(({ prompt, request }) => [request, prompt.length]),
          [[2, 2]]
        )
      })
    )
  })
})
