import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import type * as Heard from "../../../src/internal/spoken/Heard.ts"
import * as Spoken from "../../../src/internal/spoken/Spoken.ts"
import * as Chance from "../../../src/testing/Chance.ts"

/** The spans of a text cover it, and each lies within what its turn has said. */
const textOf = ({ spans, text }: Heard.Heard): string => {
  assert.strictEqual(
    spans.reduce((sum, { length }) => sum + length, 0),
    text.length
  )
  for (const { from, to } of spans) assert.isAtMost(from, to)
  return text
}
const hear = (spoken: Spoken.Spoken, report: string): string | undefined => {
  const now = Spoken.heard(spoken, report)
  return now && textOf(now)
}
const settle = (spoken: Spoken.Spoken, options: { readonly final: boolean }): ReadonlyArray<string> =>
  Spoken.settle(spoken, options).map(textOf)

/** Text of turn 1, of a later turn, or text that cannot be interrupted. */
type Said = string | { readonly text: string; readonly turn?: number; readonly fixed?: boolean }
/** Another event of the call, and the end of the agent's turn. */
const user = Symbol("user")
const over = Symbol("over")
type Step = string | typeof user | typeof over | ReadonlyArray<Said>

const fixed = (text: string, turn = 1): Said => ({ text, turn, fixed: true })
const turn = (turn: number, text: string): Said => ({ text, turn })

/** Plays a script: strings are reports, lists are said. Returns what joined the history before each other event. */
const play = (...script: ReadonlyArray<Step>): ReadonlyArray<ReadonlyArray<string>> => {
  const spoken = Spoken.make()
  const settled: Array<ReadonlyArray<string>> = []
  for (const step of script) {
    if (typeof step === "string") hear(spoken, step)
    else if (typeof step === "symbol") settled.push(settle(spoken, { final: step === over }))
    else {
      for (const said of step) {
        if (typeof said === "string") Spoken.said(spoken, said, { interruptible: true, turn: 1 })
        else Spoken.said(spoken, said.text, { interruptible: said.fixed !== true, turn: said.turn ?? 1 })
      }
    }
  }
  return settled
}

type Row = readonly [name: string, script: ReadonlyArray<Step>, settled: ReadonlyArray<ReadonlyArray<string>>]
const table = (rows: ReadonlyArray<Row>) => {
  for (const [name, script, settled] of rows) {
    it(name, () => assert.deepStrictEqual(play(...script), settled))
  }
}

const booked = ["Sure, ", "your table ", "is booked."]
const offers = "I have 3 new offers"

/** Where the words of reports were recorded, by turn, after each report. */
const turnsOf = (
  spoken: Spoken.Spoken,
  reports: ReadonlyArray<string>
): ReadonlyArray<ReadonlyArray<readonly [turn: number, from: number, to: number]> | undefined> =>
  reports.map((report) => Spoken.heard(spoken, report)?.spans.map(({ from, to, turn }) => [turn, from, to] as const))

describe("Spoken", () => {
  it("counts the rest of an uninterruptible text, and uninterruptible text of a later turn that directly follows", () => {
    const direct = [fixed("This call "), fixed("is recorded. "), fixed("Welcome. ", 2), "Go on. "]
    assert.deepStrictEqual(play(direct, "This", user, "Welcome.", over), [["This call is recorded. Welcome. "], []])
    const apart = [fixed("This call "), "is recorded. ", fixed("Welcome. ", 2)]
    assert.deepStrictEqual(play(apart, "This", user), [["This call "]])
  })

  it("loses no word that is found only with the next one, even if text that cannot be interrupted has just ended", () => {
    const spoken = Spoken.make()
    const say = (text: string, turn: number, interruptible = true) => Spoken.said(spoken, text, { interruptible, turn })
    say("Can I help you?", 1, false)
    hear(spoken, "Can")
    settle(spoken, { final: false })
    for (const word of ["I", "help", "you?"]) hear(spoken, word)
    for (const text of ["Is there anything else that I can help you with today? ", "One moment. "]) say(text, 2)
    say("Of course!", 2, false)
    Spoken.stop(spoken, 2)
    for (const word of ["Of", "course!"]) hear(spoken, word)
    assert.deepStrictEqual(settle(spoken, { final: true }), ["Of course!"])
  })

  it("counts the rest of an uninterruptible text once, if its report goes on in a later turn", () => {
    const spoken = Spoken.make()
    const say = (text: string, turn: number, interruptible = true) => Spoken.said(spoken, text, { interruptible, turn })
    say("No problem. ", 1, false)
    say("No problem. ", 1)
    hear(spoken, "No")
    Spoken.stop(spoken, 1)
    assert.deepStrictEqual(settle(spoken, { final: false }), ["No problem. "])
    say("This call is recorded. ", 2)
    hear(spoken, "problem. This call")
    assert.deepStrictEqual(settle(spoken, { final: true }), ["This call"])
  })

  it("finds uninterruptible text of a cancelled turn behind all that the turn has left unspoken", () => {
    const spoken = Spoken.make()
    const say = (text: string, turn: number, interruptible = true) => Spoken.said(spoken, text, { interruptible, turn })
    const unspoken = "We open at nine. We are open today, I think, until six in the evening. "
    say(unspoken, 1)
    say("We are sorry. ", 1, false)
    hear(spoken, "We open")
    Spoken.stop(spoken, 1)
    settle(spoken, { final: false })
    const from = unspoken.length
    assert.deepStrictEqual(turnsOf(spoken, ["We", "are", "sorry."]), [
      [[1, from, from + 2]],
      [[1, from, from + 6]],
      [[1, from, from + 13]]
    ])
  })

  it("hears the same uninterruptible text of several cancelled turns in order", () => {
    const notice = "This part of the call cannot be interrupted, and every word of it is spoken to the end."
    const spoken = Spoken.make()
    for (const turn of [1, 2, 3]) {
      for (const word of notice.split(" ")) Spoken.said(spoken, `${word} `, { interruptible: false, turn })
      Spoken.stop(spoken, turn)
    }
    Spoken.said(spoken, "I am only a demo, and no model.", { interruptible: true, turn: 4 })
    for (const turn of [1, 2, 3]) {
      const heard = turnsOf(spoken, notice.split(" "))
      assert.deepStrictEqual(new Set(heard.map((spans) => spans?.at(-1)?.[0])), new Set([turn]))
    }
    assert.strictEqual(hear(spoken, "I am only a demo,"), `${notice} ${notice} ${notice} I am only a demo,`)
  })

  it("hears a character whose halves come in two reports, and no half without the other", () => {
    assert.deepStrictEqual(play(["Well 🙏🏽, yes. "], "Well\ud83d", "\ude4f\ud83c", "\udffd,yes.", over), [
      ["Well 🙏🏽, yes."]
    ])
    assert.deepStrictEqual(play(["Well 🙏, yes. "], "Well\ud83d", "yes.", over), [["Well yes."]])
  })

  it("finds words behind any number of emoji that were not said, and the emoji said if those are few", () => {
    const report = (others: number) => `${"😃".repeat(others)}😀Hello`
    assert.deepStrictEqual(play(["😀 Hello there. "], report(3), over), [["😀 Hello"]])
    assert.deepStrictEqual(play(["😀 Hello there. "], report(5000), over), [["Hello"]])
  })

  describe("a word that both continues a cancelled turn and begins a later one", () => {
    const open = () => {
      const spoken = Spoken.make()
      const texts = ["You pressed 7. Press the key.", "Press one, two or three.", "I do not know."]
      for (const [i, text] of texts.entries()) Spoken.said(spoken, text, { interruptible: true, turn: i + 1 })
      Spoken.stop(spoken, 1)
      Spoken.stop(spoken, 2)
      Spoken.heard(spoken, "Youpressed7.")
      return spoken
    }
    const begin = [1, 0, 14] as const

    it("goes to the later turn, unless what follows continues only the cancelled one", () => {
      assert.deepStrictEqual(turnsOf(open(), ["Press", "the", "key.", "Press", "one,"]), [
        [begin, [2, 0, 5]],
        [[1, 0, 24]],
        [[1, 0, 29]],
        [
          [1, 0, 29],
          [2, 0, 5]
        ],
        [
          [1, 0, 29],
          [2, 0, 10]
        ]
      ])
      assert.deepStrictEqual(turnsOf(open(), ["Press", "one,", "two"]).at(-1), [begin, [2, 0, 14]])
    })

    it("stays recorded once something else has happened, and what follows goes where it belongs", () => {
      const spoken = open()
      Spoken.heard(spoken, "Press")
      assert.deepStrictEqual(settle(spoken, { final: false }), ["You pressed 7. Press"])
      Spoken.heard(spoken, "the")
      assert.deepStrictEqual(settle(spoken, { final: false }), ["the"])
      assert.strictEqual(Spoken.reached(spoken, 1), 24)
      assert.strictEqual(Spoken.reached(spoken, 2), 0)
    })

    it("moves back even if the later turn cannot be interrupted and counted in full", () => {
      const spoken = Spoken.make()
      Spoken.said(spoken, "You pressed 7. Press the key. ", { interruptible: true, turn: 1 })
      Spoken.said(spoken, "Press one now. ", { interruptible: false, turn: 2 })
      Spoken.stop(spoken, 1)
      Spoken.heard(spoken, "Youpressed7.")
      Spoken.heard(spoken, "Press")
      assert.deepStrictEqual(settle(spoken, { final: false }), ["You pressed 7. Press one now. "])
      assert.strictEqual(Spoken.heard(spoken, "the")?.text, "the")
      assert.strictEqual(Spoken.heard(spoken, "key.")?.text, "the key.")
    })

    it("also moves back over dropped words if nothing else ahead matches", () => {
      const spoken = Spoken.make()
      const texts = ["So. Sorry.", "Dropped words. ", "Perhaps tomorrow. ", "Sorry.", "Never mind. "]
      for (const [i, text] of texts.entries()) Spoken.said(spoken, text, { interruptible: true, turn: i + 1 })
      Spoken.heard(spoken, "So.")
      for (const turn of [1, 2, 3]) Spoken.stop(spoken, turn)
      assert.deepStrictEqual(
        turnsOf(spoken, ["Sorry.", "Perhaps", "tomorrow.", "Sorry.", "Never"]).map((spans) => spans?.at(-1)),
        [
          [4, 0, 6],
          [3, 0, 7],
          [3, 0, 17],
          [4, 0, 6],
          [5, 0, 5]
        ]
      )
    })

    it("is not matched in the middle of a turn that went on although the caller cut in", () => {
      const spoken = Spoken.make()
      Spoken.said(spoken, "So. The end of the story. ", { interruptible: false, turn: 1 })
      Spoken.heard(spoken, "So.")
      Spoken.said(spoken, "Part of ", { interruptible: false, turn: 2 })
      Spoken.stopAll(spoken)
      Spoken.said(spoken, "The whole. ", { interruptible: false, turn: 2 })
      assert.deepStrictEqual(turnsOf(spoken, ["The", "end"]), [[[1, 0, 7]], [[1, 0, 11]]])
    })

    it("prefers a later turn that goes on to one that was cancelled as well", () => {
      const spoken = Spoken.make()
      for (const [i, text] of ["So.", "Let me see.", "Let me think."].entries())
        Spoken.said(spoken, text, { interruptible: true, turn: i + 1 })
      Spoken.heard(spoken, "So.")
      Spoken.stop(spoken, 2)
      Spoken.settle(spoken, { final: false })
      assert.deepStrictEqual(turnsOf(spoken, ["Let"]), [[[3, 0, 3]]])
    })
  })

  describe("the worked examples of the reference", () => {
    table([
      ["merges reports, with the spacing that was said", [booked, "Sure,your", "table", over], [["Sure, your table"]]],
      ["begins anew after another event", [booked, "Sure,your", user, "table", over], [["Sure, your"], ["table"]]],
      ["closes the gap of a word that was not pronounced", [[offers], "Ihavenewoffers", user], [["I have new offers"]]],
      [
        "counts text that cannot be interrupted once it has begun, and a late report of it not again",
        [[fixed("Calls are "), fixed("recorded. "), "Ready?"], "Callsa", user, "rerecorded.", user, "Ready?", over],
        [["Calls are recorded. "], [], ["Ready?"]]
      ],
      [
        "prefers the beginning of a later turn to the rest of text that counts already",
        [[fixed("Good! k"), "een. "], "Good!", user, [turn(2, "kind, that is.")], "kind,", user],
        [["Good! k"], ["kind,"]]
      ],
      [
        "does not count text that cannot be interrupted and has not begun",
        [["Welcome. ", fixed("Calls are recorded.")], "Welcome.", user, "Callsarerecorded.", over],
        [["Welcome."], ["Calls are recorded."]]
      ],
      [
        "skips what an interrupted turn had left unspoken",
        [
          ["Let me explain the plan in detail"],
          "Letme",
          user,
          [turn(2, "Okay, stopping.")],
          user,
          "Okay,stopping.",
          over
        ],
        [["Let me"], [], ["Okay, stopping."]]
      ],
      [
        "gives back white space and emoji as they were",
        [["Hi  there\n\nfriend 🙂 !"], "Hithere", "friend!", over],
        [["Hi  there\n\nfriend 🙂 !"]]
      ],
      ["passes speech on where nothing was said", ["hello", user], [["hello"]]],
      ["gives up what fits nowhere at the end of the agent's turn", [["abc"], "abz", user, over], [["ab"], ["z"]]],
      [
        "finds its way back behind a foreign word, where the reference loses the rest of the call",
        [["Hello there. ", "How are you?"], user, "HelloXthere.", user, "Howareyou?", user],
        [[], ["Hello X there."], ["How are you?"]]
      ]
    ])

    it("returns what was heard so far with each report, and nothing for text that already counts", () => {
      const spoken = Spoken.make()
      Spoken.said(spoken, "Calls are recorded.", { interruptible: false, turn: 1 })
      assert.strictEqual(hear(spoken, "Calls"), "Calls")
      assert.strictEqual(hear(spoken, "are"), "Calls are")
      assert.deepStrictEqual(settle(spoken, { final: false }), ["Calls are recorded."])
      assert.isUndefined(hear(spoken, "recorded."))
    })
  })

  describe("alignment", () => {
    table([
      ["does not take an invented full stop for a comma", [["Yes, we"], "Yes.", user, "we", over], [["Yes"], ["we"]]],
      ["does not take an invented danda for a comma", [["हाँ, जी"], "हाँ।", user, "जी", over], [["हाँ"], ["जी"]]],
      ["takes all of a text", [["Hello, how are you?"], "Hello,howareyou?", user], [["Hello, how are you?"]]],
      [
        "leaves the rest for later",
        [["Hello, how are you?"], "Hello,how", user, "areyou?", user],
        [["Hello, how"], ["are you?"]]
      ],
      ["takes an identical text", [["ab cd"], "ab cd", user], [["ab cd"]]],
      ["keeps punctuation that was reported", [["Wait... what?!"], "Wait...what?!", user], [["Wait... what?!"]]],
      ["skips words that were not spoken", [["Old words here. New words"], "Newwords", user], [["New words"]]],
      ["trims what was not spoken at the ends", [["  Hi 👋 there  now"], "Hithere", user], [["Hi 👋 there"]]],
      ["keeps a family together", [["a👨‍👩‍👧b"], "ab", user], [["a👨‍👩‍👧b"]]],
      ["drops a full stop that was invented", [["Yes we can"], "Yes.wecan.", user], [["Yes we can"]]],
      ["drops a danda that was invented", [["हाँ जी"], "हाँ।जी।", user], [["हाँ जी"]]],
      ["drops an ideographic full stop that was invented", [["你好 世界"], "你好。世界。", user], [["你好 世界"]]],
      ["keeps a full stop of both sides", [["Yes. No."], "Yes.No.", user], [["Yes. No."]]],
      ["ignores a full stop that stands alone", [["Yes we"], "Yes", ".", "we", user], [["Yes we"]]],
      ["passes on a full stop where nothing was said", ["..", user], [[".."]]],
      ["compares accented characters exactly", [["né ne"], "ne", user], [["ne"]]],
      ["takes words with white space around them", [["one two"], " one ", "\ttwo\n", user], [["one two"]]],
      [
        "joins words that the agent sent in pieces",
        [["Hum", "ana i", "s gre", "at"], "Humana", "is", "great", user],
        [["Humana is great"]]
      ],
      [
        "takes words that are reported in pieces",
        [["Humana is great"], "Hum", "anai", "sgr", "eat", user],
        [["Humana is great"]]
      ],
      ["keeps turns apart that are heard in one go", [["One"], [turn(2, "Two")], "One", "Two", user], [["One Two"]]],
      [
        "takes an emoji that is reported",
        [["Party! 🎉", " Now"], "Party!🎉", user, "Now", user],
        [["Party! 🎉"], ["Now"]]
      ],
      [
        "takes an emoji that is reported alone",
        [["Party! ", "🎉 Now"], "Party!", "🎉", user, "Now", user],
        [["Party! 🎉"], ["Now"]]
      ],
      ["takes an emoji at the very end", [["Party 🎉"], "Party", "🎉", over], [["Party 🎉"]]],
      ["takes text that is an emoji and no more", [["🙂"], "🙂", over], [["🙂"]]],
      ["loses no digit of a keycap", [["Press 5️⃣ now"], "Press5now", user], [["Press 5 now"]]],
      [
        "takes a straight quote for a curly one",
        [["“Don’t” she said — it’s “fine”."], '"Don\'t"shesaid-it\'s"fine".', user],
        [["“Don’t” she said — it’s “fine”."]]
      ],
      [
        "leaves out punctuation in a word that was not pronounced",
        [["well-known fact"], "wellknown", "fact", user],
        [["wellknown fact"]]
      ],
      [
        "finds the spacing of scripts without spaces",
        [["今日は 良い 天気です。ね"], "今日は良い", "天気", "です。ね", user],
        [["今日は 良い 天気です。ね"]]
      ],
      [
        "knows repeated words by their order",
        [["yes yes no yes"], "yes", "yes", user, "noyes", user],
        [["yes yes"], ["no yes"]]
      ]
    ])
  })

  describe("reports that match nothing", () => {
    table([
      [
        "finds half a word behind a word that was not pronounced",
        [[offers], "I", "have", "ne", "woffers", over],
        [["I have new offers"]]
      ],
      ["stands before an emoji at the very end", [["Party 🎉"], "Party", "zzz", "🎉", over], [["Party zzz 🎉"]]],
      ["gives it up once", [["abc"], "abz", over, over], [["ab", "z"], []]],
      [
        "puts a number that is read out in the place of its digits",
        [["I have 5 new offers"], "I", "have", "five", "new", "offers", over],
        [["I have five new offers"]]
      ],
      [
        "does so within one report",
        [["I have 5 new offers and 6 gifts"], "Ihavefivenewoffersandsixgifts", over],
        [["I have five new offers and six gifts"]]
      ],
      [
        "puts several words in the place of one",
        [
          ["It costs 1234 dollars. Fine?"],
          "It",
          "costs",
          "one",
          "thousand",
          "two",
          "hundred",
          "dollars.",
          "Fine?",
          over
        ],
        [["It costs one thousand two hundred dollars. Fine?"]]
      ],
      ["takes a foreign first word", [["10 people came"], "ten", "people", "came", over], [["ten people came"]]],
      [
        "gives up a foreign last word at the end of the turn",
        [["there were 10"], "there", "were", "ten", over],
        [["there were", "ten"]]
      ],
      [
        "does not double the white space around a word that replaces nothing",
        [["One\n\ntwo 🙂 three"], "One", "and", "two", "and", "three", over],
        [["One\n\nand two 🙂 and three"]]
      ],
      [
        "does not take letters out of the middle of words for a foreign word",
        [["weath", "er to", "day, or", "der now"], "weather", "er", "today,", "order", "now", over],
        [["weather er today, order now"]]
      ],
      [
        "does not take back what it passed on when the agent speaks",
        ["hello", [turn(2, "Welcome")], user, "Welcome", over],
        [["hello"], ["Welcome"]]
      ],
      ["passes on all that fits nothing", [["Alpha beta."], "zzz", over], [["zzz"]]],
      [
        "keeps what fits nothing until the agent's turn is over",
        [["Alpha beta."], "zzz", user, "Alpha", user, over],
        [[], ["zzz Alpha"], []]
      ]
    ])

    it("a report that matches nothing adds nothing", () => {
      const spoken = Spoken.make()
      Spoken.said(spoken, "I have 5 offers", { interruptible: true, turn: 1 })
      assert.strictEqual(hear(spoken, "I"), "I")
      assert.strictEqual(hear(spoken, "have"), "I have")
      assert.isUndefined(hear(spoken, "five"))
      assert.strictEqual(hear(spoken, "offers"), "I have five offers")
    })

    it("an empty report adds nothing, whatever was said", () => {
      const spoken = Spoken.make()
      assert.isUndefined(hear(spoken, ""))
      Spoken.said(spoken, "  ", { interruptible: true, turn: 1 })
      Spoken.said(spoken, "", { interruptible: true, turn: 1 })
      for (const report of ["", " ", "."]) assert.isUndefined(hear(spoken, report))
      assert.deepStrictEqual(settle(spoken, { final: true }), [])
    })

    it("keeps a bounded number of waiting reports", () => {
      const spoken = Spoken.make()
      Spoken.said(spoken, "Alpha beta.", { interruptible: true, turn: 1 })
      for (let i = 0; i < 600; i++) hear(spoken, "zzz")
      assert.strictEqual(hear(spoken, "zzz")?.split("zzz").length, undefined)
      assert.match(settle(spoken, { final: false }).join(""), /^zzz( zzz){500}$/)
    })
  })

  describe("an interrupted turn", () => {
    const plan = "Let me explain the option a in the plan, and the other one"
    table([
      [
        "does not hold short words that the next one goes on with",
        [
          ["No. Five have some of the latest news, and more to come"],
          "No.",
          user,
          [turn(2, "Five is it ok")],
          "Five",
          "is",
          "it",
          "ok",
          over
        ],
        [["No."], ["Five is it ok"]]
      ],
      [
        "does not lend a distant word that the next one begins with",
        [
          ["One two three four five six, eight! nine"],
          "One",
          user,
          [turn(2, "eight, is it")],
          "eight,",
          "is",
          "it",
          over
        ],
        [["One"], ["eight, is it"]]
      ],
      [
        "does not lend the end of one word and the beginning of another",
        [["No hello don't hello"], "No", user, [turn(2, "the end")], "the", "end", over],
        [["No"], ["the end"]]
      ],
      [
        "does not lend its letters to the next one",
        [[plan], "Letme", user, [turn(2, "An apple a day")], "An", "apple", "a", "day", over],
        [["Let me"], ["An apple a day"]]
      ],
      [
        "does not lend a word that the next one begins with",
        [["one two three four five six"], "one", user, [turn(2, "five is it")], "five", "is", "it", over],
        [["one"], ["five is it"]]
      ],
      [
        "does not hold the next one that goes on with the same word",
        [
          ["No. Five have some of the latest news, and then there are more to come"],
          "No.",
          user,
          [turn(2, "Five at eleven, or so")],
          "Five",
          "at",
          "eleven,",
          "or",
          "so",
          over
        ],
        [["No."], ["Five at eleven, or so"]]
      ],
      [
        "does not lend two words for one",
        [["The a nice weather"], "The", user, [turn(2, "an egg")], "an", "egg", over],
        [["The"], ["an egg"]]
      ],
      [
        "may still be reported late",
        [[plan], "Letme", user, "explain", [turn(2, "Okay.")], user, "Okay.", over],
        [["Let me"], ["explain"], ["Okay."]]
      ],
      [
        "does not lend the marks around a word that the next one begins with",
        [
          ["You stopped at “Sorry”. I am here"],
          "You",
          user,
          [turn(2, "Sorry, I have trouble")],
          "Sorry,",
          "I",
          "have",
          over
        ],
        [["You"], ["Sorry, I have"]]
      ],
      [
        "lends nothing to one whose marks are those of the reports",
        [
          ["You stopped at “All right”. I am here"],
          "You",
          user,
          [turn(2, "All right, I am quiet")],
          "All",
          "right,",
          "I",
          "am",
          over
        ],
        [["You"], ["All right, I am"]]
      ],
      [
        "takes nothing with it of what fitted nowhere before",
        [
          ["You stopped at “Sorry”. I am here"],
          "You",
          "zzz",
          user,
          [turn(2, "Sorry, I have trouble")],
          "Sorry,",
          "I",
          "have",
          over
        ],
        [["You"], ["zzz Sorry” I have"]]
      ],
      [
        "does not part words that the next one begins with twice",
        [
          ["I had got to: This call is recorded. "],
          user,
          [turn(2, "I had got to: This call is recorded. ")],
          "Ihadgotto:This",
          user,
          [turn(3, "I had got to: I had got to: This")],
          ..."I had got to: I had got to: This".split(" "),
          over
        ],
        [[], ["I had got to: This"], ["I had got to: I had got to: This"]]
      ],
      [
        "is parted from what the next one has more of the same words",
        [
          ["Here we are. "],
          "Here",
          [
            turn(2, "I did not catch any words. Say “help”"),
            turn(3, "I did not catch any words. Say “help” to hear all.")
          ],
          ..."we are. I did not catch any words. Say “help” to hear all.".split(" "),
          over
        ],
        [["Here we are. I did not catch any words. Say “help” to hear all."]]
      ],
      [
        "is parted from the next one, where that goes on with the same words and more of them",
        [
          ["One moment. Hello."],
          [turn(2, "One moment. One moment. Hello."), turn(3, "One moment. One moment. One moment. ")],
          ..."One moment. Hello. One moment. One moment. One moment.".split(" "),
          over
        ],
        [["One moment. Hello. One moment. One moment. One moment."]]
      ],
      [
        "leaves an emoji to one that begins with it",
        [["One. "], "One.", [turn(2, "🙂 "), turn(2, "Three")], "Three", over],
        [["One. 🙂 Three"]]
      ],
      [
        "does not double an emoji at which the next one goes on",
        [["One. Well 😀"], user, [turn(2, "One. Well 😀 day.")], "One.", user, "Well", "😀", "day.", over],
        [[], ["One."], ["Well 😀 day."]]
      ],
      [
        "is skipped however many there are",
        [
          [plan],
          "Letme",
          user,
          [turn(2, plan)],
          user,
          [turn(3, plan)],
          user,
          [turn(4, "So what?")],
          "So",
          "what?",
          over
        ],
        [["Let me"], [], [], ["So what?"]]
      ]
    ])
  })

  describe("uninterruptible text", () => {
    const disclaimer = "Calls are recorded."
    table([
      ["is completed once it has begun", [[fixed(disclaimer)], "Callsare", user], [[disclaimer]]],
      ["is not counted twice", [[fixed(disclaimer)], "Callsare", user, "recorded.", over], [[disclaimer], []]],
      [
        "is not completed where it can be interrupted",
        [[disclaimer], "Callsare", user, "recorded.", over],
        [["Calls are"], ["recorded."]]
      ],
      [
        "is completed with all that follows and cannot be interrupted",
        [[fixed("One "), fixed("two "), "three"], "On", user],
        [["One two "]]
      ],
      [
        "is completed only where reports have reached it",
        [["Hello. ", fixed("Must hear this.")], "Hello.", user, "Must", user],
        [["Hello."], ["Must hear this."]]
      ],
      [
        "joins what can be interrupted before and after",
        [
          ["Hello. ", fixed("Calls are recorded. "), "How are you?"],
          "Hello.",
          "Calls",
          user,
          "are",
          "recorded.",
          "How",
          "are",
          user
        ],
        [["Hello. Calls are recorded. "], ["How are"]]
      ],
      [
        "is told from the same text that can be",
        [["Hello world.", fixed("Hello world.")], "Hello", user, "world.", user],
        [["Hello"], ["world."]]
      ],
      ["is not completed before a word of it was heard", [[fixed("Must.")], user, "Must.", user], [[], ["Must."]]],
      [
        "of a later turn does not count before that is heard",
        [[fixed("First. ")], "Fir", user, [fixed("Second is fixed.", 2)], user, "Second", user],
        [["First. "], [], ["Second is fixed."]]
      ],
      [
        "leaves the next answer whole",
        [
          [fixed("Calls are recorded. "), "How can I help?"],
          "Calls",
          user,
          [turn(2, "Sure thing.")],
          "are",
          "recorded.",
          "Sure",
          "thing.",
          over
        ],
        [["Calls are recorded. "], ["Sure thing."]]
      ],
      [
        "is taken off a late report that goes beyond it",
        [[fixed("Calls are rec. "), "Ready now?"], "Calls", user, "arerec.Readynow?", over],
        [["Calls are rec. "], ["Ready now?"]]
      ],
      [
        "is taken off a late report with an invented full stop",
        [[fixed("Calls are rec"), " Ready now?"], "Calls", user, "arerec.Ready", "now?", over],
        [["Calls are rec"], ["Ready now?"]]
      ],
      [
        "is taken off a late report with emoji in between",
        [[fixed("Calls 🙂 are rec. "), "Ok"], "Calls", user, "arerec.", "Ok", over],
        [["Calls 🙂 are rec. "], ["Ok"]]
      ],
      [
        "does not eat a late report that does not fit",
        [[fixed("The ten")], "The", user, "tea", over],
        [["The ten"], ["tea"]]
      ]
    ])
  })
})

const words =
  "the a I it's to you we have an order for your table booked, please call back! now today great news? don’t 42 1,234 é naïve 你好 世界 Привет мир".split(
    " "
  )
const Word = Schema.Literals(words as [string, ...Array<string>])
const Words = Schema.Array(Word).check(Schema.isMinLength(1), Schema.isMaxLength(40))
const Gap = Schema.Literals([" ", "  ", "\n\n", " 🙂 ", "\t"])
/** A text, and the number of characters after which it is cut each time. */
const Text = Schema.Struct({
  words: Words,
  gaps: Schema.Array(Gap).check(Schema.isMinLength(1)),
  cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))).check(Schema.isMinLength(1))
})

const written = ({ gaps, words }: typeof Text.Type) =>
  words.map((word, i) => (i === 0 ? "" : gaps[i % gaps.length]!) + word).join("")
const cutUp = (text: string, cuts: ReadonlyArray<number>): ReadonlyArray<string> => {
  const characters = [...text]
  const pieces: Array<string> = []
  for (let i = 0, k = 0; i < characters.length; k++) {
    const length = cuts[k % cuts.length]!
    pieces.push(characters.slice(i, i + length).join(""))
    i += length
  }
  return pieces
}
const say = (spoken: Spoken.Spoken, pieces: ReadonlyArray<string>, turn = 1) =>
  pieces.forEach((text) => Spoken.said(spoken, text, { interruptible: true, turn }))
const onlyWords = (text: string) => text.match(/[\p{L}\p{N}]+/gu)?.join(" ")

const sure = <A>(arbitrary: Schema.Codec<A>, property: (value: A) => void) =>
  Effect.gen(function* () {
    const result = yield* Arbitrary.checkEffect(
      Arbitrary.schema(arbitrary),
      (value) => Effect.sync(() => (property(value), true)),
      { runs: 500, seed: 7 }
    )
    const failure = Arbitrary.formatCheckFailure(result)
    if (failure !== undefined) assert.fail(failure)
  })

describe("Spoken, for any text", () => {
  it.effect("hears all that was said, however it was cut, if it is reported word by word", () =>
    sure(Text, (text) => {
      const spoken = Spoken.make()
      say(spoken, cutUp(written(text), text.cuts))
      for (const word of text.words) hear(spoken, word)
      assert.deepStrictEqual(settle(spoken, { final: true }), [written(text).trim()])
    })
  )

  it.effect("hears all that was said if it is reported in arbitrary pieces without white space", () =>
    sure(Text, (text) => {
      const spoken = Spoken.make()
      say(spoken, cutUp(written(text), text.cuts.toReversed()))
      for (const report of cutUp(text.words.join(""), text.cuts)) hear(spoken, report)
      assert.deepStrictEqual(settle(spoken, { final: true }), [written(text).trim()])
    })
  )

  it.effect("only ever adds to what was heard", () =>
    sure(
      Schema.Struct({ text: Text, reports: Schema.Array(Schema.Union([Word, Schema.String])) }),
      ({ reports, text }) => {
        const spoken = Spoken.make()
        say(spoken, cutUp(written(text), text.cuts))
        let heard = ""
        for (const report of [...reports, ...text.words]) {
          const now = hear(spoken, report)
          if (now === undefined) continue
          assert.isTrue(now.startsWith(heard) && now.length > heard.length, `${heard} -> ${now}`)
          heard = now
        }
      }
    )
  )

  it.effect("loses no other word if one is replaced", () =>
    sure(
      Schema.Struct({ text: Text, at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 39 })) }),
      ({ at, text }) => {
        const spoken = Spoken.make()
        say(spoken, cutUp(written(text), text.cuts))
        const reports = text.words.with(at % text.words.length, "zwölfhundert")
        for (const report of reports) hear(spoken, report)
        assert.strictEqual(onlyWords(settle(spoken, { final: true }).join(" ")), onlyWords(reports.join(" ")))
      }
    )
  )

  it.effect("hears the words of a turn, whatever an interrupted turn left unspoken", () =>
    sure(
      Schema.Struct({
        before: Text,
        heard: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 39 })),
        text: Text
      }),
      ({ before, heard, text }) => {
        const spoken = Spoken.make()
        say(spoken, cutUp(written(before), before.cuts))
        for (const word of before.words.slice(0, heard)) hear(spoken, word)
        settle(spoken, { final: false })
        say(spoken, cutUp(written(text), text.cuts), 2)
        for (const word of text.words) hear(spoken, word)
        assert.strictEqual(onlyWords(settle(spoken, { final: true }).join(" ")), onlyWords(written(text)))
      }
    )
  )

  it.effect("never throws, whatever is said and reported", () =>
    sure(
      Schema.Array(
        Schema.Struct({
          text: Schema.Union([
            Schema.String,
            Word,
            Schema.Literals(["\ud83d", "\ude42", "🙂", "a\ud83d", "\ude42b", ".", " ", ""])
          ]),
          act: Schema.Literals(["said", "fixed", "heard", "settle", "final"]),
          turn: Schema.Literals([1, 2, 3])
        })
      ),
      (acts) => {
        const spoken = Spoken.make()
        for (const { act, text, turn } of acts) {
          if (act === "heard") hear(spoken, text)
          else if (act === "said" || act === "fixed") Spoken.said(spoken, text, { interruptible: act === "said", turn })
          else for (const settled of settle(spoken, { final: act === "final" })) assert.notStrictEqual(settled, "")
        }
      }
    )
  )

  it("hears a long call to its end, although what was heard long ago is dropped from memory", () => {
    const spoken = Spoken.make()
    for (let turn = 1; turn <= 100; turn++) {
      const said = Array.from({ length: 30 }, (_, i) => `word${turn}x${i}`)
      say(
        spoken,
        said.map((word) => `${word} `),
        turn
      )
      const heard = said.slice(0, turn % 3 === 0 ? 10 : 30)
      for (const word of heard) hear(spoken, word)
      assert.deepStrictEqual(settle(spoken, { final: true }), [heard.join(" ")])
    }
  })
})

/** Sentences that an agent says again and again, in one script with spaces and one without. */
const stocks = [
  "One moment, please. |No problem. |This call is recorded. |Thank you. |Of course! |One moment. |Please hold. ".split(
    "|"
  ),
  "请稍等。|没问题。|此通话将被录音。|谢谢您。|好的，我帮您查一下。|请稍等一下。".split("|")
]
const lettersOf = (text: string) => text.replace(/[^\p{L}]/gu, "")
const unitsOf = (text: string): ReadonlyArray<string> => text.match(/\S+ /gu) ?? Array.from(text)

/**
 * A call in which the agent says stock sentences, some of them uninterruptible, and the caller cuts in at any word.
 * Returns what was voiced, and what was heard according to reports of `atMost` words at a time.
 */
const interrupted = (seed: number, stock: ReadonlyArray<string>, atMost: number) => {
  const chance = Chance.make(seed)
  const spoken = Spoken.make()
  let [voiced, heard] = ["", ""]
  const end = (final: boolean) => {
    for (const text of settle(spoken, { final })) heard += text
  }
  const report = (units: ReadonlyArray<string>) => {
    voiced += units.join("")
    for (let i = 0, count = 0; i < units.length; i += count) {
      count = chance.int(1, atMost)
      Spoken.heard(
        spoken,
        units
          .slice(i, i + count)
          .join("")
          .trim()
      )
    }
  }
  for (let turn = 1, last = chance.int(2, 5); turn <= last; turn++) {
    const said = chance.many(chance.int(1, 4), () => ({ text: chance.pick(stock), fixed: chance.chance(0.3) }))
    for (const { fixed, text } of said) Spoken.said(spoken, text, { interruptible: !fixed, turn })
    const units = said.flatMap(({ fixed, text }) => unitsOf(text).map((unit) => ({ fixed, unit })))
    const cut = chance.chance(0.5) ? chance.int(0, units.length) : units.length
    report(units.slice(0, cut).map(({ unit }) => unit))
    if (cut < units.length) {
      Spoken.stop(spoken, turn)
      Spoken.stopAll(spoken)
      end(false)
      report(units.slice(cut).flatMap(({ fixed, unit }) => (fixed ? [unit] : [])))
    }
    end(true)
    Spoken.quiet(spoken)
  }
  return { voiced: lettersOf(voiced), heard: lettersOf(heard) }
}

it("hears stock sentences as they were voiced, whatever was cut", () => {
  let wrong = 0
  for (const stock of stocks)
    for (const atMost of [1, 4])
      for (let seed = 1; seed <= 500; seed++) {
        const { heard, voiced } = interrupted(seed, stock, atMost)
        if (heard !== voiced) wrong++
      }
  assert.strictEqual(wrong, 0)
})
