import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Event from "../../../src/Event.ts"
import * as History from "../../../src/History.ts"
import * as Lines from "../../../src/internal/call/lines.ts"
import * as Chance from "../../../src/testing/Chance.ts"

let keys = 0
const entry = (item: History.Item): History.Entry => ({ key: ++keys, turn: 1, item })
const happened = (eventId: string): History.Entry => entry({ _tag: "UserCustomSent", eventId, metadata: {} })
const sent = (text: string): History.Entry => entry(Event.sendText(text))
const speech = (content: string, eventId = "speech"): History.Entry =>
  entry({ _tag: "AgentTextSent", eventId, content })

const name = (item: History.Item): string =>
  item._tag === "AgentSendText"
    ? item.text
    : item._tag === "AgentTextSent"
      ? item.content
      : "eventId" in item
        ? item.eventId
        : item._tag
const namesOf = (self: Lines.Lines, own: ReadonlyArray<History.Entry> = []) =>
  Lines.view(self, [], own)
    .entries.map(({ item }) => name(item))
    .join(" ")
const eventsOf = (self: Lines.Lines) => Lines.view(self, []).events.map(name).join(" ")

const open = (...entries: ReadonlyArray<History.Entry>) => {
  const self = Lines.make()
  for (const one of entries) Lines.push(self, one)
  return self
}
const reasonOf = (result: Result.Result<unknown, History.AnchorError>) =>
  Result.isFailure(result) ? result.failure.reason : "none"

describe("the lines of a history", () => {
  it("include events and outputs; events are only what happened", () => {
    const self = open(happened("a"), sent("hello"), happened("b"))
    assert.strictEqual(namesOf(self), "a hello b")
    assert.strictEqual(eventsOf(self), "a b")
  })

  it("a view knows what it has added to an earlier view of the same record, until that is edited", () => {
    const self = open(happened("a"), sent("hello"))
    const early = Lines.view(self, [], [happened("own")])
    Lines.push(self, happened("b"))
    const late = Lines.view(self, [], [happened("last")])
    const since = (earlier: History.History, count: number) =>
      History.since(late, earlier, count)?.map(({ item }) => name(item))
    assert.deepStrictEqual(since(early, 2), ["b", "last"])
    assert.deepStrictEqual(since(early, 1), ["hello", "b", "last"])
    // The reader's own line has no place.
    assert.isUndefined(since(early, 3))
    assert.isUndefined(since(Lines.view(open(happened("a"), sent("hello")), []), 1))
    const made = History.make(() => early.entries)
    assert.isUndefined(since(made, 1))
    assert.isUndefined(History.since(made, early, 1))
    Result.getOrThrow(Lines.insert(self, happened("c"), { before: "a" }))
    assert.isUndefined(History.since(Lines.view(self, []), early, 1))
  })

  it("a view keeps its content, even if it is first read after more has happened", () => {
    const self = open(happened("a"), sent("hello"))
    const early = Lines.view(self, [])
    Lines.push(self, happened("b"))
    Result.getOrThrow(Lines.insert(self, happened("c"), { before: "a" }))
    assert.deepStrictEqual(
      early.entries.map(({ item }) => name(item)),
      ["a", "hello"]
    )
    assert.deepStrictEqual(early.events.map(name), ["a"])
    assert.strictEqual(namesOf(self), "c a hello b")
  })

  it("a reader who mutates the list of a view affects no other reader", () => {
    const self = open(happened("a"))
    const mine = Lines.view(self, []).events as Array<History.HistoryEvent>
    mine.pop()
    assert.strictEqual(eventsOf(self), "a")
  })

  it("end with the text being spoken, the lines behind it, the draft and the reader's own lines", () => {
    const self = open(happened("a"))
    self.growing = speech("One moment")
    Result.getOrThrow(Lines.insert(self, happened("note"), {}))
    self.draft = [happened("draft")]
    assert.strictEqual(namesOf(self, [sent("mine")]), "a One moment note draft mine")
    assert.strictEqual(eventsOf(self), "a One moment note draft")
    Lines.push(self, happened("b"))
    assert.strictEqual(namesOf(self), "a b One moment note draft")
    Lines.place(self, self.growing)
    assert.strictEqual(namesOf(self), "a b One moment note draft")
    Lines.push(self, happened("c"))
    assert.strictEqual(namesOf(self), "a b One moment note c draft")
  })

  it("an added line goes before or after its anchor, and to the end without one", () => {
    const self = open(happened("a"), sent("hello"), happened("b"))
    for (const [id, place] of [
      ["before b", { before: "b" }],
      ["after a", { after: "a" }],
      ["last", {}]
    ] as const)
      Result.getOrThrow(Lines.insert(self, happened(id), place))
    assert.strictEqual(namesOf(self), "a after a hello before b b last")
    assert.strictEqual(eventsOf(self), "a after a before b b last")
  })

  it("an anchor on an earlier report of the growing text finds the text", () => {
    const self = open(happened("a"))
    const id = (count: string) => `00000000-0000-4000-8000-00000000000${count}`
    self.growing = speech("One moment", id("7"))
    Result.getOrThrow(Lines.insert(self, happened("note"), { after: id("3") }))
    assert.strictEqual(namesOf(self), "a One moment note")
  })

  it("a missing anchor, or two anchors, change nothing", () => {
    const self = open(happened("a"), happened("b"))
    assert.strictEqual(reasonOf(Lines.insert(self, happened("x"), { before: "none" })), "NotFound")
    assert.strictEqual(reasonOf(Lines.insert(self, happened("x"), { before: "a", after: "b" })), "BothAnchors")
    assert.strictEqual(reasonOf(Lines.covered(self, { start: "b", end: "a" })), "Reversed")
    assert.strictEqual(namesOf(self), "a b")
  })

  it("a range includes both ends, and reaches to the first or last line if an end is missing", () => {
    const self = open(happened("a"), sent("hello"), happened("b"), happened("c"))
    const covered = (ends: Lines.Ends) => Result.getOrThrow(Lines.covered(self, ends))
    assert.deepStrictEqual(covered({ start: "a", end: "b" }), { from: 0, to: 2 })
    assert.deepStrictEqual(covered({ start: "b" }), { from: 2, to: 3 })
    assert.deepStrictEqual(covered({ end: "b" }), { from: 0, to: 2 })
    assert.isUndefined(covered({}))
  })

  it("removes the lines of events, and accepted lines behind the first of them", () => {
    const self = open(sent("early"), happened("a"), sent("gone"), happened("b"), sent("kept"), happened("c"))
    const items = Lines.view(self, []).events
    Lines.remove(self, new Set([items[0]!, items[1]!]), ({ item }) => name(item) === "gone" || name(item) === "early")
    assert.strictEqual(namesOf(self), "early kept c")
    assert.strictEqual(eventsOf(self), "c")
  })

  it("equal those of a plain list, and views never change, whatever the edits", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const chance = Chance.make(seed)
      const self = Lines.make()
      let plain: ReadonlyArray<History.Entry> = []
      const seen: Array<readonly [History.History, ReadonlyArray<string>]> = []
      for (let step = 0; step < 60; step++) {
        const one = chance.chance(0.5) ? happened(`e${step}`) : sent(`s${step}`)
        const events = plain.filter(({ item }) => "eventId" in item)
        const anchor = events.length === 0 ? undefined : chance.pick(events)
        const kind = chance.pick(["push", "push", "insert", "splice"])
        if (anchor === undefined || kind === "push") {
          Lines.push(self, one)
          plain = [...plain, one]
        } else if (kind === "insert") {
          Result.getOrThrow(Lines.insert(self, one, { after: name(anchor.item) }))
          plain = plain.toSpliced(plain.indexOf(anchor) + 1, 0, one)
        } else {
          const { from, to } = Result.getOrThrow(Lines.covered(self, { start: name(anchor.item) }))!
          const count = chance.int(0, to - from + 1)
          Lines.splice(self, from, count, [one])
          plain = plain.toSpliced(from, count, one)
        }
        if (chance.chance(0.4)) seen.push([Lines.view(self, []), plain.map(({ item }) => name(item))])
      }
      assert.deepStrictEqual(Lines.view(self, []).entries, plain, `seed ${seed}`)
      assert.strictEqual(eventsOf(self), plain.flatMap(({ item }) => ("eventId" in item ? [name(item)] : [])).join(" "))
      for (const [view, names] of seen)
        assert.deepStrictEqual(
          view.entries.map(({ item }) => name(item)),
          names
        )
    }
  })
})
