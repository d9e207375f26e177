// Package embedmongo is a MongoDB server inside a Go program. The official Go
// driver (v2) works with it unchanged for everything in the table below. It
// refuses everything else with MongoDB's own error code. Data is in one folder,
// or in memory.
//
//	s, err := embedmongo.Start(ctx, embedmongo.Options{Dir: "data"})
//	...
//	defer s.Close()
//	client, err := mongo.Connect(options.Client().ApplyURI(s.URI()))
//
// It claims to be the primary of a one-node replica set, so sessions,
// transactions and retryable writes work. After replSetStepDown it is a
// secondary for the given number of seconds: it aborts open transactions, and
// refuses writes (10107) and reads that require the primary (13435). Then, or
// after replSetStepUp, it accepts them again. Use this to test how a program
// behaves during an election.
//
// # Supported and refused
//
//	             supported                                        refused (code)
//	commands     hello isMaster ping buildInfo insert find        all others (59 CommandNotFound)
//	             update delete findAndModify count distinct
//	             aggregate getMore killCursors endSessions
//	             explain(find count distinct update delete        explain of others (238)
//	             findAndModify) create createIndexes listIndexes
//	             dropIndexes listCollections listDatabases drop
//	             dropDatabase collStats commitTransaction
//	             abortTransaction replSetStepDown
//	             replSetStepUp saslStart saslContinue
//	             killAllSessions getParameter(version,            another parameter (72)
//	             authentication, fail points)
//	             purgeDeleted (not MongoDB's)
//	             configureFailPoint: failCommand with             without Options.FailPoints (59); other
//	             times, alwaysOn and off                          fail points (196), modes (2), data (238)
//	read concern level, afterClusterTime                          others (238); snapshot outside of a
//	                                                              transaction (238; 72 by others than reads)
//	fields       those of the commands that change nothing but    collation, arrayFilters, let, tailable,
//	             the result as documented by MongoDB              validators, views … (238); unknown (40415)
//	types        all but those refused                            Decimal128, code with scope, undefined (238)
//	filters      equality $eq $ne $gt $gte $lt $lte $in $nin      others (2 BadValue); huge patterns (51091),
//	             $exists $type $size $all $elemMatch $regex       over 32,764 bytes (2); over 8 array positions
//	             $not $and $or $nor $comment                      in a path (238)
//	patterns     what means the same in RE2; \s, \v and $ at      look-around, back references; other $; with m:
//	             the end                                          ^ before what may be empty; with i: \w \p
//	                                                              [[:x:]]; \S in a class (51091)
//	updates      $set $unset $inc $mul $min $max $setOnInsert     others (9 FailedToParse); other modifiers
//	             $currentDate(date) $push($each $slice            of $push (2); pipelines, positional $
//	             $position) $addToSet($each) $pull; replacement   and $[] (238)
//	sort         fields, dotted paths, positions, $natural        $meta and other operators (2); a position
//	                                                              and all elements of one array (238)
//	projection   inclusion, exclusion, dotted paths               operators, positional $ (238)
//	stages       $match $sort $skip $limit $project $count        others (40324); $project of a document or a
//	             $unwind $group                                   dotted path by an expression (238)
//	accumulators $sum $avg $min $max $first $last $push           others (15952)
//	expressions  field paths, literals, documents, $literal       others (168), variables and arrays (238)
//	             $cond $ifNull $eq $ne $gt $gte $lt $lte $add
//	             $subtract
//	indexes      compound, descending, unique, sparse, partial,   text, 2d, hashed, wildcard, positions (67);
//	             multikey, several fields of one array, TTL;      $in and $or in a partial one (67); other
//	             hints by name and key                            options (197); fields of two arrays (171)
//	sizes        16 MB a document, 100 levels of nesting,         larger (10334; 17419, 17420 by an update;
//	             48 MB a message                                  15 Overflow); the connection ends
//	transactions snapshot isolation, conflicts (112, labelled     count and index or catalog commands
//	             transient), 60 s lifetime                        inside one (263)
//	other        authentication by SCRAM-SHA-256 of one user      other mechanisms (334), change streams
//	             that may do everything; compression, TLS: none   (40324)
//	             a disk with room                                 writes with less than 64 MB free (14031)
//
// # Guarantees
//
// A write is acknowledged after its log record has reached the disk, unless
// its write concern says w:0 or j:false; in memory nothing is synced. A
// document changes together with all its index entries. A find sees one
// snapshot, also over several batches. A single write waits for the locks of
// others; inside a transaction a conflict fails with WriteConflict, except
// that its first statement, which has observed nothing yet, waits up to a
// second and then sees the state it waited for. The result of a retryable
// write is stored with the write, so a retry is answered and not applied
// again, also after a restart.
//
// Deleted and overwritten data stays in the files until they are compacted.
// After purgeDeleted it is removed from every file within 10 minutes, also after
// a crash, if the disk has room for a copy of the database and no cursor stays
// open.
//
// # Inside
//
// internal/wire reads a message, and internal/command executes it in its
// session. internal/plan chooses an index and iterates over it in a view of
// internal/store. internal/query implements filters, updates and pipelines over
// raw BSON. internal/keyenc encodes values so that byte order is MongoDB's order.
package embedmongo
