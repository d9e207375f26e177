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
	accounts "fivechat.dev/services/accounts/app"
	conversations "fivechat.dev/services/conversations/app"
	files "fivechat.dev/services/files/app"
	mail "fivechat.dev/services/mail/app"
	statistics "fivechat.dev/services/statistics/app"
	tickets "fivechat.dev/services/tickets/app"
	visitors "fivechat.dev/services/visitors/app"
	webhooks "fivechat.dev/services/webhooks/app"
	widgets "fivechat.dev/services/widgets/app"
	workspace "fivechat.dev/services/workspace/app"
)

// A program reads its settings from the environment.
type program struct {
	name     string
	settings []any                   // structs with the defaults
	sets     func(owner string) bool // the fields that the program sets by itself; nil: none
}

// services are the programs that have the settings of every service.
var services = []program{
	{name: "accounts", settings: []any{accounts.Default()}},
	{name: "conversations", settings: []any{conversations.Default()}},
	{name: "files", settings: []any{files.Default()}},
	{name: "mail", settings: []any{mail.Default()}},
	{name: "statistics", settings: []any{statistics.Default()}},
	{name: "tickets", settings: []any{tickets.Default()}},
	{name: "visitors", settings: []any{visitors.Default()}},
	{name: "webhooks", settings: []any{webhooks.Default()}},
	{name: "widgets", settings: []any{widgets.Default()}},
	{name: "workspace", settings: []any{workspace.Default()}},
}

// others are the gateway and the commands of fivechat.
var others = []program{
	{name: "gateway", settings: []any{gateway.Default()}},
	{name: "`fivechat run`", settings: []any{system.DefaultSettings()}, sets: isAddress},
	{name: "`fivechat store serve`", settings: []any{environment.Store{}}},
	{name: "`fivechat` as a client of the operator API", settings: []any{environment.Operator{}}},
	{name: "`fivechat import`", settings: []any{environment.Import{}}},
}

// isAddress reports whether a field has an address at which components of one process find each other.
func isAddress(owner string) bool {
	return owner == "fivechat.dev/libs/process/servicekit.Config.Addr" ||
		strings.HasPrefix(owner, "fivechat.dev/api-gateway/app.Config.") && strings.HasSuffix(owner, "URL")
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
			if p.sets == nil || !p.sets(owner) {
				all = append(all, field{f.Tag.Get("env"), p.name, owner, kind(f.Type), initial(v)})
			}
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
