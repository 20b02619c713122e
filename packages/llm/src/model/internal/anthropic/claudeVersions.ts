/**
 * API versions that Bedrock and Vertex AI require in the body.
 *
 * @since 0.1.0
 */

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html */
export const bedrock = "bedrock-2023-05-31"

/** https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai */
export const vertex = "vertex-2023-10-16"
