import { assert, describe, it } from "@effect/vitest"
import { Effect, Random, Result } from "effect"
import * as Event from "../src/Event.ts"
import * as EventId from "../src/EventId.ts"
import * as History from "../src/History.ts"
import * as HistoryWriter from "../src/internal/call/historyWriter.ts"

const record = Effect.map(EventId.make, (nextId) => HistoryWriter.make(nextId)).pipe(Random.withSeed("history"))

/** What happened, in short. */
const short = ({ events }: History.History) => events.map((event) => Event.text(event) || event._tag)
const say = (record: HistoryWriter.HistoryWriter, text: string, turn = 1) => record.sent(Event.sendText(text), turn)
const hear = (record: HistoryWriter.HistoryWriter, content: string) => record.report({ _tag: "AgentTextSent", content })
const happen = (record: HistoryWriter.HistoryWriter, ...ids: ReadonlyArray<string>) =>
  ids.map((eventId) => record.report({ _tag: "UserTextSent", eventId, content: eventId })!)
const custom = (content: string) =>
  Event.CustomHistoryEntry.make({ eventId: `custom ${content}`, role: "user", content })

const reasonOf = <A>(result: Result.Result<A, History.AnchorError>) =>
  Result.match(result, {
    onFailure: ({ anchor, reason }) => (anchor === undefined ? reason : `${reason} ${anchor}`),
    onSuccess: () => "made"
  })

describe("History", () => {
  it.effect("holds what happened, interleaved with what the agent sent in its turns", () =>
    Effect.gen(function* () {
      const call = yield* record
      happen(call, "a")
      say(call, "One two", 7)
      call.sent(Event.endCall(), 7)
      hear(call, "One")
      happen(call, "b")
      const history = call.view()
      assert.deepStrictEqual(
        history.entries.map(({ item, turn }) => [item._tag, turn]),
        [
          ["UserTextSent", 0],
          ["AgentSendText", 7],
          ["AgentEndCall", 7],
          ["AgentTextSent", 0],
          ["UserTextSent", 0]
        ]
      )
      assert.deepStrictEqual(short(history), ["a", "One", "b"])
      assert.strictEqual(new Set(history.entries.map(({ key }) => key)).size, 5)
    })
  )

  it.effect("returns its last events, oldest first, even for a history made by hand", () =>
    Effect.gen(function* () {
      const call = yield* record
      const events = happen(call, "a", "b", "c")
      say(call, "One two")
      const spoken = hear(call, "One")!
      const history = call.view()
      happen(call, "later")
      assert.deepStrictEqual(History.latest(history, 2), [events[2]!, spoken])
      assert.deepStrictEqual(History.latest(history, 100), history.events)
      assert.deepStrictEqual(
        [0, -1, Number.NaN].flatMap((count) => History.latest(history, count)),
        []
      )
      const own = { ...history, events: events.slice(0, 2) } as History.History
      assert.deepStrictEqual(History.latest(own, 1), [events[1]!])
      assert.deepStrictEqual(
        History.latest(
          History.make(() => history.entries),
          2
        ),
        [events[2]!, spoken]
      )
    })
  )

  it.effect("is a view that does not change during the call", () =>
    Effect.gen(function* () {
      const call = yield* record
      happen(call, "a")
      say(call, "One two three")
      hear(call, "One")
      const unread = call.view()
      const read = call.view()
      const before = short(read)
      hear(call, "two")
      happen(call, "b")
      call.addEntry("c", {})
      assert.deepStrictEqual(before, ["a", "One"])
      assert.deepStrictEqual(short(read), ["a", "One"])
      assert.deepStrictEqual(short(unread), ["a", "One"])
      assert.deepStrictEqual(short(call.view()), ["a", "One two", "b", "c"])
    })
  )

  it("costs nothing until it is read, and is made once", () => {
    let made = 0
    const history = History.make(() => (made++, [{ key: 0, turn: 0, item: custom("a") }]))
    assert.strictEqual(made, 0)
    assert.strictEqual(history.entries, history.entries)
    assert.strictEqual(history.events, history.events)
    assert.strictEqual(made, 1)
  })

  it("distinguishes what happened from what the agent sent", () => {
    const sent = Object.values(Event.Output.cases).map(({ fields }) => fields._tag.schema.literal)
    for (const _tag of sent) assert.isFalse(History.isHistoryEvent({ _tag } as History.Item), _tag)
    const happened = Object.values(Event.Input.cases).map(({ fields }) => fields._tag.schema.literal)
    for (const _tag of happened) assert.isTrue(History.isHistoryEvent({ _tag } as History.Item), _tag)
    assert.isTrue(History.isHistoryEvent(custom("a")))
  })

  describe("spoken text", () => {
    it.effect("is one event that grows until something else happens, and keeps its line", () =>
      Effect.gen(function* () {
        const call = yield* record
        say(call, "One two three")
        const first = hear(call, "One")
        const key = call.view().entries.at(-1)?.key
        const second = hear(call, "two")
        assert.deepStrictEqual([first && Event.text(first), second && Event.text(second)], ["One", "One two"])
        assert.notStrictEqual(first?.eventId, second?.eventId)
        happen(call, "a")
        const { entries } = call.view()
        assert.deepStrictEqual(entries.at(-2), {
          key: key!,
          turn: 0,
          item: second!,
          heard: { spans: [{ turn: 1, from: 0, to: 7, length: 7 }] }
        })
      })
    )

    it.effect("is completed in its place if it cannot be interrupted", () =>
      Effect.gen(function* () {
        const call = yield* record
        call.sent(Event.sendText("Calls are recorded.", { interruptible: false }), 1)
        const heard = hear(call, "Calls")
        happen(call, "a")
        assert.isUndefined(hear(call, "are"))
        assert.deepStrictEqual(short(call.view()), ["Calls are recorded.", "a"])
        assert.strictEqual(call.view().events[0]?.eventId, heard?.eventId)
      })
    )

    it.effect("is dropped at the end of the agent's turn if it fits nowhere", () =>
      Effect.gen(function* () {
        const call = yield* record
        say(call, "abc")
        hear(call, "abz")
        happen(call, "a")
        call.report({ _tag: "AgentTurnEnded" })
        assert.deepStrictEqual(short(call.view()), ["ab", "a", "z", "AgentTurnEnded"])
      })
    )

    it.effect("completes spoken text before the end of the call", () =>
      Effect.gen(function* () {
        const call = yield* record
        say(call, "abc")
        hear(call, "abz")
        call.add({ _tag: "CallEnded", eventId: "e" })
        assert.deepStrictEqual(short(call.view()), ["ab", "z", "CallEnded"])
      })
    )
  })

  describe("the content of a turn", () => {
    it.effect("is everything since its side began it, in order", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "before")
        call.report({ _tag: "UserTurnStarted" })
        call.report({ _tag: "AgentTurnStarted" })
        happen(call, "a")
        call.report({ _tag: "UserDtmfSent", button: "1" })
        hear(call, "raw")
        call.report({ _tag: "AgentDtmfSent", button: "2" })
        assert.strictEqual(Event.text(call.report({ _tag: "UserTurnEnded" })!), "a [1]")
        assert.strictEqual(Event.text(call.report({ _tag: "AgentTurnEnded" })!), "raw [2]")
      })
    )

    it.effect("is empty if its beginning was never reported", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a")
        hear(call, "b")
        assert.strictEqual(Event.text(call.report({ _tag: "UserTurnEnded" })!), "")
        assert.strictEqual(Event.text(call.report({ _tag: "AgentTurnEnded" })!), "")
      })
    )

    it.effect("is reported again, with later events, if a turn ends twice", () =>
      Effect.gen(function* () {
        const call = yield* record
        call.report({ _tag: "UserTurnStarted" })
        happen(call, "a")
        const first = call.report({ _tag: "UserTurnEnded" })!
        happen(call, "b")
        assert.strictEqual(Event.text(call.report({ _tag: "UserTurnEnded" })!), "a b")
        assert.strictEqual(Event.text(first), "a")
        call.report({ _tag: "UserTurnStarted" })
        assert.strictEqual(Event.text(call.report({ _tag: "UserTurnEnded" })!), "")
      })
    )
  })

  it.effect("keeps the ids that a harness gives, and makes the others", () =>
    Effect.gen(function* () {
      const call = yield* record
      const named = call.report({ _tag: "UserTurnStarted", eventId: "u1" })
      const unnamed = call.report({ _tag: "UserTurnStarted" })
      assert.strictEqual(named?.eventId, "u1")
      assert.strictEqual(unnamed?.eventId.length, 36)
    })
  )

  describe("an added entry", () => {
    const places: ReadonlyArray<readonly [name: string, HistoryWriter.EntryOptions, ReadonlyArray<string>]> = [
      ["follows what is last now, and stays there", {}, ["a", "b", "c", "NEW", "d"]],
      ["goes before the first event", { before: "a" }, ["NEW", "a", "b", "c", "d"]],
      ["goes before an event", { before: "b" }, ["a", "NEW", "b", "c", "d"]],
      ["goes after an event", { after: "b" }, ["a", "b", "NEW", "c", "d"]],
      ["goes after the last event", { after: "c" }, ["a", "b", "c", "NEW", "d"]]
    ]
    for (const [name, options, expected] of places) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const call = yield* record
          happen(call, "a", "b", "c")
          const entry = Result.getOrThrow(call.addEntry("NEW", options))
          happen(call, "d")
          assert.deepStrictEqual(short(call.view()), expected)
          assert.include(call.view().events, entry)
        })
      )
    }

    it.effect("has the user's role unless another is given", () =>
      Effect.gen(function* () {
        const call = yield* record
        assert.strictEqual(Result.getOrThrow(call.addEntry("a", {})).role, "user")
        assert.strictEqual(Result.getOrThrow(call.addEntry("b", { role: "system" })).role, "system")
        happen(call, "c")
        assert.deepStrictEqual(short(call.view()), ["a", "b", "c"])
      })
    )

    it.effect("can be used as an anchor, directly or by its id", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a", "b")
        const entry = Result.getOrThrow(call.addEntry("ONE", { after: "a" }))
        call.addEntry("TWO", { after: entry })
        call.addEntry("THREE", { before: entry.eventId })
        assert.deepStrictEqual(short(call.view()), ["a", "THREE", "ONE", "TWO", "b"])
      })
    )
  })

  describe("a replaced range", () => {
    const stretches: ReadonlyArray<readonly [name: string, HistoryWriter.Stretch, ReadonlyArray<string>]> = [
      ["is none without anchors: the events go first", {}, ["X", "Y", "a", "b", "c", "d"]],
      ["goes from its start to what is last now", { start: "b" }, ["a", "X", "Y", "d"]],
      ["goes from the beginning to its end", { end: "b" }, ["X", "Y", "c", "d"]],
      ["includes both ends", { start: "a", end: "b" }, ["X", "Y", "c", "d"]],
      ["can be one event", { start: "b", end: "b" }, ["a", "X", "Y", "c", "d"]]
    ]
    for (const [name, stretch, expected] of stretches) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const call = yield* record
          happen(call, "a", "b", "c")
          Result.getOrThrow(call.update([custom("X"), custom("Y")], stretch))
          happen(call, "d")
          assert.deepStrictEqual(short(call.view()), expected)
        })
      )
    }

    it.effect("can be deleted", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a", "b", "c")
        call.update([], { start: "a", end: "b" })
        assert.deepStrictEqual(short(call.view()), ["c"])
      })
    )

    it.effect("takes along what the agent sent within it", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a")
        say(call, "One")
        happen(call, "b")
        call.update([custom("X")], { start: "a", end: "b" })
        assert.strictEqual(call.view().entries.length, 1)
      })
    )

    it.effect("composes with earlier edits, in the order of the edits", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a", "b", "c")
        call.addEntry("ONE", { after: "a" })
        call.update([custom("X")], { start: "a", end: "b" })
        call.addEntry("TWO", { after: custom("X") })
        assert.deepStrictEqual(short(call.view()), ["X", "TWO", "c"])
      })
    )
  })

  describe("an anchor on spoken text", () => {
    it.effect("finds the text it has become part of, by the id of any of its reports", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a")
        say(call, "One two three")
        const delivered = [hear(call, "One"), hear(call, "two"), hear(call, "three")]
        happen(call, "b")
        for (const event of delivered) {
          assert.strictEqual(reasonOf(call.addEntry(`after ${Event.text(event!)}`, { after: event! })), "made")
          assert.strictEqual(reasonOf(call.addEntry("by id", { before: event!.eventId })), "made")
        }
        assert.deepStrictEqual(short(call.view()), [
          "a",
          "by id",
          "by id",
          "by id",
          "One two three",
          "after One two three",
          "after One two",
          "after One",
          "b"
        ])
      })
    )

    it.effect("stays valid while the text grows", () =>
      Effect.gen(function* () {
        const call = yield* record
        say(call, "One two three")
        const first = hear(call, "One")!
        call.addEntry("NOTE", { after: first })
        call.addEntry("LAST", {})
        hear(call, "two")
        assert.deepStrictEqual(short(call.view()), ["One two", "NOTE", "LAST"])
        happen(call, "b")
        hear(call, "three")
        assert.deepStrictEqual(short(call.view()), ["One two", "NOTE", "LAST", "b", "three"])
      })
    )

    it.effect("still works for text that was heard before anything was said", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a")
        const heard = hear(call, "hello")!
        call.update([custom("X")], { start: heard, end: heard })
        say(call, "Welcome")
        happen(call, "b")
        assert.deepStrictEqual(short(call.view()), ["a", "X", "b"])
      })
    )

    it.effect("does not match later text", () =>
      Effect.gen(function* () {
        const call = yield* record
        say(call, "One two three")
        const first = hear(call, "One")!
        happen(call, "b")
        const second = hear(call, "two")!
        call.update([custom("X")], { start: first, end: first })
        assert.deepStrictEqual(short(call.view()), ["X", "b", "two"])
        call.addEntry("Y", { before: second })
        assert.deepStrictEqual(short(call.view()), ["X", "b", "Y", "two"])
      })
    )
  })

  describe("an invalid edit", () => {
    const attempts: ReadonlyArray<
      readonly [string, (call: HistoryWriter.HistoryWriter) => Result.Result<unknown, History.AnchorError>]
    > = [
      ["NotFound x", (call) => call.addEntry("n", { before: "x" })],
      ["NotFound x", (call) => call.addEntry("n", { after: "x" })],
      ["NotFound custom n", (call) => call.addEntry("n", { after: custom("n") })],
      ["BothAnchors", (call) => call.addEntry("n", { before: "a", after: "b" })],
      ["NotFound x", (call) => call.update([custom("n")], { start: "x" })],
      ["NotFound x", (call) => call.update([custom("n")], { end: "x" })],
      ["NotFound x", (call) => call.update([custom("n")], { start: "a", end: "x" })],
      ["Reversed", (call) => call.update([custom("n")], { start: "b", end: "a" })]
    ]
    attempts.forEach(([reason, attempt], index) => {
      it.effect(`reports ${reason} and changes nothing (${index + 1})`, () =>
        Effect.gen(function* () {
          const call = yield* record
          happen(call, "a", "b", "c")
          assert.strictEqual(reasonOf(attempt(call)), reason)
          assert.deepStrictEqual(short(call.view()), ["a", "b", "c"])
        })
      )
    })

    it.effect("does not confuse events with similar ids", () =>
      Effect.gen(function* () {
        const call = yield* record
        const [one, two] = [1, 2].map((n) => `aaaaaaaa-aaaa-4aaa-8aaa-00000000000${n}`)
        happen(call, one!, two!)
        call.addEntry("n", { after: two! })
        assert.deepStrictEqual(short(call.view()), [one, two, "n"])
      })
    )

    it.effect("does not find an event that was replaced", () =>
      Effect.gen(function* () {
        const call = yield* record
        happen(call, "a", "b")
        call.update([], { start: "a", end: "a" })
        assert.strictEqual(reasonOf(call.addEntry("n", { after: "a" })), "NotFound a")
      })
    )

    it("has a readable message", () => {
      assert.strictEqual(
        new History.AnchorError({ reason: "NotFound", anchor: "x" }).message,
        "no event x in the history"
      )
      assert.strictEqual(new History.AnchorError({ reason: "BothAnchors" }).message, "give before or after, not both")
      assert.strictEqual(new History.AnchorError({ reason: "Reversed" }).message, "the end lies before the start")
    })
  })
})
