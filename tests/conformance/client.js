// Tests MongoDB commands with Node's mongodb. The only argument is the URI of the server.
// The expectations follow the manual of MongoDB.
'use strict'

const assert = require('assert')
const { MongoClient } = require('mongodb')

let passed = 0
let failed = 0

function expect (what, have, want) {
  try {
    assert.deepStrictEqual(have, want)
    passed++
  } catch (e) {
    failed++
    console.log(`FAILED ${what}: ${JSON.stringify(have)}, want ${JSON.stringify(want)}`)
  }
}

async function refused (what, code, call) {
  try {
    await call()
  } catch (e) {
    expect(what, e.code, code)
    return e
  }
  expect(what, 'no error', code)
}

async function crud (db) {
  const c = db.collection('crud')
  expect('insertOne', (await c.insertOne({ _id: 1, a: 1 })).insertedId, 1)
  expect('insertMany', (await c.insertMany([{ _id: 2, a: 2 }, { _id: 3, a: 3 }])).insertedCount, 2)
  await refused('a second _id', 11000, () => c.insertOne({ _id: 1 }))
  let r = await c.updateOne({ _id: 1 }, { $set: { b: 'x' }, $inc: { a: 10 } })
  expect('updateOne', [r.matchedCount, r.modifiedCount], [1, 1])
  expect('its result', await c.findOne({ _id: 1 }), { _id: 1, a: 11, b: 'x' })
  r = await c.updateMany({ a: { $lte: 3 } }, { $addToSet: { l: { $each: [1, 1, 2] } } })
  expect('updateMany', r.modifiedCount, 2)
  expect('$addToSet', (await c.findOne({ _id: 2 })).l, [1, 2])
  await c.updateOne({ _id: 2 }, { $pull: { l: 1 } })
  expect('$pull', (await c.findOne({ _id: 2 })).l, [2])
  r = await c.replaceOne({ _id: 9 }, { z: null }, { upsert: true })
  expect('an upsert', r.upsertedCount, 1)
  expect('null matches a missing field', await c.countDocuments({ z: null }), 4)
  expect('deleteOne', (await c.deleteOne({ a: { $gt: 1 } })).deletedCount, 1)
  r = await c.findOneAndUpdate({ _id: 5 }, { $inc: { n: 1 } }, { upsert: true, returnOriginal: false })
  expect('findOneAndUpdate', r.value, { _id: 5, n: 1 })
  r = await c.findOneAndDelete({ _id: 5 })
  expect('findOneAndDelete', r.value, { _id: 5, n: 1 })
  expect('distinct', (await c.distinct('l')).sort(), [1, 2])
}

async function bulk (db) {
  const c = db.collection('bulk')
  const ops = [{ insertOne: { document: { _id: 1 } } }, { insertOne: { document: { _id: 1 } } }, { insertOne: { document: { _id: 2 } } }]
  for (const [ordered, inserted] of [[true, 1], [false, 2]]) {
    await c.deleteMany({})
    const e = await refused('a bulk with a duplicate', 11000, () => c.bulkWrite(ops, { ordered }))
    expect(`ordered=${ordered}: inserted`, e.result.nInserted, inserted)
    expect('failed operations', e.result.getWriteErrors().map(w => w.index), [1])
  }
}

async function indexes (db) {
  const c = db.collection('indexes')
  expect('the default name', await c.createIndex({ a: 1, b: -1 }), 'a_1_b_-1')
  await c.createIndex({ email: 1 }, { unique: true, partialFilterExpression: { active: true }, name: 'mail' })
  expect('their names', (await c.indexes()).map(i => i.name).sort(), ['_id_', 'a_1_b_-1', 'mail'])
  await c.insertMany([{ _id: 1, email: 'x', active: true }, { _id: 2, email: 'x' }])
  const e = await refused('a duplicate in a partial index', 11000, () => c.insertOne({ email: 'x', active: true }))
  expect('its key', e.keyValue, { email: 'x' })
  await refused('an update into a duplicate', 11000, () => c.updateOne({ _id: 2 }, { $set: { active: true } }))
  await c.dropIndex('mail')
  await refused('dropping it again', 27, () => c.dropIndex('mail'))
}

async function cursors (db) {
  const c = db.collection('cursors')
  const all = [...Array(500).keys()]
  await c.insertMany(all.map(i => ({ _id: i, g: i % 10 })))
  expect('batches of 7', (await c.find({}, { batchSize: 7 }).sort({ _id: 1 }).toArray()).map(x => x._id), all)
  expect('skip, limit and projection', await c.find({}, { projection: { _id: 1 } }).sort({ g: 1, _id: 1 }).skip(49).limit(2).toArray(), [{ _id: 490 }, { _id: 1 }])
  const cursor = c.find({}, { batchSize: 2 })
  await cursor.next()
  await cursor.close()
  expect('a closed cursor', cursor.isClosed(), true)
}

async function aggregates (db) {
  const c = db.collection('sales')
  await c.insertMany([{ item: 'a', n: 1 }, { item: 'b', n: 5 }, { item: 'a', n: 3 }])
  expect('$group', await c.aggregate([{ $group: { _id: '$item', sum: { $sum: '$n' } } }, { $sort: { sum: -1 } }]).toArray(), [{ _id: 'b', sum: 5 }, { _id: 'a', sum: 4 }])
  await refused('an unknown stage', 40324, () => c.aggregate([{ $nonsense: {} }]).toArray())
}

async function transactions (client, db) {
  const c = db.collection('accounts')
  await c.insertMany([{ _id: 'a', n: 100 }, { _id: 'b', n: 0 }])
  const numbers = async () => (await c.find().sort({ _id: 1 }).toArray()).map(x => x.n)
  const session = client.startSession()
  session.startTransaction()
  await c.updateOne({ _id: 'a' }, { $inc: { n: -10 } }, { session })
  await c.updateOne({ _id: 'b' }, { $inc: { n: 10 } }, { session })
  expect('outside of the transaction, no change is visible', await numbers(), [100, 0])
  await session.commitTransaction()
  expect('after the commit', await numbers(), [90, 10])
  session.startTransaction()
  await c.deleteMany({}, { session })
  await session.abortTransaction()
  expect('after an abort', await numbers(), [90, 10])
  session.startTransaction()
  await c.findOne({}, { session })
  await c.updateOne({ _id: 'a' }, { $inc: { n: 1 } })
  const e = await refused('a write conflict', 112, () => c.updateOne({ _id: 'a' }, { $inc: { n: 1 } }, { session }))
  expect('its label', e.hasErrorLabel('TransientTransactionError'), true)
  await session.abortTransaction()
  await session.withTransaction(() => c.insertOne({ _id: 'c', n: 1 }, { session }))
  expect('withTransaction', await numbers(), [91, 10, 1])
  session.endSession()
}

async function main () {
  const client = new MongoClient(process.argv[2], { useUnifiedTopology: true, useNewUrlParser: true })
  await client.connect()
  const db = client.db('conformance_node')
  for (const part of [crud, bulk, indexes, cursors, aggregates]) await part(db)
  await transactions(client, db)
  await db.dropDatabase()
  expect('a dropped database', (await client.db().admin().listDatabases()).databases.some(d => d.name === 'conformance_node'), false)
  await client.close()
  console.log(`node-mongodb: ${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

main().catch(e => { console.error(e); process.exit(1) })
