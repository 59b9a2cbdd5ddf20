// Package local serves the terminal to people beside it: the technician's page and the gate's screen on loopback HTTP, and
// the same API with the power to change things on a unix socket.
//
// Loopback HTTP is read-only, so that no web page which a browser on the terminal happens to show can change anything,
// and answers only under its own names (DNS rebinding). Enrolling and erasing go through the socket, whose file mode
// says who may.
//
//	GET    /                       the technician's page
//	GET    /screen                 the gate's screen (?lang=en|es|zh)
//	GET    /api/v1/state           State as JSON
//	GET    /api/v1/events          State at each change, server-sent events
//	GET    /api/v1/picture.jpg     the newest frame
//	GET    /metrics                for Prometheus
//	GET    /healthz                200 while people can pass, else 503
//	GET    /api/v1/people          socket only: who is enrolled
//	GET    /api/v1/people/{id}     socket only
//	DELETE /api/v1/people/{id}     socket only: ?reason=; answers with Erased, the signed receipt
//	GET    /api/v1/people/{id}/export  socket only: Export, everything that is held about a person
//	POST   /api/v1/enroll          socket only: EnrolRequest
//	POST   /api/v1/enroll/live     socket only: EnrolRequest without pictures; answers with lines of Progress
//
// An error is JSON: {"error": what, "code": word, "hint": what to do}.
package local
