module fivechat.dev/deploy/fivechat

go 1.26.0

require (
	fivechat.dev/api-gateway v0.0.0
	fivechat.dev/libs v0.0.0
	fivechat.dev/libs/embedmongo v0.0.0
	fivechat.dev/services v0.0.0
)

replace (
	fivechat.dev/api-gateway => ../../api-gateway
	fivechat.dev/libs => ../../libs
	fivechat.dev/libs/embedmongo => ../../libs/embedmongo
	fivechat.dev/services => ../../services
)
