/**
 * A call by voice: the server hears and speaks, and this page is the telephone. Where the server recognises no speech, the
 * browser does, if it can, and the page says which it is.
 */
import { call, listDevices } from "./antiphon/index.js"
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
/** Says something beside the conversation, and not twice in a row. */
const note = (text, kind = "note") => {
  const last = $("talk").lastElementChild
  if (last?.textContent !== text) add(kind, text)
}

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

/** Says words that the server has not recognised itself. It tells them back as it tells those that it has. */
const say = (words) => line?.say(words)

/** The browser's own recognition, for a server without one. */
const recognition = Microphone.isSupported
  ? Microphone.makeMicrophone({
      onWords: () => {},
      onSaid: say,
      onOff: (why) => note(`${why} Type instead.`, "bad")
    })
  : undefined

/** How long a phone shows what hears and speaks. Milliseconds. */
const meansMs = 6000

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
      "Your voice still interrupts the agent, but you have to type your words."
  }
  const isFlite = String(voice).startsWith("flite")
  $("speaks").textContent = isFlite
    ? `Spoken by ${voice}, which needs no key and sounds like 1999. ANTIPHON_TTS names another voice.`
    : `Spoken by ${voice}.`
  if (own) recognition?.start()
  // On a phone the conversation needs the room: it was said, and can be opened again.
  if (matchMedia("(max-width: 30rem)").matches) setTimeout(() => ($("means").open = false), meansMs)
}

const setState = (state, words) => {
  document.body.dataset.state = state
  const live = state === "live"
  $("status").textContent = words
  $("call").textContent = live ? "Hang up" : state === "connecting" ? "Connecting" : "Start call"
  $("call").disabled = state === "connecting"
  for (const element of document.querySelectorAll(".live")) element.disabled = !live
  $("text").placeholder = live ? "Say something" : "Start a call to talk"
  $("mute").setAttribute("aria-pressed", "false")
  if (!live) {
    pushToTalk(false)
    showKeys(false)
  }
}

/* Push to talk: nothing is heard but what is said while the button, or the space bar, is held. */

let isPush = false
const listen = (on) => {
  line?.mute(!on)
  if (line === undefined || !on) recognition?.stop()
  else if (line.about.recogniser === null) recognition?.start()
}
const hold = (pressed) => {
  if (line === undefined || !isPush || $("hold").ariaPressed === String(pressed)) return
  $("hold").ariaPressed = String(pressed)
  $("hold").textContent = pressed ? "Listening" : "Hold to talk"
  if (pressed) listen(true)
  line.talk(pressed)
  if (!pressed) listen(false)
}
function pushToTalk(on) {
  hold(false)
  isPush = on
  $("push").setAttribute("aria-pressed", String(on))
  $("hold").classList.toggle("hidden", !on)
  $("mute").disabled = on || line === undefined
  if (line !== undefined) listen(!on)
}

/* The keypad. */

function showKeys(on) {
  $("keys").classList.toggle("hidden", !on)
  $("keypad").setAttribute("aria-expanded", String(on))
}
for (const key of "123456789*0#") {
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = key
  button.setAttribute("aria-label", { "*": "star", "#": "pound" }[key] ?? key)
  button.addEventListener("click", () => {
    if (line === undefined) return
    line.press(key)
    note(`You pressed ${key}.`)
  })
  $("keys").append(button)
}

/* Devices: their names are known once the page may use a microphone. */

const fill = (select, devices) => {
  const chosen = select.value
  select.replaceChildren(
    ...devices.map(({ deviceId, label }, index) => new Option(label || `Device ${index + 1}`, deviceId))
  )
  if (devices.some(({ deviceId }) => deviceId === chosen)) select.value = chosen
  select.disabled = devices.length === 0 || line === undefined
}
const showDevices = async () => {
  const { loudspeakers, microphones } = await listDevices().catch(() => ({ loudspeakers: [], microphones: [] }))
  fill($("microphone"), microphones)
  fill($("loudspeaker"), loudspeakers)
}
navigator.mediaDevices?.addEventListener?.("devicechange", showDevices)

/* Where the time of an answer went. */

const stages = [
  ["end_of_turn_ms", "end of your turn"],
  ["first_text_ms", "the agent’s first words"],
  ["first_audio_ms", "its voice"],
  ["first_heard_ms", "the way to you"]
]
const showLatency = (timing) => {
  const all = timing.first_heard_ms ?? timing.first_audio_ms
  if (all === undefined) return
  let before = 0
  const parts = stages.flatMap(([name, what]) => {
    const at = timing[name]
    if (at === undefined) return []
    const ms = Math.max(0, at - before)
    before = Math.max(before, at)
    return [{ name, what, ms }]
  })
  $("latency").classList.remove("hidden")
  $("latency")
    .querySelector(".bar")
    .replaceChildren(
      ...parts.map(({ ms, name, what }) => {
        const part = document.createElement("span")
        part.className = name
        part.style.flexGrow = String(Math.max(1, ms))
        part.title = `${what}: ${Math.round(ms)} ms`
        return part
      })
    )
  const told = parts.map(({ ms, what }) => `${what} ${Math.round(ms)}`).join(", ")
  const words = `From your last word to the agent’s first: ${Math.round(all)} ms (${told}).`
  $("latency").setAttribute("aria-label", words)
  $("latency").querySelector(".hint").textContent = words
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
  microphone: ({ detail, state }) => {
    if (state === "on") note(`Microphone: ${detail || "on"}`)
    else note(`${detail} You can type.`, "bad")
    showDevices()
  },
  dtmf: ({ buttons }) => note(`The agent pressed ${buttons}.`),
  transfer: ({ target_phone_number: target }) => note(`The agent transfers the call to ${target}. The call ends here.`),
  warning: ({ detail }) => note(detail, "bad"),
  latency: showLatency,
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
    showDevices()
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
  listen(line.isMuted)
  $("mute").setAttribute("aria-pressed", String(line.isMuted))
})
$("push").addEventListener("click", () => pushToTalk(!isPush))
$("keypad").addEventListener("click", () => showKeys($("keys").classList.contains("hidden")))
$("microphone").addEventListener("change", (event) => line?.setMicrophone(event.target.value))
$("loudspeaker").addEventListener("change", (event) =>
  line?.setLoudspeaker(event.target.value).catch(({ message }) => note(message, "bad"))
)
for (const [event, pressed] of [
  ["pointerdown", true],
  ["pointerup", false],
  ["pointercancel", false],
  ["pointerleave", false]
]) {
  $("hold").addEventListener(event, () => hold(pressed))
}
// A long touch would open a menu.
$("hold").addEventListener("contextmenu", (event) => event.preventDefault())
for (const [event, pressed] of [
  ["keydown", true],
  ["keyup", false]
]) {
  document.addEventListener(event, (key) => {
    if (!isPush || key.code !== "Space" || key.target === $("text")) return
    key.preventDefault()
    if (!key.repeat) hold(pressed)
  })
}
addEventListener("blur", () => hold(false))
