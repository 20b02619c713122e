import { assert, describe, it } from "@effect/vitest"
import * as Backchannels from "../src/Backchannels.ts"
import * as Words from "../src/floor/internal/words.ts"

/** By language: what shows that somebody listens, and what asks for the floor. */
const spoken: {
  readonly [language: string]: readonly [listening: ReadonlyArray<string>, asking: ReadonlyArray<string>]
} = {
  en: [
    ["Uh-huh.", "Mm-hmm", "Yeah, yeah.", "Okay, okay.", "Oh, I see!", "Really?", "That’s right.", "Got it."],
    ["Stop.", "Wait a second", "No.", "Yeah, but", "Right, but what about", "What?", "Hello?"]
  ],
  de: [
    ["Ja, genau.", "Ach so!", "Alles klar", "Echt?", "Mhm"],
    ["Nein.", "Moment", "Ja, aber", "Wie bitte?"]
  ],
  es: [
    ["Sí, sí.", "Claro que sí", "Ajá", "Perfecto."],
    ["No.", "Espera", "Sí, pero"]
  ],
  fr: [
    ["Oui, oui.", "D’accord.", "Ah bon ?", "Parfait"],
    ["Non.", "Attends", "Oui, mais"]
  ],
  it: [
    ["Sì, certo.", "Va bene"],
    ["No.", "Aspetta"]
  ],
  pt: [
    ["Tá bom.", "Entendi.", "Sim, sim"],
    ["Não.", "Espera"]
  ],
  nl: [
    ["Ja, precies.", "Klopt."],
    ["Nee.", "Wacht even"]
  ],
  sv: [
    ["Just det.", "Ja, ja"],
    ["Nej.", "Vänta"]
  ],
  pl: [
    ["No tak.", "Rozumiem"],
    ["Nie.", "Poczekaj"]
  ],
  ru: [
    ["Угу.", "Да, понятно."],
    ["Нет.", "Подождите"]
  ],
  tr: [
    ["Hı hı.", "Evet, tamam."],
    ["Hayır", "Bekle"]
  ],
  ar: [
    ["نعم", "طيب، تمام"],
    ["لا", "انتظر"]
  ],
  hi: [
    ["हाँ, ठीक है।", "अच्छा"],
    ["नहीं", "रुको"]
  ],
  ko: [
    ["네, 네.", "그렇군요."],
    ["아니요", "잠깐만요"]
  ],
  ja: [
    ["はい、はい。", "なるほど"],
    ["いいえ", "ちょっと待って"]
  ],
  zh: [
    ["嗯嗯", "好的，好的。"],
    ["不是", "等一下"]
  ]
}

describe("Backchannels", () => {
  for (const [language, [listening, asking]] of Object.entries(spoken)) {
    it(`${language}: tells who listens from who asks for the floor`, () => {
      const phrases = Backchannels.of(`${language}-XX`)
      for (const text of listening) assert.isTrue(Words.areOnly(Words.list(text), phrases), text)
      for (const text of asking) assert.isFalse(Words.areOnly(Words.list(text), phrases), text)
    })
  }

  it("joins languages, and knows the sounds of any other", () => {
    const both = Backchannels.of("en", "de")
    assert.includeMembers([...both], ["uh huh", "genau"])
    assert.lengthOf(new Set(both), both.length)
    assert.include(Backchannels.of("fi"), "mhm")
    assert.notInclude(Backchannels.of("fi"), "yeah")
  })
})
