// Reads a Postman collection as Bruno and Insomnia import it, and prints how many requests each finds.
import { readFileSync } from 'node:fs';
import { postmanToBruno } from '@usebruno/converters';
import insomnia from 'insomnia-importers';

const text = readFileSync(process.argv[2], 'utf8');
const leaves = (items) => items.flatMap((item) => item.items ? leaves(item.items) : [item]);
const { collection } = await postmanToBruno(JSON.parse(text));
const { data } = await insomnia.convert(text);
console.log(JSON.stringify({
  bruno: leaves(collection.items).filter(({ request }) => request?.url).length,
  insomnia: data.resources.filter(({ _type, url }) => _type === 'request' && url).length,
}));
