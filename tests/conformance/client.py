"""Tests MongoDB commands with pymongo. The only argument is the URI of the server.

The expectations follow the manual of MongoDB."""

import sys

import pymongo
from bson.int64 import Int64
from pymongo import InsertOne, MongoClient, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

passed = failed = 0


def expect(what, have, want):
    global passed, failed
    if have == want:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: {have!r}, want {want!r}")


def refused(what, code, call):
    try:
        call()
    except OperationFailure as e:
        expect(what, e.code, code)
        return e
    expect(what, "no error", code)


def crud(db):
    c = db.crud
    expect("insert_one returns the _id", c.insert_one({"_id": 1, "a": 1}).inserted_id, 1)
    expect("insert_many keeps the order", c.insert_many([{"_id": i, "a": i} for i in (2, 3, 4)]).inserted_ids, [2, 3, 4])
    refused("a second _id", 11000, lambda: c.insert_one({"_id": 1}))
    r = c.update_one({"_id": 1}, {"$set": {"b": "x"}, "$inc": {"a": 10}})
    expect("update_one", (r.matched_count, r.modified_count), (1, 1))
    expect("its result", c.find_one({"_id": 1}), {"_id": 1, "a": 11, "b": "x"})
    r = c.update_one({"_id": 1}, {"$set": {"b": "x"}})
    expect("an update that changes nothing", (r.matched_count, r.modified_count), (1, 0))
    r = c.update_many({"a": {"$gte": 3}}, {"$mul": {"a": 2}})
    expect("update_many", (r.matched_count, r.modified_count), (3, 3))
    r = c.update_one({"_id": 9}, {"$setOnInsert": {"new": True}, "$push": {"l": 1}}, upsert=True)
    expect("an upsert", (r.matched_count, r.upserted_id), (0, 9))
    expect("its document", c.find_one({"_id": 9}), {"_id": 9, "new": True, "l": [1]})
    c.replace_one({"_id": 9}, {"z": None})
    expect("a replacement keeps the _id", c.find_one({"z": None, "_id": 9}), {"_id": 9, "z": None})
    refused("changing an _id", 66, lambda: c.update_one({"_id": 9}, {"$set": {"_id": 10}}))
    expect("delete_many", c.delete_many({"_id": {"$in": [3, 4, 77]}}).deleted_count, 2)
    expect("count_documents", c.count_documents({}), 3)
    expect("estimated_document_count", c.estimated_document_count(), 3)
    expect("distinct", sorted(c.distinct("a")), [2, 22])
    expect("find_one_and_update, before", c.find_one_and_update({"_id": 1}, {"$inc": {"a": 1}})["a"], 22)
    expect("find_one_and_update, after", c.find_one_and_update({"_id": 5}, {"$inc": {"n": 1}}, upsert=True, return_document=ReturnDocument.AFTER), {"_id": 5, "n": 1})
    expect("find_one_and_replace", c.find_one_and_replace({"_id": 5}, {"n": 9}, projection={"_id": 0}), {"n": 1})
    expect("find_one_and_delete", c.find_one_and_delete({"_id": 5}), {"_id": 5, "n": 9})
    expect("find_one_and_delete without a match", c.find_one_and_delete({"_id": 5}), None)


def bulk(db):
    c = db.bulk
    ops = [InsertOne({"_id": 1}), InsertOne({"_id": 1}), InsertOne({"_id": 2}), UpdateOne({"_id": 3}, {"$set": {"x": 1}}, upsert=True)]
    for ordered, inserted, upserted in ((True, 1, 0), (False, 2, 1)):
        c.delete_many({})
        try:
            c.bulk_write(ops, ordered=ordered)
            expect("a bulk with a duplicate", "no error", "an error")
        except BulkWriteError as e:
            d = e.details
            expect(f"ordered={ordered}: inserted and upserted", (d["nInserted"], d["nUpserted"]), (inserted, upserted))
            expect("failed operations", [(w["index"], w["code"]) for w in d["writeErrors"]], [(1, 11000)])
            expect("keyPattern and keyValue", (d["writeErrors"][0].get("keyPattern"), d["writeErrors"][0].get("keyValue")), ({"_id": 1}, {"_id": 1}))


def indexes(db):
    c = db.indexes
    expect("the default name", c.create_index([("a", 1), ("b", -1)]), "a_1_b_-1")
    c.create_index("email", unique=True, partialFilterExpression={"active": True}, name="mail")
    c.create_index("code", unique=True, sparse=True)
    info = c.index_information()
    expect("their names", sorted(info), ["_id_", "a_1_b_-1", "code_1", "mail"])
    expect("a compound key", info["a_1_b_-1"]["key"], [("a", 1), ("b", -1)])
    expect("a partial filter", info["mail"]["partialFilterExpression"], {"active": True})
    c.insert_many([{"_id": 1, "email": "x", "active": True}, {"_id": 2, "email": "x"}, {"_id": 3}])
    e = refused("a duplicate in a partial index", 11000, lambda: c.insert_one({"email": "x", "active": True}))
    expect("its class", isinstance(e, DuplicateKeyError), True)
    expect("its key", e.details["keyValue"], {"email": "x"})
    refused("an update into a duplicate", 11000, lambda: c.update_one({"_id": 2}, {"$set": {"active": True}}))
    refused("another index of the same name", 86, lambda: c.create_index("other", name="mail"))
    expect("explain", "IXSCAN" in str(c.find({"a": 1}).explain()["queryPlanner"]["winningPlan"]), True)
    c.drop_index("mail")
    c.insert_one({"email": "x", "active": True})
    refused("dropping it again", 27, lambda: c.drop_index("mail"))
    d = db.dup
    d.insert_many([{"u": 1}, {"u": 1}])
    refused("a unique index over duplicates", 11000, lambda: d.create_index("u", unique=True))


def cursors(db):
    c = db.cursors
    c.insert_many([{"_id": i, "g": i % 10} for i in range(1000)])
    expect("batches of 7", [x["_id"] for x in c.find({}, batch_size=7).sort("_id", -1)], list(range(999, -1, -1)))
    cursor = c.find(batch_size=10)
    next(cursor)
    expect("an open cursor", cursor.alive, True)
    cursor.close()
    refused("a cursor that is closed", 43, lambda: db.command("getMore", Int64(123456), collection="cursors"))
    expect("skip and limit", [x["_id"] for x in c.find().sort([("g", 1), ("_id", 1)]).skip(99).limit(2)], [990, 1])
    mixed = db.mixed
    mixed.insert_many([{"_id": i, "v": v} for i, v in enumerate(["s", 2, None, True, [9], {"a": 1}, 1.5])])
    order = [x["_id"] for x in mixed.find().sort("v", 1)]
    expect("BSON order across types", order, [2, 6, 1, 4, 0, 5, 3])
    expect("projection", mixed.find_one({"_id": 1}, {"v": 1, "_id": 0}), {"v": 2})


def aggregates(db):
    c = db.sales
    c.insert_many([{"item": i, "n": n, "tags": t} for i, n, t in (("a", 1, ["x"]), ("b", 5, ["x", "y"]), ("a", 3, []))])
    expect("$group", list(c.aggregate([{"$group": {"_id": "$item", "sum": {"$sum": "$n"}, "avg": {"$avg": "$n"}, "max": {"$max": "$n"}}}, {"$sort": {"_id": 1}}])),
           [{"_id": "a", "sum": 4, "avg": 2.0, "max": 3}, {"_id": "b", "sum": 5, "avg": 5.0, "max": 5}])
    expect("$unwind", list(c.aggregate([{"$unwind": "$tags"}, {"$group": {"_id": "$tags", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}])), [{"_id": "x", "n": 2}, {"_id": "y", "n": 1}])
    expect("$count", list(c.aggregate([{"$match": {"n": {"$gt": 1}}}, {"$count": "many"}])), [{"many": 2}])
    refused("an unknown stage", 40324, lambda: list(c.aggregate([{"$nonsense": {}}])))


def transactions(client, db):
    c = db.accounts
    c.insert_many([{"_id": "a", "n": 100}, {"_id": "b", "n": 0}])
    with client.start_session() as s:
        with s.start_transaction():
            c.update_one({"_id": "a"}, {"$inc": {"n": -10}}, session=s)
            c.update_one({"_id": "b"}, {"$inc": {"n": 10}}, session=s)
            expect("outside of the transaction, no change is visible", c.find_one({"_id": "b"})["n"], 0)
            expect("inside of the transaction, it is", c.find_one({"_id": "b"}, session=s)["n"], 10)
        expect("after the commit", [x["n"] for x in c.find().sort("_id", 1)], [90, 10])
        s.start_transaction()
        c.delete_many({}, session=s)
        s.abort_transaction()
        expect("after an abort", c.count_documents({}), 2)
        s.start_transaction()
        c.find_one({}, session=s)
        c.update_one({"_id": "a"}, {"$inc": {"n": 1}})
        e = refused("a write conflict", 112, lambda: c.update_one({"_id": "a"}, {"$inc": {"n": 1}}, session=s))
        expect("its label", e.has_error_label("TransientTransactionError"), True)
        s.abort_transaction()
        s.with_transaction(lambda s: c.insert_one({"_id": "c", "n": 0}, session=s))
    expect("with_transaction", c.find_one({"_id": "c"}), {"_id": "c", "n": 0})


def catalog(db):
    expect("the collections are listed", {"crud", "bulk"} <= set(db.list_collection_names()), True)
    db.drop_collection("crud")
    expect("a dropped collection is not listed", "crud" in db.list_collection_names(), False)
    refused("an unknown command", 59, lambda: db.command("noSuchCommand"))


def keep_documents(db):
    """Documents under indexes of every kind, for the check of the stopped store."""
    c = db.kept
    c.create_index([("a", 1), ("b", -1)])
    c.create_index("tags")
    c.create_index("key", unique=True, sparse=True)
    c.insert_many({"_id": i, "a": i % 7, "b": i, "tags": [i % 3, i % 5], **({"key": i} if i % 2 else {})} for i in range(500))
    c.update_many({"a": 3}, {"$push": {"tags": "three"}})
    c.delete_many({"a": 5})
    expect("the number of kept documents", c.count_documents({}), 500 - 71)


def main():
    client = MongoClient(sys.argv[1], serverSelectionTimeoutMS=10000)
    db = client.conformance_python
    for part in (crud, bulk, indexes, cursors, aggregates):
        part(db)
    transactions(client, db)
    catalog(db)
    keep_documents(client.conformance_python_kept)
    client.drop_database(db.name)
    expect("a dropped database", db.name in client.list_database_names(), False)
    print(f"pymongo {pymongo.version}: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
