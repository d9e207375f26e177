// Keeps the website of a number on the shards of a zone, with all that is keyed by it; OFF=true lets it go again.
const fs = require('node:fs');
const path = require('node:path');

const { WEBSITE: website, ZONE: zone, OFF: off, DATABASE: database = 'fivechat' } = process.env;
if (!/^[1-9][0-9]*$/.test(website || '') || !zone) throw new Error('WEBSITE (a number) and ZONE are to be given');

const keys = JSON.parse(fs.readFileSync(path.join(__dirname, 'collections.json'), 'utf8'));
for (const [name, key] of Object.entries(keys)) {
  if (!key || !key.websiteId) continue;
  // A range has the whole of the key at both ends, from the least of one website to the least of the next.
  const at = (id) => Object.fromEntries(Object.keys(key).map((field) => [field, field === 'websiteId' ? Long.fromString(id) : MinKey()]));
  const range = [`${database}.${name}`, at(website), at(String(BigInt(website) + 1n))];
  if (off === 'true') sh.removeRangeFromZone(...range);
  else sh.updateZoneKeyRange(...range, zone);
}
