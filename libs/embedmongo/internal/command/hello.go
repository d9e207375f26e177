package command

import (
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/wire"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// SetName is the name of the one-node replica set that the server claims to be. Drivers allow transactions and
// retryable writes on replica sets only.
const SetName = "rs0"

const maxWriteBatch = 100000

func init() {
	handlers = map[string]handler{
		"hello":     {run: hello, fields: "*", anywhere: true, public: true},
		"isMaster":  {run: hello, fields: "*", anywhere: true, public: true},
		"ismaster":  {run: hello, fields: "*", anywhere: true, public: true},
		"ping":      {run: ping, anywhere: true, public: true},
		"buildInfo": {run: buildInfo, anywhere: true, public: true},
		"buildinfo": {run: buildInfo, anywhere: true, public: true},
		"saslStart": {
			run:      saslStart,
			fields:   "mechanism payload autoAuthorize options db",
			anywhere: true,
			public:   true,
		},
		"saslContinue":    {run: saslContinue, fields: "conversationId payload", anywhere: true, public: true},
		"endSessions":     {run: endSessions, anywhere: true},
		"killAllSessions": {run: killAllSessions, anywhere: true},
		"getParameter":    {run: getParameter, fields: "*", anywhere: true},
		"killCursors":     {run: killCursors, fields: "cursors", inTx: true, anywhere: true},
		"getMore":         {run: getMore, fields: "collection batchSize", inTx: true, anywhere: true},
		"insert": {
			run:    insert,
			fields: "documents ordered bypassDocumentValidation stmtId stmtIds",
			inTx:   true,
			write:  true,
		},
		"update": {
			run:    update,
			fields: "updates ordered bypassDocumentValidation stmtId stmtIds",
			inTx:   true,
			write:  true,
		},
		"delete":             {run: deleteDocuments, fields: "deletes ordered stmtId stmtIds", inTx: true, write: true},
		"findAndModify":      {run: findAndModify, fields: findAndModifyFields, inTx: true, write: true},
		"findandmodify":      {run: findAndModify, fields: findAndModifyFields, inTx: true, write: true},
		"find":               {run: find, fields: findFields, inTx: true, read: true},
		"count":              {run: count, fields: "query limit skip hint", read: true},
		"distinct":           {run: distinct, fields: "key query hint", inTx: true, read: true},
		"aggregate":          {run: aggregate, fields: "pipeline cursor allowDiskUse hint", inTx: true, read: true},
		"explain":            {run: explain, fields: "verbosity", read: true},
		"collStats":          {run: collStats, fields: "scale", read: true},
		"create":             {run: createCollection},
		"createIndexes":      {run: createIndexes, fields: "indexes commitQuorum"},
		"listIndexes":        {run: listIndexes, fields: "cursor", read: true},
		"dropIndexes":        {run: dropIndexes, fields: "index"},
		"listCollections":    {run: listCollections, fields: "filter nameOnly authorizedCollections cursor", read: true},
		"listDatabases":      {run: listDatabases, fields: "filter nameOnly authorizedDatabases", read: true},
		"drop":               {run: drop},
		"dropDatabase":       {run: dropDatabase},
		"commitTransaction":  {run: commitTransaction, fields: "recoveryToken", inTx: true},
		"abortTransaction":   {run: abortTransaction, fields: "recoveryToken", inTx: true},
		"purgeDeleted":       {run: purgeDeleted},
		"configureFailPoint": {run: configureFailPoint, fields: "mode data", anywhere: true, testing: true},
		"replSetStepDown":    {run: stepDown, fields: "secondaryCatchUpPeriodSecs force"},
		"replSetStepUp":      {run: stepUp, fields: "skipDryRun", anywhere: true},
	}
}

func hello(r *request) (*bsonraw.Builder, error) {
	b, primary := bsonraw.NewBuilder().Bool("helloOk", true), r.s.primary()
	if r.name == "hello" {
		b.Bool("isWritablePrimary", primary)
	} else {
		b.Bool("ismaster", primary)
	}
	host := stringValues([]string{r.s.Addr})
	b.Bool("secondary", !primary).
		String("setName", SetName).
		Int32("setVersion", 1).
		Values("hosts", host).
		String("me", r.s.Addr)
	if primary {
		b.String("primary", r.s.Addr)
	}
	if r.conn.appName == "" {
		r.conn.appName = appNameOf(r.args["client"])
	}
	r.helloAuthentication(b)
	// Without topologyVersion drivers poll instead of streaming.
	return b.Int32("maxBsonObjectSize", bsonraw.MaxDocument).Int32("maxMessageSizeBytes", wire.MaxMessage).
		Int32("maxWriteBatchSize", maxWriteBatch).
		Value("localTime", bsoncore.Value{Type: bsoncore.TypeDateTime, Data: bsoncore.AppendTime(nil, time.Now())}).
		Int32("logicalSessionTimeoutMinutes", int32(sessionTimeout/time.Minute)).
		Int32("connectionId", r.conn.id).Int32("minWireVersion", 0).Int32("maxWireVersion", 25).
		Bool("readOnly", false), nil
}

// appNameOf returns the application's name in a client's description of itself; "" if there is none.
func appNameOf(client bsoncore.Value) string {
	application, _ := bsonraw.Lookup(client.Data, "application")
	name, _ := bsonraw.Lookup(application.Data, "name")
	s, _ := name.StringValueOK()
	return s
}

func ping(*request) (*bsonraw.Builder, error) { return bsonraw.NewBuilder(), nil }

func buildInfo(*request) (*bsonraw.Builder, error) {
	v := []bsoncore.Value{bsonraw.Int32Value(8), bsonraw.Int32Value(0), bsonraw.Int32Value(0), bsonraw.Int32Value(0)}
	return bsonraw.NewBuilder().String("version", "8.0.0").Values("versionArray", v).
		Int32("bits", 64).Bool("debug", false).Int32("maxBsonObjectSize", bsonraw.MaxDocument).
		Values("modules", stringValues([]string{"embedmongo"})), nil
}

// getParameter handles {getParameter: 1, NAME: 1, …} and {getParameter: "*"}.
func getParameter(r *request) (*bsonraw.Builder, error) {
	if r.db != "admin" {
		return nil, mongoerr.New(mongoerr.Unauthorized, "%s may only be run against the admin database.", r.name)
	}
	mechanisms := []string{}
	if r.s.Auth != nil {
		mechanisms = append(mechanisms, mechanism)
	}
	version := bsonraw.NewBuilder().String("version", "8.0").Build()
	known := bsonraw.NewBuilder().Doc("featureCompatibilityVersion", version).
		Bool("enableTestCommands", r.s.FailPoints).Values("authenticationMechanisms", stringValues(mechanisms)).Build()
	all, _ := r.args[r.name].StringValueOK()
	b, found := bsonraw.NewBuilder(), false
	for it := bsonraw.NewIter(known); it.Next(); {
		if _, wanted := r.args[string(it.Key)]; wanted || all == "*" {
			b.Value(string(it.Key), it.Value)
			found = true
		}
	}
	if !found {
		return nil, mongoerr.New(mongoerr.InvalidOptions, "no option found to get")
	}
	return b, nil
}
