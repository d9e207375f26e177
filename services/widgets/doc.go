// Package widgets owns the settings of a website's chat widget, and the script that a site loads. The script is written in
// web/ and built ahead (make web) into what internal/api embeds; what it says stands in internal/api/words.
//
// It writes the collections widgets_widgets and widgets_tokens.
package widgets
