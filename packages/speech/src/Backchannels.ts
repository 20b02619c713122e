/**
 * Words that only show that somebody is listening: "uh-huh", "mhm", "I see".
 *
 * Data only. `FloorPolicy` takes a list; `Floor` compares the words of an overlap with it.
 *
 * @since 0.1.0
 */

/** Languages with a list of their own, as ISO 639-1 codes. */
export type Language = keyof typeof byLanguage

/**
 * Phrases per language, in lower case and without punctuation. "Yes" and "okay" only show listening while the agent
 * speaks. Said just before the agent falls silent, they are an answer; `Floor` decides that.
 */
const byLanguage = {
  en: [
    "uh huh",
    "uhhuh",
    "uhuh",
    "mhm",
    "mhmm",
    "mm",
    "mmm",
    "mm hmm",
    "mmhmm",
    "hm",
    "hmm",
    "uh",
    "um",
    "ah",
    "oh",
    "yeah",
    "yep",
    "yup",
    "yes",
    "ok",
    "okay",
    "right",
    "all right",
    "alright",
    "sure",
    "i see",
    "got it",
    "of course",
    "go on",
    "wow",
    "cool",
    "great",
    "nice",
    "true",
    "exactly",
    "that's right",
    "makes sense",
    "fair enough",
    "oh okay"
  ],
  de: [
    "mhm",
    "hm",
    "hmm",
    "mm",
    "aha",
    "ah",
    "oh",
    "ach so",
    "achso",
    "ja",
    "jaja",
    "jo",
    "jep",
    "ok",
    "okay",
    "genau",
    "richtig",
    "stimmt",
    "klar",
    "alles klar",
    "gut",
    "verstehe",
    "ich verstehe",
    "sicher",
    "natürlich",
    "eben",
    "so so"
  ],
  es: [
    "mhm",
    "hm",
    "hmm",
    "mm",
    "aja",
    "ajá",
    "ah",
    "oh",
    "sí",
    "si",
    "ok",
    "okay",
    "vale",
    "claro",
    "bueno",
    "bien",
    "entiendo",
    "ya",
    "ya veo",
    "exacto",
    "eso es",
    "de acuerdo",
    "por supuesto",
    "muy bien"
  ],
  fr: [
    "mhm",
    "hm",
    "hmm",
    "mm",
    "ah",
    "oh",
    "euh",
    "oui",
    "ouais",
    "ok",
    "okay",
    "d'accord",
    "bien",
    "bien sûr",
    "je vois",
    "voilà",
    "exactement",
    "tout à fait",
    "c'est ça",
    "ah bon",
    "ah oui",
    "très bien",
    "entendu"
  ],
  it: [
    "mhm",
    "hm",
    "hmm",
    "mm",
    "ah",
    "oh",
    "eh",
    "sì",
    "si",
    "ok",
    "okay",
    "certo",
    "va bene",
    "bene",
    "capisco",
    "esatto",
    "già"
  ],
  pt: [
    "mhm",
    "hm",
    "hmm",
    "ah",
    "oh",
    "sim",
    "ok",
    "okay",
    "tá",
    "está bem",
    "claro",
    "certo",
    "entendo",
    "pois",
    "isso",
    "exato"
  ],
  nl: [
    "mhm",
    "hm",
    "hmm",
    "ah",
    "oh",
    "ja",
    "jaja",
    "ok",
    "oké",
    "okay",
    "precies",
    "juist",
    "goed",
    "snap ik",
    "natuurlijk"
  ],
  ja: ["うん", "うんうん", "はい", "はいはい", "ええ", "へえ", "そう", "そうですね", "そうですか", "なるほど", "ああ"],
  zh: ["嗯", "嗯嗯", "哦", "啊", "对", "对对", "对对对", "好", "好的", "是", "是的", "是吗", "明白", "知道了"]
} as const satisfies { readonly [language: string]: ReadonlyArray<string> }

/**
 * Returns the phrases of several languages together. A language without its own list adds the sounds that all languages
 * share.
 */
export const of = (...languages: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(languages.flatMap((language) => lists.get(language.toLowerCase().split(/[-_]/)[0]!) ?? sounds))
]

const lists: ReadonlyMap<string, ReadonlyArray<string>> = new Map(Object.entries(byLanguage))
const sounds: ReadonlyArray<string> = ["mhm", "hm", "hmm", "mm", "mmm", "ah", "oh", "ok", "okay"]
