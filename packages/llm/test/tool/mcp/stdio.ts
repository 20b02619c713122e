/** The server as a program: it speaks over its standard streams. */
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js"
import * as McpServer from "./server.ts"

await McpServer.make({ crash: () => process.exit(3) }).connect(new StdioServerTransport())
