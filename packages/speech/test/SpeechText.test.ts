import { assert, describe, it } from "@effect/vitest"
import * as Chance from "@antiphon/core/testing/Chance"
import * as SpeechText from "../src/SpeechText.ts"

const tables: { readonly [language: string]: ReadonlyArray<readonly [written: string, said: string]> } = {
  en: [
    ["**Hello** there, _friend_, how ~~bad~~ good *is* it?", "Hello there, friend, how bad good is it?"],
    ["# Menu\n\nWe have\n- soup\n- **fish**, fresh\n\nEnjoy!", "Menu. We have. soup. fish, fresh. Enjoy!"],
    ["You need:\n1. flour\n2. eggs", "You need: one, flour. two, eggs."],
    ["> quoted\n\n---\n\nAfter it", "quoted. After it"],
    ["See [our site](https://x.com/a?b=1) and ![a cat](cat.png).", "See our site and a cat."],
    ["A fact [1], another [^2], and [sic].", "A fact, another, and sic."],
    ["Go to https://www.example.com/menu?x=1, please.", "Go to example dot com slash menu, please."],
    ["Go to example.org or sub.example.co.uk.", "Go to example dot org or sub dot example dot co dot uk."],
    ["See https://example.com/a/very/long/path/that/nobody/says for it", "See example dot com for it"],
    ["Mail anna.b-c@example.com!", "Mail anna dot b dash c at example dot com!"],
    ["Great 😀! A family 👨‍👩‍👧‍👦, a flag 🇩🇪, a key 1️⃣ and ❤️.", "Great! A family, a flag, a key and."],
    ["Run `npm start` in my_folder.", "Run npm start in my folder."],
    ["Before\n```ts\nconst x = 1\n```\nAfter", "Before. After"],
    ["| Name | Age |\n|---|---|\n| Anna | 5 |\n| Bob | |\n\nDone", "Name: Anna, Age: five. Name: Bob. Done"],
    ["a <b>bold</b> tag &amp; R&D & more", "a bold tag and R&D and more"],
    [
      "It is $5, $5.50, $1, €3.01 or $3.5 million.",
      "It is five dollars, five dollars and fifty cents, one dollar, three euros and one cent or three point five million dollars."
    ],
    ["$1,234.56", "one thousand two hundred thirty-four dollars and fifty-six cents"],
    ["20% of 5 km at -3 °C", "twenty percent of five kilometers at minus three degrees Celsius"],
    [
      "Call +1 (555) 123-4567 or 555-123-4567.",
      "Call plus one, five five five, one two three, four five six seven or five five five, one two three, four five six seven."
    ],
    [
      "On May 3, 2024, May 21st, 2024-05-03 and 5/3/2024",
      "On May third, twenty twenty-four, May twenty-first, May third, twenty twenty-four and May third, twenty twenty-four"
    ],
    [
      "At 3:30 pm, 10 p.m., 10:05, 3:00 and 15:30.",
      "At three thirty p m, ten p m, ten oh five, three o'clock and fifteen thirty."
    ],
    [
      "In 1999, 1905, 2005, 2024 and 1500",
      "In nineteen ninety-nine, nineteen oh five, two thousand five, twenty twenty-four and fifteen hundred"
    ],
    [
      "1,234,567 or 12345 or 3.14 or 0.5",
      "one million two hundred thirty-four thousand five hundred sixty-seven or twelve thousand three hundred forty-five or three point one four or zero point five"
    ],
    ["Order 10023456, code 0042", "Order one zero zero two three four five six, code zero zero four two"],
    [
      "5-10 people, the 1st and 22nd, 1/2 cup, room #5, ~3",
      "five to ten people, the first and twenty-second, one half cup, room number five, about three"
    ],
    ["v1.2.3, 1.2.3, MP3, 3D, 4x4, B2B", "v1.2.3, one dot two dot three, MP3, 3D, 4x4, B2B"],
    ["2 + 2 = 4, 2*3", "two plus two equals four, two times three"],
    ["Well... 5!", "Well... five!"],
    ["Is it 7? It's John's.", "Is it seven? It's John's."],
    ["", ""],
    // Money, as it is abbreviated and in other currencies.
    [
      "$5M, $1.5bn, $100k, $0.99, $.50, 5¢, $-5, US$5, A$10",
      "five million dollars, one point five billion dollars, one hundred thousand dollars, ninety-nine cents, fifty cents, five cents, minus five dollars, five US dollars, ten Australian dollars"
    ],
    [
      "$10/month, ₹1,00,000 and 1.234,50 €",
      "ten dollars per month, one hundred thousand rupees and one thousand two hundred thirty-four euros and fifty cents"
    ],
    ["₩5000 $2.5 billion\n$5", "five thousand won two point five billion dollars five dollars"],
    // Digits that are read one by one.
    [
      "Call 1-800-555-1234, 555-1234; ZIP 90210-1234, SSN 123-45-6789",
      "Call one, eight zero zero, five five five, one two three four, five five five, one two three four; ZIP nine zero two one zero, one two three four, SSN one two three, four five, six seven eight nine"
    ],
    ["4111 1111 1111 1111", "four one one one, one one one one, one one one one, one one one one"],
    ["1000000 and .5 and +5", "one million and zero point five and plus five"],
    // Dates and times.
    [
      "Dec. 25th, 2024; Jan 1, 2024/05/03, 2024-05-03T10:30:00Z, 31/12/2024",
      "December twenty-fifth, twenty twenty-four; January first, May third, twenty twenty-four, May third, twenty twenty-four, ten thirty, December thirty-first, twenty twenty-four"
    ],
    [
      "the 1990s, the '90s, 1990-2000, 24/7",
      "the nineteen nineties, the nineties, nineteen ninety to two thousand, twenty-four seven"
    ],
    [
      "10am-5pm, 9:00 - 17:00, 12:00:30, 3:1",
      "ten a m to five p m, nine o'clock to seventeen hundred, twelve, zero, thirty, three to one"
    ],
    // Signs.
    [
      "5 * 4, 5×4, 2+2=4, 10^6, ≥5, 5 < 6, <5",
      "five times four, five times four, two plus two equals four, ten to the power of six, at least five, five less than six, less than five"
    ],
    ["a -> b => c", "a b c"],
    // Markdown that is nested, or refers to something elsewhere.
    ["[![img](a.png)](http://b.c) [a [b] c](http://d.e)", "img a b c"],
    ["[ref][1], note[^1]\n\n[1]: https://example.com\n[^1]: The note.", "ref, note. The note."],
    ["Title\n=====\n\n## Part ##\n- [ ] do\n- [x] done", "Title. Part. do. done."],
    ["| Plan | Price |\n|---|---|\n| [Pro](https://a.b) | **$5** |", "Plan: Pro, Price: five dollars."],
    ["a | b\n---|---\n1 | 2", "a, b. one, two"],
    ["==marked== and 2\\*3, \\$5", "marked and two*three, five dollars"],
    ["AT&amp;T &copy; &#39;x&#x27;", "AT&T © 'x'"],
    // Characters without a sound.
    ["\u202Ertl\u202C a\u200Bb \u{1F3F4}\u{E0067}\u{E0062}\u{E007F}c :smile: \u0007d", "rtl ab c d"]
  ],
  de: [
    [
      "Das kostet 5,50 € oder 1 € oder 1.234 Euro.",
      "Das kostet fünf Euro fünfzig oder ein Euro oder eintausendzweihundertvierunddreißig Euro."
    ],
    [
      "Am 3. Mai 2024 um 15:30 Uhr, 1 Tag später.",
      "Am dritten Mai zweitausendvierundzwanzig um fünfzehn Uhr dreißig, ein Tag später."
    ],
    [
      "1999 waren es 21 %, 3,5 km und 2 Millionen Leute.",
      "neunzehnhundertneunundneunzig waren es einundzwanzig Prozent, drei Komma fünf Kilometer und zwei Millionen Leute."
    ],
    ["Rufen Sie 030 1234567 an.", "Rufen Sie null drei null, eins zwei drei vier fünf sechs sieben an."],
    ["info@beispiel.de", "info at beispiel Punkt de"],
    [
      "3,5 Mio. €, 1 Mrd. Leute, 5,- €, 0,50 € 2 €",
      "drei Komma fünf Millionen Euro, eine Milliarde Leute, fünf Euro, fünfzig Cent zwei Euro"
    ],
    ["Am 7.12. um 10.30 Uhr, 1 Stunde, 2:1", "Am siebten Dezember um zehn Uhr dreißig, eine Stunde, zwei zu eins"]
  ],
  es: [
    [
      "Cuesta 5,50 € o $1 o 3 millones de euros.",
      "Cuesta cinco euros con cincuenta céntimos o un dólar o tres millones de euros."
    ],
    [
      "El 3 de mayo de 2024, 21 días, 20 %.",
      "El tres de mayo de dos mil veinticuatro, veintiún días, veinte por ciento."
    ],
    ["16 y 31 y 100 y 115 y 1.000", "dieciséis y treinta y uno y cien y ciento quince y mil"],
    ["200 personas, 1 hora, 21 días y 1 de enero", "doscientas personas, una hora, veintiún días y primero de enero"],
    ["$1,299.50", "mil doscientos noventa y nueve dólares con cincuenta centavos"]
  ],
  fr: [
    ["Ça coûte 5,50 €, 1 € ou 20 %.", "Ça coûte cinq euros cinquante, un euro ou vingt pour cent."],
    [
      "Le 3 mai 2024 à 15h30, le 1er juin",
      "Le trois mai deux mille vingt-quatre à quinze heures trente, le premier juin"
    ],
    [
      "71, 80, 81, 91, 200 et 1 234 567",
      "soixante et onze, quatre-vingts, quatre-vingt-un, quatre-vingt-onze, deux cents et un million deux cent trente-quatre mille cinq cent soixante-sept"
    ],
    ["2e, 3e, 5e, 9e et 80e", "deuxième, troisième, cinquième, neuvième et quatre-vingtième"],
    ["Au 06 12 34 56 78.", "Au zéro six, un deux, trois quatre, cinq six, sept huit."],
    [
      "1 personne, 21 nuits, 0,50 €, 3 M€",
      "une personne, vingt et une nuits, cinquante centimes, trois millions d'euros"
    ]
  ],
  ja: [["こんにちは。**元気**ですか？😀 5人", "こんにちは。元気ですか？ 5人"]]
}

const all = Object.entries(tables).flatMap(([language, rows]) => rows.map(([written]) => ({ language, written })))

/** Reads a text in pieces. */
const stream = (pieces: ReadonlyArray<string>, options?: SpeechText.Options) => {
  const filter = SpeechText.filter(options)
  return [...pieces.flatMap((piece) => filter.push(piece)), ...filter.end()]
}
const join = (spoken: ReadonlyArray<SpeechText.Spoken>) => spoken.map((piece) => piece.text).join("")

const cut = (text: string, chance: Chance.Chance): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  for (let at = 0; at < text.length;) {
    const length = chance.int(1, 6)
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

describe("SpeechText", () => {
  for (const [language, rows] of Object.entries(tables)) {
    for (const [written, said] of rows) {
      it(`${language}: ${JSON.stringify(written)}`, () =>
        assert.strictEqual(SpeechText.read(written, { language }), said))
    }
  }

  it("says the same however the text is cut into pieces", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const chance = Chance.make(seed)
      for (const { language, written } of all) {
        const whole = join(stream([written], { language }))
        assert.strictEqual(join(stream(cut(written, chance), { language })), whole, `seed ${seed}: ${written}`)
      }
    }
  })

  it("says the same wherever a text is split in two, and character by character", () => {
    for (const { language, written } of all) {
      const whole = join(stream([written], { language }))
      assert.strictEqual(join(stream(written.split(""), { language })), whole, written)
      for (let at = 1; at < written.length; at++) {
        const said = join(stream([written.slice(0, at), written.slice(at)], { language }))
        assert.strictEqual(said, whole, `${written} at ${at}`)
      }
    }
  })

  it("says the same for randomly combined texts", () => {
    const parts = all.filter(({ language }) => language === "en").flatMap(({ written }) => written.split(/(?<=\s)/))
    for (let seed = 1; seed <= 400; seed++) {
      const chance = Chance.make(seed)
      const written = chance.many(20, () => chance.pick(parts)).join("")
      assert.strictEqual(
        join(stream(cut(written, chance))),
        join(stream([written])),
        `seed ${seed}: ${JSON.stringify(written)}`
      )
    }
  })

  it("knows what each piece was made from, without gaps", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const chance = Chance.make(seed)
      for (const { language, written } of all) {
        let at = 0
        for (const piece of stream(cut(written, chance), { language })) {
          assert.strictEqual(piece.from, at, written)
          if (piece.exact) assert.strictEqual(piece.text, written.slice(piece.from, piece.to))
          at = piece.to
        }
        assert.strictEqual(at, written.length, written)
      }
    }
  })

  it("never says half a character", () => {
    const text = "a👨‍👩‍👧‍👦 e\u0301 が 𝒳 🇩🇪 뷁 נִקּוּד 5️⃣ z"
    for (let seed = 1; seed <= 200; seed++) {
      for (const piece of stream(cut(text, Chance.make(seed)))) {
        assert.isTrue(piece.text.isWellFormed(), JSON.stringify(piece))
        assert.isFalse(/^\p{M}/u.test(piece.text), JSON.stringify(piece))
      }
    }
  })

  it("waits no longer than for the next word", () => {
    const filter = SpeechText.filter()
    assert.strictEqual(join(filter.push("Hello the")), "Hello ")
    assert.strictEqual(join(filter.push("re, I")), "there, ")
    assert.strictEqual(join(filter.push(" have 5")), "I have")
    assert.strictEqual(join(filter.push(" of")), " ")
    assert.strictEqual(join(filter.push(" them")), "five of ")
    assert.strictEqual(join(filter.push(". Yes")), "them. ")
    assert.strictEqual(join(filter.end()), "Yes")
  })

  it("does not wait for a space in a script that has none", () => {
    const filter = SpeechText.filter({ language: "ja" })
    assert.strictEqual(join(filter.push("こんにちは")), "こんにち")
    assert.strictEqual(join(filter.push("。元気")), "は。元")
    assert.strictEqual(join(filter.push("、𠮷野家ᦎᦷᦑ")), "気、𠮷野家ᦎᦷ")
  })

  it("a bracket that never closes, or a line that never ends, does not delay a reply", () => {
    const filter = SpeechText.filter()
    const text = "see [this and " + "more words ".repeat(60)
    assert.isAbove(join(filter.push(text)).length, 300)
  })

  it("is linear in the length of the text", () => {
    const filter = SpeechText.filter()
    let length = 0
    for (let piece = 0; piece < 20_000; piece++) length += join(filter.push("some words 5 ")).length
    assert.isAbove(length, 200_000)
  })

  it("leaves numbers to the voice if told to, and in unknown languages", () => {
    assert.strictEqual(SpeechText.read("**It** is $5", { numbers: false }), "It is $5")
    assert.strictEqual(SpeechText.read("**Det** er 5 kr", { language: "da" }), "Det er 5 kr")
    assert.strictEqual(SpeechText.read("5/3/2024", { language: "en-GB" }), "March fifth, twenty twenty-four")
  })

  it("says words and code as configured", () => {
    const options = { say: { SQL: "sequel", nginx: "engine x" }, code: "Here is some code." }
    assert.strictEqual(SpeechText.read("Use SQL, Nginx or MySQL.", options), "Use sequel, engine x or MySQL.")
    assert.strictEqual(SpeechText.read("See:\n```\nx\n```\nOk", options), "See: Here is some code. Ok")
  })

  it("can be replaced by the plain text", () => {
    const filter = SpeechText.verbatim()
    assert.deepStrictEqual(
      [...filter.push("**a"), ...filter.push("b**"), ...filter.end()].map((piece) => piece.from),
      [0, 3]
    )
  })
})

describe("SpeechText.place", () => {
  const text = "Pay **$5.50** now, please."
  const pieces = stream([text])
  const said = join(pieces)
  const placeOf = (words: string) => {
    const { from, to } = SpeechText.place(pieces, said.indexOf(words), said.indexOf(words) + words.length)
    return text.slice(from, to)
  }

  it("finds words that are spoken as written", () => {
    assert.strictEqual(placeOf("Pay"), "Pay")
    assert.strictEqual(placeOf("now"), "now")
    assert.strictEqual(placeOf("please."), "please.")
  })

  it("finds text spoken in other words once all of it was said", () => {
    assert.strictEqual(placeOf("five dollars and fifty cents"), "$5.50")
    assert.strictEqual(placeOf("five dollars"), "")
    assert.strictEqual(placeOf("cents"), "$5.50")
  })

  it("finds a growing prefix of the text", () => {
    for (const { language, written } of all) {
      const spoken = stream([written], { language })
      const { length } = join(spoken)
      let before = 0
      for (let end = 0; end <= length; end++) {
        const { to } = SpeechText.place(spoken, 0, end)
        assert.isAtLeast(to, before, `${written} at ${end}`)
        assert.isAtMost(to, written.length)
        before = to
      }
    }
  })
})
