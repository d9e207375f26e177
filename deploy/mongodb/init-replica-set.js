// Makes a replica set: SET is its name, MEMBERS its servers with commas between them, and CONFIG=true says that they are
// a cluster's configuration servers. One that is there stays as it is.
const { SET: set, MEMBERS: members, CONFIG: config } = process.env;
if (!set || !members) throw new Error('SET and MEMBERS are to be given');

const wanted = { _id: set, members: members.split(',').map((host, _id) => ({ _id, host })) };
if (config === 'true') wanted.configsvr = true;
if (wanted.members.length % 2 === 0) throw new Error('an even number of servers has no majority that an odd one less has not');

let there;
try {
  there = rs.status().set;
} catch (e) {
  if (e.codeName !== 'NotYetInitialized') throw e;
}
if (there === undefined) rs.initiate(wanted);
else if (there !== set) throw new Error(`the server belongs to ${there}`);
