/** What a harness reports on any call, whatever its agent does. */
export const reportTags = [
  "UserTurnStarted",
  "UserTextSent",
  "UserDtmfSent",
  "UserTurnEnded",
  "UserCustomSent",
  "AgentTurnStarted",
  "AgentTextSent",
  "AgentTurnEnded"
] as const
