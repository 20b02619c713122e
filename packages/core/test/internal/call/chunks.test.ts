import { assert, describe, it } from "@effect/vitest"
import * as Event from "../../../src/Event.ts"
import type * as History from "../../../src/History.ts"
import * as Chunks from "../../../src/internal/call/chunks.ts"
import * as Chance from "../../../src/testing/Chance.ts"

let keys = 0
const line = (item: History.Item): History.Entry => ({ key: ++keys, turn: 0, item })
const happened = (eventId: string): History.Entry => line({ _tag: "UserCustomSent", eventId, metadata: {} })
const sent = (text: string): History.Entry => line(Event.sendText(text))

const open = (count: number) => {
  const self = Chunks.make()
  const plain = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? sent(`s${i}`) : happened(`e${i}`)))
  for (const one of plain) Chunks.push(self, one)
  return { self, plain }
}
const eventsOf = (lines: ReadonlyArray<History.Entry>) =>
  lines.flatMap(({ item }) => ("eventId" in item ? [item] : [])) as ReadonlyArray<History.HistoryEvent>
const all = (self: Chunks.Chunks) => Chunks.lines(Chunks.snapshot(self), [])

describe("the chunks of a history", () => {
  it("equal a plain list of thousands of lines, and snapshots never change, whatever the edits", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const chance = Chance.make(seed)
      const { self, plain: first } = open(2000)
      let plain: ReadonlyArray<History.Entry> = first
      const seen: Array<readonly [Chunks.Snapshot, ReadonlyArray<History.Entry>]> = []
      for (let step = 0; step < 150; step++) {
        const index = chance.int(0, plain.length)
        const count = chance.chance(0.1)
          ? chance.int(0, plain.length - index)
          : chance.int(0, Math.min(3, plain.length - index))
        const added = Array.from({ length: chance.int(0, chance.chance(0.1) ? 900 : 3) }, (_, i) =>
          happened(`a${step}-${i}`)
        )
        Chunks.splice(self, index, count, added)
        plain = plain.toSpliced(index, count, ...added)
        assert.strictEqual(self.length, plain.length)
        if (chance.chance(0.3)) seen.push([Chunks.snapshot(self), plain])
        for (let i = chance.int(0, 20); i > 0; i--) {
          const one = chance.chance(0.5) ? happened(`p${step}-${i}`) : sent("text")
          Chunks.push(self, one)
          plain = [...plain, one]
        }
        const sought = eventsOf(plain)
        // Later readings continue from this one, as far as no edit has changed what it read.
        if (chance.chance(0.3)) {
          const events = Chunks.events(Chunks.snapshot(self), [])
          assert.isTrue(events.length === sought.length && events.every((event, i) => event === sought[i]))
          assert.isTrue(all(self).every((line, i) => line === plain[i]))
        }
        if (sought.length === 0) continue
        const event = chance.pick(sought)
        assert.strictEqual(
          Chunks.find(self, event, event.eventId),
          plain.findIndex(({ item }) => item === event)
        )
      }
      assert.deepStrictEqual(Chunks.from(self, 700), plain.slice(700))
      const views = [...seen, [Chunks.snapshot(self), plain] as const]
      for (const [snapshot, lines] of views) {
        for (const [earlier, before] of views) {
          const shared = Chunks.shared(snapshot, earlier)
          assert.isTrue(
            lines.slice(0, shared).every((line, i) => line === before[i]),
            `seed ${seed}`
          )
          const rest = Chunks.rest(snapshot, shared, [])
          assert.isTrue(
            rest.length === lines.length - shared && rest.every((line, i) => line === lines[shared + i]),
            `seed ${seed}`
          )
        }
        assert.isTrue(
          Chunks.lines(snapshot, []).every((line, i) => line === lines[i]),
          `seed ${seed}`
        )
        const events = eventsOf(lines)
        assert.deepStrictEqual(Chunks.events(snapshot, []), events)
        for (const count of [1, 5, 300, 100_000]) {
          assert.deepStrictEqual(Chunks.latest(snapshot, [], count), events.slice(-count))
        }
      }
    }
  })

  it("snapshots share all lines of the earlier one until one of them is edited", () => {
    const { self } = open(1000)
    const before = Chunks.snapshot(self)
    for (const more of open(400).plain) Chunks.push(self, more)
    assert.strictEqual(Chunks.shared(Chunks.snapshot(self), before), 1000)
    Chunks.splice(self, 600, 1, [happened("new")])
    const shared = Chunks.shared(Chunks.snapshot(self), before)
    assert.isAtMost(shared, 600)
    assert.isAbove(shared, 0)
  })

  it("joins what stands behind them", () => {
    const { plain, self } = open(600)
    const [more, text] = [happened("more"), sent("text")]
    const snapshot = Chunks.snapshot(self)
    Chunks.push(self, happened("later"))
    assert.deepStrictEqual(Chunks.lines(snapshot, [more, text]), [...plain, more, text])
    assert.deepStrictEqual(Chunks.rest(snapshot, 599, [more, text]), [plain[599]!, more, text])
    assert.deepStrictEqual(Chunks.rest(snapshot, 600, [more]), [more])
    assert.deepStrictEqual(Chunks.events(snapshot, eventsOf([more])), [...eventsOf(plain), ...eventsOf([more])])
    assert.deepStrictEqual(Chunks.latest(snapshot, eventsOf([more]), 2), eventsOf([plain.at(-1)!, more]))
  })

  it("finds the text that an earlier report has grown into, however old the report is, and nothing that is gone", () => {
    const id = (count: number) => `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`
    const { self } = open(5)
    const text = line({ _tag: "AgentTextSent", eventId: id(7), content: "One moment" })
    Chunks.push(self, text)
    for (const { item } of open(1000).plain) Chunks.push(self, line(item))
    assert.strictEqual(Chunks.find(self, undefined, id(3)), 5)
    Chunks.splice(self, 5, 1, [])
    assert.isUndefined(Chunks.find(self, text.item, id(7)))
    assert.strictEqual(all(self).length, 1005)
  })

  it("an edit replaces a chunk, wherever it is", () => {
    const { self } = open(20_000)
    const before = Chunks.snapshot(self)
    Chunks.splice(self, 10_000, 1, [happened("new")])
    const after = Chunks.snapshot(self)
    const kept = after.list.filter((chunk) => before.list.includes(chunk)).length
    assert.strictEqual(before.list.length - kept, 1)
  })

  it("many edits in the same place leave no large chunk", () => {
    const { self } = open(1000)
    for (let i = 0; i < 3000; i++) Chunks.splice(self, 1, 0, [happened(`a${i}`)])
    assert.isBelow(Math.max(...self.list.map(({ lines }) => lines.length)), 600)
    assert.strictEqual(all(self).length, 4000)
  })
})
