package query

import (
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const (
	maxPattern   = 32764   // bytes, as in MongoDB
	maxRegexCost = 1 << 18 // all regular expressions of a filter together
)

func (c *compiler) parseRegex(path string, v bsoncore.Value, doc []byte) (*Filter, error) {
	var pattern, options string
	switch v.Type {
	case bsoncore.TypeString:
		pattern = v.StringValue()
	case bsoncore.TypeRegex:
		pattern, options = v.Regex()
	default:
		return nil, mongoerr.New(mongoerr.BadValue, "$regex has to be a string")
	}
	if o, ok := bsonraw.Lookup(doc, "$options"); ok {
		s, isString := o.StringValueOK()
		if !isString {
			return nil, mongoerr.New(mongoerr.BadValue, "$options has to be a string")
		}
		options = s
	}
	return c.newRegex(path, pattern, options)
}

func (c *compiler) newRegex(path, pattern, options string) (*Filter, error) {
	if strings.Trim(options, "ims") != "" {
		return nil, mongoerr.New(51108, "invalid flag in regex options: %s", options)
	}
	if len(pattern) > maxPattern {
		return nil, mongoerr.New(mongoerr.BadValue, "Regular expression is too long")
	}
	if strings.Contains(pattern, "\x00") {
		return nil, mongoerr.New(mongoerr.BadValue, "Regular expression cannot contain an embedded null byte")
	}
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	re, cost, err := compileRegex(pattern, options)
	if err != nil {
		return nil, mongoerr.New(51091, "Regular expression is invalid: %v", err)
	}
	if c.regexes += cost; c.regexes > maxRegexCost {
		return nil, mongoerr.New(51091, "Regular expression is invalid: regular expression is too large")
	}
	f := leaf(
		RegexOp,
		path,
		bsoncore.Value{Type: bsoncore.TypeRegex, Data: bsoncore.AppendRegex(nil, pattern, options)},
	)
	f.re = re
	return f, nil
}
