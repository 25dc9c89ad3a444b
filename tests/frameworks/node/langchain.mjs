// LangChain for JavaScript: a model called, streamed, and made to use a tool.
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { main, model, question, weather, weatherQuestion } from './calls.mjs';

const chat = new ChatOpenAI({ model });
const described = { name: 'weather', description: 'The weather in a city.', schema: z.object({ city: z.string() }) };

await main({
  async chat() {
    return (await chat.invoke(question)).text;
  },
  async stream() {
    let text = '';
    for await (const part of await chat.stream(question)) text += part.text;
    return text;
  },
  async tool() {
    const tools = [tool(weather, described)];
    const asked = new HumanMessage(weatherQuestion);
    const called = await chat.bindTools(tools).invoke([asked]);
    const result = await tools[0].invoke(called.tool_calls[0]);
    const answer = await chat.bindTools(tools).invoke([asked, called, result]);
    return [called.tool_calls[0].name, answer.type];
  },
});
