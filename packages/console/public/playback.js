/**
 * The voice of the page: takes the text of an agent as it streams in, and speaks it word by word.
 *
 * A word is reported when it has been spoken, never before. `cut` stops at once and drops what was not said yet, except
 * for text that cannot be interrupted.
 */

/** Words a minute at which the page speaks. */
const wordsPerMinute = 170
/** How long an unfinished word or sentence waits for its rest, in milliseconds. */
const patience = 700
/** How long nothing is left to say before the speech has ended, in milliseconds. */
const silence = 300

// Scripts without spaces between words are spoken a character at a time.
const unspaced =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}"
const word = new RegExp(`[${unspaced}][^\\s\\p{L}\\p{N}]*\\s*|[^\\s${unspaced}]+\\s*|\\s+`, "gu")

const sentenceEnd = /[.!?…。！？]["'”’)\]]*\s*$/u

/** Splits text into words, each with the white space behind it. Joined, they are the text. */
export const splitWords = (text) => text.match(word) ?? []

/** How long a word takes at a normal pace, in milliseconds: by its length, with a breath after a sentence. */
export const duration = (text) => {
  const solid = text.trim()
  if (solid === "") return 0
  const letters = Math.max(1, solid.replace(/[^\p{L}\p{N}]/gu, "").length)
  const breath = sentenceEnd.test(solid) ? 0.9 : /[,;:–—、，]["'”’)\]]*$/u.test(solid) ? 0.35 : 0
  return (60000 / wordsPerMinute) * (Math.min(2, 0.59 + 0.09 * letters) + breath)
}

/** Speaks by the clock alone, a word at a time. */
export const clockSpeaker = (rate) => ({
  take: () => 1,
  speak: ([only], { begin, done, end }) => {
    begin(0)
    const timer = setTimeout(
      () => {
        done(0)
        end()
      },
      duration(only.text) / rate
    )
    return () => clearTimeout(timer)
  }
})

/** Speaks with the browser's voice, a sentence at a time. Falls back to the clock where the voice does not start. */
export const voiceSpeaker = (rate, { language, onFailure }) => {
  const clock = clockSpeaker(rate)
  return {
    take: (words, complete) => {
      const end = words.findIndex(({ text }) => sentenceEnd.test(text))
      return end >= 0 ? end + 1 : complete || words.length > 40 ? words.length : 0
    },
    speak: (words, { begin, done, end }) => {
      const speech = new SpeechSynthesisUtterance(words.map(({ text }) => text).join(""))
      const starts = []
      words.reduce((offset, { text }) => (starts.push(offset), offset + text.length), 0)
      speech.rate = Math.min(2, Math.max(0.5, rate))
      if (language() !== undefined) speech.lang = language()
      let at = -1
      let bounded = false
      let over = false
      let timer
      const reach = (index) => {
        for (; at < index; at++) {
          if (at >= 0) done(at)
          begin(at + 1)
        }
      }
      // Not every voice tells where it is. Until it does, the clock says, and waits with the last word.
      const guess = () => {
        if (over || bounded || at + 1 >= words.length) return
        reach(at + 1)
        timer = setTimeout(guess, duration(words[at].text) / speech.rate)
      }
      const finish = () => {
        if (over) return
        over = true
        clearTimeout(timer)
        reach(words.length - 1)
        done(at)
        end()
      }
      let stop = () => {
        over = true
        clearTimeout(timer)
        speechSynthesis.cancel()
      }
      const fail = () => {
        if (over) return
        stop()
        onFailure()
        const rest = words.slice(Math.max(0, at))
        const next = (index) => {
          if (index >= rest.length) return end()
          const shift = index + Math.max(0, at)
          stop = clock.speak([rest[index]], {
            begin: () => begin(shift),
            done: () => done(shift),
            end: () => next(index + 1)
          })
        }
        next(0)
      }
      speech.onstart = () => {
        clearTimeout(timer)
        guess()
      }
      speech.onboundary = ({ charIndex, name }) => {
        if (over || name === "sentence") return
        bounded = true
        clearTimeout(timer)
        reach(
          Math.max(
            at,
            starts.findLastIndex((start) => start <= charIndex)
          )
        )
      }
      speech.onend = finish
      speech.onerror = fail
      timer = setTimeout(fail, 2500)
      speechSynthesis.speak(speech)
      return () => stop()
    }
  }
}

/**
 * Makes a playback. It tells `started` and `ended` at the edges of speech, and of each word `queued`, `begun`, `spoken`
 * or `dropped`. A word is `{ text, interruptible, id }`, the same object each time.
 */
export const makePlayback = ({ on, speaker }) => {
  let queue = []
  let tail = ""
  let tailOf
  let current
  let speaking = false
  let timer

  const add = (text) => {
    const added = { text, interruptible: tailOf.interruptible, id: tailOf.id }
    queue.push(added)
    on.queued(added)
  }
  const flush = () => {
    const rest = tail
    tail = ""
    for (const text of splitWords(rest)) add(text)
  }

  const stopped = () => {
    clearTimeout(timer)
    if (!speaking) return
    speaking = false
    on.ended()
  }

  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        flush()
        if (queue.length > 0) next(true)
        else stopped()
      },
      queue.length > 0 || tail !== "" ? patience : silence
    )
  }

  const next = (complete = false) => {
    if (current !== undefined) return
    const other = queue.findIndex(
      ({ id, interruptible }) => id !== queue[0].id || interruptible !== queue[0].interruptible
    )
    const stretch = other < 0 ? queue : queue.slice(0, other)
    const voice = speaker()
    const count = stretch.length === 0 ? 0 : voice.take(stretch, complete || other > 0)
    if (count === 0) return wait()
    clearTimeout(timer)
    if (!speaking) {
      speaking = true
      on.started()
    }
    const words = queue.splice(0, count)
    const batch = { words, spoken: 0, stop: undefined }
    current = batch
    const stop = voice.speak(words, {
      begin: (index) => on.begun(words[index]),
      done: (index) => {
        batch.spoken = index + 1
        on.spoken(words[index])
      },
      end: () => {
        if (current !== batch) return
        current = undefined
        next()
      }
    })
    batch.stop = stop
  }

  return {
    /** Adds text that is to be spoken. */
    say: (text, { id, interruptible }) => {
      if (tailOf !== undefined && (tailOf.id !== id || tailOf.interruptible !== interruptible)) flush()
      tailOf = { id, interruptible }
      const words = splitWords(tail + text)
      // The last word may go on in the next piece, unless it ends a sentence.
      const open = words.length > 0 && !/\s$/.test(words.at(-1)) && !sentenceEnd.test(words.at(-1))
      tail = open ? words.pop() : ""
      for (const added of words) add(added)
      if (current === undefined) next()
    },
    /** Says that no more text comes for now, so that nothing is waited for. */
    flush: () => {
      flush()
      if (current === undefined && queue.length > 0) next(true)
      else if (current === undefined) stopped()
    },
    /** Stops speaking and drops what is left. Text that cannot be interrupted goes on, unless `all` is to stop. */
    cut: ({ all = false } = {}) => {
      flush()
      const firm = (item) => !all && !item.interruptible
      const left = queue
      queue = left.filter(firm)
      if (current !== undefined && !firm(current.words[0])) {
        const { spoken, stop, words } = current
        current = undefined
        stop()
        for (const item of words.slice(spoken)) on.dropped(item)
      }
      for (const item of left) if (!firm(item)) on.dropped(item)
      if (current === undefined && queue.length > 0) next(true)
      else if (current === undefined) stopped()
    },
    isSpeaking: () => speaking,
    /** Whether anything is being spoken, or waits for it. */
    isBusy: () => speaking || queue.length > 0 || tail !== ""
  }
}
