// Package widgets owns the settings of a website's chat widget, and the script that a site loads.
//
// Begin with Widget and Service, the use cases. Invariant: a website has exactly one widget, and a client token belongs
// to one website. The script's source is in web/. It is built ahead (make web) into the file that internal/api embeds;
// its texts are in internal/api/words.
//
// The package isn't for chats: the script calls the public API for them. It writes the collections widgets_widgets and
// widgets_tokens.
package widgets
