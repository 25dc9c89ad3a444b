// Unmodified openai-node, configured by its environment: makes one call, prints what a user sees.
import OpenAI from 'openai';

const model = 'gpt-4o-mini';
const messages = [{ role: 'user', content: 'Three titles for a spring sale.' }];
const input = 'Three titles for a spring sale.';
const schema = {
  type: 'object',
  properties: { title: { type: 'string' } },
  required: ['title'],
  additionalProperties: false,
};
const client = new OpenAI();

async function chunksOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const calls = {
  async create() {
    const answer = await client.chat.completions.create({ model, messages });
    return { text: answer.choices[0].message.content, tokens: answer.usage.total_tokens };
  },
  async raw() {
    const request = client.chat.completions.create({ model, messages });
    const { data, response } = await request.withResponse();
    return { tokens: data.usage.total_tokens, cost: response.headers.get('x-purser-cost-usd') };
  },
  async parse() {
    const format = { type: 'json_schema', json_schema: { name: 'title', strict: true, schema } };
    const answer = await client.chat.completions.parse({ model, messages, response_format: format });
    return { title: JSON.parse(answer.choices[0].message.content).title };
  },
  async stream() {
    const chunks = await chunksOf(
      await client.chat.completions.create({ model, messages, stream: true }),
    );
    return {
      text: chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join(''),
      usages: chunks.filter((chunk) => chunk.usage).length,
    };
  },
  async stream_with_usage() {
    const stream_options = { include_usage: true };
    const chunks = await chunksOf(
      await client.chat.completions.create({ model, messages, stream: true, stream_options }),
    );
    return { usages: chunks.filter((chunk) => chunk.usage).length };
  },
  async responses() {
    const answer = await client.responses.create({ model, input });
    return { text: answer.output_text, tokens: answer.usage.total_tokens };
  },
  async responses_stream() {
    const events = await chunksOf(await client.responses.create({ model, input, stream: true }));
    return { last: events.at(-1).type, tokens: events.at(-1).response.usage.total_tokens };
  },
};

try {
  console.log(JSON.stringify(await calls[process.argv[2]]()));
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  const { name, status, code, message } = error;
  console.log(JSON.stringify({ error: error.constructor.name ?? name, status, code, message }));
}
