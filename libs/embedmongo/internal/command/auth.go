package command

import (
	"crypto/rand"
	"fmt"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/wire"
	"github.com/xdg-go/scram"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const (
	mechanism = "SCRAM-SHA-256"
	// scramRounds is what MongoDB uses for this mechanism.
	scramRounds = 15000
	// maxBeforeAuth bounds a message of a connection that has not
	// authenticated, as in MongoDB.
	maxBeforeAuth = 16 << 10
)

// Authenticator verifies the password of the server's one user.
type Authenticator struct{ scram *scram.Server }

// NewAuthenticator returns an Authenticator for a user and a password.
func NewAuthenticator(user, password string) (*Authenticator, error) {
	client, err := scram.SHA256.NewClient(user, password, "")
	if err != nil {
		return nil, fmt.Errorf("embedmongo: user and password: %w", err)
	}
	salt := make([]byte, 28) // as long as MongoDB's
	_, _ = rand.Read(salt)
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: scramRounds})
	if err != nil {
		return nil, fmt.Errorf("embedmongo: user and password: %w", err)
	}
	s, err := scram.SHA256.NewServer(func(name string) (scram.StoredCredentials, error) {
		if name != user {
			return scram.StoredCredentials{}, fmt.Errorf("unknown user")
		}
		return stored, nil
	})
	if err != nil {
		return nil, fmt.Errorf("embedmongo: %w", err)
	}
	return &Authenticator{s}, nil
}

// conversation is an authentication in progress on a connection.
type conversation struct {
	*scram.ServerConversation
	skipEmpty bool // the client needs no empty exchange at the end
}

// MaxMessage is the size in bytes of the largest message that the connection
// may send.
func (c *Conn) MaxMessage() uint32 {
	if c.mayRun(handler{}) {
		return wire.MaxMessage
	}
	return maxBeforeAuth
}

// mayRun reports whether the connection may run a command.
func (c *Conn) mayRun(h handler) bool {
	return h.public || c.authenticated || c.s.Auth == nil
}

func errAuthentication() error {
	return mongoerr.New(mongoerr.AuthenticationFailed, "Authentication failed.")
}

func saslStart(r *request) (*bsonraw.Builder, error) {
	return r.conn.startAuthentication(func(name string) bsoncore.Value { return r.args[name] })
}

// startAuthentication handles saslStart.
func (c *Conn) startAuthentication(field func(string) bsoncore.Value) (*bsonraw.Builder, error) {
	c.conversation = nil
	if c.s.Auth == nil {
		return nil, errAuthentication()
	}
	if m, _ := field("mechanism").StringValueOK(); m != mechanism {
		return nil, mongoerr.New(
			mongoerr.MechanismUnavailable,
			"Received authentication for mechanism %s which is not enabled",
			m,
		)
	}
	conv := &conversation{ServerConversation: c.s.Auth.scram.NewConversation()}
	if options := field("options"); options.Type == bsoncore.TypeEmbeddedDocument {
		skip, _ := bsonraw.Lookup(options.Data, "skipEmptyExchange")
		conv.skipEmpty = bsonraw.Truthy(skip)
	}
	b, err := c.step(conv, field("payload"))
	if err == nil {
		c.conversation = conv
	}
	return b, err
}

func saslContinue(r *request) (*bsonraw.Builder, error) {
	conv := r.conn.conversation
	if conv == nil {
		return nil, errAuthentication()
	}
	if conv.Valid() { // the empty exchange
		r.conn.conversation, r.conn.authenticated = nil, true
		return saslReply("", true), nil
	}
	b, err := r.conn.step(conv, r.args["payload"])
	if err != nil || r.conn.authenticated {
		r.conn.conversation = nil
	}
	return b, err
}

// step processes one message of the client and returns the response.
func (c *Conn) step(conv *conversation, payload bsoncore.Value) (*bsonraw.Builder, error) {
	_, data, ok := payload.BinaryOK()
	if !ok {
		return nil, mongoerr.New(mongoerr.TypeMismatch, "BSON field 'payload' must hold binary data")
	}
	answer, err := conv.Step(string(data))
	if err != nil {
		return nil, errAuthentication()
	}
	done := conv.Valid() && conv.skipEmpty
	c.authenticated = c.authenticated || done
	return saslReply(answer, done), nil
}

func saslReply(payload string, done bool) *bsonraw.Builder {
	return bsonraw.NewBuilder().Int32("conversationId", 1).Bool("done", done).
		Value("payload", bsoncore.Value{
			Type: bsoncore.TypeBinary, Data: bsoncore.AppendBinary(nil, 0, []byte(payload)),
		})
}

// helloAuthentication adds to a hello's response what the client requested: the mechanisms, and the response to a
// saslStart inside it.
func (r *request) helloAuthentication(b *bsonraw.Builder) {
	if r.s.Auth == nil {
		return
	}
	if _, asked := r.args["saslSupportedMechs"]; asked {
		b.Values("saslSupportedMechs", stringValues([]string{mechanism}))
	}
	start, asked := r.args["speculativeAuthenticate"]
	if !asked || start.Type != bsoncore.TypeEmbeddedDocument {
		return
	}
	reply, err := r.conn.startAuthentication(func(name string) bsoncore.Value {
		v, _ := bsonraw.Lookup(start.Data, name)
		return v
	})
	if err == nil { // on an error the client starts a new authentication
		b.Doc("speculativeAuthenticate", reply.Build())
	}
}
