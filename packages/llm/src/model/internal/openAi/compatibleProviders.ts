/**
 * Providers of chat completions that differ only in name, address and key variable.
 *
 * Names and addresses are the ones in LiteLLM (`litellm/llms/openai_like/providers.json` and its list of providers), so
 * that its model names work here.
 *
 * @since 0.1.0
 */

/** A provider. */
export interface Row {
  readonly name: string
  /** Undefined if every customer has their own address: it comes from `<NAME>_BASE_URL`, `<NAME>_API_BASE` or the layer. */
  readonly address: string | undefined
  readonly keys: ReadonlyArray<string>
  readonly aliases?: ReadonlyArray<string> | undefined
  /** Whether it accepts messages in any order. */
  readonly lenient?: boolean | undefined
  /** Whether each tool call must go back with what the model thought before it, or with something in its place. */
  readonly thoughts?: boolean | undefined
  /** Whether it is a self-hosted server, which may need no key. */
  readonly own?: boolean | undefined
}

/** The rows, by name. */
export const rows: ReadonlyArray<Row> = [
  { name: "ai21", address: "https://api.ai21.com/studio/v1", keys: ["AI21_API_KEY"], aliases: ["ai21_chat"] },
  { name: "aiml", address: "https://api.aimlapi.com/v1", keys: ["AIML_API_KEY"] },
  { name: "azure_ai", address: undefined, keys: ["AZURE_AI_API_KEY"], own: true },
  { name: "baseten", address: "https://inference.baseten.co/v1", keys: ["BASETEN_API_KEY"] },
  { name: "chutes", address: "https://llm.chutes.ai/v1", keys: ["CHUTES_API_KEY"] },
  {
    name: "clarifai",
    address: "https://api.clarifai.com/v2/ext/openai/v1",
    keys: ["CLARIFAI_API_KEY", "CLARIFAI_PAT"]
  },
  { name: "cloudflare", address: undefined, keys: ["CLOUDFLARE_API_KEY"], own: true },
  { name: "codestral", address: "https://codestral.mistral.ai/v1", keys: ["CODESTRAL_API_KEY"] },
  {
    name: "cohere",
    address: "https://api.cohere.ai/compatibility/v1",
    keys: ["COHERE_API_KEY", "CO_API_KEY"],
    aliases: ["cohere_chat"],
    lenient: true
  },
  { name: "cometapi", address: "https://api.cometapi.com/v1", keys: ["COMETAPI_KEY", "COMETAPI_API_KEY"] },
  {
    name: "dashscope",
    address: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    keys: ["DASHSCOPE_API_KEY"],
    aliases: ["qwen", "alibaba"],
    lenient: true
  },
  { name: "databricks", address: undefined, keys: ["DATABRICKS_API_KEY", "DATABRICKS_TOKEN"], own: true },
  {
    name: "deepinfra",
    address: "https://api.deepinfra.com/v1/openai",
    keys: ["DEEPINFRA_API_KEY", "DEEPINFRA_API_TOKEN"]
  },
  {
    name: "docker",
    address: "http://localhost:12434/engines/v1",
    keys: ["DOCKER_MODEL_RUNNER_API_KEY"],
    aliases: ["docker_model_runner"],
    own: true
  },
  { name: "featherless_ai", address: "https://api.featherless.ai/v1", keys: ["FEATHERLESS_AI_API_KEY"] },
  { name: "friendliai", address: "https://api.friendli.ai/serverless/v1", keys: ["FRIENDLI_TOKEN"] },
  { name: "galadriel", address: "https://api.galadriel.com/v1", keys: ["GALADRIEL_API_KEY"] },
  { name: "github", address: "https://models.github.ai/inference", keys: ["GITHUB_API_KEY", "GITHUB_TOKEN"] },
  {
    name: "gradient_ai",
    address: "https://inference.do-ai.run/v1",
    keys: ["GRADIENT_AI_API_KEY", "MODEL_ACCESS_KEY"],
    aliases: ["digitalocean"]
  },
  { name: "helicone", address: "https://ai-gateway.helicone.ai/v1", keys: ["HELICONE_API_KEY"] },
  { name: "heroku", address: "https://us.inference.heroku.com/v1", keys: ["HEROKU_API_KEY", "INFERENCE_KEY"] },
  {
    name: "huggingface",
    address: "https://router.huggingface.co/v1",
    keys: ["HUGGINGFACE_API_KEY", "HF_TOKEN"],
    aliases: ["hf"]
  },
  { name: "hyperbolic", address: "https://api.hyperbolic.xyz/v1", keys: ["HYPERBOLIC_API_KEY"] },
  { name: "inception", address: "https://api.inceptionlabs.ai/v1", keys: ["INCEPTION_API_KEY"] },
  {
    name: "inference_net",
    address: "https://api.inference.net/v1",
    keys: ["INFERENCE_NET_API_KEY", "INFERENCE_API_KEY"]
  },
  { name: "lambda_ai", address: "https://api.lambda.ai/v1", keys: ["LAMBDA_API_KEY"] },
  { name: "lemonade", address: "http://localhost:8000/api/v1", keys: ["LEMONADE_API_KEY"], own: true },
  {
    name: "litellm_proxy",
    address: undefined,
    keys: ["LITELLM_PROXY_API_KEY", "LITELLM_API_KEY"],
    aliases: ["litellm"],
    own: true
  },
  {
    name: "llamacpp",
    address: "http://localhost:8080/v1",
    keys: ["LLAMACPP_API_KEY"],
    aliases: ["llama_cpp"],
    own: true
  },
  { name: "llamafile", address: "http://127.0.0.1:8080/v1", keys: ["LLAMAFILE_API_KEY"], own: true },
  { name: "maritalk", address: "https://chat.maritaca.ai/api", keys: ["MARITALK_API_KEY"] },
  { name: "meta_llama", address: "https://api.llama.com/compat/v1", keys: ["LLAMA_API_KEY"] },
  { name: "minimax", address: "https://api.minimax.io/v1", keys: ["MINIMAX_API_KEY"], lenient: true },
  {
    name: "moonshot",
    address: "https://api.moonshot.ai/v1",
    keys: ["MOONSHOT_API_KEY"],
    aliases: ["kimi"],
    lenient: true,
    // "thinking is enabled but reasoning_content is missing in assistant tool call message"
    thoughts: true
  },
  { name: "morph", address: "https://api.morphllm.com/v1", keys: ["MORPH_API_KEY"] },
  { name: "nanogpt", address: "https://nano-gpt.com/api/v1", keys: ["NANOGPT_API_KEY"], aliases: ["nano-gpt"] },
  { name: "nebius", address: "https://api.studio.nebius.ai/v1", keys: ["NEBIUS_API_KEY"] },
  { name: "novita", address: "https://api.novita.ai/v3/openai", keys: ["NOVITA_API_KEY"] },
  { name: "nscale", address: "https://inference.api.nscale.com/v1", keys: ["NSCALE_API_KEY"] },
  {
    name: "nvidia_nim",
    address: "https://integrate.api.nvidia.com/v1",
    keys: ["NVIDIA_NIM_API_KEY", "NVIDIA_API_KEY"],
    aliases: ["nvidia"]
  },
  { name: "oobabooga", address: "http://localhost:5000/v1", keys: ["OOBABOOGA_API_KEY"], own: true },
  {
    name: "ovhcloud",
    address: "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    keys: ["OVHCLOUD_API_KEY", "OVH_AI_ENDPOINTS_ACCESS_TOKEN"]
  },
  { name: "parasail", address: "https://api.parasail.io/v1", keys: ["PARASAIL_API_KEY"] },
  {
    name: "perplexity",
    address: "https://api.perplexity.ai",
    keys: ["PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"]
  },
  { name: "poe", address: "https://api.poe.com/v1", keys: ["POE_API_KEY"] },
  { name: "portkey", address: "https://api.portkey.ai/v1", keys: ["PORTKEY_API_KEY"] },
  { name: "publicai", address: "https://api.publicai.co/v1", keys: ["PUBLICAI_API_KEY"] },
  { name: "reka", address: "https://api.reka.ai/v1", keys: ["REKA_API_KEY"] },
  {
    name: "replicate",
    address: "https://openai-proxy.replicate.com/v1",
    keys: ["REPLICATE_API_KEY", "REPLICATE_API_TOKEN"]
  },
  { name: "requesty", address: "https://router.requesty.ai/v1", keys: ["REQUESTY_API_KEY"] },
  { name: "sambanova", address: "https://api.sambanova.ai/v1", keys: ["SAMBANOVA_API_KEY"] },
  { name: "scaleway", address: "https://api.scaleway.ai/v1", keys: ["SCW_SECRET_KEY", "SCALEWAY_API_KEY"] },
  { name: "siliconflow", address: "https://api.siliconflow.com/v1", keys: ["SILICONFLOW_API_KEY"] },
  { name: "stepfun", address: "https://api.stepfun.com/v1", keys: ["STEPFUN_API_KEY"] },
  { name: "synthetic", address: "https://api.synthetic.new/openai/v1", keys: ["SYNTHETIC_API_KEY"] },
  { name: "upstage", address: "https://api.upstage.ai/v1", keys: ["UPSTAGE_API_KEY"] },
  { name: "v0", address: "https://api.v0.dev/v1", keys: ["V0_API_KEY"] },
  { name: "venice", address: "https://api.venice.ai/api/v1", keys: ["VENICE_API_KEY"] },
  {
    name: "vercel_ai_gateway",
    address: "https://ai-gateway.vercel.sh/v1",
    keys: ["VERCEL_AI_GATEWAY_API_KEY", "AI_GATEWAY_API_KEY"],
    aliases: ["vercel"]
  },
  {
    name: "volcengine",
    address: "https://ark.cn-beijing.volces.com/api/v3",
    keys: ["VOLCENGINE_API_KEY", "ARK_API_KEY"],
    aliases: ["doubao"],
    lenient: true
  },
  { name: "wandb", address: "https://api.inference.wandb.ai/v1", keys: ["WANDB_API_KEY"] },
  { name: "writer", address: "https://api.writer.com/v1", keys: ["WRITER_API_KEY"] },
  { name: "xiaomi_mimo", address: "https://api.xiaomimimo.com/v1", keys: ["XIAOMI_MIMO_API_KEY"] },
  { name: "xinference", address: "http://127.0.0.1:9997/v1", keys: ["XINFERENCE_API_KEY"], own: true },
  { name: "zai", address: "https://api.z.ai/api/paas/v4", keys: ["ZAI_API_KEY"], aliases: ["zhipu"], lenient: true }
]
