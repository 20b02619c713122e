import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as Event from "../../../src/Event.ts"
import * as EventId from "../../../src/EventId.ts"
import type * as History from "../../../src/History.ts"
import * as HistoryWriter from "../../../src/internal/call/historyWriter.ts"
import type { Note } from "../../../src/internal/call/listener.ts"
import * as Chance from "../../../src/testing/Chance.ts"

const make = Effect.map(EventId.make, (nextId) => HistoryWriter.make(nextId))
const tags = ({ entries }: History.History) => entries.map(({ item }) => item._tag)
const words = ({ entries }: History.History) =>
  entries.map(({ item }) =>
    "text" in item ? item.text : "content" in item && typeof item.content === "string" ? item.content : item._tag
  )
const ended = (eventId: string): Event.UserTurnEnded => ({ _tag: "UserTurnEnded", eventId, content: [] })
const tool = (toolCallId: string): Event.AgentToolCalled => ({
  _tag: "AgentToolCalled",
  toolCallId,
  toolName: "t",
  toolArgs: {}
})

describe("the history writer", () => {
  it.effect(
    "edits remove only what they cover, and views never change, in 4,000 random calls",
    () =>
      Effect.gen(function* () {
        for (let seed = 1; seed <= 4000; seed++) {
          const chance = Chance.make(seed)
          const writer = yield* make
          const expected = new Set<string>()
          const views: Array<readonly [History.History, string]> = []
          let sent = 0
          const spoken: Array<string> = []
          for (let step = 0; step < 25; step++) {
            const kind = chance.int(0, 6)
            if (kind < 2) {
              const text = `w${sent++} `
              writer.sent(Event.sendText(text), 1)
              spoken.push(text.trim())
              expected.add(text)
            } else if (kind === 2) {
              const id = `t${sent++}`
              writer.sent(tool(id), 1)
              expected.add(id)
            } else if (kind === 3 && spoken.length > 0) {
              writer.report({ _tag: "AgentTextSent", content: spoken.shift()! })
            } else if (kind === 4) writer.report({ _tag: "UserTextSent", content: "hm" })
            else if (kind === 5) {
              const { entries, events } = writer.view()
              if (events.length === 0) continue
              const start = chance.pick(events)
              const from = entries.findIndex(({ item }) => item === start)
              // The stretch goes to what is last now.
              for (const { item } of entries.slice(from))
                expected.delete("text" in item ? item.text : "toolCallId" in item ? item.toolCallId : "")
              const summary = {
                _tag: "CustomHistoryEntry",
                eventId: `s${step}`,
                role: "system",
                content: "sum"
              } as const
              assert.isTrue(Result.isSuccess(writer.update([summary], { start })))
            } else {
              const view = writer.view()
              views.push([view, JSON.stringify(view.entries)])
            }
          }
          const kept = new Set(
            writer
              .view()
              .entries.map(({ item }) => ("text" in item ? item.text : "toolCallId" in item ? item.toolCallId : ""))
          )
          for (const one of expected) assert.isTrue(kept.has(one), `seed ${seed}: ${one} is lost`)
          for (const [view, before] of views) assert.strictEqual(JSON.stringify(view.entries), before, `seed ${seed}`)
          assert.strictEqual(new Set(writer.view().entries.map(({ key }) => key)).size, writer.view().entries.length)
        }
      }),
    60_000
  )

  it.effect("a view first read after an edit shows the state before it", () =>
    Effect.gen(function* () {
      const writer = yield* make
      const first = writer.add({ _tag: "CallStarted", eventId: "c" })
      writer.report({ _tag: "UserTextSent", content: "hello" })
      const view = writer.view()
      writer.addEntry("between", { after: first })
      writer.update([], { start: first, end: first })
      assert.deepStrictEqual(words(view), ["CallStarted", "hello"])
      assert.deepStrictEqual(words(writer.view()), ["between", "hello"])
    })
  )

  it.effect("inserts lines in their place, and an earlier view does not see them", () =>
    Effect.gen(function* () {
      const writer = yield* make
      const started = writer.add({ _tag: "CallStarted", eventId: "c" })
      const view = writer.view()
      writer.report({ _tag: "UserTextSent", content: "later" })
      writer.addEntry("between", { after: started })
      assert.deepStrictEqual(words(view), ["CallStarted"])
      assert.deepStrictEqual(words(writer.view()), ["CallStarted", "between", "later"])
      assert.deepStrictEqual(writer.view().events.map(Event.text), ["", "between", "later"])
    })
  )

  describe("output that is not handed over yet", () => {
    it.effect("is visible only to its own turn, and is recorded when it is handed over", () =>
      Effect.gen(function* () {
        const writer = yield* make
        const line = writer.queue(Event.sendText("a"), 3)
        assert.deepStrictEqual(
          [tags(writer.view(3)), tags(writer.view(4)), tags(writer.view())],
          [["AgentSendText"], [], []]
        )
        writer.handedOver(line)
        assert.deepStrictEqual(tags(writer.view()), ["AgentSendText"])
        assert.deepStrictEqual(tags(writer.view(3)), ["AgentSendText"])
      })
    )

    it.effect("disappears with its turn, except for outcomes of tools", () =>
      Effect.gen(function* () {
        const writer = yield* make
        writer.queue(Event.sendText("a"), 3)
        writer.queue(tool("t"), 3)
        assert.deepStrictEqual(writer.stopped(3, true), [tool("t")])
        assert.deepStrictEqual(tags(writer.view(3)), ["AgentToolCalled"])
        writer.queue(tool("u"), 4)
        assert.deepStrictEqual(writer.stopped(4, false), [])
        assert.deepStrictEqual(tags(writer.view()), ["AgentToolCalled"])
      })
    )

    it.effect("keeps its position within the turn when it is handed over", () =>
      Effect.gen(function* () {
        const writer = yield* make
        const lines = ["one ", "two ", "three"].map((text) => writer.queue(Event.sendText(text), 1))
        for (const line of lines) writer.handedOver(line)
        assert.deepStrictEqual(
          writer.view().entries.map(({ from }) => from),
          [0, 4, 8]
        )
        assert.deepStrictEqual(writer.view().unheard, [{ turn: 1, from: 0, to: 13 }])
      })
    )
  })

  describe("heard text by position", () => {
    const twoTurns = Effect.gen(function* () {
      const writer = yield* make
      writer.began(1, ended("a"))
      writer.sent(Event.sendText("One two three."), 1)
      writer.began(2, ended("b"))
      writer.sent(Event.sendText("Four five six."), 2)
      const at = (respondingTo: string, offset: number) =>
        writer.report({ _tag: "AgentTextSent", content: "", at: { respondingTo, offset } })
      return { writer, at }
    })
    const heard = (writer: HistoryWriter.HistoryWriter) =>
      writer
        .view()
        .entries.flatMap(({ heard, item }) =>
          item._tag === "AgentTextSent"
            ? [[item.content, heard?.spans.map(({ from, to, turn }) => [turn, from, to])]]
            : []
        )

    it.effect("covers exactly the words up to the position", () =>
      Effect.gen(function* () {
        const { at, writer } = yield* twoTurns
        at("a", 7)
        at("a", 14)
        at("b", 4)
        assert.deepStrictEqual(heard(writer), [
          [
            "One two three. Four",
            [
              [1, 0, 14],
              [2, 0, 4]
            ]
          ]
        ])
      })
    )

    it.effect("completes an older turn that is reported late, on a line of its own", () =>
      Effect.gen(function* () {
        const { at, writer } = yield* twoTurns
        at("a", 3)
        at("b", 4)
        at("a", 14)
        at("b", 9)
        assert.deepStrictEqual(heard(writer), [
          [
            "One Four",
            [
              [1, 0, 3],
              [2, 0, 4]
            ]
          ],
          ["two three.", [[1, 4, 14]]],
          ["five", [[2, 5, 9]]]
        ])
      })
    )

    it.effect("counts nothing twice, and ignores unknown turns", () =>
      Effect.gen(function* () {
        const { at, writer } = yield* twoTurns
        at("a", 7)
        assert.isUndefined(at("a", 5))
        assert.isUndefined(at("nobody", 5))
        assert.deepStrictEqual(heard(writer), [["One two", [[1, 0, 7]]]])
      })
    )

    it.effect("leaves out what was skipped, whether or not something of the turn was heard before", () =>
      Effect.gen(function* () {
        for (const first of [0, 3]) {
          const { at, writer } = yield* twoTurns
          if (first > 0) at("a", first)
          const place = { respondingTo: "a", offset: 14, from: 8 }
          writer.report({ _tag: "AgentTextSent", content: "", at: place })
          at("b", 4)
          const begun = first === 0 ? [] : [[1, 0, 3]]
          const text = first === 0 ? "three. Four" : "One three. Four"
          assert.deepStrictEqual(heard(writer), [[text, [...begun, [1, 8, 14], [2, 0, 4]]]])
        }
      })
    )

    it.effect("does not repeat uninterruptible text that already counts", () =>
      Effect.gen(function* () {
        const writer = yield* make
        writer.began(1, ended("a"))
        writer.sent(Event.sendText("Calls are recorded.", { interruptible: false }), 1)
        writer.report({ _tag: "AgentTextSent", content: "", at: { respondingTo: "a", offset: 5 } })
        writer.report({ _tag: "UserTurnStarted" })
        writer.report({ _tag: "AgentTextSent", content: "", at: { respondingTo: "a", offset: 19 } })
        assert.deepStrictEqual(
          heard(writer).map(([text]) => text),
          ["Calls are recorded."]
        )
      })
    )
  })

  it.effect("waits for nothing sent before the agent's voice ended", () =>
    Effect.gen(function* () {
      const writer = yield* make
      writer.report({ _tag: "AgentTurnStarted" })
      writer.sent(Event.sendText("Heard. Lost."), 1)
      writer.report({ _tag: "AgentTextSent", content: "Heard." })
      assert.isTrue(writer.isPending())
      writer.report({ _tag: "AgentTurnEnded" })
      assert.isFalse(writer.isPending())
    })
  )

  it.effect("an edit covers what was heard so far of the text being spoken, and not the rest", () =>
    Effect.gen(function* () {
      const writer = yield* make
      const user = writer.report({ _tag: "UserTextSent", content: "hello" })!
      writer.sent(Event.sendText("One two three. "), 1)
      writer.report({ _tag: "AgentTextSent", content: "One" })
      const summary = { _tag: "CustomHistoryEntry", eventId: "s", role: "system", content: "all" } as const
      Result.getOrThrow(writer.update([summary], { start: user }))
      assert.deepStrictEqual(words(writer.view()), ["all"])
      writer.report({ _tag: "AgentTextSent", content: "two" })
      assert.deepStrictEqual(words(writer.view()), ["all", "two"])
    })
  )

  it.effect("an outcome recorded when its turn was stopped is not recorded again when it is released", () =>
    Effect.gen(function* () {
      const writer = yield* make
      const line = writer.queue(tool("t"), 1)
      assert.lengthOf(writer.stopped(1, true), 1)
      writer.handedOver(line)
      assert.deepStrictEqual(tags(writer.view()), ["AgentToolCalled"])
    })
  )

  describe("a caller's turn that is taken back", () => {
    it.effect("disappears with its answer, except for what was heard of it and for tools", () =>
      Effect.gen(function* () {
        const writer = yield* make
        writer.report({ _tag: "UserTurnStarted" })
        writer.report({ _tag: "UserTextSent", content: "hello" })
        const event = writer.report({ _tag: "UserTurnEnded" })!
        writer.began(1, event)
        writer.sent(Event.sendText("Heard. "), 1)
        writer.sent(Event.sendText("Unheard."), 1)
        writer.sent(tool("t"), 1)
        writer.report({ _tag: "AgentTextSent", content: "Heard." })
        writer.report({ _tag: "UserTurnWithdrawn" })
        assert.deepStrictEqual(tags(writer.view()), ["AgentSendText", "AgentToolCalled", "AgentTextSent"])
        assert.isFalse(writer.isPending())
      })
    )

    it.effect("is only the last one if the harness reports no turn starts", () =>
      Effect.gen(function* () {
        const writer = yield* make
        for (const content of ["first", "second"]) {
          writer.report({ _tag: "UserTextSent", content })
          writer.report({ _tag: "UserTurnEnded" })
        }
        writer.report({ _tag: "UserTurnWithdrawn" })
        assert.deepStrictEqual(
          words(writer.view()).filter((word) => word !== "UserTurnEnded"),
          ["first"]
        )
      })
    )
  })

  it.effect("accepts nothing once it is closed", () =>
    Effect.gen(function* () {
      const writer = yield* make
      writer.close()
      writer.sent(Event.sendText("a"), 1)
      writer.report({ _tag: "UserTurnStarted" })
      writer.addEntry("a", {})
      assert.deepStrictEqual(tags(writer.view()), [])
    })
  )

  it.effect(
    "tells its recorder of each report, with the id of an event that it named, and of the call's events first",
    () =>
      Effect.gen(function* () {
        const notes: Array<Note> = []
        const recorded: Array<number> = []
        const writer: HistoryWriter.HistoryWriter = HistoryWriter.make(yield* EventId.make, {
          note: (note) => {
            notes.push(note)
            recorded.push(writer.view().events.length)
          }
        })
        writer.report({ _tag: "UserTurnStarted", eventId: "a" })
        const named = writer.report({ _tag: "UserTextSent", content: "hello" })!
        writer.report({ _tag: "UserTurnCommitted" })
        writer.add({ _tag: "CallEnded", eventId: "end" })
        assert.deepStrictEqual(notes, [
          { _tag: "Reported", report: { _tag: "UserTurnStarted", eventId: "a" } },
          { _tag: "Reported", report: { _tag: "UserTextSent", content: "hello" }, eventId: named.eventId },
          { _tag: "Reported", report: { _tag: "UserTurnCommitted" } },
          { _tag: "Happened", event: { _tag: "CallEnded", eventId: "end" } }
        ])
        assert.deepStrictEqual(recorded, [1, 2, 2, 2])
        assert.strictEqual(writer.view().events.length, 3)
      })
  )
})
