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

/** Makes the list. The filters are check boxes with a `data-kind`. */
export const makeEvents = ({ count, counts, filters, rows }) => {
  let total = 0
  let active
  let stuck = true
  const perKind = {}

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
    unfold(row)
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

  return {
    add: (direction, message, text, at) => {
      const type = typeof message?.type === "string" ? message.type : "?"
      const kind = kindOf(direction, type)
      const row = document.createElement("li")
      row.id = `event-${++total}`
      row.setAttribute("role", "option")
      row.className = `${direction} is-${kind}${type === "error" || message === undefined ? " is-error" : ""}`
      row.setAttribute("aria-selected", "false")
      for (const [name, value] of [
        ["at", Math.round(at).toLocaleString("en")],
        ["way", direction === "out" ? "sent" : "received"],
        ["type", type],
        ["what", summary(message, text)],
        ["raw", message === undefined ? text : JSON.stringify(message, null, 2)]
      ]) {
        const cell = document.createElement("span")
        cell.className = name
        cell.textContent = value
        row.append(cell)
      }
      perKind[kind] = (perKind[kind] ?? 0) + 1
      rows.append(row)
      if (rows.children.length > limit) {
        if (rows.firstElementChild === active) activate(undefined)
        rows.firstElementChild.remove()
      }
      tell()
      if (stuck) rows.scrollTop = rows.scrollHeight
    },
    clear: () => {
      total = 0
      for (const kind of Object.keys(perKind)) delete perKind[kind]
      activate(undefined)
      rows.replaceChildren()
      stuck = true
      tell()
    }
  }
}
