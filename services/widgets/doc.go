// Package widgets owns the settings of a website's chat widget, and the script that a site loads.
//
// It writes the collections widgets_widgets and widgets_tokens.
package widgets
