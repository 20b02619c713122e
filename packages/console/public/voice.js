/**
 * A call by voice: the server hears and speaks, and this page is the telephone. Where the server recognises no speech, the
 * browser does, if it can, and the page says which it is.
 */
import { call } from "./antiphon/index.js"
import * as Microphone from "./microphone.js"

const $ = (id) => document.getElementById(id)

let line
let isOpening = false
let said = new Map()

const add = (kind, text) => {
  const item = document.createElement("li")
  item.className = kind
  item.textContent = text
  $("talk").append(item)
  item.scrollIntoView({ block: "end" })
  return item
}
const note = (text, kind = "note") => add(kind, text)

/* Words of the agent: those that were heard stand out from those that were not. */

const show = (answer) => {
  const heard = document.createElement("b")
  heard.textContent = answer.text.slice(0, answer.heard)
  answer.item.replaceChildren(heard, answer.text.slice(answer.heard))
}
const onSaid = ({ text, turn }) => {
  if (!said.has(turn)) said.set(turn, { item: add("agent", ""), text: "", heard: 0 })
  const answer = said.get(turn)
  answer.text += text
  show(answer)
}
const onHeard = ({ text, turn }) => {
  const answer = said.get(turn)
  if (answer === undefined) return
  const at = answer.text.indexOf(text.trim(), answer.heard)
  if (at >= 0) answer.heard = at + text.trim().length
  show(answer)
}

/* The caller. */

let partial
const onTranscript = ({ final, text }) => {
  partial ??= add("you", "")
  partial.textContent = text
  if (final) partial = undefined
}

/** Says words that the server does not recognise by itself, and so does not tell either. */
const say = (words) => {
  if (line === undefined) return
  add("you", words)
  line.say(words)
}

/** The browser's own recognition, for a server without one. */
const recognition = Microphone.isSupported
  ? Microphone.makeMicrophone({
      onWords: () => {},
      onSaid: say,
      onOff: (why) => note(`${why} Type instead.`, "bad")
    })
  : undefined

const tellMeans = ({ recogniser, voice }) => {
  const own = recogniser === null || recogniser === undefined
  if (!own) $("hears").textContent = `Recognised by ${recogniser}, on the server.`
  else if (recognition !== undefined) {
    $("hears").textContent =
      "The server recognises no speech: it only hears that you speak. Your browser recognises the words; some browsers send " +
      "audio to their maker for that. ANTIPHON_STT names a recogniser for the server."
  } else {
    $("hears").textContent =
      "Nothing here recognises speech: the server has no recogniser (ANTIPHON_STT names one), and neither has this browser. " +
      "Your voice still interrupts the agent; your words you have to type."
  }
  const isFlite = String(voice).startsWith("flite")
  $("speaks").textContent = isFlite
    ? `Spoken by ${voice}, which needs no key and sounds like 1999. ANTIPHON_TTS names another voice.`
    : `Spoken by ${voice}.`
  if (own) recognition?.start()
}

const setState = (state, words) => {
  document.body.dataset.state = state
  const live = state === "live"
  $("status").textContent = words
  $("call").textContent = live ? "Hang up" : state === "connecting" ? "Connecting" : "Start call"
  $("call").disabled = state === "connecting"
  for (const id of ["text", "send", "mute"]) $(id).disabled = !live
  $("text").placeholder = live ? "Say something" : "Start a call to talk"
  $("mute").setAttribute("aria-pressed", "false")
}

let drawing
const draw = () => {
  $("caller-level").value = line?.levels.caller ?? 0
  $("agent-level").value = line?.levels.agent ?? 0
}

// The token that the console keeps for as long as its tab is open.
const token = () => {
  try {
    return sessionStorage.getItem("token") ?? ""
  } catch {
    return ""
  }
}

const listeners = {
  agent_text: onSaid,
  agent_heard: onHeard,
  transcript: onTranscript,
  tool: ({ name, running }) => running && note(`${name} …`),
  microphone: ({ detail, state }) =>
    state === "on" ? note(`Microphone: ${detail || "on"}`) : note(`${detail} You can type.`, "bad"),
  dtmf: ({ buttons }) => note(`The agent pressed ${buttons}.`),
  transfer: ({ target_phone_number: target }) => note(`The agent transfers the call to ${target}. Here it ends.`),
  warning: ({ detail }) => note(detail, "bad"),
  latency: ({ first_heard_ms: ms }) => {
    if (ms !== undefined) $("latency").textContent = `From your last word to the agent’s first: ${Math.round(ms)} ms.`
  },
  closed: ({ byUs, code, meaning }) => {
    clearInterval(drawing)
    recognition?.stop()
    line = undefined
    draw()
    setState("ended", "Call ended")
    note(meaning, byUs || code === 1000 ? "note" : "bad")
  }
}

const start = async () => {
  if (isOpening) return
  isOpening = true
  $("talk").replaceChildren()
  said = new Map()
  partial = undefined
  setState("connecting", "Connecting")
  try {
    line = await call(new URL("voice", location.href), {
      token: token(),
      onEvent: (event, name) => listeners[name]?.(event)
    })
    setState("live", "In call")
    tellMeans(line.about)
    if (line.isBlocked) line.resume()
    drawing = setInterval(draw, 60)
    $("text").focus()
  } catch (error) {
    setState("ended", "No call")
    note(`${error.message} It may take calls by text only, want a token (give it in the console), or be gone.`, "bad")
  } finally {
    isOpening = false
  }
}

$("call").addEventListener("click", () => (line === undefined ? start() : line.hangUp()))
$("form").addEventListener("submit", (event) => {
  event.preventDefault()
  const words = $("text").value.trim()
  if (words === "" || line === undefined) return
  $("text").value = ""
  say(words)
})
$("mute").addEventListener("click", () => {
  if (line === undefined) return
  line.mute(!line.isMuted)
  if (line.isMuted) recognition?.stop()
  else if (line.about.recogniser === null) recognition?.start()
  $("mute").setAttribute("aria-pressed", String(line.isMuted))
})
