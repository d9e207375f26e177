// Shards the collections of a database by the keys in collections.json. Their indexes have to be there (the argument
// prepare of each service), or sharding would make others. What is sharded already is left alone, and told where its key is
// another.
const fs = require('node:fs');
const path = require('node:path');

const database = process.env.DATABASE || 'fivechat';
const keys = JSON.parse(fs.readFileSync(path.join(__dirname, 'collections.json'), 'utf8'));
const store = db.getSiblingDB(database);
const missing = Object.keys(keys).filter((name) => keys[name] && !store.getCollectionInfos({ name }).length && !keys[name]._id);
if (missing.length) throw new Error(`run each service with the argument prepare before: ${missing.join(', ')} has no indexes`);

sh.enableSharding(database);
for (const [name, key] of Object.entries(keys)) {
  if (!key) {
    print(`${name} is not sharded`);
    continue;
  }
  const known = db.getSiblingDB('config').collections.findOne({ _id: `${database}.${name}` });
  if (known && known.key) {
    if (JSON.stringify(known.key) !== JSON.stringify(key)) throw new Error(`${name} is sharded by ${JSON.stringify(known.key)}, and not by ${JSON.stringify(key)}`);
    continue;
  }
  if (key._id === 'hashed') store.getCollection(name).createIndex(key);
  sh.shardCollection(`${database}.${name}`, key);
}
