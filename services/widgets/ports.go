package widgets

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

// Announcer announces changes to the caches of all gateways. It can't fail: if an announcement is lost, the cached copy
// expires by itself.
type Announcer interface {
	// Changed announces a changed widget.
	Changed(ctx context.Context, w Widget)
	// Erased announces that a widget was removed. w is its last state.
	Erased(ctx context.Context, w Widget)
}

// Store stores widgets. Errors are faults: NotFound, Conflict for a client token that is taken, Unavailable.
type Store interface {
	// ByToken returns the widget that a client token belongs to.
	ByToken(ctx context.Context, clientToken string) (Widget, error)
	// Get returns a website's widget.
	Get(ctx context.Context, t tenant.ID) (Widget, error)
	// Create stores a new widget and its client token, in one transaction.
	Create(ctx context.Context, w Widget) error
	// Loaded stores the first time that a website's script was loaded.
	Loaded(ctx context.Context, t tenant.ID, at time.Time) error
	// Save changes a widget. change gets the stored one and may run more than once.
	Save(ctx context.Context, t tenant.ID, change func(Widget) (Widget, error)) (Widget, error)
	// Remove removes a website's widget and its client token. It does nothing if there is none.
	Remove(ctx context.Context, t tenant.ID) error
}
