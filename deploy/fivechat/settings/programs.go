package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"time"

	gateway "fivechat.dev/api-gateway/app"
	"fivechat.dev/deploy/fivechat/environment"
	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/process/runner"
	accounts "fivechat.dev/services/accounts/app"
	conversations "fivechat.dev/services/conversations/app"
	statistics "fivechat.dev/services/statistics/app"
	tickets "fivechat.dev/services/tickets/app"
	visitors "fivechat.dev/services/visitors/app"
	webhooks "fivechat.dev/services/webhooks/app"
	widgets "fivechat.dev/services/widgets/app"
)

// A program reads its settings from the environment.
type program struct {
	name     string
	settings []any // structs with the defaults
}

// services are the programs that have the settings of every service.
var services = []program{
	{"accounts", []any{accounts.Default()}},
	{"conversations", []any{conversations.Default()}},
	{"statistics", []any{statistics.Default()}},
	{"tickets", []any{tickets.Default()}},
	{"visitors", []any{visitors.Default()}},
	{"webhooks", []any{webhooks.Default()}},
	{"widgets", []any{widgets.Default()}},
}

// others are the gateway and the commands of fivechat.
var others = []program{
	{"gateway", []any{gateway.Default()}},
	{"`fivechat run`", []any{
		environment.Run{},
		webhooks.Reach{},
		runner.AdminAccess{},
		conversations.Default().Assistant,
		system.Telemetry(),
	}},
	{"`fivechat store serve`", []any{environment.Store{}}},
	{"`fivechat` as a client of the operator API", []any{environment.Operator{}}},
	{"`fivechat import`", []any{environment.Import{}}},
}

// A field is a setting of one program.
type field struct {
	variable string
	program  string
	owner    string // import path and name of the struct that declares the field, as path.Type.Field
	kind     string
	initial  string // the default, as one writes it in the environment
}

// fields lists the settings of a program, in the order of declaration.
func fields(p program) []field {
	var all []field
	for _, s := range p.settings {
		collect(reflect.ValueOf(s), func(owner string, f reflect.StructField, v reflect.Value) {
			all = append(all, field{f.Tag.Get("env"), p.name, owner, kind(f.Type), initial(v)})
		})
	}
	return all
}

// collect calls found for each field with an env tag in v and in the structs that v holds.
func collect(v reflect.Value, found func(owner string, f reflect.StructField, v reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported():
		case f.Tag.Get("env") != "":
			found(v.Type().PkgPath()+"."+v.Type().Name()+"."+f.Name, f, v.Field(i))
		case f.Type.Kind() == reflect.Struct:
			collect(v.Field(i), found)
		}
	}
}

// kind names the type of a setting for a reader who doesn't know Go.
func kind(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[slog.Level]():
		return "level"
	case reflect.TypeFor[[]netip.Prefix]():
		return "list of CIDRs"
	case reflect.TypeFor[[]string]():
		return "list"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	default:
		panic(fmt.Sprintf("settings: the type %s has no name yet", t))
	}
}

// initial formats a default; lists have none.
func initial(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case slog.Level:
		return strings.ToLower(value.String())
	case string:
		return value
	}
	if v.Kind() == reflect.Slice {
		return ""
	}
	return fmt.Sprint(v.Interface())
}
