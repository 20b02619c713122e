/** What stands beside the talk, where the server has a studio: the turns of a call, its requests to models, and other calls. */
import { showCalls, showRequests, showTurns } from "./panels.js"
import { makeListening } from "./listening.js"
import { copy, save } from "./studio.js"

const $ = (id) => document.getElementById(id)

/** How often what is shown of an open call is asked for, in milliseconds. */
const every = 1000

/** Makes the panels. */
export const makeSide = ({ onWrong, studio }) => {
  let panel = "events"
  /** The id that the page gave its own call, the call that is looked at, and a fork beside it. */
  let own
  let chosen
  let fork
  let asking

  const tabs = document.querySelectorAll("#panels [data-panel]")
  const show = (name) => {
    panel = name
    for (const tab of tabs) {
      const isShown = tab.dataset.panel === name
      tab.setAttribute("aria-selected", String(isShown))
      $(`panel-${tab.dataset.panel}`).hidden = !isShown
    }
    refresh()
  }
  for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.panel))

  const wrong = (error) => onWrong(error instanceof Error ? error.message : String(error))
  const again = () => {
    clearTimeout(asking)
    asking = setTimeout(refresh, every)
  }

  const listening = makeListening({
    open: studio.listen,
    onChange: () => refresh(),
    onWrong: wrong
  })

  const choose = (call) => {
    chosen = call.id
    fork = undefined
    own = undefined
    show("turns")
  }

  const drawn = { calls: "", call: "" }
  const refresh = async () => {
    clearTimeout(asking)
    if (panel === "events" || document.hidden) return again()
    try {
      const calls = await studio.calls()
      if (own !== undefined) chosen = calls.find(({ callId }) => callId === own)?.id
      if (panel === "calls") drawCalls(calls)
      else if (chosen !== undefined) draw(await studio.call(chosen))
      else empty()
    } catch {
      // The server is away, or does not know the token; the talk says so.
    }
    again()
  }

  const empty = () => {
    drawn.call = ""
    $("shown-call").textContent = ""
    $("turns").replaceChildren()
    $("requests").replaceChildren()
  }

  const drawCalls = (calls) => {
    const listensTo = listening.id()
    const state = JSON.stringify([calls, chosen, listensTo])
    if (state === drawn.calls) return
    drawn.calls = state
    showCalls($("calls"), calls, {
      chosen,
      listensTo,
      onChoose: choose,
      onListen: (call) => listening.toggle(call.id),
      onHangUp: (call) => studio.hangUp(call.id).then(refresh, wrong),
      onSave: (call) => studio.recording(call.id).then((text) => save(`${call.callId}.jsonl`, text), wrong)
    })
  }

  const draw = (call) => {
    const state = JSON.stringify([panel, call, fork])
    if (state === drawn.call) return
    drawn.call = state
    $("shown-call").textContent = own === undefined ? call.callId : ""
    if (panel === "models") return showRequests($("requests"), fork?.call ?? call, { onCopy: copy })
    const calls = [{ title: fork === undefined ? "This call" : "As it was", call }]
    if (fork !== undefined) calls.push(fork)
    showTurns($("turns"), calls, { onFork: fork === undefined && chosen !== undefined ? askFork : undefined })
  }

  /* A call that goes on from a turn in another way. */

  let forked
  const askFork = (call, turn) => {
    forked = turn
    $("fork-title").textContent = `From turn ${turn.turn} on`
    $("fork-prompt").value = call.systemPrompt ?? ""
    $("fork-prompt").dataset.before = call.systemPrompt ?? ""
    $("fork-wrong").textContent = ""
    $("fork").showModal()
  }
  $("fork-cancel").addEventListener("click", () => $("fork").close())
  $("fork-form").addEventListener("submit", async (event) => {
    event.preventDefault()
    const prompt = $("fork-prompt").value
    const model = $("fork-model").value.trim()
    $("fork-go").disabled = true
    $("fork-wrong").textContent = ""
    try {
      const call = await studio.fork(chosen, {
        turn: forked.turn,
        ...(model === "" ? {} : { model }),
        ...(prompt === $("fork-prompt").dataset.before ? {} : { systemPrompt: prompt })
      })
      const changed = [model, prompt === $("fork-prompt").dataset.before ? "" : "another prompt"].filter(Boolean)
      fork = { title: `From turn ${forked.turn} on`, note: changed.join(", ") || "unchanged", call }
      $("fork").close()
      show("turns")
    } catch (error) {
      $("fork-wrong").textContent = error.message
    } finally {
      $("fork-go").disabled = false
    }
  })

  /* Simulated faults. */

  const faulty = ["model", "tool", "voice", "recogniser"]
  for (const what of faulty) {
    $(`fault-${what}`).addEventListener("change", () =>
      studio.setFaults(Object.fromEntries(faulty.map((what) => [what, $(`fault-${what}`).value]))).catch(wrong)
    )
  }

  studio.exists().then(async (there) => {
    if (!there) return
    for (const tab of tabs) tab.hidden = false
    const faults = await studio.faults().catch(() => undefined)
    if (faults === undefined) return
    for (const what of faulty) $(`fault-${what}`).value = faults[what] ?? "none"
  })

  return {
    /** Shows the call that the page has begun. */
    follow: (callId) => {
      own = callId
      chosen = fork = undefined
      empty()
      refresh()
    }
  }
}
