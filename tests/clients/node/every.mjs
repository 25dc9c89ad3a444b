// Unmodified openai-node: calls every endpoint that Purser lets through, and prints what was told.
//
// Each call has a name of its own in two headers: Purser's ledger keeps the one, the upstream's
// account the other. An error that is not expected ends the script.
import OpenAI, { toFile } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

const model = 'gpt-4o-mini';
const messages = [{ role: 'user', content: 'Three titles for a spring sale.' }];
const client = new OpenAI({ maxRetries: 0 });
// The upstream's owner makes by itself what Purser refuses to order.
const owner = new OpenAI({ maxRetries: 0, baseURL: process.env.OWNER_BASE_URL });
const told = {};
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

function wav(seconds) {
  const sound = Buffer.alloc(44 + seconds * 16000);
  sound.write('RIFF', 0);
  sound.writeUInt32LE(sound.length - 8, 4);
  sound.write('WAVEfmt ', 8);
  sound.writeUInt32LE(16, 16);
  sound.writeUInt16LE(1, 20);
  sound.writeUInt16LE(1, 22);
  sound.writeUInt32LE(8000, 24);
  sound.writeUInt32LE(16000, 28);
  sound.writeUInt16LE(2, 32);
  sound.writeUInt16LE(16, 34);
  sound.write('data', 36);
  sound.writeUInt32LE(sound.length - 44, 40);
  return sound;
}

const named = (name) => ({
  headers: { 'X-Execution-Id': `node.${name}`, 'X-Test-Call': `node.${name}`, 'X-Sandbox-Late-Ms': '40' },
});

// One call; a paid one tells its tokens, or null where the API tells none.
async function call(name, work, tokens) {
  const answer = await work(named(name));
  told[name] = tokens ? tokens(answer) : null;
  return answer;
}

async function fails(name, status, work) {
  try {
    await work(named(name));
  } catch (error) {
    if (error instanceof OpenAI.APIError && error.status === status) {
      told[name] = null;
      return;
    }
    throw error;
  }
  throw new Error(`${name} did not fail`);
}

async function all(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

async function until(done, work) {
  for (const ends = Date.now() + 20_000; Date.now() < ends; ) {
    const seen = await work();
    if (done(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not end');
}

const total = (answer) => answer.usage.total_tokens;
const lastTotal = (events) => (events.at(-1).usage ?? events.at(-1).response.usage).total_tokens;

async function chats() {
  const { completions } = client.chat;
  const create = (more) => (o) => completions.create({ model, messages, max_tokens: 20, ...more }, o);
  await call('chat', create({}), total);
  const options = { stream: true, stream_options: { include_usage: true } };
  await call('chat.stream', (o) => all(create(options)(o)), lastTotal);
  const { id } = await call('chat.kept', create({ store: true }), total);
  await call('chat.list', (o) => completions.list({}, o));
  await call('chat.retrieve', (o) => completions.retrieve(id, o));
  await call('chat.update', (o) => completions.update(id, { metadata: { a: 'b' } }, o));
  await call('chat.messages', (o) => completions.messages.list(id, {}, o));
  await call('chat.delete', (o) => completions.delete(id, o));
}

async function responses() {
  const create = (more) => (o) =>
    client.responses.create({ model, input: 'A haiku.', max_output_tokens: 30, ...more }, o);
  const { id } = await call('responses', create({}), total);
  await call('responses.stream', (o) => all(create({ stream: true })(o)), lastTotal);
  await call('responses.next', create({ previous_response_id: id }), total);
  await call('responses.retrieve', (o) => client.responses.retrieve(id, {}, o));
  await call('responses.items', (o) => client.responses.inputItems.list(id, {}, o));
  await call('responses.tokens', (o) => client.responses.inputTokens.count({ model, input: 'hi' }, o));
  await call('responses.compact', (o) => client.responses.compact({ model: 'gpt-5', input: 'hi' }, o), total);
  await call('responses.delete', (o) => client.responses.delete(id, o));
  const late = await call('responses.background', create({ background: true }));
  const free = named('responses.poll');
  const over = await until(
    (seen) => !['queued', 'in_progress'].includes(seen.status),
    () => client.responses.retrieve(late.id, {}, free),
  );
  told['responses.background'] = total(over);
  await client.responses.retrieve(late.id, {}, free);
  const slow = { headers: { 'X-Sandbox-Late-Ms': '60000' } };
  const stopped = await call('responses.stopped', (o) =>
    create({ background: true })({ headers: { ...o.headers, ...slow.headers } }),
  );
  await call('responses.cancel', (o) => client.responses.cancel(stopped.id, o));
}

async function texts() {
  await call(
    'completions',
    (o) => client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Spring is' }, o),
    total,
  );
  await call(
    'embeddings',
    (o) => client.embeddings.create({ model: 'text-embedding-3-small', input: ['spring', 'sale'] }, o),
    total,
  );
  await call('moderations', (o) => client.moderations.create({ input: 'hello' }, o));
  await call('models', (o) => client.models.list(o));
  await call('models.retrieve', (o) => client.models.retrieve(model, o));
}

async function images() {
  const drawn = { model: 'gpt-image-1', prompt: 'a cat', quality: 'low', size: '1024x1024' };
  const image = await toFile(png, 'a.png', { type: 'image/png' });
  await call('images', (o) => client.images.generate(drawn, o), total);
  const partial = { ...drawn, stream: true, partial_images: 2 };
  await call('images.stream', (o) => all(client.images.generate(partial, o)), lastTotal);
  await call('images.edit', (o) => client.images.edit({ ...drawn, image: [image] }, o), total);
  // GPT image models know no variations, and the sandbox says so as OpenAI does.
  await fails('images.variation', 400, (o) =>
    client.images.createVariation({ image, model: 'gpt-image-1' }, o),
  );
}

async function sounds() {
  const said = { model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'hello there' };
  const spoken = async (o, more) => Buffer.from(await (await client.audio.speech.create({ ...said, ...more }, o)).arrayBuffer());
  await call('speech', (o) => spoken(o, { response_format: 'wav' }));
  const events = await call('speech.stream', (o) => spoken(o, { stream_format: 'sse' }));
  told['speech.stream'] = Number(/"total_tokens":\s*(\d+)/.exec(events.toString())[1]);
  const file = await toFile(wav(2), 'a.wav', { type: 'audio/wav' });
  await call('transcription', (o) => client.audio.transcriptions.create({ model: 'whisper-1', file }, o));
  await call(
    'transcription.stream',
    (o) => all(client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file, stream: true }, o)),
    lastTotal,
  );
  await call('translation', (o) => client.audio.translations.create({ model: 'whisper-1', file }, o));
}

async function files() {
  const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { model, messages, max_tokens: 9 } };
  const text = `${JSON.stringify(line)}\n${JSON.stringify({ ...line, custom_id: 'b' })}\n`;
  const jsonl = await toFile(Buffer.from(text), 'lines.jsonl');
  const kept = await call('files', (o) => client.files.create({ file: jsonl, purpose: 'batch' }, o));
  await call('files.list', (o) => client.files.list({}, o));
  await call('files.retrieve', (o) => client.files.retrieve(kept.id, o));
  await call('files.content', (o) => client.files.content(kept.id, o).then((found) => found.text()));
  await batches(kept.id);
  await call('files.delete', (o) => client.files.delete(kept.id, o));
}

async function batches(input_file_id) {
  const order = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' };
  const { id } = await call('batch', (o) => client.batches.create(order, o));
  const free = named('batch.poll');
  const over = await until(
    (seen) => seen.status === 'completed',
    () => client.batches.retrieve(id, free),
  );
  const output = await client.files.content(over.output_file_id, free).then((found) => found.text());
  const lines = output.trim().split('\n').map((one) => JSON.parse(one));
  told.batch = lines.reduce((sum, one) => sum + one.response.body.usage.total_tokens, 0);
  await call('batch.list', (o) => client.batches.list({}, o));
  const slow = await call('batch.stopped', (o) =>
    client.batches.create(order, { headers: { ...o.headers, 'X-Sandbox-Late-Ms': '2000' } }),
  );
  await call('batch.cancel', (o) => client.batches.cancel(slow.id, o));
  await until((seen) => seen.status === 'cancelled', () => client.batches.retrieve(slow.id, free));
}

async function uploads() {
  const whole = { bytes: 6, filename: 'a.txt', mime_type: 'text/plain', purpose: 'user_data' };
  const { id } = await call('uploads', (o) => client.uploads.create(whole, o));
  const parts = [];
  for (const [index, text] of ['abc', 'def'].entries()) {
    const data = await toFile(Buffer.from(text), 'part');
    parts.push(await call(`uploads.part${index}`, (o) => client.uploads.parts.create(id, { data }, o)));
  }
  const part_ids = parts.map((part) => part.id);
  const done = await call('uploads.complete', (o) => client.uploads.complete(id, { part_ids }, o));
  if (done.file.bytes !== 6) throw new Error('the parts were not put together');
  const other = await call('uploads.other', (o) => client.uploads.create(whole, o));
  await call('uploads.cancel', (o) => client.uploads.cancel(other.id, o));
}

async function stores() {
  const file = await owner.files.create({
    file: await toFile(Buffer.from('spring sale'), 'a.txt'),
    purpose: 'assistants',
  });
  const { id } = await owner.vectorStores.create({ name: 'notes', file_ids: [file.id] });
  const batch = await owner.vectorStores.fileBatches.create(id, { file_ids: [file.id] });
  const inside = { vector_store_id: id };
  await fails('stores.create', 403, (o) => client.vectorStores.create({ name: 'more' }, o));
  await call('stores', (o) => client.vectorStores.list({}, o));
  await call('stores.retrieve', (o) => client.vectorStores.retrieve(id, o));
  await call('stores.files', (o) => client.vectorStores.files.list(id, {}, o));
  await call('stores.content', (o) => client.vectorStores.files.content(file.id, inside, o));
  await call('stores.batch', (o) => client.vectorStores.fileBatches.retrieve(batch.id, inside, o));
  await call('stores.search', (o) => client.vectorStores.search(id, { query: 'spring' }, o));
  await call('stores.remove', (o) => client.vectorStores.files.delete(file.id, inside, o));
  await call('stores.delete', (o) => client.vectorStores.delete(id, o));
}

async function conversations() {
  const items = [{ type: 'message', role: 'user', content: 'hello' }];
  const { id } = await call('talks', (o) => client.conversations.create({ items }, o));
  await call('talks.retrieve', (o) => client.conversations.retrieve(id, o));
  await call('talks.update', (o) => client.conversations.update(id, { metadata: { a: 'b' } }, o));
  const added = await call('talks.add', (o) => client.conversations.items.create(id, { items }, o));
  const inside = { conversation_id: id };
  await call('talks.items', (o) => client.conversations.items.list(id, {}, o));
  await call('talks.item', (o) => client.conversations.items.retrieve(added.data[0].id, inside, o));
  await call('talks.answer', (o) =>
    client.responses.create({ model, input: 'And now?', conversation: id, max_output_tokens: 20 }, o), total);
  await call('talks.remove', (o) => client.conversations.items.delete(added.data[0].id, inside, o));
  await call('talks.delete', (o) => client.conversations.delete(id, o));
}

async function containers() {
  const { id } = await owner.containers.create({ name: 'box' });
  const file = await owner.containers.files.create(id, { file: await toFile(Buffer.from('x'), 'a.txt') });
  const inside = { container_id: id };
  await fails('boxes.create', 403, (o) => client.containers.create({ name: 'more' }, o));
  await call('boxes', (o) => client.containers.list({}, o));
  await call('boxes.retrieve', (o) => client.containers.retrieve(id, o));
  await call('boxes.files', (o) => client.containers.files.list(id, {}, o));
  await call('boxes.file', (o) => client.containers.files.retrieve(file.id, inside, o));
  await call('boxes.content', (o) => client.containers.files.content.retrieve(file.id, inside, o));
  await call('boxes.remove', (o) => client.containers.files.delete(file.id, inside, o));
  await call('boxes.delete', (o) => client.containers.delete(id, o));
}

async function evals() {
  const made = await owner.evals.create({
    data_source_config: { type: 'custom', item_schema: { type: 'object' } },
    testing_criteria: [{ type: 'string_check', name: 'a', input: 'a', reference: 'a', operation: 'eq' }],
  });
  await fails('evals.update', 403, (o) => client.evals.update(made.id, { name: 'x' }, o));
  await call('evals', (o) => client.evals.list({}, o));
  await call('evals.retrieve', (o) => client.evals.retrieve(made.id, o));
  await call('evals.runs', (o) => client.evals.runs.list(made.id, {}, o));
  await call('evals.delete', (o) => client.evals.delete(made.id, o));
}

async function videos() {
  const order = { model: 'sora-2', prompt: 'a cat', seconds: '4' };
  const { id } = await call('videos', (o) => client.videos.create(order, o));
  await until((seen) => seen.status === 'completed', () => client.videos.retrieve(id, named('videos.poll')));
  await call('videos.list', (o) => client.videos.list({}, o));
  await call('videos.content', (o) =>
    client.videos.downloadContent(id, {}, o).then((found) => found.arrayBuffer()));
  await fails('videos.remix', 403, (o) => client.videos.remix(id, { prompt: 'a dog' }, o));
  await call('videos.delete', (o) => client.videos.delete(id, o));
}

// What the sandbox has none of: the answer is its own 404, through Purser.
async function absent() {
  await call('tuning', (o) => client.fineTuning.jobs.list({}, o));
  await fails('tuning.retrieve', 404, (o) => client.fineTuning.jobs.retrieve('ftjob-1', o));
  await fails('tuning.events', 404, (o) => client.fineTuning.jobs.listEvents('ftjob-1', {}, o));
  await fails('tuning.cancel', 404, (o) => client.fineTuning.jobs.cancel('ftjob-1', o));
  await fails('tuning.pause', 404, (o) => client.fineTuning.jobs.pause('ftjob-1', o));
  const grader = { type: 'string_check', name: 'a', input: 'a', reference: 'a', operation: 'eq' };
  await fails('graders', 404, (o) => client.fineTuning.alpha.graders.validate({ grader }, o));
  await fails('skills', 404, (o) => client.skills.list({}, o));
  await fails('skills.retrieve', 404, (o) => client.skills.retrieve('skill_1', o));
  await fails('skills.delete', 404, (o) => client.skills.delete('skill_1', o));
  await fails('assistants', 404, (o) => client.beta.assistants.list({}, o));
  await fails('assistants.retrieve', 404, (o) => client.beta.assistants.retrieve('asst_1', o));
  await fails('assistants.delete', 404, (o) => client.beta.assistants.delete('asst_1', o));
  await fails('threads.retrieve', 404, (o) => client.beta.threads.retrieve('thread_1', o));
  await fails('threads.delete', 404, (o) => client.beta.threads.delete('thread_1', o));
}

async function realtime() {
  const session = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: named('realtime') }, client);
  const content = [{ type: 'input_text', text: 'Hello' }];
  const done = await new Promise((resolve, reject) => {
    session.on('error', reject);
    session.on('response.done', resolve);
    session.socket.on('open', () => {
      session.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
      session.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
      session.send({ type: 'response.create' });
    });
  });
  told.realtime = total(done.response);
  session.close();
}

// Each row that the table refuses, by the client's own way to call any path.
async function refused(rows) {
  for (const [method, path] of rows) {
    await fails(`${method} ${path}`, 403, () =>
      client.request({ method: method.toLowerCase(), path: path.replace('/v1', '') }),
    );
  }
}

const groups = [
  chats, responses, texts, images, sounds, files, uploads, stores, conversations, containers, evals,
  videos, absent, realtime,
];
if (process.argv[2] === 'refused') await refused(JSON.parse(process.argv[3]));
else for (const group of groups) await group();
console.log(JSON.stringify(told));
