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

// What is signed.
type (
	QuestionPayload = questionPayload
	ReplyPayload    = replyPayload
	OrderPayload    = order
)
