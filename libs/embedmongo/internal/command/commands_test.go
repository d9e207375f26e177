package command

import (
	"fmt"
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// step is a command with a part of its response, both as relaxed extended JSON. The commands of a list are sent in
// order by one connection.
type step struct{ command, want string }

// parse reads extended JSON.
func parse(t *testing.T, text string) (d bson.D) {
	t.Helper()
	if err := bson.UnmarshalExtJSON([]byte(text), false, &d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// holds reports whether a value has the parts of another one. Numbers are equal whatever their types.
func holds(got, want any) bool {
	switch want := want.(type) {
	case bson.D:
		values := map[string]any{}
		switch got := got.(type) {
		case bson.M:
			values = got
		case bson.D:
			for _, e := range got {
				values[e.Key] = e.Value
			}
		default:
			return false
		}
		for _, e := range want {
			if v, there := values[e.Key]; !there || !holds(v, e.Value) {
				return false
			}
		}
		return true
	case bson.A:
		list, ok := got.(bson.A)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !holds(list[i], want[i]) {
				return false
			}
		}
		return true
	case int32, int64, float64:
		return fmt.Sprint(got) == fmt.Sprint(want)
	}
	return reflect.DeepEqual(got, want)
}

// steps runs commands. {"lsid":"A"} stands for a session, since a session's id is binary.
func steps(t *testing.T, c *Conn, list []step) {
	t.Helper()
	session := bson.D{{Key: "id", Value: bson.Binary{Subtype: 4, Data: []byte("0123456789abcdef")}}}
	for _, s := range list {
		command := parse(t, s.command)
		for i := range command {
			if command[i].Key == "lsid" {
				command[i].Value = session
			}
			if n, ok := command[i].Value.(int32); ok && command[i].Key == "txnNumber" {
				command[i].Value = int64(n)
			}
		}
		if got := run(t, c, command); !holds(got, parse(t, s.want)) {
			t.Errorf("%s:\n got %v\nwant %s", s.command, got, s.want)
		}
	}
}

func TestReadingAndWriting(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	steps(t, c, []step{
		{`{"insert":"c","documents":[{"_id":1,"a":1,"b":[1,2]},{"_id":2,"a":2},{"_id":3,"a":3}]}`, `{"ok":1,"n":3}`},
		{
			`{"insert":"c","documents":[{"_id":4},{"_id":1},{"_id":5}]}`,
			`{"ok":1,"n":1,"writeErrors":[{"index":1,"code":11000}]}`,
		},
		{`{"insert":"c","documents":[{"_id":1},{"_id":5}],"ordered":false}`, `{"ok":1,"n":1}`},
		{`{"insert":"c","documents":[]}`, `{"ok":0,"code":16}`},
		{`{"insert":"c"}`, `{"ok":0,"code":40414}`},
		{`{"insert":7,"documents":[{"_id":1}]}`, `{"ok":0,"code":73}`},
		{`{"insert":"c","documents":[{"_id":9}],"other":1}`, `{"ok":0,"code":40415}`},

		{
			`{"find":"c","filter":{"a":{"$gt":1}},"sort":{"a":-1},"projection":{"a":1,"_id":0}}`,
			`{"ok":1,"cursor":{"id":0,"ns":"test.c","firstBatch":[{"a":3},{"a":2}]}}`,
		},
		{`{"find":"c","filter":{},"skip":1,"limit":1,"sort":{"_id":1}}`, `{"cursor":{"firstBatch":[{"_id":2}]}}`},
		{`{"find":"none"}`, `{"ok":1,"cursor":{"id":0,"firstBatch":[]}}`},
		{`{"find":"c","filter":{"$foo":1}}`, `{"ok":0,"code":2}`},
		{`{"find":"c","filter":1}`, `{"ok":0,"code":14}`},
		{`{"find":"c","limit":-1}`, `{"ok":0,"code":51024}`},
		{`{"find":"c","skip":"x"}`, `{"ok":0,"code":14}`},
		{`{"find":"c","tailable":true}`, `{"ok":0,"code":238}`},
		{`{"count":"c"}`, `{"ok":1,"n":5}`},
		{`{"count":"c","query":{"a":{"$exists":true}},"skip":1}`, `{"n":2}`},
		{`{"distinct":"c","key":"b"}`, `{"ok":1,"values":[1,2]}`},
		{
			`{"aggregate":"c","pipeline":[{"$match":{"a":{"$gte":2}}},{"$group":{"_id":null,` +
				`"s":{"$sum":"$a"}}}],"cursor":{}}`,
			`{"ok":1,"cursor":{"firstBatch":[{"_id":null,"s":5}]}}`,
		},
		{`{"aggregate":"c","pipeline":[{"$nothing":{}}],"cursor":{}}`, `{"ok":0}`},
		{`{"aggregate":"c","pipeline":[]}`, `{"ok":0,"code":9}`},

		{
			`{"update":"c","updates":[{"q":{"_id":1},"u":{"$set":{"a":9}}},{"q":{"a":{"$lt":4}},` +
				`"u":{"$inc":{"a":1}},"multi":true}]}`,
			`{"ok":1,"n":3,"nModified":3}`,
		},
		{
			`{"update":"c","updates":[{"q":{"_id":7},"u":{"$set":{"a":7}},"upsert":true}]}`,
			`{"ok":1,"n":1,"nModified":0,"upserted":[{"index":0,"_id":7}]}`,
		},
		{`{"update":"c","updates":[{"q":{"_id":7},"u":{"z":1}}]}`, `{"ok":1,"n":1,"nModified":1}`},
		{
			`{"update":"c","updates":[{"q":{},"u":{"z":1},` +
				`"multi":true}]}`,
			`{"ok":1,"writeErrors":[{"index":0,"code":9}]}`,
		},
		{
			`{"findAndModify":"c","query":{"_id":7},"update":{"$set":{"z":2}},"new":true}`,
			`{"ok":1,"value":{"_id":7,"z":2},"lastErrorObject":{"n":1,"updatedExisting":true}}`,
		},
		{
			`{"findAndModify":"c","query":{"_id":8},"update":{"$set":{"z":2}},"upsert":true}`,
			`{"ok":1,"value":null,"lastErrorObject":{"n":1,"updatedExisting":false,"upserted":8}}`,
		},
		{`{"findAndModify":"c","query":{"_id":8},"remove":true}`, `{"ok":1,"value":{"_id":8,"z":2}}`},
		{`{"findAndModify":"c","query":{"_id":8},"remove":true}`, `{"ok":1,"value":null}`},
		{`{"findAndModify":"c","query":{},"remove":true,"new":true}`, `{"ok":0}`},
		{`{"delete":"c","deletes":[{"q":{"_id":7},"limit":1},{"q":{"a":{"$gte":3}},"limit":0}]}`, `{"ok":1,"n":4}`},
		{`{"delete":"c","deletes":[{"q":{},"limit":2}]}`, `{"ok":1,"n":0,"writeErrors":[{"index":0}]}`},
		{`{"nothing":1}`, `{"ok":0,"code":59}`},
	})
}

func TestCursors(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	steps(t, c, []step{
		{`{"insert":"c","documents":[{"_id":1},{"_id":2},{"_id":3},{"_id":4}]}`, `{"n":4}`},
	})
	opened := func() int64 {
		t.Helper()
		got := run(t, c, parse(t, `{"find":"c","sort":{"_id":1},"batchSize":1}`))
		cursor, _ := got["cursor"].(bson.D)
		if !holds(cursor, parse(t, `{"firstBatch":[{"_id":1}]}`)) {
			t.Fatal(got)
		}
		for _, e := range cursor {
			if id, ok := e.Value.(int64); ok && id != 0 {
				return id
			}
		}
		t.Fatalf("no cursor: %v", got)
		return 0
	}
	id := opened()
	steps(t, c, []step{
		{
			fmt.Sprintf(`{"getMore":{"$numberLong":"%d"},"collection":"c","batchSize":2}`, id),
			`{"ok":1,"cursor":{"nextBatch":[{"_id":2},{"_id":3}]}}`,
		},
		{
			fmt.Sprintf(`{"getMore":{"$numberLong":"%d"},"collection":"other"}`, id),
			`{"ok":0,"code":43}`,
		},
		{
			fmt.Sprintf(`{"getMore":{"$numberLong":"%d"},"collection":"c"}`, id),
			`{"ok":1,"cursor":{"id":0,"nextBatch":[{"_id":4}]}}`,
		},
		{fmt.Sprintf(`{"getMore":{"$numberLong":"%d"},"collection":"c"}`, id), `{"ok":0,"code":43}`},
	})
	id = opened()
	steps(t, c, []step{
		{
			fmt.Sprintf(`{"killCursors":"c","cursors":[{"$numberLong":"%d"},{"$numberLong":"5"}]}`, id),
			fmt.Sprintf(`{"ok":1,"cursorsKilled":[{"$numberLong":"%d"}],"cursorsNotFound":[5]}`, id),
		},
		{fmt.Sprintf(`{"getMore":{"$numberLong":"%d"},"collection":"c"}`, id), `{"ok":0,"code":43}`},
	})
}

func TestCollectionsAndIndexes(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	const index = `{"key":{"a":1},"name":"a_1","unique":true}`
	steps(t, c, []step{
		{`{"create":"c"}`, `{"ok":1}`},
		{`{"create":"c"}`, `{"ok":0,"code":48}`},
		{`{"insert":"c","documents":[{"_id":1,"a":1},{"_id":2,"a":2}]}`, `{"n":2}`},
		{
			`{"createIndexes":"c","indexes":[` + index + `]}`,
			`{"ok":1,"numIndexesBefore":1,"numIndexesAfter":2,"createdCollectionAutomatically":false}`,
		},
		{`{"createIndexes":"c","indexes":[` + index + `]}`, `{"ok":1,"note":"all indexes already exist"}`},
		{`{"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"}]}`, `{"ok":0}`},
		{`{"createIndexes":"c","indexes":[]}`, `{"ok":0,"code":2}`},
		{
			`{"listIndexes":"c"}`,
			`{"ok":1,"cursor":{"firstBatch":[{"name":"_id_"},{"name":"a_1","unique":true}]}}`,
		},
		{`{"listIndexes":"none"}`, `{"ok":0,"code":26}`},
		{`{"insert":"c","documents":[{"_id":3,"a":1}]}`, `{"writeErrors":[{"code":11000,"keyPattern":{"a":1}}]}`},
		{
			`{"explain":{"find":"c","filter":{"a":1}}}`,
			`{"ok":1,"executionStats":{"nReturned":1,"totalKeysExamined":1}}`,
		},
		{
			`{"explain":{"count":"c",` +
				`"query":{"b":1}}}`,
			`{"ok":1,"executionStats":{"nReturned":0,"totalDocsExamined":2}}`,
		},
		{`{"explain":{"delete":"c","deletes":[{"q":{"a":2},"limit":1}]}}`, `{"executionStats":{"nReturned":1}}`},
		{`{"explain":{"update":"c","updates":[]}}`, `{"ok":0,"code":16}`},
		{`{"explain":{"insert":"c"}}`, `{"ok":0,"code":238}`},
		{`{"explain":{"find":"none"}}`, `{"ok":1,"queryPlanner":{"winningPlan":{"stage":"EOF"}}}`},
		{`{"collStats":"c"}`, `{"ok":1,"ns":"test.c","count":2,"nindexes":2}`},
		{`{"collStats":"c","scale":0}`, `{"ok":0,"code":51024}`},
		{
			`{"listCollections":1,` +
				`"nameOnly":true}`,
			`{"ok":1,"cursor":{"firstBatch":[{"name":"c","type":"collection"}]}}`,
		},
		{`{"listDatabases":1,"nameOnly":true}`, `{"ok":1,"databases":[{"name":"test"}]}`},
		{`{"dropIndexes":"c","index":"none"}`, `{"ok":0,"code":27}`},
		{`{"dropIndexes":"c","index":"a_1"}`, `{"ok":1}`},
		{`{"insert":"c","documents":[{"_id":3,"a":1}]}`, `{"ok":1,"n":1}`},
		{`{"drop":"c"}`, `{"ok":1}`},
		{`{"count":"c"}`, `{"n":0}`},
		{`{"dropDatabase":1}`, `{"ok":1}`},
	})
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	const tx = `,"lsid":"A","txnNumber":%d,"autocommit":false`
	in := func(n int) string { return fmt.Sprintf(tx, n) }
	first := func(n int) string { return in(n) + `,"startTransaction":true` }
	steps(t, c, []step{
		{`{"create":"c"}`, `{"ok":1}`},
		{`{"insert":"c","documents":[{"_id":1}]` + first(1) + `}`, `{"ok":1,"n":1}`},
		{`{"count":"c"}`, `{"n":0}`},
		{`{"find":"c"` + in(1) + `}`, `{"cursor":{"firstBatch":[{"_id":1}]}}`},
		{`{"commitTransaction":1` + in(1) + `}`, `{"ok":1}`},
		{`{"commitTransaction":1` + in(1) + `}`, `{"ok":1}`}, // a repeated commit
		{`{"count":"c"}`, `{"n":1}`},
		{`{"insert":"c","documents":[{"_id":2}]` + first(2) + `}`, `{"ok":1}`},
		{`{"abortTransaction":1` + in(2) + `}`, `{"ok":1}`},
		{`{"commitTransaction":1` + in(2) + `}`, `{"ok":0,"code":251}`},
		{`{"count":"c"}`, `{"n":1}`},
		{`{"insert":"c","documents":[{"_id":3}]` + in(3) + `}`, `{"ok":0,"code":251}`}, // never started
		{`{"insert":"c","documents":[{"_id":3}]` + first(1) + `}`, `{"ok":0,"code":225}`},
		{`{"insert":"c","documents":[{"_id":1}]` + first(4) + `}`, `{"writeErrors":[{"code":11000}]}`},
		{`{"commitTransaction":1` + in(4) + `}`, `{"ok":0,"code":251}`}, // the error has ended it
		{`{"createIndexes":"c","indexes":[]` + first(5) + `}`, `{"ok":0,"code":263}`},
		// A write with a number, outside of a transaction, is done once.
		{
			`{"update":"c","updates":[{"q":{"_id":1},"u":{"$inc":{"n":1}}}],"lsid":"A",` +
				`"txnNumber":9}`,
			`{"nModified":1}`,
		},
		{
			`{"update":"c","updates":[{"q":{"_id":1},"u":{"$inc":{"n":1}}}],"lsid":"A",` +
				`"txnNumber":9}`,
			`{"nModified":1}`,
		},
		{`{"find":"c"}`, `{"cursor":{"firstBatch":[{"_id":1,"n":1}]}}`},
		{`{"endSessions":[]}`, `{"ok":1}`},
		{`{"killAllSessions":[]}`, `{"ok":1}`},
	})
}

func TestServerCommands(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	steps(t, c, []step{
		{`{"hello":1}`, `{"ok":1,"isWritablePrimary":true,"setName":"rs0"}`},
		{`{"ismaster":1}`, `{"ok":1,"ismaster":true}`},
		{`{"ping":1}`, `{"ok":1}`},
		{`{"buildInfo":1}`, `{"ok":1}`},
		{`{"getParameter":1,"featureCompatibilityVersion":1,"$db":"admin"}`, `{"ok":1}`},
		{`{"getParameter":1,"featureCompatibilityVersion":1}`, `{"ok":0,"code":13}`},
		{`{"configureFailPoint":"failCommand","mode":"off"}`, `{"ok":0,"code":59}`}, // needs FailPoints
		{`{"saslStart":1,"mechanism":"PLAIN","payload":""}`, `{"ok":0}`},
	})
}

func TestFailPoints(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	s.FailPoints = true
	steps(t, c, []step{
		{`{"getParameter":1,"$db":"admin"}`, `{"ok":0}`},
		{`{"configureFailPoint":"other","mode":"off","$db":"admin"}`, `{"ok":0,"code":196}`},
		{`{"configureFailPoint":"failCommand","mode":"off"}`, `{"ok":0,"code":13}`},
		{`{"configureFailPoint":"failCommand","mode":"sometimes","$db":"admin"}`, `{"ok":0,"code":2}`},
		{
			`{"configureFailPoint":"failCommand","mode":{"times":1},` +
				`"data":{"failCommands":"ping"},"$db":"admin"}`,
			`{"ok":0,"code":2}`,
		},
		{
			`{"configureFailPoint":"failCommand","mode":{"times":1},"data":{"namespace":"a.b"},` +
				`"$db":"admin"}`,
			`{"ok":0,"code":238}`,
		},
		{
			`{"configureFailPoint":"failCommand","mode":{"times":2},` +
				`"data":{"failCommands":["insert"],"errorCode":11602},"$db":"admin"}`,
			`{"ok":1,"count":0}`,
		},
		{`{"ping":1}`, `{"ok":1}`}, // another command
		{`{"insert":"c","documents":[{"_id":1}]}`, `{"ok":0,"code":11602}`},
		{
			`{"insert":"c","documents":[{"_id":1}],"lsid":"A","txnNumber":1}`,
			`{"ok":0,"code":11602,"errorLabels":["RetryableWriteError"]}`,
		},
		{`{"insert":"c","documents":[{"_id":1}]}`, `{"ok":1,"n":1}`}, // only two
		{
			`{"configureFailPoint":"failCommand","mode":{"times":1},"data":{"failCommands":["insert"],` +
				`"writeConcernError":{"code":91,"errmsg":"stopping"}},"$db":"admin"}`,
			`{"ok":1,"count":2}`,
		},
		{`{"insert":"c","documents":[{"_id":2}]}`, `{"ok":1,"n":1,"writeConcernError":{"code":91}}`},
		{`{"count":"c"}`, `{"n":2}`},
		{
			`{"configureFailPoint":"failCommand","mode":"alwaysOn",` +
				`"data":{"failCommands":["count"],"appName":"other","errorCode":6},"$db":"admin"}`,
			`{"ok":1,"count":3}`,
		},
		{`{"count":"c"}`, `{"n":2}`}, // the client has another name
		{`{"configureFailPoint":"failCommand","mode":"off","$db":"admin"}`, `{"ok":1}`},
	})
}
