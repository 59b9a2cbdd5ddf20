// Package local serves the terminal to people beside it: the technician's page and the gate's screen on loopback HTTP, and
// the same API with the power to change things on a unix socket.
//
// Loopback HTTP changes nothing but what the person at the gate asks for, so that no web page which a browser on the
// terminal happens to show can, and answers only under its own names (DNS rebinding). Any user of the machine may read it,
// so it tells nothing personal without a token: names, ids, the live picture and the code of an offered credential need
// the link that "umbral page" prints. Enrolling and erasing go through the socket, whose file mode says who may.
//
//	GET    /                       the technician's page (?token=)
//	GET    /screen                 the gate's screen (?lang=en|es|zh, ?token=)
//	GET    /assets/                what the pages consist of
//	GET    /api/v1/state           State as JSON
//	GET    /api/v1/events          State at each change, server-sent events
//	GET    /api/v1/picture.jpg     the newest frame; needs a token
//	POST   /api/v1/screen/alternative  another kind of challenge for the person at the gate
//	GET    /metrics                for Prometheus
//	GET    /healthz                200 while people can pass, else 503
//	GET    /api/v1/people          socket only: who is enrolled
//	GET    /api/v1/people/{id}     socket only
//	DELETE /api/v1/people/{id}     socket only: ?reason=; answers with Erased, the signed receipt
//	GET    /api/v1/people/{id}/export  socket only: Export, everything that is held about a person
//	GET    /api/v1/people/{id}/file  socket only: File, what is on file about a person
//	POST   /api/v1/people/{id}/file  socket only: FileEdit, one change of it
//	GET    /api/v1/passages        socket only: PassageLine of the newest decisions; ?since=&until=&verdict=&reason=&
//	                               person=&limit=
//	GET    /api/v1/passages/{id}   socket only: why the decisions of a passage came out so, as passage.Explanation
//	POST   /api/v1/enroll          socket only: EnrolRequest
//	POST   /api/v1/enroll/live     socket only: EnrolRequest without pictures; answers with lines of Progress
//	POST   /api/v1/enroll/finger   socket only: EnrolRequest without pictures; answers with lines of Progress
//	POST   /api/v1/issue           socket only: Issuance, an electronic identity for a wallet
//	POST   /api/v1/link            socket only: ?for=page|screen; answers with Link
//
// An error is JSON: {"error": what, "code": word, "hint": what to do}.
package local
