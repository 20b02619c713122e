import { assert, describe, it } from "@effect/vitest"
import * as Seam from "../../../../src/model/internal/plan/seam.ts"

describe("split", () => {
  const cases: ReadonlyArray<readonly [text: string, ready: string, held: string]> = [
    ["", "", ""],
    ["Hello", "", "Hello"],
    ["Hello ", "Hello", " "],
    ["Hello wor", "Hello", " wor"],
    ["Hello\n\nwor", "Hello", "\n\nwor"],
    ["3.14", "", "3.14"],
    ["Great👍🏽", "", "Great👍🏽"],
    ["Great👍🏽 ", "Great👍🏽", " "],
    ["你好", "你好", ""],
    ["我用 Pyth", "我用", " Pyth"],
    ["我用Pyth", "我用", "Pyth"],
    ["Python很", "Python很", ""],
    ["สวัสดี", "สวัสดี", ""],
    ["안녕하세요 여", "안녕하세요", " 여"]
  ]
  for (const [text, ready, held] of cases) {
    it(`of ${JSON.stringify(text)} releases ${JSON.stringify(ready)}`, () => {
      assert.deepStrictEqual(Seam.split(text), [ready, held])
    })
  }

  it("releases a run that is too long for a word, but never half a character", () => {
    const run = "x".repeat(80)
    assert.deepStrictEqual(Seam.split(run), [run, ""])
    assert.deepStrictEqual(Seam.split(run + "\ud83d"), [run, "\ud83d"])
  })

  it("does not depend on how the text is cut into pieces", () => {
    const text = "Hello  there,\n👩‍👩‍👧 你好 Python很好 ok"
    let held = ""
    let ready = ""
    for (const unit of text.split("")) {
      const [leaving, waiting] = Seam.split(held + unit)
      ready += leaving
      held = waiting
    }
    assert.deepStrictEqual([ready, held], Seam.split(text))
  })
})

describe("gap", () => {
  it("is the white space seen in the reply", () => {
    assert.strictEqual(Seam.gap("The quick", " bro"), " ")
    assert.strictEqual(Seam.gap("The quick", "\n\nbro"), "\n\n")
    assert.strictEqual(Seam.gap("我用", "Pyth"), "")
  })

  it("is a space after a complete block of text", () => {
    assert.strictEqual(Seam.gap("Hello.", ""), " ")
    assert.strictEqual(Seam.gap("你好。", ""), "")
    assert.strictEqual(Seam.gap("Hello.\n", ""), "")
  })
})

const fox = "The quick brown fox"

describe("join", () => {
  const cases: ReadonlyArray<readonly [name: string, spoken: string, gap: string, next: string, said: string]> = [
    ["continues to the letter", fox, " ", " jumps over", " jumps over"],
    ["leaves the space out", fox, " ", "jumps over", " jumps over"],
    ["goes on with punctuation", fox, " ", ", which jumps", ", which jumps"],
    ["goes on with a suffix", "That", " ", "’s fine", "’s fine"],
    ["opens a quotation", "He said", " ", "'sure'", " 'sure'"],
    ["marks that it continues", fox, " ", "...jumps over", " jumps over"],
    ["starts a paragraph", fox, " ", "\n\nNext", "\n\nNext"],
    ["repeats the last word", fox, " ", "fox jumps", " jumps"],
    ["repeats the last words", fox, " ", "brown fox jumps", " jumps"],
    ["repeats the last words after a mark", fox, " ", "… brown fox jumps", " jumps"],
    ["repeats in other case", fox, " ", "Brown fox jumps", " jumps"],
    ["repeats with another apostrophe", "I don’t know", " ", "don't know why", " why"],
    ["repeats with new punctuation", fox, " ", "fox, which jumps", ", which jumps"],
    ["repeats with the same punctuation", "Well, hello,", " ", "hello, Ann", " Ann"],
    ["repeats without the punctuation", "Well, hello,", " ", "hello Ann", " Ann"],
    ["repeats with other punctuation", "Well, hello,", " ", "hello! Ann", " Ann"],
    ["starts over", fox, " ", "The quick brown fox jumps", " jumps"],
    ["starts over after a line", fox, " ", "\nThe quick brown fox jumps", " jumps"],
    ["starts over in other white space", "The quick\nbrown fox", " ", "The quick brown fox jumps", " jumps"],
    ["starts over after a single word", "The", " ", "The quick", " quick"],
    ["starts over where a word recurs", "no, the no", " ", "no, the no way", " way"],
    ["begins with a longer word", "The", " ", "Then he", " Then he"],
    ["begins with the end of a word", "I ate a banana", " ", "nana says", " nana says"],
    ["doubles a word to the letter", "It was very", " ", " very good", " very good"],
    ["doubles a digit", "It is 5 5", " ", "5 1 2", " 5 1 2"],
    ["repeats digits with a word", "It is 5 5", " ", "is 5 5 5 1 2", " 5 1 2"],
    ["doubles a spelled letter", "That is W I L", " ", "L I A M S", " L I A M S"],
    ["continues without spaces", "您好，谢", "", "谢您", "谢您"],
    ["repeats without spaces", "您好，谢谢您的来电", "", "您的来电。请问", "。请问"],
    ["starts over without spaces", "您好，谢", "", "您好，谢谢您", "谢您"],
    ["repeats a word of two Chinese characters", "您的包裹正在", "", "正在路上。", "路上。"],
    ["continues in kana that the reply ends in", "確認しました", "", "たので", "たので"],
    ["says a word once more that was said twice already", "No, no,", " ", "no, that is wrong", " no, that is wrong"],
    ["says a doubled word of any kind once more", "Row, row,", " ", "row your boat", " row your boat"],
    ["continues with a name in capitals", "He works for", " ", "The New York Times", " The New York Times"],
    ["follows white space", "Hello.\n", "", " Next", "Next"],
    ["follows nothing but white space", " \n", "", " Next", "Next"]
  ]
  for (const [name, spoken, gap, next, said] of cases) {
    it(`a text that ${name}`, () => {
      assert.strictEqual(Seam.join(spoken, gap)(next, true), said)
    })
  }

  it("waits while the text only repeats, and decides at the first new word", () => {
    const join = Seam.join(fox, " ")
    assert.isUndefined(join("The", false))
    assert.isUndefined(join("The quick brown", false))
    assert.strictEqual(join("The quick brown fox", false), "")
    assert.isUndefined(join("The quick red", false))
    assert.strictEqual(join("The quick red fox jumps over it", false), " jumps over it")
  })

  it("waits for the longer of two possible overlaps", () => {
    const join = Seam.join("no way, no", " ")
    assert.isUndefined(join("no", false))
    assert.strictEqual(join("no way, no chance", false), " chance")
    assert.strictEqual(join("no chance", false), " chance")
  })

  it("decides at once if nothing is repeated", () => {
    assert.strictEqual(Seam.join(fox, " ")("jumps", false), " jumps")
  })

  const anew = (text: string) => Seam.defaultBridge + text
  const booking = "Sure, I can help. I can book you a table at"
  const realistic: ReadonlyArray<readonly [name: string, spoken: string, next: string, said: string]> = [
    // Begun again behind a remark.
    ["says sure and starts over", fox, "Sure! The quick brown fox jumps", " jumps"],
    ["says of course and starts over", fox, "Of course. The quick brown fox jumps", " jumps"],
    ["says what it was saying", fox, "As I was saying, the quick brown fox jumps", " jumps"],
    ["announces that it continues", fox, "Continuing: the quick brown fox jumps", " jumps"],
    ["announces the rest", fox, "Here is the rest: jumps over", " jumps over"],
    ["apologizes and goes on", fox, "Sorry about that. jumps over", " jumps over"],
    ["announces it and goes on", fox, "Continuing - jumps over", " jumps over"],
    ["was cut off, and goes on", "It is on Tuesday the", "Sorry, I was cut off there — the 14th.", " 14th."],
    ["finishes its thought", fox, "Let me finish that thought. The quick brown fox jumps", " jumps"],
    [
      "starts over after a sentence in German",
      "Ihr Termin ist am Dienstag, dem",
      "Entschuldigung, ich wurde unterbrochen. Ihr Termin ist am Dienstag, dem 14. Mai.",
      " 14. Mai."
    ],
    [
      "starts over after a sentence in Spanish",
      "Su cita es el martes",
      "Perdón, se cortó. Continúo: su cita es el martes 14.",
      " 14."
    ],
    [
      "starts over after a remark with a space before its mark",
      "Votre rendez-vous est le",
      "Je continue : votre rendez-vous est le 14 mai.",
      " 14 mai."
    ],
    [
      "goes on in German with an early mark",
      "Wir haben Äpfel, Birnen",
      "Kirschen, Pflaumen und Quitten.",
      " Kirschen, Pflaumen und Quitten."
    ],
    ["starts over after a remark on the sentence", booking, "Okay, I can book you a table at eight.", " eight."],
    // Begun again with a change.
    ["contracts", "I am going to", "I'm going to the shop", " the shop"],
    ["writes a contraction out", "I'm going to", "I am going to the shop", " the shop"],
    ["writes a number as a digit", "Your table is booked for eight", "Your table is booked for 8 o'clock", " o'clock"],
    ["writes a digit as a number", "That is 3 of them", "That is three of them left", " left"],
    ["leaves a word out", "I can certainly book you a", "I can book you a table", " table"],
    ["adds a word", "I can book you a", "I can certainly book you a table", " table"],
    ["replaces a word", "I can reserve you a", "I can book you a table", " table"],
    ["starts the last sentence over", booking, "I can book you a table at eight.", " eight."],
    ["starts the last sentence over with a change", booking, "I could book you a table at eight.", " eight."],
    ["quotes the whole", fox, '"The quick brown fox jumps', " jumps"],
    // Said in other words.
    ["paraphrases", booking, "A table could be reserved for eight.", anew("A table could be reserved for eight.")],
    [
      "paraphrases with the same subject",
      booking,
      "I have a place for you at eight.",
      anew("I have a place for you at eight.")
    ],
    ["paraphrases behind a remark", booking, "Sure! We could do eight.", anew("We could do eight.")],
    [
      "says the same thing in a sentence of its own",
      "Luigi has a table free at",
      "Luigi will keep the table until nine.",
      anew("Luigi will keep the table until nine.")
    ],
    ["begins with a contraction", "That is a great", "That's a good question.", anew("That's a good question.")],
    [
      "begins a list over with the words before the colon",
      "I found three restaurants: Luigi's,",
      "I found three: Luigi's, Mario's, and Peach's.",
      " Mario's, and Peach's."
    ],
    ["says in brackets that nothing follows", "I'll transfer you now.", "(No further text.)", ""],
    ["goes on behind a colon", "Here is what I found for you:", "Luigi's and Mario's.", " Luigi's and Mario's."],
    [
      "begins over with the word that was spoken last",
      "Der Arzt war in der Praxis an der",
      "Der Arzt ist in der Praxis am Markt.",
      "… Der Arzt ist in der Praxis am Markt."
    ],
    [
      "begins over in German, whose small words look English",
      "Ihr Termin ist am",
      "Ihr Termin ist Dienstag um drei.",
      "… Ihr Termin ist Dienstag um drei."
    ],
    [
      "repeats all but the end",
      "I can book you a table at",
      "I can book you a table for eight people tonight.",
      anew("I can book you a table for eight people tonight.")
    ],
    ["says something else of the last word", "I can offer you", "You can have a room.", anew("You can have a room.")],
    [
      "apologizes for the cut and says it anew",
      "I can offer you",
      "Apologies for the cut-off. A room is free.",
      anew("A room is free.")
    ],
    // A remark of a sentence or two before the sentence begins again.
    ...[
      "Let me try again.",
      "Where were we? Ah yes.",
      "It looks like my message got cut off.",
      "I see that my message was incomplete.",
      "I'd be more than happy to help you with that today!",
      "Apologies for the cut-off."
    ].map((remark): readonly [string, string, string, string] => [
      "makes a remark and starts over",
      "I can offer you",
      `${remark} I can offer you a room.`,
      " a room."
    ]),
    ...[
      "Continue:",
      "Picking up from there:",
      "Continuing from where we left off:",
      "To continue where I left off:",
      "Sure, here you go:",
      "The message continues:",
      "Looks like I was cut off."
    ].map((remark): readonly [string, string, string, string] => [
      "makes a remark and goes on",
      "I can offer you",
      `${remark} a room.`,
      " a room."
    ]),
    // Nothing left to say.
    ["has nothing more to add", "All done.", "I have nothing more to add.", ""],
    ["notes the end", "All done.", "(end of message)", ""],
    ["notes that there is no more", "All done.", "(no continuation needed)", ""],
    ["says that nothing is needed", "All done.", "No continuation is needed.", ""],
    ["believes that it was complete", "All done.", "It seems that my previous message was complete.", ""],
    [
      "is about something else that is complete",
      "It is sent.",
      "Your message was sent and the booking is complete.",
      " Your message was sent and the booking is complete."
    ],
    [
      "says that there is no more of something",
      "It costs ten euros.",
      "There is no further charge.",
      " There is no further charge."
    ],
    ["says in brackets that it was complete", "All done", "(The message was already complete.)", ""],
    ["says that it was complete", "All done", "The message was already complete.", ""],
    ["says that it was complete, and goes on", fox, "(My message was already complete.) jumps", " jumps"],
    ["has nothing to add", "All done", "There is nothing to add.", ""],
    ["notes that it continues", fox, "[continued] jumps over", " jumps over"],
    ["announces it twice", fox, "Of course! Here's the continuation: jumps over", " jumps over"],
    ["announces it at length", fox, "Here is the continuation of the message:\n\njumps over", " jumps over"],
    ["names its role", fox, "Assistant: jumps over", " jumps over"],
    ["is a line with a name", "It comes on", "\nTuesday morning.", " Tuesday morning."],
    ["is a line", fox, "\njumps over", " jumps over"],
    // Names and other capitalised words continue a sentence.
    ["goes on with a name", "My name is", "Anna.", " Anna."],
    [
      "goes on with a long name",
      "You are talking to",
      "Anna Berg from the front desk, hello",
      " Anna Berg from the front desk, hello"
    ],
    ["goes on with I", "And then", "I will call you", " I will call you"],
    ["begins the next sentence", "That is booked.", "Is there anything else?", " Is there anything else?"],
    [
      "begins the next sentence with the same word",
      "I booked it.",
      "I will send a message.",
      " I will send a message."
    ],
    ["starts a whole sentence over", "How can I help?", "How can I help you? I am here.", " I am here."],
    // Digits and words that are said twice.
    ["says a number again in words", "The number is 5 5 5", "The number is five five five one two", " one two"],
    ["goes on with digits in words", "Call zero eight zero", "eight zero zero one", " eight zero zero one"],
    ["repeats digits in words", "Call oh eight", "oh eight one", " one"],
    ["writes accents in another way", "Das ist café", "Das ist cafe\u0301 dort", " dort"],
    ["begins a number again", "The number is 5 5 5", "5 5 5 1 2 1 2", " 1 2 1 2"],
    ["goes on with a number", "The number is 5 5 5", "1 2 1 2", " 1 2 1 2"],
    ["says the sentence of a number again", "The number is 5 5 5", "The number is 5 5 5 1 2 1 2", " 1 2 1 2"],
    ["goes on with the same digit", "It is 5 5", "5 1 2", " 5 1 2"],
    ["spells on", "That is A N N", "A B E R G", " A B E R G"],
    ["says very twice", "It was very,", "very good", " very good"],
    ["says really twice", "It is really", "really far", " really far"],
    ["says a number in words twice", "It is five", "five two", " five two"],
    ["repeats a word that is not doubled", "It was a lovely,", "lovely day", " day"],
    ["knocks twice", "Knock,", "knock! Who is there?", " knock! Who is there?"],
    ["repeats a long number", "Your code is 442", "442 779", " 779"],
    ["repeats an amount", "That is $12.50", "$12.50 with tax", " with tax"],
    ["repeats a time", "We open at 9:30", "9:30 tomorrow", " tomorrow"],
    ["repeats a number that counts something", "I have 2", "2 tickets left", " tickets left"],
    ["goes on with a digit after the same one", "The PIN is 1", "1 2 3", " 1 2 3"],
    ["spells on with the same digit", "The code is 4 4 2", "2 7 9", " 2 7 9"],
    ["repeats the last number of a count", "The lines are 1, 2, 3,", "3, 4 and 5", " 4 and 5"],
    ["goes on counting", "The lines are 1, 2, 3,", "4 and 5", " 4 and 5"],
    ["repeats an emoji", "Great 👍", "👍 see you", " see you"],
    ["opens a list's next point", "We have:\n1. Pizza\n2.", "Pasta", " Pasta"],
    ["starts a list over", "We have:\n1. Pizza\n2.", "We have:\n1. Pizza\n2. Pasta", " Pasta"],
    ["starts over in Markdown", "**Hello** and", "**Hello** and welcome", " welcome"],
    // More remarks.
    [
      "apologizes in a sentence and starts over",
      fox,
      "I apologize for the interruption. The quick brown fox jumps",
      " jumps"
    ],
    ["apologizes in a sentence and goes on", fox, "I apologize for the interruption. jumps over", " jumps over"],
    ["apologizes twice", fox, "Sorry, I got cut off. The quick brown fox jumps", " jumps"],
    ["says where it continues", fox, "Certainly, continuing where I left off: jumps over", " jumps over"],
    ["says that it will continue", fox, "I'll continue: jumps over", " jumps over"],
    ["announces the rest of the sentence", fox, "Here's the rest of the sentence: jumps over", " jumps over"],
    ["announces the whole message", fox, "Sure! Here is the complete message: The quick brown fox jumps", " jumps"],
    ["praises the question", fox, "Great question! The quick brown fox jumps", " jumps"],
    ["thanks for the patience", fox, "Thank you for your patience. The quick brown fox jumps", " jumps"],
    [
      "thanks for the patience after a whole sentence",
      "It is booked.",
      "Thank you for your patience.",
      " Thank you for your patience."
    ],
    // Elsewhere.
    ["agrees in German", "Ich habe einen Tisch um", "Natürlich! Ich habe einen Tisch um acht.", " acht."],
    ["agrees in French", "Je peux réserver une", "Bien sûr, je peux réserver une table", " table"],
    ["agrees in Russian", "Я могу забронировать стол на", "Конечно! Я могу забронировать стол на восемь", " восемь"],
    ["repeats in Arabic", "يمكنني حجز طاولة في", "في الثامنة", " الثامنة"],
    ["agrees in Arabic", "سأحجز لك طاولة", "بالتأكيد، سأحجز لك طاولة لشخصين", " لشخصين"],
    ["repeats in Hebrew", "אני יכול להזמין שולחן", "שולחן לשמונה", " לשמונה"],
    ["repeats in Hindi", "मैं आपके लिए", "आपके लिए टेबल", " टेबल"],
    ["agrees in Korean", "자리를 예약할 수", "물론입니다. 자리를 예약할 수 있습니다", " 있습니다"]
  ]
  for (const [name, spoken, next, said] of realistic) {
    it(`a text that ${name}: ${next.slice(0, 30)}`, () => {
      assert.strictEqual(Seam.join(spoken, " ")(next, true), said)
      // Any decision made while the text is still arriving is the same one.
      const join = Seam.join(spoken, " ")
      for (let end = 1; end < next.length; end++) {
        if (!/\s/.test(next[end]!)) continue
        const early = join(next.slice(0, end), false)
        if (early === undefined) continue
        assert.strictEqual(String(early) + next.slice(end), said, `after ${JSON.stringify(next.slice(0, end))}`)
        break
      }
    })
  }

  const unspaced: ReadonlyArray<readonly [spoken: string, next: string, said: string]> = [
    ["我可以为您预订", "当然！我可以为您预订八点", "八点"],
    ["我可以为您预订", "抱歉，八点的桌子", "八点的桌子"],
    ["八時に予約を", "はい、八時に予約を承りました", "承りました"],
    ["お電話番号は０３", "０３の", "の"],
    ["番号是五五", "五五一二", "一二"],
    ["番号是五五", "五一二", "五一二"],
    ["这个非常非常", "非常好", "好"]
  ]
  for (const [spoken, next, said] of unspaced) {
    it(`a text without spaces: ${spoken} ${next}`, () => {
      assert.strictEqual(Seam.join(spoken, "")(next, true), said)
    })
  }

  it("finds the end of a long reply that is begun over", () => {
    const long = Array.from({ length: 300 }, (_, n) => `word${n} and thing${n * 7}`).join(" ")
    const join = Seam.join(long, " ")
    const next = `${long} and the rest.`
    for (const words of [1, 3, 200, 700]) {
      assert.isUndefined(join(next.split(" ").slice(0, words).join(" "), false))
    }
    assert.strictEqual(join(next, false), " and the rest.")
    assert.strictEqual(Seam.join(long, " ")(long.slice(0, 900), true), "")
    assert.strictEqual(Seam.join(long, " ")("word0 and something else", true), " word0 and something else")
  })

  it("recognises a model that refuses to continue", () => {
    for (const text of [
      "I'm sorry, but I can't continue that message.",
      "Unfortunately I cannot finish the previous sentence without more context.",
      "I am not able to assist with that.",
      "I don't see a previous message to continue. How can I help?",
      "Sorry, I don't know what to continue.",
      "Could you provide the message that you want me to continue?",
      "It looks like you want me to continue, but there is no message."
    ]) {
      assert.strictEqual(Seam.join(fox, " ")(text, true), Seam.declined, text)
    }
  })

  it("repeats the sentence without a bridge if the bridge would be in the wrong language", () => {
    const said = String(
      Seam.join("Я могу забронировать вам стол на", " ")("Я забронирую столик на восемь вечера.", true)
    )
    assert.notInclude(said, "sorry")
    assert.include(said, "Я забронирую")
  })

  it("takes time in proportion to the length of the texts", () => {
    for (const unit of ["no ", "5 ", "( ", "I can ", "sorry ", "A. ", "the message ", "“"]) {
      const text = unit.repeat(20_000)
      const join = Seam.join(text, " ")
      join(text, false)
      join(text, true)
    }
  })

  it("drops a text that ends within its repetition", () => {
    assert.strictEqual(Seam.join(fox, " ")("The quick", true), "")
    assert.strictEqual(Seam.join(fox, " ")("quick brown", true), "")
  })

  it("says nothing if nothing came", () => {
    assert.strictEqual(Seam.join(fox, " ")("", true), "")
    assert.strictEqual(Seam.join(fox, " ")("…", true), "")
  })
})
