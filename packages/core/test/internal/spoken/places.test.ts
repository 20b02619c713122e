import { assert, describe, it } from "@effect/vitest"
import * as Spoken from "../../../src/internal/spoken/Spoken.ts"

const said = (...turns: ReadonlyArray<string>) => {
  const spoken = Spoken.make()
  for (const [i, text] of turns.entries()) Spoken.said(spoken, text, { interruptible: true, turn: i + 1 })
  return spoken
}
const spansOf = (spoken: Spoken.Spoken, ...reports: ReadonlyArray<string>) => {
  let heard
  for (const report of reports) heard = Spoken.heard(spoken, report) ?? heard
  return heard && [heard.text, heard.spans.map(({ from, length, to, turn }) => [turn, from, to, length])]
}

describe("positions of heard text", () => {
  it("a number that is read out gets the position of the number", () => {
    const spoken = said("Your total is 25 dollars.")
    assert.deepStrictEqual(spansOf(spoken, "Your", "total", "is", "twentyfive", "dollars."), [
      "Your total is twentyfive dollars.",
      [[1, 0, 25, 33]]
    ])
  })

  it("a dropped word is left out of what was heard, and its neighbours keep their positions", () => {
    const spoken = said("We really open at nine.")
    assert.deepStrictEqual(spansOf(spoken, "We", "open"), ["We open", [[1, 0, 14, 7]]])
  })

  it("words of several turns are positioned in their own turns", () => {
    const spoken = said("Hello there.", "How are you?")
    assert.deepStrictEqual(spansOf(spoken, "Hello", "there.", "How"), [
      "Hello there. How",
      [
        [1, 0, 12, 13],
        [2, 0, 3, 3]
      ]
    ])
  })

  it("the pending text is the rest of each turn that was not stopped", () => {
    const spoken = said("Hello there.", "How are you?", "Fine.")
    Spoken.heard(spoken, "Hello")
    assert.deepStrictEqual(Spoken.pending(spoken), [
      { turn: 1, from: 5, to: 12 },
      { turn: 2, from: 0, to: 12 },
      { turn: 3, from: 0, to: 5 }
    ])
    Spoken.stop(spoken, 2)
    assert.deepStrictEqual(
      Spoken.pending(spoken).map(({ turn }) => turn),
      [1, 3]
    )
    Spoken.stopAll(spoken)
    assert.deepStrictEqual(Spoken.pending(spoken), [])
    assert.isFalse(Spoken.isPending(spoken))
  })

  it("uninterruptible text stays pending even if its turn was cancelled or the caller cut in", () => {
    for (const cut of [
      (spoken: Spoken.Spoken) => Spoken.stop(spoken, 1),
      (spoken: Spoken.Spoken) => Spoken.stopAll(spoken)
    ]) {
      const spoken = Spoken.make()
      const say = (text: string, interruptible: boolean) => Spoken.said(spoken, text, { interruptible, turn: 1 })
      say("Hello. ", true)
      say("This call ", false)
      say("is recorded. ", false)
      say("How are you? ", true)
      Spoken.heard(spoken, "Hello.")
      cut(spoken)
      assert.deepStrictEqual(Spoken.pending(spoken), [{ turn: 1, from: 7, to: 30 }])
      Spoken.heard(spoken, "Thiscallis")
      assert.deepStrictEqual(Spoken.pending(spoken), [{ turn: 1, from: 19, to: 30 }])
      Spoken.heard(spoken, "recorded.")
      assert.isFalse(Spoken.isPending(spoken))
    }
  })

  it("uninterruptible text is no longer pending once the agent's voice has ended", () => {
    const spoken = Spoken.make()
    Spoken.said(spoken, "This call is recorded. ", { interruptible: false, turn: 1 })
    Spoken.stopAll(spoken)
    assert.isTrue(Spoken.isPending(spoken))
    Spoken.quiet(spoken)
    assert.isFalse(Spoken.isPending(spoken))
  })

  it("uninterruptible text the harness may not have taken counts only as far as it is heard", () => {
    const open = () => {
      const spoken = Spoken.make()
      for (const text of ["One ", "two ", "three "])
        Spoken.said(spoken, text, { interruptible: false, turn: 1, taken: false })
      Spoken.taken(spoken, 1, 0)
      Spoken.stop(spoken, 1)
      return spoken
    }
    const heard = (...reports: ReadonlyArray<string>) => {
      const spoken = open()
      for (const report of reports) Spoken.heard(spoken, report)
      return Spoken.settle(spoken, { final: false }).map(({ text }) => text)
    }
    assert.deepStrictEqual(heard("On"), ["One "])
    assert.deepStrictEqual(heard("One", "tw"), ["One two "])
    assert.deepStrictEqual(Spoken.pending(open()), [{ turn: 1, from: 0, to: 4 }])
  })

  it("a call that reports only positions frees what was heard long ago", () => {
    const spoken = Spoken.make()
    let offset = 0
    for (let i = 0; i < 5000; i++) {
      Spoken.said(spoken, "word ", { interruptible: true, turn: 1 })
      offset += 5
      assert.strictEqual(Spoken.heardTo(spoken, 1, offset)?.text.trim().endsWith("word"), true)
      Spoken.settle(spoken, { final: false })
    }
    assert.isBelow(spoken.pieces.length, 600)
    assert.strictEqual(Spoken.reached(spoken, 1), offset - 1)
  })
})

describe("the cost of a report", () => {
  const fill = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)
  const shapes: Readonly<Record<string, (length: number) => readonly [said: string, reported: string]>> = {
    "all of it fits": (n) => [fill("We went on. ", n), fill("Wewenton.", n)],
    "no word fits": (n) => ["Your order left the warehouse. ", fill("zyxwvu", n)],
    "one word again and again": (n) => ["pay 5 dollars now please ", fill("payfivedollars", n)],
    "nearly the same everywhere": (n) => [fill("aaab ", n), fill("aaac", n)],
    "only marks": (n) => [fill("?! ", n), fill("-", n)],
    "only emoji": (n) => [fill("😀", n), fill("😃", n)],
    "only white space": (n) => ["Hello there.", fill(" ", n)]
  }
  const steps = ([text, report]: readonly [string, string]) => {
    const spoken = said(text)
    Spoken.heard(spoken, report)
    return spoken.spent
  }
  for (const [name, shape] of Object.entries(shapes)) {
    it(`is linear in its length, and bounded at once if it matches nothing: ${name}`, () => {
      for (const length of [1 << 10, 1 << 14, 1 << 17]) {
        assert.isAtMost(steps(shape(length)), 3 * length + 20_000 + 150 * Math.min(length, 4000), `${length}`)
      }
    })
  }
})
