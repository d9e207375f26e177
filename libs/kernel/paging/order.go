package paging

import (
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// Order is the order of a list. A cursor belongs to one. The numbers are part of cursors, so they don't change.
type Order uint8

// The orders.
const (
	Newest  Order = iota // by creation, the newest first
	Changes              // by the last change, the oldest change first
	Oldest               // by creation, the oldest first
	Waiting              // by the time since which an answer is awaited, the longest first
	Rated                // by the time of the rating, the newest first
	Active               // by the last change, the newest first
	Urgent               // by priority, the highest first, and then by creation, the newest first
	Seen                 // by the time when it was last seen, the newest first
	Best                 // of a search: rows that have the words exactly, and then the others; the newest first
	Others               // the second part of Best: cursors only

	lastOrder = Others
)

// orderNames are the orders that a caller may choose with ?sort.
var orderNames = map[string]Order{
	"":         Newest,
	"newest":   Newest,
	"oldest":   Oldest,
	"waiting":  Waiting,
	"rated":    Rated,
	"activity": Active,
	"priority": Urgent,
	"seen":     Seen,
	"best":     Best,
}

// Ascends reports whether the earliest time comes first.
func (o Order) Ascends() bool { return o == Changes || o == Oldest || o == Waiting }

// Sort is ?sort: the name of an order.
type Sort string

// In returns the window in the order that sort names, which must be one of orders. The zero Sort is the first of them.
// The error is an Invalid fault: the list has no such order, the cursor belongs to another one, the list is also
// requested in the order of changes, or it has several orders and the page is beyond MaxPage.
func (f Following) In(sort Sort, orders ...Order) (Following, error) {
	order, known := orders[0], sort == ""
	for _, o := range orders {
		if named, is := orderNames[string(sort)]; sort != "" && is && named == o {
			order, known = o, true
		}
	}
	switch {
	case !known:
		return f, fault.Bad("sort", "must be "+namesOf(orders))
	case order != orders[0] && !time.Time(f.UpdatedSince).IsZero():
		return f, fault.Bad("sort", "can't be combined with updatedSince, whose order is that of changes")
	case f.Follows():
		order = Changes
	}
	isSecond := order == Best && f.Cursor.Order == Others
	if f.ByCursor() && f.Cursor.Order != order && !isSecond {
		return f, fault.Bad("cursor", errOtherOrder.Error())
	}
	if len(orders) > 1 {
		f.last = MaxPage
	}
	if f.last > 0 && !f.ByCursor() && f.Number() > f.last {
		return f, fault.Bad("page", fmt.Sprintf("must be at most %d: use cursor for the rows after that", f.last))
	}
	f.Order = order
	return f, nil
}

// namesOf lists orders for a message.
func namesOf(orders []Order) (text string) {
	for i, o := range orders {
		if i > 0 {
			text += ", "
		}
		if i > 0 && i == len(orders)-1 {
			text += "or "
		}
		for name, named := range orderNames {
			if named == o && name != "" {
				text += name
			}
		}
	}
	return text
}

// PlaceOf returns the position of a row in an order. It reports false if the row has none.
func PlaceOf(row any, order Order) (Cursor, bool) {
	c := Cursor{Order: order}
	switch order {
	case Newest, Oldest, Best, Others:
		placed, is := row.(interface{ SortKey() (time.Time, int64) })
		if is {
			c.At, c.ID = placed.SortKey()
		}
		return c, is
	case Changes:
		placed, is := row.(interface{ ChangeKey() (time.Time, int64) })
		if is {
			c.At, c.ID = placed.ChangeKey()
		}
		return c, is
	default:
		placed, is := row.(interface {
			KeyIn(order Order) (time.Time, int64)
		})
		if is {
			c.At, c.ID = placed.KeyIn(order)
		}
		return c, is
	}
}
