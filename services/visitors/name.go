package visitors

import "fivechat.dev/libs/kernel/id"

var adjectives = [...]string{
	"Agile", "Amber", "Bold", "Brave", "Bright", "Calm", "Cheerful", "Clever", "Cosmic", "Crimson", "Curious", "Daring",
	"Eager", "Fearless", "Fluffy", "Friendly", "Gentle", "Golden", "Graceful", "Happy", "Honest", "Humble", "Jolly",
	"Keen", "Kind", "Lively", "Lucky", "Mellow", "Merry", "Mighty", "Nimble", "Noble", "Patient", "Playful", "Polite",
	"Proud", "Quick", "Quiet", "Radiant", "Serene", "Silver", "Sunny", "Swift", "Tidy", "Witty",
}

var animals = [...]string{
	"Alpaca", "Badger", "Bear", "Beaver", "Bison", "Camel", "Cheetah", "Crane", "Deer", "Dolphin", "Eagle", "Falcon",
	"Ferret", "Finch", "Fox", "Gecko", "Giraffe", "Hare", "Hedgehog", "Heron", "Ibex", "Jaguar", "Kestrel", "Koala",
	"Lemur", "Leopard", "Lion", "Lynx", "Marmot", "Meerkat", "Moose", "Otter", "Owl", "Panda", "Penguin", "Puffin",
	"Rabbit", "Raven", "Robin", "Seal", "Sparrow", "Squirrel", "Swan", "Tiger", "Toucan", "Turtle", "Walrus", "Wolf",
}

// FriendlyName returns the name of a visitor who gave none. It depends on the id only, and differs for adjacent ids.
func FriendlyName(visitor id.Visitor) string {
	// The finalizer of splitmix64 separates adjacent ids.
	x := uint64(visitor) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return adjectives[x%uint64(len(adjectives))] + " " + animals[x>>32%uint64(len(animals))]
}
