/** The panels beside the talk: turns with their times, requests to models, and the calls of the server. */
import { formatTime } from "./conversation.js"

const element = (name, className, ...children) => {
  const made = document.createElement(name)
  if (className !== undefined) made.className = className
  made.append(...children.filter((child) => child !== undefined && child !== ""))
  return made
}
const button = (text, onClick, className = "quiet") => {
  const made = element("button", className, text)
  made.type = "button"
  made.addEventListener("click", onClick)
  return made
}

/** Milliseconds for people. */
export const formatMs = (ms) =>
  ms === undefined ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
const formatMoney = (dollars) => (dollars === undefined ? "" : `$${dollars.toFixed(dollars < 0.01 ? 5 : 3)}`)
const allTokens = ({ cacheRead, cacheWrite, input, output }) => input + cacheRead + cacheWrite + output
const formatTokens = (tokens) => {
  if (tokens === undefined || allTokens(tokens) === 0) return ""
  const cached = tokens.cacheRead > 0 ? `, ${tokens.cacheRead} cached` : ""
  return `${tokens.input + tokens.cacheRead + tokens.cacheWrite} in${cached}, ${tokens.output} out`
}
const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`
const shortJson = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))

const triggers = {
  CallStarted: "the call began",
  CallEnded: "the call ended",
  UserTurnEnded: "the caller had finished",
  UserDtmfSent: "a key was pressed",
  BackgroundReturned: "background work was done",
  UserSilent: "the caller was silent",
  TurnFailed: "a turn had failed",
  AgentHandedOff: "the call was handed over"
}

/** One line about a call. */
export const factsOf = (call) =>
  [
    formatTime(call.ms),
    count(call.turns, "turn"),
    call.interruptions > 0 ? count(call.interruptions, "interruption") : "",
    formatTokens(call.tokens),
    formatMoney(call.cost)
  ]
    .filter((fact) => fact !== "")
    .join(" · ")

/** Where the time until the first word went: the model, what was between, and the voice. Widths are shares of `longest`. */
const bar = (turn, longest) => {
  const model = turn.requests[0]?.firstMs ?? 0
  const sent = turn.firstSentMs ?? turn.ms ?? 0
  const heard = Math.max(sent, turn.firstHeardMs ?? sent)
  const strip = element("div", "bar")
  for (const [name, ms] of [
    ["model", Math.min(model, sent)],
    ["agent", Math.max(0, sent - model)],
    ["voice", heard - sent]
  ]) {
    if (ms < 1) continue
    const piece = element("span", name)
    piece.style.width = `${(100 * ms) / longest}%`
    piece.title = `${name}: ${formatMs(ms)}`
    strip.append(piece)
  }
  return strip
}

const firstWord = ({ firstHeardMs, firstSentMs, ms }) => Math.max(firstHeardMs ?? 0, firstSentMs ?? 0) || ms || 0

const turnItem = (turn, longest, onFork) => {
  const said = element("p", "said", turn.heard === "" ? turn.sent : turn.heard)
  if (turn.heard === "" && turn.sent !== "") said.classList.add("unheard")
  const facts = [
    turn.outcome === "Interrupted" ? "interrupted" : turn.outcome === "Failed" ? "failed" : "",
    `first word sent after ${formatMs(turn.firstSentMs)}, heard after ${formatMs(turn.firstHeardMs)}`,
    formatTokens(turn.requests.reduce((sum, { tokens }) => addTokens(sum, tokens), undefined)),
    formatMoney(turn.requests.reduce((sum, { cost }) => (cost === undefined ? sum : (sum ?? 0) + cost), undefined)),
    ...Object.entries(turn.metrics)
      .filter(([, value]) => typeof value === "number")
      .map(([name, value]) => `${name} ${Math.round(value)}`)
  ].filter((fact) => fact !== "")
  const item = element(
    "li",
    `turn is-${turn.outcome.toLowerCase()}`,
    element(
      "div",
      "turn-head",
      element("strong", undefined, `Turn ${turn.turn}`),
      element("span", "why", triggers[turn.trigger] ?? turn.trigger),
      element("time", undefined, formatTime(turn.at)),
      onFork === undefined ? "" : button("Fork here …", () => onFork(turn))
    ),
    turn.caller === "" ? "" : element("p", "caller-said", turn.caller),
    bar(turn, longest),
    said,
    ...turn.tools.map(({ args, ms, name, result }) =>
      element(
        "p",
        "tool-line",
        `${name}(${shortJson(args)})${result === undefined ? " …" : ` → ${shortJson(result)}`} ${ms === undefined ? "" : formatMs(ms)}`
      )
    ),
    turn.failure === undefined ? "" : element("p", "failure", turn.failure),
    element("p", "facts", facts.join(" · "))
  )
  return item
}

const addTokens = (a, b) => {
  if (a === undefined || b === undefined) return a ?? b
  return Object.fromEntries(Object.keys(a).map((key) => [key, a[key] + b[key]]))
}

/** Shows the turns of a call, or of several side by side. */
export const showTurns = (pane, calls, { onFork } = {}) => {
  const longest = Math.max(1, ...calls.flatMap(({ call }) => call.all.map(firstWord)))
  const columns = calls.map(({ call, note, title }) =>
    element(
      "section",
      "column",
      element("h3", undefined, title, element("span", undefined, factsOf(call))),
      note === undefined ? "" : element("p", "small", note),
      element(
        "ol",
        undefined,
        ...call.all.map((turn) => turnItem(turn, longest, onFork && ((one) => onFork(call, one))))
      )
    )
  )
  pane.classList.toggle("side-by-side", columns.length > 1)
  pane.replaceChildren(...columns)
}

const roles = { system: "System", user: "Caller", assistant: "Agent", tool: "Tool" }
const partText = (part) => {
  if (typeof part === "string") return part
  if (part.type === "text" || part.type === "reasoning") return part.text
  if (part.type === "tool-call") return `${part.name}(${shortJson(part.params)})`
  if (part.type === "tool-result") return `${part.name} → ${shortJson(part.result)}`
  return JSON.stringify(part)
}
const messageItem = ({ content, role }) =>
  element(
    "li",
    `message is-${role}`,
    element("span", "role", roles[role] ?? role),
    element("pre", undefined, typeof content === "string" ? content : content.map(partText).join("\n"))
  )
const fold = (title, ...children) => {
  const details = element("details", undefined, element("summary", undefined, title), ...children)
  return details
}

/** Shows what models were asked. Requests that were unfolded stay so. */
export const showRequests = (pane, call, { onCopy }) => {
  const open = new Set(
    Array.from(pane.querySelectorAll(":scope > li > details[open]"), (details) => details.dataset.request)
  )
  const requests = call.all.flatMap((turn) => turn.requests.map((request) => ({ turn, request })))
  pane.replaceChildren(
    ...requests.map(({ request, turn }) => {
      const facts = [
        `turn ${turn.turn}`,
        request.model ?? "",
        request.outcome === "Finished" ? "" : request.outcome.toLowerCase(),
        `first word ${formatMs(request.firstMs)}`,
        `all ${formatMs(request.ms)}`,
        formatTokens(request.tokens),
        formatMoney(request.cost)
      ].filter((fact) => fact !== "")
      const details = fold(
        `${request.request}. ${facts.join(" · ")}`,
        element("ol", "messages", ...request.prompt.map(messageItem)),
        fold(count(request.tools.length, "tool"), element("pre", undefined, JSON.stringify(request.tools, null, 2))),
        fold("Settings", element("pre", undefined, JSON.stringify(request.settings, null, 2))),
        element("p", "role", "Reply"),
        element(
          "pre",
          "reply",
          request.text,
          ...request.calls.map(({ args, name }) => `\n${name}(${shortJson(args)})`)
        ),
        request.error === undefined ? "" : element("pre", "failure", JSON.stringify(request.error, null, 2)),
        button("Copy", () => onCopy(JSON.stringify(request, null, 2)))
      )
      details.dataset.request = String(request.request)
      details.open = open.has(details.dataset.request)
      return element("li", `request is-${request.outcome.toLowerCase()}`, details)
    })
  )
}

/** Shows the calls of the server. */
export const showCalls = (pane, calls, { chosen, listensTo, onChoose, onHangUp, onListen, onSave }) => {
  pane.replaceChildren(
    ...calls.map((call) => {
      const item = element(
        "li",
        `one-call${call.open ? " is-open" : ""}${call.id === chosen ? " active" : ""}`,
        button(call.callId, () => onChoose(call), "name"),
        element("span", "facts", `${call.open ? "open · " : ""}${call.from} → ${call.to} · ${factsOf(call)}`),
        element("time", undefined, new Date(call.startedAt).toLocaleTimeString()),
        call.canListen ? button(call.id === listensTo ? "Stop listening" : "Listen", () => onListen(call)) : "",
        call.canHangUp ? button("Hang up", () => onHangUp(call)) : "",
        button("Save", () => onSave(call))
      )
      return item
    })
  )
}
