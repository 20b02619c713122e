/** The transcript: what the agent said against what was spoken, and what the caller did. */

/** Writes a number of milliseconds as minutes and seconds. */
export const formatTime = (ms) =>
  `${Math.floor(ms / 60000)}:${String(Math.floor((ms % 60000) / 1000)).padStart(2, "0")}`

const element = (name, className, text) => {
  const made = document.createElement(name)
  if (className !== undefined) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** How long the reader's own scrolling is left alone, in milliseconds. */
const handsOff = 4000

/** Makes the transcript in a list. `pane` is what scrolls, `now` the time since the call began. */
export const makeConversation = ({ list, now, pane }) => {
  let answers = new Map()
  let spans = new WeakMap()
  let scrolledAt = -Infinity

  for (const type of ["wheel", "touchmove", "keydown"]) {
    pane.addEventListener(type, () => (scrolledAt = performance.now()), { passive: true })
  }
  const follow = (target) => {
    if (performance.now() - scrolledAt < handsOff) return
    const { bottom, top } = target.getBoundingClientRect()
    const frame = pane.getBoundingClientRect()
    const margin = Math.min(96, frame.height / 4)
    if (bottom > frame.bottom - margin) pane.scrollTop += bottom - frame.bottom + margin
    else if (top < frame.top) pane.scrollTop -= frame.top - top + margin
  }

  const line = (kind, who) => {
    const item = element("li", `line ${kind}`)
    const head = element("div", "who")
    head.append(element("span", "name", who), element("time", undefined, formatTime(now())))
    const body = element("div", "said")
    item.append(head, body)
    list.append(item)
    return { item, body }
  }

  const note = (text, kind = "") => {
    const item = element("li", `note ${kind}`, text)
    list.append(item)
    follow(item)
  }

  const answerOf = (id) => {
    const known = answers.get(id)
    if (known !== undefined) return known
    const { body, item } = line("agent", "Agent")
    const text = element("p", "words")
    const outcome = element("p", "outcome")
    body.append(text, outcome)
    const answer = { item, text, outcome, total: 0, spoken: 0, dropped: 0, firm: false, open: true }
    answers.set(id, answer)
    follow(item)
    return answer
  }

  const tell = (answer) => {
    const { dropped, open, spoken, total } = answer
    answer.item.dataset.state = open ? "speaking" : dropped > 0 ? "cut" : "heard"
    answer.outcome.textContent = open
      ? ""
      : dropped > 0
        ? `Stopped. ${spoken} of ${total} words were spoken.`
        : `Heard to the end, ${total} ${total === 1 ? "word" : "words"}.`
  }

  const set = (word, state) => {
    const span = spans.get(word)
    const answer = answers.get(word.id)
    if (span === undefined || answer === undefined) return undefined
    span.dataset.state = state
    return { span, answer }
  }

  return {
    clear: () => {
      answers = new Map()
      spans = new WeakMap()
      list.replaceChildren()
      scrolledAt = -Infinity
    },
    note,
    caller: (text) => {
      const { body, item } = line("caller", "You")
      body.append(element("p", text === "" ? "words silent" : "words", text === "" ? "(no words)" : text))
      scrolledAt = -Infinity
      follow(item)
    },
    queued: (word) => {
      const answer = answerOf(word.id)
      if (!word.interruptible && !answer.firm) answer.text.append(element("span", "firm-mark", "cannot be interrupted"))
      answer.firm = !word.interruptible
      // The space behind a word belongs to its line of text, and not to its highlight.
      const solid = word.text.trimEnd()
      if (solid === "") return answer.text.append(word.text)
      const span = element("span", "word")
      span.append(element("span", undefined, solid), word.text.slice(solid.length))
      span.dataset.state = "waiting"
      if (!word.interruptible) span.dataset.firm = ""
      answer.text.append(span)
      spans.set(word, span)
      answer.total++
      answer.open = true
      tell(answer)
    },
    begun: (word) => {
      const shown = set(word, "now")
      if (shown !== undefined) follow(shown.span)
    },
    spoken: (word) => {
      const shown = set(word, "spoken")
      if (shown === undefined) return
      shown.answer.spoken++
    },
    dropped: (word) => {
      const shown = set(word, "dropped")
      if (shown === undefined) return
      shown.answer.dropped++
    },
    /** Sums up, once nothing is being spoken. */
    settled: () => {
      for (const answer of answers.values()) {
        if (!answer.open) continue
        answer.open = false
        tell(answer)
      }
    }
  }
}
