// Parses docs/asyncapi.yaml with the official AsyncAPI parser, and validates every example against its message's schema.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Parser } from '@asyncapi/parser';
import Ajv from 'ajv';

const path = process.argv[2] ?? fileURLToPath(new URL('../../docs/asyncapi.yaml', import.meta.url));
const { document, diagnostics } = await new Parser().parse(await readFile(path, 'utf8'), { source: path });

// Severity 0 is an error, 1 a warning; higher values are information and hints.
const problems = diagnostics
  .filter(({ severity }) => severity <= 1)
  .map(({ severity, code, message, path: at }) => `${severity === 0 ? 'error' : 'warning'} ${code} at ${at.join('.')}: ${message}`);

// The parser checks examples only in documents of version 2. Not strict: the schemas contain keywords of AsyncAPI.
const ajv = new Ajv({ strict: false, allErrors: true });
let examples = 0;
for (const message of document?.allMessages().all() ?? []) {
  const isValid = ajv.compile(message.payload().json());
  for (const example of message.examples()) {
    examples += 1;
    if (!isValid(example.payload())) {
      problems.push(`error example of ${message.id()}: ${ajv.errorsText(isValid.errors)}`);
    }
  }
  if (message.examples().isEmpty()) {
    problems.push(`error ${message.id()} has no example`);
  }
}

if (document === undefined || problems.length > 0) {
  console.error([`${path} is not a valid contract; fix these problems:`, ...problems].join('\n'));
  process.exit(1);
}
console.log(`${document.allChannels().all().length} channels, ${document.allOperations().all().length} operations, ${examples} examples`);
