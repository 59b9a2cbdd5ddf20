package evidence

import (
	"fmt"
	"runtime/debug"
)

// Guard calls look and returns its error, or an error with the stack where it panics: a picture that a reader does not
// understand costs this look and nothing more.
func Guard(look func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("evidence: panic: %v\n%s", r, debug.Stack())
		}
	}()
	return look()
}
