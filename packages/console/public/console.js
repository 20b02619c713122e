/**
 * The web console: the harness of a call. It carries what the caller does to the agent, speaks what the agent says, and
 * reports what was spoken. Everything on the wire is in `docs/wire.md`.
 *
 * `?rate=4` speaks four times as fast.
 */
import { askRefusal, awaitServer, closeMeaning, newCallId, openCall } from "./call.js"
import { formatTime, makeConversation } from "./conversation.js"
import { makeEvents } from "./events.js"
import * as Microphone from "./microphone.js"
import { clockSpeaker, makePlayback, splitWords, voiceSpeaker } from "./playback.js"
import { makeRequest } from "./request.js"
import { makeScore } from "./score.js"
import { makeSide } from "./side.js"
import { copy, makeStudio, save } from "./studio.js"

const $ = (id) => document.getElementById(id)
const rate = Math.min(200, Math.max(0.1, Number(new URLSearchParams(location.search).get("rate")) || 1))
const text = $("text")

// A token is kept for as long as its tab is open. A browser that keeps nothing for pages throws.
const remembered = new Map()
const storeOf = (name) => (name === "token" ? sessionStorage : localStorage)
const keep = (name, value) => {
  remembered.set(name, value)
  try {
    storeOf(name).setItem(name, value)
  } catch {}
}
const kept = (name) => {
  if (remembered.has(name)) return remembered.get(name)
  try {
    return storeOf(name).getItem(name) ?? ""
  } catch {
    return ""
  }
}

let call
let startedAt
let endedAt
let clockTimer
let stopAsking
const now = () => (startedAt === undefined ? 0 : (endedAt ?? performance.now()) - startedAt)

const conversation = makeConversation({ list: $("talk"), pane: $("lines"), now })
const score = makeScore({ canvas: $("score"), now })
const events = makeEvents({
  rows: $("rows"),
  count: $("events-count"),
  counts: { acks: $("acks-count") },
  filters: document.querySelectorAll(".filters input"),
  search: $("events-search")
})
const request = makeRequest({
  dialog: $("request"),
  form: $("request-form"),
  reset: $("request-reset"),
  wrong: $("request-wrong"),
  keep: (text) => keep("request", text),
  kept: () => kept("request")
})
const side = makeSide({ studio: makeStudio({ token: () => kept("token") }), onWrong: (words) => alarm(words) })

// What a screen reader hears: whole sentences, not every word that is marked.
const announce = (words) => ($("live").textContent = words)
const alarm = (words) => {
  conversation.note(words, "bad")
  $("alert").textContent = words
}

/* The caller: whether it speaks, and what it has asked that was not answered yet. */

let ids = 0
let userSpeaking = false
let pendingEnd
let endedByAgent = false
let awaited = new Set()
let pressed = new Set()
/** Answers that were cut off: what still arrives of them in the next moment was on its way, and is not spoken. */
let cutOff = { ids: new Set(), until: 0 }
const lateAfter = 1000

const nextId = (letter) => `${letter}${++ids}`
const isLive = () => document.body.dataset.state === "live"

const beginSpeaking = () => {
  if (!isLive() || userSpeaking) return
  userSpeaking = true
  document.body.dataset.speaking = "caller"
  score.begin("caller")
  call.send({ type: "user_state", value: "speaking", event_id: nextId("s") })
  cutOff = { ids: new Set(awaited), until: performance.now() + lateAfter }
  awaited = new Set()
  if (pendingEnd !== undefined && pendingEnd.interruptible !== false) {
    pendingEnd = undefined
    conversation.note("You spoke before the agent hung up, so the call continues.")
  }
  playback.cut()
}

const finishSpeaking = (words) => {
  if (!userSpeaking) return
  userSpeaking = false
  delete document.body.dataset.speaking
  score.end("caller")
  conversation.caller(words)
  if (words !== "") call.send({ type: "message", content: words, event_id: nextId("m") })
  const id = nextId("i")
  awaited.add(id)
  call.send({ type: "user_state", value: "idle", event_id: id })
}

const say = (words) => {
  beginSpeaking()
  finishSpeaking(words)
}

const press = (button) => {
  if (!isLive()) return
  const id = nextId("d")
  awaited.add(id)
  pressed.add(id)
  score.mark("key")
  conversation.note(`You pressed ${button}`, "key")
  call.send({ type: "dtmf", button, event_id: id })
  const key = document.querySelector(`[data-key="${CSS.escape(button)}"]`)
  key?.classList.add("down")
  setTimeout(() => key?.classList.remove("down"), 160)
}

/* The agent: its words are spoken, and reported as they are. */

let language
let voiceOn = false
let sentence = ""
const clock = clockSpeaker(rate)
const slow = clockSpeaker(rate / 5)
/** A voice that is given words, and says nothing. */
const dead = { take: () => 1, speak: () => () => {} }
const voice =
  "speechSynthesis" in globalThis
    ? voiceSpeaker(rate, {
        language: () => language,
        onFailure: () => {
          setVoice(false)
          conversation.note("The browser's voice did not start. The words continue without it.")
        }
      })
    : undefined

const playback = makePlayback({
  speaker: () => ({ none: voiceOn ? voice : clock, slow, silent: dead })[$("fault-voice").value],
  on: {
    started: () => {
      score.begin("agent")
      document.body.dataset.agent = "speaking"
      call?.send({ type: "agent_state", value: "speaking" })
    },
    ended: () => {
      score.end("agent")
      delete document.body.dataset.agent
      conversation.settled()
      call?.send({ type: "agent_state", value: "idle" })
      settleEnd()
    },
    queued: conversation.queued,
    begun: conversation.begun,
    spoken: (word) => {
      conversation.spoken(word)
      const content = word.text.replace(/\s+/g, "")
      if (content !== "") call?.send({ type: "agent_speech", content })
      sentence += word.text
      if (!/[.!?]["'”’)]*\s*$/.test(sentence)) return
      if (!voiceOn) announce(sentence.trim())
      sentence = ""
    },
    dropped: (word) => {
      if (cutOff.ids.size === 0 || !cutOff.ids.has(word.id)) score.mark("cut")
      cutOff.ids.add(word.id)
      sentence = ""
      conversation.dropped(word)
    }
  }
})

/** Hangs up where the agent has asked for it and all that it said before was spoken. */
const settleEnd = () => {
  if (pendingEnd === undefined || playback.isBusy()) return
  const { reason, target_phone_number: target } = pendingEnd
  conversation.note(
    target === undefined
      ? `The agent hung up (${reason}).`
      : `The agent transferred the call to ${target}. The call ends here.`
  )
  endedByAgent = true
  call?.close()
}

const onText = ({ content, interruptible = true, responding_to: id }) => {
  if (cutOff.ids.has(id) && interruptible && performance.now() < cutOff.until) {
    for (const text of splitWords(content)) {
      const word = { text, interruptible, id }
      conversation.queued(word)
      conversation.dropped(word)
    }
    return conversation.settled()
  }
  if (!cutOff.ids.has(id)) cutOff.ids.clear()
  awaited.delete(id)
  // The answer to a key takes the place of what is being said; an answer to nothing waits for its end.
  if (pressed.delete(id)) playback.cut()
  playback.say(content, { id, interruptible })
}

const receive = {
  message: (message) => onText({ ...message, content: String(message.content ?? "") }),
  error: ({ content }) => alarm(String(content)),
  dtmf: ({ button }) => conversation.note(`The agent pressed ${button}`, "key by-agent"),
  tool_call: ({ arguments: given, id, name, result }) => {
    score.mark("tool")
    const values = Object.values(given ?? {}).map((value) => JSON.stringify(value))
    conversation.tool(id, `${name}(${values.join(", ")})`, result)
    handOver(name, result)
  },
  transfer: (message) => endAfter(message),
  end_call: (message) => endAfter(message),
  config: ({ language: wanted, tts }) => {
    const named = wanted ?? tts?.language ?? undefined
    if (named !== undefined && named !== "multilingual") language = named
    conversation.note(`The agent changed its voice${named === undefined ? "" : `: language ${named}`}.`)
  },
  log_event: ({ metadata }) => metadata?.level === "error" && conversation.note(`Log: ${metadata.message}`, "bad")
}

/** Follows who has the call, by the names that the tools of a handoff have. */
const handOver = (name, result) => {
  const [, to] = /^transfer_to_(\w+)$/.exec(name) ?? []
  if (to !== undefined) speaks(result === null || result === "success" ? to.replaceAll("_", " ") : "agent")
  else if (name === "hand_back" && result !== null) speaks("agent")
}
const speaks = (name) => {
  document.body.dataset.with = name
  conversation.speaks(name.replace(/^./, (letter) => letter.toUpperCase()))
}

const endAfter = (message) => {
  pendingEnd = message
  playback.flush()
  settleEnd()
}

/* The call. */

const setState = (state, words) => {
  document.body.dataset.state = state
  $("status-text").textContent = words
  const live = state === "live"
  for (const button of document.querySelectorAll(".call")) {
    button.textContent = live ? "Hang up" : state === "connecting" ? "Cancel" : "Start call"
  }
  const hadFocus = document.activeElement
  for (const id of ["text", "send", "keypad-toggle"]) $(id).disabled = !live
  $("mic").disabled = !live || !Microphone.isSupported
  text.placeholder = live ? "Say something" : "Start a call to talk"
  if (!live && hadFocus !== null && hadFocus.disabled === true) $("call").focus()
}

const start = () => {
  stopAsking?.()
  events.clear()
  conversation.clear()
  speaks("agent")
  $("welcome").hidden = true
  ids = 0
  userSpeaking = endedByAgent = false
  pendingEnd = language = endedAt = undefined
  awaited = new Set()
  pressed = new Set()
  cutOff = { ids: new Set(), until: 0 }
  sentence = ""
  startedAt = performance.now()
  setState("connecting", "Connecting")
  const callId = newCallId()
  side.follow(callId)
  call = openCall({
    token: kept("token"),
    request: { call_id: callId, ...request.current() },
    onOpen: () => {
      startedAt = performance.now()
      setState("live", "In call")
      score.start()
      clockTimer = setInterval(() => ($("clock").textContent = formatTime(now())), 250)
      if (!matchMedia("(pointer: coarse)").matches) text.focus()
    },
    onFrame: (direction, message, raw) => {
      events.add(direction, message, raw, now())
      if (direction === "in" && Object.hasOwn(receive, message?.type)) receive[message.type](message)
    },
    onClose: ended
  })
}

const ended = (closing) => {
  endedAt = performance.now()
  clearInterval(clockTimer)
  pendingEnd = undefined
  playback.cut({ all: true })
  microphone?.stop()
  setMic(false)
  showKeypad(false)
  score.stop()
  call = undefined
  text.value = ""
  delete document.body.dataset.speaking
  if (closing.byUs || closing.code === 1000) {
    if (!endedByAgent) conversation.note(closeMeaning(closing))
    return setState("ended", "Call ended")
  }
  if (!closing.wasOpen) return refused()
  alarm(`${closeMeaning(closing)} (${closing.code}${closing.reason === "" ? "" : `, ${closing.reason}`})`)
  waitForServer()
}

/** Says why there is no call, and asks for the token where the server wants one. */
const refused = async () => {
  setState("ended", "No call")
  const attempt = startedAt
  const token = kept("token")
  const status = await askRefusal(token)
  if (call !== undefined || attempt !== startedAt) return
  if (status === 401) {
    alarm(token === "" ? "This server only accepts calls with a token." : "The server rejected this token.")
    keep("token", "")
    $("token").value = ""
    return $("token-dialog").showModal()
  }
  if (status === 403) return alarm("The server does not accept calls from this page.")
  alarm(status === undefined ? "The server could not be reached." : `The server refused the call (${status}).`)
  waitForServer()
}

const waitForServer = () => {
  setState("lost", "Waiting for the server")
  stopAsking = awaitServer(() => {
    setState("ended", "Server is back")
    conversation.note("The server is back. Start a new call whenever you like.")
  })
}

const toggleCall = () => (call === undefined ? start() : call.close())

/* The controls. */

const showKeypad = (shown) => {
  const inside = $("keypad").contains(document.activeElement)
  $("keypad").hidden = !shown
  $("keypad-toggle").setAttribute("aria-expanded", String(shown))
  if (shown) document.querySelector("[data-key]").focus()
  else if (inside) $("keypad-toggle").focus()
}
const setVoice = (on) => {
  if (voiceOn && !on) speechSynthesis.cancel()
  voiceOn = on && voice !== undefined
  $("voice").setAttribute("aria-pressed", String(voiceOn))
  keep("voice", voiceOn ? "on" : "off")
}
const setMic = (on) => $("mic").setAttribute("aria-pressed", String(on))

const microphone = Microphone.isSupported
  ? Microphone.makeMicrophone({
      onWords: (words) => {
        beginSpeaking()
        text.value = words
      },
      onSaid: (words) => {
        text.value = ""
        say(words)
      },
      onOff: (why) => {
        setMic(false)
        alarm(why)
      }
    })
  : undefined
const toggleMic = () => {
  if (microphone === undefined || !isLive()) return
  if (microphone.isOn()) microphone.stop()
  else microphone.start()
  setMic(microphone.isOn())
}

let emptied
text.addEventListener("input", () => {
  clearTimeout(emptied)
  if (text.value.trim() !== "") beginSpeaking()
  // Whoever deletes everything may be about to write something else.
  else emptied = setTimeout(() => finishSpeaking(""), 1500)
})
$("form").addEventListener("submit", (event) => {
  event.preventDefault()
  clearTimeout(emptied)
  const words = text.value.trim()
  if (words === "" || !isLive()) return
  text.value = ""
  say(words)
})
for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => {
    text.value = ""
    say(button.dataset.say)
  })
}
for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", () => press(button.dataset.key))
}
for (const button of document.querySelectorAll(".call")) button.addEventListener("click", toggleCall)
$("keypad-toggle").addEventListener("click", () => showKeypad($("keypad").hidden))
$("voice").addEventListener("click", () => setVoice(!voiceOn))
$("mic").addEventListener("click", toggleMic)
$("events-clear").addEventListener("click", () => events.clear())
$("events-save").addEventListener("click", () => save("events.jsonl", `${events.text()}\n`))
$("events-copy").addEventListener("click", async () => {
  const done = await copy(events.text())
  $("events-copy").textContent = done ? "Copied" : "Not copied"
  setTimeout(() => ($("events-copy").textContent = "Copy"), 1500)
})
$("request-open").addEventListener("click", () => request.open())
$("token-form").addEventListener("submit", () => {
  keep("token", $("token").value.trim())
  start()
})
$("token-cancel").addEventListener("click", () => $("token-dialog").close())
$("help-open").addEventListener("click", () => $("help").showModal())
for (const view of ["talk", "events"]) {
  $(`view-${view}`).addEventListener("click", () => {
    document.body.dataset.view = view
    for (const other of ["talk", "events"]) $(`view-${other}`).setAttribute("aria-pressed", String(other === view))
  })
}

const escape = () => {
  clearTimeout(emptied)
  if ($("keypad").contains(document.activeElement)) return showKeypad(false)
  if (!userSpeaking && !playback.isSpeaking()) return
  text.value = ""
  say("")
}
const shortcuts = {
  KeyC: toggleCall,
  KeyK: () => isLive() && showKeypad($("keypad").hidden),
  KeyR: () => setVoice(!voiceOn),
  KeyM: toggleMic
}
addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") !== null || event.ctrlKey || event.metaKey) return
  if (event.altKey && event.code in shortcuts) {
    event.preventDefault()
    shortcuts[event.code]()
  } else if (event.key === "Escape") escape()
  else if (/^[0-9*#]$/.test(event.key) && $("keypad").contains(event.target)) {
    event.preventDefault()
    press(event.key)
  }
})

if (voice === undefined) $("voice").disabled = true
else if (kept("voice") === "on") setVoice(true)
if (!Microphone.isSupported) $("mic").title = "This browser has no speech recognition."
