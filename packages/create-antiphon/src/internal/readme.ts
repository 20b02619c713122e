/** The `README.md` of a new project. */
const about = {
  minimal: "An agent that answers without a model. `src/agent.ts` is all of it.",
  model:
    "An agent with a language model and three tools: one that answers at once, one that works in the background, and one that hangs up. " +
    "`src/agent.ts` is all of it.",
  telephone:
    "An agent with a language model on a Twilio telephone number. `src/agent.ts` is the agent, `src/main.ts` the server: point the " +
    "voice webhook of your number at `https://<your server>/twilio`. A tunnel such as ngrok makes this machine reachable.",
  agents:
    "Two agents on one call: a reception (`src/agent.ts`) that hands questions about money over to billing (`src/Billing.ts`) and gets the call " +
    "back. Their access to invoices is a service (`src/Invoices.ts`)."
}

/** Writes the readme. */
export const readme = (name: string, template: keyof typeof about): string => `\
# ${name}

${about[template]}

| I want to …                             | use                                                            |
| --------------------------------------- | -------------------------------------------------------------- |
| talk to it while I write it             | \`npm run dev\`, and the page that opens                         |
| talk to it in the terminal              | \`npm run chat\`                                                 |
| know what is missing on this machine    | \`npm run doctor\`                                               |
| test it, on virtual time                | \`npm test\`                                                     |
| check its types                         | \`npm run check\`                                                |
| give it a real model                    | copy \`.env.example\` to \`.env\`, and fill in a key               |
| serve it                                | \`npm start\`                                                    |
${template === "telephone" ? telephone : ""}
Guides: https://github.com/antiphon-dev/antiphon#guides
`

const telephone = `\
| have it call somebody                   | \`npm run call -- +4930123456 src/agent.ts\`                     |
`
