package fleet

// What the fuzz tests of package fleet_test reach inside.
var (
	ReadQuestionPayload = readQuestionPayload
	ReadClaim           = readClaim
	ReadReplyPayload    = readReplyPayload
	ReadSecret          = readSecret
	ReadPictures        = readPictures
	CheckStatement      = (*Statement).check
)

// ReplyPayload is what an authority signs.
type ReplyPayload = replyPayload
