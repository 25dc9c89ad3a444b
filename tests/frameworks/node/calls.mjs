// What the scripts share: one argument names one call; what each came to is printed as JSON.
export const model = 'gpt-4o-mini';
export const question = 'Three titles for a spring sale.';
export const weatherQuestion = 'What is the weather in Rome?';
export const weather = ({ city }) => `sunny in ${city}`;

export async function main(calls) {
  let told = {};
  try {
    for (const name of process.argv.slice(2)) told[name] = await calls[name]();
  } catch (error) {
    const cause = error.lastError ?? error;
    const status = cause.statusCode ?? cause.status;
    if (status === undefined) throw error;
    told = { error: error.name, status, message: error.message };
  }
  console.log(JSON.stringify(told));
}
