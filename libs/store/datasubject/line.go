package datasubject

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/timestamp"
)

func (s *Table) line(r Row) ([]byte, error) { return Line(s.Kind, r, s.Omit...) }

// Line encodes a row as a JSON object: its kind, then every stored field that isn't omitted. So fields added to a row
// later are exported without further code.
func Line(kind string, r Row, omit ...string) ([]byte, error) {
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out)
	w := writer{e}
	w.token(jsontext.BeginObject)
	w.token(jsontext.String("kind"))
	w.token(jsontext.String(kind))
	err := w.members(bson.Raw(r), omit)
	if err == nil {
		err = e.WriteToken(jsontext.EndObject)
	}
	if err != nil {
		return nil, fmt.Errorf("data subject export: encode a %s: %w", kind, err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// writer writes BSON as JSON. Times have the API's format; a zero time is null.
type writer struct{ e *jsontext.Encoder }

// token writes a token that can't fail on a buffer.
func (w writer) token(t jsontext.Token) { _ = w.e.WriteToken(t) }

func (w writer) members(doc bson.Raw, omit []string) error {
	elements, err := doc.Elements()
	if err != nil {
		return err
	}
	for _, e := range elements {
		name := e.Key()
		if slices.Contains(omit, name) {
			continue
		}
		if name == "_id" {
			name = "id"
		}
		if err := w.e.WriteToken(jsontext.String(name)); err != nil {
			return err
		}
		if err := w.value(e.Value()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (w writer) value(v bson.RawValue) error {
	switch v.Type {
	case bson.TypeString:
		return w.e.WriteToken(jsontext.String(v.StringValue()))
	case bson.TypeInt64, bson.TypeInt32:
		return w.e.WriteToken(jsontext.Int(v.AsInt64()))
	case bson.TypeDouble:
		return w.e.WriteToken(jsontext.Float(v.Double()))
	case bson.TypeBoolean:
		return w.e.WriteToken(jsontext.Bool(v.Boolean()))
	case bson.TypeNull:
		return w.e.WriteToken(jsontext.Null)
	case bson.TypeObjectID:
		return w.e.WriteToken(jsontext.String(v.ObjectID().Hex()))
	case bson.TypeDateTime:
		at := time.UnixMilli(v.DateTime()).UTC()
		if at.IsZero() {
			return w.e.WriteToken(jsontext.Null)
		}
		return w.e.WriteToken(jsontext.String(timestamp.Format(at)))
	case bson.TypeBinary:
		_, content := v.Binary()
		return w.e.WriteToken(jsontext.String(base64.StdEncoding.EncodeToString(content)))
	case bson.TypeEmbeddedDocument:
		w.token(jsontext.BeginObject)
		if err := w.members(v.Document(), nil); err != nil {
			return err
		}
		return w.e.WriteToken(jsontext.EndObject)
	case bson.TypeArray:
		values, err := v.Array().Values()
		if err != nil {
			return err
		}
		w.token(jsontext.BeginArray)
		for _, one := range values {
			if err := w.value(one); err != nil {
				return err
			}
		}
		return w.e.WriteToken(jsontext.EndArray)
	default:
		return fmt.Errorf("has the type %s", v.Type)
	}
}
