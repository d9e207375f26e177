package operation_test

import (
	"context"
	"fmt"
	"io"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/operation"
)

// An operation has a name, a rule that says who may call it, and a function. The standard chain measures it, checks the
// caller, and turns a panic into an error.
func ExampleNew() {
	ctx := context.Background()
	config := telemetry.Default()
	config.LogTo = io.Discard
	tele, err := telemetry.New(ctx, "greetings", config)
	if err != nil {
		panic(err)
	}
	greet := operation.New(operation.Standard(tele), "greetings.greet", authz.Read,
		func(_ context.Context, name string) (string, error) { return "Hello, " + name, nil })

	website, err := tenant.New(1)
	if err != nil {
		panic(err)
	}
	reader := identity.Principal{Kind: identity.Token, Website: website, Level: identity.Read, Plan: identity.Free}
	response, err := greet.Kit(identity.With(ctx, reader), "Ann")
	fmt.Println(response, err)

	_, err = greet.Kit(ctx, "Ann") // a caller without a credential
	fmt.Println(fault.From(err).Code)

	// Output:
	// Hello, Ann <nil>
	// token_missing
}
