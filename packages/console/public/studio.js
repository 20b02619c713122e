/**
 * What the server knows of calls: their turns, what their models were asked, and what may be done to them. A server that is
 * mounted without its studio has none of it, and the page shows its own call only.
 */

/** Asks the server. Gives the answer, or throws an error that can be shown. */
const ask = async (path, { body, method = "GET", token }) => {
  const response = await fetch(`console/${path}`, {
    method,
    cache: "no-store",
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const answer = await response.json().catch(() => undefined)
  if (!response.ok) throw new Error(answer?.error ?? `The server answered ${response.status}.`)
  return answer
}

/** The studio of the server that the page is from. `token` gives the token in use. */
export const makeStudio = ({ token }) => {
  const get = (path) => ask(path, { token: token() })
  const send = (method, path, body) => ask(path, { method, body, token: token() })
  const of = (id) => `calls/${encodeURIComponent(id)}`
  return {
    /** Whether there is one. */
    exists: () =>
      fetch("console", { cache: "no-store" })
        .then((response) => response.json())
        .then(
          ({ studio }) => studio === true,
          () => false
        ),
    calls: () => get("calls"),
    call: (id) => get(of(id)),
    recording: async (id) => {
      const headers = token() === "" ? {} : { authorization: `Bearer ${token()}` }
      return await (await fetch(`console/${of(id)}/recording`, { headers, cache: "no-store" })).text()
    },
    /** The answer's body is a WAV file without an end. */
    listen: async (id, signal) => {
      const headers = token() === "" ? {} : { authorization: `Bearer ${token()}` }
      const response = await fetch(`console/${of(id)}/audio`, { headers, signal, cache: "no-store" })
      if (response.ok) return response.body
      const answer = await response.json().catch(() => undefined)
      throw new Error(answer?.error ?? `The server answered ${response.status}.`)
    },
    hangUp: (id) => send("POST", `${of(id)}/hangup`, {}),
    fork: (id, fork) => send("POST", `${of(id)}/fork`, fork),
    faults: () => get("faults"),
    setFaults: (faults) => send("PUT", "faults", faults)
  }
}

/** Hands text to the user as a file. */
export const save = (name, text) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** Puts text on the clipboard, also in a page without TLS. Says whether it is there. */
export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement("textarea")
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand("copy")
    area.remove()
    return done
  }
}
