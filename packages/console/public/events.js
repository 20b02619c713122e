/** The running list of messages in both directions, with the time of each since the call began. */

/** How many messages are kept. */
const limit = 3000

const kindOf = (direction, type) =>
  type === "agent_speech"
    ? "acks"
    : type === "user_state" || type === "agent_state"
      ? "states"
      : type === "message"
        ? "text"
        : "rest"

const asText = (value) => (value === undefined || typeof value === "string" ? value : JSON.stringify(value))

const summary = (message, text) => {
  if (message === undefined) return text
  const { call_id, content, value, button, name, reason, target_phone_number, event, interruptible, metadata, result } =
    message
  const arg = message.arguments
  const parts = [
    content !== undefined ? JSON.stringify(content) : undefined,
    name,
    typeof value === "number" ? String(Math.round(value * 100) / 100) : asText(value),
    button,
    arg !== undefined ? JSON.stringify(arg) : undefined,
    result === undefined || result === null ? undefined : `→ ${result}`,
    reason,
    target_phone_number,
    event,
    call_id,
    message.type === "custom" ? JSON.stringify(metadata) : undefined,
    interruptible === false ? "not interruptible" : undefined
  ]
  return parts.filter((part) => part !== undefined).join(" ")
}

/** Messages that are pieces of one thing share a row: the text of a reply, and what was spoken of it. */
const groupOf = (direction, type, message) =>
  type === "message" && direction === "in"
    ? `text ${message.responding_to ?? ""}`
    : type === "agent_speech"
      ? "spoken"
      : undefined

/** Makes the list. The filters are check boxes with a `data-kind`; `search` is a field, whose words a row must have. */
export const makeEvents = ({ count, counts, filters, rows, search }) => {
  let total = 0
  let active
  let stuck = true
  const perKind = {}
  /** What each row holds, and the rows that still grow. */
  const held = new WeakMap()
  let growing = new Map()

  for (const box of filters) {
    const apply = () => rows.classList.toggle(`without-${box.dataset.kind}`, !box.checked)
    box.addEventListener("change", () => {
      apply()
      if (stuck) rows.scrollTop = rows.scrollHeight
    })
    apply()
  }
  rows.addEventListener("scroll", () => {
    stuck = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 48
  })

  const matches = (row) => {
    const words = search.value.trim().toLowerCase()
    return words === "" || held.get(row).messages.some(({ text }) => text.toLowerCase().includes(words))
  }
  search.addEventListener("input", () => {
    for (const row of rows.children) row.hidden = !matches(row)
    if (stuck) rows.scrollTop = rows.scrollHeight
  })

  const tell = () => {
    count.textContent = String(total)
    for (const [kind, label] of Object.entries(counts))
      label.textContent = perKind[kind] > 0 ? String(perKind[kind]) : ""
  }
  const activate = (row) => {
    active?.classList.remove("active")
    active?.setAttribute("aria-selected", "false")
    active = row
    if (row === undefined) return rows.removeAttribute("aria-activedescendant")
    row.classList.add("active")
    row.setAttribute("aria-selected", "true")
    rows.setAttribute("aria-activedescendant", row.id)
    row.scrollIntoView({ block: "nearest" })
  }
  const unfold = (row) => {
    row.classList.toggle("unfolded")
    row.scrollIntoView({ block: "nearest" })
  }
  const visible = () => Array.from(rows.children).filter((row) => row.offsetParent !== null)

  rows.addEventListener("click", ({ target }) => {
    const row = target.closest("li")
    if (row === null || getSelection()?.toString()) return
    activate(row)
    if (!target.classList.contains("type")) return unfold(row)
    // The name of a kind shows that kind alone, and all again.
    const name = `"type":"${target.textContent}"`
    search.value = search.value === name ? "" : name
    search.dispatchEvent(new Event("input"))
  })
  rows.addEventListener("keydown", (event) => {
    const shown = visible()
    const at = shown.indexOf(active)
    const moves = {
      ArrowDown: () => activate(shown[Math.min(shown.length - 1, at + 1)]),
      ArrowUp: () => activate(shown[at < 0 ? shown.length - 1 : Math.max(0, at - 1)]),
      Home: () => activate(shown[0]),
      End: () => activate(shown.at(-1)),
      Enter: () => active !== undefined && unfold(active),
      " ": () => active !== undefined && unfold(active)
    }
    const move = moves[event.key]
    if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    move()
  })

  const cell = (row, name, text) => {
    const made = document.createElement("span")
    made.className = name
    made.textContent = text
    row.append(made)
    return made
  }
  const newRow = (direction, type, kind, isError, at) => {
    const row = document.createElement("li")
    row.id = `event-${total}`
    row.setAttribute("role", "option")
    row.className = `${direction} is-${kind}${isError ? " is-error" : ""}`
    row.setAttribute("aria-selected", "false")
    cell(row, "at", Math.round(at).toLocaleString("en"))
    cell(row, "way", direction === "out" ? "sent" : "received")
    cell(row, "type", type).title = "Show this kind alone"
    held.set(row, { messages: [], what: cell(row, "what", ""), raw: cell(row, "raw", "") })
    rows.append(row)
    return row
  }
  const remove = (row) => {
    if (row === active) activate(undefined)
    row.remove()
  }

  /** The messages of the rows that are shown, a line of JSON each, in the order in which they came. */
  const text = () =>
    visible()
      .flatMap((row) => held.get(row).messages)
      .toSorted((a, b) => a.number - b.number)
      .map(({ at, direction, text }) => JSON.stringify({ at: Math.round(at), direction, message: parsed(text) }))
      .join("\n")

  return {
    add: (direction, message, text, at) => {
      const type = typeof message?.type === "string" ? message.type : "?"
      const kind = kindOf(direction, type)
      total++
      const group = message === undefined ? undefined : groupOf(direction, type, message)
      // What is spoken next, after a pause, is another piece of speech.
      if (type === "agent_state") growing.delete("spoken")
      const known = growing.get(group)
      const row = known ?? newRow(direction, type, kind, type === "error" || message === undefined, at)
      if (group !== undefined) growing.set(group, row)
      const { messages, raw, what } = held.get(row)
      messages.push({ number: total, at, direction, text })
      if (messages.length === 1) {
        what.textContent = summary(message, text)
        raw.textContent = message === undefined ? text : JSON.stringify(message, null, 2)
      } else {
        const contents = messages.map(({ text }) => String(parsed(text)?.content ?? ""))
        what.textContent = `${JSON.stringify(contents.join(type === "message" ? "" : " "))} in ${messages.length}`
        raw.textContent = messages.map(({ at, text }) => `${Math.round(at)}  ${text}`).join("\n")
      }
      perKind[kind] = (perKind[kind] ?? 0) + 1
      row.hidden = !matches(row)
      if (rows.children.length > limit) remove(rows.firstElementChild)
      tell()
      if (stuck) rows.scrollTop = rows.scrollHeight
    },
    text,
    clear: () => {
      total = 0
      growing = new Map()
      for (const kind of Object.keys(perKind)) delete perKind[kind]
      activate(undefined)
      rows.replaceChildren()
      stuck = true
      tell()
    }
  }
}

const parsed = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
