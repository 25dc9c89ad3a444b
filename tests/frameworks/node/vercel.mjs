// Vercel AI SDK: a text, a stream of it, and a tool.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';
import { main, model, question, weather, weatherQuestion } from './calls.mjs';

// The SDK reads no headers from its environment; the test says which ones.
const openai = createOpenAI({ headers: JSON.parse(process.env.HEADERS) });
const options = { model: openai(model), prompt: question };
const tools = {
  weather: tool({
    description: 'The weather in a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async (input) => weather(input),
  }),
};

await main({
  async chat() {
    return (await generateText({ ...options, maxRetries: 0 })).text;
  },
  async stream() {
    let text = '';
    for await (const part of streamText({ ...options, maxRetries: 0 }).textStream) text += part;
    return text;
  },
  async tool() {
    const answer = await generateText({
      ...options, prompt: weatherQuestion, tools, stopWhen: isStepCount(3), maxRetries: 0,
    });
    return answer.steps.map((step) => step.finishReason);
  },
  // With its own retries left on, as a newcomer has them.
  async retrying() {
    return (await generateText(options)).text;
  },
});
