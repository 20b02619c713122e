import { assert, describe, it } from "@effect/vitest"
import * as Chance from "@antiphon/core/testing/Chance"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as Playback from "../src/Playback.ts"

const format = AudioFormat.pcm8000
const time = AudioTime.make
const reports = ["estimate", "position", "marks"] as const

/** Samples whose values show which ones they are. */
const samples = (from: number, count: number): Uint8Array => {
  const values = new Int16Array(count)
  for (let index = 0; index < count; index++) values[index] = from + index
  return new Uint8Array(values.buffer)
}
const numbers = (bytes: Uint8Array): ReadonlyArray<number> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 2 }, (_, index) => view.getInt16(2 * index, true))
}

/** A telephone or a page that plays what it gets, sample after sample, and knows exactly what it has played. */
class Line {
  readonly heard: Array<number> = []
  private queue: Array<{ readonly at: number; readonly values: ReadonlyArray<number>; readonly mark?: string }> = []
  private end = 0
  stream = 0
  played = 0
  marks: Array<string> = []

  take(output: Playback.Output, now: number): void {
    if (output._tag === "Mark") {
      this.queue.push({ at: this.end, values: [], mark: output.name })
      return
    }
    const values = numbers(output.bytes)
    const at = Math.max(this.end, now)
    this.queue.push({ at, values })
    this.end = at + (values.length * 1000) / format.sampleRateHz
  }

  /** Plays until a time. */
  pass(now: number): void {
    while (this.queue.length > 0) {
      const { at, values, mark } = this.queue[0]!
      const count = Math.min(values.length, Math.floor(((now - at) * format.sampleRateHz) / 1000 + 1e-6))
      if (count < 0 || (count === 0 && values.length > 0)) return
      if (mark !== undefined) {
        if (at > now + 1e-6) return
        this.marks.push(mark)
      }
      this.heard.push(...values.slice(0, count))
      this.played += count
      this.queue.shift()
      if (count < values.length) {
        this.queue.unshift({ at: at + (count * 1000) / format.sampleRateHz, values: values.slice(count) })
        return
      }
    }
  }

  /** Drops what was not played, and answers. A carrier also returns the marks. */
  clear(now: number, next: number): { readonly stream: number; readonly samples: number } {
    this.pass(now)
    for (const { mark } of this.queue) if (mark !== undefined) this.marks.push(mark)
    const answer = { stream: this.stream, samples: this.played }
    this.stream = next
    this.queue = []
    this.end = now
    this.played = 0
    return answer
  }
}

interface Truth {
  readonly name: string
  readonly end: number
}

/** A call in which audio is queued, played, paused and cut at random, with a line that knows what it has played. */
const random = (seed: number, report: Playback.Report) => {
  const chance = Chance.make(seed)
  const line = new Line()
  let playback = Playback.make({ format, report, messageMs: seed % 2 === 0 ? 40 : undefined })
  let now = 0
  let next = 0
  let generation = 0
  let reply = 0
  let paused = false
  const words: Array<Truth> = []
  const told: Array<string> = []
  const fixed: Array<readonly [number, number]> = []
  const free: Array<readonly [number, number]> = []
  /** After this many samples heard, no interruptible sample below `before` may be heard. */
  const cuts: Array<{ readonly after: number; readonly before: number }> = []
  const answers: Array<{
    readonly stream: number
    readonly samples: number
    readonly due: number
    readonly isCleared?: boolean
  }> = []
  const tell = ([after, news]: readonly [Playback.Playback, Playback.Heard]) => {
    playback = after
    told.push(...news.words.map((word) => word.text))
  }
  const listen = () => {
    line.pass(now)
    if (report === "position") {
      for (const answer of answers.splice(0)) {
        if (answer.due <= now) tell(Playback.played(playback, answer))
        else answers.push(answer)
      }
      if (chance.chance(0.3)) answers.push({ stream: line.stream, samples: line.played, due: now + chance.int(0, 100) })
    }
    if (report === "marks") for (const mark of line.marks.splice(0)) tell(Playback.marked(playback, mark))
    tell(Playback.heard(playback, time(now)))
  }
  const send = () => {
    const [after, outputs] = Playback.pull(playback, time(now))
    playback = after
    for (const output of outputs) {
      assert.strictEqual(output.generation, generation, "an old generation left")
      assert.strictEqual(output.stream, playback.stream)
      if (output._tag === "Audio") {
        const end = output.at + AudioFormat.durationMs(format, output.bytes.length)
        assert.isAtMost(end, now + 100 + 1e-3, "more than the lead ahead")
      }
      line.take(output, now)
    }
  }
  const clear = () => {
    const answer = line.clear(now, playback.stream)
    if (report === "position") answers.push({ ...answer, due: now + chance.int(0, 200), isCleared: true })
    if (report === "marks") for (const mark of line.marks.splice(0)) tell(Playback.marked(playback, mark))
  }
  const push = () => {
    if (chance.chance(0.4)) reply++
    const count = chance.int(0, 900)
    const interruptible = chance.chance(0.85)
    const isStale = interruptible && generation > 0 && chance.chance(0.1)
    const name = `${reply}.${next}`
    const lengthMs = (count * 1000) / format.sampleRateHz
    const chunkWords = count === 0 ? [] : [{ text: name, start: time(0), end: time(lengthMs) }]
    // Here each chunk is a reply of its own, so that word times count from it.
    playback = Playback.push(playback, {
      generation: isStale ? generation - 1 : generation,
      reply: name,
      bytes: samples(next, count),
      words: chunkWords,
      interruptible
    })
    if (!isStale) {
      if (count > 0) words.push({ name, end: next + count - 1 })
      if (count > 0) (interruptible ? free : fixed).push([next, next + count - 1])
    }
    next += count
  }
  for (let turn = 0; turn < 60; turn++) {
    now += chance.int(1, 60)
    listen()
    const what = chance.next()
    if (what < 0.4) push()
    else if (what < 0.5 && !paused) {
      tell(Playback.pause(playback, time(now)))
      clear()
      paused = true
    } else if (what < 0.7 && paused) {
      playback = Playback.resume(playback, time(now))
      paused = false
    } else if (what < 0.78) {
      generation++
      tell(Playback.cut(playback, time(now), generation))
      clear()
      cuts.push({ after: line.heard.length, before: next })
      paused = false
    }
    send()
  }
  playback = Playback.resume(playback, time(now))
  for (let rest = 0; rest < 900 && !(Playback.isIdle(playback) && answers.length === 0); rest++) {
    now += 20
    listen()
    send()
  }
  now += 1000
  listen()
  return { line, words, told, playback, fixed, free, cuts }
}

describe("Playback", () => {
  for (const report of reports) {
    it(`a line that reports by ${report}: the reported words are those heard`, () => {
      for (let seed = 1; seed <= 400; seed++) {
        const { line, words, told, playback } = random(seed, report)
        const message = `seed ${seed}`
        assert.isTrue(Playback.isIdle(playback), message)
        assert.lengthOf(new Set(told), told.length, `${message}: a word is told twice`)
        const played = new Set(line.heard)
        const truth = words.filter((word) => played.has(word.end)).map((word) => word.name)
        // The audio before a mark that returns with a clear may have been heard: then less is reported than was heard,
        // and never more.
        if (report === "marks") assert.includeMembers(truth, told, message)
        else assert.deepStrictEqual(told.toSorted(), truth.toSorted(), message)
      }
    })

    it(`a line that reports by ${report}: nothing is skipped, and uninterruptible audio is heard`, () => {
      for (let seed = 1; seed <= 150; seed++) {
        const { line, fixed, free, cuts } = random(seed, report)
        const isFree = new Set(
          free.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index))
        )
        for (const { after, before } of cuts) {
          const stale = line.heard.slice(after).find((sample) => sample < before && isFree.has(sample))
          assert.isUndefined(stale, `seed ${seed}: heard after a cut`)
        }
        const played = new Set(line.heard)
        for (const [from, to] of fixed) {
          for (let sample = from; sample <= to; sample++) assert.isTrue(played.has(sample), `seed ${seed}: ${sample}`)
        }
        if (report === "estimate") assert.lengthOf(played, line.heard.length, `seed ${seed}: heard twice`)
      }
    })
  }

  const chunk = (options: Partial<Playback.Chunk> & { readonly bytes: Uint8Array }): Playback.Chunk => ({
    generation: 0,
    reply: "r",
    words: [],
    interruptible: true,
    ...options
  })
  const audio = (outputs: ReadonlyArray<Playback.Output>) =>
    outputs.flatMap((output) => (output._tag === "Audio" ? [numbers(output.bytes)] : []))
  const second = chunk({
    bytes: samples(0, 8000),
    words: [
      { text: "One,", start: time(0), end: time(300), from: 0, to: 4 },
      { text: "two.", start: time(350), end: time(800), from: 5, to: 9 }
    ]
  })

  it("sends full frames of 20 ms, 100 ms ahead", () => {
    const start = Playback.push(Playback.make({ format, report: "estimate" }), second)
    const [after, outputs] = Playback.pull(start, time(0))
    assert.deepStrictEqual(
      audio(outputs).map((frame) => frame.length),
      [160, 160, 160, 160, 160]
    )
    assert.lengthOf(Playback.pull(after, time(10))[1], 0)
    assert.lengthOf(Playback.pull(after, time(20))[1], 1)
  })

  it("sends two frames at a time while some are on their way, within the same lead, and without a gap", () => {
    let playback = Playback.push(Playback.make({ format, report: "marks", messageMs: 40 }), second)
    const sent: Array<number> = []
    let playedTo = 0
    for (let now = 0; now < 1000; now += 20) {
      const [after, outputs] = Playback.pull(playback, time(now))
      playback = after
      sent.push(audio(outputs).length)
      for (const output of outputs) {
        if (output._tag !== "Audio") continue
        assert.strictEqual(output.at, playedTo, "a gap")
        playedTo = output.at + 20
      }
      assert.isAtMost(playedTo, now + 100)
      if (playedTo < 1000) assert.isAtLeast(playedTo, now + 60)
    }
    // The end does not wait for a whole message.
    assert.deepStrictEqual(sent.slice(0, 6), [5, 0, 2, 0, 2, 0])
    assert.strictEqual(
      sent.reduce((sum, frames) => sum + frames),
      50
    )
    assert.strictEqual(playedTo, 1000)
  })

  it("a line that claims to have played more than it was given has played what it was given", () => {
    const words = [
      { text: "one", start: time(0), end: time(60), from: 0, to: 3 },
      { text: "two", start: time(100), end: time(700), from: 4, to: 7 }
    ]
    const start = Playback.push(Playback.make({ format, report: "position" }), { ...second, words })
    const [playing] = Playback.pull(start, time(0))
    const claim = { stream: 0, samples: 999_999, isCleared: true }
    const texts = ([, { words }]: readonly [unknown, Playback.Heard]) => words.map(({ text }) => text)
    assert.deepStrictEqual(texts(Playback.played(playing, claim)), ["one"])
    const [cut] = Playback.cut(playing, time(10), 1)
    assert.deepStrictEqual(texts(Playback.played(cut, claim)), ["one"])
    const [paused] = Playback.pause(playing, time(10))
    const [at, heard] = Playback.played(paused, claim)
    assert.deepStrictEqual(
      heard.words.map(({ text }) => text),
      ["one"]
    )
    // What was not sent is sent when it resumes.
    assert.strictEqual(Playback.bufferedMs(at), 900)
  })

  it("marks with nonsensical names are ignored", () => {
    const start = Playback.push(Playback.make({ format, report: "marks" }), second)
    const [playing] = Playback.pull(start, time(0))
    for (const name of ["", "0", "0.0", "0.0.x", "0.0.NaN", "0.0.Infinity", "0.0.1.5", "a.b.c", "hang-up", "0.9.160"]) {
      assert.isBelow(Playback.marked(playing, name)[0].heard, 2, name)
    }
    assert.strictEqual(Playback.marked(playing, "0.0.160")[0].heard, 160)
  })

  it("does not wait for a whole message after a pause or at the end of the audio", () => {
    const start = Playback.push(Playback.make({ format, report: "position", messageMs: 40 }), second)
    const [playing] = Playback.pull(start, time(0))
    const [paused] = Playback.pause(playing, time(10))
    assert.lengthOf(audio(Playback.pull(Playback.resume(paused, time(30)), time(30))[1]), 5)
    const short = Playback.push(
      Playback.make({ format, report: "position", messageMs: 40 }),
      chunk({ bytes: samples(0, 960) })
    )
    const [after, first] = Playback.pull(short, time(0))
    assert.lengthOf(audio(first), 5)
    assert.lengthOf(audio(Playback.pull(after, time(20))[1]), 1)
  })

  it("joins chunks of odd sizes into frames, and sends the rest if nothing follows", () => {
    let playback = Playback.make({ format, report: "estimate" })
    for (const from of [0, 70, 140]) playback = Playback.push(playback, chunk({ bytes: samples(from, 70) }))
    const [after, outputs] = Playback.pull(playback, time(0))
    assert.deepStrictEqual(audio(outputs), [Array.from({ length: 160 }, (_, index) => index)])
    assert.lengthOf(Playback.pull(after, time(19))[1], 0)
    assert.lengthOf(audio(Playback.pull(after, time(20))[1])[0]!, 50)
  })

  it("does not send a burst to make up for lost time", () => {
    const start = Playback.push(Playback.make({ format, report: "estimate" }), second)
    const [after] = Playback.pull(start, time(0))
    assert.lengthOf(Playback.pull(after, time(5000))[1], 5)
  })

  it("reports words with their place in the text, and when a reply starts to be heard", () => {
    let playback = Playback.push(Playback.make({ format, report: "estimate" }), second)
    for (let now = 0; now <= 300; now += 20) playback = Playback.pull(playback, time(now))[0]
    const [after, first] = Playback.heard(playback, time(1))
    assert.deepStrictEqual(first, { words: [], began: ["r"] })
    assert.deepStrictEqual(Playback.heard(after, time(299.9))[1], { words: [], began: [] })
    assert.deepStrictEqual(Playback.heard(after, time(300))[1], {
      words: [{ text: "One,", reply: "r", from: 0, to: 4 }],
      began: []
    })
  })

  it("accepts words that arrive before their audio, or after it", () => {
    const word = { text: "late", start: time(0), end: time(100) }
    let playback = Playback.push(
      Playback.make({ format, report: "estimate" }),
      chunk({ bytes: samples(0, 400), words: [word] })
    )
    playback = Playback.push(playback, chunk({ bytes: samples(400, 800) }))
    for (let now = 0; now <= 150; now += 10) playback = Playback.pull(playback, time(now))[0]
    assert.deepStrictEqual(
      Playback.heard(playback, time(150))[1].words.map((each) => each.text),
      ["late"]
    )
    const after = Playback.push(
      Playback.heard(playback, time(150))[0],
      chunk({ bytes: new Uint8Array(), words: [{ ...word, text: "later" }] })
    )
    assert.deepStrictEqual(
      Playback.heard(after, time(150))[1].words.map((each) => each.text),
      ["later"]
    )
  })

  it("counts the times of words from the start of their utterance", () => {
    let playback = Playback.make({ format, report: "estimate" })
    for (const utterance of ["a", "b"]) {
      const word = { text: utterance, start: time(0), end: time(100) }
      playback = Playback.push(playback, chunk({ bytes: samples(0, 800), words: [word], utterance }))
    }
    for (let now = 0; now <= 200; now += 10) playback = Playback.pull(playback, time(now))[0]
    const [after, first] = Playback.heard(playback, time(150))
    assert.deepStrictEqual(
      first.words.map((word) => word.text),
      ["a"]
    )
    assert.deepStrictEqual(first.began, ["r"])
    const late = { text: "a2", start: time(50), end: time(99) }
    const more = Playback.push(after, chunk({ bytes: new Uint8Array(), words: [late], utterance: "a" }))
    assert.deepStrictEqual(
      Playback.heard(more, time(150))[1].words.map((word) => word.text),
      ["a2"]
    )
    const [, second] = Playback.heard(after, time(200))
    assert.deepStrictEqual([second.words.map((word) => word.text), second.began], [["b"], []])
  })

  it("counts the times of words across what came between two chunks of their utterance, and across a cut", () => {
    const word = (text: string, end: number) => ({ text, start: time(end - 200), end: time(end) })
    const fixed = (count: number, ...words: ReadonlyArray<Playback.Word>) =>
      chunk({ bytes: samples(0, count), reply: "fixed", interruptible: false, words })
    const told: Array<readonly [number, string]> = []
    const between = (playback: Playback.Playback, from: number, to: number) => {
      let [next, now] = [playback, from]
      for (; now <= to; now += 20) {
        const [after, news] = Playback.heard(Playback.pull(next, time(now))[0], time(now))
        told.push(...news.words.map(({ text }): [number, string] => [now, text]))
        next = after
      }
      return next
    }
    let playback = Playback.push(Playback.make({ format, report: "estimate" }), fixed(1600, word("one", 200)))
    playback = Playback.push(playback, chunk({ bytes: samples(0, 800) }))
    playback = Playback.push(playback, fixed(1600, word("two", 400)))
    playback = between(playback, 0, 240)
    assert.deepStrictEqual(told.splice(0), [[200, "one"]])
    // 60 ms of what can be interrupted are dropped, and the second word moves.
    const [cut, news] = Playback.cut(playback, time(240), 1)
    assert.deepStrictEqual(news.words, [])
    playback = Playback.push(cut, fixed(1600, word("three", 600)))
    between(playback, 240, 1000)
    assert.deepStrictEqual(told, [
      [440, "two"],
      [640, "three"]
    ])
  })

  it("resumes at the exact sample at which it was paused", () => {
    const start = Playback.push(Playback.make({ format, report: "estimate" }), second)
    const [playing] = Playback.pull(start, time(0))
    const [paused] = Playback.pause(playing, time(33))
    assert.lengthOf(Playback.pull(paused, time(100))[1], 0)
    const [, outputs] = Playback.pull(Playback.resume(paused, time(700)), time(700))
    assert.strictEqual(audio(outputs)[0]![0], 264)
  })

  it("resumes at the sample counted by a page", () => {
    const start = Playback.push(Playback.make({ format, report: "position" }), second)
    const [playing] = Playback.pull(start, time(0))
    const [paused] = Playback.pause(playing, time(33))
    const [known] = Playback.played(paused, { stream: 0, samples: 211, isCleared: true })
    assert.strictEqual(audio(Playback.pull(Playback.resume(known, time(700)), time(700))[1])[0]![0], 211)
  })

  it("assumes that a page that does not answer has played as much as it could", () => {
    let playback = Playback.push(Playback.make({ format, report: "position" }), second)
    for (let now = 0; now <= 400; now += 20) playback = Playback.pull(playback, time(now))[0]
    const [cut, before] = Playback.cut(playback, time(400), 1)
    assert.deepStrictEqual(before.words, [])
    assert.deepStrictEqual(Playback.heard(cut, time(899))[1].words, [])
    assert.deepStrictEqual(
      Playback.heard(cut, time(900))[1].words.map((word) => word.text),
      ["One,"]
    )
  })

  it("a cut reports what was heard until then", () => {
    let playback = Playback.push(Playback.make({ format, report: "estimate" }), second)
    for (let now = 0; now <= 400; now += 20) playback = Playback.pull(playback, time(now))[0]
    assert.deepStrictEqual(
      Playback.cut(playback, time(400), 1)[1].words.map((word) => word.text),
      ["One,"]
    )
  })

  it("words a page reports after a cut were heard", () => {
    let playback = Playback.push(Playback.make({ format, report: "position" }), second)
    for (let now = 0; now <= 400; now += 20) playback = Playback.pull(playback, time(now))[0]
    const [cut] = Playback.cut(playback, time(400), 1)
    const [, news] = Playback.played(cut, { stream: 0, samples: 2400 })
    assert.deepStrictEqual(
      news.words.map((word) => word.text),
      ["One,"]
    )
    assert.deepStrictEqual(Playback.played(cut, { stream: 0, samples: 2399 })[1].words, [])
  })

  it("marks a carrier returns with a clear were not heard", () => {
    const playback = Playback.push(Playback.make({ format, report: "marks", leadMs: 1000 }), second)
    const [playing, outputs] = Playback.pull(playback, time(0))
    const names = outputs.flatMap((output) => (output._tag === "Mark" ? [output.name] : []))
    const [cut] = Playback.cut(playing, time(400), 1)
    for (const name of names) assert.deepStrictEqual(Playback.marked(cut, name)[1], { words: [], began: [] })
    assert.deepStrictEqual(names.flatMap((name) => Playback.marked(playing, name)[1].words).length > 0, true)
  })

  it("a mark the carrier loses does not keep a reply open forever", () => {
    let playback = Playback.push(Playback.make({ format, report: "marks" }), second)
    for (let now = 0; now <= 1000; now += 20) playback = Playback.pull(playback, time(now))[0]
    assert.isFalse(Playback.isIdle(Playback.heard(playback, time(2000))[0]))
    assert.isTrue(Playback.isIdle(Playback.heard(playback, time(3000))[0]))
  })

  it("drops audio that arrives too late for a cut", () => {
    const [cut] = Playback.cut(Playback.make({ format, report: "estimate" }), time(0), 1)
    assert.isTrue(Playback.isIdle(Playback.push(cut, second)))
    assert.isFalse(Playback.isIdle(Playback.push(cut, { ...second, generation: 1 })))
  })

  it("ignores unknown marks", () => {
    const playback = Playback.push(Playback.make({ format, report: "marks" }), second)
    assert.deepStrictEqual(Playback.marked(playback, "hello")[1], { words: [], began: [] })
  })

  it("knows how much is buffered, and whether it may be interrupted", () => {
    const start = Playback.push(Playback.make({ format, report: "estimate" }), { ...second, interruptible: false })
    const [playing] = Playback.pull(start, time(0))
    assert.strictEqual(Playback.bufferedMs(playing), 900)
    assert.isFalse(Playback.isInterruptible(playing))
    assert.isUndefined(Playback.isInterruptible(Playback.make({ format, report: "estimate" })))
  })
})
