/** A hand-written MCP program that also prints what it should not. */
const print = (line: string) => process.stdout.write(`${line}\n`)
const answer = (id: number, result: object): void => void print(JSON.stringify({ jsonrpc: "2.0", id, result }))

interface Message {
  readonly id: number
  readonly method: string
  readonly params: { readonly protocolVersion: string; readonly arguments: { readonly what?: string } }
}

const call = (id: number, what: string | undefined): void => {
  switch (what) {
    case "broken":
      return void print('{"jsonrpc":"2.0","id":')
    case "batch":
      return void print(
        JSON.stringify([
          { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x" } },
          { jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "fine" }] } }
        ])
      )
    case "huge":
      return answer(id, { content: [{ type: "text", text: "x".repeat(17 * 1024 * 1024) }] })
    default:
      print("DEBUG: a tool is called")
      print(`DEBUG: received {"jsonrpc":"2.0","id":${id},"method":"tools/call"}`)
      print(JSON.stringify({ level: 30, msg: "a tool is called" }))
      answer(id, { content: [{ type: "text", text: "fine" }] })
  }
}

const handle = ({ id, method, params }: Message): void => {
  if (method === "initialize") {
    const { protocolVersion } = params
    process.stdout.write("\u001b[32mClient connected\u001b[0m ")
    answer(id, { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "odd", version: "1" } })
  } else if (method === "tools/list") answer(id, { tools: [{ name: "do", inputSchema: { type: "object" } }] })
  else if (method === "tools/call") call(id, params.arguments.what)
}

process.stdout.write("Starting... ")
print("Odd server, listening on its standard streams")
let held = ""
process.stdin.on("data", (bytes: Buffer) => {
  const lines = `${held}${bytes.toString()}`.split("\n")
  held = lines.pop()!
  for (const line of lines) if (line.trim() !== "") handle(JSON.parse(line) as Message)
})
process.stdin.on("end", () => process.exit(0))
