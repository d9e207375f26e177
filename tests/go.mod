module fivechat.dev/tests

go 1.26.0

require fivechat.dev/deploy/fivechat v0.0.0

replace (
	fivechat.dev/api-gateway => ../api-gateway
	fivechat.dev/deploy/fivechat => ../deploy/fivechat
	fivechat.dev/libs => ../libs
	fivechat.dev/libs/embedmongo => ../libs/embedmongo
	fivechat.dev/services => ../services
)
