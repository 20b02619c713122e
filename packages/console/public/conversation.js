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
  /** The answer to each event that still gets words, and those of which words may still be spoken. */
  let answers = new Map()
  let open = new Set()
  let spans = new WeakMap()
  let calls = new Map()
  let speaker = "Agent"
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
    return item
  }

  const answerOf = (id) => {
    const known = answers.get(id)
    if (known !== undefined) return known
    const { body, item } = line("agent", speaker)
    const text = element("p", "words")
    const outcome = element("p", "outcome")
    body.append(text, outcome)
    const answer = { item, text, outcome, total: 0, spoken: 0, dropped: 0, firm: false, closed: false }
    answers.set(id, answer)
    open.add(answer)
    follow(item)
    return answer
  }

  const tell = (answer) => {
    const { dropped, spoken, total } = answer
    const isOpen = open.has(answer)
    answer.item.dataset.state = isOpen ? "speaking" : dropped > 0 ? "cut" : "heard"
    answer.outcome.textContent = isOpen
      ? ""
      : dropped > 0
        ? `Stopped. ${spoken} of ${total} words were spoken.`
        : `Heard to the end, ${total} ${total === 1 ? "word" : "words"}.`
  }

  const set = (word, state) => {
    const shown = spans.get(word)
    if (shown === undefined) return undefined
    shown.span.dataset.state = state
    return shown
  }
  const settle = (answer) => {
    open.delete(answer)
    tell(answer)
  }
  const isDone = ({ closed, dropped, spoken, total }) => closed && spoken + dropped === total
  /** What is said from now on, about whatever, stands below. */
  const close = () => {
    for (const answer of answers.values()) {
      answer.closed = true
      if (isDone(answer)) settle(answer)
    }
    answers = new Map()
  }

  return {
    clear: () => {
      answers = new Map()
      open = new Set()
      spans = new WeakMap()
      calls = new Map()
      speaker = "Agent"
      list.replaceChildren()
      scrolledAt = -Infinity
    },
    note,
    /** Names who speaks from now on. */
    speaks: (name) => {
      speaker = name
    },
    /** Shows a tool that was called, and what it gave: in one note, unless the talk has gone on meanwhile. */
    tool: (id, shown, result) => {
      close()
      if (result === null) {
        calls.set(id, note(`${shown} …`, "tool"))
        return
      }
      const text = result === "success" ? `${shown} ✓` : `${shown} → ${result}`
      const called = calls.get(id)
      calls.delete(id)
      let later = called
      while (later !== undefined && later !== null && !later.classList.contains("caller"))
        later = later.nextElementSibling
      if (called === undefined || later !== null) return note(text, "tool")
      called.textContent = text
      follow(called)
    },
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
      spans.set(word, { span, answer })
      answer.total++
      open.add(answer)
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
      if (isDone(shown.answer)) settle(shown.answer)
    },
    dropped: (word) => {
      const shown = set(word, "dropped")
      if (shown === undefined) return
      shown.answer.dropped++
      if (isDone(shown.answer)) settle(shown.answer)
    },
    /** Sums up, once nothing is being spoken. */
    settled: () => {
      for (const answer of open) settle(answer)
    }
  }
}
