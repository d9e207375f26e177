package widgets

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

// Announcer tells every edge what it must ask for anew. It cannot fail: what is not heard expires by itself.
type Announcer interface {
	// Changed says that a widget is now as given.
	Changed(ctx context.Context, w Widget)
	// Erased says that a widget, which was as given, is no more.
	Erased(ctx context.Context, w Widget)
}

// Store keeps widgets. Errors are faults: NotFound, Conflict for a client token that is taken, Unavailable.
type Store interface {
	// Tenant gives the website that a client token belongs to.
	Tenant(ctx context.Context, clientToken string) (tenant.ID, error)
	// Get gives a website's widget.
	Get(ctx context.Context, t tenant.ID) (Widget, error)
	// Create stores a new widget and its client token, both or neither.
	Create(ctx context.Context, w Widget) error
	// Loaded notes when a website's script was loaded, unless that was noted before.
	Loaded(ctx context.Context, t tenant.ID, at time.Time) error
	// Save changes a widget; change is given the stored one and may run more than once.
	Save(ctx context.Context, t tenant.ID, change func(Widget) (Widget, error)) (Widget, error)
	// Remove removes a website's widget and its client token; where there is none it does nothing.
	Remove(ctx context.Context, t tenant.ID) error
}
