package command

import (
	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/store"
)

// extent is the number and the bytes of a key range's keys and values.
type extent struct{ n, keys, values int64 }

func (r *request) extent(v *store.View, prefix []byte) (e extent, err error) {
	it, err := v.Iter(prefix, keyenc.Successor(prefix), false)
	if err != nil {
		return e, err
	}
	defer it.Close()
	for {
		ok, err := it.Next()
		if !ok || err != nil {
			return e, err
		}
		e.n++
		e.keys += int64(len(it.Key))
		e.values += int64(len(it.Value))
		if e.n&1023 == 0 && r.ctx.Err() != nil {
			return e, mongoerr.New(mongoerr.MaxTimeMSExpired, "operation exceeded time limit")
		}
	}
}

// collStats counts a collection's documents and their bytes, and the bytes of
// its indexes. Sizes are those of the data; the engine compresses it on disk.
func collStats(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	scale, given, err := r.number("scale")
	if err != nil {
		return nil, err
	}
	if !given {
		scale = 1
	}
	if scale < 1 {
		return nil, mongoerr.New(51024, "BSON field 'scale' value must be >= 1, actual value '%d'", scale)
	}
	v := r.view()
	defer v.Close()
	var docs extent
	indexes, sizes, total := int32(0), bsonraw.NewBuilder(), int64(0)
	if c := v.Catalog.Collection(ns); c != nil {
		if docs, err = r.extent(v, c.DocPrefix()); err != nil {
			return nil, err
		}
		indexes, total = int32(len(c.Indexes)+1), docs.keys
		sizes.Int64("_id_", docs.keys/scale)
		for _, ix := range c.Indexes {
			e, err := r.extent(v, ix.Prefix())
			if err != nil {
				return nil, err
			}
			total += e.keys + e.values
			sizes.Int64(ix.Name, (e.keys+e.values)/scale)
		}
	}
	b := bsonraw.NewBuilder().String("ns", ns).Int64("size", docs.values/scale).Int64("count", docs.n)
	if docs.n > 0 {
		b.Int64("avgObjSize", docs.values/docs.n)
	}
	return b.Int64("storageSize", docs.values/scale).Bool("capped", false).Int32("nindexes", indexes).
		Int64("totalIndexSize", total/scale).Int64("totalSize", (docs.values+total)/scale).
		Doc("indexSizes", sizes.Build()).Int64("scaleFactor", scale), nil
}
