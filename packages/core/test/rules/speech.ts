/** Random speech, and what the caller hears of it. */
import { assert } from "@effect/vitest"
import { Effect, type Scope, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Call from "../../src/Call.ts"
import * as Event from "../../src/Event.ts"
import type { Chance } from "../../src/testing/Chance.ts"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"

const separators = [" ", " ", " ", "  ", "\n", ", ", ". ", " 🙂 ", " 👋🏽 ", "! "]
const isSolid = (character: string) => !/[\s\u{1F300}-\u{1FAFF}]/u.test(character)

/** Words that no two turns share, so that each has exactly one possible place. */
const words = (random: Chance) => {
  let count = 0
  return () => {
    let word = ""
    for (let rest = ++count; rest > 0; rest = Math.floor(rest / 10)) word += "abcdefghij"[rest % 10]
    return random.pick(["k", "l", "m"]) + word.padEnd(2, "n") + random.pick(["é", "o", "p"])
  }
}

/** Cuts a text into pieces at random places, even within words. */
const cut = (random: Chance, text: string) => {
  const characters = [...text]
  const pieces: Array<string> = []
  while (characters.length > 0) pieces.push(characters.splice(0, random.int(1, 25)).join(""))
  return pieces
}

const answering = (texts: ReadonlyArray<ReadonlyArray<Event.Output>>) => {
  let turn = 0
  return Effect.gen(function* () {
    return yield* Call.make(
      Agent.make(() => Stream.fromIterable(texts[turn++] ?? []), { run: ["UserTurnEnded"] }),
      { harness: { send: () => Effect.void, fail: () => Effect.void } }
    )
  })
}

/** A text as a harness reports it, word by word: without white space and emoji. */
const reported = (text: string) =>
  text.split(/\s+/u).flatMap((word) => {
    const solid = [...word].filter(isSolid).join("")
    return solid === "" ? [] : [solid]
  })

interface Said {
  readonly piece: string
  readonly interruptible: boolean
}

/** The solid characters of pieces, and how many of them count once a given number has been heard. */
const committed = (said: ReadonlyArray<Said>, heard: number): number => {
  let before = 0
  for (const [index, { interruptible, piece }] of said.entries()) {
    const characters = [...piece]
    const solid = characters.filter(isSolid).length
    if (heard <= before + solid) {
      const last = characters.findIndex(
        (_, at) => characters.slice(0, at + 1).filter(isSolid).length === heard - before
      )
      if (heard === before || interruptible || last === characters.length - 1) return heard
      const next = said.slice(index + 1).findIndex((one) => one.interruptible)
      return said
        .slice(0, next < 0 ? said.length : index + 1 + next)
        .reduce((sum, one) => sum + [...one.piece].filter(isSolid).length, 0)
    }
    before += solid
  }
  return heard
}

/** Speech that is reported without white space and emoji, in random portions, and cut off at random. */
export const hearing = (random: Chance): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const word = words(random)
    const turns = random.many(random.int(1, 6), (): ReadonlyArray<Said> => {
      const text = random.many(random.int(1, 20), () => word() + random.pick(separators)).join("")
      return cut(random, text).map((piece) => ({ piece, interruptible: random.chance(0.8) }))
    })
    const call = yield* answering(
      turns.map((said) => said.map(({ interruptible, piece }) => Event.sendText(piece, { interruptible })))
    )
    const expected: Array<string> = []
    const marks: Array<string> = []
    for (const [index, said] of turns.entries()) {
      yield* call.receive({ _tag: "UserTurnEnded", eventId: `turn ${index}` })
      yield* VirtualTime.settled
      yield* call.receive({ _tag: "AgentTurnStarted" })
      const text = said.map(({ piece }) => piece).join("")
      const reports = reported(text)
      const until = random.chance(0.4) ? reports.length : random.int(0, reports.length)
      let heard = 0
      let counted = 0
      for (let at = 0; at < until;) {
        const content = reports.slice(at, (at = Math.min(until, at + random.int(1, 3)))).join("")
        yield* call.receive({ _tag: "AgentTextSent", content })
        heard += content.length
        counted = Math.max(counted, heard)
        if (random.chance(0.2) || at === until) {
          counted = committed(said, counted)
          yield* call.receive({ _tag: "UserTextSent", content: "hm" })
        }
      }
      const solid = reports.join("")
      expected.push(solid.slice(0, counted))
      marks.push(text)
      yield* call.receive({ _tag: "UserTurnStarted" })
    }
    yield* call.end

    let turn = -1
    const spoken = turns.map(() => "")
    let from = 0
    for (const event of (yield* call.history).events) {
      if (event._tag === "UserTurnEnded") {
        turn++
        from = 0
      }
      if (event._tag !== "AgentTextSent") continue
      const at = marks[turn]!.indexOf(event.content, from)
      assert.isAtLeast(at, from, `"${event.content}" is not what was said: "${marks[turn]}"`)
      from = at + event.content.length
      spoken[turn] += [...event.content].filter(isSolid).join("")
    }
    assert.deepStrictEqual(spoken, expected)
  })

/** Speech in which one word is read out differently. */
export const misheard = (random: Chance): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const word = words(random)
    const turns = random.many(random.int(1, 4), () => {
      const spoken = random.many(random.int(4, 20), word)
      return { spoken, gaps: spoken.map(() => random.pick(separators)), wrong: random.int(1, spoken.length - 3) }
    })
    const textOf = ({ gaps, spoken }: (typeof turns)[number], from: number, to = spoken.length) =>
      spoken
        .slice(from, to)
        .map((one, index) => one + gaps[from + index])
        .join("")
    const call = yield* answering(
      turns.map((turn) => cut(random, textOf(turn, 0)).map((piece) => Event.sendText(piece)))
    )
    for (const [index, { gaps, spoken, wrong }] of turns.entries()) {
      yield* call.receive({ _tag: "UserTurnEnded", eventId: `turn ${index}` })
      yield* VirtualTime.settled
      yield* call.receive({ _tag: "AgentTurnStarted" })
      for (const [at, one] of spoken.entries()) {
        const read =
          at === wrong
            ? random.many(random.int(1, 3), () => random.pick(["wyx", "zyx", "xwz"]))
            : reported(one + gaps[at])
        for (const content of read) yield* call.receive({ _tag: "AgentTextSent", content })
      }
      yield* call.receive({ _tag: "AgentTurnEnded" })
    }
    const texts = (yield* call.history).events.flatMap((event) =>
      event._tag === "AgentTextSent" ? [event.content] : []
    )
    assert.strictEqual(texts.length, turns.length)
    for (const [index, turn] of turns.entries()) {
      const content = texts[index]!
      const before = textOf(turn, 0, turn.wrong).trimEnd()
      const after = textOf(turn, turn.wrong + 1)
      const solidEnd = (text: string) => text.replace(/[^\p{L}]+$/u, "")
      assert.isTrue(content.startsWith(solidEnd(before)), `"${content}" does not begin with "${before}"`)
      assert.isTrue(solidEnd(content).endsWith(solidEnd(after)), `"${content}" does not end with "${after}"`)
    }
  })
