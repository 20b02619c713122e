/** What the next call tells its agent at the start: who calls whom, and what the platform would pass along. */

/** What a call says if nothing else is wanted. */
export const standard = { from: "web", to: "demo", agent: "demo", prompt: "", introduction: "", metadata: "{}" }

/** Reads the fields. Gives the request, or what is wrong with them. */
export const parseRequest = ({ agent, from, introduction, metadata, prompt, to }) => {
  let data
  try {
    data = JSON.parse(metadata.trim() === "" ? "{}" : metadata)
  } catch {
    return { wrong: "The metadata is not valid JSON." }
  }
  if (typeof data !== "object" || data === null || Array.isArray(data))
    return { wrong: "The metadata must be an object." }
  return {
    request: {
      from,
      to,
      agent: {
        id: agent,
        ...(prompt.trim() === "" ? {} : { system_prompt: prompt }),
        ...(introduction.trim() === "" ? {} : { introduction })
      },
      metadata: data
    }
  }
}

/** Makes the dialog. `kept` and `keep` remember the fields in this browser. */
export const makeRequest = ({ dialog, form, keep, kept, reset, wrong }) => {
  const fields = () => Object.fromEntries(Object.keys(standard).map((name) => [name, form.elements[name].value]))
  const show = (values) => {
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value
    wrong.textContent = ""
  }
  const remembered = () => {
    try {
      return { ...standard, ...JSON.parse(kept()) }
    } catch {
      return standard
    }
  }
  show(remembered())
  form.addEventListener("submit", (event) => {
    const parsed = parseRequest(fields())
    wrong.textContent = parsed.wrong ?? ""
    if (parsed.wrong !== undefined) event.preventDefault()
    else keep(JSON.stringify(fields()))
  })
  reset.addEventListener("click", () => show(standard))
  dialog.addEventListener("close", () => show(remembered()))
  return {
    open: () => dialog.showModal(),
    /** The request of the next call. */
    current: () => parseRequest(remembered()).request
  }
}
