// A stand-in for mongosh: it runs a script and prints the script's commands, one per line. WORLD holds the responses of
// the servers: {"set": …, "collections": […], "sharded": {"db.name": {…}}}.
const world = JSON.parse(process.env.WORLD);
const say = (...line) => console.log(JSON.stringify(line));
const telling = (name) => (...args) => say(name, ...args);

globalThis.print = telling('print');
globalThis.Long = { fromString: (text) => `Long ${text}` };
globalThis.MinKey = () => 'MinKey';
globalThis.rs = {
  status: () => {
    if (world.set) return { set: world.set };
    throw Object.assign(new Error('no replset config has been received'), { codeName: 'NotYetInitialized' });
  },
  initiate: telling('initiate'),
};
globalThis.sh = Object.fromEntries(['enableSharding', 'shardCollection', 'updateZoneKeyRange', 'removeRangeFromZone'].map((name) => [name, telling(name)]));
globalThis.db = {
  getSiblingDB: (database) => ({
    collections: { findOne: ({ _id }) => (world.sharded?.[_id] ? { _id, key: world.sharded[_id] } : null) },
    getCollectionInfos: ({ name }) => (world.collections?.includes(name) ? [{ name }] : []),
    getCollection: (name) => ({ createIndex: (key) => say('createIndex', `${database}.${name}`, key) }),
  }),
};
require(process.argv[2]);
