import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as Event from "../../../src/Event.ts"
import * as EventId from "../../../src/EventId.ts"
import type * as History from "../../../src/History.ts"
import * as HistoryWriter from "../../../src/internal/call/historyWriter.ts"
import * as Out from "../../../src/internal/call/out.ts"
import { settled, test } from "../../virtualTest.ts"

const ended: Event.UserTurnEnded = { _tag: "UserTurnEnded", eventId: "u1", content: [] }
const text = (text: string) => Event.sendText(text)
const textOf = (item: History.Item) => (item._tag === "AgentSendText" ? item.text : item._tag)

const open = Effect.gen(function* () {
  const writer = HistoryWriter.make(yield* EventId.make)
  const log: Array<string> = []
  const state = { open: true, drained: Effect.void as Effect.Effect<void> }
  const host: Out.Host = {
    writer,
    recorder: { note: (note) => void (note._tag === "Kept" && log.push(`kept ${textOf(note.output)}`)) },
    isOpen: () => state.open,
    deliver: (_, lines) =>
      Effect.sync(() => {
        for (const line of lines) {
          writer.handedOver(line)
          log.push(textOf(line.item))
        }
      }),
    keep: (_, outputs) => void log.push(...outputs.map((output) => `recorded ${textOf(output)}`)),
    drained: () => Effect.suspend(() => state.drained)
  }
  const recorded = () =>
    writer
      .view()
      .entries.map(({ item }) => textOf(item))
      .join(" ")
  return { host, log, recorded, state, writer }
})
const commit = (draft: Out.Draft) => {
  draft.state = "Committed"
  draft.committed.openUnsafe()
}

test("goes straight to the harness, in the order it was sent", function* () {
  const { host, log, state } = yield* open
  const out = Out.direct(host, 1)
  assert.isUndefined(out.beside)
  yield* out.emit([text("a"), text("b")])
  out.record([text("c")])
  assert.deepStrictEqual(log, ["a", "b", "recorded c"])
  state.drained = Effect.never
  const done = yield* Effect.forkChild(out.done)
  yield* settled
  assert.isUndefined(done.pollUnsafe())
})

test("held output is visible only to its own turn, goes out in order at the commit, and directly afterwards", function* () {
  const { host, log, recorded, writer } = yield* open
  const draft = Out.draft(ended)
  const out = Out.held(host, 1, draft)
  const beside = yield* Effect.forkChild(out.beside!)
  const done = yield* Effect.forkChild(out.done)
  yield* out.emit([text("a")])
  out.record([text("b")])
  yield* out.emit([text("c")])
  yield* settled
  assert.deepStrictEqual([log, recorded(), done.pollUnsafe()], [[], "", undefined])
  assert.strictEqual(writer.view(1).entries.length, 3)
  commit(draft)
  yield* settled
  assert.isDefined(beside.pollUnsafe())
  assert.isDefined(done.pollUnsafe())
  assert.deepStrictEqual([log, recorded()], [["a", "kept b", "c"], "a b c"])
  yield* out.emit([text("d")])
  out.record([text("e")])
  assert.deepStrictEqual(log.slice(3), ["d", "recorded e"])
})

test("nothing is held once the tentative turn is dropped, and nothing of it goes out", function* () {
  const { host, log, recorded, writer } = yield* open
  const draft = Out.draft(ended)
  const out = Out.held(host, 1, draft)
  yield* Effect.forkChild(out.beside!)
  yield* out.emit([text("a")])
  draft.state = "Dropped"
  writer.stopped(1, false)
  yield* out.emit([text("b")])
  out.record([text("c")])
  yield* settled
  assert.deepStrictEqual([log, recorded(), writer.view(1).entries.length], [[], "", 0])
})

test("an agent that sends too much before the commit waits for it", function* () {
  const { host, log } = yield* open
  const draft = Out.draft(ended)
  const out = Out.held(host, 1, draft)
  yield* Effect.forkChild(out.beside!)
  const many = Array.from({ length: 1000 }, (_, index) => text(`${index}`))
  yield* out.emit(many)
  const waiting = yield* Effect.forkChild(out.emit([text("last")]))
  yield* settled
  assert.isUndefined(waiting.pollUnsafe())
  commit(draft)
  yield* settled
  assert.isDefined(waiting.pollUnsafe())
  assert.deepStrictEqual([log.length, log.at(-1)], [1001, "last"])
})

test("outcomes of a turn that was stopped between its commit and its release are recorded", function* () {
  const { host, log, writer } = yield* open
  const draft = Out.draft(ended)
  const out = Out.held(host, 1, draft)
  commit(draft)
  out.record([text("a")])
  assert.deepStrictEqual(log, [])
  writer.stopped(1, true)
  out.record([text("b")])
  assert.deepStrictEqual(log, ["recorded b"])
})

test("held output released after the end of the call is recorded if it was meant to be, and otherwise dropped", function* () {
  const { host, log, state } = yield* open
  const draft = Out.draft(ended)
  const out = Out.held(host, 1, draft)
  yield* out.emit([text("a")])
  out.record([text("b")])
  state.open = false
  commit(draft)
  yield* out.beside!
  assert.deepStrictEqual(log, ["kept b"])
})
